//! Test items in the array: what they change there, and what is answered.

use super::{AnalogRequest, ImcRequest, Ran, layers};
use crate::compress::same_bits;
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::imc::analog::{Chip, Seen};
use crate::imc::array::Macro;
use crate::imc::network::{Mode, Network, Watch};
use crate::lab::evaluation::Outcome;
use crate::lab::side::Side;
use crate::lab::{Bench, inputs};
use crate::metrics;
use crate::model::{Model, NodeId};
use crate::random::Random;
use crate::report::imc::ChipScores;
use crate::report::{Figure, Task};
use crate::tensor::{DType, Tensor};

/// Inputs drawn where there is no data.
const DRAWN: usize = 2;
/// Items that ranges of converters are chosen on.
const RANGED: usize = 8;

/// Something to answer, with its class where it is known.
struct Item {
    windows: Vec<Tensor>,
    label: Option<usize>,
}

pub(super) fn run(bench: &Bench, side: &Side, array: &Macro, request: &ImcRequest) -> Result<Ran> {
    layers(&side.model)?;
    if request.items == 0 {
        return Ok(Ran::default());
    }
    if let Some(analog) = &request.analog {
        check(analog)?;
    }
    let items = items(bench, side, request.items)?;
    let mut ran = digital(side, array, &items)?;
    if bench.inputs.is_none() {
        // Random data says nothing of this model's own: it is priced as random data, and its bytes are compared.
        ran.items = 0;
    }
    if let Some(analog) = &request.analog {
        ran.chips = Some(chips(side, array.rows, &items, analog)?);
    }
    Ok(ran)
}

fn check(analog: &AnalogRequest) -> Result<()> {
    analog.circuit.check()?;
    if !(1..=100).contains(&analog.chips) {
        return Err(Error::parameter(format!("{} chips; there must be 1 to 100", analog.chips)));
    }
    Ok(())
}

/// The first test items, or drawn inputs where there are none.
fn items(bench: &Bench, side: &Side, most: usize) -> Result<Vec<Item>> {
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
fn in_array(side: &Side, rows: usize, mode: &Mode) -> Result<(Side, Watch)> {
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
fn score(outcomes: &[Outcome], items: &[Item]) -> Option<Figure> {
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

/// The same items on analog chips.
fn chips(side: &Side, rows: usize, items: &[Item], analog: &AnalogRequest) -> Result<ChipScores> {
    let exact: Vec<Outcome> = answers(&mut in_array(side, rows, &Mode::Digital)?.0, items)?;
    let ranges = if analog.optimise { ranges(side, rows, items, analog)? } else { Vec::new() };
    let mut seen = Seen::default();
    let mut scores = Vec::with_capacity(analog.chips);
    let mut labelled = false;
    for seed in 0..analog.chips as u64 {
        let mode = Mode::Analog(Chip { circuit: analog.circuit.clone(), seed: seed + 1 }, ranges.clone());
        let (mut chip, watch) = in_array(side, rows, &mode)?;
        let outcomes = answers(&mut chip, items)?;
        match score(&outcomes, items) {
            Some(found) => {
                labelled = true;
                scores.push(found.value);
            }
            None => {
                let same = outcomes.iter().zip(&exact).filter(|(a, b)| a == b).count();
                scores.push(100.0 * same as f64 / items.len().max(1) as f64);
            }
        }
        watch.tallies().iter().for_each(|(_, tally)| seen.add(&tally.seen));
    }
    let n = scores.len();
    let mean = scores.iter().sum::<f64>() / n.max(1) as f64;
    let variance = scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / (n.max(2) - 1) as f64;
    let deviation = libm::sqrt(variance);
    let area = matches!(exact.first(), Some(Outcome::Strangeness(_)));
    let unit = if area && labelled { "1" } else { "%" };
    let note = "Mean over chips; the interval is one deviation between chips to either side";
    Ok(ChipScores {
        metric: if !labelled {
            "same answers"
        } else if area {
            "AUC"
        } else {
            "accuracy"
        }
        .into(),
        mean: Figure::measured(mean, unit, Some((mean - deviation, mean + deviation)), n, note),
        exact: score(&exact, items).unwrap_or_else(|| {
            Figure::measured(100.0, "%", None, items.len(), "The exact arithmetic agrees with itself")
        }),
        chips: scores,
        clipped: Figure::measured(
            100.0 * seen.clipped as f64 / seen.conversions.max(1) as f64,
            "%",
            None,
            items.len(),
            "Share of conversions outside the converters' range",
        ),
        ranges: if analog.optimise {
            format!("chosen on {} items, by the least mean square of clipping and rounding", items.len().min(RANGED))
        } else {
            "the whole range of a column".into()
        },
    })
}

fn answers(side: &mut Side, items: &[Item]) -> Result<Vec<Outcome>> {
    if side.card.task == Task::Other {
        return Err(Error::unsupported("this model is neither a classifier nor an autoencoder, so there is no score"));
    }
    items.iter().map(|item| side.outcome(&item.windows)).collect()
}

/// Ranges of converters from what a chip without noise sees on a few items.
fn ranges(
    side: &Side,
    rows: usize,
    items: &[Item],
    analog: &AnalogRequest,
) -> Result<Vec<(NodeId, crate::imc::analog::Range)>> {
    let mut quiet = analog.circuit.clone();
    (quiet.adc_bits, quiet.adc_noise, quiet.adc_mismatch, quiet.thermal) = (14, 0.0, 0.0, false);
    let (mut chip, watch) = in_array(side, rows, &Mode::Analog(Chip { circuit: quiet, seed: 0 }, Vec::new()))?;
    for item in items.iter().take(RANGED) {
        chip.outcome(&item.windows)?;
    }
    Ok(watch.best_ranges(analog.circuit.adc_bits))
}
