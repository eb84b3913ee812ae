//! What a number says by its looks alone: digits, letters, joints, and what else it may be.

use super::beside::{alone, is_share, like_a_phone, like_a_postcode, like_an_amount, of_a_street};
use super::{Token, digits};

/// What the number of digits says. `stands` where nothing else is beside it.
pub(super) fn by_length(whole: &str, stands: bool) -> i32 {
    let count = digits(whole);
    let mixed = whole.bytes().any(|byte| byte.is_ascii_alphabetic());
    let joined = whole.contains(['-', '/', '.', '_']);
    match count {
        0..=1 => {
            let stands = mixed && joined && stands;
            if stands && whole.bytes().any(|byte| byte.is_ascii_uppercase()) { -6 } else { -40 }
        }
        2 => {
            if mixed {
                -15
            } else {
                -48
            }
        }
        3 => {
            if mixed || joined {
                2
            } else {
                -25
            }
        }
        4 => {
            if mixed || joined {
                14
            } else {
                0
            }
        }
        5..=13 => 22,
        _ => -20,
    }
}

/// What capitals, letters and joints say.
pub(super) fn by_form(whole: &str) -> i32 {
    let count = digits(whole);
    let mixed = whole.bytes().any(|byte| byte.is_ascii_alphabetic());
    let joined = whole.contains(['-', '/', '.', '_']);
    let mut score = 0;
    let capitals = whole.bytes().filter(u8::is_ascii_uppercase).count() >= 2;
    score += if capitals && joined && count > 1 { 18 } else { 0 };
    score += if capitals && !joined && count > 1 && count < 6 { 8 } else { 0 };
    score += if mixed && joined { 14 } else { 0 };
    score += if mixed && whole.bytes().any(|byte| byte.is_ascii_uppercase()) { 4 } else { 0 };
    score += if !mixed && joined && count > 3 { 6 } else { 0 };
    score
}

/// What it looks like where no word says that it is an order number.
pub(super) fn by_likeness(whole: &str, tokens: &[Token<'_>], first: usize, last: usize) -> i32 {
    let mut score = 0;
    score -= if like_an_amount(whole) { 60 } else { 0 };
    score -= if like_a_phone(whole, tokens, first, last) { 90 } else { 0 };
    score -= if like_a_postcode(whole, tokens, first, last) { 60 } else { 0 };
    score -= if of_a_street(whole, tokens, first) { 60 } else { 0 };
    score -= if is_share(whole) { 30 } else { 0 };
    let thousands = !alone(tokens, first, last)
        && whole.split_once('.').is_some_and(|(most, rest)| {
            most.len() < 3 && rest.len() == 3 && digits(rest) == 3 && digits(most) == most.len()
        });
    score -= if thousands { 40 } else { 0 };
    let letters = whole.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = whole.get(letters..).unwrap_or_default();
    let code = (2..=3).contains(&letters) && digits(rest) == rest.len() && rest.len() >= 3;
    score += if code { 6 } else { 0 };
    score
}
