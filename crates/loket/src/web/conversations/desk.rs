//! The list as a page shows it: what asks for a person, the tabs with their counts, the rows.

use askama::Template;
use axum::extract::{Query as Asked, State as Held};
use axum::response::{Html, IntoResponse, Response};
use domain::contract::{EscalationLevel, NotificationType};
use domain::message::reply::strip_with_subject;
use jiff::Timestamp;
use store::desk::{Attention, COUNTED, DeskCounts, DeskRow, SetAside};

use super::super::State;
use super::super::access::Visit;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::texts::Texts;
use super::super::when::{When, when};
use super::decided::in_a_few_words;
use super::loader::{self, Desk, PAGE, Query, Rows, Tab, Wanted, cursor};
use super::{Badge, initials, level_badge, mood_badge, shown_name, state_badge};

/// Characters of a mail that a row shows at most.
const PREVIEW: usize = 180;
/// Notifications shown before the rest is folded.
const SHOWN_FIRST: usize = 3;

#[derive(Template)]
#[template(path = "conversations/page.html")]
struct Page {
    frame: Frame,
    list: List,
}

/// The part that refreshes itself.
#[derive(Template)]
#[template(path = "conversations/list.html")]
struct List {
    t: Texts,
    form_token: String,
    may_act: bool,
    /// Where this part is fetched again; none behind the first page, which stays as it is.
    live: Option<String>,
    window_title: String,
    waiting: String,
    tabs: Vec<TabView>,
    shown: &'static str,
    search: Option<String>,
    searching: bool,
    alerts: Vec<Alert>,
    more_alerts: Vec<Alert>,
    more: String,
    hint: &'static str,
    empty_title: &'static str,
    empty_text: &'static str,
    rows: Vec<Row>,
    mails: Vec<Mail>,
    next: Option<String>,
    first: Option<String>,
}

struct TabView {
    href: String,
    label: &'static str,
    count: String,
    current: bool,
    waits: bool,
}

struct Alert {
    id: String,
    href: Option<String>,
    tone: &'static str,
    title: String,
    about: String,
    who: String,
    when: When,
}

struct Row {
    href: String,
    initials: String,
    hue: u32,
    name: String,
    email: String,
    mails: Option<String>,
    vip: bool,
    subject: String,
    preview: String,
    state: Badge,
    badges: Vec<Badge>,
    decided: String,
    proposal: bool,
    serious: bool,
    when: When,
}

struct Mail {
    href: Option<String>,
    name: String,
    email: String,
    subject: String,
    reason: String,
    when: When,
}

/// `/`
pub async fn page(
    Held(state): Held<State>,
    visit: Visit,
    Asked(query): Asked<Query>,
) -> Result<Response, Failure> {
    let wanted = Wanted::from(query);
    let desk = loader::desk(state.store(), &visit.claims, &wanted).await?;
    let frame = Frame::of(&visit, &desk.shop);
    let list = view(&desk, &wanted, &visit, state.now(), frame.t);
    let html = Page { frame, list }.render().map_err(|error| Failure::defect(&error))?;
    Ok(Html(html).into_response())
}

/// `/lijst`: the part that refreshes itself, by the same rules.
pub async fn list(
    Held(state): Held<State>,
    visit: Visit,
    Asked(query): Asked<Query>,
) -> Result<Response, Failure> {
    let wanted = Wanted::from(query);
    let desk = loader::desk(state.store(), &visit.claims, &wanted).await?;
    let list = view(&desk, &wanted, &visit, state.now(), Frame::of(&visit, &desk.shop).t);
    let html = list.render().map_err(|error| Failure::defect(&error))?;
    Ok(Html(html).into_response())
}

