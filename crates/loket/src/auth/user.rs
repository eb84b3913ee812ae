//! `/user`: one's own account.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use store::auth::{AuthUser, Side};

use super::Auth;
use super::addresses::email;
use super::links::{Purpose, language_of_user};
use super::passwords::{Checked, acceptable};
use super::refusal::Refusal;
use super::signup::{Back, known_words, said};
use super::tokens::user_answer;
use super::wire::{Body, Client, Signed};

/// What somebody may change of themselves. Anything else is refused: roles are not theirs to give.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Another address.
    #[serde(default)]
    pub email: Option<String>,
    /// Another password.
    #[serde(default)]
    pub password: Option<String>,
    /// The password until now, where the client asks for it.
    #[serde(default)]
    pub current_password: Option<String>,
    /// What they say about themselves; a null takes a key away.
    #[serde(default)]
    pub data: Option<Value>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default, rename = "nonce")]
    _nonce: Value,
    #[serde(default, rename = "channel")]
    _channel: Value,
    #[serde(default, rename = "code_challenge")]
    _challenge: Value,
    #[serde(default, rename = "code_challenge_method")]
    _method: Value,
    #[serde(default, rename = "gotrue_meta_security")]
    _security: Value,
}

impl Changes {
    /// Another password, and the one until now where it is asked for.
    pub fn of_password(new: &str, old: Option<&str>) -> Self {
        let (password, current_password) = (Some(new.to_owned()), old.map(str::to_owned));
        Self { password, current_password, ..Self::default() }
    }
}

/// `GET /user`.
pub async fn show(signed: Signed) -> Json<Value> {
    Json(user_answer(&signed.user))
}

/// `PUT /user`.
pub async fn change(
    State(auth): State<Auth>,
    client: Client,
    Query(back): Query<Back>,
    signed: Signed,
    Body(changes): Body<Changes>,
) -> Result<Json<Value>, Refusal> {
    let back_to = auth.0.site.back_to(back.redirect_to.as_deref());
    let user = auth.change_account(&signed, &changes, &back_to, &client).await?;
    Ok(Json(user_answer(&user)))
}

/// Who has a second factor changes what opens the account only after proving it.
fn may_change(signed: &Signed, changes: &Changes) -> Result<(), Refusal> {
    let guarded = changes.email.is_some() || changes.password.is_some();
    if guarded && signed.has_verified_factor() && !signed.is_second_level() {
        let text = "AAL2 session is required to update email or password when MFA is enabled.";
        return Err(Refusal::unauthorized("insufficient_aal", text));
    }
    Ok(())
}

impl Auth {
    /// Changes somebody's own account. A new password ends all their other sessions.
    pub async fn change_account(
        &self,
        signed: &Signed,
        changes: &Changes,
        back_to: &str,
        client: &Client,
    ) -> Result<AuthUser, Refusal> {
        if changes.phone.as_deref().is_some_and(|phone| !phone.is_empty()) {
            return Err(Refusal::bad("phone_provider_disabled", "Phone logins are disabled"));
        }
        let user = &signed.user;
        may_change(signed, changes)?;
        let wanted = changes.email.as_deref().map(email).transpose()?;
        let wanted = wanted.filter(|wanted| Some(wanted) != user.email.as_ref());
        let data = said(changes.data.as_ref())?;
        let digest = match &changes.password {
            Some(password) => Some(self.new_password(signed, password, changes).await?),
            None => None,
        };
        if let Some(wanted) = &wanted {
            self.may_want(user, wanted, client).await?;
        }
        let session = signed.session.id;
        let done = self.write_for(signed, async |tx, now| {
            if let Err(refusal) = may_change(&now, changes) {
                return Ok(Err(refusal));
            }
            // What was checked was checked against this password.
            if digest.is_some() && now.user.encrypted_password != user.encrypted_password {
                return Ok(Err(Refusal::bad("conflict", "The password was changed meanwhile")));
            }
            if changes.data.is_some() {
                store::auth::merge_metadata(tx, user.id, &data, &json!({})).await?;
            }
            if let Some(digest) = &digest {
                store::auth::set_password(tx, user.id, digest).await?;
                store::auth::end_others(tx, session, user.id).await?;
                store::auth::drop_all(tx, user.id).await?;
            }
            match &wanted {
                Some(wanted) if self.0.options.auth_autoconfirm => {
                    store::auth::set_email(tx, user.id, wanted).await?;
                }
                Some(wanted) => store::auth::ask_email_change(tx, user.id, wanted).await?,
                None => {}
            }
            let person = store::auth::by_id(tx, user.id).await?;
            Ok(person.ok_or_else(|| {
                Refusal::forbidden("user_not_found", "User from sub claim in JWT does not exist")
            }))
        });
        let person = done.await?;
        self.0.sessions.forget(user.id);
        if let Some(wanted) = wanted.filter(|_| !self.0.options.auth_autoconfirm) {
            self.tell_email_change(&person, wanted, back_to, client)?;
        }
        Ok(person)
    }

