//! Number formats: weights that take the values of a format times a scale, of a channel or of a group of neighbours.
//!
//! No TFLite runtime computes with any of them. What a file can hold exactly it holds: the values of the narrow formats are
//! small whole numbers, which int8 weights with an adjusted scale are, and a codebook packs. All others are written as the
//! float32 numbers that they stand for, so that what the format loses is measured although nothing gets smaller.
//!
//! The scale is the one with the least squared error among those that starts at several sizes lead to: values are given to the
//! nearest level, the scale to the least squares of the levels, until neither changes.

mod floats;
mod integers;
mod powers;

use crate::compress::prune::weight_values;
use crate::compress::quantize::moments::Filters;
use crate::compress::recipe::CodebookOptions;
use crate::error::{Error, Result};
use crate::model::{Model, Node, Value, ValueId};
use crate::progress::{self, Progress};
use crate::quant::Quantization;
use crate::tensor::DType;

/// Sizes that the search for a scale starts at: what the largest weight is, as a share of the largest value.
const STARTS: [f64; 6] = [0.8, 1.0, 1.25, 1.6, 2.2, 3.2];
/// Rounds of moving a scale and its levels.
const ROUNDS: usize = 8;
/// The largest integer of an int8 weight.
const LARGEST: f64 = 127.0;

/// A format as it is shown.
pub struct Format {
    /// As it stands in a recipe.
    pub name: &'static str,
    /// Its name.
    pub label: &'static str,
    /// What it is, and what can run it.
    pub sentence: &'static str,
    /// The sizes of its values; every one occurs with both signs.
    sizes: Sizes,
}

