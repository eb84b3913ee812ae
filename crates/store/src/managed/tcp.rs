//! TCP on 127.0.0.1, for tools that cannot use a Unix socket. Off unless asked for.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::error::{Error, Explain};
use super::place::{read_if_there, write_atomically};

/// Names the socket where there is no TCP. The directory is ours alone, so it cannot clash.
const SOCKET_ONLY: u16 = 5432;
/// Bytes of randomness in the password.
const PASSWORD_BYTES: usize = 24;

/// Whether the server listens on 127.0.0.1 besides its socket; then with a password (SCRAM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tcp {
    /// Socket only.
    #[default]
    Off,
    /// On this port.
    Port(u16),
    /// On a free port, the same again at the next start where it can be.
    AnyFree,
}

/// Settles whether to listen and on which port. `note` remembers a free one that was found.
pub(super) fn choose(tcp: Tcp, note: &Path) -> Result<(bool, u16), Error> {
    match tcp {
        Tcp::Off => Ok((false, SOCKET_ONLY)),
        Tcp::Port(port) => Ok((true, port)),
        Tcp::AnyFree => {
            // Not tried whether it is still free: our own server may hold it. If a stranger does,
            // the start says so.
            if let Some(port) = read_if_there(note)?.and_then(|text| text.trim().parse().ok()) {
                return Ok((true, port));
            }
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .and_then(|listener| listener.local_addr())
                .explain("finding a free port for", note)?
                .port();
            write_atomically(note, &format!("{port}\n"), 0o600, None)?;
            Ok((true, port))
        }
    }
}

/// The superuser's password: the one in `file`, or a new one written there.
pub(super) fn password(file: &Path) -> Result<String, Error> {
    if let Some(password) = read_if_there(file)?.filter(|password| !password.trim().is_empty()) {
        return Ok(password.trim().to_owned());
    }
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; PASSWORD_BYTES];
    File::open(source)
        .and_then(|mut random| random.read_exact(&mut bytes))
        .explain("reading", source)?;
    let mut password = String::with_capacity(2 * PASSWORD_BYTES);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(password, "{byte:02x}");
    }
    write_atomically(file, &format!("{password}\n"), 0o600, None)?;
    Ok(password)
}
