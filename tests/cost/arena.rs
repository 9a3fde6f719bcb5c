//! The arena on every build of TFLM, against what was measured: on emulated cores, on hosts, and in the wheel.

use std::collections::BTreeMap;

use crate::common::shared;
use milliwatt::compress::recipe::Recipe;
use milliwatt::cost::{Runtime, memory_on};
use milliwatt::format::tflite;
use milliwatt::lab::Bench;
use milliwatt::progress::Silent;
use milliwatt::report::Report;

/// Builds as the measurements name them.
const TARGETS: [(&str, Runtime); 7] = [
    ("host64-ref", Runtime::Reference64),
    ("m4-ref32", Runtime::Reference),
    ("m4-cmsis", Runtime::CmsisNn),
    ("m4-cmsis-nodsp", Runtime::CmsisNnScalar),
    ("m55-cmsis", Runtime::CmsisNnMve),
    ("m55-cmsis-size", Runtime::CmsisNnMveSmall),
    ("esp32s3-espnn", Runtime::EspNnS3),
];

/// The bytes of a measured model, in whichever folder it lies.
fn file(name: &str) -> Option<Vec<u8>> {
    // A measured file that is not there is listed by the test, not said for each folder.
    let root = shared("reference")?.parent()?.to_owned();
    let path = ["corpus/models", "mlperf/models", "cases"].map(|folder| root.join(folder).join(name));
    path.iter().find(|path| path.exists()).map(|path| std::fs::read(path).unwrap())
}

#[test]
fn arenas_are_those_that_were_measured_byte_for_byte() {
    let Some(table) = shared("reference/arena_measured.csv") else { return };
    let table = std::fs::read_to_string(table).unwrap();
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let (mut wrong, mut missing, mut unread) = (vec![], vec![], vec![]);
    for line in table.lines().skip_while(|line| line.starts_with('#')).skip(1) {
        let columns: Vec<&str> = line.splitn(8, ',').collect();
        let [name, sha256, target, head, tail, used, smallest, ..] = columns[..] else { panic!("{line}") };
        // What TFLM does not load has no arena.
        let (Ok(head), Ok(tail), Ok(used), Ok(smallest)) =
            (head.parse::<u64>(), tail.parse::<u64>(), used.parse::<u64>(), smallest.parse::<u64>())
        else {
            continue;
        };
        let Some(bytes) = file(name) else {
            missing.push(name);
            continue;
        };
        assert_eq!(milliwatt::lab::card::sha256(&bytes), sha256, "{name}");
        let model = match tflite::read(&bytes) {
            Ok(opened) => opened.model,
            Err(error) => {
                unread.push(format!("{name}: {error}"));
                continue;
            }
        };
        let runtime = TARGETS.iter().find(|row| row.0 == target).unwrap().1;
        let memory = memory_on(&model, runtime);
        let found = [memory.head_bytes.0, memory.tail_bytes.0, memory.needs.used.0, memory.total_bytes().0];
        let count = counts.entry(target).or_default();
        count[0] += 1;
        if memory.is_lower_bound() {
            count[1] += 1;
            wrong.extend(
                (found[3] > smallest).then(|| format!("{name} on {target}: a lower bound of {found:?}, {smallest}")),
            );
            println!("{name} on {target}: no rules for {:?}", memory.unknown);
        } else if found == [head, tail, used, smallest] {
            count[2] += 1;
        } else {
            wrong.push(format!(
                "{name} on {target}: {found:?} instead of {:?}, needs {:?}",
                [head, tail, used, smallest],
                memory.needs
            ));
        }
    }
    missing.dedup();
    unread.dedup();
    println!("missing: {missing:?}\nunread: {unread:#?}");
    for (target, [all, bounds, equal]) in &counts {
        println!("{target}: {equal} of {all} equal in all of head, tail, used, smallest; {bounds} lower bounds");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The report of a model as it is, of the folder `../shared`.
fn report(path: &str) -> Option<Report> {
    let bytes = std::fs::read(shared(path)?).unwrap();
    let mut bench = Bench::new();
    bench.open(&bytes, path).unwrap();
    bench.apply(&Recipe::original(), &mut Silent).unwrap();
    Some(bench.report("nucleo-h7a3zi-q", 1.0).unwrap())
}

#[test]
fn operators_that_are_not_executed_here_are_counted_all_the_same() {
    for (name, wheel) in [("layernorm_int8", 6_160), ("lstm_unrolled_int8", 22_368), ("causal", 4_416)] {
        let Some(path) = shared(&format!("cases/{name}.tflite")) else { continue };
        let model = tflite::read(&std::fs::read(path).unwrap()).unwrap().model;
        let memory = memory_on(&model, Runtime::Wheel);
        assert_eq!((memory.total_bytes().0, memory.is_lower_bound()), (wheel, false), "{name}");
    }
}

#[test]
fn a_file_that_tflm_refuses_fits_no_device_and_has_no_bundle() {
    let Some(report) = report("mlperf/models/ad01_dynrange.tflite") else { return };
    assert!(report.devices.iter().all(|device| device.fits.is_none() && !device.fits_sentence.starts_with("fits")));
    assert!(report.strip.ram.at_least && report.strip.ram.note.starts_with("TFLM does not load this file"));
    let mut bench = Bench::new();
    let bytes = std::fs::read(shared("mlperf/models/ad01_dynrange.tflite").unwrap()).unwrap();
    bench.open(&bytes, "ad01_dynrange.tflite").unwrap();
    let error = bench.bundle(&Recipe::original(), "nucleo-h7a3zi-q", 1.0, &mut Silent).unwrap_err().to_string();
    assert!(error.starts_with("TFLM would not run this model: ") && error.contains("FULLY_CONNECTED"), "{error}");
}

#[test]
fn an_operator_that_nobody_knows_makes_the_arena_a_lower_bound_in_words() {
    let name = "corpus/models/tflm__examples__micro_speech__models__audio_preprocessor_int8.tflite";
    let Some(report) = report(name) else { return };
    assert!(report.memory.smallest.iter().all(|row| row.bytes.at_least));
    assert!(report.strip.ram_cmsis_nn.note.starts_with("The size of the arena is a lower bound"));
    assert!(report.devices.iter().all(|device| device.fits.is_none()), "{}", report.devices[0].fits_sentence);
}

#[test]
fn other_subgraphs_make_the_arena_a_lower_bound_in_words_and_the_model_opens_with_a_side_b() {
    let name = "corpus/models/mww__v2__okay_nabu.tflite";
    let Some(report) = report(name) else { return };
    assert!(report.strip.ram.at_least, "{:?}", report.strip.ram);
    assert!(report.strip.ram.note.contains("what TFLM keeps for CALL_ONCE, VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, the subgraph \"NoOp\" is not known here"));
    assert_eq!(report.model.opening, "slim-tflm");
    assert!(report.model.blocked.as_ref().unwrap().contains("CALL_ONCE"));
    assert!(report.devices.iter().all(|device| device.fits != Some(true)), "{}", report.devices[0].fits_sentence);
}
