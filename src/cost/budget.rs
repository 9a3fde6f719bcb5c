//! The milliwatt budget: average power of the whole device at the user's rate, never of the network alone.
//!
//! Average power is what inferences cost, `energy * rate`, what the features of a sound cost all the time, and what waiting
//! costs, `waiting power * (1 - busy)`. Two ways of waiting are known for some boards: *listening* (clocks on, sound
//! coming in, as in the streaming benchmark) and *asleep* (clocks stopped, RAM kept, woken by a timer or a pin).
//!
//! - A model of sound listens: its verdict is that of listening. Asleep, a board hears nothing; the sentence has that figure, too.
//! - Any other model waits asleep, and its sensor is not known: a figure below the line is then *partial*.
//! - Where neither is known, computing alone is left. Above the line it is a no; below, it is partial.
//!
//! What is left out is named in the sentence: the supply of sensor and microphone themselves, radio and converter losses always.

mod words;

use serde::Serialize;

use super::device::Device;
use super::estimate::{Estimate, Modelled};
use super::tflm::{self, Tflm};
use crate::units::{Hertz, Joules, Seconds, Watts};
pub(super) use words::number;

/// The line that this project is named after.
pub const ONE_MILLIWATT: Watts = Watts(1e-3);

/// Whether average power stays under one milliwatt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole band of all that is known is below; what is not known comes on top.
    Partial,
    /// The whole band is above, or the device cannot keep up with the rate.
    No,
    /// The band crosses the line.
    Borderline,
    /// Nothing was published from which power could be predicted.
    Unknown,
}

impl Verdict {
    /// The word that the report uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::No => "no",
            Self::Borderline => "borderline",
            Self::Unknown => "unknown",
        }
    }
}

/// What an average power includes besides computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Waiting with clocks on and sound coming in.
    Listening,
    /// Waiting with clocks stopped.
    Asleep,
    /// Nothing: how the board waits is not known.
    Computing,
}

/// What one inference costs with a runtime.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load<'a> {
    /// The runtime.
    pub runtime: &'a str,
    /// The time of one inference.
    pub latency: Modelled<Seconds>,
    /// The energy of one inference, where it is known.
    pub energy: Option<Modelled<Joules>>,
}

impl From<&Estimate> for Load<'static> {
    fn from(estimate: &Estimate) -> Self {
        Self { runtime: estimate.runtime, latency: estimate.latency, energy: estimate.energy }
    }
}

impl From<&Tflm> for Load<'static> {
    fn from(tflm: &Tflm) -> Self {
        Self { runtime: tflm::RUNTIME, latency: tflm.latency, energy: tflm.energy }
    }
}

/// What stands before the network.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Surroundings {
    /// Whether sound feeds it, so that the device has to listen.
    pub sound: bool,
    /// What the features of that sound take.
    pub features: Option<Features>,
}

/// The features of a sound that never ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features {
    /// Average power.
    pub power: Modelled<Watts>,
    /// The share of time that they are computed.
    pub busy: f64,
}

/// A device at work at a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Inferences each second.
    pub rate: Hertz,
    /// The share of time that the device computes; above 1 it cannot keep up.
    pub busy: f64,
    /// Average power of all that is known; `None` where no energy was published, or the device cannot keep up.
    pub average_power: Option<Modelled<Watts>>,
    /// What that includes.
    pub scope: Scope,
    /// Average power if the clocks stop between inferences; `None` where the power of that is not known.
    pub asleep_power: Option<Modelled<Watts>>,
    /// Average power if the device listens between inferences; `None` where the power of that is not known.
    pub listening_power: Option<Modelled<Watts>>,
    /// Whether the average stays under one milliwatt.
    pub under_one_milliwatt: Verdict,
    /// The highest rate at which it does, and the band of that rate; `None` where it is not known or never does.
    pub max_rate: Option<Modelled<Hertz>>,
    /// The verdict in a few words, with what it leaves out.
    pub words: String,
    /// All of this in sentences.
    pub sentence: String,
}

/// Average power of one inference after another, `rate` times a second.
pub fn budget(load: &Load<'_>, device: &Device, around: &Surroundings, rate: Hertz) -> Budget {
    let latency = load.latency.value.0;
    let features = around.features;
    let busy = latency * rate.0 + features.map_or(0.0, |features| features.busy);
    let keeps_up = busy <= 1.0;
    let average = |waiting: f64, features: Option<Features>| {
        let waiting = waiting * (1.0 - busy).max(0.0);
        let of = |energy: Joules, features: Option<Watts>| {
            Watts(energy.per(rate).0 + features.map_or(0.0, |power| power.0) + waiting)
        };
        load.energy.filter(|_| keeps_up).map(|energy| Modelled {
            value: of(energy.value, features.map(|features| features.power.value)),
            low: of(energy.low, features.map(|features| features.power.low)),
            high: of(energy.high, features.map(|features| features.power.high)),
        })
    };
    let (stopped, waiting) = (device.stop_power.map(|fact| fact.value), device.listening_power());
    let (scope, power_waiting) = match (around.sound, waiting, stopped) {
        (true, Some(waiting), _) => (Scope::Listening, waiting),
        (_, _, Some(stopped)) => (Scope::Asleep, stopped),
        _ => (Scope::Computing, Watts(0.0)),
    };
    let average_power = average(power_waiting.0, features);
    let under_one_milliwatt = match average_power {
        _ if !keeps_up => Verdict::No,
        None => Verdict::Unknown,
        Some(power) if power.low.0 >= ONE_MILLIWATT.0 => Verdict::No,
        Some(power) if power.high.0 < ONE_MILLIWATT.0 => Verdict::Partial,
        Some(_) => Verdict::Borderline,
    };
    let max_rate = load.energy.and_then(|energy| {
        let (spent, share) = features.map_or((0.0, 0.0), |features| (features.power.value.0, features.busy));
        let highest = |joules: f64| highest_rate(joules, latency, power_waiting.0, spent, share);
        // More energy, lower rate: the ends of the band change places.
        Some(Modelled { value: highest(energy.value.0)?, low: highest(energy.high.0)?, high: highest(energy.low.0)? })
    });
    let mut budget = Budget {
        rate,
        busy,
        average_power,
        scope,
        asleep_power: stopped.and_then(|power| average(power.0, features)),
        listening_power: waiting.and_then(|power| average(power.0, features)),
        under_one_milliwatt,
        max_rate,
        words: String::new(),
        sentence: String::new(),
    };
    let most = (1.0 - features.map_or(0.0, |features| features.busy)).max(0.0) / latency;
    budget.words = words::words(&budget, around, most);
    budget.sentence = words::sentence(&budget, load, around, most);
    budget
}

/// The rate at which `joules * rate + features + waiting * (1 - busy)` reaches one milliwatt, at most back to back.
fn highest_rate(joules: f64, latency: f64, waiting: f64, features: f64, share: f64) -> Option<Hertz> {
    let spare = ONE_MILLIWATT.0 - features - waiting * (1.0 - share);
    if spare <= 0.0 || latency <= 0.0 || share >= 1.0 {
        return None;
    }
    let for_each = joules - waiting * latency;
    let back_to_back = (1.0 - share) / latency;
    Some(Hertz(if for_each > 0.0 { (spare / for_each).min(back_to_back) } else { back_to_back }))
}

#[cfg(test)]
mod tests;
