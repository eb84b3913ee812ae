//! Catalogue A through HTTP: every address for every kind of caller, in a table that is checked
//! in, and what one shop can learn or do about another.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use uuid::Uuid;

use crate::browser::{admin, lab};
use crate::lab::Lab;
use crate::shops::{Insider, Shop, enter, insider, shop};
use crate::support::expect_file;

/// Every address of the pages; `{thread}` and the like stand for what shop A has.
const ADDRESSES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/lijst"),
    ("GET", "/gesprekken/{thread}"),
    ("GET", "/gesprekken/{thread}/verloop"),
    ("GET", "/gesprekken/{thread}/bijlagen/{attachment}"),
    ("GET", "/gesprekken/{thread}/opgemaakt/{mail}"),
    ("POST", "/gesprekken/{thread}/goedkeuren"),
    ("POST", "/gesprekken/{thread}/weggooien"),
    ("POST", "/gesprekken/{thread}/terughalen"),
    ("POST", "/gesprekken/{thread}/aangekomen"),
    ("POST", "/meldingen/{notice}/gedaan"),
    ("GET", "/events"),
    ("GET", "/api/v1/profile"),
    ("GET", "/registreren"),
    ("POST", "/registreren"),
    ("POST", "/registreren/code"),
    ("GET", "/binnen"),
    ("POST", "/binnen"),
    ("GET", "/inloggen"),
    ("POST", "/inloggen"),
    ("GET", "/inloggen/code"),
    ("POST", "/inloggen/code"),
    ("GET", "/wachtwoord-vergeten"),
    ("POST", "/wachtwoord-vergeten"),
    ("GET", "/wachtwoord-nieuw"),
    ("POST", "/wachtwoord-nieuw"),
    ("GET", "/winkel"),
    ("POST", "/winkel"),
    ("GET", "/winkel/mailbox"),
    ("POST", "/winkel/mailbox"),
    ("GET", "/winkel/mailbox/verbinden"),
    ("GET", "/mailbox/verbonden"),
    ("GET", "/wachten"),
    ("GET", "/wachten/status"),
    ("GET", "/eerste-beheerder"),
    ("POST", "/eerste-beheerder"),
    ("GET", "/uitnodiging"),
    ("POST", "/uitnodiging"),
    ("GET", "/instellingen"),
    ("POST", "/instellingen"),
    ("GET", "/instellingen/mensen"),
    ("POST", "/instellingen/mensen"),
    ("POST", "/instellingen/mensen/rol"),
    ("POST", "/instellingen/mensen/weg"),
    ("GET", "/instellingen/mailbox"),
    ("POST", "/instellingen/mailbox"),
    ("GET", "/instellingen/mailbox/verbinden"),
    ("GET", "/instellingen/mailbox/geschiedenis"),
    ("POST", "/instellingen/mailbox/geschiedenis"),
    ("GET", "/instellingen/sleutels"),
    ("POST", "/instellingen/sleutels"),
    ("POST", "/instellingen/sleutels/intrekken"),
    ("GET", "/instellingen/logboek"),
    ("GET", "/instellingen/beveiliging"),
    ("POST", "/instellingen/wachtwoord"),
    ("POST", "/instellingen/tweede-stap"),
    ("POST", "/instellingen/tweede-stap/bevestigen"),
    ("POST", "/instellingen/tweede-stap/uit"),
    ("POST", "/instellingen/apparaten/uit"),
    ("GET", "/beheer"),
    ("GET", "/beheer/regels"),
    ("GET", "/beheer/regels/{rule}"),
    ("POST", "/beheer/regels/{rule}"),
    ("GET", "/beheer/winkels/{shop}"),
    ("POST", "/beheer/winkels/{shop}/goedkeuren"),
    ("POST", "/beheer/winkels/{shop}/stand"),
    ("POST", "/beheer/winkels/{shop}/inkijken"),
    ("GET", "/auth/v1/user"),
    ("GET", "/auth/v1/admin/users"),
    ("GET", "/toegang"),
    ("GET", "/assets/{file}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/uitloggen"),
];

fn filled(path: &str, shop: &Shop) -> String {
    path.replace("{thread}", &shop.thread.to_string())
        .replace("{attachment}", &shop.mail.to_string())
        .replace("{mail}", &shop.mail.to_string())
        .replace("{notice}", &shop.notice.to_string())
        .replace("{shop}", &shop.id.to_string())
        .replace("{rule}", "annulering_policy")
}

