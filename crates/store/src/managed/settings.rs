//! The server's settings file, from its template in `db/managed/loket.conf`.

use std::path::Path;

use super::account::Account;
use super::error::Error;
use super::place::{read_if_there, write_atomically};

const TEMPLATE: &str = include_str!("../../../../db/managed/loket.conf");
/// Who may log in how.
pub(super) const ACCESS: &str = include_str!("../../../../db/managed/pg_hba.conf");
/// The line that pulls our file into `postgresql.conf`. Last, so that ours wins over what stands
/// there; what the operator adds below it wins over ours.
pub(super) const INCLUDE: &str =
    "\n# Loket's settings. Put your own below this line.\ninclude 'loket.conf'\n";

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listen {
    /// The directory of the Unix socket.
    pub socket_directory: std::path::PathBuf,
    /// Names the socket, and is the TCP port where `tcp` is on.
    pub port: u16,
    /// Whether to listen on 127.0.0.1 too.
    pub tcp: bool,
}

/// Writes the settings; says whether they differ from those the last start used.
pub(super) fn write(cluster: &Path, listen: &Listen, account: &Account) -> Result<bool, Error> {
    let path = cluster.join("loket.conf");
    let wanted = render(listen);
    if read_if_there(&path)?.is_some_and(|written| written == wanted) {
        return Ok(false);
    }
    write_atomically(&path, &wanted, 0o600, Some(account))?;
    Ok(true)
}

fn render(listen: &Listen) -> String {
    // The setting is a list, so that a comma or blank in the name needs quotes of its own.
    let directory = listen.socket_directory.to_string_lossy().replace('"', "\"\"");
    TEMPLATE
        .replace("@LISTEN_ADDRESSES@", if listen.tcp { "'127.0.0.1'" } else { "''" })
        .replace("@PORT@", &listen.port.to_string())
        .replace("@LOG_DIRECTORY@", "'log'")
        .replace("@SOCKET_DIRECTORY@", &quote(&format!("\"{directory}\"")))
}

/// A string as `postgresql.conf` wants it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_fill_in_and_odd_names_are_quoted() {
        let listen =
            Listen { socket_directory: r#"/a b/it's, "so"\"#.into(), port: 5432, tcp: false };
        let text = render(&listen);
        assert!(!text.contains('@'), "{text}");
        assert!(text.contains(r#"unix_socket_directories = '"/a b/it''s, ""so""\\"'"#), "{text}");
        assert!(text.contains("listen_addresses = ''\n"));
    }
}
