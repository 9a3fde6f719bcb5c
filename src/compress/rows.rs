//! Rows of the transforms that make the file smaller without touching how it computes.

pub(super) mod channels;
pub(super) mod train;

use super::{Control, Transform, TransformOption, choice, option};

pub(super) fn codebook() -> Transform {
    Transform {
        step: "codebook".into(),
        label: "Codebook".into(),
        sentence: "Lets the larger weight tensors take few different values; with Pack, an index stands for each"
            .into(),
        options: vec![
            option(
                "values",
                "Values",
                "How many different values; 16 take four bits each",
                Control::Number { min: 2.0, max: 128.0, step: 1.0, default: 16.0, unit: String::new() },
            ),
            option(
                "tables",
                "Values of",
                "What has values of its own",
                Control::Choice {
                    choices: vec![
                        choice("per_channel", "each channel", "Where scales differ by channel; otherwise the tensor"),
                        choice("shared", "each tensor", "All channels of a tensor take the same values"),
                    ],
                    default: "per_channel".into(),
                },
            ),
            option(
                "keep_zeros",
                "Keep zeros",
                "Weights that were pruned stay zero",
                Control::Toggle { default: false },
            ),
        ],
    }
}

pub(super) fn slim() -> Transform {
    Transform {
        step: "slim".into(),
        label: "Slim".into(),
        sentence: "Leaves out what no kernel reads: the same outputs, byte for byte, from a smaller file".into(),
        options: vec![option(
            "target",
            "Runs on",
            "Which runtimes shall still run the file",
            Control::Choice {
                choices: vec![
                    choice("tflm", "TFLM only", "Also without zero points and scales that TFLM does not look at"),
                    choice("portable", "any runtime", "What LiteRT and XNNPACK look at stays"),
                ],
                default: "tflm".into(),
            },
        )],
    }
}

pub(super) fn pack() -> Transform {
    Transform {
        step: "pack".into(),
        label: "Pack".into(),
        sentence:
            "Packs weights so that TFLM alone unpacks them: less flash, more RAM for the unpacked tensor, and time \
                   to unpack at each inference"
                .into(),
        options: vec![option(
            "method",
            "Packed as",
            "How weights are packed; a tensor that would grow stays as it is",
            Control::Choice {
                choices: vec![
                    choice("smallest", "smallest", "Whichever takes the fewest bytes, for each tensor"),
                    choice("huffman", "Huffman code", "Frequent values take few bits"),
                    choice("codebook", "codebook", "An index into a table of the values that occur"),
                    choice("bitmap", "bitmap", "A bit for each weight, and those that are not zero"),
                ],
                default: "smallest".into(),
            },
        )],
    }
}

pub(super) fn weight_bits() -> TransformOption {
    option(
        "weight_bits",
        "Weight bits",
        "Bits of the weights; up to 4 are stored as int4, others as int8 in few levels, which Pack makes small",
        Control::Number { min: 2.0, max: 8.0, step: 1.0, default: 8.0, unit: String::new() },
    )
}

pub(super) fn mixed() -> TransformOption {
    option(
        "mixed",
        "Spread bits",
        "Layers that matter more get more bits; the number above is then what a weight has on average",
        Control::Toggle { default: false },
    )
}

pub(super) fn rounding() -> TransformOption {
    option(
        "rounding",
        "Rounding",
        "How weights are rounded to their levels",
        Control::Choice {
            choices: vec![
                choice("nearest", "nearest", "Each weight for itself, in a range that clips nothing"),
                choice(
                    "compensated",
                    "compensated",
                    "In the range with the least error, each making up for those before it on your inputs",
                ),
            ],
            default: "nearest".into(),
        },
    )
}
