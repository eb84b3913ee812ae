//! What the pages of accounts ask for, beside what the wire offers: the same work, with what a
//! browser's session needs instead of JSON.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use store::UserId;
use store::auth::Device;
use uuid::Uuid;

use super::Auth;
use super::addresses::{email, escaped};
use super::factors;
use super::links::Purpose;
use super::logout::Scope;
use super::ownership::Whose;
use super::post::{Letter, Occasion, standing_letter};
use super::refusal::Refusal;
use super::signup::{NewAccount, SignedUp};
use super::tokens::Opened;
use super::user::Changes;
use super::verify::Verified;
use super::wire::{Body, Client, Signed};

/// The page behind the links in mails that a page of ours asked for. It says what will happen and
/// does it on a button: a mail scanner that follows links spends nothing.
pub const DOOR: &str = "/binnen";

/// A fresh second factor, to be shown once.
#[derive(Debug, Clone)]
pub struct NewFactor {
    /// Its id.
    pub id: Uuid,
    /// A drawing (SVG) for the camera of a telephone.
    pub drawing: String,
    /// The same as text.
    pub secret: String,
}

/// What became of a sign-up from a page.
#[derive(Debug)]
pub enum PageSignUp {
    /// A mail is on its way; the browser keeps this, to be known again.
    Mailed(String),
    /// Signed in at once.
    Opened(Box<Opened>),
}

impl Auth {
    /// Where a mail's link leads: to our own page where a page asked, with the way on from there.
    pub(super) fn door_link(
        &self,
        back_to: &str,
        purpose: Purpose,
        secret: &str,
    ) -> Option<String> {
        let rest = back_to.strip_prefix(&self.0.site.url)?.strip_prefix(DOOR)?;
        let sign = if rest.is_empty() { '?' } else { '&' };
        (rest.is_empty() || rest.starts_with('?'))
            .then(|| format!("{back_to}{sign}soort={}&sleutel={secret}", purpose.name()))
    }

    /// What pages give as the way back: our own page, and from there to a path of ours.
    pub fn door(&self, onward: &str) -> String {
        match onward {
            "" => format!("{}{DOOR}", self.0.site.url),
            onward => format!("{}{DOOR}?terug={}", self.0.site.url, escaped(onward)),
        }
    }

    /// A sign-up from a page; signed in at once where nobody needs to prove their address.
    pub async fn sign_up_on_page(
        &self,
        client: &Client,
        new: &NewAccount,
        onward: &str,
    ) -> Result<PageSignUp, Refusal> {
        match self.sign_up(client, new, Some(&self.door(onward))).await? {
            SignedUp::Mailed(_, mark) => Ok(PageSignUp::Mailed(mark)),
            SignedUp::Made(user) => {
                let opened = self.open_session(user, "password", client).await?;
                Ok(PageSignUp::Opened(Box::new(opened)))
            }
        }
    }

    /// Whether a password is good enough for whoever has this address.
    pub fn acceptable(&self, password: &str, email: &str) -> Result<(), Refusal> {
        super::passwords::acceptable(password, &[email], &self.0.options)
    }

    /// Somebody followed a link and pressed the button.
    pub async fn enter_by_link(
        &self,
        kind: &str,
        secret: &str,
        whose: &Whose,
        client: &Client,
    ) -> Result<Option<Opened>, Refusal> {
        let kinds = super::verify::kinds(kind)?;
        let verified = self.verify_link(secret, kinds, whose, client).await?;
        Ok(opened(verified))
    }

    /// Where a client on the wire wanted its link to lead, with the session behind the `#`;
    /// `None` where that is not allowed.
    pub fn onward_with_session(
        &self,
        wanted: &str,
        opened: &Opened,
    ) -> Result<Option<String>, Refusal> {
        if wanted.is_empty() || self.0.site.back_to(Some(wanted)) != wanted {
            return Ok(None);
        }
        let verified = Verified::In(Box::new(opened.clone()));
        self.landing(wanted, Purpose::Signup.name(), verified).map(Some)
    }

