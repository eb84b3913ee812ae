//! B2, B3, B19: refresh tokens, and how fast access ends.

use std::time::{Duration, Instant};

use base64::Engine as _;
use loket::auth::{AuthOptions, Rate};
use serde_json::{Value, json};

use crate::lab::{Lab, OTHER_PASSWORD, PASSWORD, text, wide};

#[tokio::test]
async fn an_old_refresh_token_ends_the_session_and_the_one_before_does_not() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let first = lab.sign_in("sanne@winkel.example").await;
    let r0 = text(&first, "refresh_token").to_owned();
    let r1 = text(&lab.refresh(&r0).await.json(), "refresh_token").to_owned();
    assert_ne!(r0, r1);
    // One behind gets the one that holds, again and again, also long after the grace.
    lab.behind
        .batch_execute("update auth.sessions set refreshed_at = now() - interval '1 hour'")
        .await
        .unwrap();
    let again = lab.refresh(&r0).await;
    assert_eq!(text(&again.json(), "refresh_token"), r1);
    let r2 = text(&lab.refresh(&r1).await.json(), "refresh_token").to_owned();
    // Two behind, within ten seconds: a slow tab.
    assert_eq!(text(&lab.refresh(&r0).await.json(), "refresh_token"), r2);
    lab.behind
        .batch_execute("update auth.sessions set refreshed_at = now() - interval '11 seconds'")
        .await
        .unwrap();
    let reused = lab.refresh(&r0).await;
    assert_eq!(reused.refused(), (400, "refresh_token_already_used".to_owned()));
    let dead = lab.refresh(&r2).await;
    assert_eq!(
        dead.refused(),
        (400, "refresh_token_not_found".to_owned()),
        "the family is revoked"
    );
    let access = text(&first, "access_token");
    let own = lab.ask("GET", "/user", access, &Value::Null).await;
    assert_eq!(own.refused(), (403, "session_not_found".to_owned()));
    for wrong in ["x", "null", &r2[1..], &format!("{r2}A")] {
        assert_eq!(lab.refresh(wrong).await.refused().1, "refresh_token_not_found");
    }
    let empty = lab.refresh("").await;
    assert_eq!(empty.json()["error"], "invalid_request");
}

#[tokio::test]
async fn ten_tabs_at_once_stay_signed_in() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let first = lab.sign_in("sanne@winkel.example").await;
    let token = text(&first, "refresh_token").to_owned();
    let asked = (0..10).map(|_| lab.refresh(&token));
    let answers = futures_util::future::join_all(asked).await;
    let tokens: Vec<String> =
        answers.iter().map(|answer| text(&answer.json(), "refresh_token").to_owned()).collect();
    assert!(tokens.iter().all(|one| *one == tokens[0]), "all got the one that holds");
    assert_eq!(lab.refresh(&tokens[0]).await.status, 200);
    let counter = "select refresh_token_counter from auth.sessions";
    let counter: i64 = lab.behind.query_one(counter, &[]).await.unwrap().get(0);
    assert_eq!(counter, 2, "it moved on once for all ten, and once more");
}

#[tokio::test]
async fn a_session_is_always_a_new_one() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let session = |answer: &Value| {
        let claims = text(answer, "access_token").split('.').nth(1).unwrap().to_owned();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
        text(&serde_json::from_slice(&claims).unwrap(), "session_id").to_owned()
    };
    let one = session(&lab.sign_in("sanne@winkel.example").await);
    let other = session(&lab.sign_in("sanne@winkel.example").await);
    assert_ne!(one, other);
}

