//! The hardware view and the scoreboard: published figures, and ours among them.

use super::Bench;
use super::imc::ImcRequest;
use crate::cost::platforms::{Claim, Platform, platforms};
use crate::cost::published::{Benchmark, Precision};
use crate::cost::scoreboard::{BENCHMARKS, Score, scores};
use crate::cost::{self, fit};
use crate::error::{Error, Result};
use crate::imc::mapper::layer::{Kind, Layer};
use crate::imc::mapper::{self, Options};
use crate::imc::{array::Macro, price};
use crate::model::counts;
use crate::report::Figure;
use crate::report::hardware::{HardwareReport, ModelHere, PlatformRow, ScoreRow, ScoreboardReport};
use crate::report::imc::{ImcLayer, ImcReport};

/// How far the energy of an operation on one network may be from that on another, on one chip.
///
/// *Source*: MLPerf Tiny round 1.0, GAP9 at 0.65 V: 2.2 pJ for a multiply-accumulate of ResNet-8, 19.9 of the autoencoder.
const OTHER_NETWORK: f64 = 9.0;

impl Bench {
    /// Every platform, with the model at `rate` inferences each second on those that could hold it, and the array of `request`
    /// beside what surrounds it where it can compute the model.
    ///
    /// # Errors
    /// `Parameter` without a model, with a rate that is not above zero, or for an array that does not exist.
    pub fn hardware(&self, rate: f64, request: &ImcRequest) -> Result<HardwareReport> {
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(Error::parameter(format!("{rate} inferences a second; there must be more than none")));
        }
        let side = match &self.candidate {
            Some(candidate) => &candidate.side,
            None => self.original()?,
        };
        let operations = 2.0 * counts::model(&side.model).macs.0 as f64 * rate;
        let mut rows: Vec<PlatformRow> =
            platforms()?.iter().map(|platform| row(platform, operations, side.bytes.len() as u64)).collect();
        let array = Macro::find(&request.array)?.with(&request.knobs)?;
        if let Ok(report) = self.imc(&ImcRequest { items: 0, analog: None, ..request.clone() }) {
            rows.push(ours(&array, &report));
        }
        Ok(HardwareReport {
            model: side.card.name.clone(),
            rate,
            platforms: rows,
            milliwatt: 1e-3,
            lines: vec![1e9, 1e10, 1e11, 1e12, 1e13],
        })
    }
}

fn row(platform: &Platform, needed: f64, file: u64) -> PlatformRow {
    let kind = match platform.claim {
        Claim::VendorPeak => "vendor_peak",
        Claim::Measured => "measured",
    };
    let throughput = platform.operations.filter(|_| platform.is_int8() && !platform.is_macro_only());
    PlatformRow {
        id: platform.id.into(),
        name: platform.name.into(),
        vendor: platform.vendor.into(),
        class: platform.class.into(),
        kind: kind.into(),
        operations: platform.operations,
        precision: platform.precision.into(),
        power: platform.power.map(|[low, high]| [low.0, high.0]),
        comparable: platform.is_int8(),
        macro_only: platform.is_macro_only(),
        system: around(platform),
        source: platform.source.into(),
        note: platform.note.into(),
        here: throughput.map(|throughput| here(platform, needed, throughput, file)),
    }
}

/// What a chip's memory takes alone against the chip with it: the only one that published both.
///
/// *Source*: DIANA, JSSC 2023: 600 TOPS/W of the core, 7.02 and 5.56 of the system, on CIFAR-10 and on ImageNet.
const AROUND: [f64; 2] = [600.0 / 7.02, 600.0 / 5.56];

/// The power of a macro with what must surround it, where nothing was published for it.
fn around(platform: &Platform) -> Option<Figure> {
    let [low, high] = platform.power.filter(|_| platform.is_macro_only())?;
    let note = "Nothing was published of this macro with what surrounds it: 85 times its own power, as on the one chip that \
                published both; from its own power on, which is the least, to 108 times";
    let source = "DIANA, JSSC 2023";
    Some(Figure::modelled(high.0 * AROUND[0], "W", (low.0, high.0 * AROUND[1]), note, source))
}

