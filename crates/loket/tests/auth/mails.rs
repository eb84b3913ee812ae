//! B4, B9: what mailed links and codes are good for, and where they lead.

use std::time::Duration;

use loket::auth::{AuthOptions, Rate};
use serde_json::{Value, json};

use crate::lab::{Lab, OTHER_PASSWORD, PASSWORD, SITE, text, wide};

async fn follow(lab: &Lab, path: &str) -> String {
    let request = Lab::request("GET", path).body(axum::body::Body::empty()).unwrap();
    let answer = lab.send(request).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").to_owned()
}

#[tokio::test]
async fn links_are_built_from_the_configured_site_alone() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let poisons: [&[(&str, &str)]; 4] = [
        &[("x-forwarded-host", "evil.example")],
        &[("forwarded", "host=evil.example"), ("x-forwarded-proto", "https")],
        &[("x-host", "evil.example"), ("x-original-url", "https://evil.example/")],
        &[("referer", "https://evil.example/"), ("origin", "https://evil.example")],
    ];
    for (count, poison) in (1..).zip(poisons) {
        let back = "https%3A%2F%2Fevil.example%2F";
        let mut request = Lab::request("POST", &format!("/auth/v1/recover?redirect_to={back}"))
            .header("content-type", "application/json");
        for (name, value) in poison {
            request = request.header(*name, *value);
        }
        let body = json!({"email": "sanne@winkel.example"}).to_string();
        let answer = lab.send(request.body(body.into()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
        let mail = lab.mail("sanne@winkel.example", count).await;
        assert!(
            mail.link().starts_with(&format!("{SITE}/auth/v1/verify?token=")),
            "{}",
            mail.link()
        );
        assert!(!mail.text.contains("evil.example"), "{}", mail.text);
    }
    // A host that is not ours gets nothing at all, absolute addresses included.
    for (host, uri) in [
        ("evil.example", "/auth/v1/recover"),
        ("evil.example", "http://evil.example/auth/v1/recover"),
    ] {
        let request = axum::http::Request::builder()
            .method("POST")
            .uri(uri)
            .header("host", host)
            .header("content-type", "application/json")
            .body(json!({"email": "sanne@winkel.example"}).to_string().into())
            .unwrap();
        assert_eq!(lab.send(request).await.status, 421);
    }
    assert_eq!(lab.mails("sanne@winkel.example").len(), 4);
}

#[tokio::test]
async fn a_recovery_works_once_for_ten_minutes_and_ends_what_was_open() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    lab.person("piet@winkel.example").await;
    let old = lab.sign_in("sanne@winkel.example").await;
    let ask = json!({"email": "Sanne@Winkel.example "});
    assert_eq!(lab.post("/recover", &ask).await.text, "{}");
    let mail = lab.mail("sanne@winkel.example", 1).await;
    let secret = mail.secret().to_owned();
    let code = mail.code();
    let upper = secret.to_uppercase();
    let (cut, spaced, percent) = (&secret[1..], format!(" {secret}"), format!("{secret}%20"));
    for wrong in ["", " ", "null", "undefined", "%20", "0", &upper, cut, &spaced, &percent] {
        let answer = lab.post("/verify", &json!({"type": "recovery", "token_hash": wrong})).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{wrong:?}: {}", answer.text);
        let typed = json!({"type": "recovery", "email": "sanne@winkel.example", "token": wrong});
        let answer = lab.post("/verify", &typed).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{wrong:?}: {}", answer.text);
    }
    let nul = lab.post("/verify", &json!({"type": "recovery", "token_hash": "a\0b"})).await;
    assert_eq!(nul.status, 400);
    let others = json!({"type": "recovery", "email": "piet@winkel.example", "token": code});
    assert_eq!(lab.post("/verify", &others).await.refused(), (403, "otp_expired".to_owned()));
    let wrong_type = json!({"type": "signup", "token_hash": secret});
    assert_eq!(lab.post("/verify", &wrong_type).await.refused().1, "otp_expired");
    // The database itself holds nothing that opens anything.
    let kept = "select count(*) from auth.one_time_tokens t join auth.users u on u.id = t.user_id
                where t.token_hash = $1 or u.recovery_token in ($1, $2)";
    let kept: i64 = lab.behind.query_one(kept, &[&secret, &code]).await.unwrap().get(0);
    assert_eq!(kept, 0);
    // Twice in parallel: once.
    let proof = json!({"type": "recovery", "token_hash": secret});
    let (one, other) = tokio::join!(lab.post("/verify", &proof), lab.post("/verify", &proof));
    let mut seen = [one.status.as_u16(), other.status.as_u16()];
    seen.sort_unstable();
    assert_eq!(seen, [200, 403]);
    let session = if one.status == 200 { one.json() } else { other.json() };
    assert_eq!(lab.post("/verify", &proof).await.refused(), (403, "otp_expired".to_owned()));
    let typed = json!({"type": "recovery", "email": "sanne@winkel.example", "token": code});
    assert_eq!(lab.post("/verify", &typed).await.refused().1, "otp_expired", "one mail, one use");
    // With a new password everything older ends.
    let token = text(&session, "access_token");
    let changed = lab.ask("PUT", "/user", token, &json!({"password": OTHER_PASSWORD})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(lab.refresh(text(&old, "refresh_token")).await.status, 400);
    assert_eq!(lab.try_password("sanne@winkel.example", PASSWORD).await.status, 400);
    assert_eq!(lab.try_password("sanne@winkel.example", OTHER_PASSWORD).await.status, 200);
    // Too late.
    lab.post("/recover", &ask).await;
    let mail = lab.mail("sanne@winkel.example", 2).await;
    let later = "update auth.one_time_tokens set created_at = created_at - interval '601 seconds'";
    lab.behind.batch_execute(later).await.unwrap();
    let landed = follow(&lab, mail.path()).await;
    assert!(
        landed.starts_with(&format!("{SITE}#error=access_denied&error_code=otp_expired")),
        "{landed}"
    );
    // A newer mail ends the older.
    lab.post("/recover", &ask).await;
    let older = lab.mail("sanne@winkel.example", 3).await;
    lab.post("/recover", &ask).await;
    let newer = lab.mail("sanne@winkel.example", 4).await;
    assert!(follow(&lab, older.path()).await.contains("otp_expired"));
    let landed = follow(&lab, newer.path()).await;
    assert!(landed.contains("#access_token=") && landed.contains("&type=recovery"), "{landed}");
}

#[tokio::test]
async fn who_proves_an_address_shakes_off_who_took_it_first() {
    let lab = Lab::new().await;
    let stolen = "aanvaller kent dit woord";
    let taken = json!({"email": "lotte@winkel.example", "password": stolen, "data": {"naam": "x"}});
    assert_eq!(lab.post("/signup", &taken).await.status, 200);
    lab.mail("lotte@winkel.example", 1).await;
    assert_eq!(
        lab.try_password("lotte@winkel.example", stolen).await.refused(),
        (400, "email_not_confirmed".to_owned())
    );
    // By recovery: the password from before the proof is void.
    lab.post("/recover", &json!({"email": "lotte@winkel.example"})).await;
    let mail = lab.mail("lotte@winkel.example", 2).await;
    assert!(follow(&lab, mail.path()).await.contains("#access_token="));
    assert_eq!(
        lab.try_password("lotte@winkel.example", stolen).await.refused().1,
        "invalid_credentials"
    );
    let said =
        "select raw_user_meta_data::text from auth.users where email = 'lotte@winkel.example'";
    let said: String = lab.behind.query_one(said, &[]).await.unwrap().get(0);
    assert_eq!(said, "{}");
    // By signing up oneself: the newer sign-up counts, and the mail of the older one is void.
    let taken = json!({"email": "mara@winkel.example", "password": stolen});
    lab.post("/signup", &taken).await;
    let theirs = lab.mail("mara@winkel.example", 1).await;
    let own = json!({"email": "mara@winkel.example", "password": PASSWORD});
    lab.post("/signup", &own).await;
    let mine = lab.mail("mara@winkel.example", 2).await;
    assert!(follow(&lab, theirs.path()).await.contains("otp_expired"));
    assert!(follow(&lab, mine.path()).await.contains("#access_token="));
    assert_eq!(lab.try_password("mara@winkel.example", stolen).await.status, 400);
    assert_eq!(lab.try_password("mara@winkel.example", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn both_addresses_agree_to_a_change() {
    let lab = Lab::new().await;
    lab.person("oud@winkel.example").await;
    let session = lab.sign_in("oud@winkel.example").await;
    let token = text(&session, "access_token");
    let wish = lab.ask("PUT", "/user", token, &json!({"email": "nieuw@winkel.example"})).await;
    assert_eq!(text(&wish.json(), "new_email"), "nieuw@winkel.example");
    assert_eq!(text(&wish.json(), "email"), "oud@winkel.example");
    let new = lab.mail("nieuw@winkel.example", 1).await;
    let current = lab.mail("oud@winkel.example", 1).await;
    let half = json!({"type": "email_change", "token_hash": new.secret()});
    let half = lab.post("/verify", &half).await;
    assert_eq!(half.json()["code"], "200", "{}", half.text);
    let typed =
        json!({"type": "email_change", "email": "oud@winkel.example", "token": current.code()});
    let whole = lab.post("/verify", &typed).await;
    assert_eq!(whole.json()["user"]["email"], "nieuw@winkel.example", "{}", whole.text);
    let profile = "select email from public.profiles where email like 'nieuw%'";
    assert_eq!(lab.behind.query(profile, &[]).await.unwrap().len(), 1);
    assert_eq!(lab.try_password("oud@winkel.example", PASSWORD).await.status, 400);
    assert_eq!(lab.try_password("nieuw@winkel.example", PASSWORD).await.status, 200);
}

/// Asking for an address does not tell whether it is somebody's; its mailbox is told.
#[tokio::test]
async fn a_taken_address_is_told_to_its_mailbox_alone() {
    let lab = Lab::new().await;
    lab.person("oud@winkel.example").await;
    lab.person("bezet@winkel.example").await;
    let session = lab.sign_in("oud@winkel.example").await;
    let token = text(&session, "access_token");
    let ask = async |email: &str| {
        let answer = lab.ask("PUT", "/user", token, &json!({"email": email})).await;
        let mut shown = answer.json();
        for moment in ["updated_at", "email_change_sent_at"] {
            assert!(shown[moment].is_string(), "{shown}");
            shown[moment] = Value::Null;
        }
        (answer.status, shown.to_string().replace(email, "*"))
    };
    let free = ask("vrij@winkel.example").await;
    lab.mail("vrij@winkel.example", 1).await;
    assert_eq!(ask("bezet@winkel.example").await, free);
    let told = lab.mail("bezet@winkel.example", 1).await;
    assert!(told.text.contains("hoort al bij jouw account"), "{}", told.text);
    assert!(!told.text.contains("/verify") && !told.text.contains("code"), "{}", told.text);
    let current = lab.mail("oud@winkel.example", 2).await;
    assert_eq!(agrees(&lab, current.secret()).await.json()["code"], "200");
    assert_eq!(address_of(&lab, token).await, "oud@winkel.example");
}

#[tokio::test]
async fn asking_for_addresses_is_limited_by_client_and_account() {
    let few = Rate { burst: 2, every: Duration::from_hours(1) };
    for options in [
        AuthOptions { auth_rate_mail: few, ..wide() },
        AuthOptions { auth_rate_address: few, ..wide() },
    ] {
        let lab = Lab::with(options).await;
        lab.person("oud@winkel.example").await;
        let session = lab.sign_in("oud@winkel.example").await;
        let token = text(&session, "access_token");
        let ask = async |number: usize| {
            let wanted = json!({"email": format!("nieuw{number}@winkel.example")});
            lab.ask("PUT", "/user", token, &wanted).await
        };
        for number in 0..2 {
            assert_eq!(ask(number).await.status, 200);
        }
        assert_eq!(ask(3).await.refused().0, 429);
        let wish = "select email_change from auth.users";
        let wish: String = lab.behind.query_one(wish, &[]).await.unwrap().get(0);
        assert_eq!(wish, "nieuw1@winkel.example", "nothing is changed before the limit");
    }
}

async fn address_of(lab: &Lab, token: &str) -> String {
    let user = lab.ask("GET", "/user", token, &Value::Null).await;
    text(&user.json(), "email").to_owned()
}

async fn agrees(lab: &Lab, secret: &str) -> crate::lab::Answer {
    lab.post("/verify", &json!({"type": "email_change", "token_hash": secret})).await
}

/// One mailbox alone never agrees twice, neither the one that is left nor the one that is wanted.
#[tokio::test]
async fn one_mailbox_does_not_agree_for_the_other() {
    for (mine, theirs) in [
        ("dief@winkel.example", "baas@winkel.example"),
        ("oud@winkel.example", "dief@elders.example"),
    ] {
        let lab = Lab::new().await;
        lab.person(mine).await;
        let session = lab.sign_in(mine).await;
        let token = text(&session, "access_token");
        lab.ask("PUT", "/user", token, &json!({"email": theirs})).await;
        let read = if mine.starts_with("dief") { mine } else { theirs };
        let first = lab.mail(read, 1).await;
        assert_eq!(agrees(&lab, first.secret()).await.json()["code"], "200");
        // Asked for again, only the other side is mailed; what the same side has is spent.
        lab.post("/resend", &json!({"type": "email_change", "email": mine})).await;
        let other = if read == mine { theirs } else { mine };
        let open = lab.mail(other, 2).await;
        assert_eq!(lab.mails(read).len(), 1, "{read} agreed already");
        assert_eq!(agrees(&lab, first.secret()).await.refused().1, "otp_expired");
        // Even a fresh token of the same side, however it came about, does not finish it.
        let kind = if read == mine { "email_change_current" } else { "email_change_new" };
        let more = json!({"type": kind, "email": mine, "new_email": theirs});
        let more = lab.ask("POST", "/admin/generate_link", lab.auth.service_key(), &more).await;
        let more = agrees(&lab, text(&more.json(), "hashed_token")).await;
        assert_eq!(more.json()["code"], "200", "{}", more.text);
        assert_eq!(address_of(&lab, token).await, mine);
        let both = agrees(&lab, open.secret()).await;
        assert_eq!(both.json()["user"]["email"], theirs, "{}", both.text);
    }
}

#[tokio::test]
async fn what_was_mailed_about_one_wish_proves_no_other() {
    let lab = Lab::new().await;
    lab.person("oud@winkel.example").await;
    let session = lab.sign_in("oud@winkel.example").await;
    let token = text(&session, "access_token");
    lab.ask("PUT", "/user", token, &json!({"email": "eigen@elders.example"})).await;
    let own = lab.mail("eigen@elders.example", 1).await;
    let before = lab.mail("oud@winkel.example", 1).await;
    // The wish changes; nothing of the newer one was mailed yet.
    let asked = "update auth.users set email_change = 'baas@winkel.example'";
    lab.behind.batch_execute(asked).await.unwrap();
    assert_eq!(agrees(&lab, own.secret()).await.refused().1, "otp_expired");
    lab.ask("PUT", "/user", token, &json!({"email": "baas@winkel.example"})).await;
    lab.mail("baas@winkel.example", 1).await;
    let now = lab.mail("oud@winkel.example", 2).await;
    for old in [&own, &before] {
        assert_eq!(agrees(&lab, old.secret()).await.refused().1, "otp_expired");
    }
    assert_eq!(agrees(&lab, now.secret()).await.json()["code"], "200");
    assert_eq!(address_of(&lab, token).await, "oud@winkel.example");
}

#[tokio::test]
async fn mails_speak_the_readers_language() {
    let lab = Lab::new().await;
    let dutch =
        json!({"email": "nl@winkel.example", "password": PASSWORD, "data": {"taalvoorkeur": "NL"}});
    let english =
        json!({"email": "en@winkel.example", "password": PASSWORD, "data": {"language": "en"}});
    lab.post("/signup", &dutch).await;
    lab.post("/signup", &english).await;
    assert!(lab.mail("nl@winkel.example", 1).await.text.contains("Bevestig dat dit je adres is"));
    assert!(
        lab.mail("en@winkel.example", 1).await.text.contains("Confirm that this is your address")
    );
    lab.post("/otp", &json!({"email": "nieuw@winkel.example"})).await;
    let mail = lab.mail("nieuw@winkel.example", 1).await;
    let typed = json!({"type": "email", "email": "nieuw@winkel.example", "token": mail.code()});
    let entered = lab.post("/verify", &typed).await;
    assert_eq!(entered.json()["user"]["email"], "nieuw@winkel.example", "{}", entered.text);
    assert!(!entered.json()["user"]["email_confirmed_at"].is_null());
    lab.post("/resend", &json!({"type": "signup", "email": "en@winkel.example"})).await;
    let again = lab.mail("en@winkel.example", 2).await;
    let proof = json!({"type": "signup", "token_hash": again.secret()});
    assert_eq!(lab.post("/verify", &proof).await.status, 200);
    let sms = lab.post("/resend", &json!({"type": "sms", "phone": "+31600000000"})).await;
    assert_eq!(sms.refused().1, "phone_provider_disabled");
    assert!(mail.subject.contains("Inloggen"), "{}", mail.subject);
    let invited = lab
        .ask("POST", "/invite", lab.auth.service_key(), &json!({"email": "gast@winkel.example"}))
        .await;
    assert!(!invited.json()["invited_at"].is_null(), "{}", invited.text);
    let mail = lab.mail("gast@winkel.example", 1).await;
    assert!(follow(&lab, mail.path()).await.contains("type=invite"));
    assert!(follow(&lab, mail.path()).await.contains("otp_expired"), "an invitation works once");
    let twice = json!({"email": "gast@winkel.example"});
    let twice = lab.ask("POST", "/invite", lab.auth.service_key(), &twice).await;
    assert_eq!(twice.refused(), (422, "email_exists".to_owned()));
    let link = json!({"type": "recovery", "email": "gast@winkel.example"});
    let link = lab.ask("POST", "/admin/generate_link", lab.auth.service_key(), &link).await.json();
    let proof = json!({"type": "recovery", "token_hash": link["hashed_token"]});
    assert_eq!(lab.post("/verify", &proof).await.status, 200);
    let _: &Value = &link["action_link"];
}
