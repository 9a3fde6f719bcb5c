//! What a training learns from: the items of the bench as rows of numbers.

use crate::audio::FrontEnd;
use crate::audio::disturb::Disturbance;
use crate::compress::recipe::Training;
use crate::error::{Error, Result};
use crate::lab::inputs::{self, Inputs, Item, Source};
use crate::limits;
use crate::model::Model;
use crate::random::Random;
use crate::report::Task;
use crate::train::one_hot;

/// One of so many training items is set aside to judge the network while it learns.
const JUDGE_ONE_OF: usize = 5;
/// Most windows of one item that are learned from, spread evenly.
const WINDOWS: usize = 64;

/// How far copies of a clip are moved in time, at most, in seconds.
const SHIFT_SECONDS: f64 = 0.1;
/// How much louder or quieter copies become, at most, in decibels.
const GAIN_DECIBELS: f64 = 6.0;
/// The noise that is added to copies: power of the clip to that of the noise, in decibels.
const NOISE_DECIBELS: (f64, f64) = (12.0, 40.0);

/// Rows of numbers with their targets.
#[derive(Default)]
pub(super) struct Rows {
    pub inputs: Vec<f32>,
    /// Empty for reconstruction, and where nothing is labelled.
    pub targets: Vec<f32>,
    pub labels: Vec<usize>,
    /// The item that each row came from.
    pub items: Vec<usize>,
}

/// What it learns from, and what judges it.
pub(super) struct Lesson {
    pub training: Rows,
    pub judging: Rows,
    /// Whether the inputs themselves are what is right.
    pub is_reconstruction: bool,
}

/// What decides how items become rows.
pub(super) struct Way<'a> {
    pub model: &'a Model,
    pub front_end: Option<&'static FrontEnd>,
    /// The class of each item; none where it has none. Empty for reconstruction.
    pub labels: &'a [Option<usize>],
    /// Outputs of the network; 0 for reconstruction, and where a teacher alone says what is right.
    pub classes: usize,
    pub task: Task,
    pub options: &'a Training,
}

/// The lesson of a bench's inputs.
///
/// # Errors
/// Those of the front end and of feeding; `Parameter` when there is too little to learn from, `Limits` when there is too much.
pub(super) fn lesson(inputs: &Inputs, way: &Way<'_>) -> Result<Lesson> {
    let label = |item: usize| way.labels.get(item).copied().flatten();
    let usable = |&item: &usize| match way.task {
        // What is anomalous is not to be learned.
        Task::Reconstruction => label(item).unwrap_or(0) == 0,
        _ => way.classes == 0 || label(item).is_some(),
    };
    let items: Vec<usize> = inputs.training.iter().copied().filter(usable).collect();
    let (mut learned, mut judges) = (Vec::new(), Vec::new());
    for (at, item) in items.iter().copied().enumerate() {
        if at % JUDGE_ONE_OF == JUDGE_ONE_OF - 1 { judges.push(item) } else { learned.push(item) }
    }
    if learned.len() < 2 || judges.is_empty() {
        return Err(Error::parameter(format!(
            "{} labelled items are too few to learn from; there have to be at least {JUDGE_ONE_OF} beside those that are \
             tested on",
            items.len()
        )));
    }
    let numbers = way.model.inputs.first().map_or(0, |&id| way.model.values[id].elements());
    let rows = learned.len().saturating_mul(1 + way.options.copies);
    limits::check("numbers to learn from", rows.saturating_mul(numbers), limits::TRAINING_NUMBERS)?;
    Ok(Lesson {
        training: rows_of(inputs, way, &learned, way.options.copies)?,
        judging: rows_of(inputs, way, &judges, 0)?,
        is_reconstruction: way.task == Task::Reconstruction,
    })
}

fn rows_of(inputs: &Inputs, way: &Way<'_>, items: &[usize], copies: usize) -> Result<Rows> {
    let mut rows = Rows::default();
    for copy in 0..=copies {
        for &index in items {
            let item = &inputs.items[index];
            // What cannot be disturbed is learned from once.
            let Some(item) = disturbed(item, copy, way.options.plan.seed ^ ((index as u64) << 8)) else { continue };
            let windows = item.windows(way.front_end)?;
            for window in windows.iter().step_by(windows.len().div_ceil(WINDOWS).max(1)) {
                rows.inputs.extend(inputs::feed(way.model, window).map_err(|error| error.at(&item.name))?.to_f32_vec());
                rows.items.push(index);
                rows.labels.extend(way.labels.get(index).copied().flatten());
            }
        }
    }
    if way.classes > 0 {
        rows.targets = one_hot(&rows.labels, way.classes)?;
    }
    Ok(rows)
}

/// Copy 0 is the item itself.
fn disturbed(item: &Item, copy: usize, seed: u64) -> Option<Item> {
    if copy == 0 {
        return Some(item.clone());
    }
    let Source::Sound { samples, sample_rate } = &item.source else { return None };
    let mut random = Random::new(seed ^ (copy as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let most = SHIFT_SECONDS * f64::from(*sample_rate);
    let shift = random.between(-most, most) as isize;
    let moved: Vec<f32> = (0..samples.len())
        .map(|at| at.checked_add_signed(-shift).and_then(|from| samples.get(from)).copied().unwrap_or(0.0))
        .collect();
    let decibels = random.between(-GAIN_DECIBELS, GAIN_DECIBELS) as f32;
    let louder = Disturbance::Gain { decibels }.apply(&moved, seed);
    let snr_decibels = random.between(NOISE_DECIBELS.0, NOISE_DECIBELS.1) as f32;
    let samples = Disturbance::Noise { snr_decibels }.apply(&louder, random.branch().below(1 << 30) as u64);
    Some(Item { source: Source::Sound { samples, sample_rate: *sample_rate }, ..item.clone() })
}
