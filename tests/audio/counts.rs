//! The counted costs of sound arithmetic, checked by running it on numbers that count.

use crate::counted::{Integer, Real, count};
use milliwatt::audio::counts::{self, Operations};
use milliwatt::audio::mel::MelBank;
use milliwatt::audio::normalize::follow::{Fixed, Float, Follower, FollowerFixed, LookAhead};
use milliwatt::audio::normalize::number::Number;
use milliwatt::audio::normalize::option::Settings;
use milliwatt::audio::normalize::price::{Form, Numbers};
use milliwatt::audio::normalize::{dc, k_weighting, loudness, normalizer, pcen, peak, rms, statistics, true_peak};
use realfft::RealFftPlanner;

const RATE: u32 = 16_000;

/// A sound of so many samples: a tone that swells, with a louder sample in front.
fn sound(n: usize) -> Vec<f32> {
    let tone = |n: usize| 0.4 * libm::sinf(n as f32 * 0.37) * (0.2 + n as f32 / 20_000.0);
    std::iter::once(0.9).chain((1..n).map(tone)).take(n).collect()
}

fn reals(n: usize) -> Vec<Real> {
    sound(n).into_iter().map(Real).collect()
}

fn integers(n: usize) -> Vec<Integer> {
    sound(n).into_iter().map(|x| Integer((x * 32_768.0) as i64)).collect()
}

fn settings(name: &str, options: &[(&str, &str)]) -> Settings {
    let mut settings = normalizer(name).unwrap().defaults();
    options.iter().for_each(|(name, value)| settings.set(name, value).unwrap());
    settings
}

#[test]
fn clips_take_as_many_operations_as_counted() {
    for n in [1, 255, 256, 257, 16_000] {
        let peak = peak::Peak { target: 0.5, floor: 0.001, dc: true, percentile: 100.0, signed: false };
        let signed = peak::Peak { signed: true, dc: false, ..peak };
        let (counted, ()) = count(|| {
            let mut samples = reals(n);
            dc::remove_mean(&mut samples);
            let (gain, _) = peak::gain(peak::largest(&samples), peak.target, peak.floor);
            peak::scale(&mut samples, gain);
        });
        assert_eq!(counted, peak.operations(n as u64), "peak of {n}");
        let (counted, ()) = count(|| {
            let mut samples = reals(n);
            let (gain, _) = peak::signed_gain(&samples, signed.target);
            peak::scale(&mut samples, gain);
        });
        assert_eq!(counted, signed.operations(n as u64), "signed peak of {n}");
        let (counted, ()) = count(|| {
            let mut samples = integers(n);
            dc::remove_mean_fixed(&mut samples);
            let (gain, _) = peak::gain_fixed(peak::largest_fixed(&samples), 16_384, 33);
            peak::scale_fixed(&mut samples, gain);
        });
        assert_eq!(counted, peak::operations_fixed(&peak, n as u64), "fixed peak of {n}");

        let rms = rms::Rms::new(&settings("rms", &[]));
        let (counted, ()) = count(|| {
            let mut samples = reals(n);
            let (gain, _) = rms.gain(&samples);
            rms.scale(&mut samples, gain);
        });
        assert_eq!(counted, rms.operations(n as u64), "rms of {n}");
        let (counted, ()) = count(|| {
            let mut samples = integers(n);
            let (gain, _) = rms.gain_fixed(&samples);
            rms.scale_fixed(&mut samples, gain);
        });
        assert_eq!(counted, rms.operations_fixed(n as u64), "fixed rms of {n}");
    }
}

#[test]
fn streams_take_as_many_operations_as_counted() {
    let n = 4000;
    let high_pass = settings("dc", &[]);
    let mut float = dc::HighPass::new(&high_pass, RATE);
    let (counted, ()) = count(|| {
        reals(n).into_iter().for_each(|x| {
            let _ = float.step(x);
        })
    });
    assert_eq!(counted, dc::HighPass::<f32>::operations(n as u64));
    let mut fixed = dc::HighPassFixed::new(&high_pass, RATE);
    let (counted, ()) = count(|| {
        integers(n).into_iter().for_each(|x| {
            let _ = fixed.step(x);
        })
    });
    assert_eq!(counted, dc::HighPassFixed::<i64>::operations(n as u64));

    let options = settings("rms", &[]);
    let mut float = rms::Follower::new(&options, RATE);
    let (counted, ()) = count(|| {
        reals(n).into_iter().for_each(|x| {
            let _ = float.step(x);
        })
    });
    assert_eq!(counted, rms::Follower::<f32>::operations(n as u64));
    let mut fixed = rms::FollowerFixed::new(&options, RATE);
    let (counted, ()) = count(|| {
        integers(n).into_iter().for_each(|x| {
            let _ = fixed.step(x);
        })
    });
    assert_eq!(counted, rms::FollowerFixed::<i64>::operations(n as u64));
}

