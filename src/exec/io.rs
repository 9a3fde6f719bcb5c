//! Tensors into the arena and out of it.

use super::view::{Data, View};
use crate::error::{Error, Result};
use crate::tensor::{DType, Tensor};

/// Copies the elements of a tensor to the bytes of a value.
///
/// # Errors
/// `Parameter` when the type or shape is not that of the value.
pub(super) fn feed(tensor: &Tensor, dtype: DType, shape: &[usize], bytes: &mut [u8]) -> Result<()> {
    if tensor.dtype() != dtype || tensor.shape() != shape {
        return Err(Error::parameter(format!(
            "the tensor is {} {:?}, but the model takes {dtype} {shape:?}",
            tensor.dtype(),
            tensor.shape()
        )));
    }
    fn fill<T: bytemuck::NoUninit + bytemuck::AnyBitPattern>(array: &ndarray::ArrayD<T>, bytes: &mut [u8]) {
        let target: &mut [T] = bytemuck::cast_slice_mut(bytes);
        for (to, &from) in target.iter_mut().zip(array.iter()) {
            *to = from;
        }
    }
    match tensor {
        Tensor::Float32(array) => fill(array, bytes),
        Tensor::Int8(array) => fill(array, bytes),
        Tensor::Uint8(array) => fill(array, bytes),
        Tensor::Int16(array) => fill(array, bytes),
        Tensor::Int32(array) => fill(array, bytes),
        Tensor::Int64(array) => fill(array, bytes),
        Tensor::Bool(array) => bytes.iter_mut().zip(array.iter()).for_each(|(to, &from)| *to = u8::from(from)),
    }
    Ok(())
}

/// Copies the elements of a view to a tensor of the same type and size.
pub(super) fn copy(view: &View<'_>, tensor: &mut Tensor) -> Result<()> {
    fn fill<T: Copy>(array: &mut ndarray::ArrayD<T>, values: &[T]) {
        for (to, &from) in array.iter_mut().zip(values) {
            *to = from;
        }
    }
    match (tensor, view.data) {
        (Tensor::Float32(array), Data::Float32(values)) => fill(array, values),
        (Tensor::Int8(array), Data::Int8(values)) => fill(array, values),
        (Tensor::Uint8(array), Data::Uint8(values)) => fill(array, values),
        (Tensor::Int16(array), Data::Int16(values)) => fill(array, values),
        (Tensor::Int32(array), Data::Int32(values)) => fill(array, values),
        (Tensor::Int64(array), Data::Int64(values)) => fill(array, values),
        (Tensor::Bool(array), Data::Bool(values)) => fill(array, values),
        (tensor, _) => {
            return Err(Error::parameter(format!("the tensor is {}, not {}", tensor.dtype(), view.dtype())));
        }
    }
    Ok(())
}
