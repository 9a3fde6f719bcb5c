//! What TFLM's reference kernels refuse, and what they compute otherwise than the file says.

use super::{CUSTOM, Mend, Problem, Severity, Site, ethos};
use crate::model::op::tflm;
use crate::model::{Op, Value};
use crate::tensor::DType;

impl Site<'_> {
    pub(super) fn tflm(&self, problems: &mut Vec<Problem>) {
        match tflm::registered(self.node) {
            Some(kernel) => self.types(kernel, problems),
            None => self.no_kernel(problems),
        }
        self.scales(problems);
        self.weighted(problems);
    }

    fn block(&self, problems: &mut Vec<Problem>, sentence: impl Into<String>, fix: &str, mend: Option<Mend>) {
        self.note(problems, Severity::Blocks, sentence, fix, mend);
    }

    fn no_kernel(&self, problems: &mut Vec<Problem>) {
        let name = self.node.op.name();
        let is_custom = matches!(&self.node.op, Op::Opaque(opaque) if opaque.builtin_code == CUSTOM);
        if name == ethos::COMPILED {
            let sentence = "Vela has compiled this part for an Ethos-U: only TFLM with Arm's driver runs it";
            self.block(problems, sentence, "build TFLM with ETHOS_U, or start from the file before Vela", None);
        } else if is_custom {
            let sentence = format!("{name} is a custom operator that TFLM does not bring");
            self.block(problems, sentence, "write its kernel and add it with AddCustom, or leave it out", None);
        } else {
            let sentence = format!("TFLM has no kernel for {name}");
            self.block(problems, sentence, "convert the model without it, or write a kernel for it", None);
        }
    }

    /// Types and numbers of inputs that the kernel does not take.
    fn types(&self, kernel: &tflm::Registered, problems: &mut Vec<Problem>) {
        let (fewest, most) = kernel.inputs;
        if !(fewest..=most).contains(&self.node.inputs.len()) {
            let sentence = format!("TFLM's {} does not take {} inputs", kernel.name, self.node.inputs.len());
            self.block(problems, sentence, "convert the model again with a newer converter", None);
        }
        let Some(data) = self.data() else { return };
        let is_hybrid = self.weights().is_some_and(|weights| data.dtype.is_float() != weights.dtype.is_float());
        // Old weights have a sentence of their own, which says more.
        let is_old = self.weights().is_some_and(|weights| weights.dtype == DType::Uint8);
        if data.dtype == DType::Float16 && self.node.op == Op::Dequantize {
            let sentence = "its input is float16, which TFLM's DEQUANTIZE refuses: it runs float32 and integer weights";
            self.block(
                problems,
                sentence,
                "make int8 of the model, or export it with float32 weights",
                Some(Mend::Integers),
            );
        } else if !kernel.types.is_empty() && !kernel.types.contains(&data.dtype) && !is_hybrid && !is_old {
            let taken: Vec<&str> = kernel.types.iter().map(|dtype| dtype.name()).collect();
            let sentence = format!("TFLM's {} takes {}, not {}", kernel.name, taken.join(", "), data.dtype);
            self.block(problems, sentence, "make int8 of the float model", Some(Mend::Integers));
        } else if self.node.op == Op::Quantize
            && let Some(output) = self.output().filter(|output| !tflm::quantizes(data.dtype, output.dtype))
        {
            let sentence = format!("TFLM's QUANTIZE does not turn {} into {}", data.dtype, output.dtype);
            self.block(problems, sentence, "make int8 of the float model", Some(Mend::Integers));
        }
    }

    /// Scales and zero points that a kernel refuses, or that it does not go by.
    fn scales(&self, problems: &mut Vec<Problem>) {
        let name = self.node.op.name();
        let (Some(data), Some(output)) = (self.data(), self.output()) else { return };
        if let Some(fixed) = tflm::fixed_output(&self.node.op, data.dtype, output.dtype)
            && let Some(given) = output.quantization.as_ref()
        {
            let off = (f64::from(given.scale_of(0)) - fixed.scale).abs() / fixed.scale;
            let other_zero = given.zero_point_of(0) != fixed.zero_point;
            let refused = off > fixed.tolerance || (other_zero && fixed.refuses_zero_point);
            let ignored = off > 0.001 || other_zero;
            let wanted = format!("scale 1/{:.0} and zero point {}", 1.0 / fixed.scale, fixed.zero_point);
            let found = format!("scale {} and zero point {}", given.scale_of(0), given.zero_point_of(0));
            if refused {
                let sentence =
                    format!("its output has {found}; TFLM's {name} of {} refuses all but {wanted}", data.dtype);
                self.block(problems, sentence, "quantize the float model again", Some(Mend::Integers));
            } else if ignored {
                let sentence =
                    format!("its output has {found}, but TFLM's {name} of {} always writes {wanted}", data.dtype);
                let fix = "quantize the float model again";
                self.note(problems, Severity::Warning, sentence, fix, Some(Mend::Integers));
            }
        }
        if matches!(self.node.op, Op::Concatenation { .. }) && matches!(output.dtype, DType::Int8) {
            let parts = self.node.inputs.iter().flatten().filter_map(|&id| self.model.values.get(id));
            if parts.into_iter().any(|part| !same_scale(part, output)) {
                let sentence =
                    "an input has another scale or zero point than the output, which TFLM's CONCATENATION refuses";
                self.block(problems, sentence, "quantize the float model again", Some(Mend::Integers));
            }
        }
        if name == "SPACE_TO_BATCH_ND" && data.dtype == DType::Int8 && self.input(2).is_none_or(is_not_all_zero) {
            let sentence = "it pads: TFLM's int8 kernel fills the border with a byte that it never sets, so answers may \
                            differ from run to run";
            let fix = "convert the model so that its dilation stays in the convolution, or pad before with PAD";
            self.note(problems, Severity::Warning, sentence, fix, None);
        }
    }

    /// What holds of operators with weights.
    fn weighted(&self, problems: &mut Vec<Problem>) {
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
}

fn same_scale(a: &Value, b: &Value) -> bool {
    match (&a.quantization, &b.quantization) {
        (Some(a), Some(b)) => a.scale_of(0) == b.scale_of(0) && a.zero_point_of(0) == b.zero_point_of(0),
        _ => true,
    }
}

/// Whether a table of paddings pads, as far as is known.
fn is_not_all_zero(paddings: &Value) -> bool {
    paddings.to_i64().map_or(true, |numbers| numbers.iter().any(|&number| number != 0))
}
