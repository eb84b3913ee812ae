//! People, as their row in `auth.users` says.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::doors::{AuthTx, Store};
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::sql::sql;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AuthUser {
    /// The person.
    pub id: UserId,
    /// The role their tokens name.
    pub role: String,
    /// Lower case; `None` for imported people without one.
    pub email: Option<String>,
    /// Argon2 or bcrypt; `None` or empty when no password opens this account.
    pub encrypted_password: Option<String>,
    /// When the address was proved.
    pub email_confirmed_at: Option<Timestamp>,
    /// When they were invited.
    pub invited_at: Option<Timestamp>,
    /// When the last confirmation mail left.
    pub confirmation_sent_at: Option<Timestamp>,
    /// When the last recovery mail left.
    pub recovery_sent_at: Option<Timestamp>,
    /// The address they want, until both are proved; empty when none.
    pub email_change: String,
    /// When they asked for it.
    pub email_change_sent_at: Option<Timestamp>,
    /// Which address agreed already: 1 the one that is wanted, 2 the one that is left, 0 none.
    pub email_change_confirm_status: i64,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Until when they may not.
    pub banned_until: Option<Timestamp>,
    /// Whether a platform admin suspended them.
    pub suspended: bool,
    /// When they registered.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
    /// What the platform keeps about them.
    pub raw_app_meta_data: Value,
    /// What they say about themselves: never believed.
    pub raw_user_meta_data: Value,
    /// By which provider they sign in, in the shape of the wire.
    pub identities: Value,
    /// Their second factors, in the shape of the wire, without secrets.
    pub factors: Value,
}

/// Somebody to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The person.
    pub id: UserId,
    /// Lower case.
    pub email: String,
    /// `None` when no password opens the account yet.
    pub encrypted_password: Option<String>,
    /// Whether the address counts as proved.
    pub confirmed: bool,
    /// Whether they are invited.
    pub invited: bool,
    /// Until when they may not sign in.
    pub banned_until: Option<Timestamp>,
    /// Beside provider and providers.
    pub app_meta_data: Value,
    /// As they say.
    pub user_meta_data: Value,
}

/// Whether the tables are ours to serve from; on hosted Supabase they are not.
pub async fn is_ours(store: &Store) -> Result<bool> {
    #[derive(Deserialize)]
    struct Ours {
        is_ours: bool,
    }
    store
        .as_auth(async |tx| tx.session.one::<Ours>(sql!("auth", "is_ours"), &[]).await)
        .await
        .map(|row| row.is_ours)
}

/// The person with this id.
pub async fn by_id(tx: &AuthTx, user: UserId) -> Result<Option<AuthUser>> {
    tx.session.first(sql!("auth", "user_by_id"), &[&user]).await
}

/// The person with this address, which is lower case.
pub async fn by_email(tx: &AuthTx, email: &str) -> Result<Option<AuthUser>> {
    tx.session.first(sql!("auth", "user_by_email"), &[&email]).await
}

/// A page of people, newest first. `offset` and `limit` count people.
pub async fn page(tx: &AuthTx, offset: i64, limit: i64) -> Result<Vec<AuthUser>> {
    tx.session.all(sql!("auth", "users_page"), &[&offset, &limit]).await
}

/// How many people there are.
pub async fn count(tx: &AuthTx) -> Result<i64> {
    #[derive(Deserialize)]
    struct Count {
        count: i64,
    }
    Ok(tx.session.one::<Count>(sql!("auth", "users_count"), &[]).await?.count)
}

/// Makes a person with an identity; `false` when the address is taken.
pub async fn insert(tx: &AuthTx, new: &NewUser) -> Result<bool> {
    let made = tx
        .session
        .execute(
            sql!("auth", "insert_user"),
            &[
                &new.id,
                &new.email,
                &new.encrypted_password,
                &new.confirmed,
                &new.invited,
                &new.banned_until,
                &new.app_meta_data,
                &new.user_meta_data,
            ],
        )
        .await?;
    if made == 0 {
        return Ok(false);
    }
    let identity = sql!("auth", "insert_identity");
    tx.session.execute(identity, &[&Uuid::now_v7(), &new.id, &new.email]).await?;
    Ok(true)
}

/// Begins an unproved sign-up anew with this password and data; `false` when the address was
/// proved meanwhile.
pub async fn restart_sign_up(
    tx: &AuthTx,
    user: UserId,
    password: &str,
    user_meta_data: &Value,
) -> Result<bool> {
    let restart = sql!("auth", "restart_sign_up");
    let restarted = tx.session.execute(restart, &[&user, &password, user_meta_data]).await? == 1;
    if restarted {
        // The earlier mail is void before the newer one leaves.
        tx.session.execute(sql!("auth", "drop_tokens"), &[&user]).await?;
    }
    Ok(restarted)
}

