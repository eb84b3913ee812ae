//! B9: whoever signs up with somebody else's address gets nothing by it, whichever mail its
//! reader uses, and however.

use std::time::Duration;

use axum::body::Body;
use loket::auth::{AuthOptions, Rate};
use serde_json::json;

use crate::browser::{Browser, lab};
use crate::lab::{Answer, Lab, OTHER_PASSWORD, PASSWORD, SITE, wide};

const STOLEN: &str = "aanvaller kent dit woord";
const ADDRESS: &str = "sanne@winkel.example";

async fn signs_up(browser: &mut Browser<'_>, password: &str) {
    browser.open("/registreren").await;
    let account = [("email", ADDRESS), ("wachtwoord", password), ("taal", "nl")];
    assert_eq!(browser.submit("/registreren", &account).await.status, 200);
}

async fn door(lab: &Lab, count: usize) -> String {
    let mail = lab.mail(ADDRESS, count).await;
    let link = mail.text.lines().find(|line| line.contains("/binnen?")).unwrap().trim();
    link.strip_prefix(SITE).unwrap().to_owned()
}

async fn only_works(lab: &Lab, password: &str) {
    for stolen in [STOLEN, PASSWORD, OTHER_PASSWORD] {
        let expected = if stolen == password { 200 } else { 400 };
        assert_eq!(lab.try_password(ADDRESS, stolen).await.status, expected, "{stolen}");
    }
}

#[tokio::test]
async fn the_reader_of_the_mail_chooses_the_password() {
    let lab = lab().await;
    let (mut thief, mut reader) = (Browser::new(&lab), Browser::new(&lab));
    signs_up(&mut thief, STOLEN).await;
    let link = door(&lab, 1).await;
    let page = reader.open(&link).await;
    assert!(page.text.contains("name=\"wachtwoord\""), "{}", page.text);
    for weak in ["", "kort"] {
        let page = reader.submit("/binnen", &[("wachtwoord", weak)]).await;
        assert!(page.text.contains("id=\"wachtwoord-fout\""), "{weak}: {}", page.text);
    }
    // Nothing is spent by trying.
    reader.submit("/binnen", &[("wachtwoord", PASSWORD)]).await;
    assert_eq!(reader.at, "/winkel", "{}", reader.page);
    only_works(&lab, PASSWORD).await;
    // What the thief said about themselves is gone as well.
    let said = "select raw_user_meta_data::text from auth.users";
    let said: String = lab.behind.query_one(said, &[]).await.unwrap().get(0);
    assert_eq!(said, "{}");
}

#[tokio::test]
async fn the_browser_that_signed_up_is_asked_nothing_more() {
    let lab = lab().await;
    let mut owner = Browser::new(&lab);
    signs_up(&mut owner, PASSWORD).await;
    let page = owner.open(&door(&lab, 1).await).await;
    assert!(!page.text.contains("name=\"wachtwoord\""), "{}", page.text);
    owner.submit("/binnen", &[]).await;
    assert_eq!(owner.at, "/winkel");
    only_works(&lab, PASSWORD).await;
}

#[tokio::test]
async fn a_second_sign_up_in_between_voids_the_first_and_gains_nothing() {
    let lab = lab().await;
    let (mut thief, mut owner) = (Browser::new(&lab), Browser::new(&lab));
    signs_up(&mut owner, PASSWORD).await;
    let first = door(&lab, 1).await;
    signs_up(&mut thief, STOLEN).await;
    let newest = lab.mail(ADDRESS, 2).await;
    // The older mail does nothing any more.
    let mut late = Browser::new(&lab);
    late.open(&first).await;
    late.submit("/binnen", &[]).await;
    assert!(late.page.contains("/wachtwoord-vergeten"), "{}", late.page);
    // The owner types the code of the newest mail, which is not theirs.
    owner.submit("/registreren/code", &[("code", &newest.code())]).await;
    assert_eq!(owner.at, "/wachtwoord-nieuw", "{}", owner.page);
    assert_eq!(lab.try_password(ADDRESS, STOLEN).await.status, 400);
    assert_eq!(lab.try_password(ADDRESS, PASSWORD).await.status, 400);
    owner.submit("/wachtwoord-nieuw", &[("wachtwoord", OTHER_PASSWORD)]).await;
    only_works(&lab, OTHER_PASSWORD).await;
}

