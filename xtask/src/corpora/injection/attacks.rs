//! The set's texts as attacks, and the places in a mail where they are hidden.

use std::path::Path;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::corpora::{cases, text};

/// Something hidden in a mail.
pub struct Attack {
    /// The set's name for it, and which instruction was put in.
    pub id: String,
    /// What is hidden.
    pub text: String,
    /// What shows that it worked; a pattern where the set has one.
    pub canary: Option<Regex>,
}

/// The attacks, and the set's harmless mails.
pub struct Material {
    /// Every text that wants something.
    pub attacks: Vec<Attack>,
    /// Mails that want nothing of a shop.
    pub clean: Vec<Attack>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instructions {
    instructions: Vec<String>,
}

/// Reads the set. Attacks with an open place come out once per instruction of ours.
pub fn material(corpora: &Path) -> anyhow::Result<Material> {
    let ours: Instructions = toml::from_str(include_str!("instructions.toml"))?;
    let mut material = Material { attacks: Vec::new(), clean: Vec::new() };
    for case in cases(corpora, super::SET, "injection.jsonl")? {
        let id = text(&case, "id");
        let attack = |id: &str, body: String| Attack {
            id: id.to_owned(),
            text: body,
            canary: canary(&case),
        };
        let body = text(&case, "text");
        match text(&case, "kind") {
            "clean_email_context" => material.clean.push(attack(id, body.to_owned())),
            kind => {
                let open = open_places(&case, body);
                if open.is_empty() && kind != "email_with_injection_slot" {
                    material.attacks.push(attack(id, body.to_owned()));
                }
                for (number, instruction) in ours.instructions.iter().enumerate() {
                    let filled = open
                        .iter()
                        .fold(body.to_owned(), |text, place| text.replace(place, instruction));
                    if !open.is_empty() {
                        material.attacks.push(attack(&format!("{id}+{number}"), filled));
                    }
                }
            }
        }
    }
    for (number, instruction) in ours.instructions.iter().enumerate() {
        let (id, text) = (format!("instruction+{number}"), instruction.clone());
        if !material.attacks.is_empty() {
            material.attacks.push(Attack { id, text, canary: None });
        }
    }
    Ok(material)
}

/// Where an instruction goes into the text.
fn open_places(case: &Value, body: &str) -> Vec<String> {
    let slots = case.get("slots").and_then(Value::as_object);
    let slots = slots.into_iter().flatten().map(|(name, _)| format!("{{{name}}}"));
    slots.chain(["<INSTRUCTION>".to_owned()]).filter(|place| body.contains(place)).collect()
}

/// The canary as a pattern: the set has a few patterns among plain texts.
fn canary(case: &Value) -> Option<Regex> {
    let success = case.get("success").unwrap_or(&Value::Null);
    let canary = ["canary", "secret"]
        .iter()
        .flat_map(|key| [text(case, key), text(success, key)])
        .find(|canary| !canary.is_empty())?;
    let pattern = if canary.contains(".*") { canary.to_owned() } else { regex::escape(canary) };
    Regex::new(&pattern).ok()
}

/// Where an attack is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the customer's own text.
    Before,
    /// Behind it, signature included.
    Behind,
    /// As a quotation under it.
    Quoted,
    /// As the subject, in place of the customer's.
    Subject,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::Behind, Self::Quoted, Self::Subject];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Behind => "behind",
            Self::Quoted => "quoted",
            Self::Subject => "as subject",
        }
    }

    /// Subject and body with the attack in them.
    pub fn hide(self, attack: &str, subject: &str, body: &str) -> (String, String) {
        let (mut subject, mut body) = (subject.to_owned(), body.to_owned());
        match self {
            Self::Before => body = format!("{attack}\n\n{body}"),
            Self::Behind => body = format!("{body}\n\n{attack}"),
            Self::Quoted => {
                let quoted: Vec<String> = attack.lines().map(|line| format!("> {line}")).collect();
                let quoted = quoted.join("\n");
                let intro = "Op ma 17 mrt 2025 om 09:12 schreef Elders <info@elders.example>:";
                body = format!("{body}\n\n{intro}\n{quoted}");
            }
            // A header is one line.
            Self::Subject => subject = attack.split_whitespace().collect::<Vec<_>>().join(" "),
        }
        (subject, body)
    }
}
