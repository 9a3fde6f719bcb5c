//! Networks written as in PyTorch, run on the processor or in the array.
//!
//! The anomaly detector of MLPerf Tiny, with random weights, in the array of the generic macro:
//!
//! ```
//! use milliwatt::imc::nn::{Linear, ReLU, Sequential};
//! use milliwatt::tensor::Tensor;
//!
//! let widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640];
//! let mut net = Sequential::new();
//! for (layer, pair) in widths.windows(2).enumerate() {
//!     net = net.add(Linear::new(pair[0], pair[1]));
//!     if layer < 9 {
//!         net = net.add(ReLU);
//!     }
//! }
//!
//! let x = Tensor::from_f32(&[2, 640], (0..1280).map(|i| (i % 64) as f32 / 64.0).collect())?;
//! let exact = net.call(&x)?; // on the processor, in float32
//! let mut net = net.to("imc")?; // in the array, in int8
//! let near = net.call(&x)?;
//!
//! assert_eq!(near.shape(), [2, 640]);
//! let off = exact.to_f32_vec().iter().zip(near.to_f32_vec()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
//! assert!(off < 0.1);
//! let report = net.report()?;
//! assert_eq!(report.macs, 264_192);
//! assert!(report.system.0 > report.array.0);
//! println!("{report}");
//! # Ok::<(), milliwatt::Error>(())
//! ```

use std::fmt;

use ndarray::Axis;

use super::array::{Activity, Macro};
use super::mapper::layer::Layer as MapLayer;
use super::mapper::{self, Mapping};
use super::network::{Mode, Network};
use super::{fitted, price};
use crate::compress::{self, recipe::Recipe};
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::model::op::{self, Activation, FullyConnected, Op, Padding};
use crate::model::{Model, Node, Value, ValueId};
use crate::progress::Silent;
use crate::random::Random;
use crate::tensor::{DType, Tensor};
use crate::units::{Joules, Seconds};

/// `y = x W^T + b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// `[outputs, inputs]`.
    pub weights: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

/// A convolution over images with the channels last.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d {
    /// `[outputs, kernel, kernel, inputs]`.
    pub weights: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    padding: Padding,
}

/// `max(x, 0)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReLU;

/// Everything but the batch in one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flatten;

/// A layer of a [`Sequential`].
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// [`Linear`].
    Linear(Linear),
    /// [`Conv2d`].
    Conv2d(Conv2d),
    /// [`ReLU`].
    ReLU,
    /// [`Flatten`].
    Flatten,
}

impl From<Linear> for Layer {
    fn from(layer: Linear) -> Self {
        Self::Linear(layer)
    }
}
impl From<Conv2d> for Layer {
    fn from(layer: Conv2d) -> Self {
        Self::Conv2d(layer)
    }
}
impl From<ReLU> for Layer {
    fn from(_: ReLU) -> Self {
        Self::ReLU
    }
}
impl From<Flatten> for Layer {
    fn from(_: Flatten) -> Self {
        Self::Flatten
    }
}

/// Uniform in `+-1/sqrt(inputs)`, as PyTorch begins; the seed is the layer's size, so that the same network is the same.
fn begin(count: usize, inputs: usize, outputs: usize) -> Vec<f32> {
    let mut random = Random::new((inputs as u64) << 32 | outputs as u64);
    let bound = 1.0 / libm::sqrt(inputs.max(1) as f64);
    (0..count).map(|_| random.between(-bound, bound) as f32).collect()
}

impl Linear {
    /// With random weights.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { weights: begin(inputs * outputs, inputs, outputs), bias: vec![0.0; outputs], inputs, outputs }
    }

    /// With weights `[outputs, inputs]` and a bias.
    ///
    /// # Errors
    /// `Parameter` when the sizes do not fit each other.
    pub fn with(weights: Vec<f32>, bias: Vec<f32>) -> Result<Self> {
        let outputs = bias.len();
        if outputs == 0 || weights.is_empty() || !weights.len().is_multiple_of(outputs) {
            return Err(Error::parameter(format!("{} weights do not divide among {outputs} outputs", weights.len())));
        }
        Ok(Self { inputs: weights.len() / outputs, outputs, weights, bias })
    }
}

