//! What was learned from labelled answers to offers: accept, reject, counter, or none.
//!
//! `cargo xtask train` makes `data/offer_weights.bin`. It sees the words of the answer, its
//! amounts as they compare with the offer, and what the signs say; nothing here learns.

use std::sync::LazyLock;

use crate::contract::OfferResponse;

/// How many different features there are.
pub const BUCKETS: usize = 16_384;
/// What is scored, in the order of the weights; last: no answer at all.
pub const KINDS: [Option<OfferResponse>; 4] =
    [Some(OfferResponse::Accept), Some(OfferResponse::Reject), Some(OfferResponse::Counter), None];

const KIND_COUNT: usize = KINDS.len();
const MAGIC: &[u8; 8] = b"loketo01";
const HEADER: usize = 8 + 8 * KIND_COUNT;

/// Longer answers are read up to this many words.
const MOST_WORDS: usize = 120;

/// Trained weights for answers to offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferWeights {
    /// Per kind, in thousandths.
    pub bias: [i32; KIND_COUNT],
    /// Per kind: what a weight of 1 is worth, in millionths.
    pub scale: [u32; KIND_COUNT],
    /// One row of kinds per feature.
    pub rows: Vec<[i8; KIND_COUNT]>,
}

impl Default for OfferWeights {
    /// Weights that say nothing about anything.
    fn default() -> Self {
        Self { bias: [0; KIND_COUNT], scale: [0; KIND_COUNT], rows: vec![[0; KIND_COUNT]; BUCKETS] }
    }
}

/// The weights shipped with the program.
pub(in crate::understand) static WEIGHTS: LazyLock<OfferWeights> = LazyLock::new(|| {
    OfferWeights::decode(include_bytes!("../data/offer_weights.bin")).unwrap_or_default()
});

impl OfferWeights {
    /// Reads the format written by [`OfferWeights::encode`]; anything else is `None`.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER)?;
        let numbers = header.strip_prefix(MAGIC)?.chunks_exact(4);
        let numbers: Vec<u32> =
            numbers.filter_map(|it| it.try_into().ok().map(u32::from_le_bytes)).collect();
        let mut weights = Self { rows: Vec::with_capacity(BUCKETS), ..Self::default() };
        for (bias, number) in weights.bias.iter_mut().zip(&numbers) {
            *bias = number.cast_signed();
        }
        for (scale, number) in weights.scale.iter_mut().zip(numbers.iter().skip(KIND_COUNT)) {
            *scale = *number;
        }
        for row in body.chunks_exact(KIND_COUNT) {
            let row: [u8; KIND_COUNT] = row.try_into().ok()?;
            weights.rows.push(row.map(u8::cast_signed));
        }
        (weights.rows.len() == BUCKETS).then_some(weights)
    }

    /// As bytes, for `data/offer_weights.bin`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        self.bias.iter().for_each(|bias| bytes.extend(bias.to_le_bytes()));
        self.scale.iter().for_each(|scale| bytes.extend(scale.to_le_bytes()));
        bytes.extend(self.rows.iter().flatten().map(|weight| weight.cast_unsigned()));
        bytes
    }

    /// The kind that most speaks for. Without trained weights what the signs say is kept.
    pub(super) fn judge(&self, features: &[u16]) -> Option<OfferResponse> {
        let root = (u64::try_from(features.len()).unwrap_or(1).max(1) * 1_000_000).isqrt();
        let root = i64::try_from(root).unwrap_or(i64::MAX);
        let mut sums = [0_i64; KIND_COUNT];
        for row in features.iter().filter_map(|number| self.rows.get(usize::from(*number))) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += i64::from(*weight));
        }
        let scores = sums
            .iter()
            .zip(self.scale)
            .zip(self.bias)
            .map(|((sum, scale), bias)| sum * i64::from(scale) / root + i64::from(bias));
        let best = scores.zip(KINDS).max_by_key(|(score, _)| *score);
        best.and_then(|(_, kind)| kind)
    }
}

