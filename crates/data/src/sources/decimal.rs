//! Decimal numbers, multiplied and divided exactly enough to be rounded once: prices by rates and quantities. Not here:
//! what amounts look like (see `money`), rounding to cents (see `money::cents`).

use std::fmt;

use super::{money, numbers};

/// Decimals a quotient is cut to: half a cent and its neighbours stay apart.
const QUOTIENT_DECIMALS: u32 = 12;

/// `units` × 10^-`decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    decimals: u32,
}

impl Decimal {
    /// A number or an amount of money, as people write them.
    pub fn of(text: &str) -> Option<Self> {
        if let Some(number) = Self::plain(text.trim()) {
            return Some(number);
        }
        // The shortest text of a float is the one that was read, up to 15 digits.
        match numbers::float(text) {
            Some(value) => Self::plain(&value.to_string()),
            None => money::cents(text).map(|cents| Decimal { units: i128::from(cents), decimals: 2 }),
        }
    }

    /// `-?[0-9]+(.[0-9]+)?`, of few enough digits that products of two fit.
    fn plain(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits || whole.len() + fraction.len() > 18 {
            return None;
        }
        let units = whole.bytes().chain(fraction.bytes()).fold(0, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        let units = if digits.len() < text.len() { -units } else { units };
        Some(Decimal { units, decimals: fraction.len() as u32 })
    }

    pub fn times(self, other: Self) -> Self {
        Decimal { units: self.units * other.units, decimals: self.decimals + other.decimals }
    }

    /// Cut, not rounded: a cut quotient rounds to the same cents as the whole one. `None` by zero.
    pub fn by(self, other: Self) -> Option<Self> {
        let dividend = self.units * 10i128.pow(QUOTIENT_DECIMALS);
        // Both sides have at most 18 decimals, so the divisor or dividend grows to 48 digits at most; that may not fit.
        let more = |units: i128, decimals: u32| units.checked_mul(10i128.checked_pow(decimals)?);
        let units = more(dividend, other.decimals)?.checked_div(more(other.units, self.decimals)?)?;
        Some(Decimal { units, decimals: QUOTIENT_DECIMALS })
    }
}

/// Without zeros at the end.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut units, mut decimals) = (self.units.unsigned_abs(), self.decimals);
        while decimals > 0 && units.is_multiple_of(10) {
            (units, decimals) = (units / 10, decimals - 1);
        }
        let scale = 10u128.pow(decimals);
        let sign = if self.units < 0 { "-" } else { "" };
        write!(f, "{sign}{}", units / scale)?;
        if decimals > 0 { write!(f, ".{:0width$}", units % scale, width = decimals as usize) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_quotients_round_once() {
        let times = |a: Decimal, b: Decimal| Some(a.times(b));
        for (left, right, product, text, cents) in [
            ("126.90", "0.9184", true, "116.54496", 11_654),
            ("$1,234.50 ", "2", true, "2469", 246_900),
            ("-126.90", "0.9184", true, "-116.54496", -11_654),
            // Half a cent exactly, which floats miss: 1.005 is a little less in binary.
            ("1.005", "1", true, "1.005", 101),
            ("-1.005", "1", true, "-1.005", -101),
            ("85%", "10", true, "8.5", 850),
            ("0.00", "0.9184", true, "0", 0),
            ("10", "3", false, "3.333333333333", 333),
            ("0.02", "3", false, "0.006666666666", 1),
            ("2.01", "2", false, "1.005", 101),
            ("-2.01", "2", false, "-1.005", -101),
            ("2.009999999", "2", false, "1.0049999995", 100),
        ] {
            let (a, b) = (Decimal::of(left).unwrap(), Decimal::of(right).unwrap());
            let found = if product { times(a, b) } else { a.by(b) }.unwrap().to_string();
            assert_eq!((found.as_str(), money::cents(&found)), (text, Some(cents)), "{left} and {right}");
        }
        assert_eq!(Decimal::of("1").unwrap().by(Decimal::of("0").unwrap()), None);
        for text in ["", "free", "NaN", "1e300"] {
            assert_eq!(Decimal::of(text), None, "{text}");
        }
    }
}
