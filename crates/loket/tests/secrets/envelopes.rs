//! What opens and what does not, and which keys are refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loket::secrets::{
    ApiKeyText, EnvelopeError, Invitation, Kept, KeySource, Ring, RingError, Secret, Vault,
    hash_password, kept, parse_api_key, parse_invitation,
};
use store::secrets::{Place, SecretRow};
use store::{MailboxId, TenantId};

const CANARY: &str = "kanarie zingt 'ščš' \u{1f426}";

fn directory() -> PathBuf {
    let name = format!("loket-keys-{}", uuid::Uuid::now_v7().simple());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir(&directory).unwrap();
    directory
}

fn vault() -> (Vault, PathBuf) {
    let path = directory().join("ring");
    Ring::new(loket::serving::now()).unwrap().write(&path).unwrap();
    (Vault::of_keys(KeySource::File(path.clone())).unwrap(), path)
}

#[test]
fn an_envelope_opens_in_its_own_row_only_and_not_when_a_bit_was_changed() {
    let (vault, path) = vault();
    let (a, b, mailbox) = (TenantId::new(), TenantId::new(), MailboxId::new());
    let row = SecretRow::of_mailbox(a, mailbox);
    let closed = vault.seal(row, &Secret::from(CANARY)).unwrap();
    assert_eq!(vault.open_envelope(row, &closed).unwrap().expose(), CANARY);
    assert_ne!(vault.seal(row, &Secret::from(CANARY)).unwrap(), closed, "a nonce is used once");
    let elsewhere = [
        SecretRow::of_mailbox(b, mailbox),
        SecretRow::of_mailbox(a, MailboxId::new()),
        SecretRow::of_tenant(a),
        SecretRow { place: Place::Tenant, ..row },
    ];
    for other in elsewhere {
        let opened = vault.open_envelope(other, &closed);
        assert!(matches!(opened, Err(EnvelopeError::Refused)), "{other:?}");
    }
    let bytes = STANDARD.decode(&closed).unwrap();
    for place in 0..bytes.len() {
        for bit in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[place] ^= bit;
            assert!(vault.open_envelope(row, &STANDARD.encode(changed)).is_err(), "byte {place}");
        }
        assert!(vault.open_envelope(row, &STANDARD.encode(&bytes[..place])).is_err());
    }
    // A key that is not on the ring, in the place of the right one.
    Ring::new(loket::serving::now()).unwrap().write(&path).unwrap();
    let opened = vault.open_envelope(row, &closed);
    assert!(matches!(opened, Err(EnvelopeError::UnknownKey(_))), "{opened:?}");
    for secret in [String::new(), "x".repeat(1025)] {
        assert!(matches!(vault.seal(row, &Secret::new(secret)), Err(EnvelopeError::Length)));
    }
}

#[test]
fn a_secret_never_prints_itself() {
    let (vault, path) = vault();
    let row = SecretRow::of_tenant(TenantId::new());
    let secret = Secret::from(CANARY);
    let key = ApiKeyText::new(row.tenant_id).unwrap();
    let invitation = Invitation::new(row.tenant_id).unwrap();
    let source = KeySource::Given(Secret::from(CANARY));
    let printed = format!("{secret} {secret:?} {vault:?} {key:?} {invitation:?} {source:?}");
    assert!(printed.contains("***"));
    let raw = fs::read_to_string(path).unwrap();
    let in_file = raw.lines().last().unwrap().split(' ').nth(1).unwrap();
    for hidden in [CANARY, key.key.expose(), invitation.token.expose(), in_file] {
        assert!(!printed.contains(hidden), "{printed}");
    }
    let closed = vault.seal(row, &secret).unwrap();
    let error = vault.open_envelope(SecretRow::of_tenant(TenantId::new()), &closed).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(CANARY));
}

#[test]
fn what_a_column_holds_is_told_apart_without_guessing() {
    let (vault, _) = vault();
    let closed = vault.seal(SecretRow::of_tenant(TenantId::new()), &Secret::from("x")).unwrap();
    assert!(matches!(kept(&closed), Kept::Envelope(_)));
    for (text, password) in [
        ("Z2VoZWltMTIz", "geheim123"),
        ("d2FjaHR3b29yZA==", "wachtwoord"),
        ("d2FjaHR3b29yZA", "wachtwoord"),
        (" w6nDqQ==\n", "éé"),
    ] {
        assert!(matches!(kept(text), Kept::Plain(secret) if secret.expose() == password));
    }
    // No Base64, not text, control characters, nothing, a damaged envelope.
    let damaged = closed.split_at(20).0;
    for text in ["p@ssw0rd!", "abcdabcdabcdabcd", "AAEC", "", damaged] {
        assert!(matches!(kept(text), Kept::Unknown), "{text}");
    }
}

#[test]
fn a_key_that_is_short_typed_an_example_or_open_to_others_is_refused() {
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    assert!(matches!(Ring::parse_list("c2hvcnQ="), Err(RingError::Short(1))));
    assert!(matches!(Ring::parse_list("no base64!"), Err(RingError::Short(1))));
    assert!(matches!(Ring::parse_list(""), Err(RingError::Short(1))));
    for example in [[0_u8; 32], [0xff; 32], *b"changeme-changeme-changeme-12345"] {
        assert!(matches!(Ring::parse_list(&encode(&example)), Err(RingError::Example(1))));
    }
    let good: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(37).wrapping_add(201)).collect();
    let list = format!("{}, {}", encode(&good), encode(&[7; 32]));
    assert!(matches!(Ring::parse_list(&list), Err(RingError::Example(2))));
    assert_eq!(Ring::parse_list(&encode(&good)).unwrap().ids().len(), 1);

    let path = directory().join("ring");
    fs::write(&path, encode(&good)).unwrap();
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(Ring::read(&path), Err(RingError::Open { .. })), "{mode:o}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let ring = Ring::read(&path).unwrap().unwrap();
    ring.write(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Ring::read(&path).unwrap().unwrap().ids(), ring.ids());
    let text = fs::read_to_string(&path).unwrap();
    let id = ring.ids()[0].to_string();
    fs::write(&path, text.replace(&id, "000000000000")).unwrap();
    assert!(matches!(Ring::read(&path), Err(RingError::Damaged(1))));
    fs::write(&path, "# nothing\n").unwrap();
    assert!(matches!(Ring::read(&path), Err(RingError::Empty)));
}

#[test]
fn tokens_carry_their_shop_and_are_not_taken_for_each_other() {
    let tenant = TenantId::new();
    let key = ApiKeyText::new(tenant).unwrap();
    assert_eq!(parse_api_key(key.key.expose()), Some((tenant, key.hash)));
    assert!(key.key.expose().starts_with(&key.prefix) && key.prefix.len() < 12);
    let invitation = Invitation::new(tenant).unwrap();
    assert_eq!(parse_invitation(invitation.token.expose()), Some((tenant, invitation.hash)));
    assert_eq!(parse_api_key(invitation.token.expose()), None);
    for text in ["", "lk_", "lk_x", key.key.expose().split_at(60).0, "lki_ééé"] {
        assert_eq!(parse_api_key(text), None);
    }
}

#[test]
fn a_password_becomes_an_argon2id_digest() {
    let digest = hash_password(&Secret::from("een lang wachtwoord"), &[]).unwrap();
    assert!(digest.starts_with("$argon2id$"), "{digest}");
    for bad in ["kort", "wachtwoord123", &"x".repeat(1025), "nul in het \0 midden"] {
        assert!(hash_password(&Secret::from(bad), &[]).is_err());
    }
}
