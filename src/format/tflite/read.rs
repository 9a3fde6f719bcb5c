//! From the bytes of a file to a [`Model`], with the truth about the file.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use super::calls;
use super::decode;
use super::findings::{self, Facts};
use super::operators;
use super::schema;
use super::table::{File, Table};
use crate::error::{Error, Result};
use crate::format::Opened;
use crate::limits;
use crate::model::{Model, Op, Range, Signature, Value, validate};
use crate::quant::Quantization;
use crate::tensor::elements;

/// Opens a TensorFlow Lite file.
///
/// # Errors
/// `Format` when the file is not TFLite, truncated, damaged or inconsistent; `Unsupported` for sparse tensors, data outside
/// of the file and codes that are newer than Milliwatt; `Limits` when it is too large.
/// An operator that Milliwatt does not know is no error: it becomes [`Op::Opaque`]. Nor are several subgraphs: all but the
/// first are [carried along](Model::subgraphs).
///
/// *Source*: LiteRT `schema.fbs`.
pub fn read(bytes: &[u8]) -> Result<Opened> {
    limits::check("the file's bytes", bytes.len(), limits::MODEL_BYTES)?;
    if bytes.get(4..8) != Some(schema::IDENTIFIER.as_bytes()) {
        return Err(Error::format("this is not a TensorFlow Lite model: there is no TFL3 at byte 4"));
    }
    let file = File::new(bytes);
    let mut reader = Reader { dropped: Dropped::default(), facts: Facts::default() };
    let mut model = reader.model(&file)?;
    decode::fold(&mut model)?;
    validate::validate(&model)?;
    let findings = findings::of(&model, &reader.facts);
    Ok(Opened { model, findings, dropped: reader.dropped.sentences() })
}

struct Reader {
    dropped: Dropped,
    facts: Facts,
}

impl Reader {
    fn model(&mut self, file: &File<'_>) -> Result<Model> {
        use schema::model::*;
        let root = file.root(&KIND)?;
        let version = root.scalar::<u32>(VERSION, 0)?;
        if version != schema::VERSION {
            return Err(Error::unsupported(format!(
                "the file is of schema version {version}; Milliwatt reads version {}",
                schema::VERSION
            )));
        }
        for field in [EXTERNAL_BUFFERS, EXTERNAL_BUFFER_GROUPS] {
            if !root.is_empty(field)? {
                return Err(Error::unsupported(
                    "the constants lie in other files (external buffers); Milliwatt reads models that are one file",
                ));
            }
        }
        let mut codes = operators::codes(&root, &mut self.dropped)?;
        let tables = root.tables(SUBGRAPHS, &schema::sub_graph::KIND, limits::SUBGRAPHS)?;
        let mut buffers = Buffers::new(&root, file)?;
        let Some((first, others)) = tables.split_first() else {
            return Err(Error::format("the file has no graph"));
        };
        let mut model = self.graph(first, "the graph", &mut codes, &mut buffers)?;
        let facts = std::mem::take(&mut self.facts);
        for (number, table) in (1..).zip(others) {
            let place = format!("subgraph {number}");
            let graph = self.graph(table, &place, &mut codes, &mut buffers).map_err(|error| error.at(&place))?;
            model.subgraphs.push(graph);
            // What is said of tensors by their number is said of those of the first graph.
            self.facts = Facts::default();
        }
        self.facts = facts;
        calls::check(&model)?;
        model.description = self.text(&root, DESCRIPTION, &"the model")?;
        self.signatures(&root, &mut model)?;
        model.metadata = self.metadata(&root, &mut buffers)?;

        self.facts.deprecated_codes = codes.iter().any(|code| code.deprecated_only);
        for code in codes.iter().filter(|code| !code.used) {
            self.dropped.add("an operator code that no node uses", &code.name);
        }
        buffers.name_unused(&mut self.dropped);
        // An empty old-style list of metadata buffers says nothing.
        if !root.is_empty(METADATA_BUFFER)? {
            self.dropped.add("Model.metadata_buffer", &"the model");
        }
        self.dropped.unasked(&root, &"the model");
        Ok(model)
    }

