//! Loudness and true peak on the signals that EBU Tech 3341 and 3342 describe, made here from their descriptions.
//!
//! Cases 7 and 8 are broadcasts, 20 to 23 are recordings of single peaks; neither can be made from words.
//!
//! *Source*: EBU Tech 3341 (2023), table 1, and Tech 3342, as their synthetic cases are restated in the tests of the
//! open loudness meters libebur128 and bs1770.

use std::f64::consts::TAU;

use milliwatt::audio::normalize::loudness::{self, MOMENTARY, SHORT_TERM};
use milliwatt::audio::normalize::{normalizer, true_peak};

const STEREO: [f32; 2] = [1.0, 1.0];

/// Seconds at a level in dBFS; `None` is silence.
type Passage = (f64, Option<f64>);

/// A 1 kHz sine, passage after passage; the phase runs on.
fn sine(rate: u32, passages: &[Passage]) -> Vec<f32> {
    let mut samples = vec![];
    for &(seconds, level) in passages {
        let amplitude = level.map_or(0.0, |level| libm::pow(10.0, level / 20.0));
        let end = samples.len() + libm::round(seconds * f64::from(rate)) as usize;
        for n in samples.len()..end {
            samples.push((amplitude * libm::sin(TAU * 1000.0 * n as f64 / f64::from(rate))) as f32);
        }
    }
    samples
}

fn near(got: Option<f64>, expected: f64, what: &str) {
    let got = got.unwrap();
    assert!((got - expected).abs() <= 0.1, "{what}: {got:.3} instead of {expected}");
}

#[test]
fn integrated_loudness_of_ebu_tech_3341_cases_1_to_5_is_within_a_tenth() {
    let cases: [(&[Passage], f64); 5] = [
        (&[(20.0, Some(-23.0))], -23.0),
        (&[(20.0, Some(-33.0))], -33.0),
        (&[(10.0, Some(-36.0)), (60.0, Some(-23.0)), (10.0, Some(-36.0))], -23.0),
        (
            &[(10.0, Some(-72.0)), (10.0, Some(-36.0)), (60.0, Some(-23.0)), (10.0, Some(-36.0)), (10.0, Some(-72.0))],
            -23.0,
        ),
        (&[(20.0, Some(-26.0)), (20.1, Some(-20.0)), (20.0, Some(-26.0))], -23.0),
    ];
    for rate in [16_000, 44_100, 48_000] {
        for (case, (passages, expected)) in cases.iter().enumerate() {
            let channel = sine(rate, passages);
            let got = loudness::integrated(&[&channel, &channel], &STEREO, rate).unwrap();
            near(got, *expected, &format!("case {} at {rate} Hz", case + 1));
        }
    }
    // One channel alone has half the power.
    let channel = sine(48_000, cases[0].0);
    near(loudness::integrated(&[&channel], &[1.0], 48_000).unwrap(), -26.01, "case 1 in mono");
}

#[test]
fn integrated_loudness_of_ebu_tech_3341_case_6_weighs_the_surround_channels() {
    let channels = [-28.0, -28.0, -24.0, -30.0, -30.0].map(|level| sine(48_000, &[(20.0, Some(level))]));
    let slices: Vec<&[f32]> = channels.iter().map(|channel| &channel[..]).collect();
    near(loudness::integrated(&slices, &[1.0, 1.0, 1.0, 1.41, 1.41], 48_000).unwrap(), -23.0, "case 6");
}

#[test]
fn short_term_and_momentary_loudness_of_cases_9_and_12_are_constant_once_their_window_is_full() {
    for (case, passages, times, window, after) in [
        (9, [(1.34, Some(-20.0)), (1.66, Some(-30.0))], 5, SHORT_TERM, 0),
        (12, [(0.18, Some(-20.0)), (0.22, Some(-30.0))], 25, MOMENTARY, 30),
    ] {
        let channel = sine(48_000, &passages.repeat(times));
        let got = loudness::sliding(&[&channel, &channel], &STEREO, 48_000, window).unwrap();
        assert!(got.len() > after + 100);
        got[after..].iter().for_each(|&loudness| near(loudness, -23.0, &format!("case {case}")));
    }
}

#[test]
fn the_highest_short_term_and_momentary_loudness_of_cases_10_11_13_and_14_is_that_of_the_tone() {
    for (cases, tone, offset, window) in [((10, 11), 3.0, 0.15, SHORT_TERM), ((13, 14), 0.4, 0.02, MOMENTARY)] {
        for segment in 0..20 {
            let silence = offset * f64::from(segment);
            for (case, level) in [(cases.0, -23.0), (cases.1, -38.0 + f64::from(segment))] {
                let channel = sine(48_000, &[(silence, None), (tone, Some(level)), (1.0, None)]);
                let got = loudness::sliding(&[&channel, &channel], &STEREO, 48_000, window).unwrap();
                let highest = got.into_iter().flatten().fold(f64::MIN, f64::max);
                near(Some(highest), level, &format!("case {case}, segment {segment}"));
            }
        }
    }
}

