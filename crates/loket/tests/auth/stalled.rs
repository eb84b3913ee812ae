//! Requests whose headers were let in and whose body comes later: what happened in between counts.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::factors::{challenge, code, enroll, prove};
use crate::lab::{Lab, OTHER_PASSWORD, PASSWORD, text};

/// A request under way that has shown its headers and keeps its body back.
struct Stalled {
    go_on: oneshot::Sender<String>,
    answer: JoinHandle<(u16, String)>,
}

impl Stalled {
    async fn begin(lab: &Lab, method: &str, path: &str, token: &str) -> Self {
        let (go_on, body) = oneshot::channel::<String>();
        let (asked, is_asked) = oneshot::channel::<()>();
        // Whoever reads the body has looked at the headers.
        let body = stream::once(async move {
            asked.send(()).unwrap();
            Ok::<_, Infallible>(Bytes::from(body.await.unwrap_or_default()))
        });
        let request = Lab::request(method, &format!("/auth/v1{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from_stream(body))
            .unwrap();
        let pages = lab.pages.clone();
        let answer = tokio::spawn(async move {
            let answer = pages.oneshot(request).await.unwrap();
            let code = answer.headers().get("x-sb-error-code");
            let code = code.map_or("", |code| code.to_str().unwrap()).to_owned();
            (answer.status().as_u16(), code)
        });
        is_asked.await.unwrap();
        Self { go_on, answer }
    }

    async fn finish(self, body: &Value) -> (u16, String) {
        self.go_on.send(body.to_string()).unwrap();
        self.answer.await.unwrap()
    }
}

async fn token_of(lab: &Lab, email: &str) -> String {
    text(&lab.sign_in(email).await, "access_token").to_owned()
}

const EMAIL: &str = "sanne@winkel.example";

#[tokio::test]
async fn a_session_that_ended_meanwhile_changes_nothing() {
    let lab = Lab::new().await;
    lab.person(EMAIL).await;
    let gone = (403, "session_not_found".to_owned());
    for way in ["password", "all out", "ban"] {
        let (stolen, own) = (token_of(&lab, EMAIL).await, token_of(&lab, EMAIL).await);
        let factor = enroll(&lab, &stolen, "").await;
        let put = challenge(&lab, &stolen, &factor.id).await;
        let verify = format!("/factors/{}/verify", factor.id);
        let stalled = [
            Stalled::begin(&lab, "PUT", "/user", &stolen).await,
            Stalled::begin(&lab, "PUT", "/user", &stolen).await,
            Stalled::begin(&lab, "POST", "/factors", &stolen).await,
            Stalled::begin(&lab, "POST", &verify, &stolen).await,
        ];
        let expected = match way {
            "password" => {
                let new = json!({"password": OTHER_PASSWORD});
                assert_eq!(lab.ask("PUT", "/user", &own, &new).await.status, 200);
                let back = "update auth.users set encrypted_password = null";
                lab.behind.batch_execute(back).await.unwrap();
                gone.clone()
            }
            "all out" => {
                assert_eq!(lab.ask("POST", "/logout", &own, &Value::Null).await.status, 204);
                gone.clone()
            }
            _ => {
                let ban = "update auth.users set banned_until = now() + interval '1 hour'";
                lab.behind.batch_execute(ban).await.unwrap();
                (403, "user_banned".to_owned())
            }
        };
        let row = "select jsonb_agg(to_jsonb(u)), (select count(*) from auth.sessions),
                   (select jsonb_agg(to_jsonb(f)) from auth.mfa_factors f) from auth.users u";
        let before = lab.behind.query_one(row, &[]).await.unwrap();
        let bodies = [
            json!({"password": "van de dief zijn woord"}),
            json!({"email": "dief@elders.example", "data": {"naam": "dief"}}),
            json!({"factor_type": "totp", "friendly_name": "dief"}),
            json!({"challenge_id": put, "code": code(&factor.secret, 0)}),
        ];
        for (stalled, body) in stalled.into_iter().zip(&bodies) {
            assert_eq!(stalled.finish(body).await, expected, "{way}: {body}");
        }
        let after = lab.behind.query_one(row, &[]).await.unwrap();
        assert_eq!(before.get::<_, Value>(0), after.get::<_, Value>(0), "{way}");
        assert_eq!(before.get::<_, i64>(1), after.get::<_, i64>(1), "{way}");
        assert_eq!(before.get::<_, Option<Value>>(2), after.get::<_, Option<Value>>(2), "{way}");
        lab.behind
            .batch_execute("delete from auth.mfa_factors; delete from auth.users")
            .await
            .unwrap();
        lab.person(EMAIL).await;
    }
}

#[tokio::test]
async fn a_factor_begun_before_another_was_proved_does_not_stand_in_for_it() {
    let lab = Lab::new().await;
    lab.person(EMAIL).await;
    let (stolen, own) = (token_of(&lab, EMAIL).await, token_of(&lab, EMAIL).await);
    let stalled = Stalled::begin(&lab, "POST", "/factors", &stolen).await;
    let factor = enroll(&lab, &own, "telefoon").await;
    let put = challenge(&lab, &own, &factor.id).await;
    let proved = prove(&lab, &own, &factor.id, &put, &code(&factor.secret, 0)).await;
    assert_eq!(proved.status, 200, "{}", proved.text);
    let late = stalled.finish(&json!({"factor_type": "totp"})).await;
    assert_eq!(late, (403, "session_not_found".to_owned()), "the weaker session is gone");
    // However an unproved one comes to be there, level 1 does not prove it.
    let strong = text(&proved.json(), "access_token").to_owned();
    let other = enroll(&lab, &strong, "tablet").await;
    let weak = token_of(&lab, EMAIL).await;
    let put = challenge(&lab, &weak, &other.id).await;
    let refused = prove(&lab, &weak, &other.id, &put, &code(&other.secret, 0)).await;
    assert_eq!(refused.refused(), (403, "insufficient_aal".to_owned()));
    // A session of level 1 that was let in before the factor was proved.
    let put = challenge(&lab, &strong, &other.id).await;
    let proved = prove(&lab, &strong, &other.id, &put, &code(&other.secret, 0)).await;
    assert_eq!(proved.status, 200, "{}", proved.text);
    assert_eq!(lab.try_password(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let body = stream::pending::<Result<Bytes, Infallible>>();
    let begun = tokio::time::Instant::now();
    let refused = loket::auth::in_time(Body::from_stream(body), 100).await.unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (408, "request_timeout"));
    assert!(begun.elapsed() <= Duration::from_secs(11));
}
