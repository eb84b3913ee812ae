//! Whether a mail holds a threat, and why a person must answer it.
//!
//! Words found by [`super::stance`] and [`super::calls`] set how much the classifier must say.

use super::classifier::{Scores, place};
use super::conclude::{Seen, score};
use crate::contract::{EscalationReason, ThreatKind};

/// Which of `threat` and its kinds may be given: those a word was found for.
pub(super) fn threats_open(kinds: u32) -> u32 {
    let bit = |(index, kind): (usize, &ThreatKind)| (kinds >> index & 1) << place(kind.as_str());
    u32::from(kinds != 0) | ThreatKind::ALL.iter().enumerate().map(bit).sum::<u32>()
}

/// The most likely threat, if there is one at all.
pub(super) fn threat(scores: &Scores, seen: &Seen) -> Option<ThreatKind> {
    let sure = seen.count("sure:threat") > 0;
    if score(scores, "threat") <= threat_from(seen) && !sure {
        return None;
    }
    ThreatKind::ALL.iter().copied().max_by_key(|kind| {
        let announced = i32::from(seen.holds(&format!("stance:announced:{kind}")));
        let perhaps = i32::from(seen.holds(&format!("stance:perhaps:{kind}")));
        let rules = i32::try_from(seen.count(&format!("threat:{kind}"))).unwrap_or(0).min(3);
        score(scores, kind.as_str()) + 50 * rules + 400 * announced + 100 * perhaps
    })
}

/// The score from which a mail holds a threat: lower where a step is announced, higher where
/// every word for a step is accounted for otherwise. Set by cross-validation.
fn threat_from(seen: &Seen) -> i32 {
    let marked = |prefix: &str| seen.count(&format!("stance:{prefix}")) > 0;
    match (marked("announced"), marked("quiet")) {
        (true, false) => -400,
        (true, true) => 0,
        (false, false) if marked("perhaps") || marked("named") => -100,
        (false, _) => 300,
    }
}

/// The score from which a person must answer: lower where a word says so by itself.
fn escalate_from(seen: &Seen) -> i32 {
    match (seen.count("call:sure") > 0, seen.count("call:perhaps") > 0) {
        (true, _) => -400,
        (false, true) => 0,
        (false, false) => 200,
    }
}

/// Every reason why a person must answer; `Threat` first.
pub(super) fn escalation(
    scores: &Scores,
    seen: &Seen,
    threat: Option<ThreatKind>,
) -> Vec<EscalationReason> {
    let mut reasons: Vec<EscalationReason> =
        threat.map(|_| EscalationReason::Threat).into_iter().collect();
    let certain = seen.holds("call:bare") || seen.holds("call:sure:steering_attempt");
    if !certain && score(scores, "escalate") <= escalate_from(seen) {
        return reasons;
    }
    let named = || EscalationReason::ALL.iter().copied().skip(1);
    let before = reasons.len();
    let says_so = |reason: EscalationReason| {
        seen.holds(&format!("call:sure:{reason}"))
            || reason == EscalationReason::AsksForPerson && seen.holds("call:bare")
    };
    reasons.extend(named().filter(|reason| says_so(*reason)));
    for kind in ["escalate", "call:perhaps"] {
        if reasons.len() == before {
            reasons.extend(named().find(|reason| seen.holds(&format!("{kind}:{reason}"))));
        }
    }
    if reasons.is_empty() {
        reasons.push(EscalationReason::AsksForPerson);
    }
    reasons
}
