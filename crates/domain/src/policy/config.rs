//! The five rules as types. Every value in here is already known to be lawful and in range.

use serde::{Deserialize, Serialize};

use crate::contract::{LadderStep, Percentage};

/// A rule with the version it was read from, so that a decision can name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule<T> {
    /// Counts up from 1 with every saved change; 0 is the built-in master.
    pub version: u32,
    /// What it says.
    pub config: T,
}

/// All five rules of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// Withdrawal, returns and exchanges.
    pub retourbeleid_fashion: Rule<ReturnConfig>,
    /// The compensation ladder.
    pub onderhandeling_logica: Rule<LadderConfig>,
    /// Threats.
    pub dreiging_detectie: Rule<ThreatConfig>,
    /// Cancelling.
    pub annulering_policy: Rule<CancellationConfig>,
    /// Delivering elsewhere.
    pub adreswijziging_policy: Rule<AddressConfig>,
}

/// Where an order stands, as far as the shop's system told us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Paid, not yet being packed.
    Pending,
    /// Being packed, or handed to the carrier.
    Processed,
    /// On its way.
    Shipped,
    /// Received by the customer.
    Delivered,
    /// Cancelled.
    Cancelled,
}

/// How a refund would be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundMethod {
    /// The means the customer paid with. The law's default (6:230r BW).
    Original,
    /// The customer's own gift card or credit, at the customer's express wish.
    StoreCredit,
    /// Anything else.
    Other,
}

/// Who pays for sending goods back when they are not defective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnCost {
    /// The shop.
    Shop,
    /// The customer; lawful only when told before the purchase (6:230s BW).
    Customer,
}

/// `retourbeleid_fashion`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnConfig {
    /// Days to withdraw after receipt; never under 14 (6:230o BW).
    pub withdrawal_days: u16,
    /// Days within which money is paid back; never over 14 (6:230r BW).
    pub refund_days: u16,
    /// Who pays for sending back.
    pub return_cost: ReturnCost,
    /// Whether customers are told of that cost before they buy.
    pub return_cost_notice_given: bool,
    /// Whether the shop swaps sizes and colours.
    pub exchanges: bool,
    /// Statuses in which a return is granted without a person.
    pub allowed_statuses: Vec<OrderStatus>,
    /// How the shop pays back.
    pub refund_methods: Vec<RefundMethod>,
    /// Whether an order that was changed before needs a person.
    pub once_per_order: bool,
}

/// `onderhandeling_logica`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LadderConfig {
    /// Off until the shop turns it on.
    pub enabled: bool,
    /// The first offer.
    pub start_percentage: Percentage,
    /// What each further step adds.
    pub step_percentage: Percentage,
    /// Never more than this, whatever the steps add up to.
    pub cap_percentage: Percentage,
    /// How many offers one ladder has.
    pub max_steps: LadderStep,
    /// How many ladders one customer may climb in 31 days.
    pub ladders_per_customer_month: u8,
    /// Whether a voluntary offer stands beside the confirmation of a return.
    pub offer_on_return: bool,
    /// From this percentage on, the shop is notified.
    pub notify_from_percentage: Percentage,
}

/// `dreiging_detectie`. Threats are always held; the shop only tunes what surrounds that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreatConfig {
    /// Working hours within which the draft says that a person will answer.
    pub response_hours: u16,
    /// Words that make a person answer, beside what the reader knows.
    pub extra_words: Vec<String>,
}

/// `annulering_policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CancellationConfig {
    /// Statuses in which an order is cancelled without a person.
    pub allowed_statuses: Vec<OrderStatus>,
    /// Reasons that are accepted without a person; empty accepts all, also none given.
    pub accepted_reasons: Vec<String>,
    /// Whether an order that was changed before needs a person.
    pub once_per_order: bool,
}

/// `adreswijziging_policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressConfig {
    /// Statuses in which the address is changed without a person.
    pub allowed_statuses: Vec<OrderStatus>,
    /// Countries the shop delivers to (ISO 3166-1 alpha-2); empty means everywhere.
    pub countries: Vec<String>,
    /// Whether an order that was changed before needs a person.
    pub once_per_order: bool,
}
