//! Element types and tensors: what goes into a model, comes out of it, and lies inside it.
//!
//! Activations are laid out NHWC, the last axis contiguous, as TFLite has them.

use ndarray::ArrayD;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::limits;

/// The type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DType {
    /// 32-bit IEEE float.
    Float32,
    /// 16-bit IEEE float.
    Float16,
    /// bfloat16.
    Bfloat16,
    /// 64-bit IEEE float.
    Float64,
    /// 8-bit float, 4 exponent bits.
    Float8E4m3,
    /// 8-bit float, 5 exponent bits.
    Float8E5m2,
    /// 2-bit signed integer, four per byte, low bits first.
    Int2,
    /// 4-bit signed integer, two per byte, low nibble first.
    Int4,
    /// 8-bit signed integer.
    Int8,
    /// 16-bit signed integer.
    Int16,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit signed integer.
    Int64,
    /// 4-bit unsigned integer, two per byte, low nibble first.
    Uint4,
    /// 8-bit unsigned integer.
    Uint8,
    /// 16-bit unsigned integer.
    Uint16,
    /// 32-bit unsigned integer.
    Uint32,
    /// 64-bit unsigned integer.
    Uint64,
    /// One byte per truth value.
    Bool,
    /// Two 32-bit floats.
    Complex64,
    /// Two 64-bit floats.
    Complex128,
    /// Length-prefixed strings.
    String,
    /// A handle to something that lives outside the tensors.
    Resource,
    /// A variant value.
    Variant,
}

impl DType {
    /// Bits per element, or `None` where elements have no fixed size.
    pub fn bits(self) -> Option<usize> {
        use DType::*;
        Some(match self {
            Int2 => 2,
            Int4 | Uint4 => 4,
            Int8 | Uint8 | Bool | Float8E4m3 | Float8E5m2 => 8,
            Float16 | Bfloat16 | Int16 | Uint16 => 16,
            Float32 | Int32 | Uint32 => 32,
            Float64 | Int64 | Uint64 | Complex64 => 64,
            Complex128 => 128,
            String | Resource | Variant => return None,
        })
    }

    /// Bytes that `elements` take, with sub-byte types packed and the tail padded.
    pub fn bytes_for(self, elements: usize) -> Option<usize> {
        Some((elements.checked_mul(self.bits()?)?).div_ceil(8))
    }

    /// Whether elements are floating-point numbers.
    pub fn is_float(self) -> bool {
        use DType::*;
        matches!(self, Float32 | Float16 | Bfloat16 | Float64 | Float8E4m3 | Float8E5m2)
    }

    /// The field's usual lower-case name, such as `int8`.
    pub fn name(self) -> &'static str {
        use DType::*;
        match self {
            Float32 => "float32",
            Float16 => "float16",
            Bfloat16 => "bfloat16",
            Float64 => "float64",
            Float8E4m3 => "float8_e4m3",
            Float8E5m2 => "float8_e5m2",
            Int2 => "int2",
            Int4 => "int4",
            Int8 => "int8",
            Int16 => "int16",
            Int32 => "int32",
            Int64 => "int64",
            Uint4 => "uint4",
            Uint8 => "uint8",
            Uint16 => "uint16",
            Uint32 => "uint32",
            Uint64 => "uint64",
            Bool => "bool",
            Complex64 => "complex64",
            Complex128 => "complex128",
            String => "string",
            Resource => "resource",
            Variant => "variant",
        }
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The number of elements of a shape, checked against overflow and [`limits::TENSOR_ELEMENTS`].
///
/// # Errors
/// `Limits` when the product is too large.
///
/// ```
/// assert_eq!(milliwatt::tensor::elements(&[1, 49, 10, 1]).unwrap(), 490);
/// ```
pub fn elements(shape: &[usize]) -> Result<usize> {
    limits::check("a tensor's dimensions", shape.len(), limits::RANK)?;
    let count = shape.iter().try_fold(1usize, |count, &dim| count.checked_mul(dim));
    match count {
        Some(count) if count <= limits::TENSOR_ELEMENTS => Ok(count),
        _ => Err(Error::limits(format!(
            "a tensor of shape {shape:?} has more than the {} elements that Milliwatt takes",
            limits::TENSOR_ELEMENTS
        ))),
    }
}

/// A dense array of one of the types that can be fed to a model, come out of it, or be tapped.
#[derive(Debug, Clone, PartialEq)]
pub enum Tensor {
    /// `float32` elements.
    Float32(ArrayD<f32>),
    /// `int8` elements.
    Int8(ArrayD<i8>),
    /// `uint8` elements.
    Uint8(ArrayD<u8>),
    /// `int16` elements.
    Int16(ArrayD<i16>),
    /// `int32` elements.
    Int32(ArrayD<i32>),
    /// `int64` elements.
    Int64(ArrayD<i64>),
    /// Truth values.
    Bool(ArrayD<bool>),
}

/// Applies one expression to the array inside any [`Tensor`].
#[macro_export]
macro_rules! for_each_dtype {
    ($tensor:expr, $array:ident => $body:expr) => {
        match $tensor {
            $crate::tensor::Tensor::Float32($array) => $body,
            $crate::tensor::Tensor::Int8($array) => $body,
            $crate::tensor::Tensor::Uint8($array) => $body,
            $crate::tensor::Tensor::Int16($array) => $body,
            $crate::tensor::Tensor::Int32($array) => $body,
            $crate::tensor::Tensor::Int64($array) => $body,
            $crate::tensor::Tensor::Bool($array) => $body,
        }
    };
}

impl Tensor {
    /// A tensor of `dtype` and `shape` filled with zeros.
    ///
    /// # Errors
    /// `Limits` for too many elements, `Unsupported` for types that cannot be fed to a model.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Self> {
        elements(shape)?;
        Ok(match dtype {
            DType::Float32 => Self::Float32(ArrayD::zeros(shape)),
            DType::Int8 => Self::Int8(ArrayD::zeros(shape)),
            DType::Uint8 => Self::Uint8(ArrayD::zeros(shape)),
            DType::Int16 => Self::Int16(ArrayD::zeros(shape)),
            DType::Int32 => Self::Int32(ArrayD::zeros(shape)),
            DType::Int64 => Self::Int64(ArrayD::zeros(shape)),
            DType::Bool => Self::Bool(ArrayD::from_elem(shape, false)),
            other => {
                return Err(Error::unsupported(format!("a tensor of type {other} cannot be an input or output")));
            }
        })
    }

