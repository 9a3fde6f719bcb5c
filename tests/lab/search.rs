//! A search on the keyword spotter of MLPerf Tiny, with its five hundred clips of real words.

use crate::common;
use milliwatt::compress::recipe::Recipe;
use milliwatt::error::Kind;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Split;
use milliwatt::progress::Silent;
use milliwatt::report::search::SearchRequest;

fn bench() -> Option<Bench> {
    let model = common::shared("mlperf/models/kws01_fp32_qualcomm.tflite")?;
    let data = common::shared("mlperf/data/kws_dev.npz")?;
    let mut bench = Bench::new();
    bench.open(&std::fs::read(model).unwrap(), "kws.tflite").unwrap();
    bench.set_files(vec![("kws_dev.npz".into(), std::fs::read(data).unwrap())], Split::of(1)).unwrap();
    Some(bench)
}

/// Percent right on the test items, and bytes of the file, of a recipe on the bench.
fn on_the_bench(bench: &mut Bench, recipe: &Recipe) -> (f64, f64) {
    bench.apply(recipe, &mut Silent).unwrap();
    let part = bench.evaluate(0, bench.test_items()).unwrap();
    bench.add_evaluation(part);
    let strip = bench.report("nucleo-h7a3zi-q", 1.0).unwrap().strip;
    (strip.score.unwrap().value, strip.flash.value)
}

#[test]
fn under_25_kb_the_keyword_spotter_loses_at_most_two_points_and_its_numbers_are_the_benchs() {
    let Some(mut bench) = bench() else { return };
    let request = SearchRequest { flash: Some(25_000.0), trials: 9, ..SearchRequest::default() };
    let mut search = bench.search(&request, None).unwrap();
    while !search.is_over() {
        search.step(&bench, &mut Silent).unwrap();
    }
    let answer = search.answer().unwrap();
    let (float, _) = on_the_bench(&mut bench, &Recipe::original());
    let (found, bytes) = on_the_bench(&mut bench, &answer.recipe);
    assert!(bytes <= 25_000.0 && found >= float - 2.0, "{found} of {float} in {bytes}");
    assert_eq!((answer.strip.score.unwrap().value, answer.strip.flash.value), (found, bytes));
}

#[test]
fn a_search_is_gone_on_with_from_its_state_and_from_no_other() {
    let Some(bench) = bench() else { return };
    let request = SearchRequest { flash: Some(25_000.0), trials: 2, ..SearchRequest::default() };
    let mut search = bench.search(&request, None).unwrap();
    assert!(search.step(&bench, &mut Silent).unwrap().trial.is_some());
    let mut resumed = bench.search(&request, Some(&search.state())).unwrap();
    assert_eq!(resumed.trials_json(), search.trials_json());
    let (there, here) = (search.step(&bench, &mut Silent).unwrap(), resumed.step(&bench, &mut Silent).unwrap());
    assert_eq!(there, here);
    let mut other = Bench::new();
    other.open(&std::fs::read("www/public/samples/machine/model.tflite").unwrap(), "machine.tflite").unwrap();
    other.set_generated("machine", 3).unwrap();
    let refused = other.search(&request, Some(&search.state())).err().unwrap();
    assert_eq!(refused.kind(), Kind::Parameter);
    assert!(refused.to_string().contains("another model"), "{refused}");
}

#[test]
fn a_search_without_inputs_says_what_it_needs() {
    let mut bench = Bench::new();
    bench.open(&std::fs::read("www/public/samples/machine/model.tflite").unwrap(), "machine.tflite").unwrap();
    let refused = bench.search(&SearchRequest::default(), None).err().unwrap();
    assert!(refused.to_string().contains("give it inputs first"), "{refused}");
    let absurd = SearchRequest { flash: Some(-1.0), ..SearchRequest::default() };
    assert!(bench.search(&absurd, None).err().unwrap().to_string().contains("flash"));
}
