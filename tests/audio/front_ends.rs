//! Front ends against the references that models were trained with.

use crate::common::{self, array};
use milliwatt::audio;

/// Noise that Python makes with the same five lines, so that expected values can be computed anywhere.
fn noise(length: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as f32 - 32_768.0) / 32_768.0 * 0.25
    };
    (0..length).map(|_| next()).collect()
}

fn assert_near(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= tolerance, "value {i} is {got}, not {expected}");
    }
}

#[test]
fn log_mel_frames_equal_librosas() {
    // librosa 0.11: melspectrogram(y, sr=16000, n_fft=1024, hop_length=512, n_mels=128, power=2.0), then
    // 10 * log10(mel + epsilon); every eighth band of its frames 1 and 15, which are our frames 0 and 14.
    let first = [
        3.7156, -4.3496, -7.5614, 3.0662, -7.8591, -1.2148, 0.4931, -1.4893, -3.5402, -6.5889, -1.4138, -2.7725,
        -5.9489, -3.0913, -4.44, -3.0653,
    ];
    let fifteenth = [
        1.4228, -11.9792, -3.3708, -4.8874, -7.552, -6.8557, -6.3547, -8.0752, -3.7696, -4.3086, 1.1059, -2.8616,
        -4.4339, -5.949, -1.8708, -3.7236,
    ];
    let windows = audio::front_end("log-mel-ad").unwrap().features(&noise(16_000), 16_000).unwrap();
    let frame = |n: usize| windows[n * 640..n * 640 + 128].iter().copied().step_by(8).collect::<Vec<f32>>();
    assert_near(&frame(0), &first, 2e-3);
    assert_near(&frame(14), &fifteenth, 2e-3);
}

#[test]
fn keyword_features_equal_the_published_definition() {
    // The definition in 64-bit numpy, frames 0 and 40.
    let first = [24.7846, -3.7665, -0.9756, -0.675, 0.3374, -0.2525, 0.1428, 0.1398, 0.9592, 0.4116];
    let later = [24.8392, -2.9862, -0.0143, -0.6364, 0.2145, 0.0343, 0.8402, 0.4774, 0.5601, -0.112];
    let features = audio::front_end("mlperf-kws").unwrap().features(&noise(16_000), 16_000).unwrap();
    assert_near(&features[..10], &first, 2e-4);
    assert_near(&features[400..410], &later, 2e-4);
}

#[test]
fn keyword_features_equal_the_published_bytes_of_500_clips() {
    let Some(path) = common::shared("mlperf/data/kws_dev.npz") else { return };
    let samples: Vec<i16> = array(&path, "audio");
    let published: Vec<i8> = array(&path, "mfcc");
    let front_end = audio::front_end("mlperf-kws").unwrap();
    let (mut equal, mut furthest) = (0, 0);
    for (clip, published) in samples.chunks_exact(16_000).zip(published.chunks_exact(490)) {
        let clip: Vec<f32> = clip.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        let features = front_end.features(&clip, 16_000).unwrap();
        for (feature, &published) in features.iter().zip(published) {
            // The published bytes were cut towards zero (numpy's astype), not rounded to nearest.
            let byte = (feature / 0.584_702_9 + 83.0).clamp(-128.0, 127.0) as i8;
            equal += usize::from(byte == published);
            furthest = furthest.max((i32::from(byte) - i32::from(published)).abs());
        }
    }
    let share = equal as f64 / published.len() as f64;
    println!("{:.3} % of {} bytes are equal, none further than {furthest}", 100.0 * share, published.len());
    assert!(share >= 0.997, "only {share} of the bytes are equal");
    assert!(furthest <= 1, "a byte is {furthest} off");
}
