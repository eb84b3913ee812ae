//! What will be written, what was refused and why, and what was read differently. Nothing is
//! lost: every refused row is in the report.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use store::TenantId;
use store::import::Table;

use super::row::Row;

/// Columns whose content is never written into a report.
const SECRET_COLUMNS: &[&str] = &[
    "gmail_password_encrypted",
    "encrypted_password",
    "api_key",
    "confirmation_token",
    "recovery_token",
    "email_change_token_new",
    "email_change_token_current",
    "reauthentication_token",
];

/// A row that is not taken.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// `schema.table`.
    pub table: &'static str,
    /// As the row names itself.
    pub id: String,
    /// Why.
    pub reason: String,
    /// The row, without secrets.
    pub row: Value,
}

/// Something in a row that is taken that was read differently, or not at all.
#[derive(Debug, Serialize)]
pub struct Remark {
    /// `schema.table`.
    pub table: &'static str,
    /// As the row names itself.
    pub id: String,
    /// What.
    pub what: String,
}

/// Everything.
#[derive(Debug, Default)]
pub struct Plan {
    rows: BTreeMap<Table, Vec<(Value, Row)>>,
    /// What is not taken.
    pub refused: Vec<Refused>,
    /// What was read differently.
    pub remarks: Vec<Remark>,
    /// The shops that are taken.
    pub shops: Vec<TenantId>,
}

impl Plan {
    /// Takes a row: as it will be written, and as it came.
    pub fn take(&mut self, table: Table, value: Value, row: &Row) {
        self.rows.entry(table).or_default().push((value, row.clone()));
    }

    /// Refuses a row.
    pub fn refuse(&mut self, table: Table, row: &Row, reason: impl Into<String>) {
        let (table, id) = (table.name(), name_of(row));
        self.refused.push(Refused { table, id, reason: reason.into(), row: shown(row) });
    }

    /// Says what was read differently.
    pub fn remark(&mut self, table: Table, row: &Row, what: impl Into<String>) {
        self.remarks.push(Remark { table: table.name(), id: name_of(row), what: what.into() });
    }

    /// The rows to write, parents first.
    pub fn tables(&self) -> Vec<(Table, Vec<Value>)> {
        let rows = |rows: &[(Value, Row)]| rows.iter().map(|(value, _)| value.clone()).collect();
        self.rows.iter().map(|(table, taken)| (*table, rows(taken))).collect()
    }

    /// The row that was taken at this place of a table, as it came.
    pub fn row_at(&self, table: Table, place: usize) -> Option<Row> {
        self.rows.get(&table)?.get(place).map(|(_, row)| row.clone())
    }
}

fn name_of(row: &Row) -> String {
    let names = ["id", "user_id", "tenant_id", "email"];
    row.text(&names).unwrap_or_else(|| "without an id".to_owned())
}

fn shown(row: &Row) -> Value {
    let mut row = row.0.clone();
    for column in SECRET_COLUMNS {
        if let Some(value) = row.get_mut(*column)
            && !value.is_null()
        {
            *value = Value::from("***");
        }
    }
    Value::Object(row)
}
