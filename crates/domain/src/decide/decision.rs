//! What will be done, and why. A decision has no effects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::LedgerKind;
use crate::contract::{
    Cents, EscalationLevel, LadderStep, Language, NotificationType, Percentage, Priority, RuleKey,
};
use crate::message::Doubt;
use crate::policy::texts;

/// Send it, or let a person look. There is no third way that sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The draft may be sent when the guard has no objection.
    Reply,
    /// A person must look. The default.
    Hold,
}

/// A request that rules answer with yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Sending goods back.
    Return,
    /// Swapping them.
    Exchange,
    /// Cancelling the order.
    Cancel,
    /// Delivering elsewhere.
    AddressChange,
    /// Money without sending back.
    Compensation,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The rules grant it.
    Allow,
    /// The rules do not grant it. Never sent without a person (GDPR art. 22).
    Deny,
    /// The facts do not suffice.
    Unknown,
}

/// One request with its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What was asked.
    pub request: Request,
    /// The answer.
    pub verdict: Verdict,
}

/// A value that the reply may state. Whatever is not one of these, the guard refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Value {
    /// A percentage.
    Percent(Percentage),
    /// An amount of euros.
    Euro(Cents),
    /// A number of days.
    Days(u16),
    /// A number of hours.
    Hours(u16),
    /// A day and time in the Netherlands, ready to read.
    Moment(String),
    /// An order number, as the customer wrote it.
    OrderNumber(String),
    /// An address, one line.
    Address(String),
    /// A name.
    Name(String),
    /// A link to the shop's own site.
    Link(String),
}

/// One passage of the reply: a section of a rule's template with the values it may state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Whose template; none for the frame around every reply.
    pub rule: Option<RuleKey>,
    /// Which section of it.
    pub section: String,
    /// The values by their template name.
    pub values: BTreeMap<String, Value>,
}

/// Why something was decided: rule, version, fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule that says so; none for the law and for Loket's own floors.
    pub rule: Option<RuleKey>,
    /// The version of that rule; 0 is the built-in master.
    pub version: u32,
    /// What it says.
    pub code: ReasonCode,
    /// The fact it applied to.
    pub fact: String,
}

impl Reason {
    /// The sentence for people, in `language`.
    pub fn sentence(&self, language: Language) -> String {
        texts()
            .reasons
            .get(self.code.as_str())
            .map_or_else(String::new, |text| text.get(language).replace("{fact}", &self.fact))
    }
}

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// Every reason there is. Its sentences stand in `policies/reasons.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReasonCode { $($(#[$doc])* #[serde(rename = $text)] $variant),+ }

        impl ReasonCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its key in `policies/reasons.toml`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

