//! The scratch memory that ESP-NN asks for on the ESP32-S3, in bytes.
//!
//! *Source*: esp-nn 1.2.3, the sizes that its functions answered for real networks.

use super::site::{Window, product, up};

/// How far the windows reach beyond the input on the right and below.
fn beyond(window: &Window) -> [u64; 2] {
    [0, 1].map(|axis| {
        let reach = product(&[window.output[axis], window.stride[axis]]) + window.kernel[axis].max(1) - 1;
        reach.saturating_sub(window.input[axis])
    })
}

/// CONV_2D of int8 activations.
pub(super) fn convolution(window: &Window) -> u64 {
    let ([height, width], [rows, columns]) = (window.input, window.kernel);
    let (channels, outputs) = (window.input_channels, window.output_channels);
    if window.kernel == [1, 1] && window.border == [0, 0] && window.stride == [1, 1] {
        let padded = up(channels, 8);
        let input = if channels.is_multiple_of(8) { 0 } else { product(&[width, height, padded]) };
        let rows = if product(&[width, height]) >= 8 { 16 * padded } else { 0 };
        return input + product(&[padded, outputs]) + rows + 64;
    }
    let (row, taps) = (product(&[columns, channels]), product(&[columns, rows, channels]));
    if row < 16 && taps >= 16 {
        return 4 * outputs + 32 + product(&[outputs + 1, up(taps, 16)]) + 64;
    }
    let [top, left] = window.border;
    let padded = match window.border {
        [0, 0] => 0,
        _ => product(&[width + 2 * left, height + 2 * top, channels]),
    };
    // The filter lies there twice, by channels and by rows.
    let filter = product(&[columns, rows, up(channels, 16), outputs]) + product(&[up(row, 16), rows, outputs]);
    let over = match beyond(window) {
        [0, 0] => 0,
        [below, right] => product(&[width + right, height + below, channels]),
    };
    padded + filter + over + 64 + 4 * outputs
}

/// DEPTHWISE_CONV_2D of int8 activations.
pub(super) fn depthwise(window: &Window) -> u64 {
    let ([height, width], [rows, columns]) = (window.input, window.kernel);
    let channels = window.input_channels;
    let filter = product(&[columns, rows, channels, window.multiplier]);
    let twice = 2 * (filter + product(&[width, height, channels]));
    if window.multiplier == 1 && channels.is_multiple_of(8) {
        if window.kernel == [3, 3] {
            return three_by_three(window, filter, twice);
        }
        let some_rows = 2 * filter + product(&[2, width, rows, channels]);
        return if twice <= 49_152 { twice + 32 } else { some_rows + 32 };
    }
    if window.multiplier == 1 && channels > 3 {
        let padded = up(channels, 8);
        let weights = up(product(&[2, columns, rows, padded]), 16);
        let input = up(weights + product(&[2, width, height, padded]), 16);
        let output = up(input + product(&[window.output[0], window.output[1], padded]), 16);
        return output + 12 * padded + 16;
    }
    if window.multiplier.is_multiple_of(4) { twice + 32 } else { 32 }
}

/// A filter of 3 x 3 over channels that are a multiple of 8.
fn three_by_three(window: &Window, filter: u64, twice: u64) -> u64 {
    let ([height, width], [top, left]) = (window.input, window.border);
    let channels = window.input_channels;
    let [below, right] = beyond(window);
    if channels.is_multiple_of(16) {
        let [down, across] = if window.border == [0, 0] { [below, right] } else { [2 * top, 2 * left] };
        let padded = product(&[width + across, height + down, channels]);
        return match (down, across) {
            (0, 0) => filter + 16,
            _ if padded <= 40_960 => filter + padded + 16,
            _ => filter + product(&[width + across, 3, channels]) + 16,
        };
    }
    if channels >= 12 {
        let padded = up(channels, 16);
        let input = product(&[width + 2 * left + right, height + 2 * top + below, padded]);
        return 9 * padded + input + product(&[window.output[0], window.output[1], padded]) + 64;
    }
    twice + 32
}
