//! Allow, block, spam: the shop's own filters. Allow beats block beats spam.
//!
//! A filter names an exact address, a domain (with its sub-domains), or a pattern. Patterns
//! run in linear time and are refused when they are saved, not when a mail arrives.

use regex::{Regex, RegexBuilder};
use uuid::Uuid;

use crate::contract::FilterType;

/// Patterns are at most this long.
pub const MAX_PATTERN_CHARACTERS: usize = 300;
/// A compiled pattern takes at most this many bytes (hazard C34).
const MAX_COMPILED_BYTES: usize = 64 * 1024;

/// A filter as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterRow {
    /// Which row.
    pub id: Uuid,
    /// What it does.
    pub filter_type: FilterType,
    /// An address, or a pattern when `is_regex`.
    pub email_address: Option<String>,
    /// A domain, or a pattern when `is_regex`.
    pub domain: Option<String>,
    /// Whether the texts are patterns.
    pub is_regex: bool,
}

/// Why a filter was refused when it was saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Neither an address nor a domain.
    #[error("the filter names neither an address nor a domain")]
    Empty,
    /// Longer than [`MAX_PATTERN_CHARACTERS`].
    #[error("the text is longer than {MAX_PATTERN_CHARACTERS} characters")]
    TooLong,
    /// Not a pattern, or one that would grow too large.
    #[error("the pattern cannot be used: {0}")]
    Pattern(String),
}

/// A shop's filters, ready to use.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    matchers: Vec<(Uuid, FilterType, Matcher)>,
}

#[derive(Debug, Clone)]
enum Matcher {
    Address(String),
    Domain(String),
    AddressPattern(Regex),
    DomainPattern(Regex),
}

/// What the filters say about a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// No filter, or an allow filter, matches.
    Admitted {
        /// The allow filter that let it in.
        by: Option<Uuid>,
    },
    /// A block or spam filter matches and no allow filter does.
    Refused {
        /// `block` or `spam`.
        filter_type: FilterType,
        /// Which filter.
        by: Uuid,
    },
}

impl Filters {
    /// Compiles stored filters. A row that does not compile is skipped and reported: it was
    /// refused when saved, so it can only come from elsewhere, and must not stop the mail.
    pub fn compile(rows: &[FilterRow]) -> (Self, Vec<(Uuid, FilterError)>) {
        let (mut filters, mut broken) = (Self::default(), Vec::new());
        for row in rows {
            match matchers(row) {
                Ok(found) => filters
                    .matchers
                    .extend(found.into_iter().map(|matcher| (row.id, row.filter_type, matcher))),
                Err(error) => broken.push((row.id, error)),
            }
        }
        (filters, broken)
    }

    /// Whether a mail from `email` (lower case) comes in.
    pub fn admit(&self, email: &str) -> Admission {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        let first = |wanted: FilterType| {
            self.matchers
                .iter()
                .find(|(_, kind, matcher)| *kind == wanted && matcher.matches(email, domain))
                .map(|(id, ..)| *id)
        };
        if let Some(by) = first(FilterType::Allow) {
            return Admission::Admitted { by: Some(by) };
        }
        for filter_type in [FilterType::Block, FilterType::Spam] {
            if let Some(by) = first(filter_type) {
                return Admission::Refused { filter_type, by };
            }
        }
        Admission::Admitted { by: None }
    }
}

/// Checks a filter before it is saved.
pub fn check(row: &FilterRow) -> Result<(), FilterError> {
    matchers(row).map(|_| ())
}

fn matchers(row: &FilterRow) -> Result<Vec<Matcher>, FilterError> {
    // A pattern keeps its case: `\S` is not `\s`. It is matched without regard to case anyway.
    let text = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        Some(if row.is_regex { text.to_owned() } else { text.to_lowercase() })
    };
    let (address, domain) = (text(&row.email_address), text(&row.domain));
    if address.is_none() && domain.is_none() {
        return Err(FilterError::Empty);
    }
    let mut found = Vec::new();
    if let Some(address) = address {
        found.push(if row.is_regex {
            Matcher::AddressPattern(pattern(&address)?)
        } else {
            Matcher::Address(limited(&address)?)
        });
    }
    if let Some(domain) = domain {
        let bare = domain.trim_start_matches(['@', '.', '*']).to_owned();
        found.push(if row.is_regex {
            Matcher::DomainPattern(pattern(&domain)?)
        } else {
            Matcher::Domain(limited(&bare)?)
        });
    }
    Ok(found)
}

