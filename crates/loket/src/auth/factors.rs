//! `/factors`: time-based codes (RFC 6238) as a second factor. A code works once.

use axum::Json;
use axum::extract::{Path, State};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use serde_json::{Value, json};
use store::auth::Factor;
use totp_rs::{Algorithm, Builder};
use uuid::Uuid;

use super::Auth;
use super::addresses::escaped;
use super::pages::{NewFactor, on_a_page};
use super::refusal::Refusal;
use super::secrets::{base32, from_base32};
use super::tokens::Opened;
use super::wire::{Body, Client, Signed};

/// Factors one person may have.
const MAX_FACTORS: usize = 10;

/// A factor to be added.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    factor_type: String,
    #[serde(default)]
    friendly_name: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
}

impl Wanted {
    /// A time-based one with this name.
    pub fn totp(name: &str) -> Self {
        let friendly_name = Some(name.to_owned());
        Self { factor_type: "totp".to_owned(), friendly_name, issuer: Some("Loket".to_owned()) }
    }
}

/// A code for a challenge.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    #[serde(default)]
    challenge_id: Option<Uuid>,
    #[serde(default)]
    code: String,
}

/// `POST /factors`.
pub async fn enroll(
    State(auth): State<Auth>,
    signed: Signed,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let off = |name: &str, code| {
        Err(Refusal::unprocessable(code, format!("MFA enroll is disabled for {name}")))
    };
    match wanted.factor_type.as_str() {
        "totp" => {}
        "phone" => return off("Phone", "mfa_phone_enroll_not_enabled"),
        "webauthn" => return off("WebAuthn", "mfa_webauthn_enroll_not_enabled"),
        _ => {
            let text = "factor_type needs to be totp, phone, or webauthn";
            return Err(Refusal::invalid(text));
        }
    }
    let name = wanted.friendly_name.as_deref().unwrap_or_default().trim();
    let issuer = wanted.issuer.as_deref().map(str::trim).filter(|issuer| !issuer.is_empty());
    let issuer = issuer.unwrap_or(&auth.0.site.host);
    if name.chars().count() > 100 || issuer.chars().count() > 100 {
        return Err(Refusal::invalid("friendly_name and issuer are at most 100 characters"));
    }
    let factor = Uuid::now_v7();
    let inserted = auth.write_for(&signed, async |tx, signed| {
        if let Err(refusal) = may_add(&signed, name) {
            return Ok(Err(refusal));
        }
        store::auth::insert_factor(tx, factor, signed.user.id, name).await.map(Ok)
    });
    inserted.await?;
    let Shown { drawn, secret, uri } = auth.shown(&signed, factor, issuer)?;
    Ok(Json(json!({
        "id": factor,
        "type": "totp",
        "friendly_name": name,
        "totp": { "qr_code": drawn, "secret": secret, "uri": uri },
    })))
}

/// A factor's secret as people take it over.
struct Shown {
    /// For a camera (SVG).
    drawn: String,
    /// To be typed.
    secret: String,
    /// For a program.
    uri: String,
}

fn may_add(signed: &Signed, name: &str) -> Result<(), Refusal> {
    let factors = signed.user.factors.as_array().map(Vec::as_slice).unwrap_or_default();
    let same = |factor: &Value| factor["friendly_name"].as_str().is_some_and(|had| had == name);
    if !name.is_empty() && factors.iter().any(same) {
        return Err(name_conflict(name));
    }
    if factors.len() >= MAX_FACTORS {
        let text = "Maximum number of verified factors reached, unenroll to continue";
        return Err(Refusal::unprocessable("too_many_enrolled_mfa_factors", text));
    }
    if signed.has_verified_factor() && !signed.is_second_level() {
        return Err(insufficient_level());
    }
    Ok(())
}

/// Who has a factor adds another one only after proving it.
fn insufficient_level() -> Refusal {
    Refusal::forbidden("insufficient_aal", "AAL2 required to enroll a new factor")
}

fn name_conflict(name: &str) -> Refusal {
    let text = format!("A factor with the friendly name {name:?} for this user already exists");
    Refusal::unprocessable("mfa_factor_name_conflict", text)
}

fn no_factor() -> Refusal {
    Refusal::absent("mfa_factor_not_found", "MFA factor with that ID not found")
}

