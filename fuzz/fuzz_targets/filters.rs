//! Any filters a shop may save, against any sender: what was refused matches nothing, what was
//! taken is quick (hazard C34).
#![no_main]

use std::time::Duration;

use domain::contract::FilterType;
use domain::filter::{Admission, FilterError, FilterRow, Filters, MAX_PATTERN_CHARACTERS, check};
use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

/// Processor time that one filter may take, with a sanitizer on and unmeasured code beside it.
const MOST_TO_COMPILE: Duration = Duration::from_millis(500);
/// The same for one sender against all of them.
const MOST_TO_MATCH: Duration = Duration::from_millis(200);

fuzz_target!(|text: &str| {
    // One filter a line, the sender last: `sR^promo.*@`.
    let mut lines: Vec<&str> = text.lines().take(9).collect();
    // No address that is kept is longer.
    let sender: String = lines.pop().unwrap_or_default().to_lowercase();
    let sender: String = sender.chars().take(320).collect();
    let rows: Vec<FilterRow> = lines.iter().zip(1_u128..).map(|(line, id)| row(line, id)).collect();
    let mut taken = Vec::new();
    for row in &rows {
        let begun = spent();
        let checked = check(row);
        let took = spent() - begun;
        assert!(took < MOST_TO_COMPILE, "{took:?} for {row:?}");
        let given = [&row.email_address, &row.domain];
        let longest = given.iter().filter_map(|text| text.as_ref()).map(|text| text.trim());
        match checked {
            Ok(()) => taken.push(row.clone()),
            Err(FilterError::Empty) => {
                assert!(longest.into_iter().all(str::is_empty), "{row:?} is not empty");
            }
            Err(FilterError::TooLong) => {
                let mut long = longest.map(|text| text.chars().count());
                assert!(long.any(|length| length > MAX_PATTERN_CHARACTERS - 50), "{row:?}");
            }
            Err(FilterError::Pattern(_)) => assert!(row.is_regex, "{row:?} is no pattern"),
        }
    }
    let (filters, broken) = Filters::compile(&rows);
    assert_eq!(broken.len(), rows.len() - taken.len(), "saved is not what is used");
    let begun = spent();
    let admission = filters.admit(&sender);
    let took = spent() - begun;
    assert!(took < MOST_TO_MATCH, "{took:?} for {rows:?} and {sender:?}");
    agrees(&taken, &sender, admission);
});

/// One after the other, each filter alone says what all together say.
fn agrees(rows: &[FilterRow], sender: &str, all: Admission) {
    let alone = |row: &FilterRow| Filters::compile(std::slice::from_ref(row)).0.admit(sender);
    let hits = |wanted: FilterType| {
        rows.iter()
            .find(|row| row.filter_type == wanted && alone(row) != Admission::Admitted { by: None })
    };
    let expected = match (hits(FilterType::Allow), hits(FilterType::Block), hits(FilterType::Spam))
    {
        (Some(row), ..) => Admission::Admitted { by: Some(row.id) },
        (None, Some(row), _) | (None, None, Some(row)) => {
            Admission::Refused { filter_type: row.filter_type, by: row.id }
        }
        (None, None, None) => Admission::Admitted { by: None },
    };
    assert_eq!(all, expected, "{rows:?} and {sender:?}");
}

fn row(line: &str, id: u128) -> FilterRow {
    let mut signs = line.chars();
    let filter_type = match signs.next() {
        Some('a') => FilterType::Allow,
        Some('b') => FilterType::Block,
        _ => FilterType::Spam,
    };
    let (is_regex, is_domain) = match signs.next() {
        Some('r') => (true, true),
        Some('R') => (true, false),
        Some('d') => (false, true),
        _ => (false, false),
    };
    let text = Some(signs.as_str().to_owned());
    let (email_address, domain) = if is_domain { (None, text) } else { (text, None) };
    FilterRow { id: Uuid::from_u128(id), filter_type, email_address, domain, is_regex }
}

/// What this thread has computed so far.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}
