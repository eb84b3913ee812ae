//! Every word of the contract is explained in `docs/glossary.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::tree::Tree;

const GLOSSARY: &str = "docs/glossary.md";
/// Where the contract's names stand.
const CONTRACT: &[&str] = &["db/migrations/", "crates/domain/src/contract/"];

/// The Dutch names of the contract, which must be in the tree and in the glossary.
pub const TERMS: &[&str] = &[
    "adreswijziging_policy",
    "annulering_aangevraagd",
    "annulering_policy",
    "bedrijfsnaam",
    "compensatie_percentage",
    "dagen_instellingen",
    "dreiging_detected",
    "dreiging_detectie",
    "ladder_stap",
    "maximaal_extra_compensatie",
    "onderhandeling_logica",
    "retouradres",
    "retourbeleid_fashion",
    "taalvoorkeur",
];

/// Parts of names that give a Dutch one away, also one that somebody adds later.
const DUTCH: &[&str] = &[
    "aangevraagd",
    "adreswijziging",
    "annulering",
    "bedrijf",
    "bedrijfsnaam",
    "beleid",
    "bestelling",
    "compensatie",
    "dagen",
    "dreiging",
    "gebruiker",
    "instellingen",
    "klant",
    "korting",
    "maximaal",
    "medewerker",
    "naam",
    "onderhandeling",
    "retouradres",
    "retourbeleid",
    "stap",
    "taal",
    "taalvoorkeur",
    "voorkeur",
    "winkel",
];

/// Every Dutch name of the contract and every key of a rule has its row.
pub fn is_complete(tree: &Tree) -> Vec<Problem> {
    let Some(glossary) = tree.text(GLOSSARY) else {
        return vec![Problem::new(GLOSSARY, "is missing")];
    };
    let explained: BTreeSet<&str> = glossary
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let mut problems = Vec::new();
    let names = contract_names(tree);
    for term in TERMS.iter().filter(|term| !names.contains_key(**term)) {
        problems.push(Problem::new(*term, "is in the contract, but nowhere in its files"));
    }
    let wanted = names.into_iter().filter(|(name, _)| is_dutch(name)).chain(rule_keys(tree));
    for (name, place) in wanted {
        if !explained.contains(name.as_str()) {
            problems.push(Problem::new(place, format!("`{name}` has no row in {GLOSSARY}")));
        }
    }
    problems
}

/// Every lower-case name in the contract's files, with the first file it stands in.
fn contract_names(tree: &Tree) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for folder in CONTRACT {
        for file in tree.below(folder) {
            let words = file
                .text
                .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            // Functions call their parameters as the column they are for, behind `p_`.
            let names_in = words.map(|word| word.strip_prefix("p_").unwrap_or(word));
            for word in names_in.filter(|word| !word.is_empty()) {
                names.entry(word.to_owned()).or_insert_with(|| file.path.clone());
            }
        }
    }
    names
}

/// Constraint and index names are made of a table's and a column's, and explain themselves.
fn is_dutch(name: &str) -> bool {
    let derived = ["_check", "_key", "_idx", "_fkey", "_pkey"];
    let dutch = name.split('_').any(|part| DUTCH.contains(&part));
    dutch && !derived.iter().any(|ending| name.ends_with(ending))
}

/// The keys of every master `rule_config`, with the file they stand in.
fn rule_keys(tree: &Tree) -> Vec<(String, String)> {
    let policies = tree.below("policies/").filter(|file| file.path.ends_with("/policy.toml"));
    policies
        .filter_map(|file| {
            let table: toml::Table = toml::from_str(&file.text).ok()?;
            let keys = table.get("rule_config")?.as_table()?.keys().cloned().collect::<Vec<_>>();
            Some(keys.into_iter().map(|key| (key, file.path.clone())))
        })
        .flatten()
        .collect()
}
