//! NumPy's NPY arrays, and NPZ archives of them.
//!
//! The header is a Python dictionary with three keys; only that much of Python is read here.
//!
//! *Source*: NumPy enhancement proposal 1, "A simple file format for NumPy arrays".

mod header;

use std::borrow::Cow;

use ndarray::{ArrayD, IxDyn};

use self::header::{Element, Header};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::tensor::{DType, Tensor};

/// Reads an array.
///
/// Types that no model takes are widened: float16 and float64 become float32 (the latter rounded), uint16 becomes
/// int32, uint32 and uint64 become int64. Fortran order and big-endian bytes are put right.
///
/// # Errors
/// `Format` for a broken or truncated file, `Unsupported` for text, complex and object arrays, `Limits` above
/// [`limits::NPY_BYTES`].
///
/// ```
/// use milliwatt::format::npy;
/// use milliwatt::tensor::Tensor;
/// let tensor = Tensor::from_f32(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
/// assert_eq!(npy::read(&npy::write(&tensor).unwrap()).unwrap(), tensor);
/// ```
pub fn read(bytes: &[u8]) -> Result<Tensor> {
    limits::check("the array's bytes", bytes.len(), limits::NPY_BYTES)?;
    let (header, data) = Header::read(bytes)?;
    let needed = header.shape.iter().try_fold(header.element.size(), |bytes, &dim| bytes.checked_mul(dim));
    let Some(needed) = needed.filter(|&needed| needed <= limits::NPY_BYTES) else {
        return Err(Error::limits(format!(
            "an array of shape {:?} takes more than the {} bytes that Milliwatt takes",
            header.shape,
            limits::NPY_BYTES
        )));
    };
    if data.len() != needed {
        return Err(Error::format(format!(
            "an array of shape {:?} needs {needed} bytes, but the file has {} after its header",
            header.shape,
            data.len()
        )));
    }
    let data = &*ordered(&header, data);
    match header.element {
        Element::Bool => array(&header, data, |[byte]: [u8; 1]| byte != 0).map(Tensor::Bool),
        Element::Int8 => array(&header, data, i8::from_le_bytes).map(Tensor::Int8),
        Element::Uint8 => array(&header, data, u8::from_le_bytes).map(Tensor::Uint8),
        Element::Int16 => array(&header, data, i16::from_le_bytes).map(Tensor::Int16),
        Element::Uint16 => array(&header, data, |word| i32::from(u16::from_le_bytes(word))).map(Tensor::Int32),
        Element::Int32 => array(&header, data, i32::from_le_bytes).map(Tensor::Int32),
        Element::Uint32 => array(&header, data, |word| i64::from(u32::from_le_bytes(word))).map(Tensor::Int64),
        Element::Int64 => array(&header, data, i64::from_le_bytes).map(Tensor::Int64),
        Element::Uint64 => {
            let mut wide = data.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
            match wide.find(|&value| i64::try_from(value).is_err()) {
                Some(value) => Err(Error::unsupported(format!("the element {value} does not fit int64"))),
                None => array(&header, data, i64::from_le_bytes).map(Tensor::Int64),
            }
        }
        Element::Float16 => {
            let half = |word| crate::model::constant::half_to_f32(u16::from_le_bytes(word));
            array(&header, data, half).map(Tensor::Float32)
        }
        Element::Float32 => array(&header, data, f32::from_le_bytes).map(Tensor::Float32),
        Element::Float64 => array(&header, data, |word| f64::from_le_bytes(word) as f32).map(Tensor::Float32),
    }
}

/// The bytes with elements in row-major order and each little-endian, put right once for elements of any type.
fn ordered<'a>(header: &Header, data: &'a [u8]) -> Cow<'a, [u8]> {
    let size = header.element.size();
    let mut bytes = Cow::Borrowed(data);
    if header.big_endian && size > 1 {
        bytes.to_mut().chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    if !header.fortran_order || header.shape.len() < 2 {
        return bytes;
    }
    let mut turned = Vec::with_capacity(bytes.len());
    let mut index = vec![0; header.shape.len()];
    for _ in 0..bytes.len() / size {
        // The first index runs fastest in what is read, the last one in what is written.
        let at = index.iter().zip(&header.shape).rev().fold(0, |at, (index, dim)| at * dim + index);
        turned.extend_from_slice(&bytes[at * size..(at + 1) * size]);
        for (index, &dim) in index.iter_mut().zip(&header.shape).rev() {
            *index += 1;
            if *index < dim {
                break;
            }
            *index = 0;
        }
    }
    Cow::Owned(turned)
}

/// The elements of bytes that are in order.
fn array<const N: usize, T>(header: &Header, data: &[u8], element: impl Fn([u8; N]) -> T) -> Result<ArrayD<T>> {
    let elements: Vec<T> = data.as_chunks::<N>().0.iter().map(|word| element(*word)).collect();
    ArrayD::from_shape_vec(IxDyn(&header.shape), elements)
        .map_err(|_| Error::format(format!("the elements do not fill the shape {:?}", header.shape)))
}

/// Writes an array, little-endian and row-major, as NumPy itself does.
///
/// # Errors
/// `Limits` above [`limits::NPY_BYTES`].
pub fn write(tensor: &Tensor) -> Result<Vec<u8>> {
    let size = tensor.dtype().bytes_for(tensor.len()).unwrap_or(usize::MAX);
    limits::check("the array's bytes", size, limits::NPY_BYTES)?;
    let descr = match tensor.dtype() {
        DType::Float32 => "<f4",
        DType::Int8 => "|i1",
        DType::Uint8 => "|u1",
        DType::Int16 => "<i2",
        DType::Int32 => "<i4",
        DType::Int64 => "<i8",
        DType::Bool => "|b1",
        other => return Err(Error::unsupported(format!("an array of type {other} cannot be written"))),
    };
    let mut bytes = header::write(descr, tensor.shape());
    bytes.reserve(size);
    match tensor {
        Tensor::Float32(array) => array.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
        Tensor::Int8(array) => array.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
        Tensor::Uint8(array) => array.iter().for_each(|value| bytes.push(*value)),
        Tensor::Int16(array) => array.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
        Tensor::Int32(array) => array.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
        Tensor::Int64(array) => array.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
        Tensor::Bool(array) => array.iter().for_each(|value| bytes.push((*value).into())),
    }
    Ok(bytes)
}

/// Reads the arrays of an NPZ archive, in the archive's order, with their names.
///
/// Arrays that are not numbers (NumPy stores class names as text arrays) are left out.
///
/// # Errors
/// Those of [`super::zip::entries`] and [`read`] with the array's name, and `Format` where there is no array of
/// numbers.
pub fn read_npz(bytes: &[u8]) -> Result<Vec<(String, Tensor)>> {
    let mut arrays = vec![];
    for (name, content) in super::zip::entries(bytes)? {
        let Some(stem) = name.strip_suffix(".npy") else { continue };
        match read(&content) {
            Ok(tensor) => arrays.push((stem.to_owned(), tensor)),
            Err(error) if error.kind() == Kind::Unsupported => {}
            Err(error) => return Err(error.at(format_args!("array {stem:?}"))),
        }
    }
    if arrays.is_empty() {
        return Err(Error::format("the archive holds no NPY array of numbers"));
    }
    Ok(arrays)
}
