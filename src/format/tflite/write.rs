//! From a [`Model`] to the bytes of a file.
//!
//! The file is small and its bytes depend on nothing but the model: defaults are left out, equal vectors, tables and
//! buffers are written once and pointed to, and constants lie at multiples of 16 bytes.

use std::collections::BTreeMap;

use super::decode;
use super::layout::{Layout, Offset, Slot};
use super::options::{self, Field};
use super::schema;
use super::versions;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::op::{RawField, RawOptions};
use crate::model::{Model, Node, Op, Signature, Value, validate};
use crate::quant::Quantization;

/// Writes a model as a TensorFlow Lite file.
///
/// The model gets what runtimes of today expect: both operator-code fields, operator versions that cover what the
/// nodes do (never lower than the model says), and a default signature where it has none.
///
/// # Errors
/// Those of [`validate::validate`]; `Unsupported` for operators whose options Milliwatt could not read and so cannot
/// write; `Limits` when the file would be too large.
///
/// *Source*: LiteRT `schema.fbs`.
pub fn write(model: &Model) -> Result<Vec<u8>> {
    write_as(model, Style::Usual)
}

/// For whom a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// For runtimes and tools: with a signature.
    #[default]
    Usual,
    /// For a runtime alone: without what it does not read.
    Bare,
}

/// Writes a model as a TensorFlow Lite file, in a style.
///
/// # Errors
/// As [`write()`](fn@write).
pub fn write_as(model: &Model, style: Style) -> Result<Vec<u8>> {
    validate::validate(model)?;
    let model = &*decode::expand(model)?;
    let data: usize = model.values.iter().filter_map(|value| value.data.as_ref()).map(|data| data.len()).sum();
    limits::check("the constants' bytes", data, limits::MODEL_BYTES)?;
    Writer { layout: Layout::with_capacity(data + 16_384), style }.model(model)
}

/// The signature that a model gets where it has none: `serving_default`, arguments named after the values.
pub fn default_signature(model: &Model) -> Signature {
    let named = |ids: &[usize], role: &str| {
        let mut pairs: Vec<(String, usize)> = vec![];
        for (position, &id) in ids.iter().enumerate() {
            let name = model.values.get(id).map_or("", |value| value.name.as_str());
            let taken = name.is_empty() || pairs.iter().any(|(known, _)| known == name);
            pairs.push((if taken { format!("{role}_{position}") } else { name.to_owned() }, id));
        }
        pairs
    };
    Signature {
        key: "serving_default".into(),
        inputs: named(&model.inputs, "input"),
        outputs: named(&model.outputs, "output"),
    }
}

struct Writer {
    layout: Layout,
    style: Style,
}

impl Writer {
    fn model(mut self, model: &Model) -> Result<Vec<u8>> {
        let graphs: Vec<&Model> = std::iter::once(model).chain(&model.subgraphs).collect();
        let (buffers, buffer_of) = self.buffers(&graphs);
        let mut buffer_of = &buffer_of[..];
        let (codes, code_of) = self.codes(&graphs)?;
        let mut code_of = &code_of[..];
        let mut tables = Vec::with_capacity(graphs.len());
        for (number, graph) in graphs.iter().enumerate() {
            let (buffer, code);
            (buffer, buffer_of) = buffer_of.split_at(graph.values.len());
            (code, code_of) = code_of.split_at(graph.nodes.len());
            tables.push(self.graph(graph, buffer, code).map_err(|error| in_graph(error, number))?);
        }
        let metadata = self.metadata(model, buffer_of);
        let signatures = self.signatures(&graphs)?;

        use schema::model::*;
        let graphs = self.layout.offsets(&tables);
        let description = self.layout.text(&model.description);
        let codes = self.layout.offsets(&codes);
        let buffers = self.layout.offsets(&buffers);
        let root = self.layout.table(&[
            (VERSION, Slot::Unsigned(schema::VERSION)),
            (OPERATOR_CODES, Slot::Offset(codes)),
            (SUBGRAPHS, Slot::Offset(graphs)),
            (DESCRIPTION, Slot::Offset(description)),
            (BUFFERS, Slot::Offset(buffers)),
            (METADATA, Slot::Offset(metadata)),
            (SIGNATURE_DEFS, Slot::Offset(signatures)),
        ]);
        let bytes = self.layout.finish(root, schema::IDENTIFIER);
        limits::check("the file's bytes", bytes.len(), limits::MODEL_BYTES)?;
        Ok(bytes)
    }

