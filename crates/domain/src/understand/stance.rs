//! Who announces which step against the shop, and who only speaks of one.
//!
//! A word for a step ("court", "review") is no threat yet: it may be denied, taken back,
//! somebody else's, the shop's own, a joke, a product or a job. Each such word is looked at
//! where it stands; what is found becomes a mark the classifier weighs with the whole text.

use std::sync::LazyLock;

use super::concepts::{Book, Found, Heard, Hit, Mask};
use super::plain::{Plain, Span};
use crate::contract::ThreatKind;

/// Why a word for a step announces none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quiet {
    TheShops,
    Denied,
    TakenBack,
    OthersSay,
    Job,
    Goods,
    Asked,
    Praise,
    Joke,
}

const QUIET: [(Quiet, &str); 9] = [
    (Quiet::TheShops, "stance:quiet:the_shops"),
    (Quiet::Denied, "stance:quiet:denied"),
    (Quiet::TakenBack, "stance:quiet:taken_back"),
    (Quiet::OthersSay, "stance:quiet:others_say"),
    (Quiet::Job, "stance:quiet:job"),
    (Quiet::Goods, "stance:quiet:goods"),
    (Quiet::Asked, "stance:quiet:asked"),
    (Quiet::Praise, "stance:quiet:praise"),
    (Quiet::Joke, "stance:quiet:joke"),
];

/// How much a word for a step says where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Announced,
    Perhaps,
    Named,
    Quiet(Quiet),
}

/// The names of all marks, in a fixed order: rules numbered after those of the file.
pub(super) static MARKS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let kinds = ["announced", "perhaps", "named"].into_iter().flat_map(|weight| {
        ThreatKind::ALL.iter().map(move |kind| format!("stance:{weight}:{kind}"))
    });
    kinds.chain(QUIET.iter().map(|(_, name)| (*name).to_owned())).collect()
});

/// One mark: its place in [`MARKS`] and the sentence it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Place in [`MARKS`].
    pub name: usize,
    /// The sentence.
    pub sentence: usize,
    /// The word.
    pub span: Span,
}

/// Marks by name.
pub(super) fn named(marks: &[Mark]) -> impl Iterator<Item = (&'static str, Span)> + '_ {
    marks.iter().filter_map(|mark| Some((MARKS.get(mark.name)?.as_str(), mark.span)))
}

/// What was seen of steps.
#[derive(Debug, Default)]
pub(super) struct Stances {
    /// Every mark once per sentence.
    pub marks: Vec<Mark>,
}

/// The bits of the lists in `data/stances.toml`.
#[derive(Debug, Clone, Copy)]
struct Lists {
    me: Mask,
    goes: Mask,
    did: Mask,
    condition: Mask,
    deadline: Mask,
    grief: Mask,
    denial: Mask,
    resolve: Mask,
    said: Mask,
    undo: Mask,
    solved: Mask,
    others: Mask,
    advise: Mask,
    counter: Mask,
    joke: Mask,
    job: Mask,
    good: Mask,
    bad: Mask,
    thanks: Mask,
    asks: Mask,
    wares: Mask,
    yours: Mask,
    insured: Mask,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let list = |name| Book::Stances.mask(name);
    Lists {
        me: list("me"),
        goes: list("goes"),
        did: list("did"),
        condition: list("condition"),
        deadline: list("deadline"),
        grief: list("grief"),
        denial: list("denial"),
        resolve: list("resolve"),
        said: list("said"),
        undo: list("undo"),
        solved: list("solved"),
        others: list("others"),
        advise: list("advise"),
        counter: list("counter"),
        joke: list("joke"),
        job: list("job"),
        good: list("good"),
        bad: list("bad"),
        thanks: list("thanks"),
        asks: list("asks"),
        wares: list("wares"),
        yours: list("yours"),
        insured: list("insured"),
    }
});

const fn any(mask: Mask, lists: Mask) -> bool {
    mask & lists != 0
}

/// A word for a step.
#[derive(Debug, Clone, Copy)]
struct Step {
    kind: usize,
    sure: bool,
    sentence: usize,
    span: Span,
}

/// Whether somebody says thanks.
pub(super) fn thanks(heard: &Heard) -> bool {
    any(heard.stances.all, LISTS.thanks)
}

/// Whether a word that calls for a person is denied, a question before buying, or a joke.
pub(super) fn quiet_call(heard: &Heard, sentence: usize, span: Span) -> bool {
    let found = &heard.stances;
    let own = stance_at(found, Some(sentence));
    let step = Step { kind: 0, sure: true, sentence, span };
    let calm = !any(found.all, LISTS.grief);
    any(own, LISTS.asks | LISTS.wares) && calm && !any(own, LISTS.did)
        || any(found.all, LISTS.joke) && calm
        || any(own, LISTS.counter)
        || right_before(found, &step, LISTS.denial, 2)
}

