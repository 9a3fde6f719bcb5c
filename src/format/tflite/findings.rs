//! The truth about a file, in sentences for a person.

use std::collections::{BTreeMap, BTreeSet};

use super::calls;
use crate::format::{Finding, Severity};
use crate::model::op::tflm;
use crate::model::{Model, Node, Op, Value, ValueId, state};
use crate::order;
use crate::tensor::DType;

/// What only the reader sees.
#[derive(Default)]
pub(super) struct Facts {
    /// Tensors quantized in blocks or in a way of their own.
    pub(super) blockwise: BTreeSet<ValueId>,
    /// Whether operator codes stand only in the old field.
    pub(super) deprecated_codes: bool,
}

/// All findings, the worst first; of one severity in the order of writing below.
pub(super) fn of(model: &Model, facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![];
    let mut find = |severity, sentence: Option<String>| {
        findings.extend(sentence.map(|sentence| Finding::new(severity, sentence)));
    };
    find(Severity::Blocks, unknown_operators(model, false));
    find(Severity::Blocks, blockwise(model, facts));
    find(Severity::Blocks, hybrid(model));
    find(Severity::Blocks, old_uint8(model));
    find(Severity::Blocks, per_channel_int4(model));
    find(Severity::Blocks, shuffled(model));
    find(Severity::Blocks, missing_zero_points(model));
    find(Severity::Blocks, float16_weights(model));
    find(Severity::Warning, unknown_operators(model, true));
    find(Severity::Warning, calls::sentence(model));
    find(Severity::Warning, odd_bias_scales(model));
    find(Severity::Warning, per_channel_dense(model));
    find(Severity::Warning, open_dimensions(model));
    find(Severity::Info, float_borders(model));
    for pair in state::external(model) {
        find(Severity::Info, Some(state::sentence(model, pair)));
    }
    find(Severity::Info, no_signature(model));
    find(Severity::Info, deprecated_codes(facts));
    let order = order::of(findings.len(), &|a, b| findings[b].severity.cmp(&findings[a].severity));
    order.into_iter().map(|at| findings[at].clone()).collect()
}

/// "1 node", "3 nodes".
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The value at an input of a node.
fn input<'a>(model: &'a Model, node: &Node, position: Option<usize>) -> Option<&'a Value> {
    node.input(position?).and_then(|id| model.values.get(id))
}

/// Weights, and the activation that they meet.
fn weighted(model: &Model) -> impl Iterator<Item = (&Node, &Value, &Value)> {
    model.nodes.iter().filter_map(|node| {
        let weights = input(model, node, node.op.weights_input())?;
        let data = if matches!(node.op, Op::TransposeConv(_)) { 2 } else { 0 };
        Some((node, weights, input(model, node, Some(data))?))
    })
}

/// Operators that are not executed here, those that TFLM runs or those that it does not.
fn unknown_operators(model: &Model, by_tflm: bool) -> Option<String> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &model.nodes {
        if let Op::Opaque(opaque) = &node.op
            && !node.op.is_stopped()
            && tflm::registered(node).is_some() == by_tflm
        {
            *names.entry(&opaque.name).or_default() += 1;
        }
    }
    if names.is_empty() {
        return None;
    }
    let listed: Vec<String> = names.iter().take(8).map(|(name, times)| format!("{name} ({times})")).collect();
    let more = if names.len() > 8 { ", …" } else { "" };
    Some(format!(
        "Milliwatt does not execute these operators, {}: {}{more}. It carries them along: sizes, memory, Slim, Pack, the check \
         and the list of operators work; what needs answers (accuracy, quantizing, training, test vectors) does not",
        if by_tflm { "which TFLM runs" } else { "nor does TFLM" },
        listed.join(", ")
    ))
}

fn float16_weights(model: &Model) -> Option<String> {
    let half = |node: &&Node| {
        node.op == Op::Dequantize && input(model, node, Some(0)).is_some_and(|value| value.dtype == DType::Float16)
    };
    let found = model.nodes.iter().filter(half).count();
    (found > 0).then(|| {
        format!(
            "{} stored as float16, which TFLM's DEQUANTIZE refuses; Milliwatt runs it, and int8 made from it runs there",
            if found == 1 { "1 constant is".into() } else { format!("{found} constants are") }
        )
    })
}

fn blockwise(model: &Model, facts: &Facts) -> Option<String> {
    let first = model.values.get(*facts.blockwise.first()?)?;
    Some(format!(
        "{} quantized in blocks or in a way of their own, which TFLM does not execute and Milliwatt does not either; the first is {:?}",
        if facts.blockwise.len() == 1 {
            "1 tensor is".into()
        } else {
            format!("{} tensors are", facts.blockwise.len())
        },
        first.name
    ))
}

fn hybrid(model: &Model) -> Option<String> {
    let all = weighted(model).filter(|(.., data)| data.dtype.is_float()).count();
    let small: Vec<&Value> = weighted(model)
        .filter(|(_, weights, data)| data.dtype.is_float() && !weights.dtype.is_float())
        .map(|(_, weights, _)| weights)
        .collect();
    let first = small.first()?;
    Some(format!(
        "this model calls itself float, but the weights of {} of its {} are {} (a hybrid file, also called dynamic-range \
         quantized); TFLM refuses it, and Milliwatt runs it as float with dequantized weights",
        small.len(),
        count(all, "weighted layer"),
        first.dtype
    ))
}

