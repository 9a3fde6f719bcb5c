//! Memory that a kernel needs only while it runs: what it asks for, in the order in which it asks.
//!
//! *Source*: see [`super::Runtime`]; every request was compared with what 270 real networks ask for.

use super::runtime::{Core, Kernels};
use super::site::{Site, product};
use super::{cmsis_nn, esp_nn};
use crate::tensor::DType;

/// Bytes, and what they are for.
pub(super) type Request = (u64, &'static str);

pub(super) const COLUMNS: &str = "input columns of the convolution";
const UNPACKED: &str = "unpacked int4 weights";
const ACCUMULATORS: &str = "accumulators";

/// The requests of a node.
pub(super) fn scratch(site: &Site<'_>, kernels: Kernels) -> Vec<Request> {
    let int8 = |position| site.dtype(position) == Some(DType::Int8);
    match site.node.op.name() {
        "CONV_2D" | "DEPTHWISE_CONV_2D" => convolution(site, kernels),
        "FULLY_CONNECTED" => match kernels {
            Kernels::CmsisNn(core) => cmsis_nn::dense(site, core),
            Kernels::Reference | Kernels::EspNnS3 => unpacked(site),
        },
        "AVERAGE_POOL_2D" => {
            let integers = matches!(site.dtype(0), Some(DType::Int8 | DType::Int16));
            let sums = kernels == Kernels::CmsisNn(Core::Dsp) && integers;
            sums.then(|| (4 * site.dim(0, 3), "sums of the window")).into_iter().collect()
        }
        "TRANSPOSE_CONV" => transposed(site, kernels),
        "BATCH_MATMUL" if int8(0) && matches!(kernels, Kernels::CmsisNn(Core::Mve { .. })) => {
            vec![(product(&[4, site.outputs()]), "sums of the right operand")]
        }
        "MEAN" | "SUM" => {
            let integers = matches!(site.dtype(0), Some(DType::Int8 | DType::Int16));
            let sums = integers.then(|| (product(&[4, site.output_elements()]), "sums"));
            sums.into_iter().chain(axes(site)).collect()
        }
        "REDUCE_MAX" | "REDUCE_MIN" | "REDUCE_ALL" => axes(site).to_vec(),
        "MIRROR_PAD" => {
            vec![(4 * site.rank(0), "elements of a step in the output"), (4 * site.rank(0), "the same in the input")]
        }
        "SVDF" => {
            let (batch, filters) = (site.dim(0, 0), site.dim(1, 0));
            let mut requests = vec![(product(&[4, batch, filters]), "products of each filter")];
            if int8(0) {
                requests.push((product(&[4, batch, site.outputs()]), ACCUMULATORS));
            }
            if int8(0) && kernels == Kernels::CmsisNn(Core::Mve { speed: false }) {
                requests.push((product(&[4, filters]), "sums of the weights"));
            }
            requests
        }
        "UNIDIRECTIONAL_SEQUENCE_LSTM" => {
            // As large as the cell's state: gates of one step.
            let gate = site.input(19).map_or(0, |state| state.bytes() as u64);
            let integers = matches!(site.dtype(0), Some(DType::Int8 | DType::Int16));
            let gates = if matches!(kernels, Kernels::CmsisNn(_)) && integers { 3 } else { 4 };
            vec![(gate, "gates of one step"); gates]
        }
        "SOFTMAX" => {
            let output = site.output().map(|value| value.dtype);
            let asks = kernels == Kernels::EspNnS3 && int8(0) && output == Some(DType::Int8);
            asks.then(|| (4 * site.last_dim(0), "exponentials of one row")).into_iter().collect()
        }
        _ => vec![],
    }
}

/// The position in the input and the axes, made positive, that a reduction keeps.
fn axes(site: &Site<'_>) -> [Request; 2] {
    [(4 * site.rank(0), "index of the element"), (product(&[4, site.elements(1)]), "axes, made positive")]
}

/// One byte for each int4 weight.
fn unpacked(site: &Site<'_>) -> Vec<Request> {
    let packed = site.dtype(1) == Some(DType::Int4);
    packed.then(|| (site.elements(1), UNPACKED)).into_iter().collect()
}

fn convolution(site: &Site<'_>, kernels: Kernels) -> Vec<Request> {
    let Some(window) = site.window() else { return vec![] };
    let depthwise = site.node.op.name() == "DEPTHWISE_CONV_2D";
    let (activations, int4) = (site.dtype(0), site.dtype(1) == Some(DType::Int4));
    match kernels {
        Kernels::Reference => unpacked(site),
        Kernels::CmsisNn(core) => {
            let bytes = match (depthwise, activations) {
                (false, Some(DType::Int8)) => cmsis_nn::convolution(&window, core, int4),
                (false, Some(DType::Int16)) => cmsis_nn::convolution_int16(&window, core),
                (true, Some(DType::Int8)) => cmsis_nn::depthwise(&window, core, int4),
                _ => 0,
            };
            (bytes > 0).then_some((bytes, COLUMNS)).into_iter().collect()
        }
        Kernels::EspNnS3 => {
            let bytes = match (depthwise, activations) {
                (false, Some(DType::Int8)) => esp_nn::convolution(&window),
                (true, Some(DType::Int8)) => esp_nn::depthwise(&window),
                _ => 0,
            };
            let mut requests = unpacked(site);
            requests.extend((bytes > 0).then_some((bytes, "input and filter, laid out for vectors")));
            requests
        }
    }
}

fn transposed(site: &Site<'_>, kernels: Kernels) -> Vec<Request> {
    match (site.dtype(2), kernels) {
        (Some(DType::Int8), Kernels::CmsisNn(core)) => cmsis_nn::transposed(site, core).to_vec(),
        (Some(DType::Int8), _) => vec![(product(&[4, site.output_elements()]), ACCUMULATORS)],
        (Some(DType::Int16), _) => {
            let mut requests = vec![(product(&[8, site.output_elements()]), ACCUMULATORS)];
            if site.dtype(3) == Some(DType::Int16) {
                requests.push((product(&[8, site.elements(3)]), "widened bias"));
            }
            requests
        }
        _ => vec![],
    }
}
