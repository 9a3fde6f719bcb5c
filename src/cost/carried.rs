//! Float results of one board, carried to the others.
//!
//! Of the shelf's boards only one has published float32 results (NUCLEO-H7A3ZI-Q); a Cortex-M4 board that is not on the
//! shelf (CY8CPROTO-062-4343W) has the same three, with the same runtime. Cycles of float networks are carried from
//! both to a third board by how the two boards differ in int8: the geometric mean, over runtimes that both ran in one
//! round, of the ratio of their cycles on the same network.
//!
//! **How far that holds.** Carried to a board that has float results of its own, without looking at them, each board predicts
//! the other's three within 18 %. The band is that error times the worst error on a network left out, and holds the
//! float results that [`elsewhere`](mod@super::elsewhere) has of other runtimes, which took up to 2.3 times as long.
//! Cycles alone are not carried from one core to another: without the int8 ratio, Cortex-M4 and Cortex-M7 differ by a factor of 2.
//! An accelerator has no float results and no ratio: nothing is carried to it.

use super::device::Device;
use super::elsewhere;
use super::fit::{self, Band, Family, Rates};
use super::published::{Benchmark, Precision};
use super::scoreboard::{Score, scores};

/// The runtime that the float results were measured with.
pub const RUNTIME: &str = "Bosch HALE 1.0.175";

/// Float rates of a device that has no float results.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// Clock cycles.
    pub cycles: Rates,
    /// The band of a predicted time.
    pub band: Band,
    /// Boards that the results were measured on.
    pub boards: Vec<&'static str>,
    /// The worst error, as a ratio, where a board's own float results were left out.
    pub held_out: f64,
}

/// The board's name in the result files, for each device that int8 results relate to others; a device with the same core
/// and clock for clock the same cycles stands in for the other (STM32U385 for STM32U575: 2 % apart in X-CUBE-AI's rates).
const BOARDS: [(&str, &str); 5] = [
    ("nucleo-l4r5zi", "NUCLEO-L4R5ZI"),
    ("nucleo-l4r5zi-p", "NUCLEO-L4R5ZI"),
    ("nucleo-h7a3zi-q", "NUCLEO-H7A3ZI"),
    ("nucleo-u575zi-q", "NUCLEO-U575ZI"),
    ("nucleo-u385rg-q", "NUCLEO-U575ZI"),
];

/// Float rates for a device without float results; `None` where nothing relates it to a board that has some.
pub fn carried(device: &Device) -> Option<Carried> {
    let known = known();
    let board = BOARDS.iter().find(|(id, _)| *id == device.id)?.1;
    let (cycles, boards) = carry(&known, board, &[]);
    if cycles.len() < 3 {
        return None;
    }
    let held_out = held_out(&known)?;
    let cycles = fit::rates(Family::Core, cycles);
    let own = Band::even(cycles.factor).times(Band::even(held_out));
    let others: Vec<f64> = elsewhere::rows()
        .filter(|row| row.precision == Precision::Float32 && device.core.split(' ').next() == Some(row.core))
        .map(|row| row.over(cycles.rates))
        .collect();
    // A core without such results may miss by as much as one that has some.
    let elsewhere = elsewhere::of(others).map(|found| found.band).or_else(|| worst_elsewhere(&known));
    let band = elsewhere.map_or(own, |elsewhere| own.or(elsewhere));
    Some(Carried { cycles, band, boards, held_out })
}

/// The band of float results elsewhere, over all cores that have some.
fn worst_elsewhere(known: &[Known]) -> Option<Band> {
    let ratios = elsewhere::rows().filter(|row| row.precision == Precision::Float32).filter_map(|row| {
        let (id, _) = BOARDS.iter().find(|(id, _)| {
            super::device::find(id).is_some_and(|device| device.core.split(' ').next() == Some(row.core))
        })?;
        let board = BOARDS.iter().find(|(known, _)| known == id)?.1;
        let (cycles, _) = carry(known, board, &[]);
        (cycles.len() >= 3).then(|| row.over(fit::rates(Family::Core, cycles).rates))
    });
    elsewhere::of(ratios.collect()).map(|found| found.band)
}

