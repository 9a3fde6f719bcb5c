//! Published models on our features, from raw sound; and the command that writes features.

use std::path::Path;

use crate::common::{self, array};
use milliwatt::audio;
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::lab::{card, inputs};
use milliwatt::metrics;
use milliwatt::tensor::Tensor;

/// How many of the clips a model answers right, given one window for each.
fn right(model: &Path, labels: &[u8], windows: impl Iterator<Item = Tensor>) -> usize {
    let model = tflite::read(&std::fs::read(model).unwrap()).unwrap().model;
    let mut executor = Executor::new(&model, Options::default()).unwrap();
    let answers = windows.map(|window| {
        let outputs = executor.run(&[inputs::feed(&model, &window).unwrap()]).unwrap();
        metrics::top(outputs[0].to_f32_vec()).unwrap()
    });
    answers.zip(labels).filter(|(answer, label)| *answer == usize::from(**label)).count()
}

/// The clips as windows of a front end.
fn windows<'a>(front_end: &str, samples: &'a [i16]) -> impl Iterator<Item = Tensor> + 'a {
    let mut extractor = audio::front_end(front_end).unwrap().extractor().unwrap();
    samples.chunks_exact(16_000).map(move |clip| {
        let clip: Vec<f32> = clip.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        Tensor::from_f32(&[49, 10, 1], extractor.features(&clip, 16_000).unwrap()).unwrap()
    })
}

#[test]
fn published_keyword_models_answer_as_well_from_raw_sound_as_from_published_features() {
    let Some(data) = common::shared("mlperf/data/kws_dev.npz") else { return };
    let (samples, labels) = (array::<i16>(&data, "audio"), array::<u8>(&data, "y"));
    let published = array::<i8>(&data, "mfcc");
    assert_eq!(labels.len(), 500);

    let int8 = common::shared("mlperf/models/kws01_int8.tflite").unwrap();
    let ours = right(&int8, &labels, windows("mlperf-kws", &samples));
    println!("kws01_int8 on our features: {ours} of 500; on the published ones 449");
    assert!(ours >= 448, "{ours} of 500 are right");

    let float = common::shared("mlperf/models/kws01_fp32_qualcomm.tflite").unwrap();
    let real = |byte: i8| (f32::from(byte) - 83.0) * 0.584_702_9;
    let theirs = published
        .chunks_exact(490)
        .map(|clip| Tensor::from_f32(&[49, 10, 1], clip.iter().map(|&byte| real(byte)).collect()).unwrap());
    let theirs = right(&float, &labels, theirs);
    let ours = right(&float, &labels, windows("mlperf-kws", &samples));
    println!("kws01_fp32 on our features: {ours} of 500; on the published ones {theirs}");
    assert!(ours >= theirs, "{ours} of 500 are right, {theirs} on the published features");
}

#[test]
fn every_audio_model_of_mlperf_tiny_finds_its_front_end() {
    for (file, front_end) in [
        ("kws01_int8", "mlperf-kws"),
        ("ad01_int8", "log-mel-ad"),
        ("sww01_int8", "lfbe"),
        ("micro_speech_uint8", "micro-frontend"),
    ] {
        let Some(path) = common::shared(&format!("mlperf/models/{file}.tflite")) else { continue };
        let model = tflite::read(&std::fs::read(path).unwrap()).unwrap().model;
        let found = card::front_end(&model).unwrap();
        assert_eq!(found.name, front_end, "{file}");
        let window = found.tensors(&[0.1; 16_000], 16_000).unwrap().swap_remove(0);
        assert_eq!(inputs::feed(&model, &window).unwrap().shape(), model.values[model.inputs[0]].shape, "{file}");
    }
}

#[cfg(feature = "cli")]
mod command {
    use std::process::{Command, Output};

    use milliwatt::audio;
    use milliwatt::audio::microfrontend::to_int8;
    use milliwatt::format::{npy, wav};
    use milliwatt::tensor::{DType, Tensor};

    fn features(arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_milliwatt")).args(["audio", "features"]).args(arguments).output().unwrap()
    }

    /// A folder of this test alone.
    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn clips() -> Tensor {
        let sample = |n: usize| (9_000.0 * libm::sinf(n as f32 * 0.07) * libm::sinf(n as f32 * 1e-3)) as i16;
        Tensor::Int16(ndarray::Array2::from_shape_fn((2, 16_000), |(clip, n)| sample(n + 700 * clip)).into_dyn())
    }

    #[test]
    fn the_command_writes_the_features_of_every_clip() {
        let folder = folder("features");
        let (input, output) = (folder.join("clips.npy"), folder.join("features.npy"));
        std::fs::write(&input, npy::write(&clips()).unwrap()).unwrap();
        let paths = ["--input", input.to_str().unwrap(), "--output", output.to_str().unwrap()];
        for (name, shape) in
            [("mlperf-kws", &[2, 49, 10, 1][..]), ("lfbe", &[2, 30, 1, 40]), ("log-mel-ad", &[2, 26, 640])]
        {
            let said = features(&[&["--front-end", name][..], &paths].concat());
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
            let written = npy::read(&std::fs::read(&output).unwrap()).unwrap();
            assert_eq!((written.shape(), written.dtype()), (shape, DType::Float32), "{name}");
            let Tensor::Int16(clips) = clips() else { unreachable!() };
            let second: Vec<f32> =
                clips.index_axis(ndarray::Axis(0), 1).iter().map(|&x| f32::from(x) / 32_768.0).collect();
            let expected = audio::front_end(name).unwrap().features(&second, 16_000).unwrap();
            assert_eq!(written.to_f32_vec()[expected.len()..], expected, "{name}");
        }
        let bytes = ["--scale", "0.1015625", "--zero-point", "-128"];
        assert!(features(&[&["--front-end", "micro-frontend"][..], &paths, &bytes].concat()).status.success());
        let Tensor::Int8(written) = npy::read(&std::fs::read(&output).unwrap()).unwrap() else { panic!("no int8") };
        assert_eq!(written.shape(), [2, 49, 40, 1]);
        let Tensor::Int16(clips) = clips() else { unreachable!() };
        let mut device = audio::microfrontend::MicroFrontend::new(audio::microfrontend::MICRO_SPEECH).unwrap();
        let first: Vec<i16> = clips.index_axis(ndarray::Axis(0), 0).iter().copied().collect();
        let expected: Vec<i8> = device.features(&first).into_iter().map(to_int8).collect();
        assert_eq!(written.iter().copied().take(1960).collect::<Vec<i8>>(), expected);
    }

    #[test]
    fn the_command_takes_a_wav_at_its_own_rate_and_says_what_it_cannot_use() {
        let folder = folder("features_wav");
        let (input, output) = (folder.join("clip.wav"), folder.join("features.npy"));
        let samples: Vec<f32> = (0..44_100).map(|n| 0.5 * libm::sinf(n as f32 * 0.03)).collect();
        let file = wav::write(44_100, &samples).unwrap();
        std::fs::write(&input, &file).unwrap();
        let paths = ["--input", input.to_str().unwrap(), "--output", output.to_str().unwrap()];
        assert!(features(&[&["--front-end", "mlperf-kws"][..], &paths].concat()).status.success());
        let written = npy::read(&std::fs::read(&output).unwrap()).unwrap();
        let read = wav::read(&file).unwrap().samples;
        let expected = audio::front_end("mlperf-kws").unwrap().features(&read, 44_100).unwrap();
        assert_eq!(written.to_f32_vec(), expected);
        let refused = features(&[&["--front-end", "mfcc"][..], &paths].concat());
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("there are mlperf-kws, "));
    }
}
