//! Quantization and what comes before it, as the page shows them.

use super::{Transform, choices, number, option, toggle, transform};

pub(super) fn equalize() -> Transform {
    let by = [
        ("weights", "weights", "Those that make a channel become as large as those that read it; needs no data"),
        ("activations", "activations", "Every channel becomes as large as any other on your inputs"),
        ("both", "both", "Between the two: a channel on your inputs becomes as large as the weights that read it"),
    ];
    transform(
        "equalize",
        "Equalize",
        "Scales channels up and what reads them down, so that one range suits all: the same answers until it is quantized",
        vec![
            option("by", "One size of", "What is made equally large", choices("weights", &by)),
            option("powers_of_two", "Powers of two", "Scales by powers of two, which rounds nothing", toggle(false)),
        ],
    )
}

pub(super) fn row() -> Transform {
    let schemes = [
        ("int8", "int8", "int8 weights and activations, int32 biases"),
        (
            "int16x8",
            "int16 activations",
            "int8 weights, int16 activations, int64 biases: more exact, twice the RAM, about twice the time",
        ),
    ];
    let granularities = [
        ("per_channel", "per channel", "One scale for each output channel of a convolution"),
        (
            "every_layer",
            "per channel, everywhere",
            "One for each output of a fully connected layer, too: more exact, and TFLM knows it since 2024",
        ),
        ("per_tensor", "per tensor", "One scale for each weight tensor: smaller tables, less exact"),
    ];
    let roundings = [
        ("nearest", "nearest", "Each weight for itself, in a range that clips nothing"),
        (
            "compensated",
            "compensated",
            "In the range with the least error, each making up for those before it on your inputs",
        ),
        ("adaptive", "adaptive", "Then each up or down as long as its layer's output gains by it on your inputs"),
    ];
    let methods = [
        ("min_max", "min-max", "From the smallest to the largest value seen"),
        ("percentile", "percentile", "Rare outliers are cut off, so that steps are finer"),
        ("mse", "least error", "The range with the least mean squared error"),
        ("kl", "KL divergence", "The range whose histogram changes least"),
        ("moving_average", "moving average", "From averages of the extremes of each input, which clips the rarest"),
    ];
    let options = vec![
        option("scheme", "Types", "Types of weights and activations", choices("int8", &schemes)),
        option(
            "granularity",
            "Weight scales",
            "How finely the scales of weights are chosen",
            choices("per_channel", &granularities),
        ),
        option(
            "weight_bits",
            "Weight bits",
            "Bits of the weights; up to 4 are stored as int4, others as int8 in few levels, which Pack makes small",
            number(2.0, 8.0, 1.0, 8.0),
        ),
        option(
            "mixed",
            "Spread bits",
            "Layers that matter more get more bits; the number above is then what a weight has on average",
            toggle(false),
        ),
        option("rounding", "Rounding", "How weights are rounded to their levels", choices("nearest", &roundings)),
        option(
            "correct_bias",
            "Correct biases",
            "Adds to each bias what the rounded weights lose on average on your inputs",
            toggle(false),
        )
        .only_if("rounding=nearest"),
        option(
            "calibration.method",
            "Activation ranges",
            "How the range of each activation is chosen from the calibration inputs",
            choices("min_max", &methods),
        ),
        option(
            "calibration.percent",
            "Percentile",
            "Share of values that stays inside the range",
            number(95.0, 100.0, 0.05, 99.9),
        )
        .only_if("calibration.method=percentile"),
        option(
            "activation_bits",
            "Activation bits",
            "Fewer make the steps coarser. No TFLite runtime stores fewer than 8: the tensors stay int8, so the loss is measured and \
             no RAM is saved, and what lies beyond the range is not cut off. Inputs keep 8",
            number(1.0, 8.0, 1.0, 8.0),
        )
        .only_if("scheme=int8"),
        option(
            "symmetric",
            "Symmetric activations",
            "Zero in the middle of the levels, as some hardware wants it: half of them are wasted behind a ReLU",
            toggle(false),
        )
        .only_if("scheme=int8"),
        option(
            "float_io",
            "Float in and out",
            "Keeps float32 inputs and outputs and converts at the border",
            toggle(false),
        ),
    ];
    transform(
        "quantize",
        "Quantize",
        "Stores weights and activations as 8-bit integers: a quarter of the size, and integer arithmetic",
        options,
    )
}
