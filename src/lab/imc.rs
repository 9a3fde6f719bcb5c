//! In-memory compute on the bench: a model in the array, layer by layer beside the processor; two matrices; what the cost model
//! is worth.

mod boards;
mod card;
pub mod chips;
mod choices;
mod joule;
pub mod matmul;
pub mod matrices;
mod run;
pub mod validation;
pub mod worth;
pub mod written;

use serde::{Deserialize, Serialize};

use super::Bench;
use crate::cost;
use crate::error::{Error, Result};
use crate::imc::analog::Circuit;
use crate::imc::array::{Activity, GENERIC, Knobs, Macro};
use crate::imc::mapper::layer::Layer;
use crate::imc::mapper::{self, LayerMap};
use crate::imc::price::{self, Cost};
use crate::model::Model;
use crate::report::Figure;
use crate::report::imc::{ImcLayer, ImcReport, MacroCard};
use crate::tensor::Tensor;
pub use card::{BASIS, array_card, macros};

/// What to put into which array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct ImcRequest {
    /// The macro's identifier.
    pub array: String,
    /// What is turned on it.
    pub knobs: Knobs,
    /// Several positions and layers in one array; the greedy baseline otherwise.
    pub packing: bool,
    /// The device whose processor is beside it.
    pub device: String,
    /// Test items that run in the array, at most; 0 prices random data without running.
    pub items: usize,
    /// Analog chips to run as well.
    pub analog: Option<AnalogRequest>,
}

/// Analog chips to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct AnalogRequest {
    /// The circuit.
    pub circuit: Circuit,
    /// Chips, each of a seed of its own, 1 to 100.
    pub chips: usize,
    /// Whether ranges of converters are chosen on the data; the whole range otherwise.
    pub optimise: bool,
}

impl Default for AnalogRequest {
    fn default() -> Self {
        Self { circuit: Circuit::default(), chips: 10, optimise: true }
    }
}

impl Default for ImcRequest {
    fn default() -> Self {
        Self {
            array: GENERIC.into(),
            knobs: Knobs::default(),
            packing: true,
            device: "nucleo-u575zi-q".into(),
            items: 20,
            analog: None,
        }
    }
}

impl ImcRequest {
    /// Reads a request written as JSON.
    ///
    /// # Errors
    /// `Parameter` with the field that is unknown or wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::parameter(format!("this is no request: {error}")))
    }
}

/// What ran, before it is priced: kept, so that a knob that does not change the answers runs nothing again.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// By node.
    activities: Vec<(usize, Activity)>,
    items: usize,
    same_bytes: Option<[u32; 2]>,
    score: Option<Figure>,
    chips: Option<crate::report::imc::ChipScores>,
}

impl Bench {
    /// The model on the bench (the candidate where a recipe was applied) in the array: mapped, run and priced.
    ///
    /// # Errors
    /// `Parameter` for a macro, knob or device that does not exist; `Unsupported` for a model without an int8 layer that the
    /// array could compute; those of running.
    pub fn imc(&self, request: &ImcRequest) -> Result<ImcReport> {
        let ran = self.imc_run(request)?;
        self.imc_price(request, &ran)
    }

    /// Runs the test items in the array, for [`Bench::imc_price`].
    ///
    /// # Errors
    /// As [`Bench::imc`].
    pub fn imc_run(&self, request: &ImcRequest) -> Result<Ran> {
        let array = Macro::find(&request.array)?.with(&request.knobs)?;
        run::run(self, self.imc_side()?, &array, request)
    }

    /// Prepares analog chips, to be run one by one.
    ///
    /// # Errors
    /// As [`Bench::imc`]; `Parameter` where none are asked for.
    pub fn imc_chips(&self, request: &ImcRequest) -> Result<chips::Chips> {
        let array = Macro::find(&request.array)?.with(&request.knobs)?;
        let analog = request.analog.as_ref().ok_or_else(|| Error::parameter("no analog chips are asked for"))?;
        chips::Chips::new(self, &array, request.items, analog)
    }

    /// The first test items as rows of one array, as the model takes them.
    ///
    /// # Errors
    /// Those of making features; `Unsupported` for a model whose inputs cannot be drawn, where there are no items.
    pub fn imc_rows(&self, most: usize) -> Result<Tensor> {
        run::rows(self, most)
    }

