//! Master rules as forms: one page per rule, one field per value, in the words of `policies/`.
//!
//! What a value may be is the rule's own to say ([`domain::policy::parse_config`]); this module
//! turns fields into JSON and problems into sentences beside them.

use askama::Template;
use axum::extract::{Path, Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use domain::contract::RuleKey;
use domain::policy::{ConfigProblem, FieldText, master, parse_config, texts};
use serde_json::{Map, Value, json};
use store::directory;
use store::rules::MasterRule;

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::texts::Texts;
use super::form::{Field, Mistakes, Posted, Sheet, Way, html};
use super::platform::Told;
use super::visitor::Someone;

/// The order in which people think about them; the others follow by name.
const ORDER: [&str; 9] = [
    "enabled",
    "withdrawal_days",
    "refund_days",
    "refund_methods",
    "return_cost",
    "start_percentage",
    "step_percentage",
    "cap_percentage",
    "max_steps",
];

/// What can be chosen for a field, where it is not free: its key in the texts, and the words of
/// the rule.
fn vocabulary(field: &str) -> Option<(&'static str, &'static [&'static str])> {
    match field {
        "allowed_statuses" => {
            Some(("order_status", &["pending", "processed", "shipped", "delivered", "cancelled"]))
        }
        "refund_methods" => Some(("refund_method", &["original", "store_credit", "other"])),
        "return_cost" => Some(("return_cost", &["shop", "customer"])),
        _ => None,
    }
}

/// How a value is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Tick,
    Whole,
    Percent,
    One,
    Several,
    Lines,
}

fn asked(field: &str, usual: &Value, about: &FieldText) -> Asked {
    match usual {
        Value::Bool(_) => Asked::Tick,
        Value::Number(_) if about.unit == "percent" => Asked::Percent,
        Value::Number(_) => Asked::Whole,
        Value::Array(_) if vocabulary(field).is_some() => Asked::Several,
        Value::Array(_) => Asked::Lines,
        _ => Asked::One,
    }
}

/// The fields of a rule in order, each with its usual value.
fn parts(key: RuleKey) -> Vec<(&'static str, &'static FieldText, Asked)> {
    let master = master(key);
    let mut parts: Vec<_> = master
        .fields
        .iter()
        .filter_map(|(name, about)| {
            let usual = master.rule_config.get(name)?;
            Some((name.as_str(), about, asked(name, usual, about)))
        })
        .collect();
    let place = |name: &str| ORDER.iter().position(|it| *it == name).unwrap_or(ORDER.len());
    parts.sort_by_key(|(name, _, _)| place(name));
    parts
}

/// A value of the rule as its field shows it.
fn shown(value: Option<&Value>, asked: Asked) -> String {
    let list = |between: &str| {
        let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between)
    };
    match asked {
        Asked::Tick => value.and_then(Value::as_bool).unwrap_or_default().to_string(),
        Asked::Whole | Asked::Percent => value.map(ToString::to_string).unwrap_or_default(),
        Asked::One => value.and_then(Value::as_str).unwrap_or_default().to_owned(),
        Asked::Several => list(","),
        Asked::Lines => list("\n"),
    }
}

/// What was typed or ticked, in the same form.
fn typed(posted: &Posted, name: &str, asked: Asked) -> String {
    match asked {
        Asked::Tick => posted.ticked(name).to_string(),
        Asked::Several => {
            let words = vocabulary(name).map(|(_, words)| words).unwrap_or_default();
            posted.chosen(name, words)
        }
        _ => posted.get(name).to_owned(),
    }
}

/// As the rule reads it. What is no number stays a text, which the rule refuses in its own words.
fn value(text: &str, asked: Asked) -> Value {
    let list = |between: &[char]| {
        let items = text.split(between).map(str::trim).filter(|item| !item.is_empty());
        Value::Array(items.map(Value::from).collect())
    };
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
        let number = plain.then(|| serde_json::from_str::<Value>(text).ok()).flatten();
        number.filter(Value::is_number).unwrap_or_else(|| Value::from(text))
    };
    match asked {
        Asked::Tick => Value::Bool(text == "true"),
        Asked::Whole => number(text),
        Asked::Percent => number(&text.replace(',', ".")),
        Asked::One => Value::from(text),
        Asked::Several => list(&[',']),
        Asked::Lines => list(&['\n', ',', ';']),
    }
}

