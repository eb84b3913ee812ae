//! Files of mails and mail as it was laid out. The names C14 to C25 and A22 are those of the hazards.

use axum::body::Body;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Page, Visitor, ask, between, request, with_counter};
use crate::counter::Counter;

/// One red point.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const PDF: &[u8] = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\nnot much of one\n%%EOF\n";

fn mail(id: &str, verified: bool, rest: &str) -> String {
    let results = if verified { "dmarc=pass header.from=example.net" } else { "none" };
    let text = format!(
        "Authentication-Results: mx.google.com; {results}\n\
         From: Joke Laan <joke.laan@example.net>\nTo: info@buurman.example\nSubject: Vraag {id}\n\
         Message-ID: <{id}@example.net>\nMIME-Version: 1.0\n{rest}"
    );
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn file(head: &str, bytes: &[u8]) -> String {
    let data = STANDARD.encode(bytes);
    let lines: Vec<&str> =
        data.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("--g\n{head}\nContent-Transfer-Encoding: base64\n\n{}\n", lines.join("\n"))
}

/// A neighbour's conversation that began with this mail.
struct Conversation {
    visitor: Visitor,
    path: String,
    mail: String,
}

impl Conversation {
    async fn begin(counter: &Counter, id: &str, raw: &str) -> Self {
        let (thread, mail) = counter.receive(id, raw.as_bytes()).await;
        let visitor = Visitor::enter(counter.pages_of(counter.neighbour)).await;
        Self { visitor, path: format!("/gesprekken/{thread}"), mail: mail.to_string() }
    }

    async fn page(&self, query: &str) -> Page {
        let page = self.visitor.get(&format!("{}{query}", self.path)).await;
        assert_eq!(page.status, StatusCode::OK);
        page
    }

    /// The address of a file by its name on the page.
    async fn address(&self, name: &str) -> String {
        let page = self.page("").await;
        let item = page.body.split("<li class=\"file").find(|item| item.contains(name));
        let item = item.unwrap_or_else(|| panic!("{name} is not on the page"));
        between(item, "href=\"", "\"").to_owned()
    }

    /// The same address as somebody of the other shop, and as nobody.
    async fn is_theirs_alone(&self, counter: &Counter, address: &str) {
        let stranger = Visitor::enter(counter.pages()).await;
        let nowhere = format!("{}/bijlagen/0190a0a0-0000-7000-8000-000000000000", self.path);
        let foreign = stranger.get(address).await;
        let absent = stranger.get(&nowhere).await;
        assert_eq!((foreign.status, &foreign.body), (StatusCode::NOT_FOUND, &absent.body));
        let nobody = ask(&counter.pages(), request(address).body(Body::empty()).unwrap()).await;
        assert_eq!(nobody.status, StatusCode::FORBIDDEN);
        for page in [&foreign, &nobody] {
            assert!(page.header("content-security-policy").contains("script-src 'self'"));
        }
    }
}

fn with_files() -> String {
    let parts = [
        "--g\nContent-Type: text/plain\n\nMijn bestelling BB-7 is kapot, zie de foto's.\n"
            .to_owned(),
        file(
            "Content-Type: image/png; name=\"=?utf-8?q?k=C3=A1pot.png?=\"\nContent-Disposition: attachment",
            &STANDARD.decode(PNG).unwrap(),
        ),
        file(
            "Content-Type: application/pdf; name=\"../../bon.pdf\"\nContent-Disposition: attachment",
            PDF,
        ),
        file(
            "Content-Type: text/html; name=x.html\nContent-Disposition: attachment; filename=\"bewijs.html\"",
            b"<script>alert(1)</script>",
        ),
        file(
            "Content-Type: image/svg+xml\nContent-Disposition: attachment; filename=\"logo.svg\"",
            b"<svg onload='alert(1)'/>",
        ),
        file(
            "Content-Type: image/png\nContent-Disposition: attachment; filename=\".htaccess\"",
            b"AddType x",
        ),
        file(
            "Content-Type: application/x-msdownload\nContent-Disposition: attachment; filename=\"factuur.pdf.exe\"",
            b"MZ",
        ),
    ];
    mail(
        "bestanden",
        true,
        &format!("Content-Type: multipart/mixed; boundary=g\n\n{}--g--\n", parts.concat()),
    )
}

/// A22, C23, F11: a file is handed over to its own shop, as bytes that nothing runs.
#[test]
fn a22_c23_files_are_handed_over_and_run_nowhere() {
    with_counter(async |counter| {
        let talk = Conversation::begin(counter, "bestanden", &with_files()).await;
        let page = talk.page("").await;
        for part in ["kápot.png", "bon.pdf", "htaccess", "factuur.pdf.exe", "afbeelding · 70 B"] {
            assert!(page.body.contains(part), "{part}");
        }
        assert_eq!(page.body.matches("Dit soort bestand kan schade doen").count(), 3);
        assert!(!page.body.contains("../"), "no path");
        let svg: &[u8] = b"<svg onload='alert(1)'/>";
        let png = STANDARD.decode(PNG).unwrap();
        for (name, kind, bytes) in [
            ("kápot.png", "image/png", png.as_slice()),
            ("bon.pdf", "application/pdf", PDF),
            ("bewijs.html", "application/octet-stream", b"<script>alert(1)</script>"),
            ("logo.svg", "application/octet-stream", svg),
            ("factuur.pdf.exe", "application/octet-stream", b"MZ"),
        ] {
            let address = talk.address(name).await;
            let file = talk.visitor.get_bytes(&address).await;
            assert_eq!(file.0.status, StatusCode::OK, "{name}");
            assert_eq!(file.1, bytes, "{name}");
            assert_eq!(file.0.header("content-type"), kind);
            assert!(file.0.header("content-disposition").starts_with("attachment; "));
            assert_eq!(file.0.header("x-content-type-options"), "nosniff");
            let policy = file.0.header("content-security-policy");
            assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
            assert_eq!(file.0.header("cache-control"), "private, no-store");
            assert_eq!(file.0.header("cross-origin-resource-policy"), "same-origin");
            talk.is_theirs_alone(counter, &address).await;
        }
        let named = talk.visitor.get(&talk.address("kápot.png").await).await;
        let header = named.headers.get("content-disposition").unwrap().to_str().unwrap();
        assert_eq!(header, "attachment; filename=\"k_pot.png\"; filename*=UTF-8''k%C3%A1pot.png");
        let own = talk.address("bon.pdf").await;
        let elsewhere = own.replace(&talk.path, "/gesprekken/0190a0a0-0000-7000-8000-000000000000");
        for nothing in [elsewhere.as_str(), &format!("{own}x"), &format!("{own}/../x")] {
            assert_eq!(talk.visitor.get(nothing).await.status, StatusCode::NOT_FOUND, "{nothing}");
        }
    });
}

/// What was listed is what is handed over, or nothing is.
#[test]
fn c23_bytes_that_differ_from_what_came_are_not_handed_over() {
    with_counter(async |counter| {
        let raw = with_files().replace("bestanden", "vervalst");
        let talk = Conversation::begin(counter, "vervalst", &raw).await;
        let (pdf, exe) = (talk.address("bon.pdf").await, talk.address("factuur.pdf.exe").await);
        let change = "update public.raw_messages set raw = overlay(raw placing 'AAAA'::bytea from
            (select a.raw_offset + 1 from public.attachments a
              where a.raw_message_id = raw_messages.id and a.safe_name = 'bon.pdf'))
            where id = (select raw_message_id from public.customer_interactions where id = $1)";
        let mail: uuid::Uuid = talk.mail.parse().unwrap();
        assert_eq!(counter.behind.execute(change, &[&mail]).await.unwrap(), 1);
        assert_eq!(talk.visitor.get(&pdf).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            talk.visitor.get(&exe).await.status,
            StatusCode::OK,
            "the others are as they were"
        );
        let gone = "delete from public.raw_messages
            where id = (select raw_message_id from public.customer_interactions where id = $1)";
        counter.behind.execute(gone, &[&mail]).await.unwrap();
        assert_eq!(talk.visitor.get(&exe).await.status, StatusCode::NOT_FOUND, "no longer kept");
    });
}

