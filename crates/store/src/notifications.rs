//! What a person should know or do.

use domain::contract::{NotificationType, Priority};
use jiff::Timestamp;
use serde::Deserialize;

use crate::answer::NewNotification;
use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::{InteractionId, NotificationId, ThreadId, UserId};
use crate::session::Params;
use crate::sql::sql;

/// A notification as stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NotificationRow {
    /// Its id.
    pub id: NotificationId,
    /// The conversation it is about.
    pub thread_id: Option<ThreadId>,
    /// The mail it is about.
    pub interaction_id: Option<InteractionId>,
    /// The contract's `type`.
    pub notification_type: NotificationType,
    /// How urgent.
    pub priority: Priority,
    /// Whether somebody must act.
    pub action_required: bool,
    /// A key the pages translate.
    pub detail: String,
    /// When it arose.
    pub created_at: Timestamp,
    /// When it was dealt with.
    pub done_at: Option<Timestamp>,
    /// By whom.
    pub done_by: Option<UserId>,
}

/// Notifications, newest first, from behind `after`; only those not dealt with when `open`.
pub async fn page(
    tx: &TenantTx,
    open: bool,
    after: Option<(Timestamp, NotificationId)>,
    limit: u16,
) -> Result<Vec<NotificationRow>> {
    let (at, id) = after.unzip();
    let params: Params<'_> = &[&tx.tenant(), &open, &at, &id, &i64::from(limit)];
    tx.session.all(sql!("notifications", "page"), params).await
}

/// Adds one outside an answer, for instance mailbox trouble.
pub async fn insert(
    tx: &TenantTx,
    thread: Option<ThreadId>,
    interaction: Option<InteractionId>,
    new: &NewNotification,
) -> Result<()> {
    let params: Params<'_> = &[
        &tx.tenant(),
        &new.id,
        &thread,
        &interaction,
        &new.notification_type.as_str(),
        &new.priority.as_str(),
        &new.action_required,
        &new.detail,
    ];
    tx.session.execute(sql!("notifications", "insert"), params).await.map(drop)
}

/// Somebody dealt with it. Twice is [`crate::Error::Absent`] the second time.
pub async fn mark_done(tx: &TenantTx, notification: NotificationId) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &notification, &tx.actor()];
    let changed = tx.session.execute(sql!("notifications", "done"), params).await?;
    crate::expect_change(changed, "notification", notification.0)
}
