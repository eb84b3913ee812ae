//! Every recorded mail has one fate, whatever state its parts are in.

use store::reconcile;

use crate::support::World;

/// As `raw_messages_fate_check` has them.
const FATES: [&str; 7] =
    ["answered", "drafted", "held", "filtered", "automatic", "quarantined", "imported"];
/// As `private.interaction_is_sound` has them.
const STATES: [&str; 8] =
    ["received", "answered", "drafted", "held", "automatic", "discarded", "closed", "imported"];

#[tokio::test]
async fn every_recorded_mail_has_exactly_one_fate_in_every_state() {
    let world = World::new().await;
    let (store, shop, behind) = (world.store(), world.a, &world.database.behind);
    // The lists above are the schema's.
    let fates = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'raw_messages_fate_check'";
    let states = "select substring(prosrc from '\\mstate in \\([^)]*\\)') from pg_proc where proname = 'interaction_is_sound'";
    for (text, list) in [(fates, &FATES[..]), (states, &STATES[..])] {
        let definition: String = behind.query_one(text, &[]).await.unwrap().get(0);
        assert_eq!(definition.matches('\'').count(), list.len() * 2, "{definition}");
        assert!(list.iter().all(|word| definition.contains(&format!("'{word}'"))), "{definition}");
    }
    behind.execute("delete from public.jobs", &[]).await.unwrap();
    let fates: Vec<Option<&str>> = FATES.iter().copied().map(Some).chain([None]).collect();
    for fate in fates {
        let text = "update public.raw_messages set fate = $1, fate_at = case when $1::text is not null then now() end \
            where tenant_id = $2";
        behind.execute(text, &[&fate, &shop.tenant]).await.unwrap();
        for state in STATES {
            let text = "update public.customer_interactions set state = $1 where tenant_id = $2";
            behind.execute(text, &[&state, &shop.tenant]).await.unwrap();
            for (kind, subject) in
                [("", shop.raw.0), ("ingest", shop.raw.0), ("answer", shop.interaction.0)]
            {
                behind.execute("delete from public.jobs", &[]).await.unwrap();
                if !kind.is_empty() {
                    let text = "insert into public.jobs (tenant_id, id, kind, subject_id) values ($1, $1, $2, $3)";
                    behind.execute(text, &[&shop.tenant, &kind, &subject]).await.unwrap();
                }
                let found = store
                    .as_worker(shop.tenant, async |tx| reconcile::fates(tx, shop.mailbox).await)
                    .await
                    .unwrap();
                let expected = match (fate, kind) {
                    (Some(fate), _) => fate,
                    (None, "") => "unattended",
                    (None, _) => "waiting",
                };
                let found: Vec<(String, i64)> = found.into_iter().collect();
                assert_eq!(found, [(expected.to_owned(), 1)], "{fate:?} {state} {kind}");
            }
        }
    }
    // Not half of it: a fate without its moment, or a moment without a fate.
    for text in [
        "update public.raw_messages set fate = 'held', fate_at = null",
        "update public.raw_messages set fate = null, fate_at = now()",
        "update public.raw_messages set fate = 'lost', fate_at = now()",
    ] {
        assert!(behind.execute(text, &[]).await.is_err(), "{text}");
    }
}
