//! Reads the rows out of a plain SQL dump: `COPY ... FROM stdin` blocks and `INSERT` statements.
//!
//! A dump is data and is never executed: in the hands of a server it could run programs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use store::import::Table;

use super::row::Row;

/// The rows of the tables that are known, and how many statements could not be read.
#[derive(Debug, Default)]
pub struct Dump {
    /// Rows by table.
    pub tables: BTreeMap<Table, Vec<Row>>,
    /// `INSERT`s and lines of the known tables that could not be read, each with why.
    pub unread: Vec<String>,
}

/// Reads a dump.
pub fn read(text: &str) -> Dump {
    let mut dump = Dump::default();
    let mut rest = text;
    while !rest.is_empty() {
        let line = rest.lines().next().unwrap_or_default();
        if let Some((table, columns)) = copy_heading(line) {
            rest = copy_block(&mut dump, table, &columns, after_line(rest));
        } else if starts_insert(line) {
            rest = insert(&mut dump, rest);
        } else if let Some(tag) = opens_body(line) {
            let body = rest.split_once(tag).map_or("", |(_, body)| body);
            rest = body.split_once(tag).map_or("", |(_, behind)| behind);
        } else {
            rest = after_line(rest);
        }
    }
    dump
}

/// The `$tag$` with which a function's body begins in this line.
fn opens_body(line: &str) -> Option<&str> {
    let start = line.find('$')?;
    let rest = line.get(start..)?;
    let length = rest.get(1..)?.find('$')?;
    let tag = rest.get(..length + 2)?;
    let named = tag.trim_matches('$').chars().all(|c| c.is_alphanumeric() || c == '_');
    named.then_some(tag)
}

fn is_constant(word: &str) -> bool {
    word.eq_ignore_ascii_case("true")
        || word.eq_ignore_ascii_case("false")
        || (word.parse::<f64>().is_ok() && word.chars().any(|c| c.is_ascii_digit()))
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, rest)| rest)
}

fn table_of(name: &str) -> Option<Table> {
    let name = name.replace('"', "").to_lowercase();
    Table::ALL.iter().copied().find(|table| table.name() == name)
}

fn columns_of(list: &str) -> Vec<String> {
    list.split(',').map(|column| column.trim().trim_matches('"').to_owned()).collect()
}

/// `COPY public.tenants (a, b) FROM stdin;`; `None` as table for one that is not taken.
fn copy_heading(line: &str) -> Option<(Option<Table>, Vec<String>)> {
    let rest = line.strip_prefix("COPY ")?;
    let (name, rest) = rest.split_once('(')?;
    let (columns, rest) = rest.split_once(')')?;
    rest.trim().to_lowercase().starts_with("from stdin").then_some(())?;
    Some((table_of(name.trim()), columns_of(columns)))
}

fn copy_block<'a>(
    dump: &mut Dump,
    table: Option<Table>,
    columns: &[String],
    mut rest: &'a str,
) -> &'a str {
    while !rest.is_empty() {
        // Only the newline itself ends a line: a field may end in a carriage return.
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = behind;
        if line.trim_end_matches('\r') == "\\." {
            break;
        }
        let Some(table) = table else { continue };
        let values: Vec<Value> = line.split('\t').map(copy_field).collect();
        if values.len() == columns.len() {
            push(dump, table, columns, values);
        } else {
            dump.unread.push(format!("{}: a line with other columns", table.name()));
        }
    }
    rest
}

/// A field of the text format: `\N` is null, backslashes escape.
fn copy_field(field: &str) -> Value {
    if field == "\\N" {
        return Value::Null;
    }
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('v') => text.push('\u{b}'),
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    Value::String(text)
}

fn push(dump: &mut Dump, table: Table, columns: &[String], values: Vec<Value>) {
    let row: Map<String, Value> = columns.iter().cloned().zip(values).collect();
    dump.tables.entry(table).or_default().push(Row(row));
}

fn starts_insert(line: &str) -> bool {
    line.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("insert into "))
}