    /// Asks both mailboxes whether they agree, in mails that leave by themselves.
    fn tell_email_change(
        &self,
        person: &AuthUser,
        wanted: String,
        back_to: &str,
        client: &Client,
    ) -> Result<(), Refusal> {
        let (auth, user, back_to) = (self.clone(), person.clone(), back_to.to_owned());
        let language = language_of_user(&user, client.language);
        self.0
            .post
            .later(async move { auth.mail_email_change(&user, &wanted, &back_to, language).await })
    }

    /// The digest of an acceptable new password. Whoever found an open session does not choose one:
    /// it takes the password until now, or a proof of minutes ago.
    async fn new_password(
        &self,
        signed: &Signed,
        password: &str,
        changes: &Changes,
    ) -> Result<String, Refusal> {
        let user = &signed.user;
        if changes.current_password.is_none() && !self.proved_lately(signed) {
            let text = "Password update requires reauthentication";
            return Err(Refusal::bad("reauthentication_needed", text));
        }
        let words =
            known_words(user.email.as_deref().unwrap_or_default(), &user.raw_user_meta_data);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        acceptable(password, &words, &self.0.options)?;
        let kept = user.encrypted_password.as_deref();
        if let Some(current) = &changes.current_password {
            self.right_password(user, current).await?;
        }
        if kept.is_some_and(|kept| !kept.is_empty())
            && self.0.hashing.check(password, kept).await? != Checked::Wrong
        {
            let text = "New password should be different from the old password.";
            return Err(Refusal::unprocessable("same_password", text));
        }
        self.0.hashing.digest(password).await
    }

    /// Refuses a password that is not the one until now. Guesses count as those at the door do.
    async fn right_password(&self, user: &AuthUser, current: &str) -> Result<(), Refusal> {
        let account = user.email.clone().unwrap_or_default();
        let taken = self.0.limits.account.take(&account, self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        let kept = user.encrypted_password.as_deref();
        if self.0.hashing.check(current, kept).await? == Checked::Wrong {
            return Err(Refusal::bad("invalid_credentials", "Current password is wrong"));
        }
        self.0.limits.account.give_back(&account);
        Ok(())
    }

    /// Whether another address may be asked for: so many mails for a client, for an account and for
    /// an address, known or not. Whether it is somebody's is told to its mailbox alone.
    async fn may_want(
        &self,
        user: &AuthUser,
        wanted: &str,
        client: &Client,
    ) -> Result<(), Refusal> {
        let taken = self.0.limits.mail.take(&client.origin, self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        self.may_mail(user.email.as_deref().unwrap_or_default())?;
        self.may_mail(wanted)?;
        if self.0.options.auth_autoconfirm { self.may_take(wanted).await } else { Ok(()) }
    }

    /// Whether an address is free.
    pub async fn may_take(&self, email: &str) -> Result<(), Refusal> {
        let found = self.0.store.as_auth(async |tx| store::auth::by_email(tx, email).await);
        if found.await?.is_some() {
            let text = "A user with this email address has already been registered";
            return Err(Refusal::unprocessable("email_exists", text));
        }
        Ok(())
    }

    /// Asks both addresses, the one that is wanted and the one that is left, unless they agreed. One
    /// that is somebody's already is told so, and nothing that would agree.
    pub async fn mail_email_change(
        &self,
        user: &AuthUser,
        wanted: &str,
        back_to: &str,
        language: domain::contract::Language,
    ) -> Result<(), Refusal> {
        let open = |side: Side| user.email_change_confirm_status != i64::from(side.number());
        let left = user.email.as_deref().filter(|left| !left.is_empty());
        if let Some(left) = left.filter(|_| open(Side::Current)) {
            let purpose = Purpose::EmailChangeCurrent;
            self.mail_token(user.id, purpose, left, back_to, language, None).await?;
        }
        let found = self.0.store.as_auth(async |tx| store::auth::by_email(tx, wanted).await);
        if found.await?.is_some() {
            return self.tell_taken(wanted, language).await;
        }
        if open(Side::New) {
            let purpose = Purpose::EmailChangeNew;
            self.mail_token(user.id, purpose, wanted, back_to, language, None).await?;
        }
        Ok(())
    }
}
