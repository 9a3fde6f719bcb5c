//! Pruning, as the page shows it.

use super::{Transform, choices, number, option, share, transform};

pub(super) fn row() -> Transform {
    let scopes = [
        ("per_layer", "each layer", "Every layer loses the same share"),
        ("global", "all layers", "Layers with unimportant weights lose more"),
    ];
    let criteria = [
        ("magnitude", "size", "How large it is"),
        ("inputs", "size and inputs", "How large it is, times how large what it meets is on your inputs (Wanda)"),
        ("random", "chance", "Always the same chance: what the others must beat"),
    ];
    let groupings = [
        ("single", "single weights", "Each for itself"),
        ("n_of_m", "n of m", "Of each m neighbours n stay: hardware can skip the others"),
        ("block", "blocks", "Neighbours stay or fall together"),
    ];
    transform(
        "prune",
        "Prune",
        "Sets the least important weights to zero; the file shrinks only with an encoding that skips zeros",
        vec![
            option(
                "sparsity",
                "Sparsity",
                "Share of the weights that become zero; n of m says it itself",
                share(0.0, 0.95, 0.5),
            ),
            option("criterion", "Importance", "What makes a weight important", choices("magnitude", &criteria)),
            option("scope", "Least of", "Where the least important weights are sought", choices("per_layer", &scopes)),
            option("grouping.kind", "Pattern", "Which weights fall together", choices("single", &groupings)),
            option("grouping.n", "n", "Weights that stay", number(1.0, 8.0, 1.0, 2.0)).only_if("grouping.kind=n_of_m"),
            option("grouping.m", "m", "Weights in a group", number(2.0, 16.0, 1.0, 4.0))
                .only_if("grouping.kind=n_of_m"),
            option("grouping.size", "Size", "Weights in a block", number(2.0, 16.0, 1.0, 4.0))
                .only_if("grouping.kind=block"),
        ],
    )
}