/// The worst ratio between float results of a board and what the others' results, carried to it, say.
fn held_out(known: &[Known]) -> Option<f64> {
    let mut worst: Option<f64> = None;
    for score in known.iter().filter(|known| known.float) {
        let (cycles, _) = carry(known, &score.board, &[&score.board]);
        for (benchmark, predicted) in cycles {
            if benchmark == score.benchmark {
                let ratio = predicted / score.cycles;
                worst = Some(worst.unwrap_or(1.0).max(ratio).max(1.0 / ratio));
            }
        }
    }
    worst
}

/// A result with what its names say.
struct Known {
    board: String,
    system: &'static str,
    float: bool,
    benchmark: Benchmark,
    cycles: f64,
    /// Runtime and round.
    conditions: String,
    maker: &'static str,
}

/// Results of the closed division on Cortex-M cores with a clock and a runtime that are named, at default settings.
fn known() -> Vec<Known> {
    // The table is a part of the program; a test reads all of it.
    scores().unwrap_or_default().iter().filter_map(of).collect()
}

fn of(score: &Score) -> Option<Known> {
    let folder = score.system.rsplit('/').next()?.to_ascii_uppercase().replace('_', "-");
    let set = ["MAX-PERFORMANCE", "MIN-RAM"].iter().any(|setting| folder.contains(setting));
    let eligible = score.division == "closed"
        && score.core.starts_with("Cortex-M")
        && score.core != "Cortex-M0+"
        && score.engine.is_empty()
        && !score.runtime.is_empty()
        && !set;
    let float = match score.precision {
        "int8" => false,
        "fp32" => true,
        _ => return None,
    };
    eligible.then_some(Known {
        board: folder.split('-').take(2).collect::<Vec<_>>().join("-"),
        system: score.system,
        float,
        benchmark: *Benchmark::ALL.get(score.benchmark)?,
        cycles: score.latency?.0 * score.clock_mhz? * 1e6,
        conditions: format!("{} {}", score.round, score.runtime.replace(" v", " ")),
        maker: score.runtime.split(' ').next()?,
    })
}

/// Float cycles on a board: for each network the geometric mean of what each board with float results says.
fn carry(known: &[Known], to: &str, without: &[&str]) -> (Vec<(Benchmark, f64)>, Vec<&'static str>) {
    let (mut cycles, mut boards) = (Vec::new(), Vec::new());
    for benchmark in Benchmark::ALL {
        let mut logs = Vec::new();
        for score in known.iter().filter(|known| known.float && known.benchmark == benchmark) {
            if without.contains(&&score.board[..]) {
                continue;
            }
            let Some(ratio) = ratio(known, to, &score.board) else { continue };
            logs.push(libm::log(score.cycles * ratio));
            if !boards.contains(&score.system) {
                boards.push(score.system);
            }
        }
        if !logs.is_empty() {
            cycles.push((benchmark, libm::exp(logs.iter().sum::<f64>() / logs.len() as f64)));
        }
    }
    (cycles, boards)
}

/// Cycles on one board by those on another, in int8: geometric mean over runtimes' makers of their geometric means.
fn ratio(known: &[Known], to: &str, from: &str) -> Option<f64> {
    if to == from {
        return Some(1.0);
    }
    let mut makers: Vec<(&str, f64, usize)> = Vec::new();
    for here in known.iter().filter(|here| !here.float && here.board == to) {
        let there = known.iter().filter(|there| {
            !there.float
                && there.board == from
                && there.benchmark == here.benchmark
                && there.conditions == here.conditions
        });
        for there in there {
            let log = libm::log(here.cycles / there.cycles);
            match makers.iter_mut().find(|(maker, ..)| *maker == here.maker) {
                Some((_, sum, count)) => (*sum, *count) = (*sum + log, *count + 1),
                None => makers.push((here.maker, log, 1)),
            }
        }
    }
    let n = makers.len();
    let sum: f64 = makers.iter().map(|(_, sum, count)| sum / *count as f64).sum();
    (n > 0).then(|| libm::exp(sum / n as f64))
}

#[cfg(test)]
mod tests;
