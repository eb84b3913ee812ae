//! Connecting by consent, as browsers do it: in the wizard and under Settings.

use std::sync::Arc;
use std::time::Duration;

use loket::oauth::MailboxSecret;
use loket::pipeline::Reading;
use loket::secrets::Vault;
use loket::web::{Access, State, router};
use mail::imap::Limits;
use mail::network::Network;
use store::secrets::SecretRow;
use store::{Claims, MailboxId, TenantId, UserId};
use uuid::Uuid;

use super::provider::{Gift, Manner, Provider, plain};
use crate::authority::Authority;
use crate::browser::{Browser, details};
use crate::lab::{Lab, SITE, wide};
use crate::server::dovecot::Dovecot;
use crate::smtp::{Peer, Welcome};

const USER: &str = "winkel@example.nl";
const REGISTER: &str = "/winkel/mailbox/verbinden?bij=eigen";
const RECONNECT: &str = "/instellingen/mailbox/verbinden?bij=eigen";

struct Site {
    lab: Lab,
    vault: Arc<Vault>,
    provider: Provider,
    /// Where mail leaves.
    peer: Peer,
    dovecot: Dovecot,
}

impl Site {
    async fn new() -> Self {
        let dovecot = Dovecot::start(&[USER]);
        let provider = Provider::start(USER).await;
        let mut lab = Lab::with(wide()).await;
        let vault = Arc::new(Vault::for_trial(loket::serving::now()).unwrap());
        let authority = Authority::new();
        let peer = Peer::start(&authority, true).await;
        peer.state().welcome = Welcome::by_start_tls();
        let roots = format!("{}\n{}", dovecot.root, authority.pem());
        let network = Network::new(roots.as_bytes(), true).unwrap();
        let reading =
            Reading { vault: Some(Arc::clone(&vault)), network, limits: Limits::default() };
        let state = state(&lab).with_vault(Arc::clone(&vault)).with_reading(Arc::new(reading));
        lab.pages = router(state.with_tokens(provider.tokens(dovecot.imaps, peer.port)));
        Self { lab, vault, provider, peer, dovecot }
    }

    /// What the one mailbox is opened with.
    async fn secret(&self) -> MailboxSecret {
        let text = "select tenant_id, id, secret_encrypted from public.mailboxes";
        let row = self.lab.behind.query_one(text, &[]).await.unwrap();
        let (tenant, mailbox) = (TenantId(row.get(0)), MailboxId(row.get(1)));
        let row_of = SecretRow::of_mailbox(tenant, mailbox);
        let opened = self.vault.open_envelope(row_of, row.get(2)).unwrap();
        MailboxSecret::of(opened).unwrap()
    }

    async fn mailboxes(&self) -> i64 {
        let text = "select count(*) from public.mailboxes";
        self.lab.behind.query_one(text, &[]).await.unwrap().get(0)
    }

    /// The servers of the shop's mailbox are known.
    async fn connected_by_password(&self) {
        let config = serde_json::json!({
            "imap": { "host": "localhost", "port": self.dovecot.imaps },
            "smtp": { "host": "localhost", "port": self.peer.port },
            "user": USER,
        });
        let put = "update public.mailboxes set config = $1, paused_reason = null";
        self.lab.behind.execute(put, &[&config]).await.unwrap();
    }

    /// Fills in the form of the settings, and sends it.
    async fn save(&self, browser: &mut Browser<'_>, password: &str, smtp_port: u16) {
        let (imap, smtp) = (self.dovecot.imaps.to_string(), smtp_port.to_string());
        let typed = [
            ("wachtwoord", password),
            ("imap_host", "localhost"),
            ("imap_port", &imap),
            ("smtp_host", "localhost"),
            ("smtp_port", &smtp),
            ("gebruiker", ""),
        ];
        browser.submit("/instellingen/mailbox", &typed).await;
    }

