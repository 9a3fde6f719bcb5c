//! The removal of channels, as the page shows it.

use super::{Transform, choices, number, option, share, toggle, transform};

pub(super) fn row() -> Transform {
    let scopes = [
        ("per_layer", "each layer", "Every layer loses the same share"),
        (
            "global",
            "all layers",
            "Layers with many unimportant channels lose more; activations of unequal sizes can leave gaps in RAM",
        ),
    ];
    let measures = [
        ("l1", "magnitudes (L1)", "The sum of the magnitudes of its weights"),
        ("l2", "squares (L2)", "The root of the sum of the squares of its weights"),
        (
            "reconstruction",
            "what is missed",
            "What the layers that read it give differently without it, on your data, when its neighbours make up for it",
        ),
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
            "How important a channel is, from its weights or from what is missed without it",
            choices("l1", &measures),
        ),
        option(
            "refit",
            "Make up for them",
            "The layers that read channels learn at once, by least squares on your data, to do with those that stay",
            toggle(false),
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
