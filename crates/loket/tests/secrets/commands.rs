//! `loket admin` as a person types it, and the set-up link.

use loket::secrets::{LinkError, Secret, SetUpLink, parse_api_key};
use serde_json::Value;

use crate::lab::Lab;

const PASSWORD: &str = "een lang wachtwoord\n";

fn with_admin(lab: &Lab) {
    let said = lab.loket(&["admin", "create", "--email", "Baas@Platform.example"], PASSWORD);
    assert!(said.ok, "{}", said.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_admin_is_made_freely_and_every_other_in_somebodys_name() {
    let lab = Lab::new().await;
    let said = lab.loket(&["admin", "shop", "list"], "");
    assert!(!said.ok && said.err.contains("no platform admin yet"), "{}", said.err);
    for (email, password) in
        [("a@b.example", "kort\n"), ("geen adres", PASSWORD), ("a@b.example", "")]
    {
        assert!(!lab.loket(&["admin", "create", "--email", email], password).ok);
    }
    let said =
        lab.loket(&["admin", "create", "--email", "Baas@Platform.example", "--json"], PASSWORD);
    assert_eq!(said.json()[0]["first"], true);
    let digest = "select encrypted_password from auth.users where email = 'baas@platform.example'";
    let digest: String = lab.behind.query_one(digest, &[]).await.unwrap().get(0);
    assert!(digest.starts_with("$argon2id$"));

    let second = ["admin", "create", "--email", "tweede@platform.example"];
    let said = lab.loket(&second, PASSWORD);
    assert!(!said.ok && said.err.contains("--as"), "{}", said.err);
    let nobody = [&second[..], &["--as", "niemand@platform.example"]].concat();
    assert!(!lab.loket(&nobody, PASSWORD).ok);
    let made = [&second[..], &["--as", "baas@platform.example", "--json"]].concat();
    assert_eq!(lab.loket(&made, PASSWORD).json()[0]["first"], false);
    let said = lab.loket(&["admin", "shop", "list"], "");
    assert!(!said.ok && said.err.contains("several"), "{}", said.err);
    let lines = "select count(*) from public.audit_log where action in ('admin.made', 'admin.role_changed')";
    let lines: i64 = lab.behind.query_one(lines, &[]).await.unwrap().get(0);
    assert_eq!(lines, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_is_added_listed_suspended_and_resumed() {
    let lab = Lab::new().await;
    with_admin(&lab);
    let add = ["admin", "shop", "add", "demo", "--owner", "eigenaar@linnen.example", "--json"];
    let added = &lab.loket(&add, PASSWORD).json()[0];
    assert_eq!(added["status"], "approved");
    let inbox = std::path::Path::new(added["inbox"].as_str().unwrap());
    assert!(inbox.is_absolute() && inbox.join("new").is_dir());
    let said = lab.loket(&add, PASSWORD);
    assert!(!said.ok && said.err.contains("has a shop already"), "{}", said.err);
    let id = added["tenant_id"].as_str().unwrap();
    let config = "select config ->> 'authserv_id' from public.mailboxes";
    let believed: Option<String> = lab.behind.query_one(config, &[]).await.unwrap().get(0);
    assert_eq!(believed, None, "no header is believed that nobody vouched for");

    let pending =
        ["admin", "shop", "add", "demo", "--owner", "wacht@linnen.example", "--pending", "--json"];
    let waiting = lab.loket(&pending, PASSWORD).json()[0]["tenant_id"].as_str().unwrap().to_owned();
    let listed =
        lab.loket(&["admin", "shop", "list", "--status", "pending_approval", "--json"], "");
    assert_eq!(listed.json()[0]["tenant_id"], waiting.as_str());
    let approve = ["admin", "shop", "approve", &waiting, "--json"];
    let changed: Vec<Value> =
        (0..2).map(|_| lab.loket(&approve, "").json()[0]["changed"].clone()).collect();
    assert_eq!(changed, [true, false], "twice is once");

    let stand = |verb: &str, reason: &str| {
        lab.loket(&["admin", "shop", verb, id, "--reason", reason, "--json"], "")
    };
    assert!(!stand("suspend", "x").ok);
    assert!(stand("reject", "toch maar niet").err.contains("cannot become rejected"));
    assert_eq!(stand("suspend", "facturen open").json()[0]["status"], "suspended");
    assert_eq!(stand("resume", "facturen betaald").json()[0]["status"], "approved");
    let missing = lab.loket(&["admin", "shop", "approve", "geen winkel"], "");
    assert!(!missing.ok && missing.err.contains("there is no shop"), "{}", missing.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_shown_once_kept_as_a_hash_and_dead_when_revoked() {
    let lab = Lab::new().await;
    with_admin(&lab);
    let add = ["admin", "shop", "add", "demo", "--owner", "eigenaar@linnen.example", "--json"];
    let shop = lab.loket(&add, PASSWORD).json()[0]["tenant_id"].as_str().unwrap().to_owned();
    let key = |arguments: &[&str]| {
        lab.loket(&[&["admin", "shop", "key"], arguments, &["--json"]].concat(), "")
    };
    let made =
        key(&["create", &shop, "--name", "n8n", "--scope", "read", "--scope", "mail"]).json();
    let (id, text) = (made[0]["id"].as_str().unwrap(), made[0]["key"].as_str().unwrap());
    let (tenant, hash) = parse_api_key(text).unwrap();
    assert_eq!(tenant.to_string(), shop);
    let find = async |hash: [u8; 32]| {
        store::api_keys::find(&lab.store, tenant, &hash, loket::serving::now()).await.unwrap()
    };
    assert_eq!(find(hash).await.unwrap().scopes.len(), 2);
    let listed = key(&["list", &shop]);
    assert!(!listed.out.contains(text) && listed.json()[0]["last_used_at"].is_string());
    let dump = crate::lab::cluster().dump_data(lab.owner.get_dbname().unwrap());
    assert!(!dump.contains(text), "only its hash is kept");

    let rotated = key(&["rotate", &shop, id]).json();
    assert_eq!(find(hash).await, None);
    let (_, fresh) = parse_api_key(rotated[0]["key"].as_str().unwrap()).unwrap();
    assert_eq!(find(fresh).await.unwrap().scopes.len(), 2);
    let id = rotated[0]["id"].as_str().unwrap();
    assert!(key(&["revoke", &shop, id]).ok);
    assert_eq!(find(fresh).await, None);
    assert!(!key(&["revoke", &shop, id]).ok, "it is gone");
    assert!(!key(&["rotate", &shop, id]).ok, "nor is it replaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_set_up_link_lets_one_person_in_and_closes() {
    let lab = Lab::new().await;
    let (link, token) = SetUpLink::issue(&lab.store).await.unwrap().unwrap();
    let (other, other_token) = SetUpLink::issue(&lab.store).await.unwrap().unwrap();
    let password = Secret::from(PASSWORD);
    let accept = async |link: &SetUpLink, token: &str, email: &str| {
        link.accept(&lab.store, token, email, &password).await
    };
    let wrong = accept(&link, other_token.expose(), "a@b.example").await;
    assert!(matches!(wrong, Err(LinkError::Closed)), "{wrong:?}");
    assert!(link.admits(token.expose()) && !link.admits(""));
    let short = link.accept(&lab.store, token.expose(), "a@b.example", &Secret::from("kort")).await;
    assert!(matches!(short, Err(LinkError::Password(_))), "{short:?}");
    let admin = accept(&link, token.expose(), "baas@platform.example").await.unwrap();
    assert!(!link.admits(token.expose()), "closed after use");
    let late = accept(&other, other_token.expose(), "ander@platform.example").await;
    assert!(matches!(late, Err(LinkError::Closed)), "another node's link is closed too: {late:?}");
    assert!(SetUpLink::issue(&lab.store).await.unwrap().is_none());
    let admins = store::admin::platform_admins(&lab.store).await.unwrap();
    assert_eq!(admins.iter().map(|admin| admin.user_id).collect::<Vec<_>>(), [admin]);
}

/// Anybody can sign up with anybody's address: power goes to whoever is given it here, and nothing
/// that was there before the address was proved stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unproved_account_gets_no_power_by_its_address() {
    let lab = Lab::new().await;
    let thief =
        loket::secrets::hash_password(&Secret::new("van de dief zijn woord".to_owned()), &[]);
    let signed_up = "with u as (
        insert into auth.users (id, email, encrypted_password, raw_app_meta_data, raw_user_meta_data)
        select gen_random_uuid(), email, $1, '{}', '{\"naam\": \"dief\"}'
        from unnest(array['baas@platform.example', 'eigenaar@linnen.example', 'bekend@linnen.example']) email
        returning id, email),
      s as (insert into auth.sessions (id, user_id) select gen_random_uuid(), id from u)
      insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
      select gen_random_uuid(), id, 'confirmation_token', email, email from u";
    lab.behind.execute(signed_up, &[&thief.unwrap()]).await.unwrap();
    let proved = "update auth.users set email_confirmed_at = now() where email like 'bekend@%'";
    lab.behind.batch_execute(proved).await.unwrap();
    with_admin(&lab);
    let add = |owner: &str, password: &str| {
        let add = ["admin", "shop", "add", "demo", "--pending", "--owner", owner];
        lab.loket(&add, password)
    };
    assert!(!add("eigenaar@linnen.example", "").ok, "a password is asked for");
    assert!(add("eigenaar@linnen.example", PASSWORD).ok);
    // Whoever proved theirs keeps everything.
    assert!(add("bekend@linnen.example", "").ok);
    let left = "select string_agg(split_part(u.email, '@', 1) || ' ' || (u.email_confirmed_at is not null)
          || ' ' || (u.encrypted_password = $1) || ' ' || (u.raw_user_meta_data = '{}')
          || ' ' || (select count(*) from auth.sessions s where s.user_id = u.id)
          || ' ' || (select count(*) from auth.one_time_tokens t where t.user_id = u.id), ', ' order by u.email)
        from auth.users u where u.encrypted_password is not null";
    let old = "select encrypted_password from auth.users where email like 'bekend@%'";
    let old: String = lab.behind.query_one(old, &[]).await.unwrap().get(0);
    let left: String = lab.behind.query_one(left, &[&old]).await.unwrap().get(0);
    assert_eq!(
        left,
        "baas true false true 0 0, bekend true true false 1 1, eigenaar true false true 0 0"
    );
}
