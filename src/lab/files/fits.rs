//! How an array fits a model's input: as one item, as an item in each row, or not at all.

use ndarray::Axis;

use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Which arrays are used, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The array of inputs.
    pub inputs: usize,
    /// The array of labels.
    pub labels: Option<usize>,
    /// Whether the array of inputs is one item, without a row for each.
    pub one: bool,
    /// Whether it holds samples of sound, which a front end has to hear first.
    pub sound: bool,
    /// How many other arrays could be inputs too.
    pub others: usize,
}

/// The array to feed and the one with its labels.
///
/// *Shapes*: `input` is the model's, without its batch. An array fits as one item, with or without a batch of 1; with a row for
/// each item; and either may be flat where the other is not.
///
/// # Errors
/// `Parameter` where no array fits, with both shapes.
pub(super) fn choose(arrays: &[(String, Tensor)], input: &[usize], sample_rate: Option<u32>) -> Result<Chosen> {
    let fitting = |fits: &dyn Fn(&Tensor) -> bool| -> Vec<usize> {
        (0..arrays.len()).filter(|&at| fits(&arrays[at].1)).collect()
    };
    // A model may take one number: an array that stands alone is its inputs, of two the integers are labels.
    let one_number = |tensor: &Tensor| matches!(tensor.shape(), [_] | [_, 1]);
    let all_one = arrays.iter().all(|(_, tensor)| one_number(tensor));
    let is_labels =
        |tensor: &Tensor| arrays.len() > 1 && one_number(tensor) && !(all_one && matches!(tensor, Tensor::Float32(_)));
    let (labels, data) = (fitting(&is_labels), fitting(&|tensor| !is_labels(tensor)));
    let of_data = |fits: &dyn Fn(&Tensor) -> bool| -> Vec<usize> {
        data.iter().copied().filter(|&at| fits(&arrays[at].1)).collect()
    };
    let hears = sample_rate.is_some();
    let sound = of_data(&|tensor| hears && matches!((tensor, tensor.shape()), (Tensor::Int16(_), [_, _])));
    let rows = of_data(&|tensor| has_rows(tensor.shape(), input));
    let single = of_data(&|tensor| is_one(tensor.shape(), input));
    let clip = of_data(&|tensor| hears && matches!((tensor, tensor.shape()), (Tensor::Int16(_), [_])));
    let ways = [(&sound, false, true), (&rows, false, false), (&single, true, false), (&clip, true, true)];
    let Some((inputs, one, sound)) =
        ways.into_iter().find_map(|(found, one, sound)| Some((*found.first()?, one, sound)))
    else {
        return Err(none_fits(arrays, input));
    };
    let count = if one { 1 } else { arrays[inputs].1.shape().first().copied().unwrap_or(0) };
    let matching = labels.iter().find(|&&at| arrays[at].1.len() == count);
    Ok(Chosen {
        inputs,
        labels: matching.or(labels.first()).copied(),
        one,
        sound,
        others: data.len().saturating_sub(1),
    })
}

fn none_fits(arrays: &[(String, Tensor)], input: &[usize]) -> Error {
    let shapes: Vec<String> = arrays.iter().map(|(name, tensor)| format!("{name} has {:?}", tensor.shape())).collect();
    let rows: Vec<String> = std::iter::once("n".into()).chain(input.iter().map(ToString::to_string)).collect();
    Error::parameter(format!(
        "The shape does not fit: {}, and the model takes {input:?} for one item or [{}] for n of them. Save the array in that \
         shape and drop it again",
        shapes.join(", "),
        rows.join(", ")
    ))
}

/// Whether an array of this shape is one item of the model: the same dimensions, whatever ones stand between them.
pub(super) fn is_one(shape: &[usize], input: &[usize]) -> bool {
    true_dims(shape).eq(true_dims(input))
}

/// Whether each row of an array of this shape is an item: the input's dimensions, or all its numbers in one line.
fn has_rows(shape: &[usize], input: &[usize]) -> bool {
    let Some((_, row)) = shape.split_first() else { return false };
    let flat = |shape: &[usize]| true_dims(shape).count() <= 1;
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    is_one(row, input) || (count(row) == count(input) && (flat(row) || flat(input)))
}

fn true_dims(shape: &[usize]) -> impl Iterator<Item = &usize> {
    shape.iter().filter(|&&dim| dim != 1)
}

