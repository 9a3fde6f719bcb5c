//! Pruned constants: a bit for each element, the highest of a byte first, and the elements whose bit is set.
//!
//! The others are the channel's zero point. TFLM copies as many zero points as there are scales, so all must be there.

use super::bits::{BitWriter, field};
use super::{Elements, Packed, ancillary};
use crate::error::{Error, Result};
use crate::tensor::DType;

const TYPE: u8 = 2;

pub(super) fn pack(bytes: &[u8], elements: &Elements) -> Result<Packed> {
    if elements.channels > 1 && elements.zero_points.len() != elements.channels {
        return Err(Error::unsupported(format!(
            "a bitmap needs a zero point for each of the {} channels, and there are {}",
            elements.channels,
            elements.zero_points.len()
        )));
    }
    let (mut bitmap, mut values) = (BitWriter::default(), vec![]);
    for (index, element) in bytes.chunks_exact(elements.size).enumerate() {
        let is_hole = element == hole(elements, index)?;
        bitmap.push((!is_hole).into(), 1);
        if !is_hole {
            values.extend_from_slice(element);
        }
    }
    Ok(Packed { stream: bitmap.finish(), ancillary: ancillary(TYPE, [super::VERSION, 0, 0], &values) })
}

pub(super) fn unpack(stream: &[u8], values: &[u8], elements: &Elements) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(elements.count * elements.size);
    let mut values = values.chunks_exact(elements.size);
    for index in 0..elements.count {
        let bit = field(stream, index, 1).ok_or_else(|| {
            Error::format(format!("its bitmap of {} bytes ends before element {index}", stream.len()))
        })?;
        match bit {
            0 => bytes.extend_from_slice(&hole(elements, index)?),
            _ => bytes.extend_from_slice(values.next().ok_or_else(|| {
                Error::format(format!("its bitmap asks for more values than there are, from element {index} on"))
            })?),
        }
    }
    Ok(bytes)
}

/// What stands where no value is stored.
fn hole(elements: &Elements, index: usize) -> Result<Vec<u8>> {
    let channel = elements.channel(index);
    let zero = elements.zero_points.get(channel).or(elements.zero_points.first()).copied().unwrap_or(0);
    if zero != 0 && elements.dtype != DType::Int8 {
        return Err(Error::unsupported(format!("TFLM has no bitmap of {} with a zero point", elements.dtype)));
    }
    let mut bytes = vec![0; elements.size];
    bytes[0] = (zero as i8).cast_unsigned();
    Ok(bytes)
}
