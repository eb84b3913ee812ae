//! Keeps the server up while Loket serves.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::sleep;

use super::{Managed, Progress};

/// How often is looked whether the server still runs.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The first pause after a start that failed; doubled each time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Managed {
    /// Starts the server again whenever it ends or loses its socket, with growing pauses while that fails. Never
    /// returns: run it beside the serving and drop it to end it. After [`Managed::stop`] it only
    /// idles.
    ///
    /// The address stays the same, so that pools simply connect again.
    pub async fn supervise(&self) -> Infallible {
        let mut pause = FIRST_PAUSE;
        loop {
            sleep(LOOK_EVERY).await;
            // Held while starting, so that a stop waits for the start and then ends that server.
            let mut postmaster = self.postmaster.lock().await;
            let Some(running) = postmaster.as_mut() else { continue };
            let alive = running.is_alive(&self.place.cluster()).await;
            if alive && self.socket().exists() {
                continue;
            }
            if !alive {
                self.options.progress.tell(&Progress::Died);
            }
            tracing::warn!(pid = running.pid, alive, "the private Postgres cannot be reached");
            match self.revive().await {
                Ok(revived) => {
                    *running = revived;
                    pause = FIRST_PAUSE;
                }
                Err(error) => {
                    tracing::error!(%error, "the private Postgres does not start");
                    let reason = error.to_string();
                    self.options.progress.tell(&Progress::Failed { reason, again_after: pause });
                    drop(postmaster);
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
