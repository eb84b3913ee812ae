//! Everything a decision may depend on, and nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contract::{LadderStep, Language, Percentage};
use crate::message::Doubt;
use crate::policy::{OrderStatus, RefundMethod, Rules};
use crate::understand::Reading;

/// The facts of one mail. The same facts give the same decision.
#[derive(Debug, Clone, Serialize)]
pub struct Facts<'a> {
    /// When the decision is taken.
    pub now: Timestamp,
    /// When the mail arrived; the withdrawal counts from here (6:230o BW).
    pub received_at: Timestamp,
    /// The shop's settings and rules.
    pub terms: &'a Terms,
    /// Who wrote, and how sure that is.
    pub sender: &'a Sender,
    /// What was said, promised and given so far.
    pub thread: &'a ThreadState,
    /// What was understood from this mail.
    pub reading: &'a Reading,
    /// The shop's own watch word that stands in the new text, if any.
    pub watch_word: Option<&'a str>,
    /// The order it is about, where the shop's system told us.
    pub order: Option<&'a OrderFacts>,
}

/// What a shop told us about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// The shop's name.
    pub bedrijfsnaam: String,
    /// The assistant's name.
    pub ai_persona_name: String,
    /// The language used when the customer's is neither Dutch nor English.
    pub taalvoorkeur: Language,
    /// Where returns go, one line; may be empty.
    pub retouradres: String,
    /// The shop's site, `https://...`; may be empty.
    pub shop_url: String,
    /// The shop's signature; sanitised when it was saved; may be empty.
    pub signature_html: String,
    /// The most that may be added on top of the first offer.
    pub maximaal_extra_compensatie: Percentage,
    /// Working days within which the shop answers.
    pub reply_days: u16,
    /// Whether replies leave without a person. A new shop starts without.
    pub automatic_sending: bool,
    /// Whether the shop is approved and active.
    pub active: bool,
    /// Its five rules.
    pub rules: Rules,
}

/// Who wrote the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Address, lower case.
    pub email: String,
    /// Display name; may be empty.
    pub name: String,
    /// Whether the mailbox's own provider vouches for the address.
    pub verified: bool,
    /// Whether an answer is asked to go to another domain than the sender's.
    pub reply_to_elsewhere: bool,
    /// Why it is not sure what the mail is, or whose.
    #[serde(default)]
    pub doubt: Option<Doubt>,
}

/// What one offer in the ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// The shop offered.
    Offered,
    /// The customer took it.
    Accepted,
    /// The customer refused it; the ladder has ended.
    Rejected,
    /// The customer asked for more.
    Countered,
}

/// A line of the append-only ledger of offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// What happened.
    pub kind: LedgerKind,
    /// On which step.
    pub ladder_stap: LadderStep,
    /// How much was on the table.
    pub percentage: Percentage,
    /// When.
    pub at: Timestamp,
    /// About which order, normalised; none when unknown.
    pub order_number: Option<String>,
}

/// What happened with this customer before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ThreadState {
    /// Every offer to this customer in 31 days, and every one on this order, oldest first.
    pub ledger: Vec<LedgerEntry>,
    /// Automatic replies to this address in the last 24 hours, over all conversations.
    pub automatic_replies_to_address: u32,
    /// Automatic replies of the whole shop in the last hour.
    pub automatic_replies_of_shop: u32,
    /// Whether a colleague has taken the conversation over.
    pub person_took_over: bool,
    /// Whether a newer mail of the same customer waits in this conversation.
    pub newer_mail_waits: bool,
}

/// What the shop's system says about the order, when it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFacts {
    /// Its number, as the shop writes it.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Whether it belongs to the customer who writes.
    pub belongs_to_sender: bool,
    /// Whether it was exchanged or its items were changed before.
    #[serde(default)]
    pub changed_before: bool,
    /// Whether the customer wants other goods instead of money back.
    #[serde(default)]
    pub wants_exchange: bool,
    /// The reason given for cancelling, in the shop's list of reasons.
    #[serde(default)]
    pub reason: Option<String>,
    /// How the money would go back, when the customer chose.
    #[serde(default)]
    pub refund_method: Option<RefundMethod>,
}
