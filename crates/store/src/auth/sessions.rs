//! Sessions: one row per signed-in device, and the number of the refresh token that is its latest.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::doors::{AuthTx, Claims, Store};
use crate::error::Result;
use crate::ids::{TenantId, UserId};
use crate::sql::sql;
use crate::users::TenantRole;

/// A session to be opened, at assurance level 1 with refresh token number 0.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// How they proved who they are: `password`, `otp`, ...
    pub method: &'static str,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// From where, as text.
    pub ip: String,
}

/// A session as it stands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SessionRow {
    /// The session.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
    /// `aal1` or `aal2`.
    pub aal: String,
    /// Number of the latest refresh token; `None` for a session of another system.
    pub counter: Option<i64>,
    /// How it was proved, in the shape of the wire, newest first.
    pub amr: Value,
}

/// What became of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// It holds: the session of this person goes on.
    Alive(UserId),
    /// It was used before, by somebody else perhaps: the session is ended.
    Reused,
    /// There is no such session.
    Gone,
}

/// The person behind a live session, with profile and shop.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Person {
    /// The person.
    pub user_id: UserId,
    /// The session.
    pub session_id: Uuid,
    /// Their address.
    pub email: String,
    /// As they want to be called.
    pub full_name: String,
    /// `aal1` or `aal2`.
    pub aal: String,
    /// Whether they have a second factor that this session has not proved.
    pub factor_due: bool,
    /// `user` or `admin` of the platform.
    pub role: String,
    /// Their shop; `None` until approval.
    pub tenant_id: Option<TenantId>,
    /// What they may do in their shop.
    pub tenant_role: TenantRole,
    /// Status of their shop, or of the one they registered.
    pub tenant_status: Option<String>,
    /// That shop with its settings and without secrets.
    pub tenant: Option<Value>,
}

impl Person {
    /// The claims for this person: their shop, while it is approved.
    pub fn claims(&self) -> Claims {
        let approved = self.tenant_status.as_deref() == Some("approved");
        Claims { user_id: self.user_id, tenant_id: self.tenant_id.filter(|_| approved) }
    }
}

/// Opens a session.
pub async fn open(tx: &AuthTx, new: &NewSession) -> Result<()> {
    let open = sql!("auth", "open_session");
    tx.session.execute(open, &[&new.id, &new.user, &new.user_agent, &new.ip]).await?;
    add_method(tx, new.id, new.method).await
}

async fn add_method(tx: &AuthTx, session: Uuid, method: &str) -> Result<()> {
    let id = Uuid::now_v7();
    tx.session.execute(sql!("auth", "add_method"), &[&id, &session, &method]).await.map(drop)
}

/// A live session of this person.
pub async fn find(tx: &AuthTx, session: Uuid, user: UserId) -> Result<Option<SessionRow>> {
    tx.session.first(sql!("auth", "session"), &[&session, &user]).await
}

/// Holds a person and their session as they are until the transaction ends. The person first, so
/// that whoever ends sessions of theirs at the same time waits instead of standing in the way.
pub async fn hold(tx: &AuthTx, session: Uuid, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "hold_person"), &[&user]).await?;
    tx.session.execute(sql!("auth", "hold_session"), &[&session, &user]).await.map(drop)
}

/// Who is behind a live session, in one round trip; `None` when it ended, or the person is
/// banned or suspended.
pub async fn person(store: &Store, session: Uuid, user: UserId) -> Result<Option<Person>> {
    store.ask_auth(sql!("auth", "session_person"), &[&session, &user]).await
}

/// Uses refresh token `counter` of a session. One statement, whoever else tries at that moment.
pub async fn refresh(
    tx: &AuthTx,
    session: Uuid,
    counter: i64,
    grace_seconds: u32,
) -> Result<Refreshed> {
    #[derive(Deserialize)]
    struct Row {
        user_id: Option<UserId>,
        reused: bool,
    }
    let grace = f64::from(grace_seconds);
    let row: Row = tx.session.one(sql!("auth", "refresh"), &[&session, &counter, &grace]).await?;
    Ok(match row {
        Row { user_id: Some(user), .. } => Refreshed::Alive(user),
        Row { reused: true, .. } => Refreshed::Reused,
        Row { .. } => Refreshed::Gone,
    })
}

/// The session proved a second factor: level 2, with a new refresh token.
pub async fn raise(tx: &AuthTx, session: Uuid, factor: Uuid) -> Result<()> {
    tx.session.execute(sql!("auth", "advance"), &[&session, &factor]).await?;
    add_method(tx, session, "totp").await
}

/// Ends one session.
pub async fn end(tx: &AuthTx, session: Uuid, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "end_session"), &[&session, &user]).await.map(drop)
}

/// Ends all sessions of a person but this one.
pub async fn end_others(tx: &AuthTx, session: Uuid, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "end_other_sessions"), &[&session, &user]).await.map(drop)
}

/// Ends all other sessions that did not prove a second factor.
pub async fn end_weaker(tx: &AuthTx, session: Uuid, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "end_weaker_sessions"), &[&session, &user]).await.map(drop)
}

/// Ends all sessions of a person.
pub async fn end_all(tx: &AuthTx, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "end_all_sessions"), &[&user]).await.map(drop)
}

/// A device on which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// Its session.
    pub id: Uuid,
    /// What its browser calls itself; may be empty.
    pub user_agent: String,
    /// From where; may be empty.
    pub ip: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the lifetime of an access token.
    pub seen_at: Timestamp,
}

/// The devices on which a person is signed in, last used first; at most 50.
pub async fn devices(tx: &AuthTx, user: UserId) -> Result<Vec<Device>> {
    tx.session.all(sql!("auth", "sessions_of"), &[&user]).await
}
