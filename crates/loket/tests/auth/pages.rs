//! B12, B14, and sessions behind pages: cookies, forms, streams.

use std::time::{Duration, Instant};

use axum::body::Body;
use http_body_util::BodyExt;
use loket::auth::{AuthOptions, Client, Origin};
use store::TenantId;
use tower::ServiceExt;

use crate::lab::{Answer, Lab, PASSWORD, wide};

fn client() -> Client {
    let address = "192.0.2.1".parse().unwrap();
    Client {
        address,
        origin: Origin::from(address),
        user_agent: None,
        language: domain::contract::Language::Dutch,
    }
}

/// Cookies of a browser that signed in.
async fn cookies(lab: &Lab, email: &str) -> Vec<String> {
    let opened = lab.auth.sign_in(email, PASSWORD, &client()).await.unwrap();
    let cookies = lab.auth.cookies(&opened).unwrap();
    cookies.iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

fn jar(cookies: &[String]) -> String {
    let pairs: Vec<&str> = cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
    pairs.join("; ")
}

async fn get(lab: &Lab, path: &str, jar: &str) -> Answer {
    lab.send(Lab::request("GET", path).header("cookie", jar).body(Body::empty()).unwrap()).await
}

/// The person owns an approved shop.
async fn with_shop(lab: &Lab, email: &str) {
    let tenant = TenantId::new();
    let made = "insert into public.tenants (tenant_id, bedrijfsnaam, gmail_email, status, active)
                values ($1, 'Winkel', 'info@winkel.example', 'approved', true)";
    lab.behind.execute(made, &[&tenant]).await.unwrap();
    let linked =
        "update public.profiles set tenant_id = $1, tenant_role = 'owner' where email = $2";
    lab.behind.execute(linked, &[&tenant, &email]).await.unwrap();
}

#[tokio::test]
async fn cookies_are_bound_and_hidden() {
    let lab =
        Lab::with(AuthOptions { site_url: Some("https://loket.example".to_owned()), ..wide() })
            .await;
    lab.person("sanne@winkel.example").await;
    let secure = cookies(&lab, "sanne@winkel.example").await;
    assert!(!lab.auth.site().url.contains("localhost"));
    assert_eq!(secure.len(), 2);
    for (cookie, name) in secure.iter().zip(["__Host-loket-access=", "__Host-loket-refresh="]) {
        assert!(cookie.starts_with(name), "{cookie}");
        for flag in ["; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    let plain = Lab::new().await;
    plain.person("sanne@winkel.example").await;
    let cookies = cookies(&plain, "sanne@winkel.example").await;
    assert!(cookies[0].starts_with("loket-access=") && !cookies[0].contains("Secure"));
}

#[tokio::test]
async fn a_signed_in_person_sees_their_shop_and_goes_on_silently() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    with_shop(&lab, "sanne@winkel.example").await;
    let nobody = get(&lab, "/", "").await;
    assert_eq!((nobody.status.as_u16(), nobody.header("location")), (303, "/inloggen"));
    let cookies = cookies(&lab, "sanne@winkel.example").await;
    let page = get(&lab, "/", &jar(&cookies)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Winkel"));
    assert_eq!(page.cookies(), [] as [String; 0], "nothing to renew");
    // Only the refresh token is left: the session goes on, with a new pair.
    let renewed = get(&lab, "/", &jar(&cookies[1..])).await;
    assert_eq!(renewed.status, 200);
    assert_eq!(renewed.cookies().len(), 2);
    assert_eq!(get(&lab, "/", &jar(&renewed.cookies())).await.status, 200);
    // What is no session is taken away.
    let nobody = get(&lab, "/", "loket-access=x; loket-refresh=y").await;
    assert_eq!(nobody.status, 303);
    assert!(nobody.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    // A suspended shop is closed within seconds.
    lab.behind
        .batch_execute("update public.tenants set active = false, status = 'suspended'")
        .await
        .unwrap();
    let begun = Instant::now();
    while get(&lab, "/", &jar(&renewed.cookies())).await.text.contains(">Winkel<") {
        assert!(begun.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_act() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    with_shop(&lab, "sanne@winkel.example").await;
    let jar = jar(&cookies(&lab, "sanne@winkel.example").await);
    let path = "/meldingen/0190a0a0-0000-7000-8000-000000000000/gedaan";
    let post = async |headers: &[(&str, &str)], body: String| {
        let mut request = Lab::request("POST", path).header("cookie", &jar);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        lab.send(request.body(Body::from(body)).unwrap()).await.status.as_u16()
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let page = get(&lab, "/", &jar).await;
    assert_eq!(page.status, 200);
    let session = "select id from auth.sessions";
    let session: uuid::Uuid = lab.behind.query_one(session, &[]).await.unwrap().get(0);
    let user: store::UserId = {
        let row = lab.behind.query_one("select id from auth.users", &[]).await.unwrap();
        row.get(0)
    };
    let person = lab.auth.sessions().person(session, user).await.unwrap().unwrap();
    let token = lab.auth.form_token(person.session_id);
    let right = format!("teken={token}&toon=wacht");
    assert_eq!(post(&[form, ("sec-fetch-site", "same-origin")], right.clone()).await, 303);
    assert_eq!(post(&[form, ("origin", "http://localhost:8080")], right.clone()).await, 303);
    for headers in [
        [form, ("sec-fetch-site", "cross-site")],
        [form, ("sec-fetch-site", "same-site")],
        [form, ("origin", "http://evil.example")],
        [form, ("origin", "null")],
        [form, ("origin", "http://localhost.evil.example")],
        [("content-type", "text/plain"), ("sec-fetch-site", "same-origin")],
        [("content-type", "application/json"), ("sec-fetch-site", "same-origin")],
        [("content-type", "multipart/form-data; boundary=x"), ("sec-fetch-site", "same-origin")],
    ] {
        assert_eq!(post(&headers, right.clone()).await, 403, "{headers:?}");
    }
    for wrong in ["", "teken=", "teken=00", "xteken=00", "toon=wacht"] {
        assert_eq!(post(&[form, ("sec-fetch-site", "same-origin")], wrong.to_owned()).await, 403);
    }
    // Reading changes nothing.
    assert_eq!(get(&lab, path, &jar).await.status, 404);
}

#[tokio::test]
async fn an_open_stream_ends_with_its_session() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    with_shop(&lab, "sanne@winkel.example").await;
    for statement in [
        "delete from auth.sessions",
        "update public.profiles set tenant_role = 'viewer'",
        "update public.profiles set suspended_at = now()",
    ] {
        let jar = jar(&cookies(&lab, "sanne@winkel.example").await);
        let request = Lab::request("GET", "/events").header("cookie", &jar);
        let response =
            lab.pages.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let still = tokio::time::timeout(Duration::from_secs(3), body.frame()).await;
        assert!(still.is_err(), "it stays open while the session lives");
        lab.behind.batch_execute(statement).await.unwrap();
        let begun = Instant::now();
        let ended = tokio::time::timeout(Duration::from_secs(5), async {
            while body.frame().await.is_some() {}
        });
        assert!(ended.await.is_ok(), "{statement}: still open after 5 s");
        println!("{statement}: ended after {:?}", begun.elapsed());
        lab.behind
            .batch_execute("update public.profiles set tenant_role = 'owner', suspended_at = null")
            .await
            .unwrap();
    }
}

/// What was believed when a stream was let in may be two seconds old; the stream ends all the same.
#[tokio::test]
async fn a_stream_opened_just_after_a_removal_ends() {
    let lab = Lab::new().await;
    lab.person("sanne@winkel.example").await;
    with_shop(&lab, "sanne@winkel.example").await;
    for removal in ["tenant_id = null, tenant_role = 'viewer'", "tenant_role = 'viewer'"] {
        let jar = jar(&cookies(&lab, "sanne@winkel.example").await);
        assert_eq!(get(&lab, "/", &jar).await.status, 200, "seen, and believed for two seconds");
        lab.behind.batch_execute(&format!("update public.profiles set {removal}")).await.unwrap();
        let request = Lab::request("GET", "/events").header("cookie", &jar);
        let response =
            lab.pages.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200, "it was let in");
        let mut body = response.into_body();
        let ended = tokio::time::timeout(Duration::from_secs(6), async {
            while body.frame().await.is_some() {}
        });
        assert!(ended.await.is_ok(), "{removal}: still open after 6 s");
        let back = "update public.profiles set tenant_role = 'owner',
                    tenant_id = (select tenant_id from public.tenants)";
        lab.behind.batch_execute(back).await.unwrap();
        lab.auth.sessions().forget_all();
    }
}
