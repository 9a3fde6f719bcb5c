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

use ndarray::Axis;

mod build;
mod layers;
mod report;

use super::array::{Activity, Macro};
use super::mapper::layer::Layer as MapLayer;
use super::mapper::{self, Mapping};
use super::network::{Mode, Network};
use super::price;
use crate::compress::quantize::quantize;
use crate::compress::recipe::QuantizeOptions;
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::model::Model;
use crate::progress::Silent;
use crate::tensor::Tensor;
pub use layers::{Conv2d, DepthwiseConv2d, Flatten, GlobalAvgPool2d, Layer, Linear, ReLU, Softmax};
pub use report::{LayerReport, Report};

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

impl Sequential {
    /// No layers yet, on the processor.
    pub fn new() -> Self {
        Self::default()
    }

    /// The layers of a float32 model.
    ///
    /// # Errors
    /// `Unsupported`, naming the operator, for a model that is no chain of layers that exist here.
    pub fn of(model: &Model) -> Result<Self> {
        Ok(Self { layers: build::layers(model)?, ..Self::default() })
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
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
        let options = QuantizeOptions { float_io: true, ..QuantizeOptions::default() };
        let windows: Vec<Vec<Tensor>> = rows.iter().map(|row| vec![row.clone()]).collect();
        let int8 = quantize(&model, &options, &windows, &mut Silent)?;
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
        build::model(&self.layers, shape)
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
mod tests;
