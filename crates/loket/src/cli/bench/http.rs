//! Just enough of HTTP/1.1 to ask a server of ours over loopback, one connection per client.
//!
//! It must not know what is asked.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection that stays open.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    host: SocketAddr,
    read: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub async fn open(host: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host, read: Vec::new() })
    }

    /// Asks and waits for the whole answer. `bearer` and `json` may be empty.
    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        bearer: &str,
        json: &str,
    ) -> anyhow::Result<Answer> {
        let proof = match bearer {
            "" => String::new(),
            bearer => format!("Authorization: Bearer {bearer}\r\n"),
        };
        let about = match json.len() {
            0 => String::new(),
            length => {
                format!("Content-Type: application/json\r\nContent-Length: {length}\r\n")
            }
        };
        let host = self.host;
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{proof}{about}\r\n{json}");
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
        };
        let rest = self.read.split_off(head + 4);
        let text = String::from_utf8_lossy(&self.read).into_owned();
        self.read = rest;
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let length = name.eq_ignore_ascii_case("content-length");
            length.then(|| value.trim().parse::<usize>().ok()).flatten()
        });
        let length = length.context("an answer without a length")?;
        while self.read.len() < length {
            self.more().await?;
        }
        let rest = self.read.split_off(length);
        let body = std::mem::replace(&mut self.read, rest);
        Ok(Answer { status: status.context("an answer without a status")?, body })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the server hung up");
        }
        Ok(())
    }
}
