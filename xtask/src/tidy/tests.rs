use super::*;

/// Runs one rule over the real tree; the failure reads as a list of sentences.
fn holds(check: Check) {
    let tree = Tree::read(root()).unwrap();
    assert!(tree.files().len() > 50, "the tree was not found");
    let problems = check(&tree);
    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "\n{}\n", list.join("\n"));
}

/// What one rule says about a made-up tree.
fn said(check: Check, files: &[(&str, &str)]) -> Vec<String> {
    check(&Tree::of(files)).iter().map(ToString::to_string).collect()
}

#[test]
fn files_are_short() {
    holds(rust::files_are_short);
}

#[test]
fn functions_are_short() {
    holds(rust::functions_are_short);
}

#[test]
fn modules_say_what_they_are_for() {
    holds(rust::modules_say_what_they_are_for);
}

#[test]
fn no_sql_or_html_in_rust() {
    holds(rust::no_sql_or_html);
}

#[test]
fn crates_know_only_their_own() {
    holds(crates::know_only_their_own);
}

#[test]
fn domain_is_pure() {
    holds(crates::domain_is_pure);
}

#[test]
fn only_the_guard_approves() {
    holds(crates::only_the_guard_approves);
}

#[test]
fn no_transaction_spans_a_network_call() {
    holds(crates::no_transaction_spans_a_network_call);
}

#[test]
fn no_open_ends() {
    holds(words::no_open_ends);
}

#[test]
fn no_machine_paths() {
    holds(words::no_machine_paths);
}

#[test]
fn named_paths_exist() {
    holds(documents::named_paths_exist);
}

#[test]
fn named_tests_exist() {
    holds(documents::named_tests_exist);
}

#[test]
fn the_glossary_is_complete() {
    holds(glossary::is_complete);
}

#[test]
fn rules_have_cases_and_replies() {
    holds(policies::rules_have_cases_and_replies);
}

#[test]
fn passages_are_licensed() {
    holds(policies::passages_are_licensed);
}

#[test]
fn codes_have_texts() {
    holds(policies::codes_have_texts);
}

/// Each rule finds what it is there to find: a check that never objects checks nothing.
#[test]
fn long_files_and_functions_are_found() {
    let body = "    let _ = 1;\n".repeat(60);
    let code = format!("//! Docs.\nfn long() {{\n{body}}}\n");
    let found = said(rust::functions_are_short, &[("crates/a/src/lib.rs", &code)]);
    assert_eq!(found, ["crates/a/src/lib.rs:2: `long` has 62 lines; 60 at most"]);
    let in_tests = format!("//! Docs.\n#[cfg(test)]\nmod tests {{\nfn long() {{\n{body}}}\n}}\n");
    assert!(said(rust::functions_are_short, &[("crates/a/src/lib.rs", &in_tests)]).is_empty());
    let short = "fn short() {}\n".repeat(399);
    let file = format!("//! Docs.\n{short}");
    assert!(said(rust::files_are_short, &[("crates/a/src/lib.rs", &file)]).is_empty());
    let longer = format!("{file}fn one_more() {{}}\n");
    assert_eq!(said(rust::files_are_short, &[("crates/a/src/lib.rs", &longer)]).len(), 1);
    let tested = format!("{file}#[cfg(test)]\nmod tests {{\n{short}}}\n");
    assert!(said(rust::files_are_short, &[("crates/a/src/lib.rs", &tested)]).is_empty());
}

#[test]
fn sql_and_html_in_literals_are_found() {
    let found = |code: &str| said(rust::no_sql_or_html, &[("crates/a/src/b.rs", code)]).len();
    assert_eq!(found("fn f() { run(\"select a from b\"); }"), 1);
    assert_eq!(found("fn f() { run(&format!(\" INSERT INTO b values ({x})\")); }"), 1);
    assert_eq!(found("const A: &str = \"<div class='a'>\";"), 1);
    assert_eq!(found("fn f() { run(\"select one of these\"); }"), 0);
    assert_eq!(found("/// `select a from b` and <p>.\nfn f() {}"), 0);
    assert_eq!(found("#[cfg(test)]\nmod tests { const A: &str = \"<p>\"; }"), 0);
}

#[test]
fn effects_in_the_core_are_found() {
    let manifest = ("crates/domain/Cargo.toml", "[dependencies]\nserde.workspace = true\n");
    let found = |code: &str| {
        said(crates::domain_is_pure, &[manifest, ("crates/domain/src/lib.rs", code)]).len()
    };
    assert_eq!(found("fn f() {}"), 0);
    assert_eq!(found("async fn f() {}"), 1);
    assert_eq!(found("use std::fs;"), 1);
    assert_eq!(found("use std::{fmt, net::IpAddr};"), 1);
    assert_eq!(found("fn f() { std::thread::sleep(x) }"), 1);
    let manifest = ("crates/domain/Cargo.toml", "[dependencies]\ntokio.workspace = true\n");
    assert_eq!(said(crates::domain_is_pure, &[manifest]).len(), 1);
}