/// The sizes of values, ascending, as whole numbers: the scale takes in their unit.
enum Sizes {
    Listed(&'static [u8]),
    /// Every whole number from 0 on.
    UpTo(u8),
    /// The first `count` floats with so many bits of mantissa.
    Floats {
        mantissa: u32,
        count: u32,
    },
}

impl Format {
    fn sizes(&self) -> Vec<f64> {
        match self.sizes {
            Sizes::Listed(sizes) => sizes.iter().map(|&size| f64::from(size)).collect(),
            Sizes::UpTo(largest) => (0..=largest).map(f64::from).collect(),
            Sizes::Floats { mantissa, count } => floats::sizes(mantissa, count),
        }
    }
}

/// Every format, the narrowest first.
pub const FORMATS: [Format; 13] = [
    integers::SIGN,
    integers::TERNARY,
    integers::INTEGER3,
    integers::INTEGER4,
    integers::INTEGER6,
    integers::INTEGER8,
    powers::POWER3,
    powers::POWER4,
    powers::ADDITIVE4,
    powers::ADDITIVE5,
    floats::E2M1,
    floats::E4M3,
    floats::E5M2,
];

/// A copy of a model whose weights are values of a format.
///
/// int8 weights stay int8, each channel's scale moved so that its integers are the format's values times a whole number.
///
/// # Errors
/// `Parameter` for a format that does not exist, `Unsupported` for weights that are neither `float32` nor `int8`, and for int8 ones where the format has values that int8
/// does not hold exactly, or scales for groups; `Cancelled`.
///
/// ```
/// use milliwatt::compress::{codebook::codebook, recipe::CodebookOptions};
/// use milliwatt::{model::{Model, Node, Op, Value, op::FullyConnected}, progress::Silent, tensor::DType};
/// let mut model = Model::default();
/// let x = model.add_value(Value::activation("x", DType::Float32, &[1, 4]));
/// let w = model.add_value(Value::float_constant("w", &[1, 4], &[0.9, -1.1, 1.2, -0.8]));
/// let y = model.add_value(Value::activation("y", DType::Float32, &[1, 1]));
/// model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
/// let options = CodebookOptions { format: "sign".into(), ..CodebookOptions::default() };
/// let signs = codebook(&model, &options, &mut Silent).unwrap();
/// assert_eq!(signs.values[w].to_f32().unwrap(), [1.0, -1.0, 1.0, -1.0]);
/// ```
pub fn reformat(model: &Model, options: &CodebookOptions, progress: &mut dyn Progress) -> Result<Model> {
    let format = FORMATS
        .iter()
        .find(|row| row.name == options.format)
        .ok_or_else(|| Error::parameter(format!("there is no number format {:?}", options.format)))?;
    let sizes = format.sizes();
    let mut made = model.clone();
    let weights = weight_values(model);
    for (done, &id) in weights.iter().enumerate() {
        progress::step(progress, "Choosing scales", done, weights.len())?;
        if options.layers.get(done) == Some(&0) {
            continue;
        }
        match model.values[id].dtype {
            DType::Float32 => real(&mut made, id, &sizes, options.group)?,
            DType::Int8 => whole(&mut made, id, &sizes, options.group)?,
            other => {
                return Err(Error::unsupported(format!(
                    "weights of type {other} take no other number format, only int8 and float32 ones: {:?}",
                    model.values[id].name
                )));
            }
        }
    }
    // Biases that were counted anew have left the old ones behind.
    made.compact();
    Ok(made)
}

/// Float weights become the numbers that the format's values stand for.
fn real(model: &mut Model, id: ValueId, sizes: &[f64], group: u32) -> Result<()> {
    let mut reals = model.values[id].to_f32()?;
    let reader = |node: &&Node| node.op.weights_input().and_then(|at| node.input(at)) == Some(id);
    let filters = model.nodes.iter().find(reader).and_then(|node| Filters::of(model, node));
    let filters = filters.unwrap_or(Filters { channels: 1, size: reals.len(), depthwise: false });
    let length = if group == 0 { filters.size } else { group as usize };
    for channel in 0..filters.channels {
        let places: Vec<usize> = (0..filters.size).map(|weight| filters.at(channel, weight)).collect();
        for places in places.chunks(length.max(1)) {
            let part: Vec<f64> = places.iter().map(|&at| f64::from(reals[at])).collect();
            let (scale, levels) = fitted(&part, sizes);
            places.iter().zip(levels).for_each(|(&at, level)| reals[at] = (scale * level) as f32);
        }
    }
    let value = &model.values[id];
    model.values[id] = Value::float_constant(value.name.clone(), &value.shape.clone(), &reals);
    Ok(())
}

/// int8 weights become the format's values as whole numbers; what was in their unit before goes into the scales, and the
/// biases are counted in the new unit.
fn whole(model: &mut Model, id: ValueId, sizes: &[f64], group: u32) -> Result<()> {
    let largest = sizes.last().copied().unwrap_or(1.0);
    let fits = |what: &str| {
        Err(Error::unsupported(format!(
            "int8 weights hold no {what}: leave Quantize out, and what the format loses is measured on float32 numbers"
        )))
    };
    if group > 0 {
        return fits("scales for groups of neighbours");
    }
    if largest > LARGEST {
        return fits("values as far apart as those of this format");
    }
    let value = &model.values[id];
    let Some(Quantization { scale, axis, .. }) = value.quantization.clone() else {
        return Err(Error::unsupported(format!("int8 weights without a scale: {:?}", value.name)));
    };
    let integers = value.to_i8()?;
    let after: usize = if scale.len() > 1 {
        value.shape.iter().skip(axis + 1).product::<usize>().max(1)
    } else {
        integers.len().max(1)
    };
    let channel = |at: usize| at / after % scale.len();
    let times = libm::floor(LARGEST / largest);
    let (mut made, mut factors) = (vec![0u8; integers.len()], vec![1.0; scale.len()]);
    for (at, factor) in factors.iter_mut().enumerate() {
        let places: Vec<usize> = (0..integers.len()).filter(|&place| channel(place) == at).collect();
        let part: Vec<f64> = places.iter().map(|&place| f64::from(integers[place])).collect();
        let (unit, levels) = fitted(&part, sizes);
        *factor = if unit > 0.0 { unit / times } else { 1.0 };
        places.iter().zip(levels).for_each(|(&place, level)| made[place] = ((level * times) as i8).cast_unsigned());
    }
    let value = &mut model.values[id];
    value.data = Some(made.into());
    value.encoding = None;
    if let Some(quantization) = &mut value.quantization {
        quantization
            .scale
            .iter_mut()
            .zip(&factors)
            .for_each(|(scale, factor)| *scale = (f64::from(*scale) * factor) as f32);
    }
    for node in model.consumers(id) {
        recount(model, node, &factors)?;
    }
    Ok(())
}

/// Writes the bias of a node in the new unit of its weights.
fn recount(model: &mut Model, node: usize, factors: &[f64]) -> Result<()> {
    let Some(position) = model.nodes[node].op.bias_input() else { return Ok(()) };
    let bias = model.nodes[node].input(position).filter(|&id| model.values[id].is_constant());
    let Some(bias) = bias.filter(|&id| model.values[id].dtype == DType::Int32) else { return Ok(()) };
    let mut moved = model.values[bias].clone();
    let factor = |channel: usize| factors.get(channel).or(factors.first()).copied().unwrap_or(1.0);
    let bytes = moved.data.as_ref().map(|data| data.to_vec()).unwrap_or_default();
    let recounted = bytes.as_chunks::<4>().0.iter().enumerate().flat_map(|(channel, bytes)| {
        let counted = libm::round(f64::from(i32::from_le_bytes(*bytes)) / factor(channel));
        (counted.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32).to_le_bytes()
    });
    moved.data = Some(recounted.collect::<Vec<u8>>().into());
    if let Some(quantization) = &mut moved.quantization {
        let scales = quantization.scale.iter_mut().enumerate();
        scales.for_each(|(channel, scale)| *scale = (f64::from(*scale) * factor(channel)) as f32);
    }
    // Another layer may read the same bias.
    let moved = model.add_value(moved);
    model.nodes[node].inputs[position] = Some(moved);
    Ok(())
}

/// The scale with the least squared error that is found, and the level of each value, a size with its sign.
fn fitted(reals: &[f64], sizes: &[f64]) -> (f64, Vec<f64>) {
    let most = reals.iter().fold(0.0f64, |most, real| most.max(real.abs()));
    let largest = sizes.last().copied().unwrap_or(1.0);
    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    if most == 0.0 {
        return (0.0, vec![0.0; reals.len()]);
    }
    for start in STARTS {
        let mut scale = most / (start * largest);
        for _ in 0..ROUNDS {
            let levels: Vec<f64> = reals.iter().map(|real| level(real / scale, sizes)).collect();
            let error: f64 =
                reals.iter().zip(&levels).map(|(real, level)| (real - scale * level) * (real - scale * level)).sum();
            let product: f64 = reals.iter().zip(&levels).map(|(real, level)| real * level).sum();
            let square: f64 = levels.iter().map(|level| level * level).sum();
            let stays = best.as_ref().is_some_and(|(least, ..)| error >= *least);
            if !stays {
                best = Some((error, scale, levels));
            }
            let next = if square > 0.0 { product / square } else { 0.0 };
            if next <= 0.0 || next == scale {
                break;
            }
            scale = next;
        }
    }
    best.map(|(_, scale, levels)| (scale, levels)).unwrap_or_default()
}

/// The nearest size with the sign of a number; of two equally near ones that with the even place, as floats are rounded.
fn level(real: f64, sizes: &[f64]) -> f64 {
    let size = real.abs();
    let above = sizes.partition_point(|&known| known < size).min(sizes.len() - 1);
    let below = above.saturating_sub(1);
    let (low, high) = (size - sizes[below], sizes[above] - size);
    let nearest = if low < high || (low == high && below.is_multiple_of(2)) { sizes[below] } else { sizes[above] };
    if real < 0.0 { -nearest } else { nearest }
}

#[cfg(test)]
mod tests;
