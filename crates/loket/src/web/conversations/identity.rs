//! Whether somebody is who the mail says, in words: what is not known, and what follows from it
//! (hazard C14).

use store::conversations::InteractionView;
use store::ingest::InteractionState;

use super::super::texts::Texts;

/// Why it may be somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// In a few words.
    pub title: &'static str,
    /// What follows from it.
    pub text: String,
}

/// Machines' mail and history need nobody's word on who wrote.
pub fn doubts(mail: &InteractionView, t: Texts) -> Vec<Doubt> {
    if matches!(mail.state, InteractionState::Automatic | InteractionState::Imported) {
        return Vec::new();
    }
    let doubt = |key: &str| Doubt {
        title: t.get(key),
        text: t.fill(&format!("{key}_text"), "email", &mail.customer_email),
    };
    let unverified = (!mail.sender_verified).then(|| doubt("identity.unverified"));
    let elsewhere = mail.reply_to_elsewhere.then(|| doubt("identity.elsewhere"));
    unverified.into_iter().chain(elsewhere).collect()
}
