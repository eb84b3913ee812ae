//! B16: second factors.

use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder, Secret};

use crate::lab::{Lab, OTHER_PASSWORD, text};

pub fn code(secret: &str, offset: i64) -> String {
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

pub struct Enrolled {
    pub id: String,
    pub secret: String,
}

pub async fn enroll(lab: &Lab, token: &str, name: &str) -> Enrolled {
    let wanted = json!({"factor_type": "totp", "friendly_name": name, "issuer": "Loket"});
    let answer = lab.ask("POST", "/factors", token, &wanted).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert!(text(&answer["totp"], "qr_code").contains("<svg"));
    assert!(text(&answer["totp"], "uri").starts_with("otpauth://totp/Loket:"));
    Enrolled {
        id: text(&answer, "id").to_owned(),
        secret: text(&answer["totp"], "secret").to_owned(),
    }
}

pub async fn challenge(lab: &Lab, token: &str, factor: &str) -> String {
    let path = format!("/factors/{factor}/challenge");
    let answer = lab.ask("POST", &path, token, &json!({"factorId": factor})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    text(&answer.json(), "id").to_owned()
}

pub async fn prove(
    lab: &Lab,
    token: &str,
    factor: &str,
    challenge: &str,
    code: &str,
) -> crate::lab::Answer {
    let body = json!({"challenge_id": challenge, "code": code});
    lab.ask("POST", &format!("/factors/{factor}/verify"), token, &body).await
}

#[tokio::test]
async fn a_code_opens_the_second_level_once() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    lab.person("piet@winkel.example").await;
    let other = lab.sign_in("sanne@winkel.example").await;
    let session = lab.sign_in("sanne@winkel.example").await;
    let token = text(&session, "access_token").to_owned();
    let factor = enroll(&lab, &token, "telefoon").await;
    let same = json!({"factor_type": "totp", "friendly_name": "telefoon"});
    let same = lab.ask("POST", "/factors", &token, &same).await;
    assert_eq!(same.refused(), (422, "mfa_factor_name_conflict".to_owned()));
    let put = challenge(&lab, &token, &factor.id).await;
    for wrong in
        ["000000", "", "12345", "1234567", &code(&factor.secret, 900), &code(&factor.secret, -900)]
    {
        let answer = prove(&lab, &token, &factor.id, &put, wrong).await;
        assert_eq!(answer.refused(), (422, "mfa_verification_failed".to_owned()), "{wrong}");
    }
    let right = code(&factor.secret, 0);
    let raised = prove(&lab, &token, &factor.id, &put, &right).await;
    assert_eq!(raised.status, 200, "{}", raised.text);
    let raised = raised.json();
    let strong = text(&raised, "access_token").to_owned();
    assert_eq!(raised["user"]["factors"][0]["status"], "verified");
    // The code and the challenge are spent.
    let twice = prove(&lab, &strong, &factor.id, &put, &right).await;
    assert_eq!(twice.refused(), (422, "mfa_challenge_expired".to_owned()));
    let next = challenge(&lab, &strong, &factor.id).await;
    let replayed = prove(&lab, &strong, &factor.id, &next, &right).await;
    assert_eq!(replayed.refused(), (422, "mfa_verification_failed".to_owned()));
    // Sessions that did not prove it are gone.
    assert_eq!(lab.refresh(text(&other, "refresh_token")).await.status, 400);
    // A new sign-in is of the first level: it changes neither password, address nor factors.
    let weak = lab.sign_in("sanne@winkel.example").await;
    let weak = text(&weak, "access_token").to_owned();
    let password = lab.ask("PUT", "/user", &weak, &json!({"password": OTHER_PASSWORD})).await;
    assert_eq!(password.refused(), (401, "insufficient_aal".to_owned()));
    let removal = lab.ask("DELETE", &format!("/factors/{}", factor.id), &weak, &Value::Null).await;
    assert_eq!(removal.refused(), (422, "insufficient_aal".to_owned()));
    let more = lab.ask("POST", "/factors", &weak, &json!({"factor_type": "totp"})).await;
    assert_eq!(more.refused(), (403, "insufficient_aal".to_owned()));
    // Pages are closed to it, too.
    let page = Lab::request("GET", "/lijst").header("authorization", format!("Bearer {weak}"));
    let page = lab.send(page.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(
        (page.status.as_u16(), page.header("location")),
        (303, "/inloggen/code?terug=/lijst")
    );
    // Another person's factor is not there.
    let piet = lab.sign_in("piet@winkel.example").await;
    let piet = text(&piet, "access_token");
    let foreign = format!("/factors/{}/challenge", factor.id);
    let foreign = lab.ask("POST", &foreign, piet, &json!({})).await;
    let unknown = lab.ask("POST", "/factors/x/challenge", piet, &json!({})).await;
    assert_eq!(foreign.refused(), (404, "mfa_factor_not_found".to_owned()));
    assert_eq!(foreign.text, unknown.text);
    let late = challenge(&lab, &strong, &factor.id).await;
    let later = "update auth.mfa_challenges set created_at = created_at - interval '301 seconds'";
    lab.behind.batch_execute(later).await.unwrap();
    let expired = prove(&lab, &strong, &factor.id, &late, &code(&factor.secret, 30)).await;
    assert_eq!(expired.refused(), (422, "mfa_challenge_expired".to_owned()));
    // The next code works; then the factor may go.
    let put = challenge(&lab, &weak, &factor.id).await;
    let raised = prove(&lab, &weak, &factor.id, &put, &code(&factor.secret, 30)).await.json();
    let strong = text(&raised, "access_token").to_owned();
    let removed =
        lab.ask("DELETE", &format!("/factors/{}", factor.id), &strong, &Value::Null).await;
    assert_eq!(removed.json()["id"], factor.id.as_str());
    let level: String =
        lab.behind.query_one("select max(aal::text) from auth.sessions", &[]).await.unwrap().get(0);
    assert_eq!(level, "aal1");
}

#[tokio::test]
async fn two_at_once_with_one_code_are_one() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let session = lab.sign_in("sanne@winkel.example").await;
    let token = text(&session, "access_token").to_owned();
    let factor = enroll(&lab, &token, "").await;
    let (one, other) =
        (challenge(&lab, &token, &factor.id).await, challenge(&lab, &token, &factor.id).await);
    let right = code(&factor.secret, 0);
    let (one, other) = tokio::join!(
        prove(&lab, &token, &factor.id, &one, &right),
        prove(&lab, &token, &factor.id, &other, &right)
    );
    let mut seen = [one.status.as_u16(), other.status.as_u16()];
    seen.sort_unstable();
    assert_eq!(seen, [200, 422]);
    for (kind, refusal) in [
        ("phone", "mfa_phone_enroll_not_enabled"),
        ("webauthn", "mfa_webauthn_enroll_not_enabled"),
        ("x", "validation_failed"),
    ] {
        let answer = lab.ask("POST", "/factors", &token, &json!({"factor_type": kind})).await;
        assert_eq!(answer.refused().1, refusal);
    }
}
