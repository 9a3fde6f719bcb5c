//! The inputs on the bench: clips or arrays, split into what ranges are measured on and what candidates are tested on.

use std::collections::BTreeSet;

use super::labels;
use crate::audio::{self, FrontEnd, Rounding};
use crate::error::{Error, Result};
use crate::model::{Model, Value};
use crate::quant::Quantization;
use crate::random::Random;
use crate::report::DataCard;
use crate::tensor::{DType, Tensor};

/// Most items that ranges are measured on.
pub const CALIBRATION_ITEMS: usize = 100;
/// Most windows that ranges are measured on, spread evenly over the calibration items.
pub const CALIBRATION_WINDOWS: usize = 512;

/// Share of the items that networks learn from, where they learn.
pub const TRAINING_SHARE: f64 = 0.7;

/// What a set is used for, which decides how it is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Testing alone: nothing is fitted, so that every item tests.
    Test,
    /// Measuring ranges, and testing on the other items.
    Ranges,
    /// Training, measuring ranges, and testing on the items that networks did not learn from.
    Training,
}

impl Purpose {
    /// For a candidate that learns, or one that only measures ranges.
    pub fn learning(learns: bool) -> Self {
        if learns { Self::Training } else { Self::Ranges }
    }
}

/// How a set is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Names the order of the items.
    pub seed: u64,
    /// What the items are for.
    pub purpose: Purpose,
}

impl Split {
    /// For candidates that learn from nothing but ranges.
    pub fn of(seed: u64) -> Self {
        Self { seed, purpose: Purpose::Ranges }
    }
}

/// One thing to feed to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name; text from outside, never markup.
    pub name: String,
    /// Its class, where known.
    pub label: Option<usize>,
    /// What it is made of.
    pub source: Source,
}

/// What an item is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Sound, which a front end turns into windows.
    Sound {
        /// Mono samples, full scale 1.
        samples: Vec<f32>,
        /// Samples each second.
        sample_rate: u32,
    },
    /// Model inputs as they are, one for each window.
    Windows(Vec<Tensor>),
}

/// A set of items and its split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs {
    /// Where it comes from, in words.
    pub name: String,
    /// All items.
    pub items: Vec<Item>,
    /// Class names; a label is an index here.
    pub classes: Vec<String>,
    /// Items that ranges are measured on.
    pub calibration: Vec<usize>,
    /// Items that candidates are tested on.
    pub test: Vec<usize>,
    /// Items that networks learn from.
    pub training: Vec<usize>,
    /// The label of each item in its own words, where it has one; empty where nothing has.
    pub words: Vec<Option<String>>,
    /// What was left out and why.
    pub remarks: Vec<String>,
    /// Classes and labels as they were, while others stand in their place.
    pub own: Option<(Vec<String>, Vec<Option<usize>>)>,
    /// The arguments that give the command the same set, such as `--data clips.zip`.
    pub arguments: String,
}

impl Inputs {
    /// A set that is split by a seed. Of labelled items a fifth, at most [`CALIBRATION_ITEMS`], measures ranges and the rest
    /// tests; where a network learns, [`TRAINING_SHARE`] of the items, those that measure ranges among them, do not test.
    ///
    /// Items without labels have no right answers that a test could count, so all of them measure ranges, at most
    /// [`CALIBRATION_WINDOWS`]. A single item serves both. The card says either.
    pub fn new(name: String, items: Vec<Item>, classes: Vec<String>, mut remarks: Vec<String>, split: Split) -> Self {
        let all = items.len();
        let mut order: Vec<usize> = (0..all).collect();
        Random::new(split.seed).shuffle(&mut order);
        let fifth = (all / 5).clamp(1, CALIBRATION_ITEMS).min(all);
        let learned = match split.purpose {
            Purpose::Training => ((all as f64 * TRAINING_SHARE) as usize).max(fifth),
            Purpose::Test | Purpose::Ranges => fifth,
        };
        let (mut calibration, mut test) = (order[..fifth].to_vec(), order[learned..].to_vec());
        let training = order[..learned].to_vec();
        let labelled = items.iter().any(|item| item.label.is_some());
        if test.is_empty() && !calibration.is_empty() {
            test.clone_from(&calibration);
            remarks.push("One item only: ranges are measured on the same item that is tested".into());
        } else if !labelled {
            let taken = all.min(CALIBRATION_WINDOWS);
            calibration = (0..taken).map(|at| at * all / taken).collect();
            if split.purpose != Purpose::Training {
                test = (0..all).collect();
            }
            if split.purpose != Purpose::Test {
                remarks.push(
                    "The items have no labels: ranges are measured on the items that agreement is measured on, too"
                        .into(),
                );
            }
        } else if split.purpose == Purpose::Test {
            test = (0..all).collect();
        }
        calibration.sort_unstable();
        test.sort_unstable();
        Self { name, items, classes, calibration, test, training, remarks, ..Self::default() }
    }

