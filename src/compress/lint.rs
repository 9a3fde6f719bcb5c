//! What stands between a model and its target: each problem in a sentence, with what to do about it.
//!
//! *Source*: what TFLM's reference kernels refuse, seen in the `tflite-micro` wheel; the behaviour of TFLM's CMSIS-NN and
//! ESP-NN kernels, read in 2026; what Vela 5.2 leaves on the processor of an Ethos-U55 and U65, and its list of supported
//! operators; what LiteRT 2 refuses, seen in its wheel.

mod ethos;
mod mend;
mod state;
#[cfg(test)]
mod tests;
mod tflm;

pub use mend::Mend;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::format::{Severity, tflite};
use crate::model::op::tflm as kernels;
use crate::model::{Model, Node, NodeId, Op, Value};
use crate::tensor::DType;

/// What a model shall run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// TFLM with its reference kernels.
    Tflm,
    /// TFLM with Arm's kernels for Cortex-M.
    CmsisNn,
    /// TFLM with Espressif's kernels for ESP32.
    EspNn,
    /// Arm's Ethos-U55 and U65, through Vela; the rest runs on TFLM.
    EthosU,
    /// LiteRT on telephones and computers, with XNNPACK.
    LiteRt,
}

impl Target {
    /// All targets: the name that the command line uses, the target, what it is called, and what that is.
    pub const ALL: [(&'static str, Target, &'static str, &'static str); 5] = [
        ("tflm", Self::Tflm, "TFLM", "TensorFlow Lite for Microcontrollers with its reference kernels, on any core"),
        ("cmsis-nn", Self::CmsisNn, "CMSIS-NN", "TFLM with Arm's kernels for Cortex-M"),
        ("esp-nn", Self::EspNn, "ESP-NN", "TFLM with Espressif's kernels for ESP32"),
        (
            "ethos-u",
            Self::EthosU,
            "Ethos-U",
            "Arm's Ethos-U55 and U65 through Vela; what they do not take runs on TFLM",
        ),
        ("litert", Self::LiteRt, "LiteRT", "LiteRT with XNNPACK, on telephones and computers"),
    ];

    /// Finds a target by its name.
    ///
    /// # Errors
    /// `Parameter` with the known names.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.iter().find(|row| row.0 == name).map(|row| row.1).ok_or_else(|| {
            let known = "there are tflm, cmsis-nn, esp-nn, ethos-u and litert";
            Error::parameter(format!("no target is called {name:?}; {known}"))
        })
    }
}

/// One thing that keeps a model from running on its target, or from running well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: String,
    /// What is wrong.
    pub sentence: String,
    /// What to do.
    pub fix: String,
    /// The change of the recipe that does it.
    pub mend: Option<Mend>,
}

/// The problems of a model on a target, in the order of its nodes; the worst of a node first.
///
/// ```
/// use milliwatt::compress::lint::{Mend, Target, lint};
/// use milliwatt::model::{Model, Node, Op, Value};
/// use milliwatt::tensor::DType;
/// let mut model = Model::default();
/// let x = model.add_value(Value::activation("x", DType::Float32, &[1, 8]));
/// let y = model.add_value(Value::activation("y", DType::Float32, &[1, 8]));
/// model.nodes.push(Node::new(Op::Relu, &[x], &[y]));
/// (model.inputs, model.outputs) = (vec![x], vec![y]);
/// assert!(lint(&model, Target::Tflm).is_empty());
/// assert_eq!(lint(&model, Target::EthosU)[0].mend, Some(Mend::Integers));
/// ```
pub fn lint(model: &Model, target: Target) -> Vec<Problem> {
    let mut problems = Vec::new();
    state::external(model, &mut problems);
    of_graph(model, target, &mut problems);
    for (number, graph) in (1..).zip(&model.subgraphs) {
        let mut within = Vec::new();
        of_graph(graph, target, &mut within);
        // No step of a recipe changes a graph that is carried along.
        let problem = |problem: Problem| Problem {
            place: format!("subgraph {number}: {}", problem.place),
            mend: None,
            ..problem
        };
        problems.extend(within.into_iter().map(problem));
    }
    problems
}

/// Adds the problems of one graph's nodes.
fn of_graph(model: &Model, target: Target, problems: &mut Vec<Problem>) {
    for node in 0..model.nodes.len() {
        let site = Site { model, id: node, node: &model.nodes[node] };
        if target != Target::LiteRt {
            site.tflm(problems);
        }
        match target {
            Target::Tflm => {}
            Target::LiteRt => site.litert(problems),
            Target::CmsisNn => site.cmsis_nn(problems),
            Target::EspNn => site.esp_nn(problems),
            Target::EthosU => site.ethos_u(problems),
        }
    }
}