fn view(desk: &Desk, wanted: &Wanted, visit: &Visit, now: Timestamp, t: Texts) -> List {
    let mut alerts: Vec<Alert> =
        desk.attention.iter().map(|notice| alert(notice, now, t)).collect();
    // A fold for a single line is a fold too many.
    let shown = if alerts.len() <= SHOWN_FIRST + 1 { alerts.len() } else { SHOWN_FIRST };
    let more_alerts = alerts.split_off(shown);
    let all = desk.attention.first().map_or(0, |notice| notice.all_open);
    let unseen = all.saturating_sub(i64::try_from(shown).unwrap_or(0));
    let (rows, mails, next) = match &desk.rows {
        Rows::Conversations(rows) => {
            let shown: Vec<Row> = rows.iter().take(PAGE.into()).map(|r| row(r, now, t)).collect();
            let last = last_shown(rows).map(|row| cursor(row.last_message_at, row.id.0));
            (shown, Vec::new(), last)
        }
        Rows::Mails(mails) => {
            let shown = mails.iter().take(PAGE.into()).map(|m| mail(m, now, t)).collect();
            let last = last_shown(mails).map(|mail| cursor(mail.received_at, mail.id.0));
            (Vec::new(), shown, last)
        }
    };
    let waits = desk.counts.held + desk.counts.drafted;
    let title = t.get("list.title");
    let shown = wanted.tab.name();
    let said = |family: &str, what: &str| t.get(&format!("{family}.{shown}{what}"));
    List {
        t,
        form_token: visit.form_token.clone(),
        may_act: visit.may_act,
        live: wanted.after.is_none().then(|| address("/lijst", wanted.tab, &wanted.search, None)),
        window_title: if waits > 0 { format!("({waits}) {title}") } else { title.to_owned() },
        waiting: t.count("list.waiting", waits),
        tabs: Tab::ALL.into_iter().map(|tab| tab_view(tab, wanted.tab, &desk.counts, t)).collect(),
        shown,
        searching: !wanted.search.is_empty(),
        search: wanted.tab.lists_conversations().then(|| wanted.search.clone()),
        alerts,
        more: t.count("attention.more", unseen),
        more_alerts,
        hint: said("tab_hint", ""),
        empty_title: said("empty", "_title"),
        empty_text: said("empty", "_text"),
        rows,
        mails,
        next: next.map(|at| address("/", wanted.tab, &wanted.search, Some(&at))),
        first: wanted.after.map(|_| address("/", wanted.tab, &wanted.search, None)),
    }
}

/// The last row on this page, when there is a next page.
fn last_shown<T>(rows: &[T]) -> Option<&T> {
    let page = usize::from(PAGE);
    if rows.len() > page { rows.get(page - 1) } else { None }
}

/// The address of the list with this name; of the first where there is none.
pub fn list_address(name: &str) -> String {
    let tab = Tab::ALL.into_iter().find(|tab| tab.name() == name).unwrap_or(Tab::All);
    address("/", tab, "", None)
}

