//! What the binary weighs, how soon it serves, and what it takes while idle.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal};
use store::managed::OnProgress;

use super::{Line, median};
use crate::config::Common;
use crate::database::{self, Content};

/// The floor for a start on an initialised database, in milliseconds.
const START_FLOOR_MS: f64 = 1_000.0;
/// The floor for the resident memory of an idle server, in megabytes.
const MEMORY_FLOOR_MB: f64 = 40.0;
/// How long a server idles before its memory is read.
const IDLE: Duration = Duration::from_secs(3);
/// A stop takes no longer than this.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures and prints.
pub async fn measure(common: &Common, rounds: usize) -> anyhow::Result<()> {
    let binary = std::env::current_exe()?;
    Line::plain("binary_size", megabytes(std::fs::metadata(&binary)?.len()), "MB")
        .print("the executable file of this very build")?;
    // An initialised database, stopped.
    let opened =
        database::open(common, database::DATABASE, Content::Keep, OnProgress::default()).await?;
    opened.stop().await?;
    let (mut cold, mut warm, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (mut first, took) = start(common)?;
        cold.push(took);
        std::thread::sleep(IDLE);
        memory.push(resident(first.id())?);
        // Killed, it leaves Postgres running for the next one.
        first.kill()?;
        first.wait()?;
        let (mut second, took) = start(common)?;
        warm.push(took);
        stop(&mut second)?;
    }
    Line::cost("cold_start", median(cold)?, "ms", START_FLOOR_MS)
        .print("`serve` on an initialised database, the private Postgres started too, until ready; yardstick: the floor")?;
    Line::cost("warm_start", median(warm)?, "ms", START_FLOOR_MS)
        .print("the same with Postgres running already; yardstick: the floor")?;
    Line::cost("idle_memory", median(memory)?, "MB", MEMORY_FLOOR_MB).print(
        "resident memory of an idle `serve` after 3 s, without Postgres; yardstick: the floor",
    )
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// A server and the milliseconds until it said that it was ready.
fn start(common: &Common) -> anyhow::Result<(Child, f64)> {
    let begun = Instant::now();
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&common.data_dir)
        .env("LOKET_LOG", "loket=info")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let said = server.stderr.take().context("the log of the server")?;
    let mut lines = BufReader::new(said).lines();
    let mut heard = String::new();
    for line in lines.by_ref() {
        let line = line?;
        if line.contains("serve: ready") {
            let took = begun.elapsed().as_secs_f64() * 1000.0;
            // Whoever stops reading a pipe stops its writer.
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok((server, took));
        }
        heard.push_str(&line);
        heard.push('\n');
    }
    bail!("the server ended before it was ready:\n{heard}")
}

/// The resident memory of a process in megabytes, as Linux tells it.
fn resident(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .context("resident memory is read from /proc, which this system does not have")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes.context("VmRSS is missing")?.trim().parse()?;
    Ok(megabytes(kilobytes * 1024))
}

fn stop(server: &mut Child) -> anyhow::Result<()> {
    if let Some(pid) = i32::try_from(server.id()).ok().and_then(Pid::from_raw) {
        rustix::process::kill_process(pid, Signal::TERM)?;
    }
    let begun = Instant::now();
    while server.try_wait()?.is_none() {
        if begun.elapsed() > PATIENCE {
            server.kill()?;
            bail!("the server did not stop");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
