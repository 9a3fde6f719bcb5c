//! Packing: constants in a code, a codebook or a bitmap, which TFLM unpacks just before they are read.
//!
//! The file shrinks and the elements stay the same; the arena grows by the largest tensor that is unpacked while others
//! are alive, and each inference unpacks every packed element again. No other runtime reads such a file.

use crate::compress::prune::weight_values;
use crate::compress::recipe::{PackMethod, PackOptions};
use crate::error::Result;
use crate::format::tflite::{self, Style};
use crate::model::{Encoding, Model, Value, ValueId};
use crate::order;
use crate::progress::{self, Progress};
use crate::tensor::DType;

/// Tensors with fewer bytes are not tried: decoder, tables and copied scales take more.
const WORTH_TRYING: usize = 128;

/// A copy of a model with each weight tensor packed in whichever way makes the whole file smallest, if any does.
///
/// Files are written and their bytes counted, so that shared scales, tables and alignment are all in.
///
/// # Errors
/// Those of writing; `Cancelled`.
pub fn pack(model: &Model, options: &PackOptions, progress: &mut dyn Progress) -> Result<Model> {
    let encodings: &[Encoding] = match options.method {
        PackMethod::Smallest => &[Encoding::Codebook, Encoding::Huffman, Encoding::Bitmap],
        PackMethod::Huffman => &[Encoding::Huffman],
        PackMethod::Codebook => &[Encoding::Codebook],
        PackMethod::Bitmap => &[Encoding::Bitmap],
    };
    let mut packed = model.clone();
    let mut weights: Vec<ValueId> = weight_values(model)
        .into_iter()
        .filter(|&id| {
            let value = &model.values[id];
            matches!(value.dtype, DType::Int8 | DType::Int16)
                && value.bytes() >= WORTH_TRYING
                && value.encoding.is_none()
                && !model.outputs.contains(&id)
        })
        .collect();
    order::indices(&mut weights, &|a, b| model.values[b].bytes().cmp(&model.values[a].bytes()));
    let mut smallest = tflite::write_as(&packed, Style::Bare)?.len();
    for (done, &id) in weights.iter().enumerate() {
        progress::step(progress, "Packing weights", done, weights.len())?;
        let plain = packed.values[id].clone();
        let mut best = plain.clone();
        for &encoding in encodings {
            packed.values[id] = prepared(&plain, encoding);
            // An encoding that does not take these elements is no error: another may, or none.
            if tflite::pack(&packed.values[id], encoding).is_err() {
                continue;
            }
            let bytes = tflite::write_as(&packed, Style::Bare)?.len();
            if bytes < smallest {
                (smallest, best) = (bytes, packed.values[id].clone());
            }
        }
        packed.values[id] = best;
    }
    Ok(packed)
}

/// The constant with an encoding noted, and scales as TFLM's decoder wants them: a single one along axis 0, where the
/// axis means nothing, and for a bitmap a zero point for each channel.
fn prepared(plain: &Value, encoding: Encoding) -> Value {
    let mut value = Value { encoding: Some(encoding), ..plain.clone() };
    if let Some(quantization) = value.quantization.as_mut().filter(|quantization| !quantization.is_per_channel()) {
        quantization.axis = 0;
    }
    if let Some(quantization) = value.quantization.as_mut().filter(|_| encoding == Encoding::Bitmap) {
        let first = quantization.zero_point.first().copied().unwrap_or(0);
        quantization.zero_point.resize(quantization.scale.len(), first);
    }
    value
}
