//! The address of the old project's database, and whether it may be spoken to as it is.
//!
//! Loket speaks to Postgres over the machine's own sockets and trusted networks, without TLS. The
//! address of the old project holds a password and its answers hold everybody's mail, so neither
//! crosses a network unless somebody says that it may.

use std::net::IpAddr;

use anyhow::bail;
use store::{Config, Host, SslMode};

/// What to do instead.
const INSTEAD: &str = "make a dump, which pg_dump fetches encrypted, and take it with --dump:\n  \
    pg_dump --format=plain --schema=public --schema=auth --file=old.sql \"$OLD?sslmode=require\"\n\
    or open a tunnel (ssh -L 5433:HOST:5432) and give an address on localhost";

/// Reads `--url`. The address is not repeated in any error: it holds a password.
pub fn config(url: &str) -> anyhow::Result<Config> {
    let asked = url.split_once('?').map(|(_, options)| options).unwrap_or_default();
    let mode = asked.split('&').find_map(|option| option.strip_prefix("sslmode="));
    if matches!(mode, Some("require" | "verify-ca" | "verify-full")) {
        bail!("--url asks for TLS, which this connection does not have: {INSTEAD}");
    }
    let config: Config =
        url.parse().map_err(|_| anyhow::anyhow!("--url is no Postgres address"))?;
    if config.get_ssl_mode() == SslMode::Require {
        bail!("--url asks for TLS, which this connection does not have: {INSTEAD}");
    }
    let near = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    });
    if !near && mode != Some("disable") {
        bail!(
            "the connection of --url would not be encrypted: {INSTEAD}\n\
             or, on a network that nobody else listens to, add ?sslmode=disable to the address"
        );
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::config;

    #[test]
    fn nothing_crosses_a_network_in_the_clear_unless_somebody_says_so() {
        for near in [
            "postgres://me:geheim@localhost/postgres",
            "postgres://me:geheim@127.0.0.1:5433/postgres?sslmode=prefer",
            "postgres://me:geheim@[::1]/postgres",
            "postgres:///postgres?host=/run/postgresql&user=me",
            "postgres://me:geheim@db.example/postgres?sslmode=disable",
        ] {
            assert!(config(near).is_ok(), "{near}");
        }
        for far in [
            "postgres://me:geheim@db.example/postgres",
            "postgres://me:geheim@10.0.0.1/postgres?sslmode=prefer",
            "postgres://me:geheim@db.example/postgres?sslmode=require",
            "postgres://me:geheim@localhost/postgres?sslmode=verify-full",
            "host=db.example user=me password=geheim sslmode=require",
            "host=db.example user=me password=geheim",
            "nonsense",
        ] {
            let refused = config(far).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!refused.is_empty() && !refused.contains("geheim"), "{far}: {refused}");
            assert_eq!(refused.contains("--dump"), far != "nonsense", "{refused}");
        }
    }
}
