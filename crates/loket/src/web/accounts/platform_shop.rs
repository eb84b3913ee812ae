//! One shop, as the platform sees it: its data and its standing, and with a reason its inside.

use askama::Template;
use axum::extract::{Path, Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use domain::contract::Language;
use store::admin::Standing;
use store::directory::{self, ListedShop, Step};
use store::{Constraint, Error, TenantId};

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::texts::Texts;
use super::super::when;
use super::form::{Posted, html};
use super::grounds::{self, GROUNDS, Reason};
use super::platform::{Told, tone};
use super::settings_people::{Line, lines};
use super::visitor::Someone;

/// What is inside, after a reason was written down.
#[derive(Debug)]
struct Inside {
    conversations: i64,
    held: i64,
    drafted: i64,
    mailboxes: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Debug, Template)]
#[template(path = "accounts/platform_shop.html")]
struct Page {
    frame: Frame,
    token: String,
    here: String,
    shop: ListedShop,
    tone: &'static str,
    status: String,
    sector: String,
    since: String,
    steps: Vec<(String, String, String)>,
    told: Option<&'static str>,
    /// The field with a mistake, and what is wrong.
    mistake: Option<(&'static str, &'static str)>,
    grounds: Vec<(&'static str, &'static str, bool)>,
    reason: String,
    inside: Option<Inside>,
}

impl Page {
    /// What is wrong with a field.
    fn wrong(&self, field: &str) -> Option<&'static str> {
        self.mistake.filter(|(at, _)| *at == field).map(|(_, words)| words)
    }
}

/// An action of the log in words.
pub fn action_in_words(action: &str, t: Texts) -> String {
    t.word("audit", &action.replace('.', "_"))
}

async fn load(
    state: &State,
    someone: &Someone,
    id: TenantId,
) -> Result<(ListedShop, Vec<Step>), Failure> {
    someone.admin()?;
    let read = state.store().as_admin(someone.person.user_id, async |tx| {
        tokio::try_join!(directory::shop(tx, id), directory::steps(tx, id))
    });
    let (shop, steps) = read.await?;
    Ok((shop.ok_or(Failure::NotFound)?, steps))
}

async fn view(state: &State, someone: &Someone, id: TenantId) -> Result<Page, Failure> {
    let (shop, steps) = load(state, someone, id).await?;
    let t = someone.t;
    let step = |step: Step| {
        let what = action_in_words(&step.action, t);
        let reason = Reason::of(&step.reason.unwrap_or_default(), t).in_words();
        (what, reason, when::exact(step.created_at, t))
    };
    Ok(Page {
        token: someone.person.form_token.clone(),
        here: format!("/beheer/winkels/{id}"),
        tone: tone(&shop.status),
        status: t.word("shop_status", &shop.status),
        sector: t.word("sector", &shop.sector),
        since: when::exact(shop.created_at, t),
        steps: steps.into_iter().map(step).collect(),
        told: None,
        mistake: None,
        grounds: GROUNDS.map(|it| (it, t.get(&format!("ground.{it}")), false)).to_vec(),
        reason: String::new(),
        inside: None,
        frame: someone.frame(),
        shop,
    })
}

/// `GET /beheer/winkels/{shop}`.
pub async fn page(
    Held(state): Held<State>,
    Path(id): Path<TenantId>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    let mut page = view(&state, &someone, id).await?;
    page.told = match told.melding.as_str() {
        "gedaan" => Some(someone.t.get("shop_page.done")),
        "was_al_zo" => Some(someone.t.get("shop_page.already")),
        _ => None,
    };
    html(&page)
}

fn back(id: TenantId, changed: bool) -> Response {
    let told = if changed { "gedaan" } else { "was_al_zo" };
    Redirect::to(&format!("/beheer/winkels/{id}?melding={told}")).into_response()
}

/// Whose standing changed sees it at once, and hears it by mail.
fn tell(someone: &Someone, shop: &ListedShop, approved: bool, reason: &str) {
    if let Some(owner) = shop.owner_id {
        someone.auth.sessions().forget(owner);
    }
    let language = if shop.taalvoorkeur == "EN" { Language::English } else { Language::Dutch };
    let reason = Reason::of(reason, Texts::of(language)).in_words();
    if !shop.owner_email.is_empty()
        && let Err(refusal) =
            someone.auth.tell_standing(&shop.owner_email, approved, &reason, language)
    {
        tracing::warn!(code = refusal.code(), "a shop was not told about its standing");
    }
}

