//! The way to a mail server: its address, TCP, and TLS that proves who it is.
//!
//! Shops type host names into a form, so a name may lead anywhere: addresses of this machine and
//! of private networks are refused, unless whoever runs Loket says that mail servers stand there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 8;

/// Which servers may be talked to, and whose certificates are believed. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    tls: Arc<ClientConfig>,
    private_hosts: bool,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("private_hosts", &self.private_hosts)
            .finish_non_exhaustive()
    }
}

/// Why there is no encrypted connection.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The certificates to believe besides Mozilla's cannot be read.
    #[error("the root certificates cannot be used: {0}")]
    Roots(String),
    /// The name has no address.
    #[error("there is no server called {0}")]
    HostUnknown(String),
    /// The name leads into a private network.
    #[error("{0} is not on the public internet")]
    HostPrivate(String),
    /// Nothing listens there, or the network is away.
    #[error("the server could not be reached")]
    Unreachable(#[source] io::Error),
    /// The certificate is not for this host, has run out, or nobody vouches for it.
    #[error("the server's certificate is not to be trusted: {0}")]
    CertificateRefused(String),
    /// What stands at the other side does not speak TLS.
    #[error("the server does not speak TLS: {0}")]
    NotTls(String),
    /// It took too long.
    #[error("the server did not answer in time")]
    TimedOut,
}

impl Network {
    /// Believes Mozilla's roots and those in `extra_roots` (PEM, may be empty). With
    /// `private_hosts` servers may also stand on this machine or in a private network.
    pub fn new(extra_roots: &[u8], private_hosts: bool) -> Result<Self, NetworkError> {
        let unusable = |error: String| NetworkError::Roots(error);
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in CertificateDer::pem_slice_iter(extra_roots) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(tls), private_hosts })
    }

    /// Whether servers may stand on this machine or in a private network, on any port.
    pub const fn allows_private_hosts(&self) -> bool {
        self.private_hosts
    }

    /// Connects to the first address of `host` that answers within `limit`. Addresses of both
    /// kinds take turns, and each has its share of the time: a way that leads nowhere, as IPv6
    /// often does, keeps nobody from the other.
    pub async fn connect(
        &self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<TcpStream, NetworkError> {
        timeout(limit, self.reach(host, port, limit)).await.map_err(|_| NetworkError::TimedOut)?
    }

    async fn reach(
        &self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<TcpStream, NetworkError> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|_| NetworkError::HostUnknown(host.to_owned()))?
            .collect();
        let known = !found.is_empty();
        let usable = found.into_iter().filter(|it| self.private_hosts || is_public(*it)).collect();
        let addresses = in_turn(usable);
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut last = None;
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Commands are short and each waits for its answer.
                    stream.set_nodelay(true).map_err(NetworkError::Unreachable)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = Some(NetworkError::Unreachable(error)),
                Err(_) => last = last.or(Some(NetworkError::TimedOut)),
            }
        }
        Err(match last {
            Some(error) => error,
            None if known => NetworkError::HostPrivate(host.to_owned()),
            None => NetworkError::HostUnknown(host.to_owned()),
        })
    }

    /// Begins TLS: the certificate must be for `host`.
    pub async fn encrypt(
        &self,
        host: &str,
        stream: TcpStream,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, NetworkError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| NetworkError::HostUnknown(host.to_owned()))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        timeout(limit, connector.connect(name, stream))
            .await
            .map_err(|_| NetworkError::TimedOut)?
            .map_err(why_no_tls)
    }
}

/// The first of each kind, then the second of each; at most so many that each has time.
fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_six = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_six);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut turns = Vec::new();
    loop {
        let pair = [one.next(), other.next()];
        if pair.iter().all(Option::is_none) || turns.len() >= MOST_ADDRESSES {
            return turns;
        }
        turns.extend(pair.into_iter().flatten());
    }
}

fn why_no_tls(error: io::Error) -> NetworkError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => {
            NetworkError::CertificateRefused(why.to_string())
        }
        Some(rustls::Error::NoCertificatesPresented) => {
            NetworkError::CertificateRefused("it shows none".to_owned())
        }
        Some(other) => NetworkError::NotTls(other.to_string()),
        None => NetworkError::Unreachable(error),
    }
}

/// Whether the address is one of the public internet's (the registries of RFC 6890 and what came
/// after it).
fn is_public(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => {
            let [first, second, third, _] = ip.octets();
            let shared = first == 100 && (64..128).contains(&second);
            let protocol = first == 192 && second == 0 && third == 0;
            let benchmark = first == 198 && (second == 18 || second == 19);
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_documentation()
                || first == 0
                || first >= 224
                || shared
                || protocol
                || benchmark)
        }
        IpAddr::V6(ip) => {
            if let Some(mapped) = ip.to_ipv4_mapped() {
                return is_public(SocketAddr::new(IpAddr::V4(mapped), address.port()));
            }
            // Global unicast is 2000::/3; 2002::/16 and 64:ff9b::/96 carry IPv4 addresses inside,
            // 2001:db8::/32 is for documentation.
            let [first, second, ..] = ip.segments();
            (0x2000..0x4000).contains(&first)
                && first != 0x2002
                && !(first == 0x2001 && (second == 0xdb8 || second == 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let public = |text: &str| is_public(SocketAddr::new(text.parse().unwrap(), 993));
        for yes in ["142.250.102.108", "136.143.188.1", "2a00:1450:4025:401::6d"] {
            assert!(public(yes), "{yes}");
        }
        for no in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert!(!public(no), "{no}");
        }
    }

    #[test]
    fn addresses_of_both_kinds_take_turns() {
        let turns = |list: &[&str]| -> Vec<String> {
            let at = |text: &&str| SocketAddr::new(text.parse().unwrap(), 993);
            let turns = in_turn(list.iter().map(at).collect());
            turns.iter().map(|address| address.ip().to_string()).collect()
        };
        assert_eq!(
            turns(&["2a00::1", "2a00::2", "2a00::3", "1.2.3.4"]),
            ["2a00::1", "1.2.3.4", "2a00::2", "2a00::3"]
        );
        assert_eq!(turns(&["1.2.3.4", "1.2.3.5"]), ["1.2.3.4", "1.2.3.5"]);
        assert!(turns(&[]).is_empty());
        assert!(turns(&["1.2.3.4"; 100]).len() <= MOST_ADDRESSES + 1);
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused() {
        let network = Network::new(&[], false).unwrap();
        let refused = network.connect("localhost", 9, Duration::from_secs(5)).await;
        assert!(matches!(refused, Err(NetworkError::HostPrivate(_))), "{refused:?}");
    }

    #[test]
    fn roots_that_are_none_are_refused() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(Network::new(broken, false), Err(NetworkError::Roots(_))));
    }
}
