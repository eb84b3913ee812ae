//! B15, B18, B20, and the shapes clients rely on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::lab::{Lab, OTHER_PASSWORD, PASSWORD, SITE, text, wide};

#[tokio::test]
async fn passwords_are_kept_whole_or_refused() {
    let lab = Lab::new().await;
    let sign_up = async |email: &str, password: &str| {
        lab.post("/signup", &json!({"email": email, "password": password})).await
    };
    let weak = sign_up("a@winkel.example", "kort").await;
    assert_eq!(weak.refused(), (422, "weak_password".to_owned()));
    assert_eq!(weak.json()["message"], "Password should be at least 10 characters.");
    assert_eq!(weak.json()["weak_password"]["reasons"], json!(["length"]));
    let breached = sign_up("a@winkel.example", "password123").await;
    assert_eq!(breached.json()["weak_password"]["reasons"], json!(["pwned"]));
    let long = sign_up("a@winkel.example", &"lang".repeat(300)).await;
    assert_eq!(long.refused(), (400, "validation_failed".to_owned()));
    let nul = sign_up("a@winkel.example", "vier fietsen\0op zolder").await;
    assert_eq!(nul.refused(), (400, "validation_failed".to_owned()));
    let service = lab.auth.service_key().to_owned();
    let long = "w2é-9Xq kD7.pT0/mB4,rJ8+nG1=cV6_ yH3:zL5;".to_owned()
        + &"Onze vrachtwagen reed zaterdag langs dertien molens, want het waaide hard over de dijk naar Zwolle! 7#8 En 's avonds pas kwamen ze, met lege kisten, vier natte honden en een gebroken as, weer thuis.".replace('a', "æ");
    for (number, password) in
        ["vier fietsen op zolder", "  ruimte telt mee  ", "ключ от склада", &long]
            .iter()
            .enumerate()
    {
        let email = format!("p{number}@winkel.example");
        let new = json!({"email": email, "password": password, "email_confirm": true});
        let made = lab.ask("POST", "/admin/users", &service, &new).await;
        assert_eq!(made.status, 200, "{password}: {}", made.text);
        assert_eq!(lab.try_password(&email, password).await.status, 200, "{password}");
        let mut shorter = (*password).to_owned();
        shorter.pop();
        for other in
            [shorter, format!("{password} "), password.to_uppercase(), format!("{password}\0")]
        {
            assert_eq!(lab.try_password(&email, &other).await.status, 400, "{other:?}");
        }
    }
}

#[tokio::test]
async fn bcrypt_of_an_imported_project_is_taken_over_at_sign_in() {
    let lab = Lab::new().await;
    let hash = bcrypt::hash(PASSWORD, 4).unwrap().replacen("$2b$", "$2a$", 1);
    let new = json!({"email": "oud@winkel.example", "password_hash": hash, "email_confirm": true});
    let made = lab.ask("POST", "/admin/users", lab.auth.service_key(), &new).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let kept = async || -> String {
        let text = "select encrypted_password from auth.users";
        lab.behind.query_one(text, &[]).await.unwrap().get(0)
    };
    assert_eq!(lab.try_password("oud@winkel.example", OTHER_PASSWORD).await.status, 400);
    assert_eq!(kept().await, hash);
    lab.sign_in("oud@winkel.example").await;
    assert!(kept().await.starts_with("$argon2id$"));
    lab.sign_in("oud@winkel.example").await;
}

