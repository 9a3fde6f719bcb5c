use std::fmt::Write;

use super::*;
use crate::cost::device::{devices, find};

/// The table of the module's documentation, from the fits.
fn table() -> String {
    let mut text = String::from(
        "| device, runtime | | first rate | second rate | error on ad, ic, kws, vww when left out | `F` | band |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for device in devices() {
        for submission in device.submissions {
            let fit = fit(device, submission.precision).unwrap();
            let mut row = |what: &str, unit: f64, name: &str, rates: &Rates, band: Band| {
                let [first, second] = rates.rates.map(|rate| rate * unit);
                let error = |benchmark| {
                    let found = rates.held_out.iter().find(|(held, _)| *held == benchmark);
                    found.map_or("-".into(), |(_, error)| format!("{:+.1} %", 100.0 * error))
                };
                let errors = Benchmark::ALL.map(error).join(", ");
                let (runtime, factor) = (submission.runtime, rates.factor);
                let device = device.name;
                writeln!(
                    text,
                    "| {device}, {runtime} | {what} | {first:.3} {name} | {second:.3} {name} | {errors} | {factor:.2} | /{:.2} to x{:.2} |",
                    band.below,
                    band.above
                )
                .unwrap();
            };
            row("time", 1.0, "cycles", &fit.cycles, fit.time_band());
            if let Some(energy) = &fit.energy {
                row("energy", 1e12, "pJ", energy, fit.energy_band().unwrap());
            }
        }
    }
    text
}

#[test]
fn documented_table_is_what_the_measurements_give() {
    let table = table();
    assert!(include_str!("table.md") == table, "src/cost/fit/table.md should read:\n{table}");
}

#[test]
fn a_network_left_out_is_predicted_within_40_percent_everywhere() {
    for device in devices() {
        for submission in device.submissions {
            let fit = fit(device, submission.precision).unwrap();
            for rates in [Some(&fit.cycles), fit.energy.as_ref()].into_iter().flatten() {
                assert!(rates.factor < 1.40, "{}: {rates:?}", device.name);
                assert!(rates.rates.iter().all(|&rate| rate > 0.0), "{}: {rates:?}", device.name);
            }
        }
    }
}

#[test]
fn boards_with_the_same_core_and_runtime_need_the_same_cycles() {
    // Measured apart, at 160 and 96 MHz: a check of the data as much as of the fit.
    let [a, b] = ["nucleo-u575zi-q", "nucleo-u385rg-q"].map(|id| fit(find(id).unwrap(), Precision::Int8).unwrap());
    let [c, d] = ["gap9-650", "gap9-800"].map(|id| fit(find(id).unwrap(), Precision::Int8).unwrap());
    for (one, other) in [(a, b), (c, d)] {
        for (x, y) in one.cycles.rates.into_iter().zip(other.cycles.rates) {
            assert!((x / y - 1.0).abs() < 0.02, "{x} against {y}");
        }
    }
}

#[test]
fn every_network_left_out_and_every_result_elsewhere_is_in_the_band() {
    let (mut networks, mut elsewhere) = (0, 0);
    for device in devices() {
        for submission in device.submissions {
            let fit = fit(device, submission.precision).unwrap();
            for (rates, band) in [(Some(&fit.cycles), Some(fit.time_band())), (fit.energy.as_ref(), fit.energy_band())]
            {
                for (benchmark, error) in rates.iter().flat_map(|rates| &rates.held_out) {
                    let over = 1.0 / (1.0 + error);
                    let band = band.unwrap();
                    assert!(
                        over <= band.above + 1e-12 && 1.0 / over <= band.below + 1e-12,
                        "{}: {benchmark:?}",
                        device.name
                    );
                    networks += 1;
                }
            }
            let core = device.core.split(' ').next().unwrap();
            for row in elsewhere::rows().filter(|row| row.core == core && row.precision == submission.precision) {
                let (over, band) = (row.over(fit.cycles.rates), fit.time_band());
                assert!(over <= band.above && 1.0 / over <= band.below, "{} on {}: {over}", row.network, row.board);
                elsewhere += 1;
            }
        }
    }
    assert!(networks >= 55 && elsewhere >= 100, "{networks}, {elsewhere}");
}

#[test]
fn rates_that_would_be_negative_become_zero() {
    // Solved exactly, the second rate would be -1.
    let rates = least_squares(&[[1.0, 0.0], [2.0, 1.0]]);
    assert_eq!(rates[1], 0.0);
    assert!((rates[0] - 0.6).abs() < 1e-12);
}

#[test]
fn a_perfect_line_is_found_exactly() {
    let rates = least_squares(&[[0.5, 0.25], [0.25, 0.375], [0.0, 0.5]]);
    assert!((rates[0] - 1.0).abs() < 1e-12 && (rates[1] - 2.0).abs() < 1e-12, "{rates:?}");
}
