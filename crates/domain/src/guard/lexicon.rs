//! What the decision licenses, and the word lists of `policies/guard.toml`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::normal::normalised;
use super::{Context, Objection, ObjectionKind};
use crate::compose::{first_name, shown};
use crate::decide::Value;
use crate::policy::texts;

/// `policies/guard.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// Passage to the promises it may make.
    pub licence: BTreeMap<String, BTreeSet<String>>,
    /// Promise to its phrases.
    pub promises: BTreeMap<String, Vec<String>>,
    /// Never said.
    pub forbidden: Phrases,
    /// Days named without a date.
    pub days: DayWords,
    /// Half, quarter, double.
    pub fractions: Words,
    /// What numbers are counted in.
    pub units: Units,
}

/// A list of phrases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// Lower case.
    pub phrases: Vec<String>,
}

/// A list of words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Lower case.
    pub words: BTreeSet<String>,
}

/// Words and phrases that name a day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayWords {
    /// Whole words.
    pub words: BTreeSet<String>,
    /// Several words.
    pub phrases: Vec<String>,
}

/// Unit words by meaning.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// Percent.
    pub percent: BTreeSet<String>,
    /// Euro.
    pub euro: BTreeSet<String>,
    /// Days.
    pub days: BTreeSet<String>,
    /// Hours.
    pub hours: BTreeSet<String>,
    /// Everything else that is counted; never licensed.
    pub other: BTreeSet<String>,
}

#[expect(clippy::expect_used, reason = "compiled in and loaded by every test run")]
static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| toml::from_str(texts().guard).expect("guard.toml parses"));

/// The word lists.
pub fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// Which lengths the words of a list have, by their first byte: most words of a reply are known
/// not to be of the list before anything is compared.
#[derive(Debug)]
pub struct Gate([u32; 256]);

impl Gate {
    /// The gate before a list.
    pub fn before<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut lengths = [0; 256];
        for word in words {
            if let Some(slot) = word.bytes().next().and_then(|b| lengths.get_mut(usize::from(b))) {
                *slot |= Self::bit(word);
            }
        }
        Self(lengths)
    }

    /// False only where the word is none of them.
    pub fn lets_in(&self, word: &str) -> bool {
        let lengths = word.bytes().next().and_then(|first| self.0.get(usize::from(first)));
        lengths.is_some_and(|lengths| lengths & Self::bit(word) != 0)
    }

    /// All long ones share a bit.
    fn bit(word: &str) -> u32 {
        1 << word.len().min(31)
    }
}

/// Whether a word names a day.
pub fn is_day(word: &str) -> bool {
    static GATE: LazyLock<Gate> =
        LazyLock::new(|| Gate::before(lexicon().days.words.iter().map(String::as_str)));
    GATE.lets_in(word) && lexicon().days.words.contains(word)
}

/// Finds every phrase of the lists in one pass over a text.
#[derive(Debug)]
struct Finder {
    phrases: Vec<&'static str>,
    automaton: AhoCorasick,
}

#[expect(clippy::expect_used, reason = "compiled in and loaded by every test run")]
static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let lexicon = lexicon();
    let promised = lexicon.promises.values().flatten();
    let all = promised.chain(&lexicon.forbidden.phrases).chain(&lexicon.days.phrases);
    let phrases: BTreeSet<&str> = all.map(String::as_str).collect();
    let phrases: Vec<&str> = phrases.into_iter().collect();
    let automaton = AhoCorasick::new(&phrases).expect("the phrases of guard.toml are few");
    Finder { phrases, automaton }
});

/// Which promises each phrase makes.
static PROMISED: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut promised: HashMap<&str, Vec<&str>> = HashMap::new();
    for (promise, phrases) in &lexicon().promises {
        for phrase in phrases {
            promised.entry(phrase).or_default().push(promise);
        }
    }
    promised
});

/// Each phrase said with each promise it makes.
pub fn promised_by(said: &BTreeSet<&'static str>) -> Vec<(&'static str, &'static str)> {
    let made = |phrase: &&'static str| PROMISED.get(phrase).map(|made| (*phrase, made));
    let each = |(phrase, made): (&'static str, &'static Vec<&'static str>)| {
        made.iter().map(move |promise| (phrase, *promise))
    };
    said.iter().filter_map(made).flat_map(each).collect()
}