    /// One subgraph.
    fn graph(
        &mut self,
        graph: &Table<'_>,
        place: &str,
        codes: &mut [operators::Code],
        buffers: &mut Buffers<'_>,
    ) -> Result<Model> {
        let mut model = Model { name: self.text(graph, schema::sub_graph::NAME, &place)?, ..Model::default() };
        let tensors = graph.tables(schema::sub_graph::TENSORS, &schema::tensor::KIND, limits::VALUES)?;
        for (index, table) in tensors.iter().enumerate() {
            let value = self.value(table, index, buffers).map_err(|error| error.at(format_args!("tensor {index}")))?;
            model.values.push(value);
        }
        let nodes = graph.tables(schema::sub_graph::OPERATORS, &schema::operator::KIND, limits::NODES)?;
        for (index, table) in nodes.iter().enumerate() {
            let stopped = |id: usize| self.facts.blockwise.contains(&id);
            let node = operators::node(table, index, codes, &model.values, &stopped, &mut self.dropped)
                .map_err(|error| error.at(format_args!("node {index}")))?;
            model.nodes.push(node);
        }
        model.inputs = self.ids(graph, schema::sub_graph::INPUTS, "input", model.values.len())?;
        model.outputs = self.ids(graph, schema::sub_graph::OUTPUTS, "output", model.values.len())?;
        empty_constants(&mut model);
        self.dropped.unasked(graph, &place);
        Ok(model)
    }

    fn value(&mut self, table: &Table<'_>, index: usize, buffers: &mut Buffers<'_>) -> Result<Value> {
        use schema::tensor::*;
        let name = self.text(table, NAME, &format_args!("tensor {index}"))?;
        let code = table.scalar::<i8>(TYPE, 0)?;
        let dtype = schema::dtype(code).ok_or_else(|| {
            Error::unsupported(format!("element type {code} is newer than this version of Milliwatt: {name:?}"))
        })?;
        let dims = table.vector::<i32>(SHAPE)?.unwrap_or_default();
        limits::check("dimensions", dims.len(), limits::RANK)?;
        let shape: Option<Vec<usize>> = dims.iter().map(|&dim| usize::try_from(dim).ok()).collect();
        let shape =
            shape.ok_or_else(|| Error::format(format!("its shape {dims:?} has a negative dimension: {name:?}")))?;
        elements(&shape)?;
        let shape_signature = table.vector::<i32>(SHAPE_SIGNATURE)?;
        // A rank that is 0 is either a scalar or unknown; kernels take both for a scalar.
        table.boolean(HAS_RANK, false)?;
        if table.has(SPARSITY) {
            return Err(Error::unsupported(format!(
                "it is stored sparse, which no microcontroller runtime reads; export it dense, or prune it here: {name:?}"
            )));
        }
        if table.scalar::<u32>(EXTERNAL_BUFFER, 0)? != 0 {
            return Err(Error::unsupported(format!("its data lie in another file (external buffer): {name:?}")));
        }
        let (quantization, range) = match table.table(QUANTIZATION, &schema::quantization::KIND)? {
            Some(found) => self.quantization(&found, index, shape.len())?,
            None => (None, None),
        };
        let data = buffers.take(table.scalar::<u32>(BUFFER, 0)?)?;
        let is_variable = table.boolean(IS_VARIABLE, false)?;
        self.dropped.unasked(table, &format_args!("tensor {name:?}"));
        Ok(Value { name, shape, shape_signature, dtype, quantization, range, data, encoding: None, is_variable })
    }

