//! Learning from a larger network: from its answers, and from what it has inside.

use super::Batch;
use crate::compress::fold::fold;
use crate::error::{Error, Result};
use crate::model::{Model, Value, ValueId};
use crate::train::gemm::{Matrix, product};
use crate::train::loss::{Loss, distil};
use crate::train::parameters::Parameters;
use crate::train::plan::{Distillation, Plan};
use crate::train::tape::Tape;

/// A network that has learned already.
#[derive(Debug)]
pub(super) struct Teacher {
    model: Model,
    parameters: Parameters,
    head: (ValueId, f32),
    plan: Distillation,
    hints: Vec<Pair>,
}

/// Two activations that should be the same, once a matrix has brought the student's channels to the teacher's.
///
/// *Source*: A. Romero et al., "FitNets: hints for thin deep nets", 2015.
#[derive(Debug)]
struct Pair {
    student: ValueId,
    teacher: ValueId,
    /// Channels of both.
    channels: [usize; 2],
    /// The parameter that holds the matrix `[teacher's channels, student's channels]`; none where they are as many.
    matrix: Option<ValueId>,
}

/// Gradients that start at activations of the student, and those of parameters outside of it.
pub(super) type Starts<'a> = (&'a mut Vec<(ValueId, Vec<f32>)>, &'a mut Vec<(ValueId, Vec<f32>)>);

impl Teacher {
    pub fn new(
        teacher: &Model,
        student: &Model,
        plan: Distillation,
        student_head: (ValueId, f32),
        parameters: &mut Parameters,
    ) -> Result<Self> {
        let model = fold(teacher)?;
        // Logits are what stands before a softmax, where there is one.
        let head = super::head(&model, &Plan { loss: Loss::CrossEntropy, ..Plan::default() })?;
        let elements = |model: &Model, id: ValueId| model.values.get(id).map_or(0, Value::elements);
        let input = |model: &Model| model.inputs.first().map_or(0, |&id| elements(model, id));
        if input(&model) != input(student) || elements(&model, head.0) != elements(student, student_head.0) {
            return Err(Error::parameter(format!(
                "the teacher turns {} numbers into {}, the student {} into {}",
                input(&model),
                elements(&model, head.0),
                input(student),
                elements(student, student_head.0)
            )));
        }
        let mut hints = Vec::new();
        for hint in &plan.hints {
            hints.push(Pair::new((student, hint.student), (&model, hint.teacher), parameters)?);
        }
        Ok(Self { parameters: Parameters::of(&model)?, model, head, plan, hints })
    }

    /// The loss with the teacher's share, and its derivative by the student's logits.
    pub fn loss(
        &self,
        student: &Tape<'_>,
        batch: &Batch,
        logits: &[f32],
        hard: (f64, Vec<f32>),
        parameters: &Parameters,
        (starts, more): Starts<'_>,
    ) -> Result<(f64, Vec<f32>)> {
        let tape = Tape::run(&self.model, &self.parameters, None, &batch.inputs, batch.size, false)?;
        let answers = super::scaled(tape.value(self.head.0), self.head.1);
        let (soft, soft_gradient) = distil(logits, &answers, logits.len() / batch.size, self.plan.temperature);
        // Without labels the teacher alone says what is right.
        let share = if batch.targets.is_empty() { 1.0 } else { self.plan.share };
        let (keep, take) = ((1.0 - share) as f32, share as f32);
        let gradient = hard.1.iter().zip(&soft_gradient).map(|(hard, soft)| keep * hard + take * soft).collect();
        let mut loss = (1.0 - share) * hard.0 + share * soft;
        for pair in &self.hints {
            let weight = self.plan.hint_weight;
            let (distance, dx, dmatrix) =
                pair.distance(student.value(pair.student), tape.value(pair.teacher), parameters)?;
            loss += weight * distance;
            starts.push((pair.student, super::scaled(&dx, weight as f32)));
            if let (Some(id), Some(gradient)) = (pair.matrix, dmatrix) {
                more.push((id, super::scaled(&gradient, weight as f32)));
            }
        }
        Ok((loss, gradient))
    }
}

impl Pair {
    fn new(student: (&Model, usize), teacher: (&Model, usize), parameters: &mut Parameters) -> Result<Self> {
        let ((student, mine), (teacher, theirs)) = (output_of(student)?, output_of(teacher)?);
        let channels = [mine, theirs].map(|value| value.shape.last().copied().unwrap_or(1).max(1));
        if mine.elements() / channels[0] != theirs.elements() / channels[1] {
            return Err(Error::parameter(format!(
                "a hint of shape {:?} does not fit the student's {:?}",
                theirs.shape, mine.shape
            )));
        }
        let matrix = (channels[0] != channels[1]).then(|| {
            // Student channel i starts as teacher channel i, around the end of the fewer.
            let same = |index: usize| if index / channels[0] % channels[0] == index % channels[0] { 1.0 } else { 0.0 };
            parameters.add((0..channels[0] * channels[1]).map(same).collect())
        });
        Ok(Self { student, teacher, channels, matrix })
    }

    /// The mean squared distance, its derivative by the student's activation, and by the matrix where there is one.
    fn distance(
        &self,
        mine: &[f32],
        theirs: &[f32],
        parameters: &Parameters,
    ) -> Result<(f64, Vec<f32>, Option<Vec<f32>>)> {
        let Some(matrix) = self.matrix.and_then(|id| parameters.get(id)) else {
            let (distance, gradient) = Loss::MeanSquaredError.of(mine, theirs, 1)?;
            return Ok((distance, gradient, None));
        };
        let [narrow, wide] = self.channels;
        let rows = mine.len() / narrow;
        let (x, w) = (Matrix::new(mine, rows, narrow), Matrix::new(matrix, wide, narrow));
        let (distance, dy) = Loss::MeanSquaredError.of(&product(x, w.transposed()), theirs, 1)?;
        let dy = Matrix::new(&dy, rows, wide);
        Ok((distance, product(dy, w), Some(product(dy.transposed(), x))))
    }
}

/// The output of a node, by its number.
fn output_of((model, node): (&Model, usize)) -> Result<(ValueId, &Value)> {
    let id = model.nodes.get(node).and_then(|node| node.outputs.first()).copied();
    let value = id.and_then(|id| Some((id, model.values.get(id)?)));
    value.ok_or_else(|| Error::parameter(format!("there is no node {node} to give a hint")))
}
