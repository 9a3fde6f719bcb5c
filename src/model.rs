//! The intermediate representation: a graph of typed operators over values.
//!
//! A [`Model`] is plain data. Readers in [`crate::format`] make one, transforms turn one into another and never
//! change it in place, [`crate::exec`] runs one. A *value* is a tensor of the graph: an input, a constant (it has
//! data), or an activation. A *node* is one operator; the page calls it a layer. Nodes stand in execution order.

pub mod constant;
pub mod counts;
pub mod edit;
pub mod op;
pub mod shape;
pub mod state;
pub mod validate;

use std::sync::Arc;

use crate::quant::Quantization;
use crate::tensor::DType;
pub use op::Op;

/// Index of a [`Value`] in [`Model::values`].
pub type ValueId = usize;
/// Index of a [`Node`] in [`Model::nodes`].
pub type NodeId = usize;

/// A neural network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// What the file says of itself.
    pub description: String,
    /// Name of the graph.
    pub name: String,
    /// All tensors; a [`ValueId`] is an index here.
    pub values: Vec<Value>,
    /// All operators, in execution order; a [`NodeId`] is an index here.
    pub nodes: Vec<Node>,
    /// The values that the caller provides.
    pub inputs: Vec<ValueId>,
    /// The values that the caller reads.
    pub outputs: Vec<ValueId>,
    /// Named blobs that travel with the model (TFLite metadata).
    pub metadata: Vec<(String, Arc<[u8]>)>,
    /// Named entry points; a writer makes one where a reader found none.
    pub signatures: Vec<Signature>,
    /// The file's other subgraphs, the first of them number 1: operators call them by their number, signatures enter them.
    /// They are carried along and never run; none has subgraphs, metadata or a description of its own.
    pub subgraphs: Vec<Model>,
}

/// A tensor of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The name in the file; any text, possibly empty, never markup.
    pub name: String,
    /// The dimensions, batch first. Empty for a scalar.
    pub shape: Vec<usize>,
    /// The dimensions as declared with -1 for those that may vary; `None` where the file declares none.
    pub shape_signature: Option<Vec<i32>>,
    /// The element type.
    pub dtype: DType,
    /// How integers stand for real numbers, where they do.
    pub quantization: Option<Quantization>,
    /// The real range seen in training or calibration; informative, no kernel reads it.
    pub range: Option<Range>,
    /// The elements of a constant, little-endian, sub-byte types packed as in [`DType`]; `None` for activations.
    pub data: Option<Arc<[u8]>>,
    /// How the elements of a constant are packed in the file, where they do not simply lie there.
    pub encoding: Option<Encoding>,
    /// Whether the value keeps its content between inferences.
    pub is_variable: bool,
}

/// How a file packs the elements of a constant, for TFLM to unpack into its arena just before they are read.
///
/// In the model the elements are always unpacked: what runs, prunes or shows weights need not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Indices into a table of values, one table for the tensor or one for each channel.
    Codebook,
    /// A prefix code: frequent values take few bits.
    Huffman,
    /// A bit for each element that says whether it is zero, and the others.
    Bitmap,
}

/// The smallest and largest real numbers seen, one pair for the tensor or one for each channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Range {
    /// Smallest.
    pub min: Vec<f32>,
    /// Largest.
    pub max: Vec<f32>,
}

/// An operator applied to values.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// What it reads; `None` for an optional input that is not given.
    pub inputs: Vec<Option<ValueId>>,
    /// What it writes.
    pub outputs: Vec<ValueId>,
    /// The operator version that the file declares.
    pub version: i32,
}

/// A named entry point of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signature {
    /// Such as `serving_default`.
    pub key: String,
    /// Argument names and the values they feed.
    pub inputs: Vec<(String, ValueId)>,
    /// Result names and the values they read.
    pub outputs: Vec<(String, ValueId)>,
}

impl Value {
    /// An activation (no data) of a type and shape.
    pub fn activation(name: impl Into<String>, dtype: DType, shape: &[usize]) -> Self {
        Self {
            name: name.into(),
            shape: shape.to_vec(),
            shape_signature: None,
            dtype,
            quantization: None,
            range: None,
            data: None,
            encoding: None,
            is_variable: false,
        }
    }

    /// A constant of a type and shape with its bytes.
    pub fn constant(name: impl Into<String>, dtype: DType, shape: &[usize], data: impl Into<Arc<[u8]>>) -> Self {
        Self { data: Some(data.into()), ..Self::activation(name, dtype, shape) }
    }

    /// A `float32` constant.
    pub fn float_constant(name: impl Into<String>, shape: &[usize], data: &[f32]) -> Self {
        Self::constant(name, DType::Float32, shape, bytemuck::cast_slice(data).to_vec())
    }

    /// An `int32` constant.
    pub fn int_constant(name: impl Into<String>, shape: &[usize], data: &[i32]) -> Self {
        Self::constant(name, DType::Int32, shape, bytemuck::cast_slice(data).to_vec())
    }

    /// The same value with affine quantization.
    pub fn with_quantization(mut self, quantization: Quantization) -> Self {
        self.quantization = Some(quantization);
        self
    }

    /// Whether the value is stored in the file.
    pub fn is_constant(&self) -> bool {
        self.data.is_some()
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The bytes that the elements take, sub-byte types packed.
    pub fn bytes(&self) -> usize {
        self.dtype.bytes_for(self.elements()).unwrap_or(self.data.as_ref().map_or(0, |data| data.len()))
    }
}

impl Node {
    /// An operator of version 1.
    pub fn new(op: Op, inputs: &[ValueId], outputs: &[ValueId]) -> Self {
        Self { op, inputs: inputs.iter().map(|&id| Some(id)).collect(), outputs: outputs.to_vec(), version: 1 }
    }

    /// The values that hold what happens inside an operator that is carried unread.
    pub fn intermediates(&self) -> impl Iterator<Item = &ValueId> {
        let inside: &[Option<ValueId>] = match &self.op {
            Op::Opaque(opaque) => &opaque.intermediates,
            _ => &[],
        };
        inside.iter().flatten()
    }

    /// The value read at a position, `None` where it is absent or left out.
    pub fn input(&self, position: usize) -> Option<ValueId> {
        self.inputs.get(position).copied().flatten()
    }
}

impl Model {
    /// Adds a value and returns its id.
    pub fn add_value(&mut self, value: Value) -> ValueId {
        self.values.push(value);
        self.values.len() - 1
    }

    /// The outputs; of a softmax its input, where small changes still show.
    pub fn answers(&self) -> Vec<ValueId> {
        let before = |&output: &ValueId| match self.producer(output).map(|node| &self.nodes[node]) {
            Some(node) if matches!(node.op, Op::Softmax { .. }) => node.input(0).unwrap_or(output),
            _ => output,
        };
        self.outputs.iter().map(before).collect()
    }

    /// The node that writes a value, if any does.
    pub fn producer(&self, value: ValueId) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.outputs.contains(&value))
    }

    /// The nodes that read a value, in execution order.
    pub fn consumers(&self, value: ValueId) -> Vec<NodeId> {
        let reads = |node: &Node| node.inputs.contains(&Some(value));
        self.nodes.iter().enumerate().filter(|(_, node)| reads(node)).map(|(id, _)| id).collect()
    }

    /// How a node is named in messages: its index and operator.
    pub fn place(&self, node: NodeId) -> String {
        match self.nodes.get(node) {
            Some(found) => format!("node {node} ({})", found.op.name()),
            None => format!("node {node}"),
        }
    }
}
