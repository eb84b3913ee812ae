//! End to end: raw mail in mailboxes, read, decided, written, sent into a directory.

use std::time::{Duration, Instant};

use anyhow::bail;
use store::ingest::fates;
use store::jobs::{JobKind, next_due};

use super::{Line, per_second};
use crate::cli::demo::sample;
use crate::config::Common;
use crate::database::Database;
use crate::jobs::{Pace, Workers};
use crate::pipeline::Desk;
use crate::serving;
use crate::shop_file::ShopFile;
use crate::shop_setup::{self, Folders, MadeShop};

/// Each shop gets the whole sample mailbox.
const SHOPS: usize = 20;
/// The floor (`docs/performance.md`), in mails a second on two cores.
const FLOOR: f64 = 500.0;
/// Work that takes longer than this has come to a stop.
const PATIENCE: Duration = Duration::from_mins(5);

/// Measures and prints.
pub async fn measure(database: &Database, common: &Common) -> anyhow::Result<()> {
    let desk = serving::desk(common, database)?;
    let (shops, mails) = fill(&desk, common).await?;
    let begun = Instant::now();
    let workers = Workers::start(&desk, Pace::default());
    let decided = wait(&desk, &shops, mails, begun).await;
    workers.drain().await;
    let (decided, sent) = decided?;
    let about = format!(
        "{mails} raw mails in {SHOPS} mail directories, stored, parsed, threaded, decided, drafted, \
         receipt and outbox row written, delivery to a directory going on beside it"
    );
    Line::rate("whole_path", per_second(mails, decided), "mails/s", FLOOR)
        .print(format!("{about}; until the last fate is known; yardstick: the floor on 2 cores"))?;
    Line::rate("whole_path_sent", per_second(mails, sent), "mails/s", FLOOR)
        .print(format!("{about}; until the last reply was sent too; yardstick: the floor"))
}

async fn fill(desk: &Desk, common: &Common) -> anyhow::Result<(Vec<MadeShop>, usize)> {
    let admin = shop_setup::make_admin(&desk.store).await?;
    let samples = sample::all()?;
    let root = common.data_dir.join("mail");
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    let mut shops = Vec::new();
    for number in 0..SHOPS {
        let folders = Folders::make(&root.join(number.to_string()))?;
        let owner = format!("owner{number}@loket.example");
        let file = ShopFile::demo()?;
        shops.push(shop_setup::make(&desk.store, admin, &owner, &file, &folders).await?);
        for sample in &samples {
            sample.put_into(&folders.inbox, |_| None)?;
        }
    }
    Ok((shops, samples.len() * SHOPS))
}

/// How long until all is decided, and until all is sent.
async fn wait(
    desk: &Desk,
    shops: &[MadeShop],
    mails: usize,
    begun: Instant,
) -> anyhow::Result<(Duration, Duration)> {
    let wanted = i64::try_from(mails)?;
    let mut decided = None;
    while begun.elapsed() < PATIENCE {
        // Seldom enough to cost nothing beside the work.
        tokio::time::sleep(Duration::from_millis(50)).await;
        if decided.is_none() && known(desk, shops).await? == wanted {
            decided = Some(begun.elapsed());
        }
        if let Some(decided) = decided
            && next_due(&desk.store, JobKind::Deliver).await?.is_none()
        {
            return Ok((decided, begun.elapsed()));
        }
    }
    bail!("not all of {mails} mails were worked within {} s", PATIENCE.as_secs())
}

async fn known(desk: &Desk, shops: &[MadeShop]) -> anyhow::Result<i64> {
    let mut known = 0;
    for shop in shops {
        let counts = desk.store.as_worker(shop.tenant, async |tx| fates(tx).await).await?;
        let of_shop = counts.iter().filter(|(fate, _)| fate != "unknown").map(|(_, mails)| mails);
        known += of_shop.sum::<i64>();
    }
    Ok(known)
}