/// `POST /factors/{id}/challenge`.
pub async fn challenge(
    State(auth): State<Auth>,
    client: Client,
    signed: Signed,
    Path(factor): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let factor: Uuid = factor.parse().map_err(|_| no_factor())?;
    let (id, ip) = (Uuid::now_v7(), client.address.to_string());
    let expires_at = auth.put_challenge(&signed, id, factor, &ip).await?;
    Ok(Json(json!({ "id": id, "type": "totp", "expires_at": expires_at })))
}

/// What an answer turned out to be.
enum Outcome {
    NoFactor,
    NoChallenge,
    Expired,
    OtherAddress,
    Wrong,
    Weak,
    Right(Box<Opened>),
}

/// `POST /factors/{id}/verify`: a session of the second level.
pub async fn verify(
    State(auth): State<Auth>,
    client: Client,
    signed: Signed,
    Path(factor): Path<String>,
    Body(answer): Body<Answer>,
) -> Result<Json<Value>, Refusal> {
    let factor: Uuid = factor.parse().map_err(|_| no_factor())?;
    let taken = auth.0.limits.code.take(&factor.to_string(), auth.now());
    taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
    let absent = || {
        Refusal::absent(
            "mfa_factor_not_found",
            "MFA factor with the provided challenge ID not found",
        )
    };
    let challenge = answer.challenge_id.ok_or_else(absent)?;
    match auth.prove(&signed, factor, challenge, &answer.code, &client).await? {
        Outcome::NoFactor => Err(no_factor()),
        Outcome::NoChallenge => Err(absent()),
        Outcome::Expired => {
            let text = format!(
                "MFA challenge {challenge} has expired, verify against another challenge or create a new challenge."
            );
            Err(Refusal::unprocessable("mfa_challenge_expired", text))
        }
        Outcome::OtherAddress => {
            let text = "Challenge and verify IP addresses mismatch.";
            Err(Refusal::unprocessable("mfa_ip_address_mismatch", text))
        }
        Outcome::Wrong => {
            let text = "Invalid TOTP code entered";
            Err(Refusal::unprocessable("mfa_verification_failed", text))
        }
        Outcome::Weak => Err(insufficient_level()),
        Outcome::Right(opened) => {
            auth.0.sessions.forget(signed.user.id);
            Ok(Json(auth.session_answer(&opened)?))
        }
    }
}

/// `DELETE /factors/{id}`.
pub async fn unenroll(
    State(auth): State<Auth>,
    signed: Signed,
    Path(factor): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let factor: Uuid = factor.parse().map_err(|_| no_factor())?;
    let user = signed.user.id;
    let removed = auth.write_for(&signed, async |tx, signed| {
        let Some(found) = store::auth::factor(tx, factor, user).await? else {
            return Ok(Err(no_factor()));
        };
        if found.status == "verified" && !signed.is_second_level() {
            let text = "AAL2 required to unenroll verified factor";
            return Ok(Err(Refusal::unprocessable("insufficient_aal", text)));
        }
        store::auth::delete_factor(tx, factor, user).await.map(Ok)
    });
    removed.await?;
    auth.0.sessions.forget(user);
    Ok(Json(json!({ "id": factor })))
}

impl Auth {
    fn shown(&self, signed: &Signed, factor: Uuid, issuer: &str) -> Result<Shown, Refusal> {
        let secret = base32(&self.0.secrets.factor_secret(factor));
        let account = signed.user.email.as_deref().unwrap_or_default();
        let (issuer, account) = (escaped(issuer), escaped(account));
        let uri = format!(
            "otpauth://totp/{issuer}:{account}?algorithm=SHA1&digits=6&issuer={issuer}&period=30&secret={secret}"
        );
        let code = QrCode::new(uri.as_bytes()).map_err(|error| Refusal::defect(&error))?;
        let drawn = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
        Ok(Shown { drawn, secret, uri })
    }

    /// Puts a question to a factor of theirs; says when it expires, in seconds since 1970.
    async fn put_challenge(
        &self,
        signed: &Signed,
        id: Uuid,
        factor: Uuid,
        ip: &str,
    ) -> Result<i64, Refusal> {
        let put = self.write_for(signed, async |tx, signed| {
            if store::auth::factor(tx, factor, signed.user.id).await?.is_none() {
                return Ok(Err(no_factor()));
            }
            store::auth::insert_challenge(tx, id, factor, ip).await.map(Ok)
        });
        put.await
    }

