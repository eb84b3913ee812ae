//! Who must know, and how urgently.

use crate::contract::{NotificationType, Priority};
use crate::decide::{Action, Alert, Decision};
use crate::guard::Objection;

/// The alerts of a worked mail: the decision's own, and one for a draft that the guard
/// kept back although the decision would have sent it.
pub fn alerts(decision: &Decision, objections: &[Objection]) -> Vec<Alert> {
    let mut alerts = decision.alerts.clone();
    let guarded = decision.action == Action::Reply && !objections.is_empty();
    if guarded && !alerts.iter().any(|alert| alert.kind == NotificationType::HeldMail) {
        alerts.push(Alert {
            kind: NotificationType::HeldMail,
            priority: Priority::Medium,
            action_required: true,
        });
    }
    alerts
}
