//! What a shop promises its customers: five typed rules with versions.
//!
//! The defaults, the help texts and the reply templates are data under `policies/`.
//! A shop's `rule_config` is parsed here when it is saved; what does not parse is refused
//! with the field and the reason, so that [`crate::decide`] can be total.

mod config;
mod parse;
mod texts;

pub use config::{
    AddressConfig, CancellationConfig, LadderConfig, OrderStatus, RefundMethod, ReturnConfig,
    ReturnCost, Rule, Rules, ThreatConfig,
};
pub use parse::{
    AnyConfig, ConfigProblem, ProblemKind, parse_address, parse_cancellation, parse_config,
    parse_ladder, parse_return, parse_threat,
};
pub use texts::{
    FieldText, Master, Moments, PolicyText, Subjects, Texts, master, master_rules, texts,
};
