//! A storm of sign-ins beside people who work, and what finding out who asks costs: the profile
//! beside a bare handler that runs the same query in the same process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::extract::State as Held;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use store::{Claims, Store, UserId};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

use super::http::Client;
use super::{Line, median, per_second};
use crate::auth::{Auth, AuthOptions, HasAuth as _, Rate};
use crate::config::Common;
use crate::database::Database;
use crate::shop_file::ShopFile;
use crate::shop_setup::{self, Folders};
use crate::web::{self, Access};

/// People who sign in at the same moment.
const STORM: usize = 200;
/// Accounts they share: ten devices each.
const ACCOUNTS: usize = 20;
/// Clients that work meanwhile, one request after the other.
const WORKING: usize = 4;
/// The goal for the slowest hundredth of their requests, in milliseconds.
const GOAL_MS: f64 = 100.0;
/// Clients that ask for the profile, and for the yardstick.
const ASKING: usize = 16;
/// How long each is asked.
const SPAN: Duration = Duration::from_secs(3);
/// How long people work undisturbed.
const CALM: Duration = Duration::from_secs(2);
const PASSWORD: &str = "vier fietsen op zolder";

/// Measures and prints.
pub async fn measure(database: &Database, common: &Common, rounds: usize) -> anyhow::Result<()> {
    let served = Served::open(database, common).await?;
    let people = served.people(database, common).await?;
    storm(&served, &people, rounds).await?;
    profile(&served, &people, rounds).await
}

/// A whole server on loopback, in this process.
struct Served {
    auth: Auth,
    store: Arc<Store>,
    /// As it is served.
    address: SocketAddr,
    /// The same where nothing that was seen of a session is believed.
    asking: SocketAddr,
    tasks: Vec<AbortHandle>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Served {
    async fn open(database: &Database, common: &Common) -> anyhow::Result<Self> {
        let store = Arc::clone(&database.store);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        // One address does here at once what two hundred do from their own.
        let wide = Rate { burst: 100_000, every: Duration::from_millis(1) };
        let options = AuthOptions {
            auth_rate_sign_in: wide,
            auth_rate_account: wide,
            ..AuthOptions::default()
        };
        let auth = Auth::open(Arc::clone(&store), options, &common.data_dir, address)?;
        let nobody = Claims { user_id: UserId(Uuid::nil()), tenant_id: None };
        let access = Access { key: "0".repeat(64), user: nobody };
        let state = web::State::new(Arc::clone(&store), access).with_auth(auth.clone());
        let pages = web::router(state.clone());
        let (asking, believing_nothing) = serve(web::router(state.clone()).layer(
            axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
                if let Some(auth) = state.auth() {
                    auth.sessions().forget_all();
                }
                next.run(request)
            }),
        ))
        .await?;
        let pages = pages.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, pages).await });
        let tasks = vec![task.abort_handle(), believing_nothing];
        Ok(Self { auth, store, address, asking, tasks })
    }

    /// Owners of shops, with a password.
    async fn people(&self, database: &Database, common: &Common) -> anyhow::Result<Vec<Person>> {
        let admin = shop_setup::make_admin(&database.store).await?;
        let folders = Folders::make(&common.data_dir.join("mail/none"))?;
        let mut client = Client::open(self.address).await?;
        let mut people = Vec::new();
        for number in 0..ACCOUNTS {
            let email = format!("bench{number}@loket.example");
            let file = ShopFile::demo()?;
            let shop = shop_setup::make(&database.store, admin, &email, &file, &folders).await?;
            let path = format!("/auth/v1/admin/users/{}", shop.owner);
            let wanted = json!({ "password": PASSWORD, "email_confirm": true }).to_string();
            let made = client.ask("PUT", &path, self.auth.service_key(), &wanted).await?;
            if made.status != 200 {
                bail!("no account was made: {}", String::from_utf8_lossy(&made.body));
            }
            let session = sign_in(&mut client, &email).await?;
            people.push(Person::of(email, shop.owner, &session)?);
        }
        Ok(people)
    }
}

async fn serve(router: Router) -> anyhow::Result<(SocketAddr, AbortHandle)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move { axum::serve(listener, service).await });
    Ok((address, task.abort_handle()))
}

/// Somebody signed in.
struct Person {
    email: String,
    user: UserId,
    session: Uuid,
    token: String,
}

impl Person {
    fn of(email: String, user: UserId, answer: &Value) -> anyhow::Result<Self> {
        use base64::Engine as _;
        let token = answer.get("access_token").and_then(Value::as_str);
        let token = token.context("no token")?.to_owned();
        let claims = token.split('.').nth(1).context("no claims")?;
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims)?;
        let claims: Value = serde_json::from_slice(&claims)?;
        let session = claims.get("session_id").and_then(Value::as_str).context("no session")?;
        Ok(Self { email, user, session: session.parse()?, token })
    }
}

