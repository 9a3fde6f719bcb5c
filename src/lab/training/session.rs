//! One training on the bench's model and inputs, under way.

use super::lesson::{Lesson, Rows, Way, lesson};
use super::subject::{self, Classes};
use crate::compress;
use crate::compress::deliver;
use crate::compress::dequantize::dequantize;
use crate::compress::recipe::{Change, NetworkKind, Recipe, Step, Training};
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::lab::inputs::feed;
use crate::lab::{Bench, card, weights};
use crate::metrics;
use crate::model::Model;
use crate::progress::Silent;
use crate::report::training::{EpochRow, TrainedLayer, TrainingCard, TrainingNews, TrainingOutcome, WrongExample};
use crate::report::{Figure, WeightsView};
use crate::tensor::Tensor;
use crate::train::plan::Quantization;
use crate::train::{Data, Examples, Judgement, Metrics, Progress, Share, Trainer};

/// Most wrong examples that are told.
const WRONG: usize = 24;

/// How far apart, in points, the integer model may be from what was trained before it is explained.
const ROUNDED_APART: f64 = 0.2;

/// A training under way: what it does is named by the bench's model, its inputs and the recipe.
pub struct Session {
    trainer: Trainer,
    before: Vec<Step>,
    training: Training,
    lesson: Lesson,
    /// Names of all items of the bench.
    names: Vec<String>,
    classes: Vec<String>,
    is_renamed: bool,
    /// Whether the network begins from nothing, or with a new last layer: what it began as answers nothing.
    is_fresh: bool,
    card: TrainingCard,
    /// Changes of the recipe that have been made.
    replayed: usize,
    news: TrainingNews,
}

impl Bench {
    /// Begins the training of a recipe.
    ///
    /// # Errors
    /// `Parameter` when the recipe does not train, or there are no inputs or labels to learn from; those of the steps before,
    /// and of making the network ready.
    pub fn training(&mut self, recipe: &Recipe) -> Result<Session> {
        recipe.check()?;
        if let Some(inputs) = &mut self.inputs {
            inputs.name_classes(None);
        }
        let first = recipe.trained().ok_or_else(|| Error::parameter("this recipe does not train"))?;
        let original = self.original()?;
        let inputs = self.inputs.as_ref().ok_or_else(|| Error::parameter("There is nothing to learn from"))?;
        let Some((Step::Train(training), before)) = first.steps.split_last() else {
            return Err(Error::parameter("this recipe does not train"));
        };
        let mut remarks = Vec::new();
        let start = compress::apply(&original.model, &Recipe::of(before.to_vec()), &[], &mut Silent)?;
        let teacher = self.teacher_of(training)?;
        let is_integer = |model: &Model| model.values.iter().any(|value| value.quantization.is_some());
        if is_integer(&start) {
            remarks.push("The model holds integers: it learns on as the real numbers that they stand for".into());
        }
        let start = dequantize(&start)?;
        let task = original.card.task;
        let classes = Classes::of(training, inputs, &self.labels(), task)?;
        let network = subject::network(&start, training, &classes, task)?;
        let way = Way {
            model: &network,
            front_end: card::front_end(&network),
            labels: &classes.labels,
            classes: if classes.are_known { classes.names.len() } else { 0 },
            task,
            options: training,
        };
        let lesson = lesson(inputs, &way)?;
        let plan = subject::plan(training, before, &lesson, task, &mut remarks);
        let mut trainer = Trainer::new(&network, &plan)?;
        if let Some(distillation) = &plan.distillation {
            if distillation.hint_weight > 0.0 && distillation.hints.is_empty() {
                let plan = subject::with_hint(&plan, &network, &teacher)?;
                trainer = Trainer::new(&network, &plan)?;
            }
            trainer.set_teacher(&teacher)?;
        }
        let judged = lesson.can_judge().then(|| trainer.judge(examples(&lesson.judging))).transpose()?;
        let fresh = training.network.kind != NetworkKind::Same || classes.is_renamed;
        let steps = (lesson.training.rows(&network) / plan.batch.max(1)) * plan.epochs;
        let card = TrainingCard {
            classes: classes.names.clone(),
            examples: Figure::counted(
                lesson.training.rows(&network) as f64,
                "1",
                "Examples that it learns from, copies among them; none of them is tested on",
            ),
            judges: Figure::counted(
                lesson.judging.rows(&network) as f64,
                "1",
                "Examples that judge it while it learns: set aside from the training items, not tested on either",
            ),
            steps: steps as u32,
            epochs: plan.epochs as u32,
            before: judged.filter(|_| !fresh).and_then(|judgement| accuracy(&judgement)),
            layers: layers(&trainer.model()?),
            remarks,
        };
        Ok(Session {
            news: empty_news(steps),
            trainer,
            before: before.to_vec(),
            training: (**training).clone(),
            lesson,
            names: inputs.items.iter().map(|item| item.name.clone()).collect(),
            classes: classes.names,
            is_renamed: classes.is_renamed,
            is_fresh: fresh,
            card,
            replayed: 0,
        })
    }
}