#[test]
fn what_depends_on_the_sound_never_takes_more_than_counted_and_sometimes_takes_that() {
    let options = settings("peak", &[("attack", "0.01")]);
    let n = 1000u64;
    // Sounds that rise without end, that fall, and the ordinary one.
    let rising = |n: usize| (0..n).map(|n| n as f32 / 1000.0).collect::<Vec<f32>>();
    let falling = |n: usize| (0..n).map(|n| 0.001 / (1.0 + n as f32)).collect::<Vec<f32>>();
    let mut most = [Operations::default(); 2];
    for samples in [sound(n as usize), rising(n as usize), falling(n as usize)] {
        let mut float = Follower::new(&options, RATE);
        let (counted, ()) = count(|| {
            samples.iter().for_each(|&x| {
                let _ = float.step(Real(x));
            })
        });
        most[0] = at_most(counted, most[0], Follower::<f32>::operations(n));
        let mut fixed = FollowerFixed::new(&options, RATE);
        let whole = |x: f32| Integer((x * 32_768.0) as i64);
        let (counted, ()) = count(|| {
            samples.iter().for_each(|&x| {
                let _ = fixed.step(whole(x));
            })
        });
        most[1] = at_most(counted, most[1], FollowerFixed::<i64>::operations(n));
    }
    // The follower starts at the target, so a rising sound reaches it only late; compares and the rest are exact.
    assert_eq!(most[0].compares, 6 * n);
    assert_eq!((most[1].compares, most[1].divides), (6 * n, n));

    // Look-ahead: a loud sample, then rising ones, each of which ends the one before and is smaller than the first.
    let samples: Vec<f32> = std::iter::once(1.0).chain((1..n).map(|n| n as f32 / 2000.0)).collect();
    let mut float = LookAhead::new(Float::new(&options), n as usize);
    let (counted, ()) = count(|| {
        samples.iter().for_each(|&x| {
            let _ = float.step(Real(x));
        });
        while float.give().is_some() {}
    });
    let bound = LookAhead::<Float<f32>>::operations(n);
    // The first two samples have not two others to be compared with.
    assert_eq!(counted, Operations { compares: bound.compares - 3, ..bound });
    let mut fixed = LookAhead::new(Fixed::new(&options), n as usize);
    let (counted, ()) = count(|| {
        samples.iter().for_each(|&x| {
            let _ = fixed.step(Integer((x * 32_768.0) as i64));
        });
        while fixed.give().is_some() {}
    });
    let bound = LookAhead::<Fixed<i64>>::operations_fixed(n);
    assert_eq!(counted, Operations { compares: bound.compares - 3, ..bound });
}

fn at_most(counted: Operations, most: Operations, bound: Operations) -> Operations {
    let parts = |o: Operations| [o.adds, o.multiplies, o.compares, o.shifts, o.divides, o.roots, o.logs, o.exps];
    for (counted, bound) in parts(counted).into_iter().zip(parts(bound)) {
        assert!(counted <= bound, "{counted} of at most {bound}");
    }
    Operations {
        adds: counted.adds.max(most.adds),
        multiplies: counted.multiplies.max(most.multiplies),
        compares: counted.compares.max(most.compares),
        divides: counted.divides.max(most.divides),
        ..counted
    }
}

#[test]
fn loudness_takes_as_many_operations_as_counted() {
    for n in [100, 6_400, 16_000, 40_123] {
        let mut filter = k_weighting::KWeighting::<Real>::new(RATE);
        let (counted, ()) = count(|| {
            reals(n).into_iter().for_each(|x| {
                let _ = filter.step(x);
            })
        });
        assert_eq!(counted, k_weighting::KWeighting::<f32>::operations(n as u64));
        let mut meter = true_peak::Meter::<Real>::default();
        let (counted, ()) = count(|| {
            reals(n).into_iter().for_each(|x| {
                let _ = meter.step(x);
            })
        });
        assert_eq!(counted, true_peak::Meter::<f32>::operations(n as u64));

        let clip = loudness::Loudness::new(&settings("loudness", &[]));
        // All of one level, so that no block is gated away.
        let tone: Vec<Real> = (0..n).map(|n| Real(0.3 * libm::sinf(n as f32 * 0.37))).collect();
        let (counted, ()) = count(|| {
            let mut tone = tone;
            let power = loudness::gated(&loudness::steps(&tone, RATE));
            let mut meter = true_peak::Meter::<Real>::default();
            let tail = std::iter::repeat_n(Real(0.0), 12);
            let peak = tone.iter().copied().chain(tail).fold(Real(0.0), |peak, x| peak.larger(meter.step(x)));
            let gain = clip.gain(power, peak);
            peak::scale(&mut tone, gain);
        });
        let bound = clip.operations(n as u64, RATE);
        // Without a single block nothing is divided by their number.
        let expected = if n < 6_400 { Operations { divides: bound.divides - 2, ..bound } } else { bound };
        assert_eq!(counted, expected, "{n} samples");
    }
}

