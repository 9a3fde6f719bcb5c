//! The MLPerf Tiny scoreboard: what was submitted in rounds 0.5 to 1.3, with what the result files say.
//!
//! `data/scoreboard.csv` has a row for each system with its five benchmarks; `data` columns are inferences each second
//! (performance mode) and microjoules of one inference (energy mode). Always-on listening (`sww`) has no rate in some files; its
//! energy is the mean power over the stream times a frame of 32 ms. Rows marked *Preview* or *RDI* were no products.

use super::published::STREAM_FRAME;
use crate::error::{Error, Result};
use crate::json;
use crate::units::{Joules, Seconds};

const TABLE: &str = include_str!("data/scoreboard.csv");
const COLUMNS: usize = 20;

/// The benchmarks, in the order of the table's columns, with the multiply-accumulates of their reference networks.
pub const BENCHMARKS: [(&str, &str, u64); 5] = [
    ("ad", "anomaly detection", 264_192),
    ("ic", "image classification", 12_501_632),
    ("kws", "keyword spotting", 2_656_768),
    ("vww", "visual wake words", 7_489_664),
    ("sww", "streaming wake word", 826_368),
];

/// One published result.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Round, such as `1.3`.
    pub round: &'static str,
    /// `closed` (the reference model) or `open` (any).
    pub division: &'static str,
    /// Who submitted.
    pub organisation: &'static str,
    /// The system as it was submitted.
    pub system: &'static str,
    /// Processor.
    pub core: &'static str,
    /// Accelerator that did the multiply-accumulates, where it is not the processor.
    pub engine: &'static str,
    /// Clock of the processor in MHz.
    pub clock_mhz: Option<f64>,
    /// `int8`, `fp32`, or `other` (see the source).
    pub precision: &'static str,
    /// Runtime.
    pub runtime: &'static str,
    /// `Available`, `Preview` or `RDI`; empty in the open division of the first round.
    pub status: &'static str,
    /// Index in [`BENCHMARKS`].
    pub benchmark: usize,
    /// Time of one inference, in performance mode.
    pub latency: Option<Seconds>,
    /// Energy of one inference, in energy mode: the supply of the device, without the board's extras.
    pub energy: Option<Joules>,
}

impl Score {
    /// The folder with the result files.
    pub fn source(&self) -> String {
        format!("tiny_results_v{}/{}/{}/results/{}", self.round, self.division, self.organisation, self.system)
    }
}

/// Every published result, by round, submitter, system and benchmark.
///
/// # Errors
/// `Format` for a table that does not parse, which a test excludes.
///
/// *Source*: the result files of MLCommons (Apache-2.0), read for this project.
pub fn scores() -> Result<Vec<Score>> {
    let mut scores = Vec::new();
    for line in TABLE.lines().skip(1) {
        let cells: Vec<&'static str> = line.split(',').collect();
        if cells.len() != COLUMNS {
            return Err(Error::format(format!("{} cells instead of {COLUMNS}", cells.len())).at(line));
        }
        let number = |at: usize| json::number(cells[at]);
        for benchmark in 0..BENCHMARKS.len() {
            let (rate, microjoules) = (number(10 + 2 * benchmark), number(11 + 2 * benchmark));
            if rate.is_none() && microjoules.is_none() {
                continue;
            }
            scores.push(Score {
                round: cells[0],
                division: cells[1],
                organisation: cells[2],
                system: cells[3],
                core: cells[4],
                engine: cells[5],
                clock_mhz: number(6),
                precision: cells[7],
                runtime: cells[8],
                status: cells[9],
                benchmark,
                latency: rate.map(|rate| Seconds(1.0 / rate)),
                energy: microjoules.map(|energy| Joules(energy * 1e-6)),
            });
        }
    }
    Ok(scores)
}

/// The mean power of always-on listening that an energy of a frame stands for.
pub fn stream_power(energy: Joules) -> crate::units::Watts {
    crate::units::Watts(energy.0 / STREAM_FRAME.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_published_results_are_there_and_name_their_folder() {
        let scores = scores().unwrap();
        assert_eq!(scores.len(), 365);
        assert_eq!(scores.iter().filter(|score| score.energy.is_some()).count(), 163);
        for (benchmark, count) in [85, 96, 89, 86, 9].into_iter().enumerate() {
            assert_eq!(scores.iter().filter(|score| score.benchmark == benchmark).count(), count);
        }
        assert!(scores.iter().all(|score| score.source().starts_with("tiny_results_v")));
    }

    #[test]
    fn the_scoreboard_agrees_with_the_measurements_that_devices_are_fitted_to() {
        let scores = scores().unwrap();
        let found = scores
            .iter()
            .find(|score| score.round == "1.3" && score.system == "NUCLEO_U385RG_Q" && score.benchmark == 1)
            .unwrap();
        assert!((1.0 / found.latency.unwrap().0 / 5.481 - 1.0).abs() < 1e-3);
        assert!((found.energy.unwrap().0 / 965.582e-6 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn only_one_published_entry_listens_below_a_milliwatt() {
        let below = |score: &Score| score.benchmark == 4 && score.energy.is_some_and(|e| stream_power(e).0 < 1e-3);
        let scores = scores().unwrap();
        let found: Vec<&Score> = scores.iter().filter(|score| below(score)).collect();
        assert_eq!(found.len(), 1);
        assert!(found[0].organisation.to_lowercase().contains("syntiant"));
    }
}
