//! Listening: sound comes in as the microphone gives it, events come out.
//!
//! Everything happens at fixed positions of the sound, whatever the size of the blocks that it comes in. So the same
//! sound gives the same levels, pictures, answers and detections, and a test can play a file instead of speaking.

mod decision;
mod ear;
mod level;
mod picture;

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{Bench, Side};
use crate::audio::extractor::Extractor;
use crate::audio::level::Level;
use crate::audio::normalize::{self, Domain, NORMALIZERS, Normalizer};
use crate::audio::{FrontEnd, resample};
use crate::compress::Choice;
use crate::error::{Error, Result};
use crate::lab::card;
use crate::limits;
use crate::report::sound::{LiveEvent, LiveSettings};
use crate::report::{Figure, Task};
use ear::Ear;
use level::Meter;
use picture::Picture;

/// Time between two columns of the picture, and between two readings of the meters.
const COLUMN_MS: f64 = 20.0;
const METER_MS: f64 = 50.0;
/// An answer that would come later than this is left out, so that a slow machine stays with the sound.
const LATE_MS: f64 = 400.0;
/// Answers whose delay is summed up.
const LATENCIES: usize = 50;
/// Sides of the bench.
const SIDES: usize = 2;

/// The settings that a task starts with.
///
/// Machines are judged over longer than words, and their threshold is measured, so that `threshold` means nothing there.
pub fn settings(task: Task) -> LiveSettings {
    let (smoothing_ms, refractory_ms) = if task == Task::Reconstruction { (1000.0, 5000.0) } else { (400.0, 1000.0) };
    LiveSettings { hop_ms: 100.0, smoothing_ms, threshold: 0.7, refractory_ms, normalize: TRAINED.into() }
}

/// The level is what the front end was trained with: each window is brought to it as a clip is.
const TRAINED: &str = "trained";

/// The normalizers that can stand in front of the features: those that act on samples as they come.
pub fn normalizers() -> Vec<Choice> {
    let trained = Choice {
        value: TRAINED.into(),
        label: "As trained".into(),
        sentence: "Each window is brought to the level that the model's front end was trained with".into(),
    };
    let row = |row: &Normalizer| Choice {
        value: row.name.into(),
        label: row.label.into(),
        sentence: format!("{}. {}", row.sentence, row.breaks),
    };
    std::iter::once(trained).chain(listening().map(row)).collect()
}

/// Those of the normalizers that act on samples.
fn listening() -> impl Iterator<Item = &'static Normalizer> {
    NORMALIZERS.iter().filter(|row| row.domain == Domain::Samples)
}

/// Two models that listen to one stream of sound.
pub struct Live {
    rate: u32,
    settings: LiveSettings,
    sides: Vec<Option<Ear>>,
    front_end: Option<&'static FrontEnd>,
    /// What makes features of a window.
    extractor: Option<Extractor>,
    /// The normalizer, where it is not the front end's own.
    stream: Option<Box<dyn normalize::Stream<f32>>>,
    /// The last samples, normalized; its end is now.
    heard: Vec<f32>,
    /// Samples that one window of the front end takes, and samples that are kept.
    window: usize,
    keep: usize,
    /// Samples so far.
    now: u64,
    picture: Picture,
    before: Meter,
    after: Meter,
    latencies: VecDeque<f64>,
    skipped: u32,
}

impl Live {
    /// Listens to sound of a rate; [`Live::set_side`] gives it models.
    ///
    /// *Units*: `rate` in hertz.
    ///
    /// # Errors
    /// `Parameter` for a rate that cannot be converted or settings that make no sense.
    pub fn new(rate: u32, settings: LiveSettings) -> Result<Self> {
        resample::check_rate(rate)?;
        let picture = Picture::new(rate)?;
        let mut live = Self {
            rate,
            settings: self::settings(Task::Other),
            stream: None,
            extractor: None,
            sides: (0..SIDES).map(|_| None).collect(),
            front_end: None,
            heard: Vec::new(),
            window: 0,
            keep: picture.frame(),
            now: 0,
            picture,
            before: Meter::default(),
            after: Meter::default(),
            latencies: VecDeque::new(),
            skipped: 0,
        };
        live.configure(settings)?;
        Ok(live)
    }