    /// A `float32` tensor from values in row-major order.
    ///
    /// # Errors
    /// `Parameter` when the number of values is not that of the shape.
    pub fn from_f32(shape: &[usize], values: Vec<f32>) -> Result<Self> {
        Ok(Self::Float32(array(shape, values)?))
    }

    /// An `int8` tensor from values in row-major order.
    ///
    /// # Errors
    /// `Parameter` when the number of values is not that of the shape.
    pub fn from_i8(shape: &[usize], values: Vec<i8>) -> Result<Self> {
        Ok(Self::Int8(array(shape, values)?))
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        match self {
            Self::Float32(_) => DType::Float32,
            Self::Int8(_) => DType::Int8,
            Self::Uint8(_) => DType::Uint8,
            Self::Int16(_) => DType::Int16,
            Self::Int32(_) => DType::Int32,
            Self::Int64(_) => DType::Int64,
            Self::Bool(_) => DType::Bool,
        }
    }

    /// The dimensions.
    pub fn shape(&self) -> &[usize] {
        for_each_dtype!(self, array => array.shape())
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        for_each_dtype!(self, array => array.len())
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows along the first axis, each as a tensor of `shape`; a single number has none.
    ///
    /// # Errors
    /// `Parameter` when a row does not fill the shape.
    ///
    /// ```
    /// use milliwatt::tensor::Tensor;
    /// let two = Tensor::from_i8(&[2, 3], vec![1, 2, 3, 4, 5, 6])?;
    /// assert_eq!(two.rows(&[1, 3])?[1], Tensor::from_i8(&[1, 3], vec![4, 5, 6])?);
    /// # Ok::<(), milliwatt::Error>(())
    /// ```
    pub fn rows(&self, shape: &[usize]) -> Result<Vec<Self>> {
        fn of<T: Copy>(all: &ArrayD<T>, shape: &[usize], wrap: fn(ArrayD<T>) -> Tensor) -> Result<Vec<Tensor>> {
            let count = all.shape().first().copied().unwrap_or(0);
            let size = all.len() / count.max(1);
            let mut left = all.iter().copied();
            (0..count).map(|_| Ok(wrap(array(shape, left.by_ref().take(size).collect())?))).collect()
        }
        match self {
            Self::Float32(all) => of(all, shape, Self::Float32),
            Self::Int8(all) => of(all, shape, Self::Int8),
            Self::Uint8(all) => of(all, shape, Self::Uint8),
            Self::Int16(all) => of(all, shape, Self::Int16),
            Self::Int32(all) => of(all, shape, Self::Int32),
            Self::Int64(all) => of(all, shape, Self::Int64),
            Self::Bool(all) => of(all, shape, Self::Bool),
        }
    }

    /// The elements as `float32`, converted by value (integers are *not* dequantized).
    pub fn to_f32_vec(&self) -> Vec<f32> {
        match self {
            Self::Float32(array) => array.iter().copied().collect(),
            Self::Int8(array) => array.iter().map(|&v| f32::from(v)).collect(),
            Self::Uint8(array) => array.iter().map(|&v| f32::from(v)).collect(),
            Self::Int16(array) => array.iter().map(|&v| f32::from(v)).collect(),
            Self::Int32(array) => array.iter().map(|&v| v as f32).collect(),
            Self::Int64(array) => array.iter().map(|&v| v as f32).collect(),
            Self::Bool(array) => array.iter().map(|&v| f32::from(u8::from(v))).collect(),
        }
    }
}

fn array<T>(shape: &[usize], values: Vec<T>) -> Result<ArrayD<T>> {
    let given = values.len();
    ArrayD::from_shape_vec(shape, values)
        .map_err(|_| Error::parameter(format!("{given} values do not fill a tensor of shape {shape:?}")))
}