#[tokio::test]
async fn nobody_changes_what_is_not_theirs_to_change() {
    let lab = Lab::new().await;
    let id = lab.person("sanne@winkel.example").await;
    let session = lab.sign_in("sanne@winkel.example").await;
    let token = text(&session, "access_token");
    let row = "select to_jsonb(u) - 'updated_at' from auth.users u";
    let before: Value = lab.behind.query_one(row, &[]).await.unwrap().get(0);
    for extra in [
        json!({"role": "service_role"}),
        json!({"is_super_admin": true}),
        json!({"app_metadata": {"tenant_id": id}}),
        json!({"raw_app_meta_data": {}}),
        json!({"email_confirmed_at": null}),
        json!({"banned_until": null}),
        json!({"id": "x"}),
        json!({"aal": "aal2"}),
        json!({"encrypted_password": "x", "data": {"naam": "x"}}),
    ] {
        let answer = lab.ask("PUT", "/user", token, &extra).await;
        assert_eq!(answer.refused(), (422, "validation_failed".to_owned()), "{extra}");
    }
    let admin = json!({"is_super_admin": true});
    let path = format!("/admin/users/{id}");
    let answer = lab.ask("PUT", &path, lab.auth.service_key(), &admin).await;
    assert_eq!(answer.refused().0, 422);
    let role = lab.ask("PUT", &path, lab.auth.service_key(), &json!({"role": "loket_admin"})).await;
    assert_eq!(role.refused().0, 422);
    let up = json!({"email": "x@winkel.example", "password": PASSWORD, "role": "admin"});
    assert_eq!(lab.post("/signup", &up).await.refused().0, 422);
    let after: Value = lab.behind.query_one(row, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    let said = lab.ask("PUT", "/user", token, &json!({"data": {"naam": "Sanne", "weg": 1}})).await;
    assert_eq!(said.json()["user_metadata"], json!({"naam": "Sanne", "weg": 1}));
    let said = lab.ask("PUT", "/user", token, &json!({"data": {"weg": null}})).await;
    assert_eq!(said.json()["user_metadata"], json!({"naam": "Sanne"}));
    let same = lab.ask("PUT", "/user", token, &json!({"password": PASSWORD})).await;
    assert_eq!(same.refused(), (422, "same_password".to_owned()));
}

#[tokio::test]
async fn wrong_requests_are_the_clients_fault() {
    let lab = Lab::new().await;
    let service = lab.auth.service_key().to_owned();
    let raw = async |method: &str, path: &str, body: &str| {
        let request = Lab::request(method, &format!("/auth/v1{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {service}"))
            .body(body.to_owned().into())
            .unwrap();
        lab.send(request).await
    };
    let deep = "[".repeat(100_000);
    let wide_body = format!("{{\"email\":\"{}\"}}", "a".repeat(1_100_000));
    for path in [
        "/signup",
        "/token?grant_type=password",
        "/recover",
        "/otp",
        "/verify",
        "/resend",
        "/admin/users",
        "/invite",
        "/admin/generate_link",
        "/factors",
        "/user",
        "/logout",
        "/token",
    ] {
        for body in [
            "",
            "{",
            "null",
            "[]",
            "1",
            "\"x\"",
            "{\"email\":1}",
            "{\"email\":\"a\\u0000@b.nl\"}",
            "{\"email\":\"x'; drop table auth.users; --\",\"password\":\"' or 1=1\",\"type\":\"x\"}",
            &deep,
            &wide_body,
        ] {
            let answer = raw("POST", path, body).await;
            assert!(
                answer.status.is_client_error() || answer.text == "{}",
                "{path} {:.40}: {} {}",
                body,
                answer.status,
                answer.text
            );
        }
    }
    for (path, expected) in [
        ("/sso", "saml_provider_disabled"),
        ("/sso/saml/acs", "saml_provider_disabled"),
        ("/passkeys/x", "passkey_disabled"),
        ("/nergens", "not_found"),
        ("/token?grant_type=web3", "web3_provider_disabled"),
        ("/token?grant_type=id_token", "provider_disabled"),
        ("/token?grant_type=pkce", "flow_state_not_found"),
        ("/settings", "validation_failed"),
    ] {
        assert_eq!(raw("POST", path, "{}").await.refused().1, expected, "{path}");
    }
    assert_eq!(
        raw("POST", "/signup", "{\"data\":{}}").await.refused(),
        (422, "anonymous_provider_disabled".to_owned())
    );
    assert_eq!(
        raw("POST", "/signup", "{\"phone\":\"+316\",\"password\":\"x\"}").await.refused().1,
        "phone_provider_disabled"
    );
    assert_eq!(
        raw("GET", "/user/identities/authorize", "").await.refused().1,
        "manual_linking_disabled"
    );
    // A form cannot speak this API, and a foreign key is noticed.
    let form = Lab::request("POST", "/auth/v1/recover")
        .header("content-type", "text/plain")
        .body("{\"email\":\"a@b.nl\"}".into())
        .unwrap();
    assert_eq!(lab.send(form).await.refused(), (400, "bad_json".to_owned()));
    let foreign = Lab::request("GET", "/auth/v1/settings").header("apikey", "sb_publishable_x");
    let foreign = lab.send(foreign.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(foreign.status, 401);
}

/// B10 and B11: no identity provider vouches for anybody here, so neither its word, nor a code, nor
/// a way back of somebody's choice opens an account, makes one, or ties itself to one.
#[tokio::test]
async fn b10_b11_nobody_comes_in_on_the_word_of_another() {
    let lab = Lab::new().await;
    lab.person("eigenaar@winkel.example").await;
    let own = lab.sign_in("eigenaar@winkel.example").await;
    let counts = async || {
        let text = "select (select count(*) from auth.users), (select count(*) from auth.sessions)";
        let row = lab.behind.query_one(text, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let before = counts().await;
    let claims = |verified: bool| {
        let claims = json!({"iss": "https://accounts.google.com", "sub": "1", "aud": "loket",
            "email": "eigenaar@winkel.example", "email_verified": verified, "exp": 4_102_444_800_i64});
        format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    for provider in ["google", "azure", "https://idp.evil.example", ""] {
        for verified in [true, false] {
            let body = json!({"provider": provider, "id_token": claims(verified), "nonce": "n"});
            let answer = lab.post("/token?grant_type=id_token", &body).await;
            assert_eq!(answer.refused().1, "provider_disabled", "{provider}");
        }
        for back_to in ["", "https://evil.example", "//evil.example", "http://localhost:8080"] {
            let query = format!("provider={provider}&redirect_to={back_to}&code_challenge=x");
            for path in ["/authorize", "/callback", "/user/identities/authorize"] {
                let path = format!("{path}?{query}&code=c&state=s");
                let answer = lab.ask("GET", &path, text(&own, "access_token"), &json!({})).await;
                assert!((400..500).contains(&answer.status.as_u16()), "{path}: {}", answer.status);
                assert_eq!(answer.header("location"), "", "{path} leads nowhere");
                assert!(answer.cookies().is_empty(), "{path}");
            }
        }
    }
    for code in ["", "c", "00000000-0000-0000-0000-000000000000"] {
        let body = json!({"auth_code": code, "code_verifier": "v".repeat(43)});
        for _replayed in 0..2 {
            let answer = lab.post("/token?grant_type=pkce", &body).await;
            assert!((400..500).contains(&answer.status.as_u16()), "{code}: {}", answer.status);
        }
    }
    assert_eq!(counts().await, before, "no account, and no session more");
}

#[tokio::test]
async fn refusals_have_two_forms_and_pages_of_others_read_nothing() {
    let lab = Lab::new().await;
    let older = axum::http::Request::builder()
        .method("POST")
        .uri("/auth/v1/token?grant_type=password")
        .header("host", "localhost:8080")
        .header("content-type", "application/json")
        .body("{\"email\":\"a@b.nl\",\"password\":\"x\"}".into())
        .unwrap();
    let older = lab.send(older).await;
    assert_eq!(
        older.json(),
        json!({"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"})
    );
    assert_eq!(older.header("x-supabase-api-version"), "");
    let newer = lab.try_password("a@b.nl", "x").await;
    assert_eq!(
        newer.json(),
        json!({"code": "invalid_credentials", "message": "Invalid login credentials"})
    );
    assert_eq!(newer.header("x-supabase-api-version"), "2024-01-01");
    for (origin, allowed) in [
        (SITE, true),
        ("https://loket.example", false),
        ("null", false),
        ("http://loket.example.evil.example", false),
        ("http://evil.example", false),
    ] {
        for method in ["OPTIONS", "GET"] {
            let asked = Lab::request(method, "/auth/v1/settings").header("origin", origin);
            let asked = lab.send(asked.body(axum::body::Body::empty()).unwrap()).await;
            let expected = if allowed { origin } else { "" };
            assert_eq!(asked.header("access-control-allow-origin"), expected, "{origin}");
            assert_eq!(asked.header("access-control-allow-credentials"), "");
        }
    }
    let health = lab.ask("GET", "/health", "", &Value::Null).await;
    assert_eq!(health.json()["name"], "GoTrue");
    let settings = lab.ask("GET", "/settings", "", &Value::Null).await.json();
    assert_eq!(settings["external"]["email"], true);
    assert_eq!(settings["disable_signup"], false);
}

#[tokio::test]
async fn sign_ups_can_be_closed_or_confirm_themselves() {
    let closed = Lab::with(loket::auth::AuthOptions { auth_disable_signup: true, ..wide() }).await;
    let new = json!({"email": "a@winkel.example", "password": PASSWORD});
    assert_eq!(closed.post("/signup", &new).await.refused(), (422, "signup_disabled".to_owned()));
    closed.post("/otp", &json!({"email": "a@winkel.example"})).await;
    let open = Lab::with(loket::auth::AuthOptions { auth_autoconfirm: true, ..wide() }).await;
    let session = open.post("/signup", &new).await;
    assert!(session.json()["access_token"].is_string(), "{}", session.text);
    assert_eq!(session.json()["user"]["role"], "authenticated");
    let again = open.post("/signup", &new).await;
    assert_eq!(again.refused(), (422, "user_already_exists".to_owned()));
    let profile = "select role, tenant_id is null, tenant_role from public.profiles";
    let row = open.behind.query_one(profile, &[]).await.unwrap();
    assert_eq!(
        (row.get::<_, &str>(0), row.get::<_, bool>(1), row.get::<_, &str>(2)),
        ("user", true, "viewer")
    );
    let made: i64 =
        closed.behind.query_one("select count(*) from auth.users", &[]).await.unwrap().get(0);
    assert_eq!(made, 0);
}

/// B18, as far as it concerns the platform's own keys.
#[tokio::test]
async fn keys_are_private_files_and_never_published() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new().await;
    let mut seen = 0;
    for file in std::fs::read_dir(lab.data_dir.join("keys")).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
    let keys = lab.ask("GET", "/.well-known/jwks.json", "", &Value::Null).await;
    assert_eq!(keys.header("cache-control"), "public, max-age=600");
    let keys = keys.json();
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert!(keys["keys"][0].get("d").is_none());
    let path = lab.data_dir.join("keys/auth-signing.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let listen = "127.0.0.1:1".parse().unwrap();
    let store = std::sync::Arc::clone(&lab.store);
    let refused = loket::auth::Auth::open(store, wide(), &lab.data_dir, listen).unwrap_err();
    assert!(refused.to_string().contains("read by others"), "{refused}");
}