/// How long a page still opens with this token after `change`; fails above five seconds.
async fn ends_soon(lab: &Lab, token: &str, what: &str) {
    let begun = Instant::now();
    loop {
        if page(lab, token).await == 401 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}: still in after 5 s");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn page(lab: &Lab, token: &str) -> u16 {
    let request = Lab::request("GET", "/lijst").header("authorization", format!("Bearer {token}"));
    lab.send(request.body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn access_ends_everywhere_within_five_seconds() {
    let lab = Lab::new().await;
    let id = lab.person("sanne@winkel.example").await;
    let service = lab.auth.service_key().to_owned();
    let path = format!("/admin/users/{id}");
    let out = async |scope: &str| {
        let (kept, asking) =
            (lab.sign_in("sanne@winkel.example").await, lab.sign_in("sanne@winkel.example").await);
        let (kept, asking) =
            (text(&kept, "access_token").to_owned(), text(&asking, "access_token").to_owned());
        assert_ne!(page(&lab, &kept).await, 401);
        assert_ne!(page(&lab, &asking).await, 401);
        let done = lab.ask("POST", &format!("/logout?scope={scope}"), &asking, &Value::Null).await;
        assert_eq!(done.status, 204, "{}", done.text);
        (kept, asking)
    };
    let (kept, asking) = out("local").await;
    ends_soon(&lab, &asking, "local").await;
    assert_ne!(page(&lab, &kept).await, 401, "the other device stays");
    let (kept, asking) = out("others").await;
    ends_soon(&lab, &kept, "others").await;
    assert_ne!(page(&lab, &asking).await, 401);
    let (kept, asking) = out("global").await;
    ends_soon(&lab, &kept, "global").await;
    ends_soon(&lab, &asking, "global").await;
    let wrong = lab.sign_in("sanne@winkel.example").await;
    let wrong =
        lab.ask("POST", "/logout?scope=x", text(&wrong, "access_token"), &Value::Null).await;
    assert_eq!(wrong.refused(), (400, "validation_failed".to_owned()));

    // Behind the program's back: another node, or the database itself.
    for (what, statement) in [
        ("a suspension", "update public.profiles set suspended_at = now()"),
        ("a ban", "update auth.users set banned_until = now() + interval '1 hour'"),
        ("the session's end", "delete from auth.sessions"),
    ] {
        let session = lab.sign_in("sanne@winkel.example").await;
        let token = text(&session, "access_token").to_owned();
        assert_ne!(page(&lab, &token).await, 401);
        lab.behind.batch_execute(statement).await.unwrap();
        ends_soon(&lab, &token, what).await;
        lab.behind
            .batch_execute(
                "update public.profiles set suspended_at = null; update auth.users set banned_until = null",
            )
            .await
            .unwrap();
    }
    // A password changed by its owner ends the others; one changed by the platform, and a ban, all.
    let (other, own) =
        (lab.sign_in("sanne@winkel.example").await, lab.sign_in("sanne@winkel.example").await);
    let own = text(&own, "access_token");
    let changed = lab.ask("PUT", "/user", own, &json!({"password": OTHER_PASSWORD})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    ends_soon(&lab, text(&other, "access_token"), "a new password").await;
    assert_ne!(page(&lab, own).await, 401);
    let changed =
        lab.ask("PUT", &path, &service, &json!({"password": "acht ladders tegen de muur"})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    ends_soon(&lab, own, "a password set by the platform").await;
}

/// A platform admin's suspension closes the account itself, not only the shop.
#[tokio::test]
async fn the_suspended_have_no_way_into_their_account() {
    let lab = Lab::new().await;
    let suspended = lab.person("sanne@winkel.example").await;
    let admin = lab.person("beheer@platform.example").await;
    lab.behind
        .batch_execute("update public.profiles set role = 'admin' where email like 'beheer@%'")
        .await
        .unwrap();
    let session = lab.sign_in("sanne@winkel.example").await;
    let token = text(&session, "access_token");
    lab.post("/recover", &json!({"email": "sanne@winkel.example"})).await;
    let mail = lab.mail("sanne@winkel.example", 1).await;
    let stand = async |suspend: bool| {
        let (admin, user) = (admin.parse().unwrap(), suspended.parse().unwrap());
        let set = async |tx: &store::AdminTx| {
            store::admin::set_user_suspended(tx, user, suspend, "misbruik gemeld").await
        };
        assert!(lab.store.as_admin(admin, set).await.unwrap());
    };
    stand(true).await;
    let left = "select count(*) from auth.sessions";
    assert_eq!(lab.behind.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    // Even where a session is there, it opens nothing.
    lab.behind.batch_execute("update public.profiles set suspended_at = null").await.unwrap();
    let session_now = lab.sign_in("sanne@winkel.example").await;
    lab.behind
        .batch_execute("update public.profiles set suspended_at = now() where email like 'sanne@%'")
        .await
        .unwrap();
    let own = text(&session_now, "access_token");
    for (token, code) in [(token, "session_not_found"), (own, "user_banned")] {
        let shown = lab.ask("GET", "/user", token, &Value::Null).await;
        assert_eq!(shown.refused(), (403, code.to_owned()));
        let changed = lab.ask("PUT", "/user", token, &json!({"password": OTHER_PASSWORD})).await;
        assert_eq!(changed.refused(), (403, code.to_owned()));
    }
    let refreshed = lab.refresh(text(&session_now, "refresh_token")).await;
    assert_eq!(refreshed.refused(), (400, "user_banned".to_owned()));
    let signed_in = lab.try_password("sanne@winkel.example", PASSWORD).await;
    assert_eq!(signed_in.refused(), (400, "user_banned".to_owned()));
    let proof = json!({"type": "recovery", "token_hash": mail.secret()});
    assert_eq!(lab.post("/verify", &proof).await.refused(), (403, "user_banned".to_owned()));
    stand(false).await;
    lab.sign_in("sanne@winkel.example").await;
}

/// A session that was left open or stolen does not choose a new password.
#[tokio::test]
async fn a_new_password_takes_the_old_one_or_a_fresh_proof() {
    let few = Rate { burst: 6, every: Duration::from_hours(1) };
    let lab = Lab::with(AuthOptions { auth_rate_account: few, ..wide() }).await;
    lab.person("sanne@winkel.example").await;
    let session = lab.sign_in("sanne@winkel.example").await;
    let old = "update auth.mfa_amr_claims set updated_at = now() - interval '16 minutes'";
    lab.behind.batch_execute(old).await.unwrap();
    let session = lab.refresh(text(&session, "refresh_token")).await.json();
    let token = text(&session, "access_token");
    let change = async |token: &str, body: Value| lab.ask("PUT", "/user", token, &body).await;
    let bare = change(token, json!({"password": OTHER_PASSWORD})).await;
    assert_eq!(bare.refused(), (400, "reauthentication_needed".to_owned()));
    let wrong = json!({"password": OTHER_PASSWORD, "current_password": "gok nummer een"});
    for _ in 0..2 {
        let refused = change(token, wrong.clone()).await;
        assert_eq!(refused.refused(), (400, "invalid_credentials".to_owned()));
    }
    let right = json!({"password": OTHER_PASSWORD, "current_password": PASSWORD});
    assert_eq!(change(token, right).await.status, 200);
    // Signed in a moment ago is proof enough, as with Supabase's secure password change.
    let fresh = lab.try_password("sanne@winkel.example", OTHER_PASSWORD).await.json();
    let fresh = text(&fresh, "access_token");
    assert_eq!(change(fresh, json!({"password": PASSWORD})).await.status, 200);
    // Guesses run into the limit of the account: two above, two sign-ins, two more here.
    for _ in 0..2 {
        assert_eq!(change(fresh, wrong.clone()).await.refused().0, 400);
    }
    let over = change(fresh, wrong).await;
    assert_eq!(over.refused(), (429, "over_request_rate_limit".to_owned()));
}
