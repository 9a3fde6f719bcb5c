//! A report as one HTML file that needs nothing else: charts as inline SVG, every number with its kind and source.

mod chart;

use std::fmt::Write;

use super::text::{kind, quantity as number};
use super::{DeviceRow, Figure, Report};
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

/// A figure's number, and in words where it is a lower bound.
fn quantity(figure: &Figure) -> String {
    format!("{}{}", if figure.at_least { "at least " } else { "" }, number(figure.value, &figure.unit))
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
        ("Time with TFLM", one.latency_tflm.as_ref(), other.latency_tflm.as_ref()),
        ("Energy with TFLM", one.energy_tflm.as_ref(), other.energy_tflm.as_ref()),
        ("Same answers", one.agreement.as_ref(), other.agreement.as_ref()),
    ];
    out.push_str(
        "<h2>The six numbers, and what TFLM takes</h2>\n<div class=\"scroll\"><table>\n<tr><th>What<th>A<th>B<th>What it means</tr>\n",
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
    out.push_str(
        "<p>Each board by its published results, with the runtime that is named, and with TFLM, which the file is written for.</p>\n",
    );
    out.push_str(
        "<div class=\"scroll\"><table>\n<tr><th>Device<th>Memory<th>Runtime<th>Time<th>Energy<th>Power</tr>\n",
    );
    for device in &b.devices {
        device_rows(out, device);
    }
    out.push_str("</table></div>\n");
    let own = b.devices.iter().flat_map(|device| [device.latency.as_ref(), device.energy.as_ref()]).flatten();
    let tflm = b.devices.iter().filter_map(|device| device.tflm.as_ref()).map(|row| &row.latency);
    let mut sources: Vec<&str> = Vec::new();
    for source in own.chain(tflm).filter_map(|figure| figure.source.as_deref()) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    out.push_str("<p><small>Sources: ");
    out.push_str(&sources.into_iter().map(escaped).collect::<Vec<_>>().join("; "));
    out.push_str(".</small></p>\n");
}

/// A device with the runtime of its results, and with TFLM.
fn device_rows(out: &mut String, device: &DeviceRow) {
    let mut row = |head: &str, runtime: &str, [time, energy]: [Option<&Figure>; 2], verdict: &str, sentence: &str| {
        let verdict = if verdict.is_empty() { String::new() } else { format!("<b>{}</b>. ", escaped(verdict)) };
        let _ = writeln!(
            out,
            "<tr>{head}<td>{}{}{}<td>{verdict}{}.</tr>",
            escaped(runtime),
            cell(time),
            cell(energy),
            escaped(sentence)
        );
    };
    let head =
        format!("<th rowspan=\"2\">{}<td rowspan=\"2\">{}", escaped(&device.name), escaped(&device.fits_sentence));
    let runtime = device.runtime.as_deref().unwrap_or("of its results");
    let figures = [device.latency.as_ref(), device.energy.as_ref()];
    row(&head, runtime, figures, &device.verdict, &device.power_sentence);
    match &device.tflm {
        Some(tflm) => {
            row("", &tflm.runtime, [Some(&tflm.latency), tflm.energy.as_ref()], &tflm.verdict, &tflm.power_sentence);
        }
        None => row("", "TFLM", [None, None], "", device.tflm_missing.as_deref().unwrap_or_default()),
    }
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
}