async fn sign_in(client: &mut Client, email: &str) -> anyhow::Result<Value> {
    let shown = json!({ "email": email, "password": PASSWORD }).to_string();
    let answer = client.ask("POST", "/auth/v1/token?grant_type=password", "", &shown).await?;
    if answer.status != 200 {
        bail!("signing in answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

/// Milliseconds of each request of people who work, until `over`.
async fn work(
    address: SocketAddr,
    people: &[Person],
    over: &Arc<AtomicBool>,
) -> anyhow::Result<JoinSet<anyhow::Result<Vec<f64>>>> {
    let mut working = JoinSet::new();
    for person in people.iter().take(WORKING) {
        let mut client = Client::open(address).await?;
        let (token, over) = (person.token.clone(), Arc::clone(over));
        working.spawn(async move {
            let mut took = Vec::new();
            let paths = ["/api/v1/profile", "/lijst", "/auth/v1/user", "/"];
            for path in paths.iter().cycle() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let begun = Instant::now();
                let answer = client.ask("GET", path, &token, "").await?;
                took.push(begun.elapsed().as_secs_f64() * 1000.0);
                if answer.status != 200 {
                    bail!("{path} answered {}", answer.status);
                }
                // People read what they see.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(took)
        });
    }
    Ok(working)
}

async fn all(mut working: JoinSet<anyhow::Result<Vec<f64>>>) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::new();
    while let Some(done) = working.join_next().await {
        took.extend(done??);
    }
    Ok(took)
}

/// The slowest of every hundred.
fn slowest_hundredth(mut took: Vec<f64>) -> anyhow::Result<f64> {
    took.sort_by(f64::total_cmp);
    took.get(took.len() * 99 / 100).copied().context("nobody worked")
}

async fn storm(served: &Served, people: &[Person], rounds: usize) -> anyhow::Result<()> {
    let (mut calm, mut stormy, mut rates, mut slowest) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let over = Arc::new(AtomicBool::new(false));
        let working = work(served.address, people, &over).await?;
        tokio::time::sleep(CALM).await;
        over.store(true, Ordering::Relaxed);
        calm.push(slowest_hundredth(all(working).await?)?);
        let mut clients = Vec::new();
        for number in 0..STORM {
            let person = people.get(number % people.len()).context("people")?;
            clients.push((Client::open(served.address).await?, person.email.clone()));
        }
        let over = Arc::new(AtomicBool::new(false));
        let working = work(served.address, people, &over).await?;
        let begun = Instant::now();
        let mut coming = JoinSet::new();
        for (mut client, email) in clients {
            coming.spawn(async move { sign_in(&mut client, &email).await });
        }
        while let Some(done) = coming.join_next().await {
            done??;
        }
        let elapsed = begun.elapsed();
        over.store(true, Ordering::Relaxed);
        stormy.push(slowest_hundredth(all(working).await?)?);
        rates.push(per_second(STORM, elapsed));
        slowest.push(elapsed.as_secs_f64());
    }
    Line::cost("sign_in_storm_p99", median(stormy)?, "ms", GOAL_MS).print(format!(
        "p99 of pages and API of {WORKING} people at work while {STORM} others sign in at once; \
         without the storm {:.3} ms; yardstick: the goal",
        median(calm)?
    ))?;
    Line::plain("sign_ins", median(rates)?, "sign-ins/s").print(format!(
        "Argon2id (19 MiB, 2 passes) on one core less than there are; the last of {STORM} was in \
         after {:.1} s",
        median(slowest)?
    ))
}

/// What the yardstick needs.
#[derive(Clone)]
struct Bare {
    store: Arc<Store>,
    session: Uuid,
    user: UserId,
}

/// The same query, and nothing else.
async fn bare(Held(bare): Held<Bare>) -> Json<Value> {
    let found = store::auth::person(&bare.store, bare.session, bare.user).await;
    let person = found.ok().flatten();
    Json(person.map_or(Value::Null, |person| {
        json!({
            "user_id": person.user_id, "email": person.email, "full_name": person.full_name,
            "role": person.role, "aal": person.aal, "tenant_id": person.tenant_id,
            "tenant_role": person.tenant_role.as_str(), "tenant": person.tenant,
        })
    }))
}

async fn profile(served: &Served, people: &[Person], rounds: usize) -> anyhow::Result<()> {
    let one = people.first().context("people")?;
    let bare_state =
        Bare { store: Arc::clone(&served.store), session: one.session, user: one.user };
    let router = Router::new().route("/", get(bare)).with_state(bare_state);
    let (yardstick, task) = serve(router).await?;
    let (mut believed, mut asked, mut bare) = (vec![], vec![], vec![]);
    for round in 0..=rounds {
        let ours = requests(served.address, "/api/v1/profile", &one.token).await?;
        let each = requests(served.asking, "/api/v1/profile", &one.token).await?;
        let theirs = requests(yardstick, "/", "").await?;
        // The first of each only warms up.
        if round > 0 {
            believed.push(ours);
            asked.push(each);
            bare.push(theirs);
        }
    }
    task.abort();
    let bare = median(bare)?;
    let about = format!(
        "GET /api/v1/profile with a bearer by {ASKING} clients over loopback: token verified, \
         session looked at, profile and shop as JSON"
    );
    let yardstick = "yardstick: a bare handler that runs the same query in the same process \
                     and writes the same JSON; floor 0.5";
    Line::rate("profile", median(asked)?, "requests/s", bare)
        .print(format!("{about}; every request asks the database; {yardstick}"))?;
    Line::rate("profile_served", median(believed)?, "requests/s", bare).print(format!(
        "{about}; as it is served, where what was seen of a session is believed for two seconds; \
         {yardstick}"
    ))
}

async fn requests(address: SocketAddr, path: &'static str, token: &str) -> anyhow::Result<f64> {
    let mut asking = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..ASKING {
        let mut client = Client::open(address).await?;
        let token = token.to_owned();
        asking.spawn(async move {
            let mut count = 0_usize;
            while begun.elapsed() < SPAN {
                let answer = client.ask("GET", path, &token, "").await?;
                if answer.status != 200 || answer.body.len() < 100 {
                    bail!("{path} answered {} with {} bytes", answer.status, answer.body.len());
                }
                count += 1;
            }
            Ok::<usize, anyhow::Error>(count)
        });
    }
    let mut count = 0;
    while let Some(done) = asking.join_next().await {
        count += done??;
    }
    Ok(per_second(count, begun.elapsed()))
}
