//! Normalizers: what they do to the sounds that they break on, and the same whether heard at once or bit by bit.

use milliwatt::audio::normalize::option::Settings;
use milliwatt::audio::normalize::{Domain, NORMALIZERS, Normalized, Normalizer, Stream, normalizer};
use milliwatt::error::Kind;
use proptest::prelude::*;

const RATE: u32 = 16_000;

fn settings(name: &str, options: &[(&str, &str)]) -> Settings {
    let mut settings = normalizer(name).unwrap().defaults();
    options.iter().for_each(|(name, value)| settings.set(name, value).unwrap());
    settings
}

fn clip(name: &str, samples: &[f32], options: &[(&str, &str)]) -> Normalized<f32> {
    normalizer(name).unwrap().clip(samples, RATE, &settings(name, options)).unwrap()
}

fn fixed(name: &str, samples: &[i16], options: &[(&str, &str)]) -> Normalized<i16> {
    normalizer(name).unwrap().clip_fixed(samples, RATE, &settings(name, options)).unwrap()
}

fn largest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()))
}

fn tone(n: usize, amplitude: f32) -> Vec<f32> {
    (0..n).map(|n| amplitude * libm::sinf(n as f32 * 0.17)).collect()
}

fn all_at_once<S>(stream: &mut dyn Stream<S>, input: &[S]) -> Vec<S> {
    let mut out = vec![];
    stream.push(input, &mut out);
    stream.finish(&mut out);
    out
}

// The traps.

#[test]
fn a_clip_whose_peak_is_negative_stays_within_full_scale_unless_the_quirk_is_asked_for() {
    let samples = [0.25, -0.5, 0.1];
    assert_eq!(clip("peak", &samples, &[]).samples, [0.5, -1.0, 0.2]);
    // The reference divides by the largest signed sample.
    assert_eq!(clip("peak", &samples, &[("divisor", "signed")]).samples, [1.0, -2.0, 0.4]);
}

#[test]
fn silence_stays_silence_and_is_called_so() {
    for row in NORMALIZERS.iter().filter(|row| row.domain == Domain::Samples) {
        let silent = row.clip(&[0.0; 16_000], RATE, &row.defaults()).unwrap();
        assert!(silent.samples.iter().all(|&x| x == 0.0), "{}", row.name);
        assert_eq!(silent.silent, matches!(row.name, "peak" | "rms" | "loudness"), "{}", row.name);
        let mut stream = row.stream(RATE, &row.defaults()).unwrap();
        assert!(all_at_once(stream.as_mut(), &[0.0; 16_000]).iter().all(|&x| x == 0.0), "{}", row.name);
        if row.fixed {
            assert_eq!(row.clip_fixed(&[0; 100], RATE, &row.defaults()).unwrap().samples, [0; 100], "{}", row.name);
        }
    }
}

#[test]
fn near_silence_is_not_blown_up_to_full_scale() {
    // Noise of -80 dBFS below a floor of -60 dBFS: 60 dB of gain and no more.
    for method in ["peak", "rms"] {
        let quiet = clip(method, &tone(16_000, 1e-4), &[("target", "0")]);
        assert!(quiet.silent);
        assert!((quiet.gain - 1000.0).abs() < 0.01, "{method}: {}", quiet.gain);
        assert!(largest(&quiet.samples) < 0.1001);
    }
}

#[test]
fn one_click_sets_the_peaks_gain_but_not_the_percentiles() {
    let mut samples = tone(16_000, 0.05);
    samples[8_000] = 1.0;
    let peak = clip("peak", &samples, &[]);
    assert_eq!(peak.gain, 1.0);
    assert!(largest(&peak.samples[..8_000]) <= 0.05, "the speech stays as quiet as it was");
    let percentile = clip("peak", &samples, &[("percentile", "99.9")]);
    assert!((percentile.gain - 20.0).abs() < 0.01, "{}", percentile.gain);
    // A thousandth of the samples may lie above the percentile: the click, far above, and the tips of the tone.
    assert!((1..=16).contains(&percentile.clipped), "{}", percentile.clipped);
    assert_eq!(percentile.samples[8_000], 1.0);
}

