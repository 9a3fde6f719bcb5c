//! Streams against whole clips: the same bits, however the samples are cut.

use milliwatt::audio::resample::resample;
use milliwatt::audio::stream::Stream;
use milliwatt::audio::{FRONT_ENDS, FrontEnd, front_end};
use proptest::prelude::*;

/// A sound that changes all the time, and is louder below zero.
fn sound(length: usize) -> Vec<f32> {
    let sample = |n: usize| {
        let t = n as f32;
        let voice = libm::sinf(t * 0.05 + 1e-6 * t * t) * libm::sinf(t * 3e-4);
        0.3 * voice - 0.2 * (voice * voice) + 0.01 * libm::sinf(t * t * 0.37)
    };
    (0..length).map(sample).collect()
}

/// All windows of a stream, the samples given in pieces of these lengths in turn.
fn windows(front_end: &FrontEnd, rate: u32, every: usize, samples: &[f32], pieces: &[usize]) -> Vec<Vec<f32>> {
    let mut stream = Stream::new(front_end, rate, every).unwrap();
    let (mut windows, mut rest) = (Vec::new(), samples);
    for &piece in pieces.iter().cycle() {
        let (piece, after) = rest.split_at(piece.min(rest.len()));
        stream.push(piece, &mut |window| windows.push(window.to_vec())).unwrap();
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    windows
}

/// What the windows must be, from the whole-clip forms alone.
fn expected(front_end: &FrontEnd, every: usize, samples: &[f32]) -> Vec<Vec<f32>> {
    let mut extractor = front_end.extractor().unwrap();
    let stands_alone = front_end.window_samples() < 16_000;
    if stands_alone {
        let rows = extractor.frames(samples, 16_000).unwrap();
        return rows
            .windows(front_end.window_len())
            .step_by(front_end.row_len() * every)
            .map(<[f32]>::to_vec)
            .collect();
    }
    let seconds = samples.windows(16_000).step_by(front_end.hop() * every);
    seconds.map(|second| extractor.features(second, 16_000).unwrap()).collect()
}

#[test]
fn a_stream_gives_the_windows_of_the_whole_clip_bit_for_bit() {
    let samples = sound(24_000);
    for front_end in FRONT_ENDS {
        for every in [1, 7] {
            let expected = expected(front_end, every, &samples);
            assert!(expected.len() > 1, "{}", front_end.name);
            for pieces in [&[24_000][..], &[1, 2, 3], &[128], &[319, 1], &[16_000, 37]] {
                let windows = windows(front_end, 16_000, every, &samples, pieces);
                assert!(windows == expected, "{} every {every} in pieces of {pieces:?}", front_end.name);
            }
        }
    }
}

#[test]
fn the_first_window_of_a_stream_is_the_window_of_a_clip_of_one_second() {
    let second = sound(16_000);
    for front_end in FRONT_ENDS {
        let features = front_end.features(&second, 16_000).unwrap();
        let windows = windows(front_end, 16_000, 1, &second, &[160]);
        assert_eq!(windows[0], features[..front_end.window_len()], "{}", front_end.name);
    }
}

#[test]
fn a_stream_at_the_microphones_rate_hears_what_was_converted_before() {
    let samples = sound(72_000);
    let converted = resample(&samples, 48_000, 16_000).unwrap();
    for front_end in FRONT_ENDS {
        let mut here = windows(front_end, 16_000, 1, &converted, &[16_000]);
        let there = windows(front_end, 48_000, 1, &samples, &[128]);
        // The last samples wait for what the converter's kernel still reaches.
        here.truncate(there.len());
        assert!(!there.is_empty() && there == here, "{}", front_end.name);
    }
}

#[test]
fn a_stream_that_was_reset_starts_anew() {
    let samples = sound(16_320);
    for front_end in FRONT_ENDS {
        let mut stream = Stream::new(front_end, 44_100, 1).unwrap();
        let hear = |stream: &mut Stream| {
            let mut windows = Vec::new();
            samples.chunks(999).cycle().take(60).for_each(|piece| {
                stream.push(piece, &mut |window| windows.push(window.to_vec())).unwrap();
            });
            windows
        };
        let first = hear(&mut stream);
        stream.reset();
        assert!(!first.is_empty() && hear(&mut stream) == first, "{}", front_end.name);
    }
}

#[test]
fn a_sample_that_is_no_number_is_refused_and_not_heard() {
    let mut stream = Stream::new(front_end("mlperf-kws-plain").unwrap(), 16_000, 1).unwrap();
    stream.push(&[0.5; 100], &mut |_| ()).unwrap();
    let error = stream.push(&[0.0, f32::NAN], &mut |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "sample 101 of the clip is not a finite number");
    let mut windows = Vec::new();
    stream.push(&vec![0.5; 15_740], &mut |window| windows.push(window.to_vec())).unwrap();
    assert_eq!(windows.len(), 1);
    assert!(windows[0].iter().all(|feature| feature.is_finite()));
    assert!(Stream::new(front_end("lfbe").unwrap(), 16_000, 0).is_err());
    assert!(Stream::new(front_end("lfbe").unwrap(), 1, 1).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pieces_of_any_lengths_give_the_same_windows(
        pieces in prop::collection::vec(1usize..3_000, 1..20),
        which in 0..FRONT_ENDS.len(),
        every in 1usize..20,
        length in 16_000usize..20_000,
    ) {
        let (front_end, samples) = (&FRONT_ENDS[which], sound(length));
        prop_assert_eq!(windows(front_end, 16_000, every, &samples, &pieces), expected(front_end, every, &samples));
    }
}
