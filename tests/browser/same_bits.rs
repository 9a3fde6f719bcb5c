//! The same bits on every machine and in the browser: this file runs natively and under `wasm-pack test`.
//!
//! Each fact is the SHA-256 of exact results. If one changes with intent, every built-in sample, link and published
//! number that rests on it changes too.

use crate::ops;
use milliwatt::audio;
use milliwatt::audio::normalize::{Domain, NORMALIZERS};
use milliwatt::compress::{self, recipe::Recipe};
use milliwatt::data::keywords::{self, Word};
use milliwatt::data::machine_sound::{self, Condition, FAULTS};
use milliwatt::data::{digits, eyes, shapes};
use milliwatt::format::tflite;
use milliwatt::model::Model;
use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::tensor::Tensor;
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::plan::{Distillation, Method, Pruning, Quantization, Steps};
use milliwatt::train::standardise::Standardisation;
use milliwatt::train::{Data, Examples, Loss, Options, Plan, Trainer, architecture, fit, one_hot};
use sha2::{Digest, Sha256};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

/// The first 8 bytes of the SHA-256 of numbers, as hexadecimal.
fn digest(numbers: &[f32]) -> String {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    short_sha(&bytes)
}

fn short_sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn faulty_clip() -> Vec<f32> {
    machine_sound::clip(5, Condition::Faulty(FAULTS[0].fault, 0.7))
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn generated_sound_is_the_same_everywhere() {
    let mut sounds = vec![digest(&machine_sound::clip(5, Condition::Normal))];
    sounds.extend(FAULTS.iter().map(|kind| digest(&machine_sound::clip(6, Condition::Faulty(kind.fault, 0.5)))));
    let expected = [
        "0654433ffb9dbd08",
        "f0de57a39ce78340",
        "b31207b433654902",
        "407600243a1953ac",
        "e506610cb3df261e",
        "410a4c9486aac9e1",
        "c990a3fccec821d3",
    ];
    assert_eq!(sounds, expected, "healthy, then every fault");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn words_in_rooms_and_drawn_pictures_are_the_same_everywhere() {
    let sound = faulty_clip();
    let word =
        |from: usize| Word { word: "up".into(), voice: "motor".into(), samples: sound[from..from + 6_000].into() };
    let words = [word(0), word(9_000), word(20_000)];
    // Enough of them that every kind of noise is heard.
    let clips = keywords::clips(&words.iter().collect::<Vec<_>>(), &keywords::LEARNED, 3, 8);
    assert_eq!(digest(&clips.iter().flat_map(|clip| clip.samples.clone()).collect::<Vec<_>>()), "ae5fb7d81d5124a2");
    let sets = [digits::set(1, 20), shapes::set(1, 8), eyes::set(1, 12)].map(|set| {
        digest(&set.unwrap().items.iter().flat_map(|item| item.windows[0].to_f32_vec()).collect::<Vec<_>>())
    });
    assert_eq!(sets, ["487f3daaf8ca8afc", "b1b1aa49356bb19a", "3503188b07cf4bc1"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn features_are_the_same_everywhere() {
    let clip = faulty_clip();
    let heard = |name: &str, rate| digest(&audio::front_end(name).unwrap().features(&clip, rate).unwrap());
    // 16 kHz as it is, the others through the resampler.
    let features: Vec<String> = [16_000, 22_050, 44_100].map(|rate| heard("mlperf-kws", rate)).into();
    assert_eq!(features, ["ed31daa847d681c7", "f1266301704aba24", "b598ff9805b5ee5f"], "mlperf-kws");
    let features: Vec<String> = [16_000, 22_050, 44_100].map(|rate| heard("log-mel-ad", rate)).into();
    assert_eq!(features, ["53f3e37a4c36d591", "53551a218d5db0be", "5e1478caa2395401"], "log-mel-ad");
    assert_eq!(digest(&audio::spectrogram::spectrogram(&clip, 16_000, 300).unwrap().levels_db), "34f13a08559f1f8f");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn normalized_sound_is_the_same_everywhere() {
    let clip = faulty_clip();
    let mut heard = vec![];
    for row in NORMALIZERS.iter().filter(|row| row.name != "pcan") {
        let settings = row.defaults();
        let (whole, mut stream) = match row.domain {
            Domain::Samples => {
                (row.clip(&clip, 16_000, &settings).unwrap().samples, row.stream(16_000, &settings).unwrap())
            }
            Domain::Bands => {
                let energies: Vec<f32> = clip.iter().map(|x| x * x).collect();
                (row.bands(&energies, 40, 50.0, &settings).unwrap(), row.band_stream(40, 50.0, &settings).unwrap())
            }
        };
        let mut bits = vec![];
        clip.chunks(1000)
            .for_each(|chunk| stream.push(&chunk.iter().map(|x| x.abs()).collect::<Vec<f32>>(), &mut bits));
        heard.push(format!("{} {} {}", row.name, digest(&whole), digest(&bits)));
    }
    let expected = [
        "none b145dd06a399cda2 f12baa284454f302",
        "dc 423c2770aa43eba5 f73d96a783946919",
        "peak bae3d1b6a65c545f 33eec34d9e95f528",
        "rms 0d6047b5db6b211b 5ada0b6fe4624305",
        "loudness 830e277e2e130b92 ff1c6ecb05fdcafb",
        "pcen 1b3ce9a0eedf64eb c3f8d683d8d1ffd9",
        "statistics 72401b413aadf16c 67112b420541e536",
    ];
    assert_eq!(heard, expected);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_seed_gives_the_same_weights_everywhere() {
    let data = audio::front_end("log-mel-ad").unwrap().features(&faulty_clip(), 16_000).unwrap();
    let standard = Standardisation::of(&data, 640).unwrap();
    let data = standard.apply(&data);
    let model = architecture::dense("bits", 640, &[16, 4, 640], 3).unwrap();
    let options = Options { loss: Loss::MeanSquaredError, epochs: 3, batch: 8, learning_rate: 1e-3, seed: 2 };
    let trained = fit(&model, Examples { inputs: &data, targets: &data }, &options, &mut Silent).unwrap();
    let model = standard.fold_into(&trained.model).unwrap();
    assert_eq!(digest(&constants(&model)), "917b88cf4ba102f3");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn layers_make_up_for_channels_with_the_same_bits_everywhere() {
    let model = Architecture::of(Kind::DsCnn).build(3).unwrap();
    let mut random = Random::new(9);
    let shape = model.values[model.inputs[0]].shape.clone();
    let mut clip = || vec![Tensor::from_f32(&shape, (0..490).map(|_| random.normal() as f32).collect()).unwrap()];
    let inputs: Vec<Vec<Tensor>> = (0..4).map(|_| clip()).collect();
    let text = r#"{"version":1,"steps":[{"step":"channels","keep":0.5,"scope":"global","measure":"reconstruction","refit":true}]}"#;
    let thin = compress::apply(&model, &Recipe::from_json(text).unwrap(), &inputs, &mut Silent).unwrap();
    assert_eq!(short_sha(&tflite::write(&thin).unwrap()), "522a849f0b952528");
}

/// All constants of a model, one after the other.
fn constants(model: &Model) -> Vec<f32> {
    model.values.iter().filter(|value| value.is_constant()).flat_map(|value| value.to_f32().unwrap()).collect()
}

/// A network of the shelf, trained for two epochs on waves.
fn trained(kind: Kind, plan: Plan) -> Trainer {
    let network = Architecture { input: [9, 7, 2], classes: 3, width: 0.25, ..Architecture::of(kind) };
    let inputs: Vec<f32> = (0..40 * 126).map(|n| libm::sinf(n as f32 * (1.0 + (n / 126 % 3) as f32))).collect();
    let targets = one_hot(&(0..40).map(|n| n % 3).collect::<Vec<_>>(), 3).unwrap();
    let plan = Plan { epochs: 2, batch: 8, learning_rate: 3e-3, ..plan };
    let mut trainer = Trainer::new(&network.build(1).unwrap(), &plan).unwrap();
    if plan.distillation.is_some() {
        trainer.set_teacher(&Architecture { width: 0.5, ..network }.build(2).unwrap()).unwrap();
    }
    while !trainer.is_over() {
        trainer.step(Data::of(Examples { inputs: &inputs, targets: &targets })).unwrap();
    }
    trainer
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn convolutions_normalized_mixed_and_averaged_learn_the_same_weights_everywhere() {
    let plan = || {
        let mixed = Plan { mixup: 0.3, label_smoothing: 0.1, average: Some(0.9), ..Plan::default() };
        Plan { batch_norm: true, parts: 1, ..mixed }
    };
    let weights = |kind, plan| digest(&constants(&trained(kind, plan).model().unwrap()));
    let sgd = Plan { optimiser: Method::Sgd { momentum: 0.9, nesterov: true }, clip_norm: Some(0.5), ..plan() };
    let found = [weights(Kind::DsCnn, plan()), weights(Kind::ResNet8, sgd), weights(Kind::SmallConvolution, plan())];
    assert_eq!(found, ["950b3c590824f0a7", "e3b8e5ce46874275", "c3173367dc20f26c"]);
    let in_parts = weights(Kind::DsCnn, Plan { parts: 3, ..plan() });
    assert_eq!(in_parts, "bbbe84b7e76cb4de");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_network_trained_for_integers_pruned_and_taught_is_the_same_everywhere() {
    let trainer = trained(
        Kind::DsCnn,
        Plan {
            quantization: Some(Quantization {
                method: Steps::Lsq,
                weight_bits: 4,
                activation_bits: 6,
                begin_epoch: 1,
                ..Quantization::default()
            }),
            pruning: Some(Pruning { every: 2, regrowth: 0.2, ..Pruning::default() }),
            distillation: Some(Distillation::default()),
            optimiser: Method::AdamW,
            weight_decay: 0.01,
            ..Plan::default()
        },
    );
    let found = [trainer.model().unwrap(), trainer.export().unwrap()].map(|model| digest(&constants(&model)));
    assert_eq!(found, ["e86d9fd00d0ecc47", "a94a4e2fa605795c"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_classifiers_weights_are_the_same_everywhere() {
    let inputs: Vec<f32> = (0..64).map(|n| libm::sinf(n as f32)).collect();
    let targets: Vec<f32> = (0..32).flat_map(|n| if n % 3 == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
    let model = architecture::dense("bits", 2, &[9, 2], 3).unwrap();
    let options = Options { loss: Loss::CrossEntropy, epochs: 5, batch: 8, learning_rate: 1e-2, seed: 2 };
    let trained = fit(&model, Examples { inputs: &inputs, targets: &targets }, &options, &mut Silent).unwrap();
    let losses: Vec<f32> = trained.losses.iter().map(|&loss| loss as f32).collect();
    assert_eq!(digest(&losses), "2eff60184bff4d1c");
}

/// Ranges are measured with floats, and decide the file: every network of the vectors, made int8.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn an_int8_candidate_is_the_same_file_everywhere() {
    let recipe = Recipe::from_json(r#"{"version":1,"steps":[{"step":"quantize"}]}"#).unwrap();
    let digests: Vec<String> = ops::cases()
        .iter()
        .filter(|case| case.group == "graph_float32")
        .map(|case| {
            let model = tflite::read(case.model).unwrap().model;
            let shape = &model.values[model.inputs[0]].shape;
            let mut random = Random::new(9);
            let mut window = || (0..shape.iter().product()).map(|_| random.normal() as f32).collect();
            let windows: Vec<_> = (0..20).map(|_| vec![Tensor::from_f32(shape, window()).unwrap()]).collect();
            let candidate = compress::apply(&model, &recipe, &windows, &mut Silent).unwrap();
            short_sha(&tflite::write(&candidate).unwrap())
        })
        .collect();
    let expected = [
        "158f51210e9401f0",
        "272fe439bd69e064",
        "c601df1f84f0f7f0",
        "306e386f4d1e7984",
        "cc8d1e8f38257a4f",
        "3c7cb68ff0865890",
    ];
    assert_eq!(digests, expected, "residual, branches, separable, autoencoder, long_lived, two_outputs");
}
