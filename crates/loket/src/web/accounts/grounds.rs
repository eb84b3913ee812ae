//! Why a shop is turned down: grounds that every language has words for, and what the admin adds.
//!
//! Both are one text in the audit log (`mailbox: The password is refused`), so that the shop
//! reads them in its own language wherever the log is shown.

use super::super::texts::Texts;

/// The grounds, in the order of the form.
pub const GROUNDS: [&str; 6] = ["incomplete", "mailbox", "website", "duplicate", "unfit", "other"];

/// A reason as people read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// What is the matter, in the reader's language; empty where no ground was given.
    pub ground: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// In the admin's own words; may be empty.
    pub note: String,
}

impl Reason {
    /// Read from the log.
    pub fn of(kept: &str, t: Texts) -> Self {
        let (code, rest) = kept.split_once(':').unwrap_or((kept, ""));
        let Some(code) = GROUNDS.into_iter().find(|ground| *ground == code.trim()) else {
            return Self { note: kept.trim().to_owned(), ..Self::default() };
        };
        Self {
            ground: t.get(&format!("ground.{code}")),
            advice: t.get(&format!("ground_advice.{code}")),
            note: rest.trim().to_owned(),
        }
    }

    /// On one line.
    pub fn in_words(&self) -> String {
        match (self.ground, self.note.as_str()) {
            ("", note) => note.to_owned(),
            (ground, "") => ground.to_owned(),
            (ground, note) => format!("{ground} {note}"),
        }
    }
}

/// As it is kept; `None` where a ground says nothing without a note, or is none.
pub fn composed(ground: &str, note: &str) -> Option<String> {
    if !GROUNDS.contains(&ground) || (ground == "other" && note.chars().count() < 5) {
        return None;
    }
    Some(if note.is_empty() { ground.to_owned() } else { format!("{ground}: {note}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::contract::Language;

    #[test]
    fn a_ground_is_read_in_both_languages_and_a_note_stays_as_it_is() {
        for (language, word) in [(Language::Dutch, "mailbox"), (Language::English, "mailbox")] {
            let kept = composed("mailbox", "Wachtwoord: geweigerd").unwrap();
            let reason = Reason::of(&kept, Texts::of(language));
            assert!(reason.ground.contains(word) && !reason.advice.is_empty(), "{reason:?}");
            assert_eq!(reason.note, "Wachtwoord: geweigerd");
        }
        for ground in GROUNDS {
            let t = Texts::of(Language::Dutch);
            assert!(!Reason::of(ground, t).ground.is_empty(), "{ground}");
        }
        assert_eq!(composed("other", "kort"), None);
        assert_eq!(composed("elsewhere", "een lange reden"), None);
        let own = Reason::of("Nota bene: anders", Texts::of(Language::Dutch));
        assert_eq!(own.in_words(), "Nota bene: anders");
    }
}
