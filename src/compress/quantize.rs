//! Post-training quantization to int8, or to int8 weights and int16 activations, as TFLM executes it.
//!
//! *Source*: the TensorFlow Lite 8-bit quantization specification: weights symmetric in [-127, 127] along the output
//! channel, activations asymmetric in [-128, 127], biases int32 with the product of both scales; some operators keep
//! their input's scale, some have a fixed output scale. Its 16x8 mode: activations symmetric in [-32768, 32767], biases int64.

mod adaptive;
mod low_bits;
pub(in crate::compress) mod moments;
mod rounding;
mod scales;
mod weights;

use crate::compress::calibrate::{self, Span};
use crate::compress::fold;
use crate::compress::recipe::{QuantizeOptions, Rounding, Scheme};
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::model::{Model, Node, Op, Signature, Value, ValueId};
use crate::progress::Progress;
use crate::quant::Quantization;
use crate::tensor::{DType, Tensor};
pub use scales::{Share, separate_fixed_concatenations, shared_scales};
use weights::Constants;
pub use weights::has_scale_for_each_channel;

/// An int8 copy of a float model; activation ranges come from `inputs`.
///
/// # Errors
/// `Parameter` when the model is integer already or no inputs are given; `Unsupported` for operators without an int8
/// form; those of folding and calibrating.
pub fn quantize(
    model: &Model,
    options: &QuantizeOptions,
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Model> {
    refuse_integer_model(model)?;
    let mut float = fold::fold(model)?;
    let mut spans = calibrate::calibrate(&float, inputs, options.calibration, progress)?;
    scales::separate_fixed_concatenations(&mut float, &mut spans);
    let is_narrow = options.weight_bits < 8 || options.layers.iter().any(|&bits| bits < 8);
    let is_refined = is_narrow || options.mixed || options.rounding != Rounding::Nearest || options.correct_bias;
    let known = if is_refined { low_bits::refine(&mut float, inputs, options, progress)? } else { vec![] };
    // Refining adds biases, which have no spans.
    spans.resize(float.values.len(), None);
    let activations = scales::choose(&float, &spans, options)?;
    let mut integer = build(&float, &activations, &known, options)?;
    match options.scheme {
        // Some operators have no int16 kernel; the one that names itself here would stop the device too.
        Scheme::Int16x8 => drop(Executor::new(&integer, Options::default())?),
        Scheme::Int8 if is_refined => low_bits::narrow(&mut integer)?,
        Scheme::Int8 => {}
    }
    Ok(integer)
}

/// The type of activations.
fn activation_type(scheme: Scheme) -> DType {
    match scheme {
        Scheme::Int8 => DType::Int8,
        Scheme::Int16x8 => DType::Int16,
    }
}

/// An int8 copy of a folded float model with scales that are already known, for instance trained.
///
/// Weights without a scale get the smallest that clips nothing.
///
/// *Shapes*: `activations` has an entry for each value of the model, `weights` at most one.
///
/// # Errors
/// `Parameter` when an activation has no scale, `Unsupported` for operators without an int8 form.
pub fn quantize_with(
    float: &Model,
    activations: &[Option<Quantization>],
    weights: &[Option<Quantization>],
    options: &QuantizeOptions,
) -> Result<Model> {
    for (id, share) in scales::shares(float, options.scheme)?.iter().enumerate() {
        if share.is_some() && activations.get(id).is_none_or(Option::is_none) {
            return Err(Error::parameter(format!("the activation {:?} has no scale", float.values[id].name)));
        }
    }
    build(float, activations, weights, options)
}

fn refuse_integer_model(model: &Model) -> Result<()> {
    if computes_with_integers(model) {
        return Err(Error::parameter(
            "This model computes with integers already; quantizing starts from the float model it was made from",
        ));
    }
    Ok(())
}

/// Whether any node with weights reads integers.
pub fn computes_with_integers(model: &Model) -> bool {
    let integer = |id: &ValueId| matches!(model.values[*id].dtype, DType::Int8 | DType::Uint8 | DType::Int16);
    model.nodes.iter().any(|node| {
        node.op.weights_input().is_some()
            && node.input(0).is_some_and(|id| integer(&id) && !model.values[id].is_constant())
    })
}

/// Writes the integer model: same nodes, integer values, constants quantized for the node that reads them.
fn build(
    float: &Model,
    activations: &[Option<Quantization>],
    weights: &[Option<Quantization>],
    options: &QuantizeOptions,
) -> Result<Model> {
    let mut model = Model {
        description: float.description.clone(),
        name: float.name.clone(),
        subgraphs: float.subgraphs.clone(),
        // Metadata speaks of the float file (its converter, its runtime version) and would be untrue here.
        ..Model::default()
    };
    // Activations keep their ids; constants that nodes read as integers are appended, and the unused ones go at the end.
    model.values = float
        .values
        .iter()
        .zip(activations)
        .map(|(value, scale)| integer_activation(value, scale, activation_type(options.scheme)))
        .collect();
    let mut constants = Constants::new(options, weights);
    for (id, node) in float.nodes.iter().enumerate() {
        let mut quantized = Node { version: 1, ..node.clone() };
        if let (Scheme::Int16x8, Op::Add { pot_scale_int16, .. } | Op::Sub { pot_scale_int16, .. }) =
            (options.scheme, &mut quantized.op)
        {
            *pot_scale_int16 = false;
        }
        constants
            .quantize_inputs(float, node, &mut quantized, activations, &mut model)
            .map_err(|error| error.at(float.place(id)))?;
        model.nodes.push(quantized);
    }
    (model.inputs, model.outputs) = (float.inputs.clone(), float.outputs.clone());
    model.signatures = float.signatures.clone();
    if options.float_io {
        add_float_border(&mut model, float);
    }
    model.compact();
    Ok(model)
}

fn integer_activation(value: &Value, scale: &Option<Quantization>, dtype: DType) -> Value {
    match scale {
        Some(quantization) => Value { dtype, range: None, quantization: Some(quantization.clone()), ..value.clone() },
        None => value.clone(),
    }
}

/// Puts QUANTIZE after each input and DEQUANTIZE before each output, so that the border stays float.
fn add_float_border(model: &mut Model, float: &Model) {
    for (index, old) in model.inputs.clone().into_iter().enumerate() {
        if float.values[old].dtype == DType::Float32 {
            let border = model
                .add_value(Value { name: format!("{}_float", float.values[old].name), ..float.values[old].clone() });
            model.insert_node(0, Node::new(Op::Quantize, &[border], &[old]));
            model.inputs[index] = border;
            rename(&mut model.signatures, old, border);
        }
    }
    for (index, old) in model.outputs.clone().into_iter().enumerate() {
        if float.values[old].dtype == DType::Float32 {
            let border = model
                .add_value(Value { name: format!("{}_float", float.values[old].name), ..float.values[old].clone() });
            model.nodes.push(Node::new(Op::Dequantize, &[old], &[border]));
            model.outputs[index] = border;
            rename(&mut model.signatures, old, border);
        }
    }
}

fn rename(signatures: &mut [Signature], old: ValueId, new: ValueId) {
    for signature in signatures {
        let ports = signature.inputs.iter_mut().chain(&mut signature.outputs);
        ports.filter(|(_, id)| *id == old).for_each(|(_, id)| *id = new);
    }
}

/// The scale and zero point that cover a span with 256 levels, zero exactly on one of them.
pub fn asymmetric(span: Span) -> Quantization {
    covering(span, Scheme::Int8)
}

/// The same with `2^bits` levels, or with as many on both sides of zero. int8 has room for more of these levels than are meant,
/// so that what lies beyond the span is not cut off.
fn in_levels(span: Span, bits: u32, symmetric: bool) -> Quantization {
    let (min, max) = (f64::from(span.min.min(0.0)), f64::from(span.max.max(0.0)));
    if max == min {
        return Quantization::per_tensor(1.0, 0);
    }
    let half = libm::exp2(f64::from(bits - 1));
    if symmetric {
        return Quantization::per_tensor((max.max(-min) / (half - 1.0).max(1.0)) as f32, 0);
    }
    let scale = (max - min) / (2.0 * half - 1.0);
    let zero_point = libm::round(-half - min / scale).clamp(-half, half - 1.0);
    Quantization::per_tensor(scale as f32, zero_point as i64)
}

/// The same, or for int16 the scale that covers it with 65,536 levels around zero.
fn covering(span: Span, scheme: Scheme) -> Quantization {
    match scheme {
        Scheme::Int8 => in_levels(span, 8, false),
        Scheme::Int16x8 => in_levels(span, 16, true),
    }
}
