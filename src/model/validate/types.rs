//! Which element types an operator's inputs and outputs may have together.
//!
//! The tables are wide on purpose: what some runtime accepts is sound here, also where Milliwatt's executor or TFLM
//! refuses it later with its own sentence.

use crate::error::{Error, Result};
use crate::model::{Model, Node, Op, Value};
use crate::tensor::DType::{self, *};

pub(super) fn check(model: &Model, node: &Node) -> Result<()> {
    let arity = arity(node);
    if node.inputs.len() < arity.0 || node.inputs.len() > arity.1 {
        let expected = if arity.0 == arity.1 { format!("{}", arity.0) } else { format!("{} to {}", arity.0, arity.1) };
        return Err(Error::format(format!("it has {} inputs where {expected} are expected", node.inputs.len())));
    }
    let value = |position: usize| node.input(position).and_then(|id| model.values.get(id));
    let needed = |position: usize, role: &str| {
        value(position).ok_or_else(|| Error::format(format!("input {position} (the {role}) is missing")))
    };
    let Some(output) = node.outputs.first().and_then(|&id| model.values.get(id)) else {
        return Err(Error::format("it has no output"));
    };
    if let Op::Softmax { beta: number } | Op::LeakyRelu { alpha: number } = &node.op
        && !number.is_finite()
    {
        return Err(Error::numeric(format!("its attribute {number} is not a finite number")));
    }
    match &node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) => {
            weighted(needed(0, "input")?, needed(1, "weights")?, value(2), output)
        }
        Op::TransposeConv(_) => weighted(needed(2, "input")?, needed(1, "filter")?, value(3), output),
        Op::Quantize => {
            let input = needed(0, "input")?;
            one_of("the input of QUANTIZE", input, &[Float32, Int8, Int16, Int32, Uint8])?;
            one_of("the output of QUANTIZE", output, &[Int4, Int8, Int16, Int32, Uint8])?;
            scaled("the output", output)?;
            if input.dtype.is_float() { Ok(()) } else { scaled("the input", input) }
        }
        Op::Dequantize => {
            let input = needed(0, "input")?;
            one_of("the input of DEQUANTIZE", input, &[Float16, Int2, Int4, Int8, Int16, Int32, Uint8])?;
            one_of("the output of DEQUANTIZE", output, &[Float32, Float16])?;
            if input.dtype.is_float() { Ok(()) } else { scaled("the input", input) }
        }
        // TFLM's and LiteRT's int16 PRELU takes slopes of 8 bits.
        Op::Prelu if value(0).is_some_and(|input| input.dtype == Int16) => {
            one_of("the slopes", needed(1, "slopes")?, &[Int8, Int16])?;
            scaled("the slopes", needed(1, "slopes")?)?;
            computes(&[needed(0, "input")?], output)
        }
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } | Op::Prelu => {
            computes(&[needed(0, "first input")?, needed(1, "second input")?], output)
        }
        Op::Concatenation { .. } => {
            let parts: Result<Vec<&Value>> =
                (0..node.inputs.len()).map(|position| needed(position, "part to join")).collect();
            same(&parts?, output)
        }
        Op::Split { .. } => {
            let input = needed(1, "input")?;
            node.outputs.iter().filter_map(|&id| model.values.get(id)).try_for_each(|output| same(&[input], output))
        }
        Op::PadV2 => same(&[needed(0, "input")?, needed(2, "fill")?], output),
        Op::Pad
        | Op::Reshape { .. }
        | Op::Squeeze { .. }
        | Op::ExpandDims
        | Op::Transpose
        | Op::StridedSlice(_)
        | Op::ResizeNearestNeighbor(_)
        | Op::ResizeBilinear(_) => same(&[needed(0, "input")?], output),
        // The int8 input of an int16 table op is a thing of LiteRT's; both ends just need scales.
        Op::Softmax { .. } => {
            let input = needed(0, "input")?;
            one_of("the input", input, &[Float32, Int8, Int16, Uint8])?;
            one_of("the output", output, &[Float32, Int8, Int16, Uint8])?;
            if input.dtype.is_float() != output.dtype.is_float() {
                return Err(mixed(input, output));
            }
            both_scaled(input, output)
        }
        Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean { .. }
        | Op::Relu
        | Op::Relu6
        | Op::LeakyRelu { .. }
        | Op::HardSwish
        | Op::Logistic
        | Op::Tanh
        | Op::L2Normalization { .. } => computes(&[needed(0, "input")?], output),
        Op::Opaque(_) => Ok(()),
    }
}

