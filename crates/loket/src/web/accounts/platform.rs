//! The platform's own page: shops to approve on top, all shops below.

use askama::Template;
use axum::extract::{Query, State as Held};
use axum::response::Response;
use serde::Deserialize;
use store::directory::{self, ListedShop};

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::when;
use super::form::html;
use super::visitor::Someone;

/// Shops on a page.
const PAGE: u16 = 100;
/// Where a shop can stand.
const STATUSES: [&str; 4] = ["pending_approval", "approved", "suspended", "rejected"];

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    zoek: String,
    #[serde(default)]
    status: String,
}

/// A shop in a list.
#[derive(Debug)]
struct Row {
    address: String,
    name: String,
    about: String,
    since: String,
    tone: &'static str,
    status: String,
}

#[derive(Debug, Template)]
#[template(path = "accounts/platform.html")]
struct Page {
    frame: Frame,
    waiting: Vec<Row>,
    shops: Vec<Row>,
    more: bool,
    search: String,
    statuses: Vec<(String, String, bool)>,
}

/// The colour of a standing.
pub fn tone(status: &str) -> &'static str {
    match status {
        "approved" => "good",
        "pending_approval" => "wait",
        "rejected" => "serious",
        _ => "quiet",
    }
}

/// `GET /beheer`.
pub async fn shops(
    Held(state): Held<State>,
    Query(search): Query<Search>,
    someone: Someone,
) -> Result<Response, Failure> {
    someone.admin()?;
    let t = someone.t;
    let wanted: String = search.zoek.trim().chars().filter(|c| *c != '\0').take(100).collect();
    let status = STATUSES.into_iter().find(|status| *status == search.status);
    let looking_for = Some(wanted.as_str()).filter(|wanted| !wanted.is_empty());
    let read = state.store().as_admin(someone.person.user_id, async |tx| {
        tokio::try_join!(
            directory::shops(tx, Some("pending_approval"), None, PAGE),
            directory::shops(tx, status, looking_for, PAGE + 1),
        )
    });
    let (waiting, mut shops) = read.await?;
    let more = shops.len() > usize::from(PAGE);
    shops.truncate(usize::from(PAGE));
    let row = |shop: &ListedShop| Row {
        address: format!("/beheer/winkels/{}", shop.tenant_id),
        name: shop.bedrijfsnaam.clone(),
        about: format!("{} · {}", shop.gmail_email, shop.shop_url),
        since: when::exact(shop.created_at, t),
        tone: tone(&shop.status),
        status: t.word("shop_status", &shop.status),
    };
    let chosen = |word: &str| status.unwrap_or_default() == word;
    let any = std::iter::once((String::new(), t.get("platform.any").to_owned(), chosen("")));
    let each = STATUSES.map(|it| (it.to_owned(), t.word("shop_status", it), chosen(it)));
    html(&Page {
        waiting: waiting.iter().map(row).collect(),
        shops: shops.iter().map(row).collect(),
        more,
        search: wanted,
        statuses: any.chain(each).collect(),
        frame: someone.frame(),
    })
}

/// Which message.
#[derive(Debug, Default, Deserialize)]
pub struct Told {
    /// Its key in the texts.
    #[serde(default)]
    pub melding: String,
}
