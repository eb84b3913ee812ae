use proptest::prelude::*;

use super::super::classifier::{Known, WEIGHTS, Weights};
use super::super::{Input, features_of, offer, read, read_with};
use super::weights::{Parts, WindowWeights};
use super::*;

fn features(body: &str) -> Features {
    features_of(&Input { body, ..Input::default() }, &offer::learned::WEIGHTS)
}

/// The score of each window by itself, without the mail around it.
fn alone(body: &str) -> Vec<Parts> {
    let features = features(body);
    let places = WEIGHTS.places(&features);
    windows(&features).iter().map(|it| WEIGHTS.windows.alone(it, &features, &places)).collect()
}

fn best(scores: &[Parts]) -> Parts {
    std::array::from_fn(|label| scores.iter().map(|it| it[label]).max().unwrap())
}

#[test]
fn sentences_join_until_there_are_words_enough() {
    let counts = |body: &str| {
        let features = features(body);
        let cut = windows(&features);
        cut.iter().map(|it| it.words(&features).len() / 2).collect::<Vec<_>>()
    };
    assert_eq!(counts("Hoi. Dit is een hele zin. En dit is er nog een. Groet."), [6, 7]);
    assert_eq!(counts("Hoi."), [1]);
    assert_eq!(counts(""), [0]);
}

#[test]
fn every_number_stays_in_its_group() {
    let features = features("Als ik maandag niks hoor, stap ik naar de rechter! Mijn geld terug.");
    for window in windows(&features) {
        let singles = window.singles(&features);
        assert!(
            singles.is_sorted() && singles.iter().all(|it| (*it as usize) < WINDOW_SIZES[SINGLES])
        );
        let below = |group: usize| move |it: u32| assert!((it as usize) < WINDOW_NUMBERS[group]);
        pairs(&singles, below(PAIRS));
        skips(&window, &features, below(SKIPS));
        beside(&window, &features, below(BESIDE));
        ordered(&window, &features, below(ORDERED));
    }
}

#[test]
fn near_things_are_told_apart_by_order() {
    let collect = |body: &str| {
        let features = features(body);
        let mut numbers = Vec::new();
        ordered(&windows(&features)[0], &features, |it| numbers.push(it));
        numbers
    };
    let [one, other] = [collect("advocaat en dan rechter"), collect("rechter en dan advocaat")];
    assert!(!one.is_empty() && !other.is_empty());
    assert_ne!(one, other);
}

#[test]
fn the_best_window_decides() {
    // Only one row is worth anything: that of the pair of starts "dans op".
    let mut weights = Weights::default();
    let body = "Alles was prima geregeld hoor. Straks dans ik op jullie graf vanavond. Groetjes.";
    let features = features(body);
    let found = windows(&features);
    let mut wanted = Vec::new();
    skips(&found[1], &features, |it| wanted.push(it));
    weights.windows.known[SKIPS - PAIRS] = Known::of(WINDOW_NUMBERS[SKIPS], wanted);
    for row in 0..weights.windows.known[SKIPS - PAIRS].count() {
        weights.windows.set(SKIPS, row, 0, 100);
    }
    weights.windows.scale[SKIPS][0] = 10_000;
    let judged = weights.judge(&features);
    assert_eq!(judged.best.sentences[0], found[1].sentences);
    assert!(judged.scores[0] > 1_000 && judged.best.scores[1] == 0, "{judged:?}");
    let input = Input { body, ..Input::default() };
    let reading = read_with(&weights, &input);
    assert!(reading.threat() && !read_with(&Weights::default(), &input).threat());
    let shown = reading.evidence.iter().find(|it| it.label.starts_with("threat:")).unwrap();
    assert!(shown.words.contains("graf"), "{shown:?}");
}

/// Said by the way in a friendly mail.
const THREATS: [&str; 4] = [
    "Als ik vrijdag mijn geld niet heb, stap ik naar de rechter.",
    "Anders doe ik aangifte bij de politie.",
    "Refund me by Friday or I will open a dispute with PayPal.",
    "Geld terug of ik zet overal een review van 1 ster.",
];

/// What threatens nobody, five words or more each.
const INNOCENT: [&str; 6] = [
    "De kleur van de lamp is mooi geworden.",
    "Mijn zus vond de verpakking erg netjes.",
    "The parcel arrived on a Tuesday afternoon.",
    "Wij wonen sinds kort in een nieuw huis.",
    "My neighbour also likes your green chairs.",
    "Het regende toen de bezorger voor de deur stond.",
];

#[test]
fn friendly_sentences_drown_no_threat() {
    for threat in THREATS {
        for chosen in 0..1_usize << INNOCENT.len() {
            let around = INNOCENT.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
            let body = around.fold(threat.to_owned(), |body, (_, it)| format!("{body} {it}"));
            assert!(read(&Input { body: &body, ..Input::default() }).threat(), "{body}");
        }
    }
}

#[test]
fn many_rows_add_up_as_few_do() {
    let mut weights = WindowWeights::default();
    weights.set(CONTEXT, 3, 1, -128);
    weights.set(CONTEXT, 3, 2, 127);
    weights.scale[CONTEXT] = [1_000_000; WINDOW_LABEL_COUNT];
    let single = vec![3; 1_024];
    let mut mail = Features::default().mail;
    mail[SINGLE] = single;
    let features = Features { mail, ..Features::default() };
    let judged = Weights { windows: weights, ..Weights::default() }.judge(&features);
    // 1,024 rows over a root of 32; the root itself is rounded a little.
    let wanted = [0, -128 * 32_000, 127 * 32_000, 0];
    let off = judged.best.scores.iter().zip(wanted).map(|(is, wanted)| (is - wanted).abs());
    assert!(off.max().unwrap() < 100, "{judged:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_sentence_more_never_lowers_the_best_window(
        threat in 0..THREATS.len(), around in proptest::collection::vec(0..INNOCENT.len(), 0..8),
    ) {
        let mut body = THREATS[threat].to_owned();
        let mut most = best(&alone(&body));
        for it in around {
            body = format!("{body} {}", INNOCENT[it]);
            let now = best(&alone(&body));
            prop_assert!(now.iter().zip(most).all(|(now, before)| *now >= before), "{body}");
            most = now;
        }
    }

    #[test]
    fn any_text_reads_the_same_twice(body in "\\PC{0,200}") {
        let features = features(&body);
        prop_assert_eq!(WEIGHTS.judge(&features), WEIGHTS.judge(&features));
        let covered = windows(&features).into_iter().flat_map(|it| it.sentences);
        prop_assert!(covered.eq(0..features.sentences.len()));
    }
}
