//! A talk of five turns over real servers: a customer hands a mail to Postfix, Dovecot keeps it,
//! Loket answers through Postfix, the answer lies in the customer's mailbox, and so on. And what
//! real servers refuse: a password, a certificate.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use loket::shop_setup::AUTHSERV_ID;
use mail::network::Network;
use mail::smtp::{
    Envelope, Login, Outcome, Security, Server, Session, TimeLimits, Token, WireMail,
};
use serde_json::json;
use store::OutboxId;

use super::imap_side::authority::Authority;
use super::imap_side::dovecot::Dovecot;
use super::mails;
use super::post::{Copies, Post, SENT, Servers};
use super::postfix::{Ground, Postfix, free_port};
use super::smtp_side;

const SHOP: &str = "service@winkel0.example";
const CUSTOMER: &str = "sanne@klant.example";

struct Town {
    post: Post,
    postfix: Postfix,
    roots: String,
}

impl Town {
    async fn new(name: &str) -> Self {
        let (auth_port, lmtp_port) = (free_port(), free_port());
        let doors = format!(
            "protocols = imap lmtp\nprotocol lmtp {{\n  postmaster_address = postmaster@mail.test\n}}\n\
             service lmtp {{\n  user = @USER@\n  inet_listener lmtp {{\n    address = 127.0.0.1\n    \
             port = {lmtp_port}\n  }}\n}}\nservice auth {{\n  inet_listener {{\n    \
             address = 127.0.0.1\n    port = {auth_port}\n  }}\n}}\n"
        );
        let dovecot = Dovecot::start_configured(&[SHOP, CUSTOMER], 10, &doors);
        let (authority, stranger) = (Authority::new(), Authority::new());
        let postfix = Postfix::start(&Ground {
            directory: format!("/tmp/lkt-postfix-{}-{name}", std::process::id()).into(),
            own: authority.issue("localhost"),
            strange: stranger.issue("localhost"),
            auth_port,
            lmtp_port,
            authserv_id: AUTHSERV_ID,
            domains: ["winkel0.example", "klant.example"],
        });
        let roots = format!("{}{}", dovecot.root, authority.root);
        let unused = smtp_side::authority::Authority::new();
        let peer = smtp_side::smtp::Peer::start(&unused, false).await;
        let smtp = json!({ "host": "localhost", "port": postfix.port, "security": "starttls" });
        let user = mails::address;
        let servers = Servers { dovecot, roots: roots.clone(), smtp, user };
        let post = Post::on(name, 1, Copies::Unknown, peer, servers).await;
        Self { post, postfix, roots }
    }