impl Conv2d {
    /// With random weights, a square kernel, stride 1 and borders of zeros that keep the size.
    pub fn new(inputs: usize, outputs: usize, kernel: usize) -> Self {
        let fan = inputs * kernel * kernel;
        let (weights, bias) = (begin(fan * outputs, fan, outputs), vec![0.0; outputs]);
        Self { weights, bias, inputs, outputs, kernel, stride: 1, padding: Padding::Same }
    }

    /// With another step.
    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Without borders.
    pub fn valid(self) -> Self {
        Self { padding: Padding::Valid, ..self }
    }
}

/// What a node's data did in the array.
type Did = (usize, Option<Activity>);

/// Layers one after the other.
#[derive(Debug, Clone, Default)]
pub struct Sequential {
    layers: Vec<Layer>,
    array: Option<Macro>,
    /// The int8 model of the last call in the array, and what its layers did there.
    ran: Option<(Model, Vec<Did>)>,
}

/// One layer in the report.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerReport {
    /// Its operator.
    pub name: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Cycles in the array, weights loaded where they do not stay.
    pub cycles: u64,
    /// Energy of the macro alone.
    pub array: Joules,
    /// Energy with buffers, weights and leakage.
    pub system: Joules,
}

/// What one inference costs in the array.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The macro.
    pub macro_name: String,
    /// Layer by layer.
    pub layers: Vec<LayerReport>,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Time.
    pub latency: Seconds,
    /// Energy of the macro alone.
    pub array: Joules,
    /// Energy with buffers, weights and leakage.
    pub system: Joules,
    /// Factor of the band around both energies.
    pub band: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} (modelled; half of the chips left out are within x{:.1}, nine tenths within x{:.0})",
            self.macro_name,
            fitted::DIGITAL_ERRORS.median,
            self.band
        )?;
        for layer in &self.layers {
            let (array, system) = (layer.array.0 * 1e9, layer.system.0 * 1e9);
            writeln!(
                f,
                "  {:<18} {:>9} MACs {:>7} cycles {array:>9.2} nJ macro {system:>9.2} nJ system",
                layer.name, layer.macs, layer.cycles
            )?;
        }
        let (array, system) = (self.array.0 * 1e9, self.system.0 * 1e9);
        write!(
            f,
            "  {:<18} {:>9} MACs {:>9.1} us {array:>11.2} nJ macro {system:>9.2} nJ system",
            "total",
            self.macs,
            self.latency.0 * 1e6
        )
    }
}

