use super::*;

fn level(samples: &[f32]) -> f64 {
    let power = samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / samples.len() as f64;
    10.0 * libm::log10(power)
}

#[test]
fn clips_are_neither_silent_nor_distorted() {
    for clip in test_set(5, 12, 24) {
        assert_eq!(clip.samples.len(), CLIP_SAMPLES);
        let level = level(&clip.samples);
        assert!((-40.0..-10.0).contains(&level), "{}: {level} dB", clip.name);
        let clipped = clip.samples.iter().filter(|sample| sample.abs() >= 1.0).count();
        // A hard thump may overload the microphone for an instant, as it would a real one.
        assert!(clipped <= 8, "{}: {clipped} samples at full scale", clip.name);
    }
}

#[test]
fn a_set_is_named_by_its_seed_and_labelled() {
    let set = test_set(3, 2, 7);
    assert_eq!(set, test_set(3, 2, 7));
    assert_ne!(set[0].samples, test_set(4, 2, 7)[0].samples);
    assert_eq!(set.iter().map(|clip| clip.label.unwrap()).collect::<Vec<_>>(), [0, 0, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(set[2].name, "anomalous 001 bearing-impacts");
    // Seven faulty clips: after the six kinds the first comes again.
    assert_eq!(set[8].name, "anomalous 007 bearing-impacts");
}

#[test]
fn every_fault_changes_the_sound_and_more_so_the_stronger_it_is() {
    let seed = 11;
    let healthy = clip(seed, Condition::Normal);
    for kind in FAULTS {
        let distance = |strength: f64| {
            let faulty = clip(seed, Condition::Faulty(kind.fault, strength));
            let difference: Vec<f32> = faulty.iter().zip(&healthy).map(|(a, b)| a - b).collect();
            level(&difference)
        };
        assert!(distance(1.0) > -60.0, "{}: a difference of {} dB", kind.name, distance(1.0));
        assert!(distance(1.0) > distance(0.1), "{}", kind.name);
        assert_eq!(distance(0.0), f64::NEG_INFINITY, "{}: strength 0 is healthy", kind.name);
    }
}

#[test]
fn multiples_of_an_angle_are_those_of_the_sine() {
    let lines = vec![(0.5, 0.0), (0.0, 0.25), (0.1, -0.2)];
    let expected =
        |x: f64| 0.5 * libm::sin(x) + 0.25 * libm::cos(2.0 * x) + 0.1 * libm::sin(3.0 * x) - 0.2 * libm::cos(3.0 * x);
    for x in [0.0, 0.3, 2.0, 6.0] {
        assert!((lines_at(&lines, x) - expected(x)).abs() < 1e-12);
    }
}
