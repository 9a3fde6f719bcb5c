//! The keyword spotter as it is shipped, judged by the steps of the page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common;
use milliwatt::audio;
use milliwatt::data::Clip;
use milliwatt::data::keywords::{self, CLASSES, Word};
use milliwatt::data::sample::{self, Sample};
use milliwatt::format::tflite;
use milliwatt::metrics::Score;

#[path = "../../examples/samples/judge.rs"]
mod judge;
#[path = "../../examples/samples/voices.rs"]
#[allow(dead_code, reason = "nobody speaks here: only who would is asked")]
mod voices;

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new("www/public/samples/keywords").join(name)).unwrap()
}

fn sample() -> Sample {
    Sample::read(&file("sample.json")).unwrap()
}

fn words() -> Vec<Word> {
    keywords::words(&file("words.zip")).unwrap()
}

/// What the page calibrates and tests with.
fn page() -> Sample {
    sample::keywords(judge::PAGE_SEED)
}

/// Float, int8 made of it as on the page, and trained for int8.
fn scores(test: &[Clip]) -> [Score; 3] {
    let calibration = page().calibration.clips(&words()).unwrap();
    let (float, int8) = (file("model.tflite"), file("int8.tflite"));
    let score = |model: &[u8], recipe| judge::score(model, recipe, &calibration, test).unwrap();
    [score(&float, judge::ORIGINAL), score(&float, judge::INT8), score(&int8, judge::ORIGINAL)]
}

/// The three scores as the row of a table.
fn row(scores: [Score; 3]) -> String {
    let cell =
        |score: Score| format!("{:.1} % ({:.1} to {:.1})", 100.0 * score.value, 100.0 * score.low, 100.0 * score.high);
    format!("{} clips | {} |", scores[0].n, scores.map(cell).join(" | "))
}

/// What is written about the sample must be what is measured.
fn assert_is_stated(row: &str) {
    println!("| {row}");
    for name in ["README.md", "www/public/samples/keywords/SOURCE.md"] {
        assert!(fs::read_to_string(name).unwrap().contains(row), "{name} does not say: {row}");
    }
}

#[test]
fn the_shipped_description_is_the_one_that_the_page_makes_clips_from() {
    assert_eq!(sample(), sample::keywords(1));
}

#[test]
fn both_shipped_models_are_the_network_of_mlperf_tiny_behind_its_front_end() {
    for name in ["model.tflite", "int8.tflite"] {
        let model = tflite::read(&file(name)).unwrap().model;
        let constants = model.values.iter().filter(|value| value.is_constant());
        assert_eq!(constants.map(|value| value.elements()).sum::<usize>(), 22_604, "{name}");
        let front_end = audio::front_end_for(&model.values[model.inputs[0]].shape).unwrap();
        assert_eq!(front_end.name, sample().front_end);
    }
}

#[test]
fn no_speaker_that_judges_has_trained_or_calibrates() {
    // A voice is a speaker with an accent, or a recorded one.
    let speaker = |voice: &str| voice.rsplit('+').next().map(str::to_owned);
    let trains: BTreeSet<_> = voices::learning().iter().filter_map(|voice| speaker(voice)).collect();
    let judges: Vec<_> = sample::JUDGING_VOICES.into_iter().filter_map(speaker).collect();
    assert!(trains.len() > 700 && judges.len() == 12);
    assert_eq!(judges.iter().find(|speaker| trains.contains(*speaker)), None);
    assert!(trains.contains(sample::CALIBRATING_VOICE), "what calibrates is not kept from training");
    let shipped: BTreeSet<_> = words().into_iter().map(|word| word.voice).collect();
    let wanted = sample::JUDGING_VOICES.into_iter().chain([sample::CALIBRATING_VOICE]);
    assert_eq!(shipped, wanted.map(String::from).collect());
}

#[test]
fn every_judging_voice_says_the_ten_words_and_two_others() {
    for voice in sample::JUDGING_VOICES {
        let labels: Vec<_> = words().iter().filter(|word| word.voice == voice).map(Word::label).collect();
        assert_eq!(labels, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 11], "{voice}");
    }
}

#[test]
fn the_shipped_spotter_is_right_on_more_than_nine_of_ten_clips_of_voices_it_never_heard() {
    let clips = sample::held_out(&sample::JUDGING_VOICES).clips(&words()).unwrap();
    let classes: BTreeSet<_> = clips.iter().map(|clip| clip.label.unwrap()).collect();
    assert_eq!(classes.len(), CLASSES.len());
    let scores = scores(&clips);
    let [float, int8, trained] = scores.map(|score| score.value);
    assert!(float > 0.9, "{float}");
    // Integers cost little of it, whether they are made afterwards or learned.
    assert!(int8 > float - 0.03 && trained > float - 0.03, "{float}, {int8}, {trained}");
    assert_is_stated(&row(scores));
}

#[test]
fn what_is_written_about_the_clips_of_the_page_is_what_they_give() {
    assert_is_stated(&row(scores(&page().test.clips(&words()).unwrap())));
}

#[test]
fn what_is_written_about_real_clips_is_what_they_give() {
    match judge::real_clips().unwrap() {
        Some(clips) => assert_is_stated(&row(scores(&clips))),
        None => common::skipped("needs ../shared/mlperf/data/kws_dev.npz"),
    }
}
