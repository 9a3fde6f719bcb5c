//! The level experiment on the built-in sample, and on real keywords where they are.

use crate::common;
use milliwatt::audio::disturb::CONDITIONS;
use milliwatt::compress::recipe::Recipe;
use milliwatt::lab::Bench;
use milliwatt::lab::evaluation::Outcome;
use milliwatt::lab::inputs::Split;
use milliwatt::lab::levels::LevelsPartial;
use milliwatt::progress::Silent;
use milliwatt::report::levels::LevelsReport;

const INT8: &str = r#"{"version":1,"steps":[{"step":"quantize"}]}"#;
const DEVICE: &str = "nucleo-u385rg-q";

fn machine() -> Bench {
    let model = std::fs::read("www/public/samples/machine/model.tflite").unwrap();
    let mut bench = Bench::new();
    bench.open(&model, "model.tflite").unwrap();
    bench.set_generated("machine", 3).unwrap();
    bench.apply(&Recipe::from_json(INT8).unwrap(), &mut Silent).unwrap();
    bench
}

fn keywords() -> Option<Bench> {
    let model = std::fs::read(common::shared("mlperf/models/kws01_fp32_qualcomm.tflite")?).unwrap();
    let clips = std::fs::read(common::shared("mlperf/data/kws_dev.npz")?).unwrap();
    let mut bench = Bench::new();
    bench.open(&model, "kws.tflite").unwrap();
    bench.set_files(vec![("kws_dev.npz".into(), clips)], Split::of(1)).unwrap();
    bench.apply(&Recipe::from_json(INT8).unwrap(), &mut Silent).unwrap();
    Some(bench)
}

fn ids(report: &LevelsReport) -> Vec<&str> {
    report.treatments.iter().map(|row| row.id.as_str()).collect()
}

#[test]
fn parts_of_the_experiment_merge_in_any_order_to_the_same_report() {
    let mut bench = machine();
    // The first items are healthy and the last are not, so both kinds are played.
    let items = bench.level_items();
    let parts: Vec<LevelsPartial> =
        [(0, 1), (1, 2), (items - 1, items)].map(|(from, to)| bench.play_levels(from, to).unwrap()).into();
    let report = |order: [usize; 3]| {
        let mut played = LevelsPartial::default();
        // Through text, as workers send them.
        for at in order {
            played.merge(LevelsPartial::from_json(&parts[at].to_json()).unwrap());
        }
        bench.levels_report(&played, DEVICE).unwrap()
    };
    let (forwards, backwards) = (report([0, 1, 2]), report([2, 0, 1]));
    assert_eq!(forwards, backwards);
    assert_eq!((forwards.items, forwards.metric.as_str()), (3, "AUC"));
}

#[test]
fn a_front_end_that_sets_no_level_has_none_to_refer_to_and_no_cepstra_to_replace() {
    let mut bench = machine();
    let played = bench.play_levels(0, 1).unwrap();
    let report = bench.levels_report(&played, DEVICE).unwrap();
    let expected = ["none", "peak", "peak-q15", "peak-dc", "peak-99", "peak-stream", "rms", "loudness"];
    assert_eq!(ids(&report), expected);
    assert_eq!(report.conditions.len(), CONDITIONS.len());
    for row in &report.treatments {
        assert!(row.sides.len() == 2 && row.sides.iter().all(|side| side.scores.len() == CONDITIONS.len()));
        assert!(row.energy.as_ref().unwrap().low <= row.energy.as_ref().map(|energy| energy.value));
    }
    let cost = |id: &str| report.treatments.iter().find(|row| row.id == id).unwrap().operations.value;
    assert_eq!(cost("none"), 0.0);
    assert!(cost("peak") < cost("rms") && cost("rms") < cost("loudness"));
}

#[test]
fn a_board_whose_timing_nobody_published_has_no_energy() {
    let mut bench = machine();
    let played = bench.play_levels(0, 1).unwrap();
    let report = bench.levels_report(&played, "gap9-650").unwrap();
    assert!(report.treatments.iter().all(|row| row.energy.is_none() && row.budget.is_none()));
    assert!(bench.levels_report(&played, "toaster").unwrap_err().to_string().contains("toaster"));
    assert!(
        bench.levels_report(&LevelsPartial::default(), DEVICE).unwrap_err().to_string().contains("not been played")
    );
}

#[test]
fn as_recorded_and_as_trained_is_the_ordinary_evaluation() {
    let Some(mut bench) = keywords() else { return };
    const ITEMS: usize = 4;
    let played = bench.play_levels(0, ITEMS).unwrap();
    let report = bench.levels_report(&played, DEVICE).unwrap();
    assert_eq!(ids(&report)[..3], ["reference", "none", "peak"]);
    assert_eq!(ids(&report)[9..], ["pcen", "statistics"]);
    let ordinary = bench.evaluate(0, ITEMS).unwrap();
    let as_recorded = CONDITIONS.iter().position(|condition| condition.id == "gain0").unwrap();
    let reference = played.cell(0, as_recorded).unwrap();
    assert_eq!(reference.results, ordinary.results);
    assert!(ordinary.results.iter().all(|result| matches!(result.candidate, Outcome::Class(_))));
}

#[test]
fn features_cannot_be_played_louder() {
    let Some(model) = common::shared("mlperf/models/kws01_int8.tflite") else { return };
    let mut bench = Bench::new();
    bench.open(&std::fs::read(model).unwrap(), "kws.tflite").unwrap();
    let shape = vec![3, 49, 10, 1];
    let array = milliwatt::tensor::Tensor::zeros(milliwatt::tensor::DType::Int8, &shape).unwrap();
    bench.set_files(vec![("x.npy".into(), milliwatt::format::npy::write(&array).unwrap())], Split::of(1)).unwrap();
    bench.apply(&Recipe::original(), &mut Silent).unwrap();
    assert!(bench.play_levels(0, 1).unwrap_err().to_string().contains("arrays of features"));
}
