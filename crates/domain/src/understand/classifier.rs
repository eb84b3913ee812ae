//! A linear classifier over the mail's features, with weights of eight bits each.
//!
//! `cargo xtask train` makes `data/weights.bin` from the mails under `evals/train`;
//! nothing here learns. It knows numbers only: what a label means, others decide.

use std::sync::LazyLock;

use super::features::{BUCKETS, Features};

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

/// One number per label, in thousandths: above zero speaks for it.
pub type Scores = [i32; LABEL_COUNT];

const MAGIC: &[u8; 8] = b"loketw02";
const HEADER: usize = 16 + LABEL_COUNT * (4 + 4 * GROUP_COUNT);
const GROUP_COUNT: usize = super::features::GROUP_SIZES.len();

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
    /// One row of labels per feature, groups one after the other.
    pub rows: Vec<[i8; LABEL_COUNT]>,
}

impl Default for Weights {
    /// Weights that say nothing about anything.
    fn default() -> Self {
        Self {
            fingerprint: 0,
            bias: [0; LABEL_COUNT],
            scale: [[0; LABEL_COUNT]; GROUP_COUNT],
            rows: vec![[0; LABEL_COUNT]; BUCKETS],
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
        for row in body.chunks_exact(LABEL_COUNT) {
            let row: [u8; LABEL_COUNT] = row.try_into().ok()?;
            weights.rows.push(row.map(u8::cast_signed));
        }
        (weights.rows.len() == BUCKETS).then_some(weights)
    }

    /// As bytes, for `data/weights.bin`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.fingerprint.to_le_bytes());
        self.bias.iter().for_each(|bias| bytes.extend(bias.to_le_bytes()));
        self.scale.iter().flatten().for_each(|scale| bytes.extend(scale.to_le_bytes()));
        bytes.extend(self.rows.iter().flatten().map(|weight| weight.cast_unsigned()));
        bytes
    }

    /// What one group of features says, in thousandths: the sum over the root of their number.
    fn add_group(&self, scores: &mut Scores, group: usize, numbers: &[u16]) {
        let Some(scale) = self.scale.get(group) else { return };
        let mut sums = [0_i32; LABEL_COUNT];
        // Sums of up to 256 weights fit sixteen bits, which are added twice as fast.
        for part in numbers.chunks(256) {
            let mut few = [0_i16; LABEL_COUNT];
            for row in part.iter().filter_map(|number| self.rows.get(usize::from(*number))) {
                few.iter_mut().zip(row).for_each(|(sum, weight)| *sum += i16::from(*weight));
            }
            sums.iter_mut().zip(few).for_each(|(sum, more)| *sum += i32::from(more));
        }
        let root = (u64::try_from(numbers.len()).unwrap_or(1).max(1) * 1_000_000).isqrt();
        let root = i64::try_from(root).unwrap_or(i64::MAX);
        for ((score, sum), scale) in scores.iter_mut().zip(sums).zip(scale) {
            let part = i64::from(sum) * i64::from(*scale) / root;
            *score = score.saturating_add(i32::try_from(part).unwrap_or(0));
        }
    }

    /// What each sentence by itself says about each label.
    pub fn sentences(&self, features: &Features) -> Vec<Scores> {
        let score = |[text, concepts]: &[Vec<u16>; 2]| {
            let mut scores = [0; LABEL_COUNT];
            self.add_group(&mut scores, 3, text);
            self.add_group(&mut scores, 4, concepts);
            scores
        };
        features.sentences.iter().map(score).collect()
    }

    /// What the mail says about each label: as a whole, and by its most telling sentence.
    pub fn scores(&self, features: &Features) -> Judged {
        let mut scores = self.bias;
        for (group, numbers) in features.mail.iter().enumerate() {
            self.add_group(&mut scores, group, numbers);
        }
        let mut telling = [0; LABEL_COUNT];
        let mut best: Option<Scores> = None;
        for (index, sentence) in self.sentences(features).into_iter().enumerate() {
            let Some(best) = best.as_mut() else {
                best = Some(sentence);
                continue;
            };
            for ((best, own), place) in best.iter_mut().zip(sentence).zip(&mut telling) {
                if own > *best {
                    *best = own;
                    *place = index;
                }
            }
        }
        if let Some(best) = best {
            scores.iter_mut().zip(best).for_each(|(score, more)| *score += more);
        }
        for (index, score) in scores.iter_mut().enumerate() {
            if features.open & (1 << index) == 0 {
                *score = CLOSED;
            }
        }
        Judged { scores, telling }
    }
}

/// The score of a label that may not be given.
pub const CLOSED: i32 = -99_000;

/// What the classifier says about a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// One number per label.
    pub scores: Scores,
    /// Per label: the sentence that says most for it.
    pub telling: [usize; LABEL_COUNT],
}

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
        assert_eq!(Weights::decode(&weights.encode()), Some(weights));
        assert_eq!(Weights::decode(b"short"), None);
    }

    #[test]
    fn the_shipped_weights_fit_this_program() {
        assert!(Weights::decode(SHIPPED).is_some());
        assert!(SHIPPED.len() < 1_000_000);
    }
}
