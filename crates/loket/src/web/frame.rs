//! What every page has around it: name, shop, language switch, stylesheet.

use domain::contract::Language;
use store::shops::ShopRow;

use super::access::Visit;
use super::assets;
use super::house::address_in;
use super::texts::Texts;
use crate::auth::SignedIn;

/// The language of a shop's pages: as chosen, or else as the shop prefers.
pub fn language(visit: &Visit, shop: &ShopRow) -> Language {
    let preferred = if shop.taalvoorkeur.eq_ignore_ascii_case("en") {
        Language::English
    } else {
        Language::Dutch
    };
    visit.chosen.unwrap_or(preferred)
}

/// What is a person's besides the mail.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Their address.
    pub email: String,
    /// Whether they belong to a shop that works.
    pub in_shop: bool,
    /// Whether they run the platform.
    pub admin: bool,
    /// What a form must send along.
    pub token: String,
}

impl Menu {
    /// Of somebody signed in.
    pub fn of(person: &SignedIn) -> Self {
        Self {
            email: person.email.clone(),
            in_shop: person.claims.tenant_id.is_some(),
            admin: person.is_platform_admin(),
            token: person.form_token.clone(),
        }
    }
}

/// What `layout.html` needs.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The words.
    pub t: Texts,
    /// The shop's name, where one is known.
    pub shop: Option<String>,
    /// What is theirs; `None` while nobody is signed in.
    pub menu: Option<Menu>,
    /// The same page in Dutch.
    pub in_dutch: String,
    /// The same page in English.
    pub in_english: String,
    /// Address of the stylesheet.
    pub styles: &'static str,
    /// Address of the script.
    pub script: &'static str,
    /// Address of the icon.
    pub icon: &'static str,
    /// Address of the typeface, fetched early.
    pub typeface: &'static str,
}

impl Frame {
    /// Around a shop's page.
    pub fn of(visit: &Visit, shop: &ShopRow) -> Self {
        let t = Texts::of(language(visit, shop));
        let mut frame = Self::at(t, &visit.here);
        frame.shop = Some(shop.bedrijfsnaam.clone());
        frame.menu.clone_from(&visit.menu);
        frame
    }

    /// Around a page that knows no shop.
    pub fn bare(t: Texts) -> Self {
        Self::at(t, "/")
    }

    /// Around a page of accounts.
    pub fn at(t: Texts, here: &str) -> Self {
        Self {
            t,
            shop: None,
            menu: None,
            in_dutch: address_in(here, Language::Dutch),
            in_english: address_in(here, Language::English),
            styles: assets::address("styles.css"),
            script: assets::address("loket.js"),
            icon: assets::address("icon.svg"),
            typeface: assets::address("inter-latin.woff2"),
        }
    }

    /// Whether the page is in Dutch.
    pub fn dutch(&self) -> bool {
        self.t.language() == Language::Dutch
    }
}
