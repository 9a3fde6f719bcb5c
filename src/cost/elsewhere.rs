//! What rates are worth on networks and boards that no fit has seen.
//!
//! `data/elsewhere.csv` holds results of the shelf's cores with runtimes of the same maker: other boards, other networks, later
//! rounds. A submission to a benchmark is a tuned build; these are mostly what a vendor's tool generates for anybody, with
//! weights in flash and default settings, and most take longer than the submission's rates say.
//!
//! The columns `reused` and `fresh` are the two units of [`Family::Core`](super::fit::Family::Core). Column `counted` says where they come from:
//! `layers` (the architecture is public, and its multiply-accumulates are those that the source states), or, where only
//! multiply-accumulates are public, `first` (all of them at the first rate: the largest error that the result can have)
//! or `second` (all at the second rate: the least). The second is for networks that are mostly depthwise layers and
//! layers without weights, which the first rate would say nothing of.
//!
//! *Source*: each row names its own: the README files of STMicroelectronics' model zoo, MLPerf Tiny 1.4, and three others.

use super::device::Device;
use super::fit::Band;
use super::published::Precision;
use crate::json;
use crate::order;

const TABLE: &str = include_str!("data/elsewhere.csv");
const COLUMNS: usize = 11;

/// One result that no fit has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The core, as the shelf names it.
    pub core: &'static str,
    /// The board that it was measured on.
    pub board: &'static str,
    /// Its clock in MHz.
    pub mhz: f64,
    /// The runtime.
    pub runtime: &'static str,
    /// Type of weights and activations.
    pub precision: Precision,
    /// The network.
    pub network: &'static str,
    /// How much of each rate's unit it has.
    pub features: [f64; 2],
    /// `layers`, `first` or `second`.
    pub counted: &'static str,
    /// Milliseconds of one inference.
    pub milliseconds: f64,
    /// Where it stands.
    pub source: &'static str,
}

impl Row {
    /// What was measured, divided by what rates of cycles predict.
    pub fn over(&self, rates: [f64; 2]) -> f64 {
        let [reused, fresh] = self.features;
        self.milliseconds * 1e3 * self.mhz / (reused * rates[0] + fresh * rates[1])
    }
}

/// How far rates are off elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elsewhere {
    /// The band that holds every result.
    pub band: Band,
    /// How many results there are.
    pub results: usize,
    /// The median of what was measured divided by what was predicted.
    pub median: f64,
}

/// Every row; one that does not parse is left out, which a test excludes.
pub fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().skip(1).filter_map(row)
}

fn row(line: &'static str) -> Option<Row> {
    let cells: Vec<&'static str> = line.split(',').collect();
    let number = |at: usize| json::number(cells.get(at)?);
    let precision = match *cells.get(4)? {
        "int8" => Precision::Int8,
        "float32" | "fp32" => Precision::Float32,
        _ => return None,
    };
    (cells.len() == COLUMNS).then_some(Row {
        core: cells[0],
        board: cells[1],
        mhz: number(2)?,
        runtime: cells[3],
        precision,
        network: cells[5],
        features: [number(6)?, number(7)?],
        counted: cells[8],
        milliseconds: number(9)?,
        source: cells[10],
    })
}

/// How far a device's rates are off on other results of its core; `None` where there are none.
pub fn elsewhere(device: &Device, precision: Precision, rates: [f64; 2]) -> Option<Elsewhere> {
    // Cores of one name are one: "Cortex-M4 behind a switching converter" is a Cortex-M4.
    let own = |row: &Row| row.precision == precision && device.core.split(' ').next() == Some(row.core);
    of(rows().filter(own).map(|row| row.over(rates)).collect())
}

pub(super) fn of(mut ratios: Vec<f64>) -> Option<Elsewhere> {
    order::floats(&mut ratios);
    let results = ratios.len();
    let (&least, &most) = ratios.first().zip(ratios.last())?;
    let median = (ratios.get((results - 1) / 2)? + ratios.get(results / 2)?) / 2.0;
    Some(Elsewhere { band: Band { below: (1.0 / least).max(1.0), above: most.max(1.0) }, results, median })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::published::Benchmark;

    #[test]
    fn every_line_of_the_table_is_a_result_with_a_source() {
        assert_eq!(rows().count(), TABLE.lines().count() - 1);
        for row in rows() {
            assert!(!row.source.is_empty() && row.milliseconds > 0.0, "{row:?}");
            assert!(["layers", "first", "second"].contains(&row.counted), "{row:?}");
        }
    }

    #[test]
    fn reference_networks_have_the_features_that_fits_use() {
        let short = |network: &str| {
            Benchmark::ALL.into_iter().find(|b| network.contains(&format!("Tiny {} ", b.short().to_ascii_uppercase())))
        };
        let mut checked = 0;
        for row in rows() {
            let Some(benchmark) = short(row.network) else { continue };
            let mut features = [0.0; 2];
            for layer in benchmark.layers() {
                let of_layer = crate::cost::fit::Family::Core.features(&layer);
                (features[0], features[1]) = (features[0] + of_layer[0], features[1] + of_layer[1]);
            }
            assert_eq!(row.features, features, "{}", row.network);
            checked += 1;
        }
        assert!(checked >= 12, "only {checked}");
    }
}
