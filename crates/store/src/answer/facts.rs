//! What a decision depends on, in one flight.

use std::collections::HashMap;
use std::sync::Arc;

use domain::contract::{
    EscalationLevel, LadderStep, Language, Mood, OfferResponse, Percentage, RuleKey,
};
use domain::message::Doubt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{InteractionId, OfferId, RawId, ThreadId, UserId};
use crate::ingest::InteractionState;
use crate::session::Params;
use crate::shops::ShopRow;
use crate::sql::sql;

/// The mail to answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InteractionRow {
    /// Its id.
    pub id: InteractionId,
    /// Its conversation.
    pub thread_id: ThreadId,
    /// The mail as it came.
    pub raw_message_id: Option<RawId>,
    /// Who wrote, lower case.
    pub customer_email: String,
    /// Display name.
    pub from_name: String,
    /// Decoded subject.
    pub subject: String,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// Without angle brackets.
    pub in_reply_to: Option<String>,
    /// Without angle brackets, oldest first.
    pub message_references: Vec<String>,
    /// Whether the mailbox's own provider vouches for the sender.
    pub sender_verified: bool,
    /// Whether an answer was asked for at another domain than the sender's.
    pub reply_to_elsewhere: bool,
    /// Why it is not sure what the mail is, or whose.
    pub doubt: Option<Doubt>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// Text with quotes and signature.
    pub message_body: String,
    /// As recorded.
    pub language: Language,
    /// Where it stands; only `received` is to be answered.
    pub state: InteractionState,
}

/// Its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadFacts {
    /// Its id.
    pub id: ThreadId,
    /// The customer, lower case.
    pub customer_email: String,
    /// 0 to 3.
    pub escalation_level: EscalationLevel,
    /// Tone of the newest mail.
    pub customer_mood: Mood,
    /// Marked as important by the shop.
    pub vip_status: bool,
    /// Subject of the first mail.
    pub subject: String,
    /// Language of the newest mail.
    pub language: Language,
    /// `open` or `closed`.
    pub status: String,
    /// Offers made so far.
    pub ladder_stap: LadderStep,
    /// Mails of the customer in it.
    pub message_count: i32,
    /// When the customer last wrote.
    pub last_message_at: Timestamp,
    /// When the shop last answered.
    pub last_answer_at: Option<Timestamp>,
    /// When a person last answered.
    pub answered_by_person_at: Option<Timestamp>,
    /// Colleague who took it over.
    pub assigned_to: Option<UserId>,
}

/// A shop's rule in force.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RuleRow {
    /// Which rule.
    pub rule_key: RuleKey,
    /// The version to name in the receipt.
    pub version: i32,
    /// Whether the shop turned it on.
    pub enabled: bool,
    /// The shop's values.
    pub rule_config: Value,
    /// The shop's templates per language; empty means the default.
    pub html_template: Value,
}

/// `offers.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OfferKind {
    /// The shop offered.
    Offered,
    /// The customer took it.
    Accepted,
    /// The customer refused it.
    Rejected,
    /// The customer asked for more.
    Countered,
}

impl From<OfferResponse> for OfferKind {
    fn from(response: OfferResponse) -> Self {
        match response {
            OfferResponse::Accept => Self::Accepted,
            OfferResponse::Reject => Self::Rejected,
            OfferResponse::Counter => Self::Countered,
        }
    }
}

/// A row of the ladder's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LedgerRow {
    /// Its id.
    pub id: OfferId,
    /// The conversation.
    pub thread_id: ThreadId,
    /// The mail that led to it.
    pub interaction_id: InteractionId,
    /// The customer.
    pub customer_email: String,
    /// The order, upper case without `#`.
    pub order_number: Option<String>,
    /// What happened.
    pub kind: OfferKind,
    /// The step.
    pub ladder_stap: LadderStep,
    /// The percentage.
    pub basis_points: Percentage,
    /// When.
    pub created_at: Timestamp,
}

/// An offer account and the version the decision was based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `customer:` and the address, or `order:` and the number.
    pub account_key: String,
    /// 0 when there is no row yet.
    pub version: i64,
}

/// How much was said automatically of late, and whether the customer wrote again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Budget {
    /// Automatic replies to this address in the last 24 hours.
    pub to_address_24h: i64,
    /// Automatic replies of the shop in the last hour.
    pub by_tenant_1h: i64,
    /// Whether a newer mail of the customer stands in the conversation.
    pub newer_message: bool,
    /// The database's clock.
    pub database_now: Timestamp,
}

/// An earlier mail of the conversation and what was answered to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EarlierMail {
    /// Its id.
    pub id: InteractionId,
    /// When it came.
    pub received_at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub message_body: String,
    /// What the shop answered, when it did.
    pub ai_response: Option<String>,
    /// Where it stands.
    pub state: InteractionState,
}

