//! People as the platform manages them.

use serde_json::{Value, json};

use crate::lab::{Lab, PASSWORD, text};

#[tokio::test]
async fn people_are_listed_changed_banned_and_removed() {
    let lab = Lab::new().await;
    let service = lab.auth.service_key().to_owned();
    let ids = [
        lab.person("a@winkel.example").await,
        lab.person("b@winkel.example").await,
        lab.person("c@winkel.example").await,
    ];
    let page = lab.ask("GET", "/admin/users?page=1&per_page=2", &service, &Value::Null).await;
    assert_eq!(page.header("x-total-count"), "3");
    assert!(
        page.header("link").contains("page=2&per_page=2>; rel=\"next\""),
        "{}",
        page.header("link")
    );
    assert_eq!(page.json()["users"][0]["email"], "c@winkel.example");
    assert!(!page.text.contains("argon2"), "digests stay inside");
    let rest = lab.ask("GET", "/admin/users?page=2&per_page=2", &service, &Value::Null).await;
    assert_eq!(rest.json()["users"].as_array().unwrap().len(), 1);
    let path = format!("/admin/users/{}", ids[0]);
    let twice = json!({"email": "A@winkel.example", "password": PASSWORD});
    let twice = lab.ask("POST", "/admin/users", &service, &twice).await;
    assert_eq!(twice.refused(), (422, "email_exists".to_owned()));
    let change = json!({"user_metadata": {"naam": "An"}, "app_metadata": {"plan": "klein"}, "ban_duration": "24h"});
    let changed = lab.ask("PUT", &path, &service, &change).await.json();
    assert_eq!(changed["app_metadata"]["plan"], "klein");
    assert_eq!(changed["app_metadata"]["provider"], "email");
    let banned = lab.try_password("a@winkel.example", PASSWORD).await;
    assert_eq!(banned.refused(), (400, "user_banned".to_owned()));
    let lifted = lab.ask("PUT", &path, &service, &json!({"ban_duration": "none"})).await;
    assert_eq!(lifted.status, 200);
    let session = lab.sign_in("a@winkel.example").await;
    let moved = lab.ask("PUT", &path, &service, &json!({"email": "d@winkel.example"})).await;
    assert_eq!(moved.json()["email"], "d@winkel.example");
    assert_eq!(
        lab.ask("DELETE", &path, &service, &json!({"should_soft_delete": false})).await.text,
        "{}"
    );
    assert_eq!(
        lab.ask("GET", &path, &service, &Value::Null).await.refused(),
        (404, "user_not_found".to_owned())
    );
    let gone = lab.ask("GET", "/user", text(&session, "access_token"), &Value::Null).await;
    assert_eq!(gone.refused(), (403, "user_not_found".to_owned()));
    let soft = format!("/admin/users/{}", ids[1]);
    assert_eq!(
        lab.ask("DELETE", &soft, &service, &json!({"should_soft_delete": true})).await.text,
        "{}"
    );
    assert_eq!(lab.try_password("b@winkel.example", PASSWORD).await.status, 400);
    let left = "select count(*) from auth.users where email = 'b@winkel.example' or raw_user_meta_data::text like '%b@%'";
    assert_eq!(lab.behind.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    let list = lab.ask("GET", "/admin/users", &service, &Value::Null).await;
    assert_eq!(list.header("x-total-count"), "1");
    for wrong in ["/admin/users/x", "/admin/users/0190a0a0-0000-7000-8000-000000000000"] {
        assert_eq!(lab.ask("GET", wrong, &service, &Value::Null).await.status, 404);
    }
}
