//! What no form, link or cookie lets anybody do: A3, A16, B12, B14, B20, ways back.

use serde_json::json;

use crate::browser::{Browser, details, lab, tenant};
use crate::lab::PASSWORD;

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let lab = lab().await;
    lab.person("a@winkel.example").await;
    let mut guest = Browser::new(&lab);
    for path in ["/inloggen", "/registreren", "/wachtwoord-vergeten", "/binnen", "/uitnodiging"] {
        guest.open("/inloggen").await;
        let token = guest.token();
        for wrong in ["", "00", &format!("{token}0")] {
            let answer = guest.post(path, &[("teken", wrong), ("email", "a@winkel.example")]).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        }
    }
    // Another browser's token is worth nothing.
    let mut other = Browser::new(&lab);
    other.open("/inloggen").await;
    let foreign = other.token();
    let pairs =
        [("teken", foreign.as_str()), ("email", "a@winkel.example"), ("wachtwoord", PASSWORD)];
    assert_eq!(guest.post("/inloggen", &pairs).await.status, 403);
    // Signed in as well, and with a page instead of JSON.
    guest.sign_in("a@winkel.example").await;
    let answer = guest.post("/winkel", &details("Zolder")).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("<!doctype html>"));
}

#[tokio::test]
async fn ways_back_stay_on_this_site() {
    let lab = lab().await;
    lab.person("a@winkel.example").await;
    for evil in ["https://evil.example", "//evil.example", "javascript:x"] {
        let mut browser = Browser::new(&lab);
        browser.open(&format!("/inloggen?terug={evil}")).await;
        let pairs = [("email", "a@winkel.example"), ("wachtwoord", PASSWORD), ("terug", evil)];
        browser.submit("/inloggen", &pairs).await;
        assert_eq!(browser.at, "/winkel", "{evil}");
    }
    let mut browser = Browser::new(&lab);
    let asked = browser.ask("/instellingen/beveiliging").await;
    assert_eq!(asked.header("location"), "/inloggen?terug=/instellingen/beveiliging");
}

#[tokio::test]
async fn fields_that_nobody_asked_for_change_nothing() {
    let lab = lab().await;
    let mut owner = Browser::new(&lab);
    owner.register("a@winkel.example", "Zolder").await;
    lab.behind
        .batch_execute(
            "update public.tenants set status = 'approved', active = true;
             update public.profiles set tenant_role = 'owner', tenant_id = (select tenant_id from public.tenants)",
        )
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    owner.open("/instellingen").await;
    let before = tenant(&lab).await;
    for extra in ["tenant_id", "status", "active", "api_key", "role", "is_admin", "id", "user_id"] {
        let answer =
            owner.submit("/instellingen", &[("bedrijfsnaam", "Ander"), (extra, "x")]).await;
        assert_eq!(answer.status, 422, "{extra}");
        owner.open("/instellingen").await;
    }
    assert_eq!(tenant(&lab).await, before);
    // The cap has an end, whoever asks.
    let fields = settings("99");
    let answer = owner.submit("/instellingen", &fields).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("id=\"maximaal_extra_compensatie-fout\""));
    let answer = owner.submit("/instellingen", &settings("12,5")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let after = tenant(&lab).await;
    assert_eq!(after["maximaal_extra_compensatie"], 12.5);
    assert_eq!(after["signature_html"], "<p>Groet</p>");
    assert_eq!((&after["undo_seconds"], &after["max_reply_age_hours"]), (&json!(90), &json!(48)));
}

fn settings(extra: &str) -> [(&str, &str); 14] {
    [
        ("bedrijfsnaam", "Zolder"),
        ("shop_url", "https://winkel.example"),
        ("taalvoorkeur", "NL"),
        ("retouradres", "Kade 12"),
        ("ai_persona_name", "Noor"),
        ("maximaal_extra_compensatie", extra),
        ("dagen_retour", "30"),
        ("dagen_terugbetaling", "14"),
        ("dagen_antwoord", "2"),
        ("werkdagen-1", "ja"),
        ("signature_html", "<p onclick=x>Groet</p><script>x</script>"),
        ("n8n_workflow_id", "wf-1"),
        ("undo_seconds", "90"),
        ("max_reply_age_hours", "48"),
    ]
}

#[tokio::test]
async fn the_profile_has_no_secrets_and_asks_who_it_is() {
    let lab = lab().await;
    let mut owner = Browser::new(&lab);
    let nobody = owner.ask("/api/v1/profile").await;
    assert_eq!(nobody.status, 401);
    assert_eq!(nobody.header("content-type"), "application/problem+json");
    owner.register("a@winkel.example", "Zolder").await;
    let profile = owner.ask("/api/v1/profile").await;
    let json = profile.json();
    assert_eq!(json["email"], "a@winkel.example");
    assert_eq!(json["tenant"]["bedrijfsnaam"], "Zolder");
    assert_eq!(json["tenant_id"], serde_json::Value::Null, "until approval");
    assert!(!profile.text.contains("TEsB") && !profile.text.contains("gmail_password_encrypted"));
    assert_eq!(profile.header("cache-control"), "private, no-store");
    let token = lab.sign_in("a@winkel.example").await;
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let request =
        crate::lab::Lab::request("GET", "/api/v1/profile").header("authorization", bearer);
    let by_bearer = lab.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(by_bearer.json(), json);
}

