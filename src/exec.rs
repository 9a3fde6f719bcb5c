//! Running a model: plan once, run many, tap any tensor.
//!
//! An [`Executor`] checks a model node by node, decodes all weights, computes all multipliers and lays all activations
//! into one arena; then each inference is a walk over prepared kernels that allocates nothing.
//!
//! Integer models give the bytes of TensorFlow Lite for Microcontrollers' reference kernels. Float models sum in the
//! order of TFLM's reference kernels. *Hybrid* files (float activations, integer weights), which TFLM refuses, run as
//! float models with dequantized weights. Results are the same bits on every machine and in WebAssembly.
//!
//! ```
//! use milliwatt::exec::{Executor, Options};
//! use milliwatt::model::{Model, Node, Op, Value};
//! use milliwatt::tensor::{DType, Tensor};
//!
//! let mut model = Model::default();
//! let x = model.add_value(Value::activation("x", DType::Float32, &[1, 3]));
//! let y = model.add_value(Value::activation("y", DType::Float32, &[1, 3]));
//! model.nodes.push(Node::new(Op::Softmax { beta: 1.0 }, &[x], &[y]));
//! (model.inputs, model.outputs) = (vec![x], vec![y]);
//!
//! let mut executor = Executor::new(&model, Options::default())?;
//! let outputs = executor.run(&[Tensor::from_f32(&[1, 3], vec![0.0, 0.0, 0.0])?])?;
//! assert_eq!(outputs[0].to_f32_vec(), [1.0 / 3.0; 3]);
//! # Ok::<(), milliwatt::Error>(())
//! ```

pub mod arithmetic;

pub mod fast;
pub mod fixed_point;
mod io;
pub mod kernel;
pub mod kernels;
pub mod plan;
pub mod site;
mod view;
pub mod walk;
pub mod weights;
pub mod window;
pub mod work;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::limits;
use crate::model::validate::validate;
use crate::model::{Model, NodeId, Op, Value, ValueId, shape};
use crate::quant::Arithmetic;
use crate::tensor::{DType, Tensor};
use kernel::{Io, Kernel, Span};
use plan::{Arena, Lifetimes};
use site::Site;
pub use view::{Data, View};

/// How to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The rule from integer sums to integer outputs.
    pub arithmetic: Arithmetic,
    /// Which kernels.
    pub kernels: Kernels,
}

/// Which kernels run. Integers are the same bits under all of them; floats too, except that the relaxed module's fast
/// kernels may fuse products and sums, as the machine likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kernels {
    /// The obvious loops.
    Reference,
    /// SIMD kernels where there are some.
    #[default]
    Fast,
    /// SIMD kernels that never fuse a product and a sum, so that they give the bits of the obvious loops on every machine:
    /// for floats that a file depends on.
    Exact,
}

