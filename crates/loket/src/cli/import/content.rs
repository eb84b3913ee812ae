//! Rules, conversations, chats, notifications and filters of the system before Loket.

use std::collections::{BTreeMap, BTreeSet};

use domain::contract::{FilterType, Language, RuleKey};
use domain::filter::{FilterRow, Filters};
use serde_json::{Value, json};
use store::import::Table;
use uuid::Uuid;

use super::accounts::{Known, shop_of};
use super::plan::Plan;
use super::row::Row;
use super::rules::{OldNames, template};

/// Moods as they are called here.
const MOODS: &[&str] = &["positive", "neutral", "frustrated", "angry", "sad"];

/// Rules: the shop's values, and its template where it is one that would be saved.
pub fn rules(plan: &mut Plan, known: &Known, rows: &[Row], masters: &[Row], names: &OldNames) {
    let keys: BTreeMap<String, RuleKey> =
        masters.iter().filter_map(|row| Some((row.text(&["id"])?, rule_key(row)?))).collect();
    let mut seen = BTreeSet::new();
    for row in rows {
        let shop = match shop_of(known, row) {
            Ok(shop) => shop,
            Err(reason) => {
                plan.refuse(Table::Rules, row, reason);
                continue;
            }
        };
        let by_master = || {
            let master = row.text(&["master_rule_id", "master_business_rule_id", "rule_id"])?;
            keys.get(&master).copied()
        };
        let Some(key) = rule_key(row).or_else(by_master) else {
            plan.refuse(Table::Rules, row, "it names none of the five rules");
            continue;
        };
        if !seen.insert((shop, key.as_str())) {
            plan.refuse(Table::Rules, row, "the shop has this rule already");
            continue;
        }
        let old = row.json(&["rule_config"]).unwrap_or_else(|| json!({}));
        let config = match names.translate(key, &old) {
            Ok(config) => config,
            Err(reason) => {
                seen.remove(&(shop, key.as_str()));
                plan.refuse(Table::Rules, row, format!("rule_config: {reason}"));
                continue;
            }
        };
        let english = known.shops.get(&shop).is_some_and(|language| language == "EN");
        let language = if english { Language::English } else { Language::Dutch };
        let html = row.text(&["html_template"]).map(|html| template(key, language, &html));
        if let Some(Err(reason)) = &html {
            plan.remark(Table::Rules, row, format!("html_template: not taken, {reason}"));
        }
        let value = json!({
            "tenant_id": shop, "id": row.id("tenant_business_rules", &["id"]).unwrap_or_else(|| {
                super::row::id_of("tenant_business_rules", &format!("{shop}/{}", key.as_str()))
            }),
            "rule_key": key.as_str(),
            "enabled": row.flag(&["enabled", "is_active", "active"]).unwrap_or(true),
            "rule_config": config,
            "html_template": html.and_then(Result::ok).unwrap_or_else(|| json!({})),
        });
        plan.take(Table::Rules, value, row);
    }
}

fn rule_key(row: &Row) -> Option<RuleKey> {
    let name = row.text(&["rule_key", "rule_name", "rule_type", "name"])?.to_lowercase();
    RuleKey::ALL.iter().copied().find(|key| key.as_str() == name)
}

/// Conversations. Answers their ids with their shops, for what belongs to them.
pub fn threads(plan: &mut Plan, known: &Known, rows: &[Row]) -> BTreeMap<Uuid, Uuid> {
    let mut taken = BTreeMap::new();
    for row in rows {
        let found = shop_of(known, row).and_then(|shop| {
            let id = row.id("conversation_threads", &["id", "thread_id"]).ok_or("it has no id")?;
            let email = row.text(&["customer_email"]).ok_or("it has no customer_email")?;
            Ok((shop, id, email.to_lowercase()))
        });
        let (shop, id, email) = match found {
            Ok(found) => found,
            Err(reason) => {
                plan.refuse(Table::Threads, row, reason);
                continue;
            }
        };
        let level = bounded(plan, Table::Threads, row, "escalation_level", 3);
        let step = bounded(plan, Table::Threads, row, "ladder_stap", 9);
        let mood = mood(plan, Table::Threads, row);
        let begun = row.moment(&["created_at"]).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let value = json!({
            "tenant_id": shop, "id": id, "customer_email": email,
            "customer_name": row.text(&["customer_name"]).unwrap_or_default(),
            "escalation_level": level, "customer_mood": mood,
            "vip_status": row.flag(&["vip_status"]).unwrap_or(false),
            "subject": row.text(&["subject"]).unwrap_or_default(), "ladder_stap": step,
            "last_message_at": row.moment(&["last_message_at", "updated_at"]).unwrap_or(begun),
            "created_at": begun,
        });
        plan.take(Table::Threads, value, row);
        taken.insert(id, shop);
    }
    taken
}

