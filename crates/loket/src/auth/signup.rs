//! `POST /signup`: a new account. Somebody who has one already gets the same answer, after the
//! same work.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use store::UserId;
use store::auth::{AuthUser, NewUser};

use super::Auth;
use super::addresses::email;
use super::links::{Purpose, language_of};
use super::ownership::SignUp;
use super::passwords::acceptable;
use super::refusal::Refusal;
use super::tokens::user_answer;
use super::wire::{Body, Client};

/// Where a mail's link leads back to.
#[derive(Debug, Default, Deserialize)]
pub struct Back {
    /// As asked for; used when it is ours or allowed.
    #[serde(default)]
    pub redirect_to: Option<String>,
}

/// What a sign-up says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// The address.
    #[serde(default)]
    pub email: Option<String>,
    /// The password.
    #[serde(default)]
    pub password: Option<String>,
    /// What they say about themselves.
    #[serde(default)]
    pub data: Option<Value>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default, rename = "gotrue_meta_security")]
    _security: Value,
    #[serde(default, rename = "code_challenge")]
    _challenge: Value,
    #[serde(default, rename = "code_challenge_method")]
    _method: Value,
    #[serde(default, rename = "channel")]
    _channel: Value,
}

impl NewAccount {
    /// From a page.
    pub fn of(email: &str, password: &str, data: Value) -> Self {
        let (email, password) = (Some(email.to_owned()), Some(password.to_owned()));
        Self { email, password, data: Some(data), ..Self::default() }
    }
}

/// What became of a sign-up.
#[derive(Debug)]
pub enum SignedUp {
    /// A mail is on its way, if the address was free. The person as if it were, and what the
    /// browser keeps to be known again by: see `ownership`.
    Mailed(Box<AuthUser>, String),
    /// Without a mail, as set: the account is there.
    Made(UserId),
}

/// The handler.
pub async fn sign_up(
    State(auth): State<Auth>,
    client: Client,
    Query(back): Query<Back>,
    Body(new): Body<NewAccount>,
) -> Result<Json<Value>, Refusal> {
    match auth.sign_up(&client, &new, back.redirect_to.as_deref()).await? {
        SignedUp::Mailed(person, _) => Ok(Json(user_answer(&person))),
        SignedUp::Made(user) => {
            let opened = auth.open_session(user, "password", &client).await?;
            Ok(Json(auth.session_answer(&opened)?))
        }
    }
}