    /// The customer sends a mail with a program of their own.
    async fn write(&self, raw: &str) {
        let server = Server {
            host: "localhost".to_owned(),
            port: self.postfix.port,
            security: Security::StartTls,
        };
        let password = Token::new(format!("geheim {CUSTOMER}"));
        let login = Login::Password { user: CUSTOMER.to_owned(), password };
        let network = Network::new(self.roots.as_bytes(), true).unwrap();
        let limits = TimeLimits::default();
        let mut session = Session::connect(&server, &login, &network, limits).await.unwrap();
        let wire = WireMail::new(raw.replace('\n', "\r\n").as_bytes()).unwrap();
        let envelope = Envelope::new(CUSTOMER, &[SHOP]).unwrap();
        let offered = session.offer(&envelope, &wire).await.unwrap();
        let outcome = offered.hand_over(&wire, || true).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}\n{}", self.postfix.log());
        session.close().await;
    }

    /// What lies in a mailbox or a folder of it.
    fn lies(&self, user: &str, folder: &str) -> Vec<domain::message::Message> {
        let place = self.post.dovecot.maildir(user).join(folder);
        let raws = ["new", "cur"].map(|part| raws(&place.join(part)));
        let raws = raws.iter().flatten();
        raws.map(|raw| mail::parse::parse(raw).unwrap().message).collect()
    }

    /// Waits for the answer to a mail. Where a person has to let it go, they do.
    async fn answer_to(&self, message_id: &str) -> (domain::message::Message, bool) {
        let (begun, mut by_person) = (Instant::now(), false);
        loop {
            let answers = self.lies(CUSTOMER, "");
            let is_it = |mail: &domain::message::Message| {
                mail.in_reply_to.iter().any(|id| id == message_id)
            };
            if let Some(answer) = answers.into_iter().find(is_it) {
                return (answer, by_person);
            }
            by_person |= self.let_go().await;
            let late = begun.elapsed() > Duration::from_secs(40);
            assert!(!late, "no answer\n{}\n{}", self.postfix.log(), self.post.lab.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The owner lets a waiting draft go.
    async fn let_go(&self) -> bool {
        let held = "select id from public.outbox where state = 'held'";
        let Some(row) = self.post.behind().await.query_opt(held, &[]).await.unwrap() else {
            return false;
        };
        let draft = OutboxId(row.get(0));
        let store = self.post.lab.look_in().await.unwrap();
        let claims = self.post.lab.shops[0].made.claims();
        let approve = async |tx: &store::TenantTx| store::drafts::approve(tx, draft, None).await;
        store.as_user(&claims, approve).await.unwrap();
        store.close();
        true
    }

    async fn set_smtp_port(&self, port: u16) {
        let text = "update public.mailboxes set config = jsonb_set(config, '{smtp,port}', to_jsonb($1::integer)), \
            paused_reason = null, paused_at = null, sending_paused_reason = null, sending_paused_at = null";
        self.post.behind().await.execute(text, &[&i32::from(port)]).await.unwrap();
        self.hurry().await;
    }

    async fn hurry(&self) {
        let text = "update public.jobs set run_at = now() where kind = 'deliver'";
        self.post.behind().await.execute(text, &[]).await.unwrap();
    }
}

fn raws(directory: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read(entry.path()).ok()).collect()
}

/// A turn of the customer's; `earlier` are the Message-IDs of the talk so far, newest last.
fn turn(number: usize, text: &str, earlier: &[String], attachment: Option<&[u8]>) -> String {
    let mut header = format!(
        "From: Sanne <{CUSTOMER}>\nTo: <{SHOP}>\nSubject: Bestelling\n\
         Message-ID: <beurt{number}@klant.example>\nMIME-Version: 1.0\n"
    );
    if let Some(last) = earlier.last() {
        let all: Vec<String> = earlier.iter().map(|id| format!("<{id}>")).collect();
        let all = all.join("\n ");
        header = format!("{header}In-Reply-To: <{last}>\nReferences: {all}\n");
    }
    let body = format!("Hallo,\n\n{text}\n\nGroet,\nSanne\n");
    let Some(attachment) = attachment else {
        return format!("{header}Content-Type: text/plain; charset=utf-8\n\n{body}");
    };
    let encoded = base64::engine::general_purpose::STANDARD.encode(attachment);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "{header}Content-Type: multipart/mixed; boundary=grens\n\n--grens\n\
         Content-Type: text/plain; charset=utf-8\n\n{body}\n--grens\n\
         Content-Type: image/png; name=\"kras.png\"\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=\"kras.png\"\n\n{}\n--grens--\n",
        lines.join("\n")
    )
}

