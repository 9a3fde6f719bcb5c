use super::*;
use crate::cost::device::find;
use crate::units::{Joules, Seconds};

fn an_estimate(latency: f64, energy: Option<f64>) -> Estimate {
    let band = |value: f64| (value, value / 1.25, value * 1.25);
    let ((t, t_low, t_high), energy) = (band(latency), energy.map(band));
    Estimate {
        device: "test",
        runtime: "test",
        latency: Modelled { value: Seconds(t), low: Seconds(t_low), high: Seconds(t_high) },
        energy: energy.map(|(e, low, high)| Modelled { value: Joules(e), low: Joules(low), high: Joules(high) }),
        nodes: vec![],
        published: None,
        basis: String::new(),
    }
}

#[test]
fn power_is_energy_times_rate_and_waiting() {
    let board = find("nucleo-u385rg-q").unwrap();
    let budget = budget(&an_estimate(0.05, Some(250e-6)), board, Hertz(2.0));
    let expected = 500e-6 + 4.5e-6 * 3.3 * 0.9;
    assert!((budget.average_power.unwrap().value.0 - expected).abs() < 1e-12);
    assert_eq!(budget.under_one_milliwatt, Verdict::Yes);
    // At the highest rate the power is one milliwatt.
    let max = budget.max_rate.unwrap();
    let there = super::budget(&an_estimate(0.05, Some(250e-6)), board, max.value).average_power.unwrap();
    assert!((there.value.0 - 1e-3).abs() < 1e-9);
    assert!(max.low.0 < max.value.0 && max.value.0 < max.high.0);
}

#[test]
fn a_band_across_the_line_is_borderline() {
    let board = find("nucleo-u385rg-q").unwrap();
    let verdict = |rate| budget(&an_estimate(0.01, Some(250e-6)), board, Hertz(rate)).under_one_milliwatt;
    assert_eq!(verdict(3.0), Verdict::Yes);
    assert_eq!(verdict(3.9), Verdict::Borderline);
    assert_eq!(verdict(4.3), Verdict::Borderline);
    assert_eq!(verdict(6.0), Verdict::No);
}

#[test]
fn a_rate_that_is_too_high_is_a_no_with_the_most_that_works() {
    let budget = budget(&an_estimate(0.1, Some(1e-9)), find("gap9-650").unwrap(), Hertz(20.0));
    assert_eq!(budget.under_one_milliwatt, Verdict::No);
    assert_eq!(budget.sentence, "Cannot keep up with 20 inferences a second; 10 is the most");
}

#[test]
fn without_published_energy_nothing_is_claimed() {
    let budget = budget(&an_estimate(0.1, None), find("nucleo-h7a3zi-q").unwrap(), Hertz(1.0));
    assert_eq!(budget.under_one_milliwatt, Verdict::Unknown);
    assert_eq!((budget.average_power, budget.max_rate), (None, None));
}

#[test]
fn unknown_waiting_power_is_admitted() {
    let budget = budget(&an_estimate(0.01, Some(100e-6)), find("nucleo-l4r5zi").unwrap(), Hertz(1.0));
    assert!(budget.sentence.contains("not included"), "{}", budget.sentence);
    assert_eq!(budget.stop_power, None);
}

#[test]
fn listening_on_costs_what_the_streaming_benchmark_shows() {
    let board = find("nucleo-u575zi-q").unwrap();
    let budget = budget(&an_estimate(0.01, Some(100e-6)), board, Hertz(1.0));
    // 11.47 mW while busy 36 % of the time at about 23.5 mW leaves about 4.6 mW for waiting.
    let listening = budget.listening_power.unwrap().value.0 * 1e3;
    assert!((4.0..5.5).contains(&listening), "{listening} mW");
}

#[test]
fn numbers_have_three_digits() {
    assert_eq!([0.012345, 1.5, 12.0, 123.4, 1234.0].map(number), ["0.0123", "1.5", "12", "123", "1230"]);
}