const HTML: &str = "<html><head><meta http-equiv=refresh content='0;url=https://evil.example'>\
    <style>p{background:url(https://evil.example/a)}</style><base href='https://evil.example/'></head>\
    <body onload=alert(1)><p style='color:#123456;background:url(https://evil.example/b)'>Mijn <b>jas</b> \
    is kapot<script>alert(2)</script></p><img src='cid:foto%40x' alt='De jas'>\
    <img src='https://evil.example/c.png' alt='Logo'><img width=1 height=1 src='https://evil.example/d.gif'>\
    <a href='https://winkel.example/x'>link</a><a href='javascript:alert(3)'>kwaad</a>\
    <form action='https://evil.example'><input name=w><button>Inloggen</button></form>\
    <iframe src='https://evil.example'></iframe><svg onload=alert(4)></svg></body></html>";

fn with_html(id: &str) -> String {
    let parts = [
        format!(
            "--g\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nMijn jas is kapot, bestelling BB-8.\n--a\nContent-Type: text/html; charset=utf-8\n\n{HTML}\n--a--\n"
        ),
        file(
            "Content-Type: image/png\nContent-ID: <foto@x>\nContent-Disposition: inline; filename=foto.png",
            &STANDARD.decode(PNG).unwrap(),
        ),
    ];
    mail(
        id,
        true,
        &format!("Content-Type: multipart/related; boundary=g\n\n{}--g--\n", parts.concat()),
    )
}

