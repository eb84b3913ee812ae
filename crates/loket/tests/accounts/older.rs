//! Older mail under Settings, Mailbox: counted before anything comes, by owners, and stopped by them.

use crate::browser::lab;
use crate::shops::{insider, shop};

const PAGE: &str = "/instellingen/mailbox/geschiedenis";

#[tokio::test]
async fn older_mail_is_counted_before_it_comes() {
    let lab = lab().await;
    let shop = shop(&lab, "wol").await;
    let put = "insert into public.mailboxes (tenant_id, id, kind, address, config)
               values ($1, $1, 'gmail', 'info@wol.example', '{\"user\": \"info@wol.example\"}')";
    lab.behind.execute(put, &[&shop.id]).await.unwrap();
    let owner = insider(&lab, "owner@wol.example", Some((shop.id, "owner"))).await;
    let agent = insider(&lab, "agent@wol.example", Some((shop.id, "agent"))).await;
    let state = async || -> Vec<String> {
        let text = "select state from public.history_imports order by asked_at";
        let rows = lab.behind.query(text, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let set = async |change: &str| {
        let text = format!(
            "update public.history_imports set {change} where state in ('counting', 'running')"
        );
        lab.behind.batch_execute(&text).await.unwrap();
    };
    let button = |page: &str, what: &str| page.contains(&format!("name=\"wat\" value=\"{what}\""));

    let page = owner.get(&lab, "/instellingen/mailbox").await.text;
    assert!(page.contains(&format!("href=\"{PAGE}\"")), "{page}");
    let page = owner.get(&lab, PAGE).await.text;
    assert!(page.contains("de laatste 365 dagen") && button(&page, "tellen"), "{page}");

    assert_eq!(owner.post(&lab, PAGE, "wat=tellen&hoever=90").await.status, 303);
    let counting = owner.get(&lab, PAGE).await;
    assert!(counting.text.contains("wordt geteld") && button(&counting.text, "stoppen"));
    assert_eq!(counting.header("refresh"), "3", "it moves on by itself");

    set("state = 'counted', found = 1204, found_bytes = 85200000").await;
    let page = owner.get(&lab, PAGE).await.text;
    assert!(page.contains("Ongeveer 1.204 mails") && page.contains("86 MB"), "{page}");
    let id = page.split("name=\"welke\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let begin = format!("wat=beginnen&welke={id}");
    assert_eq!(agent.post(&lab, PAGE, &begin).await.status, 403);
    assert_eq!(state().await, ["counted"]);
    assert_eq!(owner.post(&lab, PAGE, &begin).await.status, 303);
    // Pressed twice, and asked for anew meanwhile: it goes on.
    assert_eq!(owner.post(&lab, PAGE, &begin).await.status, 303);
    assert_eq!(owner.post(&lab, PAGE, "wat=tellen&hoever=30").await.status, 303);
    assert_eq!(state().await, ["running"]);

    set("taken = 312").await;
    let page = owner.get(&lab, PAGE).await.text;
    assert!(page.contains("312 van ongeveer 1.204 mails"), "{page}");
    assert_eq!(owner.post(&lab, PAGE, &format!("wat=stoppen&welke={id}")).await.status, 303);
    assert_eq!(state().await, ["stopped"]);
    let page = owner.get(&lab, PAGE).await.text;
    assert!(page.contains("Gestopt") && button(&page, "tellen"), "{page}");

    // What no form of ours says.
    for odd in ["wat=tellen&hoever=7", "wat=alles", "wat=stoppen&welke=x", "wat=tellen&hoever=x"] {
        assert_eq!(owner.post(&lab, PAGE, odd).await.status, 422, "{odd}");
    }
    let log = owner.get(&lab, "/instellingen/logboek").await.text;
    assert!(log.contains("Liet oudere mail ophalen"), "{log}");
}
