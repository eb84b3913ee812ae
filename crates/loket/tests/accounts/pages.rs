//! What pages show to whom: no button that would be refused, the reason of a rejection, fields
//! instead of JSON, and the second step from its beginning to its end.

use std::time::{Duration, Instant};

use serde_json::json;
use totp_rs::{Algorithm, Builder, Secret};

use crate::browser::{Browser, admin, lab, shop_id, tenant};
use crate::lab::Lab;
use crate::shops::{insider, shop};

#[tokio::test]
async fn nobody_is_shown_a_button_that_would_be_refused() {
    let lab = lab().await;
    let shop = shop(&lab, "linnen").await;
    let thread = format!("/gesprekken/{}", shop.thread);
    let pages = [thread.clone(), format!("{thread}/verloop"), "/".to_owned(), "/lijst".to_owned()];
    for (role, acts) in [("owner", true), ("agent", true), ("viewer", false)] {
        let email = format!("{role}@linnen.example");
        let person = insider(&lab, &email, Some((shop.id, role))).await;
        for path in &pages {
            let page = person.get(&lab, path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            assert!(page.text.contains("Vraag aan linnen"), "{path}");
            let buttons = ["/goedkeuren\"", "/weggooien\"", "/gedaan\""];
            let shown = buttons.iter().any(|button| page.text.contains(button));
            assert_eq!(shown, acts, "{role} {path}");
        }
        // A form on a page is a form that is taken: each is tried with nothing in it.
        for path in ["/", thread.as_str(), "/instellingen", "/instellingen/beveiliging"] {
            let page = person.get(&lab, path).await;
            for form in page.text.split("method=\"post\" action=\"").skip(1) {
                let action = form.split('"').next().unwrap();
                if action == "/uitloggen" {
                    continue;
                }
                let sent = format!("wat={0}", uuid::Uuid::now_v7());
                let answer = person.post(&lab, action, &sent).await;
                assert_ne!(answer.status, 403, "{role} {path} {action}");
            }
        }
        let again = "update public.notifications set done_at = null, done_by = null";
        lab.behind.execute(again, &[]).await.unwrap();
        let settings = ["/instellingen/mensen", "/instellingen/sleutels", "/instellingen/logboek"];
        let page = person.get(&lab, "/instellingen/beveiliging").await;
        for path in settings {
            assert_eq!(page.text.contains(&format!("href=\"{path}\"")), role == "owner", "{role}");
        }
    }
    // Telling a viewer why there is nothing to press.
    let viewer = crate::shops::enter(&lab, "viewer@linnen.example").await;
    assert!(viewer.get(&lab, &thread).await.text.contains("Je kijkt mee"));
}

#[tokio::test]
async fn a_rejected_shop_reads_why_in_its_own_language() {
    let lab = lab().await;
    let mut owner = Browser::new(&lab);
    owner.language = "en";
    owner.register("sanne@winkel.example", "Zolder").await;
    admin(&lab, "baas@loket.example").await;
    let mut boss = Browser::new(&lab);
    boss.sign_in("baas@loket.example").await;
    let page = format!("/beheer/winkels/{}", shop_id(&lab).await);
    boss.open(&page).await;
    let stand = format!("{page}/stand");
    // Another reason has to be told.
    let untold = boss.submit(&stand, &[("grond", "other"), ("reden", "kort")]).await;
    assert_eq!(untold.status, 200);
    assert!(untold.text.contains("role=\"alert\""), "{}", untold.text);
    assert!(untold.text.contains("value=\"other\" selected"), "the choice is kept");
    assert_eq!(tenant(&lab).await["status"], "pending_approval");
    let words = "Het wachtwoord <b>wordt</b> geweigerd";
    boss.submit(&stand, &[("grond", "mailbox"), ("reden", words)]).await;
    assert!(boss.at.ends_with("melding=gedaan"), "{}", boss.at);
    assert!(boss.page.contains("De mailbox is niet te bereiken"), "{}", boss.page);
    // The page that waits hears of it at once, and where to look.
    let status = owner.open("/wachten/status").await.json();
    assert_eq!(status, json!({"status": "rejected", "verder": "/wachten"}));
    let english = owner.open("/wachten").await.text;
    assert!(english.contains("The mailbox cannot be reached"), "{english}");
    assert!(english.contains("Make a new app password"), "what to do next: {english}");
    assert!(english.contains("Het wachtwoord &#60;b&#62;wordt"), "their words, harmless");
    assert!(english.contains("href=\"/winkel\"") && english.contains("data-wait="));
    owner.language = "nl";
    assert!(owner.open("/wachten?taal=nl").await.text.contains("De mailbox is niet te bereiken"));
    let mail = lab.mail("sanne@winkel.example", 2).await;
    assert!(mail.text.contains("De mailbox is niet te bereiken"), "{}", mail.text);
    // Nobody else reads it: not a colleague without the role, not another newcomer.
    let mut other = Browser::new(&lab);
    other.sign_up("piet@winkel.example").await;
    assert!(!other.open("/wachten").await.text.contains("bereiken"));
    // Suspended later on, the owner reads that as well.
    owner.open("/winkel").await;
    assert_eq!(owner.at, "/winkel", "a new application is open");
}

#[tokio::test]
async fn days_are_boxes_and_dates() {
    let lab = lab().await;
    let shop = shop(&lab, "linnen").await;
    let owner = insider(&lab, "eigenaar@linnen.example", Some((shop.id, "owner"))).await;
    let page = owner.get(&lab, "/instellingen").await.text;
    for day in 1..=7 {
        let held = page.contains(&format!("name=\"werkdagen-{day}\" value=\"ja\" checked"));
        assert_eq!(held, day <= 5, "{day}");
    }
    assert!(!page.contains('{'), "no JSON on the page");
    let form = |days: &str, holidays: &str| {
        format!(
            "bedrijfsnaam=linnen&shop_url=winkel.example&taalvoorkeur=NL&retouradres=Kade+12&\
             ai_persona_name=Noor&maximaal_extra_compensatie=10&dagen_retour=30&dagen_terugbetaling=14&\
             dagen_antwoord=2&undo_seconds=30&max_reply_age_hours=24&{days}&feestdagen={holidays}"
        )
    };
    let wrong = owner.post(&lab, "/instellingen", &form("", "25-12-2026%0A30-02-2026")).await;
    assert_eq!(wrong.status, 200);
    for id in ["werkdagen-fout", "feestdagen-fout"] {
        assert!(wrong.text.contains(&format!("id=\"{id}\"")), "{id}: {}", wrong.text);
    }
    assert!(
        wrong.text.contains("30-02-2026” is geen datum") && wrong.text.contains("25-12-2026\n")
    );
    let right = form("werkdagen-2=ja&werkdagen-6=ja", "25-12-2026%0A2026-04-27");
    let saved = owner.post(&lab, "/instellingen", &right).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let kept = &tenant(&lab).await["dagen_instellingen"];
    assert_eq!(kept["working_days"], json!([2, 6]));
    assert_eq!(kept["holidays"], json!(["2026-04-27", "2026-12-25"]));
    assert_eq!(kept["return"], 30);
    let page = owner.get(&lab, "/instellingen").await.text;
    assert!(page.contains("27-04-2026\n25-12-2026"), "{page}");
    assert!(page.contains("name=\"werkdagen-6\" value=\"ja\" checked"));
    assert!(!page.contains("name=\"werkdagen-1\" value=\"ja\" checked"));
}

/// When replies leave is the owner's to set, within the database's own bounds.
#[tokio::test]
async fn sending_is_set_within_bounds_and_by_owners_alone() {
    let lab = lab().await;
    let shop = shop(&lab, "linnen").await;
    let owner = insider(&lab, "eigenaar@linnen.example", Some((shop.id, "owner"))).await;
    let page = owner.get(&lab, "/instellingen").await.text;
    assert!(page.contains("name=\"undo_seconds\" value=\"30\""), "{page}");
    assert!(page.contains("name=\"max_reply_age_hours\" value=\"24\""));
    let form = |undo: &str, age: &str| {
        format!(
            "bedrijfsnaam=linnen&shop_url=winkel.example&taalvoorkeur=NL&retouradres=Kade+12&\
             ai_persona_name=Noor&maximaal_extra_compensatie=10&dagen_retour=30&dagen_terugbetaling=14&\
             dagen_antwoord=2&werkdagen-1=ja&undo_seconds={undo}&max_reply_age_hours={age}"
        )
    };
    for (undo, age, wrong) in [
        ("3601", "24", "undo_seconds"),
        ("-1", "24", "undo_seconds"),
        ("1.5", "24", "undo_seconds"),
        ("", "24", "undo_seconds"),
        ("30", "0", "max_reply_age_hours"),
        ("30", "721", "max_reply_age_hours"),
        ("30", "99999999999", "max_reply_age_hours"),
        ("30", "een+dag", "max_reply_age_hours"),
    ] {
        let page = owner.post(&lab, "/instellingen", &form(undo, age)).await;
        assert_eq!(page.status, 200, "{undo} {age}");
        assert!(page.text.contains(&format!("id=\"{wrong}-fout\"")), "{undo} {age}: {}", page.text);
    }
    assert_eq!(tenant(&lab).await["undo_seconds"], 30, "nothing was saved");
    for (undo, age) in [("0", "1"), ("3600", "720")] {
        let saved = owner.post(&lab, "/instellingen", &form(undo, age)).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let kept = tenant(&lab).await;
        assert_eq!(kept["undo_seconds"].to_string(), undo);
        assert_eq!(kept["max_reply_age_hours"].to_string(), age);
    }
    for role in ["agent", "viewer"] {
        let email = format!("{role}@linnen.example");
        let person = insider(&lab, &email, Some((shop.id, role))).await;
        let page = person.get(&lab, "/instellingen").await;
        assert!(!page.text.contains("undo_seconds"), "{role}");
        let refused = person.post(&lab, "/instellingen", &form("5", "5")).await;
        assert_ne!(refused.header("location"), "/instellingen?melding=opgeslagen", "{role}");
        assert_eq!(tenant(&lab).await["undo_seconds"], 3600, "{role}");
    }
}

#[tokio::test]
async fn master_rules_are_fields_with_their_mistakes_beside_them() {
    let lab = lab().await;
    admin(&lab, "baas@loket.example").await;
    let mut boss = Browser::new(&lab);
    boss.sign_in("baas@loket.example").await;
    let list = boss.open("/beheer/regels").await.text;
    assert!(list.contains("/beheer/regels/onderhandeling_logica") && !list.contains("textarea"));
    let path = "/beheer/regels/onderhandeling_logica";
    let page = boss.open(path).await.text;
    assert!(page.contains("Eerste aanbod") && page.contains("name=\"start_percentage\""), "{page}");
    let all = |start: &'static str| {
        [
            ("enabled", "ja"),
            ("start_percentage", start),
            ("step_percentage", "2,5"),
            ("cap_percentage", "25"),
            ("max_steps", "2"),
            ("ladders_per_customer_month", "1"),
            ("notify_from_percentage", "20"),
        ]
    };
    for (typed, words) in [
        ("99", "Dit past niet bij de andere velden"),
        ("veel", "Vul een percentage in"),
        ("", "Vul een percentage in"),
    ] {
        let wrong = boss.submit(path, &all(typed)).await;
        assert_eq!(wrong.status, 200);
        let mistake = wrong.text.split_once("id=\"start_percentage-fout\">").unwrap().1;
        assert!(mistake.starts_with(words), "{typed}: {mistake}");
        assert!(wrong.text.contains(&format!("name=\"start_percentage\" value=\"{typed}\"")));
    }
    let newest = "select version, rule_config from public.master_business_rules
                  where rule_key = 'onderhandeling_logica' order by version desc limit 1";
    let before = async || lab.behind.query_opt(newest, &[]).await.unwrap().map(|row| row.get(0));
    let before: i32 = before().await.unwrap_or(0);
    assert_eq!(before, 0, "as it came with the program");
    let mut foreign = all("10").to_vec();
    foreign.push(("unpacking_fee", "5"));
    assert_eq!(boss.submit(path, &foreign).await.status, 422);
    boss.open(path).await;
    boss.submit(path, &all("10")).await;
    assert!(boss.at.ends_with("melding=opgeslagen"), "{}", boss.page);
    let row = lab.behind.query_one(newest, &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), before + 1);
    let config: serde_json::Value = row.get(1);
    assert_eq!((&config["enabled"], &config["step_percentage"]), (&json!(true), &json!(2.5)));
    assert_eq!(config["offer_on_return"], false, "a box that is not ticked is off");
    // Lists: boxes, and one on a line.
    let path = "/beheer/regels/adreswijziging_policy";
    boss.open(path).await;
    let lists = [
        ("allowed_statuses-pending", "ja"),
        ("allowed_statuses-shipped", "ja"),
        ("countries", "NL\r\nDE"),
    ];
    boss.submit(path, &lists).await;
    let newest = newest.replace("onderhandeling_logica", "adreswijziging_policy");
    let config: serde_json::Value = lab.behind.query_one(&newest, &[]).await.unwrap().get(1);
    assert_eq!(config["allowed_statuses"], json!(["pending", "shipped"]));
    assert_eq!(config["countries"], json!(["NL", "DE"]));
    boss.open(path).await;
    let wrong = boss.submit(path, &[("countries", "Nederland")]).await;
    assert!(wrong.text.contains("id=\"countries-fout\""), "{}", wrong.text);
    assert_eq!(boss.open("/beheer/regels/geen_regel").await.status, 404);
    // A shop that is approved from now on begins with them; what it has is its own.
    let mut owner = Browser::new(&lab);
    owner.register("sanne@winkel.example", "Zolder").await;
    let page = format!("/beheer/winkels/{}", shop_id(&lab).await);
    boss.open(&page).await;
    boss.submit(&format!("{page}/goedkeuren"), &[]).await;
    let own = "select version, rule_config -> 'step_percentage' from public.tenant_business_rules
               where rule_key = 'onderhandeling_logica'";
    let row = lab.behind.query_one(own, &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, serde_json::Value>(1)), (1, json!(2.5)));
    let path = "/beheer/regels/onderhandeling_logica";
    boss.open(path).await;
    boss.submit(path, &all("15")).await;
    let start = "select (rule_config -> 'start_percentage')::text from public.tenant_business_rules
                 where rule_key = 'onderhandeling_logica'";
    let start: String = lab.behind.query_one(start, &[]).await.unwrap().get(0);
    assert_eq!(start, "10", "shops keep theirs");
}

