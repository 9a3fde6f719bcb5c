//! The validation report: every silicon point, calibrated residuals, held-out errors by chip, every variant.

use std::fmt::Write;

use super::boards;
use super::worth::ARRAYS;
use crate::error::Result;
use crate::imc::validation::{self, Errors, Prediction, SetResult, Variant, data};
use crate::report::imc::{CalibrationRow, ErrorRow, GoalRow, PointRow, ValidationReport, ValidationSet};

/// Fits every form to every set of points, held out by chip.
///
/// # Errors
/// Those of reading the frozen table.
pub fn report() -> Result<ValidationReport> {
    let results = validation::validate()?;
    let sets: Vec<ValidationSet> = results.iter().map(set).collect();
    let goal = |what: &str, goal: f64, found: f64, result: &SetResult, by: fn(&Errors) -> f64| {
        let best = result.variants.iter().min_by(|a, b| by(&a.errors).total_cmp(&by(&b.errors)));
        Some(GoalRow { what: what.into(), goal, found, met: found <= goal, best_variant: best.map(variant)? })
    };
    let mut goals = Vec::new();
    for (name, [median, p90]) in ARRAYS {
        let Some(result) = results.iter().find(|result| result.id == format!("{name}-all")) else { continue };
        let nested = result.nested;
        goals.extend(goal(&format!("{name}, held-out median, nothing excluded"), median, nested.median, result, |e| {
            e.median
        }));
        goals.extend(goal(
            &format!("{name}, held-out 90th percentile, nothing excluded"),
            p90,
            nested.p90,
            result,
            |e| e.p90,
        ));
    }
    let variants_tried = results.iter().map(|result| result.variants.len() + result.afterthoughts.len()).sum::<usize>();
    let sparse_ratio = [data::modelled()?, data::PUBLISHED];
    Ok(ValidationReport {
        findings: findings(&results, sparse_ratio),
        sparse_ratio,
        goals,
        sets,
        variants_tried: variants_tried as u32,
        boards: boards::report()?,
    })
}

fn error(id: impl Into<String>, errors: &Errors) -> ErrorRow {
    ErrorRow {
        id: id.into(),
        median: errors.median,
        p90: errors.p90,
        worst: errors.worst,
        within_three: errors.within_three,
        n: errors.points as u32,
    }
}

fn variant(variant: &Variant) -> ErrorRow {
    error(variant.form.id(), &variant.errors)
}

fn set(result: &SetResult) -> ValidationSet {
    let calibrations = if result.id.ends_with("-all") { validation::calibrations(result) } else { Vec::new() };
    ValidationSet {
        id: result.id.into(),
        rule: result.rule.into(),
        chips: result.chips as u32,
        headline: error("nested", &result.nested),
        variants: result.variants.iter().map(variant).collect(),
        afterthoughts: result.afterthoughts.iter().map(|(id, errors)| error(*id, errors)).collect(),
        points: result.predictions.iter().map(point).collect(),
        calibrations: calibrations
            .into_iter()
            .map(|known| CalibrationRow {
                chip: known.chip.into(),
                paper: known.paper.into(),
                scale: known.scale,
                residuals: known.residuals.iter().map(|(point, factor)| (point.id.into(), *factor)).collect(),
            })
            .collect(),
    }
}

fn point(prediction: &Prediction) -> PointRow {
    let point = &prediction.point;
    PointRow {
        id: point.id.into(),
        chip: point.chip.into(),
        paper: point.paper.into(),
        domain: point.domain.name().into(),
        node: point.node,
        supply: point.supply,
        bits: [point.input_bits, point.weight_bits],
        published: point.joules_per_mac() * 1e15,
        predicted: prediction.predicted * 1e15,
        factor: prediction.factor,
        form: prediction.form.id(),
        confidence: point.confidence.into(),
        source: point.source.into(),
    }
}

