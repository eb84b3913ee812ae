//! The pages, asked as a browser would, on a real Postgres with mail that the real pipeline
//! worked. `cargo test -p loket --test web -- --ignored --nocapture` shows them to a person.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[path = "../../store/tests/support/cluster.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the store's own tests use the rest")]
mod cluster;
#[path = "web/counter.rs"]
mod counter;
#[path = "web/view.rs"]
mod view;

use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use counter::{Counter, HOSTILE, KEY};
use http_body_util::BodyExt;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// One counter for all tests. It lives on one runtime, as its connections do.
static COUNTER: LazyLock<(Runtime, Counter)> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let counter = runtime.block_on(Counter::open(48));
    (runtime, counter)
});

fn with_counter(test: impl AsyncFnOnce(&Counter)) {
    let (runtime, counter) = &*COUNTER;
    runtime.block_on(test(counter));
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(pages: &Router, request: Request<Body>) -> Page {
    ask_bytes(pages, request).await.0
}

async fn ask_bytes(pages: &Router, request: Request<Body>) -> (Page, Vec<u8>) {
    let response = pages.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    (Page { status: parts.status, headers: parts.headers, body }, bytes.to_vec())
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::builder().uri(path).header("host", "localhost:8080")
}

/// As somebody who came through the link.
struct Visitor {
    pages: Router,
    cookie: String,
}

impl Visitor {
    async fn enter(pages: Router) -> Self {
        let page =
            ask(&pages, request(&format!("/toegang?sleutel={KEY}")).body(Body::empty()).unwrap())
                .await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        assert_eq!(page.header("location"), "/");
        let cookie = page.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        assert!(!cookie.contains(KEY), "the cookie gives the key away");
        Self { pages, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    async fn get(&self, path: &str) -> Page {
        self.get_with(path, "").await
    }

    async fn get_with(&self, path: &str, cookies: &str) -> Page {
        let cookie = format!("{}; {cookies}", self.cookie);
        ask(&self.pages, request(path).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }

    async fn get_bytes(&self, path: &str) -> (Page, Vec<u8>) {
        let request = request(path).header("cookie", &self.cookie).body(Body::empty()).unwrap();
        ask_bytes(&self.pages, request).await
    }

    async fn post(&self, path: &str, form: String) -> Page {
        let request = request(path)
            .method("POST")
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        ask(&self.pages, request.body(Body::from(form)).unwrap()).await
    }
}

/// The first thing between two texts.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let behind = page.split_once(before).unwrap_or_else(|| panic!("no {before}")).1;
    behind.split_once(after).unwrap().0
}

/// The id of the conversation in the first row; notifications above it do not count.
fn first_row(list: &Page) -> &str {
    between(&list.body, "class=\"subject\" href=\"/gesprekken/", "\"")
}

#[test]
fn nothing_is_shown_without_the_key() {
    with_counter(async |counter| {
        let pages = counter.pages();
        for path in ["/", "/lijst", "/events", "/gesprekken/0190a0a0-0000-7000-8000-000000000000"] {
            let page = ask(&pages, request(path).body(Body::empty()).unwrap()).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
            assert!(page.body.contains("Open Loket met de link uit de terminal"), "{path}");
            assert!(!page.body.contains("Linnen"), "{path}");
        }
        let wrong = request("/").header("cookie", "loket_access=00; __Host-loket_access=zz");
        let page = ask(&pages, wrong.body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        let page = ask(&pages, request("/toegang?sleutel=00").body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.headers.get("set-cookie").is_none());
        let english = request("/").header("accept-language", "fr, en-GB;q=0.8, nl;q=0.5");
        let page = ask(&pages, english.body(Body::empty()).unwrap()).await;
        assert!(page.body.contains("Open Loket with the link from the terminal"));
    });
}

#[test]
fn over_tls_the_cookie_is_bound_to_the_host() {
    with_counter(async |counter| {
        let link = request(&format!("/toegang?sleutel={KEY}")).header("x-forwarded-proto", "https");
        let page = ask(&counter.pages(), link.body(Body::empty()).unwrap()).await;
        let cookie = page.header("set-cookie");
        assert!(
            cookie.starts_with("__Host-loket_access=") && cookie.contains("; Secure"),
            "{cookie}"
        );
    });
}

#[test]
fn a_foreign_host_name_is_refused() {
    with_counter(async |counter| {
        for host in ["evil.example", "localhost.evil.example:8080"] {
            let asked =
                Request::builder().uri("/").header("host", host).body(Body::empty()).unwrap();
            let page = ask(&counter.pages(), asked).await;
            assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        let probe = Request::builder().uri("/healthz").header("host", "10-0-0-1.pod");
        let page = ask(&counter.pages(), probe.body(Body::empty()).unwrap()).await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "ok\n"));
        let page = ask(&counter.pages(), request("/readyz").body(Body::empty()).unwrap()).await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "ready\n"));
    });
}

#[test]
fn every_answer_tells_the_browser_to_be_careful() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        for path in ["/", "/bestaat-niet", "/lijst", "/?toon=gefilterd"] {
            let page = visitor.get(path).await;
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}");
            assert_eq!(page.header("cache-control"), "private, no-store", "{path}");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            for inline in [" style=", " onclick=", "<script>", "<style"] {
                assert!(!page.body.contains(inline), "{path} holds {inline}");
            }
        }
    });
}

