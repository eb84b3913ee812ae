//! The names that the database, the API and the templates share: the data contract.
//!
//! Data keeps the contract's Dutch or English spelling, behaviour is English
//! (`docs/glossary.md`). Everything here is a plain value that serialises to the exact
//! text stored in the contract's columns.

mod amounts;
mod labels;

pub use amounts::{AmountError, Cents, LadderStep, Percentage};
pub use labels::{
    EscalationLevel, EscalationReason, FilterType, Intent, IntentSet, Language, Mood,
    NotificationType, OfferResponse, Priority, RuleKey, ThreatKind,
};
