//! What the model of boards is worth: boards, submissions and networks left out, beside what was published.

use std::fmt::Write;

use crate::cost::published::Benchmark;
use crate::cost::scoreboard::BENCHMARKS;
use crate::cost::systems::{self, Held, RULES, Rule};
use crate::cost::{self, fit};
use crate::error::Result;
use crate::report::hardware::{BoardsReport, HeldRow, HeldSet, NetworkRow, RuleRow};

/// What half of the results must be within, and what share of them within a quarter.
pub(super) const GOALS: [f64; 2] = [0.08, 0.9];

/// Every result left out and predicted.
///
/// # Errors
/// Those of reading the table.
pub fn report() -> Result<BoardsReport> {
    let sets = ["time", "energy"].into_iter().filter_map(|what| set(what).transpose());
    Ok(BoardsReport { sets: sets.collect::<Result<_>>()?, networks: networks() })
}

/// What the first rule of a kind predicts, with how all of them do.
fn set(what: &str) -> Result<Option<HeldSet>> {
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| rule.what == what).collect();
    let mut tried = Vec::new();
    for rule in &rules {
        let held = rule.held()?;
        let Some(errors) = systems::errors(&held) else { continue };
        tried.push(RuleRow {
            rule: rule.words.into(),
            median: 100.0 * errors.median,
            within_quarter: 100.0 * errors.within_quarter,
            worst: 100.0 * errors.worst,
            met: [errors.median <= GOALS[0], errors.within_quarter >= GOALS[1]],
        });
    }
    let Some(first) = rules.first() else { return Ok(None) };
    let held = first.held()?;
    let row = |held: &Held| HeldRow {
        round: held.score.round.into(),
        system: held.score.system.into(),
        core: held.score.core.into(),
        runtime: held.score.runtime.into(),
        benchmark: BENCHMARKS[held.score.benchmark].0.into(),
        published: held.published,
        predicted: held.predicted,
        off: 100.0 * held.error(),
        others: held.others as u32,
        source: held.score.source(),
    };
    Ok(Some(HeldSet { what: what.into(), tried, rows: held.iter().map(row).collect() }))
}

/// Each board's own fit without the network that it predicts.
fn networks() -> Vec<NetworkRow> {
    let mut rows = Vec::new();
    for device in cost::devices() {
        let precisions = device.submissions.iter().map(|submission| submission.precision);
        for found in precisions.filter_map(|precision| fit::fit(device, precision)) {
            let off = |rates: &fit::Rates, benchmark: Benchmark| {
                rates.held_out.iter().find(|(held, _)| *held == benchmark).map(|(_, error)| 1.0 + error)
            };
            for result in found.submission.results {
                let Some(factor) = off(&found.cycles, result.benchmark) else { continue };
                let time = result.latency().0;
                let joules = result.energy.zip(found.energy.as_ref().and_then(|rates| off(rates, result.benchmark)));
                rows.push(NetworkRow {
                    device: device.name.into(),
                    runtime: found.submission.runtime.into(),
                    benchmark: result.benchmark.short().into(),
                    time: [time, time * factor],
                    energy: joules.map(|(joules, factor)| [joules.0, joules.0 * factor]),
                });
            }
        }
    }
    rows
}

/// The report as the tables that `docs/imc.md` holds.
pub fn markdown(report: &BoardsReport, text: &mut String) {
    let mut line = |words: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line("\n### boards: results left out, and what others say of them\n".into());
    line("The first rule of each kind was written down beforehand; the others were found on the same results, and the last chooses\namong all of them for each system, with none of its results in sight.\n".into());
    line("| what | predicted from | median error (goal 8 %) | within a quarter (goal 90 %) | worst | results |".into());
    line("|---|---|---|---|---|---|".into());
    for set in &report.sets {
        for tried in &set.tried {
            let met = |met: bool| if met { "met" } else { "not met" };
            line(format!(
                "| {} | {} | {:.1} %, {} | {:.0} %, {} | {:.0} % | {} |",
                set.what,
                tried.rule,
                tried.median,
                met(tried.met[0]),
                tried.within_quarter,
                met(tried.met[1]),
                tried.worst,
                set.rows.len()
            ));
        }
    }
    for set in &report.sets {
        let (unit, factor) = if set.what == "time" { ("ms", 1e3) } else { ("uJ", 1e6) };
        line(format!(
            "\n| {}: round | system | core, runtime | network | published {unit} | predicted {unit} | off by |",
            set.what
        ));
        line("|---|---|---|---|---|---|---|".into());
        for row in &set.rows {
            line(format!(
                "| {} | {} | {}, {} | {} | {:.2} | {:.2} | {:+.1} % |",
                row.round,
                row.system,
                row.core,
                row.runtime,
                row.benchmark,
                row.published * factor,
                row.predicted * factor,
                row.off
            ));
        }
    }
    line("\n### boards: the four networks, each left out of its board's own fit\n".into());
    line("| board, runtime | network | published ms | ours ms | published uJ | ours uJ |".into());
    line("|---|---|---|---|---|---|".into());
    for row in &report.networks {
        let [published, ours] = row.time.map(|seconds| seconds * 1e3);
        let energy = row
            .energy
            .map_or("- | -".to_owned(), |[published, ours]| format!("{:.1} | {:.1}", published * 1e6, ours * 1e6));
        line(format!(
            "| {}, {} | {} | {published:.2} | {ours:.2} | {energy} |",
            row.device, row.runtime, row.benchmark
        ));
    }
}
