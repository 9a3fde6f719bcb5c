//! Packed constants, as TFLM's custom operator `TFLM_DECODE` unpacks them.
//!
//! For each output the operator has two constant inputs: a stream, and an *ancillary* tensor that begins with 16 bytes
//! [type, version 1, 0, 0, 12 of the type's own]. It writes the elements into the arena. In a [`Model`] the elements
//! lie unpacked, with the [`Encoding`] noted; [`expand`] makes the operators for a file, and [`fold`] takes them away
//! again when a file is read.
//!
//! *Source*: the behaviour of TFLM's `decode.cc` and `decode_state_*.cc` of 2026, checked against the `tflite-micro`
//! wheel.

mod bitmap;
mod bits;
mod huffman;
mod lookup;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::schema;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::op::Opaque;
use crate::model::{Encoding, Model, Node, Op, Value, ValueId};
use crate::tensor::DType;

/// The operator's name.
pub(super) const NAME: &str = "TFLM_DECODE";
/// Bytes in front of the ancillary data.
const HEADER: usize = 16;
/// The version of the header, and of each type's own data.
const VERSION: u8 = 1;

/// A constant as it lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The stream.
    pub stream: Vec<u8>,
    /// Header and tables.
    pub ancillary: Vec<u8>,
}

/// Packs a constant.
///
/// # Errors
/// `Parameter` for a value that is no constant; `Unsupported` where the encoding does not take its type, its scales, or
/// as many different values.
///
/// ```
/// use milliwatt::format::tflite::pack;
/// use milliwatt::model::{Encoding, Value};
/// use milliwatt::tensor::DType;
/// let weights = Value::constant("w", DType::Int8, &[8], vec![0, 0, 0, 7, 0, 0, 0, 9]);
/// let packed = pack(&weights, Encoding::Bitmap)?;
/// assert_eq!((packed.stream, &packed.ancillary[16..]), (vec![0b0001_0001], &[7, 9][..]));
/// # Ok::<(), milliwatt::Error>(())
/// ```
pub fn pack(value: &Value, encoding: Encoding) -> Result<Packed> {
    let bytes = value.data.as_deref().ok_or_else(|| Error::parameter("an activation cannot be packed"))?;
    let elements = Elements::of(value)?;
    if bytes.len() != elements.count * elements.size {
        return Err(Error::format("the constant has not as many bytes as its shape asks for"));
    }
    match encoding {
        Encoding::Codebook => lookup::pack(bytes, &elements),
        Encoding::Huffman => huffman::pack(bytes, &elements),
        Encoding::Bitmap => bitmap::pack(bytes, &elements),
    }
    .map_err(|error| error.at(format_args!("{:?}", value.name)))
}

/// The elements that a stream stands for, and how it packs them; `None` for types that are not TFLM's own.
fn unpack(value: &Value, packed: (&[u8], &[u8])) -> Result<Option<(Vec<u8>, Encoding)>> {
    let (stream, ancillary) = packed;
    let Some((header, tables)) = ancillary.split_at_checked(HEADER) else {
        return Err(Error::format(format!("its ancillary data has {} bytes, less than a header", ancillary.len())));
    };
    let (kind, own) = (header[0], &header[4..]);
    if kind > 2 {
        return Ok(None);
    }
    for version in [header[1], own[0]] {
        if version != VERSION {
            return Err(Error::unsupported(format!(
                "its packing is of version {version}, TFLM reads version {VERSION}"
            )));
        }
    }
    let elements = Elements::of(value)?;
    Ok(Some(match kind {
        0 => (lookup::unpack(stream, own, tables, &elements)?, Encoding::Codebook),
        1 => (huffman::unpack(stream, own, tables, &elements)?, Encoding::Huffman),
        _ => (bitmap::unpack(stream, tables, &elements)?, Encoding::Bitmap),
    }))
}

/// What a decoder knows of its output.
struct Elements {
    dtype: DType,
    /// Number of elements.
    count: usize,
    /// Bytes of an element.
    size: usize,
    /// Number of scales: TFLM takes a tensor to have as many channels.
    channels: usize,
    /// The axis along which scales run; 0 for a single scale.
    axis: usize,
    /// Whether channels alternate from element to element.
    alternate: bool,
    zero_points: Vec<i64>,
}