impl Sequential {
    /// No layers yet, on the processor.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more layer.
    #[allow(clippy::should_implement_trait, reason = "it is the word that users of PyTorch know")]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self.ran = None;
        self
    }

    /// On another device: `cpu` (float32), `imc` (int8 in the generic macro), or `imc:NAME` for another macro.
    ///
    /// # Errors
    /// `Parameter` for a device that does not exist.
    pub fn to(mut self, device: &str) -> Result<Self> {
        self.array = match device.split_once(':') {
            None if device == "cpu" => None,
            None if device == "imc" => Some(Macro::generic()),
            Some(("imc", name)) => Some(Macro::find(name)?),
            _ => {
                return Err(Error::parameter(format!(
                    "no device is called {device:?}; there are cpu, imc and imc:NAME"
                )));
            }
        };
        self.ran = None;
        Ok(self)
    }

    /// Runs every row of `x`. In the array, ranges of int8 are measured on these rows.
    ///
    /// *Shapes*: `[n, inputs]` into a [`Linear`], `[n, height, width, channels]` into a [`Conv2d`].
    ///
    /// # Errors
    /// `Parameter` for shapes that do not fit the layers; those of running.
    pub fn call(&mut self, x: &Tensor) -> Result<Tensor> {
        let model = self.model(x.shape())?;
        let rows = rows(x)?;
        let Some(array) = &self.array else {
            return run(&model, &rows, |model| Executor::new(model, Options::default()), Executor::run);
        };
        if !array.digital {
            return Err(Error::unsupported(
                "networks written here run on digital macros; the bench runs them on charge",
            ));
        }
        let recipe = Recipe::from_json(r#"{"version":1,"steps":[{"step":"quantize","float_io":true}]}"#)?;
        let windows: Vec<Vec<Tensor>> = rows.iter().map(|row| vec![row.clone()]).collect();
        let int8 = compress::apply(&model, &recipe, &windows, &mut Silent)?;
        let height = array.rows;
        let mut network = Network::new(&int8, height, &Mode::Digital, Options::default())?;
        let y = run(&int8, &rows, |_| Ok(()), |(), inputs| network.run(inputs))?;
        let did = network.tallies().into_iter().map(|(id, tally)| (id, tally.toggles.activity())).collect();
        self.ran = Some((int8, did));
        Ok(y)
    }

    /// What one inference of the last call cost in the array, with what its own data did.
    ///
    /// # Errors
    /// `Parameter` before anything ran in the array.
    pub fn report(&self) -> Result<Report> {
        let (Some(array), Some((model, did))) = (&self.array, &self.ran) else {
            return Err(Error::parameter(
                "Nothing ran in the array yet: send the network there with to(\"imc\") and call it",
            ));
        };
        let layers: Vec<MapLayer> = did.iter().filter_map(|(id, _)| MapLayer::of(model, *id)).collect();
        let options = mapper::Options::default();
        let mapping: Mapping = mapper::map(&layers, array, &options)?;
        let mut total = price::Cost::default();
        let mut rows = Vec::new();
        for (map, (_, activity)) in mapping.layers.iter().zip(did) {
            let cost = price::layer(map, array, &options, *activity);
            total.parts += cost.parts;
            total.latency += cost.latency;
            rows.push(LayerReport {
                name: map.layer.name.clone(),
                macs: map.layer.macs(),
                cycles: map.compute_cycles + map.load_cycles,
                array: cost.parts.array(),
                system: cost.parts.system(),
            });
        }
        Ok(Report {
            macro_name: array.name.clone(),
            macs: rows.iter().map(|row| row.macs).sum(),
            layers: rows,
            latency: total.latency,
            array: total.parts.array(),
            system: total.parts.system(),
            band: price::band(array),
        })
    }

    /// The layers as a float32 model for one row of an array of `shape`.
    ///
    /// # Errors
    /// `Parameter` for a shape that does not fit a layer, which is named.
    pub fn model(&self, shape: &[usize]) -> Result<Model> {
        let mut build = Build { model: Model::default(), shape: shape.to_vec(), last: 0 };
        if let Some(batch) = build.shape.first_mut() {
            *batch = 1;
        }
        build.last = build.model.add_value(Value::activation("x", DType::Float32, &build.shape));
        let first = build.last;
        for (at, layer) in self.layers.iter().enumerate() {
            build.add(layer).map_err(|error| error.at(format!("layer {at}")))?;
        }
        (build.model.inputs, build.model.outputs) = (vec![first], vec![build.last]);
        Ok(build.model)
    }
}

struct Build {
    model: Model,
    shape: Vec<usize>,
    last: ValueId,
}

impl Build {
    fn add(&mut self, layer: &Layer) -> Result<()> {
        match layer {
            Layer::ReLU => self.node(Op::Relu, &[], self.shape.clone()),
            Layer::Flatten => self.flatten(),
            Layer::Linear(layer) => {
                if self.shape.last() != Some(&layer.inputs) || self.shape.len() != 2 {
                    return Err(Error::parameter(format!(
                        "a Linear of {} inputs cannot take {:?}",
                        layer.inputs, self.shape
                    )));
                }
                let w = Value::float_constant("w", &[layer.outputs, layer.inputs], &layer.weights);
                let b = Value::float_constant("b", &[layer.outputs], &layer.bias);
                self.node(Op::FullyConnected(FullyConnected::default()), &[w, b], vec![1, layer.outputs]);
            }
            Layer::Conv2d(layer) => {
                let &[_, height, width, channels] = &self.shape[..] else {
                    return Err(Error::parameter(format!("a Conv2d cannot take {:?}", self.shape)));
                };
                if channels != layer.inputs {
                    return Err(Error::parameter(format!(
                        "a Conv2d of {} channels cannot take {channels}",
                        layer.inputs
                    )));
                }
                let side = |n: usize| match layer.padding {
                    Padding::Same => n.div_ceil(layer.stride.max(1)),
                    Padding::Valid => (n + 1).saturating_sub(layer.kernel).div_ceil(layer.stride.max(1)),
                };
                let shape = vec![1, side(height), side(width), layer.outputs];
                let kernel = [layer.outputs, layer.kernel, layer.kernel, layer.inputs];
                let w = Value::float_constant("w", &kernel, &layer.weights);
                let b = Value::float_constant("b", &[layer.outputs], &layer.bias);
                let op = op::Conv2d {
                    padding: layer.padding,
                    stride: [layer.stride; 2],
                    dilation: [1, 1],
                    activation: Activation::None,
                };
                self.node(Op::Conv2d(op), &[w, b], shape);
            }
        }
        Ok(())
    }

