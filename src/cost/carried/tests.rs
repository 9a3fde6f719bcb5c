use super::*;
use crate::cost::device::{devices, find};

#[test]
fn float_results_left_out_are_predicted_within_a_fifth() {
    let held_out = held_out(&known()).unwrap();
    assert!((1.15..1.20).contains(&held_out), "the module's documentation says 18 %, here {held_out}");
}

#[test]
fn without_the_int8_ratio_cores_differ_by_a_factor_of_two() {
    let known = known();
    let of = |board: &str, benchmark| {
        known.iter().find(|known| known.float && known.board == board && known.benchmark == benchmark).unwrap().cycles
    };
    let ratio =
        of("CY8CPROTO-062", Benchmark::ImageClassification) / of("NUCLEO-H7A3ZI", Benchmark::ImageClassification);
    assert!((2.0..2.2).contains(&ratio), "{ratio}");
}

#[test]
fn every_cortex_board_without_float_results_gets_some_and_no_accelerator_does() {
    for device in devices() {
        let carried = carried(device);
        assert_eq!(carried.is_some(), device.core.starts_with("Cortex-M"), "{}", device.name);
        if let Some(carried) = carried {
            assert!(carried.cycles.rates.iter().all(|&rate| rate > 0.0), "{}: {carried:?}", device.name);
            assert!(carried.band.above >= carried.held_out && carried.band.above < 2.6, "{}: {carried:?}", device.name);
        }
    }
}

#[test]
fn float_results_of_other_runtimes_are_in_the_band() {
    let mut checked = 0;
    for row in elsewhere::rows().filter(|row| row.precision == Precision::Float32) {
        for device in devices().iter().filter(|device| device.core.split(' ').next() == Some(row.core)) {
            let Some(carried) = carried(device) else { continue };
            let over = row.over(carried.cycles.rates);
            assert!(
                over <= carried.band.above && 1.0 / over <= carried.band.below,
                "{} on {}",
                row.network,
                device.name
            );
            checked += 1;
        }
    }
    assert!(checked >= 3, "{checked}");
}

#[test]
fn boards_that_stand_in_for_each_other_run_at_their_own_clock() {
    let [one, other] = ["nucleo-u575zi-q", "nucleo-u385rg-q"].map(|id| carried(find(id).unwrap()).unwrap());
    assert_eq!(one.cycles, other.cycles);
}