/// B8: an invitation is dead after 48 hours, after its use, and when a newer one was sent; and no
/// page that has a key in its address tells it to another site.
#[tokio::test]
async fn links_with_keys_die_and_are_not_told() {
    use crate::shops::{insider, shop};
    let lab = lab().await;
    let shop = shop(&lab, "vlinderkas").await;
    let owner = insider(&lab, "eigenaar@mail.example", Some((shop.id, "owner"))).await;
    let invite = async |count: usize| {
        let sent = "email=collega%40mail.example&tenant_role=agent";
        let answer = owner.post(&lab, "/instellingen/mensen", sent).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let mail = lab.mail("collega@mail.example", count).await;
        let link = mail.text.lines().find(|line| line.contains("/uitnodiging?")).unwrap().trim();
        link.strip_prefix(crate::lab::SITE).unwrap().to_owned()
    };
    let first = invite(1).await;
    let second = invite(2).await;
    lab.person("collega@mail.example").await;
    let mut colleague = Browser::new(&lab);
    colleague.sign_in("collega@mail.example").await;
    let member =
        "select tenant_id is not null from public.profiles where email = 'collega@mail.example'";
    let inside = async || lab.behind.query_one(member, &[]).await.unwrap().get::<_, bool>(0);
    let page = colleague.open(&first).await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(colleague.submit("/uitnodiging", &[]).await.text.contains("role=\"alert\""));
    let age = "update public.tenant_invitations set expires_at = expires_at - interval '48 hours 1 second'";
    lab.behind.execute(age, &[]).await.unwrap();
    colleague.open(&second).await;
    assert!(colleague.submit("/uitnodiging", &[]).await.text.contains("role=\"alert\""));
    assert!(!inside().await, "too late");
    let third = invite(3).await;
    colleague.open(&third).await;
    colleague.submit("/uitnodiging", &[]).await;
    assert!(inside().await);
    // Used: the next one who has it gets nothing.
    lab.person("dief@mail.example").await;
    let mut thief = Browser::new(&lab);
    thief.sign_in("dief@mail.example").await;
    thief.open(&third).await;
    assert!(thief.submit("/uitnodiging", &[]).await.text.contains("role=\"alert\""));
    let mut guest = Browser::new(&lab);
    for path in [third.as_str(), "/binnen?soort=recovery&sleutel=abc", "/inloggen?terug=/x"] {
        let page = guest.open(path).await;
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            !page.text.contains("http://") && !page.text.contains("https://"),
            "{path} leads out"
        );
    }
}

/// B13: no page may be read by a script of another site.
#[tokio::test]
async fn pages_are_for_no_other_site() {
    let lab = lab().await;
    lab.person("a@winkel.example").await;
    let person = crate::shops::enter(&lab, "a@winkel.example").await;
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost:8080.evil.example",
        "http://evil.localhost:8080",
        "https://localhost:8080",
    ] {
        for path in ["/", "/winkel", "/inloggen", "/api/v1/profile", "/instellingen/beveiliging"] {
            for method in ["GET", "OPTIONS"] {
                let mut request = person.request(method, path, "");
                request.headers_mut().insert("origin", origin.parse().unwrap());
                let answer = lab.send(request).await;
                assert_eq!(answer.header("access-control-allow-origin"), "", "{origin} {path}");
                assert_eq!(answer.header("access-control-allow-credentials"), "", "{origin}");
            }
        }
    }
}

/// B14: whatever cookie a page sets is bound to host and TLS and out of the reach of scripts, and
/// scripts keep nothing themselves.
#[tokio::test]
async fn no_cookie_is_loose_and_no_script_keeps_a_thing() {
    let site_url = Some("https://localhost:8080".to_owned());
    let options = loket::auth::AuthOptions { site_url, ..crate::lab::wide() };
    let lab = crate::browser::lab_with(options).await;
    lab.person("a@winkel.example").await;
    let mut browser = Browser::new(&lab);
    let mut cookies = browser.open("/inloggen").await.cookies();
    let form = [("email", "nieuw@winkel.example"), ("wachtwoord", PASSWORD), ("taal", "nl")];
    browser.open("/registreren").await;
    cookies.extend(browser.submit("/registreren", &form).await.cookies());
    let token = {
        browser.open("/inloggen").await;
        browser.token()
    };
    let form = [("teken", token.as_str()), ("email", "a@winkel.example"), ("wachtwoord", PASSWORD)];
    let entered = browser.post("/inloggen", &form).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    assert!(!entered.header("location").contains("eyJ"), "no token in an address");
    cookies.extend(entered.cookies());
    let names = ["gast", "aanmelding", "access", "refresh"];
    for name in names {
        let name = format!("__Host-loket-{name}=");
        assert!(cookies.iter().any(|cookie| cookie.starts_with(&name)), "{name}: {cookies:?}");
    }
    for cookie in cookies.iter().filter(|cookie| !cookie.starts_with("loket_taal=")) {
        for flag in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    let script = include_str!("../../assets/loket.js");
    for keeper in ["localStorage", "sessionStorage", "indexedDB", "document.cookie", "eval("] {
        assert!(!script.contains(keeper), "{keeper}");
    }
}