    /// One subgraph, given the index of each value's buffer and of each node's operator code.
    fn graph(&mut self, graph: &Model, buffer_of: &[u32], code_of: &[u32]) -> Result<Offset> {
        use schema::sub_graph::*;
        let mut tensors = Vec::with_capacity(graph.values.len());
        for (value, &buffer) in graph.values.iter().zip(buffer_of) {
            tensors.push(self.tensor(value, buffer)?);
        }
        let mut operators = Vec::with_capacity(graph.nodes.len());
        for (index, (node, &code)) in graph.nodes.iter().zip(code_of).enumerate() {
            operators.push(self.operator(graph, node, code).map_err(|error| error.at(graph.place(index)))?);
        }
        let tensors = self.layout.offsets(&tensors);
        let inputs = self.layout.vector(&ids(&graph.inputs)?);
        let outputs = self.layout.vector(&ids(&graph.outputs)?);
        let operators = self.layout.offsets(&operators);
        let name = self.layout.text(&graph.name);
        Ok(self.layout.table(&[
            (TENSORS, Slot::Offset(tensors)),
            (INPUTS, Slot::Offset(inputs)),
            (OUTPUTS, Slot::Offset(outputs)),
            (OPERATORS, Slot::Offset(operators)),
            (NAME, Slot::Offset(name)),
        ]))
    }

    /// Buffers for all constants and metadata, equal bytes once: their tables, and the index for each value of each graph,
    /// then for each piece of metadata.
    fn buffers(&mut self, graphs: &[&Model]) -> (Vec<Offset>, Vec<u32>) {
        // Buffer 0 is the empty one that activations refer to.
        let mut tables = vec![self.layout.table(&[])];
        let mut known: BTreeMap<&[u8], u32> = BTreeMap::from([(&[][..], 0)]);
        let mut indices = vec![];
        let metadata = graphs.iter().flat_map(|graph| &graph.metadata).map(|(_, data)| &data[..]);
        let values = graphs.iter().flat_map(|graph| &graph.values);
        for bytes in values.map(|value| value.data.as_deref().unwrap_or_default()).chain(metadata) {
            let next = tables.len() as u32;
            let index = *known.entry(bytes).or_insert(next);
            if index == next {
                let data = self.layout.aligned(bytes);
                tables.push(self.layout.table(&[(schema::buffer::DATA, Slot::Offset(Some(data)))]));
            }
            indices.push(index);
        }
        (tables, indices)
    }

    /// The table of operator codes, each once, and the index for each node of each graph.
    fn codes(&mut self, graphs: &[&Model]) -> Result<(Vec<Offset>, Vec<u32>)> {
        use schema::operator_code::*;
        let mut known: BTreeMap<(i32, &str, i32), u32> = BTreeMap::new();
        let (mut tables, mut of_nodes) = (vec![], vec![]);
        let nodes =
            graphs.iter().flat_map(|&graph| graph.nodes.iter().enumerate().map(move |(id, node)| (graph, id, node)));
        for (model, index, node) in nodes {
            let code = match &node.op {
                Op::Opaque(opaque) => opaque.builtin_code,
                op => schema::builtin_code(op.name()).ok_or_else(|| {
                    Error::unsupported("the operator has no code in this schema").at(model.place(index))
                })?,
            };
            let custom = if code == schema::CUSTOM { node.op.name() } else { "" };
            let version = node.version.max(versions::required(model, node));
            let next = tables.len() as u32;
            let found = *known.entry((code, custom, version)).or_insert(next);
            if found == next {
                let custom = (code == schema::CUSTOM).then(|| self.layout.text(custom)).flatten();
                // Readers of before 2020 look only at the old field, which holds no more than a byte.
                let old = i8::try_from(code.min(schema::DEPRECATED_CODE_CAP)).unwrap_or(i8::MAX);
                tables.push(self.layout.table(&[
                    (DEPRECATED_BUILTIN_CODE, Slot::Code(old)),
                    (CUSTOM_CODE, Slot::Offset(custom)),
                    (VERSION, Slot::Integer(version, 1)),
                    (BUILTIN_CODE, Slot::Integer(code, 0)),
                ]));
            }
            of_nodes.push(found);
        }
        Ok((tables, of_nodes))
    }

