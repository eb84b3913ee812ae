//! One shop's replies, one after the other over one session with its provider.
//!
//! A mail is `sending` only from the moment that the server wants it: what fails before is not
//! sent, and waits. The byte that cannot be taken back goes out only while most of the lease is
//! left by a clock that nobody sets; a worker that slept through it sends nothing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::deliver::Objection;
use futures_util::future::{Either, select};
use mail::network::Network;
use mail::smtp::{Envelope, Outcome, Session, TimeLimits, WireMail};
use store::jobs::ClaimedJob;
use store::outbox::{OutboxRow, OutboxState};
use store::{OutboxId, TenantId};

use super::clock::clock;
use super::route::{self, Route};
use super::{Desk, StageError, settle, unknown, withhold};
use crate::oauth::{Credential, TokenError};
use crate::pipeline::credentials;
use crate::secrets::{Secret, Vault};

/// A paused mailbox is looked at again after this long.
const PAUSED: Duration = Duration::from_mins(1);
/// A mail for which the provider leaves no room is looked at again after this long.
const NO_ROOM: Duration = Duration::from_mins(1);
/// Where many stand at one server, it is looked at again after this long.
const CROWDED: Duration = Duration::from_secs(5);
/// Jobs behind one that could not reach the server wait this long.
const BEHIND: Duration = Duration::from_secs(30);

/// What sending needs besides the database. One per process.
#[derive(Debug)]
pub struct Post {
    /// Opens mailbox passwords; without it nothing leaves over SMTP.
    pub vault: Option<Arc<Vault>>,
    /// Who may vouch for mail servers, and where they may stand.
    pub network: Network,
    /// How long each step of a hand-over may take.
    pub limits: TimeLimits,
    /// How long a mail whose sending broke off is looked for in Sent, before its absence proves
    /// that it was not sent.
    pub settling: Duration,
}

impl Post {
    /// How long a mail whose sending broke off is looked for, where nobody says otherwise.
    pub const SETTLING: Duration = Duration::from_mins(5);

    /// Writes into mail directories only: without keys nothing leaves over SMTP.
    pub fn without_keys(network: Network) -> Self {
        Self { vault: None, network, limits: TimeLimits::default(), settling: Self::SETTLING }
    }
}

/// What is done with the jobs behind one.
pub(super) enum Next {
    /// The next one.
    GoOn,
    /// The server or the mailbox is at fault: they all wait.
    Stop(Duration),
}

/// Works claimed deliver jobs of a shop that sends over SMTP. `None`: it does not. Otherwise the
/// jobs that failed, with why; all others are done or put back.
pub async fn post(
    desk: &Arc<Desk>,
    tenant: TenantId,
    jobs: &[ClaimedJob],
) -> Result<Option<Vec<(ClaimedJob, StageError)>>, StageError> {
    let mailbox = desk.store.as_worker(tenant, async |tx| route::load(tx).await).await?;
    let Some(mailbox) = mailbox else { return Ok(None) };
    let route = Route::of(tenant, &mailbox)?;
    let Some(_place) = desk.lanes.stand_at(&route.server.host) else {
        // Others wait at this server already; who sends elsewhere goes on.
        for job in jobs {
            release(desk, job, CROWDED, "crowded").await?;
        }
        return Ok(Some(Vec::new()));
    };
    let mut turn = Turn {
        desk,
        tenant,
        route,
        session: None,
        waiting: jobs.iter().cloned().collect(),
        renewed: clock(),
        confirmed: Arc::default(),
    };
    let failed = turn.run().await?;
    if let Some(session) = turn.session.take() {
        session.close().await;
    }
    Ok(Some(failed))
}

pub(super) struct Turn<'a> {
    pub desk: &'a Arc<Desk>,
    pub tenant: TenantId,
    pub route: Route,
    session: Option<Session>,
    waiting: VecDeque<ClaimedJob>,
    renewed: Duration,
    confirmed: Confirmed,
}

/// When the database last said that the job at hand is ours, in milliseconds of [`clock`].
type Confirmed = Arc<AtomicU64>;

/// Why we are not signed in.
enum NotIn {
    /// The server, or the way there, is the reason.
    Server(Box<Outcome>),
    /// There is nothing to sign in with.
    NoToken(TokenError),
}

/// What is known of a mail before anybody is spoken to.
struct Seen {
    row: OutboxRow,
    objection: Option<Objection>,
    has_room: bool,
}

