//! A search for a recipe under budgets: every candidate is applied, written, read back, run and costed as on the bench.
//!
//! It chooses by the items that ranges are measured on; the items that the score is reported on take no part in choosing,
//! so that the score of what it finds is not the luckiest of many.

mod subject;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Bench;
use super::evaluation::{ItemResult, Partial, Thresholds};
use super::summary;
use crate::compress;
use crate::compress::recipe::Recipe;
use crate::compress::search::{Budgets, Explorer, Next, Outcome};
use crate::cost;
use crate::error::{Error, Result};
use crate::json;
use crate::metrics;
use crate::progress::Progress;
use crate::report::search::{Dot, SearchNews, SearchRequest, Trial};
use crate::report::{Figure, Task};
use subject::Subject;

/// Raised when a saved state means something else.
const VERSION: u32 = 2;

/// A search under way on the model and inputs of a bench.
pub struct Search {
    saved: Saved,
    subject: Subject,
}

/// What is saved, and goes on elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Saved {
    version: u32,
    /// The model's hash and the set's name and size: nothing else can be gone on with.
    about: String,
    request: SearchRequest,
    explorer: Explorer,
    trials: Vec<Option<Kept>>,
}

/// A trial as it was told, which nothing here reads again, and the score in words.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    trial: Box<RawValue>,
    score: String,
}

impl SearchRequest {
    /// Refuses budgets that mean nothing.
    ///
    /// # Errors
    /// `Parameter` naming the field.
    pub fn check(&self) -> Result<()> {
        for (name, most) in [("flash", self.flash), ("ram", self.ram), ("energy", self.energy)] {
            if most.is_some_and(|most| !(most.is_finite() && most > 0.0)) {
                return Err(Error::parameter(format!(
                    "a budget of {} for {name} is not possible",
                    most.unwrap_or(0.0)
                )));
            }
        }
        if !(0.0..=100.0).contains(&self.keeps) {
            return Err(Error::parameter(format!("{} % of the answers cannot be kept", self.keeps)));
        }
        if !(1..=1000).contains(&self.trials) {
            return Err(Error::parameter(format!("{} candidates cannot be tried; 1 to 1000 can", self.trials)));
        }
        cost::device::find(&self.device)
            .map(|_| ())
            .ok_or_else(|| Error::parameter(format!("no device is called {:?}", self.device)))
    }
}

impl Bench {
    /// Begins a search, or goes on with one that was saved by [`Search::state`].
    ///
    /// # Errors
    /// `Parameter` without a model that runs or inputs, for a request that means nothing, or for the state of a search on
    /// another model or other inputs; those of running the original.
    pub fn search(&self, request: &SearchRequest, state: Option<&str>) -> Result<Search> {
        request.check()?;
        let subject = Subject::new(self, request)?;
        let budgets = Budgets { most: [request.flash, request.ram, request.energy], keeps: request.keeps / 100.0 };
        let fresh = Saved {
            version: VERSION,
            about: subject.about.clone(),
            request: request.clone(),
            explorer: Explorer::new(subject.space.clone(), budgets, request.trials, u64::from(request.seed)),
            trials: Vec::new(),
        };
        let saved = match state {
            None => fresh,
            Some(text) => {
                let saved: Saved = serde_json::from_str(text)
                    .map_err(|error| Error::parameter(format!("this is not the state of a search: {error}")))?;
                if saved.version != VERSION
                    || saved.about != fresh.about
                    || saved.explorer.space() != fresh.explorer.space()
                {
                    return Err(Error::parameter("this is the state of a search on another model or other inputs"));
                }
                saved
            }
        };
        Ok(Search { saved, subject })
    }
}

impl Search {
    /// What can be saved and gone on with.
    pub fn state(&self) -> String {
        json::text(&self.saved)
    }

    /// Everything that was tried, in order, each a [`Trial`] as JSON.
    pub fn trials_json(&self) -> String {
        let all: Vec<&str> = self.saved.trials.iter().flatten().map(|kept| kept.trial.get()).collect();
        format!("[{}]", all.join(","))
    }

    /// Everything that was tried, in order.
    pub fn trials(&self) -> Vec<Trial> {
        serde_json::from_str(&self.trials_json()).unwrap_or_default()
    }

    /// Whether there is nothing more to measure.
    pub fn is_over(&self) -> bool {
        self.saved.explorer.next().is_none()
    }

