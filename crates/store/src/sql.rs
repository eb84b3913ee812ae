//! Finds statements in `db/queries/*.sql` while compiling.
//!
//! A file holds many statements, each under a line `--! name`. A name that does not exist is a
//! compile error. Nothing here knows what the statements mean.

/// A statement and the name errors call it by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    /// `file.statement`.
    pub(crate) name: &'static str,
    /// What is sent to the server.
    pub(crate) text: &'static str,
}

/// The statement `$name` of `db/queries/$file.sql`.
macro_rules! sql {
    ($file:literal, $name:literal) => {
        const {
            $crate::sql::Sql {
                name: concat!($file, ".", $name),
                text: $crate::sql::section(
                    include_str!(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/../../db/queries/",
                        $file,
                        ".sql"
                    )),
                    $name,
                ),
            }
        }
    };
}
pub(crate) use sql;

/// What stands between the line `--! name` and the next such line.
#[expect(clippy::panic, reason = "runs in the compiler only, where a panic is a compile error")]
pub(crate) const fn section(file: &'static str, name: &str) -> &'static str {
    let bytes = file.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if starts_heading(bytes, at) && line_is(bytes, at + 4, name.as_bytes()) {
            let start = at + 4 + name.len() + 1;
            let mut end = start;
            while end < bytes.len() && !starts_heading(bytes, end) {
                end += 1;
            }
            return file.split_at(end).0.split_at(start).1;
        }
        at += 1;
    }
    panic!("there is no statement of this name in this file")
}

/// Whether a line `--! ` begins at `at`.
#[expect(clippy::indexing_slicing, reason = "bounds are checked first")]
const fn starts_heading(bytes: &[u8], at: usize) -> bool {
    at + 4 < bytes.len()
        && bytes[at] == b'-'
        && bytes[at + 1] == b'-'
        && bytes[at + 2] == b'!'
        && bytes[at + 3] == b' '
        && (at == 0 || bytes[at - 1] == b'\n')
}

/// Whether `text` and then the end of the line stand at `at`.
#[expect(clippy::indexing_slicing, reason = "bounds are checked first")]
const fn line_is(bytes: &[u8], at: usize, text: &[u8]) -> bool {
    if at + text.len() >= bytes.len() || bytes[at + text.len()] != b'\n' {
        return false;
    }
    let mut index = 0;
    while index < text.len() {
        if bytes[at + index] != text[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_statement_ends_where_the_next_begins() {
        let file = "--! one\nselect 1;\n\n--! one_more\nselect 2;\n";
        assert_eq!(section(file, "one"), "select 1;\n\n");
        assert_eq!(section(file, "one_more"), "select 2;\n");
    }
}