#[test]
fn ways_around_the_guard_are_found() {
    let found = |path: &str, code: &str| said(crates::only_the_guard_approves, &[(path, code)]);
    let guard = "crates/domain/src/guard/mod.rs";
    assert!(found(guard, "pub struct Approved { draft: Draft }").is_empty());
    assert_eq!(found(guard, "pub struct Approved { pub draft: Draft }").len(), 1);
    assert_eq!(found(guard, "#[derive(Default)] pub struct Approved { draft: Draft }").len(), 1);
    assert_eq!(found(guard, "").len(), 1);
    assert_eq!(found("crates/loket/src/a.rs", "pub struct Approved { draft: Draft }").len(), 1);
}

#[test]
fn network_calls_in_transactions_are_found() {
    let found = |code: &str| {
        let files = [("crates/loket/src/pipeline/deliver.rs", code)];
        said(crates::no_transaction_spans_a_network_call, &files).len()
    };
    let inside = "async fn f() { s.as_worker(t, async |tx| { mail::send(m).await }).await }";
    assert_eq!(found(inside), 1);
    let behind =
        "async fn f() { s.as_worker(t, async |tx| { go(tx).await }).await; mail::send(m) }";
    assert_eq!(found(behind), 0);
}

#[test]
fn dead_paths_tests_and_links_are_found() {
    let root = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"];
    let check = |check: Check, text: &str| {
        let mut files = vec![("crates/a/src/guard/mod.rs", "fn a_test_of_ours() {}")];
        files.extend(root.iter().map(|name| (*name, if *name == root[3] { text } else { "" })));
        said(check, &files)
    };
    let paths = |text: &str| check(documents::named_paths_exist, text).len();
    assert_eq!(paths("`crates/a/src/` `guard/mod.rs` `crates/<name>/src` `crates/{a,a}`"), 0);
    assert_eq!(paths("`crates/b/` `crates/a/src/lib.rs` `guard/lib.rs` `crates/{a,b}`"), 4);
    assert_eq!(paths("`/healthz` `a/b` `cargo test` [here](crates/a) [web](https://x.y/z)"), 0);
    assert_eq!(paths("[there](crates/b)"), 1);
    assert_eq!(paths("```\n`crates/b/`\n```"), 0);
}

#[test]
fn tests_without_a_place_are_found() {
    let rust = ("crates/a/tests/b.rs", "#[test]\nfn a_test_of_ours() {}");
    let found = |architecture: &str, hazards: &str| {
        let files = [rust, ("ARCHITECTURE.md", architecture), ("docs/hazards.md", hazards)];
        said(documents::named_tests_exist, &files).len()
    };
    let (good, line) = ("## Invariants\n- It holds. Test: `a_test_of_ours`.\n", "| A1 | x | ");
    let row = |cell: &str| format!("| | what | test |\n|---|---|---|\n{line}{cell} |");
    assert_eq!(found(good, &row("`a_test_of_ours`")), 0);
    assert_eq!(found("## Invariants\n- It holds. Test: `another`.\n- And this.\n", ""), 2);
    assert_eq!(found(good, &row("`another`, `a_test_of_ours`")), 1);
    assert_eq!(found(good, &row("something")), 1);
    assert_eq!(found(good, &row("waits: no such page")), 0);
}

#[test]
fn words_without_a_place_are_found() {
    let open = ["TO", "DO"].concat();
    assert_eq!(said(words::no_open_ends, &[("a/b.rs", &format!("// {open}: later"))]).len(), 1);
    let path = ["/ro", "ot/"].concat();
    let found = |text: &str| said(words::no_machine_paths, &[("a/b.md", text)]).len();
    assert_eq!(found(&format!("see {path}x")), 1);
    assert_eq!(found(&format!("see https://example.org{path}x and ..{path}x")), 0);
}

#[test]
fn unexplained_words_are_found() {
    let names = glossary_terms().join(" ");
    let migration = ("db/migrations/1.sql", names.as_str());
    let rows: Vec<String> =
        glossary_terms().iter().map(|term| format!("| `{term}` | x |")).collect();
    let rows = rows.join("\n");
    let found = |files: &[(&str, &str)]| said(glossary::is_complete, files).len();
    assert_eq!(found(&[migration, ("docs/glossary.md", &rows)]), 0);
    let more = format!("{names} klant_nummer");
    assert_eq!(found(&[("db/migrations/1.sql", &more), ("docs/glossary.md", &rows)]), 1);
    assert_eq!(
        found(&[migration, ("docs/glossary.md", "| `klant` | x |")]),
        names.split(' ').count()
    );
    assert_eq!(found(&[("docs/glossary.md", &rows)]), names.split(' ').count());
}

fn glossary_terms() -> Vec<&'static str> {
    glossary::TERMS.to_vec()
}

#[test]
fn few_or_one_sided_cases_are_found() {
    let path = "policies/retourbeleid_fashion/cases.toml";
    let about = |text: &str| -> Vec<String> {
        let found = said(policies::rules_have_cases_and_replies, &[(path, text)]);
        found.into_iter().filter(|sentence| sentence.starts_with(path)).collect()
    };
    let dutch = "[[case]]\nmail = \"ik wil de jas graag retour sturen\"\n";
    let english = "[[case]]\nmail = \"i want to send the coat back please\"\n";
    assert!(about(&format!("{}{}", dutch.repeat(20), english.repeat(20))).is_empty());
    assert_eq!(about(&format!("{}{}", dutch.repeat(20), english.repeat(19))).len(), 1);
    assert_eq!(about(&format!("{}{}", dutch.repeat(39), english)).len(), 1);
    assert_eq!(about("[[case").len(), 1);
}