    /// Maps and prices the model, with what its data did.
    ///
    /// # Errors
    /// As [`Bench::imc`].
    pub fn imc_price(&self, request: &ImcRequest, ran: &Ran) -> Result<ImcReport> {
        let side = self.imc_side()?;
        let array = Macro::find(&request.array)?.with(&request.knobs)?;
        let device = cost::device::find(&request.device)
            .ok_or_else(|| Error::parameter(format!("no device is called {:?}", request.device)))?;
        let layers = layers(&side.model)?;
        let options = mapper::Options { packing: request.packing, ..mapper::Options::default() };
        let mapping = mapper::map(&layers, &array, &options)?;
        let estimate = cost::estimate(&side.model, device).ok();
        let costs: Vec<Cost> =
            mapping.layers.iter().map(|map| price::layer(map, &array, &options, ran.activity(map))).collect();
        let band = price::band(&array);
        let rows: Vec<ImcLayer> = mapping
            .layers
            .iter()
            .zip(&costs)
            .map(|(map, cost)| layer(map, cost, ran, band, &array, estimate.as_ref(), device))
            .collect();
        let mut total = Cost::default();
        for cost in &costs {
            total.parts += cost.parts;
            total.latency += cost.latency;
        }
        let macs: u64 = layers.iter().map(Layer::macs).sum();
        let activity: Vec<_> = mapping.layers.iter().map(|map| ran.activity(map)).collect();
        let array_use = joule::ArrayUse { array: &array, options: &options, mapping: &mapping, activity: &activity };
        let joules = joule::rows(&side.model, &array_use, estimate.as_ref(), device)?;
        let choices = choices::choices(&rows, &costs, band, estimate.as_ref(), device);
        let findings = choices::findings(&mapping, &total, &rows, &choices, &array, macs);
        Ok(ImcReport {
            array: array_card(&array),
            device: device.name.into(),
            items: ran.items as u32,
            same_bytes: ran.same_bytes,
            score: ran.score.clone(),
            chips: ran.chips.clone(),
            arrays: [mapping.arrays as u32, mapping.capacity as u32],
            resident: mapping.resident,
            cycles: Figure::counted(mapping.cycles() as f64, "cycles", "One inference in the array, loading included"),
            utilisation: card::share(mapping.utilisation()),
            placements: card::placements(&mapping.placements),
            parts: card::parts(&total.parts, band),
            efficiency: card::efficiency(macs, &total, band),
            layers: rows,
            joules,
            choices,
            findings,
        })
    }

    /// The side that the array speaks of.
    fn imc_side(&self) -> Result<&super::side::Side> {
        match &self.candidate {
            Some(candidate) => Ok(&candidate.side),
            None => self.original(),
        }
    }
}

impl Ran {
    fn activity(&self, map: &LayerMap) -> Option<Activity> {
        self.activities.iter().find(|(node, _)| *node == map.layer.node).map(|(_, activity)| *activity)
    }
}

/// The layers of a model that the array can compute.
fn layers(model: &Model) -> Result<Vec<Layer>> {
    let int8 = |layer: &Layer| {
        let input = model.nodes[layer.node].input(0).and_then(|id| model.values.get(id));
        input.is_some_and(|value| value.dtype == crate::tensor::DType::Int8)
    };
    let layers: Vec<Layer> = (0..model.nodes.len()).filter_map(|id| Layer::of(model, id)).filter(int8).collect();
    if layers.is_empty() {
        return Err(Error::unsupported(
            "No layer of this model can be computed in the array: it takes int8 convolutions and matrix products. Quantize \
             the model first",
        ));
    }
    Ok(layers)
}

fn layer(
    map: &LayerMap,
    cost: &Cost,
    ran: &Ran,
    band: f64,
    array: &Macro,
    estimate: Option<&cost::Estimate>,
    device: &cost::Device,
) -> ImcLayer {
    let processor = choices::on_processor(map, estimate, device);
    let better = match &processor.energy {
        Some(energy) if energy.value < cost.parts.system().0 => "processor",
        _ => "macro",
    };
    let cycles = |value: u64, note: &str| Figure::counted(value as f64, "cycles", note);
    ImcLayer {
        node: map.layer.node as u32,
        name: map.layer.name.clone(),
        macs: map.layer.macs() as f64,
        size: [map.layer.rows(), map.layer.outputs, map.layer.steps([1, 1]) as usize].map(|side| side as u32),
        tiles: map.tiles as u32,
        unroll: map.unroll.map(|side| side as u32),
        blocks: map.blocks as u32,
        copies: map.copies as u32,
        resident: map.resident,
        compute_cycles: cycles(map.compute_cycles, "Cycles in which the array computes"),
        load_cycles: cycles(map.load_cycles, "Cycles of writing weights that computing does not hide"),
        utilisation: card::share(map.utilisation),
        activity: ran.activity(map).map(|activity| card::activity(activity, ran.items)),
        latency: card::latency(map.compute_cycles + map.load_cycles, array),
        macro_energy: card::modelled(
            cost.parts.array().0,
            "J",
            band,
            "The macro alone: cells, adders or converters, control",
        ),
        system_energy: card::modelled(cost.parts.system().0, "J", band, "With buffers, loading and leakage"),
        parts: card::parts(&cost.parts, band),
        processor,
        better: better.into(),
    }
}

/// Every preset as a card.
///
/// # Errors
/// Those of reading the frozen table.
pub fn cards() -> Result<Vec<MacroCard>> {
    macros()
}