    /// A shop with a mailbox, and its owner signed in.
    async fn shop(&self, address: &str) -> Browser<'_> {
        let (shop, mailbox) = (Uuid::now_v7(), Uuid::now_v7());
        let behind = &self.lab.behind;
        let make =
            "insert into public.tenants (tenant_id, bedrijfsnaam, gmail_email, status, active,
            gmail_password_encrypted) values ($1, 'Winkel', $2, 'approved', true, 'TEsBoud')";
        behind.execute(make, &[&shop, &address]).await.unwrap();
        let make =
            "insert into public.mailboxes (tenant_id, id, kind, address, config, paused_reason)
            values ($1, $2, 'imap', $3, '{}', 'grant_refused')";
        behind.execute(make, &[&shop, &mailbox, &address]).await.unwrap();
        self.lab.person("eigenaar@winkel.example").await;
        let put = "update public.profiles set tenant_id = $1, tenant_role = 'owner'
            where email = 'eigenaar@winkel.example'";
        behind.execute(put, &[&shop]).await.unwrap();
        let mut browser = Browser::new(&self.lab);
        browser.sign_in("eigenaar@winkel.example").await;
        browser
    }
}

fn state(lab: &Lab) -> State {
    let nobody = Claims { user_id: UserId(Uuid::nil()), tenant_id: None };
    let access = Access { key: "k".repeat(64), user: nobody };
    State::new(Arc::clone(&lab.store), access).with_auth(lab.auth.clone())
}

/// Where a browser is sent, taken apart.
struct Sent {
    state: String,
    challenge: String,
    back_to: String,
    whole: String,
}

async fn sent(browser: &mut Browser<'_>, path: &str) -> Sent {
    let answer = browser.ask(path).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let whole = answer.header("location").to_owned();
    let value = |name: &str| {
        let rest = whole.split_once(&format!("{name}=")).unwrap().1;
        plain(rest.split('&').next().unwrap())
    };
    Sent {
        state: value("&state"),
        challenge: value("&code_challenge"),
        back_to: value("&redirect_uri"),
        whole,
    }
}

impl Sent {
    /// Consents, and comes back.
    fn consented(&self, provider: &Provider) -> String {
        let code = provider.consented(&self.challenge, &self.back_to);
        format!("/mailbox/verbonden?code={code}&state={}&scope=mail", self.state)
    }
}

/// C9 and B12: from the first page to a shop that waits, without a password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_shop_registers_its_mailbox_by_consent() {
    let site = Site::new().await;
    let mut browser = Browser::new(&site.lab);
    browser.sign_up("eigenaar@winkel.example").await;
    browser.submit("/winkel", &details("Linnen")).await;
    browser.open("/winkel/mailbox?soort=imap").await;
    assert!(browser.page.contains("Verbinden met Testmail"), "{}", browser.page);
    assert!(browser.page.contains("name=\"wachtwoord\""), "the password form stays");
    assert!(browser.page.contains(&REGISTER.replace('&', "&#38;")), "{}", browser.page);
    let there = sent(&mut browser, REGISTER).await;
    assert!(there.whole.starts_with(&format!(
        "https://localhost:{}/authorize?response_type=code&client_id=loket&",
        site.provider.port
    )));
    assert_eq!(there.back_to, format!("{SITE}/mailbox/verbonden"));
    assert!(there.whole.contains("&code_challenge_method=S256&prompt=consent"));
    assert!(!there.whole.contains("geheim"));
    browser.open(&there.consented(&site.provider)).await;
    assert_eq!(browser.at, "/wachten", "{}", browser.page);
    let heard = site.peer.state().heard.join("|");
    assert!(heard.contains("AUTH XOAUTH2 ") && heard.ends_with("|QUIT"), "{heard}");
    assert!(site.peer.taken().is_empty(), "a try sends nothing");
    let MailboxSecret::Grant(grant) = site.secret().await else { panic!("a consent") };
    assert_eq!((grant.provider.as_str(), grant.refresh.expose()), ("eigen", "verversing-1"));
    let text = "select m.address, m.config->>'oauth', m.config->>'user', t.gmail_password_encrypted
        from public.mailboxes m join public.tenants t using (tenant_id)";
    let row = site.lab.behind.query_one(text, &[]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), (USER, "eigen"));
    assert_eq!(row.get::<_, &str>(2), USER);
    assert_eq!(row.get::<_, Option<String>>(3), None, "a consent is kept once");
}

