//! How often a keyword spotter is right, through the same steps as on the page; `tests/train/sample_keywords.rs` asks the
//! same.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use milliwatt::compress::recipe::Recipe;
use milliwatt::data::Clip;
use milliwatt::data::keywords::{CLASSES, SAMPLE_RATE};
use milliwatt::format::npy;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::{Inputs, Item, Source};
use milliwatt::metrics::{self, Score};
use milliwatt::progress::Silent;

/// The recipe that leaves a model as it is.
pub const ORIGINAL: &str = r#"{"version":1,"steps":[]}"#;
/// The recipe of the page's side B: integers, without training.
pub const INT8: &str = r#"{"version":1,"steps":[{"step":"quantize","scheme":"int8"}]}"#;
/// The seed of the clips that the page tests on (`www/src/app/state.ts`).
pub const PAGE_SEED: u64 = 3;
/// Reports price a candidate for some device.
const DEVICE: &str = "nucleo-h7a3zi-q";

/// The share of test clips that a recipe's candidate answers rightly.
pub fn score(model: &[u8], recipe: &str, calibration: &[Clip], test: &[Clip]) -> Result<Score, Box<dyn Error>> {
    let item = |clip: &Clip| Item {
        name: clip.name.clone(),
        label: clip.label,
        source: Source::Sound { samples: clip.samples.clone(), sample_rate: clip.sample_rate },
    };
    let mut bench = Bench::new();
    bench.open(model, "keywords")?;
    bench.set_inputs(Inputs {
        items: calibration.iter().chain(test).map(item).collect(),
        classes: CLASSES.map(String::from).to_vec(),
        calibration: (0..calibration.len()).collect(),
        test: (calibration.len()..calibration.len() + test.len()).collect(),
        ..Inputs::default()
    });
    bench.apply(&Recipe::from_json(recipe)?, &mut Silent)?;
    let all = bench.evaluate(0, test.len())?;
    bench.add_evaluation(all);
    let evaluation = bench.report(DEVICE, 1.0)?.evaluation.ok_or("nothing was measured")?;
    let right: u32 = (0..evaluation.classes.len()).map(|class| evaluation.confusion[class][class]).sum();
    Ok(metrics::share(right as usize, test.len()))
}

/// The 500 clips of Speech Commands that lie beside the project where it is developed, through [`SAMPLE_RATE`]; `None`
/// elsewhere.
pub fn real_clips() -> Result<Option<Vec<Clip>>, Box<dyn Error>> {
    let root = std::env::var_os("MILLIWATT_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = root.join("mlperf/data/kws_dev.npz");
    if !file.exists() {
        return Ok(None);
    }
    let arrays = npy::read_npz(&fs::read(file)?)?;
    let array = |name: &str| {
        let found = arrays.iter().find(|(found, _)| found == name).map(|(_, array)| array.to_f32_vec());
        found.ok_or(format!("there is no {name} in the archive"))
    };
    let (audio, labels) = (array("audio")?, array("y")?);
    let clip = |(index, (samples, label)): (usize, (&[f32], &f32))| Clip {
        name: format!("real {index}"),
        samples: samples.iter().map(|sample| sample / 32_768.0).collect(),
        sample_rate: SAMPLE_RATE,
        label: Some(*label as usize),
    };
    Ok(Some(audio.chunks_exact(SAMPLE_RATE as usize).zip(&labels).enumerate().map(clip).collect()))
}