    /// A factor of theirs that was begun and never proved, once more; `None` when there is no
    /// such factor, and never one that was proved: its secret is out of reach for good.
    pub fn begun_factor(
        &self,
        signed: &Signed,
        factor: Uuid,
    ) -> Result<Option<NewFactor>, Refusal> {
        let factors = signed.user.factors.as_array().map(Vec::as_slice).unwrap_or_default();
        let id = factor.to_string();
        let begun = factors.iter().any(|it| {
            it["id"].as_str() == Some(id.as_str()) && it["status"].as_str() == Some("unverified")
        });
        if !begun {
            return Ok(None);
        }
        let Shown { drawn, secret, .. } = self.shown(signed, factor, "Loket")?;
        Ok(Some(NewFactor { id: factor, drawing: on_a_page(&drawn), secret }))
    }

    /// A code typed on a page: challenge and answer at once. The session goes on at level 2.
    pub async fn prove_on_page(
        &self,
        signed: &Signed,
        factor: Uuid,
        code: &str,
        client: &Client,
    ) -> Result<Opened, Refusal> {
        let taken = self.0.limits.code.take(&factor.to_string(), self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        let (challenge, ip, user) = (Uuid::now_v7(), client.address.to_string(), signed.user.id);
        self.put_challenge(signed, challenge, factor, &ip).await?;
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        match self.prove(signed, factor, challenge, &code, client).await? {
            Outcome::Right(opened) => {
                self.0.sessions.forget(user);
                Ok(*opened)
            }
            _ => {
                Err(Refusal::unprocessable("mfa_verification_failed", "Invalid TOTP code entered"))
            }
        }
    }

    /// Looks at a code. Everything that follows from a right one happens together with spending
    /// it; a wrong one changes nothing.
    async fn prove(
        &self,
        signed: &Signed,
        factor: Uuid,
        challenge: Uuid,
        code: &str,
        client: &Client,
    ) -> Result<Outcome, Refusal> {
        let (user, session) = (signed.user.id, signed.session.id);
        let ip = client.address.to_string();
        let now = u64::try_from(self.now().as_second()).unwrap_or_default();
        let done = self.write_for(signed, async |tx, signed| {
            let Some(factor) = store::auth::factor(tx, factor, user).await? else {
                return Ok(Ok(Outcome::NoFactor));
            };
            // A factor that was begun before another one was proved does not stand in for it.
            let proved = factor.status == "verified" || signed.is_second_level();
            if signed.has_verified_factor() && !proved {
                return Ok(Ok(Outcome::Weak));
            }
            match store::auth::challenge(tx, challenge, factor.id).await? {
                None => return Ok(Ok(Outcome::NoChallenge)),
                Some(put) if put.used || put.expired => return Ok(Ok(Outcome::Expired)),
                Some(put) if put.ip_address != ip => return Ok(Ok(Outcome::OtherAddress)),
                Some(_) => {}
            }
            let Some(step) = self.step_of(&factor, code, now) else {
                return Ok(Ok(Outcome::Wrong));
            };
            if !store::auth::use_challenge(tx, challenge, factor.id, step).await? {
                return Ok(Ok(Outcome::Wrong));
            }
            store::auth::verify_factor(tx, factor.id, user).await?;
            store::auth::raise_session(tx, session, factor.id).await?;
            store::auth::end_weaker(tx, session, user).await?;
            let person = store::auth::by_id(tx, user).await?;
            let raised = store::auth::find(tx, session, user).await?;
            let gone = store::Error::Absent { what: "session", id: session };
            let (user, session) = person.zip(raised).ok_or(gone)?;
            Ok(Ok(Outcome::Right(Box::new(Opened { user, session }))))
        });
        done.await
    }

    /// The time step whose code this is: the one that runs, the one before, or the next, for
    /// clocks that are a little off.
    fn step_of(&self, factor: &Factor, code: &str, now: u64) -> Option<u64> {
        let secret = match &factor.secret {
            Some(imported) => from_base32(imported)?,
            None => self.0.secrets.factor_secret(factor.id),
        };
        let code = code.trim();
        if factor.factor_type != "totp" || code.len() != 6 {
            return None;
        }
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(30)
            .with_secret(secret.as_slice())
            .build_noncompliant();
        totp.check(code, now)
    }
}