/// How often each sign counts: a word of many says less than a sign.
const SIGN_WEIGHT: u8 = 3;

/// The features of an answer: `text` with its amounts named, which signs there are, and whether
/// the shop wrote nothing after its offer.
pub(super) fn features(text: &str, signs: &[u8], latest: bool) -> Vec<u16> {
    let words = words(text);
    let mut numbers = Vec::with_capacity(words.len() * 6);
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1);
        let third = words.get(index + 2);
        numbers.push(bucket(&[b"w", word.as_bytes()]));
        if let Some(next) = next {
            numbers.push(bucket(&[b"b", word.as_bytes(), next.as_bytes()]));
            if let Some(third) = third {
                let (next, third) = (next.as_bytes(), third.as_bytes());
                numbers.push(bucket(&[b"t", word.as_bytes(), next, third]));
            }
        }
        if word.len() > 3 && word.bytes().all(|it| it.is_ascii_lowercase()) {
            let bounded = format!("<{word}>");
            let runs = bounded.as_bytes().windows(4);
            numbers.extend(runs.map(|run| bucket(&[b"c", run])));
        }
    }
    let length = words.len().checked_ilog2().map_or(0, |it| it + 1).min(7);
    numbers.push(bucket(&[b"n", &length.to_le_bytes()]));
    numbers.push(bucket(&[b"f", words.first().map_or(b"", |word| word.as_bytes())]));
    numbers.push(bucket(&[b"l", &[u8::from(latest)]]));
    for sign in signs {
        numbers.extend((0..SIGN_WEIGHT).map(|copy| bucket(&[b"s", &[*sign, copy]])));
    }
    // How the answer ends, and the sentence that holds an amount.
    let last = words.iter().rev().filter(|word| word.len() > 1).take(3);
    numbers.extend(last.map(|word| bucket(&[b"e", word.as_bytes()])));
    for (index, word) in words.iter().enumerate().filter(|(_, word)| is_amount(word)) {
        let near = words.get(index.saturating_sub(4)..).unwrap_or_default().iter().take(9);
        numbers.extend(near.map(|it| bucket(&[b"a", word.as_bytes(), it.as_bytes()])));
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Words and marks, amounts without their numbers.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_alphanumeric() {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            words.push(named(&word));
            word.clear();
        }
        if matches!(letter, '?' | '!' | '.' | ',') || !letter.is_ascii() {
            words.push(letter.to_string());
        }
        if words.len() >= MOST_WORDS {
            break;
        }
    }
    words
}

/// `SAME0` is `SAME`.
fn named(word: &str) -> String {
    let name = word.trim_end_matches(|it: char| it.is_ascii_digit());
    if is_amount(name) { name.to_owned() } else { word.to_owned() }
}

fn is_amount(name: &str) -> bool {
    name.len() >= 4 && name.bytes().all(|it| it.is_ascii_uppercase())
}

/// FNV-1a of the parts, with a mark between them.
fn bucket(parts: &[&[u8]]) -> u16 {
    let bytes = parts.iter().flat_map(|part| part.iter().copied().chain([0x1f]));
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let folded = (hash ^ (hash >> 16)) % 16_384;
    u16::try_from(folded).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_survive_writing_and_reading() {
        let mut weights =
            OfferWeights { bias: [-3, 4, 5, -6], scale: [1, 2, 3, 4], ..OfferWeights::default() };
        weights.rows[7] = [1, -2, 3, -4];
        assert_eq!(OfferWeights::decode(&weights.encode()), Some(weights));
        assert_eq!(OfferWeights::decode(b"loketo01 and nothing else"), None);
    }

    #[test]
    fn shipped_weights_are_readable_and_trained() {
        assert!(*WEIGHTS != OfferWeights::default());
    }

    #[test]
    fn amounts_count_by_what_they_are() {
        let one = features("SAME0 is fine", &[9], true);
        let other = features("SAME3 is fine", &[9], true);
        assert_eq!(one, other);
        assert_ne!(one, features("MORE0 is fine", &[9], true));
    }
}
