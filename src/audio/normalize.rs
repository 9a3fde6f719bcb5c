//! Normalizers: what makes quiet and loud sounds alike before a network hears them.
//!
//! Each is a row of [`NORMALIZERS`] with its options, what it does and what it breaks on. Some act on samples, others
//! on the energies of frequency bands further down the front end ([`Domain`]). Each has two forms: a pure function of
//! a whole clip, and a stream that hears it bit by bit and gives the same whatever the bits' sizes. The two agree
//! where a stream can know as much: look-ahead over the whole clip, momentary loudness, PCEN.
//!
//! A model holds its accuracy only with the form that it was trained with.

pub mod dc;
pub mod follow;
pub mod k_weighting;
pub mod level;
pub mod loudness;
pub mod number;
pub mod option;
pub mod pcen;
pub mod peak;
pub mod price;
pub mod rms;
pub mod statistics;
pub mod stream;
pub mod true_peak;

use serde::Serialize;

use self::option::{Matters, OptionSpec, Settings, number};
pub use self::stream::Stream;
use self::stream::{Chain, Through};
use super::resample::check_rate;
use crate::error::{Error, Result};
use crate::limits;

/// What a normalizer acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Samples.
    Samples,
    /// Energies of frequency bands, frame after frame.
    Bands,
}

/// One way to normalize.
#[derive(Debug, Serialize)]
pub struct Normalizer {
    /// The name in links and recipes.
    pub name: &'static str,
    /// The name on the page.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
    /// What it breaks on, in one sentence.
    pub breaks: &'static str,
    /// What it acts on.
    pub domain: Domain,
    /// Whether it can be computed in 16-bit fixed point.
    pub fixed: bool,
    /// Its options.
    pub options: &'static [OptionSpec],
    #[serde(skip)]
    method: Method,
}

/// Which code a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    None,
    Dc,
    Peak,
    Rms,
    Loudness,
    Pcen,
    Pcan,
    Statistics,
}

/// All normalizers.
pub const NORMALIZERS: &[Normalizer] = &[
    Normalizer {
        name: "none",
        label: "None",
        sentence: "Leaves the sound as it is",
        breaks: "A speaker further away is a quieter input than any that the network was trained on",
        domain: Domain::Samples,
        fixed: true,
        options: &[],
        method: Method::None,
    },
    Normalizer {
        name: "dc",
        label: "Mean removal",
        sentence: "Takes the mean away, so that the sound swings around 0; a stream goes through a high-pass instead",
        breaks: "It does nothing about loudness; the stream's high-pass takes its time after a jump of the mean",
        domain: Domain::Samples,
        fixed: true,
        options: &[number("cutoff", "High-pass", [0.1, 20.0, 200.0], "Hz", Matters::Stream)],
        method: Method::Dc,
    },
    Normalizer {
        name: "peak",
        label: "Peak",
        sentence: "Divides by the largest magnitude, so that the loudest sample reaches the target",
        breaks: "One click sets the gain and the speech becomes quiet; a stream does not know its peak in advance",
        domain: Domain::Samples,
        fixed: true,
        options: peak::OPTIONS,
        method: Method::Peak,
    },
    Normalizer {
        name: "rms",
        label: "RMS",
        sentence: "Divides by the root of the mean square, so that the power reaches the target; what is too loud is cut off",
        breaks: "Pauses count as part of the mean, so speech with long pauses becomes too loud and is cut off",
        domain: Domain::Samples,
        fixed: true,
        options: rms::OPTIONS,
        method: Method::Rms,
    },
    Normalizer {
        name: "loudness",
        label: "Loudness (EBU R 128)",
        sentence: "Brings the loudness as ears weigh it, without the pauses, to the target, unless the true peak becomes too high",
        breaks: "It measures nothing in clips shorter than 0.4 s, and costs more than all the other methods together",
        domain: Domain::Samples,
        fixed: false,
        options: loudness::OPTIONS,
        method: Method::Loudness,
    },
    Normalizer {
        name: "pcen",
        label: "PCEN",
        sentence: "Divides each band by its own slow mean and compresses what is left, frame by frame",
        breaks: "Its constants assume energies of sound with full scale 2^31: at full scale 1 it takes quiet bands for silence, without a warning",
        domain: Domain::Bands,
        fixed: false,
        options: pcen::OPTIONS,
        method: Method::Pcen,
    },
    Normalizer {
        name: "pcan",
        label: "PCAN (integer, in TFLM's micro front end)",
        sentence: "Multiplies each band by a gain from a table of its noise estimate, in whole numbers",
        breaks: "It needs the noise estimate before it and the logarithm behind it: on its own it does not exist",
        domain: Domain::Bands,
        fixed: true,
        options: &[
            number("strength", "Strength", [0.0, 0.95, 1.0], "", Matters::Always),
            number("offset", "Offset added to the noise estimate", [0.0, 80.0, 1000.0], "", Matters::Always),
            number("gain_bits", "Fraction bits of the gain", [8.0, 21.0, 24.0], "", Matters::Always),
        ],
        method: Method::Pcan,
    },
    Normalizer {
        name: "statistics",
        label: "Mean and variance of each band",
        sentence: "Takes each band's mean away and divides by its standard deviation",
        breaks: "A band in which nothing happens becomes noise at full size; a stream needs seconds to know its means",
        domain: Domain::Bands,
        fixed: false,
        options: statistics::OPTIONS,
        method: Method::Statistics,
    },
];

