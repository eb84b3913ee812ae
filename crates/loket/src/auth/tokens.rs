//! Access tokens: what they say, and which are believed.

use serde_json::{Map, Value, json};
use store::UserId;
use store::auth::{AuthUser, SessionRow};
use uuid::Uuid;

use super::Auth;
use super::refusal::Refusal;

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// A person in a session.
    Person(UserId, Uuid),
    /// The platform itself: acts as admin towards `/auth/v1`.
    Service,
    /// Nobody in particular.
    Anonymous,
}

/// A person with the session they just opened or went on with.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The person.
    pub user: AuthUser,
    /// The session.
    pub session: SessionRow,
}

impl Auth {
    /// Who is meant by a token. One that is not wholly right stands for nobody.
    pub fn bearer(&self, token: &str) -> Option<Bearer> {
        if self.0.service_key.is(token) {
            return Some(Bearer::Service);
        }
        let claims = self.0.signing.verify(token)?;
        let now = self.now().as_second();
        let moment = |name: &str| claims.get(name).and_then(Value::as_i64);
        if moment("exp")? <= now || moment("nbf").is_some_and(|nbf| nbf > now) {
            return None;
        }
        let audience = claims.get("aud").is_some();
        let issuer = claims.get("iss").is_some();
        if audience && text(&claims, "aud") != Some("authenticated") {
            return None;
        }
        if issuer && text(&claims, "iss") != Some(self.issuer().as_str()) {
            return None;
        }
        match text(&claims, "role")? {
            "authenticated" if audience && issuer => {
                let user: UserId = text(&claims, "sub")?.parse().ok()?;
                let session: Uuid = text(&claims, "session_id")?.parse().ok()?;
                Some(Bearer::Person(user, session))
            }
            "service_role" | "supabase_admin" => Some(Bearer::Service),
            "anon" => Some(Bearer::Anonymous),
            _ => None,
        }
    }

    /// Who signs: the address of this API.
    pub fn issuer(&self) -> String {
        format!("{}/auth/v1", self.0.site.url)
    }

    /// An access token. `slim` leaves out what people say about themselves: it is as long as
    /// they like, and a cookie is not.
    pub fn access_token(&self, opened: &Opened, slim: bool) -> Result<String, Refusal> {
        let Opened { user, session } = opened;
        let issued = self.now().as_second();
        let said = if slim { json!({}) } else { user.raw_user_meta_data.clone() };
        let claims = json!({
            "iss": self.issuer(),
            "sub": user.id,
            "aud": "authenticated",
            "exp": issued + i64::from(self.0.options.auth_token_seconds),
            "iat": issued,
            "email": user.email.as_deref().unwrap_or_default(),
            "phone": "",
            "app_metadata": user.raw_app_meta_data,
            "user_metadata": said,
            "role": "authenticated",
            "aal": session.aal,
            "amr": session.amr,
            "session_id": session.id,
            "is_anonymous": false,
        });
        self.0.signing.sign(&claims).map_err(|error| Refusal::defect(&error))
    }

    /// The refresh token of a session as it stands.
    pub fn refresh_token(&self, opened: &Opened) -> String {
        let counter = opened.session.counter.unwrap_or_default();
        self.0.secrets.refresh_token(opened.session.id, counter)
    }

    /// What a client is given after signing in.
    pub fn session_answer(&self, opened: &Opened) -> Result<Value, Refusal> {
        let seconds = self.0.options.auth_token_seconds;
        Ok(json!({
            "access_token": self.access_token(opened, false)?,
            "token_type": "bearer",
            "expires_in": seconds,
            "expires_at": self.now().as_second() + i64::from(seconds),
            "refresh_token": self.refresh_token(opened),
            "user": user_answer(&opened.user),
        }))
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// A person as clients see them.
pub fn user_answer(user: &AuthUser) -> Value {
    let mut answer = json!({
        "id": user.id,
        "aud": "authenticated",
        "role": user.role,
        "email": user.email.as_deref().unwrap_or_default(),
        "phone": "",
        "app_metadata": user.raw_app_meta_data,
        "user_metadata": user.raw_user_meta_data,
        "identities": user.identities,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "is_anonymous": false,
    });
    if let Value::Object(fields) = &mut answer {
        let moments = [
            ("email_confirmed_at", user.email_confirmed_at),
            ("confirmed_at", user.email_confirmed_at),
            ("invited_at", user.invited_at),
            ("confirmation_sent_at", user.confirmation_sent_at),
            ("recovery_sent_at", user.recovery_sent_at),
            ("last_sign_in_at", user.last_sign_in_at),
            ("banned_until", user.banned_until),
        ];
        for (name, moment) in moments {
            if let Some(moment) = moment {
                fields.insert(name.to_owned(), json!(moment));
            }
        }
        if !user.email_change.is_empty() {
            fields.insert("new_email".to_owned(), json!(user.email_change));
            fields.insert("email_change_sent_at".to_owned(), json!(user.email_change_sent_at));
        }
        if user.factors.as_array().is_some_and(|factors| !factors.is_empty()) {
            fields.insert("factors".to_owned(), user.factors.clone());
        }
    }
    answer
}