/// Kinds by their place, whether their words are sure, and the bits of the words.
static KINDS: LazyLock<Vec<(usize, bool, Mask)>> = LazyLock::new(|| {
    let kinds = ThreatKind::ALL.iter().enumerate().flat_map(|(kind, name)| {
        let sure = Book::Steps.mask(name.as_str());
        let perhaps = Book::Steps.mask(&format!("{name}_perhaps"));
        [(kind, true, sure), (kind, false, perhaps)]
    });
    kinds.collect()
});

/// Looks at every word for a step.
pub(super) fn look(plain: &Plain, heard: &Heard) -> Stances {
    let (steps, found) = (&heard.steps, &heard.stances);
    if steps.all == 0 {
        return Stances::default();
    }
    let mut stances = Stances::default();
    for hit in &steps.hits {
        let sentence = plain.sentences.iter().position(|span| hit.span.start < span.end);
        let Some(sentence) = sentence else { continue };
        for (kind, sure, mask) in KINDS.iter() {
            if hit.mask & mask == 0 {
                continue;
            }
            let step = Step { kind: *kind, sure: *sure, sentence, span: hit.span };
            let weight = weigh(plain, found, &step);
            stances.add(&step, weight);
        }
    }
    stances
}

/// The place of self-harm in [`ThreatKind::ALL`], where also a word that only may mean it is
/// worth a look.
const SELF_HARM: usize = 6;

impl Stances {
    fn add(&mut self, step: &Step, weight: Weight) {
        let count = ThreatKind::ALL.len();
        let name = match weight {
            Weight::Announced => step.kind,
            Weight::Perhaps => count + step.kind,
            Weight::Named if step.sure => 2 * count + step.kind,
            Weight::Named if step.kind == SELF_HARM => count + step.kind,
            Weight::Named => return,
            Weight::Quiet(reason) if step.sure => {
                let place = QUIET.iter().position(|(it, _)| *it == reason).unwrap_or(0);
                3 * count + place
            }
            Weight::Quiet(_) => return,
        };
        let known = |mark: &Mark| mark.name == name && mark.sentence == step.sentence;
        if !self.marks.iter().any(known) {
            self.marks.push(Mark { name, sentence: step.sentence, span: step.span });
        }
    }
}

fn stance_at(found: &Found, index: Option<usize>) -> Mask {
    index.and_then(|index| found.sentences.get(index)).copied().unwrap_or(0)
}

/// What a word for a step says: announced, perhaps announced, only named, or quiet.
fn weigh(plain: &Plain, found: &Found, step: &Step) -> Weight {
    let own = stance_at(found, Some(step.sentence));
    let beside =
        stance_at(found, step.sentence.checked_sub(1)) | stance_at(found, Some(step.sentence + 1));
    if let Some(reason) = quiet(plain, found, step, own, beside) {
        return Weight::Quiet(reason);
    }
    let acts = any(own, LISTS.goes | LISTS.did);
    let pressed = any(own, LISTS.condition | LISTS.deadline)
        || any(beside, LISTS.condition | LISTS.deadline | LISTS.grief);
    let announced =
        acts && (any(own, LISTS.me) || pressed) || any(own, LISTS.condition | LISTS.deadline);
    match (announced, step.sure) {
        (true, true) => Weight::Announced,
        (true, false) => Weight::Perhaps,
        (false, _) => Weight::Named,
    }
}

/// Within how many bytes a denial or an owner belongs to the word.
const NEAR: usize = 34;

fn quiet(plain: &Plain, found: &Found, step: &Step, own: Mask, beside: Mask) -> Option<Quiet> {
    let all = found.all;
    let kind = ThreatKind::ALL.get(step.kind).copied().unwrap_or(ThreatKind::Legal);
    let pressed = any(own, LISTS.condition | LISTS.deadline);
    if kind == ThreatKind::Legal && right_before(found, step, LISTS.yours, 2) {
        return Some(Quiet::TheShops);
    }
    let physical = matches!(kind, ThreatKind::Violence | ThreatKind::SelfHarm);
    if !physical && denied(plain, found, step, own) {
        return Some(Quiet::Denied);
    }
    if kind == ThreatKind::Authority && any(all, LISTS.insured) && !pressed {
        return Some(Quiet::Asked);
    }
    if any(all, LISTS.undo) && any(own, LISTS.said) {
        return Some(Quiet::TakenBack);
    }
    let taken = any(own, LISTS.undo)
        || any(all, LISTS.undo) && any(own | beside, LISTS.said | LISTS.solved | LISTS.others);
    if taken && !(pressed && any(own, LISTS.goes) && any(all, LISTS.grief)) {
        return Some(Quiet::TakenBack);
    }
    if any(own, LISTS.counter) && !pressed {
        return Some(Quiet::OthersSay);
    }
    if any(own, LISTS.others)
        && any(own | beside, LISTS.advise)
        && any(all, LISTS.counter | LISTS.joke)
    {
        return Some(Quiet::OthersSay);
    }
    let calm = !any(all, LISTS.grief) && !pressed;
    if any(own, LISTS.wares) && !pressed && !(any(own, LISTS.grief) && any(own, LISTS.goes)) {
        return Some(Quiet::Goods);
    }
    if kind == ThreatKind::PublicReview && any(own, LISTS.good) && !any(own, LISTS.bad) {
        return Some(Quiet::Praise);
    }
    if any(own, LISTS.job) && calm {
        return Some(Quiet::Job);
    }
    if any(own, LISTS.asks) && calm {
        return Some(Quiet::Asked);
    }
    if any(all, LISTS.joke) && !any(all, LISTS.grief) {
        return Some(Quiet::Joke);
    }
    if any(all, LISTS.thanks) && calm && !physical {
        return Some(Quiet::Praise);
    }
    None
}