/// Finds a normalizer by its name.
///
/// # Errors
/// `Parameter` with the known names.
pub fn normalizer(name: &str) -> Result<&'static Normalizer> {
    NORMALIZERS.iter().find(|normalizer| normalizer.name == name).ok_or_else(|| {
        let known: Vec<&str> = NORMALIZERS.iter().map(|normalizer| normalizer.name).collect();
        Error::parameter(format!("no normalizer is called {name:?}; there are {}", known.join(", ")))
    })
}

/// A normalized clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalized<S> {
    /// The samples.
    pub samples: Vec<S>,
    /// The factor that all samples were multiplied by.
    pub gain: f32,
    /// Samples that were cut off.
    pub clipped: usize,
    /// Whether the clip was too quiet (or too short) to be measured: say so instead of showing a gain.
    pub silent: bool,
}

impl Normalizer {
    /// All options as they are unless said.
    pub fn defaults(&self) -> Settings {
        Settings::defaults(self.options)
    }

    /// A whole clip of mono sound, normalized.
    ///
    /// *Units*: samples have full scale 1, `rate` in hertz.
    ///
    /// # Errors
    /// `Parameter` for a method that acts on bands, an empty clip or a strange rate, `Limits` for one that is too long,
    /// `Numeric` for a sample that is not a finite number.
    ///
    /// ```
    /// use milliwatt::audio::normalize::normalizer;
    /// let peak = normalizer("peak")?;
    /// let clip = peak.clip(&[0.1, -0.2, 0.05], 16_000, &peak.defaults())?;
    /// assert_eq!((clip.samples, clip.gain), (vec![0.5, -1.0, 0.25], 5.0));
    /// # Ok::<(), milliwatt::Error>(())
    /// ```
    pub fn clip(&self, samples: &[f32], rate: u32, settings: &Settings) -> Result<Normalized<f32>> {
        self.check_samples(samples.len(), rate)?;
        if let Some(bad) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(Error::numeric(format!("sample {bad} of the clip is not a finite number")));
        }
        let same = |samples| Normalized { samples, gain: 1.0, clipped: 0, silent: false };
        Ok(match self.method {
            Method::Dc => {
                let mut samples = samples.to_vec();
                dc::remove_mean(&mut samples);
                same(samples)
            }
            Method::Peak => peak::Peak::new(settings).clip(samples),
            Method::Rms => rms::Rms::new(settings).clip(samples),
            Method::Loudness => loudness::Loudness::new(settings).clip(samples, rate),
            Method::None | Method::Pcen | Method::Pcan | Method::Statistics => same(samples.to_vec()),
        })
    }

    /// A whole clip of mono sound in 16-bit fixed point (Q15), normalized.
    ///
    /// *Units*: samples are whole numbers of 2^-15, `rate` in hertz.
    ///
    /// # Errors
    /// Those of [`Normalizer::clip`]; `Unsupported` for a method, or an option, that is not computed in fixed point.
    pub fn clip_fixed(&self, samples: &[i16], rate: u32, settings: &Settings) -> Result<Normalized<i16>> {
        self.check_samples(samples.len(), rate)?;
        self.check_fixed()?;
        let same = |samples| Normalized { samples, gain: 1.0, clipped: 0, silent: false };
        Ok(match self.method {
            Method::Dc => {
                let mut wide: Vec<i64> = samples.iter().map(|&x| i64::from(x)).collect();
                dc::remove_mean_fixed(&mut wide);
                same(wide.iter().map(|&x| x as i16).collect())
            }
            Method::Peak => {
                let peak = peak::Peak::new(settings);
                if peak.signed {
                    return Err(Error::unsupported(
                        "the signed divisor is a quirk of a float reference; use magnitude",
                    ));
                }
                peak::clip_fixed(&peak, samples)
            }
            Method::Rms => rms::Rms::new(settings).clip_fixed(samples),
            _ => same(samples.to_vec()),
        })
    }

    /// A stream of mono sound.
    ///
    /// *Units*: `rate` in hertz.
    ///
    /// # Errors
    /// `Parameter` for a method that acts on bands, or a strange rate.
    pub fn stream(&self, rate: u32, settings: &Settings) -> Result<Box<dyn Stream<f32>>> {
        self.check_samples(1, rate)?;
        let stream: Box<dyn Stream<f32>> = match self.method {
            Method::Dc => Box::new(dc::HighPass::new(settings, rate)),
            Method::Peak if settings.is("stream", "look-ahead") => {
                Box::new(follow::LookAhead::new(follow::Float::new(settings), follow::reach(settings, rate)))
            }
            Method::Peak => Box::new(follow::Follower::<f32>::new(settings, rate)),
            Method::Rms => Box::new(rms::Follower::<f32>::new(settings, rate)),
            Method::Loudness => Box::new(loudness::Follower::<f32>::new(settings, rate)),
            _ => Box::new(Through),
        };
        Ok(match settings.flag("dc") {
            true => Box::new(Chain { first: Box::new(dc::HighPass::<f32>::new(settings, rate)), second: stream }),
            false => stream,
        })
    }

    /// A stream of mono sound in Q15.
    ///
    /// # Errors
    /// Those of [`Normalizer::stream`]; `Unsupported` for a method that is not computed in fixed point.
    pub fn stream_fixed(&self, rate: u32, settings: &Settings) -> Result<Box<dyn Stream<i16>>> {
        self.check_samples(1, rate)?;
        self.check_fixed()?;
        let stream: Box<dyn Stream<i16>> = match self.method {
            Method::Dc => Box::new(dc::HighPassFixed::<i64>::new(settings, rate)),
            Method::Peak if settings.is("stream", "look-ahead") => {
                Box::new(follow::LookAhead::new(follow::Fixed::<i64>::new(settings), follow::reach(settings, rate)))
            }
            Method::Peak => Box::new(follow::FollowerFixed::<i64>::new(settings, rate)),
            Method::Rms => Box::new(rms::FollowerFixed::<i64>::new(settings, rate)),
            _ => Box::new(Through),
        };
        Ok(match settings.flag("dc") {
            true => Box::new(Chain { first: Box::new(dc::HighPassFixed::<i64>::new(settings, rate)), second: stream }),
            false => stream,
        })
    }

    /// The energies of all frames of a clip, normalized.
    ///
    /// *Shapes*: `energies` is `[frames, bands]`, row-major, and so is the result.
    ///
    /// *Units*: `frames` in a second.
    ///
    /// # Errors
    /// `Parameter` for a method that acts on samples or energies that are no whole number of frames, `Unsupported` for
    /// PCAN, `Numeric` for an energy that is not a finite number, or negative where PCEN takes its logarithm.
    pub fn bands(&self, energies: &[f32], bands: usize, frames: f64, settings: &Settings) -> Result<Vec<f32>> {
        let mut stream = self.band_stream(bands, frames, settings)?;
        if !energies.len().is_multiple_of(bands) {
            return Err(Error::parameter(format!("{} energies are no whole number of {bands} bands", energies.len())));
        }
        let negative = self.method == Method::Pcen;
        if let Some(bad) = energies.iter().position(|&energy| !energy.is_finite() || (negative && energy < 0.0)) {
            return Err(Error::numeric(format!("energy {bad} is {}, which is not possible", energies[bad])));
        }
        if self.method == Method::Statistics {
            let mut energies = energies.to_vec();
            statistics::clip(&mut energies, bands, settings.number("floor") as f32);
            return Ok(energies);
        }
        let mut out = Vec::with_capacity(energies.len());
        stream.push(energies, &mut out);
        Ok(out)
    }

    /// A stream of energies, frame after frame.
    ///
    /// # Errors
    /// `Parameter` for a method that acts on samples, no bands or no frames, `Unsupported` for PCAN.
    pub fn band_stream(&self, bands: usize, frames: f64, settings: &Settings) -> Result<Box<dyn Stream<f32>>> {
        if self.domain != Domain::Bands {
            return Err(Error::parameter(format!("{} acts on samples, not on the energies of bands", self.name)));
        }
        if bands == 0 || !(frames > 0.0 && frames.is_finite()) {
            return Err(Error::parameter(format!(
                "{bands} bands at {frames} frames a second are nothing to normalize"
            )));
        }
        match self.method {
            Method::Pcen => Ok(Box::new(pcen::Pcen::<f32>::new(settings, bands, frames))),
            Method::Statistics => Ok(Box::new(statistics::Running::<f32>::new(settings, bands, frames))),
            _ => Err(Error::unsupported("PCAN runs inside the integer micro front end only")),
        }
    }

    fn check_samples(&self, count: usize, rate: u32) -> Result<()> {
        if self.domain != Domain::Samples {
            return Err(Error::parameter(format!("{} acts on the energies of bands, not on samples", self.name)));
        }
        check_rate(rate)?;
        if count == 0 {
            return Err(Error::parameter("the clip has no samples"));
        }
        limits::check("samples in a clip", count, limits::CLIP_SECONDS * rate as usize)
    }

    fn check_fixed(&self) -> Result<()> {
        if self.fixed {
            return Ok(());
        }
        let known: Vec<&str> =
            NORMALIZERS.iter().filter(|row| row.fixed && row.domain == Domain::Samples).map(|row| row.name).collect();
        Err(Error::unsupported(format!("{} is not computed in fixed point; {} are", self.name, known.join(", "))))
    }
}
