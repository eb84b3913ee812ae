//! Shapes that speak against an order number: tracking, phone, date, IBAN, postcode.

use super::{Token, digits};

/// How much a shape speaks against an order number: tracking, phone, date, IBAN, postcode.
pub(super) fn distractor(whole: &str, after: Option<&Token<'_>>, tail: &Token<'_>) -> i32 {
    let compact: String = whole.chars().filter(char::is_ascii_alphanumeric).collect();
    let upper = compact.to_ascii_uppercase();
    let count = digits(&compact);
    let letters = compact.len() - count;
    if whole.contains('@') || whole.contains("www") || whole.contains("://") || compact.len() > 26 {
        return 200;
    }
    let carrier =
        ["3S", "JVGL", "JJD", "JD0", "1Z", "CD0", "RR", "0034", "3232", "LX", "LY", "TBA"];
    if upper.starts_with("3S") && compact.len() >= 9 && letters > 2
        || count >= 9 && carrier.iter().any(|start| upper.starts_with(start))
        || count >= 14 && letters < 5
    {
        return 150;
    }
    let iban = upper.get(..2).is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && upper.get(2..4).is_some_and(|it| digits(it) == 2)
        && compact.len() >= 14;
    let phone = letters == 0
        && (whole.starts_with("06") && (9..=11).contains(&count)
            || whole.starts_with("00") && count >= 11
            || whole.starts_with('0') && (count == 10 || count == 11) && whole != compact
            || whole.starts_with("31") && count == 11
            || whole.starts_with("32") && count == 11
            || whole.starts_with("07") && count == 11
            || whole.starts_with("04") && count == 10);
    let bank = ["TEST", "IBAN", "INGB", "RABO", "ABNA", "BIC", "KNAB", "BUNQ"];
    if iban || phone || bank.iter().any(|word| upper.starts_with(word)) {
        return 150;
    }
    if is_date(whole) || is_time(whole, &upper) || is_span(whole) {
        return 90;
    }
    let year = letters == 0
        && compact == whole
        && count == 4
        && (upper.starts_with("19") || upper.starts_with("20"));
    let postcode = letters == 0
        && count == 4
        && tail.after.is_empty()
        && after.is_some_and(|next| {
            next.core.len() == 2 && next.core.bytes().all(|it| it.is_ascii_uppercase())
        });
    let dutch_postcode = compact.len() == 6
        && count == 4
        && letters == 2
        && whole.len() == 6
        && upper.bytes().take(4).all(|it| it.is_ascii_digit())
        && !upper.is_empty();
    if postcode {
        120
    } else if dutch_postcode {
        15
    } else if year {
        30
    } else {
        0
    }
}

/// `2006-2025`: two years, no number.
fn is_span(whole: &str) -> bool {
    let year = |part: &str| {
        part.len() == 4 && (part.starts_with("19") || part.starts_with("20")) && digits(part) == 4
    };
    whole.split_once('-').is_some_and(|(from, to)| year(from) && year(to))
}

fn is_date(whole: &str) -> bool {
    let parts: Vec<&str> = whole.split(['-', '/', '.']).collect();
    let number = |part: &str| part.parse::<u32>().ok();
    let fits = |day: &str, month: &str| {
        number(day).is_some_and(|day| (1..=31).contains(&day))
            && day.len() <= 2
            && number(month).is_some_and(|month| (1..=12).contains(&month))
            && month.len() <= 2
    };
    match parts.as_slice() {
        [day, month, year] if year.len() == 4 || year.len() == 2 && !whole.contains('-') => {
            fits(day, month)
                && number(year).is_some_and(|year| year < 40 || (1990..2040).contains(&year))
        }
        [year, month, day] if year.len() == 4 => fits(day, month),
        [day, month] => fits(day, month) && whole.len() <= 5,
        _ => false,
    }
}

fn is_time(whole: &str, upper: &str) -> bool {
    whole.split_once(':').is_some_and(|(hour, _)| hour.len() <= 2 && digits(hour) == hour.len())
        || upper.len() <= 4
            && ["U", "H", "PM", "AM"].iter().any(|unit| {
                upper
                    .strip_suffix(unit)
                    .is_some_and(|rest| !rest.is_empty() && digits(rest) == rest.len())
            })
            && whole.len() == upper.len()
        || whole.starts_with("GMT")
        || upper.len() <= 5
            && [
                "CM", "MM", "KG", "ML", "GB", "KM", "EUR", "TH", "ST", "ND", "RD", "X", "E", "STE",
                "K", "V", "W",
            ]
            .iter()
            .any(|unit| {
                upper
                    .strip_suffix(unit)
                    .is_some_and(|rest| (1..4).contains(&rest.len()) && digits(rest) == rest.len())
            })
            && whole.len() == upper.len()
}