/// Whether an array holds levels of pixels: bytes, for an input of height, width, and one or three channels.
pub(super) fn are_pixels(tensor: &Tensor, input: &[usize]) -> bool {
    matches!((tensor, input), (Tensor::Uint8(_), [_, _, 1 | 3]))
}

/// The array with a batch of 1 before its own dimensions.
pub(super) fn with_batch(tensor: &Tensor) -> Tensor {
    let first = Axis(0);
    match tensor.clone() {
        Tensor::Float32(array) => Tensor::Float32(array.insert_axis(first)),
        Tensor::Int8(array) => Tensor::Int8(array.insert_axis(first)),
        Tensor::Uint8(array) => Tensor::Uint8(array.insert_axis(first)),
        Tensor::Int16(array) => Tensor::Int16(array.insert_axis(first)),
        Tensor::Int32(array) => Tensor::Int32(array.insert_axis(first)),
        Tensor::Int64(array) => Tensor::Int64(array.insert_axis(first)),
        Tensor::Bool(array) => Tensor::Bool(array.insert_axis(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    fn arrays(shapes: &[&[usize]]) -> Vec<(String, Tensor)> {
        let array = |(at, shape): (usize, &&[usize])| (format!("a{at}"), Tensor::zeros(DType::Float32, shape).unwrap());
        shapes.iter().enumerate().map(array).collect()
    }

    /// The array of inputs, that of labels, and whether the inputs are one item.
    type Choice = Option<(usize, Option<usize>, bool)>;

    /// Shapes of arrays, the shape of the model's input, and what is chosen.
    type Case<'a> = (&'a [&'a [usize]], &'a [usize], Choice);

    fn chosen(shapes: &[&[usize]], input: &[usize]) -> Choice {
        choose(&arrays(shapes), input, None).ok().map(|chosen| (chosen.inputs, chosen.labels, chosen.one))
    }

    #[test]
    fn an_array_is_one_item_or_an_item_in_each_row_or_is_refused() {
        const IMAGE: &[usize] = &[32, 32, 3];
        let cases: [Case<'_>; 16] = [
            (&[&[32, 32, 3]], IMAGE, Some((0, None, true))),
            (&[&[1, 32, 32, 3]], IMAGE, Some((0, None, false))),
            (&[&[5, 32, 32, 3], &[5]], IMAGE, Some((0, Some(1), false))),
            (&[&[5], &[5, 3072]], IMAGE, Some((1, Some(0), false))),
            (&[&[7], &[5], &[5, 32, 32, 3]], IMAGE, Some((2, Some(1), false))),
            (&[&[32, 32, 3], &[1]], IMAGE, Some((0, Some(1), true))),
            (&[&[3, 32, 32]], IMAGE, None),
            (&[&[5, 3, 32, 32]], IMAGE, None),
            (&[&[32, 32]], IMAGE, None),
            (&[&[32, 32, 4]], IMAGE, None),
            (&[&[500]], IMAGE, None),
            (&[&[28, 28]], &[28, 28, 1], Some((0, None, true))),
            (&[&[640]], &[640], Some((0, None, true))),
            (&[&[640, 640]], &[640], Some((0, None, false))),
            (&[&[9, 5, 128]], &[640], Some((0, None, false))),
            (&[&[9, 1], &[9]], &[1], Some((0, None, false))),
        ];
        for (shapes, input, expected) in cases {
            assert_eq!(chosen(shapes, input), expected, "{shapes:?} for {input:?}");
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused_with_both_shapes() {
        let error = choose(&arrays(&[&[28, 28]]), &[32, 32, 3], None).unwrap_err().to_string();
        assert!(
            error.contains("a0 has [28, 28]") && error.contains("[32, 32, 3]") && error.contains("[n, 32, 32, 3]"),
            "{error}"
        );
    }

    #[test]
    fn samples_of_one_clip_or_of_many_are_sound() {
        let clip = |shape: &[usize]| vec![("x".to_owned(), Tensor::zeros(DType::Int16, shape).unwrap())];
        for (shape, one) in [(&[16_000][..], true), (&[3, 16_000], false)] {
            let chosen = choose(&clip(shape), &[49, 10, 1], Some(16_000)).unwrap();
            assert_eq!((chosen.sound, chosen.one), (true, one), "{shape:?}");
        }
        assert!(choose(&clip(&[16_000]), &[49, 10, 1], None).is_err());
    }
}
