//! `milliwatt audio`: what can be done with sound alone, without a model.

#[path = "audio/experiment.rs"]
mod experiment;
#[path = "audio/features.rs"]
mod features;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use milliwatt::audio::counts::Cost;
use milliwatt::audio::normalize::level::{Levels, decibels};
use milliwatt::audio::normalize::option::{Range, Settings};
use milliwatt::audio::normalize::price::{Form, Numbers};
use milliwatt::audio::normalize::{NORMALIZERS, normalizer};
use milliwatt::cost;
use milliwatt::error::{Error, Result};
use milliwatt::format::wav;
use serde::Serialize;

use super::{line, print_json, read, write};

/// One variant for each thing to do; each has a function below, and its row in [`run`].
#[derive(Subcommand)]
pub enum Audio {
    /// Turn sound into the features that a model eats
    Features(features::Features),
    /// Play a test set at every level, through each normalizer and both models
    Experiment(experiment::Experiment),
    /// List the normalizers with their options
    Normalizers {
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Normalize a sound and say what that did to it and what it would cost
    Normalize {
        /// WAV file
        input: PathBuf,
        /// The method; `milliwatt audio normalizers` lists them
        #[arg(long, default_value = "peak")]
        method: String,
        /// An option of the method as `name=value`; may be given several times
        #[arg(long = "option", value_name = "NAME=VALUE")]
        options: Vec<String>,
        /// Compute in 16-bit fixed point, as a small microcontroller would
        #[arg(long)]
        fixed: bool,
        /// Hear the sound bit by bit, as a device that listens does, instead of as a whole
        #[arg(long)]
        stream: bool,
        /// WAV file to write
        #[arg(short, long)]
        output: PathBuf,
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: Audio, out: &mut dyn Write) -> Result<()> {
    match command {
        Audio::Features(arguments) => features::run(arguments),
        Audio::Experiment(arguments) => experiment::run(arguments, out),
        Audio::Normalizers { json } => normalizers(json, out),
        Audio::Normalize { input, method, options, fixed, stream, output, json } => {
            let form = if stream { Form::Stream } else { Form::Clip };
            let numbers = if fixed { Numbers::Q15 } else { Numbers::Float32 };
            normalize(&input, &method, &options, (form, numbers), &output, json, out)
        }
    }
}

fn normalizers(json: bool, out: &mut dyn Write) -> Result<()> {
    if json {
        return print_json(out, &NORMALIZERS);
    }
    for row in NORMALIZERS {
        line(out, format_args!("{:<12} {}", row.name, row.sentence))?;
        line(out, format_args!("{:<12} {}", "", row.breaks))?;
        for option in row.options {
            let range = match option.range {
                Range::Number { min, max, default, unit } => format!("{min} to {max} {unit}, {default} unless said"),
                Range::Flag => "true or false, false unless said".into(),
                Range::Choice { words } => format!("{}, the first unless said", words.join(" or ")),
            };
            line(out, format_args!("{:<12}   {:<11} {}: {range}", "", option.name, option.label))?;
        }
    }
    Ok(())
}

/// What normalizing did, as JSON.
#[derive(Serialize)]
struct Done<'a> {
    method: &'a str,
    options: std::collections::BTreeMap<&'static str, milliwatt::audio::normalize::option::Value>,
    numbers: &'static str,
    form: &'static str,
    sample_rate: u32,
    samples: usize,
    /// Absent for a stream, whose gain is not one figure.
    gain_db: Option<f64>,
    clipped: Option<usize>,
    silent: Option<bool>,
    before: Levels,
    after: Levels,
    cost: Cost,
    devices: Vec<OnDevice>,
}

#[derive(Serialize)]
struct OnDevice {
    id: &'static str,
    name: &'static str,
    /// Cycles for each second of sound, and the ends of the band.
    cycles: Option<[f64; 3]>,
    average_power_watts: Option<[f64; 3]>,
    sentence: String,
    basis: Option<String>,
}

fn normalize(
    input: &Path,
    method: &str,
    options: &[String],
    (form, numbers): (Form, Numbers),
    output: &Path,
    json: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let row = normalizer(method)?;
    let mut settings = row.defaults();
    for option in options {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| Error::parameter(format!("an option is NAME=VALUE, not {option:?}")))?;
        settings.set(name, value)?;
    }
    let sound = wav::read(&read(input)?).map_err(|error| error.at(input.display()))?;
    let price = row.cost(sound.sample_rate, form, numbers, &settings)?;
    let (samples, gain) = normalized(row, &sound, (form, numbers), &settings)?;
    write(output, &wav::write(sound.sample_rate, &samples)?)?;
    let done = Done {
        method: row.name,
        options: settings.iter().collect(),
        numbers: if numbers == Numbers::Q15 { "q15" } else { "float32" },
        form: if form == Form::Stream { "stream" } else { "clip" },
        sample_rate: sound.sample_rate,
        samples: samples.len(),
        gain_db: gain.as_ref().and_then(|gain| decibels(f64::from(gain.factor.abs()))),
        clipped: gain.as_ref().map(|gain| gain.clipped),
        silent: gain.as_ref().map(|gain| gain.silent),
        before: Levels::of(&sound.samples, sound.sample_rate)?,
        after: Levels::of(&samples, sound.sample_rate)?,
        cost: price,
        devices: devices(&price, numbers),
    };
    if json { print_json(out, &done) } else { print(&done, out) }
}

