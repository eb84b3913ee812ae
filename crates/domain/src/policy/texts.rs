//! The data under `policies/`, read once. A broken file is a broken build: tests load it all.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::config::{Rule, Rules};
use super::parse::{parse_address, parse_cancellation, parse_ladder, parse_return, parse_threat};
use crate::contract::{Language, RuleKey};

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

impl PolicyText {
    /// In `language`; what is not Dutch reads English.
    pub fn get(&self, language: Language) -> &str {
        if language == Language::Dutch { &self.nl } else { &self.en }
    }
}

/// How a field of a rule is asked for and explained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldText {
    /// Its label.
    pub label: PolicyText,
    /// What it does, in one sentence.
    pub help: PolicyText,
    /// `percent`, `days`, `hours`, or nothing.
    #[serde(default)]
    pub unit: String,
}

/// A master rule: its default values and its texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Master {
    /// What it is called.
    pub title: PolicyText,
    /// What it does.
    pub summary: PolicyText,
    /// The default `rule_config`.
    pub rule_config: Value,
    /// Its fields, by key.
    pub fields: BTreeMap<String, FieldText>,
    /// The default `html_template`, Dutch.
    #[serde(skip)]
    pub reply_nl: &'static str,
    /// The default `html_template`, English.
    #[serde(skip)]
    pub reply_en: &'static str,
}

/// How a day and time are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Dutch month names, January first.
    pub months_nl: Vec<String>,
    /// English month names, January first.
    pub months_en: Vec<String>,
    /// With `{day}`, `{month}`, `{year}` and `{time}`.
    pub moment: PolicyText,
}

/// Subject lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subjects {
    /// Where the customer's own subject is not given back.
    pub neutral: PolicyText,
}

/// Every text of `policies/` that belongs to no single rule.
#[derive(Debug, Clone)]
pub struct Texts {
    /// Why a decision was taken, by [`crate::decide::ReasonCode`].
    pub reasons: BTreeMap<String, PolicyText>,
    /// What is wrong with a `rule_config`, by [`super::ProblemKind`].
    pub problems: BTreeMap<String, PolicyText>,
    /// What the guard objects to, by kind.
    pub objections: BTreeMap<String, PolicyText>,
    /// How a moment is written.
    pub moments: Moments,
    /// Subjects of our own.
    pub subjects: Subjects,
    /// The frame of every reply, Dutch.
    pub frame_nl: &'static str,
    /// The frame of every reply, English.
    pub frame_en: &'static str,
    /// What the guard looks for.
    pub guard: &'static str,
}

macro_rules! policy_file {
    ($($path:literal),+) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/", $($path),+))
    };
}

macro_rules! master_files {
    ($($key:ident => $folder:literal),+ $(,)?) => {
        static MASTERS: LazyLock<BTreeMap<RuleKey, Master>> = LazyLock::new(|| {
            BTreeMap::from([$((
                RuleKey::$key,
                load(
                    policy_file!($folder, "/policy.toml"),
                    policy_file!($folder, "/reply.nl.html"),
                    policy_file!($folder, "/reply.en.html"),
                ),
            )),+])
        });
    };
}

master_files! {
    RetourbeleidFashion => "retourbeleid_fashion",
    OnderhandelingLogica => "onderhandeling_logica",
    DreigingDetectie => "dreiging_detectie",
    AnnuleringPolicy => "annulering_policy",
    AdreswijzigingPolicy => "adreswijziging_policy",
}

#[expect(clippy::expect_used, reason = "the files are compiled in and loaded by every test run")]
fn load(policy: &'static str, reply_nl: &'static str, reply_en: &'static str) -> Master {
    let mut master: Master = toml::from_str(policy).expect("a policy.toml that parses");
    master.reply_nl = reply_nl;
    master.reply_en = reply_en;
    master
}

/// The master of one rule.
#[expect(clippy::expect_used, reason = "master_files lists every key; a test walks them")]
pub fn master(key: RuleKey) -> &'static Master {
    MASTERS.get(&key).expect("a master for every rule key")
}

/// All rules as their masters have them, version 0.
#[expect(clippy::expect_used, reason = "the masters are compiled in and parsed by a test")]
pub fn master_rules() -> Rules {
    let config = |key| &master(key).rule_config;
    Rules {
        retourbeleid_fashion: Rule {
            version: 0,
            config: parse_return(config(RuleKey::RetourbeleidFashion)).expect("valid master"),
        },
        onderhandeling_logica: Rule {
            version: 0,
            config: parse_ladder(config(RuleKey::OnderhandelingLogica)).expect("valid master"),
        },
        dreiging_detectie: Rule {
            version: 0,
            config: parse_threat(config(RuleKey::DreigingDetectie)).expect("valid master"),
        },
        annulering_policy: Rule {
            version: 0,
            config: parse_cancellation(config(RuleKey::AnnuleringPolicy)).expect("valid master"),
        },
        adreswijziging_policy: Rule {
            version: 0,
            config: parse_address(config(RuleKey::AdreswijzigingPolicy)).expect("valid master"),
        },
    }
}

static TEXTS: LazyLock<Texts> = LazyLock::new(load_texts);

#[expect(clippy::expect_used, reason = "the files are compiled in and loaded by every test run")]
fn load_texts() -> Texts {
    Texts {
        reasons: toml::from_str(policy_file!("reasons.toml")).expect("reasons.toml parses"),
        problems: toml::from_str(policy_file!("problems.toml")).expect("problems.toml parses"),
        objections: toml::from_str(policy_file!("objections.toml"))
            .expect("objections.toml parses"),
        moments: toml::from_str(policy_file!("moments.toml")).expect("moments.toml parses"),
        subjects: toml::from_str(policy_file!("subjects.toml")).expect("subjects.toml parses"),
        frame_nl: policy_file!("frame.nl.html"),
        frame_en: policy_file!("frame.en.html"),
        guard: policy_file!("guard.toml"),
    }
}

/// The texts that belong to no single rule.
pub fn texts() -> &'static Texts {
    &TEXTS
}
