//! What the properties of windows are worth, and which window is the best.
//!
//! Part of `data/weights.bin`; nothing here learns.

use std::ops::Range;

use super::{
    BESIDE, CONTEXT, LETTERS, ORDERED, PAIRS, SINGLES, SKIPS, WINDOW_GROUPS, WINDOW_LABEL_COUNT,
    WINDOW_NUMBERS, WINDOW_SIZES, WORDS, Window, beside, ordered, pairs, skips, windows,
};
use crate::understand::classifier::{Places, root_part};
use crate::understand::features::{Features, SINGLE};
use crate::understand::known::Known;

/// The groups whose known numbers are kept here, one after the other.
pub const OWN: [usize; 4] = [PAIRS, SKIPS, BESIDE, ORDERED];
/// Below which number those of each stay.
const OWN_NUMBERS: [usize; OWN.len()] =
    [WINDOW_NUMBERS[PAIRS], WINDOW_NUMBERS[SKIPS], WINDOW_NUMBERS[BESIDE], WINDOW_NUMBERS[ORDERED]];

/// What a row says about each label.
pub type WindowRow = [i8; WINDOW_LABEL_COUNT];

/// Trained weights of windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowWeights {
    /// Per label, in thousandths.
    pub bias: [i32; WINDOW_LABEL_COUNT],
    /// Per group and label: what a weight of 1 is worth, in millionths.
    pub scale: [[u32; WINDOW_LABEL_COUNT]; WINDOW_GROUPS],
    /// Which numbers of the groups in [`OWN`] are known.
    pub known: [Known; OWN.len()],
    /// Per group one row per known number.
    rows: [Vec<Packed>; WINDOW_GROUPS],
}

impl Default for WindowWeights {
    /// Weights that say nothing about anything.
    fn default() -> Self {
        Self {
            bias: [0; WINDOW_LABEL_COUNT],
            scale: [[0; WINDOW_LABEL_COUNT]; WINDOW_GROUPS],
            known: OWN_NUMBERS.map(|size| Known::of(size, [])),
            rows: WINDOW_SIZES.map(|size| vec![Packed::of([0; WINDOW_LABEL_COUNT]); size]),
        }
    }
}

/// The window that speaks most for each label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Best {
    /// How much, in thousandths.
    pub scores: [i32; WINDOW_LABEL_COUNT],
    /// Its sentences.
    pub sentences: [Range<usize>; WINDOW_LABEL_COUNT],
}

/// A row with 128 added to each weight, so that four are added in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packed(u32);

impl Packed {
    fn of(row: WindowRow) -> Self {
        Self(u32::from_le_bytes(row.map(|it| it.cast_unsigned() ^ 0x80)))
    }

    fn row(self) -> WindowRow {
        self.0.to_le_bytes().map(|it| (it ^ 0x80).cast_signed())
    }

    /// Each weight in sixteen bits of its own.
    const fn spread(self) -> u64 {
        let wide = self.0 as u64;
        let wide = (wide | wide << 16) & 0x0000_ffff_0000_ffff;
        (wide | wide << 8) & 0x00ff_00ff_00ff_00ff
    }
}

/// Rows added up.
#[derive(Default)]
struct Sum {
    lanes: u64,
    count: u32,
    wide: [i64; WINDOW_LABEL_COUNT],
}

impl Sum {
    #[inline]
    fn add(&mut self, row: Packed) {
        self.lanes += row.spread();
        self.count += 1;
        // 256 rows fit sixteen bits.
        if self.count.is_multiple_of(256) {
            self.widen();
        }
    }

    fn widen(&mut self) {
        let lanes = self.lanes.to_le_bytes();
        for (wide, lane) in self.wide.iter_mut().zip(lanes.chunks_exact(2)) {
            *wide += lane.try_into().map_or(0, |it| i64::from(u16::from_le_bytes(it)));
        }
        self.lanes = 0;
    }

    /// The sums, over the root of their number, in thousandths.
    fn weighed(mut self, scale: &[u32; WINDOW_LABEL_COUNT]) -> Parts {
        self.widen();
        let mut parts = [0; WINDOW_LABEL_COUNT];
        let extra = 128 * i64::from(self.count);
        for ((part, wide), scale) in parts.iter_mut().zip(self.wide).zip(scale) {
            *part = root_part(wide - extra, *scale, self.count as usize);
        }
        parts
    }
}

impl WindowWeights {
    /// Sets what `row` of `group` says about a label; places that are not there stay so.
    pub fn set(&mut self, group: usize, row: usize, label: usize, weight: i8) {
        let place = self.rows.get_mut(group).and_then(|rows| rows.get_mut(row));
        if let Some(place) = place {
            let mut weights = place.row();
            weights.iter_mut().skip(label).take(1).for_each(|it| *it = weight);
            *place = Packed::of(weights);
        }
    }

    /// The row of a number of one of the groups in [`OWN`].
    #[inline]
    pub fn row(&self, group: usize, number: u32) -> Option<u16> {
        self.known.get(group.checked_sub(PAIRS)?)?.row(number)
    }

