//! Why candidates of the keyword spotter of MLPerf Tiny lose, on its clips of real words.

use crate::common;
use milliwatt::compress::recipe::Recipe;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Split;
use milliwatt::progress::Silent;
use milliwatt::report::diagnosis::DiagnosisReport;

fn diagnosed(recipe: &str) -> Option<(DiagnosisReport, Recipe)> {
    let model = common::shared("mlperf/models/kws01_fp32_qualcomm.tflite")?;
    let data = common::shared("mlperf/data/kws_dev.npz")?;
    let mut bench = Bench::new();
    bench.open(&std::fs::read(model).unwrap(), "kws.tflite").unwrap();
    bench.set_files(vec![("kws_dev.npz".into(), std::fs::read(data).unwrap())], Split::of(1)).unwrap();
    let recipe = Recipe::from_json(recipe).unwrap();
    Some((bench.diagnose(&recipe, &mut Silent).unwrap(), recipe))
}

#[test]
fn two_bits_lose_by_their_few_levels_and_the_first_remedy_leaves_all_other_layers() {
    let two = r#"{"version":1,"steps":[{"step":"quantize","weight_bits":2},{"step":"slim"}]}"#;
    let Some((report, recipe)) = diagnosed(two) else { return };
    assert!(report.sentence.contains("different levels"), "{}", report.sentence);
    assert_eq!(report.layers.iter().filter(|layer| layer.is_worst).count(), 1);
    assert!(report.layers.len() >= 10, "every layer has its counterpart although the file is slim");
    for remedy in &report.remedies {
        assert!(remedy.recipe != recipe && remedy.recipe.check().is_ok(), "{}", remedy.sentence);
    }
    let first = report.remedies[0].recipe.to_json();
    assert!(first.contains("\"layers\":[") && first.matches('8').count() >= 1, "{first}");
}

#[test]
fn a_layer_alone_never_loses_much_more_than_with_what_came_before() {
    let Some((report, _)) = diagnosed(r#"{"version":1,"steps":[{"step":"quantize"}]}"#) else { return };
    for layer in &report.layers {
        let (Some(alone), Some(all)) = (&layer.local, &layer.accumulated) else { continue };
        assert!(alone.value > all.value - 3.0, "{} {}: {} and {}", layer.node, layer.op, alone.value, all.value);
    }
}

#[test]
fn where_channels_went_no_layer_is_blamed_and_the_first_remedy_lets_others_make_up_for_them() {
    let Some((report, _)) = diagnosed(r#"{"version":1,"steps":[{"step":"channels","keep":0.75}]}"#) else { return };
    assert!(report.sentence.starts_with("The original has no counterpart of what"), "{}", report.sentence);
    assert!(report.layers.iter().all(|layer| layer.local.is_none() && (!layer.fed || layer.op == "SOFTMAX")));
    assert!(report.remedies[0].recipe.to_json().contains("\"refit\":true"), "{:?}", report.remedies);
}

#[test]
fn the_original_has_lost_nothing() {
    let Some((report, _)) = diagnosed(r#"{"version":1,"steps":[]}"#) else { return };
    assert!(report.sentence.contains("nothing was lost") && report.remedies.is_empty(), "{}", report.sentence);
}
