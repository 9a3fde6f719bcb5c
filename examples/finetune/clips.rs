//! The 500 real clips as features, and copies of them that sound a little different.

use std::error::Error;
use std::path::Path;

use milliwatt::audio::{self, disturb::Disturbance};

use milliwatt::data::{
    self,
    keywords::{LEARNED, Word, heard, words},
};
use milliwatt::format::npy;
use milliwatt::random::Random;

/// Clips that each of the five folds is tested on.
pub const TEST: usize = 150;

/// How often the clips are divided into those to learn from and those to test on.
#[derive(Clone, Copy)]
pub struct Folds {
    pub count: usize,
    /// Clips that each is tested on.
    pub test: usize,
}

/// Much to test on in each fold; some clips are tested in two.
pub const FIVE: Folds = Folds { count: 5, test: TEST };
/// As much to learn from as each clip, tested once, allows in ten folds.
pub const TEN: Folds = Folds { count: 10, test: 50 };

/// Features of a clip.
pub const NUMBERS: usize = 490;
pub const CLASSES: usize = 12;
/// Copies of each clip, beside the clip itself.
const COPIES: usize = 7;
/// Copies of each clip in other rooms and among other noises, for a pupil that needs more.
const ELSEWHERE: usize = 24;
/// The page's synthetic words, and clips that are made of each.
const SPOKEN: &str = "www/public/samples/keywords/words.zip";
const SPOKEN_COPIES: usize = 40;
/// The scale and zero point of the published features.
const SCALE: f32 = 0.584_702_9;
const ZERO_POINT: f32 = 83.0;
const RATE: usize = 16_000;
/// The features are hundreds; they are divided by a power of two, and the weights that read them multiplied with it.
pub const SMALLER: f32 = 32.0;

/// Clips as features, with their classes.
#[derive(Default)]
pub struct Clips {
    pub inputs: Vec<f32>,
    pub labels: Vec<usize>,
    /// Features of clips that have no class here; a teacher has to say what it hears.
    pub unlabelled: Vec<f32>,
}

impl Clips {
    fn push(&mut self, features: &[f32], label: usize) {
        self.inputs.extend_from_slice(features);
        self.labels.push(label);
    }
}

/// All clips: the published features, and copies of each.
pub struct Recordings {
    published: Vec<Vec<f32>>,
    copies: Vec<Vec<Vec<f32>>>,
    /// Each clip elsewhere: in other rooms, with other noises.
    elsewhere: Vec<Vec<Vec<f32>>>,
    /// Synthetic words, which nobody has labelled for this network.
    spoken: Vec<f32>,
    labels: Vec<usize>,
    /// Chance has put them in this order; a fold is a stretch of it.
    order: Vec<usize>,
}

impl Recordings {
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let arrays = npy::read_npz(&std::fs::read(path)?)?;
        let array = |name: &str| {
            let found = arrays.iter().find(|(found, _)| found == name);
            found.map(|(_, array)| array.to_f32_vec()).ok_or_else(|| format!("there is no {name} in the archive"))
        };
        let labels: Vec<usize> = array("y")?.iter().map(|&label| label as usize).collect();
        let published = array("mfcc")?.chunks_exact(NUMBERS).map(|row| row.iter().map(real).collect()).collect();
        let sound: Vec<f32> = array("audio")?.iter().map(|sample| sample / 32_768.0).collect();
        let mut extractor = audio::front_end("mlperf-kws")?.extractor()?;
        let mut features = |samples: &[f32]| -> milliwatt::Result<Vec<f32>> {
            // As the published features were made: cut off towards zero.
            let byte = |x: f32| (x / SCALE + ZERO_POINT).clamp(-128.0, 127.0).trunc();
            Ok(extractor.features(samples, RATE as u32)?.into_iter().map(|x| real(&byte(x))).collect())
        };
        let mut random = Random::new(21);
        let (mut copies, mut elsewhere) = (Vec::with_capacity(labels.len()), Vec::with_capacity(labels.len()));
        for clip in sound.chunks_exact(RATE) {
            let made = (0..COPIES).map(|_| features(&different(clip, &mut random)));
            copies.push(made.collect::<milliwatt::Result<Vec<_>>>()?);
        }
        for clip in sound.chunks_exact(RATE) {
            let word = Word { word: String::new(), voice: String::new(), samples: clip.to_vec() };
            let made = (0..ELSEWHERE).map(|_| features(&heard(Some(&word), &[], &LEARNED, &mut random.branch())));
            elsewhere.push(made.collect::<milliwatt::Result<Vec<_>>>()?);
        }
        let archive = words(&std::fs::read(SPOKEN)?)?;
        let mut spoken = Vec::new();
        for clip in data::keywords::clips(&archive.iter().collect::<Vec<_>>(), &LEARNED, 5, SPOKEN_COPIES) {
            spoken.extend(features(&clip.samples)?);
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        Random::new(7).shuffle(&mut order);
        Ok(Self { published, copies, elsewhere, spoken, labels, order })
    }

    /// What a fold learns from (with copies) and what it is tested on (without); each clip is tested at least once.
    ///
    /// With `more`, every clip is learned from in other rooms, too.
    pub fn fold(&self, folds: Folds, fold: usize, more: bool) -> (Clips, Clips) {
        let mut order = self.order.clone();
        let first = fold * order.len() / folds.count;
        order.rotate_left(first);
        (self.learned(&order[folds.test..], more), self.some(&order[..folds.test]))
    }

    /// The same inside the clips that the first fold learns from: 250 to learn, 100 to choose by.
    pub fn inner(&self, part: usize, more: bool) -> (Clips, Clips) {
        let mut order = self.order[TEST..].to_vec();
        order.rotate_left(part * 100);
        (self.learned(&order[100..], more), self.some(&order[..100]))
    }

    fn some(&self, rows: &[usize]) -> Clips {
        let mut clips = Clips::default();
        rows.iter().for_each(|&row| clips.push(&self.published[row], self.labels[row]));
        clips
    }

    fn learned(&self, rows: &[usize], more: bool) -> Clips {
        let mut clips = Clips::default();
        for &row in rows {
            clips.push(&self.published[row], self.labels[row]);
            let elsewhere = self.elsewhere[row].iter().filter(|_| more);
            self.copies[row].iter().chain(elsewhere).for_each(|copy| clips.push(copy, self.labels[row]));
        }
        if more {
            clips.unlabelled.clone_from(&self.spoken);
        }
        clips
    }
}

fn real(byte: &f32) -> f32 {
    (byte - ZERO_POINT) * SCALE / SMALLER
}

/// The same clip up to a tenth of a second earlier or later, up to a twelfth faster or slower, and mostly with noise.
fn different(clip: &[f32], random: &mut Random) -> Vec<f32> {
    let shift = random.between(-1600.0, 1600.0);
    let speed = random.between(0.92, 1.08);
    let sample = |n: usize| {
        let at = n as f64 * speed + shift;
        let (whole, part) = (at.floor(), (at - at.floor()) as f32);
        let of = |index: f64| if index >= 0.0 { clip.get(index as usize).copied().unwrap_or(0.0) } else { 0.0 };
        of(whole) * (1.0 - part) + of(whole + 1.0) * part
    };
    let moved: Vec<f32> = (0..clip.len()).map(sample).collect();
    if random.uniform() < 0.3 {
        return moved;
    }
    let snr_decibels = random.between(10.0, 40.0) as f32;
    Disturbance::Noise { snr_decibels }.apply(&moved, random.below(1 << 30) as u64)
}
