//! What a decision depends on, and everything it leaves behind.
//!
//! Between [`load_facts`] and [`write_answer`] no transaction is open: whatever changed meanwhile
//! shows as a conflict of account versions, a stale lease, or at the last look before sending.

mod facts;
mod write;

pub use facts::{
    Account, Budget, EarlierMail, FactsRow, InteractionRow, LedgerRow, OfferKind, RuleRow,
    ThreadFacts, load_facts, load_facts_of, order_ledger, order_ledgers,
};
pub use write::{
    AnswerWrite, InteractionOutcome, NewEvent, NewNotification, NewOffer, NewOutbox, ThreadOutcome,
    write_answer, write_answers,
};
