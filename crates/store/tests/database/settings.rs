//! What a shop's people set: rules with their history, filters, notifications, the shop itself.

use domain::contract::{FilterType, RuleKey};
use serde_json::json;
use store::filters::FilterValue;
use store::rules::NewRuleVersion;
use store::{Constraint, Error};

use crate::support::World;

#[tokio::test]
async fn every_version_of_a_rule_is_kept_and_nobody_overwrites_unseen() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let save = async |started_from: i32, start: i32| {
        let rule = NewRuleVersion {
            rule_key: RuleKey::OnderhandelingLogica,
            started_from,
            enabled: true,
            rule_config: json!({"start": start}),
            html_template: json!({}),
        };
        store.as_user(&shop.claims(), async |tx| store::rules::save(tx, &rule).await).await
    };
    assert_eq!(save(1, 600).await.unwrap(), 2);
    assert!(matches!(save(1, 700).await, Err(Error::Conflict(_))), "another saved meanwhile");
    assert!(matches!(save(0, 700).await, Err(Error::Conflict(_))), "it exists already");
    let (current, versions, log, master) = store
        .as_user(&shop.claims(), async |tx| {
            Ok((
                store::rules::current(tx).await?,
                store::rules::versions(tx, RuleKey::OnderhandelingLogica).await?,
                store::shops::audit_page(tx, None, 100).await?,
                store::rules::master(tx).await?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((current[0].version, &current[0].rule_config), (2, &json!({"start": 600})));
    let kept: Vec<i32> = versions.iter().map(|version| version.version).collect();
    assert_eq!(kept, [2, 1]);
    assert_eq!(versions[0].created_by, Some(shop.user));
    assert_eq!(log.iter().filter(|entry| entry.action == "rule.saved").count(), 2);
    assert_eq!((master.len(), master[0].version), (1, 1));
    let others =
        store.as_user(&world.b.claims(), async |tx| store::rules::current(tx).await).await.unwrap();
    assert_eq!(others[0].version, 1);
}

#[tokio::test]
async fn filters_are_added_once_and_deleted_by_their_own_shop() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let add = async |value: FilterValue| {
        store
            .as_user(&shop.claims(), async |tx| {
                store::filters::insert(tx, FilterType::Allow, &value, false).await
            })
            .await
    };
    let address = FilterValue::Address("vriend@x.example".to_owned());
    let filter = add(address.clone()).await.unwrap();
    let same = add(address).await;
    assert!(
        matches!(same, Err(Error::Constraint { constraint: Constraint::SameFilter, .. })),
        "{same:?}"
    );
    let foreign =
        store.as_user(&world.b.claims(), async |tx| store::filters::delete(tx, filter).await).await;
    assert!(matches!(foreign, Err(Error::Absent { .. })), "{foreign:?}");
    let left = store
        .as_user(&shop.claims(), async |tx| {
            store::filters::delete(tx, filter).await?;
            store::filters::list(tx).await
        })
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].domain.as_deref(), Some("reclame.example"));
}

#[tokio::test]
async fn a_notification_is_dealt_with_once() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let claims = shop.claims();
    let page = async |open: bool| {
        store
            .as_user(&claims, async |tx| store::notifications::page(tx, open, None, 10).await)
            .await
            .unwrap()
    };
    let open = page(true).await;
    assert_eq!(open.len(), 1);
    for first in [true, false] {
        let done = store
            .as_user(&claims, async |tx| store::notifications::mark_done(tx, open[0].id).await)
            .await;
        assert_eq!(done.is_ok(), first);
    }
    assert_eq!(page(true).await, []);
    let all = page(false).await;
    assert_eq!((all[0].done_by, all[0].done_at.is_some()), (Some(shop.user), true));
}

#[tokio::test]
async fn a_shop_changes_its_settings_and_no_other() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let settings = store::shops::ShopSettings {
        bedrijfsnaam: "Nieuwe naam".to_owned(),
        shop_url: "https://nieuw.example".to_owned(),
        ai_persona_name: "Noor".to_owned(),
        taalvoorkeur: "EN".to_owned(),
        retouradres: "Kade 2".to_owned(),
        dagen_instellingen: json!({"return": 30}),
        signature_html: "<p>Noor</p>".to_owned(),
        automatic_sending: false,
    };
    store
        .as_user(&shop.claims(), async |tx| store::shops::save_settings(tx, &settings).await)
        .await
        .unwrap();
    let names: Vec<String> = store
        .as_admin(world.admin, async |tx| store::shops::list(tx, Some("approved")).await)
        .await
        .unwrap()
        .into_iter()
        .map(|shop| shop.bedrijfsnaam)
        .collect();
    assert_eq!(names, ["Nieuwe naam", "Winkel b"]);
    let profile = store::users::profile(store, shop.user).await.unwrap().unwrap();
    let tenant = profile.tenant.unwrap();
    assert_eq!(tenant["ai_persona_name"], "Noor");
    assert_eq!(tenant["automatic_sending"], false);
    assert!(tenant.get("gmail_password_encrypted").is_none(), "a secret left the database");
    let wrong = store::shops::ShopSettings { taalvoorkeur: "DE".to_owned(), ..settings };
    let refused = store
        .as_user(&shop.claims(), async |tx| store::shops::save_settings(tx, &wrong).await)
        .await;
    assert!(matches!(refused, Err(Error::Constraint { .. })), "{refused:?}");
}