impl Auth {
    /// Signs somebody up and mails them.
    pub async fn sign_up(
        &self,
        client: &Client,
        new: &NewAccount,
        back_to: Option<&str>,
    ) -> Result<SignedUp, Refusal> {
        if self.0.options.auth_disable_signup {
            let text = "Signups not allowed for this instance";
            return Err(Refusal::unprocessable("signup_disabled", text));
        }
        let typed = new.email.as_deref().unwrap_or_default();
        if typed.is_empty() {
            return Err(match new.phone.as_deref().unwrap_or_default() {
                "" => Refusal::unprocessable(
                    "anonymous_provider_disabled",
                    "Anonymous sign-ins are disabled",
                ),
                _ => Refusal::bad("phone_provider_disabled", "Phone signups are disabled"),
            });
        }
        let password = new.password.as_deref().unwrap_or_default();
        if password.is_empty() {
            return Err(Refusal::invalid("Signup requires a valid password"));
        }
        let email = email(typed)?;
        let data = said(new.data.as_ref())?;
        let words = known_words(&email, &data);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        acceptable(password, &words, &self.0.options)?;
        let taken = self.0.limits.sign_up.take(&client.origin, self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        let digest = self.0.hashing.digest(password).await?;
        let person = new_person(&email, Some(digest), self.0.options.auth_autoconfirm, data);
        // Whoever may not be mailed changes nothing: an earlier sign-up goes on as it was.
        if !self.0.options.auth_autoconfirm {
            self.may_mail(&email)?;
        }
        let user = self.begin_account(&person).await?;
        if self.0.options.auth_autoconfirm {
            return user.map(SignedUp::Made).ok_or_else(|| {
                Refusal::unprocessable("user_already_exists", "User already registered")
            });
        }
        let back_to = self.0.site.back_to(back_to);
        let language = language_of(&person.user_meta_data, client.language);
        let shown = self.as_if_new(&person);
        let digest = person.encrypted_password.as_deref().unwrap_or_default();
        let mark = self.0.secrets.sign_up_mark(&email, digest);
        let from = SignUp { from: client.origin, digest: digest.to_owned() };
        let auth = self.clone();
        self.0.post.later(async move {
            let Some(user) = user else { return Ok(()) };
            let from = Some(&from);
            auth.mail_token(user, Purpose::Signup, &email, &back_to, language, from).await
        })?;
        Ok(SignedUp::Mailed(Box::new(shown), mark))
    }

    /// Makes the account, or begins it anew where its address was never proved; `None` when it
    /// is somebody's.
    async fn begin_account(&self, new: &NewUser) -> Result<Option<UserId>, Refusal> {
        let begun = self.0.store.as_auth(async |tx| {
            if store::auth::insert(tx, new).await? {
                return Ok(Some(new.id));
            }
            let Some(there) = store::auth::by_email(tx, &new.email).await? else {
                return Ok(None);
            };
            if there.email_confirmed_at.is_some() || new.confirmed {
                return Ok(None);
            }
            let digest = new.encrypted_password.as_deref().unwrap_or_default();
            let restarted =
                store::auth::restart_sign_up(tx, there.id, digest, &new.user_meta_data).await?;
            Ok(restarted.then_some(there.id))
        });
        Ok(begun.await?)
    }

    /// The person a sign-up would have made: shown whether it did or not.
    fn as_if_new(&self, new: &NewUser) -> AuthUser {
        let now = self.now();
        let identity = json!([{
            "identity_id": uuid::Uuid::now_v7(),
            "id": new.id,
            "user_id": new.id,
            "identity_data": {
                "email": new.email, "email_verified": false, "phone_verified": false, "sub": new.id,
            },
            "provider": "email",
            "last_sign_in_at": now,
            "created_at": now,
            "updated_at": now,
            "email": new.email,
        }]);
        AuthUser {
            id: new.id,
            role: "authenticated".to_owned(),
            email: Some(new.email.clone()),
            encrypted_password: None,
            email_confirmed_at: None,
            invited_at: None,
            confirmation_sent_at: Some(now),
            recovery_sent_at: None,
            email_change: String::new(),
            email_change_sent_at: None,
            email_change_confirm_status: 0,
            last_sign_in_at: None,
            banned_until: None,
            suspended: false,
            created_at: now,
            updated_at: now,
            raw_app_meta_data: json!({ "provider": "email", "providers": ["email"] }),
            raw_user_meta_data: new.user_meta_data.clone(),
            identities: identity,
            factors: json!([]),
        }
    }
}

/// Somebody who is about to be made.
pub fn new_person(email: &str, digest: Option<String>, confirmed: bool, said: Value) -> NewUser {
    NewUser {
        id: UserId::new(),
        email: email.to_owned(),
        encrypted_password: digest,
        confirmed,
        invited: false,
        banned_until: None,
        app_meta_data: json!({}),
        user_meta_data: said,
    }
}

/// What somebody says about themselves is an object of bounded size.
pub fn said(data: Option<&Value>) -> Result<Value, Refusal> {
    match data {
        None | Some(Value::Null) => Ok(json!({})),
        Some(data @ Value::Object(_)) if data.to_string().len() <= 16_384 => Ok(data.clone()),
        Some(Value::Object(_)) => Err(Refusal::invalid("User metadata is too large")),
        Some(_) => Err(Refusal::invalid("User metadata must be an object")),
    }
}

/// What an attacker would try first: the address, and what somebody told about themselves.
pub fn known_words(email: &str, said: &Value) -> Vec<String> {
    let mut words = vec![email.to_owned()];
    if let Some(fields) = said.as_object() {
        words.extend(fields.values().filter_map(Value::as_str).map(str::to_owned));
    }
    words
}