    fn quantization(
        &mut self,
        table: &Table<'_>,
        index: usize,
        rank: usize,
    ) -> Result<(Option<Quantization>, Option<Range>)> {
        use schema::quantization::*;
        let scale = table.vector::<f32>(SCALE)?.unwrap_or_default();
        let zero_point = table.vector::<i64>(ZERO_POINT)?.unwrap_or_default();
        let range = Range { min: table.vector(MIN)?.unwrap_or_default(), max: table.vector(MAX)?.unwrap_or_default() };
        let axis = table.scalar::<i32>(QUANTIZED_DIMENSION, 0)?;
        // For a single scale, or along the only axis, the number means nothing, so nonsense in it does no harm.
        let axis = match usize::try_from(axis) {
            Ok(axis) if axis < rank => axis,
            _ if scale.len() < 2 || rank == 1 => 0,
            Ok(axis) => axis,
            Err(_) => return Err(Error::format(format!("its quantized dimension {axis} is negative"))),
        };
        match table.scalar::<u8>(DETAILS_TYPE, 0)? {
            0 => {}
            kind => {
                self.facts.blockwise.insert(index);
                self.dropped.add("QuantizationParameters.details", &format_args!("tensor {index}, kind {kind}"));
            }
        }
        if scale.is_empty() && !zero_point.is_empty() {
            self.dropped.add("QuantizationParameters.zero_point without a scale", &format_args!("tensor {index}"));
        }
        table.table(DETAILS, &schema::empty::KIND)?;
        self.dropped.unasked(table, &format_args!("tensor {index}"));
        let quantization = (!scale.is_empty()).then_some(Quantization { scale, zero_point, axis });
        let range = (!range.min.is_empty() || !range.max.is_empty()).then_some(range);
        Ok((quantization, range))
    }

    fn ids(&self, graph: &Table<'_>, field: u16, role: &str, values: usize) -> Result<Vec<usize>> {
        let ids = graph.vector::<i32>(field)?.unwrap_or_default();
        let id = |id: i32| {
            usize::try_from(id).ok().filter(|&id| id < values).ok_or_else(|| {
                Error::format(format!("an {role} of the graph is tensor {id}, but there are {values} tensors"))
            })
        };
        ids.into_iter().map(id).collect()
    }

    /// The signatures, each in the graph that it enters.
    fn signatures(&mut self, root: &Table<'_>, model: &mut Model) -> Result<()> {
        use schema::signature_def::*;
        for table in root.tables(schema::model::SIGNATURE_DEFS, &KIND, limits::NODES)? {
            let key = self.text(&table, SIGNATURE_KEY, &"a signature")?;
            let graph = match table.scalar::<u32>(SUBGRAPH_INDEX, 0)? as usize {
                0 => &mut *model,
                number => model.subgraphs.get_mut(number - 1).ok_or_else(|| {
                    Error::format(format!("a signature enters a subgraph that does not exist: {key:?}"))
                })?,
            };
            let values = graph.values.len();
            let mut maps = |field| -> Result<Vec<(String, usize)>> {
                let mut pairs = vec![];
                for map in table.tables(field, &schema::tensor_map::KIND, limits::VALUES)? {
                    let name = self.text(&map, schema::tensor_map::NAME, &"a signature")?;
                    let id = map.scalar::<u32>(schema::tensor_map::TENSOR_INDEX, 0)? as usize;
                    if id >= values {
                        return Err(Error::format(format!(
                            "a signature names tensor {id}, but there are {values} tensors: {key:?}"
                        )));
                    }
                    self.dropped.unasked(&map, &"a signature");
                    pairs.push((name, id));
                }
                Ok(pairs)
            };
            let (inputs, outputs) = (maps(INPUTS)?, maps(OUTPUTS)?);
            self.dropped.unasked(&table, &"a signature");
            graph.signatures.push(Signature { key, inputs, outputs });
        }
        Ok(())
    }

    fn metadata(&mut self, root: &Table<'_>, buffers: &mut Buffers<'_>) -> Result<Vec<(String, Arc<[u8]>)>> {
        use schema::metadata::*;
        let mut metadata = vec![];
        for table in root.tables(schema::model::METADATA, &KIND, limits::VALUES)? {
            let name = self.text(&table, NAME, &"metadata")?;
            let data = buffers.take(table.scalar::<u32>(BUFFER, 0)?).map_err(|error| error.at("metadata"))?;
            self.dropped.unasked(&table, &format_args!("metadata {name:?}"));
            metadata.push((name, data.unwrap_or_else(|| Arc::from([]))));
        }
        Ok(metadata)
    }

    /// A text that may be missing.
    fn text(&mut self, table: &Table<'_>, field: u16, place: &dyn Display) -> Result<String> {
        let Some((text, replaced)) = table.text(field)? else { return Ok(String::new()) };
        if replaced {
            self.dropped.add(&format!("bytes of {} that are not UTF-8", table.name(field)), place);
        }
        Ok(text)
    }
}

