//! In-memory compute from outside: real models through the digital array, the command, and the documentation's tables.

use crate::common;
use milliwatt::exec::Options;
use milliwatt::format::{npy, tflite};
use milliwatt::imc::analog::Circuit;
use milliwatt::imc::array::Knobs;
use milliwatt::imc::network::{Mode, Network};
use milliwatt::lab::files::Labels;
use milliwatt::lab::imc::matmul::{self, MatmulRequest};
use milliwatt::lab::imc::{AnalogRequest, ImcRequest, validation};
use milliwatt::lab::inputs::{Purpose, Split};
use milliwatt::lab::{Bench, batch, hardware};
use milliwatt::tensor::Tensor;

fn model(name: &str) -> Option<Vec<u8>> {
    common::shared(&format!("mlperf/models/{name}.tflite")).map(|path| std::fs::read(path).unwrap())
}

fn arrays(path: &str) -> Option<Vec<(String, Tensor)>> {
    common::shared(path).map(|path| npy::read_npz(&std::fs::read(path).unwrap()).unwrap())
}

fn named<'a>(arrays: &'a [(String, Tensor)], name: &str) -> &'a Tensor {
    &arrays.iter().find(|(found, _)| found == name).unwrap().1
}

/// The keyword spotter with its clips.
fn spotter() -> Option<Bench> {
    let (bytes, data) = (model("kws01_int8")?, arrays("mlperf/data/kws_dev.npz")?);
    let mut bench = Bench::new();
    bench.open(&bytes, "kws01_int8.tflite").unwrap();
    let file = |name: &str| (format!("{name}.npy"), npy::write(named(&data, name)).unwrap());
    let split = Split { seed: 1, purpose: Purpose::Test };
    let labels = Labels { numbers: Some(file("y")), ..Labels::default() };
    bench.set_labelled(vec![file("mfcc")], labels, split).unwrap();
    Some(bench)
}

#[test]
fn every_int8_model_gives_the_bytes_of_tflm_through_the_digital_array() {
    for name in ["kws01_int8", "ic01_int8", "ic01large_int8", "vww01_int8", "ad01_int8", "sww01_int8"] {
        let (Some(bytes), Some(golden)) = (model(name), arrays(&format!("mlperf/golden/{name}.npz"))) else { return };
        let model = tflite::read(&bytes).unwrap().model;
        let mut network = Network::new(&model, 256, &Mode::Digital, Options::default()).unwrap();
        let rows = batch::rows(&model, named(&golden, "x")).unwrap();
        // The large one takes seconds for each input.
        let count = if name == "ic01large_int8" { 2 } else { rows.len() };
        let wanted = named(&golden, "y_tflm");
        let each = wanted.len() / rows.len();
        for (index, row) in rows.into_iter().take(count).enumerate() {
            let found = network.run(&[row]).unwrap()[0].to_f32_vec();
            assert_eq!(found, wanted.to_f32_vec()[index * each..(index + 1) * each], "{name}, input {index}");
        }
        println!("{name}: {count} inputs, {} layers in the array", network.tallies().len());
    }
}

