//! People who sign in, as far as the pipeline and the demo need them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::doors::{Claims, Store};
use crate::error::Result;
use crate::ids::{TenantId, UserId};
use crate::session::Params;
use crate::sql::sql;

/// What a person may do in their shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TenantRole {
    /// Everything: settings, people, keys.
    Owner,
    /// Works the mail and the chat; no settings.
    Agent,
    /// Reads.
    Viewer,
}

impl TenantRole {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }
}

/// A person with their shop: what every page begins with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Profile {
    /// The person.
    pub user_id: UserId,
    /// Address at registration, lower case.
    pub email: String,
    /// `user` or `admin`.
    pub role: String,
    /// As they want to be called.
    pub full_name: String,
    /// Since when they may do nothing.
    pub suspended_at: Option<Timestamp>,
    /// Their shop; `None` until approval.
    pub tenant_id: Option<TenantId>,
    /// What they may do in it; `None` until approval.
    pub tenant_role: Option<TenantRole>,
    /// The shop with all its settings and no secrets, or the one they registered that still waits.
    /// Amounts are as in the contract's columns.
    pub tenant: Option<Value>,
}

impl Profile {
    /// The claims for this person: their shop, unless they or their shop are suspended.
    pub fn claims(&self) -> Claims {
        let barred = self.suspended_at.is_some() || self.shop_is("suspended");
        Claims { user_id: self.user_id, tenant_id: if barred { None } else { self.tenant_id } }
    }

    /// Whether their shop, or the one they registered, stands at this status.
    pub fn shop_is(&self, status: &str) -> bool {
        let standing = self.tenant.as_ref().and_then(|tenant| tenant.get("status"));
        standing.and_then(Value::as_str) == Some(status)
    }
}

/// A person's profile and shop in one round trip; `None` when there is no such person.
pub async fn profile(store: &Store, user: UserId) -> Result<Option<Profile>> {
    let claims = Claims { user_id: user, tenant_id: None };
    store.as_user(&claims, async |tx| tx.session.first(sql!("users", "profile"), &[]).await).await
}

/// Makes a confirmed user with a profile, on our own Postgres. `password_hash` is bcrypt or
/// argon2. `false` when the address is taken.
pub async fn create(store: &Store, user: UserId, email: &str, password_hash: &str) -> Result<bool> {
    #[derive(Deserialize)]
    struct Created {
        created: bool,
    }
    store
        .as_setup(async |tx| {
            let nothing = Value::Object(serde_json::Map::new());
            let params: Params<'_> = &[&user, &email, &password_hash, &nothing];
            let row: Created = tx.session.one(sql!("admin", "create_user"), params).await?;
            Ok(row.created)
        })
        .await
}

#[derive(Deserialize)]
struct Found {
    user_id: Option<UserId>,
}

/// The account with this address where nobody proved it yet, from now on with this password and
/// without anything from before; `None` when there is none.
pub async fn take_unproved(
    store: &Store,
    email: &str,
    password_hash: &str,
) -> Result<Option<UserId>> {
    let params: Params<'_> = &[&email, &password_hash];
    store
        .as_setup(async |tx| {
            let row: Found = tx.session.one(sql!("admin", "take_unproved"), params).await?;
            Ok(row.user_id)
        })
        .await
}

/// The person who proved this address; `None` when there is none.
pub async fn by_email(store: &Store, email: &str) -> Result<Option<UserId>> {
    store
        .as_setup(async |tx| {
            let row: Found = tx.session.one(sql!("admin", "by_email"), &[&email]).await?;
            Ok(row.user_id)
        })
        .await
}

/// Makes the person with this address the first platform admin; `None` when there is none.
/// Refused where another person is one: they make others, see [`crate::admin::set_platform_role`].
pub async fn make_platform_admin(store: &Store, email: &str) -> Result<Option<UserId>> {
    let Some(user) = by_email(store, email).await? else { return Ok(None) };
    crate::admin::make_first(store, user).await?;
    Ok(Some(user))
}