/// The address of a list.
fn address(path: &str, tab: Tab, search: &str, after: Option<&str>) -> String {
    let mut pairs = Vec::new();
    if tab != Tab::All {
        pairs.push(format!("toon={}", tab.name()));
    }
    if !search.is_empty() {
        pairs.push(format!("zoek={}", encoded(search)));
    }
    pairs.extend(after.map(|after| format!("na={after}")));
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Percent-encoded for a query.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn tab_view(tab: Tab, current: Tab, counts: &DeskCounts, t: Texts) -> TabView {
    let number = match tab {
        Tab::All => counts.conversations,
        Tab::Held => counts.held,
        Tab::Drafted => counts.drafted,
        Tab::Answered => counts.answered,
        Tab::Automatic => counts.automatic,
        Tab::Filtered => counts.filtered,
        Tab::Quarantined => counts.quarantined,
    };
    let bounded = tab == Tab::Answered && number >= COUNTED;
    TabView {
        href: address("/", tab, "", None),
        label: t.get(&format!("tab.{}", tab.name())),
        count: if bounded { format!("{}+", COUNTED - 1) } else { number.to_string() },
        current: tab == current,
        waits: matches!(tab, Tab::Held | Tab::Drafted | Tab::Quarantined) && number > 0,
    }
}

fn alert(notice: &Attention, now: Timestamp, t: Texts) -> Alert {
    let serious = matches!(
        notice.notification_type,
        NotificationType::Threat | NotificationType::MailboxTrouble
    );
    let detail = t.find(&format!("notice_detail.{}", notice.detail));
    Alert {
        id: notice.id.to_string(),
        href: notice.thread_id.map(|thread| format!("/gesprekken/{thread}")),
        tone: if serious { "serious" } else { "wait" },
        title: t.word("notice", notice.notification_type.as_str()),
        about: if notice.subject.is_empty() {
            detail.unwrap_or_default().to_owned()
        } else {
            notice.subject.clone()
        },
        who: shown_name(&notice.customer_name, &notice.customer_email).to_owned(),
        when: when(notice.created_at, now, t),
    }
}

fn row(row: &DeskRow, now: Timestamp, t: Texts) -> Row {
    use store::ingest::InteractionState as Standing;
    let name = shown_name(&row.customer_name, &row.customer_email);
    let badges =
        level_badge(row.escalation_level, t).into_iter().chain(mood_badge(row.customer_mood, t));
    Row {
        href: format!("/gesprekken/{}", row.id),
        initials: initials(name),
        hue: hue(&row.customer_email),
        name: name.to_owned(),
        email: row.customer_email.clone(),
        mails: (row.message_count > 1).then(|| row.message_count.to_string()),
        vip: row.vip_status,
        subject: or_none(&row.subject, t),
        preview: preview(&row.subject, &row.message_body),
        state: state_badge(row.state, t),
        badges: badges.collect(),
        // What was thrown away or overtaken was not done.
        decided: if matches!(row.state, Standing::Discarded | Standing::Closed) {
            String::new()
        } else {
            in_a_few_words(row, t).join(" · ")
        },
        proposal: matches!(row.state, Standing::Held | Standing::Drafted),
        serious: row.escalation_level >= EscalationLevel::Serious,
        when: when(row.last_message_at, now, t),
    }
}

fn or_none(subject: &str, t: Texts) -> String {
    if subject.trim().is_empty() { t.get("list.no_subject").to_owned() } else { subject.to_owned() }
}

/// The new words on one line.
fn preview(subject: &str, body: &str) -> String {
    let new = strip_with_subject(subject, body).new_text;
    let line = new.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(PREVIEW).collect();
    if short.len() < line.len() { format!("{}…", short.trim_end()) } else { short }
}

/// One of six colours, the same for the same customer.
fn hue(email: &str) -> u32 {
    email.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 6
}

fn mail(mail: &SetAside, now: Timestamp, t: Texts) -> Mail {
    let message = mail::parse::parse(&mail.head).map(|parsed| parsed.message).unwrap_or_default();
    let from = &message.from;
    let unknown = t.get("list.unknown_sender");
    let name = if from.email.is_empty() && from.name.is_empty() {
        unknown
    } else {
        shown_name(&from.name, &from.email)
    };
    Mail {
        href: mail.thread_id.map(|thread| format!("/gesprekken/{thread}")),
        name: name.to_owned(),
        email: from.email.clone(),
        subject: or_none(&message.subject, t),
        reason: mail
            .fate_reason
            .as_deref()
            .map(|reason| t.word("aside", reason))
            .unwrap_or_default(),
        when: when(mail.received_at, now, t),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_what_was_asked() {
        assert_eq!(address("/", Tab::All, "", None), "/");
        assert_eq!(
            address("/lijst", Tab::Held, "a&b é", Some("1_2")),
            "/lijst?toon=wacht&zoek=a%26b%20%C3%A9&na=1_2"
        );
    }

    #[test]
    fn a_preview_is_the_new_words_on_one_line() {
        let body = "Hoi,\n\nwaar blijft\nmijn jas?\n\nOp 3 nov. 2026 schreef Linnen & Leer <a@b.nl>:\n> oud\n";
        assert_eq!(preview("Jas", body), "Hoi, waar blijft mijn jas?");
        assert!(preview("", &"woord ".repeat(200)).chars().count() <= PREVIEW + 1);
    }
}