/// What is known of a whole clip's gain.
struct Gain {
    factor: f32,
    clipped: usize,
    silent: bool,
}

fn normalized(
    row: &milliwatt::audio::normalize::Normalizer,
    sound: &wav::Wav,
    form: (Form, Numbers),
    settings: &Settings,
) -> Result<(Vec<f32>, Option<Gain>)> {
    let rate = sound.sample_rate;
    let fixed = || sound.samples.iter().map(|x| libm::roundf(x * 32_768.0).clamp(-32_768.0, 32_767.0) as i16);
    let real = |samples: Vec<i16>| samples.into_iter().map(|x| f32::from(x) / 32_768.0).collect::<Vec<f32>>();
    Ok(match form {
        (Form::Clip, Numbers::Float32) => {
            let clip = row.clip(&sound.samples, rate, settings)?;
            (clip.samples, Some(Gain { factor: clip.gain, clipped: clip.clipped, silent: clip.silent }))
        }
        (Form::Clip, Numbers::Q15) => {
            let clip = row.clip_fixed(&fixed().collect::<Vec<i16>>(), rate, settings)?;
            (real(clip.samples), Some(Gain { factor: clip.gain, clipped: clip.clipped, silent: clip.silent }))
        }
        (Form::Stream, Numbers::Float32) => {
            let mut samples = vec![];
            let mut stream = row.stream(rate, settings)?;
            stream.push(&sound.samples, &mut samples);
            stream.finish(&mut samples);
            (samples, None)
        }
        (Form::Stream, Numbers::Q15) => {
            let mut samples = vec![];
            let mut stream = row.stream_fixed(rate, settings)?;
            stream.push(&fixed().collect::<Vec<i16>>(), &mut samples);
            stream.finish(&mut samples);
            (real(samples), None)
        }
    })
}

fn devices(price: &Cost, numbers: Numbers) -> Vec<OnDevice> {
    let row = |device: &'static cost::Device| match cost::sound(&price.operations, numbers, device) {
        Ok(cost) => OnDevice {
            id: device.id,
            name: device.name,
            cycles: Some([cost.cycles.value.0, cost.cycles.low.0, cost.cycles.high.0]),
            average_power_watts: Some([
                cost.average_power.value.0,
                cost.average_power.low.0,
                cost.average_power.high.0,
            ]),
            sentence: cost.sentence,
            basis: Some(cost.basis),
        },
        Err(error) => OnDevice {
            id: device.id,
            name: device.name,
            cycles: None,
            average_power_watts: None,
            sentence: error.to_string(),
            basis: None,
        },
    };
    cost::devices().iter().map(row).collect()
}

fn print(done: &Done, out: &mut dyn Write) -> Result<()> {
    let level = |level: Option<f64>, unit: &str| level.map_or("-".into(), |level| format!("{level:.2} {unit}"));
    match done.gain_db {
        _ if done.silent == Some(true) => line(out, format_args!("gain        too quiet or too short to be measured"))?,
        Some(_) => line(out, format_args!("gain        {}", level(done.gain_db, "dB")))?,
        None => line(out, format_args!("gain        follows the sound"))?,
    }
    if let Some(clipped) = done.clipped.filter(|&clipped| clipped > 0) {
        line(out, format_args!("cut off     {clipped} of {} samples", done.samples))?;
    }
    for (name, levels) in [("before", &done.before), ("after", &done.after)] {
        line(
            out,
            format_args!(
                "{name:<11} peak {}, true peak {}, RMS {}, loudness {}, mean {:.5}  [measured]",
                level(levels.peak_dbfs, "dBFS"),
                level(levels.true_peak_dbtp, "dBTP"),
                level(levels.rms_dbfs, "dBFS"),
                level(levels.loudness_lufs, "LUFS"),
                levels.mean
            ),
        )?;
    }
    let operations = &done.cost.operations;
    line(
        out,
        format_args!(
            "operations  {} a second: {} additions, {} multiplications, {} compares, {} shifts, {} divisions, {} roots  [counted]",
            operations.total(),
            operations.adds,
            operations.multiplies,
            operations.compares,
            operations.shifts,
            operations.divides,
            operations.roots
        ),
    )?;
    line(
        out,
        format_args!(
            "state       {} bytes, looks {} s ahead  [counted]",
            done.cost.state_bytes, done.cost.lookahead_seconds
        ),
    )?;
    for device in &done.devices {
        line(out, format_args!("{:<24} {}  [modelled]", device.name, device.sentence))?;
    }
    Ok(())
}
