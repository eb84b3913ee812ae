//! What moved, for live pages: a gap-free log per shop, and a hint that it grew.
//!
//! The log is the truth. NOTIFY is only a hint, sent outside the write transaction and debounced
//! (it takes a global lock), with shop ids and nothing else: LISTEN asks for no privileges.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use crate::address;
use crate::doors::{Purpose, Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{TenantId, ThreadId};
use crate::session::Params;
use crate::sql::sql;

/// Something that moved: a kind and ids, never text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventRow {
    /// Counts from 1 per shop, in commit order, without gaps.
    pub seq: i64,
    /// `noun.verb`.
    pub kind: String,
    /// The conversation concerned.
    pub thread_id: Option<ThreadId>,
    /// The row concerned.
    pub subject_id: Option<Uuid>,
    /// When.
    pub created_at: Timestamp,
}

/// What part of a shop's log is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Bounds {
    /// The oldest number kept; 0 when there is none.
    pub oldest: i64,
    /// The newest number given; 0 when there is none.
    pub newest: i64,
}

/// The newest event of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Head {
    /// The shop.
    pub tenant_id: TenantId,
    /// Its newest number.
    pub seq: i64,
}

/// Adds an event and returns its number. It holds the shop's counter until the transaction ends,
/// so it comes last in a transaction.
pub async fn append(
    tx: &TenantTx,
    kind: &str,
    thread: Option<ThreadId>,
    subject: Option<Uuid>,
) -> Result<i64> {
    #[derive(Deserialize)]
    struct Seq {
        seq: i64,
    }
    let params: Params<'_> = &[&tx.tenant(), &kind, &thread, &subject];
    let row: Seq = tx.session.one(sql!("events", "append"), params).await?;
    Ok(row.seq)
}

/// Events behind `seq`, oldest first. When `seq` is older than [`Bounds::oldest`] - 1, events were
/// swept away and the page must reload.
pub async fn after(tx: &TenantTx, seq: i64, limit: u16) -> Result<Vec<EventRow>> {
    tx.session.all(sql!("events", "after"), &[&tx.tenant(), &seq, &i64::from(limit)]).await
}

/// What part of the log is there.
pub async fn bounds(tx: &TenantTx) -> Result<Bounds> {
    tx.session.one(sql!("events", "bounds"), &[&tx.tenant()]).await
}

/// The newest numbers of the given shops: what polling compares.
pub async fn heads(store: &Store, shops: &[TenantId]) -> Result<Vec<Head>> {
    store
        .as_system(Purpose::Events, async |tx| {
            tx.session.all(sql!("events", "heads"), &[&shops]).await
        })
        .await
}

/// Collects hints and sends them at most once per `pause`, outside any write transaction.
#[derive(Debug, Clone)]
pub struct Hints(mpsc::UnboundedSender<TenantId>);

impl Hints {
    /// Says that a shop's log grew; call after the commit. Never blocks and never fails: a lost
    /// hint is made good by polling.
    pub fn grew(&self, shop: TenantId) {
        let _no_one_listens = self.0.send(shop);
    }
}

/// The two halves of hinting: the sender, and the future that the caller runs beside its own work
/// until every [`Hints`] is dropped.
pub fn hints(store: &Store, pause: Duration) -> (Hints, impl Future<Output = ()> + Send + '_) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let forward = async move {
        while let Some(first) = receiver.recv().await {
            let mut shops = BTreeSet::from([first]);
            while let Ok(more) = receiver.try_recv() {
                shops.insert(more);
            }
            for text in payloads(&shops) {
                if let Err(error) = notify(store, &text).await {
                    tracing::warn!(error = %crate::Chain(&error), "a hint to live pages was lost");
                }
            }
            tokio::time::sleep(pause).await;
        }
    };
    (Hints(sender), forward)
}

async fn notify(store: &Store, payload: &str) -> Result<()> {
    store
        .as_system(Purpose::Events, async |tx| {
            tx.session.execute(sql!("events", "notify"), &[&payload]).await.map(drop)
        })
        .await
}

/// At most 200 ids each: a payload must stay under 8000 bytes.
fn payloads(shops: &BTreeSet<TenantId>) -> Vec<String> {
    let ids: Vec<String> = shops.iter().map(TenantId::to_string).collect();
    ids.chunks(200).map(|chunk| chunk.join(",")).collect()
}

/// Hears hints on one connection of its own and passes the shops on, until the connection ends or
/// the receiver is dropped. Returns when it is over: the caller connects again, and polls
/// meanwhile. One per process: every listener is woken by every hint.
pub async fn listen(store: &Store, heard: &mpsc::Sender<TenantId>) -> Result<()> {
    let connected = store.listener.connect(address::tls()).await;
    let failed = |source| Error::Statement { statement: "events.listen", source };
    let (client, mut connection) = connected.map_err(failed)?;
    let (messages, mut incoming) = mpsc::channel(64);
    let drive = async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            match message {
                Ok(AsyncMessage::Notification(hint)) => {
                    if messages.send(hint.payload().to_owned()).await.is_err() {
                        return Ok(());
                    }
                }
                Ok(_) => {}
                Err(source) => return Err(failed(source)),
            }
        }
        Ok(())
    };
    let pass_on = async {
        client.batch_execute(sql!("events", "listen").text).await.map_err(failed)?;
        while let Some(payload) = incoming.recv().await {
            for shop in payload.split(',').filter_map(|id| id.parse().ok()) {
                if heard.send(shop).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = drive => ended,
        ended = pass_on => ended,
    }
}
