//! JSON text of what serializes.
//!
//! Numbers are written by Rust's own formatting: the digits are the shortest that read back as the same number, as
//! serde_json's are, without the 10 kB of tables that serde_json brings for speed and a page would download.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Compact JSON; empty where a value cannot be JSON, such as a map whose keys are not text.
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut bytes = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut bytes, Compact)) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct Compact;

impl Formatter for Compact {
    fn write_f32<W: Write + ?Sized>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        write!(writer, "{value:?}")
    }

    fn write_f64<W: Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write!(writer, "{value:?}")
    }
}

/// The number that a text of digits says: at most 15 significant ones, with a sign, a point and an exponent where it has them.
///
/// `None` for anything else. Exact to the last bit: digits and power of ten are whole numbers that a float holds, so that
/// the one division or multiplication between them is the only one that rounds.
///
/// *Source*: W. D. Clinger, *How to read floating point numbers accurately*, PLDI 1990, section 4.
///
/// ```
/// use milliwatt::json::number;
/// assert_eq!(number("-12.50"), Some(-12.5));
/// assert_eq!(number("3e-4"), Some(3e-4));
/// assert_eq!(number("1 mW"), None);
/// ```
pub fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut significand = 0u64;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let value = digit.checked_sub(b'0').filter(|value| *value < 10)?;
        significand = significand.checked_mul(10)?.checked_add(value.into())?;
    }
    let power = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if whole.len() + fraction.len() == 0 || significand > 1 << 53 || power.abs() > 22 {
        return None;
    }
    let scale = (0..power.abs()).fold(1.0, |scale, _| scale * 10.0);
    let magnitude = significand as f64;
    Some(sign * if power < 0 { magnitude / scale } else { magnitude * scale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_read_back_as_they_were() {
        for value in [0.0, -0.0, 1.0, 0.1, 1e-7, 123_456.789, 1e21, f64::MIN_POSITIVE, f64::MAX] {
            let back: f64 = serde_json::from_str(&text(&value)).unwrap();
            assert!((back - value).abs() <= value.abs() * 4.0 * f64::EPSILON, "{value} became {}", text(&value));
            assert_eq!(text(&value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!(text(&[f64::NAN, f64::INFINITY]), "[null,null]");
        assert_eq!(text(&0.1f32), "0.1");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for wrong in ["", "-", ".", "e3", "1e", "0x10", "nan", "inf", "1,5", "--1", "1e400", "123456789012345678901"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_the_one_that_the_standard_library_reads(
            digits in 0u64..1_000_000_000_000_000, point in 0usize..15, negative: bool,
        ) {
            let mut written = format!("{digits:015}");
            written.insert(point, '.');
            let written = format!("{}{written}", if negative { "-" } else { "" });
            prop_assert_eq!(number(&written).map(f64::to_bits), written.parse::<f64>().ok().map(f64::to_bits));
        }
    }
}
