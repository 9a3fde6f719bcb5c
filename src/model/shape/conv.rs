//! Windows over images, and matrix products: convolutions, pools, FULLY_CONNECTED.

use super::Inputs;
use crate::error::{Error, Result};
use crate::model::op::{Conv2d, DepthwiseConv2d, FullyConnected, Padding, Pool2d, TransposeConv};
use crate::tensor::elements;

/// Output size and paddings of a SAME window along one axis: `(output, before, after)`.
///
/// Odd paddings put the larger half after, as TFLite does.
///
/// *Source*: `ComputePaddingWithOffset` in TFLite's `padding.h`.
///
/// ```
/// use milliwatt::model::shape::same_padding;
/// assert_eq!(same_padding(49, 10, 2, 1), (25, 4, 5));
/// ```
pub fn same_padding(input: usize, filter: usize, stride: usize, dilation: usize) -> (usize, usize, usize) {
    let stride = stride.max(1);
    let output = input.div_ceil(stride);
    let window = (filter.max(1) - 1).saturating_mul(dilation).saturating_add(1);
    let reach = output.saturating_sub(1).saturating_mul(stride).saturating_add(window);
    let total = reach.saturating_sub(input);
    (output, total / 2, total - total / 2)
}

/// The number of window positions along one axis.
fn positions(padding: Padding, input: usize, filter: usize, stride: usize, dilation: usize) -> Result<usize> {
    if stride == 0 || dilation == 0 || filter == 0 {
        return Err(Error::format(format!(
            "a window of {filter} taps with stride {stride} and dilation {dilation} does not exist; all must be at least 1"
        )));
    }
    match padding {
        Padding::Same => Ok(same_padding(input, filter, stride, dilation).0),
        Padding::Valid => {
            let window = (filter - 1).saturating_mul(dilation).saturating_add(1);
            if input < window {
                return Err(Error::format(format!(
                    "VALID padding leaves no output: the window spans {window}, the input only {input}"
                )));
            }
            Ok((input - window) / stride + 1)
        }
    }
}

/// Checks that a bias, where there is one, has a number for each channel.
fn check_bias(inputs: &Inputs<'_>, position: usize, channels: usize) -> Result<()> {
    if let Some(bias) = inputs.optional(position)? {
        let count = elements(&bias.shape)?;
        if count != channels {
            return Err(Error::format(format!("the bias has {count} values for {channels} channels: {:?}", bias.name)));
        }
    }
    Ok(())
}

// input: [N, H, W, C]; filter: [O, h, w, C / groups]; output: [N, H', W', O]
pub(super) fn conv_2d(op: &Conv2d, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let [batch, height, width, depth] = inputs.image(0, "input")?;
    let [channels, filter_height, filter_width, filter_depth] = inputs.image(1, "filter")?;
    if filter_depth == 0 || depth % filter_depth != 0 {
        return Err(Error::format(format!("the filter reads {filter_depth} channels, but the input has {depth}")));
    }
    let groups = depth / filter_depth;
    if groups == 0 || channels % groups != 0 {
        return Err(Error::format(format!("{channels} output channels do not divide into {groups} groups")));
    }
    check_bias(inputs, 2, channels)?;
    let rows = positions(op.padding, height, filter_height, op.stride[0], op.dilation[0])?;
    let columns = positions(op.padding, width, filter_width, op.stride[1], op.dilation[1])?;
    Ok(vec![batch, rows, columns, channels])
}

