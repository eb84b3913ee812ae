//! A linear classifier over the mail's features, with weights of eight bits each.
//!
//! `cargo xtask train` makes `data/weights.bin` from the mails under `evals/train`;
//! nothing here learns. It knows numbers only: what a label means, others decide.

use std::ops::Range;
use std::sync::LazyLock;

use super::features::{BUCKETS, Features, GROUP_NUMBERS, GROUP_SIZES, SINGLE};
pub use super::known::Known;
use super::windows::WINDOW_LABELS;
use super::windows::weights::{Best, WindowWeights};

/// What is scored, in the order of the weights.
pub const LABELS: [&str; 26] = [
    "threat",
    "legal",
    "chargeback",
    "authority",
    "public_review",
    "press_social",
    "violence",
    "self_harm",
    "return",
    "cancel",
    "address_change",
    "order_status",
    "compensation",
    "complaint",
    "warranty",
    "invoice",
    "question",
    "thanks",
    "auto_reply",
    "spam_or_marketing",
    "positive",
    "neutral",
    "frustrated",
    "angry",
    "sad",
    "escalate",
];

/// How many labels are scored.
pub const LABEL_COUNT: usize = LABELS.len();

/// The weights of one feature, a label each; what is left over stays zero. A row of a power of
/// two is added in a few steps of the processor.
pub type Row = [i8; 32];
const _: () = assert!(LABEL_COUNT <= size_of::<Row>(), "every label has a place in a row");

/// One number per label, in thousandths: above zero speaks for it.
pub type Scores = [i32; LABEL_COUNT];

const MAGIC: &[u8; 8] = b"loketw04";
const GROUP_COUNT: usize = GROUP_SIZES.len();
const NUMBERS: usize = LABEL_COUNT * (1 + GROUP_COUNT);
const HEADER: usize = 16 + 4 * NUMBERS;

static SHIPPED: &[u8] = include_bytes!("data/weights.bin");

/// The weights shipped with the program.
pub(super) static WEIGHTS: LazyLock<Weights> =
    LazyLock::new(|| Weights::decode(SHIPPED).unwrap_or_default());

/// Trained weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// A fingerprint of what they were trained from.
    pub fingerprint: u64,
    /// Per label, in thousandths.
    pub bias: [i32; LABEL_COUNT],
    /// Per label and group of features: what a weight of 1 is worth, in millionths.
    pub scale: [[u32; LABEL_COUNT]; GROUP_COUNT],
    /// Which numbers of each group are known; of single concepts all are.
    pub known: [Known; GROUP_COUNT],
    /// One row of labels per feature, groups one after the other.
    pub rows: Vec<Row>,
    /// What the mail's windows add.
    pub windows: WindowWeights,
}

impl Default for Weights {
    /// Weights that say nothing about anything.
    fn default() -> Self {
        Self {
            fingerprint: 0,
            bias: [0; LABEL_COUNT],
            scale: [[0; LABEL_COUNT]; GROUP_COUNT],
            known: GROUP_NUMBERS.map(|size| Known::of(size, [])),
            rows: vec![Row::default(); BUCKETS],
            windows: WindowWeights::default(),
        }
    }
}