#[test]
fn a_loudness_stream_takes_as_many_operations_as_counted_once_its_window_is_full() {
    let n = 16_000;
    let options = settings("loudness", &[]);
    let mut stream = loudness::Follower::<Real>::new(&options, RATE);
    let tone = |n: usize| Real(0.3 * libm::sinf(n as f32 * 0.37));
    let (_, ()) = count(|| {
        (0..n).for_each(|n| {
            let _ = stream.step(tone(n));
        })
    });
    let (counted, ()) = count(|| {
        (n..2 * n).for_each(|n| {
            let _ = stream.step(tone(n));
        })
    });
    let cost = normalizer("loudness").unwrap().cost(RATE, Form::Stream, Numbers::Float32, &options).unwrap();
    assert_eq!(counted, cost.operations);
}

#[test]
fn bands_take_as_many_operations_as_counted() {
    let (frames, bands) = (25u64, 8u64);
    let energies: Vec<Real> = (0..frames * bands).map(|n| Real(1.0 + (n % 7) as f32)).collect();
    for options in [&[("bias", "0")][..], &[("power", "0")], &[]] {
        let options = settings("pcen", options);
        let mut pcen = pcen::Pcen::<Real>::new(&options, bands as usize, 50.0);
        let (counted, ()) = count(|| energies.clone().chunks_mut(bands as usize).for_each(|frame| pcen.frame(frame)));
        assert_eq!(counted, pcen.operations(bands) * frames);
    }
    let (counted, ()) = count(|| statistics::clip(&mut energies.clone(), bands as usize, 0.1));
    assert_eq!(counted, statistics::operations(frames, bands));
    let mut running = statistics::Running::<Real>::new(&settings("statistics", &[]), bands as usize, 50.0);
    let (counted, ()) = count(|| energies.clone().chunks_mut(bands as usize).for_each(|frame| running.frame(frame)));
    assert_eq!(counted, statistics::Running::<f32>::operations(bands) * frames);
}

#[test]
fn the_fourier_transforms_of_the_front_ends_take_as_many_operations_as_counted() {
    for length in [512, 1024] {
        let transform = RealFftPlanner::<Real>::new().plan_fft_forward(length);
        let mut input: Vec<Real> = reals(length);
        let mut output = transform.make_output_vec();
        let mut scratch = transform.make_scratch_vec();
        let (counted, result) = count(|| transform.process_with_scratch(&mut input, &mut output, &mut scratch));
        result.unwrap();
        assert_eq!(counted, counts::real_transform(length).unwrap(), "length {length}");
    }
    assert!(counts::real_transform(500).is_none());
}

#[test]
fn a_mel_bank_multiplies_each_bin_as_often_as_its_weights_say() {
    for (bank, bins) in
        [(MelBank::htk(40, 257, 16_000.0, 20.0, 4000.0), 257), (MelBank::slaney(128, 513, 16_000.0, 0.0, 8000.0), 513)]
    {
        // A bin alone reaches exactly the bands that weigh it.
        let reached = |bin: usize| {
            let mut spectrum = vec![0.0; bins];
            spectrum[bin] = 1.0;
            let mut energies = vec![0.0; bank.len()];
            bank.apply(&spectrum, &mut energies);
            energies.into_iter().filter(|&energy| energy > 0.0).count()
        };
        assert_eq!((0..bins).map(reached).sum::<usize>(), bank.weights());
    }
}

#[test]
fn the_cost_of_a_front_end_is_that_of_its_frames() {
    let cost = counts::front_end("mlperf-kws").unwrap();
    let bank = MelBank::htk(40, 257, 16_000.0, 20.0, 4000.0);
    let (bank, bins) = (bank.weights() as u64, bank.end() as u64);
    let transform = counts::real_transform(512).unwrap();
    // 50 frames a second: window 480, transform, |X|^2 and its root of the bins that a band hears, mel, 40 logarithms, a 10x40 matrix.
    assert_eq!(cost.operations.multiplies, 50 * (480 + transform.multiplies + 2 * bins + bank + 400));
    assert_eq!(cost.operations.adds, 50 * (transform.adds + bins + bank + 40 + 400));
    assert_eq!((cost.operations.roots, cost.operations.logs), (50 * bins, 50 * 40));
    // The reference divides every sample by the maximum.
    assert_eq!((cost.operations.divides, cost.operations.compares), (16_000, 16_000));
    assert!(counts::front_end("none").is_none());
}