fn code(secret: &str, offset: i64) -> String {
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .build_noncompliant();
    let now = loket::serving::now().as_second() + offset;
    totp.generate(u64::try_from(now).unwrap()).to_string()
}

fn secret_on(page: &str) -> String {
    page.split_once("class=\"secret\">").unwrap().1.split_once('<').unwrap().0.to_owned()
}

const STEP: &str = "/instellingen/tweede-stap";

async fn with_factor<'a>(lab: &'a Lab, email: &str) -> (Browser<'a>, String) {
    lab.person(email).await;
    let mut person = Browser::new(lab);
    person.sign_in(email).await;
    person.open("/instellingen/beveiliging").await;
    let page = person.submit(STEP, &[]).await.text;
    assert!(page.contains("<svg") && !page.contains("<?xml"));
    let secret = secret_on(&page);
    // A wrong code: the drawing is there again, and it is the same one.
    let confirm = format!("{STEP}/bevestigen");
    for wrong in ["000000", "", "12345", &code(&secret, 300)] {
        let page = person.submit(&confirm, &[("code", wrong)]).await;
        assert_eq!(page.status, 200, "{wrong}");
        assert!(page.text.contains("id=\"code-fout\"") && page.text.contains("class=\"qr\""));
        assert_eq!(secret_on(&page.text), secret);
    }
    person.submit(&confirm, &[("code", &code(&secret, -30))]).await;
    assert!(person.at.ends_with("melding=aan"), "{} {}", person.at, person.page);
    assert!(!person.page.contains(&secret), "proved once, it is never shown again");
    (person, secret)
}

