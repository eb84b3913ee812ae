//! Which labels a mail may get at all: `data/gates.toml`.
//!
//! A label without any of its words in the mail is never given. That keeps the classifier
//! from guessing, and lets it decide more boldly where the words are there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::classifier::{LABEL_COUNT, LABELS};
use super::concepts::{Book, Mask};

const GATES: &str = include_str!("data/gates.toml");

/// Per label: the concepts of which one must occur; `None` where the label is always open.
static MASKS: LazyLock<[Option<Mask>; LABEL_COUNT]> = LazyLock::new(|| {
    let table: BTreeMap<String, String> = toml::from_str(GATES).unwrap_or_default();
    LABELS.map(|label| {
        let names = table.get(label)?;
        Some(Book::Topics.mask_of(names))
    })
});

/// Which labels are open, one bit each, in the order of [`LABELS`].
pub(super) fn open(topics: Mask) -> u32 {
    MASKS.iter().enumerate().fold(0, |bits, (index, mask)| {
        let is_open = mask.is_none_or(|mask| mask & topics != 0);
        bits | u32::from(is_open) << index
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_names_known_labels_and_lists() {
        let table: BTreeMap<String, String> = toml::from_str(GATES).unwrap();
        for (label, names) in table {
            assert!(LABELS.contains(&label.as_str()), "{label}");
            for name in names.split_whitespace() {
                assert_ne!(Book::Topics.mask(name), 0, "no list called {name}");
            }
        }
    }

    #[test]
    fn what_is_not_named_stays_closed() {
        let bit = |label: &str| 1_u32 << super::super::classifier::place(label);
        assert_eq!(open(0) & bit("auto_reply"), 0);
        assert_ne!(open(Book::Topics.mask("auto_reply")) & bit("auto_reply"), 0);
        assert_ne!(open(0) & bit("threat"), 0, "a threat may be told in any words");
    }
}
