//! `/admin/users`: list, make, change, remove.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use store::UserId;
use store::auth::AuthUser;
use uuid::Uuid;

use super::super::Auth;
use super::super::addresses::email;
use super::super::passwords::acceptable;
use super::super::refusal::Refusal;
use super::super::signup::{new_person, said};
use super::super::tokens::user_answer;
use super::super::wire::{Admin, Body};

/// People on a page when nothing is asked for, and at most.
const PAGE: i64 = 50;
const MAX_PAGE: i64 = 1000;

/// Which page.
#[derive(Debug, Deserialize)]
pub struct Pages {
    #[serde(default)]
    page: Option<i64>,
    #[serde(default)]
    per_page: Option<i64>,
}

/// What may be set about somebody.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    password_hash: Option<String>,
    #[serde(default)]
    email_confirm: Option<bool>,
    #[serde(default)]
    user_metadata: Option<Value>,
    #[serde(default)]
    app_metadata: Option<Value>,
    #[serde(default)]
    ban_duration: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default, rename = "phone_confirm")]
    _phone_confirm: Value,
    #[serde(default, rename = "nonce")]
    _nonce: Value,
    #[serde(default, rename = "aud")]
    _aud: Value,
}

/// How somebody is removed.
#[derive(Debug, Default, Deserialize)]
pub struct Removal {
    #[serde(default)]
    should_soft_delete: bool,
}

/// `GET /admin/users`.
pub async fn list(
    State(auth): State<Auth>,
    _: Admin,
    Query(pages): Query<Pages>,
) -> Result<(HeaderMap, Json<Value>), Refusal> {
    let per_page = pages.per_page.filter(|size| *size > 0).unwrap_or(PAGE).min(MAX_PAGE);
    let page = pages.page.filter(|page| (1..=1_000_000).contains(page)).unwrap_or(1);
    let read = auth.0.store.as_auth(async |tx| {
        let people = store::auth::page(tx, (page - 1) * per_page, per_page).await?;
        Ok((people, store::auth::count(tx).await?))
    });
    let (people, count) = read.await?;
    let last = ((count + per_page - 1) / per_page).max(1);
    let link = |page: i64, rel: &str| {
        format!("</auth/v1/admin/users?page={page}&per_page={per_page}>; rel=\"{rel}\"")
    };
    let mut links = Vec::new();
    if page < last {
        links.push(link(page + 1, "next"));
    }
    links.push(link(last, "last"));
    let mut headers = HeaderMap::new();
    headers.insert("x-total-count", HeaderValue::from(count));
    if let Ok(value) = HeaderValue::from_str(&links.join(", ")) {
        headers.insert("link", value);
    }
    let people: Vec<Value> = people.iter().map(user_answer).collect();
    Ok((headers, Json(json!({ "users": people, "aud": "authenticated" }))))
}

/// `POST /admin/users`.
pub async fn create(
    State(auth): State<Auth>,
    _: Admin,
    Body(wanted): Body<Attributes>,
) -> Result<Json<Value>, Refusal> {
    check(&wanted)?;
    let Some(typed) = wanted.email.as_deref().filter(|typed| !typed.is_empty()) else {
        return Err(Refusal::invalid("Cannot create a user without either an email or phone"));
    };
    let email = email(typed)?;
    let digest = auth.digest_of(&wanted, &email).await?;
    let confirmed = wanted.email_confirm.unwrap_or(auth.0.options.auth_autoconfirm);
    let mut new = new_person(&email, digest, confirmed, said(wanted.user_metadata.as_ref())?);
    new.app_meta_data = said(wanted.app_metadata.as_ref())?;
    new.banned_until = banned_until(wanted.ban_duration.as_deref(), auth.now())?.until();
    if let Some(id) = wanted.id {
        new.id = UserId(id);
    }
    let made = auth.0.store.as_auth(async |tx| {
        if store::auth::insert(tx, &new).await? {
            store::auth::by_id(tx, new.id).await
        } else {
            Ok(None)
        }
    });
    let made = made.await?.ok_or_else(|| {
        let text = "A user with this email address has already been registered";
        Refusal::unprocessable("email_exists", text)
    })?;
    Ok(Json(user_answer(&made)))
}

/// `GET /admin/users/{id}`.
pub async fn show(
    State(auth): State<Auth>,
    _: Admin,
    Path(user): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(user_answer(&auth.person(&user).await?)))
}

/// `PUT /admin/users/{id}`. A new password or a ban ends every session.
pub async fn change(
    State(auth): State<Auth>,
    _: Admin,
    Path(user): Path<String>,
    Body(wanted): Body<Attributes>,
) -> Result<Json<Value>, Refusal> {
    check(&wanted)?;
    let person = auth.person(&user).await?;
    let address = wanted.email.as_deref().map(email).transpose()?;
    let address = address.filter(|address| Some(address) != person.email.as_ref());
    if let Some(address) = &address {
        auth.may_take(address).await?;
    }
    let known = address.as_deref().or(person.email.as_deref()).unwrap_or_default();
    let digest = auth.digest_of(&wanted, known).await?;
    let said_user = said(wanted.user_metadata.as_ref())?;
    let said_app = said(wanted.app_metadata.as_ref())?;
    let ban = banned_until(wanted.ban_duration.as_deref(), auth.now())?;
    let changed = auth.0.store.as_auth(async |tx| {
        store::auth::merge_metadata(tx, person.id, &said_user, &said_app).await?;
        if let Some(address) = &address {
            store::auth::set_email(tx, person.id, address).await?;
        }
        if wanted.email_confirm == Some(true) {
            store::auth::confirm(tx, &person, false).await?;
        }
        if let Some(digest) = &digest {
            store::auth::set_password(tx, person.id, digest).await?;
        }
        if ban != Ban::Kept {
            store::auth::ban(tx, person.id, ban.until()).await?;
        }
        if digest.is_some() || ban.until().is_some() {
            store::auth::end_all(tx, person.id).await?;
        }
        store::auth::by_id(tx, person.id).await
    });
    let changed = changed.await?.ok_or_else(nobody)?;
    auth.0.sessions.forget(changed.id);
    Ok(Json(user_answer(&changed)))
}

