//! What each byte of a file is for.
//!
//! Every byte belongs to exactly one [`Part`], so the parts add up to the file. What is not claimed by a constant, a
//! quantization table or a name is the graph: tensors, operators, field tables, lengths, alignment.

use std::collections::{BTreeMap, BTreeSet};

use super::decode;
use super::schema;
use super::table::{File, Table};
use crate::error::Result;
use crate::limits;

/// What a byte of a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Elements of constants that were trained, but for biases.
    Weights,
    /// Elements of biases.
    Biases,
    /// Scales, zero points, ranges seen in training, and the tables that hold them.
    Quantization,
    /// Everything that says how the constants work together, and alignment.
    Graph,
    /// Names of tensors, descriptions, metadata and signatures: what no kernel reads.
    Names,
}

impl Part {
    /// All parts, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Weights, Self::Biases, Self::Quantization, Self::Graph, Self::Names];
}

/// Counts the bytes of a file by part, in the order of [`Part::ALL`]; the counts add up to the file's length.
///
/// `role` tells what the elements of a constant are, by the numbers of its subgraph and of its tensor; bytes that tensors share belong to the first of them.
///
/// # Errors
/// As [`read`](fn@super::read), which should have read the file before.
pub fn bytes_by_part(bytes: &[u8], role: impl Fn(usize, usize) -> Part) -> Result<[u64; 5]> {
    use schema::model::*;
    limits::check("the file's bytes", bytes.len(), limits::MODEL_BYTES)?;
    let file = File::new(bytes);
    let mut map = Map { parts: vec![Part::Graph; bytes.len()] };
    let root = file.root(&KIND)?;
    let buffers = root.tables(BUFFERS, &schema::buffer::KIND, limits::VALUES + limits::NODES)?;
    let data = |index: u32| buffers.get(index as usize);
    let graphs = root.tables(SUBGRAPHS, &schema::sub_graph::KIND, limits::SUBGRAPHS)?;
    for (number, graph) in graphs.iter().enumerate() {
        // Constants of the first graph alone are unpacked when the file is read.
        let packed = if number == 0 { packed(&root, graph)? } else { BTreeMap::new() };
        // What only decoders read is no value of the model: it counts to the constant that it becomes.
        let value = |tensor: usize| tensor - packed.range(..tensor).count();
        let role = |tensor: usize| role(number, value(*packed.get(&tensor).unwrap_or(&tensor)));
        for (index, tensor) in
            graph.tables(schema::sub_graph::TENSORS, &schema::tensor::KIND, limits::VALUES)?.iter().enumerate()
        {
            if let Some(buffer) = data(tensor.scalar(schema::tensor::BUFFER, 0)?) {
                map.elements(buffer, schema::buffer::DATA, 1, role(index))?;
            }
            if let Some(table) = tensor.table(schema::tensor::QUANTIZATION, &schema::quantization::KIND)? {
                map.quantization(&table)?;
            }
            map.text(tensor, schema::tensor::NAME)?;
        }
        map.text(graph, schema::sub_graph::NAME)?;
    }
    map.text(&root, DESCRIPTION)?;
    for metadata in root.tables(METADATA, &schema::metadata::KIND, limits::VALUES)? {
        if let Some(buffer) = data(metadata.scalar(schema::metadata::BUFFER, 0)?) {
            map.elements(buffer, schema::buffer::DATA, 1, Part::Names)?;
        }
        map.text(&metadata, schema::metadata::NAME)?;
        map.own(&metadata, Part::Names)?;
    }
    for signature in root.tables(SIGNATURE_DEFS, &schema::signature_def::KIND, limits::NODES)? {
        map.signature(&signature)?;
    }
    let mut counts = [0u64; 5];
    for part in map.parts {
        if let Some(count) = counts.get_mut(part as usize) {
            *count += 1;
        }
    }
    Ok(counts)
}

