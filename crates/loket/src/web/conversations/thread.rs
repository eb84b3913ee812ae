//! One conversation as a page shows it: each mail, what was answered, and why.

use askama::Template;
use axum::extract::{Path, Query as Asked, State as Held};
use axum::response::{Html, IntoResponse, Response};
use domain::contract::EscalationLevel;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use store::ThreadId;
use store::answer::{LedgerRow, OfferKind};
use store::conversations::{InteractionView, MailView, ThreadView};
use store::ingest::InteractionState;
use store::outbox::OutboxState;
use store::person_answers::PersonAnswerView;

use super::super::State;
use super::super::access::Visit;
use super::super::failure::Failure;
use super::super::frame::{Frame, language};
use super::super::texts::Texts;
use super::super::when::{When, when};
use super::beside::Beside;
use super::decided::percent;
use super::formatted::Shown;
use super::identity::{Doubt, doubts};
use super::loader::{self, Course};
use super::mail_text::{self, MailText};
use super::receipt::{self, Receipt};
use super::{Badge, initials, level_badge, mood_badge, shown_name, state_badge};

/// The query of a conversation's address.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    melding: String,
    /// The mail that is shown laid out.
    #[serde(default)]
    opgemaakt: String,
    /// `ja`: with pictures of other servers.
    #[serde(default)]
    afbeeldingen: String,
}

impl Query {
    fn shown(&self) -> Shown {
        Shown::read(&self.opgemaakt, &self.afbeeldingen)
    }
}

#[derive(Template)]
#[template(path = "conversations/thread.html")]
struct Page {
    frame: Frame,
    message: Option<&'static str>,
    course: CourseView,
}

/// The part that refreshes itself.
#[derive(Template)]
#[template(path = "conversations/course.html")]
struct CourseView {
    t: Texts,
    live: String,
    here: String,
    form_token: String,
    may_act: bool,
    subject: String,
    name: String,
    email: String,
    initials: String,
    vip: bool,
    badges: Vec<Badge>,
    began: When,
    mail_count: String,
    banner: Option<Banner>,
    offers: Vec<Offer>,
    turns: Vec<Turn>,
    persona: String,
}

struct Banner {
    tone: &'static str,
    title: &'static str,
    text: &'static str,
}

struct Offer {
    when: When,
    order: String,
    what: String,
    step: String,
    percent: String,
    elsewhere: Option<String>,
}

struct Turn {
    id: String,
    from: String,
    initials: String,
    subject: Option<String>,
    when: When,
    text: MailText,
    /// Whether the mail's provider vouches for who wrote.
    vouched: bool,
    /// Why it may be somebody else, and what follows.
    doubts: Vec<Doubt>,
    beside: Beside,
    state: Badge,
    reply: Option<Reply>,
    /// What people answered in the mailbox itself.
    answers: Vec<Reply>,
    closable: bool,
    receipt: Option<Receipt>,
    /// What is said in place of a receipt.
    undecided: &'static str,
}

struct Reply {
    heading: String,
    tone: &'static str,
    subject: Option<String>,
    paragraphs: Vec<String>,
    when: Option<When>,
    /// What approving sends; none when there is nothing to approve.
    draft: Option<String>,
    /// A reply of which nobody knows whether it was sent: what says that it was.
    arrived: Option<String>,
    /// A reply that has not left: what calls it back.
    recall: Option<String>,
}

/// `/gesprekken/{thread}`
pub async fn thread(
    Held(state): Held<State>,
    visit: Visit,
    Path(id): Path<String>,
    Asked(query): Asked<Query>,
) -> Result<Response, Failure> {
    let (course, shop_language) = load(&state, &visit, &id).await?;
    let Some(view) = &course.view else {
        return Ok(Failure::NotFound.spoken(shop_language));
    };
    let frame = Frame::of(&visit, &course.shop);
    let page = Page {
        message: frame.t.find(&format!("message.{}", query.melding)),
        course: view_of(&course, view, &visit, query.shown(), state.now(), frame.t),
        frame,
    };
    let html = page.render().map_err(|error| Failure::defect(&error))?;
    Ok(Html(html).into_response())
}

/// `/gesprekken/{thread}/verloop`: the part that refreshes itself.
pub async fn course(
    Held(state): Held<State>,
    visit: Visit,
    Path(id): Path<String>,
    Asked(query): Asked<Query>,
) -> Result<Response, Failure> {
    let (course, _) = load(&state, &visit, &id).await?;
    let view = course.view.as_ref().ok_or(Failure::NotFound)?;
    let t = Texts::of(language(&visit, &course.shop));
    let part = view_of(&course, view, &visit, query.shown(), state.now(), t);
    let html = part.render().map_err(|error| Failure::defect(&error))?;
    Ok(Html(html).into_response())
}

