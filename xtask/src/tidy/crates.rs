//! Which crate may know what: "only X knows Y", checked.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Expr, ExprAwait, ExprMethodCall, Item, Path, Signature, Visibility};

use super::tree::Tree;
use super::{Problem, rust};

/// What the pure core may be built from: nothing that awaits, reads a clock, draws
/// randomness, or reaches a disk, a database or a network.
const DOMAIN_MAY_USE: &[&str] = &[
    "aho-corasick",
    "jiff",
    "regex",
    "serde",
    "serde_json",
    "thiserror",
    "toml",
    "unicode-normalization",
    "uuid",
];

/// A crate, and the packages that nobody but it may name.
const ONLY_KNOWN_TO: &[(&str, &[&str])] = &[
    (
        "store",
        &["tokio-postgres", "deadpool-postgres", "postgres", "postgres-protocol", "sqlx", "diesel"],
    ),
    ("mail", &["mail-parser", "mail-builder", "mail-auth", "async-imap", "lettre", "html2text"]),
    ("loket", &["axum", "askama"]),
];

/// Our crates, and which of our crates each may use.
const MAY_USE_OF_OURS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("mail", &["domain"]),
    ("loket", &["domain", "store", "mail"]),
];

/// Modules of the standard library that have effects.
const EFFECTS: &[&str] = &["fs", "io", "net", "process", "thread", "env"];
/// Crates that reach a network, and those of their modules that compute only.
const ACROSS_THE_NETWORK: &[(&str, &[&str])] =
    &[("mail", &["message_id", "outgoing", "parse"]), ("model", &[])];

/// The packages named under `[dependencies]` of a crate.
fn dependencies(tree: &Tree, manifest: &str) -> Option<BTreeSet<String>> {
    let table: toml::Table = toml::from_str(tree.text(manifest)?).ok()?;
    let named = table.get("dependencies")?.as_table()?;
    Some(named.keys().cloned().collect())
}

/// SQL drivers are known to `store`, mail formats to `mail`, the web to the binary; and no
/// crate reaches back along the path.
pub fn know_only_their_own(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, allowed) in MAY_USE_OF_OURS {
        let manifest = format!("crates/{name}/Cargo.toml");
        let Some(used) = dependencies(tree, &manifest) else {
            problems.push(Problem::new(manifest, "has no readable [dependencies]"));
            continue;
        };
        for (other, _) in MAY_USE_OF_OURS {
            if used.contains(*other) && !allowed.contains(other) {
                problems.push(Problem::new(&manifest, format!("may not use `{other}`")));
            }
        }
        for (owner, packages) in ONLY_KNOWN_TO.iter().filter(|(owner, _)| owner != name) {
            for package in packages.iter().filter(|package| used.contains(**package)) {
                let sentence = format!("only `{owner}` may know `{package}`");
                problems.push(Problem::new(&manifest, sentence));
            }
        }
    }
    problems
}

/// `domain` uses an allow-list of packages, never awaits and has no effects.
pub fn domain_is_pure(tree: &Tree) -> Vec<Problem> {
    let manifest = "crates/domain/Cargo.toml";
    let mut problems = Vec::new();
    match dependencies(tree, manifest) {
        None => problems.push(Problem::new(manifest, "has no readable [dependencies]")),
        Some(used) => {
            for package in used.iter().filter(|name| !DOMAIN_MAY_USE.contains(&name.as_str())) {
                let sentence = format!("`{package}` is not on the allow-list of the pure core");
                problems.push(Problem::new(manifest, sentence));
            }
        }
    }
    for file in rust::sources(tree).filter(|file| file.path.starts_with("crates/domain/src/")) {
        let Some(parsed) = rust::parsed(file, &mut problems) else { continue };
        let mut effects = Effects::default();
        effects.visit_file(&parsed);
        for (line, what) in effects.found {
            problems.push(Problem::at(&file.path, line, format!("{what} in the pure core")));
        }
    }
    problems
}

/// No transaction is open while a mail server or a model is spoken to: inside the work that
/// is handed to a door, neither crate is named.
pub fn no_transaction_spans_a_network_call(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in rust::sources(tree).filter(|file| file.path.starts_with("crates/loket/src/")) {
        let Some(parsed) = rust::parsed(file, &mut problems) else { continue };
        let mut doors = Doors::default();
        doors.visit_file(&parsed);
        for (line, name) in doors.found {
            let sentence = format!("`{name}` is named inside an open transaction");
            problems.push(Problem::at(&file.path, line, sentence));
        }
    }
    problems
}