/// Whether a hit of `list` ends at most `distance` bytes before the word.
fn right_before(found: &Found, step: &Step, list: Mask, distance: usize) -> bool {
    let near = |hit: &&Hit| {
        hit.mask & list != 0
            && hit.span.end <= step.span.start
            && hit.span.end + distance >= step.span.start
    };
    found.hits.iter().any(|hit| near(&hit))
}

/// Whether "no", "not" or "never" belongs to the word: close to it, in the same clause, and
/// not itself inside a condition ("if I do not get ... I go to court").
fn denied(plain: &Plain, found: &Found, step: &Step, own: Mask) -> bool {
    if any(own, LISTS.resolve) {
        return false;
    }
    let denial = LISTS.denial;
    let condition = LISTS.condition;
    let sentence = plain.sentences.get(step.sentence).copied().unwrap_or(step.span);
    let between = |from: usize, to: usize| {
        !plain.text.get(from..to).unwrap_or_default().contains([',', ';', ':'])
    };
    found.hits.iter().filter(|hit| hit.mask & denial != 0).any(|hit| {
        let Span { start, end } = hit.span;
        if start < sentence.start || end > sentence.end {
            return false;
        }
        let before = end <= step.span.start
            && end + NEAR >= step.span.start
            && between(end, step.span.start);
        let after =
            start >= step.span.end && start <= step.span.end + 20 && between(step.span.end, start);
        let conditional = found.hits.iter().any(|it| {
            it.mask & condition != 0
                && it.span.start >= sentence.start
                && it.span.end <= start
                && it.span.end + NEAR >= start
        });
        (before || after) && !conditional
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<&'static str> {
        let plain = Plain::of(text);
        let stances = look(&plain, &Heard::in_text(&plain));
        named(&stances.marks).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_list_is_known() {
        for kind in ThreatKind::ALL {
            assert_ne!(Book::Steps.mask(kind.as_str()), 0, "{kind}");
            assert_ne!(Book::Steps.mask(&format!("{kind}_perhaps")), 0, "{kind}");
        }
        let every = [
            LISTS.me,
            LISTS.goes,
            LISTS.did,
            LISTS.condition,
            LISTS.deadline,
            LISTS.grief,
            LISTS.denial,
            LISTS.resolve,
            LISTS.said,
            LISTS.undo,
            LISTS.solved,
            LISTS.others,
            LISTS.advise,
            LISTS.counter,
            LISTS.joke,
            LISTS.job,
            LISTS.good,
            LISTS.bad,
            LISTS.thanks,
            LISTS.asks,
            LISTS.wares,
            LISTS.yours,
            LISTS.insured,
        ];
        assert!(every.iter().all(|mask| *mask != 0));
        assert_eq!(ThreatKind::ALL.get(SELF_HARM), Some(&ThreatKind::SelfHarm));
    }

    #[test]
    fn an_announced_step_is_marked() {
        let cases = [
            ("Als ik maandag niets hoor, schakel ik mijn advocaat in.", "legal"),
            ("If I do not get my money I will go to court.", "legal"),
            ("Anders haal ik het terug via mijn bank, storneren is zo gedaan.", "chargeback"),
            ("Otherwise I'm filing a complaint with trading standards.", "authority"),
            ("Zo niet, dan volgt een review van 1 ster.", "public_review"),
            ("Then I will go to the local paper.", "press_social"),
            ("Als ik hem zie sla ik hem op zijn bek.", "violence"),
            ("I will end my life if this goes on.", "self_harm"),
        ];
        for (text, kind) in cases {
            let wanted = format!("stance:announced:{kind}");
            assert!(marks(text).contains(&wanted.as_str()), "{text}: {:?}", marks(text));
        }
    }

    #[test]
    fn what_only_speaks_of_a_step_is_quiet() {
        let cases = [
            "No chargeback needed.",
            "Ik ga geen advocaat inschakelen.",
            "Uw incassobureau mag bellen wat het wil.",
            "Ik zei gisteren dat ik naar de rechter zou gaan, dat neem ik terug.",
            "Do you have court shoes in size 39, the court vision low?",
            "I leave a review tonight: five stars.",
            "Mijn broer zegt dat ik een advocaat moet nemen haha.",
        ];
        for text in cases {
            let marks = marks(text);
            assert!(
                !marks.iter().any(|it| it.starts_with("stance:announced")),
                "{text}: {marks:?}"
            );
        }
        assert!(marks("Wanneer komt mijn pakje? Groeten").is_empty());
    }
}