#[test]
fn a_constant_shifts_the_peak_unless_the_mean_is_removed_first() {
    let samples: Vec<f32> = tone(16_000, 0.2).iter().map(|x| x + 0.3).collect();
    let with = clip("peak", &samples, &[]);
    let swing = |samples: &[f32]| {
        samples.iter().fold(f32::MIN, |a, &b| a.max(b)) - samples.iter().fold(f32::MAX, |a, &b| a.min(b))
    };
    assert!((swing(&with.samples) - 0.8).abs() < 1e-3);
    let without = clip("peak", &samples, &[("dc", "true")]);
    assert!((swing(&without.samples) - 2.0).abs() < 2e-3, "{}", swing(&without.samples));
    assert_eq!(clip("dc", &samples, &[]).samples.len(), 16_000);
}

#[test]
fn rms_reaches_its_target_and_cuts_what_is_beyond_the_limit() {
    let rms = |samples: &[f32]| (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt();
    let quiet = clip("rms", &tone(16_000, 0.01), &[]);
    assert!((rms(&quiet.samples) - 0.1).abs() < 1e-4, "-20 dBFS is 0.1, not {}", rms(&quiet.samples));
    let loud = clip("rms", &tone(16_000, 0.5), &[("target", "-1"), ("limit", "-6")]);
    assert!(loud.clipped > 1000);
    assert!((largest(&loud.samples) - 0.501_187).abs() < 1e-5);
}

#[test]
fn a_method_or_a_value_that_does_not_fit_is_an_error_sentence() {
    let error = |name: &str, samples: &[f32], rate| {
        let row = normalizer(name).unwrap();
        row.clip(samples, rate, &row.defaults()).unwrap_err()
    };
    assert_eq!(error("pcen", &[0.1], RATE).message(), "pcen acts on the energies of bands, not on samples");
    assert_eq!(error("peak", &[], RATE).message(), "the clip has no samples");
    assert_eq!(error("peak", &[0.0, f32::NAN], RATE).kind(), Kind::Numeric);
    assert_eq!(error("peak", &[0.0], 0).kind(), Kind::Parameter);
    assert_eq!(error("peak", &vec![0.0; 61 * 2_000], 2_000).kind(), Kind::Limits);
    assert!(normalizer("agc").unwrap_err().message().contains("none, dc, peak, rms, loudness, pcen, pcan, statistics"));
    let loudness = normalizer("loudness").unwrap();
    let fixed = loudness.clip_fixed(&[1], RATE, &loudness.defaults()).unwrap_err();
    assert_eq!(fixed.message(), "loudness is not computed in fixed point; none, dc, peak, rms are");
    let pcan = normalizer("pcan").unwrap();
    assert_eq!(pcan.band_stream(40, 50.0, &pcan.defaults()).err().unwrap().kind(), Kind::Unsupported);
    let pcen = normalizer("pcen").unwrap();
    assert_eq!(pcen.bands(&[1.0, -1.0], 2, 50.0, &pcen.defaults()).unwrap_err().kind(), Kind::Numeric);
    assert_eq!(pcen.bands(&[1.0; 3], 2, 50.0, &pcen.defaults()).unwrap_err().kind(), Kind::Parameter);
}

// Fixed point.

#[test]
fn fixed_point_peak_is_within_one_step_of_the_exact_fraction() {
    let mut next = 7u32;
    let mut noise = |n: usize, scale: f64| -> Vec<i16> {
        (0..n)
            .map(|_| {
                next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((f64::from(next >> 16) - 32_768.0) * scale) as i16
            })
            .collect()
    };
    let mut impulse = vec![0i16; 100];
    impulse[50] = -20_000;
    let clips = [
        vec![i16::MIN, i16::MAX, 0, 1, -1],
        vec![i16::MIN; 10],
        vec![0; 10],
        vec![5_000; 100],
        impulse,
        noise(5_000, 1.0),
        noise(5_000, 0.01),
        noise(5_000, 0.0005),
    ];
    let row = normalizer("peak").unwrap();
    for (decibels, target) in [("0", 32_768i64), ("-6", 16_423), ("-20", 3_277)] {
        let settings = settings("peak", &[("target", decibels)]);
        for samples in &clips {
            let got = row.clip_fixed(samples, RATE, &settings).unwrap();
            let peak = samples.iter().map(|&x| i64::from(x).abs()).max().unwrap();
            // The floor of -60 dBFS is 33 steps.
            let divisor = peak.max(33);
            for (&y, &x) in got.samples.iter().zip(samples) {
                // |y - x * target / divisor| <= 1, in whole numbers.
                let error = (i64::from(y) * divisor - i64::from(x) * target).abs();
                assert!(error <= divisor, "{x} became {y} at {target} / {divisor}");
            }
            assert_eq!(got.silent, peak <= 33);
        }
    }
}

#[test]
fn the_most_negative_sample_does_not_overflow() {
    let loudest = fixed("peak", &[i16::MIN, 16_384], &[]);
    assert_eq!(loudest.samples, [i16::MIN, 16_384]);
    assert_eq!(loudest.gain, 1.0);
    // What would be +32768 is saturated.
    assert_eq!(fixed("peak", &[16_384, -16_384], &[]).samples, [i16::MAX, i16::MIN]);
    assert_eq!(fixed("peak", &[i16::MIN, i16::MIN], &[("percentile", "50")]).gain, 1.0);
    assert_eq!(fixed("dc", &[i16::MIN, i16::MAX], &[]).samples, [i16::MIN, i16::MAX]);
    assert_eq!(fixed("rms", &[i16::MIN; 4], &[("target", "0")]).samples, [i16::MIN; 4]);
}

#[test]
fn fixed_point_follows_floating_point() {
    let samples: Vec<i16> = tone(16_000, 0.2).iter().map(|x| (x * 32_768.0) as i16 + 1000).collect();
    let real: Vec<f32> = samples.iter().map(|&x| f32::from(x) / 32_768.0).collect();
    for (name, options) in [
        ("none", &[][..]),
        ("dc", &[]),
        ("peak", &[("dc", "true")]),
        ("peak", &[("percentile", "99")]),
        ("peak", &[("stream", "look-ahead")]),
        ("rms", &[("dc", "true")]),
    ] {
        let row = normalizer(name).unwrap();
        let settings = settings(name, options);
        let near = |got: &[i16], expected: &[f32], steps: f32| {
            assert_eq!(got.len(), expected.len());
            for (n, (&got, &expected)) in got.iter().zip(expected).enumerate() {
                let difference = f32::from(got) - expected * 32_768.0;
                assert!(difference.abs() <= steps, "{name} {options:?}: sample {n} is off by {difference}");
            }
        };
        // A mean rounded to half a step is five times as large after the gain.
        near(&fixed(name, &samples, options).samples, &clip(name, &real, options).samples, 5.0);
        let float = all_at_once(row.stream(RATE, &settings).unwrap().as_mut(), &real);
        // The high-pass has its pole in 16 bits.
        near(&all_at_once(row.stream_fixed(RATE, &settings).unwrap().as_mut(), &samples), &float, 40.0);
    }
}

// Streams.

#[test]
fn look_ahead_over_the_whole_clip_is_the_clips_own_peak_to_the_bit() {
    let samples: Vec<f32> = tone(5_000, 0.3).iter().enumerate().map(|(n, x)| x * (n as f32 / 5_000.0)).collect();
    let settings = settings("peak", &[("stream", "look-ahead"), ("window", "1"), ("target", "-3")]);
    let row = normalizer("peak").unwrap();
    let stream = all_at_once(row.stream(RATE, &settings).unwrap().as_mut(), &samples);
    assert_eq!(stream, row.clip(&samples, RATE, &settings).unwrap().samples);
    let whole: Vec<i16> = samples.iter().map(|x| (x * 32_768.0) as i16).collect();
    let stream = all_at_once(row.stream_fixed(RATE, &settings).unwrap().as_mut(), &whole);
    assert_eq!(stream, row.clip_fixed(&whole, RATE, &settings).unwrap().samples);
}

#[test]
fn a_window_of_look_ahead_divides_by_the_largest_magnitude_around() {
    let mut samples = tone(400, 0.1);
    samples[200] = -0.8;
    // 10 ms are 160 samples.
    let settings = settings("peak", &[("stream", "look-ahead"), ("window", "0.01")]);
    let got = all_at_once(normalizer("peak").unwrap().stream(RATE, &settings).unwrap().as_mut(), &samples);
    for n in 0..400usize {
        let around = &samples[n.saturating_sub(160)..(n + 161).min(400)];
        assert_eq!(got[n], samples[n] * (1.0 / largest(around)), "sample {n}");
    }
}

#[test]
fn a_follower_begins_at_gain_one_and_comes_to_the_target() {
    let row = normalizer("peak").unwrap();
    let settings = settings("peak", &[("attack", "0"), ("release", "0.05")]);
    let got = all_at_once(row.stream(RATE, &settings).unwrap().as_mut(), &tone(32_000, 0.1));
    assert!(got[1] < 0.02, "the first samples are as quiet as they were");
    let late = largest(&got[16_000..]);
    assert!((late - 1.0).abs() < 1e-3, "{late}");
}

/// Everything that streams, with the sizes of its bits.
fn streams() -> Vec<(&'static Normalizer, Settings)> {
    let mut all: Vec<(&Normalizer, Settings)> =
        NORMALIZERS.iter().filter(|row| row.name != "pcan").map(|row| (row, row.defaults())).collect();
    let more: [(&str, &[(&str, &str)]); 5] = [
        ("peak", &[("stream", "look-ahead"), ("window", "0.01"), ("dc", "true")]),
        ("peak", &[("dc", "true")]),
        ("rms", &[("dc", "true")]),
        ("loudness", &[("scale", "short-term")]),
        ("pcen", &[("start", "first")]),
    ];
    all.extend(more.map(|(name, options)| (normalizer(name).unwrap(), settings(name, options))));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_stream_gives_does_not_depend_on_where_its_input_is_cut(
        cuts in prop::collection::vec(0usize..900, 1..40),
        seed in any::<u32>(),
    ) {
        let mut next = seed;
        let samples: Vec<f32> = (0..9_000).map(|n| {
            next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (next >> 8) as f32 / 16_777_216.0 * if n > 5_000 { 0.9 } else { 0.1 }
        }).collect();
        for (row, settings) in streams() {
            let stream = || match row.domain {
                Domain::Samples => row.stream(RATE, &settings).unwrap(),
                Domain::Bands => row.band_stream(6, 50.0, &settings).unwrap(),
            };
            let mut one = stream();
            let expected = all_at_once(one.as_mut(), &samples);
            prop_assert_eq!(expected.len(), samples.len());
            let mut other = stream();
            let mut got = vec![];
            let mut rest = &samples[..];
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(1 + *cut.min(&(rest.len() - 1)));
                other.push(now, &mut got);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            other.finish(&mut got);
            prop_assert_eq!(&got, &expected, "{}", row.name);
            // A stream that was reset is a new one.
            other.reset();
            prop_assert_eq!(&all_at_once(other.as_mut(), &samples), &expected, "{} again", row.name);
            if row.fixed && row.domain == Domain::Samples {
                let whole: Vec<i16> = samples.iter().map(|x| (x * 32_767.0) as i16).collect();
                let mut one = row.stream_fixed(RATE, &settings).unwrap();
                let expected = all_at_once(one.as_mut(), &whole);
                one.reset();
                let mut got = vec![];
                for chunk in whole.chunks(1 + cuts[0]) {
                    one.push(chunk, &mut got);
                }
                one.finish(&mut got);
                prop_assert_eq!(&got, &expected, "{} in fixed point", row.name);
            }
        }
    }
}
