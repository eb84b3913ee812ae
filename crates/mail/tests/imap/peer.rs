//! A server that does what a script says.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::authority::Authority;

/// Listens on loopback until the test ends.
pub struct Peer {
    /// Where.
    pub port: u16,
    /// Who vouches for it, PEM.
    pub root: String,
}

/// One connection, as the script sees it.
pub struct Talk<S>(pub BufReader<S>);

/// With TLS from the first byte.
pub type TlsTalk = Talk<TlsStream<TcpStream>>;

impl Peer {
    /// Every connection is talked to by `script`.
    pub async fn tls<F, T>(script: F) -> Self
    where
        F: Fn(TlsTalk) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send,
    {
        let authority = Authority::new();
        let (acceptor, script) = (acceptor(&authority), Arc::new(script));
        Self::listen(authority.root, move |stream| {
            let (talk, script) = (acceptor.accept(stream), Arc::clone(&script));
            async move { script(Talk(BufReader::new(talk.await?))).await }
        })
        .await
    }

    /// Every connection is talked to in the clear.
    pub async fn plain<F, T>(script: F) -> Self
    where
        F: Fn(Talk<TcpStream>, TlsAcceptor) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send,
    {
        let authority = Authority::new();
        let acceptor = acceptor(&authority);
        Self::listen(authority.root, move |stream| {
            script(Talk(BufReader::new(stream)), acceptor.clone())
        })
        .await
    }

    async fn listen<F, T>(root: String, script: F) -> Self
    where
        F: Fn(TcpStream) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            // One at a time: the tests make one.
            while let Ok((stream, _)) = listener.accept().await {
                let _ = script(stream).await;
            }
        });
        Self { port, root }
    }
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let (certificate, key) = authority.issue("localhost");
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM")];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    /// Says this, as it is.
    pub async fn say(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.get_mut().write_all(text.as_ref()).await?;
        self.0.get_mut().flush().await
    }

    /// The next line; an error when there is none.
    pub async fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// The next command: its tag, and the rest.
    pub async fn command(&mut self) -> io::Result<(String, String)> {
        let line = self.hear().await?;
        let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
        Ok((tag.to_owned(), rest.to_owned()))
    }

    /// Answers the next command: lines without a tag, then OK.
    pub async fn answer(&mut self, lines: &str) -> io::Result<String> {
        let (tag, command) = self.command().await?;
        self.say(format!("{lines}{tag} OK done\r\n")).await?;
        Ok(command)
    }

    /// Greets and lets anybody in.
    pub async fn let_in(&mut self) -> io::Result<()> {
        self.say("* OK hello\r\n").await?;
        for _ in 0..3 {
            self.answer("* CAPABILITY IMAP4rev1 IDLE\r\n").await?;
        }
        Ok(())
    }

    /// Opens a folder with so many mails.
    pub async fn open(&mut self, mails: u32) -> io::Result<()> {
        let next = mails + 1;
        self.answer(&format!(
            "* {mails} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {next}] x\r\n"
        ))
        .await
        .map(drop)
    }

    /// Says nothing until the other side leaves.
    pub async fn be_silent(&mut self) -> io::Result<()> {
        loop {
            self.hear().await?;
        }
    }
}
