//! Bars with their names and numbers, as inline SVG.

use std::fmt::Write;

use super::escaped;

/// One bar.
pub(super) struct Bar {
    pub label: String,
    pub value: f64,
    pub text: String,
    /// Lower and upper end, drawn as a line over the bar's end.
    pub band: Option<(f64, f64)>,
}

const LABELS: f64 = 210.0;
const BARS: f64 = 340.0;
const NUMBERS: f64 = 90.0;
const ROW: f64 = 20.0;

/// Draws bars from zero on one scale.
pub(super) fn bars(out: &mut String, what: &str, bars: &[Bar]) {
    let largest =
        bars.iter().map(|bar| bar.band.map_or(bar.value, |(_, high)| high.max(bar.value))).fold(0.0, f64::max);
    let x = |value: f64| if largest > 0.0 { BARS * value / largest } else { 0.0 };
    let height = ROW * bars.len() as f64;
    let width = LABELS + BARS + NUMBERS;
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">",
        escaped(what)
    );
    for (at, bar) in bars.iter().enumerate() {
        let top = ROW * at as f64;
        let middle = top + 14.0;
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{middle:.0}\">{}</text><rect class=\"bar\" x=\"{LABELS:.0}\" y=\"{:.0}\" width=\"{:.1}\" height=\"14\"/>",
            escaped(&bar.label.chars().take(32).collect::<String>()),
            top + 3.0,
            x(bar.value)
        );
        if let Some((low, high)) = bar.band {
            let _ = write!(
                out,
                "<line class=\"band\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.0}\" y2=\"{:.0}\"/>",
                LABELS + x(low),
                LABELS + x(high),
                top + 10.0,
                top + 10.0
            );
        }
        let end = x(bar.band.map_or(bar.value, |(_, high)| high.max(bar.value)));
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{middle:.0}\">{}</text>", LABELS + end + 6.0, escaped(&bar.text));
    }
    out.push_str("</svg>\n");
}
