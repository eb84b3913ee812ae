//! Keys and passwords on a database with shops.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::ToSpan;
use loket::secrets::{Plain, Ring, Secret, Vault, renew};
use loket::shop_file::ShopFile;
use loket::shop_setup::{self, Folders, MadeShop};
use store::Store;
use store::secrets::SecretRow;

use crate::lab::{Lab, cluster};

const CANARY: &str = "kanariewachtwoord";

/// Shops, each with a password in both places.
async fn shops(lab: &Lab, vault: &Vault, count: usize) -> Vec<MadeShop> {
    let admin = shop_setup::make_admin(&lab.store).await.unwrap();
    let file = ShopFile::demo().unwrap();
    let mut shops = Vec::new();
    for number in 0..count {
        let folders = Folders::make(&lab.data_dir.join(format!("mail{number}"))).unwrap();
        let owner = format!("eigenaar{number}@winkel.example");
        let shop = shop_setup::make(&lab.store, admin, &owner, &file, &folders).await.unwrap();
        save(&lab.store, vault, &shop, &format!("{CANARY}{number}")).await;
        shops.push(shop);
    }
    shops
}

fn rows(shop: &MadeShop) -> [SecretRow; 2] {
    [SecretRow::of_tenant(shop.tenant), SecretRow::of_mailbox(shop.tenant, shop.mailbox)]
}

async fn save(store: &Store, vault: &Vault, shop: &MadeShop, password: &str) {
    for row in rows(shop) {
        let closed = vault.seal(row, &Secret::from(password)).unwrap();
        let save = async |tx: &store::TenantTx| store::secrets::save(tx, row, &closed).await;
        store.as_user(&shop.claims(), save).await.unwrap();
    }
}

