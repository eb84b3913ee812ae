//! B5, B6, B7: whoever guesses learns nothing, is slowed down, and cannot pretend to be many.

use loket::auth::{AuthOptions, Rate};
use serde_json::{Value, json};
use std::time::Duration;

use crate::lab::{Lab, OTHER_PASSWORD, PASSWORD, wide};

/// An answer without what differs for everybody: ids, moments, and the address itself.
fn shape(text: &str, email: &str) -> String {
    fn blank(value: &mut Value) {
        match value {
            Value::String(text) => {
                let id = text.parse::<uuid::Uuid>().is_ok();
                let moment = text.parse::<jiff::Timestamp>().is_ok();
                if id {
                    "id".clone_into(text);
                } else if moment {
                    "moment".clone_into(text);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(blank),
            Value::Object(fields) => fields.values_mut().for_each(blank),
            _ => {}
        }
    }
    let mut value: Value = serde_json::from_str(text).unwrap();
    blank(&mut value);
    value.to_string().replace(email, "address")
}

/// An address of the API, and what is sent to it about somebody.
type Case = (&'static str, fn(&str) -> Value);

#[tokio::test]
async fn known_and_unknown_people_look_alike() {
    let lab = Lab::new().await;
    lab.person("bekend@winkel.example").await;
    let invited = json!({"email": "gast@winkel.example"});
    lab.ask("POST", "/invite", lab.auth.service_key(), &invited).await;
    let cases: [Case; 5] = [
        ("/token?grant_type=password", |email| json!({"email": email, "password": OTHER_PASSWORD})),
        ("/recover", |email| json!({"email": email})),
        ("/otp", |email| json!({"email": email, "create_user": false})),
        ("/resend", |email| json!({"email": email, "type": "signup"})),
        ("/signup", |email| json!({"email": email, "password": OTHER_PASSWORD, "data": {"a": 1}})),
    ];
    for (path, body) in cases {
        let mut seen = Vec::new();
        for email in ["bekend@winkel.example", "gast@winkel.example", "onbekend@winkel.example"] {
            let answer = lab.post(path, &body(email)).await;
            let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
            seen.push((answer.status, names, shape(&answer.text, email)));
        }
        assert_eq!(seen[0], seen[2], "{path}");
        assert_eq!(seen[1], seen[2], "{path}, invited");
    }
    // The sign-up changed nothing for who was there.
    assert_eq!(lab.try_password("bekend@winkel.example", PASSWORD).await.status, 200);
    assert_eq!(lab.try_password("bekend@winkel.example", OTHER_PASSWORD).await.status, 400);
}

/// By the work done, not by the clock: the digest of nobody costs the same parameters, and it
/// really is computed, so that its time is that of a real one within a wide margin.
#[tokio::test]
async fn an_unknown_person_costs_as_much_work() {
    let lab = Lab::new().await;
    lab.person("bekend@winkel.example").await;
    let kept = "select encrypted_password from auth.users";
    let kept: String = lab.behind.query_one(kept, &[]).await.unwrap().get(0);
    assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    let middle = async |email: &str| {
        let mut times = Vec::new();
        for _ in 0..9 {
            let begun = std::time::Instant::now();
            lab.try_password(email, OTHER_PASSWORD).await;
            times.push(begun.elapsed());
        }
        times.sort();
        times[4]
    };
    let (known, unknown) =
        (middle("bekend@winkel.example").await, middle("onbekend@winkel.example").await);
    assert!(unknown * 2 > known, "unknown {unknown:?}, known {known:?}: no digest was made");
}

#[tokio::test]
async fn guesses_are_limited_and_the_victim_gets_in() {
    let options = AuthOptions {
        auth_rate_sign_in: Rate { burst: 3, every: Duration::from_mins(10) },
        auth_rate_account: Rate { burst: 1800, every: Duration::from_secs(2) },
        ..wide()
    };
    let lab = Lab::with(options).await;
    lab.person("doelwit@winkel.example").await;
    let attempt = async |from: &str, password: &str, spoof: &str| {
        let body = json!({"email": "doelwit@winkel.example", "password": password});
        let request = Lab::request_from("POST", "/auth/v1/token?grant_type=password", from)
            .header("content-type", "application/json")
            .header("x-forwarded-for", spoof)
            .header("x-real-ip", spoof)
            .header("x-user-id", "1")
            .body(body.to_string().into())
            .unwrap();
        lab.send(request).await
    };
    let mut looked_at = 0;
    for address in 0..20 {
        for guess in 0..5 {
            // Another pretended address each time: nobody believes it.
            let spoof = format!("198.51.100.{guess}");
            let from = format!("203.0.113.{address}");
            let answer = attempt(&from, &format!("gok nummer {guess}"), &spoof).await;
            match answer.status.as_u16() {
                400 => looked_at += 1,
                429 => assert!(!answer.header("retry-after").is_empty()),
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!(looked_at, 60, "three of five guesses per address were looked at");
    let victim = attempt("192.0.2.50", PASSWORD, "203.0.113.1").await;
    assert_eq!(victim.status, 200, "{}", victim.text);
    for _ in 0..10 {
        // Signing in rightly from one office never runs into the limit.
        assert_eq!(attempt("192.0.2.50", PASSWORD, "").await.status, 200);
    }
    let burnt = attempt("203.0.113.1", PASSWORD, "").await;
    assert_eq!(burnt.refused(), (429, "over_request_rate_limit".to_owned()));
}

#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let options = AuthOptions {
        auth_rate_sign_in: Rate { burst: 1, every: Duration::from_mins(1) },
        trusted_proxies: vec!["192.0.2.1".parse().unwrap()],
        ..wide()
    };
    let lab = Lab::with(options).await;
    let attempt = async |forwarded: &str| {
        let body = json!({"email": "x@winkel.example", "password": "wat dan ook"});
        let request = Lab::request("POST", "/auth/v1/token?grant_type=password")
            .header("content-type", "application/json")
            .header("x-forwarded-for", forwarded)
            .body(body.to_string().into())
            .unwrap();
        lab.send(request).await.status.as_u16()
    };
    assert_eq!(attempt("198.51.100.1").await, 400);
    assert_eq!(attempt("198.51.100.1").await, 429);
    assert_eq!(attempt("198.51.100.2").await, 400, "another client behind the same proxy");
    assert_eq!(attempt("203.0.113.9, 198.51.100.2").await, 429, "what the client added is nothing");
}

#[tokio::test]
async fn mails_and_codes_are_limited_for_known_and_unknown_alike() {
    let lab = Lab::with(AuthOptions {
        auth_rate_address: Rate { burst: 2, every: Duration::from_hours(1) },
        auth_rate_code: Rate { burst: 5, every: Duration::from_mins(1) },
        ..wide()
    })
    .await;
    lab.person("bekend@winkel.example").await;
    for email in ["bekend@winkel.example", "onbekend@winkel.example"] {
        let body = json!({"email": email});
        for _ in 0..2 {
            assert_eq!(lab.post("/recover", &body).await.status, 200);
        }
        let third = lab.post("/recover", &body).await;
        assert_eq!(third.refused(), (429, "over_email_send_rate_limit".to_owned()));
        for _ in 0..5 {
            let guess = json!({"type": "recovery", "email": email, "token": "000000"});
            assert_eq!(lab.post("/verify", &guess).await.refused().1, "otp_expired");
        }
        let guess = json!({"type": "recovery", "email": email, "token": "000000"});
        assert_eq!(lab.post("/verify", &guess).await.status, 429);
    }
    // The link still works for whoever has the mailbox.
    let mail = lab.mail("bekend@winkel.example", 2).await;
    let proof = json!({"type": "recovery", "token_hash": mail.secret()});
    assert_eq!(lab.post("/verify", &proof).await.status, 200);
}
