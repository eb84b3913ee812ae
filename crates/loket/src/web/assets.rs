//! Stylesheet, script, icon and typeface, compiled in. Their addresses hold a hash of their
//! content, so a browser may keep them for ever and still never shows an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::failure::Failure;

struct Asset {
    name: &'static str,
    address: String,
    content_type: &'static str,
    content: Vec<u8>,
}

macro_rules! files {
    ($($name:literal => $kind:literal),+ $(,)?) => {
        [$(($name, $kind, include_bytes!(concat!("../../assets/", $name)).as_slice())),+]
    };
}

/// The stylesheet comes last: it names the typefaces by their addresses.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files = files! {
        "inter-latin.woff2" => "font/woff2",
        "inter-latin-ext.woff2" => "font/woff2",
        "icon.svg" => "image/svg+xml",
        "loket.js" => "text/javascript; charset=utf-8",
        "styles.css" => "text/css; charset=utf-8",
    };
    let mut assets: Vec<Asset> = Vec::with_capacity(files.len());
    for (name, content_type, bytes) in files {
        let content = if name == "styles.css" { named(bytes, &assets) } else { bytes.to_vec() };
        let address = address_of(name, &content);
        assets.push(Asset { name, address, content_type, content });
    }
    assets
});

fn named(stylesheet: &[u8], assets: &[Asset]) -> Vec<u8> {
    let text = String::from_utf8_lossy(stylesheet);
    let named = assets.iter().fold(text.into_owned(), |text, asset| {
        text.replace(&format!("url({})", asset.name), &format!("url({})", asset.address))
    });
    named.into_bytes()
}

fn address_of(name: &str, content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let short: u64 = hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("/assets/{stem}.{short:016x}.{ending}")
}

/// The address of a file; empty when there is none of this name.
pub fn address(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.address.as_str())
}

/// `/assets/...`.
pub async fn serve(Path(file): Path<String>) -> Result<Response, Failure> {
    let address = format!("/assets/{file}");
    let asset = ASSETS.iter().find(|asset| asset.address == address).ok_or(Failure::NotFound)?;
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content.as_slice()).into_response())
}
