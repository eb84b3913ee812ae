//! The platform's own pages: shops to approve on top, all shops below, and the master rules.

use askama::Template;
use axum::extract::{Path, Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use domain::contract::RuleKey;
use serde::Deserialize;
use serde_json::Value;
use store::directory::{self, ListedShop};

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::when;
use super::form::{Posted, html};
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

/// A master rule as a form.
#[derive(Debug)]
struct Rule {
    key: &'static str,
    version: String,
    config: String,
    mistake: Option<&'static str>,
}

#[derive(Debug, Template)]
#[template(path = "accounts/rules.html")]
struct RulesPage {
    frame: Frame,
    token: String,
    saved: bool,
    rules: Vec<Rule>,
}

/// Which message.
#[derive(Debug, Default, Deserialize)]
pub struct Told {
    /// Its key in the texts.
    #[serde(default)]
    pub melding: String,
}

/// `GET /beheer/regels`.
pub async fn rules(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    rules_page(&state, &someone, told.melding == "opgeslagen", None).await
}

/// What was typed for a rule, and what is wrong with it.
type Tried<'a> = (RuleKey, &'a str, &'static str);

async fn rules_page(
    state: &State,
    someone: &Someone,
    saved: bool,
    tried: Option<Tried<'_>>,
) -> Result<Response, Failure> {
    someone.admin()?;
    let t = someone.t;
    let read = state
        .store()
        .as_admin(someone.person.user_id, async |tx| directory::master_rules(tx).await);
    let rules = read.await?;
    let rule = |rule: store::rules::MasterRule| {
        let tried = tried.filter(|(key, _, _)| *key == rule.rule_key);
        let kept = serde_json::to_string_pretty(&rule.rule_config).unwrap_or_default();
        Rule {
            key: rule.rule_key.as_str(),
            version: t.fill("rules.version", "n", &rule.version.to_string()),
            config: tried.map_or(kept, |(_, typed, _)| typed.to_owned()),
            mistake: tried.map(|(_, _, mistake)| mistake),
        }
    };
    html(&RulesPage {
        rules: rules.into_iter().map(rule).collect(),
        token: someone.person.form_token.clone(),
        saved,
        frame: someone.frame(),
    })
}

/// `POST /beheer/regels/{rule}`: a new version; the schema and the texts go along unchanged.
pub async fn save_rule(
    Held(state): Held<State>,
    Path(rule): Path<String>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    someone.admin()?;
    posted.only(&["config"])?;
    let key = RuleKey::ALL.iter().copied().find(|key| key.as_str() == rule);
    let key = key.ok_or(Failure::NotFound)?;
    let typed = posted.get("config");
    let Ok(config) = serde_json::from_str::<Value>(typed) else {
        let mistake = someone.t.get("mistake.json");
        return rules_page(&state, &someone, false, Some((key, typed, mistake))).await;
    };
    // What the rule itself would not read is no version of it.
    if domain::policy::parse_config(key, &config).is_err() {
        let mistake = someone.t.get("mistake.schema");
        return rules_page(&state, &someone, false, Some((key, typed, mistake))).await;
    }
    let admin = someone.person.user_id;
    let saved = state.store().as_admin(admin, async |tx| {
        let rules = directory::master_rules(tx).await?;
        let Some(old) = rules.into_iter().find(|old| old.rule_key == key) else { return Ok(()) };
        let (schema, texts) = (&old.config_schema, &old.html_template);
        store::rules::save_master(tx, key, &config, schema, texts, Some(admin)).await.map(drop)
    });
    saved.await?;
    Ok(Redirect::to("/beheer/regels?melding=opgeslagen").into_response())
}