/// What each form says: enough to be looked at, never enough to change what the next caller sees.
fn form(path: &str, shop: &Shop) -> String {
    match path {
        "/gesprekken/{thread}/goedkeuren"
        | "/gesprekken/{thread}/weggooien"
        | "/gesprekken/{thread}/terughalen"
        | "/gesprekken/{thread}/aangekomen" => format!("wat={}", Uuid::now_v7()),
        "/beheer/winkels/{shop}/stand" => "wat=hervatten&reden=zomaar+iets".to_owned(),
        "/instellingen/mensen/rol" => format!("wie={}&tenant_role=viewer", shop.id),
        "/instellingen/mensen" => "tenant_role=viewer".to_owned(),
        _ => String::new(),
    }
}

/// An address in the source that is not in the table fails here, as does one that is gone.
#[test]
fn no_address_is_forgotten() {
    let sources =
        [include_str!("../../src/web/mod.rs"), include_str!("../../src/web/accounts/mod.rs")];
    let mut routed = BTreeSet::new();
    for source in sources {
        for rest in source.split(".route(\"").skip(1) {
            routed.insert(rest.split('"').next().unwrap().to_owned());
        }
    }
    assert!(routed.len() > 40, "{routed:?}");
    let plain = |path: &str| -> String {
        path.split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let listed: BTreeSet<String> = ADDRESSES.iter().map(|(_, path)| plain(path)).collect();
    for path in &routed {
        assert!(listed.contains(&plain(path)), "{path} is in no table");
    }
}

/// A guest's browser: the cookie and token of the sign-in form.
async fn guest(lab: &Lab) -> Insider {
    let nobody = Insider::default();
    let page = nobody.get(lab, "/inloggen").await;
    let cookies = page.cookies();
    let cookie = cookies.iter().map(|it| it.split(';').next().unwrap()).collect::<Vec<_>>();
    let token = page.text.split_once("name=\"teken\" value=\"").unwrap().1;
    let token = token.split_once('"').unwrap().0.to_owned();
    Insider { cookie: cookie.join("; "), token, ..Insider::default() }
}

/// A1, A4, A5 through HTTP.
#[tokio::test]
async fn who_may_do_what_is_the_table() {
    let lab = lab().await;
    let (a, b) = (shop(&lab, "vlinderkas").await, shop(&lab, "zolder").await);
    let halted = shop(&lab, "stil").await;
    admin(&lab, "baas@loket.example").await;
    let roles = [
        ("anonymous", guest(&lab).await),
        ("visitor", insider(&lab, "bezoeker@mail.example", None).await),
        ("owner A", insider(&lab, "eigenaar@vlinderkas.example", Some((a.id, "owner"))).await),
        ("agent A", insider(&lab, "medewerker@vlinderkas.example", Some((a.id, "agent"))).await),
        ("viewer A", insider(&lab, "meekijker@vlinderkas.example", Some((a.id, "viewer"))).await),
        ("owner B", insider(&lab, "eigenaar@zolder.example", Some((b.id, "owner"))).await),
        ("admin", enter(&lab, "baas@loket.example").await),
        ("halted", insider(&lab, "eigenaar@stil.example", Some((halted.id, "owner"))).await),
        ("banned", insider(&lab, "weg@vlinderkas.example", Some((a.id, "owner"))).await),
    ];
    let key = {
        let (_, owner) = &roles[2];
        let sent = "naam=n8n&read=ja&mail=ja&chat=ja";
        let page = owner.post(&lab, "/instellingen/sleutels", sent).await.text;
        let key = page.split_once("class=\"secret\">").unwrap().1.split_once('<').unwrap().0;
        Insider { bearer: Some(key.to_owned()), ..Insider::default() }
    };
    let roles: Vec<(&str, Insider)> = roles.into_iter().chain([("key A", key)]).collect();
    lab.behind
        .batch_execute(&format!(
            "update public.tenants set status = 'suspended', active = false where tenant_id = '{}';
             update public.profiles set suspended_at = now() where email = 'weg@vlinderkas.example'",
            halted.id
        ))
        .await
        .unwrap();
    // What was believed of a session is believed for two seconds.
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let names: Vec<&str> = roles.iter().map(|(name, _)| *name).collect();
    let mut table = String::from(
        "# Every address of the pages for every kind of caller: status, and the way on. What is\n\
         # asked for is shop A's. Renewed by UPDATE_EXPECT=1 cargo test -p loket --test accounts.\n\
         # \"key A\" is an API key of shop A with every scope: it opens no page.\n\
         # \"halted\" owns a suspended shop; \"banned\" is a suspended person of shop A.\n",
    );
    for (method, path) in ADDRESSES {
        let _infallible = writeln!(table, "{method} {path}");
        let (asked, sent) = (filled(path, &a), form(path, &a));
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, person) in names.iter().zip(roles.iter().map(|(_, person)| person)) {
            let standing = person.standing(&lab, method, &asked, &sent).await;
            let standing = standing.replace(&a.thread.to_string(), "{thread}");
            let standing = standing.replace(&a.id.to_string(), "{shop}");
            assert!(!standing.starts_with('5'), "{method} {path} for {name}: {standing}");
            match lines.iter_mut().find(|(other, _)| *other == standing) {
                Some((_, names)) => names.push(name),
                None => lines.push((standing, vec![name])),
            }
        }
        for (standing, names) in lines {
            let _infallible = writeln!(table, "    {standing}: {}", names.join(", "));
        }
    }
    expect_file("crates/loket/tests/accounts/surfaces.txt", &table);
    let still = "select count(*) from public.outbox where state <> 'held'";
    assert_eq!(lab.behind.query_one(still, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// B12: asking for an address that does something does nothing, nor does a form that another site
/// made the browser send, however it is dressed.
#[tokio::test]
async fn nothing_is_done_by_asking_nor_for_another_site() {
    let lab = lab().await;
    let a = shop(&lab, "vlinderkas").await;
    admin(&lab, "baas@loket.example").await;
    let owner = insider(&lab, "eigenaar@vlinderkas.example", Some((a.id, "owner"))).await;
    let boss = enter(&lab, "baas@loket.example").await;
    let state = "select jsonb_build_array(
        (select jsonb_agg(to_jsonb(t)) from public.tenants t), (select jsonb_agg(to_jsonb(o)) from public.outbox o),
        (select jsonb_agg(to_jsonb(n)) from public.notifications n), (select count(*) from public.api_keys),
        (select count(*) from auth.sessions), (select count(*) from auth.mfa_factors),
        (select count(*) from public.tenant_invitations), (select count(*) from public.master_business_rules))";
    let before: serde_json::Value = lab.behind.query_one(state, &[]).await.unwrap().get(0);
    let asked: BTreeSet<&str> =
        ADDRESSES.iter().filter(|(method, _)| *method == "GET").map(|(_, path)| *path).collect();
    for (_, path) in ADDRESSES.iter().filter(|(method, _)| *method == "POST") {
        let person = if path.starts_with("/beheer") { &boss } else { &owner };
        let target = filled(path, &a);
        let sent = match *path {
            "/gesprekken/{thread}/weggooien" => format!("wat={}", a.mail),
            "/gesprekken/{thread}/goedkeuren"
            | "/gesprekken/{thread}/terughalen"
            | "/gesprekken/{thread}/aangekomen" => format!("wat={}", a.draft),
            "/instellingen/sleutels" => "naam=n8n&read=ja".to_owned(),
            "/instellingen/mensen" => "email=x%40mail.example&tenant_role=agent".to_owned(),
            _ => form(path, &a),
        };
        if !asked.contains(path) {
            let query = format!("{target}?teken={}&{sent}", person.token);
            let answer = person.get(&lab, &query).await;
            assert_eq!(answer.status, 404, "GET {path}");
        }
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("content-type", "text/plain"),
            ("content-type", "application/json"),
            ("content-type", "multipart/form-data; boundary=x"),
        ] {
            let mut request = person.request("POST", &target, &sent);
            request.headers_mut().insert(name, value.parse().unwrap());
            assert_eq!(lab.send(request).await.status, 403, "{path} {name}: {value}");
        }
        let mut foreign = person.request("POST", &target, &sent);
        foreign.headers_mut().remove("sec-fetch-site");
        foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
        assert_eq!(lab.send(foreign).await.status, 403, "{path}");
    }
    let after: serde_json::Value = lab.behind.query_one(state, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
}

/// A14 and A15: what is another shop's is not there, in the very words of what is nowhere.
#[tokio::test]
async fn ids_of_another_shop_answer_as_ids_of_nobody() {
    let lab = lab().await;
    let (a, b) = (shop(&lab, "vlinderkas").await, shop(&lab, "zolder").await);
    let owner = insider(&lab, "eigenaar@zolder.example", Some((b.id, "owner"))).await;
    let nowhere = Shop {
        id: Uuid::now_v7(),
        thread: Uuid::now_v7(),
        mail: Uuid::now_v7(),
        draft: Uuid::now_v7(),
        notice: Uuid::now_v7(),
    };
    let plain = |text: &str, shop: &Shop| {
        let mut text = text.to_owned();
        for id in [shop.id, shop.thread, shop.mail, shop.draft, shop.notice] {
            text = text.replace(&id.to_string(), "{id}");
        }
        text
    };
    for (method, path) in ADDRESSES.iter().filter(|(_, path)| path.contains('{')) {
        for what in ["draft", "mail", "own"] {
            let mut seen = Vec::new();
            for shop in [&a, &nowhere] {
                let sent = match what {
                    "draft" => format!("wat={}", shop.draft),
                    "mail" => format!("wat={}", shop.mail),
                    // A15: the caller's own draft below another's conversation.
                    _ => format!("wat={}", nowhere.draft),
                };
                let request = owner.request(method, &filled(path, shop), &sent);
                let answer = lab.send(request).await;
                let to = plain(answer.header("location"), shop);
                seen.push((answer.status, to, plain(&answer.text, shop)));
            }
            assert_eq!(seen[0], seen[1], "{method} {path} {what}");
            assert!(!seen[0].2.contains("vlinderkas"), "{method} {path}");
        }
    }
    for path in ["/gesprekken/{thread}", "/gesprekken/{thread}/verloop"] {
        assert_eq!(owner.get(&lab, &filled(path, &a)).await.status, 404);
        assert_eq!(owner.get(&lab, &filled(path, &b)).await.status, 200);
    }
    let unchanged = "select count(*) from public.outbox where state = 'held'";
    assert_eq!(lab.behind.query_one(unchanged, &[]).await.unwrap().get::<_, i64>(0), 2);
    let open = "select count(*) from public.notifications where done_at is null";
    assert_eq!(lab.behind.query_one(open, &[]).await.unwrap().get::<_, i64>(0), 2);
}

/// A16: a body that names a shop, an owner or an id moves nothing.
#[tokio::test]
async fn bodies_that_name_another_shop_move_nothing() {
    let lab = lab().await;
    let (a, b) = (shop(&lab, "vlinderkas").await, shop(&lab, "zolder").await);
    let owner = insider(&lab, "eigenaar@vlinderkas.example", Some((a.id, "owner"))).await;
    let rows = "select jsonb_agg(to_jsonb(t) order by tenant_id) from public.tenants t";
    let before: serde_json::Value = lab.behind.query_one(rows, &[]).await.unwrap().get(0);
    let forms = [
        "/instellingen",
        "/instellingen/mensen",
        "/instellingen/sleutels",
        "/instellingen/wachtwoord",
        "/instellingen/tweede-stap",
        "/instellingen/apparaten/uit",
        "/winkel",
        "/winkel/mailbox",
    ];
    for path in forms {
        for extra in ["tenant_id", "account_id", "owner_id", "user_id", "id", "tenant_role2"] {
            let sent = format!("tenant_role=viewer&email=x@y.example&{extra}={}", b.id);
            let answer = owner.post(&lab, path, &sent).await;
            assert_eq!(answer.status, 422, "{path} {extra}: {}", answer.text);
        }
    }
    let draft = format!("wat={}&tenant_id={}", b.draft, b.id);
    let path = format!("/gesprekken/{}/goedkeuren", a.thread);
    owner.post(&lab, &path, &draft).await;
    let after: serde_json::Value = lab.behind.query_one(rows, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    let held = "select count(*) from public.outbox where state = 'held'";
    assert_eq!(lab.behind.query_one(held, &[]).await.unwrap().get::<_, i64>(0), 2);
}

/// A17: what is looked for is data.
#[tokio::test]
async fn what_is_searched_for_is_never_code() {
    let lab = lab().await;
    let a = shop(&lab, "vlinderkas").await;
    admin(&lab, "baas@loket.example").await;
    let owner = insider(&lab, "eigenaar@vlinderkas.example", Some((a.id, "owner"))).await;
    let boss = enter(&lab, "baas@loket.example").await;
    let long = "x".repeat(5_000);
    let hostile = [
        "%27",
        "%27%20or%201%3D1--",
        "%25",
        "_",
        "%5C",
        "%5C%27",
        "%00",
        "%24%7B7*7%7D",
        "%7B%22a%22%3A1%7D",
        "%24.a%5B*%5D",
        "%28%28%28%28",
        "%5Bz-a%5D",
        "%3A%2A%26%7C%21",
        "%22%22%22",
        "pg_sleep%285%29",
        "%F0%9F%98%80",
        "%FF",
        &long,
    ];
    for what in hostile {
        for (person, path) in [
            (&owner, "/?zoek="),
            (&owner, "/lijst?zoek="),
            (&owner, "/?toon="),
            (&owner, "/?na="),
            (&owner, "/instellingen/logboek?na="),
            (&boss, "/beheer?zoek="),
            (&boss, "/beheer?status="),
            (&boss, "/beheer/regels?melding="),
        ] {
            let begun = std::time::Instant::now();
            let answer = person.get(&lab, &format!("{path}{what}")).await;
            assert!(answer.status.as_u16() < 500, "{path}{what}: {}", answer.text);
            assert!(begun.elapsed().as_secs() < 4, "{path}{what}");
            // Of a NUL nothing is left to search for.
            let found = answer.text.contains("class=\"rows\"") && what != "%00";
            assert!(!(found && path.contains("?zoek")), "{path}{what} finds everything");
        }
    }
    let found = owner.get(&lab, "/?zoek=vlinderkas").await;
    assert!(found.text.contains("class=\"rows\""), "searching works: {}", found.text);
}

/// Addresses whose pages are about the shop or the person who looks.
const PRIVATE: [&str; 11] = [
    "/",
    "/lijst",
    "/?toon=alle",
    "/gesprekken/{thread}",
    "/gesprekken/{thread}/verloop",
    "/api/v1/profile",
    "/instellingen",
    "/instellingen/mensen",
    "/instellingen/sleutels",
    "/instellingen/logboek",
    "/wachten/status",
];

/// A20: no cache in between can give one shop's page to another.
#[tokio::test]
async fn one_address_is_two_pages_and_neither_is_kept() {
    let lab = lab().await;
    let (a, b) = (shop(&lab, "vlinderkas").await, shop(&lab, "zolder").await);
    let one = insider(&lab, "eigenaar@vlinderkas.example", Some((a.id, "owner"))).await;
    let other = insider(&lab, "eigenaar@zolder.example", Some((b.id, "owner"))).await;
    for path in PRIVATE {
        for (person, shop, foreign) in [(&one, &a, "zolder"), (&other, &b, "vlinderkas")] {
            let answer = person.get(&lab, &filled(path, shop)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            assert_eq!(answer.header("cache-control"), "private, no-store", "{path}");
            assert_eq!(answer.header("etag"), "", "{path}");
            assert_eq!(answer.header("last-modified"), "", "{path}");
            assert!(!answer.text.contains(foreign), "{path} of {foreign}");
        }
    }
    let mut stale = one.request("GET", "/", "");
    stale.headers_mut().insert("if-none-match", "*".parse().unwrap());
    assert_eq!(lab.send(stale).await.status, 200);
}

/// A23: whatever another shop grows by, not one byte moves.
#[tokio::test]
async fn another_shops_growth_moves_not_one_byte() {
    let lab = lab().await;
    let (a, b) = (shop(&lab, "vlinderkas").await, shop(&lab, "zolder").await);
    let owner = insider(&lab, "eigenaar@vlinderkas.example", Some((a.id, "owner"))).await;
    insider(&lab, "eigenaar@zolder.example", Some((b.id, "owner"))).await;
    let snapshot = async || {
        let mut pages = Vec::new();
        for path in PRIVATE {
            pages.push(owner.get(&lab, &filled(path, &a)).await.text);
        }
        pages
    };
    let before = snapshot().await;
    let grow = format!(
        "insert into public.conversation_threads (tenant_id, id, customer_email, subject, message_count, last_message_at)
         select '{0}', gen_random_uuid(), 'klant@vlinderkas.example', 'Vraag', 1, '2026-01-03' from generate_series(1, 1000);
         insert into public.notifications (tenant_id, id, type, priority, action_required)
         select '{0}', gen_random_uuid(), 'threat', 'high', true from generate_series(1, 1000);
         insert into public.audit_log (tenant_id, id, actor_role, action)
         select '{0}', gen_random_uuid(), 'admin', 'shop.opened' from generate_series(1, 1000)",
        b.id
    );
    lab.behind.batch_execute(&grow).await.unwrap();
    let after = snapshot().await;
    for (path, (before, after)) in PRIVATE.iter().zip(before.iter().zip(&after)) {
        assert_eq!(before, after, "{path}");
    }
}