/// The array that is modelled here, on this model, beside the same with its surroundings.
fn ours(array: &Macro, report: &ImcReport) -> PlatformRow {
    let macs: f64 = report.layers.iter().map(|layer| layer.macs).sum();
    let seconds: f64 = report.layers.iter().map(|layer| layer.latency.value).sum();
    let watts = |of: &dyn Fn(&ImcLayer) -> &Figure| {
        report.layers.iter().map(|layer| of(layer).value).sum::<f64>() / seconds.max(1e-12)
    };
    let band = price::band(array);
    let alone = watts(&|layer| &layer.macro_energy);
    let system = watts(&|layer| &layer.system_energy);
    let note = "Buffers, loading of weights and leakage as well; no processor";
    PlatformRow {
        id: "modelled-macro".into(),
        name: array.name.clone(),
        vendor: "Milliwatt".into(),
        class: "imc".into(),
        kind: "modelled".into(),
        operations: Some(2.0 * macs / seconds.max(1e-12)),
        precision: "INT8".into(),
        power: Some([alone / band, alone * band]),
        comparable: true,
        macro_only: true,
        system: Some(Figure::modelled(system, "W", (system / band, system * band), note, super::imc::BASIS)),
        source: super::imc::BASIS.into(),
        note: "Modelled on the open model and random data, at full speed".into(),
        here: None,
    }
}

fn here(platform: &Platform, needed: f64, throughput: f64, file: u64) -> ModelHere {
    let holds = platform.memory.map(|memory| file <= memory.0);
    let share = 100.0 * needed / throughput;
    let peak = platform.claim == Claim::VendorPeak;
    // A vendor's peak is a bound; another network's rate is wrong by what networks differ.
    let figure = |value: f64, unit: &str, note: &str| Figure {
        low: Some(if peak { value } else { value / OTHER_NETWORK }),
        high: (!peak).then_some(value * OTHER_NETWORK),
        ..Figure::modelled(value, unit, (value, value), note, platform.source)
    };
    let power = platform.joules_per_operation().map(|joules| {
        let note = if peak {
            "What the rate would take at the vendor's peak efficiency, which is not reached: a lower bound; waiting is not counted"
        } else {
            "What the rate takes at the efficiency of the measured workload; waiting is not counted"
        };
        figure(joules * needed, "W", note)
    });
    let fits = match holds {
        Some(true) => "its memory holds the file",
        Some(false) => "its memory does not hold the file",
        None => "its memory is not known here",
    };
    let keeps_up = if share <= 100.0 { "keeps up" } else { "does not keep up" };
    let basis = if peak { "at the vendor's peak" } else { "at the rate of its measured workload" };
    ModelHere {
        holds,
        needed: Figure::counted(
            needed,
            "1/s",
            "Operations each second: two for each multiply-accumulate, times the rate",
        ),
        load: figure(share, "%", "Share of the platform's throughput"),
        power,
        sentence: format!("It {keeps_up} {basis}; {fits}"),
    }
}

/// The published results, and ours for the four networks: every board by its fit, and a macro of `request`.
///
/// # Errors
/// `Parameter` for a macro or knob that does not exist.
pub fn scoreboard(request: &ImcRequest) -> Result<ScoreboardReport> {
    let mut rows: Vec<ScoreRow> = scores()?.iter().map(published).collect();
    let array = Macro::find(&request.array)?.with(&request.knobs)?;
    for (at, benchmark) in Benchmark::ALL.into_iter().enumerate() {
        rows.push(in_array(BENCHMARKS[at].0, benchmark, &array, request.packing)?);
        rows.extend(cost::devices().iter().filter_map(|device| on_board(BENCHMARKS[at].0, benchmark, device)));
    }
    Ok(ScoreboardReport {
        benchmarks: BENCHMARKS.iter().map(|(id, name, _)| ((*id).into(), (*name).into())).collect(),
        rows,
        notes: vec![
            "Times are those of performance mode, energies those of energy mode, in which the clock may be another".into(),
            "The energy is that of the device's supply, with the board's own extras removed; it is no wall-plug figure".into(),
            "Rows marked Preview or RDI were no products when they were submitted".into(),
            "Rows marked modelled are ours, with the band of their held-out errors: boards by rates fitted to their other networks; \
             the macro without layers that have no weights, with its buffers and nothing else around it"
                .into(),
        ],
    })
}

