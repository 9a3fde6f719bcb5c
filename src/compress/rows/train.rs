//! Training, as the page shows it.

use super::{Control, Transform, TransformOption, choices, number, option, toggle, transform};

fn share(max: f64, default: f64) -> Control {
    super::share(0.0, max, default)
}

/// A number that follows from the data where it is 0.
fn automatic(max: f64, step: f64) -> Control {
    Control::Number { min: 0.0, max, step, default: 0.0, unit: "auto".into() }
}

pub(super) fn row() -> Transform {
    let mut options = network();
    options.extend(course());
    options.extend(integers());
    options.extend(zeros());
    options.extend(teacher());
    transform(
        "train",
        "Train",
        "Learns from labelled examples: the open model goes on, or a network begins from nothing. Start it in the Train view",
        options,
    )
}

fn network() -> Vec<TransformOption> {
    let kinds = [
        ("same", "this model", "It keeps its weights and learns on; with other classes its last layer begins anew"),
        ("ds_cnn", "DS-CNN", "MLPerf Tiny's keyword spotter, from nothing"),
        ("res_net8", "ResNet-8", "MLPerf Tiny's image classifier, from nothing"),
        ("mobile_net", "MobileNetV1 0.25", "MLPerf Tiny's person detector, from nothing"),
        ("autoencoder", "autoencoder", "MLPerf Tiny's anomaly detector, from nothing"),
        ("small_convolution", "small CNN", "Two convolutions and a classifier, from nothing: learns in seconds"),
        ("perceptron", "perceptron", "One hidden layer, from nothing: the smallest thing that learns"),
    ];
    let width = number(0.25, 2.0, 0.25, 1.0);
    vec![
        option("network.kind", "Network", "The network that learns", choices("same", &kinds)),
        option("network.width", "Width", "Channels of a network of the shelf, against its usual ones", width),
        option(
            "classes",
            "Classes",
            "Names of the outputs, with commas between them. Left empty, they are the model's own, or the labels of the \
             examples where those fit no output",
            Control::Names,
        ),
        option(
            "copies",
            "Copies of each clip",
            "How often every clip is learned from once more: shifted in time, louder or quieter, with noise",
            number(0.0, 16.0, 1.0, 0.0),
        ),
        option(
            "plan.last_layers",
            "Last layers",
            "Only so many of the last layers with weights learn; 0 for all",
            number(0.0, 12.0, 1.0, 0.0),
        ),
        option(
            "plan.batch_norm",
            "Batch normalization",
            "Behind every convolution while it learns, folded into the weights afterwards: for networks from nothing",
            toggle(false),
        ),
    ]
}

fn course() -> Vec<TransformOption> {
    let methods = [
        ("adam", "Adam", "In steps of a size of its own for every weight"),
        ("adam_w", "AdamW", "The same, with weight decay beside the gradient"),
        ("sgd", "SGD", "Against the gradient, with momentum"),
    ];
    let schedules = [
        ("cosine", "cosine", "Falls along half a cosine to 0"),
        ("constant", "constant", "Does not change"),
        ("step", "steps", "Falls by a factor each time that some epochs have passed"),
    ];
    vec![
        option(
            "plan.epochs",
            "Epochs",
            "How often every example is seen; 0 follows from the data and stops when the validation loss settles",
            automatic(200.0, 1.0),
        ),
        option(
            "plan.batch",
            "Batch",
            "Examples in one step, at most as many as there are; 0 follows from the data",
            automatic(128.0, 4.0),
        ),
        option(
            "plan.parts",
            "Parts",
            "Parts of a batch: as many workers can share a step. The bits depend on the parts, not on who computes them",
            number(1.0, 8.0, 1.0, 2.0),
        ),
        option(
            "plan.learning_rate",
            "Step size",
            "The learning rate at its highest",
            number(0.0001, 0.02, 0.0001, 0.001),
        ),
        option("plan.schedule.kind", "Schedule", "How the step size changes", choices("cosine", &schedules)),
        option("plan.schedule.epochs", "Epochs of a step", "Epochs between the drops", number(1.0, 50.0, 1.0, 5.0))
            .only_if("plan.schedule.kind=step"),
        option(
            "plan.schedule.factor",
            "Factor",
            "What the step size is multiplied with",
            number(0.05, 0.95, 0.05, 0.5),
        )
        .only_if("plan.schedule.kind=step"),
        option("plan.optimiser.kind", "Optimiser", "How weights move", choices("adam", &methods)),
        option("plan.optimiser.momentum", "Momentum", "Share of the last movement that goes on", share(0.99, 0.9))
            .only_if("plan.optimiser.kind=sgd"),
        option("plan.weight_decay", "Weight decay", "How fast weights fade", number(0.0, 0.1, 0.001, 0.0)),
        option(
            "plan.label_smoothing",
            "Label smoothing",
            "Share of the certainty of a class that is spread over all",
            share(0.5, 0.0),
        ),
        option("plan.mixup", "Mixup", "How strongly examples are mixed in pairs", number(0.0, 1.0, 0.05, 0.0)),
        option(
            "plan.early_stopping",
            "Stop early",
            "Ends when the examples that judge get no better, and keeps the best",
            Control::Part { default: false },
        ),
        option("plan.early_stopping.patience", "Patience", "Epochs that are waited for", number(1.0, 20.0, 1.0, 5.0))
            .only_if("plan.early_stopping"),
        option("plan.seed", "Seed", "Names everything that chance decides", number(1.0, 100.0, 1.0, 1.0)),
    ]
}

