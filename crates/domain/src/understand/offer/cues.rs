//! The committed patterns, compiled once: how shops offer and how customers answer.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use regex::{Regex, RegexSet, RegexSetBuilder};

/// Patterns of which every match counts, with its place.
pub(super) struct Places {
    each: Vec<Regex>,
    /// The same patterns in one: says in one pass which of them match at all.
    all: RegexSet,
}

impl Places {
    /// Every match in `text`, as byte ranges.
    pub(super) fn in_text<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let there = self.all.matches(text);
        let each = self.each.iter().enumerate();
        each.filter(move |(index, _)| there.matched(*index))
            .flat_map(move |(_, pattern)| pattern.find_iter(text).map(|found| found.range()))
    }
}

/// What a shop's offer looks like.
pub(super) struct Shop {
    pub offering: RegexSet,
    pub money: RegexSet,
    pub denies: RegexSet,
    pub refuses: RegexSet,
    pub keep: RegexSet,
    pub back: RegexSet,
    pub worth_before: RegexSet,
    pub done: RegexSet,
    pub marketing: RegexSet,
    pub closed: RegexSet,
    pub half: RegexSet,
}

/// What stands around an answer and changes what it means.
pub(super) struct Around {
    pub greeting: Vec<Regex>,
    pub bulk: RegexSet,
    pub device: RegexSet,
    pub machine: RegexSet,
    pub thanks: RegexSet,
    pub other_topic: RegexSet,
    pub payment: RegexSet,
    pub when_paid: RegexSet,
    pub asks: RegexSet,
    pub negated: RegexSet,
    pub conditional: RegexSet,
    pub received: RegexSet,
    pub cost_before: RegexSet,
    pub cost_after: RegexSet,
    pub offer_before: RegexSet,
    pub figure_of_speech: RegexSet,
    pub add_before: RegexSet,
    pub add_after: RegexSet,
    pub no_part: RegexSet,
    pub counted: RegexSet,
}

/// The words of a bare yes or no: at least one of `core`, the others of `filler`.
pub(super) struct Bare {
    pub core: HashSet<String>,
    pub filler: HashSet<String>,
}

/// All patterns.
pub(super) struct Cues {
    pub shop: Shop,
    pub around: Around,
    pub accept: Places,
    pub praise: Places,
    pub yes: Bare,
    pub sure_yes: HashSet<String>,
    pub reject: Places,
    pub no: Bare,
    pub little: RegexSet,
    pub wants_other: RegexSet,
    pub returns: Places,
    pub unless_before: RegexSet,
    pub unless_said: RegexSet,
    pub demand: Places,
    pub across: Places,
    pub hoped: Places,
    pub more: Places,
    pub speaks_of_money: RegexSet,
    /// Shares of the whole and multiples of the offer, and everything: pattern and size.
    pub parts: Vec<(Regex, Share)>,
}

/// A size that is said without a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Of the price, in hundredths of a percent.
    OfPrice(i64),
    /// So many halves of the offer: 4 is the double.
    HalvesOfOffer(i64),
}

type Lists = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Reads the file's lists and fills in its named parts and amounts.
struct Reader {
    lists: Lists,
    parts: BTreeMap<String, String>,
}

const AMOUNTS: [(&str, &str); 7] = [
    ("ANY", "(?:MORE|PART|FULL|BARE)"),
    ("ASK", "(?:MORE|PART|FULL)"),
    ("SAME", "SAME\\d+"),
    ("MORE", "MORE\\d+"),
    ("PART", "PART\\d+"),
    ("FULL", "FULL\\d+"),
    ("BARE", "BARE\\d+"),
];

/// Bytes a set may keep of what it worked out: with less it starts anew all the time.
const SET_MEMORY: usize = 8 << 20;

impl Reader {
    fn new(text: &str) -> Self {
        let lists: Lists = toml::from_str(text).unwrap_or_default();
        let named = lists.get("parts").into_iter().flatten();
        let parts = named
            .map(|(name, words)| (format!("{{{name}}}"), format!("(?:{})", words.join("|"))))
            .collect();
        Self { lists, parts }
    }

    fn list(&self, section: &str, name: &str) -> Vec<String> {
        self.lists.get(section).and_then(|it| it.get(name)).cloned().unwrap_or_default()
    }

    fn filled(&self, section: &str, name: &str) -> impl Iterator<Item = String> {
        self.list(section, name).into_iter().map(|line| {
            let line = self
                .parts
                .iter()
                .fold(line, |line, (name, words)| line.replace(name.as_str(), words));
            let line = AMOUNTS.iter().fold(line, |line, (name, shape)| line.replace(name, shape));
            // A word may hold an apostrophe or a hyphen. The classes of ASCII are much faster,
            // and enough for folded text.
            line.replace("COST", "COST[0-9]+")
                .replace(r"\w+", "[0-9A-Za-z_'-]+")
                .replace(r"\w", "[0-9A-Za-z_]")
                .replace(r"\d", "[0-9]")
                .replace(r"\b", r"(?-u:\b)")
        })
    }