#[test]
fn true_peak_of_cases_15_to_19_is_within_the_tolerance() {
    for (case, part, phase, amplitude, expected) in [
        (15, 4.0, 0.0, 0.5, -6.0),
        (16, 4.0, 45.0, 0.5, -6.0),
        (17, 6.0, 60.0, 0.5, -6.0),
        (18, 8.0, 67.5, 0.5, -6.0),
        (19, 4.0, 45.0, 1.41, 3.0),
    ] {
        let wave = |n: usize| {
            // Faded in and out over 10 ms: a tone that begins at its height has a higher peak, truly.
            let fade = (n.min(47_999 - n) as f64 / 480.0).min(1.0);
            (amplitude * fade * libm::sin(TAU * (n as f64 / part + phase / 360.0))) as f32
        };
        let samples: Vec<f32> = (0..48_000).map(wave).collect();
        let got = 20.0 * libm::log10(f64::from(true_peak::of(&samples)));
        assert!((expected - 0.4..=expected + 0.2).contains(&got), "case {case}: {got:.3} dBTP instead of {expected}");
    }
}

#[test]
fn loudness_range_of_ebu_tech_3342_cases_1_to_4_is_within_one() {
    for (case, levels, expected) in [
        (1, &[-20.0, -30.0][..], 10.0),
        (2, &[-20.0, -15.0], 5.0),
        (3, &[-40.0, -20.0], 20.0),
        (4, &[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ] {
        let passages: Vec<Passage> = levels.iter().map(|&level| (20.0, Some(level))).collect();
        let channel = sine(48_000, &passages);
        let got = loudness::range(&[&channel, &channel], &STEREO, 48_000).unwrap().unwrap();
        assert!((got - expected).abs() <= 1.0, "case {case}: {got:.2} instead of {expected}");
    }
}

#[test]
fn momentary_loudness_bit_by_bit_is_that_of_the_whole_clip() {
    for rate in [11_025, 16_000, 48_000] {
        let channel = sine(rate, &[(0.7, Some(-20.0)), (0.5, Some(-40.0)), (0.3, None)]);
        let whole = loudness::sliding(&[&channel], &[1.0], rate, MOMENTARY).unwrap();
        let mut meter = loudness::Meter::<f32>::new(rate, MOMENTARY);
        let bits: Vec<Option<f64>> =
            channel.iter().filter_map(|&x| meter.step(x)).map(|power| loudness::lufs(f64::from(power))).collect();
        assert!(!whole.is_empty());
        assert_eq!(bits, whole, "{rate} Hz");
    }
}

#[test]
fn a_clip_is_brought_to_the_target_unless_its_true_peak_would_be_too_high() {
    let row = normalizer("loudness").unwrap();
    let mut settings = row.defaults();
    let quiet = sine(16_000, &[(2.0, Some(-40.0))]);
    let got = row.clip(&quiet, 16_000, &settings).unwrap();
    near(loudness::integrated(&[&got.samples], &[1.0], 16_000).unwrap(), -23.0, "the target");
    // A tone of -5 LUFS has its peak 3 dB higher, which is too high.
    settings.set("target", "-1").unwrap();
    let got = row.clip(&quiet, 16_000, &settings).unwrap();
    let peak = 20.0 * libm::log10(f64::from(true_peak::of(&got.samples)));
    assert!((peak + 1.0).abs() < 0.01, "{peak} dBTP instead of -1");
    // Less than one block of 400 ms cannot be measured and stays.
    let short = row.clip(&quiet[..6_000], 16_000, &settings).unwrap();
    assert!(short.silent);
    assert_eq!(short.samples, quiet[..6_000]);
}

#[test]
fn a_stream_comes_to_the_target_and_keeps_its_gain_in_pauses() {
    let row = normalizer("loudness").unwrap();
    let samples = sine(16_000, &[(2.0, Some(-40.0)), (1.0, None), (0.1, Some(-40.0))]);
    let mut got = vec![];
    row.stream(16_000, &row.defaults()).unwrap().push(&samples, &mut got);
    assert_eq!(got[..6_000], samples[..6_000], "before the first window is full nothing is known");
    near(loudness::integrated(&[&got[16_000..32_000]], &[1.0], 16_000).unwrap(), -23.0, "the stream");
    let gain = got[31_003] / samples[31_003];
    let after = got[48_003] / samples[48_003];
    // At the edge of the pause the window still falls, and the gain rises until it passes the gate.
    assert!(after >= gain, "{after} after the pause, {gain} before");
}

#[test]
fn channels_that_do_not_match_are_an_error() {
    assert!(loudness::integrated(&[&[0.0; 10], &[0.0; 9]], &STEREO, 48_000).is_err());
    assert!(loudness::integrated(&[&[0.0; 10]], &STEREO, 48_000).is_err());
    assert!(loudness::integrated(&[&[0.0; 10]], &[1.0], 1).is_err());
    assert_eq!(loudness::integrated(&[], &[], 48_000).unwrap(), None);
}
