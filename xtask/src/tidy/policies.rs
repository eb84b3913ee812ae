//! The rules of `policies/`: complete in both languages, with their cases beside them.

use std::collections::BTreeMap;

use domain::compose::Template;
use domain::contract::RuleKey;
use domain::decide::ReasonCode;
use domain::policy::{PolicyText, master, texts};
use syn::Item;

use super::Problem;
use super::tree::Tree;

/// Cases a rule needs before it is trusted.
const MIN_CASES: usize = 40;
/// Of these at least a quarter in each language.
const MIN_SHARE: usize = 4;
/// What every rule's folder holds.
const FILES: &[&str] = &["policy.toml", "cases.toml", "reply.nl.html", "reply.en.html"];

/// Every rule of the contract has a folder, every folder a rule, and each its four files.
pub fn rules_have_cases_and_replies(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for path in tree.paths() {
        let folder = path.strip_prefix("policies/").filter(|name| !name.contains(['/', '.']));
        if let Some(name) = folder
            && RuleKey::from_text(name).is_none()
        {
            problems.push(Problem::new(path, "is no rule of the contract"));
        }
    }
    for key in RuleKey::ALL {
        for name in FILES {
            let path = format!("policies/{key}/{name}");
            match tree.text(&path) {
                None => problems.push(Problem::new(path, "is missing")),
                Some(text) if *name == "cases.toml" => cases(&path, text, &mut problems),
                Some(_) => {}
            }
        }
    }
    problems
}

/// A `cases.toml` is a list of tables, whatever the list is called; each has a `mail`.
fn cases(path: &str, text: &str, problems: &mut Vec<Problem>) {
    let parsed: Result<toml::Table, _> = toml::from_str(text);
    let cases: Vec<toml::Value> = match parsed {
        Ok(table) => table
            .into_iter()
            .filter_map(|(_, value)| value.as_array().cloned())
            .flatten()
            .filter(toml::Value::is_table)
            .collect(),
        Err(error) => {
            problems.push(Problem::new(path, format!("does not parse: {error}")));
            return;
        }
    };
    if cases.len() < MIN_CASES {
        let sentence = format!("{} cases; {MIN_CASES} at least", cases.len());
        problems.push(Problem::new(path, sentence));
    }
    let mut dutch = 0_usize;
    for case in &cases {
        let words = ["subject", "mail"].map(|key| case.get(key).and_then(toml::Value::as_str));
        let words: Vec<&str> = words.into_iter().flatten().collect();
        dutch += usize::from(looks_dutch(&words.join(" ")));
    }
    let english = cases.len() - dutch;
    for (language, count) in [("Dutch", dutch), ("English", english)] {
        if count * MIN_SHARE < cases.len() {
            let sentence = format!("only {count} of {} cases are in {language}", cases.len());
            problems.push(Problem::new(path, sentence));
        }
    }
}

/// Counts the small words that only one of the two languages has.
fn looks_dutch(text: &str) -> bool {
    const DUTCH: &[&str] = &[
        "de",
        "het",
        "een",
        "ik",
        "mijn",
        "wil",
        "niet",
        "jullie",
        "van",
        "voor",
        "met",
        "dat",
        "bestelling",
        "graag",
        "dit",
        "naar",
        "maar",
        "nog",
        "je",
        "heb",
        "kan",
        "jas",
        "geen",
    ];
    const ENGLISH: &[&str] = &[
        "the", "a", "i", "my", "want", "not", "you", "your", "of", "for", "with", "that", "please",
        "this", "to", "but", "and", "have", "can", "would", "no", "it", "me",
    ];
    let (mut dutch, mut english) = (0_usize, 0_usize);
    for word in text.split(|c: char| !c.is_alphabetic()) {
        let word = word.to_lowercase();
        dutch += usize::from(DUTCH.contains(&word.as_str()));
        english += usize::from(ENGLISH.contains(&word.as_str()));
    }
    dutch > english
}

/// Both languages of a reply hold the same passages, and `policies/guard.toml` says of each
/// passage what it may promise.
pub fn passages_are_licensed(tree: &Tree) -> Vec<Problem> {
    let place = "policies/guard.toml";
    let lexicon: Result<toml::Table, _> = toml::from_str(tree.text(place).unwrap_or_default());
    let licence = lexicon.ok().and_then(|table| table.get("licence")?.as_table().cloned());
    let Some(licence) = licence else {
        return vec![Problem::new(place, "has no [licence]")];
    };
    let mut problems = Vec::new();
    for key in RuleKey::ALL {
        let master = master(*key);
        let (dutch, english) = (Template::parse(master.reply_nl), Template::parse(master.reply_en));
        let (Ok(dutch), Ok(english)) = (dutch, english) else {
            problems
                .push(Problem::new(format!("policies/{key}"), "has a reply that is no template"));
            continue;
        };
        if !dutch.passages().eq(english.passages()) {
            let sentence = "its replies in Dutch and English have different passages";
            problems.push(Problem::new(format!("policies/{key}"), sentence));
        }
        for passage in dutch.passages() {
            let name = format!("{key}.{passage}");
            if !licence.contains_key(&name) {
                problems
                    .push(Problem::new(place, format!("does not say what `{name}` may promise")));
            }
        }
    }
    problems
}

/// Every reason, objection and problem has its sentence in both languages, and no sentence
/// is left of a code that is gone.
pub fn codes_have_texts(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let reasons: Vec<String> =
        ReasonCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    compare("policies/reasons.toml", &reasons, &texts().reasons, &mut problems);
    let objections = variants(tree, "ObjectionKind", "crates/domain/src/guard/");
    compare("policies/objections.toml", &objections, &texts().objections, &mut problems);
    let kinds = variants(tree, "ProblemKind", "crates/domain/src/policy/");
    compare("policies/problems.toml", &kinds, &texts().problems, &mut problems);
    problems
}

fn compare(
    place: &str,
    codes: &[String],
    texts: &BTreeMap<String, PolicyText>,
    problems: &mut Vec<Problem>,
) {
    if codes.is_empty() {
        problems.push(Problem::new(place, "belongs to no enum that could be found"));
    }
    for code in codes {
        if !texts.contains_key(code) {
            problems.push(Problem::new(place, format!("has no sentence for `{code}`")));
        }
    }
    for (code, text) in texts {
        if !codes.contains(code) {
            problems
                .push(Problem::new(place, format!("has a sentence for `{code}`, which is gone")));
        }
        if text.nl.trim().is_empty() || text.en.trim().is_empty() {
            problems.push(Problem::new(place, format!("`{code}` is empty in one language")));
        }
        if placeholders(&text.nl) != placeholders(&text.en) {
            let sentence = format!("`{code}` names different values in its two languages");
            problems.push(Problem::new(place, sentence));
        }
    }
}

/// The `{names}` in a sentence, sorted.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> =
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
    names.sort_unstable();
    names
}

/// The variants of an enum in some file below `folder`, in the spelling of its JSON.
fn variants(tree: &Tree, name: &str, folder: &str) -> Vec<String> {
    let items = tree
        .below(folder)
        .filter(|file| file.has_extension("rs"))
        .filter_map(|file| syn::parse_file(&file.text).ok())
        .flat_map(|file| file.items);
    let found = items.filter_map(|item| match item {
        Item::Enum(item) if item.ident == name => Some(item),
        _ => None,
    });
    found.flat_map(|item| item.variants).map(|v| snake_case(&v.ident.to_string())).collect()
}

fn snake_case(name: &str) -> String {
    let mut result = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !result.is_empty() {
            result.push('_');
        }
        result.extend(character.to_lowercase());
    }
    result
}