/// Everything a decision may depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct FactsRow {
    /// The mail.
    pub interaction: InteractionRow,
    /// Its conversation.
    pub thread: ThreadFacts,
    /// The shop.
    pub shop: Arc<ShopRow>,
    /// Its rules in force; a rule without a row has the master's values.
    pub rules: Arc<Vec<RuleRow>>,
    /// What was offered to this customer or in this conversation, oldest first.
    pub ledger: Vec<LedgerRow>,
    /// The customer's offer account.
    pub customer_account: Account,
    /// The account of all spellings of the customer's address, where theirs is not the plain one
    /// (hazard C12).
    pub plain_account: Option<Account>,
    /// Replies of late.
    pub budget: Budget,
    /// At most 20 earlier mails, oldest first.
    pub earlier: Vec<EarlierMail>,
}

/// All facts about one mail in one flight; `None` when the mail is not there.
pub async fn load_facts(tx: &TenantTx, interaction: InteractionId) -> Result<Option<FactsRow>> {
    Ok(load_facts_of(tx, &[interaction]).await?.pop())
}

/// All facts about some mails in one flight, in the order asked for. A mail that is not there has
/// none. The shop and its rules are read once for all.
pub async fn load_facts_of(tx: &TenantTx, mails: &[InteractionId]) -> Result<Vec<FactsRow>> {
    let both: Params<'_> = &[&tx.tenant(), &mails];
    let session = &tx.session;
    // The account's version is read before what it guards (ledger, budget): read after them, it
    // could be newer than they are, and a second mail would not notice the first.
    let version = sql!("answer", "customer_account");
    session.prepare(version).await?;
    let (accounts, rows, threads, shop, rules, ledger, budgets, earlier) = tokio::try_join!(
        session.all_of(version, both),
        session.all::<InteractionRow>(sql!("answer", "interaction"), both),
        session.all_of(sql!("answer", "thread"), both),
        crate::shops::load(tx),
        crate::rules::current(tx),
        session.all_of(sql!("answer", "ledger"), both),
        session.all_of(sql!("answer", "budget"), both),
        session.all_of(sql!("answer", "earlier"), both),
    )?;
    let Some(shop) = shop.map(Arc::new) else { return Ok(Vec::new()) };
    let rules = Arc::new(rules);
    let mut rows: HashMap<Uuid, InteractionRow> =
        rows.into_iter().map(|row| (row.id.0, row)).collect();
    let mut accounts = grouped::<Account>(accounts);
    let mut threads: HashMap<Uuid, ThreadFacts> = threads.into_iter().collect();
    let budgets: HashMap<Uuid, Budget> = budgets.into_iter().collect();
    let (mut ledger, mut earlier) = (grouped(ledger), grouped(earlier));
    let facts = mails.iter().filter_map(|id| {
        let interaction = rows.remove(&id.0)?;
        let written = format!("customer:{}", interaction.customer_email);
        let (own, plain): (Vec<Account>, Vec<Account>) =
            accounts.remove(&id.0)?.into_iter().partition(|it| it.account_key == written);
        Some(FactsRow {
            interaction,
            thread: threads.remove(&id.0)?,
            shop: Arc::clone(&shop),
            rules: Arc::clone(&rules),
            ledger: ledger.remove(&id.0).unwrap_or_default(),
            customer_account: own.into_iter().next()?,
            plain_account: plain.into_iter().next(),
            budget: budgets.get(&id.0).copied()?,
            earlier: earlier.remove(&id.0).unwrap_or_default(),
        })
    });
    Ok(facts.collect())
}

/// Rows by what they belong to, in the order they came.
fn grouped<T>(rows: Vec<(Uuid, T)>) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for (of, row) in rows {
        groups.entry(of).or_default().push(row);
    }
    groups
}

/// What was offered for an order, by any customer, and the order's account. The number is compared
/// in upper case without `#`; the caller passes it so.
pub async fn order_ledger(tx: &TenantTx, order_number: &str) -> Result<(Vec<LedgerRow>, Account)> {
    let mut ledgers = order_ledgers(tx, &[order_number]).await?;
    let none = || Error::Row { statement: "answer.accounts", reason: "no account".to_owned() };
    ledgers.pop().ok_or_else(none)
}

/// The same for several orders, in the order asked for.
pub async fn order_ledgers(
    tx: &TenantTx,
    order_numbers: &[&str],
) -> Result<Vec<(Vec<LedgerRow>, Account)>> {
    let keys: Vec<String> = order_numbers.iter().map(|number| format!("order:{number}")).collect();
    let shop = tx.tenant();
    let by_order: Params<'_> = &[&shop, &order_numbers];
    let by_account: Params<'_> = &[&shop, &keys];
    // First the version, then what it guards, see `load_facts_of`.
    tx.session.prepare(sql!("answer", "accounts")).await?;
    let (accounts, rows) = tokio::try_join!(
        tx.session.all::<Account>(sql!("answer", "accounts"), by_account),
        tx.session.all::<LedgerRow>(sql!("answer", "order_ledger"), by_order),
    )?;
    let ledger_of = |(number, account_key): (&&str, String)| {
        let of_order = rows.iter().filter(|row| row.order_number.as_deref() == Some(*number));
        let known = accounts.iter().find(|account| account.account_key == account_key);
        let version = known.map_or(0, |account| account.version);
        (of_order.cloned().collect(), Account { account_key, version })
    };
    Ok(order_numbers.iter().zip(keys.iter().cloned()).map(ledger_of).collect())
}
