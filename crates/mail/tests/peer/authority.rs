//! A certificate authority that lives as long as a test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// The authority, and a certificate of its for `localhost`.
pub struct Authority {
    pem: String,
    server: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        Self::vouching_for("localhost")
    }

    /// With a server certificate for another name.
    pub fn vouching_for(host: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new([host.to_owned()]).unwrap();
        let server = server.signed_by(&key, &issuer).unwrap();
        Self { pem: issuer.pem(), server: server.der().clone(), key: key.serialize_der() }
    }

    /// What clients are to trust.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What servers show.
    pub fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config =
            ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![self.server.clone()], key)
                .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