impl Lesson {
    /// Whether the validation examples say what is right, which a teacher alone does not.
    fn can_judge(&self) -> bool {
        self.is_reconstruction || !self.judging.targets.is_empty()
    }

    fn data(&self) -> Data<'_> {
        Data { training: examples(&self.training), validation: Some(examples(&self.judging)) }
    }
}

fn examples(rows: &Rows) -> Examples<'_> {
    Examples { inputs: &rows.inputs, targets: &rows.targets }
}

impl Rows {
    fn rows(&self, model: &Model) -> usize {
        let wide = model.inputs.first().map_or(1, |&id| model.values[id].elements());
        self.inputs.len() / wide.max(1)
    }
}

fn accuracy(judgement: &Judgement) -> Option<Figure> {
    let score = metrics::share(judgement.right?, judgement.n);
    let note = "Share of the examples set aside to judge that the network classifies rightly";
    Some(Figure::measured(score.value * 100.0, "%", Some((score.low * 100.0, score.high * 100.0)), score.n, note))
}

fn layers(model: &Model) -> Vec<TrainedLayer> {
    let named = model.nodes.iter().enumerate().filter(|&(node, _)| weights::largest(model, node).is_ok());
    named
        .map(|(node, found)| {
            let output = found.outputs.first().map(|&id| model.values[id].name.clone()).unwrap_or_default();
            TrainedLayer { node: node as u32, name: format!("{} {output}", found.op.name()) }
        })
        .collect()
}

fn sparsity(value: f64) -> Figure {
    Figure::counted(value * 100.0, "%", "Share of the weights that training has set to zero")
}

fn precision(rounded: Option<Quantization>) -> String {
    rounded.map_or_else(
        || "float32".into(),
        |to| format!("{}-bit weights, {}-bit activations", to.weight_bits, to.activation_bits),
    )
}

fn empty_news(steps: usize) -> TrainingNews {
    TrainingNews {
        step: 0,
        steps: steps as u32,
        losses: Vec::new(),
        epochs: Vec::new(),
        learning_rate: 0.0,
        sparsity: sparsity(0.0),
        precision: precision(None),
        speed: None,
        left: None,
        wrong: None,
        is_over: false,
    }
}

impl Session {
    /// What is known before the first step.
    pub fn card(&self) -> &TrainingCard {
        &self.card
    }

    /// Steps that are done.
    pub fn steps_done(&self) -> usize {
        self.trainer.steps_done()
    }

    /// Steps of the whole training.
    pub fn steps(&self) -> usize {
        self.card.steps as usize
    }

    /// Whether it is over, by itself or where it was once stopped by hand.
    pub fn is_over(&self) -> bool {
        self.trainer.is_over() || self.training.stop.is_some_and(|stop| self.trainer.steps_done() >= stop)
    }

    /// One step.
    ///
    /// # Errors
    /// Those of [`Trainer::step`].
    pub fn step(&mut self) -> Result<()> {
        self.replay()?;
        let metrics = self.trainer.step(self.lesson.data())?;
        self.note(metrics)
    }