/// The customers' mails and what was answered.
pub fn interactions(plan: &mut Plan, known: &Known, rows: &[Row], threads: &BTreeMap<Uuid, Uuid>) {
    for row in rows {
        let found = shop_of(known, row).and_then(|shop| {
            let id = row.id("customer_interactions", &["id"]).ok_or("it has no id")?;
            let thread = belongs(row, "conversation_threads", "thread_id", shop, threads)?;
            let thread = thread.ok_or("it belongs to no conversation")?;
            let body = row.text(&["message_body"]).ok_or("it has no message_body")?;
            let at = row.moment(&["received_at", "created_at"]).ok_or("it has no moment")?;
            Ok((shop, id, thread, body, at))
        });
        let (shop, id, thread, body, at) = match found {
            Ok(found) => found,
            Err(reason) => {
                plan.refuse(Table::Interactions, row, reason);
                continue;
            }
        };
        let offered = row.percentage(&["compensatie_percentage"]).unwrap_or_else(|| {
            if row.text(&["compensatie_percentage"]).is_some() {
                plan.remark(
                    Table::Interactions,
                    row,
                    "compensatie_percentage: no percentage, 0 instead",
                );
            }
            "0".to_owned()
        });
        let step = bounded(plan, Table::Interactions, row, "ladder_stap", 9);
        let mood = mood(plan, Table::Interactions, row);
        let value = json!({
            "tenant_id": shop, "id": id, "thread_id": thread,
            "customer_email": row.text(&["customer_email"]).unwrap_or_default().to_lowercase(),
            "subject": row.text(&["subject"]).unwrap_or_default(), "received_at": at,
            "message_body": body, "ai_response": row.text(&["ai_response"]),
            "compensatie_percentage": offered,
            "dreiging_detected": row.flag(&["dreiging_detected"]).unwrap_or(false),
            "annulering_aangevraagd": row.flag(&["annulering_aangevraagd"]).unwrap_or(false),
            "ladder_stap": step, "customer_mood": mood,
        });
        plan.take(Table::Interactions, value, row);
    }
}

/// The parent that a row names: none, one of the same shop, or an error.
fn belongs(
    row: &Row,
    table: &str,
    column: &str,
    shop: Uuid,
    parents: &BTreeMap<Uuid, Uuid>,
) -> Result<Option<Uuid>, String> {
    let Some(id) = row.id(table, &[column]) else { return Ok(None) };
    match parents.get(&id) {
        Some(owner) if *owner == shop => Ok(Some(id)),
        Some(_) => Err(format!("its {column} is another shop's")),
        None => Err(format!("its {column} is not taken")),
    }
}

/// Chats and what was said in them.
pub fn chats(plan: &mut Plan, known: &Known, sessions: &[Row], messages: &[Row]) {
    let mut taken = BTreeMap::new();
    for row in sessions {
        let found = shop_of(known, row).and_then(|shop| {
            let id = row.id("chat_sessions", &["id", "session_id"]).ok_or("it has no id")?;
            Ok((shop, id))
        });
        match found {
            Ok((shop, id)) => {
                let open = row.text(&["status"]).is_some_and(|status| status == "open");
                let admin = row.id("auth.users", &["admin_id"]);
                let value = json!({
                    "tenant_id": shop, "id": id,
                    "user_email": row.text(&["user_email"]).unwrap_or_default().to_lowercase(),
                    "admin_id": admin.filter(|admin| known.people.contains(admin)),
                    "status": if open { "open" } else { "closed" },
                    "created_at": row.moment(&["created_at"]).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
                });
                plan.take(Table::ChatSessions, value, row);
                taken.insert(id, shop);
            }
            Err(reason) => plan.refuse(Table::ChatSessions, row, reason),
        }
    }
    for row in messages {
        let session = row.id("chat_sessions", &["session_id"]);
        let Some((session, shop)) = session.and_then(|id| Some((id, *taken.get(&id)?))) else {
            plan.refuse(Table::ChatMessages, row, "its chat is not taken");
            continue;
        };
        let sender = row
            .text(&["sender_type"])
            .filter(|sender| ["user", "admin", "ai"].contains(&sender.as_str()));
        let id = row.id("chat_messages", &["id"]);
        let (Some(id), Some(sender), Some(message)) = (id, sender, row.text(&["message"])) else {
            plan.refuse(
                Table::ChatMessages,
                row,
                "it lacks an id, a known sender_type or a message",
            );
            continue;
        };
        let value = json!({
            "tenant_id": shop, "id": id, "session_id": session, "sender_type": sender, "message": message,
            "created_at": row.moment(&["created_at"]).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        });
        plan.take(Table::ChatMessages, value, row);
    }
}

