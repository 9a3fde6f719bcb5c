//! Labelled things to try a model on: what they are, where they come from, how they are parted.
//!
//! A [`Dataset`] holds *items*: one clip, one image, one row. An item is one or many *windows*, each one input of the
//! model: a keyword is heard in a single window, a machine is judged by the mean over all windows of its clip.

mod canvas;
pub mod digits;
pub mod eyes;
mod filter;
pub mod keywords;
pub mod machine_sound;
pub mod sample;
pub mod shapes;
pub mod split;

use crate::error::{Error, Result};
use crate::progress::{self, Progress};
use crate::tensor::Tensor;

/// A piece of mono sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// What it is called: a path, or what a generator made of it.
    pub name: String,
    /// The samples; full scale is 1.
    pub samples: Vec<f32>,
    /// Samples in a second.
    pub sample_rate: u32,
    /// The index of its class, `None` where nobody said.
    pub label: Option<usize>,
}

/// One thing that a model is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is called.
    pub name: String,
    /// The inputs that it is made of, each with a batch of 1; at least one.
    pub windows: Vec<Tensor>,
    /// The index of its class, `None` where nobody said.
    pub label: Option<usize>,
}

/// Items and the classes that their labels count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    /// The items, in the order in which they came.
    pub items: Vec<Item>,
    /// The names of the classes; a label is an index here.
    pub classes: Vec<String>,
}

/// A front end as a function: samples and their rate in hertz to inputs of the model, such as `FrontEnd::tensors` of
/// [`crate::audio`].
pub type Features<'a> = dyn Fn(&[f32], u32) -> Result<Vec<Tensor>> + 'a;

impl Dataset {
    /// Clips as a model hears them, through its front end.
    ///
    /// `features` is the model's front end.
    ///
    /// # Errors
    /// Those of `features`, with the clip's name; `Parameter` for a label without a class; `Cancelled`.
    pub fn from_clips(
        clips: &[Clip],
        classes: &[String],
        features: &Features<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let mut items = Vec::with_capacity(clips.len());
        for (index, clip) in clips.iter().enumerate() {
            progress::step(progress, "Features", index, clips.len())?;
            let at = |error: Error| error.at(format_args!("clip {} ({})", index + 1, clip.name));
            check_label(clip.label, classes).map_err(at)?;
            let windows = features(&clip.samples, clip.sample_rate).map_err(at)?;
            items.push(Item { name: clip.name.clone(), windows, label: clip.label });
        }
        Ok(Self { items, classes: classes.to_vec() })
    }

    /// The rows of an array, one item each, as `X.npy` and `y.npy` give them.
    ///
    /// Classes without a name are called by their number.
    ///
    /// *Shapes*: `inputs` is `[n, input shape without its batch]`, `labels` is `[n]` or `[n, 1]` of integers.
    ///
    /// # Errors
    /// `Parameter` when the lengths differ or a label is not a class.
    pub fn from_arrays(inputs: &Tensor, labels: Option<&Tensor>, classes: Option<&[String]>) -> Result<Self> {
        let rows = rows(inputs)?;
        let labels: Vec<Option<usize>> = match labels {
            Some(labels) => numbers(labels)?.into_iter().map(Some).collect(),
            None => vec![None; rows.len()],
        };
        if labels.len() != rows.len() {
            return Err(Error::parameter(format!("{} labels do not fit {} inputs", labels.len(), rows.len())));
        }
        let count = labels.iter().flatten().max().map_or(0, |&largest| largest + 1);
        let classes = match classes {
            Some(classes) => classes.to_vec(),
            // More classes than rows is a column of something else.
            None if count > rows.len().max(1000) => {
                return Err(Error::parameter(format!("the label {} is not the number of a class", count - 1)));
            }
            None => (0..count).map(|class| class.to_string()).collect(),
        };
        for (index, &label) in labels.iter().enumerate() {
            check_label(label, &classes).map_err(|error| error.at(format_args!("row {index}")))?;
        }
        let items = rows.into_iter().zip(labels).enumerate();
        let item = |(index, (row, label))| Item { name: format!("row {index}"), windows: vec![row], label };
        Ok(Self { items: items.map(item).collect(), classes })
    }

    /// How many items each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let of_class = |class| self.items.iter().filter(|item| item.label == Some(class)).count();
        (0..self.classes.len()).map(of_class).collect()
    }
}