impl Turn<'_> {
    async fn run(&mut self) -> Result<Vec<(ClaimedJob, StageError)>, StageError> {
        let mut failed = Vec::new();
        if self.route.paused.is_some() {
            self.release_waiting(PAUSED, "mailbox_paused").await?;
            return Ok(failed);
        }
        while let Some(job) = self.waiting.pop_front() {
            if clock().saturating_sub(self.renewed) > job.lease_time / 4 {
                self.renew(&job).await;
            }
            let held: Vec<ClaimedJob> =
                std::iter::once(&job).chain(self.waiting.iter()).cloned().collect();
            let keeping = keep(Arc::clone(self.desk), self.tenant, held, self.confirmed.clone());
            let worked = {
                let (working, keeping) = (Box::pin(self.one(&job)), pin!(keeping));
                // A server may take a minute for each step before it wants the mail, and ten for
                // its answer; meanwhile nobody else begins.
                match select(working, keeping).await {
                    Either::Left((worked, _)) => worked,
                    Either::Right((never, _)) => match never {},
                }
            };
            match worked {
                Ok(Next::GoOn) => {}
                Ok(Next::Stop(after)) => self.release_waiting(after.min(BEHIND), "behind").await?,
                Err(error) => failed.push((job, error)),
            }
        }
        Ok(failed)
    }

    /// Holds this job and those behind it for a lease more. One that was lost is found out when
    /// its turn comes.
    async fn renew(&mut self, job: &ClaimedJob) {
        let jobs: Vec<ClaimedJob> =
            std::iter::once(job).chain(self.waiting.iter()).cloned().collect();
        self.renewed = clock();
        renew(self.desk, self.tenant, &jobs).await;
    }

    async fn release_waiting(&mut self, after: Duration, reason: &str) -> Result<(), StageError> {
        for job in std::mem::take(&mut self.waiting) {
            release(self.desk, &job, after, reason).await?;
        }
        Ok(())
    }

    async fn one(&mut self, job: &ClaimedJob) -> Result<Next, StageError> {
        let Seen { row, objection, has_room } = self.look(job).await?;
        match (row.state, objection) {
            (OutboxState::Queued, Some(objection)) => {
                withhold(self.desk, job, &row, objection).await?;
                Ok(Next::GoOn)
            }
            (OutboxState::Queued, None) if !has_room => {
                settle::no_room(self.desk, job, NO_ROOM).await?;
                Ok(Next::GoOn)
            }
            (OutboxState::Queued, None) => self.send(job, row).await,
            (OutboxState::Sending, _) => {
                unknown::resolve(self.desk, &self.route, job, &row).await?;
                Ok(Next::GoOn)
            }
            (
                OutboxState::Sent
                | OutboxState::Cancelled
                | OutboxState::Held
                | OutboxState::Failed,
                _,
            ) => {
                super::within(self.desk, job, async |tx| {
                    store::outbox::finish_unless_queued(tx, row.id, job.lease()).await.map(drop)
                })
                .await?;
                Ok(Next::GoOn)
            }
        }
    }

    async fn look(&self, job: &ClaimedJob) -> Result<Seen, StageError> {
        let id = OutboxId(job.subject_id);
        let limits = &self.route.limits;
        let seen = self.desk.store.as_worker(self.tenant, async |tx| {
            let Some(row) = store::outbox::load_for_delivery(tx, id).await? else {
                return Ok(None);
            };
            let (mut objection, mut has_room) = (None, true);
            if row.state == OutboxState::Queued {
                objection = store::outbox::look(tx, id).await?;
                for limit in limits {
                    let room = store::sending::room(tx, id, limit.window()).await?;
                    has_room &= room.is_left(limit.mails, row.automatic);
                }
            }
            Ok(Some(Seen { row, objection, has_room }))
        });
        seen.await?.ok_or(StageError::Absent(job.subject_id))
    }

    async fn send(&mut self, job: &ClaimedJob, mut row: OutboxRow) -> Result<Next, StageError> {
        // What the provider signs for, and no other address.
        row.gmail_email.clone_from(&self.route.address);
        let bytes = super::outgoing(&row, (self.desk.now)()).to_bytes();
        let ready = bytes.map_err(|_| ()).and_then(|bytes| {
            let wire = WireMail::new(&bytes).map_err(|_| ())?;
            let envelope = Envelope::new(&self.route.address, &[&row.recipient]).map_err(|_| ())?;
            Ok((bytes, wire, envelope))
        });
        let Ok((bytes, wire, envelope)) = ready else {
            settle::unsendable(self.desk, job, row.id).await?;
            return Ok(Next::GoOn);
        };
        let mut session = match self.connected().await? {
            Ok(session) => session,
            Err(NotIn::Server(outcome)) => {
                return settle::settle(self, job, &row, &bytes, *outcome).await;
            }
            Err(NotIn::NoToken(error)) => return settle::no_token(self, job, &row, &error).await,
        };
        let handed = self.hand_over(&mut session, job, &row, &wire, &envelope).await;
        if session.is_usable() {
            self.session = Some(session);
        }
        match handed? {
            Some(outcome) => settle::settle(self, job, &row, &bytes, outcome).await,
            None => Ok(Next::GoOn),
        }
    }

    /// Signs in. A token that the server refuses is replaced once.
    async fn connected(&mut self) -> Result<Result<Session, NotIn>, StageError> {
        if let Some(session) = self.session.take() {
            return Ok(Ok(session));
        }
        let mut refused: Option<Secret> = None;
        loop {
            let (vault, access) = (self.desk.post.vault.as_ref(), &self.route.access);
            let found = credentials::credential(self.desk, vault, access, refused.as_ref()).await;
            let credential = match found {
                Ok(credential) => credential,
                Err(StageError::Token(error)) => return Ok(Err(NotIn::NoToken(error))),
                Err(error) => return Err(error),
            };
            let (post, login) = (&self.desk.post, self.route.login(&credential));
            let opened =
                Session::connect(&self.route.server, &login, &post.network, post.limits).await;
            match (opened, credential, &refused) {
                (Ok(session), ..) => return Ok(Ok(session)),
                (Err(Outcome::LoginRefused(_)), Credential::Token(token), None) => {
                    refused = Some(token);
                }
                (Err(Outcome::LoginRefused(reply)), Credential::Token(_), Some(_)) => {
                    let said = format!("{} {}", reply.code, reply.text);
                    return Ok(Err(NotIn::NoToken(TokenError::Refused(said))));
                }
                (Err(outcome), ..) => return Ok(Err(NotIn::Server(Box::new(outcome)))),
            }
        }
    }

    /// `None`: the last look found a reason to keep it, and it was dealt with.
    async fn hand_over(
        &self,
        session: &mut Session,
        job: &ClaimedJob,
        row: &OutboxRow,
        wire: &WireMail,
        envelope: &Envelope,
    ) -> Result<Option<Outcome>, StageError> {
        let offered = match session.offer(envelope, wire).await {
            Ok(offered) => offered,
            Err(outcome) => return Ok(Some(outcome)),
        };
        // The lease is counted from before the question whether it is still ours.
        let begun = clock();
        let objection = match self.begin(job, row).await {
            Ok(objection) => objection,
            Err(error) => {
                offered.withdraw().await;
                return Err(error);
            }
        };
        if let Some(objection) = objection {
            offered.withdraw().await;
            withhold(self.desk, job, row, objection).await?;
            return Ok(None);
        }
        note(&self.confirmed, begun);
        let (patience, confirmed) = (job.lease_time / 3, self.confirmed.clone());
        let in_time = move || {
            let confirmed = Duration::from_millis(confirmed.load(Ordering::Relaxed));
            clock().saturating_sub(confirmed) < patience
        };
        Ok(Some(offered.hand_over(wire, in_time).await))
    }

    /// The last look, `sending`, and the proof that the job is ours: one commit.
    async fn begin(
        &self,
        job: &ClaimedJob,
        row: &OutboxRow,
    ) -> Result<Option<Objection>, StageError> {
        let begin = self.desk.store.as_worker(self.tenant, async |tx| {
            let objection = store::outbox::mark_sending(tx, row.id).await?;
            if objection.is_none() {
                store::jobs::keep_all(tx, std::slice::from_ref(job)).await?;
                store::sent::leaves_from(tx, row.id, self.route.mailbox).await?;
                if !row.automatic {
                    // A person let it go: what it offers goes on record now.
                    store::outbox::record_offers(tx, row.id).await?;
                }
            }
            Ok(objection)
        });
        Ok(begin.await?)
    }
}

