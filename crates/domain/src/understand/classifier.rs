//! A linear classifier over the mail's features, with weights of eight bits each.
//!
//! `cargo xtask train` makes `data/weights.bin` from the mails under `evals/train`;
//! nothing here learns. It knows numbers only: what a label means, others decide.

use std::sync::LazyLock;

use super::features::{BUCKETS, Features, GROUP_SIZES, HASHED_GROUPS, HASHES};

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

const MAGIC: &[u8; 8] = b"loketw03";
const GROUP_COUNT: usize = GROUP_SIZES.len();
const NUMBERS: usize = LABEL_COUNT * (1 + GROUP_COUNT);
const HEADER: usize = 16 + 4 * NUMBERS;
const KNOWN_WORDS: usize = HASHES / 64;
const KNOWN_BYTES: usize = HASHED_GROUPS * KNOWN_WORDS * 8;

static SHIPPED: &[u8] = include_bytes!("data/weights.bin");

/// The weights shipped with the program.
pub(super) static WEIGHTS: LazyLock<Weights> =
    LazyLock::new(|| Weights::decode(SHIPPED).unwrap_or_default());

/// Which hashes have a row of weights: a bit each, and how many bits stand before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    bits: Vec<u64>,
    before: Vec<u32>,
}

impl Known {
    /// The hashes in `numbers`; those not below `HASHES` are left out.
    pub fn of(numbers: impl IntoIterator<Item = u32>) -> Self {
        let mut bits = vec![0_u64; KNOWN_WORDS];
        for number in numbers {
            if let Some(word) = bits.get_mut(number as usize >> 6) {
                *word |= 1 << (number & 63);
            }
        }
        Self::counted(bits)
    }

    fn counted(bits: Vec<u64>) -> Self {
        let mut sum = 0;
        let before = bits
            .iter()
            .map(|word| {
                let before = sum;
                sum += word.count_ones();
                before
            })
            .collect();
        Self { bits, before }
    }

    /// The row of a hash within its group.
    pub fn row(&self, number: u32) -> Option<usize> {
        let place = number as usize >> 6;
        let word = *self.bits.get(place)?;
        let bit = 1_u64 << (number & 63);
        let below = (word & (bit - 1)).count_ones();
        (word & bit != 0).then(|| *self.before.get(place).unwrap_or(&0) as usize + below as usize)
    }
}

/// Trained weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// A fingerprint of what they were trained from.
    pub fingerprint: u64,
    /// Per label, in thousandths.
    pub bias: [i32; LABEL_COUNT],
    /// Per label and group of features: what a weight of 1 is worth, in millionths.
    pub scale: [[u32; LABEL_COUNT]; GROUP_COUNT],
    /// Which words and runs of letters are known.
    pub known: [Known; HASHED_GROUPS],
    /// One row of labels per feature, groups one after the other.
    pub rows: Vec<Row>,
}

impl Default for Weights {
    /// Weights that say nothing about anything.
    fn default() -> Self {
        Self {
            fingerprint: 0,
            bias: [0; LABEL_COUNT],
            scale: [[0; LABEL_COUNT]; GROUP_COUNT],
            known: [Known::of([]), Known::of([])],
            rows: vec![Row::default(); BUCKETS],
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
        let (known, body) = body.split_at_checked(KNOWN_BYTES)?;
        for (group, part) in weights.known.iter_mut().zip(known.chunks_exact(KNOWN_WORDS * 8)) {
            let words = part.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok());
            *group = Known::counted(words.map(u64::from_le_bytes).collect());
        }
        for row in body.chunks_exact(LABEL_COUNT) {
            let mut padded = Row::default();
            padded.iter_mut().zip(row).for_each(|(to, from)| *to = from.cast_signed());
            weights.rows.push(padded);
        }
        (weights.rows.len() == BUCKETS).then_some(weights)
    }

