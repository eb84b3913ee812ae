//! What holds for every Rust file: size, docs, and no foreign language in its literals.
//!
//! Test code is exempt: files named `tests.rs`, `tests/` folders, and items under
//! `#[cfg(test)]` or `#[test]`.

use std::ops::RangeInclusive;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, Item, ItemFn, Lit, Macro, Signature, TraitItemFn};

use super::Problem;
use super::tree::{File, Tree};

/// Lines of one file, tests not counted.
const MAX_FILE_LINES: usize = 400;
/// Lines of one function, from its signature to its closing brace.
const MAX_FUNCTION_LINES: usize = 60;
/// Beginnings of tags that only a page, a mail or a template holds.
const TAGS: &[&str] = &[
    "<p>", "<p ", "<div", "<span", "<br>", "<br/", "<a href", "<table", "<html", "<ul>", "<li>",
    "<h1", "<form", "<body",
];

/// A function and how long it is.
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// A string literal and where it stands.
pub struct Literal {
    /// Its value.
    pub value: String,
    /// Counted from 1.
    pub line: usize,
}

/// What one file holds outside its tests.
#[derive(Default)]
struct Scan {
    functions: Vec<Function>,
    literals: Vec<Literal>,
    tests: Vec<RangeInclusive<usize>>,
}

/// Every Rust file that is not a test as a whole.
pub fn sources(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files().iter().filter(|file| {
        let test = file.path.ends_with("/tests.rs") || file.path.split('/').any(|p| p == "tests");
        file.has_extension("rs") && !test
    })
}

/// Parses a file; a file that does not parse has no better place to be reported than here.
pub fn parsed(file: &File, problems: &mut Vec<Problem>) -> Option<syn::File> {
    match syn::parse_file(&file.text) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            problems.push(Problem::new(&file.path, format!("does not parse: {error}")));
            None
        }
    }
}

fn scan(file: &File, problems: &mut Vec<Problem>) -> Scan {
    let mut scan = Scan::default();
    if let Some(parsed) = parsed(file, problems) {
        scan.visit_file(&parsed);
    }
    scan
}

/// No file is longer than a reader's patience.
pub fn files_are_short(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in sources(tree) {
        let scan = scan(file, &mut problems);
        let tested: usize = scan.tests.iter().map(|lines| lines.clone().count()).sum();
        let lines = file.text.lines().count().saturating_sub(tested);
        if lines > MAX_FILE_LINES {
            let sentence = format!("{lines} lines without tests; {MAX_FILE_LINES} at most");
            problems.push(Problem::new(&file.path, sentence));
        }
    }
    problems
}

/// No function is longer than a screen.
pub fn functions_are_short(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in sources(tree) {
        for function in scan(file, &mut problems).functions {
            if function.lines > MAX_FUNCTION_LINES {
                let Function { name, line, lines } = function;
                let sentence = format!("`{name}` has {lines} lines; {MAX_FUNCTION_LINES} at most");
                problems.push(Problem::at(&file.path, line, sentence));
            }
        }
    }
    problems
}

/// Every file says at its top what it is for.
pub fn modules_say_what_they_are_for(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in sources(tree) {
        let documented = parsed(file, &mut problems)
            .is_none_or(|parsed| parsed.attrs.iter().any(|a| a.path().is_ident("doc")));
        if !documented {
            problems.push(Problem::new(&file.path, "has no `//!` that says what it is for"));
        }
    }
    problems
}

/// SQL stands in `db/`, HTML in templates; Rust holds neither.
///
/// Transaction control (`begin`, `commit`) is no statement on data and may stand in the doors.
pub fn no_sql_or_html(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in sources(tree).filter(|file| !file.path.starts_with("xtask/src/tidy/")) {
        for literal in scan(file, &mut problems).literals {
            let text = literal.value.trim_start().to_lowercase();
            if is_sql(&text) {
                problems.push(Problem::at(&file.path, literal.line, "holds SQL in a literal"));
            }
            if TAGS.iter().any(|tag| text.contains(tag)) {
                problems.push(Problem::at(&file.path, literal.line, "holds HTML in a literal"));
            }
        }
    }
    problems
}

/// Whether a literal, in lower case, begins as a statement would.
fn is_sql(text: &str) -> bool {
    let begins = |start: &str| text.starts_with(start);
    let select = begins("select ") && (text.contains(" from ") || text.contains('('));
    let update = begins("update ") && text.contains(" set ");
    let with = begins("with ") && text.contains(" as (");
    let fixed = ["insert into ", "delete from ", "create table ", "alter table ", "drop table "];
    select || update || with || fixed.into_iter().any(begins)
}

/// Whether an item is test code.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let named_test = attribute.path().segments.last().is_some_and(|last| last.ident == "test");
        let only_in_tests = attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().starts_with("test"));
        named_test || only_in_tests
    })
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl Scan {
    fn function(&mut self, signature: &Signature, block: &Block) {
        let (start, end) = (signature.span().start().line, block.span().end().line);
        let lines = end.saturating_sub(start) + 1;
        self.functions.push(Function { name: signature.ident.to_string(), line: start, lines });
    }

    fn literals_of(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.literals_of(group.stream()),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.literals.push(Literal { value: text.value(), line });
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Scan {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            let span = item.span();
            self.tests.push(span.start().line..=span.end().line);
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    // Doc comments are attributes: what they quote is no literal of the program.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.literals.push(Literal { value: text.value(), line: text.span().start().line });
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.literals_of(call.tokens.clone());
    }
}