impl Weights {
    /// Reads the format written by [`Weights::encode`]; anything else is `None`.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER)?;
        let rest = header.strip_prefix(MAGIC)?;
        let (fingerprint, rest) = rest.split_at_checked(8)?;
        let numbers: Vec<u32> = rest
            .chunks_exact(4)
            .filter_map(|chunk| chunk.try_into().ok().map(u32::from_le_bytes))
            .collect();
        let mut weights = Self {
            fingerprint: u64::from_le_bytes(fingerprint.try_into().ok()?),
            rows: Vec::with_capacity(BUCKETS),
            ..Self::default()
        };
        for (bias, number) in weights.bias.iter_mut().zip(&numbers) {
            *bias = number.cast_signed();
        }
        let scales = weights.scale.iter_mut().flatten();
        scales.zip(numbers.iter().skip(LABEL_COUNT)).for_each(|(scale, number)| *scale = *number);
        let mut rest = body;
        for (group, (known, size)) in weights.known.iter_mut().zip(GROUP_NUMBERS).enumerate() {
            if group != SINGLE {
                (*known, rest) = Known::decode(size, rest)?;
            }
        }
        let (rows, windows) = rest.split_at_checked(BUCKETS * LABEL_COUNT)?;
        for row in rows.chunks_exact(LABEL_COUNT) {
            let mut padded = Row::default();
            padded.iter_mut().zip(row).for_each(|(to, from)| *to = from.cast_signed());
            weights.rows.push(padded);
        }
        weights.windows = WindowWeights::decode(windows)?;
        Some(weights)
    }

    /// As bytes, for `data/weights.bin`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.fingerprint.to_le_bytes());
        self.bias.iter().for_each(|bias| bytes.extend(bias.to_le_bytes()));
        self.scale.iter().flatten().for_each(|scale| bytes.extend(scale.to_le_bytes()));
        let known = self.known.iter().enumerate().filter(|(group, _)| *group != SINGLE);
        known.for_each(|(_, known)| known.encode(&mut bytes));
        let own = self.rows.iter().flat_map(|row| row.iter().take(LABEL_COUNT));
        bytes.extend(own.map(|weight| weight.cast_unsigned()));
        self.windows.encode(&mut bytes);
        bytes
    }

    /// The row within its group that a number has; unknown hashes have none.
    #[inline]
    pub fn row(&self, group: usize, number: u32) -> Option<u16> {
        if group == SINGLE {
            u16::try_from(number).ok()
        } else {
            self.known.get(group)?.row(number)
        }
    }

    /// The rows of weights that the properties of a mail have, sentence by sentence.
    pub fn places(&self, features: &Features) -> Places {
        let mut places = Places::default();
        let [words, letters, _, pairs] = &features.mail;
        let mut from = [0; 3];
        for ends in &features.sentences {
            let to = [2 * ends.words, ends.letters, ends.pairs];
            let numbers =
                [words.get(from[0]..to[0]), letters.get(from[1]..to[1]), pairs.get(from[2]..to[2])];
            for ((rows, numbers), group) in places.rows.iter_mut().zip(numbers).zip(SPOKEN) {
                let Some(known) = self.known.get(group) else { continue };
                rows.extend(numbers.unwrap_or_default().iter().filter_map(|it| known.row(*it)));
            }
            places.ends.push([0, 1, 2].map(|it: usize| places.rows.get(it).map_or(0, Vec::len)));
            from = to;
        }
        places
    }

    /// What one group of features says, in thousandths: the sum over the root of their number.
    /// A row that comes twice counts once.
    fn add_group(&self, scores: &mut Scores, group: usize, places: impl Iterator<Item = u16>) {
        let start: usize = GROUP_SIZES.iter().take(group).sum();
        let size = GROUP_SIZES.get(group).copied().unwrap_or(0);
        let Some(rows) = self.rows.get(start..start + size) else { return };
        let mut seen = [0_u64; MOST_ROWS / 64];
        let mut sums = [0_i32; LABEL_COUNT];
        // Sums of up to 256 weights fit sixteen bits, which are added twice as fast.
        let mut few = [0_i16; size_of::<Row>()];
        let mut count = 0_usize;
        for place in places {
            let place = usize::from(place);
            let (Some(row), Some(word)) = (rows.get(place), seen.get_mut(place / 64)) else {
                continue;
            };
            let bit = 1_u64 << (place % 64);
            if *word & bit != 0 {
                continue;
            }
            *word |= bit;
            few.iter_mut().zip(row).for_each(|(sum, weight)| *sum += i16::from(*weight));
            count += 1;
            if count.is_multiple_of(256) {
                sums.iter_mut().zip(few).for_each(|(sum, more)| *sum += i32::from(more));
                few = [0; size_of::<Row>()];
            }
        }
        sums.iter_mut().zip(few).for_each(|(sum, more)| *sum += i32::from(more));
        let Some(scale) = self.scale.get(group) else { return };
        for ((score, sum), scale) in scores.iter_mut().zip(sums).zip(scale) {
            *score = score.saturating_add(root_part(i64::from(sum), *scale, count));
        }
    }

    /// What the mail says about each label: all of it together, and its best window.
    pub fn judge(&self, features: &Features) -> Judged {
        let places = self.places(features);
        let mut scores = self.bias;
        let single = features.mail.get(SINGLE).into_iter().flatten();
        self.add_group(&mut scores, SINGLE, single.filter_map(|it| u16::try_from(*it).ok()));
        for (rows, group) in places.rows.iter().zip(SPOKEN) {
            self.add_group(&mut scores, group, rows.iter().copied());
        }
        let best = self.windows.best(features, &places);
        for (label, part) in WINDOW_LABELS.iter().zip(best.scores) {
            let score = scores.iter_mut().skip(place(label)).take(1);
            score.for_each(|score| *score = score.saturating_add(part));
        }
        for (index, score) in scores.iter_mut().enumerate() {
            if features.open & (1 << index) == 0 {
                *score = CLOSED;
            }
        }
        Judged { scores, best, places }
    }

    /// For each of `labels`, places among [`LABELS`]: the sentence that speaks most for it, the
    /// first of several. Where windows are scored for a label, it is one of the best window.
    pub fn telling(&self, judged: &Judged, labels: &[usize]) -> Vec<usize> {
        let places = &judged.places;
        let mut best = vec![(i64::MIN, 0); labels.len()];
        for index in 0..places.ends.len() {
            let own = index..index + 1;
            for (best, label) in best.iter_mut().zip(labels) {
                if window_of(*label).is_some_and(|at| {
                    judged.best.sentences.get(at).is_some_and(|it| !it.contains(&index))
                }) {
                    continue;
                }
                let worth = self.worth(0, places.words(&own), *label)
                    + self.worth(3, places.pairs(&own), *label);
                if worth > best.0 {
                    *best = (worth, index);
                }
            }
        }
        best.into_iter().map(|(_, index)| index).collect()
    }

    /// What some rows of one group say about one label, without regard to their number.
    fn worth(&self, group: usize, places: &[u16], label: usize) -> i64 {
        let start: usize = GROUP_SIZES.iter().take(group).sum();
        let scale = self.scale.get(group).and_then(|scale| scale.get(label)).copied();
        let rows =
            places.iter().filter_map(|it| self.rows.get(start + usize::from(*it))?.get(label));
        rows.map(|weight| i64::from(*weight)).sum::<i64>() * i64::from(scale.unwrap_or(0))
    }
}