impl Elements {
    fn of(value: &Value) -> Result<Self> {
        let size = match value.dtype {
            DType::Int8 | DType::Bool => 1,
            DType::Int16 => 2,
            DType::Int32 | DType::Float32 => 4,
            DType::Int64 => 8,
            other => return Err(Error::unsupported(format!("TFLM does not unpack elements of type {other}"))),
        };
        let count = crate::tensor::elements(&value.shape)?;
        let scales = value.quantization.as_ref().map_or(1, |quantization| quantization.scale.len()).max(1);
        let axis = value.quantization.as_ref().map_or(0, |quantization| quantization.axis);
        let alternate = scales > 1 && axis + 1 == value.shape.len();
        if axis != 0 && !alternate {
            return Err(Error::unsupported(format!(
                "its scales run along axis {axis}; TFLM unpacks constants whose scales run along the first or last one"
            )));
        }
        if count % scales != 0 {
            return Err(Error::format(format!("it has {scales} scales for {count} elements")));
        }
        let zero_points = value.quantization.as_ref().map(|q| q.zero_point.clone()).unwrap_or_default();
        Ok(Self { dtype: value.dtype, count, size, channels: scales, axis, alternate, zero_points })
    }

    /// The channel of an element.
    fn channel(&self, index: usize) -> usize {
        if self.alternate { index % self.channels } else { index / (self.count / self.channels).max(1) }
    }
}

/// Header and tables together.
fn ancillary(kind: u8, own: [u8; 3], tables: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    (bytes[0], bytes[1]) = (kind, VERSION);
    bytes[4..7].copy_from_slice(&own);
    bytes.extend_from_slice(tables);
    bytes
}

/// The model as a file holds it: a `TFLM_DECODE` before each node that reads packed constants.
///
/// Values keep their ids; streams, tables and the outputs of further readers follow behind. A packed constant that is
/// an output of the model stays as it is.
///
/// # Errors
/// Those of [`pack`].
pub fn expand(model: &Model) -> Result<Cow<'_, Model>> {
    let is_packed = |id: &ValueId| model.values[*id].encoding.is_some() && !model.outputs.contains(id);
    if !(0..model.values.len()).any(|id| is_packed(&id)) {
        return Ok(Cow::Borrowed(model));
    }
    let mut file = Model { nodes: Vec::with_capacity(model.nodes.len()), ..model.clone() };
    let mut made: BTreeMap<ValueId, [ValueId; 2]> = BTreeMap::new();
    for node in &model.nodes {
        let (mut reader, mut decode) = (node.clone(), Node::new(decode_op(), &[], &[]));
        let mut read = BTreeSet::new();
        read.extend(node.inputs.iter().flatten().copied().filter(is_packed));
        for id in read {
            let value = &model.values[id];
            let Some(encoding) = value.encoding else { continue };
            let output = Value { data: None, encoding: None, ..value.clone() };
            let (sources, output) = match made.get(&id) {
                Some(sources) => (*sources, file.add_value(output)),
                None => {
                    let Packed { stream, ancillary } = pack(value, encoding)?;
                    file.values[id] = output;
                    let sources = [stream, ancillary].map(|bytes| {
                        file.add_value(Value::constant(String::new(), DType::Uint8, &[bytes.len()], bytes))
                    });
                    made.insert(id, sources);
                    (sources, id)
                }
            };
            decode.inputs.extend(sources.map(Some));
            decode.outputs.push(output);
            reader.inputs.iter_mut().filter(|input| **input == Some(id)).for_each(|input| *input = Some(output));
        }
        if !decode.outputs.is_empty() {
            file.nodes.push(decode);
        }
        file.nodes.push(reader);
    }
    Ok(Cow::Owned(file))
}

fn decode_op() -> Op {
    Op::Opaque(Opaque::custom(NAME))
}