#[tokio::test]
async fn the_same_over_the_wire() {
    let lab = lab().await;
    let stolen = json!({"email": ADDRESS, "password": STOLEN});
    let path = format!("/signup?redirect_to={SITE}/klaar");
    assert_eq!(lab.post(&path, &stolen).await.status, 200);
    let mail = lab.mail(ADDRESS, 1).await;
    let follow = async |from: &str, accept: &str| -> Answer {
        let request = Lab::request_from("GET", mail.path(), from).header("accept", accept);
        lab.send(request.body(Body::empty()).unwrap()).await
    };
    // A browser, and a program from elsewhere that looks at links in mail: to the page.
    let by_browser = follow("192.0.2.1", "text/html,*/*;q=0.8").await;
    let by_scanner = follow("198.51.100.7", "*/*").await;
    for answer in [&by_browser, &by_scanner] {
        let to = answer.header("location");
        assert!(to.starts_with(&format!("{SITE}/binnen?soort=signup&sleutel=")), "{to}");
    }
    let confirmed = "select email_confirmed_at is null from auth.users";
    assert!(lab.behind.query_one(confirmed, &[]).await.unwrap().get::<_, bool>(0));
    let mut reader = Browser::new(&lab);
    reader.open(by_browser.header("location").strip_prefix(SITE).unwrap()).await;
    let (token, form) = (reader.token(), reader.carried("/binnen"));
    let field = |name: &str| form.iter().find(|(it, _)| it == name).unwrap().1.as_str();
    // Elsewhere than allowed it does not lead.
    assert_eq!(field("naar"), format!("{SITE}/klaar"));
    let pairs = [
        ("teken", token.as_str()),
        ("soort", "signup"),
        ("sleutel", field("sleutel")),
        ("naar", field("naar")),
        ("wachtwoord", PASSWORD),
    ];
    let landed = reader.post("/binnen", &pairs).await;
    let to = landed.header("location");
    assert!(to.starts_with(&format!("{SITE}/klaar#access_token=")), "{to}");
    assert!(to.contains("&type=signup"), "{to}");
    only_works(&lab, PASSWORD).await;
}

#[tokio::test]
async fn a_typed_code_keeps_no_password_that_two_may_have_given() {
    let lab = lab().await;
    let sign_up = async |password: &str| {
        lab.post("/signup", &json!({"email": ADDRESS, "password": password})).await
    };
    sign_up(PASSWORD).await;
    lab.mail(ADDRESS, 1).await;
    sign_up(STOLEN).await;
    let code = lab.mail(ADDRESS, 2).await.code();
    let typed = json!({"type": "signup", "email": ADDRESS, "token": code});
    let entered = lab.post("/verify", &typed).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    let meta = &entered.json()["user"]["app_metadata"];
    assert_eq!(meta, &json!({"provider": "email", "providers": ["email"]}));
    assert_eq!(lab.try_password(ADDRESS, STOLEN).await.status, 400);
    assert_eq!(lab.try_password(ADDRESS, PASSWORD).await.status, 400);
}

/// Another sign-up that may not be mailed leaves the earlier one as it was.
#[tokio::test]
async fn a_sign_up_without_a_mail_changes_nothing() {
    let once = Rate { burst: 1, every: Duration::from_hours(1) };
    let lab = Lab::with(AuthOptions { auth_rate_address: once, ..wide() }).await;
    let sign_up = async |password: &str| {
        lab.post("/signup", &json!({"email": ADDRESS, "password": password})).await
    };
    assert_eq!(sign_up(PASSWORD).await.status, 200);
    let mail = lab.mail(ADDRESS, 1).await;
    assert_eq!(sign_up(STOLEN).await.refused().1, "over_email_send_rate_limit");
    let request = Lab::request("GET", mail.path()).header("accept", "*/*");
    let landed = lab.send(request.body(Body::empty()).unwrap()).await;
    assert!(landed.header("location").contains("#access_token="), "{}", landed.text);
    only_works(&lab, PASSWORD).await;
}

/// A link keeps the password of the sign-up it was mailed for, and no other.
#[tokio::test]
async fn a_link_is_bound_to_the_password_it_was_mailed_for() {
    let lab = lab().await;
    let signs_up = json!({"email": ADDRESS, "password": PASSWORD});
    lab.post("/signup", &signs_up).await;
    let own = lab.mail(ADDRESS, 1).await;
    let follow = async |path: &str| {
        let request = Lab::request("GET", path).header("accept", "*/*");
        let answer = lab.send(request.body(Body::empty()).unwrap()).await;
        answer.header("location").to_owned()
    };
    let asks = format!("{SITE}/binnen?soort=signup&sleutel=");
    // Between that sign-up and its mail another one came: its password is not kept.
    let theirs = "update auth.users set encrypted_password = encrypted_password || 'x'";
    lab.behind.batch_execute(theirs).await.unwrap();
    assert!(follow(own.path()).await.starts_with(&asks));
    // Whoever asks for the mail again need not be who gave the password.
    lab.post("/resend", &json!({"type": "signup", "email": ADDRESS})).await;
    let again = lab.mail(ADDRESS, 2).await;
    assert!(follow(again.path()).await.starts_with(&asks), "{}", again.link());
}
