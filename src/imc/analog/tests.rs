use super::*;
use crate::random::Random;

fn weights(count: usize, seed: u64) -> Vec<i8> {
    let mut random = Random::new(seed);
    (0..count).map(|_| (random.below(256) as i32 - 128) as i8).collect()
}

fn run(circuit: Circuit, seed: u64, depth: usize, rows: usize) -> (Vec<i64>, Vec<i64>, Seen) {
    read(circuit, seed, depth, rows, false)
}

/// Values, exact values, and what was seen; over ranges chosen on the same data, or whole columns.
fn read(circuit: Circuit, seed: u64, depth: usize, rows: usize, choose: bool) -> (Vec<i64>, Vec<i64>, Seen) {
    let (outputs, positions) = (3, 9);
    let (w, x) = (weights(outputs * depth, 1), weights(positions * depth, 2));
    let x: Vec<i32> = x.iter().map(|&x| i32::from(x)).collect();
    let mut seen = Seen::watching(&circuit, rows.min(depth));
    let quiet = Chip { circuit: circuit.quiet(), seed };
    let mut values = vec![0; positions * outputs];
    Array::new(&w, depth, outputs, rows, &quiet, None, [0, 0]).multiply(&x, positions, &mut values, &mut seen);
    let ranges = if choose { seen.best(&circuit) } else { None };
    let mut array = Array::new(&w, depth, outputs, rows, &Chip { circuit, seed }, ranges.as_ref(), [0, 0]);
    (values, seen) = (vec![0; positions * outputs], Seen::default());
    array.multiply(&x, positions, &mut values, &mut seen);
    let mut exact = vec![0i64; positions * outputs];
    for m in 0..positions {
        for n in 0..outputs {
            exact[m * outputs + n] =
                (0..depth).map(|k| i64::from(x[m * depth + k]) * i64::from(w[n * depth + k])).sum();
        }
    }
    (values, exact, seen)
}

fn error(circuit: Circuit, seed: u64) -> f64 {
    off(circuit, seed, false)
}

fn off(circuit: Circuit, seed: u64, choose: bool) -> f64 {
    let (values, exact, _) = read(circuit, seed, 200, 128, choose);
    let square: f64 = values.iter().zip(&exact).map(|(a, b)| ((a - b) * (a - b)) as f64).sum();
    libm::sqrt(square / values.len() as f64)
}

#[test]
fn without_a_flaw_and_with_enough_levels_the_product_is_exact() {
    for depth in [1, 7, 64, 200] {
        let (values, exact, seen) = run(Circuit::ideal(), 1, depth, 128);
        assert_eq!(values, exact, "depth {depth}");
        assert_eq!(seen.clipped, 0);
    }
}

#[test]
fn chosen_ranges_with_a_level_for_every_unit_lose_nothing() {
    // 8 bits over the charges that occur, where whole columns would need 9 or more.
    for (adc_bits, dac_bits) in [(8, 1), (11, 4)] {
        let circuit = Circuit { adc_bits, dac_bits, ..Circuit::ideal() };
        let (values, exact, seen) = read(circuit, 1, 200, 128, true);
        assert_eq!((values, seen.clipped), (exact, 0), "{adc_bits} bits");
    }
}

#[test]
fn finer_converters_never_make_a_larger_error() {
    let with = |adc_bits: u32, choose| {
        // Only what a converter does: capacitors and charges of the cells leave an error that no converter takes away.
        let circuit = Circuit { adc_bits, mismatch_percent: 0.0, thermal: false, ..Circuit::default() };
        off(circuit, 3, choose)
    };
    for choose in [false, true] {
        let errors: Vec<f64> = (2..=12).map(|bits| with(bits, choose)).collect();
        assert!(errors.windows(2).all(|pair| pair[1] < pair[0]), "ranges chosen {choose}: {errors:?}");
        let all: Vec<f64> =
            (2..=14).map(|adc_bits| off(Circuit { adc_bits, ..Circuit::default() }, 3, choose)).collect();
        // With the cells' own flaws the error falls to what they leave, and stays there.
        assert!(all.windows(2).all(|pair| pair[1] < 1.1 * pair[0]) && all[12] < 0.1 * all[0], "{all:?}");
    }
}

#[test]
fn ranges_of_each_bit_and_slice_err_less_than_whole_columns() {
    for adc_bits in 3..=9 {
        let circuit = Circuit { adc_bits, ..Circuit::default() };
        assert!(off(circuit.clone(), 3, true) < off(circuit, 3, false), "{adc_bits} bits");
    }
}

#[test]
fn every_flaw_by_itself_makes_an_error_and_more_of_it_a_larger_one() {
    let with = |change: &dyn Fn(&mut Circuit)| {
        let mut circuit = Circuit::ideal();
        change(&mut circuit);
        error(circuit, 3)
    };
    // With steps of one unit, half a step is rounded away, so that a small mismatch does nothing to a short column of single
    // bits; finer steps see it.
    assert_eq!(with(&|c| (c.mismatch_percent, c.adc_bits) = (0.1, 8)), 0.0);
    assert!(with(&|c| c.mismatch_percent = 0.1) > 0.0);
    assert!(with(&|c| c.mismatch_percent = 40.0) > with(&|c| c.mismatch_percent = 10.0));
    assert!(with(&|c| c.mismatch_percent = 10.0) > 0.0);
    assert!(with(&|c| c.adc_noise = 2.0) > with(&|c| c.adc_noise = 0.5));
    assert!(with(&|c| c.adc_bits = 4) > with(&|c| c.adc_bits = 6));
    assert!(with(&|c| c.adc_mismatch = 1.0) > 0.0);
    let thermal = |unit_ff: f64| with(&|c| (c.thermal, c.unit_ff) = (true, unit_ff));
    assert!(thermal(0.05) > thermal(5.0));
}

#[test]
fn a_chip_is_the_same_every_time_and_another_chip_is_another() {
    let circuit = Circuit::default();
    assert_eq!(run(circuit.clone(), 5, 100, 64).0, run(circuit.clone(), 5, 100, 64).0);
    assert_ne!(run(circuit.clone(), 5, 100, 64).0, run(circuit, 6, 100, 64).0);
}

#[test]
fn charge_noise_at_one_picofarad_is_64_microvolts() {
    assert!((libm::sqrt(KT / 1e-12) * 1e6 - 64.0).abs() < 1.0);
    assert!(Circuit { adc_bits: 0, ..Circuit::default() }.check().is_err() && Circuit::default().check().is_ok());
}

#[test]
fn larger_capacitors_take_more_energy_as_they_get_quieter() {
    let of = |unit_ff: f64| Circuit { unit_ff, ..Circuit::default() };
    let (small, large) = (of(1.2), of(12.0));
    assert!(large.thermal(256.0) < 0.33 * small.thermal(256.0));
    // 256 cells of 1.2 fF, three tenths more and 2.04 fF of parasitics, at 0.8 V.
    assert!((small.charging(256).0 - 401.4e-15 * 0.64).abs() < 1e-16, "{:?}", small.charging(256));
    assert!(large.charging(256).0 > 9.8 * small.charging(256).0 && large.converting() == small.converting());
}
