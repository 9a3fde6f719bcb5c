//! Why a candidate lost, from what was measured of its layers.

use super::facts::Facts;

/// What a layer loses by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cause {
    /// Channels say nothing any more.
    Dead,
    /// Values lie outside of the range.
    Saturated,
    /// Weights take few values.
    Levels,
    /// Channels of different size share one scale.
    Spread,
    /// The range is much wider than most values.
    Wide,
    /// Outputs are shifted.
    Shifted,
    /// Rounding, evenly.
    Rounding,
}

/// Share of dead channels, of saturated values, of the error that is a shift, and of the range: from where it counts.
const DEAD: f64 = 0.05;
const SATURATED: f64 = 0.005;
const SHIFTED: f64 = 0.3;
const WIDE: f64 = 0.4;
/// Ratio of ranges, and different weights, from where they count.
const SPREAD: f64 = 16.0;
const LEVELS: usize = 40;

/// The layer that adds most noise for its signal, and by what; none where nothing was measured.
pub fn cause(facts: &[Facts]) -> Option<(&Facts, Cause)> {
    let ratio = |facts: &Facts| {
        let noise = facts.local.unwrap_or(facts.accumulated);
        if noise.signal > 0.0 { noise.noise / noise.signal } else { 0.0 }
    };
    let worst = facts.iter().fold(None::<&Facts>, |worst, found| match worst {
        Some(worst) if ratio(worst) >= ratio(found) => Some(worst),
        _ => Some(found),
    })?;
    let (dead, channels) = worst.dead;
    let cause = if dead as f64 >= DEAD * channels as f64 && dead > 0 {
        Cause::Dead
    } else if worst.saturated > SATURATED {
        Cause::Saturated
    } else if worst.levels.is_some_and(|levels| levels < LEVELS) {
        Cause::Levels
    } else if worst.spread.is_some_and(|spread| spread > SPREAD) {
        Cause::Spread
    } else if worst.used.is_some_and(|used| used < WIDE) {
        Cause::Wide
    } else if worst.shift > SHIFTED {
        Cause::Shifted
    } else {
        Cause::Rounding
    };
    Some((worst, cause))
}

impl Cause {
    /// Why, in words that follow the name of the layer.
    pub fn words(self, facts: &Facts) -> String {
        let percent = |share: f64| 100.0 * share;
        match self {
            Self::Dead => {
                format!(
                    "{} of its {} channels always say the same, which they do not in the original",
                    facts.dead.0, facts.dead.1
                )
            }
            Self::Saturated => format!(
                "{:.1} % of the original's values lie outside of the range that it was given, and are cut off",
                percent(facts.saturated)
            ),
            Self::Levels => format!("its weights take only {} different levels", facts.levels.unwrap_or(0)),
            Self::Spread => format!(
                "one scale serves all of its channels, and the weights of the largest are {:.0} times those of the smallest",
                facts.spread.unwrap_or(1.0)
            ),
            Self::Wide => format!(
                "nearly all of its outputs lie in {:.0} % of the range that it was given, so that most steps are never used",
                percent(facts.used.unwrap_or(1.0))
            ),
            Self::Shifted => {
                format!(
                    "{:.0} % of its error is a constant shift, which a bias could make up for",
                    percent(facts.shift)
                )
            }
            Self::Rounding => "its error is spread over its values, without a single reason".into(),
        }
    }
}
