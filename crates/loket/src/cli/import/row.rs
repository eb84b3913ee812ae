//! A row of the system before Loket. A dump says everything in text, a database in JSON; both are
//! read leniently here and nowhere else.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Ids that are no UUIDs become UUIDs made from them and this, always the same.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c6f_6b65_7421_5e1f_9d0c_0f2b_7f55_a4d1);

/// A row as it came.
#[derive(Debug, Clone, Default)]
pub struct Row(pub Map<String, Value>);

impl Row {
    fn value(&self, names: &[&str]) -> Option<&Value> {
        names.iter().filter_map(|name| self.0.get(*name)).find(|value| !value.is_null())
    }

    /// The first of these columns that says something, as text without blanks around it.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        let text = match self.value(names)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return None,
        };
        // Postgres takes no zero character.
        let text = text.replace('\0', "");
        (!text.is_empty()).then_some(text)
    }

    /// A yes or no.
    pub fn flag(&self, names: &[&str]) -> Option<bool> {
        match self.text(names)?.to_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "ja" => Some(true),
            "f" | "false" | "0" | "no" | "nee" => Some(false),
            _ => None,
        }
    }

    /// A whole number.
    pub fn whole(&self, names: &[&str]) -> Option<i64> {
        self.text(names)?.parse().ok()
    }

    /// A percentage of 0 to 100, as text that Postgres takes for a number.
    pub fn percentage(&self, names: &[&str]) -> Option<String> {
        let text = self.text(names)?.trim_end_matches('%').trim().replace(',', ".");
        let number: f64 = text.parse().ok()?;
        (0.0..=100.0).contains(&number).then_some(text)
    }

    /// A JSON value, also where it stands in a text.
    pub fn json(&self, names: &[&str]) -> Option<Value> {
        match self.value(names)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            value => Some(value.clone()),
        }
    }

    /// A moment. One without a time zone is taken as UTC, which is what Supabase runs on.
    pub fn moment(&self, names: &[&str]) -> Option<Timestamp> {
        let text = self.text(names)?;
        text.parse::<Timestamp>().ok().or_else(|| {
            let moment = text.parse::<DateTime>().ok()?;
            moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })
    }

    /// The id in these columns, of a row of `table`.
    pub fn id(&self, table: &str, names: &[&str]) -> Option<Uuid> {
        self.text(names).map(|text| id_of(table, &text))
    }
}

/// A UUID stays as it is; anything else always becomes the same UUID.
pub fn id_of(table: &str, text: &str) -> Uuid {
    text.parse().unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, format!("{table}/{text}").as_bytes()))
}
