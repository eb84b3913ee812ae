//! Who runs the platform, and who belongs to a shop: platform admins, approval with a line in the
//! audit log when it is refused, colleagues and their invitations.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::doors::{AdminTx, Purpose, Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{InvitationId, MailboxId, TenantId, UserId};
use crate::mailboxes::MailboxKind;
use crate::session::Params;
use crate::sql::sql;
use crate::users::TenantRole;

/// A platform admin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PlatformAdmin {
    /// The person.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Since when they may do nothing.
    pub suspended_at: Option<Timestamp>,
}

/// A colleague.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// As they want to be called.
    pub full_name: String,
    /// What they may do.
    pub tenant_role: TenantRole,
    /// Since when they may do nothing.
    pub suspended_at: Option<Timestamp>,
}

/// An invitation that can still be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who was asked.
    pub email: String,
    /// What they will be.
    pub tenant_role: TenantRole,
    /// Who asked.
    pub invited_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Changed {
    changed: bool,
}

/// Makes a person the first platform admin; nothing when they are it already.
/// [`Error::Forbidden`] where somebody else is one.
pub async fn make_first(store: &Store, user: UserId) -> Result<()> {
    store
        .as_setup(async |tx| {
            tx.session.execute(sql!("admin", "make_first_admin"), &[&user]).await.map(drop)
        })
        .await
}

/// The platform admins, oldest first.
pub async fn platform_admins(store: &Store) -> Result<Vec<PlatformAdmin>> {
    store.as_setup(async |tx| tx.session.all(sql!("admin", "platform_admins"), &[]).await).await
}

/// Approves a shop; `false` when it was approved before. A refusal leaves a line in the
/// platform's audit log.
pub async fn approve(store: &Store, admin: UserId, shop: TenantId) -> Result<bool> {
    let done = store.as_admin(admin, async |tx| crate::shops::approve(tx, shop).await).await;
    noting_refusal(store, admin, shop, "shop.approved", done).await
}

/// The next standing of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A shop that waits is turned down.
    Rejected,
    /// An approved shop stops: no mail is fetched, the queue is held, its people see nothing.
    Suspended,
    /// A suspended shop goes on.
    Resumed,
}

impl Standing {
    const fn status(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Suspended => "suspended",
            Self::Resumed => "approved",
        }
    }

    /// As in the audit log.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Rejected => "shop.rejected",
            Self::Suspended => "shop.suspended",
            Self::Resumed => "shop.resumed",
        }
    }
}

/// Changes a shop's standing, with a reason of at least 5 characters that the shop can read.
/// `false` when it stood so before. A refusal leaves a line in the platform's audit log.
pub async fn set_standing(
    store: &Store,
    admin: UserId,
    shop: TenantId,
    standing: Standing,
    reason: &str,
) -> Result<bool> {
    let done = store
        .as_admin(admin, async |tx| {
            crate::shops::set_status(tx, shop, standing.status(), reason).await
        })
        .await;
    noting_refusal(store, admin, shop, standing.action(), done).await
}

/// The refusal rolled its transaction back, so its line is written in another.
async fn noting_refusal<T>(
    store: &Store,
    actor: UserId,
    shop: TenantId,
    action: &str,
    done: Result<T>,
) -> Result<T> {
    if let Err(Error::Forbidden { .. }) = &done {
        store
            .as_system(Purpose::Audit, async |tx| {
                let params: Params<'_> = &[&shop, &actor, &action];
                tx.session.execute(sql!("admin", "note_refusal"), params).await
            })
            .await?;
    }
    done
}

/// Makes a person a platform admin (`admin`) or takes that away (`user`), with a reason. `false`
/// when it was so before; [`crate::Constraint::NotOneself`] for one's own role.
pub async fn set_platform_role(
    tx: &AdminTx,
    user: UserId,
    admin: bool,
    reason: &str,
) -> Result<bool> {
    let role = if admin { "admin" } else { "user" };
    let params: Params<'_> = &[&user, &role, &reason];
    let row: Changed = tx.session.one(sql!("admin", "set_platform_role"), params).await?;
    Ok(row.changed)
}

/// Suspends a person or ends that, with a reason. `false` when it was so before.
pub async fn set_user_suspended(
    tx: &AdminTx,
    user: UserId,
    suspended: bool,
    reason: &str,
) -> Result<bool> {
    let params: Params<'_> = &[&user, &suspended, &reason];
    let row: Changed = tx.session.one(sql!("admin", "set_user_suspended"), params).await?;
    Ok(row.changed)
}