    /// Takes other settings; what was averaged so far stays.
    ///
    /// # Errors
    /// `Parameter` for a value out of range or a normalizer that does not exist.
    pub fn configure(&mut self, settings: LiveSettings) -> Result<()> {
        let LiveSettings { hop_ms, smoothing_ms, threshold, refractory_ms, normalize } = &settings;
        for (what, value, low, high) in [
            ("the time between windows in ms", *hop_ms, 20.0, 1000.0),
            ("the averaging time in ms", *smoothing_ms, 0.0, 10_000.0),
            ("the threshold", *threshold, 0.0, 1.0),
            ("the refractory time in ms", *refractory_ms, 0.0, 60_000.0),
        ] {
            if !(low..=high).contains(&value) {
                return Err(Error::parameter(format!("{what} is {value}; it must be between {low} and {high}")));
            }
        }
        if *normalize != self.settings.normalize {
            self.stream = match normalize.as_str() {
                TRAINED => None,
                name => {
                    let row = listening().find(|row| row.name == name).ok_or_else(|| {
                        let names: Vec<&str> = listening().map(|row| row.name).collect();
                        Error::parameter(format!(
                            "no normalizer for listening is called {name:?}; there are {TRAINED}, {}",
                            names.join(", ")
                        ))
                    })?;
                    Some(row.stream(self.rate, &row.defaults())?)
                }
            };
        }
        self.settings = settings;
        self.ready()
    }

    /// Makes the front end ready for the level that the sound has now.
    fn ready(&mut self) -> Result<()> {
        let front_end = self.front_end.map(|front_end| match self.stream {
            None => *front_end,
            // The normalizer stands in the place of the front end's own level.
            Some(_) => front_end.at_level(Level::AsIs),
        });
        self.extractor = front_end.map(|front_end| front_end.extractor()).transpose()?;
        Ok(())
    }

    /// Gives a side (0 is A, 1 is B) the model in a file, the threshold of its reconstruction error and class names.
    ///
    /// # Errors
    /// Those of reading the file; `Unsupported` for a model that takes no sound, `Parameter` for one that takes other
    /// features than the other side's or for a third side.
    pub fn set_side(&mut self, index: usize, file: &[u8], threshold: f64, classes: Vec<String>) -> Result<()> {
        let mut side = Side::open(file, "live")?;
        side.threshold = threshold;
        let front_end = card::front_end(&side.model).ok_or_else(|| {
            Error::unsupported("This model does not take any of the sound features that Milliwatt knows")
        })?;
        let alone = self.sides.iter().enumerate().all(|(other, ear)| other == index || ear.is_none());
        if !alone && self.front_end.is_some_and(|known| known.name != front_end.name) {
            return Err(Error::parameter("Both sides must take the same sound features to listen together"));
        }
        let seconds = window_seconds(front_end)?;
        let Some(place) = self.sides.get_mut(index) else {
            return Err(Error::parameter(format!("There is no side {index}")));
        };
        *place = Some(Ear::new(side, classes));
        self.front_end = Some(front_end);
        self.window = libm::ceil(seconds * f64::from(self.rate)) as usize;
        self.keep = self.window.max(self.picture.frame()).max(keep_seconds(front_end) * self.rate as usize);
        self.ready()
    }

    /// Takes the next samples in and tells what happened.
    ///
    /// `captured_ms` is when the last of them left the audio system, on `clock`, which is read when answers are ready.
    ///
    /// *Units*: samples have full scale 1; both times in milliseconds of one clock.
    ///
    /// # Errors
    /// Those of the front end and of running; `Numeric` for a sample that is not a number.
    pub fn push(&mut self, samples: &[f32], captured_ms: f64, clock: &dyn Fn() -> f64) -> Result<Vec<LiveEvent>> {
        let mut events = Vec::new();
        let mut rest = samples;
        while !rest.is_empty() {
            let until = self.until_next().min(rest.len());
            let (part, behind) = rest.split_at(until);
            rest = behind;
            self.take(part)?;
            let captured_ms = captured_ms - behind.len() as f64 * 1000.0 / f64::from(self.rate);
            self.happen(captured_ms, clock, &mut events)?;
        }
        Ok(events)
    }

    /// The last samples that were heard, as many as a clip has: one second of a word, ten of a machine.
    pub fn last_clip(&self) -> Vec<f32> {
        let length = self.front_end.map_or(0, keep_seconds) * self.rate as usize;
        self.heard[self.heard.len().saturating_sub(length)..].to_vec()
    }

    /// Samples between two events of a kind.
    fn every(&self, milliseconds: f64) -> u64 {
        (libm::round(f64::from(self.rate) * milliseconds / 1000.0) as u64).max(1)
    }

    /// Samples until something happens.
    fn until_next(&self) -> usize {
        let until = |milliseconds| {
            let every = self.every(milliseconds);
            every - self.now % every
        };
        until(COLUMN_MS).min(until(METER_MS)).min(until(self.settings.hop_ms)) as usize
    }