reason_codes! {
    /// No rule covers what was asked.
    NoRuleApplies = "no_rule_applies",
    /// Nothing was asked.
    NothingAsked = "nothing_asked",
    /// Something besides what the rules cover was asked.
    AlsoAsked = "also_asked",
    /// A threat was read.
    ThreatRead = "threat_read",
    /// A person must answer, for another reason than a threat.
    PersonNeeded = "person_needed",
    /// One of the shop's own watch words was read.
    WatchWord = "watch_word",
    /// The sender is not vouched for.
    SenderUnverified = "sender_unverified",
    /// The answer would go elsewhere.
    ReplyToElsewhere = "reply_to_elsewhere",
    /// It reads like automatic mail.
    LooksAutomatic = "looks_automatic",
    /// The shop's own contact form wrote it.
    ContactForm = "contact_form",
    /// It comes from the shop's own domain.
    Colleague = "colleague",
    /// Part of it could not be read.
    PartlyRead = "partly_read",
    /// Another mail came under its Message-ID.
    SameNumber = "same_number",
    /// The language is neither Dutch nor English.
    LanguageNotOurs = "language_not_ours",
    /// The shop approves every reply itself.
    DraftsOnly = "drafts_only",
    /// The shop is not active.
    ShopNotActive = "shop_not_active",
    /// Too many automatic replies to this address.
    BudgetSpent = "budget_spent",
    /// Too many automatic replies of this shop.
    ShopBreaker = "shop_breaker",
    /// A colleague took over.
    PersonTookOver = "person_took_over",
    /// A newer mail waits.
    NewerMailWaits = "newer_mail_waits",
    /// The right to withdraw stands, whatever the reason.
    WithdrawalRight = "withdrawal_right",
    /// The statement counts from its arrival.
    WithdrawalStated = "withdrawal_stated",
    /// A return is granted.
    ReturnGranted = "return_granted",
    /// The order's status needs a person for a return.
    ReturnStatus = "return_status",
    /// The wished refund is not one the shop does.
    RefundMethodNotOffered = "refund_method_not_offered",
    /// The shop does not swap.
    NoExchanges = "no_exchanges",
    /// The order was changed before.
    ChangedBefore = "changed_before",
    /// The order belongs to somebody else.
    NotTheirOrder = "not_their_order",
    /// The goods are defective: repair or replace first, a person decides which.
    DefectFirst = "defect_first",
    /// Where returns go is not known.
    NoReturnAddress = "no_return_address",
    /// A cancellation is granted.
    CancelGranted = "cancel_granted",
    /// A cancellation was taken in; the order's status is not known.
    CancelTakenIn = "cancel_taken_in",
    /// The order's status needs a person for a cancellation.
    CancelStatus = "cancel_status",
    /// The reason is not in the shop's list.
    CancelReason = "cancel_reason",
    /// An address change is granted.
    AddressGranted = "address_granted",
    /// An address change was taken in; the order's status is not known.
    AddressTakenIn = "address_taken_in",
    /// Part of the address is missing.
    AddressIncomplete = "address_incomplete",
    /// The order's status needs a person for a new address.
    AddressStatus = "address_status",
    /// The shop does not deliver there.
    AddressCountry = "address_country",
    /// Money for keeping an item is only for whoever has it.
    CompensationStatus = "compensation_status",
    /// The ladder is off.
    LadderOff = "ladder_off",
    /// A step was taken.
    LadderStepTaken = "ladder_step_taken",
    /// The same offer was repeated.
    LadderRepeated = "ladder_repeated",
    /// No step is left.
    LadderExhausted = "ladder_exhausted",
    /// The cap bounds the offer.
    LadderCapped = "ladder_capped",
    /// An offer was accepted.
    OfferAccepted = "offer_accepted",
    /// An offer was refused; the ladder has ended.
    OfferRejected = "offer_rejected",
    /// The answer fits no offer in the ledger.
    NoOfferStanding = "no_offer_standing",
    /// This customer or order had its ladder already.
    LadderUsed = "ladder_used",
    /// The high-compensation limit was reached.
    HighCompensation = "high_compensation",
    /// The right to return is stated before any offer.
    RightFirst = "right_first",
}

impl ReasonCode {
    /// The reason that a doubt about a mail is.
    pub const fn of_doubt(doubt: Doubt) -> Self {
        match doubt {
            Doubt::LooksAutomatic => Self::LooksAutomatic,
            Doubt::ContactForm => Self::ContactForm,
            Doubt::Colleague => Self::Colleague,
            Doubt::PartlyRead => Self::PartlyRead,
            Doubt::SameNumber => Self::SameNumber,
        }
    }
}

/// A line to append to the ledger of offers when the decision is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerMove {
    /// What happens.
    pub kind: LedgerKind,
    /// On which step.
    pub ladder_stap: LadderStep,
    /// How much is on the table.
    pub percentage: Percentage,
}

/// An alert that the decision asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// `notifications.type`.
    pub kind: NotificationType,
    /// How urgent.
    pub priority: Priority,
    /// Whether somebody must act.
    pub action_required: bool,
}

/// What will be done with a mail, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Send or hold.
    pub action: Action,
    /// The language of the reply.
    pub language: Language,
    /// What the reply says, in order; empty means there is nothing to draft.
    pub parts: Vec<Part>,
    /// Each request with its answer.
    pub rulings: Vec<Ruling>,
    /// What is offered or was accepted; zero when nothing.
    pub compensatie_percentage: Percentage,
    /// The step the ladder stands on after this decision.
    pub ladder_stap: LadderStep,
    /// Whether a threat was read.
    pub dreiging_detected: bool,
    /// Whether a cancellation was asked for.
    pub annulering_aangevraagd: bool,
    /// How the conversation is to be watched.
    pub escalation_level: EscalationLevel,
    /// What to append to the ledger, in the transaction that releases the reply: a mail that
    /// waits for a person has accepted and offered nothing yet.
    pub ledger: Vec<LedgerMove>,
    /// Who must know.
    pub alerts: Vec<Alert>,
    /// Why, in the order in which the rules spoke.
    pub because: Vec<Reason>,
}

impl Decision {
    /// The ruling on `request`, if it was asked.
    pub fn ruling(&self, request: Request) -> Option<Verdict> {
        self.rulings.iter().find(|ruling| ruling.request == request).map(|ruling| ruling.verdict)
    }
}
