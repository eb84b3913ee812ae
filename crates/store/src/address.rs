//! The address of a database, and the way to it: encrypted to a server that proves its name, unless
//! it stands on this machine or somebody says that nobody listens.
//!
//! A connection carries passwords and everybody's mail, so what libpq leaves open is closed here: an
//! address on another machine without `sslmode` is encrypted, and what is encrypted is checked, as
//! by libpq's `verify-full`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, PoisonError, RwLock};

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// Where Debian keeps the authorities of the world, for programs that are not Loket.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Who may vouch for a database server: Mozilla's list, and what addresses named. Of the process,
/// as connections are made in many places and the trust is the same in all.
static TRUST: LazyLock<RwLock<Trust>> = LazyLock::new(|| {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    RwLock::new(Trust { roots, file: None })
});

#[derive(Debug, Clone)]
struct Trust {
    roots: RootCertStore,
    /// The last file that was named, for programs of Postgres.
    file: Option<PathBuf>,
}

/// Why an address cannot be used. None of them repeats it: it holds a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no address.
    #[error("it is no Postgres address; write it as postgres://user:password@host/database")]
    NotOne,
    /// A value of `sslmode` that does not exist.
    #[error("sslmode is one of disable, require, verify-ca and verify-full")]
    Mode,
    /// The file that `sslrootcert` names.
    #[error("the certificates that sslrootcert names cannot be read from {0}")]
    Roots(PathBuf, #[source] io::Error),
    /// It holds none.
    #[error("{0}, which sslrootcert names, holds no certificate (PEM)")]
    NoRoots(PathBuf),
}

/// Reads an address, as a URL or as `host=... user=...`.
///
/// - `sslmode=require`, `verify-ca` and `verify-full` all encrypt, and the server must prove its
///   name; so it is on another machine without any word about it.
/// - `sslmode=disable` is believed.
/// - On this machine nothing is encrypted unless it is asked for.
/// - `sslrootcert=FILE` names an authority (PEM) beside those that everybody trusts, as hosted
///   Postgres often has one of its own.
pub fn read(text: &str) -> Result<Config, AddressError> {
    let (rest, options) = take_options(text);
    let mut config: Config = rest.parse().map_err(|_| AddressError::NotOne)?;
    for (name, value) in &options {
        if *name == "sslrootcert" && *value != "system" {
            trust(Path::new(value))?;
        }
    }
    let mode = options.iter().rev().find(|(name, _)| *name == "sslmode");
    let encrypted = match mode.map(|(_, mode)| mode.as_str()) {
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        None | Some("prefer" | "allow") => !is_near(&config),
        Some(_) => return Err(AddressError::Mode),
    };
    config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
    Ok(config)
}

/// What the driver does not know, or knows otherwise, taken out of the address.
fn take_options(text: &str) -> (String, Vec<(&'static str, String)>) {
    let mut taken = Vec::new();
    let mut keep = |option: &&str| {
        let Some((name, value)) = option.split_once('=') else { return true };
        let Some(name) = ["sslmode", "sslrootcert"].into_iter().find(|it| *it == name) else {
            return true;
        };
        let plain = percent_encoding::percent_decode_str(value.trim_matches('\''));
        taken.push((name, plain.decode_utf8_lossy().into_owned()));
        false
    };
    let rest = match text.split_once('?') {
        Some((place, options)) => {
            let kept: Vec<&str> = options.split('&').filter(&mut keep).collect();
            format!("{place}?{}", kept.join("&"))
        }
        None if text.contains("://") => text.to_owned(),
        None => text.split_whitespace().filter(&mut keep).collect::<Vec<_>>().join(" "),
    };
    (rest.trim_end_matches('?').to_owned(), taken)
}

/// Whether it stays on this machine.
fn is_near(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    })
}

fn trust(file: &Path) -> Result<(), AddressError> {
    let pem = fs::read(file).map_err(|error| AddressError::Roots(file.to_owned(), error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    let found = found.ok_or_else(|| AddressError::NoRoots(file.to_owned()))?;
    let mut trust = TRUST.write().unwrap_or_else(PoisonError::into_inner);
    for certificate in found {
        trust.roots.add(certificate).map_err(|_| AddressError::NoRoots(file.to_owned()))?;
    }
    trust.file = Some(file.to_owned());
    Ok(())
}

/// What connections are encrypted with, where their address asks for it.
pub(crate) fn tls() -> MakeRustlsConnect {
    let roots = TRUST.read().unwrap_or_else(PoisonError::into_inner).roots.clone();
    let provider = crypto::ring::default_provider().into();
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    #[expect(clippy::expect_used, reason = "this provider has the default versions")]
    let versions = versions.expect("TLS 1.2 and 1.3");
    MakeRustlsConnect::new(versions.with_root_certificates(roots).with_no_client_auth())
}

/// The same for programs of Postgres, as environment.
pub(crate) fn for_programs(config: &Config) -> Vec<(&'static str, OsString)> {
    if config.get_ssl_mode() != SslMode::Require {
        return vec![("PGSSLMODE", "disable".into())];
    }
    let named = TRUST.read().unwrap_or_else(PoisonError::into_inner).file.clone();
    let file = named.unwrap_or_else(|| PathBuf::from(SYSTEM_ROOTS));
    vec![("PGSSLMODE", "verify-full".into()), ("PGSSLROOTCERT", file.into())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_spoken_to_encrypted_and_this_one_as_it_was() {
        let mode = |text: &str| read(text).unwrap().get_ssl_mode();
        for near in [
            "postgres://me:geheim@localhost/postgres",
            "postgres://me:geheim@127.0.0.1:5433/postgres?sslmode=prefer",
            "postgres://me:geheim@[::1]/postgres",
            "postgres:///postgres?host=/run/postgresql&user=me",
            "postgres://me:geheim@db.example/postgres?sslmode=disable",
            "host=db.example user=me sslmode=disable",
            "host=/run/postgresql user=me",
        ] {
            assert_eq!(mode(near), SslMode::Disable, "{near}");
        }
        for far in [
            "postgres://me:geheim@db.example/postgres",
            "postgres://me:geheim@10.0.0.1/postgres?sslmode=prefer",
            "postgres://me:geheim@db.example/postgres?connect_timeout=3&sslmode=verify-ca",
            "postgres://me:geheim@localhost/postgres?sslmode=verify-full",
            "postgres://me:geheim@a.example,localhost/postgres",
            "host=db.example user=me password=geheim sslmode=require",
            "host=db.example user=me password=geheim",
        ] {
            assert_eq!(mode(far), SslMode::Require, "{far}");
        }
        let kept = read("postgres://me:geheim@db.example/x?connect_timeout=3&sslmode=require");
        let kept = kept.unwrap();
        assert_eq!(kept.get_connect_timeout().unwrap().as_secs(), 3, "the rest stays");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for wrong in [
            "nonsense",
            "postgres://me:geheim@db.example/x?sslmode=maybe",
            "postgres://me:geheim@db.example/x?sslrootcert=/nowhere/ca.pem",
            "postgres://me:geheim@db.example/x?sslrootcert=%2Fdev%2Fnull",
            "postgres://me:geheim@db.example/x?what=this",
        ] {
            let said = read(wrong).unwrap_err().to_string();
            assert!(!said.contains("geheim"), "{said}");
        }
        let file = read("postgres://u@db.example/x?sslrootcert=%2Fnowhere%2Fca.pem").unwrap_err();
        assert!(
            matches!(&file, AddressError::Roots(path, _) if path == Path::new("/nowhere/ca.pem"))
        );
    }
}
