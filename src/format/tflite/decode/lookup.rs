//! Codebooks: an index of 1 to 7 bits for each element, into a table of values.
//!
//! Byte 4 of the header is the version, byte 5 holds the index's width in its low three bits and the channels' axis in
//! its high four (15 for one table), byte 6 the number of values of each table. TFLM of 2026 has as many tables as the
//! output has scales and does not look at the axis; newer tools write it, so it is written here too. Indices lie one
//! after the other, the highest bit first.

use std::collections::BTreeSet;

use super::bits::{BitWriter, field};
use super::{Elements, Packed, ancillary};
use crate::error::{Error, Result};

const TYPE: u8 = 0;
/// The widest index.
const MAX_WIDTH: usize = 7;
/// The axis that says "one table".
const ONE_TABLE: u8 = 15;

pub(super) fn pack(bytes: &[u8], elements: &Elements) -> Result<Packed> {
    let mut tables: Vec<BTreeSet<&[u8]>> = vec![BTreeSet::new(); elements.channels];
    for (index, element) in bytes.chunks_exact(elements.size).enumerate() {
        tables[elements.channel(index)].insert(element);
    }
    let tables: Vec<Vec<&[u8]>> = tables.into_iter().map(|table| table.into_iter().collect()).collect();
    let stride = tables.iter().map(Vec::len).max().unwrap_or(0).max(1);
    if stride > 1 << MAX_WIDTH {
        return Err(Error::unsupported(format!(
            "a codebook holds at most {} values, and these weights have {stride} different ones in a channel",
            1 << MAX_WIDTH
        )));
    }
    let width = (usize::BITS - (stride - 1).leading_zeros()).max(1) as usize;
    let mut indices = BitWriter::default();
    for (index, element) in bytes.chunks_exact(elements.size).enumerate() {
        let table = &tables[elements.channel(index)];
        indices.push(table.partition_point(|known| *known < element) as u64, width);
    }
    let mut values = Vec::with_capacity(stride * tables.len() * elements.size);
    for table in &tables {
        let end = values.len() + stride * elements.size;
        table.iter().for_each(|value| values.extend_from_slice(value));
        values.resize(end, 0);
    }
    let axis = if elements.channels > 1 { elements.axis as u8 } else { ONE_TABLE };
    let own = [super::VERSION, axis << 4 | width as u8, stride as u8];
    Ok(Packed { stream: indices.finish(), ancillary: ancillary(TYPE, own, &values) })
}

pub(super) fn unpack(stream: &[u8], own: &[u8], tables: &[u8], elements: &Elements) -> Result<Vec<u8>> {
    let (width, stride) = (usize::from(own[1] & 7), usize::from(own[2]));
    if width == 0 {
        return Err(Error::format("its codebook has indices of no bits"));
    }
    let mut bytes = Vec::with_capacity(elements.count * elements.size);
    for index in 0..elements.count {
        let entry = field(stream, index * width, width).ok_or_else(|| {
            Error::format(format!("its stream of {} bytes ends before element {index}", stream.len()))
        })?;
        let at = (elements.channel(index) * stride + entry as usize) * elements.size;
        let value = tables.get(at..at + elements.size).ok_or_else(|| {
            Error::format(format!("element {index} is entry {entry} of a codebook that ends before it"))
        })?;
        bytes.extend_from_slice(value);
    }
    Ok(bytes)
}
