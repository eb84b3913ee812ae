//! Who may do what: A4, A5, A14, A24 on pages.

use std::time::Duration;

use loket::auth::{AuthOptions, Rate};

use crate::browser::{Browser, admin, lab, shop_id, tenant};
use crate::lab::{Lab, PASSWORD, wide};
use crate::shops::{insider, shop};

/// An approved shop with an owner, who is signed in.
async fn with_shop<'a>(lab: &'a Lab, email: &str) -> Browser<'a> {
    let mut owner = Browser::new(lab);
    owner.register(email, "Zolder").await;
    lab.behind
        .batch_execute(
            "update public.tenants set status = 'approved', active = true;
             update public.profiles p set tenant_role = 'owner', tenant_id = t.tenant_id
             from public.tenants t where t.created_by = p.user_id",
        )
        .await
        .unwrap();
    lab.behind.execute("delete from auth.sessions", &[]).await.unwrap();
    let mut owner = Browser::new(lab);
    owner.sign_in(email).await;
    assert_eq!(owner.at, "/");
    owner
}

#[tokio::test]
async fn agents_have_no_settings_and_viewers_change_nothing() {
    let lab = lab().await;
    let _owner = with_shop(&lab, "a@winkel.example").await;
    for role in ["agent", "viewer"] {
        lab.behind.execute("update public.profiles set tenant_role = $1", &[&role]).await.unwrap();
        lab.behind.execute("delete from auth.sessions", &[]).await.unwrap();
        let mut person = Browser::new(&lab);
        person.sign_in("a@winkel.example").await;
        for path in ["/instellingen/mensen", "/instellingen/sleutels", "/instellingen/logboek"] {
            assert_eq!(person.open(path).await.status, 403, "{role} {path}");
        }
        person.open("/instellingen").await;
        assert_eq!(person.at, "/instellingen/beveiliging");
        let token = person.token();
        for path in ["/instellingen", "/instellingen/mensen", "/instellingen/sleutels"] {
            let answer = person.post(path, &[("teken", &token)]).await;
            assert_eq!(answer.status, 403, "{role} {path}");
        }
        let thread = uuid::Uuid::now_v7().to_string();
        let path = format!("/gesprekken/{thread}/goedkeuren");
        let answer = person.post(&path, &[("teken", &token), ("wat", &thread)]).await;
        // Somebody else's draft is not there; a viewer is not even asked which.
        let expected = if role == "viewer" { 403 } else { 303 };
        assert_eq!(answer.status.as_u16(), expected, "{role}");
    }
}