/// The fewest and most inputs of an operator.
fn arity(node: &Node) -> (usize, usize) {
    match &node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) => (2, 3),
        Op::TransposeConv(_) => (3, 4),
        Op::Concatenation { .. } => (1, usize::MAX),
        Op::Reshape { .. } => (1, 2),
        Op::Add { .. }
        | Op::Sub { .. }
        | Op::Mul { .. }
        | Op::Prelu
        | Op::Mean { .. }
        | Op::Pad
        | Op::ExpandDims
        | Op::Transpose
        | Op::Split { .. }
        | Op::ResizeNearestNeighbor(_)
        | Op::ResizeBilinear(_) => (2, 2),
        Op::PadV2 => (3, 3),
        Op::StridedSlice(_) => (4, 4),
        Op::Opaque(_) => (0, usize::MAX),
        _ => (1, 1),
    }
}

/// Weights and biases against activations.
fn weighted(input: &Value, weights: &Value, bias: Option<&Value>, output: &Value) -> Result<()> {
    let (weight_types, bias_types): (&[DType], &[DType]) = match input.dtype {
        // Integer weights under float activations: a hybrid file.
        Float32 => (&[Float32, Float16, Int2, Int4, Int8, Uint8], &[Float32]),
        Int8 => (&[Int2, Int4, Int8], &[Int32]),
        Int16 => (&[Int4, Int8], &[Int32, Int64]),
        Uint8 => (&[Uint8], &[Int32]),
        other => return Err(Error::format(format!("an input of type {other} cannot be multiplied by weights"))),
    };
    one_of("the weights", weights, weight_types)?;
    if let Some(bias) = bias {
        one_of("the bias", bias, bias_types)?;
    }
    // FULLY_CONNECTED of the old uint8 and of int8 may widen its output to int16.
    if input.dtype != output.dtype && !(matches!(input.dtype, Int8 | Uint8) && output.dtype == Int16) {
        return Err(mixed(input, output));
    }
    if !weights.dtype.is_float() {
        scaled("the weights", weights)?;
    }
    both_scaled(input, output)
}

/// Operators that compute: one type for all, with scales where it is an integer.
fn computes(inputs: &[&Value], output: &Value) -> Result<()> {
    one_of("the output", output, &[Float32, Int8, Int16, Int32, Int64, Uint8])?;
    same(inputs, output)?;
    // Plain 32- and 64-bit integers are counted with, not scaled.
    if matches!(output.dtype, Int8 | Int16 | Uint8) {
        inputs.iter().try_for_each(|input| scaled("the input", input))?;
        scaled("the output", output)?;
    }
    Ok(())
}

fn both_scaled(input: &Value, output: &Value) -> Result<()> {
    for (role, value) in [("the input", input), ("the output", output)] {
        if !value.dtype.is_float() {
            scaled(role, value)?;
        }
    }
    Ok(())
}

fn same(inputs: &[&Value], output: &Value) -> Result<()> {
    match inputs.iter().find(|input| input.dtype != output.dtype) {
        Some(input) => Err(mixed(input, output)),
        None => Ok(()),
    }
}

fn mixed(input: &Value, output: &Value) -> Error {
    Error::format(format!("an input of type {} cannot give an output of type {}", input.dtype, output.dtype))
}

fn one_of(role: &str, value: &Value, allowed: &[DType]) -> Result<()> {
    if allowed.contains(&value.dtype) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(|dtype| dtype.name()).collect();
    Err(Error::format(format!("{role} has type {}, not {}: {:?}", value.dtype, names.join(" or "), value.name)))
}

fn scaled(role: &str, value: &Value) -> Result<()> {
    if value.quantization.is_some() {
        return Ok(());
    }
    Err(Error::format(format!(
        "{role} is {} without a scale, so its integers have no meaning: {:?}",
        value.dtype, value.name
    )))
}