    /// The recipe found; none where nothing fits.
    pub fn answer(&self) -> Option<Trial> {
        let kept = self.saved.trials.get(self.saved.explorer.best()?)?.as_ref()?;
        serde_json::from_str(kept.trial.get()).ok()
    }

    /// Measures one thing, and says what came of it. Nothing is lost where it is stopped.
    ///
    /// # Errors
    /// Those of running and costing; `Cancelled`.
    pub fn step(&mut self, bench: &Bench, progress: &mut dyn Progress) -> Result<SearchNews> {
        let Some(next) = self.saved.explorer.next() else { return Ok(self.news("", None)) };
        let (phase, trial) = match &next {
            Next::Ask(plan) => {
                let recipe = self.saved.explorer.space().recipe(plan);
                let outcome = attempt(self.subject.asked(&recipe, progress))?;
                self.saved.explorer.tell(next, outcome);
                ("Asking what each layer brings", None)
            }
            Next::Try(plan) => {
                let recipe = self.saved.explorer.space().recipe(plan);
                let tried = attempt(self.tried(bench, &recipe, progress))?;
                self.saved.explorer.tell(next, tried.as_ref().map(|(_, outcome)| *outcome));
                let at = self.saved.trials.len();
                let trial = tried.map(|(trial, _)| Trial { fits: self.saved.explorer.fits(at), ..trial });
                self.saved.trials.push(trial.as_ref().map(kept_as).transpose()?);
                ("Trying recipes", trial)
            }
        };
        Ok(self.news(phase, trial))
    }

    /// Makes and measures one recipe as the search does, without being part of it.
    ///
    /// # Errors
    /// Those of making, running and costing it.
    pub fn attempt(&mut self, bench: &Bench, recipe: &Recipe, progress: &mut dyn Progress) -> Result<Trial> {
        self.tried(bench, recipe, progress).map(|(trial, _)| trial)
    }

    /// Makes a candidate, and measures and costs it as the bench does.
    fn tried(&mut self, bench: &Bench, recipe: &Recipe, progress: &mut dyn Progress) -> Result<(Trial, Outcome)> {
        let (mut side, _) = bench.made(recipe, progress)?;
        let outcome = self.subject.outcome(&mut side)?;
        let subject = &self.subject;
        if subject.task == Task::Reconstruction {
            side.threshold = side.normal_threshold(&subject.normal)?;
        }
        let mut results = Vec::with_capacity(subject.test.len());
        for (item, (windows, &original)) in subject.test.iter().zip(&subject.answers).enumerate() {
            results.push(ItemResult { item, original, candidate: side.outcome(windows)? });
        }
        let thresholds = Thresholds { original: subject.threshold, candidate: side.threshold };
        let evaluation = bench.summarized(&Partial { results }, subject.task, thresholds);
        let metric = evaluation.as_ref().map_or("accuracy".into(), |evaluation| evaluation.metric.clone());
        let report = summary::report(&summary::Parts {
            original: &bench.original()?.model,
            candidate: &side.model,
            file: &side.bytes,
            card: &side.card,
            recipe,
            remarks: &[],
            evaluation,
            layers: &[],
            layer_samples: 0,
            device: &self.saved.request.device,
            rate_hz: 1.0,
        })?;
        let (distance, kept) = (distance(&outcome, subject), kept(&outcome, subject));
        Ok((Trial { recipe: recipe.clone(), strip: report.strip, metric, distance, kept, fits: false }, outcome))
    }

    fn news(&self, phase: &str, trial: Option<Trial>) -> SearchNews {
        let (done, total) = self.saved.explorer.progress();
        let is_over = self.is_over();
        SearchNews {
            trial,
            phase: phase.into(),
            done: done as u32,
            total: if is_over { done } else { total } as u32,
            // Trials that could not be made are not among those that were told.
            best: self.saved.explorer.best().map(|at| self.saved.trials[..at].iter().flatten().count() as u32),
            sentence: self.sentence(),
            is_over,
        }
    }

