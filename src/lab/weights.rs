//! A layer's weights as a picture.

use crate::error::{Error, Result};
use crate::model::{Model, NodeId, Value};
use crate::order;
use crate::report::WeightsView;

/// Bins of the histogram.
const BINS: usize = 64;
/// Negative, zero and positive: blue, white and orange, apart for colour-blind readers.
const NEGATIVE: [f32; 3] = [11.0, 98.0, 184.0];
const ZERO: [f32; 3] = [250.0, 250.0, 248.0];
const POSITIVE: [f32; 3] = [179.0, 80.0, 0.0];

/// The weights of `node`, coloured so that `largest` (the original's largest magnitude) is full colour.
///
/// # Errors
/// `Parameter` when the node has no constant weights.
pub fn view(model: &Model, node: NodeId, largest: f32) -> Result<WeightsView> {
    let value = weights_of(model, node)?;
    let reals = value.dequantized()?;
    let picture = Picture::of(value, matches!(model.nodes[node].op, crate::model::Op::DepthwiseConv2d(_)));
    let (min, max) = reals.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    let (bin_edges, bin_counts) = histogram(&reals, largest);
    let mut distinct: Vec<f64> = reals.iter().map(|&real| f64::from(real)).collect();
    order::floats(&mut distinct);
    distinct.dedup();
    let quantization = value.quantization.clone().unwrap_or_default();
    Ok(WeightsView {
        node: node as u32,
        width: picture.width as u32,
        height: picture.height as u32,
        rgba: picture.paint(&reals, largest),
        layout: picture.layout,
        bin_edges,
        bin_counts,
        min,
        max,
        distinct: distinct.len() as u32,
        dtype: value.dtype.name().into(),
        scale: quantization.scale,
        zero_point: quantization.zero_point.iter().map(|&zero_point| zero_point as i32).collect(),
    })
}

/// The largest magnitude among the weights of a node.
///
/// # Errors
/// `Parameter` when the node has no constant weights.
pub fn largest(model: &Model, node: NodeId) -> Result<f32> {
    Ok(weights_of(model, node)?.dequantized()?.iter().fold(0.0, |max, x| max.max(x.abs())))
}

fn weights_of(model: &Model, node: NodeId) -> Result<&Value> {
    let found = model.nodes.get(node).ok_or_else(|| Error::parameter(format!("there is no node {node}")))?;
    let weights = found.op.weights_input().and_then(|position| found.input(position)).map(|id| &model.values[id]);
    weights
        .filter(|value| value.is_constant())
        .ok_or_else(|| Error::parameter("this layer has no weights").at(model.place(node)))
}

/// Where each weight stands in the picture.
struct Picture {
    width: usize,
    height: usize,
    /// Pixel of each weight, in the order of the tensor.
    pixels: Vec<usize>,
    layout: String,
}

impl Picture {
    fn of(value: &Value, depthwise: bool) -> Self {
        match value.shape[..] {
            [_, height, width, channels] if depthwise => {
                let at = move |index: usize| (index % channels, index / channels / width, index / channels % width);
                Self::tiles(value.elements(), channels, height, width, &at, "one tile for each channel")
            }
            [outputs, 1, 1, inputs] | [outputs, inputs] => Self {
                width: inputs,
                height: outputs,
                pixels: (0..outputs * inputs).collect(),
                layout: "rows are output channels, columns are input channels".into(),
            },
            [outputs, height, width, inputs] if inputs <= 4 => {
                let area = height * width * inputs;
                let at = move |index: usize| {
                    let within = index % area;
                    (index / area, within / (width * inputs), within % (width * inputs))
                };
                let layout = "one tile for each filter, input channels side by side";
                Self::tiles(value.elements(), outputs, height, width * inputs, &at, layout)
            }
            [outputs, height, width, inputs] => Self {
                width: width * inputs,
                height: outputs * height,
                pixels: (0..outputs * height * width * inputs).collect(),
                layout: "filters below each other, each row of a filter a row here".into(),
            },
            _ => {
                let width = value.shape.last().copied().unwrap_or(1).max(1);
                let elements = value.elements();
                Self {
                    width,
                    height: elements.div_ceil(width),
                    pixels: (0..elements).collect(),
                    layout: "rows are the last axis".into(),
                }
            }
        }
    }

    /// Tiles in a grid that is about square, one empty pixel between them; `at` gives tile, row and column.
    fn tiles(
        elements: usize,
        tiles: usize,
        height: usize,
        width: usize,
        at: &dyn Fn(usize) -> (usize, usize, usize),
        layout: &str,
    ) -> Self {
        let across = (1..=tiles).find(|&n| n * (width + 1) >= tiles.div_ceil(n) * (height + 1)).unwrap_or(1);
        let down = tiles.div_ceil(across.max(1));
        let full_width = across * (width + 1) - 1;
        let place = |index: usize| {
            let (tile, row, column) = at(index);
            let (y, x) = (tile / across * (height + 1) + row, tile % across * (width + 1) + column);
            y * full_width + x
        };
        Self {
            width: full_width,
            height: down * (height + 1) - 1,
            pixels: (0..elements).map(place).collect(),
            layout: layout.into(),
        }
    }

    fn paint(&self, reals: &[f32], largest: f32) -> Vec<u8> {
        // What no weight covers stays transparent.
        let mut rgba = vec![0; self.width * self.height * 4];
        for (&real, &pixel) in reals.iter().zip(&self.pixels) {
            let share = if largest > 0.0 { (real.abs() / largest).min(1.0) } else { 0.0 };
            // The square root lifts small weights, which are most of them.
            let share = libm::sqrtf(share);
            let end = if real < 0.0 { NEGATIVE } else { POSITIVE };
            for channel in 0..3 {
                rgba[pixel * 4 + channel] = (ZERO[channel] + (end[channel] - ZERO[channel]) * share) as u8;
            }
            rgba[pixel * 4 + 3] = 255;
        }
        rgba
    }
}

fn histogram(reals: &[f32], largest: f32) -> (Vec<f32>, Vec<u32>) {
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let edges = (0..=BINS).map(|bin| largest * (2.0 * bin as f32 / BINS as f32 - 1.0)).collect();
    let mut counts = vec![0; BINS];
    for real in reals {
        let bin = ((real / largest + 1.0) / 2.0 * BINS as f32) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    (edges, counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_has_its_own_pixel() {
        for (shape, depthwise) in [
            (vec![64, 10, 4, 1], false),
            (vec![1, 3, 3, 17], true),
            (vec![12, 64], false),
            (vec![8, 3, 3, 16], false),
            (vec![5, 1, 1, 7], false),
        ] {
            let elements: usize = shape.iter().product();
            let value = Value::float_constant("w", &shape, &vec![1.0; elements]);
            let picture = Picture::of(&value, depthwise);
            let mut pixels = picture.pixels.clone();
            pixels.sort_unstable();
            pixels.dedup();
            assert_eq!(pixels.len(), elements, "{shape:?}");
            assert!(pixels.iter().all(|&pixel| pixel < picture.width * picture.height), "{shape:?}");
        }
    }
}