/// C24, C25: a mail as it was laid out runs nothing, asks nobody, and is of no origin.
#[test]
fn c24_c25_a_mail_laid_out_runs_nothing_and_asks_nobody() {
    with_counter(async |counter| {
        let talk = Conversation::begin(counter, "opmaak", &with_html("opmaak")).await;
        let text = talk.page("").await;
        assert!(!text.body.contains("<iframe"), "text is what one sees first");
        assert!(
            text.body.contains("Opgemaakt") && text.body.contains("Eén afbeelding in de tekst")
        );
        let query = format!("?opgemaakt={}", talk.mail);
        let page = talk.page(&query).await;
        let frame = between(&page.body, "<iframe", ">").to_owned();
        assert!(
            frame.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""),
            "{frame}"
        );
        assert!(page.body.contains("Afbeeldingen tonen") && page.body.contains("niet opgehaald"));
        let part = talk.visitor.get(&format!("{}/verloop{query}", talk.path)).await;
        assert!(page.body.contains(&part.body), "the live part is the page's own");
        let address = between(&frame, "src=\"", "\"").to_owned();
        let inside = talk.visitor.get(&address).await;
        assert_eq!(inside.status, StatusCode::OK);
        let policy = inside.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; img-src data:; style-src"), "{policy}");
        assert!(
            policy.ends_with("sandbox allow-popups allow-popups-to-escape-sandbox"),
            "{policy}"
        );
        for never in ["script", "allow-same-origin", "http", "connect", "*"] {
            assert!(!policy.contains(never), "{never}");
        }
        assert_eq!(inside.header("x-frame-options"), "SAMEORIGIN");
        assert_eq!(inside.header("referrer-policy"), "no-referrer");
        let body = between(&inside.body, "<body>", "</body>");
        for never in [
            "evil.example",
            "script",
            "onload",
            "<form",
            "<input",
            "<iframe",
            "<svg",
            "<style",
            "<meta",
            "<base",
        ] {
            assert!(!body.contains(never), "{never} in {body}");
        }
        for kept in [
            "<b>jas</b>",
            "color:#123456",
            &format!("src=\"data:image/png;base64,{PNG}\""),
            "<img alt=\"Logo\">",
            "<a href=\"https://winkel.example/x\"",
            "rel=\"noopener noreferrer nofollow\"",
            "target=\"_blank\"",
        ] {
            assert!(body.contains(kept), "{kept} not in {body}");
        }
        talk.is_theirs_alone(counter, &address).await;
        // The shop's own pages keep their rules.
        assert!(page.header("content-security-policy").contains("script-src 'self'"));
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    });
}

/// C25: pictures of others come when somebody asks, for this view, and nothing else comes along.
#[test]
fn c25_pictures_of_others_come_when_asked_for() {
    with_counter(async |counter| {
        let talk = Conversation::begin(counter, "plaatjes", &with_html("plaatjes")).await;
        let page = talk.page(&format!("?opgemaakt={}", talk.mail)).await;
        let notice = between(&page.body, "<p class=\"withheld\">", "</p>");
        assert!(notice.contains("Loket zit daar niet tussen"), "{notice}");
        let with = between(notice, "href=\"", "\"").replace("&#38;", "&");
        let with = with.split('#').next().unwrap();
        let page = talk.visitor.get(with).await;
        assert!(!page.body.contains("Afbeeldingen tonen"), "they are there");
        let address = between(between(&page.body, "<iframe", ">"), "src=\"", "\"").to_owned();
        let inside = talk.visitor.get(&address).await;
        assert!(inside.body.contains("https://evil.example/c.png"));
        assert!(!inside.body.contains("d.gif"), "what only counts who looks never comes");
        let policy = inside.header("content-security-policy");
        assert!(policy.contains("img-src data: https:;") && policy.contains("default-src 'none'"));
        assert!(!policy.contains("script") && policy.contains("sandbox allow-popups"));
        let again = talk.page(&format!("?opgemaakt={}", talk.mail)).await;
        assert!(again.body.contains("Afbeeldingen tonen"), "for that view alone");
        // What was stored is held to the rules again: a row that was tampered with harms nobody.
        let tamper = "update public.message_views set html = $2 where interaction_id = $1";
        let id: uuid::Uuid = talk.mail.parse().unwrap();
        let evil = "<p>na</p><script>alert(1)</script><img src=x onerror=alert(2)>";
        counter.behind.execute(tamper, &[&id, &evil]).await.unwrap();
        let body = talk.visitor.get(&format!("{}/opgemaakt/{}", talk.path, talk.mail)).await.body;
        assert!(body.contains("<p>na</p>") && !body.contains("alert"), "{body}");
    });
}