fn published(score: &Score) -> ScoreRow {
    let core =
        if score.engine.is_empty() { score.core.to_owned() } else { format!("{}, {}", score.core, score.engine) };
    ScoreRow {
        kind: "published".into(),
        round: score.round.into(),
        division: score.division.into(),
        organisation: score.organisation.into(),
        system: score.system.into(),
        core,
        runtime: score.runtime.into(),
        precision: score.precision.into(),
        status: score.status.into(),
        benchmark: BENCHMARKS[score.benchmark].0.into(),
        latency_s: score.latency.map(|latency| latency.0),
        energy_j: score.energy.map(|energy| energy.0),
        latency: None,
        energy: None,
        source: score.source(),
    }
}

fn modelled_row(system: &str, core: &str, benchmark: &str, latency: Figure, energy: Option<Figure>) -> ScoreRow {
    ScoreRow {
        kind: "modelled".into(),
        round: String::new(),
        division: String::new(),
        organisation: "Milliwatt".into(),
        system: system.into(),
        core: core.into(),
        runtime: String::new(),
        precision: "int8".into(),
        status: String::new(),
        benchmark: benchmark.into(),
        latency_s: None,
        energy_j: None,
        source: latency.source.clone().unwrap_or_default(),
        latency: Some(latency),
        energy,
    }
}

/// A reference network in the array, weights loaded where they do not stay.
fn in_array(id: &str, benchmark: Benchmark, array: &Macro, packing: bool) -> Result<ScoreRow> {
    let layers: Vec<Layer> = benchmark.layers().iter().filter_map(layer).collect();
    let options = Options { packing, ..Options::default() };
    let mapping = mapper::map(&layers, array, &options)?;
    let total = price::network(&mapping, array, &options, &[]);
    let (band, basis) = (price::band(array), super::imc::BASIS);
    let note = "Random data; the macro with its buffers, loading and leakage, without a processor";
    let latency = total.latency.0;
    let latency = Figure::modelled(latency, "s", (latency / 2.0, latency * 2.0), note, basis);
    let joules = total.parts.system().0;
    let energy = Figure::modelled(joules, "J", (joules / band, joules * band), note, basis);
    Ok(modelled_row(&array.name, "in-memory compute", id, latency, Some(energy)))
}

/// A reference network on a board of the shelf, by a fit that this network was left out of: what a network of one's own gets.
fn on_board(id: &str, benchmark: Benchmark, device: &cost::Device) -> Option<ScoreRow> {
    let found = fit::fit(device, Precision::Int8)?;
    let result = found.submission.results.iter().find(|result| result.benchmark == benchmark)?;
    let off =
        |rates: &fit::Rates| rates.held_out.iter().find(|(held, _)| *held == benchmark).map(|(_, error)| 1.0 + error);
    let source = format!("{}, {}: fitted to its other networks", device.name, found.submission.runtime);
    let figure = |value: f64, factor: f64, unit: &str| {
        let note = "By rates fitted to the other networks on this board";
        Figure::modelled(value, unit, (value / factor, value * factor), note, source.clone())
    };
    let latency = figure(result.latency().0 * off(&found.cycles)?, found.cycles.factor, "s");
    let energy = result
        .energy
        .zip(found.energy.as_ref())
        .and_then(|(joules, rates)| Some(figure(joules.0 * off(rates)?, rates.factor.max(found.cycles.factor), "J")));
    let row = modelled_row(device.name, device.core, id, latency, energy);
    Some(ScoreRow { runtime: found.submission.runtime.into(), ..row })
}

/// A layer of a reference network, as the mapper sees it; positions in one row.
fn layer(layer: &cost::classes::Layer) -> Option<Layer> {
    use cost::classes::Class;
    let side = libm::round(libm::sqrt(layer.positions as f64)) as usize;
    let square = (side * side) as u64 == layer.positions;
    let positions = if square { [side, side] } else { [layer.positions as usize, 1] };
    let kernel = layer.kernel.map(|side| side as usize);
    let (inputs, outputs) = (layer.inputs as usize, layer.outputs as usize);
    let kind = match layer.class {
        Class::Convolution | Class::FewChannels | Class::FullyConnected => Kind::Dense,
        Class::Depthwise => Kind::Depthwise,
        Class::Elements | Class::Free => return None,
    };
    Some(Layer { kind, ..Layer::conv(positions, kernel, inputs, outputs) })
}