/// The file's buffers; each is copied once, however many tensors share it.
struct Buffers<'a> {
    file: &'a File<'a>,
    tables: Vec<Table<'a>>,
    taken: Vec<Option<Arc<[u8]>>>,
    used: Vec<bool>,
}

impl<'a> Buffers<'a> {
    fn new(root: &Table<'a>, file: &'a File<'a>) -> Result<Self> {
        // One for each tensor, the sentinel, and room for metadata.
        let tables = root.tables(schema::model::BUFFERS, &schema::buffer::KIND, limits::VALUES + limits::NODES)?;
        let (taken, used) = (vec![None; tables.len()], vec![false; tables.len()]);
        Ok(Self { file, tables, taken, used })
    }

    /// The bytes of a buffer, `None` where it is empty.
    fn take(&mut self, index: u32) -> Result<Option<Arc<[u8]>>> {
        let known = self.tables.len();
        let slot = index as usize;
        // Files with no buffers at all may still say "buffer 0", the sentinel.
        let Some(table) = self.tables.get(slot) else {
            if index == 0 {
                return Ok(None);
            }
            return Err(Error::format(format!("it refers to buffer {index}, but the file has {known} buffers")));
        };
        self.used[slot] = true;
        for field in [schema::buffer::OFFSET, schema::buffer::SIZE] {
            // 0 and 1 are placeholders; larger numbers point behind the flatbuffer.
            if table.scalar::<u64>(field, 0)? > 1 {
                return Err(Error::unsupported(format!(
                    "buffer {index} lies behind the flatbuffer, as in files above 2 GB; Milliwatt reads smaller ones"
                )));
            }
        }
        if let Some(data) = &self.taken[slot] {
            return Ok(Some(data.clone()));
        }
        let Some(bytes) = table.bytes(schema::buffer::DATA)?.filter(|bytes| !bytes.is_empty()) else {
            return Ok(None);
        };
        self.file.charge(bytes.len())?;
        let data: Arc<[u8]> = Arc::from(bytes);
        self.taken[slot] = Some(data.clone());
        Ok(Some(data))
    }

    fn name_unused(&self, dropped: &mut Dropped) {
        for (index, table) in self.tables.iter().enumerate().filter(|(index, _)| !self.used[*index]) {
            if table.bytes(schema::buffer::DATA).is_ok_and(|bytes| bytes.is_some_and(|bytes| !bytes.is_empty())) {
                dropped.add("a buffer that no tensor uses", &format_args!("buffer {index}"));
            }
        }
    }
}

/// A tensor without elements has no bytes to show that it is a constant: what nothing writes is one.
fn empty_constants(model: &mut Model) {
    let mut written = vec![false; model.values.len()];
    let outputs = model.nodes.iter().flat_map(|node| &node.outputs);
    for &id in model.inputs.iter().chain(outputs) {
        if let Some(slot) = written.get_mut(id) {
            *slot = true;
        }
    }
    for (value, written) in model.values.iter_mut().zip(written) {
        if !written && value.data.is_none() && !value.is_variable && value.elements() == 0 {
            value.data = Some(Arc::from([]));
        }
    }
}

/// What a file says and the model does not carry, gathered so that the list stays short.
#[derive(Default)]
pub(super) struct Dropped {
    found: BTreeMap<String, (usize, String)>,
}

impl Dropped {
    /// Notes a field, and where.
    pub(super) fn add(&mut self, what: &str, place: &dyn Display) {
        let entry = self.found.entry(what.to_owned()).or_insert_with(|| (0, place.to_string()));
        entry.0 += 1;
    }

    /// Notes the fields of a table that nobody asked for.
    pub(super) fn unasked(&mut self, table: &Table<'_>, place: &dyn Display) {
        for name in table.unasked() {
            self.add(&name, place);
        }
    }

    fn sentences(self) -> Vec<String> {
        let sentence = |(what, (count, place)): (String, (usize, String))| match count {
            1 => format!("{what} ({place})"),
            _ => format!("{what} ({count} times, first in {place})"),
        };
        self.found.into_iter().map(sentence).collect()
    }
}

impl Op {
    /// Whether this is an operator that is known by name but reads what no kernel can.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self, Self::Opaque(opaque)
            if opaque.builtin_code != schema::CUSTOM && super::options::kind(&opaque.name).is_some())
    }
}
