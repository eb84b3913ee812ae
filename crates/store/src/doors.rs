//! The doors into the database, one per kind of caller, and the transactions behind them.
//!
//! Every row is read and written inside one of these. The claims travel with BEGIN, in front of
//! the first statement, so entering costs no round trip of its own. Pools and connections never
//! leave this crate.

use std::sync::Mutex;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use serde::Deserialize;
use tokio_postgres::Config;
use uuid::Uuid;

use crate::address;
use crate::api_keys::ApiKeyClaims;
use crate::error::{Error, Result};
use crate::ids::{AuditId, TenantId, UserId};
use crate::session::Session;
use crate::sql::sql;

/// How to reach the database as each kind of caller.
#[derive(Debug, Clone)]
pub struct Logins {
    /// As `loket_user`: signed-in people.
    pub user: Config,
    /// As `loket_worker`: one shop at a time, without a person.
    pub worker: Config,
    /// As `loket_admin`: platform admins.
    pub admin: Config,
    /// As `loket_system`: all shops, ids only.
    pub system: Config,
    /// As `loket_setup`: the command line and the set-up link, who make people and admins.
    pub setup: Config,
    /// As `loket_auth`: the tables of `auth`, and nothing else.
    pub auth: Config,
    /// Connections of the user and worker pools, each; `auth` has half as many, the others have
    /// 4 or fewer.
    pub pool_size: usize,
}

impl Logins {
    /// The same server and database as `base`, with the low-privilege roles. `password` is
    /// the one [`crate::migrate::set_passwords`] gave them; none where the socket is trusted.
    pub fn beside(base: &Config, password: Option<&str>) -> Self {
        let login = |role: &str| {
            let mut config = base.clone();
            config.user(role).application_name(role);
            if let Some(password) = password {
                config.password(password);
            }
            config
        };
        Self {
            user: login("loket_user"),
            worker: login("loket_worker"),
            admin: login("loket_admin"),
            system: login("loket_system"),
            setup: login("loket_setup"),
            auth: login("loket_auth"),
            pool_size: 8,
        }
    }
}

/// The way to the database. Cheap to clone is not needed: share it in an `Arc`.
#[derive(Debug)]
pub struct Store {
    user: Pool,
    pub(crate) worker: Pool,
    admin: Pool,
    system: Pool,
    setup: Pool,
    auth: Pool,
    /// Where events are heard; one connection, see [`crate::events::listen`].
    pub(crate) listener: Config,
    /// Per job kind: the shop served last, from which the next claim walks on.
    pub(crate) served_last: Mutex<[Option<TenantId>; 3]>,
}

/// A signed-in person and the shop whose data they may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The person.
    pub user_id: UserId,
    /// Their shop, read fresh from the profile; `None` while pending: no shop's rows are seen.
    pub tenant_id: Option<TenantId>,
}

/// What the program itself needs all shops for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Claiming due jobs.
    Jobs,
    /// Finding mailboxes to read.
    Mailboxes,
    /// Looking after mail whose sending was never reported on.
    Delivery,
    /// Feeding live pages.
    Events,
    /// Letting programs of a shop in by their API key.
    ApiKeys,
    /// Writing down who was refused what.
    Audit,
}

/// A transaction that sees one shop: a person's, a worker's, or an admin's with a reason.
#[derive(Debug)]
pub struct TenantTx {
    pub(crate) session: Session,
    tenant: TenantId,
    actor: Option<UserId>,
}

impl TenantTx {
    /// The shop it sees. The nil id for a person without one.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The person behind it; `None` for a worker.
    pub const fn actor(&self) -> Option<UserId> {
        self.actor
    }
}

/// A transaction of a platform admin, without any shop's data.
#[derive(Debug)]
pub struct AdminTx {
    pub(crate) session: Session,
}

/// A transaction of the program itself: ids only.
#[derive(Debug)]
pub struct SystemTx {
    pub(crate) session: Session,
}

/// A transaction of the command line or the set-up link.
#[derive(Debug)]
pub struct SetupTx {
    pub(crate) session: Session,
}

/// A transaction on the tables of `auth`, and nothing else.
#[derive(Debug)]
pub struct AuthTx {
    pub(crate) session: Session,
}

/// Something a door can end.
trait Door {
    fn session(&self) -> &Session;
    fn into_session(self) -> Session;
}

macro_rules! doors {
    ($($name:ident),+) => {$(
        impl Door for $name {
            fn session(&self) -> &Session { &self.session }
            fn into_session(self) -> Session { self.session }
        }
    )+};
}
doors!(TenantTx, AdminTx, SystemTx, SetupTx, AuthTx);