    /// Parts of each batch, whose shares several workers can compute.
    pub fn parts(&self) -> usize {
        self.trainer.plan().parts
    }

    /// The share of one part of the next step, as bytes; nothing is learned yet.
    ///
    /// # Errors
    /// Those of [`Trainer::share`].
    pub fn share(&mut self, part: usize) -> Result<Vec<u8>> {
        Ok(self.trainer.share(examples(&self.lesson.training), part)?.to_bytes())
    }

    /// The step on the shares of all parts, in their order: the same step as [`Session::step`] takes, bit for bit.
    ///
    /// # Errors
    /// Those of [`Trainer::take`]; `Format` for bytes that are no share.
    pub fn take<'a>(&mut self, shares: impl IntoIterator<Item = &'a [u8]>) -> Result<()> {
        self.replay()?;
        let shares = shares.into_iter().map(Share::from_bytes).collect::<Result<Vec<_>>>()?;
        let metrics = self.trainer.take(self.lesson.data(), &shares)?;
        self.note(metrics)
    }

    /// Makes the changes of the recipe that are due.
    fn replay(&mut self) -> Result<()> {
        while let Some(change) = self.training.changes.get(self.replayed)
            && change.after <= self.trainer.steps_done()
        {
            self.trainer.set_learning_rate(change.learning_rate)?;
            self.replayed += 1;
        }
        Ok(())
    }

    /// Keeps what a step said for the news.
    fn note(&mut self, metrics: Metrics) -> Result<()> {
        let news = &mut self.news;
        news.step = metrics.step as u32;
        news.steps = metrics.steps as u32;
        news.losses.push(metrics.loss);
        news.learning_rate = metrics.learning_rate;
        news.sparsity = sparsity(metrics.sparsity);
        news.precision = precision(self.trainer.plan().quantization.filter(|_| self.trainer.is_rounding()));
        if let Some(loss) = metrics.epoch_loss {
            news.epochs.push(EpochRow {
                epoch: metrics.epoch as u32 + 1,
                step: metrics.step as u32,
                loss,
                judged_loss: metrics.validation.map(|judgement| judgement.loss),
                accuracy: metrics.validation.as_ref().and_then(accuracy),
            });
            self.news.wrong = Some(self.wrong()?);
        }
        self.news.is_over = self.is_over();
        Ok(())
    }

    /// What has happened since it was last asked; `spent_ms` is how long those steps took.
    pub fn news(&mut self, spent_ms: f64) -> TrainingNews {
        let next = empty_news(self.steps());
        let mut news = std::mem::replace(&mut self.news, next);
        (self.news.step, self.news.learning_rate) = (news.step, news.learning_rate);
        (self.news.sparsity, self.news.is_over) = (news.sparsity.clone(), news.is_over);
        self.news.precision.clone_from(&news.precision);
        let steps = news.losses.len();
        if steps > 0 && spent_ms > 0.0 {
            let each = spent_ms / 1000.0 / steps as f64;
            let batch = self.trainer.plan().batch as f64;
            let note = "Examples that it learned from each second, here, over the last steps";
            news.speed = Some(Figure::measured(batch / each, "1/s", None, steps, note));
            let left = (self.steps() - self.steps_done().min(self.steps())) as f64 * each;
            let note = "The steps that are left, if each takes as long as the last ones did";
            news.left = Some(Figure::measured(left, "s", None, steps, note));
        }
        news
    }

    /// Another step size from the next step on; the recipe keeps it.
    ///
    /// # Errors
    /// `Parameter` for a step size out of range.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        self.trainer.set_learning_rate(learning_rate)?;
        // What was to come by an older recipe is overruled.
        self.training.changes.truncate(self.replayed);
        let after = self.trainer.steps_done();
        self.training.changes.retain(|change| change.after != after);
        self.training.changes.push(Change { after, learning_rate });
        self.replayed = self.training.changes.len();
        Ok(())
    }

    /// The weights of a layer as a picture, as they are now.
    ///
    /// # Errors
    /// `Parameter` when the layer has no weights.
    pub fn weights(&self, node: usize) -> Result<WeightsView> {
        let model = self.trainer.model()?;
        weights::view(&model, node, weights::largest(&model, node)?)
    }

    /// The model as it is now, and the recipe that makes it again.
    ///
    /// # Errors
    /// `Parameter` before the first step, or when training for integers has not begun; those of writing the file.
    pub fn outcome(&mut self) -> Result<TrainingOutcome> {
        if self.steps_done() == 0 {
            return Err(Error::parameter("nothing has been learned yet"));
        }
        let chosen = match self.lesson.can_judge() && !self.is_fresh {
            true => self.trainer.choose(examples(&self.lesson.judging))?,
            false => None,
        };
        let model = match self.training.plan.quantization {
            Some(_) => self.trainer.export()?,
            None => self.trainer.model()?,
        };
        let stop = (!self.trainer.is_over()).then(|| self.steps_done());
        let training = Training { stop, ..self.training.clone() };
        let steps = self.before.iter().cloned().chain([Step::Train(Box::new(training))]).collect();
        let classes = if self.is_renamed { self.classes.clone() } else { Vec::new() };
        let recipe = Recipe::of(steps);
        let file = deliver(&model, &recipe, &[])?;
        let unchanged = chosen.filter(|progress| !progress.is_better).map(|Progress { before, after, .. }| {
            let n = self.lesson.judging.items.len();
            format!(
                "Training did not lower the loss on the {n} validation examples by more than chance ({before:.3} before, \
                 {after:.3} after), so the weights stay as they were"
            )
        });
        let remarks = unchanged.into_iter().chain(self.as_integers(&model)?).collect();
        Ok(TrainingOutcome { recipe, file, classes, remarks })
    }

    /// Whether the integer model answers as the rounded one that was trained, on the examples that judge.
    fn as_integers(&self, model: &Model) -> Result<Option<String>> {
        let rows = &self.lesson.judging;
        if self.training.plan.quantization.is_none() || rows.labels.is_empty() || rows.targets.is_empty() {
            return Ok(None);
        }
        let Judgement { right: Some(rounded), n, .. } = self.trainer.judge_kept(examples(rows))? else {
            return Ok(None);
        };
        let mut executor = Executor::new(model, Options::default())?;
        let mut right = 0;
        for (row, &label) in rows.inputs.chunks_exact(rows.inputs.len() / rows.labels.len()).zip(&rows.labels) {
            let window = Tensor::from_f32(&[row.len()], row.to_vec())?;
            let output = executor.run(&[feed(model, &window)?])?.swap_remove(0);
            right += usize::from(metrics::top(output.to_f32_vec()) == Some(label));
        }
        let percent = |right: usize| 100.0 * right as f64 / n as f64;
        let said = format!("As integers it is right on {right} of {n} examples that judge ({:.1} %)", percent(right));
        Ok(Some(if (percent(right) - percent(rounded)).abs() <= ROUNDED_APART {
            format!("{said}, as it was, rounded, while it learned")
        } else {
            format!(
                "{said}; rounded, while it learned, on {rounded}. The device approximates softmax and rounds sums where \
                 float keeps their fractions: scores that are nearly equal can change places"
            )
        }))
    }

    /// The examples that judge and are wrong now.
    fn wrong(&self) -> Result<Vec<WrongExample>> {
        let rows = &self.lesson.judging;
        if rows.targets.is_empty() {
            return Ok(Vec::new());
        }
        let outputs = self.trainer.outputs(&rows.inputs)?;
        let wide = outputs.len() / rows.labels.len().max(1);
        let name = |class: usize| self.classes.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
        let answers = outputs.chunks_exact(wide.max(1)).map(|scores| metrics::top(scores.iter().copied()).unwrap_or(0));
        let all = rows.items.iter().zip(&rows.labels).zip(answers);
        Ok(all
            .filter(|((_, label), answer)| **label != *answer)
            .take(WRONG)
            .map(|((&item, &label), answer)| WrongExample {
                name: self.names.get(item).cloned().unwrap_or_default(),
                label: name(label),
                answer: name(answer),
            })
            .collect())
    }
}
