//! What no form, link or cookie lets anybody do: A3, A16, B12, B14, B20, ways back.

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
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("id=\"maximaal_extra_compensatie-fout\""));
    let answer = owner.submit("/instellingen", &settings("12,5")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let after = tenant(&lab).await;
    assert_eq!(after["maximaal_extra_compensatie"], 12.5);
    assert_eq!(after["signature_html"], "<p>Groet</p>");
}

fn settings(extra: &str) -> [(&str, &str); 11] {
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
        ("signature_html", "<p onclick=x>Groet</p><script>x</script>"),
        ("n8n_workflow_id", "wf-1"),
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