/// The rights of a login, as the server sees them.
#[derive(Debug, Deserialize)]
struct Login {
    role: String,
    superuser: bool,
    bypasses_row_security: bool,
    owns_table: bool,
}

impl Store {
    /// Opens the pools and checks every login; refuses one that owns or bypasses anything.
    pub async fn connect(logins: &Logins) -> Result<Self> {
        let store = Self {
            user: pool(&logins.user, logins.pool_size)?,
            worker: pool(&logins.worker, logins.pool_size)?,
            admin: pool(&logins.admin, 4)?,
            system: pool(&logins.system, 4)?,
            setup: pool(&logins.setup, 2)?,
            auth: pool(&logins.auth, logins.pool_size.div_ceil(2))?,
            listener: logins.system.clone(),
            served_last: Mutex::default(),
        };
        for pool in store.pools() {
            refuse_unsafe(pool).await?;
        }
        Ok(store)
    }

    /// As a signed-in person: their shop's rows and no others.
    pub async fn as_user<T>(
        &self,
        claims: &Claims,
        work: impl AsyncFnOnce(&TenantTx) -> Result<T>,
    ) -> Result<T> {
        let begin = begin_user(claims);
        let tenant = claims.tenant_id.unwrap_or(TenantId(Uuid::nil()));
        let actor = Some(claims.user_id);
        run(&self.user, &begin, |session| TenantTx { session, tenant, actor }, work).await
    }

    /// As a worker for one shop, without a person.
    pub async fn as_worker<T>(
        &self,
        tenant: TenantId,
        work: impl AsyncFnOnce(&TenantTx) -> Result<T>,
    ) -> Result<T> {
        let begin = crate::flight::begin_worker(tenant);
        run(&self.worker, &begin, |session| TenantTx { session, tenant, actor: None }, work).await
    }

    /// As a platform admin, on what belongs to the platform: shops, profiles, master rules, audit.
    /// The database checks that the person is an admin now.
    pub async fn as_admin<T>(
        &self,
        admin: UserId,
        work: impl AsyncFnOnce(&AdminTx) -> Result<T>,
    ) -> Result<T> {
        let begin = begin_with(15, &[("request.jwt.claims", &admin_json(admin))]);
        run(&self.admin, &begin, |session| AdminTx { session }, work).await
    }

    /// As a platform admin inside one shop. The reason is committed to the audit log first.
    pub async fn as_admin_in_shop<T>(
        &self,
        admin: UserId,
        tenant: TenantId,
        reason: &str,
        work: impl AsyncFnOnce(&TenantTx) -> Result<T>,
    ) -> Result<T> {
        let access = AuditId::new();
        self.as_admin(admin, async |tx| {
            let open = sql!("access", "open_shop");
            tx.session.execute(open, &[&access, &tenant, &reason]).await
        })
        .await?;
        let begin = begin_with(
            15,
            &[
                ("request.jwt.claims", &admin_json(admin)),
                ("app.tenant_id", &tenant.to_string()),
                ("app.access_id", &access.to_string()),
            ],
        );
        let actor = Some(admin);
        run(&self.admin, &begin, |session| TenantTx { session, tenant, actor }, work).await
    }

    /// As the program itself, for all shops: ids, never a body.
    pub async fn as_system<T>(
        &self,
        purpose: Purpose,
        work: impl AsyncFnOnce(&SystemTx) -> Result<T>,
    ) -> Result<T> {
        let purpose = match purpose {
            Purpose::Jobs => "jobs",
            Purpose::Mailboxes => "mailboxes",
            Purpose::Delivery => "delivery",
            Purpose::Events => "events",
            Purpose::ApiKeys => "api_keys",
            Purpose::Audit => "audit",
        };
        let begin = begin_with(30, &[("app.purpose", purpose)]);
        run(&self.system, &begin, |session| SystemTx { session }, work).await
    }

    /// As the command line or the set-up link: makes people and the first platform admin.
    pub async fn as_setup<T>(&self, work: impl AsyncFnOnce(&SetupTx) -> Result<T>) -> Result<T> {
        let begin = begin_with(30, &[("app.purpose", "setup")]);
        run(&self.setup, &begin, |session| SetupTx { session }, work).await
    }