    fn tensor(&mut self, value: &Value, buffer: u32) -> Result<Offset> {
        use schema::tensor::*;
        let dtype = schema::dtype_code(value.dtype)
            .ok_or_else(|| Error::unsupported(format!("TensorFlow Lite has no element type {}", value.dtype)))?;
        let shape = if value.shape.is_empty() { None } else { self.layout.vector(&ids(&value.shape)?) };
        let signature = match &value.shape_signature {
            Some(signature) => self.layout.vector(signature),
            None => None,
        };
        let name = self.layout.text(&value.name);
        let quantization = self.quantization(value)?;
        Ok(self.layout.table(&[
            (SHAPE, Slot::Offset(shape)),
            (TYPE, Slot::Code(dtype)),
            (BUFFER, Slot::Unsigned(buffer)),
            (NAME, Slot::Offset(name)),
            (QUANTIZATION, Slot::Offset(quantization)),
            (IS_VARIABLE, Slot::Flag(value.is_variable, false)),
            (SHAPE_SIGNATURE, Slot::Offset(signature)),
            // With dimensions the rank is plain to see; without, this tells a scalar from a shape that is not known.
            (HAS_RANK, Slot::Flag(value.shape.is_empty(), false)),
        ]))
    }

    fn quantization(&mut self, value: &Value) -> Result<Option<Offset>> {
        use schema::quantization::*;
        let none = Quantization::default();
        let quantization = value.quantization.as_ref();
        let range = value.range.clone().unwrap_or_default();
        if quantization.is_none() && value.range.is_none() {
            return Ok(None);
        }
        let found = quantization.unwrap_or(&none);
        let axis = ids(&[found.axis])?[0];
        let reals =
            |writer: &mut Self, reals: &[f32]| if reals.is_empty() { None } else { writer.layout.vector(reals) };
        let min = reals(self, &range.min);
        let max = reals(self, &range.max);
        let scale = reals(self, &found.scale);
        let zero_point = if found.zero_point.is_empty() { None } else { self.layout.vector(&found.zero_point) };
        Ok(Some(self.layout.table(&[
            (MIN, Slot::Offset(min)),
            (MAX, Slot::Offset(max)),
            (SCALE, Slot::Offset(scale)),
            (ZERO_POINT, Slot::Offset(zero_point)),
            (QUANTIZED_DIMENSION, Slot::Integer(axis, 0)),
        ])))
    }

    fn operator(&mut self, model: &Model, node: &Node, code: u32) -> Result<Offset> {
        use schema::operator::*;
        let (mut custom, mut raw, mut inside, mut mutating) = (None, None, None, None);
        if let Op::Opaque(opaque) = &node.op {
            if opaque.is_incomplete {
                return Err(Error::unsupported(
                    "Milliwatt cannot carry this operator's options along, so it cannot write the file; one without \
                     them would compute something else. Convert the model again without the operator",
                ));
            }
            custom = opaque.custom_options.as_deref().and_then(|options| self.layout.vector(options));
            raw = opaque.builtin_options.as_ref().map(|options| (options.kind, self.raw_options(options)));
            if !opaque.intermediates.is_empty() {
                let ids: Result<Vec<i32>> = opaque.intermediates.iter().map(optional).collect();
                inside = self.layout.vector(&ids?);
            }
            if !opaque.mutating_inputs.is_empty() {
                mutating = self.layout.vector(&opaque.mutating_inputs);
            }
        }
        let bias_type = versions::bias_type(model, node).and_then(schema::dtype_code).unwrap_or(0);
        let fields = options::fields(&node.op, bias_type)?;
        let options = fields.map(|fields| self.options(&fields));
        let kind = options.and_then(|_| options::kind(node.op.name())).map_or(0, |(code, _)| code);
        let (kind, options) = raw.map_or((kind, options), |(kind, options)| (kind, Some(options)));
        let inputs: Result<Vec<i32>> = node.inputs.iter().map(optional).collect();
        let inputs = self.layout.vector(&inputs?);
        let outputs = self.layout.vector(&ids(&node.outputs)?);
        Ok(self.layout.table(&[
            (OPCODE_INDEX, Slot::Unsigned(code)),
            (INPUTS, Slot::Offset(inputs)),
            (OUTPUTS, Slot::Offset(outputs)),
            (BUILTIN_OPTIONS_TYPE, Slot::Byte(kind)),
            (BUILTIN_OPTIONS, Slot::Offset(options)),
            (CUSTOM_OPTIONS, Slot::Offset(custom)),
            (MUTATING_VARIABLE_INPUTS, Slot::Offset(mutating)),
            (INTERMEDIATES, Slot::Offset(inside)),
        ]))
    }

