//! Front ends against what the references themselves made of the same sounds; see `tests/oracle/make_audio.py`.

use crate::signals;
use milliwatt::audio;
use milliwatt::audio::microfrontend::{Config, LIBRARY, MICRO_SPEECH, MicroFrontend, Precision};

/// The committed array of a reference, and its shape.
fn golden<T: npyz::Deserialize>(name: &str) -> (Vec<u64>, Vec<T>) {
    let bytes = std::fs::read(format!("tests/golden/audio/{name}.npy")).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    (file.shape().to_vec(), file.into_vec().unwrap())
}

fn real(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect()
}

#[test]
fn every_integer_of_the_micro_frontend_is_that_of_tflms_library() {
    let configs = [
        ("library", LIBRARY),
        ("micro_speech", MICRO_SPEECH),
        ("without_log", Config { log: false, ..MICRO_SPEECH }),
        ("without_noise_reduction", Config { pcan: false, noise_reduction: false, ..MICRO_SPEECH }),
        ("training", Config { tables: Precision::Double, ..MICRO_SPEECH }),
    ];
    for (name, config) in configs {
        let (shape, expected) = golden::<u16>(&format!("microfrontend_{name}"));
        let mut front_end = MicroFrontend::new(config).unwrap();
        let all = signals::all();
        assert_eq!(shape, [all.len() as u64, shape[1], config.bands as u64]);
        let rows = (shape[1] * shape[2]) as usize;
        for ((signal, samples), expected) in all.iter().zip(expected.chunks_exact(rows)) {
            let features = front_end.features(samples);
            assert_eq!(features.len(), expected.len());
            for (index, (&feature, &expected)) in features.iter().zip(expected).enumerate() {
                let (frame, band) = (index / config.bands, index % config.bands);
                assert_eq!(feature, expected, "{name}, {signal}: frame {frame}, band {band}");
            }
        }
    }
}

/// The largest difference between a front end and the golden array, over the signals that the array holds.
fn furthest(
    front_end: &str,
    array: &str,
    without: &[&str],
    rows: impl Fn(&audio::FrontEnd, &[f32]) -> Vec<f32>,
) -> f32 {
    let front_end = audio::front_end(front_end).unwrap();
    let (shape, expected) = golden::<f32>(array);
    let heard: Vec<_> = signals::all().into_iter().filter(|(name, _)| !without.contains(name)).collect();
    assert_eq!(shape[0] as usize, heard.len());
    let mut furthest = 0.0f32;
    for ((_, samples), expected) in heard.iter().zip(expected.chunks_exact(expected.len() / heard.len())) {
        let features = rows(front_end, &real(samples));
        assert_eq!(features.len(), expected.len());
        for (feature, expected) in features.iter().zip(expected) {
            furthest = furthest.max((feature - expected).abs());
        }
    }
    println!("{}: at most {furthest:e} from {array}", front_end.name);
    furthest
}

fn window(front_end: &audio::FrontEnd, samples: &[f32]) -> Vec<f32> {
    front_end.features(samples, 16_000).unwrap()
}

/// Signals that the references divide by zero, or turn over.
const WITHOUT_A_PEAK: [&str; 2] = ["silence", "lowest"];

#[test]
fn keyword_features_equal_tensorflows() {
    assert!(furthest("mlperf-kws", "mfcc", &WITHOUT_A_PEAK, window) < 1e-3);
}

#[test]
fn wake_word_features_equal_tensorflows() {
    assert!(furthest("lfbe", "lfbe", &WITHOUT_A_PEAK, window) < 2e-5);
    assert!(furthest("lfbe-plain", "lfbe_plain", &WITHOUT_A_PEAK, window) < 2e-5);
    assert!(furthest("lfbe-kws", "lfbe_kws", &WITHOUT_A_PEAK, window) < 2e-5);
}

#[test]
fn log_mel_rows_equal_librosas() {
    let (shape, expected) = golden::<f32>("log_mel");
    assert_eq!(shape, [8, 14, 128]);
    let mut extractor = audio::front_end("log-mel-ad").unwrap().extractor().unwrap();
    for ((name, samples), expected) in signals::all().iter().zip(expected.chunks_exact(14 * 128)) {
        let rows = extractor.frames(&real(samples), 16_000).unwrap();
        for (frame, (row, expected)) in rows.chunks_exact(128).zip(expected.chunks_exact(128)).enumerate() {
            let loudest = expected.iter().fold(f32::NEG_INFINITY, |most, &level| most.max(level));
            for (band, (&level, &expected)) in row.iter().zip(expected).enumerate() {
                // More than 100 dB below the loudest band, both are the rounding of a 32-bit transform.
                let (level, expected) = (level.max(loudest - 100.0), expected.max(loudest - 100.0));
                let near = (level - expected).abs() < 1e-2 || (level.max(expected) < loudest - 90.0);
                assert!(near, "{name}, frame {frame}, band {band}: {level} dB, not {expected}");
            }
        }
    }
}