/// Notifications; those from before the import are dealt with, or nobody would see the new ones.
pub fn notifications(plan: &mut Plan, known: &Known, rows: &[Row], threads: &BTreeMap<Uuid, Uuid>) {
    for row in rows {
        let found = shop_of(known, row).and_then(|shop| {
            let id = row.id("notifications", &["id"]).ok_or("it has no id")?;
            let thread = belongs(row, "conversation_threads", "thread_id", shop, threads)?;
            let kind = row.text(&["type"]).unwrap_or_default();
            if !["escalation", "threat", "high_compensation"].contains(&kind.as_str()) {
                return Err(format!("its type {} is unknown", kind.escape_debug()));
            }
            Ok((shop, id, thread, kind))
        });
        let (shop, id, thread, kind) = match found {
            Ok(found) => found,
            Err(reason) => {
                plan.refuse(Table::Notifications, row, reason);
                continue;
            }
        };
        let priority = row.text(&["priority"]).unwrap_or_default();
        let known_priority = ["high", "medium", "low"].contains(&priority.as_str());
        let at = row.moment(&["created_at"]).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let value = json!({
            "tenant_id": shop, "id": id, "thread_id": thread, "type": kind,
            "priority": if known_priority { priority.as_str() } else { "medium" },
            "action_required": row.flag(&["action_required"]).unwrap_or(false),
            "detail": "imported", "created_at": at, "done_at": at,
        });
        plan.take(Table::Notifications, value, row);
    }
}

/// Filters that Loket would save.
pub fn filters(plan: &mut Plan, known: &Known, rows: &[Row]) {
    for row in rows {
        match filter(known, row) {
            Ok(value) => plan.take(Table::Filters, value, row),
            Err(reason) => plan.refuse(Table::Filters, row, reason),
        }
    }
}

fn filter(known: &Known, row: &Row) -> Result<Value, String> {
    let shop = shop_of(known, row)?;
    let id = row.id("email_filters", &["id"]).ok_or("it has no id")?;
    let said = row.text(&["filter_type"]).unwrap_or_default();
    let filter_type = FilterType::ALL.iter().copied().find(|kind| kind.as_str() == said);
    let filter_type =
        filter_type.ok_or_else(|| format!("its filter_type {} is unknown", said.escape_debug()))?;
    let is_regex = row.flag(&["is_regex"]).unwrap_or(false);
    let lower = |text: String| if is_regex { text } else { text.to_lowercase() };
    let email = row.text(&["email_address"]).map(lower);
    let domain = row.text(&["domain"]).map(lower);
    if email.is_some() && domain.is_some() {
        return Err("it names both an address and a domain".to_owned());
    }
    let candidate = FilterRow {
        id,
        filter_type,
        email_address: email.clone(),
        domain: domain.clone(),
        is_regex,
    };
    let (_, broken) = Filters::compile(std::slice::from_ref(&candidate));
    if let Some((_, error)) = broken.first() {
        return Err(error.to_string());
    }
    Ok(json!({
        "tenant_id": shop, "id": id, "filter_type": filter_type.as_str(), "email_address": email,
        "domain": domain, "is_regex": is_regex,
    }))
}

fn bounded(plan: &mut Plan, table: Table, row: &Row, column: &str, most: i64) -> i64 {
    let said = row.whole(&[column]);
    let within = said.unwrap_or(0).clamp(0, most);
    if said.is_some_and(|said| said != within) {
        plan.remark(table, row, format!("{column}: outside 0 to {most}, {within} instead"));
    }
    within
}

fn mood(plan: &mut Plan, table: Table, row: &Row) -> &'static str {
    let Some(said) = row.text(&["customer_mood"]).map(|mood| mood.to_lowercase()) else {
        return "neutral";
    };
    match (MOODS.iter().find(|mood| **mood == said), said.as_str()) {
        (Some(mood), _) => mood,
        (None, "happy" | "satisfied" | "blij" | "tevreden") => "positive",
        (None, "boos") => "angry",
        (None, "gefrustreerd") => "frustrated",
        (None, "verdrietig") => "sad",
        (None, other) => {
            let what =
                format!("customer_mood: {} is unknown, neutral instead", other.escape_debug());
            plan.remark(table, row, what);
            "neutral"
        }
    }
}
