//! Reads the operator vectors of `tests/golden/ops` (its README tells the layout) and runs a model on them; under the other
//! arithmetics too, whose answers are in `tests/golden/arithmetic`.
//!
//! The files are compiled in, so that the same code serves native tests and the browser.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, reason = "a committed file that cannot be read is a failed test")]

use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::quant::Arithmetic;
use milliwatt::tensor::DType;
use milliwatt::{Model, Result, format};

/// A model of one operator (or a small network), the inputs to feed it, and what the device answers.
pub struct Case {
    /// The operator and type, such as `conv_2d_int8`.
    pub group: &'static str,
    /// What is special about the case.
    pub name: &'static str,
    /// The bytes of a `.tflite` file.
    pub model: &'static [u8],
    /// Inferences.
    pub runs: Vec<Run>,
}

/// One inference: tensors as bytes, row-major, little-endian.
pub struct Run {
    /// For each input of the model, in order.
    pub inputs: Vec<&'static [u8]>,
    /// For each output of the model, in order.
    pub outputs: Vec<&'static [u8]>,
}

macro_rules! groups {
    ($($name:literal,)*) => {
        /// Every file of the folder, by name, with its content.
        pub const GROUPS: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../golden/ops/", $name, ".bin")))),*];
    };
}

groups! {
    "add_float32",
    "add_int16",
    "add_int32",
    "add_int8",
    "average_pool_2d_float32",
    "average_pool_2d_int16",
    "average_pool_2d_int8",
    "concatenation_float32",
    "concatenation_int16",
    "concatenation_int8",
    "conv_2d_float32",
    "conv_2d_int16",
    "conv_2d_int8",
    "depthwise_conv_2d_float32",
    "depthwise_conv_2d_int16",
    "depthwise_conv_2d_int8",
    "dequantize_int16",
    "dequantize_int8",
    "dequantize_uint8",
    "expand_dims_float32",
    "expand_dims_int16",
    "expand_dims_int8",
    "fully_connected_float32",
    "fully_connected_int16",
    "fully_connected_int8",
    "graph_float32",
    "graph_int16",
    "graph_int8",
    "hard_swish_float32",
    "hard_swish_int8",
    "l2_normalization_float32",
    "l2_normalization_int8",
    "leaky_relu_float32",
    "leaky_relu_int16",
    "leaky_relu_int8",
    "logistic_float32",
    "logistic_int16",
    "logistic_int8",
    "max_pool_2d_float32",
    "max_pool_2d_int16",
    "max_pool_2d_int8",
    "mean_float32",
    "mean_int16",
    "mean_int8",
    "mul_float32",
    "mul_int16",
    "mul_int32",
    "mul_int8",
    "pad_float32",
    "pad_int16",
    "pad_int8",
    "padv2_float32",
    "padv2_int16",
    "padv2_int8",
    "prelu_float32",
    "prelu_int8",
    "quantize_int16",
    "quantize_int32",
    "quantize_int8",
    "quantize_uint8",
    "relu6_float32",
    "relu6_int16",
    "relu6_int8",
    "relu_float32",
    "relu_int16",
    "relu_int8",
    "reshape_float32",
    "reshape_int16",
    "reshape_int8",
    "resize_bilinear_float32",
    "resize_bilinear_int8",
    "resize_nearest_neighbor_float32",
    "resize_nearest_neighbor_int16",
    "resize_nearest_neighbor_int8",
    "softmax_float32",
    "softmax_int16",
    "softmax_int8",
    "split_float32",
    "split_int16",
    "split_int32",
    "split_int8",
    "squeeze_float32",
    "squeeze_int16",
    "squeeze_int8",
    "strided_slice_bool",
    "strided_slice_float32",
    "strided_slice_int16",
    "strided_slice_int32",
    "strided_slice_int8",
    "sub_float32",
    "sub_int16",
    "sub_int32",
    "sub_int8",
    "tanh_float32",
    "tanh_int16",
    "tanh_int8",
    "transpose_conv_float32",
    "transpose_conv_int16",
    "transpose_conv_int8",
    "transpose_float32",
    "transpose_int16",
    "transpose_int8",
}

/// All cases, in the order of the files, with what TFLM answers.
pub fn cases() -> Vec<Case> {
    GROUPS.iter().flat_map(|&(group, bytes)| read_group(group, bytes)).collect()
}

/// The cases of an arithmetic, with what a device that computes so answers.
///
/// The files of the other arithmetics hold answers alone: models and inputs are those of the case with the same name.
pub fn cases_of(arithmetic: Arithmetic) -> Vec<Case> {
    let answers = match arithmetic {
        Arithmetic::Tflm => return cases(),
        Arithmetic::Single => read_group("single", include_bytes!("../golden/arithmetic/single.bin")),
        Arithmetic::Xnnpack => read_group("xnnpack", include_bytes!("../golden/arithmetic/xnnpack.bin")),
    };
    let mut cases = cases();
    let take = |answer: Case| {
        let named = |case: &Case| answer.name == format!("{} {}", case.group, case.name);
        let mut case = cases.swap_remove(cases.iter().position(named).expect("answers are those of a case"));
        assert_eq!(case.runs.len(), answer.runs.len(), "{} has as many runs as answers", answer.name);
        for (run, answer) in case.runs.iter_mut().zip(answer.runs) {
            run.outputs = answer.outputs;
        }
        case
    };
    answers.into_iter().map(take).collect()
}