/// Kernels that stand in for those of [`kernels`]; `None` where the node is none of theirs.
pub type OtherKernels<'a> = &'a dyn Fn(&Site<'_>) -> Result<Option<Box<dyn Kernel>>>;

/// A model made ready to run.
pub struct Executor {
    /// The arena, in units that align it to 16 bytes.
    arena: Vec<u128>,
    scratch: Vec<u128>,
    steps: Vec<Step>,
    /// What is known of each value, by its id.
    places: Vec<Place>,
    inputs: Vec<ValueId>,
    outputs: Vec<ValueId>,
}

/// A value: where it lies, and what it is.
struct Place {
    span: Option<Span>,
    dtype: DType,
    shape: Vec<usize>,
}

/// A prepared node.
struct Step {
    kernel: Box<dyn Kernel>,
    inputs: Vec<Option<Span>>,
    outputs: Vec<Span>,
    values: Vec<ValueId>,
}

impl Executor {
    /// Checks and prepares every node, and lays out the arena.
    ///
    /// # Errors
    /// Those of [`validate`], or one that names the first node that stops execution and why: `Unsupported` for operators, types or
    /// attributes that are not executed, `Format` for shapes that do not fit, `Limits` above [`limits::MACS`] or
    /// [`limits::ARENA_BYTES`] (before memory is taken).
    pub fn new(model: &Model, options: Options) -> Result<Self> {
        Self::with_kernels(model, options, &|_| Ok(None))
    }

    /// As [`Executor::new`], with other kernels for the nodes that `other` gives one for: hardware that is simulated.
    ///
    /// # Errors
    /// As [`Executor::new`], and those of `other`.
    pub fn with_kernels(model: &Model, options: Options, other: OtherKernels<'_>) -> Result<Self> {
        validate(model)?;
        if let Some(input) = model.inputs.iter().find(|&&id| model.values.get(id).is_none_or(Value::is_constant)) {
            return Err(Error::format(format!("the model's input {input} is no activation")));
        }
        let mut work = work::Work::default();
        let folded = fold(model, &mut work)?;
        let folded_nodes = folded_nodes(model, &folded);
        let resident = resident(model, &folded);

        let mut kernels: Vec<(NodeId, Box<dyn Kernel>)> = Vec::with_capacity(model.nodes.len());
        for (id, node) in model.nodes.iter().enumerate().filter(|(id, _)| !folded_nodes.contains(id)) {
            let site = Site { model, id, node, options, folded: &folded };
            check_shapes(&site)?;
            let prepared = || other(&site)?.map_or_else(|| prepare(&site), Ok);
            let kernel = work.add(model, id).and_then(|()| prepared()).map_err(|error| error.at(model.place(id)))?;
            kernels.push((id, kernel));
        }
        let lifetimes = Lifetimes::of(model, &resident, &folded_nodes)?;
        let plan = Arena::plan(model.values.len(), &lifetimes)?;

        let places = model
            .values
            .iter()
            .zip(&plan.spans)
            .map(|(value, &span)| Place { span, dtype: value.dtype, shape: value.shape.clone() })
            .collect();
        let span = |id: ValueId| plan.spans.get(id).copied().flatten();
        let mut steps = Vec::with_capacity(kernels.len());
        let mut scratch = 0;
        for (id, kernel) in kernels {
            let node = &model.nodes[id];
            scratch = scratch.max(kernel.scratch_bytes());
            steps.push(Step {
                kernel,
                inputs: node.inputs.iter().map(|input| input.and_then(span)).collect(),
                outputs: node.outputs.iter().filter_map(|&id| span(id)).collect(),
                values: node.outputs.clone(),
            });
        }
        limits::check("the working memory of the kernels", scratch, limits::ARENA_BYTES)?;
        let units = |bytes: usize| vec![0u128; bytes.div_ceil(size_of::<u128>())];
        let mut executor = Self {
            arena: units(plan.bytes),
            scratch: units(scratch),
            steps,
            places,
            inputs: model.inputs.clone(),
            outputs: model.outputs.clone(),
        };
        for &id in &resident {
            match folded.get(&id) {
                Some(real) => executor.write(id, bytemuck::cast_slice(real)),
                None => executor.write(id, model.values[id].data.as_deref().unwrap_or_default()),
            }
        }
        Ok(executor)
    }

    /// One inference.
    ///
    /// # Errors
    /// `Parameter` when the number, types or shapes of the inputs are not the model's.
    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.feed(inputs)?;
        self.invoke()?;
        self.read()
    }

    /// One inference, with a look at every tensor: first the inputs, then after each node its outputs.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub fn run_tapped(&mut self, inputs: &[Tensor], tap: &mut dyn FnMut(ValueId, View<'_>)) -> Result<Vec<Tensor>> {
        self.feed(inputs)?;
        self.invoke_tapped(tap)?;
        self.read()
    }

    /// The bytes of an input, little-endian, to be filled before [`Executor::invoke`]; empty for an index that the
    /// model has not. Aligned to 16, so that they can be cast to the element type.
    pub fn input_bytes_mut(&mut self, index: usize) -> &mut [u8] {
        let span = self.inputs.get(index).and_then(|&id| self.places[id].span).unwrap_or_default();
        &mut bytemuck::cast_slice_mut(&mut self.arena)[span.start..span.end()]
    }

    /// One inference on what lies in the inputs; allocates nothing. Inputs keep their content.
    ///
    /// # Errors
    /// None today; kernels are checked when they are prepared.
    pub fn invoke(&mut self) -> Result<()> {
        for index in 0..self.steps.len() {
            self.step(index);
        }
        Ok(())
    }

    /// As [`Executor::invoke`], with a look at every tensor: first the inputs, then after each node its outputs.
    ///
    /// # Errors
    /// `Format` when a truth value of the input is neither 0 nor 1.
    pub fn invoke_tapped(&mut self, tap: &mut dyn FnMut(ValueId, View<'_>)) -> Result<()> {
        for &id in &self.inputs {
            tap(id, self.view(id)?);
        }
        for index in 0..self.steps.len() {
            self.step(index);
            for &id in &self.steps[index].values {
                tap(id, self.view(id)?);
            }
        }
        Ok(())
    }

    /// The bytes of an output, little-endian; empty for an index that the model has not.
    pub fn output_bytes(&self, index: usize) -> &[u8] {
        let span = self.outputs.get(index).and_then(|&id| self.places[id].span).unwrap_or_default();
        &bytemuck::cast_slice(&self.arena)[span.start..span.end()]
    }

    /// Bytes of the arena and of the kernels' working memory. This is what runs *here*; what a device needs is counted
    /// in `cost`.
    pub fn memory_bytes(&self) -> usize {
        (self.arena.len() + self.scratch.len()) * size_of::<u128>()
    }

    fn step(&mut self, index: usize) {
        let Step { kernel, inputs, outputs, .. } = &mut self.steps[index];
        kernel.run(&mut Io {
            arena: bytemuck::cast_slice_mut(&mut self.arena),
            scratch: bytemuck::cast_slice_mut(&mut self.scratch),
            inputs,
            outputs,
        });
    }

    fn feed(&mut self, inputs: &[Tensor]) -> Result<()> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::parameter(format!("{} tensors for {} inputs", inputs.len(), self.inputs.len())));
        }
        for (index, (tensor, &id)) in inputs.iter().zip(&self.inputs).enumerate() {
            let Place { span, dtype, shape } = &self.places[id];
            let span = span.unwrap_or_default();
            let bytes = &mut bytemuck::cast_slice_mut(&mut self.arena)[span.start..span.end()];
            io::feed(tensor, *dtype, shape, bytes).map_err(|error| error.at(format!("input {index}")))?;
        }
        Ok(())
    }

    fn read(&self) -> Result<Vec<Tensor>> {
        self.outputs.iter().map(|&id| self.view(id)?.to_tensor()).collect()
    }

    fn view(&self, id: ValueId) -> Result<View<'_>> {
        let Place { span, dtype, shape } = &self.places[id];
        View::new(bytemuck::cast_slice(&self.arena), span.unwrap_or_default(), *dtype, shape)
    }

    fn write(&mut self, id: ValueId, bytes: &[u8]) {
        if let Some(span) = self.places[id].span {
            let target = &mut bytemuck::cast_slice_mut::<_, u8>(&mut self.arena)[span.start..span.end()];
            for (to, &from) in target.iter_mut().zip(bytes) {
                *to = from;
            }
        }
    }
}

