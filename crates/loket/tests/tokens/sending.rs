//! Replies leave by the same token (D5).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loket::pipeline::{self, Desk};
use loket::shop::Shops;
use store::outbox::OutboxState;
use store::secrets::SecretRow;

use super::outgoing::{LONG, Lab, Wishes};
use super::provider::{Manner, Provider};
use super::smtp::Welcome;
use super::source::grant;

/// A shop whose replies wait, and a desk that gives tokens.
struct Shop {
    lab: Lab,
    desk: Arc<Desk>,
    provider: Provider,
}

impl Shop {
    async fn new(name: &'static str) -> Self {
        let lab = Lab::new(Wishes::named(name)).await;
        let provider = Provider::start("info@winkel.example").await;
        let vault = lab.desk.post.vault.clone().unwrap();
        let row = SecretRow::of_mailbox(lab.shop.tenant, lab.mailbox);
        let closed = vault.seal(row, &grant("verversing-0").to_secret()).unwrap();
        let save = "update public.mailboxes set secret_encrypted = $1 where id = $2";
        lab.behind().await.execute(save, &[&closed, &lab.mailbox.0]).await.unwrap();
        let old = &lab.desk;
        let suspects = loket::pipeline::Suspects::open(&lab.common.data_dir).unwrap();
        let desk = Arc::new(Desk {
            store: Arc::clone(&old.store),
            message_id_key: old.message_id_key.clone(),
            data_dir: old.data_dir.clone(),
            shops: Shops::default(),
            now: old.now,
            parse: old.parse,
            suspects,
            reading: Arc::clone(&old.reading),
            node: old.node,
            post: Arc::clone(&old.post),
            room: loket::pipeline::Room::default(),
            lanes: old.lanes.clone(),
            tokens: provider.tokens(1, 1),
        });
        Self { lab, desk, provider }
    }

    async fn turn(&self) {
        self.lab.hurry().await;
        let jobs = self.lab.due(LONG).await;
        let failed = pipeline::post(&self.desk, self.lab.shop.tenant, &jobs).await.unwrap();
        assert!(failed.unwrap().is_empty());
    }

    /// The tokens that the mail server was shown, in order.
    fn shown(&self) -> Vec<String> {
        let heard = self.lab.peer.state().heard.clone();
        let shown = heard.iter().filter_map(|line| line.strip_prefix("AUTH XOAUTH2 "));
        let said = shown.map(|said| String::from_utf8(STANDARD.decode(said).unwrap()).unwrap());
        said.map(|said| {
            let rest = said.strip_prefix("user=info@winkel.example\u{1}auth=Bearer ").unwrap();
            rest.strip_suffix("\u{1}\u{1}").unwrap().to_owned()
        })
        .collect()
    }

    async fn paused(&self) -> Option<String> {
        let text = "select paused_reason from public.mailboxes where id = $1";
        self.lab.behind().await.query_one(text, &[&self.lab.mailbox.0]).await.unwrap().get(0)
    }
}

fn refusing() -> Welcome {
    Welcome { auth: "535 5.7.8 token expired".to_owned(), ..Welcome::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_replies_leave_by_token_and_a_refused_one_is_replaced_once() {
    let shop = Shop::new("token").await;
    let first = shop.lab.replies(2).await;
    shop.turn().await;
    for reply in &first {
        assert_eq!(shop.lab.row(*reply).await.state, OutboxState::Sent);
    }
    assert_eq!(shop.shown(), shop.provider.state().gave.clone());
    assert_eq!((shop.provider.asked(), shop.lab.peer.state().connections), (1, 1));

    shop.lab.peer.state().welcomes.push_back(refusing());
    let second = shop.lab.replies(1).await;
    shop.turn().await;
    assert_eq!(shop.lab.row(second[0]).await.state, OutboxState::Sent);
    let (shown, gave) = (shop.shown(), shop.provider.state().gave.clone());
    assert_eq!(shown, [gave[0].clone(), gave[0].clone(), gave[1].clone()]);
    assert_eq!(shop.paused().await, None);
    assert_eq!(shop.lab.peer.taken().len(), 3);
    assert!(shop.lab.told().await.is_empty());
    shop.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_c9_two_refused_tokens_pause_and_nothing_is_lost() {
    let shop = Shop::new("tokens-refused").await;
    let replies = shop.lab.replies(2).await;
    shop.lab.peer.state().welcomes.extend([refusing(), refusing()]);
    shop.turn().await;
    assert_eq!(shop.paused().await.as_deref(), Some("grant_refused"));
    assert_eq!(shop.lab.told().await, ["mailbox_trouble smtp.grant_refused"]);
    shop.turn().await;
    shop.turn().await;
    assert_eq!(shop.shown().len(), 2, "no third try");
    assert_eq!(shop.provider.asked(), 2);
    let again = "update public.mailboxes set paused_reason = null, paused_at = null";
    shop.lab.behind().await.execute(again, &[]).await.unwrap();
    shop.turn().await;
    for reply in &replies {
        assert_eq!(shop.lab.row(*reply).await.state, OutboxState::Sent);
    }
    assert_eq!(shop.lab.peer.taken().len(), 2);
    shop.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_c9_without_a_token_nobody_is_spoken_to() {
    let shop = Shop::new("no-token").await;
    let replies = shop.lab.replies(1).await;
    shop.provider.next(Manner::Says(503, "{}"));
    shop.turn().await;
    assert_eq!(shop.lab.row(replies[0]).await.state, OutboxState::Queued);
    assert_eq!(shop.paused().await, None);
    shop.provider.next(Manner::Says(400, r#"{"error":"invalid_grant"}"#));
    shop.turn().await;
    assert_eq!(shop.paused().await.as_deref(), Some("grant_refused"));
    assert_eq!(shop.lab.told().await, ["mailbox_trouble smtp.grant_refused"]);
    assert_eq!(shop.lab.peer.state().connections, 0);
    assert_eq!(shop.lab.row(replies[0]).await.state, OutboxState::Queued);
    shop.lab.stop().await;
}
