//! The matmul lab: two arrays, on the processor and in the array.

use serde::{Deserialize, Serialize};

use super::card;
use crate::cost::{self, Device};
use crate::error::{Error, Result};
use crate::format::tflite;
use crate::imc::analog::{Chip, Circuit};
use crate::imc::array::{GENERIC, Knobs, Macro};
use crate::imc::digital::trace;
use crate::imc::mapper::layer::Layer;
use crate::imc::mapper::{self, Options};
use crate::imc::matmul::{How, Matmul};
use crate::imc::{self, price};
use crate::model::op::{FullyConnected, Op};
use crate::model::{Model, Node, Value};
use crate::quant::Quantization;
use crate::report::Figure;
use crate::report::imc::{BreakEven, CostRow, MatmulReport, SHOWN, TraceCycle, TraceReport};
use crate::tensor::{DType, Tensor};
use crate::units::Joules;

/// How to multiply, and in which array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct MatmulRequest {
    /// The macro's identifier.
    pub array: String,
    /// What is turned on it.
    pub knobs: Knobs,
    /// Bits of A.
    pub a_bits: usize,
    /// Bits of B.
    pub b_bits: usize,
    /// Several positions in one array where there is room.
    pub packing: bool,
    /// An analog chip's circuit instead of adders, and its seed.
    pub chip: Option<(Circuit, u64)>,
    /// Whether the ranges of that chip's converters are chosen on these matrices.
    pub choose: bool,
}

impl Default for MatmulRequest {
    fn default() -> Self {
        Self {
            array: GENERIC.into(),
            knobs: Knobs::default(),
            a_bits: 8,
            b_bits: 8,
            packing: true,
            chip: None,
            choose: true,
        }
    }
}

impl MatmulRequest {
    /// Reads a request written as JSON.
    ///
    /// # Errors
    /// `Parameter` with the field that is unknown or wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::parameter(format!("this is no request: {error}")))
    }
}

/// Multiplies two matrices in the array and says what that takes, there and on every device.
///
/// # Errors
/// Those of [`imc::matmul::matmul`]; `Parameter` for a macro or knob that does not exist.
pub fn matmul(a: &Tensor, b: &Tensor, request: &MatmulRequest) -> Result<(MatmulReport, Matmul)> {
    let array = Macro::find(&request.array)?.with(&request.knobs)?;
    if !array.digital && request.chip.is_none() {
        return Err(Error::parameter(format!("{} computes on charge: say of which circuit the chip is", array.name)));
    }
    let chip = request.chip.clone().map(|(circuit, seed)| Chip { circuit, seed });
    let how = How { a_bits: request.a_bits, b_bits: request.b_bits, rows: array.rows, chip, choose: request.choose };
    let product = imc::matmul::matmul(a, b, &how)?;
    let [rows, depth, columns] = product.size;
    let layer = Layer::dense(rows, depth, columns);
    let options =
        Options { packing: request.packing, reload: true, input_bits: request.a_bits, weight_bits: request.b_bits };
    // B is loaded once for this product, whether it would stay for the next one or not.
    let mut mapping = mapper::map(std::slice::from_ref(&layer), &array, &options)?;
    let (compute, macs) = (mapping.compute_cycles(), layer.macs());
    if let Some(map) = mapping.layers.first_mut().filter(|map| map.resident) {
        map.load_cycles = (map.load_bits * map.copies as u64).div_ceil((array.write_bits * array.count) as u64);
        map.resident = false;
    }
    let activity = if array.digital { product.activity() } else { None };
    let total = price::network(&mapping, &array, &options, &[activity]);
    let band = price::band(&array);
    let processors: Vec<CostRow> = cost::devices().iter().map(|device| on(device, product.size)).collect();
    let loading: f64 = total.parts.load + total.parts.model;
    let each = (total.parts.system().0 - loading) / rows as f64;
    let break_even = cost::devices()
        .iter()
        .zip(&processors)
        .filter_map(|(device, row)| {
            let joules = row.energy.as_ref()?.value / rows as f64;
            Some(worth(device, price::break_even(Joules(loading), Joules(joules), Joules(each)), band))
        })
        .collect();
    let n = rows * columns;
    let report = MatmulReport {
        array: card::array_card(&array),
        size: [rows, depth, columns].map(|side| side as u32),
        bits: [request.a_bits as u32, request.b_bits as u32],
        whole: product.whole,
        values: if n <= SHOWN { product.values.clone() } else { Vec::new() },
        largest_error: Figure::measured(
            product.largest_error(),
            "1",
            None,
            n,
            "Largest difference to the exact product",
        ),
        relative_error: Figure::measured(
            100.0 * product.relative_error(),
            "%",
            None,
            n,
            "Root of the mean square of the differences to the exact product, against that of the product",
        ),
        macs: Figure::counted(macs as f64, "1", "Multiply-accumulates"),
        cycles: Figure::counted(
            mapping.cycles() as f64,
            "cycles",
            "Computing, and loading B that computing does not hide",
        ),
        utilisation: card::share(mapping.utilisation()),
        activity: activity.map(|activity| card::activity(activity, rows)),
        clipped: product.clipped.map(|share| {
            Figure::measured(100.0 * share, "%", None, n, "Share of conversions outside the converters' range")
        }),
        latency: card::latency(mapping.cycles().max(compute), &array),
        macro_energy: card::modelled(total.parts.array().0, "J", band, "The macro alone"),
        system_energy: card::modelled(total.parts.system().0, "J", band, "With buffers, loading of B and leakage"),
        parts: card::parts(&total.parts, band),
        processors,
        break_even,
        placements: card::placements(&mapping.placements),
    };
    Ok((report, product))
}

