//! The keyword spotter: MLPerf Tiny's DS-CNN, taught by synthetic voices.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use milliwatt::audio;
use milliwatt::data::Clip;
use milliwatt::data::keywords::{CLASSES, Word, archive, words};
use milliwatt::data::sample::{self, ClipSet, Place, Sample};
use milliwatt::format::tflite;
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::plan::{Quantization, Schedule, Steps};
use milliwatt::train::{Data, Examples, Plan, Trainer, one_hot};

use crate::judge::{INT8, ORIGINAL, PAGE_SEED, real_clips, score};
use crate::voices;

/// The model that was trained for integers, beside the float one.
const INT8_FILE: &str = "int8.tflite";
/// How often all clips are seen.
const EPOCHS: usize = 14;
/// How often they are seen again by the rounded network.
const ROUNDED_EPOCHS: usize = 2;

pub fn make(folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let sample = sample::keywords(1);
    let spoken = voices::speak()?;
    let clips = sample.training.clips(&spoken.learned)?;
    println!(
        "keywords: {} words to learn, {} to test, {} to ship; {} clips ({:.0} s)",
        spoken.learned.len(),
        spoken.tested.len(),
        spoken.shipped.len(),
        clips.len(),
        start.elapsed().as_secs_f64()
    );
    let inputs = features(&sample, &clips)?;
    let labels: Vec<usize> = clips.iter().filter_map(|clip| clip.label).collect();
    let targets = one_hot(&labels, CLASSES.len())?;
    let examples = Examples { inputs: &inputs, targets: &targets };
    println!("keywords: features are made ({:.0} s)", start.elapsed().as_secs_f64());

    let float = Plan {
        epochs: EPOCHS,
        batch: 64,
        learning_rate: 3e-3,
        schedule: Schedule::Cosine,
        warm_up: 100,
        label_smoothing: 0.1,
        mixup: 0.2,
        weight_decay: 1e-5,
        batch_norm: true,
        ..Plan::default()
    };
    let trainer = train(&Architecture::of(Kind::DsCnn).build(1)?, &float, examples, &start)?;
    let mut model = trainer.model()?;
    model.name = "keywords".into();
    model.description = "DS-CNN keyword spotter, trained by Milliwatt on synthetic voices".into();
    let integers = Plan {
        epochs: ROUNDED_EPOCHS,
        learning_rate: 3e-4,
        warm_up: 0,
        batch_norm: false,
        quantization: Some(Quantization { method: Steps::MovingAverage, ..Quantization::default() }),
        ..float
    };
    let rounded = train(&model, &integers, examples, &start)?;

    fs::create_dir_all(folder)?;
    let shipped = archive(&spoken.shipped)?;
    let float = tflite::write(&model)?;
    let int8 = tflite::write(&rounded.export()?)?;
    fs::write(folder.join(sample.words.as_deref().unwrap_or_default()), &shipped)?;
    fs::write(folder.join(&sample.model), &float)?;
    fs::write(folder.join(INT8_FILE), &int8)?;
    fs::write(folder.join("sample.json"), serde_json::to_string_pretty(&sample)? + "\n")?;
    println!(
        "keywords: {} bytes of words, {} of float model, {} of int8 model, in {} ({:.0} s)",
        shipped.len(),
        float.len(),
        int8.len(),
        folder.display(),
        start.elapsed().as_secs_f64()
    );
    judge(&sample::keywords(PAGE_SEED), &shipped, &spoken.tested, [&float, &int8])
}

/// Clips through the sample's front end, one behind the other.
fn features(sample: &Sample, clips: &[Clip]) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut extractor = audio::front_end(&sample.front_end)?.extractor()?;
    let mut all = Vec::new();
    for clip in clips {
        all.extend(extractor.features(&clip.samples, clip.sample_rate)?);
    }
    Ok(all)
}

fn train(
    model: &milliwatt::Model,
    plan: &Plan,
    examples: Examples<'_>,
    start: &Instant,
) -> Result<Trainer, Box<dyn Error>> {
    let mut trainer = Trainer::new(model, plan)?;
    let (mut right, mut steps) = (0.0, 0.0);
    while !trainer.is_over() {
        let metrics = trainer.step(Data::of(examples))?;
        right += metrics.accuracy.unwrap_or(0.0);
        steps += 1.0;
        if let Some(loss) = metrics.epoch_loss {
            println!(
                "keywords: epoch {}: loss {loss:.3}, {:.1} % right ({:.0} s)",
                metrics.epoch + 1,
                100.0 * right / steps,
                start.elapsed().as_secs_f64()
            );
            (right, steps) = (0.0, 0.0);
        }
    }
    Ok(trainer)
}

/// Says how often float, int8 made afterwards and int8 trained are right, through the steps of the page.
fn judge(sample: &Sample, shipped: &[u8], tested: &[Word], [float, int8]: [&[u8]; 2]) -> Result<(), Box<dyn Error>> {
    let shipped = words(shipped)?;
    let calibration = sample.calibration.clips(&shipped)?;
    let mut sets = vec![("shipped words".to_string(), sample.test.clips(&shipped)?)];
    let all = ClipSet::Keywords { seed: 2, voices: Vec::new(), copies: 3, place: Place::Tested };
    sets.push(("all held-out voices".into(), all.clips(tested)?));
    for voice in tested.iter().map(|word| &word.voice).collect::<BTreeSet<_>>() {
        let words: Vec<Word> = tested.iter().filter(|word| word.voice == *voice).cloned().collect();
        sets.push((format!("  {voice}"), all.clips(&words)?));
    }
    match real_clips()? {
        Some(clips) => sets.push(("real clips".into(), clips)),
        None => println!("keywords: the real clips are not here: skipped"),
    }
    for (name, test) in sets {
        let text = |model, recipe| -> Result<String, Box<dyn Error>> {
            let score = score(model, recipe, &calibration, &test)?;
            Ok(format!("{:.1} % ({:.1} to {:.1})", 100.0 * score.value, 100.0 * score.low, 100.0 * score.high))
        };
        let [float, after, trained] = [text(float, ORIGINAL)?, text(float, INT8)?, text(int8, ORIGINAL)?];
        println!("keywords: {name}, {} clips: float {float}, int8 {after}, trained for int8 {trained}", test.len());
    }
    Ok(())
}
