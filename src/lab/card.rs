//! What is known of a model as soon as it is open.

use sha2::{Digest, Sha256};

use crate::audio;
use crate::compress;
use crate::error::Result;
use crate::exec::{Executor, Options};
use crate::format::{Finding, Opened, Severity};
use crate::model::{Model, ValueId, counts};
use crate::report::{Figure, ModelCard, Port, Remark, Task};
use crate::tensor::DType;

/// Describes an opened model.
pub fn card(opened: &Opened, bytes: &[u8], name: &str) -> ModelCard {
    let model = &opened.model;
    let counts = counts::model(model);
    let presets = compress::offers(model, task(model) == Task::Reconstruction);
    ModelCard {
        opening: compress::opening(&presets).into(),
        presets,
        name: name.into(),
        sha256: sha256(bytes),
        file: Figure::counted(bytes.len() as f64, "B", "Length of the file"),
        task: task(model),
        inputs: model.inputs.iter().map(|&id| port(model, id)).collect(),
        outputs: model.outputs.iter().map(|&id| port(model, id)).collect(),
        macs: Figure::counted(
            counts.macs.0 as f64,
            "1",
            "Multiply-accumulates of one inference in convolutions and fully connected layers",
        ),
        parameters: Figure::counted(counts.parameters as f64, "1", "Weights and biases"),
        remarks: opened.findings.iter().map(remark).collect(),
        dropped: opened.dropped.clone(),
        blocked: runs(model).err().map(|error| error.to_string()),
        front_end: front_end(model).map(|front_end| front_end.name.into()),
    }
}

fn remark(finding: &Finding) -> Remark {
    Remark { severity: severity(finding.severity).into(), sentence: finding.sentence.clone() }
}

/// As the page reads it.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Blocks => "blocks",
    }
}

fn runs(model: &Model) -> Result<()> {
    Executor::new(model, Options::default()).map(|_| ())
}

/// The front end that makes this model's inputs from sound, chosen by the shape of its input.
pub fn front_end(model: &Model) -> Option<&'static audio::FrontEnd> {
    match model.inputs[..] {
        [input] => audio::front_end_for(&model.values[input].shape),
        _ => None,
    }
}

/// The real numbers that the darkest and the brightest pixel are to an integer model: the ends of its input's range.
pub fn pixels(model: &Model) -> Option<(f32, f32)> {
    let value = model.inputs.first().map(|&id| &model.values[id])?;
    let (scale, zero_point) = value.quantization.as_ref()?.single().ok()?;
    let (low, high) = match value.dtype {
        DType::Int8 => (-128, 127),
        DType::Uint8 => (0, 255),
        _ => return None,
    };
    let real = |integer: i32| scale * (integer - zero_point) as f32;
    Some((real(low), real(high)))
}

/// What the model is for, as far as its shapes tell.
pub fn task(model: &Model) -> Task {
    let ([input], [output]) = (&model.inputs[..], &model.outputs[..]) else { return Task::Other };
    let (input, output) = (&model.values[*input], &model.values[*output]);
    if output.elements() == input.elements() && output.elements() > 1 {
        Task::Reconstruction
    } else if output.elements() > 1 && output.shape.last() == Some(&output.elements()) {
        Task::Classification
    } else {
        Task::Other
    }
}

fn port(model: &Model, id: ValueId) -> Port {
    let value = &model.values[id];
    let single = value.quantization.as_ref().and_then(|quantization| quantization.single().ok());
    Port {
        name: value.name.clone(),
        shape: value.shape.iter().map(|&dim| dim as u32).collect(),
        dtype: value.dtype.name().into(),
        scale: single.map(|(scale, _)| scale),
        zero_point: single.map(|(_, zero_point)| zero_point),
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