/// The place among [`WINDOW_LABELS`] of the windows that tell of a label; a kind of threat is
/// told by those of threats.
fn window_of(label: usize) -> Option<usize> {
    let name = match LABELS.get(label)? {
        _ if THREATS.contains(&label) => "threat",
        name => *name,
    };
    WINDOW_LABELS.iter().position(|it| *it == name)
}

/// The labels that are a threat or a kind of one.
const THREATS: Range<usize> = 0..8;

/// What was scored, with what is needed to show why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What the mail says about each label.
    pub scores: Scores,
    /// The best window for each of [`WINDOW_LABELS`], and what it added.
    pub best: Best,
    places: Places,
}

/// The groups that are known sentence by sentence: words, letters, pairs of concepts.
const SPOKEN: [usize; 3] = [0, 1, 3];
/// No group has more rows.
const MOST_ROWS: usize = 8_192;
const _: () = assert!(GROUP_SIZES[0] <= MOST_ROWS && GROUP_SIZES[1] <= MOST_ROWS);

/// The known rows of a mail's properties, sentence by sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Of the groups in [`SPOKEN`].
    rows: [Vec<u16>; SPOKEN.len()],
    /// Where each sentence ends in them.
    ends: Vec<[usize; SPOKEN.len()]>,
}

impl Places {
    fn of(&self, which: usize, sentences: &Range<usize>) -> &[u16] {
        let end = |count: usize| {
            let ends = count.checked_sub(1).and_then(|last| self.ends.get(last));
            ends.and_then(|ends| ends.get(which)).copied().unwrap_or(0)
        };
        let rows = self.rows.get(which);
        rows.and_then(|rows| rows.get(end(sentences.start)..end(sentences.end))).unwrap_or_default()
    }

