//! A database on another machine: what crosses the network is encrypted, and goes to nobody else.
//! Before the real Postgres stands a small server that takes TLS, as hosted Postgres has it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use store::health::Examination;
use store::{Config, Host, address};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::authority::Authority;
use crate::support::{Database, cluster};

/// `SSLRequest` of the protocol.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// What stands before Postgres.
struct Gate {
    port: u16,
    /// Bytes of the protocol that came in the clear, the question for TLS aside.
    in_the_clear: Arc<AtomicUsize>,
}

impl Gate {
    /// `None`: it knows no TLS.
    async fn before(database: &Config, authority: Option<&Authority>) -> Self {
        let Some(Host::Unix(directory)) = database.get_hosts().first() else { panic!("a socket") };
        let socket = directory.join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let in_the_clear = Arc::new(AtomicUsize::new(0));
        let (acceptor, counted) = (authority.map(Authority::acceptor), in_the_clear.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (socket, acceptor, counted) =
                    (socket.clone(), acceptor.clone(), counted.clone());
                tokio::spawn(async move {
                    // A client that hangs up is its own affair.
                    let _ = pass(stream, socket, acceptor, &counted).await;
                });
            }
        });
        Self { port, in_the_clear }
    }

    fn address(&self, database: &Config, options: &str) -> String {
        let (user, name) = (database.get_user().unwrap(), database.get_dbname().unwrap());
        format!("postgres://{user}:geheim@localhost:{}/{name}{options}", self.port)
    }
}

async fn pass(
    mut stream: TcpStream,
    socket: PathBuf,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    in_the_clear: &AtomicUsize,
) -> std::io::Result<()> {
    let mut first = [0; 8];
    stream.read_exact(&mut first).await?;
    let mut postgres = UnixStream::connect(socket).await?;
    if first == ASKS_FOR_TLS {
        let Some(acceptor) = acceptor else {
            stream.write_all(b"N").await?;
            let mut more = Vec::new();
            stream.read_to_end(&mut more).await?;
            in_the_clear.fetch_add(more.len(), Ordering::Relaxed);
            return Ok(());
        };
        stream.write_all(b"S").await?;
        let mut stream = acceptor.accept(stream).await?;
        copy_bidirectional(&mut stream, &mut postgres).await?;
    } else {
        in_the_clear.fetch_add(first.len(), Ordering::Relaxed);
        postgres.write_all(&first).await?;
        copy_bidirectional(&mut stream, &mut postgres).await?;
    }
    Ok(())
}

async fn version(address: &str) -> Result<String, String> {
    let config = address::read(address).map_err(|error| error.to_string())?;
    let examination = Examination::begin(&config).await.map_err(|error| chain(&error))?;
    examination.server().await.map(|server| server.version).map_err(|error| chain(&error))
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_elsewhere_is_spoken_to_encrypted_or_not_at_all() {
    let database = Database::new().await;
    let owner = cluster().superuser(&database.name);
    let authority = Authority::new();
    let gate = Gate::before(&owner, Some(&authority)).await;

    let refused = version(&gate.address(&owner, "?sslmode=require")).await.unwrap_err();
    assert!(refused.contains("certificate"), "nobody vouches for it: {refused}");
    let file = std::env::temp_dir().join(format!("loket-ca-{}.pem", std::process::id()));
    std::fs::write(&file, authority.pem()).unwrap();
    let named = format!("?sslmode=verify-full&sslrootcert={}", file.display());
    let found = version(&gate.address(&owner, &named)).await.unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(found.chars().any(|character| character.is_ascii_digit()), "{found}");
    assert_eq!(gate.in_the_clear.load(Ordering::Relaxed), 0);

    // A certificate for another name, from an authority that is believed.
    let stranger = Gate::before(&owner, Some(&Authority::vouching_for("db.example"))).await;
    assert!(version(&stranger.address(&owner, "?sslmode=require")).await.is_err());

    // A server without TLS, or somebody in between who says so.
    let plain = Gate::before(&owner, None).await;
    let refused = version(&plain.address(&owner, "?sslmode=require")).await.unwrap_err();
    assert!(refused.contains("TLS"), "{refused}");
    assert_eq!(plain.in_the_clear.load(Ordering::Relaxed), 0, "not even the user's name");
    assert!(version(&plain.address(&owner, "?sslmode=disable")).await.is_ok());
}
