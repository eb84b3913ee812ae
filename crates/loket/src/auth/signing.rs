//! The keys that sign access tokens: a JWK set (RFC 7517) in a file, of which one signs and all
//! are published, so that keys can be changed while tokens of the old one are still about.
//!
//! Only ES256 and RS256, chosen by the key and never by the token (RFC 8725, section 3.1).

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value, json};

/// What must never be published of a key.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// PKCS #8 around a P-256 private key (RFC 5915, RFC 5958), up to its 32 bytes.
const P256_HEAD: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];

/// Signs and verifies.
pub struct SigningKeys {
    kid: String,
    algorithm: Algorithm,
    key: EncodingKey,
    verifiers: Vec<Verifier>,
    published: Value,
}

struct Verifier {
    kid: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKeys {
    /// From `file`, or from the data directory, where they are made when absent.
    pub fn open(data_dir: &Path, file: Option<&Path>) -> anyhow::Result<Self> {
        let path = match file {
            Some(path) => path.to_owned(),
            None => made_in(data_dir)?,
        };
        let mode = fs::metadata(&path)
            .with_context(|| format!("the signing keys {} cannot be read", path.display()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            bail!("the signing keys {} can be read by others: chmod 600", path.display());
        }
        let text = fs::read_to_string(&path)?;
        Self::read(&text).with_context(|| format!("the signing keys {} are wrong", path.display()))
    }

    /// From the text of a JWK set.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let set: Value = serde_json::from_str(text)?;
        let keys = set.get("keys").and_then(Value::as_array).context("there is no \"keys\"")?;
        let (mut signer, mut verifiers, mut published) = (None, Vec::new(), Vec::new());
        for key in keys {
            let fields = key.as_object().context("a key is no object")?;
            let kid = text_of(fields, "kid").context("a key has no \"kid\"")?.to_owned();
            let algorithm = algorithm_of(fields).with_context(|| format!("key {kid}"))?;
            let public = public_part(fields, algorithm);
            let jwk: Jwk = serde_json::from_value(public.clone())?;
            let key = DecodingKey::from_jwk(&jwk).with_context(|| format!("key {kid}"))?;
            if verifiers.iter().any(|verifier: &Verifier| verifier.kid == kid) {
                bail!("there are two keys {kid}");
            }
            if signer.is_none() && signs(fields) {
                signer = Some((kid.clone(), algorithm, private_key(fields, algorithm)?));
            }
            verifiers.push(Verifier { kid, algorithm, key });
            published.push(public);
        }
        let (kid, algorithm, key) =
            signer.context("no key is private and has \"key_ops\": [\"sign\"]")?;
        Ok(Self { kid, algorithm, key, verifiers, published: json!({ "keys": published }) })
    }

    /// The public keys, as clients fetch them.
    pub const fn published(&self) -> &Value {
        &self.published
    }

    /// A signed token with these claims.
    pub fn sign(&self, claims: &Value) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key)
    }

    /// The claims of a token that one of our keys signed. When and for whom it is good is for
    /// the caller to look at.
    pub fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let kid = header.kid?;
        let verifier = self.verifiers.iter().find(|verifier| verifier.kid == kid)?;
        if header.alg != verifier.algorithm {
            return None;
        }
        let mut validation = Validation::new(verifier.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &verifier.key, &validation).ok().map(|data| data.claims)
    }
}

fn text_of<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn bytes_of(fields: &Map<String, Value>, name: &str) -> anyhow::Result<Vec<u8>> {
    let text = text_of(fields, name).with_context(|| format!("it has no {name:?}"))?;
    URL_SAFE_NO_PAD.decode(text).with_context(|| format!("its {name:?} is no base64url"))
}

fn algorithm_of(fields: &Map<String, Value>) -> anyhow::Result<Algorithm> {
    match (text_of(fields, "kty"), text_of(fields, "crv")) {
        (Some("EC"), Some("P-256")) => Ok(Algorithm::ES256),
        (Some("RSA"), _) => {
            let bits = bytes_of(fields, "n")?.iter().skip_while(|byte| **byte == 0).count() * 8;
            if bits < 2048 {
                bail!("RSA keys need 2048 bits, this one has {bits}");
            }
            Ok(Algorithm::RS256)
        }
        _ => bail!("only P-256 and RSA keys sign tokens"),
    }
}

