//! The scratch memory that CMSIS-NN asks for, in bytes.
//!
//! *Source*: the sizes that CMSIS-NN (its `..._get_buffer_size` functions of 2026) answered for real networks on an emulated
//! Cortex-M4 and M55. Older releases do not round the columns of a convolution up.

use super::runtime::Core;
use super::scratch::{COLUMNS, Request};
use super::site::{Site, Window, product, up};
use crate::model::Op;
use crate::tensor::DType;

/// Room for the columns of four output pixels (two of 16 bits), `taps` numbers each.
fn columns(taps: u64, core: Core) -> u64 {
    match core {
        Core::Scalar | Core::Dsp => 4 * up(taps, 4),
        Core::Mve { .. } => 4 * up(taps, 16),
    }
}

/// CONV_2D of int8 activations.
pub(super) fn convolution(window: &Window, core: Core, int4: bool) -> u64 {
    let [rows, width] = window.kernel;
    let ungrouped = window.input_channels == window.kernel_channels;
    if window.kernel == [1, 1] && window.border == [0, 0] && window.dilation == [1, 1] && ungrouped {
        return 0;
    }
    let taps = product(&[rows, width, window.kernel_channels]);
    if let Core::Mve { .. } = core
        && let Some(bytes) = one_row(window)
    {
        return if int4 { 0 } else { bytes };
    }
    match core {
        Core::Scalar | Core::Dsp if int4 => 4 * taps,
        _ => columns(taps, core),
    }
}

/// A convolution along one row, which MVE computes without columns: room for its ends; `None` for any other.
fn one_row(window: &Window) -> Option<u64> {
    let channels = window.input_channels;
    let [_, stride] = window.stride;
    let is_one_row = window.input[0] == 1
        && window.kernel[0] == 1
        && window.dilation[1] == 1
        && product(&[stride, channels]).is_multiple_of(4)
        && channels == window.kernel_channels;
    if !is_one_row {
        return None;
    }
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX / 4);
    let (border, step) = (signed(window.border[1]), signed(stride));
    let missing = (signed(window.output[1]) - 1) * step + signed(window.kernel[1]) - signed(window.input[1]);
    let uneven = missing % 2;
    // Output pixels at an end whose window reaches over it.
    let reaching = |over: i64| if over == 0 { 0 } else { (over + step - 1).div_euclid(step).max(1) };
    let (left, right) = (reaching(border), reaching(border + uneven));
    let middle = (signed(window.output[1]) - left - right).max(0);
    if left + middle + right != signed(window.output[1]) {
        return None;
    }
    let left_bytes = product(&[window.kernel[1], channels]) + product(&[window.border[1], channels]);
    let over = if uneven == 0 { window.border[1] } else { right.unsigned_abs() };
    Some(left_bytes.max(product(&[window.kernel[1].saturating_sub(1), channels]) + product(&[over, channels])))
}

/// CONV_2D of int16 activations.
pub(super) fn convolution_int16(window: &Window, core: Core) -> u64 {
    let taps = product(&[window.kernel[0], window.kernel[1], window.input_channels]);
    match core {
        Core::Scalar | Core::Dsp => 4 * taps,
        Core::Mve { .. } => 8 * up(taps, 8),
    }
}

/// DEPTHWISE_CONV_2D of int8 activations.
pub(super) fn depthwise(window: &Window, core: Core, int4: bool) -> u64 {
    let (channels, taps) = (window.input_channels, product(&window.kernel));
    if let Core::Mve { .. } = core
        && !int4
        && channels == 1
        && window.output_channels > 1
    {
        // An ordinary convolution, with the filter transposed behind its columns.
        let one = Window { kernel_channels: 1, input_channels: 1, ..*window };
        return convolution(&one, core, false) + product(&[taps, window.output_channels]);
    }
    if channels != window.output_channels || window.batch != 1 || window.dilation != [1, 1] {
        return 0;
    }
    let small = window.kernel == [3, 3] && window.border.iter().all(|&border| border <= 1);
    match core {
        // Columns of 124 channels, however many there are.
        Core::Mve { .. } => product(&[4 * 124, taps]),
        Core::Scalar | Core::Dsp if int4 => product(&[2, channels, taps]),
        Core::Dsp if !small => product(&[2, channels, taps]),
        Core::Dsp | Core::Scalar => 0,
    }
}

/// Whether FULLY_CONNECTED runs as a convolution of 1 x 1, for outputs of more than two dimensions.
pub(super) fn runs_as_convolution(site: &Site<'_>) -> bool {
    site.output().is_some_and(|output| output.shape.len() > 2) && site.last_dim(1).is_multiple_of(4)
}

/// FULLY_CONNECTED.
pub(super) fn dense(site: &Site<'_>, core: Core) -> Vec<Request> {
    if site.dtype(0) != Some(DType::Int8) || site.dtype(1) == Some(DType::Int4) {
        return vec![];
    }
    if runs_as_convolution(site) {
        let tables = (product(&[8, site.outputs()]), "multipliers and shifts of the outputs");
        return if site.has_scale_per_channel() { vec![] } else { vec![tables] };
    }
    match core {
        Core::Mve { speed: false } => vec![(product(&[4, site.outputs()]), "sums of the weights")],
        _ => vec![],
    }
}

/// TRANSPOSE_CONV of int8 activations: always two requests, the second possibly of nothing.
pub(super) fn transposed(site: &Site<'_>, core: Core) -> [Request; 2] {
    let [rows, width, channels] = [1, 2, 3].map(|axis| site.dim(1, axis));
    let [down, across] = match &site.node.op {
        Op::TransposeConv(op) => op.stride.map(|step| step as u64),
        _ => [1, 1],
    };
    let outputs = site.dim(1, 0);
    if down <= 2 && across <= 2 && channels > 16 {
        let taps = product(&[rows, width, channels]);
        return [(columns(taps, core), COLUMNS), (product(&[taps, outputs]), "the filter, turned")];
    }
    let span = product(&[site.dim(2, 2).saturating_sub(1), across]) + width.max(down);
    let channels = site.output().and_then(|output| output.shape.get(3)).map_or(0, |&dim| dim as u64);
    [(product(&[4, span, channels, rows.max(down)]), "accumulators of some rows"), (0, "nothing")]
}
