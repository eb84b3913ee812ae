//! Any template a shop may save, filled with any values: nothing but names, nothing unknown, and
//! no value that is HTML (hazards D14, D15).
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::compose::{MAX_BYTES, Template, TemplateError, Templates};
use domain::contract::{Language, RuleKey};
use domain::policy::master;
use libfuzzer_sys::fuzz_target;

/// Every rule's own templates.
static MASTERS: LazyLock<Vec<(RuleKey, Language, Template)>> = LazyLock::new(|| {
    let both = |key: &RuleKey| {
        let master = master(*key);
        [(Language::Dutch, master.reply_nl), (Language::English, master.reply_en)]
            .map(|(language, text)| (*key, language, Template::parse(text).expect("a master")))
    };
    RuleKey::ALL.iter().flat_map(both).collect()
});

/// What a shop begins with.
static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::master().expect("the masters can be read"));

/// What a customer would write to get something into a reply.
const HOSTILE: &str = "<img src=x onerror=\"a('b')\">&amp;{{name}}{{#x}}";

fuzz_target!(|source: &str| {
    let template = match Template::parse(source) {
        Ok(template) => template,
        Err(TemplateError::TooLarge) => return assert!(source.len() > MAX_BYTES),
        Err(_) => return,
    };
    assert!(source.len() <= MAX_BYTES);
    assert_eq!(Template::parse(source).as_ref(), Ok(&template));
    filled(&template, source);
    against_the_masters(&template, source);
    // What is saved has been through the sanitiser first.
    let clean = mail::sanitise::reply(source);
    if let Ok(template) = Template::parse(&clean) {
        filled(&template, &clean);
    }
});

/// Whatever the values are, the markup is the template's.
fn filled(template: &Template, source: &str) {
    let names = names(source);
    let all = |value: &str| -> BTreeMap<String, String> {
        names.iter().map(|name| (name.clone(), value.to_owned())).collect()
    };
    for passage in template.passages() {
        let hostile = template.fill(passage, &all(HOSTILE)).expect("every name has a value");
        let plain = template.fill(passage, &all("x")).expect("every name has a value");
        for sign in ['<', '>', '"', '\''] {
            let count = |text: &str| text.matches(sign).count();
            assert_eq!(count(&hostile), count(&plain), "a value wrote {sign} in {source:?}");
        }
        let grown = source.len() + source.matches("{{").count() * 200;
        assert!(hostile.len() <= grown, "{} bytes of {}", hostile.len(), source.len());
        match template.fill(passage, &BTreeMap::new()) {
            Ok(text) => assert!(text.len() <= source.len()),
            Err(TemplateError::MissingValue(name)) => assert!(names.contains(&name)),
            Err(other) => panic!("{other} in {source:?}"),
        }
    }
    let absent = template.fill("no such passage", &BTreeMap::new());
    assert!(matches!(absent, Err(TemplateError::MissingSection(_))));
}

/// A template that is taken for a rule names what the rule's own names, and can be used.
fn against_the_masters(template: &Template, source: &str) {
    let names = names(source);
    for (key, language, master) in MASTERS.iter() {
        let taken = template.check_against(master).is_ok();
        let mut shop = TEMPLATES.clone();
        assert_eq!(shop.replace(*key, *language, source).is_ok(), taken, "{source:?}");
        if !taken {
            continue;
        }
        let known = self::names(match language {
            Language::Dutch => domain::policy::master(*key).reply_nl,
            _ => domain::policy::master(*key).reply_en,
        });
        let foreign = names.iter().find(|name| !known.contains(name));
        assert_eq!(foreign, None, "unknown to {key:?}");
        assert!(template.passages().eq(master.passages()));
    }
}

/// Everything between braces, without its sign.
fn names(source: &str) -> Vec<String> {
    let tags = source.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    let mut names: Vec<String> =
        tags.map(|tag| tag.trim().trim_start_matches(['#', '^', '/']).trim().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}