/// `Approved` can be built in `guard` only: every field is private, and nothing derives a way
/// around it.
pub fn only_the_guard_approves(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut found = 0_usize;
    for file in rust::sources(tree).filter(|file| file.path.starts_with("crates/")) {
        let Some(parsed) = rust::parsed(file, &mut problems) else { continue };
        for item in parsed.items {
            let Item::Struct(item) = item else { continue };
            if item.ident != "Approved" {
                continue;
            }
            found += 1;
            if !file.path.starts_with("crates/domain/src/guard/") {
                problems.push(Problem::new(&file.path, "only `guard` has an `Approved`"));
            }
            let open = item.fields.iter().any(|f| !matches!(f.vis, Visibility::Inherited));
            if open || item.fields.is_empty() {
                problems.push(Problem::new(&file.path, "`Approved` can be built by anyone"));
            }
            let derives =
                item.attrs.iter().filter_map(|attribute| attribute.meta.require_list().ok());
            for derive in derives.map(|list| list.tokens.to_string()) {
                if derive.contains("Deserialize") || derive.contains("Default") {
                    problems
                        .push(Problem::new(&file.path, "`Approved` derives a way around guard"));
                }
            }
        }
    }
    if found == 0 {
        problems.push(Problem::new("crates/domain/src/guard/", "has no `Approved`"));
    }
    problems
}

/// Finds what a pure function cannot do.
#[derive(Default)]
struct Effects {
    found: Vec<(usize, String)>,
}

impl<'ast> Visit<'ast> for Effects {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !rust::is_test(rust::attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_expr_await(&mut self, expression: &'ast ExprAwait) {
        self.found.push((expression.await_token.span.start().line, "an await".to_owned()));
        visit::visit_expr_await(self, expression);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        if let Some(keyword) = signature.asyncness {
            self.found.push((keyword.span.start().line, "an async fn".to_owned()));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        if let (Some(first), Some(second)) = (names.next(), names.next())
            && first == "std"
            && EFFECTS.contains(&second.as_str())
        {
            let line = path.segments.first().map_or(0, |s| s.ident.span().start().line);
            self.found.push((line, format!("std::{second}")));
        }
        visit::visit_path(self, path);
    }

    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        if path.ident == "std" {
            let names = match &*path.tree {
                syn::UseTree::Path(next) => vec![next.ident.to_string()],
                syn::UseTree::Name(name) => vec![name.ident.to_string()],
                syn::UseTree::Group(group) => group
                    .items
                    .iter()
                    .filter_map(|item| match item {
                        syn::UseTree::Path(next) => Some(next.ident.to_string()),
                        syn::UseTree::Name(name) => Some(name.ident.to_string()),
                        _ => None,
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let line = path.ident.span().start().line;
            for name in names.into_iter().filter(|name| EFFECTS.contains(&name.as_str())) {
                self.found.push((line, format!("std::{name}")));
            }
        }
    }
}

/// Finds the doors of `store` and what is named inside the work handed to them.
#[derive(Default)]
struct Doors {
    inside: bool,
    found: Vec<(usize, String)>,
}

impl<'ast> Visit<'ast> for Doors {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let name = call.method.to_string();
        let door = ["as_user", "as_worker", "as_admin", "as_admin_in_shop", "as_system"]
            .contains(&name.as_str());
        self.visit_expr(&call.receiver);
        for argument in &call.args {
            let outside = self.inside;
            self.inside = outside || (door && matches!(argument, Expr::Closure(_)));
            self.visit_expr(argument);
            self.inside = outside;
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        if let (true, Some(first), Some(second)) = (self.inside, names.next(), names.next())
            && ACROSS_THE_NETWORK
                .iter()
                .any(|(name, pure)| *name == first && !pure.contains(&second.as_str()))
        {
            let line = path.segments.first().map_or(0, |s| s.ident.span().start().line);
            self.found.push((line, format!("{first}::{second}")));
        }
        visit::visit_path(self, path);
    }
}