/// An id that is none finds nothing, as does another shop's.
async fn load(
    state: &State,
    visit: &Visit,
    id: &str,
) -> Result<(Course, domain::contract::Language), Failure> {
    let id = id.parse().unwrap_or(ThreadId(uuid::Uuid::nil()));
    let course = loader::course(state.store(), &visit.claims, id).await?;
    let language = language(visit, &course.shop);
    Ok((course, language))
}

fn view_of(
    course: &Course,
    view: &ThreadView,
    visit: &Visit,
    shown: Shown,
    now: Timestamp,
    t: Texts,
) -> CourseView {
    let thread = &view.thread;
    let name = shown_name(&thread.customer_name, &thread.customer_email);
    let here = format!("/gesprekken/{}", thread.id);
    let first = view.interactions.first().map_or(thread.last_message_at, |mail| mail.received_at);
    let badges = level_badge(thread.escalation_level, t)
        .into_iter()
        .chain(mood_badge(thread.customer_mood, t));
    let subject = thread.subject.trim();
    CourseView {
        t,
        live: format!("{here}/verloop{}", shown.query()),
        form_token: visit.form_token.clone(),
        may_act: visit.may_act,
        subject: if subject.is_empty() {
            t.get("list.no_subject").to_owned()
        } else {
            subject.to_owned()
        },
        name: name.to_owned(),
        email: thread.customer_email.clone(),
        initials: initials(name),
        vip: thread.vip_status,
        badges: badges.collect(),
        began: when(first, now, t),
        mail_count: t.count("thread.mails", i64::from(thread.message_count)),
        banner: banner(view, t),
        offers: course.offers.iter().map(|offer| offer_view(offer, thread.id, now, t)).collect(),
        turns: turns(view, &here, shown, now, &course.shop.ai_persona_name, t),
        here,
        persona: course.shop.ai_persona_name.clone(),
    }
}

/// Whether a person must do something about a mail.
const fn waits(state: InteractionState) -> bool {
    matches!(state, InteractionState::Held | InteractionState::Drafted)
}

fn banner(view: &ThreadView, t: Texts) -> Option<Banner> {
    let waits = view.interactions.iter().any(|mail| waits(mail.state));
    let threat = view.interactions.iter().any(|mail| mail.dreiging_detected);
    if threat {
        // The newest one that the receipt still knows by its kind.
        let kind = view
            .interactions
            .iter()
            .rev()
            .find_map(|mail| mail.receipt.as_ref()?.pointer("/reading/threat_kind")?.as_str());
        let known = kind.and_then(|kind| t.find(&format!("threat.{kind}")));
        let title = known.unwrap_or(t.get("banner.threat"));
        let text = t.get(if waits { "banner.threat_waits" } else { "banner.threat_done" });
        return Some(Banner { tone: "serious", title, text });
    }
    match view.thread.escalation_level {
        EscalationLevel::Serious => Some(Banner {
            tone: "serious",
            title: t.get("banner.serious"),
            text: t.get(if waits { "banner.person_waits" } else { "banner.person_done" }),
        }),
        EscalationLevel::Person if waits => Some(Banner {
            tone: "wait",
            title: t.get("banner.person"),
            text: t.get("banner.person_waits"),
        }),
        _ => None,
    }
}

fn offer_view(offer: &LedgerRow, here: ThreadId, now: Timestamp, t: Texts) -> Offer {
    let kind = match offer.kind {
        OfferKind::Offered => "offered",
        OfferKind::Accepted => "accepted",
        OfferKind::Rejected => "rejected",
        OfferKind::Countered => "countered",
    };
    Offer {
        when: when(offer.created_at, now, t),
        order: offer.order_number.clone().unwrap_or_default(),
        what: t.word("offer", kind),
        step: offer.ladder_stap.number().to_string(),
        percent: percent(offer.basis_points, t),
        elsewhere: (offer.thread_id != here).then(|| format!("/gesprekken/{}", offer.thread_id)),
    }
}

fn turns(
    view: &ThreadView,
    here: &str,
    shown: Shown,
    now: Timestamp,
    persona: &str,
    t: Texts,
) -> Vec<Turn> {
    let first_subject = view.thread.subject.trim();
    let mut known = domain::compose::bare_subject(first_subject).to_owned();
    view.interactions
        .iter()
        .map(|mail| {
            let outgoing = view.mails.iter().rev().find(|out| out.interaction_id == mail.id);
            let same = domain::compose::bare_subject(&mail.subject).to_owned();
            let changed = same != known;
            known = same;
            let answers = view.answers.iter().filter(|it| it.interaction_id == Some(mail.id));
            let answers: Vec<Reply> = answers.map(|it| by_person(it, now, t)).collect();
            let mut turn = turn(mail, outgoing, answers, changed, now, persona, t);
            turn.beside = Beside::of(view, mail.id, here, shown, t);
            turn
        })
        .collect()
}

