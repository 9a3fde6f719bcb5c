use super::*;
use crate::cost::device::{devices, find};
use crate::cost::published::Benchmark;

#[test]
fn every_line_of_the_table_is_a_result_with_a_source() {
    assert_eq!(rows().count(), TABLE.lines().count() - 1);
    for row in rows() {
        assert!(!row.source.is_empty() && row.cycles > 0.0 && row.macs > 0.0, "{row:?}");
    }
}

#[test]
fn reference_networks_have_the_counts_that_models_get() {
    let mut checked = 0;
    for row in rows() {
        let Some(benchmark) = Benchmark::ALL.into_iter().find(|benchmark| benchmark.short() == row.network) else {
            continue;
        };
        let (macs, written) =
            benchmark.layers().iter().map(work).fold((0.0, 0.0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
        assert_eq!((row.macs, row.written), (macs, Some(written)), "{}", row.network);
        checked += 1;
    }
    assert!(checked >= 12, "only {checked}");
}

#[test]
fn results_on_the_chip_itself_come_first() {
    for id in ["nucleo-l4r5zi", "nucleo-l4r5zi-p"] {
        let found = rates(find(id).unwrap()).unwrap();
        assert!(found.same_chip && found.networks == 4, "{id}: {found:?}");
    }
    for id in ["nucleo-u575zi-q", "nucleo-u385rg-q", "nucleo-h7a3zi-q"] {
        assert!(!rates(find(id).unwrap()).unwrap().same_chip, "{id}");
    }
    assert_eq!(rates(find("gap9-650").unwrap()), None);
}

#[test]
fn every_network_left_out_is_in_the_band_and_the_band_is_of_use() {
    for device in devices() {
        let Some(rates) = rates(device) else { continue };
        assert!((1.0..2.1).contains(&rates.factor), "{}: {rates:?}", device.name);
    }
}

#[test]
fn a_board_that_no_fit_has_seen_is_in_the_band() {
    // EK-RA6M4, Cortex-M33 at 200 MHz, MLPerf Tiny 0.7; its runtime is not named.
    let scores = crate::cost::scoreboard::scores().unwrap();
    let rates = rates(find("nucleo-u575zi-q").unwrap()).unwrap();
    let mut checked = 0;
    for score in scores.iter().filter(|score| score.system.contains("RA6M4") && score.benchmark < 4) {
        let (macs, written) = Benchmark::ALL[score.benchmark]
            .layers()
            .iter()
            .map(work)
            .fold((0.0, 0.0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
        let measured = score.latency.unwrap().0 * 200e6;
        let ratio = (rates.rates[0] * macs + rates.rates[1] * written) / measured;
        assert!(ratio < rates.factor && 1.0 / ratio < rates.factor, "{ratio} against {}", rates.factor);
        checked += 1;
    }
    assert_eq!(checked, 4);
}

#[test]
fn energy_with_tflm_is_its_time_at_the_power_of_the_board() {
    // Round 0.5 measured 416.312, 29207, 7373.7 and 24312.6 uJ in these milliseconds.
    let power = find("nucleo-l4r5zi").unwrap().active_power().unwrap();
    for (ms, microjoules) in [(10.0516, 416.312), (704.225, 29207.0), (181.917, 7373.7), (600.601, 24312.6)] {
        let ratio = ms * 1e-3 * power.value.0 / (microjoules * 1e-6);
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }
}
