//! Codebooks: weights that take few different values, so that an index of a few bits can stand for each.
//!
//! Along one axis the best k values are found exactly, by dynamic programming over the sorted distinct weights, so there
//! is no start to choose and no seed. The file shrinks when the weights are packed ([`super::pack`]).
//!
//! *Source*: S. Han, H. Mao, W. J. Dally, "Deep Compression", arXiv 1510.00149, for the idea; H. Wang, M. Song,
//! "Ckmeans.1d.dp", The R Journal 3(2), 2011, for the exact solution.

use crate::compress::formats;
use crate::compress::prune::weight_values;
use crate::compress::recipe::{CodebookOptions, Tables};
use crate::error::{Error, Result};
use crate::model::{Encoding, Model, Value};
use crate::order;
use crate::progress::{self, Progress};
use crate::tensor::DType;

/// Bytes that a packed tensor takes besides indices and tables: its decoder, two more tensors, copied scales.
const OVERHEAD: usize = 256;
/// Distinct weights are gathered in at most as many steps before the best values are sought.
const STEPS: usize = 1024;

/// A copy of a model whose large weight tensors take `options.values` different values, for each channel or in all.
///
/// A tensor that would not become smaller is left alone. The values of a number format are taken by all ([`formats`]).
///
/// # Errors
/// `Unsupported` for weights that are neither `int8` nor `float32`; `Cancelled`.
pub fn codebook(model: &Model, options: &CodebookOptions, progress: &mut dyn Progress) -> Result<Model> {
    options.check()?;
    if !options.is_own() {
        return formats::reformat(model, options, progress);
    }
    let mut made = model.clone();
    let weights = weight_values(model);
    for (done, &id) in weights.iter().enumerate() {
        progress::step(progress, "Choosing codebooks", done, weights.len())?;
        let value = &mut made.values[id];
        let values = options.layers.get(done).copied().unwrap_or(options.values);
        let options = CodebookOptions { values, layers: Vec::new(), ..options.clone() };
        if values > 0 && pays(value, &options) {
            rewrite(value, &options)?;
        }
    }
    Ok(made)
}

/// The number of tables that TFLM wants for a tensor, and the channel of each element.
fn channels(value: &Value) -> (usize, impl Fn(usize) -> usize + use<>) {
    let scales = value.quantization.as_ref().filter(|quantization| quantization.is_per_channel());
    let count = scales.map_or(1, |quantization| quantization.scale.len());
    let after: usize = scales.map_or(1, |quantization| value.shape[quantization.axis + 1..].iter().product());
    (count, move |index: usize| index / after.max(1) % count)
}

/// Whether indices and tables take less than the elements.
fn pays(value: &Value, options: &CodebookOptions) -> bool {
    let bits = (u32::BITS - (options.values - 1).leading_zeros()).max(1) as usize;
    let size = value.dtype.bytes_for(1).unwrap_or(1);
    let tables = channels(value).0 * options.values as usize * size;
    (value.elements() * bits).div_ceil(8) + tables + OVERHEAD < value.bytes()
}

fn rewrite(value: &mut Value, options: &CodebookOptions) -> Result<()> {
    let (count, channel) = channels(value);
    let shared = options.tables == Tables::Shared;
    let (count, channel) = (if shared { 1 } else { count }, |index| if shared { 0 } else { channel(index) });
    let reals: Vec<f64> = match value.dtype {
        DType::Int8 => value.to_i8()?.into_iter().map(f64::from).collect(),
        DType::Float32 => value.to_f32()?.into_iter().map(f64::from).collect(),
        other => {
            return Err(Error::unsupported(format!(
                "weights of type {other} take no codebook, only int8 and float32 ones: {:?}",
                value.name
            )));
        }
    };
    let whole = value.dtype == DType::Int8;
    let mut parts: Vec<Vec<f64>> = vec![vec![]; count];
    reals.iter().enumerate().for_each(|(index, &real)| parts[channel(index)].push(real));
    let books: Vec<Vec<f64>> =
        parts.iter().map(|part| best_values(part, options.values as usize, whole, options.keep_zeros)).collect();
    let nearest = reals.iter().enumerate().map(|(index, &real)| {
        if options.keep_zeros && real == 0.0 { 0.0 } else { nearest(&books[channel(index)], real) }
    });
    let bytes: Vec<u8> = if whole {
        nearest.map(|value| (value as i8).cast_unsigned()).collect()
    } else {
        nearest.flat_map(|value| (value as f32).to_le_bytes()).collect()
    };
    value.data = Some(bytes.into());
    value.encoding = value.encoding.filter(|encoding| *encoding != Encoding::Codebook);
    Ok(())
}

/// The nearest of the sorted `values`, the lower of two equally near ones.
fn nearest(values: &[f64], real: f64) -> f64 {
    let above = values.partition_point(|&value| value < real);
    match (above.checked_sub(1).and_then(|below| values.get(below)), values.get(above)) {
        (Some(&low), Some(&high)) => {
            if real - low <= high - real {
                low
            } else {
                high
            }
        }
        (Some(&only), None) | (None, Some(&only)) => only,
        (None, None) => real,
    }
}

