//! Sent, or held for a person: the only two ends of a draft.
//!
//! [`last_moment`] is asked again right before sending, with what the database knows then.

use serde::{Deserialize, Serialize};

/// What is known at the last moment before a reply leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts of the same moment")]
pub struct Moment {
    /// Whether the shop is approved and active.
    pub shop_active: bool,
    /// Whether a newer mail of the customer came in meanwhile.
    pub newer_customer_mail: bool,
    /// Whether a colleague answered, in Loket or in the mailbox itself.
    pub person_answered: bool,
    /// Whether the reply was cancelled.
    pub cancelled: bool,
    /// Whether a person vouches for it; then the age does not matter.
    pub approved_by_person: bool,
    /// Seconds since the customer's mail arrived.
    pub age_seconds: i64,
    /// Automatic replies to this address in the last 24 hours, this one not counted.
    pub automatic_replies_to_address: u32,
}

/// Replies that nobody read leave at most this long after the customer's mail: a late
/// automatic answer is as bad as a double one (hazard D19).
pub const MAX_AUTOMATIC_AGE_SECONDS: i64 = 24 * 3600;

/// Why a reply stayed behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The shop is not active.
    ShopNotActive,
    /// A newer mail came in; its answer will cover both.
    NewerCustomerMail,
    /// A colleague answered.
    PersonAnswered,
    /// It was cancelled.
    Cancelled,
    /// Too late to send without a person.
    TooOld,
    /// Too many automatic replies to this address.
    BudgetSpent,
}

impl Withheld {
    /// The name it is stored under.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ShopNotActive => "shop_not_active",
            Self::NewerCustomerMail => "newer_customer_mail",
            Self::PersonAnswered => "person_answered",
            Self::Cancelled => "cancelled",
            Self::TooOld => "too_old",
            Self::BudgetSpent => "budget_spent",
        }
    }
}

/// Whether a reply may still leave.
pub fn last_moment(moment: &Moment) -> Result<(), Withheld> {
    let budget = crate::decide::floors::AUTOMATIC_REPLIES_PER_DAY;
    if moment.cancelled {
        Err(Withheld::Cancelled)
    } else if !moment.shop_active {
        Err(Withheld::ShopNotActive)
    } else if moment.approved_by_person {
        Ok(())
    } else if moment.person_answered {
        Err(Withheld::PersonAnswered)
    } else if moment.newer_customer_mail {
        Err(Withheld::NewerCustomerMail)
    } else if moment.age_seconds > MAX_AUTOMATIC_AGE_SECONDS {
        Err(Withheld::TooOld)
    } else if moment.automatic_replies_to_address >= budget {
        Err(Withheld::BudgetSpent)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Moment = Moment {
        shop_active: true,
        newer_customer_mail: false,
        person_answered: false,
        cancelled: false,
        approved_by_person: false,
        age_seconds: 60,
        automatic_replies_to_address: 0,
    };

    #[test]
    fn each_fact_holds_it_back() {
        assert_eq!(last_moment(&FINE), Ok(()));
        let cases = [
            (Moment { shop_active: false, ..FINE }, Withheld::ShopNotActive),
            (Moment { newer_customer_mail: true, ..FINE }, Withheld::NewerCustomerMail),
            (Moment { person_answered: true, ..FINE }, Withheld::PersonAnswered),
            (Moment { cancelled: true, approved_by_person: true, ..FINE }, Withheld::Cancelled),
            (Moment { age_seconds: 10 * 24 * 3600, ..FINE }, Withheld::TooOld),
            (Moment { automatic_replies_to_address: 3, ..FINE }, Withheld::BudgetSpent),
        ];
        for (moment, withheld) in cases {
            assert_eq!(last_moment(&moment), Err(withheld));
        }
        let late = Moment { approved_by_person: true, age_seconds: 10 * 24 * 3600, ..FINE };
        assert_eq!(last_moment(&late), Ok(()), "a person may answer late");
    }
}
