//! The words of the pages: one file per language beside the templates, with the same keys.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::contract::Language;

type Entries = BTreeMap<String, String>;

static DUTCH: LazyLock<Entries> = LazyLock::new(|| {
    entries([
        include_str!("../../templates/texts.nl.toml"),
        include_str!("../../templates/accounts/texts.nl.toml"),
    ])
});
static ENGLISH: LazyLock<Entries> = LazyLock::new(|| {
    entries([
        include_str!("../../templates/texts.en.toml"),
        include_str!("../../templates/accounts/texts.en.toml"),
    ])
});

#[expect(clippy::expect_used, reason = "both files are compiled in and loaded by every test run")]
fn entries(files: [&str; 2]) -> Entries {
    let mut entries = Entries::new();
    for file in files {
        let table: toml::Table = file.parse().expect("a file of texts that parses");
        flatten("", &table, &mut entries);
    }
    entries
}

fn flatten(prefix: &str, table: &toml::Table, entries: &mut Entries) {
    for (key, value) in table {
        match value {
            toml::Value::String(text) => {
                entries.insert(format!("{prefix}{key}"), text.clone());
            }
            toml::Value::Table(inner) => flatten(&format!("{prefix}{key}."), inner, entries),
            _ => {}
        }
    }
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    language: Language,
    entries: &'static Entries,
}

impl Texts {
    /// Those of a language; English for all but Dutch.
    pub fn of(language: Language) -> Self {
        if language == Language::Dutch {
            Self { language, entries: &DUTCH }
        } else {
            Self { language: Language::English, entries: &ENGLISH }
        }
    }

    /// Which language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// A text that there is; a key without one is a defect that the tests find, and shows as
    /// nothing.
    pub fn get(&self, key: &str) -> &'static str {
        self.find(key).unwrap_or_default()
    }

    /// A text that there may be.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        self.entries.get(key).map(String::as_str)
    }

    /// The text for a word of the contract, or the word itself where there is none.
    pub fn word(&self, family: &str, word: &str) -> String {
        self.find(&format!("{family}.{word}")).map_or_else(|| word.replace('_', " "), str::to_owned)
    }

    /// A text with one `{name}` filled in.
    pub fn fill(&self, key: &str, name: &str, value: &str) -> String {
        self.get(key).replace(&format!("{{{name}}}"), value)
    }

    /// A text about a number: `key.one` or `key.many`, with `{n}` filled in.
    pub fn count(&self, key: &str, number: i64) -> String {
        let form = if number == 1 { "one" } else { "many" };
        self.fill(&format!("{key}.{form}"), "n", &number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys() {
        let keys = |entries: &Entries| entries.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&DUTCH), keys(&ENGLISH));
        assert!(DUTCH.values().chain(ENGLISH.values()).all(|text| !text.trim().is_empty()));
    }

    /// What stands between `marker` and the next quote, in every template and page module.
    fn used(marker: &str) -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("templates"), root.join("src/web")];
        let mut keys = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "html" || ending == "rs")
                {
                    let text = std::fs::read_to_string(path).unwrap();
                    for (at, _) in text.match_indices(marker) {
                        let (before, from) = text.split_at(at);
                        let named = before.ends_with([' ', '.', '(', '{', '=']);
                        let rest = from.strip_prefix(marker).unwrap();
                        keys.extend(named.then(|| rest.split_once('"').unwrap().0.to_owned()));
                    }
                }
            }
        }
        keys
    }

    #[test]
    fn every_key_a_page_names_is_there() {
        let t = Texts::of(Language::Dutch);
        // Split so that this test does not find itself.
        let plain = [concat!("t.get", "(\""), concat!("t.fill", "(\"")];
        let keys: Vec<String> = plain.into_iter().flat_map(used).collect();
        assert!(keys.len() > 40, "{}", keys.len());
        for key in keys {
            assert!(t.find(&key).is_some(), "{key}");
        }
        for key in used(concat!("t.count", "(\"")) {
            assert!(t.find(&format!("{key}.one")).is_some(), "{key}.one");
            assert!(t.find(&format!("{key}.many")).is_some(), "{key}.many");
        }
    }

    #[test]
    fn every_word_of_the_contract_has_a_text() {
        use domain::contract::{
            EscalationReason, Intent, Mood, NotificationType, OfferResponse, ThreatKind,
        };
        let t = Texts::of(Language::English);
        let words = |family: &str, words: Vec<&str>| {
            for word in words {
                assert!(t.find(&format!("{family}.{word}")).is_some(), "{family}.{word}");
            }
        };
        words("intent", Intent::ALL.iter().map(|it| it.as_str()).collect());
        words("topic", Intent::ALL.iter().map(|it| it.as_str()).collect());
        words("mood", Mood::ALL.iter().map(|it| it.as_str()).collect());
        words("threat", ThreatKind::ALL.iter().map(|it| it.as_str()).collect());
        words("topic", ThreatKind::ALL.iter().map(|it| it.as_str()).collect());
        words("escalate", EscalationReason::ALL.iter().map(|it| it.as_str()).collect());
        words("topic", EscalationReason::ALL.iter().map(|it| it.as_str()).collect());
        words("offer_response", OfferResponse::ALL.iter().map(|it| it.as_str()).collect());
        words("notice", NotificationType::ALL.iter().map(|it| it.as_str()).collect());
        words("language", Language::ALL.iter().map(|it| it.as_str()).collect());
    }
}
