use super::*;
use crate::cost::device::find;
use crate::units::{Joules, Seconds};

fn load(latency: f64, energy: Option<f64>) -> Load<'static> {
    let band = |value: f64| (value, value / 1.25, value * 1.25);
    let ((t, t_low, t_high), energy) = (band(latency), energy.map(band));
    Load {
        runtime: "Test",
        latency: Modelled { value: Seconds(t), low: Seconds(t_low), high: Seconds(t_high) },
        energy: energy.map(|(e, low, high)| Modelled { value: Joules(e), low: Joules(low), high: Joules(high) }),
    }
}

const QUIET: Surroundings = Surroundings { sound: false, features: None };
const SOUND: Surroundings = Surroundings { sound: true, features: None };

#[test]
fn power_is_energy_times_rate_and_waiting() {
    let board = find("nucleo-u385rg-q").unwrap();
    let budget = budget(&load(0.05, Some(250e-6)), board, &QUIET, Hertz(2.0));
    let expected = 500e-6 + 4.5e-6 * 3.3 * 0.9;
    assert!((budget.average_power.unwrap().value.0 - expected).abs() < 1e-12);
    assert_eq!((budget.under_one_milliwatt, budget.scope), (Verdict::Partial, Scope::Asleep));
    // At the highest rate the power is one milliwatt.
    let max = budget.max_rate.unwrap();
    let there = super::budget(&load(0.05, Some(250e-6)), board, &QUIET, max.value).average_power.unwrap();
    assert!((there.value.0 - 1e-3).abs() < 1e-9);
    assert!(max.low.0 < max.value.0 && max.value.0 < max.high.0);
}

#[test]
fn a_band_across_the_line_is_borderline() {
    let board = find("nucleo-u385rg-q").unwrap();
    let verdict = |rate| budget(&load(0.01, Some(250e-6)), board, &QUIET, Hertz(rate)).under_one_milliwatt;
    assert_eq!(verdict(3.0), Verdict::Partial);
    assert_eq!(verdict(3.9), Verdict::Borderline);
    assert_eq!(verdict(4.3), Verdict::Borderline);
    assert_eq!(verdict(6.0), Verdict::No);
}

#[test]
fn the_verdict_on_a_model_of_sound_is_that_of_listening() {
    // What was a tooltip: 0.25 mW asleep, several with clocks and microphone on.
    for id in ["nucleo-u385rg-q", "nucleo-u575zi-q"] {
        let board = find(id).unwrap();
        let found = budget(&load(0.01, Some(250e-6)), board, &SOUND, Hertz(1.0));
        let power = found.average_power.unwrap().value.0;
        assert_eq!((found.scope, found.under_one_milliwatt), (Scope::Listening, Verdict::No));
        assert!(power > 1e-3 && found.asleep_power.unwrap().value.0 < 0.3e-3, "{found:?}");
        assert_eq!(found.words, "over 1 mW with clocks and microphone on");
        assert!(found.sentence.contains("clocks and microphone on: over one milliwatt"), "{}", found.sentence);
        assert!(found.sentence.contains("Asleep between inferences it would be 0.2"), "{}", found.sentence);
        // The same figures without sound: asleep, and the sensor is named as missing.
        let quiet = budget(&load(0.01, Some(250e-6)), board, &QUIET, Hertz(1.0));
        assert_eq!(quiet.words, "under 1 mW asleep between inferences, without its sensor");
        assert!(quiet.sentence.contains("Not included: the sensor"), "{}", quiet.sentence);
    }
}

#[test]
fn features_of_the_sound_are_a_part_of_it_or_are_named_as_missing() {
    let board = find("nucleo-u385rg-q").unwrap();
    let power = Modelled { value: Watts(150e-6), low: Watts(60e-6), high: Watts(700e-6) };
    let around = Surroundings { sound: true, features: Some(Features { power, busy: 0.03 }) };
    let [with, without] = [around, SOUND].map(|around| budget(&load(0.01, Some(250e-6)), board, &around, Hertz(1.0)));
    let more = with.average_power.unwrap().value.0 - without.average_power.unwrap().value.0;
    let waiting = board.listening_power().unwrap().0;
    assert!((more - (150e-6 - 0.03 * waiting)).abs() < 1e-12, "{more}");
    assert!(
        !with.sentence.contains("features of the sound") && without.sentence.contains("and the features of the sound")
    );
}

#[test]
fn a_rate_that_is_too_high_is_a_no_with_the_most_that_works() {
    let board = find("gap9-650").unwrap();
    let found = budget(&load(0.0095, Some(1e-9)), board, &QUIET, Hertz(200.0));
    assert_eq!((found.under_one_milliwatt, found.average_power), (Verdict::No, None));
    assert_eq!(found.words, "cannot keep up: 105 a second is the most");
    assert_eq!(found.sentence, "Test cannot keep up with 200 inferences a second; 105 a second is the most");
}

#[test]
fn without_published_energy_nothing_is_claimed() {
    let budget = budget(&load(0.1, None), find("nucleo-h7a3zi-q").unwrap(), &QUIET, Hertz(1.0));
    assert_eq!(budget.under_one_milliwatt, Verdict::Unknown);
    assert_eq!((budget.average_power, budget.max_rate), (None, None));
    assert!(budget.words.contains("power unknown"));
}

#[test]
fn what_computing_alone_says_is_said_of_computing_alone() {
    let board = find("nucleo-l4r5zi").unwrap();
    let little = budget(&load(0.01, Some(100e-6)), board, &QUIET, Hertz(1.0));
    assert_eq!((little.scope, little.under_one_milliwatt), (Scope::Computing, Verdict::Partial));
    assert_eq!(little.words, "under 1 mW computing; sleep and sensor unknown");
    assert!(little.sentence.contains("Not included: waiting between inferences"), "{}", little.sentence);
    let much = budget(&load(0.01, Some(5e-3)), board, &QUIET, Hertz(1.0));
    assert_eq!(much.words, "over 1 mW by computing alone");
}

#[test]
fn listening_on_costs_what_the_streaming_benchmark_shows() {
    let board = find("nucleo-u575zi-q").unwrap();
    let budget = budget(&load(0.01, Some(100e-6)), board, &QUIET, Hertz(1.0));
    // 11.47 mW while busy 36 % of the time at about 23.5 mW leaves about 4.6 mW for waiting.
    let listening = budget.listening_power.unwrap().value.0 * 1e3;
    assert!((4.0..5.5).contains(&listening), "{listening} mW");
}

#[test]
fn numbers_have_three_digits() {
    assert_eq!([0.012345, 1.5, 12.0, 123.4, 1234.0].map(number), ["0.0123", "1.5", "12", "123", "1230"]);
    assert_eq!([9.996, 0.999_9].map(number), ["10", "1"]);
}
