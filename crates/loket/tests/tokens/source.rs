//! What gives tokens (C9): once for all who ask, on all nodes; stored before it is used; and what
//! it makes of a provider that misbehaves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use loket::oauth::{Access, Credential, Grant, MailboxSecret, TokenError, Tokens};
use loket::secrets::{Secret, Vault};
use serde_json::json;
use store::mailboxes::{MailboxKind, NewMailbox};
use store::secrets::SecretRow;
use store::{MailboxId, Store, TenantId, TenantTx};
use tokio_postgres::Client;
use uuid::Uuid;

use super::provider::{Gift, Manner, Provider};
use crate::support::Database;

/// A mailbox with a consent, and who gives tokens for it.
struct Mailbox {
    store: Arc<Store>,
    vault: Arc<Vault>,
    behind: Client,
    row: SecretRow,
    provider: Provider,
}

impl Mailbox {
    async fn new() -> Self {
        let Database { store, behind, .. } = Database::new().await;
        let (tenant, mailbox) = (TenantId::new(), MailboxId::new());
        let row = SecretRow::of_mailbox(tenant, mailbox);
        let vault = Arc::new(Vault::for_trial(loket::serving::now()).unwrap());
        let make =
            "insert into public.tenants (tenant_id, bedrijfsnaam, gmail_email, status, active)
            values ($1, 'Winkel', 'winkel@example.nl', 'approved', true)";
        behind.execute(make, &[&tenant.0]).await.unwrap();
        let closed = vault.seal(row, &grant("verversing-0").to_secret()).unwrap();
        let make =
            "insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted)
            values ($1, $2, 'imap', 'winkel@example.nl', '{}', $3)";
        behind.execute(make, &[&tenant.0, &mailbox.0, &closed]).await.unwrap();
        let provider = Provider::start("winkel@example.nl").await;
        Self { store: Arc::new(store), vault, behind, row, provider }
    }

    /// As it is stored now.
    async fn access(&self) -> Access {
        let text = "select secret_encrypted from public.mailboxes where id = $1";
        let closed = self.behind.query_one(text, &[&self.row.row_id]).await.unwrap().get(0);
        Access { row: self.row, closed }
    }

    async fn ask(
        &self,
        node: &Arc<Tokens>,
        refused: Option<&Secret>,
    ) -> Result<String, TokenError> {
        let access = self.access().await;
        match node.credential(&self.store, &self.vault, &access, refused).await? {
            Credential::Token(token) => Ok(token.expose().to_owned()),
            Credential::Password(_) => panic!("a password"),
        }
    }

    async fn stored_refresh(&self) -> String {
        let access = self.access().await;
        let opened = self.vault.open_envelope(self.row, &access.closed).unwrap();
        match MailboxSecret::of(opened).unwrap() {
            MailboxSecret::Grant(grant) => grant.refresh.expose().to_owned(),
            MailboxSecret::Password(_) => panic!("a password"),
        }
    }

    fn node(&self) -> Arc<Tokens> {
        self.provider.tokens(1, 1)
    }
}

pub fn grant(refresh: &str) -> MailboxSecret {
    MailboxSecret::Grant(Grant {
        provider: "eigen".to_owned(),
        refresh: Secret::from(refresh),
        scope: "mail".to_owned(),
    })
}

/// A provider that ends the old refresh token with each new one: forty askers on two nodes are one
/// question, and so are forty whose token was refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_many_askers_on_two_nodes_are_one_question() {
    let mailbox = Arc::new(Mailbox::new().await);
    let slow = Manner::Slow(Duration::from_millis(300));
    mailbox.provider.state().usual = slow;
    let nodes = [mailbox.node(), mailbox.node()];
    let mut refused: Option<Secret> = None;
    for round in 1..=3 {
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..40_usize {
            let (mailbox, node) = (Arc::clone(&mailbox), Arc::clone(&nodes[number % 2]));
            let refused = refused.clone();
            asking.spawn(async move { mailbox.ask(&node, refused.as_ref()).await.unwrap() });
        }
        let mut tokens = asking.join_all().await;
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "all get the same");
        assert_eq!(mailbox.provider.asked(), round);
        assert_eq!(mailbox.stored_refresh().await, format!("verversing-{round}"));
        refused = tokens.pop().map(Secret::new);
    }
    // Nothing of it lies open in the database.
    let text = "select to_jsonb(m)::text from public.mailboxes m";
    let row: String = mailbox.behind.query_one(text, &[]).await.unwrap().get(0);
    assert!(!row.contains("verversing") && !row.contains("eyJ"), "{row}");
    // A node that starts later asks nobody.
    mailbox.ask(&mailbox.node(), None).await.unwrap();
    assert_eq!(mailbox.provider.asked(), 3);
}

