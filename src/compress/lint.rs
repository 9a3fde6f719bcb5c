//! What stands between a model and its target: each problem in a sentence, with what to do about it.
//!
//! *Source*: what TFLM's reference kernels refuse, seen in the `tflite-micro` wheel; the behaviour of TFLM's CMSIS-NN and
//! ESP-NN kernels, read in 2026; Vela's list of supported operators (`SUPPORTED_OPS.md`) for Ethos-U55 and U65; what LiteRT
//! 2 refuses, seen in its wheel.

mod mend;
#[cfg(test)]
mod tests;

pub use mend::Mend;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::format::{Severity, tflite};
use crate::model::op::{Padding, Pool2d};
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
    for node in 0..model.nodes.len() {
        let site = Site { model, id: node, node: &model.nodes[node] };
        if target != Target::LiteRt {
            site.tflm(&mut problems);
        }
        match target {
            Target::Tflm => {}
            Target::LiteRt => site.litert(&mut problems),
            Target::CmsisNn => site.cmsis_nn(&mut problems),
            Target::EspNn => site.esp_nn(&mut problems),
            Target::EthosU => site.ethos_u(&mut problems),
        }
    }
    problems
}

/// The C++ lines that give TFLM the operators of a model, to be pasted.
///
/// # Errors
/// Those of packing weights.
pub fn resolver(model: &Model) -> Result<Vec<String>> {
    let file = tflite::expand(model)?;
    let mut lines: Vec<String> = Vec::new();
    for node in &file.nodes {
        let line = match node.op.name() {
            "TFLM_DECODE" => "resolver.AddDecode();".into(),
            name if node.op.is_known() => format!("resolver.Add{}();", camel(name)),
            name => format!("// {name} is not known to Milliwatt; add it by hand"),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.insert(0, format!("tflite::MicroMutableOpResolver<{}> resolver;", lines.len()));
    Ok(lines)
}

/// `DEPTHWISE_CONV_2D` as TFLM's functions write it.
fn camel(name: &str) -> String {
    match name {
        "PADV2" => return "PadV2".into(),
        "L2_NORMALIZATION" => return "L2Normalization".into(),
        _ => {}
    }
    let word = |word: &str| match word {
        "2D" => "2D".to_owned(),
        word => word[..1].to_owned() + &word[1..].to_lowercase(),
    };
    name.split('_').map(word).collect()
}

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
        self.input(if matches!(self.node.op, Op::TransposeConv(_)) { 2 } else { 0 })
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

    fn tflm(&self, problems: &mut Vec<Problem>) {
        if !self.node.op.is_known() {
            let sentence =
                format!("Milliwatt does not know {}, so it cannot say whether TFLM runs it", self.node.op.name());
            self.note(
                problems,
                Severity::Blocks,
                sentence,
                "look for it among TFLM's operators, or leave it out",
                None,
            );
        }
        let (Some(data), Some(weights)) = (self.data(), self.weights()) else { return };
        if data.dtype.is_float() && !weights.dtype.is_float() {
            let sentence =
                format!("float activations meet {} weights (a hybrid file), which TFLM refuses", weights.dtype);
            self.note(problems, Severity::Blocks, sentence, "quantize activations too", Some(Mend::Integers));
        }
        if weights.dtype == DType::Uint8 {
            let sentence = "its weights are in the uint8 scheme of before 2019, which TFLM no longer runs";
            self.note(problems, Severity::Blocks, sentence, "make int8 of the float model", Some(Mend::Integers));
        }
        let Some(quantization) = &weights.quantization else { return };
        let is_dense = matches!(self.node.op, Op::FullyConnected(_));
        if is_dense && quantization.is_per_channel() && !data.dtype.is_float() {
            if weights.dtype == DType::Int4 {
                let sentence = "int4 weights have a scale for each channel, which TFLM's FULLY_CONNECTED refuses";
                self.note(problems, Severity::Blocks, sentence, "give them one scale", Some(Mend::OneScale));
            } else {
                let sentence =
                    "its weights have a scale for each channel, which TFLM's FULLY_CONNECTED knows only since 2024";
                let fix = "take a newer library, or give them one scale";
                self.note(problems, Severity::Warning, sentence, fix, Some(Mend::OneScale));
            }
        }
        if quantization.zero_point.is_empty() {
            let sentence = "its weights have scales but no zero points, which TFLM refuses to load";
            self.note(problems, Severity::Blocks, sentence, "quantize the float model again", None);
        }
        if weights.encoding.is_some() {
            let sentence = "its weights are packed: TFLM before 2025 and every other runtime refuse the file";
            self.note(problems, Severity::Info, sentence, "leave Pack out", Some(Mend::Unpacked));
        }
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
        if !self.node.op.is_known() {
            let sentence =
                format!("Milliwatt does not know {}, so it cannot say whether LiteRT runs it", self.node.op.name());
            self.note(problems, Severity::Warning, sentence, "look for it among LiteRT's operators", None);
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

    fn ethos_u(&self, problems: &mut Vec<Problem>) {
        let mut cpu = |sentence: String, fix: &str, mend| {
            let sentence = format!("it runs on the processor, not on the Ethos-U: {sentence}");
            self.note(problems, Severity::Warning, sentence, fix, mend);
        };
        let output = self.node.outputs.first().and_then(|&id| self.model.values.get(id));
        if let Some(data) = self.data().into_iter().chain(output).find(|data| data.dtype.is_float()) {
            cpu(format!("its activations are {}", data.dtype), "make int8 of the float model", Some(Mend::Integers));
            return;
        }
        if let Some(weights) = self.weights() {
            if weights.encoding.is_some() {
                cpu(
                    "its weights are packed for TFLM".into(),
                    "leave Pack out; Vela packs weights itself",
                    Some(Mend::Unpacked),
                );
            }
            if !matches!(weights.dtype, DType::Int8 | DType::Uint8) {
                cpu(
                    format!("its weights are {}, not 8-bit", weights.dtype),
                    "give the weights 8 bits",
                    Some(Mend::Bytes),
                );
            }
        }
        if self.data().is_some_and(|data| data.shape.len() == 4 && data.shape[0] != 1) {
            cpu("its batch is larger than 1".into(), "export the model with a batch of 1", None);
        }
        let (stride, dilation) = match &self.node.op {
            Op::Conv2d(op) => (op.stride, op.dilation),
            Op::DepthwiseConv2d(op) => (op.stride, op.dilation),
            Op::AveragePool2d(op) | Op::MaxPool2d(op) => {
                if let Some(sentence) = pool_too_large(&self.node.op, op) {
                    cpu(sentence, "pool in two steps", None);
                }
                (op.stride, [1, 1])
            }
            _ => return,
        };
        // A window that fits once never takes a step: Vela sets its strides to 1.
        let steps = output.is_none_or(|output| output.shape.get(1..3) != Some(&[1, 1]));
        if steps && stride.iter().any(|step| !(1..=3).contains(step)) {
            cpu(format!("strides of {stride:?} are not between 1 and 3"), "choose smaller strides", None);
        }
        let Some(filter) = self.weights().and_then(|weights| weights.shape.get(1..3)) else { return };
        let reach: Vec<usize> =
            filter.iter().zip(dilation).map(|(size, apart)| (size.max(&1) - 1) * apart + 1).collect();
        if reach[0] > 64 || reach[0] * reach[1] > 4096 {
            let sentence = format!("its filter reaches over {reach:?} pixels; 64 rows and 4096 pixels are allowed");
            cpu(sentence, "choose a smaller filter or dilation", None);
        }
        let channels = self.data().and_then(|data| data.shape.last()).copied();
        if let Op::DepthwiseConv2d(op) = &self.node.op
            && op.depth_multiplier > 1
            && channels != Some(1)
        {
            let sentence = format!("it has {} filters for each of several channels", op.depth_multiplier);
            cpu(sentence, "use a convolution", None);
        }
    }
}

fn pool_too_large(op: &Op, pool: &Pool2d) -> Option<String> {
    let [rows, columns] = pool.filter;
    let average_with_border = matches!(op, Op::AveragePool2d(_)) && pool.padding == Padding::Same;
    let fits = if average_with_border { rows <= 8 && columns <= 8 } else { rows <= 256 && rows * columns <= 65_536 };
    (!fits).then(|| format!("it pools over {rows} by {columns} pixels"))
}
