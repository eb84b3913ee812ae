//! What the pages about conversations read, each in one transaction as the visitor.

use jiff::Timestamp;
use serde::Deserialize;
use store::answer::LedgerRow;
use store::conversations::ThreadView;
use store::desk::{Attention, DeskCounts, DeskQuery, DeskRow, SetAside};
use store::ingest::{Fate, InteractionState};
use store::shops::ShopRow;
use store::{Claims, RawId, Store, ThreadId};
use uuid::Uuid;

use super::super::failure::Failure;

/// Rows on a page.
pub const PAGE: u16 = 30;
/// Notifications that are read for the summary.
const ATTENTION: u16 = 20;

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Every conversation.
    All,
    /// A person must answer.
    Held,
    /// A draft to approve.
    Drafted,
    /// Answered.
    Answered,
    /// Written by machines.
    Automatic,
    /// Kept out by a filter.
    Filtered,
    /// Could not be processed.
    Quarantined,
}

impl Tab {
    /// In the order of the page.
    pub const ALL: [Self; 7] = [
        Self::All,
        Self::Held,
        Self::Drafted,
        Self::Answered,
        Self::Automatic,
        Self::Filtered,
        Self::Quarantined,
    ];

    /// In the address, and in the texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "alle",
            Self::Held => "wacht",
            Self::Drafted => "concepten",
            Self::Answered => "beantwoord",
            Self::Automatic => "automatisch",
            Self::Filtered => "gefilterd",
            Self::Quarantined => "quarantaine",
        }
    }

    /// What it lists.
    const fn contents(self) -> Contents {
        match self {
            Self::All => Contents::Conversations(None),
            Self::Held => Contents::Conversations(Some(InteractionState::Held)),
            Self::Drafted => Contents::Conversations(Some(InteractionState::Drafted)),
            Self::Answered => Contents::Conversations(Some(InteractionState::Answered)),
            Self::Automatic => Contents::Mails(Fate::Automatic),
            Self::Filtered => Contents::Mails(Fate::Filtered),
            Self::Quarantined => Contents::Mails(Fate::Quarantined),
        }
    }

    /// Whether it lists conversations, which can be searched.
    pub const fn lists_conversations(self) -> bool {
        matches!(self.contents(), Contents::Conversations(_))
    }
}

enum Contents {
    Conversations(Option<InteractionState>),
    Mails(Fate),
}

/// The query of the list's address, as it comes.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    toon: String,
    #[serde(default)]
    zoek: String,
    #[serde(default)]
    na: String,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which list.
    pub tab: Tab,
    /// What is searched for; empty for nothing.
    pub search: String,
    /// Behind which row.
    pub after: Option<(Timestamp, Uuid)>,
}

impl From<Query> for Wanted {
    /// What is not understood is left out: an old link still shows a list.
    fn from(query: Query) -> Self {
        let tab = Tab::ALL.into_iter().find(|tab| tab.name() == query.toon).unwrap_or(Tab::All);
        let search: String = query.zoek.trim().chars().filter(|c| *c != '\0').take(100).collect();
        let search = if tab.lists_conversations() { search } else { String::new() };
        Self { tab, search, after: read_cursor(&query.na) }
    }
}

/// A row's place in the list, for the address of the next page.
pub fn cursor(at: Timestamp, id: Uuid) -> String {
    format!("{}_{}", at.as_microsecond(), id.simple())
}

fn read_cursor(text: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = text.split_once('_')?;
    Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id.parse().ok()?))
}

/// The rows of a list.
#[derive(Debug)]
pub enum Rows {
    /// Conversations.
    Conversations(Vec<DeskRow>),
    /// Mails set aside.
    Mails(Vec<SetAside>),
}

/// Everything the list's page shows.
#[derive(Debug)]
pub struct Desk {
    /// The shop.
    pub shop: ShopRow,
    /// How much there is of each.
    pub counts: DeskCounts,
    /// What asks for a person.
    pub attention: Vec<Attention>,
    /// One more than [`PAGE`] when there is a next page.
    pub rows: Rows,
}

/// Reads the list.
pub async fn desk(store: &Store, claims: &Claims, wanted: &Wanted) -> Result<Desk, Failure> {
    let limit = PAGE + 1;
    let search = Some(wanted.search.as_str()).filter(|search| !search.is_empty());
    let read = store.as_user(claims, async |tx| {
        let rows = async {
            match wanted.tab.contents() {
                Contents::Conversations(state) => {
                    let after = wanted.after.map(|(at, id)| (at, ThreadId(id)));
                    let query = DeskQuery { state, search, after, limit };
                    store::desk::conversations(tx, &query).await.map(Rows::Conversations)
                }
                Contents::Mails(fate) => {
                    let after = wanted.after.map(|(at, id)| (at, RawId(id)));
                    store::desk::set_aside(tx, fate, after, limit).await.map(Rows::Mails)
                }
            }
        };
        tokio::try_join!(
            store::shops::load(tx),
            store::desk::counts(tx),
            store::desk::attention(tx, ATTENTION),
            rows,
        )
    });
    let (shop, counts, attention, rows) = read.await?;
    let shop = shop.ok_or(Failure::NotFound)?;
    Ok(Desk { shop, counts, attention, rows })
}

/// Everything a conversation's page shows.
#[derive(Debug)]
pub struct Course {
    /// The shop.
    pub shop: ShopRow,
    /// The conversation; `None` when it is not there, or another shop's.
    pub view: Option<ThreadView>,
    /// What the customer was ever offered, oldest first.
    pub offers: Vec<LedgerRow>,
}

/// Reads one conversation.
pub async fn course(store: &Store, claims: &Claims, id: ThreadId) -> Result<Course, Failure> {
    let read = store.as_user(claims, async |tx| {
        let (shop, view) =
            tokio::try_join!(store::shops::load(tx), store::conversations::thread(tx, id))?;
        let offers = match &view {
            Some(view) => store::desk::offers(tx, &view.thread.customer_email).await?,
            None => Vec::new(),
        };
        Ok((shop, view, offers))
    });
    let (shop, view, offers) = read.await?;
    let shop = shop.ok_or(Failure::NotFound)?;
    Ok(Course { shop, view, offers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at: Timestamp = "2026-11-22T09:30:00.123456Z".parse().unwrap();
        let id = Uuid::now_v7();
        assert_eq!(read_cursor(&cursor(at, id)), Some((at, id)));
        for broken in ["", "_", "1_", "x_y", "99999999999999999999_0"] {
            assert_eq!(read_cursor(broken), None, "{broken}");
        }
    }
}
