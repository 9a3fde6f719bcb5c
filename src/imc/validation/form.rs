//! The frozen forms: what the energy of a multiply-accumulate is proportional to.

use crate::imc::gates::Shape;
use crate::imc::points::{Domain, Point};
use crate::imc::{converters, technology};

/// What one multiply-accumulate is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Input bits times weight bits.
    Bits,
    /// Gates, by the published equations (digital).
    Gates,
    /// Input bits times weight bits, to a fitted power (analog).
    Power,
    /// A row term for each pair of bits and the converter's energy shared by the rows (analog).
    Adc,
}

/// How a gate's energy follows the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Not at all.
    Constant,
    /// Proportionally.
    Linear,
    /// By the polynomial of Stillmaker and Baas.
    Stillmaker,
    /// To a fitted power.
    Exponent,
    /// Proportionally above 28 nm, not at all below.
    Planar,
}

/// How the constant is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// The median of the logarithms.
    Median,
    /// Their mean.
    Mean,
}

/// One form of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Whether it is for digital macros; the grid of node exponents depends on it.
    pub digital: bool,
    /// What a multiply-accumulate is counted in.
    pub cell: Cell,
    /// Scaling with the node.
    pub node: Node,
    /// Whether rows that are said to be sparse get the published ratio.
    pub sparse: bool,
    /// How the constant is found.
    pub estimator: Estimator,
}

/// Dense against sparse energy on the one chip that published both (ISSCC 2024 11.3: 15 TOPS/W on random data, 82 at half of
/// the inputs and nine tenths of the weights zero).
pub const SPARSE_SHARE: f64 = 15.0 / 82.0;

impl Form {
    /// The frozen forms of a domain, in the order of `protocol.json`.
    pub fn all(digital: bool) -> Vec<Self> {
        let cells: &[Cell] = if digital { &[Cell::Bits, Cell::Gates] } else { &[Cell::Bits, Cell::Power, Cell::Adc] };
        let nodes: &[Node] = if digital {
            &[Node::Constant, Node::Linear, Node::Stillmaker, Node::Exponent, Node::Planar]
        } else {
            &[Node::Constant, Node::Linear, Node::Exponent]
        };
        let sparsities: &[bool] = if digital { &[false, true] } else { &[false] };
        let mut forms = Vec::new();
        for &cell in cells {
            for &node in nodes {
                for &sparse in sparsities {
                    for estimator in [Estimator::Median, Estimator::Mean] {
                        forms.push(Self { digital, cell, node, sparse, estimator });
                    }
                }
            }
        }
        forms
    }

    /// The words of `protocol.json`, joined.
    pub fn id(&self) -> String {
        let cell = match self.cell {
            Cell::Bits => "bits",
            Cell::Gates => "gates",
            Cell::Power => "power",
            Cell::Adc => "adc",
        };
        let node = match self.node {
            Node::Constant => "constant",
            Node::Linear => "linear",
            Node::Stillmaker => "stillmaker",
            Node::Exponent => "exponent",
            Node::Planar => "planar",
        };
        let sparse = if self.sparse { "-published" } else { "" };
        let estimator = match self.estimator {
            Estimator::Median => "median",
            Estimator::Mean => "mean",
        };
        format!("{cell}-{node}{sparse}-{estimator}")
    }

    /// The settings of the fitted parameters besides the constant: power or converter ratio, and node exponent.
    pub fn settings(&self) -> Vec<[f64; 2]> {
        let first: Vec<f64> = match self.cell {
            Cell::Power => (4..=10).map(|tenth| f64::from(tenth) / 10.0).collect(),
            Cell::Adc => vec![0.1e-15, 0.3e-15, 1e-15, 3e-15, 10e-15, 30e-15],
            Cell::Bits | Cell::Gates => vec![1.0],
        };
        let last = if self.digital { 15 } else { 20 };
        let second: Vec<f64> = match self.node {
            Node::Exponent => (0..=last).map(|tenth| f64::from(tenth) / 10.0).collect(),
            _ => vec![1.0],
        };
        first.iter().flat_map(|&a| second.iter().map(move |&b| [a, b])).collect()
    }

    /// The logarithm of what a point's energy is proportional to, with these settings.
    pub fn shape(&self, point: &Point, setting: [f64; 2]) -> f64 {
        let bits = point.input_bits * point.weight_bits;
        let (rows, square) = (point.rows_or_rule(), point.supply * point.supply);
        let cell = match self.cell {
            Cell::Bits => bits,
            Cell::Gates => gates(point).gates_per_mac(),
            Cell::Power => libm::pow(bits, setting[0]),
            Cell::Adc => {
                let usual = converters::usual_bits(point.input_bits, rows);
                // One conversion for each column of weight bits; the input is converted whole.
                let conversion = converters::adc_energy(point.adc_bits.unwrap_or(usual), 1.0) * point.weight_bits;
                (setting[0] * bits + conversion / rows) * 1e15
            }
        };
        let node = match self.node {
            Node::Constant => 1.0,
            Node::Linear => point.node / 28.0,
            Node::Stillmaker => technology::energy_against_45(point.node, 0.9),
            Node::Exponent => libm::pow(point.node / 28.0, setting[1]),
            Node::Planar => (point.node / 28.0).max(1.0),
        };
        let sparse = if self.sparse && point.sparse { SPARSE_SHARE } else { 1.0 };
        libm::log(cell * square * node * sparse)
    }
}

/// The shape of a digital point, with the frozen rules for blanks.
pub fn gates(point: &Point) -> Shape {
    let outputs = point.columns.map_or(64.0, |columns| columns as f64 / point.weight_bits).max(1.0);
    Shape {
        rows: point.rows_or_rule(),
        outputs,
        weight_bits: point.weight_bits,
        input_bits: point.input_bits,
        bits_per_cycle: 1.0,
        sets: 1.0,
        serial: point.serial,
    }
}

/// Whether a set of the protocol takes a point.
pub fn takes(set: &str, point: &Point) -> bool {
    let digital = point.domain == Domain::Digital;
    match set {
        "digital-all" => digital,
        "digital-stated" => digital && !point.sparse && !point.approximate && !point.system && point.independent,
        "analog-all" => !digital,
        "analog-charge" => point.domain == Domain::Charge && !point.system,
        _ => false,
    }
}
