//! Test items in the array: what they change there, and what is answered.

use super::chips::Chips;
use super::{ImcRequest, Ran, layers};
use crate::compress::same_bits;
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::imc::array::Macro;
use crate::imc::network::{Mode, Network, Watch};
use crate::lab::evaluation::Outcome;
use crate::lab::side::Side;
use crate::lab::{Bench, inputs};
use crate::metrics;
use crate::model::Model;
use crate::random::Random;
use crate::report::{Figure, Task};
use crate::tensor::{DType, Tensor};

/// Inputs drawn where there is no data.
const DRAWN: usize = 2;

/// Something to answer, with its class where it is known.
pub(super) struct Item {
    pub(super) windows: Vec<Tensor>,
    pub(super) label: Option<usize>,
}

pub(super) fn run(bench: &Bench, side: &Side, array: &Macro, request: &ImcRequest) -> Result<Ran> {
    layers(&side.model)?;
    if request.items == 0 {
        return Ok(Ran::default());
    }
    let mut chips =
        request.analog.as_ref().map(|analog| Chips::new(bench, array, request.items, analog)).transpose()?;
    let items = items(bench, side, request.items)?;
    let mut ran = digital(side, array, &items)?;
    if bench.inputs.is_none() {
        // Random data says nothing of this model's own: it is priced as random data, and its bytes are compared.
        ran.items = 0;
    }
    if let Some((chips, analog)) = chips.as_mut().zip(request.analog.as_ref()) {
        for seed in 1..=analog.chips as u32 {
            let run = chips.run(seed)?;
            chips.take(run);
        }
        ran.chips = Some(chips.scores());
    }
    Ok(ran)
}

/// The first test items, or drawn inputs where there are none.
pub(super) fn items(bench: &Bench, side: &Side, most: usize) -> Result<Vec<Item>> {
    let Some(inputs) = &bench.inputs else {
        let windows = drawn(&side.model)?;
        return Ok(windows.into_iter().map(|window| Item { windows: vec![window], label: None }).collect());
    };
    let front_end = bench.front_end()?;
    let item = |&at: &usize| {
        let item = &inputs.items[at];
        Ok(Item { windows: item.windows(front_end)?, label: item.label })
    };
    inputs.test.iter().take(most).map(item).collect()
}

/// The first window of each of the first test items, as rows of one array; drawn inputs where there are none.
pub(super) fn rows(bench: &Bench, most: usize) -> Result<Tensor> {
    let items = items(bench, bench.original()?, most)?;
    let windows: Vec<&Tensor> = items.iter().filter_map(|item| item.windows.first()).collect();
    let mut shape = windows.first().map(|window| window.shape().to_vec()).unwrap_or_default();
    if let Some(rows) = shape.first_mut() {
        *rows *= windows.len();
    }
    Tensor::from_f32(&shape, windows.iter().flat_map(|window| window.to_f32_vec()).collect())
}

fn drawn(model: &Model) -> Result<Vec<Tensor>> {
    let Some(value) = model.inputs.first().and_then(|&id| model.values.get(id)) else {
        return Err(Error::parameter("The model has no input"));
    };
    let mut random = Random::new(1);
    (0..DRAWN)
        .map(|_| match value.dtype {
            DType::Int8 => {
                let bytes = (0..value.elements()).map(|_| (random.below(256) as i32 - 128) as i8).collect();
                Tensor::from_i8(&value.shape, bytes)
            }
            DType::Float32 => {
                Tensor::from_f32(&value.shape, (0..value.elements()).map(|_| random.normal() as f32).collect())
            }
            other => Err(Error::unsupported(format!("inputs of type {other} are not drawn; give the model data"))),
        })
        .collect()
}

/// A side whose layers with weights are in an array.
pub(super) fn in_array(side: &Side, rows: usize, mode: &Mode) -> Result<(Side, Watch)> {
    let (executor, watch) = Network::new(&side.model, rows, mode, Options::default())?.into_parts();
    let side = Side {
        model: side.model.clone(),
        bytes: Vec::new(),
        card: side.card.clone(),
        executor: Some(executor),
        threshold: side.threshold,
    };
    Ok((side, watch))
}

/// Runs every item exactly, compares every output with the executor's, and counts what changed.
fn digital(side: &Side, array: &Macro, items: &[Item]) -> Result<Ran> {
    let (mut there, watch) = in_array(side, array.rows, &Mode::Digital)?;
    let mut reference = Executor::new(&side.model, Options::default())?;
    let (mut outcomes, mut same) = (Vec::with_capacity(items.len()), [0, 0]);
    for item in items {
        for window in &item.windows {
            let fed = [inputs::feed(&side.model, window)?];
            let Some(executor) = &mut there.executor else { continue };
            same[0] += 1;
            let (there, here) = (executor.run(&fed)?, reference.run(&fed)?);
            same[1] += u32::from(there.iter().zip(&here).all(|(there, here)| same_bits(there, here)));
        }
        if side.card.task != Task::Other {
            outcomes.push(there.outcome(&item.windows)?);
        }
    }
    let activities =
        watch.tallies().into_iter().filter_map(|(node, tally)| Some((node, tally.toggles.activity()?))).collect();
    let activities = if array.digital { activities } else { Vec::new() };
    Ok(Ran { activities, items: items.len(), same_bytes: Some(same), score: score(&outcomes, items), chips: None })
}

/// Accuracy, or the area under the curve, of labelled items.
pub(super) fn score(outcomes: &[Outcome], items: &[Item]) -> Option<Figure> {
    let labelled: Vec<(Outcome, usize)> =
        outcomes.iter().zip(items).filter_map(|(&outcome, item)| Some((outcome, item.label?))).collect();
    let strange: Vec<(f64, bool)> = labelled
        .iter()
        .filter_map(|&(outcome, label)| match outcome {
            Outcome::Strangeness(value) => Some((value, label != 0)),
            Outcome::Class(_) => None,
        })
        .collect();
    if !strange.is_empty() {
        let found = metrics::auc(&strange)?;
        let note = "Area under the ROC curve of the array's own reconstructions";
        return Some(Figure::measured(found.value, "1", Some((found.low, found.high)), found.n, note));
    }
    if labelled.is_empty() {
        return None;
    }
    let right = labelled.iter().filter(|(outcome, label)| matches!(outcome, Outcome::Class(class) if class == label));
    let found = metrics::share(right.count(), labelled.len());
    let note = "Share of items that the array itself answers right";
    Some(Figure::measured(100.0 * found.value, "%", Some((100.0 * found.low, 100.0 * found.high)), found.n, note))
}
