//! What moved, as it moves: a stream that says that something did, never what. The page then
//! fetches its own part again, under the viewer's own claims.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State as Held;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use store::Claims;
use store::events;

use super::State;
use super::access::Visit;
use super::failure::Failure;
use crate::auth::{HasAuth, Watch};

/// How often the log's counter is looked at: one read of one row.
const PAUSE: Duration = Duration::from_millis(1500);
/// After a failure, to let the database come back.
const LONG_PAUSE: Duration = Duration::from_secs(10);

struct Follower {
    state: State,
    claims: Claims,
    seen: i64,
    pause: Duration,
    /// For somebody signed in: ends the stream when their session does.
    watch: Option<Watch>,
}

/// `/events`: one `moved` event whenever the shop's log grew, with its number as id.
pub async fn events(
    Held(state): Held<State>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let claims = visit.claims;
    let resumed = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| id.parse::<i64>().ok());
    let seen = match resumed {
        Some(seen) => seen,
        None => newest(&state, &claims).await?,
    };
    let watch =
        state.auth().zip(visit.session).map(|(auth, admitted)| auth.sessions().watch(admitted));
    let follower = Follower { state, claims, seen, pause: PAUSE, watch };
    let stream = unfold(follower, async |mut follower| {
        let number = follower.next().await?;
        // Browsers drop an event without data.
        let number = number.to_string();
        let event = Event::default().event("moved").id(&number).data(&number);
        Some((Ok(event), follower))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

impl Follower {
    /// Waits until the log is longer than was seen; `None` when the server shuts down, or the
    /// session behind the stream has ended.
    async fn next(&mut self) -> Option<i64> {
        let mut closing = self.state.0.closing.subscribe();
        loop {
            tokio::select! {
                _ = closing.wait_for(|closed| *closed) => return None,
                () = ended(self.watch.as_mut()) => return None,
                () = tokio::time::sleep(self.pause) => {}
            }
            match newest(&self.state, &self.claims).await {
                Ok(number) if number != self.seen => {
                    self.seen = number;
                    self.pause = PAUSE;
                    return Some(number);
                }
                Ok(_) => self.pause = PAUSE,
                Err(_) => self.pause = LONG_PAUSE,
            }
        }
    }
}

async fn ended(watch: Option<&mut Watch>) {
    match watch {
        Some(watch) => watch.ended().await,
        None => std::future::pending().await,
    }
}

async fn newest(state: &State, claims: &Claims) -> Result<i64, Failure> {
    let bounds = state.store().as_user(claims, async |tx| events::bounds(tx).await).await?;
    Ok(bounds.newest)
}
