//! Conversations: the list with what waits, and one conversation with the receipt of each answer.

mod actions; // what a person does
mod beside; // layout and files of a mail
mod decided; // a decision in a few words
mod desk; // the list as a page shows it
mod files; // files of a mail, listed and handed over
mod formatted; // a mail as it was laid out, in a frame
mod identity; // whether it is who the mail says
mod loader; // what is read
mod mail_text; // a mail as a person reads it
mod receipt; // why an answer is what it is
mod thread; // one conversation as a page shows it

pub use actions::{approve, arrived, discard, done, recall};
pub use desk::{list, page};
pub use files::download;
pub use formatted::frame;
pub use thread::{course, thread};

/// A small coloured word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// `wait`, `serious`, `draft`, `good` or `quiet`: how it is coloured.
    pub tone: &'static str,
    /// What it says.
    pub label: String,
}

impl Badge {
    fn new(tone: &'static str, label: impl Into<String>) -> Self {
        Self { tone, label: label.into() }
    }
}

/// The badge of a mail's or a conversation's state.
fn state_badge(state: store::ingest::InteractionState, t: super::texts::Texts) -> Badge {
    use store::ingest::InteractionState as State;
    let tone = match state {
        State::Held => "wait",
        State::Drafted => "draft",
        State::Answered => "good",
        State::Received | State::Automatic | State::Discarded | State::Closed | State::Imported => {
            "quiet"
        }
    };
    Badge::new(tone, t.word("state", state.as_str()))
}

/// The badge of an escalation level; none where there is nothing special.
fn level_badge(level: domain::contract::EscalationLevel, t: super::texts::Texts) -> Option<Badge> {
    use domain::contract::EscalationLevel as Level;
    match level {
        Level::None => None,
        Level::Watch => Some(Badge::new("quiet", t.get("level.1"))),
        Level::Person => Some(Badge::new("wait", t.get("level.2"))),
        Level::Serious => Some(Badge::new("serious", t.get("level.3"))),
    }
}

/// A mood worth mentioning, with its colour; matter-of-fact is not.
fn mood_badge(mood: domain::contract::Mood, t: super::texts::Texts) -> Option<Badge> {
    use domain::contract::Mood;
    let tone = match mood {
        Mood::Neutral => return None,
        Mood::Positive => "good",
        Mood::Frustrated => "wait",
        Mood::Angry => "serious",
        Mood::Sad => "draft",
    };
    Some(Badge::new(tone, t.word("mood", mood.as_str())))
}

/// A customer's name, or the address where no name was given.
fn shown_name<'a>(name: &'a str, email: &'a str) -> &'a str {
    if name.trim().is_empty() { email } else { name }
}

/// At most two letters that stand for a person.
fn initials(name: &str) -> String {
    let words: Vec<char> =
        name.split(|c: char| !c.is_alphanumeric()).filter_map(|word| word.chars().next()).collect();
    let first = words.first().copied();
    let last = words.last().copied().filter(|_| words.len() > 1 && !name.contains('@'));
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_of_names_and_addresses() {
        assert_eq!(initials("Sanne de Wit"), "SW");
        assert_eq!(initials("Ömer"), "Ö");
        assert_eq!(initials("sanne@example.nl"), "S");
        assert_eq!(initials("  "), "");
    }
}
