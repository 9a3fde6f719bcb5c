use super::*;

fn weights(count: usize, seed: u64) -> Vec<i8> {
    let mut random = Random::new(seed);
    (0..count).map(|_| (random.below(256) as i32 - 128) as i8).collect()
}

fn run(circuit: Circuit, seed: u64, depth: usize, rows: usize) -> (Vec<i64>, Vec<i64>, Seen) {
    let (outputs, positions) = (3, 4);
    let (w, x) = (weights(outputs * depth, 1), weights(positions * depth, 2));
    let x: Vec<i32> = x.iter().map(|&x| i32::from(x)).collect();
    let mut array = Array::new(&w, depth, outputs, rows, &Chip { circuit, seed }, None, [0, 0]);
    let (mut values, mut seen) = (vec![0; positions * outputs], Seen::default());
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
    let (values, exact, _) = run(circuit, seed, 200, 128);
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
fn every_flaw_by_itself_makes_an_error_and_more_of_it_a_larger_one() {
    let with = |change: &dyn Fn(&mut Circuit)| {
        let mut circuit = Circuit::ideal();
        change(&mut circuit);
        error(circuit, 3)
    };
    // Half a step is rounded away, so that a small mismatch does nothing to a short column of single bits.
    assert_eq!(with(&|c| c.mismatch_percent = 0.1), 0.0);
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
