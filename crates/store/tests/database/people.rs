//! Who belongs where: approval and its refusals (hazards A3, A5, A27), colleagues and their
//! invitations, the first platform admin, API keys (B18).

use std::time::Duration;

use jiff::Timestamp;
use store::admin::Standing;
use store::api_keys::{NewApiKey, Scope};
use store::users::TenantRole;
use store::{ApiKeyId, Claims, Constraint, Error, InvitationId, TenantTx, UserId};

use crate::support::World;

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a test may read the clock")]
    Timestamp::now()
}

async fn audit(world: &World, action: &str) -> i64 {
    let count = "select count(*) from public.audit_log where action = $1";
    world.database.behind.query_one(count, &[&action]).await.unwrap().get(0)
}

fn broken<T>(done: Result<T, Error>) -> Constraint {
    match done {
        Err(Error::Constraint { constraint, .. }) => constraint,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was done"),
    }
}

#[tokio::test]
async fn a_refused_approval_leaves_the_shop_as_it_was_and_a_line_in_the_audit_log() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    for person in [a.user, a.agent, a.suspended, world.pending, UserId::new()] {
        let done = store::admin::approve(store, person, world.b.tenant).await;
        assert!(matches!(done, Err(Error::Forbidden { .. })), "{done:?}");
        let standing = Standing::Suspended;
        let done =
            store::admin::set_standing(store, person, world.b.tenant, standing, "zomaar").await;
        assert!(matches!(done, Err(Error::Forbidden { .. })), "{done:?}");
    }
    assert_eq!(audit(&world, "refused.shop.approved").await, 5);
    assert_eq!(audit(&world, "refused.shop.suspended").await, 5);
    let status = "select status from public.tenants where tenant_id = $1";
    let status: String =
        world.database.behind.query_one(status, &[&world.b.tenant]).await.unwrap().get(0);
    assert_eq!(status, "approved");
}

#[tokio::test]
async fn a_suspended_shop_stops_at_once_and_goes_on_where_it_was() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    let set = async |standing, reason: &str| {
        store::admin::set_standing(store, world.admin, a.tenant, standing, reason).await
    };
    assert_eq!(broken(set(Standing::Suspended, " ab ").await), Constraint::Reason);
    assert_eq!(broken(set(Standing::Rejected, "te laat").await), Constraint::StatusStep);
    assert!(set(Standing::Suspended, "facturen open").await.unwrap());
    assert!(!set(Standing::Suspended, "facturen open").await.unwrap(), "twice is once");
    assert_eq!(audit(&world, "shop.suspended").await, 1);
    let approve = store::admin::approve(store, world.admin, a.tenant).await;
    assert_eq!(broken(approve), Constraint::StatusStep, "resuming needs a reason");

    // Its people see nothing, and an old token works no mail and changes no setting.
    let profile = store::users::profile(store, a.user).await.unwrap().unwrap();
    assert_eq!(profile.claims().tenant_id, None);
    assert!(profile.shop_is("suspended"));
    let assigned = store
        .as_user(&a.claims(), async |tx| {
            store::conversations::assign(tx, a.thread, Some(a.user)).await
        })
        .await;
    assert!(matches!(assigned, Err(Error::Absent { .. })), "{assigned:?}");
    let owner = a.claims();
    let pause = async |tx: &TenantTx| store::mailboxes::pause(tx, a.mailbox, Some("x")).await;
    assert!(matches!(store.as_user(&owner, pause).await, Err(Error::Absent { .. })));
    // Nothing is fetched, and its key opens nothing.
    let read = store::mailboxes::active(store).await.unwrap();
    assert!(read.iter().all(|mailbox| mailbox.tenant_id != a.tenant));
    assert!(read.iter().any(|mailbox| mailbox.tenant_id == world.b.tenant));
    assert_eq!(store::api_keys::find(store, a.tenant, &[1; 32], now()).await.unwrap(), None);

    assert!(set(Standing::Resumed, "facturen betaald").await.unwrap());
    let profile = store::users::profile(store, a.user).await.unwrap().unwrap();
    assert_eq!(profile.claims(), a.claims());
    assert!(store::api_keys::find(store, a.tenant, &[1; 32], now()).await.unwrap().is_some());
    let told = store
        .as_user(&a.claims(), async |tx| store::shops::audit_page(tx, None, 2).await)
        .await
        .unwrap();
    assert_eq!(told[0].action, "shop.resumed");
    assert_eq!(told[1].reason.as_deref(), Some("facturen open"));
    let notices = "select count(*) from public.notifications
                   where tenant_id = $1 and detail in ('shop.suspended', 'shop.resumed')";
    let notices: i64 = world.database.behind.query_one(notices, &[&a.tenant]).await.unwrap().get(0);
    assert_eq!(notices, 2);
}

