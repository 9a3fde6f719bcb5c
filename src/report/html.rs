//! A report as one HTML file that needs nothing else: charts as inline SVG, every number with its kind and source.

mod chart;

use std::fmt::Write;

use super::{Figure, FigureKind, Report};
use chart::Bar;

/// What the file says.
pub struct Page<'a> {
    /// The original.
    pub original: &'a Report,
    /// The candidate.
    pub candidate: &'a Report,
    /// One sentence that compares them.
    pub comparison: &'a str,
    /// Names of the files beside the report, their lengths and SHA-256.
    pub files: &'a [(String, usize, String)],
    /// Where the inputs came from, in words.
    pub data: &'a str,
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#14171c;\
background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #dfe2e7}\
td.n{white-space:nowrap;font-variant-numeric:tabular-nums}code{font-size:.85em;overflow-wrap:anywhere}\
small{color:#454c57}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:currentColor}\
.scroll{overflow-x:auto}.bar{fill:#0b62b8}.band{stroke:#14171c;stroke-width:1.5}@media(prefers-color-scheme:dark){\
body{background:#12161d;color:#e8ebf0}th,td{border-color:#333b47}small{color:#b3bac6}.bar{fill:#7ab7f5}\
.band{stroke:#e8ebf0}}";

/// The report as HTML.
pub fn page(page: &Page<'_>) -> String {
    let Page { original, candidate, .. } = page;
    let title = format!("Milliwatt: {}", escaped(&candidate.model.name));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n"
    );
    let _ = writeln!(out, "<p>{}.</p>", escaped(page.comparison));
    let _ = writeln!(
        out,
        "<p>A is the original, B what the recipe made of it, as written, read back and run. <b>Measured</b> ran here, with its \
         95 % interval; <b>counted</b> is exact, from the file; <b>modelled</b> is predicted, with the band of networks that \
         the model had not seen. Inputs: {}.</p>",
        escaped(page.data)
    );
    strips(&mut out, original, candidate);
    let _ = writeln!(out, "<h2>Recipe</h2>\n<p><code>{}</code></p>", escaped(&candidate.recipe.to_json()));
    candidate.remarks.iter().for_each(|remark| {
        let _ = writeln!(out, "<p>{}.</p>", escaped(remark));
    });
    parts(&mut out, original, candidate);
    layers(&mut out, candidate);
    devices(&mut out, candidate);
    answers(&mut out, candidate);
    files(&mut out, page);
    out.push_str("</html>\n");
    out
}

/// Text that can stand in HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// Four significant digits, whole numbers whole, with a prefix where there are units that take one.
fn number(value: f64, unit: &str) -> String {
    let (factor, prefix) = match unit {
        "s" | "J" | "W" => {
            let prefixes = [(1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")];
            prefixes.into_iter().find(|(factor, _)| libm::fabs(value) >= *factor).unwrap_or((1.0, ""))
        }
        _ => (1.0, ""),
    };
    let scaled = value / factor;
    let digits = if scaled == libm::trunc(scaled) {
        0
    } else {
        let size = libm::floor(libm::log10(libm::fabs(scaled))) as i32;
        usize::try_from(3 - size).unwrap_or(0).min(9)
    };
    let unit = if unit == "1" { String::new() } else { format!(" {prefix}{unit}") };
    format!("{scaled:.digits$}{unit}")
}

/// A figure's number, and in words where it is a lower bound.
fn quantity(figure: &Figure) -> String {
    format!("{}{}", if figure.at_least { "at least " } else { "" }, number(figure.value, &figure.unit))
}

fn kind(figure: &Figure) -> String {
    let interval = match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(", {} to {}", number(low, &figure.unit), number(high, &figure.unit)),
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

fn cell(figure: Option<&Figure>) -> String {
    figure.map_or_else(
        || "<td>not known</td>".into(),
        |figure| format!("<td class=\"n\">{}<br><small>{}</small></td>", quantity(figure), kind(figure)),
    )
}

fn about(figure: Option<&Figure>) -> String {
    let Some(figure) = figure else { return String::new() };
    let source = figure.source.as_ref().map(|source| format!(" Source: {source}.")).unwrap_or_default();
    escaped(&format!("{}.{source}", figure.note))
}

fn strips(out: &mut String, a: &Report, b: &Report) {
    let metric = b.evaluation.as_ref().map_or("score", |evaluation| evaluation.metric.as_str());
    let (one, other) = (&a.strip, &b.strip);
    let rows = [
        ("Flash", Some(&one.flash), Some(&other.flash)),
        ("RAM, reference kernels", Some(&one.ram), Some(&other.ram)),
        ("RAM, CMSIS-NN", Some(&one.ram_cmsis_nn), Some(&other.ram_cmsis_nn)),
        (metric, one.score.as_ref(), other.score.as_ref()),
        ("Time of an inference", one.latency.as_ref(), other.latency.as_ref()),
        ("Energy of an inference", one.energy.as_ref(), other.energy.as_ref()),
        ("Same answers", one.agreement.as_ref(), other.agreement.as_ref()),
    ];
    out.push_str(
        "<h2>The six numbers</h2>\n<div class=\"scroll\"><table>\n<tr><th>What<th>A<th>B<th>What it means</tr>\n",
    );
    for (name, a, b) in rows {
        let _ =
            writeln!(out, "<tr><th>{}{}{}<td><small>{}</small></tr>", escaped(name), cell(a), cell(b), about(b.or(a)));
    }
    out.push_str("</table></div>\n");
}

fn parts(out: &mut String, a: &Report, b: &Report) {
    let bars = |report: &Report| -> Vec<Bar> {
        report
            .flash
            .iter()
            .map(|part| Bar {
                label: part.part.clone(),
                value: part.bytes.value,
                text: number(part.bytes.value, "B"),
                band: None,
            })
            .collect()
    };
    out.push_str("<h2>Where the bytes go</h2>\n");
    for (name, report) in [("A", a), ("B", b)] {
        let _ = writeln!(out, "<p>{name}: {} in all, counted</p>", number(report.strip.flash.value, "B"));
        chart::bars(out, &format!("Bytes of {name} by part"), &bars(report));
    }
    let _ = writeln!(
        out,
        "<p>RAM of B with reference kernels on a 32-bit Arm core: {} of activations and scratch ({}), {} that stays for the \
         model's whole life ({}).</p>\n<p>The smallest arena that loads B, counted:</p>\n<ul>",
        quantity(&b.memory.arena),
        kind(&b.memory.arena),
        quantity(&b.memory.persistent),
        kind(&b.memory.persistent)
    );
    for row in &b.memory.smallest {
        let _ = writeln!(out, "<li>{}: {}", escaped(&row.runtime), quantity(&row.bytes));
    }
    out.push_str("</ul>\n");
}

fn layers(out: &mut String, b: &Report) {
    out.push_str("<h2>Layer by layer</h2>\n");
    let named = |at: &super::LayerRow| format!("{} {}", at.node, at.op);
    let with_noise: Vec<Bar> = b
        .layers
        .iter()
        .filter_map(|layer| {
            let sqnr = layer.sqnr.as_ref()?;
            Some(Bar {
                label: named(layer),
                value: sqnr.value.max(0.0),
                text: format!("{:.1} dB", sqnr.value),
                band: None,
            })
        })
        .collect();
    if !with_noise.is_empty() {
        out.push_str("<p>Signal to noise of each layer's output against the original's, measured: less is worse</p>\n");
        chart::bars(out, "Signal to noise of each layer in decibels", &with_noise);
    }
    out.push_str(
        "<div class=\"scroll\"><table>\n<tr><th>Layer<th>Output<th>Weights<th>Weight bytes<th>Multiply-accumulates<th>Time<th>Energy</tr>\n",
    );
    let shape = |dims: &[u32]| dims.iter().map(u32::to_string).collect::<Vec<_>>().join("×");
    for layer in &b.layers {
        let weights = layer
            .weights_shape
            .as_ref()
            .map(|dims| format!("{} {}", shape(dims), layer.weights_dtype.as_deref().unwrap_or_default()));
        let _ = writeln!(
            out,
            "<tr><th>{}<td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
            escaped(&named(layer)),
            shape(&layer.output_shape),
            escaped(&weights.unwrap_or_default()),
            number(layer.weight_bytes.value, "B"),
            number(layer.macs.value, "1"),
            layer.latency.as_ref().map(|time| number(time.value, "s")).unwrap_or_default(),
            layer.energy.as_ref().map(|energy| number(energy.value, "J")).unwrap_or_default()
        );
    }
    out.push_str("</table></div>\n");
}

fn devices(out: &mut String, b: &Report) {
    let _ = writeln!(out, "<h2>Devices, at {} inferences each second</h2>", number(b.rate_hz, "1"));
    let energies: Vec<Bar> = b
        .devices
        .iter()
        .filter_map(|device| {
            let energy = device.energy.as_ref()?;
            Some(Bar {
                label: device.name.clone(),
                value: energy.value,
                text: number(energy.value, "J"),
                band: energy.low.zip(energy.high),
            })
        })
        .collect();
    if !energies.is_empty() {
        out.push_str("<p>Energy of an inference, modelled, with its band</p>\n");
        chart::bars(out, "Energy of an inference by device", &energies);
    }
    out.push_str("<div class=\"scroll\"><table>\n<tr><th>Device<th>Memory<th>Time<th>Energy<th>Power</tr>\n");
    for device in &b.devices {
        let _ = writeln!(
            out,
            "<tr><th>{}<td>{}{}{}<td>{}</tr>",
            escaped(&device.name),
            escaped(&device.fits_sentence),
            cell(device.latency.as_ref()),
            cell(device.energy.as_ref()),
            escaped(&device.power_sentence)
        );
    }
    out.push_str("</table></div>\n");
    let figures = b.devices.iter().flat_map(|device| [device.latency.as_ref(), device.energy.as_ref()]).flatten();
    let mut sources: Vec<&str> = Vec::new();
    for source in figures.filter_map(|figure| figure.source.as_deref()) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    out.push_str("<p><small>Sources: ");
    out.push_str(&sources.into_iter().map(escaped).collect::<Vec<_>>().join("; "));
    out.push_str(".</small></p>\n");
}

fn answers(out: &mut String, b: &Report) {
    let Some(evaluation) = &b.evaluation else { return };
    let _ = writeln!(out, "<h2>Answers that changed: {}</h2>", evaluation.flips.len());
    if evaluation.flips.is_empty() {
        return;
    }
    out.push_str("<div class=\"scroll\"><table>\n<tr><th>Item<th>Is<th>A says<th>B says</tr>\n");
    for flip in evaluation.flips.iter().take(50) {
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{}</tr>",
            escaped(&flip.name),
            escaped(flip.label.as_deref().unwrap_or("not known")),
            escaped(&flip.original),
            escaped(&flip.candidate)
        );
    }
    out.push_str("</table></div>\n");
    if evaluation.flips.len() > 50 {
        out.push_str("<p>The first 50, those that hurt first.</p>\n");
    }
}

fn files(out: &mut String, page: &Page<'_>) {
    let _ = writeln!(
        out,
        "<h2>Files</h2>\n<p>Made from {} (SHA-256 <code>{}</code>) by Milliwatt {}.</p>",
        escaped(&page.original.model.name),
        page.original.model.sha256,
        env!("CARGO_PKG_VERSION")
    );
    out.push_str("<div class=\"scroll\"><table>\n<tr><th>File<th>Bytes<th>SHA-256</tr>\n");
    for (name, bytes, sha256) in page.files {
        let _ = writeln!(out, "<tr><th>{}<td class=\"n\">{bytes}<td><code>{sha256}</code></tr>", escaped(name));
    }
    out.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_files_are_text_and_never_markup() {
        assert_eq!(escaped("<b>&\"x"), "&lt;b&gt;&amp;&quot;x");
    }

    #[test]
    fn numbers_have_four_digits_and_a_prefix() {
        assert_eq!(number(0.001_234_56, "s"), "1.235 ms");
        assert_eq!(number(24_736.0, "B"), "24736 B");
        assert_eq!(number(91.25, "%"), "91.25 %");
        assert_eq!(number(0.0, "J"), "0 J");
    }
}