/// `DELETE /admin/users/{id}`.
pub async fn remove(
    State(auth): State<Auth>,
    _: Admin,
    Path(user): Path<String>,
    Body(removal): Body<Removal>,
) -> Result<Json<Value>, Refusal> {
    let person = auth.person(&user).await?;
    let removed = auth.0.store.as_auth(async |tx| {
        if removal.should_soft_delete {
            store::auth::soft_delete(tx, person.id).await
        } else {
            store::auth::delete(tx, person.id).await.map(drop)
        }
    });
    removed.await?;
    auth.0.sessions.forget(person.id);
    Ok(Json(json!({})))
}

/// `GET /admin/users/{id}/factors`.
pub async fn factors(
    State(auth): State<Auth>,
    _: Admin,
    Path(user): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(auth.person(&user).await?.factors))
}

/// `DELETE /admin/users/{id}/factors/{factor}`: for whoever lost their telephone.
pub async fn remove_factor(
    State(auth): State<Auth>,
    _: Admin,
    Path((user, factor)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let person = auth.person(&user).await?;
    let absent = || Refusal::absent("mfa_factor_not_found", "MFA factor with that ID not found");
    let factor: Uuid = factor.parse().map_err(|_| absent())?;
    let removed =
        auth.0.store.as_auth(async |tx| store::auth::delete_factor(tx, factor, person.id).await);
    removed.await?;
    auth.0.sessions.forget(person.id);
    Ok(Json(json!({ "id": factor })))
}

fn nobody() -> Refusal {
    Refusal::absent("user_not_found", "User not found")
}

fn check(wanted: &Attributes) -> Result<(), Refusal> {
    if wanted.phone.as_deref().is_some_and(|phone| !phone.is_empty()) {
        return Err(Refusal::bad("phone_provider_disabled", "Phone logins are disabled"));
    }
    let role = wanted.role.as_deref().unwrap_or_default();
    if !matches!(role, "" | "authenticated") {
        return Err(Refusal::unprocessable("validation_failed", "A user's role is authenticated"));
    }
    Ok(())
}

/// What is asked about a ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ban {
    /// Nothing.
    Kept,
    /// They may sign in again.
    Lifted,
    /// They may not until then.
    Until(Timestamp),
}

impl Ban {
    fn until(self) -> Option<Timestamp> {
        match self {
            Self::Until(moment) => Some(moment),
            Self::Kept | Self::Lifted => None,
        }
    }
}

/// `none` lifts a ban; else a number of hours, minutes or seconds, as `24h`.
fn banned_until(asked: Option<&str>, now: Timestamp) -> Result<Ban, Refusal> {
    let wrong = || Refusal::invalid("invalid format for ban duration, use e.g. 24h, 30m or none");
    let asked = match asked {
        None | Some("") => return Ok(Ban::Kept),
        Some("none") => return Ok(Ban::Lifted),
        Some(asked) => asked,
    };
    let seconds = [('h', 3600), ('m', 60), ('s', 1)].into_iter().find_map(|(unit, seconds)| {
        let number: i64 = asked.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds).filter(|seconds| *seconds > 0)
    });
    // More than a hundred years is for good.
    let seconds = seconds.ok_or_else(wrong)?.min(3_155_760_000);
    let until = now.checked_add(SignedDuration::from_secs(seconds)).map_err(|_| wrong())?;
    Ok(Ban::Until(until))
}

impl Auth {
    async fn person(&self, user: &str) -> Result<AuthUser, Refusal> {
        let wrong = |_| Refusal::absent("validation_failed", "user_id must be an UUID");
        let user: UserId = user.parse().map_err(wrong)?;
        let found = self.0.store.as_auth(async |tx| store::auth::by_id(tx, user).await);
        found.await?.ok_or_else(nobody)
    }

    /// The digest of a given password, or one that was made elsewhere.
    async fn digest_of(&self, wanted: &Attributes, email: &str) -> Result<Option<String>, Refusal> {
        match (&wanted.password, &wanted.password_hash) {
            (Some(_), Some(_)) => {
                Err(Refusal::invalid("Only a password or a password hash should be provided"))
            }
            (Some(password), None) if !password.is_empty() => {
                acceptable(password, &[email], &self.0.options)?;
                self.0.hashing.digest(password).await.map(Some)
            }
            (None, Some(hash)) => {
                let known = ["$2a$", "$2b$", "$2y$", "$argon2i$", "$argon2id$"];
                if known.iter().any(|start| hash.starts_with(start)) && hash.len() < 512 {
                    Ok(Some(hash.clone()))
                } else {
                    Err(Refusal::invalid("Invalid password hash, use bcrypt or argon2"))
                }
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_are_hours_minutes_or_seconds() {
        let now = Timestamp::from_second(1000).unwrap();
        let asked = |asked| banned_until(Some(asked), now);
        let tomorrow = Timestamp::from_second(1000 + 86_400).unwrap();
        assert_eq!(asked("24h"), Ok(Ban::Until(tomorrow)));
        assert_eq!(asked("none"), Ok(Ban::Lifted));
        assert_eq!(banned_until(None, now), Ok(Ban::Kept));
        for wrong in ["1d", "-1h", "h", "x", "0s"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
        assert!(matches!(asked("999999999999h"), Ok(Ban::Until(_))));
    }
}