/// The models of the first `most` cases of each file, named after file and case.
pub fn models(most: usize) -> Vec<(String, &'static [u8])> {
    let firsts = GROUPS.iter().flat_map(|&(group, bytes)| read_group(group, bytes).into_iter().take(most));
    firsts.map(|case| (format!("{} {}", case.group, case.name), case.model)).collect()
}

/// The cases of one file.
pub fn read_group(group: &'static str, bytes: &'static [u8]) -> Vec<Case> {
    let mut rest = bytes.strip_prefix(b"MWOPS\x01\0\0").expect("the file starts with its mark");
    let count = number(&mut rest);
    let cases = (0..count)
        .map(|_| Case {
            group,
            name: std::str::from_utf8(blob(&mut rest)).expect("names are UTF-8"),
            model: blob(&mut rest),
            runs: (0..number(&mut rest)).map(|_| Run { inputs: blobs(&mut rest), outputs: blobs(&mut rest) }).collect(),
        })
        .collect();
    assert!(rest.is_empty(), "{group} has {} bytes too many", rest.len());
    cases
}

fn number(rest: &mut &'static [u8]) -> usize {
    let (head, tail) = rest.split_first_chunk::<4>().expect("the file is whole");
    *rest = tail;
    u32::from_le_bytes(*head) as usize
}

fn blob(rest: &mut &'static [u8]) -> &'static [u8] {
    let length = number(rest);
    let (head, tail) = rest.split_at(length);
    *rest = tail;
    head
}

fn blobs(rest: &mut &'static [u8]) -> Vec<&'static [u8]> {
    (0..number(rest)).map(|_| blob(rest)).collect()
}

/// Runs a case; the error says what differs, or why it does not run.
pub fn check(case: &Case, options: Options) -> std::result::Result<(), String> {
    let model = format::tflite::read(case.model).map_err(|error| format!("does not open: {error}"))?.model;
    for (index, run) in case.runs.iter().enumerate() {
        let outputs = infer(&model, options, &run.inputs).map_err(|error| format!("does not run: {error}"))?;
        if outputs.len() != run.outputs.len() {
            return Err(format!("{} outputs where there should be {}", outputs.len(), run.outputs.len()));
        }
        for (position, (ours, theirs)) in outputs.iter().zip(&run.outputs).enumerate() {
            let dtype = model.values[model.outputs[position]].dtype;
            compare(dtype, ours, theirs).map_err(|what| format!("run {index}, output {position}: {what}"))?;
        }
    }
    Ok(())
}

fn infer(model: &Model, options: Options, inputs: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
    let mut executor = Executor::new(model, options)?;
    for (index, input) in inputs.iter().enumerate() {
        executor.input_bytes_mut(index).copy_from_slice(input);
    }
    executor.invoke()?;
    Ok((0..model.outputs.len()).map(|index| executor.output_bytes(index).to_vec()).collect())
}

/// Integers must be equal; floats may differ by 1e-5 of their size plus 1e-6 of the largest in the tensor, because sums
/// may be taken in another order and TFLM's exponential is the C library's.
fn compare(dtype: DType, ours: &[u8], theirs: &[u8]) -> std::result::Result<(), String> {
    if ours.len() != theirs.len() {
        return Err(format!("{} bytes where there should be {}", ours.len(), theirs.len()));
    }
    let (ours, theirs) = (decode(dtype, ours), decode(dtype, theirs));
    let largest = theirs.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let differs = |(a, b): &(&f64, &f64)| match dtype {
        DType::Float32 => (**a - **b).abs() > 1e-5 * b.abs() + 1e-6 * largest || a.is_nan() != b.is_nan(),
        _ => a != b,
    };
    let count = ours.iter().zip(&theirs).filter(differs).count();
    match ours.iter().zip(&theirs).position(|pair| differs(&pair)) {
        None => Ok(()),
        Some(first) => Err(format!(
            "{count} of {} elements differ, first element {first}: {} where the device has {}",
            ours.len(),
            ours[first],
            theirs[first]
        )),
    }
}

fn decode(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.chunks_exact(N).map(|chunk| value(chunk.try_into().expect("chunks have N bytes"))).collect()
    }
    match dtype {
        DType::Float32 => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
        DType::Int8 => each(bytes, |b| f64::from(i8::from_le_bytes(b))),
        DType::Int16 => each(bytes, |b| f64::from(i16::from_le_bytes(b))),
        DType::Int32 => each(bytes, |b| f64::from(i32::from_le_bytes(b))),
        DType::Uint8 | DType::Bool => each(bytes, |[b]| f64::from(b)),
        other => panic!("no vector has outputs of type {other}"),
    }
}

/// Runs every case of an arithmetic and fails with a table of those that differ.
pub fn check_all(arithmetic: Arithmetic, kernels: Kernels) -> usize {
    let cases = cases_of(arithmetic);
    let wrong = |case: &Case| check(case, Options { arithmetic, kernels }).err();
    let failures: Vec<String> =
        cases.iter().filter_map(|case| wrong(case).map(|why| format!("{} {}: {why}", case.group, case.name))).collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases differ under {arithmetic:?} with {kernels:?} kernels:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
    cases.len()
}

/// Of the cases of an arithmetic, how many TFLM answers otherwise: those that tell the two apart.
pub fn telling(arithmetic: Arithmetic) -> usize {
    let tflm = Options { arithmetic: Arithmetic::Tflm, kernels: Kernels::Reference };
    cases_of(arithmetic).iter().filter(|case| check(case, tflm).is_err()).count()
}
