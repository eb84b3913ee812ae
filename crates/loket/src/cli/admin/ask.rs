//! Asks for a password: on the terminal without showing it, or from standard input.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::cli::output;
use crate::secrets::Secret;

/// Longer input is no password.
const MOST_BYTES: u64 = 4096;

/// Asks once from a pipe, twice on a terminal.
pub fn password(what: &str) -> anyhow::Result<Secret> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let first = without_echo(&format!("{what}: "))?;
    let second = without_echo("once more: ")?;
    if first.expose() != second.expose() {
        bail!("the two are not the same");
    }
    Ok(first)
}

fn without_echo(prompt: &str) -> anyhow::Result<Secret> {
    let terminal = io::stdin();
    let before = tcgetattr(&terminal).context("the terminal cannot be set")?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).context("the terminal cannot be set")?;
    output::note(prompt);
    let read = line();
    tcsetattr(&terminal, OptionalActions::Flush, &before).context("the terminal cannot be set")?;
    read
}

fn line() -> anyhow::Result<Secret> {
    let mut text = String::new();
    let mut limited = io::Read::take(io::stdin().lock(), MOST_BYTES);
    limited.read_line(&mut text).context("no password could be read")?;
    let secret = Secret::from(text.trim_end_matches(['\r', '\n']));
    drop(zeroize::Zeroizing::new(text));
    if secret.expose().is_empty() {
        bail!("a password is needed, on the terminal or as the first line of standard input");
    }
    Ok(secret)
}
