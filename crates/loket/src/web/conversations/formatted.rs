//! A customer's mail as it was laid out, in a frame that runs nothing and asks nobody (hazards C24,
//! C25). The page around it decides what is shown in it by the frame's address alone.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query as Asked, State as Held};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail::sanitise::{Remote, shown};
use serde::Deserialize;
use store::attachments::{MessageViewRow, Picture};
use store::{InteractionId, ThreadId};

use super::super::State;
use super::super::access::Visit;
use super::super::failure::Failure;
use super::super::house::Foreign;
use super::files;

/// Pictures of a mail itself are shown up to this many bytes together.
const MOST_PICTURES: i64 = 8 * 1024 * 1024;

/// What of a conversation is shown laid out, in the query of its addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// This mail; none for text alone.
    pub mail: Option<InteractionId>,
    /// With pictures of other servers.
    pub pictures: bool,
}

impl Shown {
    /// What is not understood is left out.
    pub fn read(mail: &str, pictures: &str) -> Self {
        let mail = mail.parse().ok();
        Self { mail, pictures: mail.is_some() && pictures == "ja" }
    }

    /// As a query with its question mark; empty for text alone.
    pub fn query(self) -> String {
        let pictures = if self.pictures { "&afbeeldingen=ja" } else { "" };
        self.mail.map_or_else(String::new, |mail| format!("?opgemaakt={mail}{pictures}"))
    }
}

/// The switch of one mail between text and layout, and its frame when that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The same page with this mail as text.
    pub as_text: String,
    /// The same page with this mail laid out.
    pub laid_out: String,
    /// The frame, when the mail is laid out.
    pub frame: Option<Opened>,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its address.
    pub address: String,
    /// The page with the pictures of other servers; none when there are none, or they are there.
    pub with_pictures: Option<String>,
    /// Whether they are there.
    pub pictures: bool,
    /// Whether the mail is longer than is kept.
    pub cut: bool,
}

impl Layout {
    /// Of a mail of the conversation at `here`.
    pub fn of(row: &MessageViewRow, here: &str, shown: Shown) -> Option<Self> {
        let mail = row.interaction_id;
        let page = |shown: Shown| format!("{here}{}#mail-{mail}", shown.query());
        let laid_out = Shown { mail: Some(mail), pictures: false };
        let open = shown.mail == Some(mail);
        let remote = row.remote_images > 0;
        let frame = open.then(|| Opened {
            address: format!(
                "{here}/opgemaakt/{mail}{}",
                if shown.pictures && remote { "?afbeeldingen=ja" } else { "" }
            ),
            with_pictures: (remote && !shown.pictures)
                .then(|| page(Shown { pictures: true, ..laid_out })),
            pictures: remote && shown.pictures,
            cut: row.html_cut,
        });
        row.formatted.then(|| Self {
            as_text: page(Shown::default()),
            laid_out: page(laid_out),
            frame,
        })
    }
}

/// The query of the frame's address.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    afbeeldingen: String,
}

#[derive(Template)]
#[template(path = "conversations/frame.html")]
struct Page {
    html: String,
}

/// `/gesprekken/{thread}/opgemaakt/{mail}`: the frame's content.
pub async fn frame(
    Held(state): Held<State>,
    visit: Visit,
    Path((thread, mail)): Path<(String, String)>,
    Asked(query): Asked<Query>,
) -> Result<Response, Failure> {
    let thread: ThreadId = thread.parse().map_err(|_| Failure::NotFound)?;
    let mail: InteractionId = mail.parse().map_err(|_| Failure::NotFound)?;
    let read = state.store().as_user(&visit.claims, async |tx| {
        let Some(html) = store::attachments::html(tx, thread, mail).await? else { return Ok(None) };
        let pictures = if html.to_ascii_lowercase().contains("cid:") {
            store::attachments::pictures(tx, mail, MOST_PICTURES).await?
        } else {
            Vec::new()
        };
        Ok(Some((html, pictures)))
    });
    let (html, pictures) = read.await?.ok_or(Failure::NotFound)?;
    let (remote, foreign) = match query.afbeeldingen.as_str() {
        "ja" => (Remote::Fetched, Foreign::MailWithPictures),
        _ => (Remote::Withheld, Foreign::Mail),
    };
    let work = tokio::task::spawn_blocking(move || shown(&html, remote, &in_place(&pictures)));
    let page = Page { html: work.await.map_err(|error| Failure::defect(&error))? };
    let html = page.render().map_err(|error| Failure::defect(&error))?;
    Ok((Extension(foreign), Html(html)).into_response())
}

/// Pictures by what the HTML calls them, as `data:` addresses.
fn in_place(pictures: &[Picture]) -> impl Fn(&str) -> Option<String> {
    move |id| {
        let wanted = percent_decoded(id);
        let same = |picture: &&Picture| picture.content_id.eq_ignore_ascii_case(&wanted);
        let found = pictures.iter().find(same)?;
        let bytes = files::checked(&found.encoding, &found.encoded, &found.sha256)?;
        Some(format!("data:{};base64,{}", found.content_type, STANDARD.encode(bytes)))
    }
}

/// A Content-ID stands in an address with its special signs as `%40` (RFC 2392).
fn percent_decoded(id: &str) -> String {
    let mut bytes = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%'
            && let [high, low, behind @ ..] = rest
            && let (Some(high), Some(low)) =
                (char::from(*high).to_digit(16), char::from(*low).to_digit(16))
            && let Ok(decoded) = u8::try_from(high * 16 + low)
        {
            bytes.push(decoded);
            rest = behind;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_in_the_address_and_nothing_else() {
        let id = InteractionId::new();
        let shown = Shown::read(&id.to_string(), "ja");
        assert_eq!(shown.query(), format!("?opgemaakt={id}&afbeeldingen=ja"));
        for (mail, pictures) in [("\"><script>", "ja"), ("", ""), ("x", "nee")] {
            assert_eq!(Shown::read(mail, pictures).query(), "");
        }
        assert_eq!(Shown::read(&id.to_string(), "\"x").query(), format!("?opgemaakt={id}"));
    }

    #[test]
    fn content_ids_as_they_stand_in_addresses() {
        assert_eq!(percent_decoded("foto%40x.nl"), "foto@x.nl");
        for same in ["a%", "a%4", "a%zz", ""] {
            assert_eq!(percent_decoded(same), same);
        }
    }
}