/// B16 on the pages.
#[tokio::test]
async fn the_second_step_from_beginning_to_end() {
    let lab = lab().await;
    let (mut person, secret) = with_factor(&lab, "sanne@winkel.example").await;
    let factor = "select id::text from auth.mfa_factors";
    let factor: String = lab.behind.query_one(factor, &[]).await.unwrap().get(0);
    // A proved one does not come back by asking for it with a wrong code.
    let token = person.token();
    let pairs = [("teken", token.as_str()), ("factor", &factor), ("code", "000000")];
    let page = person.post(&format!("{STEP}/bevestigen"), &pairs).await;
    assert!(!page.text.contains(&secret) && !page.text.contains("class=\"qr\""), "{}", page.text);
    // Another browser: the password alone leads no further than the code.
    let mut other = Browser::new(&lab);
    other.sign_in("sanne@winkel.example").await;
    assert_eq!(other.at, "/inloggen/code");
    for path in ["/", "/winkel", "/instellingen/beveiliging", "/api/v1/profile"] {
        let answer = other.ask(path).await;
        assert!([303, 403].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
    }
    let token = other.token();
    let off = other.post(&format!("{STEP}/uit"), &[("teken", &token), ("code", "000000")]).await;
    assert_eq!(off.status, 303, "not before the code was given");
    assert!(off.header("location").starts_with("/inloggen/code"), "{}", off.header("location"));
    // Replay: the code that turned it on is spent; so is one that was used to come in.
    other.open("/inloggen/code").await;
    let spent = other.submit("/inloggen/code", &[("code", &code(&secret, -30))]).await;
    assert_eq!(other.at, "/inloggen/code");
    assert!(spent.text.contains("role=\"alert\""), "{}", spent.text);
    let right = code(&secret, 0);
    other.submit("/inloggen/code", &[("code", &right)]).await;
    assert_eq!(other.at, "/winkel", "{}", other.page);
    let mut third = Browser::new(&lab);
    third.sign_in("sanne@winkel.example").await;
    third.submit("/inloggen/code", &[("code", &right)]).await;
    assert_eq!(third.at, "/inloggen/code", "replayed");
    // Skew: the next step is taken, one further is not.
    let far = third.submit("/inloggen/code", &[("code", &code(&secret, 90))]).await;
    assert!(far.text.contains("role=\"alert\""));
    third.submit("/inloggen/code", &[("code", &code(&secret, 30))]).await;
    assert_eq!(third.at, "/winkel", "{}", third.page);
    // Off only with a fresh code, however strong the session is.
    third.open("/instellingen/beveiliging").await;
    let off = format!("{STEP}/uit");
    for wrong in ["", "000000", &right] {
        let page = third.submit(&off, &[("code", wrong)]).await;
        assert!(page.text.contains("id=\"code-fout\""), "{wrong}");
    }
    let still = "select count(*) from auth.mfa_factors where status = 'verified'";
    assert_eq!(lab.behind.query_one(still, &[]).await.unwrap().get::<_, i64>(0), 1);
    // The steps are thirty seconds; what is spent is forgotten here so that nobody waits.
    lab.behind.execute("delete from auth.mfa_challenges", &[]).await.unwrap();
    third.submit(&off, &[("code", &code(&secret, 0))]).await;
    assert!(third.at.ends_with("melding=uit"), "{}", third.page);
    let mut last = Browser::new(&lab);
    last.sign_in("sanne@winkel.example").await;
    assert_eq!(last.at, "/winkel", "no second step any more");
}

/// What a stream tells next within `patience`; that it is still there does not count.
async fn heard(body: &mut axum::body::Body, patience: Duration) -> Option<String> {
    use http_body_util::BodyExt;
    let told = async {
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap_or_default();
            let text = String::from_utf8_lossy(&data).into_owned();
            if text.contains("id:") {
                return Some(text);
            }
        }
        None
    };
    tokio::time::timeout(patience, told).await.ok().flatten()
}

