//! What `serve` and `demo` share: a desk with workers on an open database.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use mail::network::Network;
use uuid::Uuid;

use crate::config::Common;
use crate::database::Database;
use crate::jobs::{Pace, Workers};
use crate::keys;
use crate::oauth::{Providers, Tokens};
use crate::pipeline::{Desk, Lanes, Post, Reading, Room, Suspects};
use crate::shop::Shops;

/// A desk on this database that neither reads nor sends over a network.
pub fn desk(common: &Common, database: &Database) -> anyhow::Result<Arc<Desk>> {
    let network = Network::new(&[], false)?;
    let reading = Reading::without_keys(network.clone());
    desk_with(common, database, reading, Post::without_keys(network))
}

/// A desk on this database, whose mailboxes have passwords.
pub fn desk_with(
    common: &Common,
    database: &Database,
    reading: Reading,
    post: Post,
) -> anyhow::Result<Arc<Desk>> {
    let tokens = Tokens::new(Providers::none(), reading.network.clone(), now);
    desk_with_tokens(common, database, reading, post, Arc::new(tokens))
}

/// A desk on this database.
pub fn desk_with_tokens(
    common: &Common,
    database: &Database,
    reading: Reading,
    post: Post,
    tokens: Arc<Tokens>,
) -> anyhow::Result<Arc<Desk>> {
    Ok(Arc::new(Desk {
        store: Arc::clone(&database.store),
        message_id_key: keys::key(&common.data_dir, "message-id")?,
        data_dir: common.data_dir.clone(),
        shops: Shops::default(),
        now,
        parse: mail::parse::parse,
        suspects: Suspects::open(&common.data_dir)?,
        reading: Arc::new(reading),
        room: Room::default(),
        node: node(&common.data_dir)?,
        post: Arc::new(post),
        lanes: Lanes::default(),
        tokens,
    }))
}

/// Who this data directory is among the nodes on one database; chosen once. It is no key: keys are
/// copied from node to node.
pub fn node(data_dir: &Path) -> anyhow::Result<Uuid> {
    let path = data_dir.join("node");
    match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().with_context(|| format!("{} is damaged", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let node = Uuid::now_v7();
            // Under another name first, so that half of it is never found.
            let new = data_dir.join(format!("node.new{}", std::process::id()));
            std::fs::write(&new, node.to_string())?;
            std::fs::rename(&new, &path)?;
            Ok(node)
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Starts the workers at this pace.
pub fn workers(desk: &Arc<Desk>, pace: Pace) -> Workers {
    Workers::start(desk, pace)
}

/// The clock. The only place besides the command line that reads it.
#[expect(clippy::disallowed_methods, reason = "the shell is where the clock is read")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn asked_to_stop() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