    fn flatten(&mut self) {
        let whole = self.shape.iter().product();
        let shape = Value::int_constant("shape", &[2], &[1, whole as i32]);
        self.node(Op::Reshape { new_shape: None }, &[shape], vec![1, whole]);
    }

    fn node(&mut self, op: Op, constants: &[Value], shape: Vec<usize>) {
        // A ReLU after a layer with weights is fused, as converters do.
        if op == Op::Relu
            && let Some(node) = self.model.nodes.last_mut()
        {
            match &mut node.op {
                Op::FullyConnected(op) => return op.activation = Activation::Relu,
                Op::Conv2d(op) => return op.activation = Activation::Relu,
                _ => {}
            }
        }
        let mut inputs = vec![self.last];
        inputs.extend(constants.iter().map(|value| self.model.add_value(value.clone())));
        self.last = self.model.add_value(Value::activation("y", DType::Float32, &shape));
        self.model.nodes.push(Node::new(op, &inputs, &[self.last]));
        self.shape = shape;
    }
}

/// The rows of an array as float32 tensors of batch 1.
fn rows(x: &Tensor) -> Result<Vec<Tensor>> {
    let Tensor::Float32(array) = x else {
        return Err(Error::parameter(format!("a network takes float32, not {}", x.dtype())));
    };
    if array.ndim() == 0 || array.is_empty() {
        return Err(Error::parameter("an array without a row"));
    }
    let mut shape = array.shape().to_vec();
    shape[0] = 1;
    array.axis_iter(Axis(0)).map(|row| Tensor::from_f32(&shape, row.iter().copied().collect())).collect()
}

fn run<E>(
    model: &Model,
    rows: &[Tensor],
    prepare: impl Fn(&Model) -> Result<E>,
    mut each: impl FnMut(&mut E, &[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<Tensor> {
    let mut prepared = prepare(model)?;
    let mut values = Vec::new();
    let mut shape = Vec::new();
    for row in rows {
        for y in each(&mut prepared, std::slice::from_ref(row))?.into_iter().take(1) {
            shape = y.shape().to_vec();
            values.extend(y.to_f32_vec());
        }
    }
    if let Some(batch) = shape.first_mut() {
        *batch = rows.len();
    }
    Tensor::from_f32(&shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_convolution_and_a_classifier_run_in_the_array_nearly_as_on_the_processor() {
        let net = Sequential::new().add(Conv2d::new(2, 8, 3).stride(2)).add(ReLU).add(Flatten).add(Linear::new(72, 4));
        let x =
            Tensor::from_f32(&[3, 5, 5, 2], (0..150).map(|i| ((i * 7) % 13) as f32 / 13.0 - 0.5).collect()).unwrap();
        let exact = net.clone().call(&x).unwrap();
        let mut near_net = net.to("imc").unwrap();
        let near = near_net.call(&x).unwrap();
        assert_eq!((exact.shape(), near.shape()), (&[3, 4][..], &[3, 4][..]));
        for (a, b) in exact.to_f32_vec().iter().zip(near.to_f32_vec()) {
            assert!((a - b).abs() < 0.03, "{a} {b}");
        }
        let report = near_net.report().unwrap();
        assert_eq!(report.macs, 9 * 18 * 8 + 72 * 4);
        assert!(report.to_string().contains("CONV_2D") && report.layers.len() == 2);
    }

    #[test]
    fn shapes_and_devices_that_do_not_fit_are_named() {
        let net = Sequential::new().add(Linear::new(3, 2)).add(Linear::new(3, 2));
        let x = Tensor::from_f32(&[1, 3], vec![0.0; 3]).unwrap();
        assert_eq!(net.clone().call(&x).unwrap_err().to_string(), "layer 1: a Linear of 3 inputs cannot take [1, 2]");
        assert!(net.clone().to("gpu").unwrap_err().to_string().contains("imc"));
        assert!(net.to("imc").unwrap().report().is_err());
        assert!(Linear::with(vec![1.0; 5], vec![0.0; 2]).is_err());
    }
}
