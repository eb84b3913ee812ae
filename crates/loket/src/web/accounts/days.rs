//! Working days and holidays of a shop, as `dagen_instellingen` keeps them and as people type them.

use jiff::civil::Date;
use serde_json::{Value, json};

/// Where the working days are: a list of numbers, Monday 1 to Sunday 7 (ISO 8601).
pub const WORKING: &str = "working_days";
/// Where the holidays are: a list of dates, `2026-12-25`.
pub const HOLIDAYS: &str = "holidays";
/// The week.
pub const WEEK: [&str; 7] = ["1", "2", "3", "4", "5", "6", "7"];
/// What a shop works that said nothing.
const USUAL: &str = "1,2,3,4,5";
/// Holidays a shop may keep.
const MOST: usize = 100;

/// The working days with commas between.
pub fn working(kept: &Value) -> String {
    let days = kept.get(WORKING).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let days: Vec<String> = days
        .iter()
        .filter_map(Value::as_u64)
        .filter(|day| (1..=7).contains(day))
        .map(|day| day.to_string())
        .collect();
    if days.is_empty() { USUAL.to_owned() } else { days.join(",") }
}

/// The holidays, one on a line, as `25-12-2026`.
pub fn holidays(kept: &Value) -> String {
    let days = kept.get(HOLIDAYS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let shown = |day: &Value| {
        let date: Date = day.as_str()?.parse().ok()?;
        Some(format!("{:02}-{:02}-{:04}", date.day(), date.month(), date.year()))
    };
    days.iter().filter_map(shown).collect::<Vec<_>>().join("\n")
}

/// What was ticked; `None` when it is no day at all.
pub fn read_working(ticked: &str) -> Option<Value> {
    let days: Vec<u64> = ticked.split(',').filter_map(|day| day.parse().ok()).collect();
    (!days.is_empty()).then(|| json!(days))
}

/// What was typed, in order and each once; or the first line that is no date.
pub fn read_holidays(typed: &str) -> Result<Value, String> {
    let mut dates = Vec::new();
    for line in typed.split(['\n', ',', ';']).map(str::trim).filter(|line| !line.is_empty()) {
        dates.push(date(line).ok_or_else(|| line.chars().take(40).collect::<String>())?);
    }
    dates.sort_unstable();
    dates.dedup();
    if let Some(one_too_many) = dates.get(MOST) {
        return Err(one_too_many.to_string());
    }
    let dates: Vec<String> = dates.iter().map(ToString::to_string).collect();
    Ok(json!(dates))
}

/// `25-12-2026`, `25/12/2026` or `2026-12-25`.
fn date(line: &str) -> Option<Date> {
    let parts: Vec<&str> = line.split(['-', '/', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (2000..=2100).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_as_they_are_shown() {
        let kept = json!({ WORKING: [1, 6], HOLIDAYS: ["2026-04-27", "2026-12-25"] });
        assert_eq!(working(&kept), "1,6");
        assert_eq!(working(&json!({})), "1,2,3,4,5");
        assert_eq!(working(&json!({ WORKING: [9, "x"] })), "1,2,3,4,5");
        assert_eq!(read_working(&working(&kept)), Some(json!([1, 6])));
        assert_eq!(read_working(""), None);
        assert_eq!(holidays(&kept), "27-04-2026\n25-12-2026");
        assert_eq!(read_holidays(&holidays(&kept)).as_ref(), Ok(&kept[HOLIDAYS]));
    }

    #[test]
    fn dates_in_any_usual_form_and_the_first_that_is_none() {
        let typed = "25/12/2026\r\n2026-04-27, 1-1-2027;1-1-2027";
        let dates = json!(["2026-04-27", "2026-12-25", "2027-01-01"]);
        assert_eq!(read_holidays(typed), Ok(dates));
        for wrong in ["30-02-2026", "kerst", "25-12-26", "1-1-1999", "25-12"] {
            assert_eq!(read_holidays(&format!("1-1-2027\n{wrong}")), Err(wrong.to_owned()));
        }
        assert_eq!(read_holidays(" \n"), Ok(json!([])));
    }
}