    /// Labels the items by the names of other classes, as their own words say; without names as they were opened.
    pub fn name_classes(&mut self, names: Option<&[String]>) {
        if let Some((classes, labels)) = self.own.take() {
            self.items.iter_mut().zip(labels).for_each(|(item, label)| item.label = label);
            self.classes = classes;
        }
        let Some(names) = names else { return };
        let word = |at: usize, label: Option<usize>| {
            let own = self.words.get(at).cloned().flatten();
            own.or_else(|| label.and_then(|label| self.classes.get(label).cloned()))
        };
        let labels: Vec<Option<usize>> = self.items.iter().map(|item| item.label).collect();
        let words: Vec<Option<String>> = labels.iter().enumerate().map(|(at, &label)| word(at, label)).collect();
        for (item, word) in self.items.iter_mut().zip(&words) {
            item.label = class_of(word.as_deref(), names);
        }
        self.own = Some((std::mem::replace(&mut self.classes, names.to_vec()), labels));
    }

    /// The words of items that have no label, sorted.
    fn unmatched(&self) -> Vec<String> {
        let bare = self.items.iter().zip(&self.words).filter(|(item, _)| item.label.is_none());
        let words: BTreeSet<&String> = bare.filter_map(|(_, word)| word.as_ref()).collect();
        words.into_iter().cloned().collect()
    }

    /// What the page shows of the set.
    pub fn card(&self) -> DataCard {
        let mut class_counts = vec![0; self.classes.len()];
        for &item in &self.test {
            if let Some(count) = self.items[item].label.and_then(|label| class_counts.get_mut(label)) {
                *count += 1;
            }
        }
        DataCard {
            name: self.name.clone(),
            test_items: self.test.len() as u32,
            calibration_items: self.calibration.len() as u32,
            labelled: self.test.iter().any(|&item| self.items[item].label.is_some()),
            classes: self.classes.clone(),
            class_counts,
            unmatched: self.unmatched(),
            remarks: self.remarks.clone(),
        }
    }

    /// The windows that ranges are measured on, as inputs of `model`.
    ///
    /// # Errors
    /// Those of making windows and feeding them.
    pub fn calibration_windows(&self, model: &Model, front_end: Option<&FrontEnd>) -> Result<Vec<Vec<Tensor>>> {
        self.tuning_windows(front_end)?.iter().map(|window| Ok(vec![feed(model, window)?])).collect()
    }

    /// The same windows before they take the type of a model's input.
    ///
    /// # Errors
    /// Those of making windows.
    pub fn tuning_windows(&self, front_end: Option<&FrontEnd>) -> Result<Vec<Tensor>> {
        let each = CALIBRATION_WINDOWS.div_ceil(self.calibration.len().max(1));
        let mut windows = Vec::new();
        for &item in &self.calibration {
            let all = self.items[item].windows(front_end)?;
            let step = all.len().div_ceil(each).max(1);
            windows.extend(all.into_iter().step_by(step));
        }
        Ok(windows)
    }
}

/// The class that a label in its own words means: keyword spotters answer "unknown" to words that they were not taught.
pub fn class_of(word: Option<&str>, classes: &[String]) -> Option<usize> {
    let word = word?;
    let position = |word: &str| classes.iter().position(|class| labels::key(class) == labels::key(word));
    position(word).or_else(|| position("unknown"))
}

impl Item {
    /// The item's windows before they take the type of a model's input.
    ///
    /// # Errors
    /// `Parameter` for sound without a front end that fits the model, and those of the front end.
    pub fn windows(&self, front_end: Option<&FrontEnd>) -> Result<Vec<Tensor>> {
        match (&self.source, front_end) {
            (Source::Windows(windows), _) => Ok(windows.clone()),
            (Source::Sound { samples, sample_rate }, Some(front_end)) => front_end.tensors(samples, *sample_rate),
            (Source::Sound { .. }, None) => Err(Error::parameter(
                "This model does not take any of the sound features that Milliwatt knows; give its inputs as NPY instead",
            )),
        }
    }
}

/// A window as the only input of `model`: reshaped, and quantized or dequantized where types differ.
///
/// Real numbers become integers by the input's own scale and zero point, rounded as the device's reference code does
/// where the model takes the features of a known front end ([`Rounding`]), else to nearest with ties away from zero.
///
/// # Errors
/// `Parameter` when the number of elements or the type does not fit.
pub fn feed(model: &Model, window: &Tensor) -> Result<Tensor> {
    let [input] = model.inputs[..] else {
        return Err(Error::parameter(format!("the model has {} inputs, data feeds one", model.inputs.len())));
    };
    let value = &model.values[input];
    if window.len() != value.elements() {
        return Err(Error::parameter(format!(
            "the data has {} numbers for each input, the model takes {} (shape {:?})",
            window.len(),
            value.elements(),
            value.shape
        )));
    }
    if window.dtype() == value.dtype {
        return reshaped(window, value);
    }
    let Tensor::Float32(reals) = window else {
        return Err(Error::parameter(format!(
            "the data is {}, the model takes {}; give the data as float32 or in the model's own type",
            window.dtype(),
            value.dtype
        )));
    };
    quantized(reals.iter().copied(), value)
}