fn signs(fields: &Map<String, Value>) -> bool {
    let operations = fields.get("key_ops").and_then(Value::as_array);
    let may = operations.is_some_and(|all| all.iter().any(|one| one.as_str() == Some("sign")));
    may && fields.contains_key("d")
}

fn public_part(fields: &Map<String, Value>, algorithm: Algorithm) -> Value {
    let mut public = fields.clone();
    for name in PRIVATE {
        public.remove(name);
    }
    let name = if algorithm == Algorithm::ES256 { "ES256" } else { "RS256" };
    public.insert("alg".to_owned(), json!(name));
    public.insert("use".to_owned(), json!("sig"));
    public.insert("key_ops".to_owned(), json!(["verify"]));
    public.insert("ext".to_owned(), json!(true));
    Value::Object(public)
}

fn private_key(fields: &Map<String, Value>, algorithm: Algorithm) -> anyhow::Result<EncodingKey> {
    if algorithm == Algorithm::ES256 {
        return Ok(EncodingKey::from_ec_der(&p256_der(&bytes_of(fields, "d")?)?));
    }
    // PKCS #1 (RFC 8017, appendix A.1.2): a sequence of the version and eight numbers.
    let mut body = integer(&[0]);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        body.extend(integer(&bytes_of(fields, name)?));
    }
    Ok(EncodingKey::from_rsa_der(&tagged(0x30, &body)))
}

fn p256_der(secret: &[u8]) -> anyhow::Result<Vec<u8>> {
    if secret.len() != 32 {
        bail!("a P-256 key has 32 bytes");
    }
    Ok([&P256_HEAD, secret].concat())
}

/// A DER integer without a sign.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    tagged(0x02, &digits)
}

fn tagged(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    let length: Vec<u8> =
        body.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match (length.as_slice(), u8::try_from(length.len())) {
        ([short], _) if *short < 0x80 => der.push(*short),
        (long, Ok(count)) => {
            der.push(0x80 | count);
            der.extend(long);
        }
        (_, Err(_)) => {}
    }
    der.extend(body);
    der
}

/// The file in the data directory, made when it is not there.
fn made_in(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let directory = data_dir.join("keys");
    fs::create_dir_all(&directory)?;
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
    let path = directory.join("auth-signing.json");
    if path.exists() {
        return Ok(path);
    }
    let text = serde_json::to_string_pretty(&json!({ "keys": [fresh_key()?] }))?;
    let temporary = path.with_extension(format!("new{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // Two starting at once: the first one's keys stay.
    let linked = fs::hard_link(&temporary, &path);
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(path),
    }
}

/// A new P-256 key, private part included.
pub fn fresh_key() -> anyhow::Result<Value> {
    let mut secret = [0_u8; 32];
    super::secrets::random(&mut secret)?;
    let key = EncodingKey::from_ec_der(&p256_der(&secret)?);
    let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
    let Value::Object(mut fields) = serde_json::to_value(jwk)? else { bail!("a key is an object") };
    fields.insert("kid".to_owned(), json!(uuid::Uuid::now_v7().to_string()));
    fields.insert("d".to_owned(), json!(URL_SAFE_NO_PAD.encode(secret)));
    fields.insert("key_ops".to_owned(), json!(["sign", "verify"]));
    fields.insert("use".to_owned(), json!("sig"));
    Ok(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sign_verify_and_rotate() {
        let (old, new) = (fresh_key().unwrap(), fresh_key().unwrap());
        let first = SigningKeys::read(&json!({ "keys": [old] }).to_string()).unwrap();
        let token = first.sign(&json!({ "sub": "x" })).unwrap();
        assert_eq!(first.verify(&token).unwrap()["sub"], "x");
        let both = SigningKeys::read(&json!({ "keys": [new, old] }).to_string()).unwrap();
        assert!(both.verify(&token).is_some(), "the older key still verifies");
        let newer = both.sign(&json!({ "sub": "y" })).unwrap();
        assert!(first.verify(&newer).is_none(), "and the newer one signs");
        let published = both.published().to_string();
        assert_eq!(both.published()["keys"].as_array().unwrap().len(), 2);
        assert!(!published.contains("\"d\""), "{published}");
    }

    #[test]
    fn der_numbers_have_no_sign_and_lengths_their_form() {
        assert_eq!(integer(&[0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(tagged(0x30, &[0; 128]).get(..3), Some(&[0x30, 0x81, 0x80][..]));
        assert_eq!(tagged(0x30, &[0; 256]).get(..4), Some(&[0x30, 0x82, 1, 0][..]));
    }
}
