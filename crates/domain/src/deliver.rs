//! Sent, or held for a person: the only two ends of a draft.
//!
//! [`objection`] is asked once before a server is spoken to and again in the transaction that
//! begins the sending, with what the database knows at that moment. A reply that a person let go
//! is kept back by less: they saw what the program cannot see.

use serde::{Deserialize, Serialize};

/// What is known of a reply at the last moment before it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of the same moment")]
pub struct Moment {
    /// Whether it still waits to be sent: nobody sent, cancelled, held or began to send it.
    pub queued: bool,
    /// Whether it lies in the mailbox's Sent: a try whose outcome nobody knew had arrived.
    pub lies_in_sent: bool,
    /// Whether the shop's database was put back, and what was sent since the backup is not known
    /// yet.
    pub catching_up: bool,
    /// Whether the shop is approved and active.
    pub shop_active: bool,
    /// Whether its time has come; before, it can be called back.
    pub due: bool,
    /// Whether no person read it.
    pub automatic: bool,
    /// Whether the shop lets replies leave that nobody read.
    pub automatic_sending: bool,
    /// Whether a colleague answered after the customer's mail was to be seen here.
    pub answered_since_seen: bool,
    /// Whether a colleague answered after the customer's mail had arrived in the mailbox.
    pub answered_since_arrival: bool,
    /// Whether a colleague took the conversation over.
    pub taken_over: bool,
    /// Seconds since the customer's mail arrived.
    pub age_seconds: i64,
    /// The shop's limit: a late automatic answer is as bad as a double one (hazard D19).
    pub max_age_seconds: i64,
    /// Whether mail to this address came back within 30 days.
    pub bounced: bool,
    /// Whether the customer wrote again since.
    pub newer_message: bool,
    /// Whether the customer wrote again after this reply was decided.
    pub newer_message_since_decision: bool,
}

/// Why a reply stays behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// It is not queued (any more): sent, cancelled, or another worker is sending it.
    NotQueued,
    /// It lies in the mailbox's Sent: a second one would be a double.
    AlreadySent,
    /// What was sent between a backup and its return is not known yet.
    CatchingUp,
    /// The shop was suspended.
    ShopInactive,
    /// Its time has not come.
    TooEarly,
    /// A person answered since.
    PersonAnswered,
    /// A person answered while the mail had arrived and was not to be seen here yet.
    Crossed,
    /// A person took the conversation over.
    PersonTookOver,
    /// The shop wants every reply read first by now.
    SendingSwitchedOff,
    /// Nobody read it, and the customer's mail is older than the shop's limit.
    TooOld,
    /// Nobody read it, and mail to this address came back lately.
    AddressBounced,
    /// The customer wrote again.
    NewerMessage,
}