    #[expect(clippy::expect_used, reason = "the patterns are committed; a test compiles them")]
    fn set(&self, section: &str, name: &str) -> RegexSet {
        let patterns = self.filled(section, name);
        RegexSetBuilder::new(patterns)
            .dfa_size_limit(SET_MEMORY)
            .build()
            .expect("a committed pattern")
    }

    #[expect(clippy::expect_used, reason = "the patterns are committed; a test compiles them")]
    fn each(&self, section: &str, name: &str) -> Vec<Regex> {
        self.filled(section, name)
            .map(|line| Regex::new(&line).expect("a committed pattern"))
            .collect()
    }

    fn bare(&self, section: &str) -> Bare {
        Bare {
            core: self.list(section, "core").into_iter().collect(),
            filler: self.list(section, "filler").into_iter().collect(),
        }
    }

    fn shop(&self) -> Shop {
        let set = |name| self.set("shop", name);
        Shop {
            offering: set("offering"),
            money: set("money"),
            denies: set("denies"),
            refuses: set("refuses"),
            keep: set("keep"),
            back: set("back"),
            worth_before: set("worth_before"),
            done: set("done"),
            marketing: set("marketing"),
            closed: set("closed"),
            half: set("half"),
        }
    }

    fn around(&self) -> Around {
        let set = |name| self.set("around", name);
        Around {
            greeting: self.each("around", "greeting"),
            bulk: set("bulk"),
            device: set("device"),
            machine: set("machine"),
            thanks: set("thanks"),
            other_topic: set("other_topic"),
            payment: set("payment"),
            when_paid: set("when_paid"),
            asks: set("asks"),
            negated: set("negated"),
            conditional: set("conditional"),
            received: set("received"),
            cost_before: set("cost_before"),
            cost_after: set("cost_after"),
            offer_before: set("offer_before"),
            figure_of_speech: set("figure_of_speech"),
            add_before: set("add_before"),
            add_after: set("add_after"),
            no_part: set("no_part"),
            counted: set("counted"),
        }
    }

    fn shares(&self) -> Vec<(Regex, Share)> {
        let sizes = [
            ("full", Share::OfPrice(10_000)),
            ("three_quarters", Share::OfPrice(7_500)),
            ("two_thirds", Share::OfPrice(6_700)),
            ("half", Share::OfPrice(5_000)),
            ("third", Share::OfPrice(3_300)),
            ("quarter", Share::OfPrice(2_500)),
            ("triple", Share::HalvesOfOffer(6)),
            ("double", Share::HalvesOfOffer(4)),
            ("one_and_a_half", Share::HalvesOfOffer(3)),
        ];
        let each = |(name, size)| {
            self.each("shares", name).into_iter().map(move |pattern| (pattern, size))
        };
        sizes.into_iter().flat_map(each).collect()
    }
}

/// The patterns of `data/offer_cues.toml`.
pub(super) static CUES: LazyLock<Cues> = LazyLock::new(|| {
    let reader = Reader::new(include_str!("../data/offer_cues.toml"));
    let places = |section: &str, name: &str| Places {
        each: reader.each(section, name),
        all: reader.set(section, name),
    };
    Cues {
        shop: reader.shop(),
        around: reader.around(),
        accept: places("accept", "strong"),
        praise: places("accept", "praise"),
        yes: reader.bare("accept"),
        sure_yes: reader.list("accept", "core_strong").into_iter().collect(),
        reject: places("reject", "strong"),
        no: reader.bare("reject"),
        little: reader.set("reject", "little"),
        wants_other: reader.set("reject", "wants_other"),
        returns: places("reject", "returns"),
        unless_said: reader.set("reject", "unless_said"),
        unless_before: reader.set("reject", "unless_before"),
        demand: places("counter", "demand"),
        across: places("counter", "across"),
        hoped: places("counter", "hoped"),
        more: places("counter", "more"),
        speaks_of_money: reader.set("around", "speaks_of_money"),
        parts: reader.shares(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_patterns_compile_and_none_is_empty() {
        let cues = &*CUES;
        assert!(
            cues.accept.each.len() > 10
                && cues.reject.each.len() > 10
                && cues.demand.each.len() > 10
        );
        assert!(cues.shop.offering.len() > 5 && cues.shop.money.len() == 1);
        assert!(cues.yes.core.contains("akkoord") && cues.no.core.contains("nee"));
        assert!(!cues.parts.is_empty() && !cues.speaks_of_money.is_empty());
    }
}