/// `POST /beheer/winkels/{shop}/goedkeuren`.
pub async fn approve(
    Held(state): Held<State>,
    Path(id): Path<TenantId>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    posted.only(&[])?;
    refuse_and_note(&state, &someone, id).await?;
    let (shop, _) = load(&state, &someone, id).await?;
    let changed = match store::admin::approve(state.store(), someone.person.user_id, id).await {
        Err(Error::Constraint { constraint: Constraint::StatusStep, .. }) => false,
        changed => changed?,
    };
    if changed {
        tell(&someone, &shop, true, "");
    }
    Ok(back(id, changed))
}

/// Whoever is no admin tries in the database as well, which refuses and writes it down.
async fn refuse_and_note(state: &State, someone: &Someone, id: TenantId) -> Result<(), Failure> {
    if someone.person.is_platform_admin() {
        return Ok(());
    }
    match store::admin::approve(state.store(), someone.person.user_id, id).await {
        Err(Error::Forbidden { .. }) | Ok(_) => Err(Failure::NotAllowed),
        Err(error) => Err(error.into()),
    }
}

/// `POST /beheer/winkels/{shop}/stand`: rejects, suspends or resumes, with a reason.
pub async fn change_standing(
    Held(state): Held<State>,
    Path(id): Path<TenantId>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    posted.only(&["wat", "grond", "reden"])?;
    let (shop, _) = load(&state, &someone, id).await?;
    let standing = match posted.get("wat") {
        "afwijzen" => Standing::Rejected,
        "pauzeren" => Standing::Suspended,
        "hervatten" => Standing::Resumed,
        _ => return Err(Failure::ForeignField),
    };
    let (ground, note) = (posted.get("grond"), posted.get("reden"));
    let reason = match standing {
        Standing::Rejected => grounds::composed(ground, note),
        _ => Some(note.to_owned()),
    };
    let Some(reason) = reason else {
        return without_reason(&state, &someone, id, "reden", ground, note).await;
    };
    let reason = reason.as_str();
    let admin = someone.person.user_id;
    match store::admin::set_standing(state.store(), admin, id, standing, reason).await {
        Ok(changed) => {
            if changed && standing == Standing::Rejected {
                tell(&someone, &shop, false, reason);
            }
            if let Some(owner) = shop.owner_id {
                someone.auth.sessions().forget(owner);
            }
            Ok(back(id, changed))
        }
        Err(Error::Constraint { constraint: Constraint::StatusStep, .. }) => Ok(back(id, false)),
        Err(Error::Constraint { constraint: Constraint::Reason, .. }) => {
            without_reason(&state, &someone, id, "reden", ground, note).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn without_reason(
    state: &State,
    someone: &Someone,
    id: TenantId,
    field: &'static str,
    ground: &str,
    reason: &str,
) -> Result<Response, Failure> {
    let mut page = view(state, someone, id).await?;
    page.mistake = Some((field, someone.t.get("mistake.reason")));
    for choice in &mut page.grounds {
        choice.2 = choice.0 == ground;
    }
    reason.clone_into(&mut page.reason);
    html(&page)
}

/// `POST /beheer/winkels/{shop}/inkijken`: the reason is in the shop's log before anything is read.
pub async fn look_inside(
    Held(state): Held<State>,
    Path(id): Path<TenantId>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    posted.only(&["reden"])?;
    someone.admin()?;
    let (reason, admin) = (posted.get("reden"), someone.person.user_id);
    let read = state.store().as_admin_in_shop(admin, id, reason, async |tx| {
        tokio::try_join!(
            store::desk::counts(tx),
            store::mailboxes::list(tx),
            store::shops::audit_page(tx, None, 50),
        )
    });
    let (counts, mailboxes, log) = match read.await {
        Err(Error::Constraint { constraint: Constraint::Reason, .. }) => {
            return without_reason(&state, &someone, id, "waarom", "", reason).await;
        }
        read => read?,
    };
    let mut page = view(&state, &someone, id).await?;
    let mailbox = |it: store::mailboxes::Mailbox| {
        let paused = it.paused_reason.or(it.sending_paused_reason).unwrap_or_default();
        format!("{} ({}) {paused}", it.address, it.kind.as_str()).trim().to_owned()
    };
    page.inside = Some(Inside {
        conversations: counts.conversations,
        held: counts.held,
        drafted: counts.drafted,
        mailboxes: mailboxes.into_iter().map(mailbox).collect(),
        lines: lines(log, someone.t),
    });
    html(&page)
}