/// The phrases of the lists that stand in `text` at the start of a word. They are many and
/// replies are many: looked for one by one they cost more than everything else of the guard.
pub fn said_in(text: &str) -> BTreeSet<&'static str> {
    FINDER
        .automaton
        .find_overlapping_iter(text)
        .filter(|found| starts_word(text, found.start()))
        .filter_map(|found| FINDER.phrases.get(found.pattern().as_usize()).copied())
        .collect()
}

/// Whether no letter or digit stands before this place.
pub fn starts_word(text: &str, start: usize) -> bool {
    text.get(..start)
        .and_then(|before| before.chars().next_back())
        .is_none_or(|c| !c.is_alphanumeric())
}

/// Everything the reply may state.
#[derive(Debug, Default)]
pub struct Licence {
    /// Basis points.
    pub percentages: BTreeSet<i64>,
    /// Cents.
    pub amounts: BTreeSet<i64>,
    /// Days.
    pub days: BTreeSet<i64>,
    /// Hours.
    pub hours: BTreeSet<i64>,
    /// Texts that may stand as they are, normalised; longest first.
    literals: Vec<String>,
    /// Those of them that a customer wrote.
    customer_literals: Vec<String>,
    /// Promises.
    pub promises: BTreeSet<&'static str>,
}

impl Licence {
    /// What the decision, the shop and the customer's own words license.
    pub fn of(context: &Context<'_>) -> Self {
        let mut licence = Self::default();
        let terms = context.terms;
        let mut literals = vec![terms.bedrijfsnaam.clone(), terms.ai_persona_name.clone()];
        literals.extend(first_name(&context.sender.name));
        for part in &context.decision.parts {
            let rule = part.rule.map_or("frame", crate::contract::RuleKey::as_str);
            let passage = format!("{rule}.{}", part.section);
            let promises = lexicon().licence.get(&passage).into_iter().flatten();
            licence.promises.extend(promises.map(String::as_str));
            for value in part.values.values() {
                match value {
                    Value::Percent(percentage) => {
                        licence.percentages.insert(i64::from(percentage.basis_points()));
                    }
                    Value::Euro(cents) => {
                        licence.amounts.insert(cents.0);
                    }
                    Value::Days(number) => {
                        licence.days.insert(i64::from(*number));
                    }
                    Value::Hours(number) => {
                        licence.hours.insert(i64::from(*number));
                    }
                    Value::Moment(_) | Value::Name(_) | Value::Link(_) => {
                        literals.push(shown(value, context.decision.language));
                    }
                    Value::OrderNumber(text) | Value::Address(text) => {
                        if *text != terms.retouradres.trim() {
                            licence.customer_literals.push(normalised(text));
                        }
                        literals.push(text.clone());
                    }
                }
            }
        }
        licence.literals = literals
            .iter()
            .map(|text| normalised(text.trim()))
            .filter(|text| !text.is_empty())
            .collect();
        licence.literals.sort_by_key(|text| std::cmp::Reverse(text.len()));
        licence.literals.dedup();
        licence
    }

    /// The text with every licensed literal taken out, so that what is left must be
    /// licensed by value. A customer's own words may carry no money or percentage.
    pub fn without_literals(&self, text: &str, objections: &mut Vec<Objection>) -> String {
        for literal in &self.customer_literals {
            if literal.contains(['%', '€', '$', '£', '<', '>', '@'])
                || literal.chars().count() > 160
            {
                objections.push(Objection::new(ObjectionKind::Number, literal));
            }
        }
        let mut open = text.to_owned();
        for literal in &self.literals {
            if open.contains(literal.as_str()) {
                open = take_out(&open, literal);
            }
        }
        open
    }
}

/// Replaces whole occurrences of `literal` by a mark that is no letter and no digit.
fn take_out(text: &str, literal: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(literal) {
        let joined_left = before.chars().next_back().or_else(|| result.chars().next_back());
        let left = joined_left.is_none_or(|c| !c.is_alphanumeric());
        let right = after.chars().next().is_none_or(|c| !c.is_alphanumeric());
        result.push_str(before);
        // The mark ends a sentence, so that numbers on its two sides are not joined.
        result.push_str(if left && right { " · " } else { literal });
        rest = after;
    }
    result.push_str(rest);
    result
}