/// A problem in words.
fn sentence(problem: &ConfigProblem, t: Texts) -> String {
    let kind = serde_json::to_value(problem.kind).unwrap_or_default();
    let words = texts().problems.get(kind.as_str().unwrap_or_default());
    let words = words.map(|words| words.get(t.language())).unwrap_or_default();
    let bound = |bound: Option<i64>| bound.map(|it| it.to_string()).unwrap_or_default();
    words
        .replace("{minimum}", &bound(problem.minimum))
        .replace("{maximum}", &bound(problem.maximum))
}

fn field(
    name: &'static str,
    about: &'static FieldText,
    asked: Asked,
    held: String,
    t: Texts,
) -> Field {
    let kind = match asked {
        Asked::Tick => "checkbox",
        Asked::Whole => "number",
        Asked::Percent => "text",
        Asked::One => "select",
        Asked::Several => "choices",
        Asked::Lines => "textarea",
    };
    let words = vocabulary(name).map(|(family, words)| {
        words.iter().map(|word| ((*word).to_owned(), t.word(family, word))).collect()
    });
    let ticked = held == "true";
    Field {
        label: about.label.get(t.language()),
        hint: Some(about.help.get(t.language())),
        unit: t.find(&format!("unit.{}", about.unit)),
        optional: asked == Asked::Lines,
        ..Field::new(name, kind, t)
    }
    .holding(held)
    .choosing(words.unwrap_or_default())
    .ticked(ticked)
}

/// A rule in the list.
#[derive(Debug)]
struct Row {
    key: &'static str,
    title: &'static str,
    summary: &'static str,
    version: String,
}

#[derive(Debug, Template)]
#[template(path = "accounts/rules.html")]
struct RulesPage {
    frame: Frame,
    saved: bool,
    rules: Vec<Row>,
}

/// `GET /beheer/regels`.
pub async fn rules(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    someone.admin()?;
    let t = someone.t;
    let kept = load(&state, &someone).await?;
    let row = |key: &RuleKey| {
        let kept = kept.iter().find(|rule| rule.rule_key == *key);
        let version = kept.map(|rule| t.fill("rules.version", "n", &rule.version.to_string()));
        Row {
            key: key.as_str(),
            title: master(*key).title.get(t.language()),
            summary: master(*key).summary.get(t.language()),
            version: version.unwrap_or_else(|| t.get("rules.built_in").to_owned()),
        }
    };
    let rules = RuleKey::ALL.iter().map(row).collect();
    html(&RulesPage { rules, saved: told.melding == "opgeslagen", frame: someone.frame() })
}

async fn load(state: &State, someone: &Someone) -> Result<Vec<MasterRule>, Failure> {
    let admin = someone.person.user_id;
    let read = state.store().as_admin(admin, async |tx| directory::master_rules(tx).await);
    Ok(read.await?)
}

fn key_of(rule: &str) -> Result<RuleKey, Failure> {
    RuleKey::ALL.iter().copied().find(|key| key.as_str() == rule).ok_or(Failure::NotFound)
}

fn sheet(
    someone: &Someone,
    key: RuleKey,
    held: &dyn Fn(&str, Asked) -> String,
    mistakes: &Mistakes,
) -> Sheet {
    let t = someone.t;
    let fields = parts(key)
        .into_iter()
        .map(|(name, about, asked)| field(name, about, asked, held(name, asked), t))
        .collect();
    let action = format!("/beheer/regels/{}", key.as_str());
    let mut sheet = Sheet::new(someone.frame(), "rule", action, someone.person.form_token.clone());
    sheet.quiet = true;
    master(key).title.get(t.language()).clone_into(&mut sheet.title);
    sheet.lead = format!("{} {}", master(key).summary.get(t.language()), sheet.lead);
    sheet.ways.push(Way::to("/beheer/regels", t.get("way.all_rules")));
    sheet.with(fields, mistakes)
}

/// `GET /beheer/regels/{rule}`.
pub async fn rule(
    Held(state): Held<State>,
    Path(rule): Path<String>,
    someone: Someone,
) -> Result<Response, Failure> {
    someone.admin()?;
    let key = key_of(&rule)?;
    let rules = load(&state, &someone).await?;
    let kept = rules.iter().find(|rule| rule.rule_key == key);
    // Until an admin changes it, a rule is as it came with the program.
    let config = kept.map_or(&master(key).rule_config, |rule| &rule.rule_config);
    let held = |name: &str, asked| shown(config.get(name), asked);
    sheet(&someone, key, &held, &Mistakes::default()).answer()
}

