//! The milliwatt budget: average power at the user's rate.
//!
//! Average power is what inferences cost, `energy * rate`, and what waiting between them costs,
//! `waiting power * (1 - busy)`. Two ways of waiting are known for some boards: *stopped* (clocks off, RAM kept, woken
//! by a timer or a pin) and *listening* (clocks and microphone on, as in the streaming benchmark). The verdict is for
//! stopping, the best that a board can do; where its power is not known, waiting is left out and the sentence says so.
//! Sensors, radio and converter losses are never included.

use serde::Serialize;

use super::device::Device;
use super::estimate::{Estimate, Modelled};
use crate::units::{Hertz, Watts};

/// The line that this project is named after.
pub const ONE_MILLIWATT: Watts = Watts(1e-3);

/// Whether average power stays under one milliwatt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole band is below.
    Yes,
    /// The whole band is above, or the device cannot keep up with the rate.
    No,
    /// The band crosses the line.
    Borderline,
    /// Nothing was published from which energy could be predicted.
    Unknown,
}

impl Verdict {
    /// The word that the report uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Borderline => "borderline",
            Self::Unknown => "unknown",
        }
    }
}

/// A device at work at a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Inferences each second.
    pub rate: Hertz,
    /// The share of time that the device computes; above 1 it cannot keep up.
    pub busy: f64,
    /// Mean power of inferring and of waiting stopped between inferences; `None` where no energy was published.
    pub average_power: Option<Modelled<Watts>>,
    /// The part of it that waiting takes; `None` where it is not known and left out.
    pub stop_power: Option<Watts>,
    /// Mean power if the device listens on between inferences instead of stopping.
    pub listening_power: Option<Modelled<Watts>>,
    /// Whether the average stays under one milliwatt.
    pub under_one_milliwatt: Verdict,
    /// The highest rate at which it does, and the band of that rate; `None` where it is not known or never does.
    pub max_rate: Option<Modelled<Hertz>>,
    /// All of this in words.
    pub sentence: String,
}

/// Average power of one inference after another, `rate` times a second.
pub fn budget(estimate: &Estimate, device: &Device, rate: Hertz) -> Budget {
    let latency = estimate.latency.value.0;
    let busy = latency * rate.0;
    let keeps_up = busy <= 1.0;
    let stop = device.stop_power.map(|fact| fact.value);
    let average = |waiting: Option<Watts>| {
        let waiting = waiting.map_or(0.0, |power| power.0 * (1.0 - busy).max(0.0));
        estimate.energy.map(|energy| Modelled {
            value: Watts(energy.value.per(rate).0 + waiting),
            low: Watts(energy.low.per(rate).0 + waiting),
            high: Watts(energy.high.per(rate).0 + waiting),
        })
    };
    let average_power = average(stop);
    let under_one_milliwatt = match average_power {
        None => Verdict::Unknown,
        Some(_) if !keeps_up => Verdict::No,
        Some(power) if power.high.0 < ONE_MILLIWATT.0 => Verdict::Yes,
        Some(power) if power.low.0 >= ONE_MILLIWATT.0 => Verdict::No,
        Some(_) => Verdict::Borderline,
    };
    let max_rate = estimate.energy.and_then(|energy| {
        let highest = |joules: f64| highest_rate(joules, latency, stop.map_or(0.0, |power| power.0));
        // More energy, lower rate: the ends of the band change places.
        Some(Modelled { value: highest(energy.value.0)?, low: highest(energy.high.0)?, high: highest(energy.low.0)? })
    });
    let mut budget = Budget {
        rate,
        busy,
        average_power,
        stop_power: stop.map(|power| Watts(power.0 * (1.0 - busy).max(0.0))),
        listening_power: device.listening_power().and_then(|waiting| average(Some(waiting))),
        under_one_milliwatt,
        max_rate,
        sentence: String::new(),
    };
    budget.sentence = sentence(&budget, latency);
    budget
}

/// The rate at which `joules * rate + stop * (1 - latency * rate)` reaches one milliwatt, at most back to back.
fn highest_rate(joules: f64, latency: f64, stop: f64) -> Option<Hertz> {
    let spare = ONE_MILLIWATT.0 - stop;
    if spare <= 0.0 || latency <= 0.0 {
        return None;
    }
    let for_each = joules - stop * latency;
    let back_to_back = 1.0 / latency;
    Some(Hertz(if for_each > 0.0 { (spare / for_each).min(back_to_back) } else { back_to_back }))
}

fn sentence(budget: &Budget, latency: f64) -> String {
    let rate = match number(budget.rate.0) {
        one if one == "1" => "1 inference a second".into(),
        rate => format!("{rate} inferences a second"),
    };
    if budget.busy > 1.0 {
        return format!("Cannot keep up with {rate}; {} is the most", number(1.0 / latency));
    }
    let Some(power) = budget.average_power else {
        return "No energy was published for this combination, so average power is unknown".into();
    };
    let milliwatts = |watts: Watts| number(watts.0 * 1e3);
    let verdict = match (budget.under_one_milliwatt, budget.stop_power) {
        (Verdict::Yes, Some(_)) => "under one milliwatt",
        (Verdict::Yes, None) => "computing alone stays under one milliwatt",
        (Verdict::Borderline, _) => "the band crosses one milliwatt",
        (Verdict::No | Verdict::Unknown, _) => "over one milliwatt",
    };
    let [value, low, high] = [power.value, power.low, power.high].map(milliwatts);
    let mut words = format!("{value} mW ({low} to {high}) at {rate}: {verdict}");
    if let Some(max) = budget.max_rate {
        words += &format!("; up to {} a second stay under it", number(max.value.0));
    }
    words += match budget.stop_power {
        Some(_) => ". Between inferences the clocks are stopped",
        None => ". What waiting between inferences takes is not known here and not included",
    };
    if let Some(listening) = budget.listening_power {
        words += &format!("; with clocks and microphone on it would be {} mW", milliwatts(listening.value));
    }
    words
}

/// Three significant digits.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    if decimals == 0 {
        let unit = libm::pow(10.0, f64::from(magnitude - 2));
        return format!("{:.0}", libm::round(value / unit) * unit);
    }
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests;
