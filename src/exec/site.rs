//! What a prepare function asks of its node: inputs by position, decoded constants, checked quantization.

use std::collections::BTreeMap;

use super::Options;
use crate::error::{Error, Result};
use crate::model::op::Activation;
use crate::model::{Model, Node, NodeId, Value, ValueId};
use crate::tensor::DType;

/// One node in its model, as prepare functions see it.
///
/// Messages of the errors made here do not name the node: [`super::Executor::new`] puts it in front.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The whole graph.
    pub model: &'a Model,
    /// The node's index.
    pub id: NodeId,
    /// The node.
    pub node: &'a Node,
    /// How the executor was asked to compute.
    pub options: Options,
    /// Results of nodes that were computed at plan time: dequantized constants.
    pub(super) folded: &'a BTreeMap<ValueId, Vec<f32>>,
}

impl<'a> Site<'a> {
    /// The input at a position, which must be there.
    ///
    /// # Errors
    /// `Format` where it is left out.
    pub fn input(&self, position: usize) -> Result<&'a Value> {
        self.given(position).ok_or_else(|| Error::format(format!("input {position} is missing")))
    }

    /// The input at a position, `None` where it is left out.
    pub fn given(&self, position: usize) -> Option<&'a Value> {
        self.node.input(position).and_then(|id| self.model.values.get(id))
    }

    /// The output at a position.
    ///
    /// # Errors
    /// `Format` where there is none.
    pub fn output(&self, position: usize) -> Result<&'a Value> {
        let id = self.node.outputs.get(position);
        id.and_then(|&id| self.model.values.get(id))
            .ok_or_else(|| Error::format(format!("output {position} is missing")))
    }

    /// Checks that the first output has the type of the first input, and returns both.
    ///
    /// # Errors
    /// `Unsupported` where the types differ.
    pub fn same_type(&self) -> Result<(&'a Value, &'a Value)> {
        let (x, y) = (self.input(0)?, self.output(0)?);
        if x.dtype != y.dtype {
            return Err(Error::unsupported(format!("it turns {} into {}", x.dtype, y.dtype)));
        }
        Ok((x, y))
    }

    /// The refusal of a combination of element types.
    pub fn unsupported_types(&self) -> Error {
        let of = |value: Option<&Value>| value.map_or("nothing", |value| value.dtype.name());
        let inputs: Vec<&str> = (0..self.node.inputs.len()).map(|position| of(self.given(position))).collect();
        let output = self.output(0).ok();
        Error::unsupported(format!("it is not executed from {} to {}", inputs.join(", "), of(output)))
    }

    /// The interval that the fused activation clamps float results to.
    ///
    /// # Errors
    /// `Unsupported` for activations that are not clamps; TFLM refuses them too.
    pub fn float_clamp(&self, activation: Activation) -> Result<(f32, f32)> {
        activation.range().ok_or_else(|| Error::unsupported(format!("the fused activation {activation:?} is refused")))
    }

    /// The elements of a constant input as real numbers: dequantized where it holds integers.
    ///
    /// # Errors
    /// `Unsupported` where the input is computed at run time, or of a type that has no real numbers.
    pub fn real_constant(&self, position: usize) -> Result<Vec<f32>> {
        if let Some(folded) = self.node.input(position).and_then(|id| self.folded.get(&id)) {
            return Ok(folded.clone());
        }
        self.decoded(position, Value::dequantized)
    }

    /// The integers of a constant input, decoded by one of [`Value`]'s methods: `site.decoded(1, Value::to_i8)`.
    ///
    /// # Errors
    /// `Unsupported` where the input is computed at run time, or its elements do not fit.
    pub fn decoded<T>(&self, position: usize, decode: fn(&Value) -> Result<Vec<T>>) -> Result<Vec<T>> {
        decode(self.constant(position)?).map_err(|error| error.at(format!("input {position}")))
    }

    fn constant(&self, position: usize) -> Result<&'a Value> {
        let value = self.input(position)?;
        if value.data.is_none() {
            return Err(Error::unsupported(format!(
                "input {position} is computed at run time, not stored in the file"
            )));
        }
        Ok(value)
    }
}

/// The integers of a constant input, such as axes, paddings or a permutation.
///
/// # Errors
/// As [`Site::decoded`].
pub fn index_constant(site: &Site<'_>, position: usize) -> Result<Vec<i64>> {
    site.decoded(position, Value::to_i64)
}

/// The only scale and zero point of an activation.
///
/// # Errors
/// `Format` where it has no quantization or a zero point outside of its type, otherwise those of [`crate::quant::Quantization::single`].
pub fn affine(value: &Value) -> Result<(f32, i32)> {
    match &value.quantization {
        Some(quantization) => {
            let (scale, zero_point) = quantization.single()?;
            let (low, high) = match value.dtype {
                DType::Int8 => (i8::MIN.into(), i8::MAX.into()),
                DType::Uint8 => (0, u8::MAX.into()),
                DType::Int16 => (i16::MIN.into(), i16::MAX.into()),
                _ => (-i32::MAX, i32::MAX),
            };
            if !(low..=high).contains(&zero_point) {
                return Err(Error::format(format!("the zero point {zero_point} is no {}", value.dtype)));
            }
            Ok((scale, zero_point))
        }
        None => Err(Error::format(format!("a value of type {} has no scale and zero point", value.dtype))),
    }
}

/// The four dimensions `[batch, height, width, channels]` of an image.
///
/// # Errors
/// `Unsupported` for other ranks.
pub fn image(value: &Value) -> Result<[usize; 4]> {
    <[usize; 4]>::try_from(value.shape.as_slice()).map_err(|_| {
        Error::unsupported(format!("a value of shape {:?} where four dimensions are expected", value.shape))
    })
}

/// Refuses shapes that do not fit each other.
///
/// # Errors
/// `Format` with both shapes.
pub fn expect_shape(what: &str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found != expected {
        return Err(Error::format(format!("{what} has the shape {found:?} where {expected:?} follows from the rest")));
    }
    Ok(())
}