/// The C++ lines that give TFLM the operators of a model, to be pasted.
///
/// # Errors
/// Those of packing weights.
pub fn resolver(model: &Model) -> Result<Vec<String>> {
    let file = tflite::expand(model)?;
    let mut lines: Vec<String> = Vec::new();
    for node in file.nodes.iter().chain(file.subgraphs.iter().flat_map(|graph| &graph.nodes)) {
        let name = node.op.name();
        let line = match kernels::registered(node) {
            Some(known) => known.line(),
            None if name == ethos::COMPILED => "resolver.AddEthosU();".into(),
            None => format!("// TFLM has no kernel for {}; bring one, and add it with AddCustom", comment(name)),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let count = lines.iter().filter(|line| !line.starts_with("//")).count();
    lines.insert(0, format!("tflite::MicroMutableOpResolver<{count}> resolver;"));
    Ok(lines)
}

/// A name from a file that cannot end a comment: it may hold anything.
fn comment(name: &str) -> String {
    name.chars().map(|letter| if letter.is_control() || letter == '\\' { '?' } else { letter }).collect()
}

/// The builtin code of custom operators.
const CUSTOM: i32 = 32;

/// A node where a rule looks.
struct Site<'a> {
    model: &'a Model,
    id: NodeId,
    node: &'a Node,
}

impl Site<'_> {
    fn input(&self, position: usize) -> Option<&Value> {
        self.node.input(position).and_then(|id| self.model.values.get(id))
    }

    fn data(&self) -> Option<&Value> {
        self.input(kernels::registered(self.node).map_or(0, |known| known.data))
    }

    fn output(&self) -> Option<&Value> {
        self.node.outputs.first().and_then(|&id| self.model.values.get(id))
    }

    fn weights(&self) -> Option<&Value> {
        self.node.op.weights_input().and_then(|position| self.input(position))
    }

    fn note(
        &self,
        problems: &mut Vec<Problem>,
        severity: Severity,
        sentence: impl Into<String>,
        fix: &str,
        mend: Option<Mend>,
    ) {
        let (sentence, fix) = (sentence.into(), fix.into());
        problems.push(Problem { severity, place: self.model.place(self.id), sentence, fix, mend });
    }

    /// What runs on the slow reference kernels although the target has faster ones.
    fn slow(&self, problems: &mut Vec<Problem>, kernels: &str, else_by: &str, fast: &[DType]) {
        let Some(data) = self.data().filter(|_| self.node.op.weights_input().is_some()) else { return };
        if !fast.contains(&data.dtype) {
            let sentence =
                format!("{kernels} has no kernel for {} activations, so {else_by} slow ones run it", data.dtype);
            self.note(problems, Severity::Warning, sentence, "make int8 of the float model", Some(Mend::Integers));
        }
    }

    fn cmsis_nn(&self, problems: &mut Vec<Problem>) {
        self.slow(problems, "CMSIS-NN", "TFLM's", &[DType::Int8, DType::Int16]);
        let is_packed = self.weights().is_some_and(|weights| weights.encoding.is_some());
        if is_packed && matches!(self.node.op, Op::FullyConnected(_)) {
            let sentence = "on cores with MVE, CMSIS-NN sums these weights once at the start, before they are unpacked, so \
                            answers may be wrong";
            self.note(
                problems,
                Severity::Warning,
                sentence,
                "compare with the test vectors, or leave Pack out",
                Some(Mend::Unpacked),
            );
        }
    }

    fn esp_nn(&self, problems: &mut Vec<Problem>) {
        self.slow(problems, "ESP-NN", "TFLM's", &[DType::Int8]);
        if self.weights().is_some_and(|weights| weights.dtype == DType::Int4) {
            let sentence = "int4 weights are unpacked into the arena at each inference before they are used";
            self.note(problems, Severity::Info, sentence, "int8 weights need no unpacking", Some(Mend::Bytes));
        }
    }

    fn litert(&self, problems: &mut Vec<Problem>) {
        if matches!(&self.node.op, Op::Opaque(opaque) if opaque.builtin_code == CUSTOM) {
            let sentence = format!("{} is a custom operator, which LiteRT does not bring", self.node.op.name());
            self.note(problems, Severity::Warning, sentence, "register its kernel with LiteRT's resolver", None);
        }
        if self.weights().is_some_and(|weights| weights.encoding.is_some()) {
            let sentence = "its weights are packed, which TFLM alone unpacks";
            self.note(problems, Severity::Blocks, sentence, "leave Pack out", Some(Mend::Unpacked));
        }
        let scales = self.weights().and_then(|weights| weights.quantization.as_ref());
        if scales.is_some_and(|scales| scales.scale.len() != scales.zero_point.len()) {
            let sentence = "its weights have not as many zero points as scales, and LiteRT refuses to load the file";
            self.note(
                problems,
                Severity::Blocks,
                sentence,
                "make Slim keep what any runtime reads",
                Some(Mend::Portable),
            );
        }
        let bias = self.node.op.bias_input().and_then(|position| self.input(position));
        if bias.is_some_and(|bias| !bias.dtype.is_float() && bias.quantization.is_none()) {
            let sentence = "its bias has no scale, which XNNPACK looks at, so LiteRT may not run it there";
            self.note(
                problems,
                Severity::Warning,
                sentence,
                "make Slim keep what any runtime reads",
                Some(Mend::Portable),
            );
        }
        self.slow(problems, "XNNPACK", "LiteRT's", &[DType::Float32, DType::Int8, DType::Uint8]);
    }
}