fn worth(device: &Device, rows: Option<f64>, band: f64) -> BreakEven {
    let note = "Rows of A after which the array has saved what loading B into it took";
    let sentence = match rows {
        Some(rows) if rows <= 1.0 => format!("Worth it against {} from the first row on", device.name),
        Some(rows) => format!("Worth it against {} from {rows} rows on", device.name),
        None => format!("{} takes less energy for every row, however many there are", device.name),
    };
    BreakEven { device: device.id.into(), rows: rows.map(|rows| card::modelled(rows, "1", band, note)), sentence }
}

/// A product as an int8 layer. The estimate reads shapes and types alone: for it the weights need not be there.
fn layer([rows, depth, columns]: [usize; 3], weights: Vec<u8>) -> Model {
    let mut model = Model::default();
    let int8 = |name: &str, shape: &[usize], scale: f32| {
        Value::activation(name, DType::Int8, shape).with_quantization(Quantization::per_tensor(scale, 0))
    };
    let x = model.add_value(int8("x", &[rows, depth], 1.0));
    let weights = Value { data: Some(weights.into()), ..int8("w", &[columns, depth], 1.0) };
    let w = model.add_value(weights);
    // Sums of products of bytes, brought back to a byte.
    let y = model.add_value(int8("y", &[rows, columns], 64.0 * depth as f32));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

/// The product as a TFLite file with B as the weights of its only layer, and the bytes of A that go in: what processors time.
///
/// # Errors
/// As [`matmul`].
pub fn timed(a: &Tensor, b: &Tensor) -> Result<(Vec<u8>, Vec<u8>)> {
    let (left, right) = imc::matmul::bytes(a, b)?;
    let size = [a.shape()[0], a.shape()[1], b.shape()[1]];
    let bytes = |numbers: Vec<i8>| numbers.into_iter().map(|x| x as u8).collect::<Vec<u8>>();
    Ok((tflite::write(&layer(size, bytes(right)))?, bytes(left)))
}

/// Largest product whose cycles are told: rows of A, depth, bit columns.
const WATCHED: [usize; 3] = [8, 16, 64];

/// Every cycle of a product that is small enough to be watched in a digital array; `None` of a larger one.
///
/// # Errors
/// As [`matmul`].
pub fn watch(a: &Tensor, b: &Tensor, request: &MatmulRequest) -> Result<Option<TraceReport>> {
    let array = Macro::find(&request.array)?.with(&request.knobs)?;
    let (&[rows, depth], &[_, columns]) = (a.shape(), b.shape()) else { return Ok(None) };
    let fits = [rows, depth, columns * request.b_bits].iter().zip(WATCHED).all(|(&side, most)| side <= most);
    if !fits || !array.digital {
        return Ok(None);
    }
    let how =
        How { a_bits: request.a_bits, b_bits: request.b_bits, rows: array.rows, chip: None, choose: request.choose };
    let watched = imc::matmul::watch(a, b, &how)?;
    let cycle = |cycle: trace::Cycle| TraceCycle {
        row: cycle.row as u32,
        place: cycle.place as u32,
        first: (cycle.tile * array.rows) as u32,
        inputs: cycle.inputs,
        sums: cycle.sums,
        totals: cycle.totals.iter().map(|&total| total as f64).collect(),
        changes: cycle.changes,
    };
    Ok(Some(TraceReport {
        size: [rows, depth, columns].map(|side| side as u32),
        bits: watched.bits.map(|bits| bits.count as u32),
        signed: watched.bits.map(|bits| bits.signed),
        cells: watched.cells,
        cycles: watched.cycles.into_iter().map(cycle).collect(),
    }))
}

/// The product on a device's processor.
fn on(device: &'static Device, size: [usize; 3]) -> CostRow {
    let model = layer(size, Vec::new());
    let estimate = cost::estimate(&model, device).ok();
    let note = "An int8 product on the processor, by rates fitted to its MLPerf Tiny results, as if both matrices were in memory";
    let figure = |value: f64, low: f64, high: f64, unit: &str, source: &str| {
        Figure::modelled(value, unit, (low, high), note, source)
    };
    let latency = estimate.as_ref().map(|estimate| {
        let latency = estimate.latency;
        figure(latency.value.0, latency.low.0, latency.high.0, "s", &estimate.basis)
    });
    let energy = estimate.as_ref().and_then(|estimate| {
        let energy = estimate.energy?;
        Some(figure(energy.value.0, energy.low.0, energy.high.0, "J", &estimate.basis))
    });
    CostRow { id: device.id.into(), name: device.name.into(), latency, energy }
}
