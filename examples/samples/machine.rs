//! The anomaly detector, from nothing but seeds.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use milliwatt::data::machine_sound::FAULTS;
use milliwatt::data::sample::{self, ClipSet, Sample};
use milliwatt::data::{Dataset, Item};
use milliwatt::exec::{Executor, Options as Execution};
use milliwatt::format::tflite;
use milliwatt::progress::Silent;
use milliwatt::train::architecture::{ANOMALY_AUTOENCODER, dense};
use milliwatt::train::standardise::Standardisation;
use milliwatt::train::{Examples, Loss, Options, fit};
use milliwatt::{Model, audio, metrics};

/// The anomaly detector: an autoencoder of the MLPerf Tiny shape that has heard healthy machines only.
pub fn make(folder: &Path) -> Result<(), Box<dyn Error>> {
    let sample = sample::machine(1);
    let training: Vec<f32> =
        items(&sample, &sample.training)?.iter().flat_map(|item| &item.windows).flat_map(|w| w.to_f32_vec()).collect();
    let features = audio::front_end(&sample.front_end)?.window_len();
    println!("machine: {} windows of healthy sound", training.len() / features);

    let start = Instant::now();
    let standard = Standardisation::of(&training, features)?;
    let examples = standard.apply(&training);
    let options = Options { loss: Loss::MeanSquaredError, epochs: 16, batch: 64, learning_rate: 1e-3, seed: 1 };
    let blank = dense("machine-sound", features, &ANOMALY_AUTOENCODER, 1)?;
    let say = &mut |phase: &str, done: usize, total: usize| {
        if done.is_multiple_of(total / 8) {
            println!("machine: {phase} {} % ({:.0} s)", 100 * done / total, start.elapsed().as_secs_f64());
        }
        true
    };
    let trained = fit(&blank, Examples { inputs: &examples, targets: &examples }, &options, say)?;
    let mut model = standard.fold_into(&trained.model)?;
    model.description = "Autoencoder for machine sound, trained by Milliwatt on sound that it generates".into();
    println!("machine: trained in {:.0} s, loss {:.4?}", start.elapsed().as_secs_f64(), trained.losses);

    fs::create_dir_all(folder)?;
    let bytes = tflite::write(&model)?;
    fs::write(folder.join(&sample.model), &bytes)?;
    fs::write(folder.join("sample.json"), serde_json::to_string_pretty(&sample)? + "\n")?;
    println!("machine: {} bytes in {}", bytes.len(), folder.display());
    judge(&sample, &tflite::read(&bytes)?.model)
}

/// Says how well the file, read back, tells healthy from faulty machines.
fn judge(sample: &Sample, model: &Model) -> Result<(), Box<dyn Error>> {
    let mut executor = Executor::new(model, Execution::default())?;
    let mut scores = Vec::new();
    for item in items(sample, &sample.test)? {
        let score = mean_squared_error(&mut executor, &item)?;
        scores.push((item.name, (score, item.label != Some(0))));
    }
    // The area for the faulty clips whose name ends so, against all healthy ones.
    let auc = |ending: &str| {
        let wanted = |name: &str, faulty: bool| !faulty || name.ends_with(ending);
        let part = scores.iter().filter(|(name, (_, faulty))| wanted(name, *faulty)).map(|&(_, score)| score);
        metrics::auc(&part.collect::<Vec<_>>()).ok_or("the test set has one class only")
    };
    let all = auc("")?;
    println!("machine: AUC {:.4} ({:.3} to {:.3}) on {} held-out clips", all.value, all.low, all.high, all.n);
    for fault in FAULTS {
        println!("machine:   {:.4} {}", auc(fault.name)?.value, fault.label);
    }
    Ok(())
}

/// A set of clips through the sample's front end.
fn items(sample: &Sample, set: &ClipSet) -> Result<Vec<Item>, Box<dyn Error>> {
    let front_end = audio::front_end(&sample.front_end)?;
    let features = |samples: &[f32], rate| front_end.tensors(samples, rate);
    Ok(Dataset::from_clips(&set.clips(&[])?, &sample.classes, &features, &mut Silent)?.items)
}

/// How badly the autoencoder gives an item back: the mean over all its windows.
fn mean_squared_error(executor: &mut Executor, item: &Item) -> Result<f64, Box<dyn Error>> {
    let mut sum = 0.0;
    for window in &item.windows {
        let output = executor.run(std::slice::from_ref(window))?;
        let output = output.first().map(|output| output.to_f32_vec()).unwrap_or_default();
        let (loss, _) = Loss::MeanSquaredError.of(&output, &window.to_f32_vec(), 1)?;
        sum += loss;
    }
    Ok(sum / item.windows.len() as f64)
}
