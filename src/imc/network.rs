//! A whole model with its convolutions and matrix products in the array, everything else on the processor beside it.
//!
//! The array multiplies the inputs as they are stored; what their zero point and the bias add is known beforehand and added to
//! the sums, which are then brought to the output's scale as a microcontroller does it. A digital macro therefore gives the
//! bytes of [`crate::exec`]. Where the zero point lies low, as after a ReLU, inputs go in counted from -128, so that a zero is a row
//! of zero bits and changes nothing; what that adds is known as well.

use std::sync::{Arc, Mutex};

use super::analog::{self, Chip, Circuit, Ranges, Seen};
use super::digital::{Bits, Planes, Toggles};
use crate::error::{Error, Result};
use crate::exec::arithmetic::Requantize;
use crate::exec::kernel::{Io, Kernel};
use crate::exec::kernels::conv::Filter;
use crate::exec::kernels::{conv, fully_connected};
use crate::exec::site::Site;
use crate::exec::weights::{Types, symmetric, types};
use crate::exec::window::Window;
use crate::exec::{Executor, Options};
use crate::model::{Model, NodeId, Op, Value};
use crate::tensor::Tensor;

/// What the array is.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Exact.
    Digital,
    /// On charge: the chip, and the ranges of the converters by node (whole columns where none are given).
    Analog(Chip, Vec<(NodeId, Ranges)>),
    /// On charge without a flaw, watching every charge, so that ranges of this circuit's converters can be chosen.
    Watching(Circuit),
}

/// What one layer did, over all runs.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Changes counted (digital).
    pub toggles: Toggles,
    /// What the converters saw (analog).
    pub seen: Seen,
}

/// A model on a macro.
pub struct Network {
    executor: Executor,
    watch: Watch,
}

/// Looks at what the layers of a [`Network`] do, also when its executor runs elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Watch(Vec<(NodeId, Arc<Mutex<Tally>>)>);

impl Watch {
    /// What each layer in the array did so far.
    pub fn tallies(&self) -> Vec<(NodeId, Tally)> {
        self.0.iter().filter_map(|(id, tally)| Some((*id, tally.lock().ok()?.clone()))).collect()
    }

    /// Ranges of a circuit's converters that are best for what was watched so far.
    pub fn best_ranges(&self, circuit: &Circuit) -> Vec<(NodeId, Ranges)> {
        let best = |(id, tally): &(NodeId, Arc<Mutex<Tally>>)| Some((*id, tally.lock().ok()?.seen.best(circuit)?));
        self.0.iter().filter_map(best).collect()
    }
}

impl Network {
    /// Makes a model ready to run, with every int8 layer that has weights in an array of `rows` rows.
    ///
    /// # Errors
    /// Those of [`Executor::new`]; `Unsupported` for a model without a layer that the array could compute.
    pub fn new(model: &Model, rows: usize, mode: &Mode, options: Options) -> Result<Self> {
        Self::on(model, rows, mode, options, &|_| true)
    }

    /// The same with only those nodes in the array that `here` chooses.
    ///
    /// # Errors
    /// As [`Network::new`], but a choice of no node is fine.
    pub fn on(
        model: &Model,
        rows: usize,
        mode: &Mode,
        options: Options,
        here: &dyn Fn(NodeId) -> bool,
    ) -> Result<Self> {
        let tallies = Mutex::new(Vec::new());
        let executor = Executor::with_kernels(model, options, &|site| {
            let Some(matrix) = matrix(site)? else { return Ok(None) };
            if !here(site.id) {
                return Ok(None);
            }
            let tally = Arc::new(Mutex::new(Tally::default()));
            if let Ok(mut tallies) = tallies.lock() {
                tallies.push((site.id, tally.clone()));
            }
            Ok(Some(Box::new(InArray::new(matrix, rows.max(1), mode, site.id, tally)) as Box<dyn Kernel>))
        })?;
        let tallies = tallies.into_inner().unwrap_or_default();
        if tallies.is_empty() && (0..model.nodes.len()).all(here) {
            return Err(Error::unsupported(
                "No layer of this model can be computed in the array: it takes int8 convolutions and matrix products. \
                 Quantize the model first",
            ));
        }
        Ok(Self { executor, watch: Watch(tallies) })
    }

    /// One inference.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.executor.run(inputs)
    }

    /// What each layer in the array did so far.
    pub fn tallies(&self) -> Vec<(NodeId, Tally)> {
        self.watch.tallies()
    }

    /// The executor, and what looks at its layers.
    pub fn into_parts(self) -> (Executor, Watch) {
        (self.executor, self.watch)
    }
}

/// A layer as matrices: one, or one for each group of channels.
struct Matrix {
    /// How rows are gathered; `None` for FULLY_CONNECTED.
    window: Option<(Window, Filter)>,
    /// Rows of the matrix, outputs of a group, groups.
    size: [usize; 3],
    /// `[group][output][depth]`.
    weights: Vec<i8>,
    bias: Vec<i32>,
    input_offset: i32,
    requantize: Requantize,
}