/// The `k` values with the least squared error, sorted; integers where `whole`, one of them 0 where `zero` asks for it.
fn best_values(weights: &[f64], k: usize, whole: bool, zero: bool) -> Vec<f64> {
    let (points, counts) = gathered(weights);
    let k = if zero { k - 1 } else { k };
    let mut values = if points.len() <= k { points } else { clustered(&points, &counts, k.max(1), whole) };
    if zero {
        values.push(0.0);
    }
    order::floats(&mut values);
    values.dedup();
    values
}

/// Distinct weights in order and how often each occurs; where there are too many, the means of equal steps.
fn gathered(weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut sorted = weights.to_vec();
    order::floats(&mut sorted);
    let (low, high) = (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(0.0));
    let distinct = 1 + sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let bin = |x: f64| ((x - low) / (high - low) * STEPS as f64) as usize;
    let mut found: Vec<(f64, f64, f64)> = vec![];
    for x in sorted {
        let key = if distinct <= STEPS { x } else { bin(x) as f64 };
        match found.last_mut().filter(|(known, ..)| *known == key) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + x, *count + 1.0),
            None => found.push((key, x, 1.0)),
        }
    }
    (found.iter().map(|(_, sum, count)| sum / count).collect(), found.iter().map(|(.., count)| *count).collect())
}

/// The best `k` centres of sorted points, by dynamic programming over where clusters end.
fn clustered(points: &[f64], counts: &[f64], k: usize, whole: bool) -> Vec<f64> {
    let n = points.len();
    // Sums of the first i points, of their products and of their squares.
    let mut sums = vec![[0.0; 3]; n + 1];
    for (i, (x, count)) in points.iter().zip(counts).enumerate() {
        sums[i + 1] = [sums[i][0] + count, sums[i][1] + count * x, sums[i][2] + count * x * x];
    }
    let centre = |from: usize, to: usize| {
        let mean = (sums[to][1] - sums[from][1]) / (sums[to][0] - sums[from][0]);
        if whole { libm::round(mean) } else { mean }
    };
    let cost = |from: usize, to: usize| {
        let [count, product, square] = [0, 1, 2].map(|i| sums[to][i] - sums[from][i]);
        let c = centre(from, to);
        square - 2.0 * c * product + c * c * count
    };
    let mut least: Vec<f64> = (0..=n).map(|to| if to == 0 { 0.0 } else { cost(0, to) }).collect();
    let mut starts = vec![vec![0; n + 1]];
    for clusters in 1..k {
        let (mut next, mut start) = (vec![f64::INFINITY; n + 1], vec![0; n + 1]);
        // The best start never moves back, which halves the work; the ends are searched from the last best on.
        for to in clusters + 1..=n {
            for from in clusters..to {
                let found = least[from] + cost(from, to);
                if found < next[to] {
                    (next[to], start[to]) = (found, from);
                }
            }
        }
        (least, _) = (next, starts.push(start));
    }
    let (mut values, mut to) = (vec![], n);
    for start in starts.iter().rev() {
        let from = start[to];
        if to > from {
            values.push(centre(from, to));
        }
        to = from;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_distinct_weights_are_kept_as_they_are() {
        assert_eq!(best_values(&[3.0, -1.0, 3.0, 7.0], 4, true, false), [-1.0, 3.0, 7.0]);
    }

    #[test]
    fn two_values_stand_in_the_middle_of_two_heaps() {
        assert_eq!(best_values(&[-11.0, -9.0, -10.0, 20.0, 22.0], 2, true, false), [-10.0, 21.0]);
    }

    #[test]
    fn no_choice_of_three_values_beats_the_one_that_is_made() {
        let weights: Vec<f64> = (0..12).map(|i| f64::from(i * i % 31) - 9.0).collect();
        let error = |values: &[f64]| -> f64 {
            weights.iter().map(|&w| values.iter().map(|v| (w - v) * (w - v)).fold(f64::INFINITY, f64::min)).sum()
        };
        let found = error(&best_values(&weights, 3, true, false));
        for a in -10..25 {
            for b in a..25 {
                for c in b..25 {
                    assert!(found <= error(&[a.into(), b.into(), c.into()]) + 1e-9, "{a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn zeros_stay_zero_where_that_is_asked_for() {
        let weights = [0.0, 1.0, 2.0, 0.0, 50.0];
        let values = best_values(&weights, 3, true, true);
        assert!(values.contains(&0.0) && values.len() == 3, "{values:?}");
        let mut value = Value::constant("w", DType::Int8, &[5], vec![0, 1, 2, 0, 50]);
        rewrite(&mut value, &CodebookOptions { values: 2, keep_zeros: true, ..CodebookOptions::default() }).unwrap();
        let rewritten = value.to_i8().unwrap();
        assert_eq!([rewritten[0], rewritten[3]], [0, 0]);
    }

    #[test]
    fn a_codebook_of_a_codebook_changes_nothing() {
        let bytes: Vec<u8> = (0..4000u32).map(|i| (i * i % 251) as u8).collect();
        let mut value = Value::constant("w", DType::Int8, &[4000], bytes);
        let options = CodebookOptions { values: 8, ..CodebookOptions::default() };
        rewrite(&mut value, &options).unwrap();
        let once = value.clone();
        rewrite(&mut value, &options).unwrap();
        assert_eq!(value, once);
    }
}