/// Postfix changes accounts, which only root may.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("left out: Postfix wants root");
    }
    root
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talk_of_five_turns_goes_through_postfix_and_dovecot() {
    if !is_root() {
        return;
    }
    let town = Town::new("talk").await;
    let server = town.post.serve();
    town.post.until("public.mailboxes where connected_at is not null", 1).await;
    let picture = vec![7_u8; 30_000];
    let texts = [
        "Ik wil bestelling 10001 annuleren.",
        "Ik wil bestelling 10002 ook annuleren.",
        "Ik wil bestelling 10003 retourneren. Een foto gaat mee.",
        "Ik wil bestelling 10004 retourneren.",
        "Ik wil bestelling 10005 annuleren.",
    ];
    let (mut talk, mut by_people) = (Vec::<String>::new(), 0);
    for (number, text) in texts.into_iter().enumerate() {
        let attachment = (number == 2).then_some(picture.as_slice());
        town.write(&turn(number, text, &talk, attachment)).await;
        let asked = format!("beurt{number}@klant.example");
        talk.push(asked.clone());
        let (answer, by_person) = town.answer_to(&asked).await;
        by_people += usize::from(by_person);
        assert_eq!(answer.from.email, SHOP);
        assert_eq!(answer.references, talk, "a mail program shows one talk");
        assert!(answer.text.contains(&format!("1000{}", number + 1)), "{}", answer.text);
        if !by_person {
            assert_eq!(answer.header("auto-submitted"), Some("auto-replied"));
        }
        talk.push(answer.message_id.unwrap());
    }
    // Three answers by itself to one address in a day, the others by people.
    assert!(by_people >= 2, "{by_people}");
    assert_eq!(town.post.count("public.conversation_threads").await, 1, "one talk");
    assert_eq!(town.lies(CUSTOMER, "").len(), 5, "each turn is answered once");
    // Postfix keeps no copies: ours lie in Sent, each once.
    town.post.until("public.mailboxes where sent_copies = 'ours'", 1).await;
    let begun = Instant::now();
    let sent = || -> BTreeSet<Option<String>> {
        town.lies(SHOP, &format!(".{SENT}")).into_iter().map(|mail| mail.message_id).collect()
    };
    while sent().len() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}\n{}", sent(), town.post.lab.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ours: BTreeSet<Option<String>> =
        talk.iter().skip(1).step_by(2).map(|id| Some(id.clone())).collect();
    assert_eq!(sent(), ours);
    assert_eq!(town.lies(SHOP, &format!(".{SENT}")).len(), 5);
    let kept = "public.raw_messages where size_bytes > 40000";
    assert_eq!(town.post.count(kept).await, 1, "the picture came through");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_certificate_or_password_sends_nothing_and_all_goes_after_repair() {
    if !is_root() {
        return;
    }
    let town = Town::new("refuse").await;
    let server = town.post.serve();
    town.post.until("public.mailboxes where connected_at is not null", 1).await;
    // Somebody else's certificate: not a word is said to it, the name and password least.
    town.set_smtp_port(town.postfix.strange_port).await;
    town.write(&turn(0, "Ik wil bestelling 10001 annuleren.", &[], None)).await;
    town.post.until("public.notifications where detail = 'smtp.certificate'", 1).await;
    assert!(town.lies(CUSTOMER, "").is_empty());
    town.set_smtp_port(town.postfix.port).await;
    town.answer_to("beurt0@klant.example").await;
    // Opened anew with these settings, so that the next refusal is of who sends.
    town.write(&turn(2, "Ik wil bestelling 10003 annuleren.", &[], None)).await;
    town.answer_to("beurt2@klant.example").await;
    // Another password: refused once, and left alone.
    town.post.dovecot.set_password(SHOP, "een nieuw wachtwoord");
    town.write(&turn(1, "Ik wil bestelling 10002 annuleren.", &[], None)).await;
    town.post.until("public.mailboxes where sending_paused_reason = 'login_refused'", 1).await;
    let refused = town.postfix.log().matches("authentication failed").count();
    assert_eq!(refused, 1, "{}", town.postfix.log());
    tokio::time::sleep(Duration::from_secs(3)).await;
    town.hurry().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(town.postfix.log().matches("authentication failed").count(), 1, "not tried again");
    assert_eq!(town.lies(CUSTOMER, "").len(), 2);
    town.post.dovecot.set_password(SHOP, &format!("geheim {SHOP}"));
    town.set_smtp_port(town.postfix.port).await;
    town.answer_to("beurt1@klant.example").await;
    assert_eq!(town.lies(CUSTOMER, "").len(), 3);
    drop(server);
}
