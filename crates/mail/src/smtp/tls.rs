//! Encryption with a checked certificate: the only way a word of ours reaches a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::outcome::Trouble;

/// Who may vouch for a mail server: the usual authorities, and those an operator added.
#[derive(Debug, Clone)]
pub struct Roots(Arc<ClientConfig>);

/// Why an authority cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The file cannot be read, or holds no certificate.
    #[error("{path} holds no certificates: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The encryption library refused.
    #[error("encryption cannot be set up: {0}")]
    Setup(String),
}

impl Roots {
    /// Mozilla's list (as of the build), and `extra` beside it.
    pub fn new(extra: &[CertificateDer<'static>]) -> Result<Self, RootsError> {
        let setup = |error: tokio_rustls::rustls::Error| RootsError::Setup(error.to_string());
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in extra {
            roots.add(certificate.clone()).map_err(setup)?;
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(setup)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// With the authorities of a PEM file, for mail servers whose certificates are a house's own.
    pub fn with_file(path: Option<&Path>) -> Result<Self, RootsError> {
        let Some(path) = path else { return Self::new(&[]) };
        let error = |reason: String| RootsError::File { path: path.to_owned(), reason };
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|reason| error(reason.to_string()))?;
        if certificates.is_empty() {
            return Err(error("there is none in it".to_owned()));
        }
        Self::new(&certificates)
    }

    /// Agrees on encryption; the certificate must bear `host`.
    pub(super) async fn encrypt(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Trouble> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| Trouble::Certificate(error.to_string()))?;
        let connecting = TlsConnector::from(Arc::clone(&self.0)).connect(name, stream);
        connecting.await.map_err(|error| match error.get_ref() {
            Some(reason) if reason.is::<tokio_rustls::rustls::Error>() => {
                Trouble::Certificate(reason.to_string())
            }
            _ => Trouble::Unreachable(error),
        })
    }
}