/// `POST /beheer/regels/{rule}`: a new version; the schema and the texts go along unchanged.
pub async fn save(
    Held(state): Held<State>,
    Path(rule): Path<String>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.admin()?;
    let key = key_of(&rule)?;
    let parts = parts(key);
    let boxes = parts.iter().filter(|(_, _, asked)| *asked == Asked::Several);
    let boxes = boxes.flat_map(|(name, _, _)| {
        let words = vocabulary(name).map(|(_, words)| words).unwrap_or_default();
        words.iter().map(move |word| format!("{name}-{word}"))
    });
    let names: Vec<String> =
        boxes.chain(parts.iter().map(|(name, _, _)| (*name).to_owned())).collect();
    posted.only(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let read = |(name, _, asked): &(&'static str, _, Asked)| {
        ((*name).to_owned(), value(&typed(&posted, name, *asked), *asked))
    };
    let config = Value::Object(parts.iter().map(read).collect::<Map<_, _>>());
    // What the rule itself would not read is no version of it.
    if let Err(problems) = parse_config(key, &config) {
        let mut mistakes = Mistakes::default();
        for (name, _, _) in &parts {
            if let Some(problem) = problems.iter().find(|problem| problem.field == *name) {
                mistakes.say(name, sentence(problem, someone.t));
            }
        }
        if let (true, Some((first, _, _))) = (mistakes.none(), parts.first()) {
            mistakes.add(first, "schema");
        }
        let held = |name: &str, asked| typed(&posted, name, asked);
        return sheet(&someone, key, &held, &mistakes).answer();
    }
    let admin = someone.person.user_id;
    let saved = state.store().as_admin(admin, async |tx| {
        let rules = directory::master_rules(tx).await?;
        let old = rules.into_iter().find(|old| old.rule_key == key);
        let (schema, texts) = match old {
            Some(old) => (old.config_schema, old.html_template),
            None => (json!({}), built_in_texts(key)),
        };
        store::rules::save_master(tx, key, &config, &schema, &texts, Some(admin)).await.map(drop)
    });
    saved.await?;
    Ok(Redirect::to("/beheer/regels?melding=opgeslagen").into_response())
}

fn built_in_texts(key: RuleKey) -> Value {
    json!({ "nl": master(key).reply_nl, "en": master(key).reply_en })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::contract::Language;

    /// Every master, shown and read back, is itself; so no value is lost by opening the page.
    #[test]
    fn what_is_shown_reads_back_as_it_was() {
        for key in RuleKey::ALL {
            let config = &master(*key).rule_config;
            let parts = parts(*key);
            assert_eq!(parts.len(), config.as_object().unwrap().len(), "{key:?}");
            for (name, _, asked) in parts {
                let held = shown(config.get(name), asked);
                assert_eq!(value(&held, asked), config[name], "{key:?} {name}");
            }
        }
    }

    #[test]
    fn every_choice_is_one_the_rule_takes_and_has_words() {
        for language in [Language::Dutch, Language::English] {
            let t = Texts::of(language);
            for (key, name, asked) in RuleKey::ALL
                .iter()
                .flat_map(|key| parts(*key).into_iter().map(|(name, _, asked)| (*key, name, asked)))
            {
                let Some((family, words)) = vocabulary(name) else { continue };
                for word in words {
                    assert!(t.find(&format!("{family}.{word}")).is_some(), "{family}.{word}");
                    let mut config = master(key).rule_config.clone();
                    config[name] = value(word, asked);
                    let problems = parse_config(key, &config).err().unwrap_or_default();
                    let kind = domain::policy::ProblemKind::NotAllowed;
                    assert!(problems.iter().all(|it| it.kind != kind), "{word}: {problems:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_as_people_type_them() {
        assert_eq!(value("12,5", Asked::Percent), serde_json::json!(12.5));
        assert_eq!(value("14", Asked::Whole), serde_json::json!(14));
        for wrong in ["", "veel", "1e3", "--", "0x1"] {
            assert!(value(wrong, Asked::Whole).is_string(), "{wrong}");
        }
    }
}