/// What goes wrong on the way is said in words, and nothing is saved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b12_what_comes_back_wrong_is_said_and_not_taken() {
    let site = Site::new().await;
    let mut browser = Browser::new(&site.lab);
    browser.sign_up("eigenaar@winkel.example").await;
    // Nobody is sent anywhere before the shop is described.
    assert_eq!(browser.ask(REGISTER).await.header("location"), "/winkel");
    browser.submit("/winkel", &details("Linnen")).await;
    assert_eq!(browser.ask("/winkel/mailbox/verbinden?bij=onbekend").await.status, 404);

    let there = sent(&mut browser, REGISTER).await;
    let denied = format!("/mailbox/verbonden?error=access_denied&state={}", there.state);
    browser.open(&denied).await;
    assert!(browser.page.contains("Er is geen toestemming gegeven"), "{}", browser.page);
    browser.open(&format!("{denied}&taal=en").replace("denied&", "denied&x=y&")).await;
    assert!(browser.page.contains("No permission was given"), "{}", browser.page);
    browser.open("/winkel/mailbox?taal=nl").await;

    // Another person's session brings it back.
    let mut other = Browser::new(&site.lab);
    other.sign_up("ander@winkel.example").await;
    other.submit("/winkel", &details("Ander")).await;
    other.open(&there.consented(&site.provider)).await;
    assert_eq!(other.at, "/winkel/mailbox");
    assert_eq!(site.provider.asked(), 0, "its code is not even tried");
    // A state that nobody made, or none.
    for state in ["", "eigen.r.9999999999.x.y", &there.state.replace(".r.", ".c.")] {
        browser.open(&format!("/mailbox/verbonden?code=x&state={state}")).await;
        assert_eq!(browser.at, "/winkel/mailbox");
    }
    assert_eq!(site.provider.asked(), 0);

    let wrong = [
        (Manner::Says(500, "{}"), "geeft nu geen antwoord"),
        (Manner::Says(400, r#"{"error":"invalid_grant"}"#), "is niet gelukt"),
        (Manner::Says(200, r#"{"access_token":"a"}"#), "niet volledig"),
        (Manner::Gives(Gift { scope: "openid", ..Gift::default() }), "niet volledig"),
        (Manner::Gives(Gift { lives: -60, ..Gift::default() }), "laat Loket niet binnen"),
    ];
    for (manner, words) in wrong {
        let there = sent(&mut browser, REGISTER).await;
        site.provider.next(manner.clone());
        browser.open(&there.consented(&site.provider)).await;
        assert!(browser.at.starts_with("/winkel/mailbox?soort=imap"), "{}", browser.at);
        assert!(browser.page.contains(words), "{manner:?}: {}", browser.page);
    }
    // A code works once.
    let there = sent(&mut browser, REGISTER).await;
    let back = there.consented(&site.provider).replace("code=code-", "code=ander-");
    browser.open(&back).await;
    assert!(browser.page.contains("is niet gelukt"), "{}", browser.page);
    assert_eq!(site.mailboxes().await, 0);
}

/// C9: a paused mailbox is connected anew under Settings, its own and no other, and by a password
/// again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_settings_connect_the_shops_own_mailbox_anew() {
    let site = Site::new().await;
    let mut browser = site.shop(USER).await;
    browser.open("/instellingen/mailbox").await;
    assert!(browser.page.contains("Verbinden met Testmail"), "{}", browser.page);
    assert!(browser.page.contains("De toestemming voor de mailbox is ingetrokken"));

    let there = sent(&mut browser, RECONNECT).await;
    site.provider.state().says_address = Some("iemand@anders.example".to_owned());
    browser.open(&there.consented(&site.provider)).await;
    assert!(browser.page.contains("met een ander adres"), "{}", browser.page);
    site.provider.state().says_address = None;

    let there = sent(&mut browser, RECONNECT).await;
    browser.open(&there.consented(&site.provider)).await;
    assert!(browser.page.contains("Je mailbox is verbonden"), "{}", browser.page);
    assert!(browser.page.contains("Verbonden met Testmail."), "{}", browser.page);
    assert!(matches!(site.secret().await, MailboxSecret::Grant(_)));
    let text = "select count(*) from public.mailboxes m join public.tenants t using (tenant_id)
        where m.paused_reason is null and t.gmail_password_encrypted is null";
    assert_eq!(site.lab.behind.query_one(text, &[]).await.unwrap().get::<_, i64>(0), 1);
    // L14: it is never shown again.
    assert!(!browser.page.contains("verversing"));

    browser.open("/instellingen/mailbox").await;
    let password = format!("geheim {USER}");
    site.save(&mut browser, &password, site.peer.port).await;
    assert!(browser.page.contains("werkt en is opgeslagen"), "{}", browser.page);
    assert!(!browser.page.contains("Verbonden met Testmail."));
    assert!(matches!(site.secret().await, MailboxSecret::Password(_)));
}

/// Mail that can be read and could not leave is found out before anything is saved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_what_could_not_be_sent_is_said_before_it_is_saved() {
    let site = Site::new().await;
    let mut browser = site.shop(USER).await;
    site.connected_by_password().await;
    let password = format!("geheim {USER}");
    browser.open("/instellingen/mailbox").await;
    assert!(browser.page.contains(&format!("value=\"{}\"", site.peer.port)), "{}", browser.page);
    let here = site.peer.port;
    let away = free_port();
    let refuses = |answer: &str| Welcome { auth: answer.to_owned(), ..Welcome::by_start_tls() };
    for (welcome, port, words) in [
        (Some(refuses("535 5.7.8 no")), here, "weigert dit wachtwoord. Zet bij je aanbieder"),
        (Some(refuses("454 4.7.0 later")), here, "heeft het nu te druk"),
        (None, away, "uitgaande mail is niet te bereiken"),
    ] {
        site.peer.state().welcomes.extend(welcome);
        site.save(&mut browser, &password, port).await;
        assert!(browser.page.contains(words), "{words}: {}", browser.page);
        assert!(!browser.page.contains(&password), "a password is never shown again");
        assert!(browser.page.contains(&format!("value=\"{port}\"")), "what was typed stays");
    }
    let saved = "select count(*) from public.mailboxes where secret_encrypted is not null";
    assert_eq!(site.lab.behind.query_one(saved, &[]).await.unwrap().get::<_, i64>(0), 0);
    site.save(&mut browser, &password, here).await;
    assert!(browser.page.contains("werkt en is opgeslagen"), "{}", browser.page);
    assert_eq!(site.lab.behind.query_one(saved, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert!(site.peer.taken().is_empty(), "a try sends nothing");
}

/// A form that signs in elsewhere is no place to guess passwords, and what works does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b4_guesses_at_a_mailbox_are_counted() {
    let site = Site::new().await;
    let mut browser = site.shop(USER).await;
    site.connected_by_password().await;
    let password = format!("geheim {USER}");
    for _ in 0..7 {
        browser.open("/instellingen/mailbox").await;
        site.save(&mut browser, &password, site.peer.port).await;
        assert!(browser.page.contains("werkt en is opgeslagen"), "{}", browser.page);
    }
    for guess in 0..5 {
        browser.open("/instellingen/mailbox").await;
        let wrong = format!("gok {guess}");
        site.save(&mut browser, &wrong, site.peer.port).await;
        assert!(browser.page.contains("weigert dit wachtwoord"), "{}", browser.page);
    }
    let connections = site.peer.state().connections;
    site.save(&mut browser, &password, site.peer.port).await;
    assert!(browser.page.contains("veel pogingen achter elkaar"), "{}", browser.page);
    assert_eq!(site.peer.state().connections, connections, "nobody was asked");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Who is no owner connects nothing, and without a client there is no button.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_only_owners_connect_and_only_where_it_is_set_up() {
    let mut site = Site::new().await;
    let mut browser = site.shop(USER).await;
    let there = sent(&mut browser, RECONNECT).await;
    let demote = "update public.profiles set tenant_role = 'agent' where tenant_id is not null";
    site.lab.behind.execute(demote, &[]).await.unwrap();
    // What a session knows of its person is a few seconds old.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(browser.ask(RECONNECT).await.status, 403);
    let back = there.consented(&site.provider);
    assert_eq!(browser.ask(&back).await.status, 403);
    let text = "select count(*) from public.mailboxes where secret_encrypted is not null";
    assert_eq!(site.lab.behind.query_one(text, &[]).await.unwrap().get::<_, i64>(0), 0);
    drop(browser);

    site.lab.pages = router(state(&site.lab).with_vault(Arc::clone(&site.vault)));
    let mut browser = Browser::new(&site.lab);
    browser.sign_up("nieuw@winkel.example").await;
    browser.submit("/winkel", &details("Linnen")).await;
    for kind in ["gmail", "zoho", "imap"] {
        browser.open(&format!("/winkel/mailbox?soort={kind}")).await;
        assert!(browser.page.contains("name=\"wachtwoord\""), "{kind}");
        assert!(!browser.page.contains("Verbinden met"), "{kind}: {}", browser.page);
    }
    assert_eq!(browser.ask(REGISTER).await.status, 404);
    assert_eq!(browser.ask("/mailbox/verbonden?code=x&state=y").await.status, 404);
}