    /// As bytes, for `data/weights.bin`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.fingerprint.to_le_bytes());
        self.bias.iter().for_each(|bias| bytes.extend(bias.to_le_bytes()));
        self.scale.iter().flatten().for_each(|scale| bytes.extend(scale.to_le_bytes()));
        let words = self.known.iter().flat_map(|known| &known.bits);
        words.for_each(|word| bytes.extend(word.to_le_bytes()));
        let own = self.rows.iter().flat_map(|row| row.iter().take(LABEL_COUNT));
        bytes.extend(own.map(|weight| weight.cast_unsigned()));
        bytes
    }

    /// The rows of weights that the numbers of one group have; unknown hashes have none.
    pub fn places(&self, group: usize, numbers: &[u32]) -> Vec<usize> {
        let start: usize = GROUP_SIZES.iter().take(group).sum();
        let size = GROUP_SIZES.get(group).copied().unwrap_or(0);
        let known = self.known.get(group);
        let row = |number: &u32| match known {
            Some(known) => known.row(*number),
            None => Some(*number as usize),
        };
        let rows = numbers.iter().filter_map(row).filter(|row| *row < size);
        rows.map(|row| start + row).collect()
    }

    /// What one group of features says, in thousandths: the sum over the root of their number.
    fn add_group(&self, scores: &mut Scores, group: usize, numbers: &[u32]) {
        let Some(scale) = self.scale.get(group) else { return };
        let places = self.places(group, numbers);
        let mut sums = [0_i32; LABEL_COUNT];
        // Sums of up to 256 weights fit sixteen bits, which are added twice as fast.
        for part in places.chunks(256) {
            let mut few = [0_i16; size_of::<Row>()];
            for row in part.iter().filter_map(|place| self.rows.get(*place)) {
                few.iter_mut().zip(row).for_each(|(sum, weight)| *sum += i16::from(*weight));
            }
            sums.iter_mut().zip(few).for_each(|(sum, more)| *sum += i32::from(more));
        }
        let root = (u64::try_from(places.len()).unwrap_or(1).max(1) * 1_000_000).isqrt();
        let root = i64::try_from(root).unwrap_or(i64::MAX);
        for ((score, sum), scale) in scores.iter_mut().zip(sums).zip(scale) {
            let part = i64::from(sum) * i64::from(*scale) / root;
            *score = score.saturating_add(i32::try_from(part).unwrap_or(0));
        }
    }

    /// What the mail says about each label.
    pub fn scores(&self, features: &Features) -> Scores {
        let mut scores = self.bias;
        for (group, numbers) in features.mail.iter().enumerate() {
            self.add_group(&mut scores, group, numbers);
        }
        for (index, score) in scores.iter_mut().enumerate() {
            if features.open & (1 << index) == 0 {
                *score = CLOSED;
            }
        }
        scores
    }

    /// For each of `labels`, places among [`LABELS`]: the sentence that speaks most for it, the
    /// first of several.
    pub fn telling(&self, features: &Features, labels: &[usize]) -> Vec<usize> {
        let mut best = vec![(i64::MIN, 0); labels.len()];
        for (index, [words, pairs]) in features.sentences.iter().enumerate() {
            let parts = [(0, self.places(0, words)), (3, self.places(3, pairs))];
            for (best, label) in best.iter_mut().zip(labels) {
                let worth: i64 =
                    parts.iter().map(|(group, places)| self.worth(*group, places, *label)).sum();
                if worth > best.0 {
                    *best = (worth, index);
                }
            }
        }
        best.into_iter().map(|(_, index)| index).collect()
    }

    /// What some rows of one group say about one label, without regard to their number.
    fn worth(&self, group: usize, places: &[usize], label: usize) -> i64 {
        let scale = self.scale.get(group).and_then(|scale| scale.get(label)).copied();
        let rows = places.iter().filter_map(|place| self.rows.get(*place)?.get(label));
        rows.map(|weight| i64::from(*weight)).sum::<i64>() * i64::from(scale.unwrap_or(0))
    }
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
        weights.known[1] = Known::of([3, 64, 70, 99_999]);
        assert_eq!(Weights::decode(&weights.encode()), Some(weights));
        assert_eq!(Weights::decode(b"short"), None);
    }

    #[test]
    fn known_hashes_have_rows_in_order() {
        let known = Known::of([70, 3, 64, 99_999]);
        let rows: Vec<_> = [3, 64, 70, 99_999].map(|it| known.row(it)).into();
        assert_eq!(rows, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!([known.row(4), known.row(u32::MAX)], [None, None]);
    }

    #[test]
    fn the_shipped_weights_fit_this_program() {
        assert!(Weights::decode(SHIPPED).is_some());
        assert!(SHIPPED.len() < 1_000_000);
    }
}