/// `INSERT INTO public.tenants (a, b) VALUES (1, 'x'), (2, NULL);`: what stands behind it.
fn insert<'a>(dump: &mut Dump, text: &'a str) -> &'a str {
    let mut statement = Statement { rest: text.get(12..).unwrap_or_default() };
    let table = statement.until('(').and_then(|name| table_of(name.trim()));
    let columns = statement.until(')').map(columns_of).unwrap_or_default();
    let found = statement.rows(columns.len());
    if let Some(table) = table {
        match found {
            Some(rows) => {
                for values in rows {
                    push(dump, table, &columns, values);
                }
            }
            None => dump.unread.push(format!("{}: an INSERT of another shape", table.name())),
        }
        return statement.end();
    }
    statement.end()
}

/// What is still to be read of a statement.
struct Statement<'a> {
    rest: &'a str,
}

impl<'a> Statement<'a> {
    fn until(&mut self, end: char) -> Option<&'a str> {
        let (before, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(before)
    }

    fn skip(&mut self, expected: &str) -> Option<()> {
        let rest = self.rest.trim_start();
        let (start, rest) = rest.split_at_checked(expected.len())?;
        start.eq_ignore_ascii_case(expected).then_some(())?;
        self.rest = rest;
        Some(())
    }

    fn rows(&mut self, columns: usize) -> Option<Vec<Vec<Value>>> {
        // `OVERRIDING SYSTEM VALUE` may stand before it.
        if self.skip("overriding").is_some() {
            self.skip("system").or_else(|| self.skip("user"))?;
            self.skip("value")?;
            if !self.rest.trim_start().get(..6)?.eq_ignore_ascii_case("values") {
                return None;
            }
        }
        self.skip("values")?;
        let mut rows = Vec::new();
        loop {
            self.skip("(")?;
            let mut values = Vec::new();
            loop {
                values.push(self.literal()?);
                if self.skip(")").is_some() {
                    break;
                }
                self.skip(",")?;
            }
            (values.len() == columns).then_some(())?;
            rows.push(values);
            if self.skip(",").is_none() {
                return Some(rows);
            }
        }
    }

    /// A string, number, boolean or null, with any cast behind it.
    fn literal(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        let value = if self.rest.starts_with('\'') {
            Value::String(self.quoted(false)?)
        } else if self.rest.starts_with("E'") || self.rest.starts_with("e'") {
            self.rest = self.rest.get(1..)?;
            Value::String(self.quoted(true)?)
        } else {
            let end = self.rest.find([',', ')', ':'])?;
            let (word, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest;
            match word.trim() {
                word if word.eq_ignore_ascii_case("null") => Value::Null,
                word if is_constant(word) => Value::String(word.to_owned()),
                // A name or a call: the statement stands in a function's body.
                _ => return None,
            }
        };
        while self.rest.starts_with("::") {
            let end = self.rest.find([',', ')'])?;
            self.rest = self.rest.get(end..)?;
        }
        Some(value)
    }

    fn quoted(&mut self, escapes: bool) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.rest.get(1..)?.char_indices();
        while let Some((place, character)) = characters.next() {
            let behind = self.rest.get(1 + place + character.len_utf8()..)?;
            match character {
                '\'' if behind.starts_with('\'') => {
                    characters.next();
                    text.push('\'');
                }
                '\'' => {
                    self.rest = behind;
                    return Some(text);
                }
                '\\' if escapes => match characters.next()?.1 {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        None
    }

    /// What stands behind the statement's semicolon, strings left aside.
    fn end(mut self) -> &'a str {
        while let Some(place) = self.rest.find([';', '\'']) {
            if self.rest.get(place..).is_some_and(|rest| rest.starts_with(';')) {
                return self.rest.get(place + 1..).unwrap_or_default();
            }
            self.rest = self.rest.get(place..).unwrap_or_default();
            if self.quoted(false).is_none() {
                return "";
            }
        }
        ""
    }
}