#[test]
fn accuracy_and_energy_come_from_the_same_run() {
    let Some(bench) = spotter() else { return };
    let report = bench.imc(&ImcRequest { items: 100, ..ImcRequest::default() }).unwrap();
    assert_eq!(report.same_bytes, Some([100, 100]));
    let score = report.score.unwrap();
    assert!(score.value > 80.0 && score.n == Some(100), "{score:?}");
    for layer in &report.layers {
        // After a ReLU, inputs are quieter than random bits; the features themselves are not.
        let activity = layer.activity.as_ref().unwrap();
        let most = if layer.node == 0 { 0.5 } else { 0.25 };
        assert!(activity.value > 0.0 && activity.value < most, "{} {activity:?}", layer.name);
        assert!(layer.system_energy.value > layer.macro_energy.value);
    }
    let random = bench.imc(&ImcRequest { items: 0, ..ImcRequest::default() }).unwrap();
    let compute = |report: &milliwatt::report::imc::ImcReport| report.parts[1].energy.value;
    assert!(compute(&random) > bench.imc(&ImcRequest::default()).map(|report| compute(&report)).unwrap());
    assert!(random.efficiency[0].value > random.efficiency[1].value);
    // Where a joule goes: parts are the whole, the array's row is the report's, and fewer bits take less.
    for row in &report.joules {
        let sum: f64 = row.parts.iter().map(|part| part.energy.value).sum();
        assert!((sum / row.total.value - 1.0).abs() < 1e-6, "{}", row.name);
    }
    let processor = &report.joules[0];
    let names: Vec<&str> = processor.parts.iter().map(|part| part.part.as_str()).collect();
    assert_eq!(names, ["arithmetic", "sram", "leakage", "clocks", "rest"]);
    assert!(processor.parts.iter().all(|part| part.energy.value > 0.0 && part.energy.source.is_some()));
    assert!(processor.remark.as_ref().is_some_and(|remark| remark.contains("No DRAM") && remark.contains("flash")));
    for device in ["nucleo-l4r5zi", "nucleo-h7a3zi-q", "gap9-650"] {
        // Nothing is made up for boards that publish less: they have fewer parts, and say so.
        let row =
            &bench.imc(&ImcRequest { items: 0, device: device.into(), ..ImcRequest::default() }).unwrap().joules[0];
        assert!(row.parts.iter().all(|part| part.part != "leakage"), "{device}");
        assert!(row.remark.as_ref().is_some_and(|remark| remark.contains("eakage")), "{device}");
        let sum: f64 = row.parts.iter().map(|part| part.energy.value).sum();
        assert!((sum / row.total.value - 1.0).abs() < 1e-6, "{device}");
    }
    // Where the energy of a bit is given, flash stands apart, and an array that keeps its weights reads none of it.
    let stated = |bit| {
        let knobs = Knobs { model_bit: Some(bit), ..Knobs::default() };
        bench.imc(&ImcRequest { items: 0, knobs, ..ImcRequest::default() })
    };
    let kept = |row: &milliwatt::report::imc::JouleRow| {
        row.parts.iter().find(|part| part.part == "model").map(|part| part.energy.value)
    };
    let [one, two] = [1.0, 2.0].map(|bit| stated(bit).unwrap().joules);
    assert!((kept(&two[0]).unwrap() / kept(&one[0]).unwrap() - 2.0).abs() < 1e-9 && kept(&one[0]).unwrap() > 0.0);
    assert_eq!(one[0].total, random.joules[0].total, "the processor's energy has it in already");
    let array =
        |rows: &[milliwatt::report::imc::JouleRow]| kept(rows.iter().find(|row| row.id == "array").unwrap()).unwrap();
    assert!((array(&two) / array(&one) - 2.0).abs() < 1e-9);
    assert_eq!(array(&one) > 0.0, !random.resident, "an array that keeps its weights reads none");
    assert!(stated(f64::NAN).is_err() && stated(-1.0).is_err());
    let total = |id: &str| report.joules.iter().find(|row| row.id == id).unwrap().total.value;
    let system: f64 = report.parts.iter().map(|part| part.energy.value).sum();
    assert!((total("array") / system - 1.0).abs() < 1e-9 && total("processor") > total("array"));
    assert!(total("four") < total("array") && total("sparse") < total("array") && total("array") < total("random"));
}

#[test]
fn chips_on_charge_score_below_the_exact_array_and_fewer_levels_score_less() {
    let Some(bench) = spotter() else { return };
    let chips = |adc_bits: u32, unit_ff: f64, optimise: bool| {
        let circuit = Circuit { adc_bits, unit_ff, ..Circuit::default() };
        let analog = AnalogRequest { circuit, chips: 2, optimise };
        bench.imc(&ImcRequest { items: 8, analog: Some(analog), ..ImcRequest::default() }).unwrap().chips.unwrap()
    };
    // Capacitors large enough that only converters are left to err.
    let large = 100.0;
    let scores: Vec<f64> = [4, 5, 6, 8, 10, 14].map(|bits| chips(bits, large, true).mean.value).into();
    let whole = chips(6, large, false);
    let small = chips(14, Circuit::default().unit_ff, true);
    println!(
        "accuracy by bits {scores:?}, 6 bits over whole columns {:?}, small capacitors {:?}",
        whole.chips, small.chips
    );
    // One answer of 16 is what chance may take.
    assert!(scores.windows(2).all(|pair| pair[1] >= pair[0] - 100.0 / 16.0), "{scores:?}");
    assert!(scores[5] >= whole.exact.value - 100.0 / 16.0, "{scores:?} against {}", whole.exact.value);
    assert!(scores[2] >= whole.mean.value, "choosing the range on data did not help");
    assert!(small.mean.value <= scores[5], "small capacitors differ more and are noisier");
}

#[test]
fn chips_shared_by_two_workers_score_what_one_worker_finds() {
    let Some(bench) = spotter() else { return };
    let analog = AnalogRequest { chips: 3, ..AnalogRequest::default() };
    let request = ImcRequest { items: 4, analog: Some(analog), ..ImcRequest::default() };
    let alone = bench.imc(&request).unwrap().chips.unwrap();
    let [mut first, second] = [(); 2].map(|()| bench.imc_chips(&request).unwrap());
    // The last chip is there before the second one: what is shown has no gap.
    for run in [first.run(1), second.run(3)] {
        first.take(run.unwrap());
    }
    assert_eq!(first.scores().chips, alone.chips[..1]);
    first.take(second.run(2).unwrap());
    assert_eq!(first.scores(), alone);
    assert!(first.run(4).is_err() && first.run(0).is_err());
}

