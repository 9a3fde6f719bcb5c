//! The keyword spotter: MLPerf Tiny's DS-CNN, taught by synthetic voices.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use milliwatt::audio;
use milliwatt::data::Clip;
use milliwatt::data::keywords::{self, CLASSES, Word, archive, words};
use milliwatt::data::sample::{self, ClipSet, JUDGING_VOICES, Sample};
use milliwatt::format::tflite;
use milliwatt::random::Random;
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::plan::{Quantization, Schedule, Steps};
use milliwatt::train::{Data, Examples, Plan, Trainer, one_hot};

use crate::judge::{INT8, ORIGINAL, PAGE_SEED, real_clips, score};
use crate::voices;

/// The model that was trained for integers, beside the float one.
const INT8_FILE: &str = "int8.tflite";
/// How often all words are heard, each time as in the next of the surroundings that were made for it.
const EPOCHS: usize = 32;
/// How often they are heard again by the rounded network.
const ROUNDED_EPOCHS: usize = 4;
/// Words whose clips are made at once: all together would fill the memory.
const WORDS_AT_ONCE: usize = 1_000;

pub fn make(folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let sample = sample::keywords(1);
    let spoken = voices::speak()?;
    println!(
        "keywords: {} words to learn, {} to ship ({:.0} s)",
        spoken.learned.len(),
        spoken.shipped.len(),
        start.elapsed().as_secs_f64()
    );
    let sets = sets(&sample, &spoken.learned)?;
    println!(
        "keywords: {} sets of {} clips ({:.0} s)",
        sets.len(),
        sets[0].labels.len(),
        start.elapsed().as_secs_f64()
    );

    let float = Plan {
        epochs: EPOCHS,
        batch: 100,
        learning_rate: 4e-3,
        schedule: Schedule::Cosine,
        warm_up: 200,
        label_smoothing: 0.1,
        weight_decay: 1e-5,
        batch_norm: true,
        average: Some(0.998),
        ..Plan::default()
    };
    let trainer = train(&Architecture::of(Kind::DsCnn).build(1)?, &float, &sets, &start)?;
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
    let rounded = train(&model, &integers, &sets, &start)?;

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
    judge(&sample::keywords(PAGE_SEED), &shipped, [&float, &int8])
}

/// Features and labels of clips.
struct Set {
    inputs: Vec<f32>,
    labels: Vec<usize>,
    targets: Vec<f32>,
}

/// What teaches: all words in one of the surroundings of each after the other.
fn sets(sample: &Sample, words: &[Word]) -> Result<Vec<Set>, Box<dyn Error>> {
    let &ClipSet::Keywords { seed, copies, .. } = &sample.training else { return Err("these are not words".into()) };
    let mut order: Vec<&Word> = words.iter().collect();
    Random::new(seed).shuffle(&mut order);
    let set = |copy| -> Result<Set, Box<dyn Error>> {
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        for (part, words) in order.chunks(WORDS_AT_ONCE).enumerate() {
            let clips = keywords::clips(words, &keywords::LEARNED, seed + ((copy * 1_000 + part) << 44) as u64, 1);
            inputs.extend(features(sample, &clips)?);
            labels.extend(clips.iter().filter_map(|clip| clip.label));
        }
        let targets = one_hot(&labels, CLASSES.len())?;
        Ok(Set { inputs, labels, targets })
    };
    (0..copies).map(set).collect()
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

fn train(model: &milliwatt::Model, plan: &Plan, sets: &[Set], start: &Instant) -> Result<Trainer, Box<dyn Error>> {
    let mut trainer = Trainer::new(model, plan)?;
    let (mut right, mut steps, mut epoch) = (0.0, 0.0, 0);
    while !trainer.is_over() {
        let set = &sets[epoch % sets.len()];
        let metrics = trainer.step(Data::of(Examples { inputs: &set.inputs, targets: &set.targets }))?;
        right += metrics.accuracy.unwrap_or(0.0);
        steps += 1.0;
        if let Some(loss) = metrics.epoch_loss {
            println!(
                "keywords: epoch {}: loss {loss:.3}, {:.1} % right ({:.0} s)",
                metrics.epoch + 1,
                100.0 * right / steps,
                start.elapsed().as_secs_f64()
            );
            (right, steps, epoch) = (0.0, 0.0, epoch + 1);
        }
    }
    Ok(trainer)
}

/// Says how often float, int8 made afterwards and int8 trained are right, through the steps of the page.
fn judge(sample: &Sample, shipped: &[u8], [float, int8]: [&[u8]; 2]) -> Result<(), Box<dyn Error>> {
    let shipped = words(shipped)?;
    let calibration = sample.calibration.clips(&shipped)?;
    let all = sample::held_out(&JUDGING_VOICES);
    let mut sets = vec![("the page's clips".to_string(), sample.test.clips(&shipped)?)];
    sets.push(("held-out voices".into(), all.clips(&shipped)?));
    for voice in JUDGING_VOICES {
        sets.push((format!("  {voice}"), sample::held_out(&[voice]).clips(&shipped)?));
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
