//! Constants as integers: weights, biases, and the constant operands of element-wise operators.

use super::{activation_type, covering};
use crate::compress::calibrate::Span;
use crate::compress::recipe::{Granularity, QuantizeOptions, Scheme};
use crate::error::Result;
use crate::model::{Model, Node, Op, Value, ValueId};
use crate::quant::Quantization;
use crate::tensor::DType;

/// Lowest level of weights: symmetric, so that negation never overflows.
const SYMMETRIC_LOWEST: f64 = -127.0;

/// Makes integer constants and remembers them, so that two nodes that read the same weights share them.
pub struct Constants<'a> {
    granularity: Granularity,
    scheme: Scheme,
    /// Scales of weights that are known before.
    known: &'a [Option<Quantization>],
    made: Vec<(ValueId, Quantization, ValueId)>,
}

/// Whether each output channel of an operator's weights gets a scale of its own.
///
/// Fully connected layers get one scale unless more are asked for: older TFLM libraries know no other.
pub fn has_scale_for_each_channel(op: &Op, granularity: Granularity) -> bool {
    match granularity {
        Granularity::PerChannel => !matches!(op, Op::FullyConnected(_)),
        Granularity::EveryLayer => true,
        Granularity::PerTensor => false,
    }
}

impl<'a> Constants<'a> {
    pub fn new(options: &QuantizeOptions, known: &'a [Option<Quantization>]) -> Self {
        Self { granularity: options.granularity, scheme: options.scheme, known, made: Vec::new() }
    }

    /// Lets `quantized` read integer constants where `node` reads float ones.
    pub fn quantize_inputs(
        &mut self,
        float: &Model,
        node: &Node,
        quantized: &mut Node,
        activations: &[Option<Quantization>],
        model: &mut Model,
    ) -> Result<()> {
        let (weights_at, bias_at) = (node.op.weights_input(), node.op.bias_input());
        let layer = weights_at.and_then(|position| node.input(position)).filter(|&id| is_float_constant(float, id));
        let mut weight_scales = None;
        if let (Some(weights), Some(position)) = (layer, weights_at) {
            let input_at = if matches!(node.op, Op::TransposeConv(_)) { 2 } else { 0 };
            let input_scale = node
                .input(input_at)
                .and_then(|id| activations[id].as_ref())
                .map_or(1.0, |quantization| quantization.scale_of(0));
            let bias = bias_at.and_then(|position| node.input(position));
            let bias_reals = bias.map(|id| float.values[id].dequantized()).transpose()?;
            let known = self.known.get(weights).and_then(Option::as_ref);
            let value = &float.values[weights];
            let scales = self.weight_scales(&node.op, value, known, input_scale, bias_reals.as_deref())?;
            quantized.inputs[position] = Some(self.weights(float, weights, &scales, model)?);
            if let (Some(bias), Some(reals), Some(position)) = (bias, bias_reals, bias_at) {
                quantized.inputs[position] =
                    Some(add_bias(&float.values[bias], &reals, input_scale, &scales, self.scheme, model));
            }
            weight_scales = Some(());
        }
        for (position, input) in node.inputs.iter().enumerate() {
            let Some(id) = input.filter(|&id| is_float_constant(float, id)) else { continue };
            if weight_scales.is_some() && (Some(position) == weights_at || Some(position) == bias_at) {
                continue;
            }
            let scale = match &node.op {
                // The value to pad with, and constants joined to activations, speak the activation's scale.
                Op::PadV2 | Op::Concatenation { .. } => {
                    activations[node.outputs[0]].clone().unwrap_or_else(|| Quantization::per_tensor(1.0, 0))
                }
                _ => covering(span_of(&float.values[id].dequantized()?), self.scheme),
            };
            quantized.inputs[position] = Some(self.operand(float, id, &scale, model)?);
        }
        Ok(())
    }