fn matrix(site: &Site<'_>) -> Result<Option<Matrix>> {
    let is_int8 = |site: &Site<'_>| matches!(types(site, 1, 2, 0), Ok(Types::Int8));
    match site.node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) if is_int8(site) => {
            let conv::Integers { window, filter, weights, bias, input_offset, requantize } =
                conv::integers(site, symmetric, Value::to_i32)?;
            let taps = window.filter[0] * window.filter[1];
            let channels = window.output[3];
            let (size, weights) = match filter {
                Filter::Dense { depth, per_group } => ([taps * depth, per_group, channels / per_group.max(1)], weights),
                Filter::Depthwise { multiplier } => {
                    // From [taps, channels] to [channels, taps].
                    let turned = (0..channels).flat_map(|d| (0..taps).map(move |tap| (tap, d)));
                    let weights = turned.map(|(tap, d)| weights[tap * channels + d]).collect();
                    ([taps, multiplier, channels / multiplier.max(1)], weights)
                }
            };
            Ok(Some(Matrix { window: Some((window, filter)), size, weights, bias, input_offset, requantize }))
        }
        Op::FullyConnected(_) if is_int8(site) => {
            let fully_connected::Integers { size: [_, inputs, outputs], weights, bias, input_offset, requantize } =
                fully_connected::integers(site, symmetric, Value::to_i32)?;
            Ok(Some(Matrix { window: None, size: [inputs, outputs, 1], weights, bias, input_offset, requantize }))
        }
        _ => Ok(None),
    }
}

impl Matrix {
    /// The inputs of one group as `[positions, depth]`; the zero point stands for what lies outside the image.
    fn gather(&self, input: &[i8], group: usize, rows: &mut Vec<i32>) {
        rows.clear();
        let Some((window, filter)) = &self.window else {
            rows.extend(input.iter().map(|&x| i32::from(x)));
            return;
        };
        let (first, channels) = match *filter {
            Filter::Dense { depth, .. } => (group * depth, depth),
            Filter::Depthwise { .. } => (group, 1),
        };
        window.for_each_output(|_, [b, y, x]| {
            for k in 0..window.filter[0] {
                for l in 0..window.filter[1] {
                    match (window.row(y, k), window.column(x, l)) {
                        (Some(row), Some(column)) => {
                            let at = window.input_at(b, row, column) + first;
                            rows.extend(input[at..at + channels].iter().map(|&x| i32::from(x)));
                        }
                        _ => rows.extend(std::iter::repeat_n(-self.input_offset, channels)),
                    }
                }
            }
        });
    }
}

enum Array {
    Digital(Planes),
    Analog(Box<analog::Array>),
}

/// The kernel: gathers, multiplies in the array, scales.
struct InArray {
    matrix: Matrix,
    /// One for each group.
    arrays: Vec<Array>,
    /// Added to inputs before they go into a digital array.
    lift: i32,
    /// What bias, zero point and lift add, by output.
    constant: Vec<i32>,
    tally: Arc<Mutex<Tally>>,
    rows: Vec<i32>,
    values: Vec<i64>,
}

impl InArray {
    fn new(matrix: Matrix, rows: usize, mode: &Mode, id: NodeId, tally: Arc<Mutex<Tally>>) -> Self {
        let [depth, outputs, groups] = matrix.size;
        let of_group = |group: usize| &matrix.weights[group * outputs * depth..(group + 1) * outputs * depth];
        let on_charge = |group: usize, chip: &Chip, ranges: Option<&Ranges>| {
            let place = [id as u64, group as u64];
            let array = analog::Array::new(of_group(group), depth, outputs, rows, chip, ranges, place);
            Array::Analog(Box::new(array))
        };
        let arrays = (0..groups)
            .map(|group| match mode {
                Mode::Digital => Array::Digital(Planes::of_rows(of_group(group), depth, outputs, rows)),
                Mode::Analog(chip, ranges) => {
                    on_charge(group, chip, ranges.iter().find(|(node, _)| *node == id).map(|(_, ranges)| ranges))
                }
                Mode::Watching(circuit) => on_charge(group, &Chip { circuit: circuit.quiet(), seed: 0 }, None),
            })
            .collect();
        if let (Mode::Watching(circuit), Ok(mut tally)) = (mode, tally.lock()) {
            tally.seen = Seen::watching(circuit, rows.min(depth));
        }
        // A zero point below a quarter of the range: nearer to -128 than to 0.
        let low = matrix.input_offset > 64 && matches!(mode, Mode::Digital);
        let lift = if low { 128 } else { 0 };
        let constant = (0..outputs * groups)
            .map(|d| {
                let sum: i32 = matrix.weights[d * depth..(d + 1) * depth].iter().map(|&w| i32::from(w)).sum();
                matrix.bias[d].wrapping_add((matrix.input_offset - lift).wrapping_mul(sum))
            })
            .collect();
        Self { matrix, arrays, lift, constant, tally, rows: Vec::new(), values: Vec::new() }
    }
}

impl Kernel for InArray {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<i8, i8>();
        let [depth, outputs, groups] = self.matrix.size;
        let mut toggles = Toggles::default();
        // Kept where it is: a histogram is too much to be copied for every inference.
        let mut seen = self.tally.lock().map(|mut tally| std::mem::take(&mut tally.seen)).unwrap_or_default();
        for (group, array) in self.arrays.iter_mut().enumerate() {
            self.matrix.gather(input, group, &mut self.rows);
            let positions = self.rows.len() / depth.max(1);
            self.values.clear();
            self.values.resize(positions * outputs, 0);
            match array {
                Array::Digital(planes) => {
                    self.rows.iter_mut().for_each(|x| *x += self.lift);
                    let bits = Bits { count: 8, signed: self.lift == 0 };
                    toggles += planes.multiply(&self.rows, positions, bits, &mut self.values);
                }
                Array::Analog(array) => array.multiply(&self.rows, positions, &mut self.values, &mut seen),
            }
            for (position, values) in self.values.chunks_exact(outputs.max(1)).enumerate() {
                for (n, &value) in values.iter().enumerate() {
                    let d = group * outputs + n;
                    let sum = (value as i32).wrapping_add(self.constant[d]);
                    output[position * outputs * groups + d] = self.matrix.requantize.apply(d, sum) as i8;
                }
            }
        }
        if let Ok(mut tally) = self.tally.lock() {
            tally.toggles += toggles;
            tally.seen = seen;
        }
    }
}

#[cfg(test)]
mod tests;