/// As the worker that reads the mailbox would.
async fn password(store: &Store, vault: &Vault, row: SecretRow) -> String {
    let read = async |tx: &store::TenantTx| store::secrets::read(tx, row).await;
    let text = store.as_worker(row.tenant_id, read).await.unwrap().unwrap();
    vault.open_envelope(row, &text).unwrap().expose().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_under_load_from_where_they_were_killed_and_the_old_one_goes() {
    let lab = Lab::new().await;
    let server = Arc::new(lab.vault().await);
    let shops = shops(&lab, &server, 12).await;
    let old = server.key_ids().unwrap();
    assert_eq!(old.len(), 1);

    // Owners change their passwords all the while, through a server that was started before.
    let store =
        Arc::new(store::Store::connect(&store::Logins::beside(&lab.owner, None)).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let load = {
        let (server, store, stop) = (Arc::clone(&server), Arc::clone(&store), Arc::clone(&stop));
        let busy = shops[0];
        tokio::spawn(async move {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                save(&store, &server, &busy, &format!("nieuw{number}")).await;
            }
            number
        })
    };
    let operator = lab.vault().await;
    let now = loket::serving::now();
    operator.add_key(now).unwrap();
    let half = renew(&lab.store, &operator, Plain::Leave, Some(11)).await.unwrap();
    assert!(half.renewed > 0 && half.troubles.is_empty(), "{half:?}");
    drop(operator);
    for (number, shop) in shops.iter().enumerate().skip(1) {
        for row in rows(shop) {
            assert_eq!(password(&lab.store, &server, row).await, format!("{CANARY}{number}"));
        }
    }
    // Killed there; another run goes on.
    let operator = lab.vault().await;
    let rest = renew(&lab.store, &operator, Plain::Leave, None).await.unwrap();
    assert!(rest.troubles.is_empty(), "{rest:?}");
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.store(true, Ordering::Relaxed);
    let last = load.await.unwrap();
    let swept = renew(&lab.store, &operator, Plain::Leave, None).await.unwrap();
    assert!(swept.troubles.is_empty());

    let usage = store::secrets::usage(&lab.store).await.unwrap();
    let counted: i64 = usage.iter().map(|usage| usage.secrets).sum();
    assert_eq!((usage.len(), counted), (2, 24), "one key in two columns: {usage:?}");
    let soon = operator.retire(&usage, now + 1.minute()).unwrap();
    assert_eq!(soon, [], "a server may just be writing with it");
    assert_eq!(operator.retire(&usage, now + 61.minutes()).unwrap(), old);
    let fresh = lab.vault().await;
    assert_eq!(fresh.key_ids().unwrap().len(), 1);
    for (number, shop) in shops.iter().enumerate() {
        let wanted = if number == 0 { format!("nieuw{last}") } else { format!("{CANARY}{number}") };
        for row in rows(shop) {
            assert_eq!(password(&lab.store, &fresh, row).await, wanted);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_use_is_never_taken_away() {
    let lab = Lab::new().await;
    let vault = lab.vault().await;
    shops(&lab, &vault, 1).await;
    let old = vault.key_ids().unwrap();
    let now = loket::serving::now();
    let new = vault.add_key(now).unwrap();
    let usage = store::secrets::usage(&lab.store).await.unwrap();
    assert_eq!(vault.retire(&usage, now + 2.hours()).unwrap(), []);
    assert_eq!(vault.key_ids().unwrap(), [new, old[0]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_or_wrong_key_stops_the_server_and_no_password_is_called_wrong() {
    let lab = Lab::new().await;
    let vault = lab.vault().await;
    shops(&lab, &vault, 2).await;
    let (file, away) = (lab.key_file(), lab.data_dir.join("away"));
    fs::rename(&file, &away).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let said = lab.loket(&serve, "");
    assert!(
        !said.ok && said.err.contains("4 mailbox passwords are closed with keys that are lost")
    );
    assert!(!file.exists(), "no new key took its place");
    let doctor = lab.loket(&["doctor", "--json"], "");
    assert!(doctor.out.contains("keys that are lost"), "{}", doctor.out);

    Ring::new(loket::serving::now()).unwrap().write(&file).unwrap();
    let said = lab.loket(&serve, "");
    assert!(!said.ok && said.err.contains("keys that are lost"), "{}", said.err);
    let said = lab.loket(&["admin", "keys", "rotate"], "");
    assert!(!said.ok, "nor is anything moved");
    let marked = "select count(*) from public.mailboxes where paused_reason is not null";
    let marked: i64 = lab.behind.query_one(marked, &[]).await.unwrap().get(0);
    assert_eq!(marked, 0);

    fs::rename(&away, &file).unwrap();
    let listed = lab.loket(&["admin", "keys", "list", "--json"], "").json();
    assert_eq!(listed[0]["secrets"], 4);
    // The same key from the environment serves a node without the file.
    let text = fs::read_to_string(&file).unwrap();
    let key = text.lines().last().unwrap().split(' ').nth(1).unwrap().to_owned();
    let elsewhere = lab.data_dir.join("other");
    let variables = [("LOKET_MAILBOX_KEYS", key.as_str())];
    let said = lab.loket_on(&elsewhere, &["admin", "keys", "list", "--json"], "", &variables);
    assert_eq!(said.json()[0]["secrets"], 4);
    let said = lab.loket_on(&elsewhere, &["admin", "keys", "rotate"], "", &variables);
    assert!(!said.ok && said.err.contains("LOKET_MAILBOX_KEYS"), "{}", said.err);
    assert!(!said.err.contains(&key));
    let doctor = lab.loket(&["doctor", "--json"], "");
    let check = doctor.out.lines().find(|line| line.contains("mailbox keys")).unwrap();
    assert!(check.contains("closing 4 passwords"), "{check}");
}

/// Everything the database holds, as `pg_dump` writes it.
fn dump(lab: &Lab) -> String {
    cluster().dump_data(lab.owner.get_dbname().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_base64_is_closed_and_no_password_is_found_anywhere_afterwards() {
    let lab = Lab::new().await;
    let vault = lab.vault().await;
    let shops = shops(&lab, &vault, 4).await;
    let plain = STANDARD.encode(CANARY);
    let set = "update public.tenants set gmail_password_encrypted = $2 where tenant_id = $1";
    lab.behind.execute(set, &[&shops[0].tenant, &plain]).await.unwrap();
    let unknown = "not base64 at all";
    lab.behind.execute(set, &[&shops[1].tenant, &unknown]).await.unwrap();
    let set = "update public.mailboxes set secret_encrypted = $2 where tenant_id = $1";
    lab.behind.execute(set, &[&shops[2].tenant, &plain.trim_end_matches('=')]).await.unwrap();
    assert!(dump(&lab).contains(&plain));
    let doctor = lab.loket(&["doctor", "--json"], "");
    assert!(doctor.out.contains("3 passwords are in no envelope"), "{}", doctor.out);

    let rotated = lab.loket(&["admin", "keys", "rotate", "--most", "2", "--json"], "");
    assert_eq!(rotated.json()[0]["closed"], 0, "rotation leaves them");
    assert!(rotated.err.contains("rotate --resume"), "{}", rotated.err);
    let said = lab.loket(&["admin", "secrets", "reencrypt", "--json"], "");
    assert!(!said.ok, "one row needs a person");
    let tally: serde_json::Value = serde_json::from_str(said.out.trim()).unwrap();
    assert_eq!(tally["closed"], 2, "{tally}");
    assert_eq!(tally["troubles"].as_array().unwrap().len(), 1);
    assert!(said.err.contains("backups"), "{}", said.err);
    let kept = "select gmail_password_encrypted from public.tenants where tenant_id = $1";
    let kept: String = lab.behind.query_one(kept, &[&shops[1].tenant]).await.unwrap().get(0);
    assert_eq!(kept, unknown, "what is not understood is not touched");
    let vault = lab.vault().await;
    for row in [rows(&shops[0])[0], rows(&shops[2])[1]] {
        assert_eq!(password(&lab.store, &vault, row).await, CANARY);
    }
    let again = lab.loket(&["admin", "secrets", "reencrypt", "--json"], "");
    let tally: serde_json::Value = serde_json::from_str(again.out.trim()).unwrap();
    assert_eq!((&tally["closed"], &tally["renewed"]), (&0.into(), &0.into()));

    // Nowhere, in no shape: what was printed, and what the database would give away.
    let hex = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let core = STANDARD.encode(CANARY).trim_end_matches('=').to_owned();
    let seen = [dump(&lab), said.out, said.err, rotated.out, rotated.err, doctor.out, again.out];
    for text in seen {
        for canary in [CANARY, &core, &hex] {
            assert!(!text.contains(canary), "a password came out");
        }
    }
    // Nor does the owner's own profile, or anybody's select.
    let profile = store::users::profile(&lab.store, shops[0].owner).await.unwrap().unwrap();
    let shown = format!("{profile:?}");
    assert!(!shown.contains("gmail_password") && !shown.contains("api_key_hash"), "{shown}");
    let read = async |tx: &store::TenantTx| store::secrets::read(tx, rows(&shops[0])[0]).await;
    let refused = lab.store.as_user(&shops[0].claims(), read).await;
    assert!(matches!(refused, Err(store::Error::Forbidden { .. })), "{refused:?}");
    let listed = async |tx: &store::TenantTx| store::mailboxes::list(tx).await;
    let listed = lab.store.as_user(&shops[0].claims(), listed).await.unwrap();
    assert!(listed.iter().all(|mailbox| mailbox.secret_encrypted.is_none()));
}