#[tokio::test]
async fn only_an_admin_approves_and_the_try_is_written_down() {
    let lab = lab().await;
    let mut owner = Browser::new(&lab);
    owner.register("a@winkel.example", "Zolder").await;
    let shop = shop_id(&lab).await;
    owner.open("/instellingen/beveiliging").await;
    let token = owner.token();
    assert_eq!(owner.open(&format!("/beheer/winkels/{shop}")).await.status, 404);
    assert_eq!(owner.open("/beheer").await.status, 404);
    let path = format!("/beheer/winkels/{shop}/goedkeuren");
    assert_eq!(owner.post(&path, &[("teken", &token)]).await.status, 403);
    let path = format!("/beheer/winkels/{shop}/stand");
    let pairs = [("teken", token.as_str()), ("wat", "hervatten"), ("reden", "zomaar iets")];
    assert_eq!(owner.post(&path, &pairs).await.status, 404);
    assert_eq!(tenant(&lab).await["status"], "pending_approval");
    let lines = "select 1 from public.audit_log where action = 'refused.shop.approved'";
    assert_eq!(lab.behind.query(lines, &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn looking_inside_needs_a_reason_that_the_shop_reads() {
    let lab = lab().await;
    let mut owner = with_shop(&lab, "a@winkel.example").await;
    admin(&lab, "baas@loket.example").await;
    let mut boss = Browser::new(&lab);
    boss.sign_in("baas@loket.example").await;
    let shop = format!("/beheer/winkels/{}", shop_id(&lab).await);
    boss.open(&shop).await;
    let inside = format!("{shop}/inkijken");
    let untold = boss.submit(&inside, &[("reden", "  x ")]).await;
    assert!(untold.text.contains("role=\"alert\"") && !untold.text.contains("id=\"binnen\""));
    let looked = boss.submit(&inside, &[("reden", "De winkel vroeg om hulp")]).await;
    assert_eq!(looked.status, 200);
    assert!(looked.text.contains("id=\"binnen\""));
    let log = owner.open("/instellingen/logboek").await;
    assert!(log.text.contains("De winkel vroeg om hulp"), "{}", log.text);
    // Suspended, with a reason: nothing is left open.
    boss.open(&shop).await;
    boss.submit(&format!("{shop}/stand"), &[("reden", "Klachten van klanten")]).await;
    assert_eq!(tenant(&lab).await["status"], "suspended");
    for path in ["/", "/instellingen", "/instellingen/mensen"] {
        owner.open(path).await;
        assert!(["/wachten", "/instellingen/beveiliging"].contains(&owner.at.as_str()), "{path}");
    }
}

#[tokio::test]
async fn a_colleague_comes_in_by_invitation_and_another_shop_is_not_there() {
    let lab = lab().await;
    let mut owner = with_shop(&lab, "a@winkel.example").await;
    owner.open("/instellingen/mensen").await;
    let wanted = [("email", "b@winkel.example"), ("tenant_role", "agent")];
    owner.submit("/instellingen/mensen", &wanted).await;
    let mail = lab.mail("b@winkel.example", 1).await;
    let link = mail.text.lines().find(|line| line.contains("/uitnodiging?")).unwrap().trim();
    let link = link.strip_prefix(crate::lab::SITE).unwrap().to_owned();
    lab.person("b@winkel.example").await;
    lab.person("c@winkel.example").await;
    let mut thief = Browser::new(&lab);
    thief.sign_in("c@winkel.example").await;
    thief.open(&link).await;
    assert!(thief.submit("/uitnodiging", &[]).await.text.contains("role=\"alert\""));
    let mut colleague = Browser::new(&lab);
    colleague.open(&link).await;
    colleague.open("/inloggen").await;
    let pairs = [("email", "b@winkel.example"), ("wachtwoord", PASSWORD), ("terug", link.as_str())];
    colleague.submit("/inloggen", &pairs).await;
    colleague.submit("/uitnodiging", &[]).await;
    assert_eq!(colleague.at, "/");
    // An id of nobody, and of somebody elsewhere: the same answer.
    owner.open("/instellingen/mensen").await;
    let token = owner.token();
    let elsewhere = "select user_id from public.profiles where email = 'c@winkel.example'";
    let elsewhere: uuid::Uuid = lab.behind.query_one(elsewhere, &[]).await.unwrap().get(0);
    let mut seen = Vec::new();
    for id in [elsewhere, uuid::Uuid::now_v7()] {
        let id = id.to_string();
        let pairs = [("teken", token.as_str()), ("wie", &id), ("tenant_role", "viewer")];
        seen.push(owner.post("/instellingen/mensen/rol", &pairs).await.status.as_u16());
    }
    assert_eq!(seen, [404, 404]);
}

#[tokio::test]
async fn an_api_key_is_shown_once() {
    let lab = lab().await;
    let mut owner = with_shop(&lab, "a@winkel.example").await;
    owner.open("/instellingen/sleutels").await;
    let made = owner.submit("/instellingen/sleutels", &[("naam", "n8n"), ("read", "ja")]).await;
    let key =
        made.text.split_once("class=\"secret\">").unwrap().1.split_once('<').unwrap().0.to_owned();
    assert!(key.starts_with("lk_") && key.len() > 60, "{key}");
    let page = owner.open("/instellingen/sleutels").await;
    assert!(!page.text.contains(&key) && page.text.contains("n8n"));
    owner.submit("/instellingen/sleutels/intrekken", &[]).await;
    assert!(owner.at.ends_with("melding=ingetrokken"), "{}", owner.at);
}

/// Who founded a shop and was let go reads nothing of it, and may register another one.
#[tokio::test]
async fn a_founder_who_was_let_go_sees_the_shop_no_more() {
    let lab = lab().await;
    let shop = shop(&lab, "Zolder").await.id;
    let founder = insider(&lab, "oprichter@winkel.example", Some((shop, "owner"))).await;
    insider(&lab, "opvolger@winkel.example", Some((shop, "owner"))).await;
    let user = "select user_id from public.profiles where email like 'oprichter@%'";
    let user: store::UserId = lab.behind.query_one(user, &[]).await.unwrap().get(0);
    let registers = "update public.tenants set created_by = $1";
    lab.behind.execute(registers, &[&user]).await.unwrap();
    let next = "select user_id from public.profiles where email like 'opvolger@%'";
    let next: store::UserId = lab.behind.query_one(next, &[]).await.unwrap().get(0);
    let claims = store::Claims { user_id: next, tenant_id: Some(store::TenantId(shop)) };
    let remove = async |tx: &store::TenantTx| store::admin::remove_member(tx, user).await;
    assert!(lab.store.as_user(&claims, remove).await.unwrap());
    lab.auth.sessions().forget_all();
    let profile = store::users::profile(&lab.store, user).await.unwrap().unwrap();
    assert_eq!(profile.tenant, None);
    let shown = founder.get(&lab, "/api/v1/profile").await;
    assert!(!shown.text.contains("Zolder"), "{}", shown.text);
    let page = founder.get(&lab, "/winkel").await;
    assert_eq!(page.status, 200, "the way on ends here: {}", page.header("location"));
    assert!(!page.text.contains("Zolder"), "{}", page.text);
}

/// Invitations are mail to strangers: so many to an address, and so many of a shop in a day.
#[tokio::test]
async fn invitations_are_counted() {
    let few = Rate { burst: 2, every: Duration::from_hours(1) };
    let lab = Lab::with(AuthOptions { auth_rate_address: few, ..wide() }).await;
    let works = shop(&lab, "Zolder").await.id;
    let owner = insider(&lab, "a@winkel.example", Some((works, "owner"))).await;
    let invite = async |name: &str| {
        let form = format!("email={name}%40elders.example&tenant_role=viewer");
        owner.post(&lab, "/instellingen/mensen", &form).await
    };
    let sent = "select count(*) from public.tenant_invitations where email like '%@elders.example'";
    let sent = async || lab.behind.query_one(sent, &[]).await.unwrap().get::<_, i64>(0);
    for _ in 0..2 {
        assert_eq!(invite("b").await.status, 303);
    }
    let third = invite("b").await;
    assert!(third.text.contains("Dat zijn veel uitnodigingen"), "{}", third.text);
    lab.mail("b@elders.example", 2).await;
    assert_eq!(sent().await, 2);
    let many = "insert into public.tenant_invitations (tenant_id, id, email, tenant_role, token_hash, expires_at)
                select tenant_id, gen_random_uuid(), 'x@y.example', 'viewer', sha256(n::text::bytea), now()
                from public.tenants, generate_series(1, 48) n";
    lab.behind.batch_execute(many).await.unwrap();
    let over = invite("c").await;
    assert!(over.text.contains("Dat zijn veel uitnodigingen"), "{}", over.text);
    assert_eq!(sent().await, 2);
    lab.behind
        .batch_execute(
            "update public.tenant_invitations set created_at = now() - interval '25 hours'",
        )
        .await
        .unwrap();
    assert_eq!(invite("c").await.status, 303);
}