#[test]
fn files_are_kept_for_ever_under_the_hash_of_their_content() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let page = visitor.get("/").await;
        let styles = between(&page.body, "<link rel=\"stylesheet\" href=\"", "\"").to_owned();
        let file = ask(&counter.pages(), request(&styles).body(Body::empty()).unwrap()).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.header("cache-control").contains("immutable"));
        assert!(file.header("content-type").starts_with("text/css"));
        let typeface = between(&file.body, "src: url(", ")");
        let file = ask(&counter.pages(), request(typeface).body(Body::empty()).unwrap()).await;
        assert_eq!(file.status, StatusCode::OK, "{typeface}");
        let missing =
            ask(&counter.pages(), request("/assets/styles.css").body(Body::empty()).unwrap()).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn the_list_speaks_both_languages_and_remembers() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let dutch = visitor.get("/").await;
        assert_eq!(dutch.status, StatusCode::OK);
        assert!(dutch.body.contains("<html lang=\"nl\">"));
        assert!(dutch.body.contains("<h1>Gesprekken</h1>"));
        let switch = visitor.get("/?toon=wacht&taal=en").await;
        assert_eq!(switch.status, StatusCode::SEE_OTHER);
        assert_eq!(switch.header("location"), "/?toon=wacht");
        assert!(switch.header("set-cookie").starts_with("loket_taal=en"));
        let english = visitor.get_with("/", "loket_taal=en").await;
        assert!(english.body.contains("<html lang=\"en\">"));
        assert!(english.body.contains("<h1>Conversations</h1>"));
        assert!(!english.body.contains("Gesprekken"), "Dutch left on the English page");
    });
}

#[test]
fn tabs_count_and_list_the_same() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        for tab in ["alle", "wacht", "concepten", "beantwoord", "automatisch", "gefilterd"] {
            let page = visitor.get(&format!("/?toon={tab}")).await;
            let current = between(&page.body, "aria-current=\"page\"", "</a>");
            let count: usize =
                between(current, "<span class=\"count\">", "</span>").parse().unwrap();
            let mut rows = page.body.matches("<li class=\"row").count();
            let mut next = page.body.contains("rel=\"next\"").then(|| link_to_next(&page.body));
            while let Some(path) = next {
                let page = visitor.get(&path).await;
                rows += page.body.matches("<li class=\"row").count();
                next = page.body.contains("rel=\"next\"").then(|| link_to_next(&page.body));
            }
            assert!(count > 0, "{tab}");
            assert_eq!(rows, count, "{tab}");
        }
        let empty = visitor.get("/?toon=quarantaine").await;
        assert!(empty.body.contains("Quarantaine is leeg"));
    });
}

fn link_to_next(page: &str) -> String {
    let before = page.split_once("\" rel=\"next\"").unwrap().0;
    before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&").replace("&amp;", "&")
}

#[test]
fn search_finds_by_address_name_subject_and_order() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        for search in ["dennis.pruijs%40example.nl", "pruijs", "veel%20te%20laat", "ll-20402"] {
            let page = visitor.get(&format!("/?zoek={search}")).await;
            assert!(page.body.contains("Dennis Pruijs"), "{search}");
        }
        let none = visitor.get("/?zoek=bestaatniet%25%00").await;
        assert!(none.body.contains("Niets gevonden"));
    });
}

