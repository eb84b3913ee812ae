//! Money and percentages as integers. There is no floating point in a decision.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A percentage in basis points: 1 % is 100. Range 0 to 10 000 (0 % to 100 %).
///
/// The only way up is [`Percentage::plus_at_most`], which needs the limit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "i64", into = "i64")]
pub struct Percentage(u16);

/// A number that does not fit where it was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Percentages run from 0 to 10 000 basis points.
    #[error("{0} basis points is not between 0 and 10000 (0 % and 100 %)")]
    Percentage(i64),
    /// Ladder steps run from 0 to 9.
    #[error("{0} is not a ladder step between 0 and 9")]
    Step(i64),
}

impl Percentage {
    /// 0 %.
    pub const ZERO: Self = Self(0);
    /// 100 %.
    pub const FULL: Self = Self(10_000);

    /// From basis points, 0 to 10 000.
    pub const fn from_basis_points(value: i64) -> Result<Self, AmountError> {
        if value < 0 || value > 10_000 {
            return Err(AmountError::Percentage(value));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        Ok(Self(value as u16))
    }

    /// From whole percents; more than 100 becomes 100.
    pub const fn from_percents(value: u16) -> Self {
        if value >= 100 { Self::FULL } else { Self(value * 100) }
    }

    /// In basis points, 0 to 10 000.
    pub const fn basis_points(self) -> u16 {
        self.0
    }

    /// This much and `more` on top, but never above `limit`.
    #[must_use]
    pub fn plus_at_most(self, more: Self, limit: Self) -> Self {
        Self(self.0.saturating_add(more.0).min(limit.0))
    }

    /// The smaller of the two.
    #[must_use]
    pub fn at_most(self, limit: Self) -> Self {
        self.min(limit)
    }

    /// 0 % means: nothing is offered.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// As customers read it: `15` or `12,5`, without the sign. Decimal comma as in Dutch.
impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole}"),
            rest if rest % 10 == 0 => write!(f, "{whole},{}", rest / 10),
            rest => write!(f, "{whole},{rest:02}"),
        }
    }
}

impl TryFrom<i64> for Percentage {
    type Error = AmountError;
    fn try_from(value: i64) -> Result<Self, Self::Error> {
        Self::from_basis_points(value)
    }
}

impl From<Percentage> for i64 {
    fn from(value: Percentage) -> Self {
        Self::from(value.0)
    }
}

/// An amount of money in euro cents.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

/// As customers read it in Dutch: `12,50`, without the sign.
impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        write!(f, "{sign}{},{:02}", value / 100, value % 100)
    }
}

/// `ladder_stap`: how many offers were made, 0 (none) to 9.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "i64", into = "i64")]
pub struct LadderStep(u8);

impl LadderStep {
    /// Nothing was offered yet.
    pub const NONE: Self = Self(0);
    /// The highest step any shop can configure.
    pub const HIGHEST: Self = Self(9);

    /// From its number, 0 to 9.
    pub const fn new(value: i64) -> Result<Self, AmountError> {
        if value < 0 || value > 9 {
            return Err(AmountError::Step(value));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        Ok(Self(value as u8))
    }

    /// Its number, 0 to 9.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// One further; the highest stays the highest.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 >= Self::HIGHEST.0 { Self::HIGHEST } else { Self(self.0 + 1) }
    }
}

impl TryFrom<i64> for LadderStep {
    type Error = AmountError;
    fn try_from(value: i64) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<LadderStep> for i64 {
    fn from(value: LadderStep) -> Self {
        Self::from(value.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_print_as_customers_read_them() {
        let shown = |bp| Percentage::from_basis_points(bp).unwrap().to_string();
        assert_eq!(shown(1500), "15");
        assert_eq!(shown(1250), "12,5");
        assert_eq!(shown(1205), "12,05");
        assert_eq!(Percentage::from_basis_points(10_001), Err(AmountError::Percentage(10_001)));
        assert_eq!(Percentage::from_basis_points(-1), Err(AmountError::Percentage(-1)));
    }

    #[test]
    fn nothing_rises_above_its_limit() {
        let five = Percentage::from_percents(5);
        let top = Percentage::from_percents(12);
        assert_eq!(Percentage::from_percents(10).plus_at_most(five, top), top);
    }

    #[test]
    fn cents_print_with_two_decimals() {
        assert_eq!(Cents(1250).to_string(), "12,50");
        assert_eq!(Cents(-5).to_string(), "-0,05");
    }
}
