//! The ways to treat the level of a clip that the experiment compares, each made fair to the model at hand.

use crate::audio::FrontEnd;
use crate::audio::counts::Cost;
use crate::audio::extractor::{Extractor, loudest_second};
use crate::audio::level::Level;
use crate::audio::mfcc::Mfcc;
use crate::audio::normalize::option::{Settings, Value};
use crate::audio::normalize::price::{Form, Numbers};
use crate::audio::normalize::{self, Domain, Normalizer};
use crate::error::Result;
use crate::tensor::Tensor;

/// One way to treat the level.
#[derive(Debug)]
pub(super) struct Treatment {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    /// The row of the normalizers' table; empty for the front end's own level.
    normalizer: &'static str,
    options: &'static [(&'static str, &'static str)],
    form: Form,
    pub(super) numbers: Numbers,
    /// The option that is set on the calibration clips, and its unit.
    target: Option<&'static str>,
}

const CLIP: Treatment = Treatment {
    id: "",
    label: "",
    normalizer: "none",
    options: &[],
    form: Form::Clip,
    numbers: Numbers::Float32,
    target: None,
};

/// What is compared, in the order in which it is shown.
pub(super) const TREATMENTS: &[Treatment] = &[
    Treatment { id: "reference", label: "As trained", normalizer: "", ..CLIP },
    Treatment { id: "none", label: "None", ..CLIP },
    Treatment { id: "peak", label: "Peak", normalizer: "peak", target: Some("target"), ..CLIP },
    Treatment {
        id: "peak-q15",
        label: "Peak, 16-bit",
        normalizer: "peak",
        target: Some("target"),
        numbers: Numbers::Q15,
        ..CLIP
    },
    Treatment {
        id: "peak-dc",
        label: "Mean, then peak",
        normalizer: "peak",
        options: &[("dc", "true")],
        target: Some("target"),
        ..CLIP
    },
    Treatment {
        id: "peak-99",
        label: "Peak, 99th percentile",
        normalizer: "peak",
        options: &[("percentile", "99")],
        target: Some("target"),
        ..CLIP
    },
    Treatment {
        id: "peak-stream",
        label: "Peak follower (stream)",
        normalizer: "peak",
        form: Form::Stream,
        target: Some("target"),
        ..CLIP
    },
    Treatment { id: "rms", label: "RMS", normalizer: "rms", target: Some("target"), ..CLIP },
    Treatment { id: "loudness", label: "Loudness (R 128)", normalizer: "loudness", target: Some("target"), ..CLIP },
    Treatment { id: "pcen", label: "PCEN", normalizer: "pcen", form: Form::Stream, ..CLIP },
    Treatment { id: "statistics", label: "Mean and variance of bands", normalizer: "statistics", ..CLIP },
];

/// What the trained level costs, as a row of the normalizers' table.
fn trained(level: Level) -> (&'static str, &'static [(&'static str, &'static str)]) {
    match level {
        Level::AsIs => ("none", &[]),
        Level::SignedPeak => ("peak", &[("divisor", "signed")]),
        Level::Peak => ("peak", &[]),
        Level::CentredPeak => ("peak", &[("dc", "true")]),
    }
}

/// A treatment set for one front end on the calibration clips.
pub(super) struct Fitted {
    pub(super) row: &'static Treatment,
    normalizer: &'static Normalizer,
    settings: Settings,
    front_end: FrontEnd,
    work: Work,
}

/// How windows are made.
enum Work {
    /// The front end as it is.
    Reference(Extractor),
    /// Samples are normalized, then go through the front end without its level.
    Samples(Extractor),
    /// The energies of bands are normalized in the place of the logarithm.
    Bands(Box<Bands>),
}

/// Every treatment that fits the front end, set on calibration clips at the front end's rate.
///
/// # Errors
/// Those of the front end and of the normalizers.
pub(super) fn fitted(front_end: &FrontEnd, calibration: &[Vec<f32>]) -> Result<Vec<Fitted>> {
    let level = front_end.level();
    // As the model heard these clips when it was trained.
    let levelled: Vec<Vec<f32>> = calibration
        .iter()
        .map(|clip| {
            let mut clip = clip.clone();
            level.apply(&mut clip);
            clip
        })
        .collect();
    let mut all = Vec::new();
    for row in TREATMENTS {
        let reference = row.normalizer.is_empty();
        // A front end that sets no level is "none" already.
        if reference && level == Level::AsIs {
            continue;
        }
        let (name, options) = if reference { trained(level) } else { (row.normalizer, row.options) };
        let normalizer = normalize::normalizer(name)?;
        if normalizer.domain == Domain::Bands && !front_end.is_mfcc() {
            continue;
        }
        let mut settings = normalizer.defaults();
        for (option, value) in options {
            settings.set(option, value)?;
        }
        if let Some(option) = row.target
            && let Some(level) = mean_level(normalizer, &settings, option, &levelled, front_end.sample_rate)?
        {
            settings.set(option, &format!("{:.1}", level.clamp(-60.0, 0.0)))?;
        }
        let plain = front_end.at_level(Level::AsIs);
        let work = match normalizer.domain {
            _ if reference => Work::Reference(front_end.extractor()?),
            Domain::Samples => Work::Samples(plain.extractor()?),
            Domain::Bands => {
                Work::Bands(Box::new(Bands::fitted(normalizer, &settings, front_end, calibration, &levelled)?))
            }
        };
        all.push(Fitted { row, normalizer, settings, front_end: *front_end, work });
    }
    Ok(all)
}