/// The kernel of a node, as the options ask.
fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    if site.options.kernels != Kernels::Reference
        && let Some(kernel) = fast::prepare(site)?
    {
        return Ok(kernel);
    }
    kernels::prepare(site)
}

/// Checks that the declared shapes of a node's outputs are those that follow from its inputs and attributes.
fn check_shapes(site: &Site<'_>) -> Result<()> {
    let place = || site.model.place(site.id);
    if let Op::Opaque(_) = site.node.op {
        return Err(Error::unsupported("Milliwatt shows this operator but does not execute it").at(place()));
    }
    for (index, inferred) in shape::infer(site.model, site.id)?.iter().enumerate() {
        let output = site.output(index).map_err(|error| error.at(place()))?;
        site::expect_shape("the output", &output.shape, inferred).map_err(|error| error.at(place()))?;
    }
    Ok(())
}

/// Computes DEQUANTIZE of constants: files with `float16` or `int8` weights bring them to `float32` so.
fn fold(model: &Model, work: &mut work::Work) -> Result<BTreeMap<ValueId, Vec<f32>>> {
    let mut folded = BTreeMap::new();
    for (id, node) in model.nodes.iter().enumerate() {
        let constant = node.input(0).and_then(|input| model.values.get(input)).filter(|value| value.is_constant());
        if let (Op::Dequantize, Some(value), &[output]) = (&node.op, constant, &node.outputs[..]) {
            let fits = model.values.get(output).is_some_and(|y| {
                y.dtype == DType::Float32 && y.shape == value.shape && !y.is_constant() && !y.is_variable
            });
            if !fits || model.inputs.contains(&output) || folded.contains_key(&output) {
                return Err(Error::format("its output does not fit its constant input").at(model.place(id)));
            }
            work.hold(model, output).map_err(|error| error.at(model.place(id)))?;
            folded.insert(output, value.dequantized().map_err(|error| error.at(model.place(id)))?);
        }
    }
    Ok(folded)
}

/// The nodes whose results [`fold`] has computed.
fn folded_nodes(model: &Model, folded: &BTreeMap<ValueId, Vec<f32>>) -> BTreeSet<NodeId> {
    let is_folded = |id: &NodeId| {
        let node = &model.nodes[*id];
        node.op == Op::Dequantize && node.outputs.iter().any(|output| folded.contains_key(output))
    };
    (0..model.nodes.len()).filter(is_folded).collect()
}

/// The constants and folded values that must lie in the arena, because a kernel or the caller reads them: all but the
/// weights and biases, which kernels hold decoded.
fn resident(model: &Model, folded: &BTreeMap<ValueId, Vec<f32>>) -> BTreeSet<ValueId> {
    let stored = |id: &ValueId| folded.contains_key(id) || model.values.get(*id).is_some_and(Value::is_constant);
    let mut resident = BTreeSet::new();
    resident.extend(model.outputs.iter().copied().filter(stored));
    for node in &model.nodes {
        let decoded = [node.op.weights_input(), node.op.bias_input()];
        for (position, input) in node.inputs.iter().enumerate() {
            // The input of a folded node is a constant that no kernel reads.
            let is_read = !decoded.contains(&Some(position)) && node.op != Op::Dequantize;
            resident.extend(input.filter(|id| is_read && stored(id)));
        }
    }
    resident
}