/// Holds jobs for as long as it is polled, and notes when the first of them was still ours.
async fn keep(
    desk: Arc<Desk>,
    tenant: TenantId,
    jobs: Vec<ClaimedJob>,
    confirmed: Confirmed,
) -> Infallible {
    let every = jobs.first().map_or(Duration::from_secs(5), |job| job.lease_time / 5);
    loop {
        tokio::time::sleep(every).await;
        let asked = clock();
        if renew(&desk, tenant, &jobs).await {
            note(&confirmed, asked);
        }
    }
}

fn note(confirmed: &Confirmed, at: Duration) {
    let at = u64::try_from(at.as_millis()).unwrap_or_default();
    confirmed.fetch_max(at, Ordering::Relaxed);
}

/// `true`: the first of them is held for a whole lease more.
async fn renew(desk: &Desk, tenant: TenantId, jobs: &[ClaimedJob]) -> bool {
    let renewing = desk.store.as_worker(tenant, async |tx| store::jobs::renew(tx, jobs).await);
    match renewing.await {
        Ok(held) => jobs.first().is_some_and(|first| held.contains(&first.job_id)),
        Err(error) => {
            // The fence notices at the next step.
            tracing::debug!(error = %store::Chain(&error), "leases could not be renewed");
            false
        }
    }
}

/// Puts a job back untried.
pub(super) async fn release(
    desk: &Desk,
    job: &ClaimedJob,
    after: Duration,
    reason: &str,
) -> Result<(), StageError> {
    super::within(desk, job, async |tx| store::jobs::release(tx, job.lease(), after, reason).await)
        .await
}