    fn take(&mut self, samples: &[f32]) -> Result<()> {
        if let Some(bad) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(Error::numeric(format!("sample {bad} of a block of sound is not a finite number")));
        }
        self.before.add(samples);
        let normalized = self.normalized(samples);
        self.after.add(&normalized);
        self.heard.extend_from_slice(&normalized);
        self.now += samples.len() as u64;
        // Twice what is kept, so that the front is cut off only now and then.
        if self.heard.len() > 2 * self.keep {
            self.heard.drain(..self.heard.len() - self.keep);
        }
        Ok(())
    }

    /// The samples as the features shall see them.
    fn normalized<'a>(&mut self, samples: &'a [f32]) -> Cow<'a, [f32]> {
        let Some(stream) = &mut self.stream else { return Cow::Borrowed(samples) };
        let mut out = Vec::with_capacity(samples.len());
        stream.push(samples, &mut out);
        Cow::Owned(out)
    }

    /// Whatever is due now.
    fn happen(&mut self, captured_ms: f64, clock: &dyn Fn() -> f64, events: &mut Vec<LiveEvent>) -> Result<()> {
        let at_s = self.now as f64 / f64::from(self.rate);
        let due = |every: u64| self.now.is_multiple_of(every);
        let (meter, column, answer) =
            (due(self.every(METER_MS)), due(self.every(COLUMN_MS)), due(self.every(self.settings.hop_ms)));
        if meter {
            events.push(LiveEvent::Level { before: self.before.take(), after: self.after.take() });
        }
        let frame = self.picture.frame();
        if column && self.heard.len() >= frame {
            let levels = self.picture.column(&self.heard[self.heard.len() - frame..])?;
            events.push(LiveEvent::Column { at_s, top_hz: self.picture.top_hz(), levels });
        }
        // Before a whole window was heard there is nothing to answer to.
        if answer && self.heard.len() >= self.window {
            self.answer(at_s, captured_ms, clock, events)?;
        }
        Ok(())
    }

    fn answer(
        &mut self,
        at_s: f64,
        captured_ms: f64,
        clock: &dyn Fn() -> f64,
        events: &mut Vec<LiveEvent>,
    ) -> Result<()> {
        let Some(extractor) = &mut self.extractor else { return Ok(()) };
        if clock() - captured_ms > LATE_MS {
            self.skipped += 1;
            return Ok(());
        }
        let window = &self.heard[self.heard.len().saturating_sub(self.window)..];
        let features = extractor.tensors(window, self.rate)?;
        let mut answers = Vec::new();
        let mut detections = Vec::new();
        for (index, place) in self.sides.iter_mut().enumerate() {
            let Some(ear) = place else {
                answers.push(None);
                continue;
            };
            let (answer, detected) = ear.answer(&features, at_s, &self.settings)?;
            answers.push(Some(answer));
            detections.extend(detected.map(|(label, score)| LiveEvent::Detection {
                at_s,
                side: index as u32,
                label,
                score,
            }));
        }
        self.latencies.push_back(clock() - captured_ms);
        if self.latencies.len() > LATENCIES {
            self.latencies.pop_front();
        }
        events.push(LiveEvent::Answer { at_s, answers, latency: self.latency(), skipped: self.skipped });
        events.extend(detections);
        Ok(())
    }

    /// The middle of the last delays.
    fn latency(&self) -> Figure {
        let mut sorted: Vec<f64> = self.latencies.iter().copied().collect();
        crate::order::floats(&mut sorted);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let note = "Median over the last answers: from the end of a window leaving the audio thread to the answers of \
                    both sides, in this browser; the microphone's own delay and the averaging come on top";
        Figure::measured(median, "ms", None, sorted.len(), note)
    }
}

/// Seconds of sound that make one input of a model.
fn window_seconds(front_end: &FrontEnd) -> Result<f64> {
    match front_end.name {
        "mlperf-kws" => Ok(1.0),
        // Five frames of 1024 samples, 512 apart.
        "log-mel-ad" => Ok(f64::from(1024 + 4 * 512) / f64::from(front_end.sample_rate)),
        other => Err(Error::unsupported(format!("Listening does not know the length of a window of {other}"))),
    }
}

/// Seconds of sound that are kept as a clip.
fn keep_seconds(front_end: &FrontEnd) -> usize {
    let seconds = if front_end.name == "mlperf-kws" { 1 } else { 10 };
    seconds.min(limits::CLIP_SECONDS)
}

impl Bench {
    /// Strangeness above which the candidate calls an item anomalous; 0 where it was not measured.
    ///
    /// # Errors
    /// `Parameter` before a recipe was applied.
    pub fn threshold(&self) -> Result<f64> {
        Ok(self.candidate()?.side.threshold)
    }

    /// The names of the candidate's classes, in the order of its outputs.
    pub fn class_names(&self) -> Vec<String> {
        self.classes()
    }
}
