//! Which numbers have a row of weights: a bit each, and how many stand before.
//!
//! It knows numbers and rows, not what either means.

/// The known numbers of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    bits: Vec<u64>,
    before: Vec<u16>,
}

impl Known {
    /// The known ones of `numbers`; those not below `size` are left out.
    pub fn of(size: usize, numbers: impl IntoIterator<Item = u32>) -> Self {
        let mut bits = vec![0_u64; Self::words(size)];
        for number in numbers {
            if let Some(word) = bits.get_mut(number as usize >> 6) {
                *word |= 1 << (number & 63);
            }
        }
        Self::counted(bits)
    }

    /// How many words of 64 bits numbers below `size` take.
    const fn words(size: usize) -> usize {
        size.div_ceil(64)
    }

    fn counted(bits: Vec<u64>) -> Self {
        let mut sum = 0_u16;
        let before = bits
            .iter()
            .map(|word| {
                let before = sum;
                sum = sum.saturating_add(u16::try_from(word.count_ones()).unwrap_or(u16::MAX));
                before
            })
            .collect();
        Self { bits, before }
    }

    /// How many numbers are known.
    pub fn count(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The row of a number within its group.
    #[inline]
    pub fn row(&self, number: u32) -> Option<u16> {
        let place = number as usize >> 6;
        let word = *self.bits.get(place)?;
        let bit = 1_u64 << (number & 63);
        if word & bit == 0 {
            return None;
        }
        let below = (word & (bit - 1)).count_ones();
        let before = self.before.get(place).copied().unwrap_or(0);
        Some(before.saturating_add(u16::try_from(below).unwrap_or(0)))
    }

    /// Takes the numbers below `size` from the front of `bytes`, as [`Known::encode`] wrote them.
    pub fn decode(size: usize, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (own, rest) = bytes.split_at_checked(Self::words(size) * 8)?;
        let words = own.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok());
        Some((Self::counted(words.map(u64::from_le_bytes).collect()), rest))
    }

    /// Adds the bits to `bytes`.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        self.bits.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_rows_in_order() {
        let known = Known::of(1 << 18, [70, 3, 64, 99_999]);
        let rows: Vec<_> = [3, 64, 70, 99_999].map(|it| known.row(it)).into();
        assert_eq!(rows, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!([known.row(4), known.row(u32::MAX)], [None, None]);
        assert_eq!(known.count(), 4);
        assert_eq!(Known::of(64, [63, 64]).count(), 1, "too large a number is left out");
    }

    #[test]
    fn they_survive_the_file() {
        let known = Known::of(130, [0, 77, 129]);
        let mut bytes = Vec::new();
        known.encode(&mut bytes);
        bytes.push(9);
        assert_eq!(Known::decode(130, &bytes), Some((known, &[9_u8][..])));
        assert_eq!(Known::decode(1_000, &bytes), None);
    }
}