fn check_label(label: Option<usize>, classes: &[String]) -> Result<()> {
    match label {
        Some(label) if label >= classes.len() => Err(Error::parameter(format!(
            "the label {label} is not one of the {} classes, which count from 0",
            classes.len()
        ))),
        _ => Ok(()),
    }
}

/// The rows of a tensor, each with a batch of 1.
fn rows(tensor: &Tensor) -> Result<Vec<Tensor>> {
    let mut shape = tensor.shape().to_vec();
    *shape.first_mut().ok_or_else(|| Error::parameter("a single number has no rows; inputs are [n, input shape]"))? = 1;
    tensor.rows(&shape)
}

/// Class numbers from a tensor of any type.
fn numbers(labels: &Tensor) -> Result<Vec<usize>> {
    if !matches!(labels.shape(), [_] | [_, 1]) {
        return Err(Error::parameter(format!("labels of shape {:?} are not one number a row", labels.shape())));
    }
    let number = |value: f32| {
        let whole = value as usize;
        if whole as f32 == value {
            Ok(whole)
        } else {
            Err(Error::parameter(format!("the label {value} is no class number")))
        }
    };
    labels.to_f32_vec().into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn classes() -> Vec<String> {
        vec!["quiet".into(), "loud".into()]
    }

    fn clip(name: &str, label: Option<usize>) -> Clip {
        Clip { name: name.into(), samples: vec![0.5; 10], sample_rate: 16_000, label }
    }

    #[test]
    fn clips_become_items_with_all_their_windows() {
        let halves = |samples: &[f32], _rate: u32| {
            samples.chunks(5).map(|half| Tensor::from_f32(&[1, 5], half.to_vec())).collect::<Result<Vec<_>>>()
        };
        let clips = [clip("a", Some(1)), clip("b", None)];
        let data = Dataset::from_clips(&clips, &classes(), &halves, &mut Silent).unwrap();
        assert_eq!(data.items[0].windows.len(), 2);
        assert_eq!(data.class_counts(), [0, 1]);
        let wrong = Dataset::from_clips(&[clip("c", Some(2))], &classes(), &halves, &mut Silent).unwrap_err();
        assert_eq!(wrong.to_string(), "clip 1 (c): the label 2 is not one of the 2 classes, which count from 0");
        let stop = &mut |_: &str, _: usize, _: usize| false;
        assert!(Dataset::from_clips(&clips, &classes(), &halves, stop).is_err());
    }

    #[test]
    fn an_error_of_the_front_end_names_the_clip() {
        let fails = |_: &[f32], _: u32| Err(Error::numeric("no"));
        let error = Dataset::from_clips(&[clip("a.wav", None)], &[], &fails, &mut Silent).unwrap_err();
        assert_eq!(error.to_string(), "clip 1 (a.wav): no");
    }

    #[test]
    fn arrays_become_one_item_a_row_in_their_own_type() {
        let inputs = Tensor::from_i8(&[3, 2], vec![1, 2, 3, 4, 5, 6]).unwrap();
        let labels = Tensor::Int64(ndarray::arr1(&[0, 2, 1]).into_dyn());
        let data = Dataset::from_arrays(&inputs, Some(&labels), None).unwrap();
        assert_eq!(data.classes, ["0", "1", "2"]);
        assert_eq!(data.items[1].windows, [Tensor::from_i8(&[1, 2], vec![3, 4]).unwrap()]);
        assert_eq!(data.items[1].label, Some(2));
        assert!(Dataset::from_arrays(&inputs, None, None).unwrap().items.iter().all(|item| item.label.is_none()));
    }

    #[test]
    fn labels_that_do_not_fit_are_error_sentences() {
        let inputs = Tensor::from_f32(&[2, 1], vec![0.0, 1.0]).unwrap();
        let fails = |labels: Vec<f32>| {
            let labels = Tensor::from_f32(&[labels.len()], labels).unwrap();
            Dataset::from_arrays(&inputs, Some(&labels), Some(&classes())).unwrap_err().to_string()
        };
        assert_eq!(fails(vec![1.0]), "1 labels do not fit 2 inputs");
        assert_eq!(fails(vec![0.0, -1.0]), "the label -1 is no class number");
        assert_eq!(fails(vec![0.0, 2.0]), "row 1: the label 2 is not one of the 2 classes, which count from 0");
        let scalar = Tensor::from_f32(&[], vec![1.0]).unwrap();
        assert!(Dataset::from_arrays(&scalar, None, None).is_err());
    }
}