    /// As a program of a shop: it reads what the shop's people read; it works the mail and the
    /// chat while its key lives and has that scope; it never changes a setting.
    pub async fn as_api_key<T>(
        &self,
        claims: &ApiKeyClaims,
        work: impl AsyncFnOnce(&TenantTx) -> Result<T>,
    ) -> Result<T> {
        let ApiKeyClaims { tenant_id: tenant, key_id: key } = *claims;
        let settings = [
            ("app.api_key_id", key.to_string()),
            ("request.jwt.claims", r#"{"role":"authenticated"}"#.to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        // The shop comes from the key as it is now: revoked meanwhile, it opens none.
        let begin = format!(
            "{}; select set_config('app.tenant_id',coalesce(private.live_api_key_tenant('{tenant}','{key}')::text,''),true)",
            begin_with(8, &settings)
        );
        run(&self.user, &begin, |session| TenantTx { session, tenant, actor: None }, work).await
    }

    const fn pools(&self) -> [&Pool; 6] {
        [&self.user, &self.worker, &self.admin, &self.system, &self.setup, &self.auth]
    }

    /// As the auth service: people, sessions, factors, one-time tokens. No shop's rows are seen.
    pub async fn as_auth<T>(&self, work: impl AsyncFnOnce(&AuthTx) -> Result<T>) -> Result<T> {
        let begin = begin_with(15, &[("app.purpose", "auth")]);
        run(&self.auth, &begin, |session| AuthTx { session }, work).await
    }

    /// One reading statement as the auth service, without a transaction around it: it goes there
    /// and back once.
    pub(crate) async fn ask_auth<T: serde::de::DeserializeOwned>(
        &self,
        sql: crate::sql::Sql,
        params: crate::session::Params<'_>,
    ) -> Result<Option<T>> {
        let session = Session::open(&self.auth).await?;
        let answer = session.first(sql, params).await;
        if answer.is_ok() {
            session.give_back();
        }
        answer
    }

    /// Closes all pools; what is under way ends first.
    pub fn close(&self) {
        for pool in self.pools() {
            pool.close();
        }
    }
}

/// Begins, works and ends. BEGIN is polled first, so it stands in front of the first statement.
async fn run<D: Door, T>(
    pool: &Pool,
    begin: &str,
    enter: impl FnOnce(Session) -> D,
    work: impl AsyncFnOnce(&D) -> Result<T>,
) -> Result<T> {
    let tx = enter(Session::open(pool).await?);
    let (entered, outcome) = tokio::join!(biased; tx.session().begin(begin), work(&tx));
    entered?;
    tx.into_session().end(outcome).await
}

fn begin_user(claims: &Claims) -> String {
    let user = claims.user_id;
    let tenant = claims.tenant_id.map(|tenant| tenant.to_string()).unwrap_or_default();
    let json = match claims.tenant_id {
        Some(tenant) => format!(
            r#"{{"sub":"{user}","role":"authenticated","app_metadata":{{"tenant_id":"{tenant}"}}}}"#
        ),
        None => format!(r#"{{"sub":"{user}","role":"authenticated"}}"#),
    };
    begin_with(8, &[("app.tenant_id", &tenant), ("request.jwt.claims", &json)])
}

fn admin_json(user: UserId) -> String {
    format!(r#"{{"sub":"{user}","role":"loket_admin"}}"#)
}

/// BEGIN with settings that end with the transaction. Only ids, fixed words and JSON of ids come
/// in here, so nothing needs quoting. Who stands still in a transaction holds his shop's counter.
pub(crate) fn begin_with(timeout_seconds: u32, settings: &[(&str, &str)]) -> String {
    let set = |(name, value): &(&str, &str)| format!(",set_config('{name}','{value}',true)");
    let limits = format!(
        "begin; select set_config('statement_timeout','{timeout_seconds}s',true),\
         set_config('idle_in_transaction_session_timeout','60s',true)"
    );
    std::iter::once(limits).chain(settings.iter().map(set)).collect()
}

fn pool(config: &Config, size: usize) -> Result<Pool> {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let wait = Some(Duration::from_secs(10));
    Pool::builder(Manager::from_config(config.clone(), address::tls(), manager))
        .max_size(size)
        .wait_timeout(wait)
        .create_timeout(wait)
        .recycle_timeout(wait)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(Error::Pool)
}

async fn refuse_unsafe(pool: &Pool) -> Result<()> {
    let session = Session::open(pool).await?;
    session.begin("begin").await?;
    let login = session.one::<Login>(sql!("access", "login"), &[]).await;
    let login = session.end(login).await?;
    let reason = if login.superuser {
        "is a superuser"
    } else if login.bypasses_row_security {
        "bypasses row security"
    } else if login.owns_table {
        "owns tables"
    } else {
        return Ok(());
    };
    Err(Error::UnsafeLogin { login: login.role, reason })
}