    /// The rows of words and pairs of neighbours of some sentences.
    pub fn words(&self, sentences: &Range<usize>) -> &[u16] {
        self.of(0, sentences)
    }

    /// The rows of runs of letters.
    pub fn letters(&self, sentences: &Range<usize>) -> &[u16] {
        self.of(1, sentences)
    }

    fn pairs(&self, sentences: &Range<usize>) -> &[u16] {
        self.of(2, sentences)
    }
}

/// Up to this many properties the root is looked up.
const ROOTS: usize = 1_024;

/// 2^30 over a thousand roots of each number.
static INVERSE: [i64; ROOTS] = inverses();

const fn inverse(count: usize) -> i64 {
    let count = if count == 0 { 1 } else { count as u64 };
    ((1 << 60) / (count * 1_000_000)).isqrt().cast_signed()
}

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
const fn inverses() -> [i64; ROOTS] {
    let mut table = [0; ROOTS];
    let mut count = 0;
    while count < ROOTS {
        table[count] = inverse(count);
        count += 1;
    }
    table
}

/// A sum of `count` weights over the root of their number, in thousandths; `scale` is what a
/// weight of 1 is worth, in millionths.
pub(super) fn root_part(sum: i64, scale: u32, count: usize) -> i32 {
    let inverse = INVERSE.get(count).copied().unwrap_or_else(|| inverse(count));
    let part = (sum * i64::from(scale)).saturating_mul(inverse) >> 30;
    i32::try_from(part).unwrap_or(0)
}

/// The score of a label that may not be given.
pub const CLOSED: i32 = -99_000;

/// The place of `label` in [`LABELS`]; unknown labels have the last place.
pub(super) fn place(label: &str) -> usize {
    LABELS.iter().position(|known| *known == label).unwrap_or(LABEL_COUNT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_survive_the_file() {
        let mut weights = Weights { fingerprint: 7, ..Weights::default() };
        weights.bias[3] = -12;
        weights.scale[2][5] = 9;
        weights.rows[17][4] = -128;
        weights.known[1] = Known::of(GROUP_NUMBERS[1], [3, 64, 70, 99_999]);
        weights.windows.set(4, 77, 2, -9);
        weights.windows.scale[7][3] = 12;
        assert_eq!(Weights::decode(&weights.encode()), Some(weights));
        assert_eq!(Weights::decode(b"short"), None);
    }

    #[test]
    fn sums_go_over_the_root_of_their_number() {
        assert_eq!(root_part(200, 5_000, 4), 499, "200 * 0.005 / 2, cut off");
        assert_eq!(root_part(-200, 5_000, 4), -500);
        assert_eq!(root_part(127 * 4_000, 1_000, 4_000), 8_032);
        assert_eq!(root_part(7, 5, 0), 0);
    }

    #[test]
    fn the_shipped_weights_fit_this_program() {
        assert!(Weights::decode(SHIPPED).is_some());
        let offers = include_bytes!("data/offer_weights.bin").len();
        assert!(SHIPPED.len() + offers <= 1_000_000, "both files together stay under a megabyte");
    }
}