/// The mean level of clips as a normalizer measures it, in decibels; `None` without a clip that is not silent.
fn mean_level(
    normalizer: &Normalizer,
    settings: &Settings,
    option: &str,
    clips: &[Vec<f32>],
    rate: u32,
) -> Result<Option<f64>> {
    // Brought to a level that is so low that nothing is limited, a clip's gain tells its level.
    const LOW: f64 = -60.0;
    let mut settings = settings.clone();
    settings.set(option, &LOW.to_string())?;
    let mut levels = Vec::new();
    for clip in clips {
        let normalized = normalizer.clip(clip, rate, &settings)?;
        if !normalized.silent && normalized.gain > 0.0 {
            levels.push(LOW - 20.0 * libm::log10(f64::from(normalized.gain)));
        }
    }
    Ok((!levels.is_empty()).then(|| levels.iter().sum::<f64>() / levels.len() as f64))
}

impl Fitted {
    /// The windows of a clip at the front end's rate, as the model shall hear them.
    ///
    /// # Errors
    /// Those of the front end and of the normalizer.
    pub(super) fn windows(&mut self, clip: &[f32]) -> Result<Vec<Tensor>> {
        let rate = self.front_end.sample_rate;
        match &mut self.work {
            Work::Reference(extractor) => extractor.tensors(clip, rate),
            Work::Samples(extractor) => {
                let normalized = normalized(self.row, self.normalizer, &self.settings, clip, rate)?;
                extractor.tensors(&normalized, rate)
            }
            Work::Bands(bands) => bands.windows(self.normalizer, &self.settings, &self.front_end, clip),
        }
    }

    /// What it does, and how it was set.
    pub(super) fn sentence(&self) -> String {
        let what = match self.row.normalizer {
            "" => format!("{}; the level that the model's own front end sets", self.normalizer.sentence),
            _ => self.normalizer.sentence.to_owned(),
        };
        let set: Vec<String> = self
            .row
            .options
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .chain(self.row.target.map(|_| {
                format!(
                    "target {:.1} dB, the mean level of the calibration clips as the model was trained to hear them",
                    self.target()
                )
            }))
            .collect();
        let matched = match self.normalizer.domain {
            Domain::Bands => {
                " Mean and deviation of each band are then brought to those that the model was trained with, measured on the calibration clips"
            }
            Domain::Samples => "",
        };
        match set.is_empty() {
            true => format!("{what}.{matched}"),
            false => format!("{what}. Set to {}.{matched}", set.join(", ")),
        }
    }

    /// The level that was set on the calibration clips.
    fn target(&self) -> f64 {
        let value = self.settings.iter().find(|(name, _)| Some(*name) == self.row.target);
        match value {
            Some((_, Value::Number(level))) => level,
            _ => 0.0,
        }
    }

    /// What it breaks on.
    pub(super) fn breaks(&self) -> &'static str {
        self.normalizer.breaks
    }

    /// What a second of sound costs, whoever the processor.
    ///
    /// # Errors
    /// Those of the normalizer.
    pub(super) fn cost(&self) -> Result<Cost> {
        let Treatment { form, numbers, .. } = *self.row;
        match self.normalizer.domain {
            Domain::Samples => self.normalizer.cost(self.front_end.sample_rate, form, numbers, &self.settings),
            Domain::Bands => self.normalizer.band_cost(Mfcc::BANDS, frame_rate(&self.front_end), form, &self.settings),
        }
    }
}

