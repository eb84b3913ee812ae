//! What `serve` and `demo` share: a desk with workers on an open database.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mail::network::Network;
use mail::smtp::TimeLimits;

use crate::config::Common;
use crate::database::Database;
use crate::jobs::{Pace, Workers};
use crate::keys;
use crate::pipeline::{Desk, Lanes, Post, Suspects};
use crate::shop::Shops;

/// How long a mail whose sending broke off is looked for in Sent before it may be sent again.
pub const SETTLING: Duration = Duration::from_mins(5);

/// A desk on this database that sends nothing over SMTP.
pub fn desk(common: &Common, database: &Database) -> anyhow::Result<Arc<Desk>> {
    let post = Post {
        vault: None,
        network: Network::new(&[], false)?,
        limits: TimeLimits::default(),
        settling: SETTLING,
    };
    desk_with(common, database, post)
}

/// A desk on this database.
pub fn desk_with(common: &Common, database: &Database, post: Post) -> anyhow::Result<Arc<Desk>> {
    Ok(Arc::new(Desk {
        store: Arc::clone(&database.store),
        message_id_key: keys::key(&common.data_dir, "message-id")?,
        data_dir: common.data_dir.clone(),
        shops: Shops::default(),
        now,
        parse: mail::parse::parse,
        suspects: Suspects::open(&common.data_dir)?,
        post: Arc::new(post),
        lanes: Lanes::default(),
    }))
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