/// The person with this address, asked by an admin.
pub async fn profile_by_email(tx: &AdminTx, email: &str) -> Result<Option<UserId>> {
    #[derive(Deserialize)]
    struct Found {
        user_id: UserId,
    }
    let found: Option<Found> =
        tx.session.first(sql!("admin", "profile_by_email"), &[&email]).await?;
    Ok(found.map(|found| found.user_id))
}

/// Invites an address to the shop for 48 hours; an older invitation of it ends. `token_hash` is
/// SHA-256 of the token in the mail. Owners only. Returns until when it is good.
pub async fn invite(
    tx: &TenantTx,
    id: InvitationId,
    email: &str,
    role: TenantRole,
    token_hash: &[u8; 32],
) -> Result<Timestamp> {
    #[derive(Deserialize)]
    struct Invited {
        expires_at: Timestamp,
    }
    let params: Params<'_> = &[&id, &email, &role.as_str(), &token_hash.as_slice()];
    let row: Invited = tx.session.one(sql!("admin", "invite"), params).await?;
    Ok(row.expires_at)
}

/// Takes an invitation back; `false` when there was nothing to take back. Owners only.
pub async fn revoke_invitation(tx: &TenantTx, id: InvitationId) -> Result<bool> {
    let row: Changed = tx.session.one(sql!("admin", "revoke_invitation"), &[&id]).await?;
    Ok(row.changed)
}

/// Joins the person behind `tx` (who has no shop yet) to the shop that invited their confirmed
/// address. `None` when the invitation is no good, for whatever reason.
pub async fn accept_invitation(
    tx: &TenantTx,
    shop: TenantId,
    token_hash: &[u8; 32],
) -> Result<Option<TenantRole>> {
    #[derive(Deserialize)]
    struct Joined {
        tenant_role: Option<TenantRole>,
    }
    let params: Params<'_> = &[&shop, &token_hash.as_slice()];
    let row: Joined = tx.session.one(sql!("admin", "accept_invitation"), params).await?;
    Ok(row.tenant_role)
}

/// Changes what a colleague may do; `false` when it was so before. Owners only, and
/// [`crate::Constraint::LastOwner`] when no owner would be left.
pub async fn set_member_role(tx: &TenantTx, user: UserId, role: TenantRole) -> Result<bool> {
    let params: Params<'_> = &[&user, &role.as_str()];
    let row: Changed = tx.session.one(sql!("admin", "set_member_role"), params).await?;
    Ok(row.changed)
}

/// Lets a colleague go; `false` when they were no member. Owners only.
pub async fn remove_member(tx: &TenantTx, user: UserId) -> Result<bool> {
    let row: Changed = tx.session.one(sql!("admin", "remove_member"), &[&user]).await?;
    Ok(row.changed)
}

/// The shop's people.
pub async fn members(tx: &TenantTx) -> Result<Vec<Member>> {
    tx.session.all(sql!("admin", "members"), &[&tx.tenant()]).await
}

/// The invitations that can still be accepted.
pub async fn invitations(tx: &TenantTx) -> Result<Vec<Invitation>> {
    tx.session.all(sql!("admin", "invitations"), &[&tx.tenant()]).await
}

/// A mailbox of a shop that still waits.
#[derive(Debug, Clone)]
pub struct WaitingMailbox<'a> {
    /// The shop.
    pub shop: TenantId,
    /// Its id.
    pub id: MailboxId,
    /// How it is reached.
    pub kind: MailboxKind,
    /// Its address.
    pub address: &'a str,
    /// Hosts and ports; no secrets.
    pub config: &'a Value,
    /// The envelope around the password.
    pub secret_encrypted: Option<&'a str>,
}

/// Sets the one mailbox of the waiting shop that the person behind `tx` registered.
pub async fn register_mailbox(tx: &TenantTx, mailbox: &WaitingMailbox<'_>) -> Result<()> {
    let params: Params<'_> = &[
        &mailbox.shop,
        &mailbox.id,
        &mailbox.kind.as_str(),
        &mailbox.address,
        mailbox.config,
        &mailbox.secret_encrypted,
    ];
    tx.session.execute(sql!("admin", "register_mailbox"), params).await.map(drop)
}

/// Ends the registration of a waiting shop: the assistant's name, and the envelope around the
/// mailbox password in the contract's own column; `None` where there is no password. For the
/// person who registered it.
pub async fn complete_registration(
    tx: &TenantTx,
    shop: TenantId,
    ai_persona_name: &str,
    secret_encrypted: Option<&str>,
) -> Result<()> {
    let params: Params<'_> = &[&shop, &ai_persona_name, &secret_encrypted];
    tx.session.execute(sql!("admin", "complete_registration"), params).await.map(drop)
}