    /// Options that nobody here reads, field for field as they were read.
    fn raw_options(&mut self, options: &RawOptions) -> Offset {
        let mut slots = Vec::with_capacity(options.fields.len());
        for (id, field) in &options.fields {
            let slot = match field {
                RawField::Byte(byte) => Slot::RawByte(*byte),
                RawField::Word(word) => Slot::RawWord(*word),
                RawField::DoubleWord(wide) => Slot::RawDoubleWord(*wide),
                RawField::Bytes(bytes) => Slot::Offset(self.layout.vector(bytes)),
                RawField::Words(words) => Slot::Offset(self.layout.vector(words)),
                RawField::Text(text) => Slot::Offset(self.layout.exact_text(text)),
            };
            slots.push((*id, slot));
        }
        self.layout.table(&slots)
    }

    fn options(&mut self, fields: &[Field]) -> Offset {
        let slots: Vec<(u16, Slot)> = fields
            .iter()
            .map(|field| match field {
                Field::Code(id, code) => (*id, Slot::Code(*code)),
                Field::Flag(id, flag, default) => (*id, Slot::Flag(*flag, *default)),
                Field::Integer(id, integer, default) => (*id, Slot::Integer(*integer, *default)),
                Field::Real(id, real) => (*id, Slot::Real(*real)),
                Field::Integers(id, integers) => (*id, Slot::Offset(self.layout.vector(integers))),
            })
            .collect();
        self.layout.table(&slots)
    }

    fn metadata(&mut self, model: &Model, buffers: &[u32]) -> Option<Offset> {
        use schema::metadata::*;
        let mut tables = vec![];
        for ((name, _), &buffer) in model.metadata.iter().zip(buffers) {
            let name = self.layout.text(name);
            tables.push(self.layout.table(&[(NAME, Slot::Offset(name)), (BUFFER, Slot::Unsigned(buffer))]));
        }
        if tables.is_empty() { None } else { self.layout.offsets(&tables) }
    }

    fn signatures(&mut self, graphs: &[&Model]) -> Result<Option<Offset>> {
        use schema::signature_def::*;
        let mut signatures: Vec<(u32, Signature)> = vec![];
        for (number, graph) in (0..).zip(graphs) {
            match (self.style, &graph.signatures[..]) {
                (Style::Usual, []) if number == 0 => signatures.push((number, default_signature(graph))),
                (_, given) => signatures.extend(given.iter().cloned().map(|signature| (number, signature))),
            }
        }
        let mut tables = vec![];
        for (number, signature) in &signatures {
            let mut maps = |pairs: &[(String, usize)]| -> Result<Option<Offset>> {
                use schema::tensor_map::*;
                let mut tables = vec![];
                for (name, id) in pairs {
                    let name = self.layout.text(name);
                    let id = u32::try_from(*id).map_err(|_| Error::parameter(format!("value {id} is too large")))?;
                    tables.push(self.layout.table(&[(NAME, Slot::Offset(name)), (TENSOR_INDEX, Slot::Unsigned(id))]));
                }
                Ok(self.layout.offsets(&tables))
            };
            let (inputs, outputs) = (maps(&signature.inputs)?, maps(&signature.outputs)?);
            let key = self.layout.text(&signature.key);
            tables.push(self.layout.table(&[
                (INPUTS, Slot::Offset(inputs)),
                (OUTPUTS, Slot::Offset(outputs)),
                (SIGNATURE_KEY, Slot::Offset(key)),
                (SUBGRAPH_INDEX, Slot::Unsigned(*number)),
            ]));
        }
        Ok(self.layout.offsets(&tables))
    }
}

/// An error with the subgraph that it lies in, where that is not the first.
fn in_graph(error: Error, number: usize) -> Error {
    if number == 0 { error } else { error.at(format_args!("subgraph {number}")) }
}

/// The id of a value that may be left out.
fn optional(id: &Option<usize>) -> Result<i32> {
    id.map_or(Ok(-1), |id| ids(&[id]).map(|ids| ids[0]))
}

/// Sizes and ids as the file's 32-bit integers.
fn ids(sizes: &[usize]) -> Result<Vec<i32>> {
    let id = |&size: &usize| {
        i32::try_from(size).map_err(|_| Error::parameter(format!("{size} does not fit the file's 32-bit integers")))
    };
    sizes.iter().map(id).collect()
}
