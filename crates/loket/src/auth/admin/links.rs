//! `/invite` and `/admin/generate_link`: letting somebody in by mail, or by a link that the
//! platform hands over itself.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use store::auth::{AuthUser, NewUser};

use super::super::Auth;
use super::super::addresses::email;
use super::super::links::{Purpose, language_of_user};
use super::super::passwords::acceptable;
use super::super::refusal::Refusal;
use super::super::signup::{Back, new_person, said};
use super::super::tokens::user_answer;
use super::super::wire::{Admin, Body, Client};

/// Whom to invite.
#[derive(Debug, Default, Deserialize)]
pub struct Invitation {
    #[serde(default)]
    email: String,
    #[serde(default)]
    data: Option<Value>,
}

/// Which link.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    new_email: Option<String>,
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    redirect_to: Option<String>,
}

/// `POST /invite`.
pub async fn invite(
    State(auth): State<Auth>,
    client: Client,
    _: Admin,
    Query(back): Query<Back>,
    Body(invitation): Body<Invitation>,
) -> Result<Json<Value>, Refusal> {
    let email = email(&invitation.email)?;
    let data = said(invitation.data.as_ref())?;
    let user = auth.invite(&email, data, back.redirect_to.as_deref(), &client).await?;
    Ok(Json(user_answer(&user)))
}

/// `POST /admin/generate_link`.
pub async fn generate(
    State(auth): State<Auth>,
    _: Admin,
    Query(back): Query<Back>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let email = email(&wanted.email)?;
    let (purpose, user) = auth.person_for(&wanted, &email).await?;
    let asked = wanted.redirect_to.as_deref().or(back.redirect_to.as_deref());
    let back_to = auth.0.site.back_to(asked);
    let goes_to = match purpose {
        Purpose::EmailChangeNew => user.email_change.clone(),
        _ => email,
    };
    let made = auth.make_token(user.id, purpose, &goes_to, &back_to, None).await?;
    let mut answer = user_answer(&user);
    if let Value::Object(fields) = &mut answer {
        fields.insert("action_link".to_owned(), json!(made.link));
        fields.insert("email_otp".to_owned(), json!(made.code));
        fields.insert("hashed_token".to_owned(), json!(made.secret));
        fields.insert("redirect_to".to_owned(), json!(back_to));
        fields.insert("verification_type".to_owned(), json!(wanted.kind));
    }
    Ok(Json(answer))
}

fn taken() -> Refusal {
    let text = "A user with this email address has already been registered";
    Refusal::unprocessable("email_exists", text)
}

impl Auth {
    /// Invites somebody by mail; one who is in already is refused.
    pub async fn invite(
        &self,
        email: &str,
        data: Value,
        back_to: Option<&str>,
        client: &Client,
    ) -> Result<AuthUser, Refusal> {
        let mut new = new_person(email, None, false, data);
        new.invited = true;
        let user = self.make_or_find(new).await?;
        if user.email_confirmed_at.is_some() {
            return Err(taken());
        }
        let back_to = self.0.site.back_to(back_to);
        let language = language_of_user(&user, client.language);
        self.mail_token(user.id, Purpose::Invite, email, &back_to, language, None).await?;
        Ok(user)
    }

    async fn make_or_find(&self, new: NewUser) -> Result<AuthUser, Refusal> {
        let found = self.0.store.as_auth(async |tx| {
            store::auth::insert(tx, &new).await?;
            store::auth::by_email(tx, &new.email).await
        });
        found.await?.ok_or_else(taken)
    }

    async fn person_for(
        &self,
        wanted: &Wanted,
        email: &str,
    ) -> Result<(Purpose, AuthUser), Refusal> {
        let data = said(wanted.data.as_ref())?;
        match wanted.kind.as_str() {
            "signup" => {
                let password = wanted.password.as_deref().unwrap_or_default();
                acceptable(password, &[email], &self.0.options)?;
                let digest = self.0.hashing.digest(password).await?;
                let user = self.make_or_find(new_person(email, Some(digest), false, data)).await?;
                match user.email_confirmed_at {
                    Some(_) => Err(taken()),
                    None => Ok((Purpose::Signup, user)),
                }
            }
            "invite" => {
                let mut new = new_person(email, None, false, data);
                new.invited = true;
                let user = self.make_or_find(new).await?;
                match user.email_confirmed_at {
                    Some(_) => Err(taken()),
                    None => Ok((Purpose::Invite, user)),
                }
            }
            "magiclink" => {
                let user = self.make_or_find(new_person(email, None, false, data)).await?;
                Ok((Purpose::MagicLink, user))
            }
            "recovery" => Ok((Purpose::Recovery, self.known(email).await?)),
            "email_change_current" | "email_change_new" => {
                let typed = wanted.new_email.as_deref().unwrap_or_default();
                let new = super::super::addresses::email(typed)?;
                let user = self.known(email).await?;
                self.may_take(&new).await?;
                let asked = self.0.store.as_auth(async |tx| {
                    // Asked for both sides one after the other, both links are good.
                    if user.email_change != new {
                        store::auth::ask_email_change(tx, user.id, &new).await?;
                    }
                    store::auth::by_id(tx, user.id).await
                });
                let user = asked.await?.ok_or_else(taken)?;
                let current = wanted.kind == "email_change_current";
                let purpose =
                    if current { Purpose::EmailChangeCurrent } else { Purpose::EmailChangeNew };
                Ok((purpose, user))
            }
            other => {
                Err(Refusal::invalid(format!("Invalid email action link type requested: {other}")))
            }
        }
    }

    async fn known(&self, email: &str) -> Result<AuthUser, Refusal> {
        let found = self.0.store.as_auth(async |tx| store::auth::by_email(tx, email).await);
        found
            .await?
            .ok_or_else(|| Refusal::absent("user_not_found", "User with this email not found"))
    }
}
