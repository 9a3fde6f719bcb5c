//! The 500 real clips as features, and copies of them that sound a little different.

use std::error::Error;
use std::path::Path;

use milliwatt::audio::{self, disturb::Disturbance};
use milliwatt::format::npy;
use milliwatt::random::Random;

/// Clips that each fold is tested on.
pub const TEST: usize = 150;
pub const FOLDS: usize = 5;
/// Features of a clip.
pub const NUMBERS: usize = 490;
pub const CLASSES: usize = 12;
/// Copies of each clip, beside the clip itself.
const COPIES: usize = 7;
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
        let mut random = Random::new(21);
        let mut extractor = audio::front_end("mlperf-kws")?.extractor()?;
        let mut copies = Vec::with_capacity(labels.len());
        for clip in array("audio")?.chunks_exact(RATE) {
            let clip: Vec<f32> = clip.iter().map(|sample| sample / 32_768.0).collect();
            let mut copy = || -> milliwatt::Result<Vec<f32>> {
                let features = extractor.features(&different(&clip, &mut random), RATE as u32)?;
                // As the published features were made: cut off towards zero.
                let byte = |x: f32| (x / SCALE + ZERO_POINT).clamp(-128.0, 127.0).trunc();
                Ok(features.into_iter().map(|x| real(&byte(x))).collect())
            };
            copies.push((0..COPIES).map(|_| copy()).collect::<milliwatt::Result<Vec<_>>>()?);
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        Random::new(7).shuffle(&mut order);
        Ok(Self { published, copies, labels, order })
    }

    /// What a fold learns from (with copies) and what it is tested on (without); each clip is tested at least once.
    pub fn fold(&self, fold: usize) -> (Clips, Clips) {
        let mut order = self.order.clone();
        let first = fold * order.len() / FOLDS;
        order.rotate_left(first);
        (self.some(&order[TEST..], true), self.some(&order[..TEST], false))
    }

    /// The same inside the clips that the first fold learns from: 250 to learn, 100 to choose by.
    pub fn inner(&self, part: usize) -> (Clips, Clips) {
        let mut order = self.order[TEST..].to_vec();
        order.rotate_left(part * 100);
        (self.some(&order[100..], true), self.some(&order[..100], false))
    }

    fn some(&self, rows: &[usize], with_copies: bool) -> Clips {
        let mut clips = Clips::default();
        for &row in rows {
            clips.push(&self.published[row], self.labels[row]);
            for copy in self.copies[row].iter().filter(|_| with_copies) {
                clips.push(copy, self.labels[row]);
            }
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
