//! The pipeline: model bytes, recipe and data become a candidate and a report. The only place that knows the order.
//!
//! A [`Bench`] is what one worker of the page, or one run of the command, holds: the original, its inputs, and the
//! candidate that a recipe made of it. Two sides are two benches.

mod answering;
pub mod arena;
pub mod batch;
pub mod bundle;
pub mod card;
pub mod clips;
pub mod compare;
pub mod diagnosis;
pub mod evaluation;
pub mod files;
pub mod hardware;
pub mod imc;
pub mod inputs;
pub mod labels;
pub mod layers;
pub mod levels;
pub mod lint;
pub mod live;
pub mod search;
mod side;
pub mod sound;
mod summary;
pub mod training;
pub mod weights;

use crate::audio::FrontEnd;
use crate::compress;
use crate::compress::recipe::Recipe;
use crate::error::{Error, Result};
use crate::format;
use crate::model::NodeId;
use crate::progress::Progress;
use crate::report::{Answer, ClipView, DataCard, EvaluationReport, Figure, ModelCard, Report, Task, WeightsView};
use crate::tensor::Tensor;
use evaluation::{ItemResult, Partial, Thresholds};
use files::Labels;
use inputs::{Inputs, Source, Split};
use side::Side;

/// A model, its inputs, and what a recipe made of it.
#[derive(Default)]
pub struct Bench {
    original: Option<Side>,
    /// The names of the original's classes, where anything says them.
    known: Vec<String>,
    candidate: Option<Candidate>,
    trained: Option<training::Trained>,
    teacher: Option<training::Teacher>,
    inputs: Option<Inputs>,
    evaluation: Partial,
    layers: Vec<Option<layers::Distance>>,
    layer_samples: usize,
}

struct Candidate {
    side: Side,
    recipe: Recipe,
    /// Whether training gave it other classes than the original's.
    retaught: bool,
    /// What has to be said of how it was made.
    remarks: Vec<String>,
}

