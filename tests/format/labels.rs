//! Which output is which: labels are matched by name, never by their number.
#![allow(clippy::panic, reason = "a failed unwrap fails the test, which is its purpose")]

use std::fs;

use crate::common;
use milliwatt::compress::recipe::Recipe;
use milliwatt::format::{tflite, wav, zip};
use milliwatt::lab::Bench;
use milliwatt::lab::files::Labels;
use milliwatt::lab::inputs::Split;
use milliwatt::progress::Silent;
use milliwatt::report::{DataCard, Report};
use milliwatt::train::architecture::{Architecture, Kind};

/// A spotter of three words that nothing names.
fn nameless() -> Vec<u8> {
    let model = Architecture { classes: 3, ..Architecture::of(Kind::SmallConvolution) }.build(1).unwrap();
    tflite::write(&model).unwrap()
}

/// Clips in a folder for each word, and what else lies beside them.
fn folders(words: &[&str], beside: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let clip = |word: &str, take: i32| {
        let samples: Vec<f32> = (0..16_000).map(|at| ((at * (take + 3)) as f32 * 0.01).sin() * 0.3).collect();
        (format!("{word}/{take}.wav"), wav::write(16_000, &samples).unwrap())
    };
    let mut files: Vec<_> = words.iter().flat_map(|word| (0..4).map(move |take| clip(word, take))).collect();
    files.extend(beside.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    vec![("words.zip".into(), zip::write(&files).unwrap())]
}

fn stated(classes: &str) -> Labels {
    let classes = classes.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Labels { numbers: None, classes }
}

/// The card of the data and the report of the model as it is.
fn measured(model: &[u8], files: Vec<(String, Vec<u8>)>, classes: &str) -> (DataCard, Report) {
    let mut bench = Bench::new();
    bench.open(model, "model.tflite").unwrap();
    let card = bench.set_labelled(files, stated(classes), Split::of(1)).unwrap();
    bench.apply(&Recipe::original(), &mut Silent).unwrap();
    let results = bench.evaluate(0, bench.test_items()).unwrap();
    bench.add_evaluation(results);
    (card, bench.report("nucleo-h7a3zi-q", 1.0).unwrap())
}

fn score(report: &Report) -> Option<f64> {
    report.evaluation.as_ref().unwrap().score.as_ref().map(|score| score.value)
}

#[test]
fn no_accuracy_is_claimed_on_folders_that_are_merely_as_many_as_the_outputs() {
    let (card, report) = measured(&nameless(), folders(&["cat", "dog", "owl"], &[]), "");
    assert!(!card.labelled && card.classes.is_empty());
    assert_eq!(card.unmatched, ["cat", "dog", "owl"]);
    assert!(card.remarks[0].contains("Nothing says which of the model's 3 outputs"), "{:?}", card.remarks);
    let evaluation = report.evaluation.as_ref().unwrap();
    assert!(evaluation.score.is_none() && evaluation.confusion.is_empty() && evaluation.agreement.is_some());
}

#[test]
fn the_order_that_the_user_states_decides_which_output_is_right() {
    let data = || folders(&["cat", "dog", "owl"], &[]);
    let order = ["cat,dog,owl", "dog,owl,cat", "owl,cat,dog"];
    let scores: Vec<f64> = order.iter().map(|order| score(&measured(&nameless(), data(), order).1).unwrap()).collect();
    // An answer is right in exactly one of three orders that turn.
    assert!((scores.iter().sum::<f64>() - 100.0).abs() < 1e-6, "{scores:?}");
    let (card, _) = measured(&nameless(), data(), "Cat,Dog,other");
    assert_eq!(card.unmatched, ["owl"]);
    assert_eq!(card.classes, ["Cat", "Dog", "other"]);
}

#[test]
fn classes_that_are_not_one_for_each_output_are_refused() {
    let mut bench = Bench::new();
    bench.open(&nameless(), "model.tflite").unwrap();
    let error = bench.set_labelled(folders(&["cat"], &[]), stated("cat,dog"), Split::of(1)).unwrap_err();
    assert!(error.to_string().contains("2 classes are named and the model has 3 outputs"), "{error}");
}

#[test]
fn a_label_file_with_the_model_or_beside_the_data_names_the_outputs() {
    let list = |order: &str| order.replace(',', "\n");
    for order in ["cat,dog,owl", "owl,cat,dog"] {
        let attached = zip::write(&[("labels.txt".into(), list(order).into_bytes())]).unwrap();
        let model = [nameless(), attached].concat();
        let by_model = score(&measured(&model, folders(&["cat", "dog", "owl"], &[]), "").1);
        let beside = folders(&["cat", "dog", "owl"], &[("labels.txt", &list(order))]);
        let by_data = score(&measured(&nameless(), beside, "").1);
        let by_user = score(&measured(&nameless(), folders(&["cat", "dog", "owl"], &[]), order).1);
        assert!(by_user.is_some() && by_model == by_user && by_data == by_user, "{order}");
    }
}

#[test]
fn a_spotter_of_the_benchmarks_twelve_words_is_not_scored_on_twelve_others() {
    let model = Architecture { classes: 12, ..Architecture::of(Kind::SmallConvolution) }.build(1).unwrap();
    let model = tflite::write(&model).unwrap();
    let others = ["ant", "bat", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "kite", "lark"];
    let (card, report) = measured(&model, folders(&others, &[]), "");
    assert!(score(&report).is_none() && !card.labelled);
    assert!(card.remarks[0].contains("called as one of the model's classes (down, go, left"), "{:?}", card.remarks);
    let words = ["_silence_", "_unknown_", "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"];
    let (card, report) = measured(&model, folders(&words, &[]), "");
    assert!(score(&report).is_some() && card.unmatched.is_empty() && card.remarks.is_empty(), "{:?}", card.remarks);
    let (card, report) = measured(&model, folders(&["yes", "marvin"], &[]), "");
    assert!(score(&report).is_some());
    assert_eq!(card.remarks, ["Counted as unknown: marvin"]);
}

#[test]
fn published_networks_have_their_published_classes() {
    let Some(models) = common::shared("mlperf/models") else { return };
    for (name, first, count) in [
        ("kws01_int8", "down", 12),
        ("ic01_int8", "airplane", 10),
        ("ic01_fp32", "airplane", 10),
        ("ic01large_int8", "airplane", 10),
        ("vww01_int8", "non_person", 2),
        ("micro_speech_uint8", "silence", 4),
        ("ad01_int8", "normal", 2),
    ] {
        let mut bench = Bench::new();
        bench.open(&fs::read(models.join(format!("{name}.tflite"))).unwrap(), name).unwrap();
        let labels = bench.labels();
        assert_eq!((labels.first().map(String::as_str), labels.len()), (Some(first), count), "{name}");
    }
}

#[test]
fn the_label_files_of_public_models_are_read() {
    let Some(folder) = common::shared("corpus/models") else { return };
    let name = "tflite-support__tensorflow_lite_support__cc__test__testdata__task__vision__mobilenet_v1_0.25_224_quant_without_subgraph_metadata.tflite";
    let mut bench = Bench::new();
    bench.open(&fs::read(folder.join(name)).unwrap(), "mobilenet.tflite").unwrap();
    let labels = bench.labels();
    assert_eq!((labels.len(), &labels[2][..]), (1001, "goldfish"));
}
