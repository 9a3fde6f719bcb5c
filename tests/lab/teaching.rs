//! Training on the bench: own clips, other classes, the same file again.
#![allow(clippy::panic, reason = "a failed unwrap fails the test, which is its purpose")]

use milliwatt::compress::recipe::{Change, Recipe, Step, Training};
use milliwatt::error::{Error, Result};
use milliwatt::format::{tflite, wav, zip};
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::{Purpose, Split};
use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::report::FigureKind;
use milliwatt::train::architecture::{Architecture, Kind};

const RATE: u32 = 16_000;
/// Pitch of each word, in hertz.
const WORDS: [(&str, f64); 3] = [("high", 1800.0), ("low", 300.0), ("middle", 750.0)];
const LEARNS: Split = Split { seed: 1, purpose: Purpose::Training };

/// Clips of three words that a machine would say: a tone of the word's own pitch with overtones, at some time, in some noise.
fn clips(each: usize) -> Vec<(String, Vec<u8>)> {
    let mut random = Random::new(5);
    let mut files = Vec::new();
    for (word, pitch) in WORDS {
        for take in 0..each {
            let (pitch, start) = (pitch * random.between(0.9, 1.1), random.between(0.1, 0.5));
            let mut sample = |index: usize| {
                let at = index as f64 / f64::from(RATE);
                let inside = (0.0..0.4).contains(&(at - start));
                let tone = if inside { (at * pitch * std::f64::consts::TAU).sin() * 0.3 } else { 0.0 };
                (tone + 0.01 * random.normal()) as f32
            };
            let samples: Vec<f32> = (0..RATE as usize).map(&mut sample).collect();
            files.push((format!("{word}/{take}.wav"), wav::write(RATE, &samples).unwrap()));
        }
    }
    files
}

/// A keyword spotter of twelve classes that knows nothing, with own clips.
fn bench(split: Split) -> Bench {
    let model = Architecture { classes: 12, ..Architecture::of(Kind::SmallConvolution) }.build(1).unwrap();
    let mut bench = Bench::new();
    bench.open(&tflite::write(&model).unwrap(), "small.tflite").unwrap();
    bench.set_files(vec![("words.zip".into(), zip::write(&clips(20)).unwrap())], split).unwrap();
    bench
}