#[tokio::test]
async fn an_invitation_is_good_once_for_who_was_asked_and_for_two_days() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    let invite = async |email: &str, hash: [u8; 32]| {
        let id = InvitationId::new();
        let invited = async |tx: &TenantTx| {
            store::admin::invite(tx, id, email, TenantRole::Agent, &hash).await
        };
        store.as_user(&a.claims(), invited).await.unwrap();
        id
    };
    let accept = async |person: UserId, hash: [u8; 32]| {
        let claims = Claims { user_id: person, tenant_id: None };
        let accepted =
            async |tx: &TenantTx| store::admin::accept_invitation(tx, a.tenant, &hash).await;
        store.as_user(&claims, accepted).await
    };
    let waiting = world.pending;
    let first = invite("Wacht@C.example", [10; 32]).await;
    let other = UserId::new();
    assert!(store::users::create(store, other, "ander@c.example", "x").await.unwrap());
    assert_eq!(accept(other, [10; 32]).await.unwrap(), None, "somebody else's");
    assert_eq!(accept(waiting, [99; 32]).await.unwrap(), None, "a wrong token");
    let taken_back = async |tx: &TenantTx| store::admin::revoke_invitation(tx, first).await;
    assert!(store.as_user(&a.claims(), taken_back).await.unwrap());
    assert_eq!(accept(waiting, [10; 32]).await.unwrap(), None, "taken back");
    invite("wacht@c.example", [11; 32]).await;
    let behind = &world.database.behind;
    let age = "update public.tenant_invitations set expires_at = expires_at - interval '48 hours 1 second'";
    behind.execute(age, &[]).await.unwrap();
    assert_eq!(accept(waiting, [11; 32]).await.unwrap(), None, "too late");
    invite("wacht@c.example", [12; 32]).await;
    invite("wacht@c.example", [13; 32]).await;
    assert_eq!(accept(waiting, [12; 32]).await.unwrap(), None, "a newer one was made");
    let unconfirmed = "update auth.users set email_confirmed_at = null where id = $1";
    behind.execute(unconfirmed, &[&waiting]).await.unwrap();
    assert_eq!(accept(waiting, [13; 32]).await.unwrap(), None, "the address is not proved");
    let confirmed = "update auth.users set email_confirmed_at = now() where id = $1";
    behind.execute(confirmed, &[&waiting]).await.unwrap();
    let (one, two) = tokio::join!(accept(waiting, [13; 32]), accept(waiting, [13; 32]));
    let joined: Vec<_> = [one, two].into_iter().filter_map(Result::ok).flatten().collect();
    assert_eq!(joined, [TenantRole::Agent], "two at once are one");
    let profile = store::users::profile(store, waiting).await.unwrap().unwrap();
    assert_eq!((profile.tenant_id, profile.tenant_role), (Some(a.tenant), Some(TenantRole::Agent)));
    assert_eq!(broken(accept(waiting, [13; 32]).await), Constraint::OneShopPerPerson);
    for person in [a.agent, a.viewer, a.suspended] {
        let claims = Claims { user_id: person, tenant_id: Some(a.tenant) };
        let id = InvitationId::new();
        let refused = store.as_user(&claims, async |tx| {
            store::admin::invite(tx, id, "x@y.example", TenantRole::Owner, &[20; 32]).await
        });
        assert!(matches!(refused.await, Err(Error::Forbidden { .. })));
    }
}

#[tokio::test]
async fn a_shop_keeps_an_owner_and_a_role_that_was_taken_ends_at_once() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    let as_owner = async |work: &dyn Fn(UserId) -> (UserId, TenantRole), person: UserId| {
        let (person, role) = work(person);
        let set = async |tx: &TenantTx| store::admin::set_member_role(tx, person, role).await;
        store.as_user(&a.claims(), set).await
    };
    let demote = |person| (person, TenantRole::Viewer);
    // The other owner is suspended and does not count.
    assert_eq!(broken(as_owner(&demote, a.user).await), Constraint::LastOwner);
    let remove = async |tx: &TenantTx| store::admin::remove_member(tx, a.user).await;
    assert_eq!(broken(store.as_user(&a.claims(), remove).await), Constraint::LastOwner);
    let foreign = as_owner(&demote, world.b.agent).await;
    assert!(foreign.is_err(), "another shop's people are not there");

    let agent = Claims { user_id: a.agent, tenant_id: Some(a.tenant) };
    let works = async || {
        store
            .as_user(&agent, async |tx| {
                store::conversations::assign(tx, a.thread, Some(a.agent)).await
            })
            .await
    };
    works().await.unwrap();
    assert!(as_owner(&demote, a.agent).await.unwrap());
    assert!(matches!(works().await, Err(Error::Absent { .. })), "the same claims, the next moment");
    let remove = async |tx: &TenantTx| store::admin::remove_member(tx, a.agent).await;
    assert!(store.as_user(&a.claims(), remove).await.unwrap());
    let profile = store::users::profile(store, a.agent).await.unwrap().unwrap();
    assert_eq!((profile.tenant_id, profile.tenant_role), (None, None));
    let claim = "select raw_app_meta_data ->> 'tenant_id' from auth.users where id = $1";
    let claim: Option<String> =
        world.database.behind.query_one(claim, &[&a.agent]).await.unwrap().get(0);
    assert_eq!(claim, None);
}