/// Whether a node of an expanded model unpacks constants.
pub fn is_unpacker(node: &Node) -> bool {
    matches!(&node.op, Op::Opaque(opaque) if opaque.builtin_code == schema::CUSTOM && opaque.name == NAME)
}

/// Takes the decoders out of a model: their outputs become constants, and what only they read is gone.
///
/// A decoder of another maker's types stays, as an operator that is not known.
pub(super) fn fold(model: &mut Model) -> Result<()> {
    // No code takes less than a bit for an element, so more than this comes only of streams that many decoders share.
    let stored: usize = model.values.iter().filter_map(|value| value.data.as_ref()).map(|data| data.len()).sum();
    let most = stored.saturating_mul(8).saturating_add(1 << 16).min(limits::MODEL_BYTES);
    let (mut unpacked, mut decoders) = (0, BTreeSet::new());
    for index in 0..model.nodes.len() {
        if is_unpacker(&model.nodes[index])
            && fold_node(model, index, (&mut unpacked, most)).map_err(|e| e.at(model.place(index)))?
        {
            decoders.insert(index);
        }
    }
    if decoders.is_empty() {
        return Ok(());
    }
    let mut gone = sources(model, &decoders);
    let mut index = 0;
    model.nodes.retain(|_| {
        index += 1;
        !decoders.contains(&(index - 1))
    });
    let ports = model.signatures.iter().flat_map(|s| s.inputs.iter().chain(&s.outputs)).map(|(_, id)| *id);
    let read = model.nodes.iter().flat_map(|node| node.inputs.iter().flatten().chain(&node.outputs)).copied();
    let inside = model.nodes.iter().flat_map(Node::intermediates).copied();
    for id in model.inputs.iter().chain(&model.outputs).copied().chain(ports).chain(read).chain(inside) {
        gone.remove(&id);
    }
    let gone: Vec<ValueId> = gone.into_iter().collect();
    model.remove_values(&gone);
    Ok(())
}

/// What decoders read.
fn sources(model: &Model, decoders: &BTreeSet<usize>) -> BTreeSet<ValueId> {
    decoders.iter().flat_map(|&index| model.nodes[index].inputs.iter().flatten().copied()).collect()
}

/// Makes constants of a decoder's outputs; says whether all of its types are known.
/// `unpacked` counts the bytes of all outputs, up to the most that are taken.
fn fold_node(model: &mut Model, index: usize, (unpacked, most): (&mut usize, usize)) -> Result<bool> {
    let node = model.nodes[index].clone();
    if node.outputs.is_empty() || node.inputs.len() != 2 * node.outputs.len() {
        return Err(Error::format(format!(
            "it has {} inputs and {} outputs; two inputs belong to each output",
            node.inputs.len(),
            node.outputs.len()
        )));
    }
    let mut constants: Vec<(ValueId, Vec<u8>, Encoding)> = vec![];
    for (pair, &output) in node.inputs.chunks(2).zip(&node.outputs) {
        let source = |position: usize| {
            let value = pair.get(position).copied().flatten().and_then(|id| model.values.get(id));
            value
                .and_then(|value| value.data.clone())
                .ok_or_else(|| Error::format("a stream or its tables are not stored in the file"))
        };
        let (stream, ancillary) = (source(0)?, source(1)?);
        let value = model.values.get(output).ok_or_else(|| Error::format("its output does not exist"))?;
        if value.is_constant() || model.inputs.contains(&output) || constants.iter().any(|(id, ..)| *id == output) {
            return Err(Error::format(format!("it writes what has a content already: {:?}", value.name)));
        }
        // Many outputs may point to one stream, so what is made of it is counted, not what is read.
        *unpacked = unpacked.saturating_add(value.bytes());
        limits::check("the bytes of unpacked constants", *unpacked, most)?;
        match unpack(value, (&stream, &ancillary)).map_err(|error| error.at(format_args!("{:?}", value.name)))? {
            Some((bytes, encoding)) => constants.push((output, bytes, encoding)),
            None => return Ok(false),
        }
    }
    for (id, bytes, encoding) in constants {
        model.values[id].data = Some(Arc::from(bytes));
        model.values[id].encoding = Some(encoding);
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
