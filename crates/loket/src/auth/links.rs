//! One-time tokens: made, kept as digests, and mailed as a link and a code.

use domain::contract::Language;
use serde_json::Value;
use store::UserId;
use store::auth::{AuthUser, NewToken, TokenKind};

use super::Auth;
use super::addresses::escaped;
use super::ownership::SignUp;
use super::post::{Filling, Occasion, letter};
use super::refusal::Refusal;
use super::secrets::{code, link_digest, link_secret};

/// What a token is for, by the name clients give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new account.
    Signup,
    /// An invitation.
    Invite,
    /// A new password.
    Recovery,
    /// Signing in.
    MagicLink,
    /// The address that is wanted.
    EmailChangeNew,
    /// The address that is left.
    EmailChangeCurrent,
}

impl Purpose {
    /// As it stands in links.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Invite => "invite",
            Self::Recovery => "recovery",
            Self::MagicLink => "magiclink",
            Self::EmailChangeNew | Self::EmailChangeCurrent => "email_change",
        }
    }

    /// As it is kept.
    pub const fn kind(self) -> TokenKind {
        match self {
            Self::Signup | Self::Invite => TokenKind::ConfirmationToken,
            Self::Recovery | Self::MagicLink => TokenKind::RecoveryToken,
            Self::EmailChangeNew => TokenKind::EmailChangeTokenNew,
            Self::EmailChangeCurrent => TokenKind::EmailChangeTokenCurrent,
        }
    }

    const fn occasion(self) -> Occasion {
        match self {
            Self::Signup => Occasion::Confirm,
            Self::Invite => Occasion::Invite,
            Self::Recovery => Occasion::Recover,
            Self::MagicLink => Occasion::MagicLink,
            Self::EmailChangeNew => Occasion::EmailChangeNew,
            Self::EmailChangeCurrent => Occasion::EmailChangeCurrent,
        }
    }
}

/// A token that was just made, in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What stands in the link.
    pub secret: String,
    /// What can be typed.
    pub code: String,
    /// The whole link.
    pub link: String,
}

impl Auth {
    /// Seconds that tokens of a kind are good for.
    pub fn lifetime(&self, kind: TokenKind) -> u32 {
        match kind {
            TokenKind::ConfirmationToken => self.0.options.auth_confirmation_seconds,
            _ => self.0.options.auth_otp_seconds,
        }
    }

    /// Makes and keeps a token for somebody; an earlier one of its kind is void. The link is
    /// built from the configured site alone, whatever the request called itself. `from` is the
    /// sign-up it is for: see `ownership`.
    pub async fn make_token(
        &self,
        user: UserId,
        purpose: Purpose,
        email: &str,
        back_to: &str,
        from: Option<&SignUp>,
    ) -> Result<Made, Refusal> {
        let unlucky = |error: anyhow::Error| {
            let error: Box<dyn std::error::Error + Send + Sync> = error.into();
            Refusal::defect(&*error as &(dyn std::error::Error + 'static))
        };
        let secret = link_secret().map_err(unlucky)?;
        let code = code(self.0.options.auth_otp_length).map_err(unlucky)?;
        let new = NewToken {
            user,
            kind: purpose.kind(),
            link_digest: link_digest(&secret),
            code_digest: self.0.secrets.code_digest(email, &code),
            email: email.to_owned(),
        };
        self.0.store.as_auth(async |tx| store::auth::put(tx, &new).await).await?;
        let from = from.map(|from| self.0.secrets.origin_mark(&secret, from));
        let from = from.map(|mark| format!("&from={mark}")).unwrap_or_default();
        let link = self.door_link(back_to, purpose, &secret).unwrap_or_else(|| {
            format!(
                "{}/auth/v1/verify?token={secret}&type={}{from}&redirect_to={}",
                self.0.site.url,
                purpose.name(),
                escaped(back_to)
            )
        });
        Ok(Made { secret, code, link })
    }

    /// Makes a token and mails it.
    pub async fn mail_token(
        &self,
        user: UserId,
        purpose: Purpose,
        email: &str,
        back_to: &str,
        language: Language,
        from: Option<&SignUp>,
    ) -> Result<(), Refusal> {
        let made = self.make_token(user, purpose, email, back_to, from).await?;
        let filling = Filling {
            link: made.link,
            code: made.code,
            seconds: self.lifetime(purpose.kind()),
            site: self.0.site.url.clone(),
        };
        let letter = letter(purpose.occasion(), language, email, &filling);
        self.0.post.send(letter, self.now()).await
    }

    /// Whether one more mail may go to this address, known or not.
    pub fn may_mail(&self, email: &str) -> Result<(), Refusal> {
        let taken = self.0.limits.address.take(&email.to_owned(), self.now());
        taken.map_err(|wait| Refusal::too_many("over_email_send_rate_limit", wait))
    }
}

/// The language somebody is written to in: as they said, or as their browser asks now.
pub fn language_of(said: &Value, asked: Language) -> Language {
    let said = ["taal", "taalvoorkeur", "language", "locale"]
        .iter()
        .find_map(|name| said.get(*name).and_then(Value::as_str))
        .map(str::to_lowercase);
    match said.as_deref() {
        Some(tag) if tag.starts_with("nl") => Language::Dutch,
        Some(tag) if tag.starts_with("en") => Language::English,
        _ => asked,
    }
}

/// The language of a known person's mails.
pub fn language_of_user(user: &AuthUser, asked: Language) -> Language {
    language_of(&user.raw_user_meta_data, asked)
}