fn recipe(plan: &str, more: &str) -> Recipe {
    Recipe::from_json(&format!(r#"{{"version":1,"steps":[{{"step":"train","copies":1,"plan":{plan}}}{more}]}}"#))
        .unwrap()
}

const PLAN: &str = r#"{"epochs":12,"batch":16,"learning_rate":0.01}"#;

fn candidate(bench: &mut Bench, recipe: &Recipe) -> Result<Vec<u8>> {
    bench.train(recipe, &mut Silent)?;
    bench.apply(recipe, &mut Silent)?;
    Ok(bench.candidate_bytes()?.to_vec())
}

fn accuracy(bench: &mut Bench) -> f64 {
    let part = bench.evaluate(0, bench.test_items()).unwrap();
    bench.add_evaluation(part);
    let score = bench.report("nucleo-l4r5zi", 1.0).unwrap().strip.score.unwrap();
    assert_eq!((score.kind, score.n), (FigureKind::Measured, Some(18)), "three tenths of 60 clips are tested on");
    score.value
}

#[test]
fn a_keyword_spotter_learns_three_own_words_and_is_quantized() {
    let mut bench = bench(LEARNS);
    let float = candidate(&mut bench, &recipe(PLAN, "")).unwrap();
    assert_eq!(bench.class_names(), ["high", "low", "middle"]);
    assert!(accuracy(&mut bench) > 95.0);
    let int8 = candidate(&mut bench, &recipe(PLAN, r#",{"step":"quantize"}"#)).unwrap();
    assert!(accuracy(&mut bench) > 95.0);
    assert!(int8.len() < float.len());
    let report = bench.report("nucleo-l4r5zi", 1.0).unwrap();
    let evaluation = report.evaluation.unwrap();
    assert!(evaluation.agreement.unwrap().value > 90.0, "compared with the float network that was taught these words");
}

#[test]
fn the_same_recipe_gives_the_same_file_also_when_it_was_stopped_and_changed_by_hand() {
    let mut bench = bench(LEARNS);
    let recipe = recipe(r#"{"epochs":4,"batch":16,"quantization":{"weight_bits":4}}"#, "");
    let mut session = bench.training(&recipe).unwrap();
    for _ in 0..5 {
        session.step().unwrap();
    }
    assert_eq!(session.news(1.0).precision, "4-bit weights, 8-bit activations");
    session.set_learning_rate(0.01).unwrap();
    for _ in 0..4 {
        session.step().unwrap();
    }
    let outcome = session.outcome().unwrap();
    let Step::Train(training) = &outcome.recipe.steps[0] else { panic!("no training") };
    let Training { changes, stop, .. } = &**training;
    assert_eq!((&changes[..], *stop), (&[Change { after: 5, learning_rate: 0.01 }][..], Some(9)));
    assert_eq!(candidate(&mut self::bench(LEARNS), &outcome.recipe).unwrap(), outcome.file);
    bench.provide(&outcome).unwrap();
    bench.apply(&outcome.recipe, &mut Silent).unwrap();
    assert_eq!(bench.candidate_bytes().unwrap(), outcome.file);
}

#[test]
fn the_news_of_a_training_tell_each_step_once() {
    let mut session = bench(LEARNS).training(&recipe(PLAN, "")).unwrap();
    let card = session.card().clone();
    // 42 of 60 clips are learned from; every fifth of those judges, and each of the others is there twice.
    assert_eq!((card.judges.value, card.examples.value, card.steps), (8.0, 68.0, 48));
    assert!(card.before.is_none(), "the last layer is new");
    let (mut losses, mut epochs) = (0, Vec::new());
    while !session.is_over() {
        for _ in 0..3 {
            session.step().unwrap();
        }
        let news = session.news(30.0);
        losses += news.losses.len();
        epochs.extend(news.epochs.iter().map(|epoch| epoch.epoch));
        assert_eq!(news.step as usize, losses);
        let (speed, left) = (news.speed.unwrap().value, news.left.unwrap().value);
        assert!((speed - 1600.0).abs() < 1e-6 && (left - 0.01 * f64::from(48 - news.step)).abs() < 1e-9);
    }
    assert_eq!((losses, epochs), (48, (1..=12).collect()));
    assert!(session.weights(card.layers[0].node as usize).is_ok());
}

#[test]
fn classes_can_be_named_and_others_are_left_out() {
    let mut bench = bench(LEARNS);
    let named = recipe(PLAN, "").to_json().replace(r#""copies""#, r#""classes":["low","high"],"copies""#);
    let named = Recipe::from_json(&named).unwrap();
    candidate(&mut bench, &named).unwrap();
    assert_eq!(bench.class_names(), ["low", "high"]);
    bench.apply(&Recipe::original(), &mut Silent).unwrap();
    assert_eq!(bench.class_names().len(), 12, "the original has its own");
}

#[test]
fn what_cannot_be_trained_says_why() {
    let says = |error: Error, what: &str| assert!(error.to_string().contains(what), "{error}");
    let training = recipe(PLAN, "");
    says(bench(LEARNS).apply(&training, &mut Silent).unwrap_err(), "the training has not been run");
    let after = Recipe::from_json(
        r#"{"version":1,"steps":[{"step":"train","network":{"kind":"autoencoder"}},{"step":"train"}]}"#,
    );
    says(after.unwrap_err(), "trains at most once");
    let mut empty = Bench::new();
    empty.open(&candidate(&mut bench(LEARNS), &Recipe::original()).unwrap(), "small.tflite").unwrap();
    says(empty.training(&training).err().unwrap(), "nothing to learn from");
    let unlabelled: Vec<_> = clips(4).into_iter().map(|(path, bytes)| (path.replace('/', "-"), bytes)).collect();
    empty.set_files(unlabelled, LEARNS).unwrap();
    says(empty.training(&training).err().unwrap(), "what is right");
    empty.set_files(clips(1), LEARNS).unwrap();
    says(empty.training(&training).err().unwrap(), "too few to learn from");
}

#[test]
fn an_integer_model_learns_on_as_real_numbers() {
    let quantize = Recipe::from_json(r#"{"version":1,"steps":[{"step":"quantize"}]}"#).unwrap();
    let int8 = candidate(&mut bench(Split::of(1)), &quantize).unwrap();
    let mut bench = Bench::new();
    bench.open(&int8, "int8.tflite").unwrap();
    bench.set_files(clips(20), LEARNS).unwrap();
    let recipe = recipe(PLAN, r#",{"step":"quantize"}"#);
    assert!(bench.training(&recipe).unwrap().card().remarks[0].contains("integers"));
    candidate(&mut bench, &recipe).unwrap();
    assert!(accuracy(&mut bench) > 95.0);
}

#[test]
fn workers_that_share_the_steps_of_a_session_make_the_file_that_one_alone_makes() {
    let recipe = recipe(r#"{"epochs":3,"batch":16,"parts":3,"batch_norm":true,"quantization":{"begin_epoch":1}}"#, "");
    let mut alone = bench(LEARNS).training(&recipe).unwrap();
    let mut workers = [bench(LEARNS).training(&recipe).unwrap(), bench(LEARNS).training(&recipe).unwrap()];
    let mut steps = 0;
    while !alone.is_over() {
        if steps == 3 {
            alone.set_learning_rate(0.01).unwrap();
            workers.iter_mut().for_each(|worker| worker.set_learning_rate(0.01).unwrap());
        }
        alone.step().unwrap();
        let shares: Vec<Vec<u8>> = (0..3).map(|part| workers[part % 2].share(part).unwrap()).collect();
        workers.iter_mut().for_each(|worker| worker.take(shares.iter().map(Vec::as_slice)).unwrap());
        steps += 1;
    }
    let outcome = alone.outcome().unwrap();
    assert!(workers.iter_mut().all(|worker| worker.is_over() && worker.outcome().unwrap() == outcome));
    let [remark] = &outcome.remarks[..] else { panic!("{:?}", outcome.remarks) };
    assert!(remark.starts_with("As integers it is right on ") && remark.contains("of 8 examples"), "{remark}");
}

#[test]
fn weights_that_were_pruned_before_stay_zero_while_it_learns() {
    let steps = r#"{"step":"prune","sparsity":0.5},{"step":"train","plan":{"epochs":2,"batch":16}}"#;
    let recipe = Recipe::from_json(&format!(r#"{{"version":1,"steps":[{steps}]}}"#)).unwrap();
    let mut bench = bench(LEARNS);
    let file = candidate(&mut bench, &recipe).unwrap();
    let model = tflite::read(&file).unwrap().model;
    let first = model.nodes.iter().find_map(|node| node.op.weights_input().and_then(|at| node.input(at))).unwrap();
    let weights = model.values[first].to_f32().unwrap();
    let zeros = weights.iter().filter(|weight| **weight == 0.0).count();
    assert!(2 * zeros >= weights.len(), "{zeros} of {}", weights.len());
}

#[test]
fn a_student_with_fewer_blocks_learns_from_the_whole_network() {
    let model = Architecture { classes: 12, width: 0.25, ..Architecture::of(Kind::DsCnn) }.build(1).unwrap();
    let mut bench = Bench::new();
    bench.open(&tflite::write(&model).unwrap(), "spotter.tflite").unwrap();
    let unlabelled = clips(8).into_iter().map(|(name, bytes)| (name.replace('/', "-"), bytes)).collect::<Vec<_>>();
    bench.set_files(vec![("words.zip".into(), zip::write(&unlabelled).unwrap())], LEARNS).unwrap();
    let steps = r#"{"step":"blocks","remove":2},{"step":"train","plan":{"epochs":1,"batch":4,"distillation":{}}}"#;
    let recipe = Recipe::from_json(&format!(r#"{{"version":1,"steps":[{steps}]}}"#)).unwrap();
    let student = tflite::read(&candidate(&mut bench, &recipe).unwrap()).unwrap().model;
    assert_eq!(model.nodes.len() - student.nodes.len(), 4, "two pairs of depthwise and pointwise layers are gone");
}

#[test]
fn another_file_can_be_the_teacher_and_the_recipe_says_which() {
    let teacher = Architecture { classes: 12, width: 0.25, ..Architecture::of(Kind::DsCnn) }.build(2).unwrap();
    let teacher = tflite::write(&teacher).unwrap();
    let mut bench = bench(LEARNS);
    let named = bench.set_teacher(&teacher, "teacher.tflite").unwrap();
    let steps = format!(
        r#"{{"step":"train","classes":{},"teacher":{},"plan":{{"epochs":1,"batch":16,"distillation":{{"share":1}}}}}}"#,
        serde_json::to_string(&bench.class_names()).unwrap(),
        serde_json::to_string(&named).unwrap()
    );
    let recipe = Recipe::from_json(&format!(r#"{{"version":1,"steps":[{steps}]}}"#)).unwrap();
    let taught = candidate(&mut bench, &recipe).unwrap();
    // The open model is another teacher, and teaches something else.
    let own = Recipe::from_json(
        &recipe.to_json().replace(&format!(r#""teacher":{},"#, serde_json::to_string(&named).unwrap()), ""),
    )
    .unwrap();
    assert_ne!(candidate(&mut bench, &own).unwrap(), taught);
    let error = self::bench(LEARNS).training(&recipe).err().unwrap().to_string();
    assert!(error.contains("learns from teacher.tflite (SHA-256 ") && error.contains("choose that file"), "{error}");
    let error = bench.set_teacher(b"no model", "noise.bin").unwrap_err().to_string();
    assert!(error.contains("noise.bin"), "{error}");
}