    /// Adds them to `bytes`.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        self.bias.iter().for_each(|bias| bytes.extend(bias.to_le_bytes()));
        self.scale.iter().flatten().for_each(|scale| bytes.extend(scale.to_le_bytes()));
        self.known.iter().for_each(|known| known.encode(bytes));
        let rows = self.rows.iter().flatten();
        bytes.extend(rows.flat_map(|row| row.row()).map(i8::cast_unsigned));
    }

    /// Reads what [`WindowWeights::encode`] wrote, to the last byte; anything else is `None`.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut weights = Self::default();
        let numbers = WINDOW_LABEL_COUNT * (1 + WINDOW_GROUPS);
        let (header, mut rest) = bytes.split_at_checked(4 * numbers)?;
        let numbers: Vec<u32> = header
            .chunks_exact(4)
            .filter_map(|chunk| chunk.try_into().ok().map(u32::from_le_bytes))
            .collect();
        let (bias, scale) = numbers.split_at_checked(WINDOW_LABEL_COUNT)?;
        weights.bias.iter_mut().zip(bias).for_each(|(to, from)| *to = from.cast_signed());
        weights.scale.iter_mut().flatten().zip(scale).for_each(|(to, from)| *to = *from);
        for (known, size) in weights.known.iter_mut().zip(OWN_NUMBERS) {
            (*known, rest) = Known::decode(size, rest)?;
        }
        let mut rows = rest.chunks_exact(WINDOW_LABEL_COUNT);
        for place in weights.rows.iter_mut().flatten() {
            let row: [u8; WINDOW_LABEL_COUNT] = rows.next()?.try_into().ok()?;
            *place = Packed::of(row.map(u8::cast_signed));
        }
        (rows.next().is_none() && rows.remainder().is_empty()).then_some(weights)
    }

    /// The sum of rows of one group, weighed.
    fn of_rows(&self, group: usize, places: impl Iterator<Item = usize>) -> Parts {
        let mut sum = Sum::default();
        if let Some(rows) = self.rows.get(group) {
            places.filter_map(|place| rows.get(place)).for_each(|row| sum.add(*row));
        }
        self.weighed(sum, group)
    }

    fn weighed(&self, sum: Sum, group: usize) -> Parts {
        self.scale.get(group).map_or_else(Parts::default, |scale| sum.weighed(scale))
    }

    /// What one of the groups in [`OWN`] says; `each` hands out its numbers.
    #[inline]
    fn of_numbers(&self, group: usize, each: impl FnOnce(&mut Adding<'_>)) -> Parts {
        let known = group.checked_sub(PAIRS).and_then(|own| self.known.get(own));
        let (Some(known), Some(rows)) = (known, self.rows.get(group)) else {
            return Parts::default();
        };
        let mut adding = Adding { known, rows, sum: Sum::default() };
        each(&mut adding);
        self.weighed(adding.sum, group)
    }

    /// What a window says by itself about each label, without the mail around it.
    pub fn alone(&self, window: &Window, features: &Features, places: &Places) -> Parts {
        let singles = window.singles(features);
        let wide = |row: &u16| usize::from(*row);
        [
            self.of_rows(WORDS, places.words(&window.sentences).iter().map(wide)),
            self.of_rows(LETTERS, places.letters(&window.sentences).iter().map(wide)),
            self.of_rows(SINGLES, singles.iter().map(|row| *row as usize)),
            self.of_numbers(PAIRS, |it| pairs(&singles, |number| it.add(number))),
            self.of_numbers(SKIPS, |it| skips(window, features, |number| it.add(number))),
            self.of_numbers(BESIDE, |it| beside(window, features, |number| it.add(number))),
            self.of_numbers(ORDERED, |it| ordered(window, features, |number| it.add(number))),
        ]
        .into_iter()
        .fold(self.bias, plus)
    }

    /// What the whole mail adds to each of its windows.
    fn around(&self, features: &Features) -> Parts {
        let single = features.mail.get(SINGLE).map_or(&[][..], Vec::as_slice);
        self.of_rows(CONTEXT, single.iter().map(|row| *row as usize))
    }

    /// The best window of a mail for each label, the first of several.
    pub fn best(&self, features: &Features, places: &Places) -> Best {
        let around = self.around(features);
        let mut best = Best { scores: [i32::MIN; WINDOW_LABEL_COUNT], ..Best::default() };
        for window in windows(features) {
            let scores = plus(self.alone(&window, features, places), around);
            let known = best.scores.iter_mut().zip(&mut best.sentences);
            for ((most, sentences), score) in known.zip(scores) {
                if score > *most {
                    (*most, *sentences) = (score, window.sentences.clone());
                }
            }
        }
        best
    }
}

/// What something says about each label, in thousandths.
pub type Parts = [i32; WINDOW_LABEL_COUNT];

fn plus(mut sums: Parts, parts: Parts) -> Parts {
    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum = sum.saturating_add(part));
    sums
}

/// Adds the rows of those numbers that are known.
struct Adding<'a> {
    known: &'a Known,
    rows: &'a [Packed],
    sum: Sum,
}

impl Adding<'_> {
    #[inline]
    fn add(&mut self, number: u32) {
        if let Some(row) = self.known.row(number)
            && let Some(row) = self.rows.get(usize::from(row))
        {
            self.sum.add(*row);
        }
    }
}