/// A mail that is nothing but a file shows so, in both languages.
#[test]
fn a_mail_without_text_shows_what_hangs_below() {
    with_counter(async |counter| {
        let rest = format!(
            "Content-Type: application/pdf; name=bon.pdf\nContent-Transfer-Encoding: base64\n\n{}\n",
            STANDARD.encode(PDF)
        );
        let talk = Conversation::begin(counter, "alleen", &mail("alleen", true, &rest)).await;
        let page = talk.page("").await;
        assert!(page.body.contains("Deze mail heeft geen tekst, alleen wat hieronder hangt."));
        assert!(page.body.contains("bon.pdf"));
        let english = talk.visitor.get_with(&talk.path, "loket_taal=en").await.body;
        assert!(english.contains("This mail has no text, only what hangs below."));
        for dutch in ["Bijlagen", "afbeelding", "bevestigd"] {
            assert!(!english.contains(dutch), "{dutch} on the English page");
        }
        let empty = mail("leeg", true, "Content-Type: text/plain\n\n\n");
        let talk = Conversation::begin(counter, "leeg", &empty).await;
        assert!(talk.page("").await.body.contains("Deze mail is leeg."));
    });
}

/// C14, C18: whether it is who the mail says, and what follows.
#[test]
fn c14_c18_a_sender_nobody_vouches_for_is_marked() {
    with_counter(async |counter| {
        let plain = "Content-Type: text/plain\n\nWaar is BB-9?\n";
        let sure = Conversation::begin(counter, "zeker", &mail("zeker", true, plain)).await;
        let page = sure.page("").await;
        assert!(page.body.contains("class=\"vouched\""));
        assert!(!page.body.contains("Afzender niet bevestigd"));
        let raw = mail("onzeker", false, plain)
            .replace("Subject:", "Reply-To: ander@elders.example\r\nSubject:");
        let doubt = Conversation::begin(counter, "onzeker", &raw).await;
        let page = doubt.page("").await;
        for part in [
            "Afzender niet bevestigd",
            "Antwoord gevraagd op een ander adres",
            "joke.laan@example.net komt",
        ] {
            assert!(page.body.contains(part), "{part}");
        }
        assert!(!page.body.contains("class=\"vouched\""));
        let english = doubt.visitor.get_with(&doubt.path, "loket_taal=en").await.body;
        assert!(english.contains("Sender not confirmed"));
    });
}

/// For eyes: one mail of each kind, as customers write them.
pub fn to_look_at() -> Vec<(&'static str, String)> {
    let photo = include_bytes!("photo.jpg");
    let doubtful = mail(
        "onbekend",
        false,
        "Content-Type: text/plain\n\nHoi,\n\nKun je mij zeggen wat ik vorige maand besteld heb en naar welk adres?\n\nGroet, Joke\n",
    );
    let laid_out = include_str!("newsletter.html");
    let parts = [
        format!(
            "--g\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nBeste Eva,\n\nDe jas uit bestelling LL-20511 heeft een scheur in de naad. Zie de foto en de bon.\n\nGroet,\nJoke Laan\n--a\nContent-Type: text/html; charset=utf-8\n\n{laid_out}\n--a--\n"
        ),
        file(
            "Content-Type: image/jpeg\nContent-ID: <foto@x>\nContent-Disposition: inline; filename=\"IMG_2041.jpg\"",
            photo,
        ),
        file(
            "Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"Aankoopbon LL-20511.pdf\"",
            &PDF.repeat(4_000),
        ),
        file(
            "Content-Type: image/jpeg\nContent-Disposition: attachment; filename=\"Detail van de naad, van dichtbij gefotografeerd bij daglicht.jpg\"",
            photo,
        ),
        file(
            "Content-Type: application/zip\nContent-Disposition: attachment; filename=\"foto's.zip\"",
            &[7; 2_400].repeat(1_000),
        ),
        file(
            "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"factuur.pdf.exe\"",
            b"MZ",
        ),
    ];
    let shown = mail(
        "getoond",
        true,
        &format!("Content-Type: multipart/mixed; boundary=g\n\n{}--g--\n", parts.concat()),
    );
    let only = format!(
        "Content-Type: image/jpeg; name=IMG_2042.jpg\nContent-Transfer-Encoding: base64\n\n{}\n",
        STANDARD.encode(photo)
    );
    let own =
        |raw: String| raw.replace("info@buurman.example", "klantenservice@linnenenleer.example");
    vec![
        ("onbekend", own(doubtful)),
        ("getoond", own(shown)),
        ("alleenfoto", own(mail("alleenfoto", true, &only))),
    ]
}