// input: [N, H, W, C]; filter: [1, h, w, C * m]; output: [N, H', W', C * m]
pub(super) fn depthwise_conv_2d(op: &DepthwiseConv2d, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let [batch, height, width, depth] = inputs.image(0, "input")?;
    let [first, filter_height, filter_width, channels] = inputs.image(1, "filter")?;
    if first != 1 {
        return Err(Error::format(format!("the first dimension of a depthwise filter must be 1, not {first}")));
    }
    if depth == 0 || channels == 0 || channels % depth != 0 {
        return Err(Error::format(format!(
            "{channels} filter channels are not a multiple of the {depth} of the input"
        )));
    }
    // TFLM reads the multiplier from the file, LiteRT from the shapes: where they differ, no answer is right.
    // Zero is how some converters say "see the shapes".
    if op.depth_multiplier != 0 && op.depth_multiplier != channels / depth {
        return Err(Error::format(format!(
            "the depth multiplier is {}, but the shapes say {} ({depth} channels become {channels})",
            op.depth_multiplier,
            channels / depth
        )));
    }
    check_bias(inputs, 2, channels)?;
    let rows = positions(op.padding, height, filter_height, op.stride[0], op.dilation[0])?;
    let columns = positions(op.padding, width, filter_width, op.stride[1], op.dilation[1])?;
    Ok(vec![batch, rows, columns, channels])
}

// shape: [4] int32; filter: [O, h, w, C]; input: [N, H, W, C]; output: [N, H', W', O]
pub(super) fn transpose_conv(op: &TransposeConv, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let [channels, filter_height, filter_width, filter_depth] = inputs.image(1, "filter")?;
    let [batch, height, width, depth] = inputs.image(2, "input")?;
    if filter_depth != depth {
        return Err(Error::format(format!("the filter reads {filter_depth} channels, but the input has {depth}")));
    }
    check_bias(inputs, 3, channels)?;
    // TFLM goes by the declared shape, and does not read one that is computed.
    let wanted = inputs.integers_or_declared(0, "output shape")?;
    let output: Option<Vec<usize>> = wanted.iter().map(|&dim| usize::try_from(dim).ok()).collect();
    let Some(output) = output.filter(|output| output.len() == 4) else {
        return Err(Error::format(format!("the output shape {wanted:?} is not four sizes")));
    };
    if output[0] != batch || output[3] != channels {
        return Err(Error::format(format!(
            "the output shape {output:?} does not fit a batch of {batch} and {channels} filter channels"
        )));
    }
    // The operator is a convolution run backwards: its input is what that convolution would give.
    for (axis, size, filter) in [(1, height, filter_height), (2, width, filter_width)] {
        let back = positions(op.padding, output[axis], filter, op.stride[axis - 1], 1)?;
        if back != size {
            return Err(Error::format(format!(
                "an output of {} along axis {axis} belongs to an input of {back}, but the input has {size}",
                output[axis]
            )));
        }
    }
    Ok(output)
}

// input: [N, H, W, C]; output: [N, H', W', C]
pub(super) fn pool_2d(op: &Pool2d, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let [batch, height, width, depth] = inputs.image(0, "input")?;
    Ok(vec![
        batch,
        positions(op.padding, height, op.filter[0], op.stride[0], 1)?,
        positions(op.padding, width, op.filter[1], op.stride[1], 1)?,
        depth,
    ])
}

// input: [.., I] or anything with a multiple of I elements; weights: [O, I]; output: [N, O] or [.., O]
pub(super) fn fully_connected(op: &FullyConnected, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let input = inputs.value(0, "input")?;
    let weights = inputs.value(1, "weights")?;
    let [units, features] = weights.shape[..] else {
        return Err(Error::format(format!(
            "the weights must have 2 dimensions, but their shape is {:?}: {:?}",
            weights.shape, weights.name
        )));
    };
    check_bias(inputs, 2, units)?;
    let count = elements(&input.shape)?;
    if features == 0 || count % features != 0 {
        return Err(Error::format(format!(
            "{count} input elements (shape {:?}) do not divide into rows of {features}",
            input.shape
        )));
    }
    if op.keep_num_dims {
        let mut shape = input.shape.clone();
        match shape.last_mut() {
            Some(last) if *last == features => *last = units,
            _ => {
                return Err(Error::format(format!(
                    "the last dimension of the input {:?} is not the {features} that the weights read",
                    input.shape
                )));
            }
        }
        return Ok(shape);
    }
    Ok(vec![count / features, units])
}
