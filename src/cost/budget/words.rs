//! The budget in words: never a figure without what it leaves out.

use super::{Budget, Load, Scope, Surroundings, Verdict};
use crate::units::Watts;

/// The verdict in a few words.
pub(super) fn words(budget: &Budget, around: &Surroundings, most: f64) -> String {
    if budget.busy > 1.0 {
        return format!("cannot keep up: {} a second is the most", floor(most));
    }
    let line = match budget.under_one_milliwatt {
        Verdict::Partial => "under 1 mW",
        Verdict::No => "over 1 mW",
        Verdict::Borderline => "near 1 mW",
        Verdict::Unknown => return "power unknown: no energy was published".into(),
    };
    // What is over the line with parts missing is over it; the sentence names them.
    let over = budget.under_one_milliwatt == Verdict::No;
    match (budget.scope, around.sound) {
        (Scope::Listening, _) => format!("{line} with clocks and microphone on"),
        (Scope::Asleep, true) => format!("{line} asleep between inferences, not listening"),
        (Scope::Asleep, false) if over => format!("{line} even asleep between inferences"),
        (Scope::Asleep, false) => format!("{line} asleep between inferences, without its sensor"),
        (Scope::Computing, _) if over => format!("{line} by computing alone"),
        (Scope::Computing, _) => format!("{line} computing; sleep and sensor unknown"),
    }
}

/// The whole verdict in sentences.
pub(super) fn sentence(budget: &Budget, load: &Load<'_>, around: &Surroundings, most: f64) -> String {
    let runtime = load.runtime;
    let rate = match number(budget.rate.0) {
        one if one == "1" => "1 inference a second".into(),
        rate => format!("{rate} inferences a second"),
    };
    if budget.busy > 1.0 {
        return format!("{runtime} cannot keep up with {rate}; {} a second is the most", floor(most));
    }
    let Some(power) = budget.average_power else {
        return format!("No energy was published for {runtime} here, so average power is unknown");
    };
    let [value, low, high] = [power.value, power.low, power.high].map(milliwatts);
    let with = match (budget.scope, around.features.is_some()) {
        (Scope::Listening, true) => " with features, clocks and microphone on",
        (Scope::Listening, false) => " with clocks and microphone on",
        (Scope::Asleep, true) => " with features, asleep between inferences",
        (Scope::Asleep, false) => " asleep between inferences",
        (Scope::Computing, true) => " for computing network and features alone",
        (Scope::Computing, false) => " for computing alone",
    };
    let verdict = match budget.under_one_milliwatt {
        Verdict::Partial => "under one milliwatt before what is left out",
        Verdict::Borderline => "the band crosses one milliwatt",
        Verdict::No | Verdict::Unknown => "over one milliwatt",
    };
    let mut words = format!("{runtime}: {value} mW ({low} to {high}) at {rate}{with}: {verdict}");
    match (budget.scope, budget.max_rate) {
        (Scope::Listening, None) => words += "; listening alone takes more at any rate",
        (_, None) => {}
        (_, Some(max)) => words += &format!("; up to {} a second stay under it", number(max.value.0)),
    }
    match (budget.scope, budget.asleep_power, budget.listening_power) {
        (Scope::Listening, Some(asleep), _) => {
            words +=
                &format!(". Asleep between inferences it would be {} mW, but hear nothing", milliwatts(asleep.value));
        }
        (Scope::Asleep, _, Some(listening)) => {
            words += &format!("; with clocks on between inferences it would be {} mW", milliwatts(listening.value));
        }
        _ => {}
    }
    words += ". Not included: ";
    words += match (budget.scope, around.sound) {
        (Scope::Listening, _) => "the microphone's own supply, radio and converter losses",
        (Scope::Asleep, true) => "the microphone, radio and converter losses",
        (Scope::Asleep, false) => "the sensor, radio and converter losses",
        (Scope::Computing, true) => {
            "waiting between inferences, which nothing was published of, the microphone, radio and converter losses"
        }
        (Scope::Computing, false) => {
            "waiting between inferences, which nothing was published of, the sensor, radio and converter losses"
        }
    };
    if around.sound && around.features.is_none() {
        words += ", and the features of the sound";
    }
    words
}

fn milliwatts(watts: Watts) -> String {
    number(watts.0 * 1e3)
}

/// Three significant digits.
pub(in crate::cost) fn number(value: f64) -> String {
    digits(value, libm::round)
}

/// The same, never more than the value: a rate that is too high is no answer.
fn floor(value: f64) -> String {
    digits(value, libm::floor)
}

fn digits(value: f64, whole: fn(f64) -> f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    let unit = libm::pow(10.0, f64::from(magnitude - 2));
    let rounded = whole(value / unit) * unit;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{rounded:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_string() }
}