impl Bench {
    /// An empty bench.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a model on the bench; inputs stay, the candidate goes.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn open(&mut self, bytes: &[u8], name: &str) -> Result<ModelCard> {
        let kind = format::kind_of(bytes);
        if let Some(sentence) = kind.and_then(format::foreign::way_out) {
            return Err(Error::unsupported(sentence));
        }
        if kind != Some(format::Kind::Tflite) {
            return Err(Error::format("This is not a TFLite model: bytes 4 to 8 do not say TFL3"));
        }
        let side = Side::open(bytes, name)?;
        let card = side.card.clone();
        self.known = labels::known(&side.model, bytes, card.task, card.front_end.as_deref());
        self.original = Some(side);
        self.forget_candidate();
        Ok(card)
    }

    /// Puts inputs on the bench; the candidate goes, because its ranges came from the old ones.
    pub fn set_inputs(&mut self, inputs: Inputs) -> DataCard {
        let card = inputs.card();
        self.inputs = Some(inputs);
        self.forget_candidate();
        card
    }

    /// Puts dropped files on the bench as inputs.
    ///
    /// # Errors
    /// Those of reading the files; `Parameter` without a model, which decides what labels mean, and for inputs that it does not
    /// take. The inputs before them stay.
    pub fn set_files(&mut self, files: Vec<(String, Vec<u8>)>, split: Split) -> Result<DataCard> {
        self.set_labelled(files, Labels::default(), split)
    }

    /// Puts files on the bench of whose labels the user says more than stands in them.
    ///
    /// # Errors
    /// Those of [`files::labelled`]; `Parameter` without a model.
    pub fn set_labelled(&mut self, files: Vec<(String, Vec<u8>)>, labels: Labels, split: Split) -> Result<DataCard> {
        let side = self.original()?;
        let front_end = card::front_end(&side.model);
        let target = files::Target {
            task: side.card.task,
            outputs: side.model.outputs.first().map_or(0, |&id| side.model.values[id].elements()),
            known: &self.known,
            sample_rate: front_end.map(|front_end| front_end.sample_rate),
            front_end: front_end.map(|front_end| front_end.name),
            input: side
                .model
                .inputs
                .first()
                .map_or(&[], |&id| side.model.values[id].shape.get(1..).unwrap_or_default()),
            pixels: card::pixels(&side.model),
        };
        let inputs = files::labelled(files, labels, target, split)?;
        // What the model cannot take is refused here, while the inputs before it still stand.
        if let Some(item) = inputs.items.first() {
            item.windows(front_end)?.first().map(|window| inputs::feed(&side.model, window)).transpose()?;
        }
        Ok(self.set_inputs(inputs))
    }

    /// Puts generated inputs on the bench.
    ///
    /// # Errors
    /// `Parameter` for a generator that does not exist.
    pub fn set_generated(&mut self, generator: &str, seed: u64) -> Result<DataCard> {
        let inputs = files::generated(generator, seed)?;
        Ok(self.set_inputs(inputs))
    }

    /// Puts spoken keywords on the bench, made of a sample's archive of dry words.
    ///
    /// # Errors
    /// Those of [`files::spoken`].
    pub fn set_spoken(&mut self, words: &[u8], seed: u64) -> Result<DataCard> {
        Ok(self.set_inputs(files::spoken(words, seed)?))
    }

    fn forget_candidate(&mut self) {
        self.candidate = None;
        self.forget_measurements();
    }

    fn forget_measurements(&mut self) {
        self.evaluation = Partial::default();
        self.layers = Vec::new();
        self.layer_samples = 0;
    }

    fn original(&self) -> Result<&Side> {
        self.original.as_ref().ok_or_else(|| Error::parameter("No model is open"))
    }

    fn candidate(&self) -> Result<&Candidate> {
        self.candidate.as_ref().ok_or_else(|| Error::parameter("No recipe has been applied yet"))
    }

    fn front_end(&self) -> Result<Option<&'static FrontEnd>> {
        Ok(card::front_end(&self.original()?.model))
    }

    /// Class names: those of the inputs, else those that are known of the model, else numbers.
    fn classes(&self) -> Vec<String> {
        let output = |side: &Side| side.model.outputs.first().map_or(0, |&id| side.model.values[id].elements());
        match self.labels() {
            labels if labels.is_empty() => {
                (0..self.original.as_ref().map_or(0, output)).map(|class| format!("class {class}")).collect()
            }
            labels => labels,
        }
    }

    /// Makes the candidate: applies the recipe, writes the file, and reads it back, so that everything that follows
    /// speaks of the file that can be downloaded.
    ///
    /// # Errors
    /// Those of the transforms; `Parameter` when a step needs inputs and there are none.
    pub fn apply(&mut self, recipe: &Recipe, progress: &mut dyn Progress) -> Result<()> {
        recipe.check()?;
        let (side, classes) = self.made(recipe, progress)?;
        if let Some(inputs) = &mut self.inputs {
            inputs.name_classes(classes.as_deref());
        }
        let drawn = self.inputs.is_none() && recipe.needs_calibration();
        let remarks = if drawn { vec![compress::drawn::REMARK.into()] } else { vec![] };
        self.candidate = Some(Candidate { side, recipe: recipe.clone(), retaught: classes.is_some(), remarks });
        self.forget_measurements();
        self.measure_thresholds()
    }

    /// What a recipe makes of the original, written and read back; and the names of its classes, where training gave it others.
    fn made(&self, recipe: &Recipe, progress: &mut dyn Progress) -> Result<(Side, Option<Vec<String>>)> {
        let original = self.original()?;
        let trained = recipe.trained().map(|first| self.trained_for(&first)).transpose()?;
        let (start, done) = match trained {
            Some(trained) => (&trained.side, trained.steps()),
            None => (original, 0),
        };
        let rest = Recipe::of(recipe.steps[done..].to_vec());
        let side = if rest.steps.is_empty() {
            Side::open(&start.bytes, &original.card.name)?
        } else {
            let windows = match &self.inputs {
                Some(inputs) if rest.needs_calibration() => {
                    inputs.calibration_windows(&start.model, card::front_end(&start.model))?
                }
                _ => Vec::new(),
            };
            let model = compress::apply(&start.model, &rest, &windows, progress)?;
            Side::open(&compress::deliver(&model, &rest, &windows)?, &original.card.name)?
        };
        let classes = trained.map(|trained| trained.classes.clone()).filter(|classes| !classes.is_empty());
        Ok((side, classes))
    }

    /// Sets each side's anomaly threshold so that [`NORMAL_SHARE`] of the calibration items lie below it.
    fn measure_thresholds(&mut self) -> Result<()> {
        let front_end = self.front_end()?;
        let Some((original, candidate, inputs)) = self.running() else { return Ok(()) };
        if original.card.task != Task::Reconstruction || original.executor.is_none() {
            return Ok(());
        }
        let windows = normal_windows(inputs, front_end)?;
        original.threshold = original.normal_threshold(&windows)?;
        candidate.side.threshold = candidate.side.normal_threshold(&windows)?;
        Ok(())
    }

    /// The candidate as a file.
    ///
    /// # Errors
    /// `Parameter` before a recipe was applied.
    pub fn candidate_bytes(&self) -> Result<&[u8]> {
        Ok(&self.candidate()?.side.bytes)
    }

    /// Number of test items.
    pub fn test_items(&self) -> usize {
        self.inputs.as_ref().map_or(0, |inputs| inputs.test.len())
    }

    /// Runs test items `from..to` on both sides; a part for [`Bench::add_evaluation`].
    ///
    /// # Errors
    /// Those of the front end and of running; `Parameter` without inputs or candidate.
    pub fn evaluate(&mut self, from: usize, to: usize) -> Result<Partial> {
        self.candidate()?;
        let front_end = self.front_end()?;
        let Some((original, candidate, inputs)) = self.running() else {
            return Err(Error::parameter("There are no inputs to test with"));
        };
        let mut results = Vec::new();
        let end = to.min(inputs.test.len());
        for item in from.min(end)..end {
            let windows = inputs.items[inputs.test[item]].windows(front_end)?;
            results.push(ItemResult {
                item,
                original: original.outcome(&windows)?,
                candidate: candidate.side.outcome(&windows)?,
            });
        }
        Ok(Partial { results })
    }

    /// Adds a part of the evaluation.
    pub fn add_evaluation(&mut self, part: Partial) {
        self.evaluation.merge(part);
    }

    /// Measures how far each layer's output is from the original's, on the first `items` test items.
    ///
    /// # Errors
    /// Those of running; `Parameter` without inputs or candidate.
    pub fn measure_layers(&mut self, items: usize) -> Result<()> {
        let front_end = self.front_end()?;
        let (original, candidate) = (self.reference()?, &self.candidate()?.side);
        let Some(inputs) = &self.inputs else { return Err(Error::parameter("There are no inputs to measure with")) };
        let mut samples = Vec::new();
        for &item in inputs.test.iter().take(items) {
            // One window from the middle speaks for an item of many.
            let windows = inputs.items[item].windows(front_end)?;
            if let Some(window) = windows.get(windows.len() / 2) {
                let both = (inputs::feed(&original.model, window)?, inputs::feed(&candidate.model, window)?);
                samples.push((vec![both.0], vec![both.1]));
            }
        }
        self.layers = layers::distances(&original.model, &candidate.model, &samples)?;
        self.layer_samples = samples.len();
        Ok(())
    }

    /// The candidate's answer to a clip; `clock` gives milliseconds and is read around the model alone.
    ///
    /// # Errors
    /// Those of the front end and of running.
    pub fn answer(&mut self, samples: &[f32], sample_rate: u32, clock: &dyn Fn() -> f64) -> Result<Answer> {
        let front_end = self.front_end()?;
        let item = inputs::Item {
            name: String::new(),
            label: None,
            source: Source::Sound { samples: samples.to_vec(), sample_rate },
        };
        let windows = item.windows(front_end)?;
        let classes = self.classes();
        self.candidate()?;
        let Some(candidate) = &mut self.candidate else {
            return Err(Error::parameter("No recipe has been applied yet"));
        };
        let side = &mut candidate.side;
        let start = clock();
        let (label, bars) = match side.card.task {
            Task::Reconstruction => answering::of_strangeness(side.strangeness(&windows)?, side.threshold, &classes),
            _ => answering::of_scores(&side.scores(&windows)?, &classes),
        };
        let spent = clock() - start;
        let note = "Time of the model here, in this browser, without the front end";
        let here_ms = Some(Figure::measured(spent, "ms", None, windows.len(), note));
        Ok(Answer { label, bars, here_ms })
    }

    /// A test item's sound.
    ///
    /// # Errors
    /// `Parameter` when there is no such item, or it is no sound.
    pub fn clip(&self, index: usize) -> Result<ClipView> {
        let found = self.inputs.as_ref().and_then(|inputs| Some((inputs, &inputs.items[*inputs.test.get(index)?])));
        match found {
            Some((inputs, item)) => match &item.source {
                Source::Sound { samples, sample_rate } => Ok(ClipView {
                    name: item.name.clone(),
                    label: item.label.and_then(|label| inputs.classes.get(label).cloned()),
                    sample_rate: *sample_rate,
                    samples: samples.clone(),
                }),
                Source::Windows(_) => Err(Error::parameter("this item is an array, not sound")),
            },
            None => Err(Error::parameter(format!("there is no test item {index}"))),
        }
    }

    /// The candidate's weights of a layer as a picture, coloured on the original's scale.
    ///
    /// # Errors
    /// `Parameter` when the node has no weights.
    pub fn weights(&self, node: NodeId) -> Result<WeightsView> {
        let (original, candidate) = (&self.reference()?.model, &self.candidate()?.side.model);
        let same = layers::matching_nodes(original, candidate).get(node).copied().flatten();
        let largest = match same.map(|node| weights::largest(original, node)) {
            Some(Ok(largest)) => largest,
            _ => weights::largest(candidate, node)?,
        };
        weights::view(candidate, node, largest)
    }

    /// What came out of running test items; none where none ran.
    fn summarized(&self, results: &Partial, task: Task, thresholds: Thresholds) -> Option<EvaluationReport> {
        let inputs = self.inputs.as_ref().filter(|_| !results.results.is_empty())?;
        let item = |&item: &usize| {
            let item = &inputs.items[item];
            evaluation::Labelled { name: &item.name, label: item.label }
        };
        let items: Vec<evaluation::Labelled<'_>> = inputs.test.iter().map(item).collect();
        Some(evaluation::summarize(results, &items, &self.classes(), task, thresholds))
    }

    /// Everything about the candidate, for a device and a rate of inferences each second.
    ///
    /// # Errors
    /// `Parameter` before a recipe was applied, or for a device that does not exist.
    pub fn report(&self, device: &str, rate_hz: f64) -> Result<Report> {
        let (original, candidate) = (self.reference()?, self.candidate()?);
        let thresholds = Thresholds { original: original.threshold, candidate: candidate.side.threshold };
        let evaluation = self.summarized(&self.evaluation, original.card.task, thresholds);
        summary::report(&summary::Parts {
            original: &original.model,
            candidate: &candidate.side.model,
            file: &candidate.side.bytes,
            card: &candidate.side.card,
            recipe: &candidate.recipe,
            remarks: &candidate.remarks,
            evaluation,
            layers: &self.layers,
            layer_samples: self.layer_samples,
            device,
            rate_hz,
        })
    }
}

/// The windows of items that say what is normal: those known to be normal, or of unknown kind.
fn normal_windows(inputs: &Inputs, front_end: Option<&FrontEnd>) -> Result<Vec<Vec<Tensor>>> {
    let normal = inputs.calibration.iter().filter(|&&item| inputs.items[item].label.unwrap_or(0) == 0);
    normal.map(|&item| inputs.items[item].windows(front_end)).collect()
}