/// A19: an open stream of a page ends within five seconds, whatever ended the right to it; and
/// until then it tells of its own shop alone.
#[tokio::test]
async fn streams_tell_of_their_own_shop_and_end_with_the_right_to_it() {
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    const SHOPS: usize = 50;
    let lab = lab().await;
    let mut shops = Vec::new();
    let mut bodies = Vec::new();
    for number in 0..SHOPS {
        let shop = shop(&lab, &format!("winkel{number}")).await;
        let email = format!("eigenaar@winkel{number}.example");
        let person = insider(&lab, &email, Some((shop.id, "owner"))).await;
        let request = person.request("GET", "/events", "");
        let response = lab.pages.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        shops.push(shop);
        bodies.push(response.into_body());
    }
    // Twenty events in every shop but the last, a thousand in all: each hears its own number, the
    // last one nothing.
    let elsewhere = "insert into public.event_counters (tenant_id, seq)
                     select tenant_id, 20 from public.tenants where tenant_id <> $1";
    let own = shops.last().unwrap().id;
    lab.behind.execute(elsewhere, &[&own]).await.unwrap();
    let mut body = bodies.pop().unwrap();
    // A body gets on while it is read: all of them at once, as browsers do.
    let mut listening = tokio::task::JoinSet::new();
    for mut body in bodies {
        listening.spawn(async move { heard(&mut body, Duration::from_secs(10)).await });
    }
    for told in listening.join_all().await {
        let told = told.unwrap();
        assert!(told.contains("id: 20"), "{told:?}");
    }
    let body = &mut body;
    let silent = heard(body, Duration::from_secs(3)).await;
    assert_eq!(silent, None, "another shop's events were told");
    // Moved to another shop: the stream of the old one ends.
    let moved = "update public.profiles set tenant_id = $1 where tenant_id = $2";
    lab.behind.execute(moved, &[&shops[0].id, &own]).await.unwrap();
    let begun = Instant::now();
    let ended = tokio::time::timeout(Duration::from_secs(5), async {
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap_or_default();
            assert!(!String::from_utf8_lossy(&data).contains("moved"), "{data:?}");
        }
    });
    assert!(ended.await.is_ok(), "still open after {:?}", begun.elapsed());
}