#[test]
fn a_conversation_shows_mail_answer_and_receipt() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let list = visitor.get("/?toon=beantwoord").await;
        let thread = first_row(&list).to_owned();
        let offer = "insert into public.offers
            (tenant_id, id, thread_id, interaction_id, customer_email, order_number, kind, ladder_stap, basis_points)
            select tenant_id, $2, thread_id, id, customer_email, 'LL-1', 'offered', 1, 1250
            from public.customer_interactions where thread_id = $1 limit 1";
        let id: uuid::Uuid = thread.parse().unwrap();
        counter.behind.execute(offer, &[&id, &uuid::Uuid::now_v7()]).await.unwrap();
        let path = format!("/gesprekken/{thread}");
        let page = visitor.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        let parts = [
            "Eva antwoordde",
            "Message-ID",
            "versie 1",
            "AI-assistent van",
            "12,5&nbsp;%",
            "Aangeboden",
        ];
        for part in parts {
            assert!(page.body.contains(part), "{part}");
        }
        let part = visitor.get(&format!("{path}/verloop")).await;
        assert!(page.body.contains(&part.body), "the live part is the page's own");
        let english = visitor.get_with(&path, "loket_taal=en").await;
        assert!(english.body.contains("12.5&nbsp;%") && english.body.contains("version 1"));
        for word in ["Waarom", "Feiten", "Verzonden", "versie 1"] {
            assert!(!english.body.contains(word), "{word} on the English page");
        }
    });
}

#[test]
fn a_notification_is_ticked_off() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let list = visitor.get("/?toon=wacht").await;
        let action = between(&list.body, "action=\"/meldingen/", "\"").to_owned();
        let token = between(&list.body, "name=\"teken\" value=\"", "\"").to_owned();
        let path = format!("/meldingen/{action}");
        let forged = visitor.post(&path, "teken=00&toon=wacht".to_owned()).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        for _ in 0..2 {
            let done = visitor.post(&path, format!("teken={token}&toon=wacht")).await;
            assert_eq!(
                (done.status, done.header("location")),
                (StatusCode::SEE_OTHER, "/?toon=wacht")
            );
        }
        assert!(!visitor.get("/").await.body.contains(&action), "it is gone");
    });
}

#[test]
fn a_foreign_conversation_is_not_there_like_any_that_is_not() {
    with_counter(async |counter| {
        let neighbour = Visitor::enter(counter.pages_of(counter.neighbour)).await;
        let list = neighbour.get("/").await;
        let theirs = format!("/gesprekken/{}", first_row(&list));
        assert_eq!(neighbour.get(&theirs).await.status, StatusCode::OK);
        let visitor = Visitor::enter(counter.pages()).await;
        let foreign = visitor.get(&theirs).await;
        let unknown = visitor.get("/gesprekken/0190a0a0-0000-7000-8000-000000000000").await;
        let nonsense = visitor.get("/gesprekken/nonsens").await;
        for page in [&foreign, &unknown, &nonsense] {
            assert_eq!(page.status, StatusCode::NOT_FOUND);
            assert_eq!(page.body, foreign.body);
        }
        assert!(foreign.body.contains("Deze pagina is er niet"));
    });
}

#[test]
fn hostile_words_stay_words() {
    with_counter(async |counter| {
        let neighbour = Visitor::enter(counter.pages_of(counter.neighbour)).await;
        let list = neighbour.get(&format!("/?zoek={}", "%3Cscript%3E")).await;
        let path = format!("/gesprekken/{}", first_row(&list));
        let thread = neighbour.get(&path).await;
        for page in [&list, &thread] {
            assert!(page.body.contains("alert(1)"), "the words are shown");
            assert!(!page.body.contains("<script>alert"), "as words");
            assert!(!page.body.contains("<img"), "as words");
            assert!(!page.body.contains(HOSTILE));
        }
    });
}

#[test]
fn drafts_are_approved_and_thrown_away_only_through_our_own_form() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let list = visitor.get("/?toon=concepten").await;
        let path = format!("/gesprekken/{}", first_row(&list));
        let page = visitor.get(&path).await;
        let form = between(&page.body, &format!("action=\"{path}/goedkeuren\""), "</form>");
        let draft = between(form, "name=\"wat\" value=\"", "\"").to_owned();
        let token = between(form, "name=\"teken\" value=\"", "\"").to_owned();
        let approve = format!("{path}/goedkeuren");
        let forged = visitor.post(&approve, format!("teken={}&wat={draft}", "0".repeat(64))).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert!(forged.body.contains("Dit formulier is verlopen"));
        let done = visitor.post(&approve, format!("teken={token}&wat={draft}")).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER);
        assert_eq!(done.header("location"), format!("{path}?melding=goedgekeurd"));
        let again = visitor.post(&approve, format!("teken={token}&wat={draft}")).await;
        assert_eq!(again.header("location"), format!("{path}?melding=was_al_gedaan"));
        let shown = visitor.get(done.header("location")).await;
        assert!(shown.body.contains("Het antwoord gaat nu weg."));
        assert!(!shown.body.contains("/goedkeuren\""), "nothing is left to approve");
        // The neighbour's own token is as good as none here: the draft is not theirs.
        let neighbour = Visitor::enter(counter.pages_of(counter.neighbour)).await;
        let list = visitor.get("/?toon=concepten").await;
        let other = format!("/gesprekken/{}", first_row(&list));
        let page = visitor.get(&other).await;
        let form = between(&page.body, "/weggooien\"", "</form>");
        let mail = between(form, "name=\"wat\" value=\"", "\"").to_owned();
        let foreign = neighbour
            .post(&format!("{other}/weggooien"), format!("teken={token}&wat={mail}"))
            .await;
        assert!(foreign.header("location").ends_with("was_al_gedaan"));
        assert!(visitor.get(&other).await.body.contains("/weggooien\""), "untouched");
    });
}

