//! A browser that keeps cookies and fills in the forms it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use jiff::Timestamp;
use loket::secrets::Vault;
use loket::web::{Access, State, router};
use serde_json::Value;
use store::{Claims, UserId};

use crate::lab::{Answer, Lab, PASSWORD};

/// A Loket whose shops can register their mailbox.
pub async fn lab() -> Lab {
    lab_with(crate::lab::wide()).await
}

/// The same with other options.
pub async fn lab_with(options: loket::auth::AuthOptions) -> Lab {
    let mut lab = Lab::with(options).await;
    let nobody = Claims { user_id: UserId(uuid::Uuid::nil()), tenant_id: None };
    let access = Access { key: "k".repeat(64), user: nobody };
    let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    let vault = Arc::new(Vault::for_trial(now).unwrap());
    let state = State::new(Arc::clone(&lab.store), access).with_auth(lab.auth.clone());
    lab.pages = router(state.with_vault(vault));
    lab
}

pub struct Browser<'a> {
    lab: &'a Lab,
    jar: BTreeMap<String, String>,
    pub page: String,
    pub at: String,
    pub language: &'static str,
}

impl<'a> Browser<'a> {
    pub fn new(lab: &'a Lab) -> Self {
        let (jar, page, at) = (BTreeMap::new(), String::new(), String::new());
        Self { lab, jar, page, at, language: "nl" }
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<String>) -> Answer {
        let jar: Vec<String> =
            self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Lab::request(method, path)
            .header("cookie", jar.join("; "))
            .header("accept-language", self.language);
        if body.is_some() {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin");
        }
        let body = body.map_or_else(Body::empty, Body::from);
        let answer = self.lab.send(request.body(body).unwrap()).await;
        for cookie in answer.cookies() {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Opens a page, wherever it leads.
    pub async fn open(&mut self, path: &str) -> Answer {
        let mut path = path.to_owned();
        for _ in 0..6 {
            let answer = self.send("GET", &path, None).await;
            if answer.status != 303 {
                self.page.clone_from(&answer.text);
                self.at = path;
                return answer;
            }
            answer.header("location").clone_into(&mut path);
        }
        panic!("{path} leads round in circles");
    }

    /// One answer, not followed.
    pub async fn ask(&mut self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    /// Posts exactly this.
    pub async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.send("POST", path, Some(pairs.join("&"))).await
    }

    /// Fills in the form on the page that goes to `action`, with what it carries along.
    pub async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut pairs = self.carried(action);
        for (name, value) in fields {
            pairs.retain(|(other, _)| other != name);
            pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.post(action, &pairs).await;
        if answer.status == 303 {
            let to = answer.header("location").to_owned();
            return self.open(&to).await;
        }
        self.page.clone_from(&answer.text);
        answer
    }

    /// What a form on the page carries along.
    pub fn carried(&self, action: &str) -> Vec<(String, String)> {
        let mark = format!("action=\"{action}\"");
        let form = self.page.split_once(&mark);
        let form =
            form.unwrap_or_else(|| panic!("no form to {action} on {}: {}", self.at, self.page)).1;
        let form = form.split_once("</form>").unwrap().0;
        let carried = |tag: &&str| tag.contains("type=\"hidden\"") || tag.contains("\"unseen\"");
        let inputs = form.split("<input").filter_map(|rest| rest.split_once('>'));
        let attribute = |tag: &str, name: &str| {
            let value = tag.split_once(&format!(" {name}=\"")).unwrap().1;
            value.split_once('"').unwrap().0.replace("&#38;", "&")
        };
        let tags = inputs.map(|(tag, _)| tag).filter(carried);
        tags.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))).collect()
    }

    /// The token of the first form on the page.
    pub fn token(&self) -> String {
        let rest = self.page.split_once("name=\"teken\" value=\"").unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    }

    pub async fn sign_in(&mut self, email: &str) -> Answer {
        self.open("/inloggen").await;
        self.submit("/inloggen", &[("email", email), ("wachtwoord", PASSWORD)]).await
    }

    /// From nothing to the waiting page.
    pub async fn register(&mut self, email: &str, shop: &str) {
        self.sign_up(email).await;
        self.submit("/winkel", &details(shop)).await;
        assert_eq!(self.at, "/winkel/mailbox", "{}", self.page);
        self.open("/winkel/mailbox?soort=gmail").await;
        let mailbox = [("email", "Info@Winkel.Example"), ("wachtwoord", "abcd efgh ijkl mnop")];
        self.submit("/winkel/mailbox", &mailbox).await;
        assert_eq!(self.at, "/wachten", "{}", self.page);
    }

    /// From nothing to the first step of the wizard.
    pub async fn sign_up(&mut self, email: &str) {
        self.open("/registreren").await;
        let account = [("email", email), ("wachtwoord", PASSWORD), ("taal", self.language)];
        let answer = self.submit("/registreren", &account).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mail = self.lab.mail(email, 1).await;
        let link = mail.text.lines().find(|line| line.contains("/binnen?")).unwrap().trim();
        self.open(link.strip_prefix(crate::lab::SITE).unwrap()).await;
        self.submit("/binnen", &[]).await;
        assert_eq!(self.at, "/winkel", "{}", self.page);
    }
}

pub fn details(shop: &str) -> [(&str, &str); 6] {
    [
        ("bedrijfsnaam", shop),
        ("shop_url", "winkel.example"),
        ("sector", "fashion"),
        ("taalvoorkeur", "NL"),
        ("retouradres", "Kade 12, Amsterdam"),
        ("ai_persona_name", "Noor"),
    ]
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Makes a confirmed person a platform admin.
pub async fn admin(lab: &Lab, email: &str) {
    lab.person(email).await;
    let made = "update public.profiles set role = 'admin' where email = $1";
    lab.behind.execute(made, &[&email]).await.unwrap();
}

/// The one shop of a test.
pub async fn shop_id(lab: &Lab) -> String {
    let row = lab.behind.query_one("select tenant_id from public.tenants", &[]).await.unwrap();
    row.get::<_, uuid::Uuid>(0).to_string()
}

pub async fn tenant(lab: &Lab) -> Value {
    let row = lab.behind.query_one("select to_jsonb(t) from public.tenants t", &[]).await.unwrap();
    row.get(0)
}
