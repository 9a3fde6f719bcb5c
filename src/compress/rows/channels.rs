//! The removal of channels, as the page shows it.

use crate::compress::{Control, Transform, choice, option};

pub fn row() -> Transform {
    let number = |min, max, step, default, unit: &str| Control::Number { min, max, step, default, unit: unit.into() };
    Transform {
        step: "channels".into(),
        label: "Remove channels".into(),
        sentence:
            "Takes whole filters out, with all that is made of them: a plain smaller model, in bytes, RAM and time"
                .into(),
        options: vec![
            option(
                "keep",
                "Channels that stay",
                "Share of the channels of the layers that stays",
                number(0.1, 1.0, 0.05, 0.5, "%"),
            ),
            option(
                "scope",
                "Least important of",
                "Where the least important channels are sought",
                Control::Choice {
                    choices: vec![
                        choice("per_layer", "each layer", "Every layer loses the same share"),
                        choice("global", "all layers", "Layers with many unimportant channels lose more"),
                    ],
                    default: "per_layer".into(),
                },
            ),
            option(
                "measure",
                "Importance",
                "How important a channel is, from the weights that make it and those that read it",
                Control::Choice {
                    choices: vec![
                        choice("l1", "magnitudes (L1)", "The sum of the magnitudes of its weights"),
                        choice("l2", "squares (L2)", "The root of the sum of the squares of its weights"),
                    ],
                    default: "l1".into(),
                },
            ),
            option(
                "multiple",
                "Multiple of",
                "Layers keep a multiple of so many channels; kernels compute four or eight at a time",
                number(1.0, 16.0, 1.0, 4.0, ""),
            ),
        ],
    }
}