    /// The answer so far, in words.
    pub fn sentence(&self) -> String {
        let Saved { request, explorer, trials, .. } = &self.saved;
        let found = |at: usize| Some((explorer.outcome(at)?.costs, trials.get(at)?.as_ref()?));
        let counted = trials.iter().flatten().count();
        let within = budgets(request);
        if let Some(([flash, ram, _], best)) = explorer.best().and_then(found) {
            return format!(
                "Of {counted} recipes tried, the one nearest to the original {within} takes {flash:.0} B of flash and {ram:.0} B of \
                 RAM{}. It was chosen on the calibration items, where it keeps at least {} %",
                best.score, request.keeps
            );
        }
        if explorer.next().is_some() {
            return format!("{counted} recipes tried; none yet {within}");
        }
        let keeps = format!("keeps {} % of the original's answers", request.keeps);
        match explorer.smallest().and_then(found) {
            Some(([flash, ram, _], _)) => format!(
                "Not possible without training: the smallest that {keeps} takes {flash:.0} B of flash and {ram:.0} B of RAM. \
                 Training with fewer channels or bits in place may get further"
            ),
            None => format!("Not possible without training: no recipe that was tried {keeps}"),
        }
    }
}

/// A candidate that cannot be made is no error of the search; one that was stopped is.
fn attempt<T>(made: Result<T>) -> Result<Option<T>> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(error) if error.kind() == crate::error::Kind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

fn budgets(request: &SearchRequest) -> String {
    let part = |most: Option<f64>, unit: &str, of: &str, scale: f64| {
        most.map(|most| format!("{} {unit} of {of}", most * scale))
    };
    let parts: Vec<String> = [
        part(request.flash, "B", "flash", 1.0),
        part(request.ram, "B", "RAM", 1.0),
        part(request.energy, "µJ", "energy", 1e6),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "of any size".into() } else { format!("within {}", parts.join(", ")) }
}

fn kept_as(trial: &Trial) -> Result<Kept> {
    let text = RawValue::from_string(json::text(trial));
    let trial_text = text.map_err(|error| Error::numeric(error.to_string()))?;
    let score = score(trial).map(|score| format!(", {score}")).unwrap_or_default();
    // Recipes are chosen by the items that ranges are measured on; what they keep of others is said of others.
    let kept = trial.strip.agreement.as_ref().zip(trial.strip.agreement.as_ref().and_then(|kept| kept.n));
    let kept =
        kept.map(|(kept, n)| format!("; it keeps {:.1} % of the original's answers to {n} test items", kept.value));
    let score = format!("{score}{}", kept.unwrap_or_default());
    Ok(Kept { trial: trial_text, score })
}

fn score(trial: &Trial) -> Option<String> {
    let score = trial.strip.score.as_ref()?;
    let (low, high) = (score.low.unwrap_or(score.value), score.high.unwrap_or(score.value));
    let digits = if score.unit == "%" { 1 } else { 3 };
    let unit = if score.unit == "%" { " %" } else { "" };
    Some(format!("with {} {:.digits$}{unit} ({low:.digits$} to {high:.digits$})", trial.metric, score.value))
}

fn distance(outcome: &Outcome, subject: &Subject) -> Figure {
    let (unit, note) = match subject.task {
        Task::Classification => {
            ("nat", "Mean divergence (Kullback-Leibler) of the candidate's answers from the original's")
        }
        _ => ("1", "Squared error against the original's outputs, as a share of their squares"),
    };
    let note = format!("{note}, on the items that ranges are measured on");
    Figure::measured(outcome.loss, unit, None, subject.tuned(), note)
}

fn kept(outcome: &Outcome, subject: &Subject) -> Figure {
    let n = subject.tuned();
    let share = metrics::share(libm::round(outcome.kept * n as f64) as usize, n);
    let note = "Answers of the original that stay the same, on the items that ranges are measured on";
    Figure::measured(100.0 * outcome.kept, "%", Some((100.0 * share.low, 100.0 * share.high)), n, note)
}

/// The dots that no other beats: nothing costs as little and scores more, or scores as much and costs less. By cost.
///
/// ```
/// use milliwatt::lab::search::front;
/// use milliwatt::report::search::Dot;
/// let dots = [(3.0, 90.0), (1.0, 80.0), (2.0, 70.0)].map(|(cost, score)| Dot { cost, score });
/// assert_eq!(front(&dots), [1, 0]);
/// ```
pub fn front(dots: &[Dot]) -> Vec<usize> {
    let order = crate::order::of(dots.len(), &|a, b| {
        dots[a].cost.total_cmp(&dots[b].cost).then(dots[b].score.total_cmp(&dots[a].score))
    });
    let mut front: Vec<usize> = Vec::new();
    for at in order {
        if front.last().is_none_or(|&last| dots[at].score > dots[last].score) {
            front.push(at);
        }
    }
    front
}
