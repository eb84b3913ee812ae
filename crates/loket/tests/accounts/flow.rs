//! The whole way: sign-up, confirmation, wizard, wait, approval, dashboard; in both languages.

use crate::browser::{Browser, admin, details, lab, shop_id, tenant};
use crate::lab::{OTHER_PASSWORD, PASSWORD};

async fn walk(language: &'static str, waits: &str, conversations: &str) {
    let lab = lab().await;
    let mut owner = Browser::new(&lab);
    owner.language = language;
    owner.open("/").await;
    assert_eq!(owner.at, "/inloggen");
    owner.register("sanne@winkel.example", "Linnen & Leer").await;
    assert!(owner.page.contains(waits), "{}", owner.page);
    let row = tenant(&lab).await;
    assert_eq!(row["status"], "pending_approval");
    assert_eq!(row["active"], false);
    assert_eq!(row["ai_persona_name"], "Noor");
    assert_eq!(row["shop_url"], "https://winkel.example");
    assert_eq!(row["gmail_email"], "info@winkel.example");
    let secret = row["gmail_password_encrypted"].as_str().unwrap();
    assert!(secret.starts_with("TEsB") && !secret.contains("abcd"), "{secret}");
    // Every way in leads back to the wait, and nowhere else.
    for path in
        ["/", "/winkel", "/winkel/mailbox", "/registreren", "/inloggen", "/instellingen/mensen"]
    {
        owner.open(path).await;
        assert_eq!(owner.at, "/wachten", "{path}");
    }
    admin(&lab, "baas@loket.example").await;
    let mut boss = Browser::new(&lab);
    boss.sign_in("baas@loket.example").await;
    assert_eq!(boss.at, "/beheer");
    assert!(boss.page.contains("Linnen &#38; Leer") || boss.page.contains("Linnen &amp; Leer"));
    let shop = format!("/beheer/winkels/{}", shop_id(&lab).await);
    boss.open(&shop).await;
    assert!(boss.page.contains("sanne@winkel.example") && !boss.page.contains(secret));
    boss.submit(&format!("{shop}/goedkeuren"), &[]).await;
    assert!(boss.at.ends_with("melding=gedaan"), "{}", boss.at);
    let status = owner.open("/wachten/status").await.json();
    assert_eq!(
        (status["status"].as_str(), status["verder"].as_str()),
        (Some("approved"), Some("/"))
    );
    let page = owner.open("/").await;
    assert_eq!((page.status.as_u16(), owner.at.as_str()), (200, "/"));
    assert!(page.text.contains(conversations), "{}", page.text);
    assert_eq!(page.header("cache-control"), "private, no-store");
    let told = lab.mail("sanne@winkel.example", 2).await;
    assert!(told.text.contains("Loket"), "{}", told.text);
}

#[tokio::test]
async fn from_nothing_to_an_approved_shop_in_dutch() {
    walk("nl", "We kijken naar je winkel", "Gesprekken").await;
}

#[tokio::test]
async fn from_nothing_to_an_approved_shop_in_english() {
    walk("en", "We are looking at your shop", "Conversations").await;
}

#[tokio::test]
async fn the_code_works_as_the_link_and_step_one_waits_on_another_device() {
    let lab = lab().await;
    let mut first = Browser::new(&lab);
    first.open("/registreren").await;
    let account = [("email", "a@winkel.example"), ("wachtwoord", PASSWORD), ("taal", "nl")];
    first.submit("/registreren", &account).await;
    let code = lab.mail("a@winkel.example", 1).await.code();
    let wrong = first.submit("/registreren/code", &[("code", "000000")]).await;
    assert_eq!(wrong.status, 200);
    assert!(wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    first.submit("/registreren/code", &[("code", &code)]).await;
    assert_eq!(first.at, "/winkel");
    first.submit("/winkel", &details("Zolder")).await;
    let mut second = Browser::new(&lab);
    second.sign_in("a@winkel.example").await;
    assert_eq!(second.at, "/winkel");
    assert!(second.page.contains("value=\"Zolder\""), "{}", second.page);
    assert_eq!(lab.behind.query("select 1 from public.tenants", &[]).await.unwrap().len(), 0);
}

#[tokio::test]
async fn mistakes_stand_beside_their_field_and_values_are_kept() {
    let lab = lab().await;
    let mut browser = Browser::new(&lab);
    browser.open("/registreren").await;
    let short = [("email", "a@winkel.example"), ("wachtwoord", "kort"), ("taal", "nl")];
    let answer = browser.submit("/registreren", &short).await;
    assert_eq!(answer.status, 200, "nothing for the console to complain about");
    assert!(answer.text.contains("value=\"a@winkel.example\""));
    assert!(answer.text.contains("aria-describedby=\"wachtwoord-fout wachtwoord-hint\" autofocus"));
    assert!(!answer.text.contains("kort\""), "a password is never sent back");
    browser.sign_up("a@winkel.example").await;
    let mut wrong = details("Zolder");
    wrong[1].1 = "geen adres";
    let answer = browser.submit("/winkel", &wrong).await;
    assert_eq!(answer.status, 200, "nothing for the console to complain about");
    assert!(
        answer.text.contains("id=\"shop_url-fout\"") && answer.text.contains("value=\"Zolder\"")
    );
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_the_mailed_link() {
    let lab = lab().await;
    lab.person("a@winkel.example").await;
    let mut browser = Browser::new(&lab);
    browser.open("/wachtwoord-vergeten").await;
    let known = browser.submit("/wachtwoord-vergeten", &[("email", "a@winkel.example")]).await;
    let mail = lab.mail("a@winkel.example", 1).await;
    let link = mail.text.lines().find(|line| line.contains("/binnen?")).unwrap().trim().to_owned();
    let link = link.strip_prefix(crate::lab::SITE).unwrap();
    let mut other = Browser::new(&lab);
    other.open("/wachtwoord-vergeten").await;
    let unknown = other.submit("/wachtwoord-vergeten", &[("email", "b@winkel.example")]).await;
    assert_eq!(known.status, unknown.status);
    // Looking at the link spends nothing; using it does.
    browser.open(link).await;
    browser.open(link).await;
    browser.submit("/binnen", &[]).await;
    assert_eq!(browser.at, "/wachtwoord-nieuw");
    let answer = browser.submit("/wachtwoord-nieuw", &[("wachtwoord", OTHER_PASSWORD)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(lab.try_password("a@winkel.example", OTHER_PASSWORD).await.status, 200);
    assert_eq!(lab.try_password("a@winkel.example", PASSWORD).await.status, 400);
    let mut late = Browser::new(&lab);
    late.open(link).await;
    let late = late.submit("/binnen", &[]).await;
    assert!(late.text.contains("Deze link werkt niet meer"), "a link works once: {}", late.text);
}