fn integers() -> Vec<TransformOption> {
    let methods = [
        ("moving_average", "moving average", "From an average of the smallest and largest numbers of each batch"),
        ("min_max", "min-max", "From the smallest and largest numbers seen"),
        ("lsq", "learned (LSQ)", "The steps between levels learn too"),
        ("pact", "clipping learns (PACT)", "Where activations are cut off learns too"),
    ];
    let part = "plan.quantization";
    vec![
        option(
            part,
            "For integers",
            "Rounds while it learns as the integer model will round (quantization-aware training); what comes out is int8",
            Control::Part { default: false },
        ),
        option("plan.quantization.weight_bits", "Bits of weights", "They are stored in 8", number(2.0, 8.0, 1.0, 8.0))
            .only_if(part),
        option(
            "plan.quantization.activation_bits",
            "Bits of activations",
            "Of those that are never negative; the others have 8",
            number(2.0, 8.0, 1.0, 8.0),
        )
        .only_if(part),
        option(
            "plan.quantization.method",
            "Ranges",
            "How the steps between levels are found",
            choices("moving_average", &methods),
        )
        .only_if(part),
        option("plan.quantization.begin_epoch", "From epoch", "When the rounding begins", number(0.0, 50.0, 1.0, 0.0))
            .only_if(part),
    ]
}

fn zeros() -> Vec<TransformOption> {
    let patterns = [
        ("unstructured", "single weights", "Each for itself"),
        ("n_of_m", "n of m", "Of each m neighbours at most n stay: hardware can skip the others"),
        ("filters", "filters", "Whole filters and neurons"),
    ];
    let by = [
        ("magnitude", "size", "The smallest fall"),
        ("taylor", "Taylor", "Those fall without which the loss would change least, judged over the last steps"),
        ("snip", "SNIP", "The same, judged once before the first step: for networks that begin from nothing"),
    ];
    let part = "plan.pruning";
    vec![
        option(
            part,
            "Prune while it learns",
            "Sets more and more of the smallest weights to zero",
            Control::Part { default: false },
        ),
        option(
            "plan.pruning.pattern.kind",
            "Pattern",
            "Which weights fall together",
            choices("unstructured", &patterns),
        )
        .only_if(part),
        option("plan.pruning.pattern.n", "n", "Weights that stay", number(1.0, 8.0, 1.0, 2.0))
            .only_if("plan.pruning.pattern.kind=n_of_m"),
        option("plan.pruning.pattern.m", "m", "Weights in a group", number(2.0, 16.0, 1.0, 4.0))
            .only_if("plan.pruning.pattern.kind=n_of_m"),
        option(
            "plan.pruning.sparsity",
            "Sparsity",
            "Share that is zero at the end; n of m says it itself",
            share(0.95, 0.5),
        )
        .only_if(part),
        option("plan.pruning.by", "Least important by", "What makes a weight important", choices("magnitude", &by))
            .only_if(part),
        option(
            "plan.pruning.every",
            "Steps between cuts",
            "How often more weights fall",
            number(1.0, 100.0, 1.0, 10.0),
        )
        .only_if(part),
        option("plan.pruning.end", "Done at", "Share of the training after which nothing more falls", share(1.0, 0.5))
            .only_if(part),
        option("plan.pruning.regrowth", "Regrowth", "Share that may come back at each cut", share(0.5, 0.0))
            .only_if(part),
    ]
}

fn teacher() -> Vec<TransformOption> {
    let part = "plan.distillation";
    vec![
        option(
            part,
            "Learn from the original",
            "The open model is the teacher: the network learns its answers, wrong ones too (distillation)",
            Control::Part { default: false },
        ),
        option("plan.distillation.share", "Teacher's share", "The labels have the rest", share(1.0, 0.7)).only_if(part),
        option(
            "plan.distillation.temperature",
            "Temperature",
            "How soft its answers are made",
            number(1.0, 20.0, 0.5, 4.0),
        )
        .only_if(part),
        option(
            "plan.distillation.hint_weight",
            "Features",
            "Weight of matching the features before the last layer, beside the answers",
            number(0.0, 2.0, 0.1, 0.0),
        )
        .only_if(part),
    ]
}
