//! The readers of dumps, rows and old rules. The whole command is tried in `tests/import.rs`.

use domain::contract::RuleKey;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::import::Table;
use uuid::Uuid;

use super::accounts::Known;
use super::dump;
use super::row::{Row, id_of};
use super::rules::OldNames;

fn texts(row: &Row, names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| row.text(&[name])).collect()
}

#[test]
fn a_dump_is_read_and_nothing_in_it_is_executed() {
    let text = "SET x = 1;\n\\! touch /tmp/owned\n\
        CREATE FUNCTION public.f() RETURNS trigger AS $_$\n\
        INSERT INTO public.profiles (user_id, email) VALUES (new.id, new.email);\n\
        COPY public.profiles (user_id) FROM stdin;\nboef\n\\.\n$_$ LANGUAGE plpgsql;\n\
        COPY public.unknown (a) FROM stdin;\nx\n\\.\n\
        COPY public.tenants (tenant_id, bedrijfsnaam, \"retouradres\") FROM stdin;\n\
        1\tTab\\tin\\nname\\\\\t\\N\n2\ttoo few\n\\.\n\
        INSERT INTO public.email_filters (id, domain, is_regex) VALUES\n  \
        (1, 'it''s; (odd), \\n', false),\n  (2, E'a\\nb'::text, NULL);\n\
        INSERT INTO \"public\".\"chat_sessions\" (\"id\") OVERRIDING SYSTEM VALUE VALUES (7);\n\
        INSERT INTO public.notifications (id) VALUES (now());\n\
        COPY public.email_filters (id) FROM stdin;\n3\n\\.\n";
    let dump = dump::read(text);
    let shops = &dump.tables[&Table::Tenants];
    assert_eq!(shops.len(), 1);
    assert_eq!(shops[0].0["bedrijfsnaam"], "Tab\tin\nname\\");
    assert_eq!(shops[0].0["retouradres"], Value::Null);
    let filters = &dump.tables[&Table::Filters];
    assert_eq!(filters.len(), 3);
    let names = ["id", "domain", "is_regex"];
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(texts(&filters[0], &names), [some("1"), some("it's; (odd), \\n"), some("false")]);
    assert_eq!(texts(&filters[1], &names), [some("2"), some("a\nb"), None]);
    assert_eq!(dump.tables[&Table::ChatSessions].len(), 1);
    assert!(!dump.tables.contains_key(&Table::Profiles), "a function's body is no data");
    assert_eq!(dump.unread.len(), 2, "{:?}", dump.unread);
}

#[test]
fn a_broken_dump_ends_and_does_not_panic() {
    for text in [
        "COPY public.tenants (a",
        "COPY public.tenants (a) FROM stdin;\nx",
        "INSERT INTO public.tenants (a) VALUES ('never ended",
        "INSERT INTO public.tenants (a) VALUES (",
        "INSERT INTO ",
        "$$",
        "é$$é",
        "INSERT INTO public.tenants (é) VALUES ('é', E'\\",
    ] {
        dump::read(text);
    }
}

#[test]
fn an_id_becomes_the_same_uuid_every_time_and_another_in_another_table() {
    let uuid = "6f1c2a34-0000-4000-8000-000000000001";
    assert_eq!(id_of("tenants", uuid).to_string(), uuid);
    assert_eq!(id_of("tenants", "17"), id_of("tenants", "17"));
    assert_ne!(id_of("tenants", "17"), id_of("email_filters", "17"));
}

#[test]
fn old_rules_become_typed_ones_or_say_everything_that_is_wrong() {
    let names = OldNames::read().unwrap();
    let ladder = json!({"actief": "ja", "start": "15%", "stap": 5, "aantal_stappen": 2});
    let config = names.translate(RuleKey::OnderhandelingLogica, &ladder).unwrap();
    assert_eq!(config["enabled"], true);
    assert_eq!(config["start_percentage"], 15);
    let returns = json!({"retourtermijn_dagen": "30", "retourkosten": "winkel"});
    let config = names.translate(RuleKey::RetourbeleidFashion, &returns).unwrap();
    assert_eq!(config["withdrawal_days"], 30);
    assert_eq!(config["return_cost"], "shop");
    let lawless = json!({"retourtermijn_dagen": 7, "geheim": 1});
    let reason = names.translate(RuleKey::RetourbeleidFashion, &lawless).unwrap_err();
    assert!(reason.contains("withdrawal_days") && reason.contains("geheim"), "{reason}");
    assert!(names.translate(RuleKey::DreigingDetectie, &json!([1])).is_err());
    let words = json!({"trefwoorden": ["advocaat", "Radar"], "reactietijd_uren": 8});
    let config = names.translate(RuleKey::DreigingDetectie, &words).unwrap();
    assert_eq!(config["extra_words"], json!(["advocaat", "Radar"]));
}

#[test]
fn moments_and_percentages_are_read_as_postgres_and_people_write_them() {
    let row = |value: Value| Row(json!({ "x": value }).as_object().unwrap().clone());
    let moment = "2024-05-01T12:00:00Z".parse().unwrap();
    for text in ["2024-05-01 12:00:00+00", "2024-05-01T14:00:00+02:00", "2024-05-01 12:00:00"] {
        assert_eq!(row(json!(text)).moment(&["x"]), Some(moment), "{text}");
    }
    assert_eq!(row(json!("gisteren")).moment(&["x"]), None);
    assert_eq!(row(json!("12,5%")).percentage(&["x"]).as_deref(), Some("12.5"));
    assert_eq!(row(json!(101)).percentage(&["x"]), None);
}

#[test]
fn a_shop_is_owned_by_its_founder_or_its_oldest_and_nobody_guesses() {
    let id = |number: u128| Uuid::from_u128(number);
    let shop = id(100);
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let known = |founder: Option<u128>, people: &[(u128, Option<i64>)]| {
        let mut known = Known::default();
        known.founder_of.extend(founder.map(|founder| (shop, id(founder))));
        for (person, since) in people {
            known.people.insert(id(*person));
            known.shop_of.insert(id(*person), shop);
            known.since.extend(since.map(|since| (id(*person), at(since))));
        }
        known.people.insert(id(99));
        known.since.insert(id(99), at(0));
        known.owner_of(shop)
    };
    assert_eq!(known(Some(3), &[(1, Some(1)), (2, None), (3, Some(9))]), Some(id(3)));
    assert_eq!(known(None, &[(1, Some(5)), (2, Some(4))]), Some(id(2)));
    assert_eq!(known(Some(99), &[(1, Some(5)), (2, Some(4))]), Some(id(2)), "not of this shop");
    assert_eq!(known(None, &[(1, None)]), Some(id(1)), "the only one");
    assert_eq!(known(None, &[(1, Some(5)), (2, None)]), None);
    assert_eq!(known(None, &[(1, Some(5)), (2, Some(5))]), None);
    assert_eq!(known(Some(1), &[]), None);
}