/// The address was proved. `void` takes away a password and data that were given before.
pub async fn confirm(tx: &AuthTx, user: &AuthUser, void: bool) -> Result<()> {
    tx.session.execute(sql!("auth", "confirm"), &[&user.id, &void]).await?;
    if let Some(email) = &user.email {
        tx.session.execute(sql!("auth", "verify_identity"), &[&user.id, email]).await?;
    }
    Ok(())
}

/// Changes the password.
pub async fn set_password(tx: &AuthTx, user: UserId, password: &str) -> Result<()> {
    changed(tx.session.execute(sql!("auth", "set_password"), &[&user, &password]).await?, user)
}

/// The same password under a better digest; nothing when it was changed meanwhile.
pub async fn rehash(tx: &AuthTx, user: UserId, old: &str, new: &str) -> Result<()> {
    tx.session.execute(sql!("auth", "rehash"), &[&user, &old, &new]).await.map(drop)
}

/// Notes a sign-in.
pub async fn signed_in(tx: &AuthTx, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "signed_in"), &[&user]).await?;
    tx.session.execute(sql!("auth", "identity_signed_in"), &[&user]).await.map(drop)
}

/// Merges objects into what is kept; a null takes a key away.
pub async fn merge_metadata(
    tx: &AuthTx,
    user: UserId,
    user_meta_data: &Value,
    app_meta_data: &Value,
) -> Result<()> {
    let merge = sql!("auth", "merge_metadata");
    changed(tx.session.execute(merge, &[&user, user_meta_data, app_meta_data]).await?, user)
}

/// Which of two addresses agrees to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that is wanted.
    New,
    /// The one that is left.
    Current,
}

impl Side {
    /// As `email_change_confirm_status` keeps it.
    pub const fn number(self) -> i16 {
        match self {
            Self::New => 1,
            Self::Current => 2,
        }
    }
}

/// What an address's agreement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// The other one is still to agree.
    Half,
    /// Both did: the wanted address is theirs.
    Both,
    /// Nothing is wanted any more.
    Nothing,
}

/// Notes the address somebody wants; what was mailed about an earlier wish is void.
pub async fn ask_email_change(tx: &AuthTx, user: UserId, wanted: &str) -> Result<()> {
    let asked = tx.session.execute(sql!("auth", "ask_email_change"), &[&user, &wanted]).await?;
    changed(asked, user)?;
    tx.session.execute(sql!("auth", "void_email_change"), &[&user]).await.map(drop)
}

/// One of the two addresses agrees. Once both did, each for itself, the wanted one is theirs, in
/// the profile as well.
pub async fn agree_email_change(tx: &AuthTx, user: UserId, side: Side) -> Result<Agreed> {
    #[derive(Deserialize)]
    struct Changed {
        email: String,
    }
    let side = side.number();
    if tx.session.execute(sql!("auth", "half_email_change"), &[&user, &side]).await? == 1 {
        return Ok(Agreed::Half);
    }
    let finish = sql!("auth", "finish_email_change");
    let row: Option<Changed> = tx.session.first(finish, &[&user, &side]).await?;
    match row {
        Some(row) => renamed(tx, user, &row.email).await.map(|()| Agreed::Both),
        None => Ok(Agreed::Nothing),
    }
}

/// Gives somebody another address at once.
pub async fn set_email(tx: &AuthTx, user: UserId, email: &str) -> Result<()> {
    changed(tx.session.execute(sql!("auth", "set_email"), &[&user, &email]).await?, user)?;
    renamed(tx, user, email).await
}

async fn renamed(tx: &AuthTx, user: UserId, email: &str) -> Result<()> {
    tx.session.execute(sql!("auth", "verify_identity"), &[&user, &email]).await?;
    tx.session.execute(sql!("auth", "profile_email"), &[&user, &email]).await.map(drop)
}

/// Until when somebody may not sign in; `None` lets them again.
pub async fn ban(tx: &AuthTx, user: UserId, until: Option<Timestamp>) -> Result<()> {
    changed(tx.session.execute(sql!("auth", "ban"), &[&user, &until]).await?, user)
}

/// Deletes somebody with profile, sessions and factors; `false` when there was nobody.
pub async fn delete(tx: &AuthTx, user: UserId) -> Result<bool> {
    Ok(tx.session.execute(sql!("auth", "delete_user"), &[&user]).await? == 1)
}

/// Keeps the row and forgets who it was.
pub async fn soft_delete(tx: &AuthTx, user: UserId) -> Result<()> {
    changed(tx.session.execute(sql!("auth", "soft_delete_user"), &[&user]).await?, user)?;
    tx.session.execute(sql!("auth", "delete_identities"), &[&user]).await?;
    tx.session.execute(sql!("auth", "end_all_sessions"), &[&user]).await?;
    tx.session.execute(sql!("auth", "drop_tokens"), &[&user]).await.map(drop)
}

fn changed(rows: u64, user: UserId) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Absent { what: "user", id: user.0 }) }
}
