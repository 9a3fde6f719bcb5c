//! The removal of channels, as the page shows it.

use super::{Transform, choices, number, option, share, transform};

pub(super) fn row() -> Transform {
    let scopes = [
        ("per_layer", "each layer", "Every layer loses the same share"),
        ("global", "all layers", "Layers with many unimportant channels lose more"),
    ];
    let measures = [
        ("l1", "magnitudes (L1)", "The sum of the magnitudes of its weights"),
        ("l2", "squares (L2)", "The root of the sum of the squares of its weights"),
    ];
    let options = vec![
        option("keep", "Channels that stay", "Share of the channels of the layers that stays", share(0.1, 1.0, 0.5)),
        option(
            "scope",
            "Least important of",
            "Where the least important channels are sought",
            choices("per_layer", &scopes),
        ),
        option(
            "measure",
            "Importance",
            "How important a channel is, from the weights that make it and those that read it",
            choices("l1", &measures),
        ),
        option(
            "multiple",
            "Multiple of",
            "Layers keep a multiple of so many channels; kernels compute four or eight at a time",
            number(1.0, 16.0, 1.0, 4.0),
        ),
    ];
    transform(
        "channels",
        "Remove channels",
        "Takes whole filters out, with all that is made of them: a plain smaller model, in bytes, RAM and time",
        options,
    )
}
