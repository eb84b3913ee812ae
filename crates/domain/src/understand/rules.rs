//! Combinations of concepts that mean something: the rules in `data/rules.toml`.
//!
//! A rule is a line such as `lawyer announce !retract`: concepts that stand in one sentence.
//! `a|b` is either; `!a` is none of it in the sentence; `m:a` somewhere in the mail;
//! `n:a` in the sentence or one beside it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::calls;
use super::concepts::{Book, Found, Mask};
use super::stance::{self, Mark};

const RULES: &str = include_str!("data/rules.toml");

/// The rules shipped with the program, compiled once.
/// After those of the file come the marks of [`super::stance`] and [`super::calls`], which
/// hold where those stand.
pub(super) static RULE_SET: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules = parse(RULES);
    let marks = stance::MARKS.iter().chain(calls::MARKS.iter());
    rules.extend(marks.map(|name| Rule { label: name.clone(), terms: Vec::new() }));
    rules
});

/// The marks of [`super::stance`] and of [`super::calls`] as hits.
pub(super) fn marked(steps: &[Mark], called: &[Mark]) -> Vec<RuleHit> {
    let calls = RULE_SET.len() - calls::MARKS.len();
    let first = calls - stance::MARKS.len();
    let hit = |first: usize| {
        move |mark: &Mark| RuleHit { rule: first + mark.name, sentence: mark.sentence }
    };
    steps.iter().map(hit(first)).chain(called.iter().map(hit(calls))).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Sentence,
    Neighbours,
    Mail,
}

#[derive(Debug, Clone, Copy)]
struct Term {
    scope: Scope,
    wanted: bool,
    any: Mask,
}

/// One line of the file.
#[derive(Debug)]
pub(super) struct Rule {
    /// What it concludes, such as `threat:legal`.
    pub label: String,
    terms: Vec<Term>,
}

/// A rule that holds, and a sentence in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleHit {
    /// Its place in [`RULE_SET`].
    pub rule: usize,
    /// The sentence.
    pub sentence: usize,
}

fn parse(text: &str) -> Vec<Rule> {
    let table: BTreeMap<String, Vec<String>> = toml::from_str(text).unwrap_or_default();
    let mut rules = Vec::new();
    for (label, lines) in table {
        for line in lines {
            let terms = line.split_whitespace().map(parse_term).collect();
            rules.push(Rule { label: label.clone(), terms });
        }
    }
    rules
}

fn parse_term(term: &str) -> Term {
    let (wanted, term) = term.strip_prefix('!').map_or((true, term), |rest| (false, rest));
    let (scope, names) = match term.split_once(':') {
        Some(("m", rest)) => (Scope::Mail, rest),
        Some(("n", rest)) => (Scope::Neighbours, rest),
        _ => (Scope::Sentence, term),
    };
    let any = names.split('|').fold(0, |mask, name| mask | Book::Topics.mask(name));
    Term { scope, wanted, any }
}

/// Which rules hold in a text.
pub(super) fn apply(found: &Found) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    let at = |index: Option<usize>| {
        index.and_then(|index| found.sentences.get(index)).copied().unwrap_or(0)
    };
    for (number, rule) in RULE_SET.iter().enumerate().filter(|(_, rule)| !rule.terms.is_empty()) {
        let possible = rule.terms.iter().all(|term| {
            if term.wanted {
                found.all & term.any != 0
            } else {
                term.scope != Scope::Mail || found.all & term.any == 0
            }
        });
        if !possible {
            continue;
        }
        let holds = |index: usize, own: Mask| {
            rule.terms.iter().all(|term| {
                let seen = match term.scope {
                    Scope::Sentence => own,
                    Scope::Neighbours => own | at(index.checked_sub(1)) | at(Some(index + 1)),
                    Scope::Mail => found.all,
                };
                (seen & term.any != 0) == term.wanted
            })
        };
        let sentences = found.sentences.iter().enumerate();
        hits.extend(
            sentences
                .filter(|(index, own)| holds(*index, **own))
                .map(|(sentence, _)| RuleHit { rule: number, sentence }),
        );
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_known_concepts() {
        let table: BTreeMap<String, Vec<String>> = toml::from_str(RULES).unwrap();
        for term in table.values().flatten().flat_map(|line| line.split_whitespace()) {
            let names = term.trim_start_matches('!');
            let names = names.split_once(':').map_or(names, |(_, rest)| rest);
            for name in names.split('|') {
                assert_ne!(Book::Topics.mask(name), 0, "no list called {name}");
            }
        }
        assert!(RULE_SET.len() < 288, "features number at most 288 rules");
    }
}