/// What becomes of a reply that stays behind. The word is stored as `outbox.state_reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// It waits, and is looked at again.
    Later,
    /// It moved between two looks; whoever holds its job looks how far it came.
    LookAgain,
    /// It was sent before, and is taken so.
    WasSent,
    /// A person decides.
    Hold(&'static str),
    /// It is not wanted any more.
    Cancel(&'static str),
}

impl Objection {
    /// What follows from it.
    pub const fn consequence(self) -> Withheld {
        match self {
            Self::NotQueued => Withheld::LookAgain,
            Self::AlreadySent => Withheld::WasSent,
            Self::CatchingUp | Self::TooEarly => Withheld::Later,
            Self::PersonAnswered => Withheld::Cancel("person_answered"),
            Self::ShopInactive => Withheld::Hold("shop_inactive"),
            Self::Crossed => Withheld::Hold("crossed"),
            Self::PersonTookOver => Withheld::Hold("person_took_over"),
            Self::SendingSwitchedOff => Withheld::Hold("sending_switched_off"),
            Self::TooOld => Withheld::Hold("too_old"),
            Self::AddressBounced => Withheld::Hold("address_bounced"),
            Self::NewerMessage => Withheld::Hold("newer_message"),
        }
    }
}

/// Why a reply may not leave at this moment; `None` when it may.
pub const fn objection(moment: &Moment) -> Option<Objection> {
    if !moment.queued {
        return Some(Objection::NotQueued);
    }
    if moment.lies_in_sent {
        return Some(Objection::AlreadySent);
    }
    if moment.catching_up {
        return Some(Objection::CatchingUp);
    }
    if !moment.shop_active {
        return Some(Objection::ShopInactive);
    }
    if !moment.due {
        return Some(Objection::TooEarly);
    }
    if !moment.automatic {
        // What the person had before them does not keep it; what came in afterwards does.
        return if moment.newer_message_since_decision {
            Some(Objection::NewerMessage)
        } else {
            None
        };
    }
    if moment.answered_since_seen {
        Some(Objection::PersonAnswered)
    } else if moment.answered_since_arrival {
        Some(Objection::Crossed)
    } else if moment.taken_over {
        Some(Objection::PersonTookOver)
    } else if !moment.automatic_sending {
        Some(Objection::SendingSwitchedOff)
    } else if moment.age_seconds > moment.max_age_seconds {
        Some(Objection::TooOld)
    } else if moment.bounced {
        Some(Objection::AddressBounced)
    } else if moment.newer_message {
        Some(Objection::NewerMessage)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Moment = Moment {
        queued: true,
        lies_in_sent: false,
        catching_up: false,
        shop_active: true,
        due: true,
        automatic: true,
        automatic_sending: true,
        answered_since_seen: false,
        answered_since_arrival: false,
        taken_over: false,
        age_seconds: 60,
        max_age_seconds: 24 * 3600,
        bounced: false,
        newer_message: false,
        newer_message_since_decision: false,
    };

    /// Each fact alone, and what it does to a reply that nobody read and to one that a person did.
    #[test]
    fn each_fact_holds_it_back() {
        use Objection as O;
        let cases: [(Moment, Option<O>, Option<O>); 15] = [
            (FINE, None, None),
            (Moment { queued: false, ..FINE }, Some(O::NotQueued), Some(O::NotQueued)),
            (Moment { lies_in_sent: true, ..FINE }, Some(O::AlreadySent), Some(O::AlreadySent)),
            (Moment { catching_up: true, ..FINE }, Some(O::CatchingUp), Some(O::CatchingUp)),
            (Moment { shop_active: false, ..FINE }, Some(O::ShopInactive), Some(O::ShopInactive)),
            (Moment { due: false, ..FINE }, Some(O::TooEarly), Some(O::TooEarly)),
            (Moment { automatic_sending: false, ..FINE }, Some(O::SendingSwitchedOff), None),
            (Moment { answered_since_seen: true, ..FINE }, Some(O::PersonAnswered), None),
            (Moment { answered_since_arrival: true, ..FINE }, Some(O::Crossed), None),
            (Moment { taken_over: true, ..FINE }, Some(O::PersonTookOver), None),
            (Moment { age_seconds: 24 * 3600, ..FINE }, None, None),
            (Moment { age_seconds: 24 * 3600 + 1, ..FINE }, Some(O::TooOld), None),
            (Moment { bounced: true, ..FINE }, Some(O::AddressBounced), None),
            (Moment { newer_message: true, ..FINE }, Some(O::NewerMessage), None),
            (
                Moment { newer_message: true, newer_message_since_decision: true, ..FINE },
                Some(O::NewerMessage),
                Some(O::NewerMessage),
            ),
        ];
        for (moment, unread, read) in cases {
            assert_eq!(objection(&moment), unread, "{moment:?}");
            assert_eq!(objection(&Moment { automatic: false, ..moment }), read, "{moment:?}");
        }
    }

    #[test]
    fn only_a_persons_own_answer_throws_one_away() {
        use Objection as O;
        let all = [
            O::ShopInactive,
            O::Crossed,
            O::PersonTookOver,
            O::SendingSwitchedOff,
            O::TooOld,
            O::AddressBounced,
            O::NewerMessage,
        ];
        for objection in all {
            assert!(matches!(objection.consequence(), Withheld::Hold(_)), "{objection:?}");
        }
        assert_eq!(O::PersonAnswered.consequence(), Withheld::Cancel("person_answered"));
        assert_eq!(O::TooEarly.consequence(), Withheld::Later);
        assert_eq!(O::CatchingUp.consequence(), Withheld::Later);
        assert_eq!(O::NotQueued.consequence(), Withheld::LookAgain);
        assert_eq!(O::AlreadySent.consequence(), Withheld::WasSent);
    }
}