/// Whoever asked may be cut off: what came is stored all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_an_asker_that_is_cut_off_loses_no_refresh_token() {
    let mailbox = Arc::new(Mailbox::new().await);
    mailbox.provider.next(Manner::Slow(Duration::from_millis(400)));
    let (asker, node) = (Arc::clone(&mailbox), mailbox.node());
    let asking = tokio::spawn(async move { asker.ask(&node, None).await.map(drop) });
    mailbox.provider.until_asked().await;
    asking.abort();
    drop(asking.await);
    let token = mailbox.ask(&mailbox.node(), None).await.unwrap();
    assert_eq!(mailbox.provider.asked(), 1, "the answer was kept");
    assert_eq!(mailbox.provider.state().gave, [token]);
    assert_eq!(mailbox.stored_refresh().await, "verversing-1");
}

/// A shop that connects anew while a token is on its way keeps what it connected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_mailbox_connected_anew_meanwhile_keeps_the_new_consent() {
    let mailbox = Arc::new(Mailbox::new().await);
    mailbox.provider.next(Manner::Slow(Duration::from_millis(400)));
    let (asker, node) = (Arc::clone(&mailbox), mailbox.node());
    let asking = tokio::spawn(async move { asker.ask(&node, None).await });
    mailbox.provider.until_asked().await;
    let new = mailbox.vault.seal(mailbox.row, &grant("een nieuwe").to_secret()).unwrap();
    let save = "update public.mailboxes set secret_encrypted = $1";
    mailbox.behind.execute(save, &[&new]).await.unwrap();
    let changed = asking.await.unwrap().unwrap_err();
    assert!(matches!(changed, TokenError::Changed), "{changed}");
    assert!(!changed.needs_person());
    assert_eq!(mailbox.stored_refresh().await, "een nieuwe");
    mailbox.provider.state().refresh = "een nieuwe".to_owned();
    mailbox.ask(&mailbox.node(), None).await.unwrap();
    let said = mailbox.provider.state().asked[1]["refresh_token"].clone();
    assert_eq!(said, "een nieuwe");
}

/// Another node that died with the turn is waited for no longer than its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_turn_that_nobody_gives_back_runs_out() {
    let mailbox = Mailbox::new().await;
    let take = async |tx: &TenantTx| {
        let turn = Duration::from_millis(800);
        store::tokens::take_turn(tx, MailboxId(mailbox.row.row_id), Uuid::now_v7(), turn).await
    };
    assert!(mailbox.store.as_worker(mailbox.row.tenant_id, take).await.unwrap().is_some());
    assert!(mailbox.store.as_worker(mailbox.row.tenant_id, take).await.unwrap().is_none());
    let begun = Instant::now();
    mailbox.ask(&mailbox.node(), None).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    assert_eq!(mailbox.provider.asked(), 1);
}

/// A token lives five more minutes when it is given out; of a short one half is used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_token_about_to_end_is_not_given_out() {
    let mailbox = Mailbox::new().await;
    let node = mailbox.node();
    mailbox.provider.next(Manner::Gives(Gift { says: 3600, ..Gift::default() }));
    mailbox.ask(&node, None).await.unwrap();
    let left = "select extract(epoch from access_until - now())::float8 from public.mailboxes";
    let left: f64 = mailbox.behind.query_one(left, &[]).await.unwrap().get(0);
    assert!((3290.0..=3300.0).contains(&left), "{left}");
    let age = "update public.mailboxes set access_until = now()";
    mailbox.behind.execute(age, &[]).await.unwrap();
    mailbox.provider.next(Manner::Gives(Gift { says: 2, ..Gift::default() }));
    let new = mailbox.node();
    let first = mailbox.ask(&new, None).await.unwrap();
    assert_eq!(mailbox.ask(&new, None).await.unwrap(), first);
    assert_eq!(mailbox.provider.asked(), 2);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_ne!(mailbox.ask(&new, None).await.unwrap(), first);
    assert_eq!(mailbox.provider.asked(), 3);
}