fn findings(results: &[SetResult], [modelled, published]: [f64; 2]) -> Vec<String> {
    let mut findings = Vec::new();
    for result in results.iter().filter(|result| result.id.ends_with("-all")) {
        let far: Vec<&Prediction> = result.predictions.iter().filter(|prediction| prediction.factor > 3.0).collect();
        let mut names: Vec<&str> = far.iter().map(|prediction| prediction.point.paper).collect();
        names.dedup();
        let weak = far.iter().filter(|prediction| prediction.point.confidence == "C").count();
        findings.push(format!(
            "{}: {} of {} points are off by more than three ({}); {weak} of them are marked as inconsistent in their sources",
            result.id,
            far.len(),
            result.predictions.len(),
            names.join("; ")
        ));
    }
    findings.push(
        "Data is the missing figure: only one chip says on what data it was measured, and its own efficiency changes 5.5 times with \
         it; a factor of two to three between chips cannot be told from their data"
            .into(),
    );
    findings.push(format!(
        "On data as sparse as that chip's second figure (half of the inputs and nine tenths of the weights zero) the model takes \
         {modelled:.1} times less energy than on random data, the chip {published:.1} times; nothing was fitted to that"
    ));
    findings.push(
        "Choosing the form costs more than fitting it: single forms look better than the headline, but which one is best changes \
         with the chip that is left out"
            .into(),
    );
    findings
}

/// The report as the tables that `docs/imc.md` holds.
pub fn markdown(report: &ValidationReport) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{words}");
    };
    let row = |e: &ErrorRow| {
        format!("x{:.2} | x{:.2} | x{:.1} | {:.0} % | {}", e.median, e.p90, e.worst, 100.0 * e.within_three, e.n)
    };
    line("| goal | at most | headline | met | best single variant (not a result) |".into());
    line("|---|---|---|---|---|".into());
    for goal in &report.goals {
        let best = &goal.best_variant;
        line(format!(
            "| {} | x{:.1} | x{:.2} | {} | {}: x{:.2}, x{:.2} |",
            goal.what,
            goal.goal,
            goal.found,
            if goal.met { "yes" } else { "no" },
            best.id,
            best.median,
            best.p90
        ));
    }
    line(format!("\n{} variants were tried, all sets together.\n", report.variants_tried));
    for finding in &report.findings {
        line(format!("- {finding}."));
    }
    for set in &report.sets {
        line(format!("\n### {}: {}\n", set.id, set.rule));
        line("| held out by chip | median | 90th percentile | worst | within x3 | points |".into());
        line("|---|---|---|---|---|---|".into());
        line(format!("| **headline: form chosen inside each fold** ({} chips) | {} |", set.chips, row(&set.headline)));
        for variant in &set.variants {
            line(format!("| {} | {} |", variant.id, row(variant)));
        }
        for after in &set.afterthoughts {
            line(format!("| after the first run: {} | {} |", after.id, row(after)));
        }
        if !set.id.ends_with("-all") {
            continue;
        }
        line("\n| point | chip | node, supply | bits | published fJ | predicted fJ | off by | calibrated residual | trust |".into());
        line("|---|---|---|---|---|---|---|---|---|".into());
        for point in &set.points {
            let residual = set
                .calibrations
                .iter()
                .find(|known| known.chip == point.chip)
                .map(|known| match &known.residuals[..] {
                    [_] => "one point".to_owned(),
                    several => several
                        .iter()
                        .find(|(id, _)| *id == point.id)
                        .map(|(_, factor)| format!("x{factor:.2}"))
                        .unwrap_or_default(),
                })
                .unwrap_or_default();
            line(format!(
                "| {} | {} | {} nm, {} V | {}/{} | {:.1} | {:.1} | x{:.2} | {residual} | {} |",
                point.id,
                point.paper,
                point.node,
                point.supply,
                point.bits[0],
                point.bits[1],
                point.published,
                point.predicted,
                point.factor,
                point.confidence
            ));
        }
    }
    boards::markdown(&report.boards, &mut text);
    text
}