    /// Somebody typed the code from a mail.
    pub async fn enter_by_code(
        &self,
        kind: &str,
        typed: &str,
        code: &str,
        whose: &Whose,
        client: &Client,
    ) -> Result<Option<Opened>, Refusal> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let kinds = super::verify::kinds(kind)?;
        let verified = self.verify_code(&email(typed)?, &code, kinds, whose, client).await?;
        Ok(opened(verified))
    }

    /// A mail to choose a new password with, if there is anybody.
    pub fn recover_on_page(&self, typed: &str, client: &Client) -> Result<(), Refusal> {
        self.recover(&email(typed)?, Some(&self.door("")), client)
    }

    /// The account behind a page, as the wire sees it.
    pub async fn signed(&self, user: UserId, session: Uuid) -> Result<Signed, Refusal> {
        let found = self.0.store.as_auth(async |tx| {
            let person = store::auth::by_id(tx, user).await?;
            let session = store::auth::find(tx, session, user).await?;
            Ok((person, session))
        });
        let (person, session) = found.await?;
        self.admitted(person, session)
    }

    /// Whether this session began with a mailed link or code in the last quarter of an hour: the
    /// proof that allows a new password without the old one.
    pub fn proved_by_mail(&self, signed: &Signed) -> bool {
        self.proved_by(signed, |method| method == "otp")
    }

    /// Whether who is behind this session was proved in the last quarter of an hour, in any way:
    /// by signing in, by mail or by a second factor. Going on with a session proves nothing.
    pub fn proved_lately(&self, signed: &Signed) -> bool {
        self.proved_by(signed, |_| true)
    }

    fn proved_by(&self, signed: &Signed, counts: impl Fn(&str) -> bool) -> bool {
        let methods = signed.session.amr.as_array().map(Vec::as_slice).unwrap_or_default();
        methods.iter().any(|entry| {
            let when = entry.get("timestamp").and_then(Value::as_i64).unwrap_or_default();
            entry.get("method").and_then(Value::as_str).is_some_and(&counts)
                && self.now().as_second().saturating_sub(when) < 900
        })
    }

    /// A new password. Without the old one only after [`Auth::proved_by_mail`].
    pub async fn set_password_on_page(
        &self,
        signed: &Signed,
        old: Option<&str>,
        new: &str,
        client: &Client,
    ) -> Result<(), Refusal> {
        if old.is_none() && !self.proved_by_mail(signed) {
            return Err(Refusal::bad("invalid_credentials", "Current password is wrong"));
        }
        let changes = Changes::of_password(new, old);
        self.change_account(signed, &changes, &self.door(""), client).await.map(drop)
    }

    /// What somebody filled in before they finished, kept with their account.
    pub async fn remember(&self, user: UserId, name: &str, what: Value) -> Result<(), Refusal> {
        let data = json!({ name: what });
        let kept = self
            .0
            .store
            .as_auth(async |tx| store::auth::merge_metadata(tx, user, &data, &json!({})).await);
        Ok(kept.await?)
    }

    /// Ends all sessions of a person, or this one.
    pub async fn leave(&self, user: UserId, session: Uuid, all: bool) -> Result<(), Refusal> {
        self.sign_out(user, session, if all { Scope::Global } else { Scope::Local }).await
    }

    /// Ends another session of this person.
    pub async fn end_device(&self, user: UserId, session: Uuid) -> Result<(), Refusal> {
        self.sign_out(user, session, Scope::Local).await
    }

    /// Where somebody is signed in.
    pub async fn devices(&self, user: UserId) -> Result<Vec<Device>, Refusal> {
        let found = self.0.store.as_auth(async |tx| store::auth::devices(tx, user).await);
        Ok(found.await?)
    }

    /// A second factor to be proved.
    pub async fn new_factor(&self, signed: Signed, name: &str) -> Result<NewFactor, Refusal> {
        let wanted = factors::Wanted::totp(name);
        let Json(made) = factors::enroll(State(self.clone()), signed, Body(wanted)).await?;
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = text(made.get("id")).parse().map_err(|error| Refusal::defect(&error))?;
        let totp = made.get("totp");
        let drawing = text(totp.and_then(|totp| totp.get("qr_code")));
        let secret = text(totp.and_then(|totp| totp.get("secret")));
        Ok(NewFactor { id, drawing: on_a_page(&drawing), secret })
    }

    /// Takes a second factor away; only after it was proved in this session.
    pub async fn drop_factor(&self, signed: Signed, factor: Uuid) -> Result<(), Refusal> {
        let path = axum::extract::Path(factor.to_string());
        factors::unenroll(State(self.clone()), signed, path).await.map(drop)
    }

    /// Tells somebody by mail what became of their shop.
    pub fn tell_standing(
        &self,
        to: &str,
        approved: bool,
        reason: &str,
        language: domain::contract::Language,
    ) -> Result<(), Refusal> {
        let occasion = if approved { Occasion::Approved } else { Occasion::Rejected };
        let letter = standing_letter(occasion, language, to, &self.0.site.url, reason);
        self.post_later(letter)
    }

    /// Invites a colleague by mail.
    pub fn tell_invited(
        &self,
        to: &str,
        link: &str,
        shop: &str,
        language: domain::contract::Language,
    ) -> Result<(), Refusal> {
        self.post_later(super::post::colleague_letter(language, to, link, shop, &self.0.site.url))
    }

    /// Tells an address that it was wanted for another account than its own.
    pub(super) async fn tell_taken(
        &self,
        to: &str,
        language: domain::contract::Language,
    ) -> Result<(), Refusal> {
        let letter = standing_letter(Occasion::AddressTaken, language, to, &self.0.site.url, "");
        self.0.post.send(letter, self.now()).await
    }

    fn post_later(&self, letter: Letter) -> Result<(), Refusal> {
        let auth = self.clone();
        self.0.post.later(async move { auth.0.post.send(letter, auth.now()).await })
    }
}

/// A drawing inside a page has no declaration of its own.
pub(super) fn on_a_page(drawing: &str) -> String {
    let svg = drawing.find("<svg").and_then(|at| drawing.split_at_checked(at));
    svg.map(|(_, svg)| svg.to_owned()).unwrap_or_default()
}

fn opened(verified: Verified) -> Option<Opened> {
    match verified {
        Verified::In(opened) => Some(*opened),
        Verified::HalfWay => None,
    }
}
