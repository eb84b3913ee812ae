//! Colleagues, API keys and the log of a shop.

use askama::Template;
use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::admin::{Invitation as OpenInvitation, Member};
use store::api_keys::{ApiKey, NewApiKey, Scope};
use store::shops::AuditEntry;
use store::users::TenantRole;
use store::{ApiKeyId, AuditId, Constraint, Error, InvitationId, UserId};
use uuid::Uuid;

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::texts::Texts;
use super::super::when;
use super::form::{Posted, html};
use super::grounds::Reason;
use super::mailbox::looks_like_address;
use super::platform::Told;
use super::platform_shop::action_in_words;
use super::visitor::{Someone, failed};
use crate::secrets::{ApiKeyText, Invitation};

/// Every role, for a choice.
const ROLES: [TenantRole; 3] = [TenantRole::Owner, TenantRole::Agent, TenantRole::Viewer];
/// Lines of the log on a page.
const PAGE: u16 = 50;

/// A role to choose: value, words, whether it is the one.
type Choice = (&'static str, String, bool);

fn choices(t: Texts, chosen: TenantRole) -> Vec<Choice> {
    ROLES.map(|role| (role.as_str(), t.word("role", role.as_str()), role == chosen)).to_vec()
}

fn role(text: &str) -> Result<TenantRole, Failure> {
    ROLES.into_iter().find(|role| role.as_str() == text).ok_or(Failure::ForeignField)
}

#[derive(Debug)]
struct Person {
    id: UserId,
    email: String,
    me: bool,
    choices: Vec<Choice>,
}

#[derive(Debug, Template)]
#[template(path = "accounts/people.html")]
struct PeoplePage {
    frame: Frame,
    tab: &'static str,
    owner: bool,
    token: String,
    people: Vec<Person>,
    open: Vec<(InvitationId, String, String)>,
    choices: Vec<Choice>,
    told: Option<&'static str>,
    mistake: Option<&'static str>,
    typed: String,
}

async fn people_page(
    state: &State,
    someone: &Someone,
    told: Option<&'static str>,
    wrong: Option<(&str, &'static str)>,
) -> Result<Response, Failure> {
    someone.owner()?;
    let t = someone.t;
    let read = state.store().as_user(&someone.person.claims, async |tx| {
        tokio::try_join!(store::admin::members(tx), store::admin::invitations(tx))
    });
    let (members, open) = read.await?;
    let person = |member: Member| Person {
        id: member.user_id,
        me: member.user_id == someone.person.user_id,
        choices: choices(t, member.tenant_role),
        email: member.email,
    };
    let asked = |it: OpenInvitation| (it.id, it.email, t.word("role", it.tenant_role.as_str()));
    html(&PeoplePage {
        tab: "people",
        owner: true,
        token: someone.person.form_token.clone(),
        people: members.into_iter().map(person).collect(),
        open: open.into_iter().map(asked).collect(),
        choices: choices(t, TenantRole::Agent),
        told,
        mistake: wrong.map(|(_, mistake)| mistake),
        typed: wrong.map(|(typed, _)| typed.to_owned()).unwrap_or_default(),
        frame: someone.frame(),
    })
}

/// `GET /instellingen/mensen`.
pub async fn people(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    let told = match told.melding.as_str() {
        "uitgenodigd" => Some(someone.t.get("people.invited")),
        "gewijzigd" => Some(someone.t.get("people.changed")),
        _ => None,
    };
    people_page(&state, &someone, told, None).await
}

/// `POST /instellingen/mensen`: invites somebody.
pub async fn invite(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.owner()?;
    posted.only(&["email", "tenant_role"])?;
    let email = posted.get("email").to_lowercase();
    let role = role(posted.get("tenant_role"))?;
    if !looks_like_address(&email) {
        let mistake = someone.t.get("mistake.email");
        return people_page(&state, &someone, None, Some((&email, mistake))).await;
    }
    let often = someone.t.get("mistake.often");
    if someone.auth.may_mail(&email).is_err() {
        return people_page(&state, &someone, None, Some((&email, often))).await;
    }
    let shop = someone.person.claims.tenant_id.ok_or(Failure::NotAllowed)?;
    let invitation = Invitation::new(shop).map_err(|error| Failure::defect(&error))?;
    let id = InvitationId::new();
    let done = state.store().as_user(&someone.person.claims, async |tx| {
        store::admin::invite(tx, id, &email, role, &invitation.hash).await
    });
    let done = done.await;
    if let Err(Error::Constraint { constraint: Constraint::DailyInvitations, .. }) = &done {
        return people_page(&state, &someone, None, Some((&email, often))).await;
    }
    done?;
    let site = &someone.auth.site().url;
    let link = format!("{site}/uitnodiging?sleutel={}", invitation.token.expose());
    let name = someone.tenant_text("bedrijfsnaam").unwrap_or_default();
    let told = someone.auth.tell_invited(&email, &link, &name, someone.language());
    told.map_err(failed)?;
    Ok(Redirect::to("/instellingen/mensen?melding=uitgenodigd").into_response())
}

/// `POST /instellingen/mensen/rol`.
pub async fn change_role(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.owner()?;
    posted.only(&["wie", "tenant_role"])?;
    let role = role(posted.get("tenant_role"))?;
    let user: UserId = posted.get("wie").parse().map_err(|_| Failure::NotFound)?;
    let done = state.store().as_user(&someone.person.claims, async |tx| {
        store::admin::set_member_role(tx, user, role).await
    });
    changed(&state, &someone, user, done.await).await
}

/// `POST /instellingen/mensen/weg`: lets a colleague go, or takes an invitation back.
pub async fn remove(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.owner()?;
    posted.only(&["wie", "uitnodiging"])?;
    if let Ok(invitation) = posted.get("uitnodiging").parse::<Uuid>() {
        let done = state.store().as_user(&someone.person.claims, async |tx| {
            store::admin::revoke_invitation(tx, InvitationId(invitation)).await
        });
        return changed(&state, &someone, someone.person.user_id, done.await).await;
    }
    let user: UserId = posted.get("wie").parse().map_err(|_| Failure::NotFound)?;
    let done = state
        .store()
        .as_user(&someone.person.claims, async |tx| store::admin::remove_member(tx, user).await);
    changed(&state, &someone, user, done.await).await
}

async fn changed(
    state: &State,
    someone: &Someone,
    user: UserId,
    done: store::Result<bool>,
) -> Result<Response, Failure> {
    match done {
        Ok(_) => {
            someone.auth.sessions().forget(user);
            Ok(Redirect::to("/instellingen/mensen?melding=gewijzigd").into_response())
        }
        Err(Error::Constraint { constraint: Constraint::LastOwner, .. }) => {
            let mistake = someone.t.get("people.last_owner");
            people_page(state, someone, Some(mistake), None).await
        }
        // Another shop's people are not there.
        Err(Error::Statement { .. } | Error::Absent { .. }) => Err(Failure::NotFound),
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug)]
struct Key {
    id: ApiKeyId,
    name: String,
    about: String,
    revoked: bool,
}

#[derive(Debug, Template)]
#[template(path = "accounts/keys.html")]
struct KeysPage {
    frame: Frame,
    tab: &'static str,
    owner: bool,
    token: String,
    keys: Vec<Key>,
    shown: Option<String>,
    told: Option<&'static str>,
    mistake: Option<&'static str>,
}

async fn keys_page(
    state: &State,
    someone: &Someone,
    shown: Option<String>,
    told: Option<&'static str>,
    mistake: Option<&'static str>,
) -> Result<Response, Failure> {
    someone.owner()?;
    let t = someone.t;
    let claims = &someone.person.claims;
    let keys = state.store().as_user(claims, async |tx| store::api_keys::list(tx).await).await?;
    let key = |key: ApiKey| {
        let used = match key.last_used_at {
            Some(used) => format!("{} {}", t.get("keys.used"), when::exact(used, t)),
            None => t.get("keys.never").to_owned(),
        };
        let scopes: Vec<String> = key
            .scopes
            .iter()
            .map(|scope| t.word("keys", &format!("scope_{}", scope.as_str())))
            .collect();
        let about = format!("{}… · {} · {used}", key.prefix, scopes.join(", "));
        Key { id: key.id, name: key.name, about, revoked: key.revoked_at.is_some() }
    };
    html(&KeysPage {
        tab: "keys",
        owner: true,
        token: someone.person.form_token.clone(),
        keys: keys.into_iter().map(key).collect(),
        shown,
        told,
        mistake,
        frame: someone.frame(),
    })
}

/// `GET /instellingen/sleutels`.
pub async fn keys(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    let told = (told.melding == "ingetrokken").then(|| someone.t.get("keys.changed"));
    keys_page(&state, &someone, None, told, None).await
}

/// `POST /instellingen/sleutels`: a new key, or one in the place of another; shown this once.
pub async fn make_key(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.owner()?;
    posted.only(&["naam", "vervangt", "read", "mail", "chat"])?;
    let replaces = posted.get("vervangt").parse::<Uuid>().ok().map(ApiKeyId);
    let chosen = |scope: &&Scope| posted.ticked(scope.as_str());
    let mut scopes: Vec<Scope> = Scope::ALL.iter().filter(chosen).copied().collect();
    if scopes.is_empty() {
        scopes.push(Scope::Read);
    }
    let name = posted.get("naam");
    if replaces.is_none() && (name.is_empty() || name.chars().count() > 100) {
        let mistake = Some(someone.t.get("mistake.empty"));
        return keys_page(&state, &someone, None, None, mistake).await;
    }
    let shop = someone.person.claims.tenant_id.ok_or(Failure::NotAllowed)?;
    let made = ApiKeyText::new(shop).map_err(|error| Failure::defect(&error))?;
    let new = NewApiKey {
        id: ApiKeyId::new(),
        name: if name.is_empty() { "-".to_owned() } else { name.to_owned() },
        prefix: made.prefix.clone(),
        key_hash: made.hash,
        scopes,
        replaces,
    };
    let done = state
        .store()
        .as_user(&someone.person.claims, async |tx| store::api_keys::create(tx, &new).await);
    match done.await {
        Err(Error::Statement { .. }) if replaces.is_some() => Err(Failure::NotFound),
        done => {
            done?;
            let shown = Some(made.key.expose().to_owned());
            keys_page(&state, &someone, shown, None, None).await
        }
    }
}

/// `POST /instellingen/sleutels/intrekken`.
pub async fn revoke_key(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.owner()?;
    posted.only(&["wat"])?;
    let key = posted.get("wat").parse::<Uuid>().map_err(|_| Failure::NotFound)?;
    let done = state.store().as_user(&someone.person.claims, async |tx| {
        store::api_keys::revoke(tx, ApiKeyId(key)).await
    });
    if done.await? {
        Ok(Redirect::to("/instellingen/sleutels?melding=ingetrokken").into_response())
    } else {
        Err(Failure::NotFound)
    }
}

/// A line of the log.
#[derive(Debug)]
pub struct Line {
    /// What was done.
    pub what: String,
    /// By whom.
    pub who: String,
    /// In their words; may be empty.
    pub reason: String,
    /// When.
    pub when: String,
}

/// The log in words.
pub fn lines(entries: Vec<AuditEntry>, t: Texts) -> Vec<Line> {
    let line = |entry: AuditEntry| Line {
        what: action_in_words(&entry.action, t),
        who: t.word("log", &format!("by_{}", entry.actor_role)),
        reason: Reason::of(&entry.reason.unwrap_or_default(), t).in_words(),
        when: when::exact(entry.created_at, t),
    };
    entries.into_iter().map(line).collect()
}

#[derive(Debug, Template)]
#[template(path = "accounts/log.html")]
struct Log {
    frame: Frame,
    tab: &'static str,
    owner: bool,
    lines: Vec<Line>,
    next: Option<String>,
}

/// Behind which line.
#[derive(Debug, Default, Deserialize)]
pub struct Behind {
    #[serde(default)]
    na: String,
}

/// `GET /instellingen/logboek`.
pub async fn log(
    Held(state): Held<State>,
    Query(behind): Query<Behind>,
    someone: Someone,
) -> Result<Response, Failure> {
    someone.owner()?;
    let after = behind.na.split_once('_').and_then(|(at, id)| {
        let at = jiff::Timestamp::from_microsecond(at.parse().ok()?).ok()?;
        Some((at, AuditId(id.parse().ok()?)))
    });
    let read = state.store().as_user(&someone.person.claims, async |tx| {
        store::shops::audit_page(tx, after, PAGE + 1).await
    });
    let mut entries = read.await?;
    let more = entries.len() > usize::from(PAGE);
    entries.truncate(usize::from(PAGE));
    let next = entries.last().filter(|_| more).map(|last| {
        format!("/instellingen/logboek?na={}_{}", last.created_at.as_microsecond(), last.id)
    });
    let lines = lines(entries, someone.t);
    html(&Log { tab: "log", owner: true, lines, next, frame: someone.frame() })
}
