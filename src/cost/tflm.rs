//! What a model takes with TFLM, the runtime that the downloaded file is for.
//!
//! The boards of the shelf were submitted with their vendors' runtimes; TFLM with Arm's kernels (CMSIS-NN) takes another time.
//! `data/tflm.csv` holds what was published of it on the shelf's cores. Its time goes into multiply-accumulates and into
//! numbers that are written: each output is scaled back to int8. Rates for the two are fitted as in [`fit`](super::fit).
//!
//! - Where TFLM was measured on the same chip (STM32L4R5, MLPerf Tiny 0.5), the rates are that chip's. That build is of 2021;
//!   the band reaches down to what a later one needs on another board with the same core.
//! - Elsewhere they come from all boards with the same core, at the clock of the board on the shelf. Where multiply-accumulates
//!   are all that was published of some (Cortex-M7), one rate for them is all that is fitted.
//! - The band is the worst error on a network that was left out of the fit, with all of its boards.
//!
//! Energy is the time at the board's active power, which hardly depends on the runtime: TFLM's submission on the L4R5 took
//! 40.0 to 41.5 mW, X-CUBE-AI's 38.7 to 43.8 mW.
//!
//! *Source*: each row of the table names its own.

use super::classes::{Class, Layer};
use super::device::Device;
use super::estimate::{Modelled, layers, precision, spread};
use super::fit::{Band, least_squares};
use super::published::Precision;
use crate::error::{Error, Result};
use crate::json;
use crate::model::Model;
use crate::units::{Joules, Seconds};

const TABLE: &str = include_str!("data/tflm.csv");
const COLUMNS: usize = 11;

/// The runtime's name.
pub const RUNTIME: &str = "TFLM with CMSIS-NN";

/// One inference with TFLM.
#[derive(Debug, Clone, PartialEq)]
pub struct Tflm {
    /// The time of one inference.
    pub latency: Modelled<Seconds>,
    /// The energy of one inference, where the board's power was published.
    pub energy: Option<Modelled<Joules>>,
    /// What the figures rest on, in words.
    pub basis: String,
}

/// A published result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The core.
    pub core: &'static str,
    /// The chip.
    pub chip: &'static str,
    /// The board.
    pub board: &'static str,
    /// Clock cycles of one inference.
    pub cycles: f64,
    /// Which build of TFLM.
    pub runtime: &'static str,
    /// The network.
    pub network: &'static str,
    /// Multiply-accumulates.
    pub macs: f64,
    /// Numbers written by layers with weights, and moved by others; `None` where that is not public.
    pub written: Option<f64>,
    /// Where it stands.
    pub source: &'static str,
}

/// Every row of the table.
pub fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().skip(1).filter_map(|line| {
        let cells: Vec<&'static str> = line.split(',').collect();
        let number = |at: usize| json::number(cells.get(at)?);
        (cells.len() == COLUMNS).then_some(())?;
        Some(Row {
            core: cells[0],
            chip: cells[1],
            board: cells[2],
            cycles: number(3)? * 1e3 * number(8)?,
            runtime: cells[4],
            network: cells[5],
            macs: number(6)?,
            written: number(7),
            source: cells[10],
        })
    })
}

/// Rates with their band.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// Cycles for a multiply-accumulate, and for a number that is written or moved.
    pub rates: [f64; 2],
    /// The worst error on a network left out.
    pub factor: f64,
    /// Networks that were fitted to.
    pub networks: usize,
    /// Boards that they were measured on.
    pub boards: Vec<&'static str>,
    /// Whether all of them are of the same chip.
    pub same_chip: bool,
}

/// Rates of a device's chip, or else of its core; `None` where fewer than two networks were published.
pub fn rates(device: &Device) -> Option<Rates> {
    let core = core_rows(device);
    let chip: Vec<Row> = core.iter().copied().filter(|row| row.chip == device.chip).collect();
    let same_chip = !chip.is_empty();
    rates_of(if same_chip { &chip } else { &core }, same_chip)
}

fn core_rows(device: &Device) -> Vec<Row> {
    rows().filter(|row| device.core.split(' ').next() == Some(row.core)).collect()
}