fn turn(
    mail: &InteractionView,
    outgoing: Option<&MailView>,
    answers: Vec<Reply>,
    changed_subject: bool,
    now: Timestamp,
    persona: &str,
    t: Texts,
) -> Turn {
    let name = shown_name(&mail.from_name, &mail.customer_email);
    let evidence = mail.receipt.as_ref().map(|body| receipt::evidence(body, t)).unwrap_or_default();
    // Where a person answered instead, the answer's text is the person's.
    let instead =
        !answers.is_empty() && outgoing.is_none_or(|out| out.state == OutboxState::Cancelled);
    let reply = if instead { None } else { reply(mail, outgoing, now, persona, t) };
    let draft = reply.as_ref().is_some_and(|reply| reply.draft.is_some());
    Turn {
        id: mail.id.to_string(),
        from: name.to_owned(),
        initials: initials(name),
        subject: (changed_subject && !mail.subject.trim().is_empty()).then(|| mail.subject.clone()),
        when: when(mail.received_at, now, t),
        text: mail_text::read(&mail.subject, &mail.message_body, &evidence),
        vouched: mail.sender_verified,
        doubts: doubts(mail, t),
        beside: Beside::default(),
        state: state_badge(mail.state, t),
        closable: waits(mail.state) && !draft,
        receipt: match &mail.receipt {
            Some(body) => Some(receipt::read(mail, body, outgoing, now, t)),
            // Answered without a receipt: what the mail server said is still worth showing.
            None => outgoing.map(|out| receipt::read(mail, &Value::Null, Some(out), now, t)),
        },
        undecided: match mail.state {
            InteractionState::Imported => t.get("receipt.imported"),
            _ => t.get("receipt.none"),
        },
        reply,
        answers,
    }
}

fn by_person(answer: &PersonAnswerView, now: Timestamp, t: Texts) -> Reply {
    let text = answer.body_text.trim();
    Reply {
        heading: t.get("reply.mailbox").to_owned(),
        tone: "good",
        subject: None,
        paragraphs: text.split("\n\n").map(|part| part.trim().to_owned()).collect(),
        when: Some(when(answer.sent_at, now, t)),
        draft: None,
        arrived: None,
        recall: None,
    }
}

fn reply(
    mail: &InteractionView,
    outgoing: Option<&MailView>,
    now: Timestamp,
    persona: &str,
    t: Texts,
) -> Option<Reply> {
    let text = mail.ai_response.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
    let waits = waits(mail.state);
    let state = outgoing.map(|out| out.state);
    let word = match (state, mail.state) {
        (Some(OutboxState::Held), _) if waits => "draft_waits",
        (Some(OutboxState::Sent), _) if outgoing.is_some_and(|out| out.automatic) => "sent",
        (Some(OutboxState::Sent), _) => "sent_approved",
        (Some(OutboxState::Queued | OutboxState::Sending), _) => "sending",
        (Some(OutboxState::Failed), _) => "failed",
        (_, InteractionState::Discarded) => "discarded",
        (Some(OutboxState::Cancelled), _) => "cancelled",
        (_, InteractionState::Held | InteractionState::Drafted) => "draft_waits",
        _ => "answer",
    };
    let tone = match word {
        "draft_waits" => "draft",
        "failed" => "serious",
        "cancelled" | "discarded" => "quiet",
        _ => "good",
    };
    let may_go = |out: &&MailView| matches!(out.state, OutboxState::Held | OutboxState::Failed);
    let draft = outgoing.filter(|out| waits && may_go(out));
    let arrived = draft.filter(|out| out.state_reason.as_deref() == Some("outcome_unknown"));
    Some(Reply {
        heading: t.fill(&format!("reply.{word}"), "persona", persona),
        tone,
        subject: outgoing.map(|out| out.subject.clone()),
        paragraphs: text.split("\n\n").map(|part| part.trim().to_owned()).collect(),
        when: outgoing.and_then(|out| out.sent_at).map(|at| when(at, now, t)),
        draft: draft.map(|out| out.id.to_string()),
        arrived: arrived.map(|out| out.id.to_string()),
        recall: outgoing
            .filter(|out| out.state == OutboxState::Queued)
            .map(|out| out.id.to_string()),
    })
}
