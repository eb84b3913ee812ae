//! Closed lists of words. Each serialises to the exact text of the contract.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares an enum together with its contract spelling, so that the text in the
/// database, the JSON and the templates cannot drift apart.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The contract's spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// From the contract's spelling; anything else is `None`.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The five rules of the contract. The variant is the key.
    RuleKey {
        /// Withdrawal, returns, exchanges.
        RetourbeleidFashion = "retourbeleid_fashion",
        /// The compensation ladder.
        OnderhandelingLogica = "onderhandeling_logica",
        /// Threats and what else only a person may answer.
        DreigingDetectie = "dreiging_detectie",
        /// Cancelling an order.
        AnnuleringPolicy = "annulering_policy",
        /// Delivering elsewhere.
        AdreswijzigingPolicy = "adreswijziging_policy",
    }
}

words! {
    /// The language of a text. Only Dutch and English are answered without a person.
    Language {
        /// Dutch, Flemish included.
        Dutch = "nl",
        /// English.
        English = "en",
        /// German: read well enough to hold it for a person.
        German = "de",
        /// French: read well enough to hold it for a person.
        French = "fr",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What a customer wants; a mail may want several things.
    Intent {
        /// To send goods back, exchanges and swaps of a wrong item included.
        Return = "return",
        /// To cancel an order, a line of it, or a subscription.
        Cancel = "cancel",
        /// To have it delivered or billed elsewhere.
        AddressChange = "address_change",
        /// To know where the order is.
        OrderStatus = "order_status",
        /// Money, a discount, a voucher; and every reply to an offer about money.
        Compensation = "compensation",
        /// Dissatisfaction that needs acknowledgement.
        Complaint = "complaint",
        /// Repair or guarantee.
        Warranty = "warranty",
        /// An invoice or receipt.
        Invoice = "invoice",
        /// Any other request.
        Question = "question",
        /// Thanks and apologies.
        Thanks = "thanks",
        /// Written by a machine.
        AutoReply = "auto_reply",
        /// Spam or marketing.
        SpamOrMarketing = "spam_or_marketing",
    }
}

words! {
    /// An announced step against the shop, or a signal of self-harm. Most serious last.
    ThreatKind {
        /// A review on a public site.
        PublicReview = "public_review",
        /// Newspapers, television, social media.
        PressSocial = "press_social",
        /// Taking the payment back through bank, card or wallet.
        Chargeback = "chargeback",
        /// Police, regulators, disputes committees.
        Authority = "authority",
        /// Lawyers, courts, notices of default.
        Legal = "legal",
        /// Violence, veiled or open.
        Violence = "violence",
        /// The customer may harm themselves.
        SelfHarm = "self_harm",
    }
}

words! {
    /// `customer_mood`: the tone of the new text.
    Mood {
        /// Friendly, content.
        Positive = "positive",
        /// Matter of fact.
        Neutral = "neutral",
        /// Annoyed, still reasonable.
        Frustrated = "frustrated",
        /// Hostile.
        Angry = "angry",
        /// Sad, worried, grieving.
        Sad = "sad",
    }
}

words! {
    /// How a customer answered an earlier offer.
    OfferResponse {
        /// Takes it.
        Accept = "accept",
        /// Refuses it.
        Reject = "reject",
        /// Asks for more or for something else.
        Counter = "counter",
    }
}

words! {
    /// Why a person must answer, besides a threat.
    EscalationReason {
        /// A threat, of any kind.
        Threat = "threat",
        /// An attempt to steer the system.
        SteeringAttempt = "steering_attempt",
        /// Health or product safety.
        Safety = "safety",
        /// Privacy, a data leak, a request under the GDPR.
        Privacy = "privacy",
        /// Suspected fraud, or a change of bank account.
        Fraud = "fraud",
        /// Somebody died.
        Bereavement = "bereavement",
        /// A lawyer, guardian or other representative writes.
        LegalRepresentative = "legal_representative",
        /// A journalist writes.
        Press = "press",
        /// The customer asks for a person or a manager.
        AsksForPerson = "asks_for_person",
    }
}

words! {
    /// `notifications.type`.
    NotificationType {
        /// A person must answer.
        Escalation = "escalation",
        /// A threat was read.
        Threat = "threat",
        /// The ladder is high, or its cap is reached.
        HighCompensation = "high_compensation",
        /// A draft waits for approval.
        HeldMail = "held_mail",
        /// The shop must act: cancel in its own system, change an address.
        ActionNeeded = "action_needed",
        /// The mailbox cannot be read or sent from.
        MailboxTrouble = "mailbox_trouble",
        /// A mail could not be processed and is kept aside.
        Quarantined = "quarantined",
        /// A sent mail came back.
        Bounced = "bounced",
    }
}

words! {
    /// `notifications.priority`.
    Priority {
        /// Now.
        High = "high",
        /// Today.
        Medium = "medium",
        /// Some time.
        Low = "low",
    }
}

words! {
    /// `email_filters.filter_type`. Allow beats block beats spam.
    FilterType {
        /// Always let in.
        Allow = "allow",
        /// Never answered, kept out of the conversations.
        Block = "block",
        /// Kept in the spam list.
        Spam = "spam",
    }
}

/// `conversation_threads.escalation_level`, 0 to 3.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(into = "u8", try_from = "u8")]
pub enum EscalationLevel {
    /// 0: nothing special.
    #[default]
    None,
    /// 1: somebody should keep an eye on it.
    Watch,
    /// 2: a person must answer.
    Person,
    /// 3: threat, law, safety.
    Serious,
}

impl From<EscalationLevel> for u8 {
    fn from(level: EscalationLevel) -> Self {
        level as Self
    }
}

impl TryFrom<u8> for EscalationLevel {
    type Error = &'static str;
    fn try_from(value: u8) -> Result<Self, Self::Error> {
        match value {
            0 => Ok(Self::None),
            1 => Ok(Self::Watch),
            2 => Ok(Self::Person),
            3 => Ok(Self::Serious),
            _ => Err("an escalation level is 0, 1, 2 or 3"),
        }
    }
}

/// A set of [`Intent`]s; iterates in declaration order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct IntentSet(u16);

impl IntentSet {
    /// No intent at all.
    pub const EMPTY: Self = Self(0);

    /// With `intent` in it.
    #[must_use]
    pub const fn with(self, intent: Intent) -> Self {
        Self(self.0 | 1 << intent as u16)
    }

    /// Without `intent`.
    #[must_use]
    pub const fn without(self, intent: Intent) -> Self {
        Self(self.0 & !(1 << intent as u16))
    }

    /// Whether `intent` is in it.
    pub const fn contains(self, intent: Intent) -> bool {
        self.0 & (1 << intent as u16) != 0
    }

    /// Whether it is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many intents are in it.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Its members in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Intent> {
        Intent::ALL.iter().copied().filter(move |intent| self.contains(*intent))
    }
}

impl FromIterator<Intent> for IntentSet {
    fn from_iter<T: IntoIterator<Item = Intent>>(intents: T) -> Self {
        intents.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl Serialize for IntentSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for IntentSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Intent>::deserialize(deserializer)?.into_iter().collect())
    }
}