    /// Symmetric scales for a weight tensor, wide enough that the bias fits 32 bits.
    fn weight_scales(
        &self,
        op: &Op,
        value: &Value,
        known: Option<&Quantization>,
        input_scale: f32,
        bias: Option<&[f32]>,
    ) -> Result<Quantization> {
        let weights = value.dequantized()?;
        let axis = op.weights_channel_axis().unwrap_or(0);
        let per_channel = has_scale_for_each_channel(op, self.granularity);
        let channels = if per_channel { value.shape[axis] } else { 1 };
        let after: usize = value.shape[axis + 1..].iter().product();
        let mut largest = vec![0.0f32; channels];
        for (index, weight) in weights.iter().enumerate() {
            let channel = if per_channel { index / after % channels } else { 0 };
            largest[channel] = largest[channel].max(weight.abs());
        }
        let mut scales: Vec<f32> = match known {
            Some(known) => (0..channels).map(|channel| known.scale_of(channel)).collect(),
            None => largest.iter().map(|max| max / 127.0).collect(),
        };
        for (channel, scale) in scales.iter_mut().enumerate() {
            let biases = bias.map_or(&[][..], |bias| if per_channel { &bias[channel..=channel] } else { bias });
            let bias_largest = biases.iter().fold(0.0f32, |max, b| max.max(b.abs()));
            // A bias of more than 2^30 steps would overflow; a channel without weights keeps 2^15 steps for its bias.
            let steps = if *scale > 0.0 { (1u32 << 30) as f32 } else { (1u32 << 15) as f32 };
            *scale = scale.max(bias_largest / input_scale / steps);
            if *scale == 0.0 {
                *scale = 1.0;
            }
        }
        let zero_point = vec![0; scales.len()];
        Ok(Quantization { scale: scales, zero_point, axis: if per_channel { axis } else { 0 } })
    }

    /// An int8 copy of weights, shared by all nodes that read them at this scale.
    fn weights(&mut self, float: &Model, id: ValueId, scale: &Quantization, model: &mut Model) -> Result<ValueId> {
        self.integer(float, id, scale, (DType::Int8, SYMMETRIC_LOWEST, 127.0), model)
    }

    /// A copy of another constant in the type of activations.
    fn operand(&mut self, float: &Model, id: ValueId, scale: &Quantization, model: &mut Model) -> Result<ValueId> {
        let levels = match self.scheme {
            Scheme::Int8 => (-128.0, 127.0),
            Scheme::Int16x8 => (-32768.0, 32767.0),
        };
        self.integer(float, id, scale, (activation_type(self.scheme), levels.0, levels.1), model)
    }

    fn integer(
        &mut self,
        float: &Model,
        id: ValueId,
        scale: &Quantization,
        (dtype, lowest, highest): (DType, f64, f64),
        model: &mut Model,
    ) -> Result<ValueId> {
        let same = |made: ValueId| model.values[made].dtype == dtype;
        let known = self.made.iter().find(|(source, known, made)| *source == id && known == scale && same(*made));
        if let Some((.., made)) = known {
            return Ok(*made);
        }
        let value = &float.values[id];
        let after: usize = value.shape.get(scale.axis + 1..).unwrap_or_default().iter().product();
        let channels = scale.scale.len();
        let mut quantized = Vec::new();
        for (index, &real) in value.dequantized()?.iter().enumerate() {
            let channel = if channels > 1 { index / after % channels } else { 0 };
            let steps = libm::round(f64::from(real) / f64::from(scale.scale_of(channel)));
            let level = (steps + scale.zero_point_of(channel) as f64).clamp(lowest, highest) as i16;
            let bytes = level.to_le_bytes();
            quantized.extend_from_slice(if dtype == DType::Int16 { &bytes } else { &bytes[..1] });
        }
        let made = Value::constant(value.name.clone(), dtype, &value.shape, quantized);
        let made = model.add_value(made.with_quantization(scale.clone()));
        self.made.push((id, scale.clone(), made));
        Ok(made)
    }
}

/// A bias whose scale is the product of those of input and weights: int32, or int64 beside int16 activations.
fn add_bias(
    value: &Value,
    reals: &[f32],
    input_scale: f32,
    weights: &Quantization,
    scheme: Scheme,
    model: &mut Model,
) -> ValueId {
    // The product is taken in float32, as TFLM's Prepare compares it.
    let scales: Vec<f32> = weights.scale.iter().map(|scale| scale * input_scale).collect();
    let steps = reals.iter().enumerate().map(|(channel, &real)| {
        let scale = scales[if scales.len() > 1 { channel } else { 0 }];
        libm::round(f64::from(real) / f64::from(scale))
    });
    let made = match scheme {
        Scheme::Int8 => {
            let steps: Vec<i32> =
                steps.map(|step| step.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32).collect();
            Value::int_constant(value.name.clone(), &value.shape, &steps)
        }
        Scheme::Int16x8 => {
            let steps: Vec<i64> = steps.map(|step| step as i64).collect();
            Value::constant(value.name.clone(), DType::Int64, &value.shape, bytemuck::cast_slice(&steps).to_vec())
        }
    };
    let quantization = Quantization { zero_point: vec![0; scales.len()], scale: scales, axis: 0 };
    model.add_value(made.with_quantization(quantization))
}

fn is_float_constant(model: &Model, id: ValueId) -> bool {
    model.values[id].is_constant() && model.values[id].dtype == DType::Float32
}

fn span_of(reals: &[f32]) -> Span {
    let span = Span { min: 0.0, max: 0.0 };
    reals.iter().fold(span, |span, &x| Span { min: span.min.min(x), max: span.max.max(x) })
}