fn reshaped(window: &Tensor, value: &Value) -> Result<Tensor> {
    let mut tensor = Tensor::zeros(value.dtype, &value.shape)?;
    match (&mut tensor, window) {
        (Tensor::Float32(to), Tensor::Float32(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        (Tensor::Int8(to), Tensor::Int8(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        (Tensor::Uint8(to), Tensor::Uint8(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        (Tensor::Int16(to), Tensor::Int16(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        (Tensor::Int32(to), Tensor::Int32(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        (Tensor::Int64(to), Tensor::Int64(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        (Tensor::Bool(to), Tensor::Bool(from)) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        _ => return Err(Error::parameter("the data's type changed while it was fed")),
    }
    Ok(tensor)
}

pub(super) fn quantized(reals: impl Iterator<Item = f32>, value: &Value) -> Result<Tensor> {
    let (scale, zero_point) = value.quantization.as_ref().map_or_else(
        || Err(Error::parameter(format!("the model takes {} without a scale", value.dtype))),
        Quantization::single,
    )?;
    let rounding = audio::front_end_for(&value.shape).map_or(Rounding::Nearest, |front_end| front_end.rounding);
    let step = |real: f32, low: f64, high: f64| rounding.integer(real, scale, zero_point).clamp(low, high);
    let mut tensor = Tensor::zeros(value.dtype, &value.shape)?;
    match &mut tensor {
        Tensor::Int8(to) => to.iter_mut().zip(reals).for_each(|(to, real)| *to = step(real, -128.0, 127.0) as i8),
        Tensor::Uint8(to) => to.iter_mut().zip(reals).for_each(|(to, real)| *to = step(real, 0.0, 255.0) as u8),
        Tensor::Int16(to) => to.iter_mut().zip(reals).for_each(|(to, real)| *to = step(real, -32768.0, 32767.0) as i16),
        other => {
            return Err(Error::unsupported(format!(
                "real numbers cannot be fed to an input of type {}",
                other.dtype()
            )));
        }
    }
    Ok(tensor)
}

/// An output of a model in real numbers.
pub fn reals(model: &Model, output: usize, tensor: &Tensor) -> Vec<f32> {
    let quantization = model.outputs.get(output).and_then(|&id| model.values[id].quantization.as_ref());
    match quantization.map(Quantization::single) {
        Some(Ok((scale, zero_point))) if tensor.dtype() != DType::Float32 => {
            tensor.to_f32_vec().into_iter().map(|q| (q - zero_point as f32) * scale).collect()
        }
        _ => tensor.to_f32_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_without_labels_all_measure_ranges_and_the_card_says_so() {
        let bare = |n: usize| items(n).into_iter().map(|item| Item { label: None, ..item }).collect::<Vec<_>>();
        let inputs = Inputs::new("set".into(), bare(300), Vec::new(), Vec::new(), Split::of(1));
        assert_eq!((inputs.calibration.len(), inputs.test.len()), (300, 300));
        assert!(inputs.card().remarks[0].contains("no labels"), "{:?}", inputs.remarks);
        let learns = Split { seed: 1, purpose: Purpose::Training };
        let inputs = Inputs::new("set".into(), bare(1000), Vec::new(), Vec::new(), learns);
        assert_eq!((inputs.calibration.len(), inputs.training.len(), inputs.test.len()), (512, 700, 300));
        assert_eq!(inputs.calibration[511], 998, "spread evenly");
    }

    #[test]
    fn where_nothing_is_fitted_every_item_tests() {
        let split = Split { seed: 1, purpose: Purpose::Test };
        assert_eq!(Inputs::new("set".into(), items(50), Vec::new(), Vec::new(), split).test.len(), 50);
    }

    fn items(n: usize) -> Vec<Item> {
        (0..n).map(|i| Item { name: i.to_string(), label: Some(0), source: Source::Windows(Vec::new()) }).collect()
    }

    #[test]
    fn calibration_and_test_items_never_overlap() {
        for n in [2, 3, 10, 500, 1000] {
            let inputs = Inputs::new("set".into(), items(n), vec!["a".into()], Vec::new(), Split::of(7));
            assert_eq!(inputs.calibration.len() + inputs.test.len(), n);
            assert!(inputs.calibration.iter().all(|item| !inputs.test.contains(item)), "{n}");
        }
    }

    #[test]
    fn five_hundred_clips_leave_four_hundred_for_the_test() {
        let inputs = Inputs::new("set".into(), items(500), Vec::new(), Vec::new(), Split::of(1));
        assert_eq!((inputs.calibration.len(), inputs.test.len()), (100, 400));
    }

    #[test]
    fn a_real_window_is_quantized_by_the_inputs_own_scale() {
        let mut model = Model::default();
        let value = Value::activation("in", DType::Int8, &[1, 3]).with_quantization(Quantization::per_tensor(0.5, 3));
        model.inputs = vec![model.add_value(value)];
        let fed = feed(&model, &Tensor::from_f32(&[3], vec![-1.0, 0.25, 1000.0]).unwrap()).unwrap();
        assert_eq!(fed, Tensor::from_i8(&[1, 3], vec![1, 4, 127]).unwrap());
    }
}