fn limited(text: &str) -> Result<String, FilterError> {
    if text.chars().count() > MAX_PATTERN_CHARACTERS {
        return Err(FilterError::TooLong);
    }
    Ok(text.to_owned())
}

fn pattern(text: &str) -> Result<Regex, FilterError> {
    RegexBuilder::new(&limited(text)?)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES * 4)
        .nest_limit(20)
        .build()
        .map_err(|error| FilterError::Pattern(error.to_string()))
}

impl Matcher {
    fn matches(&self, email: &str, domain: &str) -> bool {
        match self {
            Self::Address(address) => email == address,
            Self::Domain(wanted) => {
                domain == wanted
                    || domain.strip_suffix(wanted.as_str()).is_some_and(|sub| sub.ends_with('.'))
            }
            Self::AddressPattern(pattern) => pattern.is_match(email),
            Self::DomainPattern(pattern) => pattern.is_match(domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(
        filter_type: FilterType,
        address: Option<&str>,
        domain: Option<&str>,
        is_regex: bool,
    ) -> FilterRow {
        FilterRow {
            id: Uuid::from_u128(address.or(domain).map_or(0, |text| text.len() as u128)),
            filter_type,
            email_address: address.map(str::to_owned),
            domain: domain.map(str::to_owned),
            is_regex,
        }
    }

    #[test]
    fn allow_beats_block_beats_spam() {
        let rows = [
            row(FilterType::Spam, None, Some("example.com"), false),
            row(FilterType::Block, None, Some("sales.example.com"), false),
            row(FilterType::Allow, Some("Anna@sales.example.com"), None, false),
        ];
        let (filters, broken) = Filters::compile(&rows);
        assert!(broken.is_empty());
        assert!(matches!(
            filters.admit("anna@sales.example.com"),
            Admission::Admitted { by: Some(_) }
        ));
        let refused = |email| match filters.admit(email) {
            Admission::Refused { filter_type, .. } => Some(filter_type),
            Admission::Admitted { .. } => None,
        };
        assert_eq!(refused("bob@sales.example.com"), Some(FilterType::Block));
        assert_eq!(refused("bob@example.com"), Some(FilterType::Spam));
        assert_eq!(refused("bob@notexample.com"), None);
        assert_eq!(refused("bob@example.com.evil.org"), None);
    }

    #[test]
    fn a_pattern_means_what_it_says_in_any_case() {
        let rows = [
            row(FilterType::Block, Some(r"^\S+@Evil\.example$"), None, true),
            row(FilterType::Spam, None, Some(r"^\D+\.example$"), true),
        ];
        let (filters, broken) = Filters::compile(&rows);
        assert!(broken.is_empty());
        let refused = |email| match filters.admit(email) {
            Admission::Refused { filter_type, .. } => Some(filter_type),
            Admission::Admitted { .. } => None,
        };
        assert_eq!(refused("jan@evil.example"), Some(FilterType::Block));
        assert_eq!(refused("jan@sale.example"), Some(FilterType::Spam));
        assert_eq!(refused("jan@sale24.example"), None);
    }

    /// Hazard C34: such patterns are refused when they are saved.
    #[test]
    fn c34_patterns_that_would_grow_are_refused() {
        for bad in [
            "(a{1000}){1000}",
            "(",
            "[z-a]",
            "(?P<x",
            "((((((((((((((((((((((a))))))))))))))))))))))",
        ] {
            let refused = check(&row(FilterType::Spam, Some(bad), None, true));
            assert!(matches!(refused, Err(FilterError::Pattern(_))), "{bad}: {refused:?}");
        }
        let long = "a".repeat(1_000_000);
        assert_eq!(
            check(&row(FilterType::Spam, Some(&long), None, true)),
            Err(FilterError::TooLong)
        );
        assert_eq!(check(&row(FilterType::Spam, None, Some(" "), false)), Err(FilterError::Empty));
        assert_eq!(check(&row(FilterType::Spam, Some("^promo.*@"), None, true)), Ok(()));
    }
}