fn normalized(
    row: &Treatment,
    normalizer: &Normalizer,
    settings: &Settings,
    clip: &[f32],
    rate: u32,
) -> Result<Vec<f32>> {
    const STEPS: f32 = 32_768.0;
    if row.form == Form::Stream {
        let mut stream = normalizer.stream(rate, settings)?;
        let mut out = Vec::with_capacity(clip.len());
        stream.push(clip, &mut out);
        stream.finish(&mut out);
        return Ok(out);
    }
    if row.numbers == Numbers::Q15 {
        // The clip comes from a 16-bit converter, so nothing is lost here.
        let steps: Vec<i16> = clip.iter().map(|sample| (sample * STEPS) as i16).collect();
        let fixed = normalizer.clip_fixed(&steps, rate, settings)?;
        return Ok(fixed.samples.iter().map(|&step| f32::from(step) / STEPS).collect());
    }
    Ok(normalizer.clip(clip, rate, settings)?.samples)
}

/// Frames in a second.
fn frame_rate(front_end: &FrontEnd) -> f64 {
    f64::from(front_end.sample_rate) / front_end.hop() as f64
}

/// Normalized energies in the place of logarithms, brought band by band to what the model was trained with.
struct Bands {
    mfcc: Mfcc,
    /// Factor and summand of each band.
    match_to_trained: Vec<(f32, f32)>,
}

impl Bands {
    fn fitted(
        normalizer: &Normalizer,
        settings: &Settings,
        front_end: &FrontEnd,
        clips: &[Vec<f32>],
        levelled: &[Vec<f32>],
    ) -> Result<Self> {
        let mut bands = Self { mfcc: Mfcc::new()?, match_to_trained: vec![(1.0, 0.0); Mfcc::BANDS] };
        let (mut trained, mut found) = (Vec::new(), Vec::new());
        for (clip, levelled) in clips.iter().zip(levelled) {
            trained.extend(bands.energies(front_end, levelled)?.into_iter().map(Mfcc::log));
            found.extend(bands.treated(normalizer, settings, front_end, clip)?);
        }
        bands.match_to_trained = (0..Mfcc::BANDS)
            .map(|band| {
                let ((mean, deviation), (wanted, spread)) = (moments(&found, band), moments(&trained, band));
                let factor = if deviation > 0.0 { spread / deviation } else { 0.0 };
                (factor as f32, (wanted - factor * mean) as f32)
            })
            .collect();
        Ok(bands)
    }

    /// *Shapes*: `[samples]` to `[frames, bands]`.
    fn energies(&mut self, front_end: &FrontEnd, clip: &[f32]) -> Result<Vec<f32>> {
        let mut second = loudest_second(clip, front_end.sample_rate as usize).to_vec();
        second.resize(front_end.sample_rate as usize, 0.0);
        let mut energies = Vec::new();
        for frame in second.windows(front_end.frame_len()).step_by(front_end.hop()) {
            energies.extend_from_slice(self.mfcc.energies(frame)?);
        }
        Ok(energies)
    }

    fn treated(
        &mut self,
        normalizer: &Normalizer,
        settings: &Settings,
        front_end: &FrontEnd,
        clip: &[f32],
    ) -> Result<Vec<f32>> {
        /// PCEN's constants are made for sound with this full scale.
        const FULL_SCALE: f32 = 2_147_483_648.0;
        let energies = self.energies(front_end, clip)?;
        let energies: Vec<f32> = match normalizer.name {
            "pcen" => energies.into_iter().map(|energy| energy * FULL_SCALE).collect(),
            _ => energies.into_iter().map(Mfcc::log).collect(),
        };
        normalizer.bands(&energies, Mfcc::BANDS, frame_rate(front_end), settings)
    }

    fn windows(
        &mut self,
        normalizer: &Normalizer,
        settings: &Settings,
        front_end: &FrontEnd,
        clip: &[f32],
    ) -> Result<Vec<Tensor>> {
        let treated = self.treated(normalizer, settings, front_end, clip)?;
        let mut features = Vec::with_capacity(front_end.window_len());
        for frame in treated.chunks_exact(Mfcc::BANDS) {
            let matched =
                frame.iter().zip(&self.match_to_trained).map(|(energy, (factor, summand))| energy * factor + summand);
            features.extend_from_slice(&self.mfcc.coefficients(matched));
        }
        let shape: Vec<usize> = std::iter::once(1).chain(front_end.input_shape.iter().copied()).collect();
        Ok(vec![Tensor::from_f32(&shape, features)?])
    }
}

/// Mean and standard deviation of one band.
fn moments(values: &[f32], band: usize) -> (f64, f64) {
    let of_band = || values.iter().skip(band).step_by(Mfcc::BANDS).map(|&value| f64::from(value));
    let n = of_band().count().max(1) as f64;
    let mean = of_band().sum::<f64>() / n;
    let variance = of_band().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n;
    (mean, libm::sqrt(variance))
}
