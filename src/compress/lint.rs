//! What stands between a model and its target: each problem in a sentence, with what to do about it.
//!
//! *Source*: what TFLM's reference kernels refuse, seen in the `tflite-micro` wheel; the behaviour of TFLM's CMSIS-NN and
//! ESP-NN kernels, read in 2026; Vela's list of supported operators (`SUPPORTED_OPS.md`) for Ethos-U55 and U65.

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
}

impl Target {
    /// All targets, with the name that the command line uses.
    pub const ALL: [(&'static str, Target); 4] =
        [("tflm", Self::Tflm), ("cmsis-nn", Self::CmsisNn), ("esp-nn", Self::EspNn), ("ethos-u", Self::EthosU)];

    /// Finds a target by its name.
    ///
    /// # Errors
    /// `Parameter` with the known names.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, target)| target).ok_or_else(|| {
            Error::parameter(format!("no target is called {name:?}; there are tflm, cmsis-nn, esp-nn and ethos-u"))
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
    /// The named recipe that does it, applied to the float model where the sentence says so.
    pub preset: Option<&'static str>,
}

/// The problems of a model on a target, in the order of its nodes; the worst of a node first.
///
/// ```
/// use milliwatt::compress::lint::{Target, lint};
/// use milliwatt::model::{Model, Node, Op, Value};
/// use milliwatt::tensor::DType;
/// let mut model = Model::default();
/// let x = model.add_value(Value::activation("x", DType::Float32, &[1, 8]));
/// let y = model.add_value(Value::activation("y", DType::Float32, &[1, 8]));
/// model.nodes.push(Node::new(Op::Relu, &[x], &[y]));
/// (model.inputs, model.outputs) = (vec![x], vec![y]);
/// assert!(lint(&model, Target::Tflm).is_empty());
/// assert_eq!(lint(&model, Target::EthosU)[0].preset, Some("int8"));
/// ```
pub fn lint(model: &Model, target: Target) -> Vec<Problem> {
    let mut problems = Vec::new();
    for node in 0..model.nodes.len() {
        let site = Site { model, id: node, node: &model.nodes[node] };
        site.tflm(&mut problems);
        match target {
            Target::Tflm => {}
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
        preset: Option<&'static str>,
    ) {
        let (sentence, fix) = (sentence.into(), fix.into());
        problems.push(Problem { severity, place: self.model.place(self.id), sentence, fix, preset });
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
            self.note(problems, Severity::Blocks, sentence, "quantize activations too", Some("int8"));
        }
        if weights.dtype == DType::Uint8 {
            let sentence = "its weights are in the uint8 scheme of before 2019, which TFLM no longer runs";
            self.note(problems, Severity::Blocks, sentence, "make int8 of the float model", Some("int8"));
        }
        let Some(quantization) = &weights.quantization else { return };
        let is_dense = matches!(self.node.op, Op::FullyConnected(_));
        if is_dense && quantization.is_per_channel() && !data.dtype.is_float() {
            if weights.dtype == DType::Int4 {
                let sentence = "int4 weights have a scale for each channel, which TFLM's FULLY_CONNECTED refuses";
                self.note(problems, Severity::Blocks, sentence, "give them one scale", Some("int4"));
            } else {
                let sentence =
                    "its weights have a scale for each channel, which TFLM's FULLY_CONNECTED knows only since 2024";
                let fix = "take a newer library, or give them one scale";
                self.note(problems, Severity::Warning, sentence, fix, Some("int8"));
            }
        }
        if quantization.zero_point.is_empty() {
            let sentence = "its weights have scales but no zero points, which TFLM refuses to load";
            self.note(problems, Severity::Blocks, sentence, "quantize the float model again", Some("int8"));
        }
        if weights.encoding.is_some() {
            let sentence = "its weights are packed: TFLM before 2025 and every other runtime refuse the file";
            self.note(problems, Severity::Info, sentence, "leave Pack out for them", Some("slim-portable"));
        }
    }

    /// What runs on the slow reference kernels although the target has faster ones.
    fn slow(&self, problems: &mut Vec<Problem>, kernels: &str, fast: &[DType]) {
        let Some(data) = self.data().filter(|_| self.node.op.weights_input().is_some()) else { return };
        if !fast.contains(&data.dtype) {
            let sentence =
                format!("{kernels} has no kernel for {} activations, so TFLM's slow ones run it", data.dtype);
            self.note(problems, Severity::Warning, sentence, "make int8 of the float model", Some("int8"));
        }
    }

    fn cmsis_nn(&self, problems: &mut Vec<Problem>) {
        self.slow(problems, "CMSIS-NN", &[DType::Int8, DType::Int16]);
        let is_packed = self.weights().is_some_and(|weights| weights.encoding.is_some());
        if is_packed && matches!(self.node.op, Op::FullyConnected(_)) {
            let sentence = "on cores with MVE, CMSIS-NN sums these weights once at the start, before they are unpacked, so \
                            answers may be wrong";
            self.note(
                problems,
                Severity::Warning,
                sentence,
                "compare with the test vectors, or leave Pack out",
                Some("slim-tflm"),
            );
        }
    }

    fn esp_nn(&self, problems: &mut Vec<Problem>) {
        self.slow(problems, "ESP-NN", &[DType::Int8]);
        if self.weights().is_some_and(|weights| weights.dtype == DType::Int4) {
            let sentence = "int4 weights are unpacked into the arena at each inference before they are used";
            self.note(problems, Severity::Info, sentence, "int8 weights need no unpacking", Some("int8"));
        }
    }

    fn ethos_u(&self, problems: &mut Vec<Problem>) {
        let mut cpu = |sentence: String, fix: &str, preset| {
            let sentence = format!("it runs on the processor, not on the Ethos-U: {sentence}");
            self.note(problems, Severity::Warning, sentence, fix, preset);
        };
        if let Some(data) = self.data().filter(|data| data.dtype.is_float()) {
            cpu(format!("its activations are {}", data.dtype), "make int8 of the float model", Some("int8"));
            return;
        }
        if let Some(weights) = self.weights() {
            if weights.encoding.is_some() {
                cpu(
                    "its weights are packed for TFLM".into(),
                    "leave Pack out; Vela packs weights itself",
                    Some("slim-tflm"),
                );
            }
            if !matches!(weights.dtype, DType::Int8 | DType::Uint8) {
                cpu(
                    format!("its weights are {}, not 8-bit", weights.dtype),
                    "make int8 of the float model",
                    Some("int8"),
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
        let output = self.node.outputs.first().and_then(|&id| self.model.values.get(id));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::op::{Activation, Conv2d, FullyConnected};
    use crate::quant::Quantization;

    fn dense(weights: Value) -> Model {
        let int8 =
            |size| Value::activation("x", DType::Int8, &[1, size]).with_quantization(Quantization::per_tensor(0.1, 0));
        let mut model = Model::default();
        let (x, w, y) = (model.add_value(int8(4)), model.add_value(weights), model.add_value(int8(2)));
        model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
        (model.inputs, model.outputs) = (vec![x], vec![y]);
        model
    }

    #[test]
    fn int4_weights_of_a_dense_layer_with_two_scales_are_refused_with_a_preset_that_helps() {
        let weights = Value::constant("w", DType::Int4, &[2, 4], vec![0; 4])
            .with_quantization(Quantization::per_channel(vec![1.0, 2.0], 0));
        let problems = lint(&dense(weights), Target::Tflm);
        assert_eq!((problems[0].severity, problems[0].preset), (Severity::Blocks, Some("int4")));
        assert_eq!(problems[0].place, "node 0 (FULLY_CONNECTED)");
    }

    #[test]
    fn packed_weights_are_named_for_each_target_in_its_own_way() {
        let weights =
            Value::constant("w", DType::Int8, &[2, 4], vec![0; 8]).with_quantization(Quantization::per_tensor(1.0, 0));
        let weights = Value { encoding: Some(crate::model::Encoding::Codebook), ..weights };
        let model = dense(weights);
        let said =
            |target| lint(&model, target).into_iter().map(|problem| problem.sentence).collect::<Vec<_>>().join(" ");
        assert!(said(Target::CmsisNn).contains("before they are unpacked"));
        assert!(said(Target::EthosU).contains("packed for TFLM"));
        assert!(!said(Target::Tflm).contains("Ethos"));
    }

    #[test]
    fn a_stride_of_four_keeps_a_convolution_off_the_ethos_u() {
        let image = |size: usize| {
            Value::activation("x", DType::Int8, &[1, size, size, 1]).with_quantization(Quantization::per_tensor(0.1, 0))
        };
        let mut model = Model::default();
        let weights = Value::constant("w", DType::Int8, &[1, 1, 1, 1], vec![1]);
        let w = model.add_value(weights.with_quantization(Quantization::per_tensor(1.0, 0)));
        let (x, y) = (model.add_value(image(8)), model.add_value(image(2)));
        let op = Conv2d { padding: Padding::Same, stride: [4, 4], dilation: [1, 1], activation: Activation::None };
        model.nodes.push(Node::new(Op::Conv2d(op), &[x, w], &[y]));
        (model.inputs, model.outputs) = (vec![x], vec![y]);
        assert!(lint(&model, Target::Tflm).is_empty());
        assert!(lint(&model, Target::EthosU)[0].sentence.contains("strides of [4, 4]"));
    }

    #[test]
    fn the_resolver_gets_each_operator_once() {
        let weights =
            Value::constant("w", DType::Int8, &[2, 4], vec![0; 8]).with_quantization(Quantization::per_tensor(1.0, 0));
        let model = dense(Value { encoding: Some(crate::model::Encoding::Huffman), ..weights });
        assert_eq!(
            resolver(&model).unwrap(),
            ["tflite::MicroMutableOpResolver<2> resolver;", "resolver.AddDecode();", "resolver.AddFullyConnected();"]
        );
        let names = ["DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "RELU6", "RESIZE_NEAREST_NEIGHBOR"].map(camel);
        assert_eq!(names, ["DepthwiseConv2D", "AveragePool2D", "Relu6", "ResizeNearestNeighbor"]);
    }
}
