//! B1: which access tokens are believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use loket::auth::fresh_key;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::lab::{Lab, text};

fn parts(token: &str) -> (Value, Value, String) {
    let parts: Vec<&str> = token.split('.').collect();
    let read = |part: &str| serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap();
    (read(parts[0]), read(parts[1]), parts[2].to_owned())
}

fn joined(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let write = |part: &Value| BASE64.encode(part.to_string());
    format!("{}.{}.{}", write(header), write(claims), BASE64.encode(signature))
}

/// Signed as somebody would who has the private key of `key`.
fn signed(key: &Value, mut header: Value, claims: &Value) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    let secret = BASE64.decode(key["d"].as_str().unwrap()).unwrap();
    let head = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";
    let head: Vec<u8> = (0..head.len() / 2)
        .map(|at| u8::from_str_radix(&head[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let encoding = EncodingKey::from_ec_der(&[head, secret].concat());
    header["alg"] = json!("ES256");
    let message =
        format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &encoding, Algorithm::ES256).unwrap();
    let _same_shape: Header = serde_json::from_value(header).unwrap();
    format!("{message}.{signature}")
}

#[tokio::test]
async fn only_our_own_tokens_are_believed() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let session = lab.sign_in("sanne@winkel.example").await;
    let good = text(&session, "access_token").to_owned();
    let (header, claims, signature) = parts(&good);
    let ours: Value = serde_json::from_str(
        &std::fs::read_to_string(lab.data_dir.join("keys/auth-signing.json")).unwrap(),
    )
    .unwrap();
    let ours = ours["keys"][0].clone();
    let theirs = fresh_key().unwrap();
    let with = |change: Value| {
        let mut changed = claims.clone();
        for (name, value) in change.as_object().unwrap() {
            changed[name.as_str()] = value.clone();
        }
        changed
    };
    let without = |name: &str| {
        let mut changed = claims.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    let kid = header["kid"].clone();
    assert_eq!(signed_is_believed(&lab, &signed(&ours, header.clone(), &claims)).await, 200);

    let published = lab.ask("GET", "/.well-known/jwks.json", "", &Value::Null).await;
    let mut hs = Hmac::<Sha256>::new_from_slice(published.text.as_bytes()).unwrap();
    let hs_header = json!({"alg": "HS256", "typ": "JWT", "kid": kid});
    hs.update(joined(&hs_header, &claims, b"").trim_end_matches('.').as_bytes());
    let hs = joined(&hs_header, &claims, &hs.finalize().into_bytes());
    let by_them = |extra: Value| {
        let mut header = json!({"typ": "JWT", "kid": kid});
        for (name, value) in extra.as_object().unwrap() {
            header[name.as_str()] = value.clone();
        }
        signed(&theirs, header, &claims)
    };
    let mut public = theirs.clone();
    public.as_object_mut().unwrap().remove("d");
    let mut forged = vec![
        ("none", joined(&json!({"alg": "none", "typ": "JWT"}), &claims, b"")),
        ("None", joined(&json!({"alg": "None", "kid": kid}), &claims, b"")),
        ("empty signature", joined(&header, &claims, b"")),
        ("hmac with the public key", hs),
        ("kid of a file", by_them(json!({"kid": "../../../../dev/null"}))),
        ("kid of sql", by_them(json!({"kid": "x' or '1'='1"}))),
        ("another key under our kid", by_them(json!({}))),
        ("jku", by_them(json!({"jku": "https://evil.example/jwks.json"}))),
        ("x5u", by_them(json!({"x5u": "https://evil.example/cert.pem"}))),
        ("embedded jwk", by_them(json!({"jwk": public}))),
        ("no exp", signed(&ours, header.clone(), &without("exp"))),
        ("expired", signed(&ours, header.clone(), &with(json!({"exp": 1})))),
        ("exp as text", signed(&ours, header.clone(), &with(json!({"exp": "9999999999"})))),
        ("other aud", signed(&ours, header.clone(), &with(json!({"aud": "other"})))),
        ("no aud", signed(&ours, header.clone(), &without("aud"))),
        ("other iss", signed(&ours, header.clone(), &with(json!({"iss": "https://evil.example"})))),
        ("no session", signed(&ours, header.clone(), &without("session_id"))),
        ("other role", signed(&ours, header.clone(), &with(json!({"role": "postgres"})))),
        ("loket_admin", signed(&ours, header.clone(), &with(json!({"role": "loket_admin"})))),
        ("not yet", signed(&ours, header.clone(), &with(json!({"nbf": 9_999_999_999_i64})))),
        ("refresh as access", text(&session, "refresh_token").to_owned()),
        ("nothing", "null".to_owned()),
    ];
    // One bit of the signature.
    let mut flipped = BASE64.decode(&signature).unwrap();
    flipped[10] ^= 1;
    forged.push(("a flipped bit", joined(&header, &claims, &flipped)));
    let raised = with(json!({"aal": "aal2"}));
    forged.push(("changed claims", joined(&header, &raised, &BASE64.decode(&signature).unwrap())));
    for (name, token) in forged {
        let answer = lab.ask("GET", "/user", &token, &Value::Null).await;
        assert_eq!(answer.refused(), (403, "bad_jwt".to_owned()), "{name}");
        let admin = lab.ask("GET", "/admin/users", &token, &Value::Null).await;
        assert_eq!(admin.status, 403, "{name}");
        if token.matches('.').count() == 2 {
            let page =
                Lab::request("GET", "/lijst").header("authorization", format!("Bearer {token}"));
            let page = lab.send(page.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(page.status, 401, "{name}");
        }
    }
}

async fn signed_is_believed(lab: &Lab, token: &str) -> u16 {
    lab.ask("GET", "/user", token, &Value::Null).await.status.as_u16()
}

#[tokio::test]
async fn a_service_role_token_of_ours_is_an_admin_and_a_persons_is_not() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    let session = lab.sign_in("sanne@winkel.example").await;
    let ours: Value = serde_json::from_str(
        &std::fs::read_to_string(lab.data_dir.join("keys/auth-signing.json")).unwrap(),
    )
    .unwrap();
    let header = json!({"typ": "JWT", "kid": ours["keys"][0]["kid"]});
    let claims = json!({"role": "service_role", "exp": 9_999_999_999_i64, "sub": "1234567890"});
    let service = signed(&ours["keys"][0], header.clone(), &claims);
    let list = lab.ask("GET", "/admin/users?page=1&per_page=1", &service, &Value::Null).await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert_eq!(list.header("x-total-count"), "1");
    assert!(list.header("link").contains("rel=\"last\""));
    let own = lab.ask("GET", "/user", &service, &Value::Null).await;
    assert_eq!(own.refused(), (403, "bad_jwt".to_owned()));
    let person = text(&session, "access_token");
    let refused = lab.ask("GET", "/admin/users", person, &Value::Null).await;
    assert_eq!(refused.refused(), (403, "not_admin".to_owned()));
    let nobody = lab.ask("DELETE", "/admin/users/x", "", &Value::Null).await;
    assert_eq!(
        nobody.refused(),
        (403, "not_admin".to_owned()),
        "the publishable key opens nothing"
    );
    let without = Lab::request("GET", "/auth/v1/admin/users");
    let without = lab.send(without.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(without.refused(), (401, "no_authorization".to_owned()));
}

/// The key beside this file signs nothing but in tests.
#[tokio::test]
async fn keys_are_changed_without_signing_anybody_out() {
    use std::os::unix::fs::PermissionsExt as _;
    let rsa: Value = serde_json::from_str(include_str!("rsa-key.json")).unwrap();
    let elliptic = fresh_key().unwrap();
    let write = |name: &str, keys: &[&Value]| {
        let path = std::env::temp_dir().join(format!("{name}-{}.json", uuid::Uuid::now_v7()));
        std::fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let options = |path: &std::path::Path| loket::auth::AuthOptions {
        auth_signing_keys: Some(path.to_owned()),
        ..crate::lab::wide()
    };
    let before = write("before", &[&elliptic]);
    let after = write("after", &[&rsa["keys"][0], &elliptic]);
    let lab = Lab::with(options(&before)).await;
    lab.person("sanne@winkel.example").await;
    let old = lab.sign_in("sanne@winkel.example").await;
    let lab = lab.restarted(options(&after));
    assert_eq!(signed_is_believed(&lab, text(&old, "access_token")).await, 200, "still good");
    let new = lab.sign_in("sanne@winkel.example").await;
    let (header, _, _) = parts(text(&new, "access_token"));
    assert_eq!(
        (header["alg"].as_str(), header["kid"].as_str()),
        (Some("RS256"), Some("rsa-of-the-tests"))
    );
    assert_eq!(signed_is_believed(&lab, text(&new, "access_token")).await, 200);
    let published = lab.ask("GET", "/.well-known/jwks.json", "", &Value::Null).await.json();
    let named: Vec<&str> =
        published["keys"].as_array().unwrap().iter().map(|key| text(key, "alg")).collect();
    assert_eq!(named, ["RS256", "ES256"]);
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(published["keys"][0].get(private).is_none(), "{private} is published");
    }
    // Once the older key is taken away, its tokens are worth nothing.
    let alone = write("alone", &[&rsa["keys"][0]]);
    let lab = lab.restarted(options(&alone));
    assert_eq!(signed_is_believed(&lab, text(&old, "access_token")).await, 403);
    for path in [before, after, alone] {
        std::fs::remove_file(path).unwrap();
    }
}