#[test]
fn a_product_reports_its_parts_and_when_loading_is_worth_it() {
    let draw = |count: usize| (0..count).map(|i| ((i * 37) % 251) as i8).collect();
    let a = Tensor::from_i8(&[16, 300], draw(4800)).unwrap();
    let b = Tensor::from_i8(&[300, 40], draw(12_000)).unwrap();
    let (report, product) = matmul::matmul(&a, &b, &MatmulRequest::default()).unwrap();
    assert!(report.whole && report.largest_error.value == 0.0 && report.values == product.values);
    let parts: f64 = report.parts.iter().map(|part| part.energy.value).sum();
    assert!((parts / report.system_energy.value - 1.0).abs() < 1e-9);
    assert_eq!(report.macs.value, 16.0 * 300.0 * 40.0);
    // Two tiles of rows: 16 positions in 8 cycles each, and 300 x 40 weights loaded at 512 bits.
    assert!(report.parts.iter().any(|part| part.part == "load" && part.energy.value > 0.0));
    assert_eq!(report.processors.len(), report.break_even.len());
    assert!(report.break_even.iter().all(|row| row.rows.as_ref().is_some_and(|rows| rows.value >= 1.0)));
    let one_row = Tensor::from_i8(&[1, 300], draw(300)).unwrap();
    let (small, _) = matmul::matmul(&one_row, &b, &MatmulRequest::default()).unwrap();
    assert!(small.system_energy.value < report.system_energy.value);
}

#[test]
fn the_documentation_holds_the_tables_that_the_command_makes() {
    let report = validation::report().unwrap();
    let documented = std::fs::read_to_string("docs/imc.md").unwrap();
    let tables = validation::markdown(&report);
    let (begin, end) = ("<!-- made by `milliwatt imc validate` -->\n", "<!-- end -->");
    let held = documented.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(held, _)| held.trim());
    assert_eq!(held, Some(tables.trim()), "run `milliwatt imc validate` and put its text into docs/imc.md");
}

#[test]
fn goals_that_are_not_met_are_said_not_to_be_met() {
    let report = validation::report().unwrap();
    assert_eq!(report.goals.len(), 4);
    for goal in &report.goals {
        assert_eq!(goal.met, goal.found <= goal.goal, "{}", goal.what);
    }
    let listed: usize = report.sets.iter().map(|set| set.variants.len() + set.afterthoughts.len()).sum();
    assert_eq!(report.variants_tried as usize, listed);
}

#[test]
fn platforms_show_the_model_only_where_operations_can_be_compared() {
    let mut bench = Bench::new();
    let bytes = std::fs::read("www/public/samples/keywords.tflite")
        .or_else(|_| model("kws01_int8").ok_or_else(|| std::io::Error::other("no model")));
    let Ok(bytes) = bytes else { return };
    bench.open(&bytes, "model.tflite").unwrap();
    let report = bench.hardware(10.0, &ImcRequest::default()).unwrap();
    let alone: Vec<_> =
        report.platforms.iter().filter(|platform| platform.macro_only && platform.power.is_some()).collect();
    assert!(alone.len() >= 3 && alone.iter().all(|platform| platform.system.is_some()), "macros beside their systems");
    for platform in &report.platforms {
        assert!(!platform.source.is_empty());
        if let Some(here) = &platform.here {
            assert!(platform.comparable && !platform.macro_only && here.load.value > 0.0, "{}", platform.id);
            // A vendor's peak is a bound from below; nothing bounds it from above.
            assert_eq!(here.load.high.is_none(), platform.kind == "vendor_peak", "{}", platform.id);
        }
    }
    assert!(bench.hardware(0.0, &ImcRequest::default()).is_err());
}

#[test]
fn the_scoreboard_has_our_own_rows_marked_as_modelled() {
    let report = hardware::scoreboard(&ImcRequest::default()).unwrap();
    let ours: Vec<_> = report.rows.iter().filter(|row| row.kind == "modelled").collect();
    assert_eq!(report.rows.len(), 365 + ours.len());
    // A macro and every board that has int8 results, for each of the four networks.
    assert_eq!(ours.iter().filter(|row| row.core == "in-memory compute").count(), 4);
    assert!(ours.len() > 20, "{}", ours.len());
    for row in ours {
        for figure in [row.latency.as_ref(), row.energy.as_ref()].into_iter().flatten() {
            assert!(figure.low.unwrap() < figure.value && figure.value < figure.high.unwrap(), "{}", row.system);
        }
        assert!(row.latency.is_some() && row.energy_j.is_none() && row.latency_s.is_none(), "{}", row.benchmark);
    }
    assert!(report.rows.iter().all(|row| !row.source.is_empty()));
}
