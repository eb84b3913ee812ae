//! C35: Zoho keeps an account in one data centre. Where the one that was named refuses, the others
//! are tried, each once, and what worked is saved.

use std::sync::Arc;

use loket::oauth::{Providers, Tokens};
use loket::pipeline::Reading;
use loket::secrets::Vault;
use loket::web::{Access, State, router};
use mail::imap::Limits;
use mail::network::Network;
use store::{Claims, UserId};
use uuid::Uuid;

use crate::authority::Authority;
use crate::browser::{Browser, details};
use crate::lab::{Lab, wide};
use crate::server::dovecot::Dovecot;
use crate::smtp::{Peer, Welcome};

const USER: &str = "winkel@example.nl";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c35_the_data_centre_is_found_by_trying() {
    let (here, there) = (Dovecot::start(&["iemand"]), Dovecot::start(&[USER]));
    let authority = Authority::new();
    let (elsewhere, peer) =
        (Peer::start(&authority, true).await, Peer::start(&authority, true).await);
    peer.state().welcome = Welcome::by_start_tls();
    let text = format!(
        r#"
        [[region]]
        name = "eu"
        places = [{{ imap = "localhost:{0}", smtp = "localhost:{2}" }},
            {{ imap = "nergens.invalid", smtp = "nergens.invalid" }}]
        [[region]]
        name = "in"
        places = [{{ imap = "localhost:1", smtp = "localhost:1" }},
            {{ imap = "localhost:{1}", smtp = "localhost:{3}" }}]
        "#,
        here.imaps, there.imaps, elsewhere.port, peer.port
    );
    let providers = Providers::none().with(&text).unwrap();
    let roots = format!("{}\n{}\n{}", here.root, there.root, authority.pem());
    let network = Network::new(roots.as_bytes(), true).unwrap();
    let tokens = Arc::new(Tokens::new(providers, network.clone(), loket::serving::now));
    let mut lab = Lab::with(wide()).await;
    let vault = Arc::new(Vault::for_trial(loket::serving::now()).unwrap());
    let reading = Reading { vault: Some(Arc::clone(&vault)), network, limits: Limits::default() };
    let nobody = Claims { user_id: UserId(Uuid::nil()), tenant_id: None };
    let access = Access { key: "k".repeat(64), user: nobody };
    let state = State::new(Arc::clone(&lab.store), access).with_auth(lab.auth.clone());
    let state = state.with_vault(vault).with_reading(Arc::new(reading)).with_tokens(tokens);
    lab.pages = router(state);

    let mut browser = Browser::new(&lab);
    browser.sign_up("eigenaar@winkel.example").await;
    browser.submit("/winkel", &details("Linnen")).await;
    browser.open("/winkel/mailbox?soort=zoho").await;
    assert!(browser.page.contains("value=\"onbekend\""), "{}", browser.page);
    let password = format!("geheim {USER}");
    let wrong = [("email", USER), ("wachtwoord", "heel anders"), ("regio", "onbekend")];
    browser.submit("/winkel/mailbox", &wrong).await;
    assert!(browser.page.contains("Zoho weigert dit in alle"), "{}", browser.page);
    browser.open("/winkel/mailbox?soort=zoho").await;
    let right = [("email", USER), ("wachtwoord", password.as_str()), ("regio", "eu")];
    browser.submit("/winkel/mailbox", &right).await;
    assert_eq!(browser.at, "/wachten", "{}", browser.page);
    let saved = "select (config->'imap'->>'port')::int, (config->'smtp'->>'port')::int, kind,
        config->>'user' from public.mailboxes";
    let row = lab.behind.query_one(saved, &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), i32::from(there.imaps));
    assert_eq!(row.get::<_, i32>(1), i32::from(peer.port));
    assert_eq!(elsewhere.state().connections, 0, "only the place that reads is asked to send");
    assert_eq!((row.get::<_, &str>(2), row.get::<_, &str>(3)), ("zoho", USER));

    // Under Settings the same: the shop works, and its mailbox is said to be elsewhere.
    let moved =
        "update public.mailboxes set config = jsonb_set(config, '{imap,port}', to_jsonb($1::int))";
    lab.behind.execute(moved, &[&i32::from(here.imaps)]).await.unwrap();
    let begin = "update public.tenants set status = 'approved', active = true";
    lab.behind.execute(begin, &[]).await.unwrap();
    let join = "update public.profiles p set tenant_id = t.tenant_id, tenant_role = 'owner'
        from public.tenants t where p.user_id = t.created_by";
    lab.behind.execute(join, &[]).await.unwrap();
    let mut owner = Browser::new(&lab);
    owner.sign_in("eigenaar@winkel.example").await;
    owner.open("/instellingen/mailbox").await;
    owner.submit("/instellingen/mailbox", &[("wachtwoord", &password)]).await;
    assert!(owner.page.contains("werkt en is opgeslagen"), "{}", owner.page);
    let row = lab.behind.query_one(saved, &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), i32::from(there.imaps));
}