#[tokio::test]
async fn only_the_first_admin_is_made_without_an_admin() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    store::admin::make_first(store, world.admin).await.unwrap();
    let second = store::admin::make_first(store, a.user).await;
    assert!(matches!(second, Err(Error::Forbidden { .. })), "{second:?}");
    let set = async |by: UserId, person: UserId, admin| {
        store
            .as_admin(by, async |tx| {
                store::admin::set_platform_role(tx, person, admin, "nieuwe collega").await
            })
            .await
    };
    assert!(matches!(set(a.user, a.user, true).await, Err(Error::Forbidden { .. })));
    assert_eq!(broken(set(world.admin, world.admin, false).await), Constraint::NotOneself);
    assert!(set(world.admin, world.pending, true).await.unwrap());
    assert!(set(world.pending, world.admin, false).await.unwrap());
    let admins = store::admin::platform_admins(store).await.unwrap();
    assert_eq!(admins.iter().map(|admin| admin.user_id).collect::<Vec<_>>(), [world.pending]);
    assert!(store::admin::approve(store, world.admin, a.tenant).await.is_err(), "at once");
    assert_eq!(audit(&world, "admin.role_changed").await, 2);
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_no_key_reaches_a_setting_or_another_shop() {
    let world = World::new().await;
    let (store, a, b) = (world.store(), world.a, world.b);
    let find =
        async |hash: [u8; 32]| store::api_keys::find(store, a.tenant, &hash, now()).await.unwrap();
    let found = find([1; 32]).await.unwrap();
    assert_eq!(found.scopes, Scope::ALL);
    assert_eq!(find([2; 32]).await, None, "revoked");
    assert_eq!(find([3; 32]).await, None, "unknown");
    let claims = found.claims;
    let threads = async || {
        let page = async |tx: &TenantTx| store::conversations::page(tx, None, None, 10).await;
        store.as_api_key(&claims, page).await.unwrap()
    };
    let seen = threads().await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].id, a.thread);
    let assigned = async |thread| {
        let assign =
            async |tx: &TenantTx| store::conversations::assign(tx, thread, Some(a.agent)).await;
        store.as_api_key(&claims, assign).await
    };
    assigned(a.thread).await.unwrap();
    assert!(matches!(assigned(b.thread).await, Err(Error::Absent { .. })));
    let pause = async |tx: &TenantTx| store::mailboxes::pause(tx, a.mailbox, Some("x")).await;
    assert!(matches!(store.as_api_key(&claims, pause).await, Err(Error::Absent { .. })));
    let more = async |tx: &TenantTx| store::api_keys::revoke(tx, a.api_key).await;
    assert!(matches!(store.as_api_key(&claims, more).await, Err(Error::Forbidden { .. })));

    let fresh = NewApiKey {
        id: ApiKeyId::new(),
        name: String::new(),
        prefix: "lk_9".to_owned(),
        key_hash: [9; 32],
        scopes: vec![Scope::Read],
        replaces: Some(a.api_key),
    };
    let rotate = async |tx: &TenantTx| store::api_keys::create(tx, &fresh).await;
    store.as_user(&a.claims(), rotate).await.unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(find([1; 32]).await, None);
    assert_eq!(threads().await.len(), 0, "even with claims from before");
    assert!(assigned(a.thread).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(1));
    let found = find([9; 32]).await.unwrap();
    assert_eq!(found.scopes, Scope::ALL, "name and scopes are the old key's");
    let listed = async |tx: &TenantTx| store::api_keys::list(tx).await;
    let listed = store.as_user(&a.claims(), listed).await.unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed.iter().filter(|key| key.revoked_at.is_none()).count(), 1);
    let contract = "select api_key from public.tenants where tenant_id = $1";
    let contract: String =
        world.database.behind.query_one(contract, &[&a.tenant]).await.unwrap().get(0);
    assert_eq!(contract, "lk_9");
    let dump = crate::support::cluster().dump_data(&world.database.name);
    assert_eq!(dump.matches("geheim").count(), 2, "a secret lies in its column and nowhere else");
}
