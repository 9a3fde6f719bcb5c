//! Boards left out: what others with the same processor say of a board that is not looked at.
//!
//! The rules were written down before a figure was computed, and nothing is left out of them:
//!
//! - **Time**. Where one core ran the same runtime, in the same round and with the same setting, on several boards, the cycles of
//!   a network on the board left out are the geometric mean of those on the others; its clock makes them a time. Both boards'
//!   memories are then taken to be alike, which is what can be wrong.
//! - **Energy**. No two boards of one core that were measured take the same power at the same clock (53 to 375 uW/MHz for
//!   Cortex-M33), so that a board's energy cannot come from another board. It is tried on the same board: a submission's energy
//!   is its published time at the mean power of the board's other submissions.
//!
//! int8 results of the closed division on a processor without an accelerator, with a clock and a runtime that are named.

use super::scoreboard::{Score, scores};
use crate::error::Result;
use crate::order;

/// One result, left out and predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The result.
    pub score: Score,
    /// As published: seconds or joules.
    pub published: f64,
    /// As the others have it.
    pub predicted: f64,
    /// Boards or submissions that say so.
    pub others: usize,
}

impl Held {
    /// Prediction against what was published, minus one.
    pub fn error(&self) -> f64 {
        self.predicted / self.published - 1.0
    }
}

/// How far predictions were off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Median of the magnitudes.
    pub median: f64,
    /// Share within a quarter.
    pub within_quarter: f64,
    /// The largest.
    pub worst: f64,
}

/// The errors of predictions; `None` of none.
pub fn errors(held: &[Held]) -> Option<Errors> {
    let mut sizes: Vec<f64> = held.iter().map(|held| libm::fabs(held.error())).collect();
    order::floats(&mut sizes);
    let n = sizes.len();
    let median = (sizes.get(n.checked_sub(1)? / 2)? + sizes.get(n / 2)?) / 2.0;
    let within = sizes.iter().filter(|&&size| size <= 0.25).count();
    Some(Errors { median, within_quarter: within as f64 / n as f64, worst: sizes[n - 1] })
}

/// Times of boards left out, by other boards of the same core, runtime, round and setting.
///
/// # Errors
/// Those of the table.
pub fn times() -> Result<Vec<Held>> {
    let scores = eligible()?;
    let cycles = |score: &Score| Some(score.latency?.0 * score.clock_mhz? * 1e6);
    held(&scores, &|score| score.latency.map(|time| time.0), &|score| {
        let others = scores.iter().filter(|other| {
            other.core == score.core
                && other.round == score.round
                && runtime(other) == runtime(score)
                && setting(other) == setting(score)
                && other.benchmark == score.benchmark
                && board(other) != board(score)
        });
        let found: Vec<(String, f64)> = others.filter_map(|other| Some((board(other), cycles(other)?))).collect();
        let (mean, n) = mean_of_groups(&found)?;
        Some((mean / (score.clock_mhz? * 1e6), n))
    })
}

/// Energies of submissions left out, by the power of the same board in its other submissions.
///
/// # Errors
/// Those of the table.
pub fn energies() -> Result<Vec<Held>> {
    let scores = eligible()?;
    let power = |score: &Score| Some(score.energy?.0 / score.latency?.0);
    // Streaming counts waiting too.
    let known = |score: &&Score| score.benchmark < 4 && power(score).is_some();
    let submission = |score: &Score| format!("{} {} {}", score.round, score.organisation, score.system);
    held(&scores, &|score| score.energy.filter(|_| score.benchmark < 4).map(|energy| energy.0), &|score| {
        let others = scores.iter().filter(known).filter(|other| {
            other.core == score.core && board(other) == board(score) && submission(other) != submission(score)
        });
        let found: Vec<(String, f64)> = others.filter_map(|other| Some((submission(other), power(other)?))).collect();
        let (mean, n) = mean_of_groups(&found)?;
        Some((mean * score.latency?.0, n))
    })
}

fn eligible() -> Result<Vec<Score>> {
    let mut scores = scores()?;
    scores.retain(|score| {
        score.division == "closed"
            && score.precision == "int8"
            && score.engine.is_empty()
            && score.clock_mhz.is_some()
            && !score.runtime.is_empty()
    });
    Ok(scores)
}

fn held(
    scores: &[Score],
    published: &dyn Fn(&Score) -> Option<f64>,
    predicted: &dyn Fn(&Score) -> Option<(f64, usize)>,
) -> Result<Vec<Held>> {
    let one = |score: &Score| {
        let (predicted, others) = predicted(score)?;
        Some(Held { score: score.clone(), published: published(score)?, predicted, others })
    };
    Ok(scores.iter().filter_map(one).collect())
}

/// Geometric mean over groups of their geometric means, and how many groups there are.
fn mean_of_groups(values: &[(String, f64)]) -> Option<(f64, usize)> {
    let mut groups: Vec<(&str, f64, usize)> = Vec::new();
    for (name, value) in values {
        match groups.iter_mut().find(|(group, ..)| group == name) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + libm::log(*value), *count + 1),
            None => groups.push((name, libm::log(*value), 1)),
        }
    }
    let n = groups.len();
    let sum: f64 = groups.iter().map(|(_, sum, count)| sum / *count as f64).sum();
    (n > 0).then(|| (libm::exp(sum / n as f64), n))
}

/// The board of a system: the first two words of its folder's name.
fn board(score: &Score) -> String {
    let folder = score.system.rsplit('/').next().unwrap_or_default().to_uppercase().replace('_', "-");
    folder.split('-').take(2).collect::<Vec<_>>().join("-")
}

/// The runtime with its version.
fn runtime(score: &Score) -> String {
    score.runtime.replace(" v", " ")
}

/// What a folder's name says of the runtime's setting.
fn setting(score: &Score) -> &'static str {
    ["max_performance", "min_ram"].into_iter().find(|setting| score.system.contains(setting)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_with_one_core_and_runtime_need_nearly_the_same_cycles() {
        let held = times().unwrap();
        let found = errors(&held).unwrap();
        assert_eq!(held.len(), 82);
        assert!(found.median < 0.08, "{found:?}");
        // The goal of nine tenths within a quarter is missed by one pair of boards: see docs/imc.md.
        assert!(found.within_quarter > 0.75 && found.within_quarter < 0.9, "{found:?}");
        let far = held.iter().filter(|held| libm::fabs(held.error()) > 0.25);
        assert!(far.map(|held| board(&held.score)).all(|board| board == "NUCLEO-L4R5ZI" || board == "CY8CPROTO-062"));
    }

    #[test]
    fn a_board_never_predicts_itself() {
        let scores = eligible().unwrap();
        let known: Vec<_> =
            scores.iter().filter(|score| board(score) == "NUCLEO-U575ZI" && score.round == "1.3").collect();
        assert!(!known.is_empty());
        for held in times().unwrap() {
            if held.score.system == "NUCLEO_U575ZI_Q" {
                // The only other board with this core and runtime.
                assert_eq!(held.others, 1);
                assert!(libm::fabs(held.error()) < 0.02, "{held:?}");
            }
        }
        assert!(energies().unwrap().iter().all(|held| held.others > 0 && held.score.benchmark < 4));
    }
}