/// Hazard D8: what a person answered in the mailbox itself stands in the conversation, and nothing
/// is left to approve.
#[test]
fn d8_an_answer_from_the_mailbox_is_shown() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let list = visitor.get("/?toon=concepten").await;
        let rows = list.body.split("class=\"subject\" href=\"/gesprekken/");
        let last = rows.last().unwrap().split('"').next().unwrap().to_owned();
        let path = format!("/gesprekken/{last}");
        assert!(visitor.get(&path).await.body.contains("/goedkeuren\""));
        let record = counter.store.as_worker(counter.shop.tenant_id.unwrap(), async |tx| {
            let mailbox = store::mailboxes::list(tx).await?.first().unwrap().id;
            let answer = store::person_answers::NewPersonAnswer {
                id: store::PersonAnswerId::new(),
                thread_id: last.parse().unwrap(),
                message_id: None,
                subject: "Re: vraag".to_owned(),
                body_text: "Dag, ik heb je <b>gebeld</b>.".to_owned(),
                sha256: [7; 32],
                raw: b"Dag".to_vec(),
                sent_at: "2099-01-01T09:00:00Z".parse().unwrap(),
            };
            let first = store::person_answers::record(tx, mailbox, &answer).await?;
            let again = store::person_answers::record(tx, mailbox, &answer).await?;
            Ok((first, again))
        });
        let (first, again) = record.await.unwrap();
        assert!(first.recorded == 1 && first.withdrawn >= 1, "{first:?}");
        assert_eq!((again.recorded, again.withdrawn), (0, 0), "once");
        let shown = visitor.get(&path).await.body;
        assert!(shown.contains("Beantwoord vanuit de mailbox"), "{shown}");
        assert!(shown.contains("ik heb je &#60;b&#62;gebeld"), "as words: {shown}");
        assert!(shown.contains("Een collega antwoordde vanuit de mailbox"), "why it was not sent");
        assert!(!shown.contains("/goedkeuren\""), "nothing is left to approve");
        let english = visitor.get_with(&path, "loket_taal=en").await.body;
        assert!(english.contains("Answered from the mailbox"), "{english}");
    });
}

#[test]
fn a_page_hears_that_something_moved() {
    with_counter(async |counter| {
        let visitor = Visitor::enter(counter.pages()).await;
        let asked =
            request("/events").header("cookie", &visitor.cookie).body(Body::empty()).unwrap();
        let response = visitor.pages.clone().oneshot(asked).await.unwrap();
        assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
        let mut stream = response.into_body();
        let claims = counter.shop;
        let moved = counter
            .store
            .as_user(&claims, async |tx| store::events::append(tx, "test.moved", None, None).await);
        let seq = moved.await.unwrap();
        // Other tests move things as well: ours is there once its number is reached.
        let mut seen = 0;
        while seen < seq {
            let frame =
                tokio::time::timeout(Duration::from_secs(10), stream.frame()).await.unwrap();
            let data = frame.unwrap().unwrap().into_data().unwrap();
            let text = String::from_utf8_lossy(&data).into_owned();
            assert!(text.contains("event: moved") && text.contains("\ndata: "), "{text}");
            seen = between(&text, "id: ", "\n").parse().unwrap();
        }
    });
}

/// For eyes, and for pictures: all sample mails on a port.
#[test]
#[ignore = "serves until it is stopped"]
fn serve() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let counter = Counter::open(usize::MAX).await;
        for (id, raw) in view::to_look_at() {
            let (thread, mail) = counter.receive_own(id, raw.as_bytes()).await;
            println!("{id} /gesprekken/{thread} {mail}");
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:8095").await.unwrap();
        println!("http://127.0.0.1:8095/toegang?sleutel={KEY}");
        axum::serve(listener, counter.pages()).await.unwrap();
    });
}