fn old_uint8(model: &Model) -> Option<String> {
    let found = weighted(model).filter(|(_, weights, _)| weights.dtype == DType::Uint8).count();
    (found > 0).then(|| {
        format!(
            "{} in the old uint8 scheme (before 2019), which TFLM no longer executes; converting the original again gives int8",
            if found == 1 { "1 layer is".into() } else { format!("{found} layers are") }
        )
    })
}

fn per_channel_int4(model: &Model) -> Option<String> {
    let is_bad = |node: &Node, weights: &Value| {
        matches!(node.op, Op::FullyConnected(_))
            && weights.dtype == DType::Int4
            && weights.quantization.as_ref().is_some_and(|q| q.is_per_channel())
    };
    let (_, first, _) = weighted(model).find(|(node, weights, _)| is_bad(node, weights))?;
    Some(format!(
        "a FULLY_CONNECTED layer has int4 weights with a scale per channel, which TFLM refuses; one scale for the tensor \
         would run: {:?}",
        first.name
    ))
}

fn shuffled(model: &Model) -> Option<String> {
    let found = model.nodes.iter().any(|node| matches!(&node.op, Op::FullyConnected(op) if op.shuffled_weights));
    found.then(|| {
        "a FULLY_CONNECTED layer has its weights in the shuffled layout of an old phone kernel, which is not executed here"
            .into()
    })
}

fn missing_zero_points(model: &Model) -> Option<String> {
    let is_missing = |value: &Value| value.quantization.as_ref().is_some_and(|q| q.zero_point.is_empty());
    let (_, first, _) = weighted(model).find(|(_, weights, _)| is_missing(weights))?;
    Some(format!("weights have scales but no zero points, which TFLM and LiteRT refuse to load: {:?}", first.name))
}

/// Kernels want a bias in the scale of the products: input scale times weight scale.
fn odd_bias_scales(model: &Model) -> Option<String> {
    let mut odd = vec![];
    for (node, weights, data) in weighted(model) {
        let Some(bias) = input(model, node, node.op.bias_input()) else { continue };
        let (Some(of_data), Some(of_weights), Some(of_bias)) =
            (&data.quantization, &weights.quantization, &bias.quantization)
        else {
            continue;
        };
        let is_odd = (0..of_weights.scale.len()).any(|channel| {
            let product = f64::from(of_data.scale_of(0)) * f64::from(of_weights.scale_of(channel));
            (f64::from(of_bias.scale_of(channel)) - product).abs() > product * 1e-4
        });
        if is_odd {
            odd.push(bias);
        }
    }
    let first = odd.first()?;
    Some(format!(
        "{} not in the scale of input times weights; kernels ignore a bias's own scale, so {} another number than \
         the file says; the first is {:?}",
        if odd.len() == 1 { "1 bias is".into() } else { format!("{} biases are", odd.len()) },
        if odd.len() == 1 { "it stands for" } else { "they stand for" },
        first.name
    ))
}

fn per_channel_dense(model: &Model) -> Option<String> {
    let is_new = |node: &Node, weights: &Value| {
        matches!(node.op, Op::FullyConnected(_))
            && weights.dtype == DType::Int8
            && weights.quantization.as_ref().is_some_and(|q| q.is_per_channel())
    };
    let found = weighted(model).filter(|(node, weights, data)| is_new(node, weights) && !data.dtype.is_float()).count();
    (found > 0).then(|| {
        format!(
            "{} scale per channel, which TFLM executes only since 2024; older Arduino libraries give wrong answers or refuse",
            if found == 1 {
                "1 FULLY_CONNECTED layer has one".into()
            } else {
                format!("{found} FULLY_CONNECTED layers have one")
            }
        )
    })
}

fn open_dimensions(model: &Model) -> Option<String> {
    let is_open = |id: &&ValueId| {
        let signature = model.values.get(**id).and_then(|value| value.shape_signature.as_ref());
        // An open batch is how every converter writes a model; microcontrollers run batches of one.
        signature.is_some_and(|signature| signature.iter().skip(1).any(|&dim| dim == -1))
    };
    let value = model.inputs.iter().find(is_open).and_then(|&id| model.values.get(id))?;
    Some(format!(
        "an input is declared with open dimensions {:?}; a microcontroller runs it with the fixed shape {:?}: {:?}",
        value.shape_signature.as_deref().unwrap_or_default(),
        value.shape,
        value.name
    ))
}

fn float_borders(model: &Model) -> Option<String> {
    let is_float = |id: &ValueId| model.values.get(*id).is_some_and(|value| value.dtype.is_float());
    let converts = model.nodes.iter().any(|node| matches!(node.op, Op::Quantize | Op::Dequantize));
    let integer_inside = weighted(model).any(|(.., data)| !data.dtype.is_float());
    let at_border = model.inputs.iter().any(is_float) || model.outputs.iter().any(is_float);
    (converts && integer_inside && at_border).then(|| {
        "inputs or outputs are float while the layers between are integers; the conversions at the border cost time on \
         the device"
            .into()
    })
}

fn no_signature(model: &Model) -> Option<String> {
    model.signatures.is_empty().then(|| {
        "the file has no signature, which some of Google's tools refuse; a file written by Milliwatt has one".into()
    })
}

fn deprecated_codes(facts: &Facts) -> Option<String> {
    facts.deprecated_codes.then(|| {
        "operator codes stand only in the field of before 2020, which some of Google's tools misread; a file written by \
         Milliwatt has both"
            .into()
    })
}