fn rates_of(rows: &[Row], same_chip: bool) -> Option<Rates> {
    let mut networks: Vec<&str> = rows.iter().map(|row| row.network).collect();
    networks.sort_unstable();
    networks.dedup();
    let two = rows.iter().all(|row| row.written.is_some());
    let features = |row: &Row| [row.macs / row.cycles, if two { row.written.unwrap_or(0.0) / row.cycles } else { 0.0 }];
    let fitted = |without: Option<&str>| {
        let kept = rows.iter().filter(|row| Some(row.network) != without);
        least_squares(&kept.map(features).collect::<Vec<_>>())
    };
    let off = |row: &Row| {
        let (rates, features) = (fitted(Some(row.network)), features(row));
        let ratio = rates[0] * features[0] + rates[1] * features[1];
        ratio.max(1.0 / ratio)
    };
    let mut boards: Vec<&str> = rows.iter().map(|row| row.board).collect();
    boards.dedup();
    (networks.len() >= 2).then(|| Rates {
        rates: fitted(None),
        factor: rows.iter().map(off).fold(1.0, f64::max),
        networks: networks.len(),
        boards,
        same_chip,
    })
}

/// Predicts the time and energy of one inference with TFLM.
///
/// # Errors
/// `Unsupported`, with the reason in words: what TFLM does not run, what no result was published of.
///
/// ```
/// use milliwatt::cost::{device, tflm};
/// // Cycles for a multiply-accumulate on STM32L4R5, from the results of round 0.5.
/// let rates = tflm::rates(device::find("nucleo-l4r5zi").unwrap()).unwrap();
/// assert!((rates.rates[0] - 3.65).abs() < 0.01 && rates.same_chip);
/// ```
pub fn tflm(model: &Model, device: &'static Device) -> Result<Tflm> {
    let layers = layers(model)?;
    if precision(model)? == Precision::Float32 {
        return Err(Error::unsupported("No result of a float network with TFLM was published for this core"));
    }
    let rates =
        rates(device).ok_or_else(|| Error::unsupported(format!("No TFLM result was published for {}", device.name)))?;
    let (macs, written) = layers.iter().map(work).fold((0.0, 0.0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
    let time = |[each, number]: [f64; 2]| (each * macs + number * written) / device.clock.value.0;
    let mut latency = spread(time(rates.rates), Band::even(rates.factor), Seconds);
    if rates.same_chip {
        // Another build on another chip with the same core: what a later TFLM may need.
        let others: Vec<Row> =
            core_rows(device).into_iter().filter(|row| row.chip != device.chip && row.written.is_some()).collect();
        if let Some(other) = rates_of(&others, false) {
            latency.low = Seconds(latency.low.0.min(time(other.rates)));
            latency.high = Seconds(latency.high.0.max(time(other.rates)));
        }
    }
    let energy = device.active_power().map(|power| {
        let joules = |time: Seconds, factor: f64| Joules(time.0 * power.value.0 * factor);
        Modelled {
            value: joules(latency.value, 1.0),
            low: joules(latency.low, 1.0 / power.factor),
            high: joules(latency.high, power.factor),
        }
    });
    Ok(Tflm { latency, energy, basis: basis(&rates, device) })
}

fn basis(rates: &Rates, device: &Device) -> String {
    let from = if rates.same_chip {
        format!(
            "Rates fitted to TFLM's results on the same chip (MLPerf Tiny 0.5, {}, a build of 2021); the band is the worst error on \
             a network left out, and reaches to what a later build needs on another board with this core",
            device.chip
        )
    } else {
        format!(
            "Rates fitted to TFLM's results on other boards with this core ({}), at this board's clock; the band is the worst \
             error on a network left out",
            rates.boards.join(", ")
        )
    };
    format!("{from}. The energy is the time at the board's mean power in its own int8 results")
}

/// Multiply-accumulates, and numbers written or moved.
fn work(layer: &Layer) -> (f64, f64) {
    let work = layer.work();
    let written = match layer.class {
        Class::Elements | Class::Free => work.moved,
        _ => layer.positions.saturating_mul(layer.outputs),
    };
    (work.macs as f64, written as f64)
}

#[cfg(test)]
mod tests;
