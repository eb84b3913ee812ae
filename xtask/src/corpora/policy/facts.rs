//! From a case and the set's database to the facts that our rules decide on.

use domain::contract::{Intent, Language, Mood};
use domain::decide::OrderFacts;
use domain::policy::{OrderStatus, RefundMethod};
use domain::understand::{NewAddress, Reading};
use serde_json::Value;

use crate::corpora::text;

/// After these an order may not be changed again. Cancelling and returning end in another
/// status; the set states the status before the actions, so they count here as well.
const CHANGES: [&str; 4] = [
    "modify_pending_order_items",
    "exchange_delivered_order_items",
    "return_delivered_order_items",
    "cancel_pending_order",
];

/// The shop's users, orders and payments.
pub struct Database(Value);

impl Database {
    /// From `db.json`.
    pub const fn new(value: Value) -> Self {
        Self(value)
    }

    /// How the money would go back: by a means the order was paid with, on a gift card that
    /// the customer owns, or any other way.
    fn refund_method(
        &self,
        order_id: &str,
        user_id: &str,
        payment_method_id: &str,
    ) -> RefundMethod {
        let order = self.0.get("orders").and_then(|orders| orders.get(order_id));
        let paid = order
            .and_then(|order| order.get("payment_history"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|entry| text(entry, "transaction_type") == "payment")
            .any(|entry| text(entry, "payment_method_id") == payment_method_id);
        if paid {
            return RefundMethod::Original;
        }
        let user = self.0.get("users").and_then(|users| users.get(user_id));
        let own = user
            .and_then(|user| user.get("payment_methods"))
            .and_then(|methods| methods.get(payment_method_id));
        if own.is_some_and(|method| text(method, "source") == "gift_card") {
            RefundMethod::StoreCredit
        } else {
            RefundMethod::Other
        }
    }
}

/// The order as the shop's system would describe it. `Err` names the status that ours lacks.
pub fn order_facts(case: &Value, database: &Database) -> Result<OrderFacts, String> {
    let arguments = case.get("arguments").unwrap_or(&Value::Null);
    let order_id = text(arguments, "order_id");
    let requester = text(case, "requester");
    let status = case.get("order_status").cloned().unwrap_or_default();
    let status: OrderStatus = serde_json::from_value(status)
        .map_err(|_| format!("status {}", text(case, "order_status")))?;
    let prior = case.get("prior_actions_on_order").and_then(Value::as_array);
    let changed_before = prior
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|action| CHANGES.contains(&action));
    let refund_method = arguments
        .get("payment_method_id")
        .and_then(Value::as_str)
        .map(|method| database.refund_method(order_id, requester, method));
    Ok(OrderFacts {
        number: order_id.to_owned(),
        status,
        belongs_to_sender: text(case, "order_owner") == requester,
        changed_before,
        wants_exchange: false,
        reason: arguments.get("reason").and_then(Value::as_str).map(str::to_owned),
        refund_method,
    })
}

/// What the reader would have to find in a mail that asks for this action.
pub fn reading(case: &Value, intent: Intent) -> Reading {
    let arguments = case.get("arguments").unwrap_or(&Value::Null);
    Reading {
        language: Language::English,
        intents: [intent].into_iter().collect(),
        threat_kind: None,
        mood: Mood::Neutral,
        offer_response: None,
        counter_percentage: None,
        counter_amount: None,
        order_number: Some(text(arguments, "order_id").trim_start_matches('#').to_owned()),
        new_address: (intent == Intent::AddressChange).then(|| new_address(arguments)),
        escalate: Vec::new(),
        evidence: Vec::new(),
    }
}

/// `101 Highway` and `Suite 4` as street and house number.
fn new_address(arguments: &Value) -> NewAddress {
    let first = text(arguments, "address1").trim();
    let (number, street) = match first.split_once(' ') {
        Some((number, street)) if number.starts_with(|c: char| c.is_ascii_digit()) => {
            (Some(number), street)
        }
        _ => (None, first),
    };
    let second = text(arguments, "address2").trim();
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    NewAddress {
        street: filled(street),
        house_number: number.map(|number| format!("{number} {second}").trim_end().to_owned()),
        postal_code: filled(text(arguments, "zip")),
        city: filled(text(arguments, "city")),
        country: Some(match text(arguments, "country") {
            "USA" => "US".to_owned(),
            other => other.to_owned(),
        }),
    }
}
