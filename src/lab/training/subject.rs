//! What learns, what it is to tell apart, and how.

use super::lesson::Lesson;
use crate::compress;
use crate::compress::recipe::{NetworkKind, Plan, Step, Training};
use crate::error::{Error, Result};
use crate::lab::inputs::{Inputs, class_of};
use crate::model::Model;
use crate::report::Task;
use crate::train::architecture::{Architecture, Kind};
use crate::train::plan::{Hint, Pruning};
use crate::train::{Loss, head};

/// The classes that the network is to tell apart.
pub(super) struct Classes {
    pub names: Vec<String>,
    /// The names of the model's own.
    before: Vec<String>,
    /// The class of each item.
    pub labels: Vec<Option<usize>>,
    /// Whether they are others than those of the model.
    pub is_renamed: bool,
    /// Whether any item has one.
    pub are_known: bool,
}

impl Classes {
    pub fn of(training: &Training, inputs: &Inputs, known: &[String], task: Task) -> Result<Self> {
        let of_items = || inputs.items.iter().map(|item| item.label).collect::<Vec<_>>();
        if task == Task::Reconstruction {
            let labels = of_items();
            return Ok(Self {
                names: known.to_vec(),
                before: known.to_vec(),
                labels,
                is_renamed: false,
                are_known: false,
            });
        }
        let mut words: Vec<String> = inputs.words.iter().flatten().cloned().collect();
        words.sort_unstable();
        words.dedup();
        // A word that the model has no class for makes the words the classes.
        let fit =
            !inputs.classes.is_empty() && words.iter().all(|word| class_of(Some(word), &inputs.classes).is_some());
        let names = match (&training.classes[..], fit) {
            ([], true) => inputs.classes.clone(),
            ([], false) => words,
            (names, _) => names.to_vec(),
        };
        let is_renamed = !names.is_empty() && names != known;
        let labels: Vec<Option<usize>> = if inputs.words.is_empty() {
            let name = |label: Option<usize>| label.and_then(|label| inputs.classes.get(label));
            of_items().into_iter().map(|label| class_of(name(label).map(String::as_str), &names)).collect()
        } else {
            inputs.words.iter().map(|word| class_of(word.as_deref(), &names)).collect()
        };
        let are_known = labels.iter().any(Option::is_some);
        if !are_known && training.plan.distillation.is_none() {
            return Err(Error::parameter(
                "Training needs to know what is right: label the clips, drop folders that are named by class, or learn from \
                 a teacher",
            ));
        }
        Ok(Self { names, before: known.to_vec(), labels, is_renamed, are_known })
    }
}

/// The network that learns, before its first step.
pub(super) fn network(start: &Model, training: &Training, classes: &Classes, task: Task) -> Result<Model> {
    let seed = training.plan.seed;
    let Some(kind) = kind_of(training.network.kind) else {
        return match classes.is_renamed && task != Task::Reconstruction {
            true => head::with_classes(start, &classes.before, &classes.names, seed),
            false => Ok(start.clone()),
        };
    };
    let shape = start.inputs.first().map(|&id| start.values[id].shape.clone()).unwrap_or_default();
    let input = match shape[..] {
        [_, height, width, channels] => [height, width, channels],
        [_, height, width] => [height, width, 1],
        _ => [1, 1, shape.iter().product()],
    };
    let outputs = start.outputs.first().map_or(0, |&id| start.values[id].elements());
    let named = if classes.names.is_empty() { outputs } else { classes.names.len() };
    let mut model = Architecture { kind, input, classes: named, width: training.network.width }.build(seed)?;
    // The front end is known by the shape of the input.
    if let (Some(&id), Some(&from)) = (model.inputs.first(), start.inputs.first())
        && model.values[id].elements() == start.values[from].elements()
        && model.values[id].shape.len() != shape.len()
    {
        return Err(Error::parameter(format!(
            "{kind:?} takes {:?}, and the examples have the shape {shape:?}",
            model.values[id].shape
        )));
    }
    model.name = start.name.clone();
    Ok(model)
}

fn kind_of(kind: NetworkKind) -> Option<Kind> {
    Some(match kind {
        NetworkKind::Same => return None,
        NetworkKind::DsCnn => Kind::DsCnn,
        NetworkKind::ResNet8 => Kind::ResNet8,
        NetworkKind::MobileNet => Kind::MobileNet,
        NetworkKind::Autoencoder => Kind::Autoencoder,
        NetworkKind::SmallConvolution => Kind::SmallConvolution,
        NetworkKind::Perceptron => Kind::Perceptron,
    })
}

/// The plan as it is carried out: what the data decide is filled in, and told.
pub(super) fn plan(
    training: &Training,
    before: &[Step],
    lesson: &Lesson,
    task: Task,
    remarks: &mut Vec<String>,
) -> Plan {
    let mut plan = training.plan.clone();
    if task == Task::Reconstruction {
        plan.loss = Loss::Reconstruction;
    }
    let rows = lesson.training.items.len();
    plan = plan.for_examples(rows);
    if plan.batch > rows {
        remarks.push(format!("There are {rows} examples, so a step takes all of them instead of {}", plan.batch));
        plan.batch = rows;
    }
    let is_pruned = before.iter().any(|step| matches!(step, Step::Prune(_)));
    if is_pruned && plan.pruning.is_none() {
        remarks.push("The weights that were set to zero before stay zero while it learns".into());
        plan.pruning = Some(Pruning { sparsity: 0.0, ..Pruning::default() });
    }
    plan
}

/// The features before the last layer of weights, which the student is to have as the teacher has them.
pub(super) fn with_hint(plan: &Plan, student: &Model, teacher: &Model) -> Result<Plan> {
    let before_head = |model: &Model| {
        let folded = compress::fold::fold(model)?;
        let last = folded.nodes.iter().rposition(|node| node.op.weights_input().is_some()).unwrap_or(0);
        let convolution = folded.nodes[..last].iter().rposition(|node| node.op.weights_input().is_some());
        convolution
            .ok_or_else(|| Error::unsupported("there is no layer before the last whose features could be matched"))
    };
    let hint = Hint { student: before_head(student)?, teacher: before_head(teacher)? };
    let mut plan = plan.clone();
    if let Some(distillation) = &mut plan.distillation {
        distillation.hints = vec![hint];
    }
    Ok(plan)
}
