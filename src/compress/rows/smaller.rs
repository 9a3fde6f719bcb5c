//! The transforms that make the file smaller without touching how it computes, as the page shows them.

use crate::compress::formats::FORMATS;

use super::{Transform, choices, number, option, toggle, transform};

pub(super) fn codebook() -> Transform {
    let tables = [
        ("per_channel", "each channel", "Where scales differ by channel; otherwise the tensor"),
        ("shared", "each tensor", "All channels of a tensor take the same values"),
    ];
    let mut formats = vec![("own", "those that suit best", "Found for the weights, with the least squared error")];
    formats.extend(FORMATS.iter().map(|row| (row.name, row.label, row.sentence)));
    transform(
        "codebook",
        "Codebook",
        "Lets weights take few different values; with Pack, an index stands for each",
        vec![
            option("format", "Values", "Which values weights may take", choices("own", &formats)),
            option(
                "values",
                "How many",
                "How many different values the larger tensors take; 16 take four bits each",
                number(2.0, 128.0, 1.0, 16.0),
            )
            .only_if("format=own"),
            option("tables", "Values of", "What has values of its own", choices("per_channel", &tables))
                .only_if("format=own"),
            option("keep_zeros", "Keep zeros", "Weights that were pruned stay zero", toggle(false))
                .only_if("format=own"),
            option(
                "group",
                "Group",
                "Neighbours that share a format's scale, which no TFLite runtime has: simulated on float weights; 0 is a whole \
                 channel",
                number(0.0, 128.0, 16.0, 0.0),
            )
            .only_if("format!=own"),
        ],
    )
}

pub(super) fn slim() -> Transform {
    let targets = [
        ("tflm", "TFLM only", "Also without zero points and scales that TFLM does not look at"),
        ("portable", "any runtime", "What LiteRT and XNNPACK look at stays"),
    ];
    transform(
        "slim",
        "Slim",
        "Leaves out what no kernel reads: the same outputs, byte for byte, from a smaller file",
        vec![option("target", "Runs on", "Which runtimes shall still run the file", choices("tflm", &targets))],
    )
}

pub(super) fn pack() -> Transform {
    let methods = [
        ("smallest", "smallest", "Whichever takes the fewest bytes, for each tensor"),
        ("huffman", "Huffman code", "Frequent values take few bits"),
        ("codebook", "codebook", "An index into a table of the values that occur"),
        ("bitmap", "bitmap", "A bit for each weight, and those that are not zero"),
    ];
    transform(
        "pack",
        "Pack",
        "Packs weights so that TFLM alone unpacks them: less flash, more RAM for the unpacked tensor, and time to unpack at \
         each inference",
        vec![option(
            "method",
            "Packed as",
            "How weights are packed; a tensor that would grow stays as it is",
            choices("smallest", &methods),
        )],
    )
}