/// The tensors that only decoders of packed constants read, each with the constant that it becomes.
fn packed(root: &Table<'_>, graph: &Table<'_>) -> Result<BTreeMap<usize, usize>> {
    let mut decoders = vec![];
    for code in root.tables(schema::model::OPERATOR_CODES, &schema::operator_code::KIND, limits::NODES)? {
        let name = code.text(schema::operator_code::CUSTOM_CODE)?;
        decoders.push(name.is_some_and(|(name, _)| name == decode::NAME));
    }
    let (mut packed, mut read) = (BTreeMap::new(), BTreeSet::new());
    if !decoders.contains(&true) {
        return Ok(packed);
    }
    let ids = |table: &Table<'_>, field: u16| -> Result<Vec<usize>> {
        let ids = table.vector::<i32>(field)?.unwrap_or_default();
        Ok(ids.into_iter().map(|id| usize::try_from(id).unwrap_or(usize::MAX)).collect())
    };
    for node in graph.tables(schema::sub_graph::OPERATORS, &schema::operator::KIND, limits::NODES)? {
        let code = node.scalar::<u32>(schema::operator::OPCODE_INDEX, 0)? as usize;
        let (inputs, outputs) = (ids(&node, schema::operator::INPUTS)?, ids(&node, schema::operator::OUTPUTS)?);
        if decoders.get(code).copied().unwrap_or(false) {
            for (pair, &output) in inputs.chunks(2).zip(&outputs) {
                pair.iter().for_each(|&tensor| {
                    packed.entry(tensor).or_insert(output);
                });
            }
        } else {
            read.extend(inputs);
        }
    }
    for field in [schema::sub_graph::INPUTS, schema::sub_graph::OUTPUTS] {
        read.extend(ids(graph, field)?);
    }
    packed.retain(|tensor, _| !read.contains(tensor));
    Ok(packed)
}

struct Map {
    parts: Vec<Part>,
}

impl Map {
    fn claim(&mut self, table: &Table<'_>, range: std::ops::Range<usize>, part: Part) -> Result<()> {
        table.charge(range.len())?;
        for slot in self.parts.get_mut(range).into_iter().flatten().filter(|slot| **slot == Part::Graph) {
            *slot = part;
        }
        Ok(())
    }

    /// The table's own fields.
    fn own(&mut self, table: &Table<'_>, part: Part) -> Result<()> {
        self.claim(table, table.extent(), part)
    }

    /// The elements of a vector without its length.
    fn elements(&mut self, table: &Table<'_>, field: u16, size: usize, part: Part) -> Result<()> {
        match table.raw(field, size)? {
            Some((start, bytes)) => self.claim(table, start..start + bytes.len(), part),
            None => Ok(()),
        }
    }

    /// A vector with its length in front.
    fn vector(&mut self, table: &Table<'_>, field: u16, size: usize, part: Part) -> Result<()> {
        match table.raw(field, size)? {
            Some((start, bytes)) => self.claim(table, start - 4..start + bytes.len(), part),
            None => Ok(()),
        }
    }

    /// A text with its length in front and the zero byte behind it.
    fn text(&mut self, table: &Table<'_>, field: u16) -> Result<()> {
        match table.raw(field, 1)? {
            Some((start, bytes)) => {
                let end = (start + bytes.len() + 1).min(self.parts.len());
                self.claim(table, start - 4..end, Part::Names)
            }
            None => Ok(()),
        }
    }

    fn quantization(&mut self, table: &Table<'_>) -> Result<()> {
        use schema::quantization::*;
        for (field, size) in [(MIN, 4), (MAX, 4), (SCALE, 4), (ZERO_POINT, 8)] {
            self.vector(table, field, size, Part::Quantization)?;
        }
        self.own(table, Part::Quantization)
    }

    fn signature(&mut self, table: &Table<'_>) -> Result<()> {
        use schema::signature_def::*;
        self.text(table, SIGNATURE_KEY)?;
        for field in [INPUTS, OUTPUTS] {
            self.vector(table, field, 4, Part::Names)?;
            for map in table.tables(field, &schema::tensor_map::KIND, limits::VALUES)? {
                self.text(&map, schema::tensor_map::NAME)?;
                self.own(&map, Part::Names)?;
            }
        }
        self.own(table, Part::Names)
    }
}