/// G1 and C27, for token endpoints: bounded in time and bytes, no redirect, no private address, and
/// only a refusal of the consent is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_g1_an_endpoint_that_misbehaves_is_no_refusal() {
    let mailbox = Mailbox::new().await;
    let elsewhere = Provider::start("winkel@example.nl").await;
    let to = format!("https://localhost:{}/token", elsewhere.port);
    let manners = [
        (Manner::Says(500, "{}"), "token_unreachable"),
        (Manner::Says(503, r#"{"error":"invalid_grant"}"#), "token_unreachable"),
        (Manner::Says(200, "<html>"), "token_unreachable"),
        (Manner::Says(400, r#"{"error":"slow_down"}"#), "token_unreachable"),
        (Manner::Slow(Duration::from_secs(20)), "token_unreachable"),
        (Manner::Endless, "token_unreachable"),
        (Manner::Elsewhere(to), "token_unreachable"),
        (Manner::HangsUp, "token_unreachable"),
        (Manner::Says(401, r#"{"error":"invalid_client"}"#), "token_client"),
        (Manner::Says(400, r#"{"error":"invalid_grant"}"#), "grant_refused"),
    ];
    for (number, (manner, word)) in manners.into_iter().enumerate() {
        mailbox.provider.next(manner.clone());
        let begun = Instant::now();
        let error = mailbox.ask(&mailbox.node(), None).await.unwrap_err();
        assert_eq!(error.word(), word, "{manner:?}: {error:?}");
        assert_eq!(error.needs_person(), word == "grant_refused", "{manner:?}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{manner:?}: {:?}", begun.elapsed());
        assert_eq!(mailbox.provider.asked(), number + 1, "asked once: {manner:?}");
    }
    assert_eq!(elsewhere.asked(), 0, "the secret went nowhere else");
    // The turn was given back each time.
    let begun = Instant::now();
    mailbox.ask(&mailbox.node(), None).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));

    // L12 and G1: a certificate of nobody's, and an address on this machine.
    let forget = "update public.mailboxes set access_encrypted = null";
    mailbox.behind.execute(forget, &[]).await.unwrap();
    let asked = mailbox.provider.asked();
    for network in [
        mail::network::Network::new(&[], true).unwrap(),
        mail::network::Network::new(mailbox.provider.root.as_bytes(), false).unwrap(),
    ] {
        let list = mailbox.provider.list(1, 1);
        let node = Arc::new(Tokens::new(list, network, loket::serving::now));
        let error = mailbox.ask(&node, None).await.unwrap_err();
        assert_eq!(error.word(), "token_unreachable", "{error:?}");
    }
    assert_eq!(mailbox.provider.asked(), asked, "nothing was said");
}

/// A password stays a password, and who names no client is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l2_passwords_and_missing_clients() {
    let mailbox = Mailbox::new().await;
    let network = mail::network::Network::new(&[], true).unwrap();
    let node = Tokens::new(loket::oauth::Providers::none(), network, loket::serving::now);
    let error = mailbox.ask(&Arc::new(node), None).await.unwrap_err();
    assert_eq!(error.word(), "token_client", "{error:?}");
    let closed = mailbox.vault.seal(mailbox.row, &Secret::from("geheim winkel")).unwrap();
    let access = Access { row: mailbox.row, closed };
    let found =
        mailbox.node().credential(&mailbox.store, &mailbox.vault, &access, None).await.unwrap();
    assert!(matches!(found, Credential::Password(it) if it.expose() == "geheim winkel"));
    // An access token in the place of a consent opens nothing.
    mailbox.ask(&mailbox.node(), None).await.unwrap();
    let swap = "update public.mailboxes set secret_encrypted = access_encrypted";
    mailbox.behind.execute(swap, &[]).await.unwrap();
    let error = mailbox.ask(&mailbox.node(), None).await.unwrap_err();
    assert!(matches!(error, TokenError::Unreadable(_)), "{error:?}");
}

/// As the shop's own set-up makes one, for the other tests.
pub fn new_mailbox(id: MailboxId, imap: u16, smtp: u16, secret: String) -> NewMailbox {
    NewMailbox {
        id,
        kind: MailboxKind::Imap,
        address: "winkel@example.nl".to_owned(),
        config: json!({
            "imap": { "host": "localhost", "port": imap },
            "smtp": { "host": "localhost", "port": smtp, "security": "tls" },
            "user": "winkel@example.nl",
            "oauth": "eigen",
        }),
        secret_encrypted: Some(secret),
    }
}
