//! Numbers as text, for reports and commands that people read: a few digits and a unit that fits. JSON keeps all digits.

use super::{Figure, FigureKind};

/// Four significant digits, whole numbers whole, with a prefix where there are units that take one.
///
/// ```
/// use milliwatt::report::text::quantity;
/// assert_eq!(quantity(0.010_583_565, "s"), "10.58 ms");
/// assert_eq!(quantity(24_736.0, "B"), "24736 B");
/// ```
pub fn quantity(value: f64, unit: &str) -> String {
    let (factor, prefix) = prefix(value, unit);
    let digits = digits(value / factor);
    with_unit(format!("{:.digits$}", value / factor), prefix, unit)
}

/// Two numbers of one unit, with the prefix of the larger: `9.1 to 12.3 ms`.
pub fn range(low: f64, high: f64, unit: &str) -> String {
    let (factor, prefix) = prefix(high, unit);
    let [low, high] = [low, high].map(|value| {
        let digits = digits(value / factor);
        format!("{:.digits$}", value / factor)
    });
    with_unit(format!("{low} to {high}"), prefix, unit)
}

/// How a number came about, with its interval or band and on how many inputs it was measured.
pub fn kind(figure: &Figure) -> String {
    let interval = match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(", {}", range(low, high, &figure.unit)),
        _ => String::new(),
    };
    match figure.kind {
        FigureKind::Counted => "counted".into(),
        FigureKind::Measured => {
            format!("measured{interval}{}", figure.n.map(|n| format!(", n = {n}")).unwrap_or_default())
        }
        FigureKind::Modelled => format!("modelled{interval}"),
    }
}

fn prefix(value: f64, unit: &str) -> (f64, &'static str) {
    match unit {
        "s" | "J" | "W" => {
            let prefixes = [(1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f")];
            prefixes.into_iter().find(|(factor, _)| libm::fabs(value) >= *factor).unwrap_or((1.0, ""))
        }
        _ => (1.0, ""),
    }
}

fn digits(scaled: f64) -> usize {
    // What a factor of ten left behind the decimal point is no digit.
    if !scaled.is_finite() || libm::fabs(scaled - libm::round(scaled)) <= 1e-12 * libm::fabs(scaled) {
        return 0;
    }
    let size = libm::floor(libm::log10(libm::fabs(scaled))) as i32;
    usize::try_from(3 - size).unwrap_or(0).min(9)
}

fn with_unit(number: String, prefix: &str, unit: &str) -> String {
    if unit == "1" { number } else { format!("{number} {prefix}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_and_a_prefix() {
        assert_eq!(quantity(0.001_234_56, "s"), "1.235 ms");
        assert_eq!(quantity(24_736.0, "B"), "24736 B");
        assert_eq!(quantity(91.25, "%"), "91.25 %");
        assert_eq!(quantity(0.0, "J"), "0 J");
        assert_eq!(quantity(2.5e-13, "J"), "250 fJ");
        assert_eq!(quantity(1234.5678, "1"), "1235");
    }

    #[test]
    fn a_range_has_one_prefix() {
        assert_eq!(range(0.0009, 0.00123, "s"), "0.9000 to 1.230 ms");
        assert_eq!(range(88.04, 93.21, "%"), "88.04 to 93.21 %");
    }
}
