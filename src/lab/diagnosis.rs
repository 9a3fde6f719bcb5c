//! Why the candidate on the bench lost, and what may help.
//!
//! A layer's error is *accumulated* where it is fed by the candidate's layers before it, and *local* where it is fed with what the
//! original computes: a layer whose accumulated error is large and whose local error is small only passes on what it got.

mod cause;
mod coverage;
mod facts;
mod remedy;
mod repair;

use super::Bench;
use super::{card, inputs, layers};
use crate::compress::prune::weight_values;
use crate::compress::recipe::{Recipe, Step};
use crate::error::{Error, Result};
use crate::metrics::SignalNoise;
use crate::model::Model;
use crate::progress::Progress;
use crate::report::Figure;
use crate::report::diagnosis::{DiagnosedLayer, DiagnosisReport, RemedyRow};
use cause::Cause;
use facts::Facts;

/// Test items that layers are compared on, as on the page.
const ITEMS: usize = 16;
/// Windows that ranges are measured on, of which it is told how many values lie inside.
const COVERED: usize = 64;

impl Bench {
    /// What each layer of a recipe's candidate loses, why, and what may help.
    ///
    /// Slimming and packing change no answer but take the names that layers are matched by, so the candidate is made without.
    ///
    /// # Errors
    /// `Parameter` without a model or inputs; those of making and running the candidate.
    pub fn diagnose(&self, recipe: &Recipe, progress: &mut dyn Progress) -> Result<DiagnosisReport> {
        let Some(all) = &self.inputs else { return Err(Error::parameter("There are no inputs to measure with")) };
        let changes = |step: &&Step| !matches!(step, Step::Slim(_) | Step::Pack(_));
        let named = Recipe::of(recipe.steps.iter().filter(changes).cloned().collect());
        let (side, retaught) = self.made(&named, progress)?;
        let original = match (&self.trained, retaught) {
            (Some(trained), Some(_)) => &trained.side,
            _ => self.original()?,
        };
        let front_end = card::front_end(&original.model);
        let mut samples = Vec::new();
        for &item in all.test.iter().take(ITEMS) {
            let windows = all.items[item].windows(front_end)?;
            if let Some(window) = windows.get(windows.len() / 2) {
                let both = (inputs::feed(&original.model, window)?, inputs::feed(&side.model, window)?);
                samples.push((vec![both.0], vec![both.1]));
            }
        }
        let matches = layers::matching_values(&original.model, &side.model);
        let found = facts::facts(&original.model, &side.model, &matches, &samples)?;
        let fed: Vec<_> = samples.iter().map(|(_, candidate)| candidate.clone()).collect();
        let parts = facts::parts_from_desktop(&side.model, &fed)?;
        let windows = all.tuning_windows(front_end)?;
        let step = windows.len().div_ceil(COVERED).max(1);
        let measured = windows.iter().step_by(step).map(|window| Ok(vec![inputs::feed(&original.model, window)?]));
        let measured = measured.collect::<Result<Vec<_>>>()?;
        let covered = coverage::coverage(&original.model, &side.model, &matches, &measured)?;
        let worst = cause::cause(&found).filter(|(worst, _)| noise(worst).noise > 0.0);
        let place = |facts: &Facts| {
            let node = &side.model.nodes[facts.node];
            let weights = node.op.weights_input().and_then(|at| node.input(at))?;
            weight_values(&side.model).iter().position(|&id| id == weights)
        };
        let count = weight_values(&side.model).len();
        let remedies =
            worst.map_or_else(Vec::new, |(facts, cause)| remedy::remedies(recipe, cause, place(facts), count));
        Ok(DiagnosisReport {
            sentence: sentence(&side.model, &found, worst),
            desktop: match parts {
                Some(node) => format!(
                    "Device (TFLM) and desktop (LiteRT with XNNPACK) first give other bytes in {}, where they round otherwise",
                    side.model.place(node)
                ),
                None => "Device (TFLM) and desktop (LiteRT with XNNPACK) give the same bytes on these items".into(),
            },
            coverage: covered,
            layers: found.iter().map(|facts| row(&side.model, facts, worst, samples.len())).collect(),
            remedies: remedies.into_iter().map(shown).collect(),
            repairs: repair::repairs(recipe).into_iter().map(shown).collect(),
        })
    }
}

fn shown(remedy: remedy::Remedy) -> RemedyRow {
    RemedyRow { sentence: remedy.sentence, recipe: remedy.recipe }
}

/// What a layer is judged by: its own noise where it is known.
fn noise(facts: &Facts) -> SignalNoise {
    facts.local.unwrap_or(facts.accumulated)
}

fn sentence(model: &Model, all: &[Facts], worst: Option<(&Facts, Cause)>) -> String {
    let Some((facts, cause)) = worst else {
        return "Every layer gives what the original's gives: nothing was lost".into();
    };
    let name = model.nodes[facts.node].outputs.first().map_or("", |&id| model.values[id].name.as_str());
    let decibels = |noise: SignalNoise| noise.decibels().filter(|decibels| decibels.is_finite());
    let own = decibels(noise(facts)).map(|own| format!(" ({own:.1} dB)")).unwrap_or_default();
    let last = all.last().and_then(|last| decibels(last.accumulated));
    let last = last.map(|last| format!("; at the end {last:.1} dB are left")).unwrap_or_default();
    let place = model.place(facts.node);
    let lead = match facts.local {
        Some(_) => format!("Most is lost in {place}{own}"),
        // Without channels or blocks, layers before it have no counterpart: what it loses itself is not known.
        None => format!(
            "The original has no counterpart of what {place} is given. With what earlier layers passed on, it is off{own}"
        ),
    };
    format!("{lead}: {}{last}. Its output: {name}", cause.words(facts))
}

fn row(model: &Model, facts: &Facts, worst: Option<(&Facts, Cause)>, n: usize) -> DiagnosedLayer {
    let node = &model.nodes[facts.node];
    let measured = |value: f64, unit: &str, note: &str| Figure::measured(value, unit, None, n, note);
    let decibels = |noise: SignalNoise, note: &str| {
        noise.decibels().filter(|decibels| decibels.is_finite()).map(|decibels| measured(decibels, "dB", note))
    };
    DiagnosedLayer {
        node: facts.node as u32,
        op: node.op.name().into(),
        name: node.outputs.first().map(|&id| model.values[id].name.clone()).unwrap_or_default(),
        accumulated: decibels(facts.accumulated, "Signal to noise of its output, errors of earlier layers included"),
        local: facts
            .local
            .and_then(|local| decibels(local, "Signal to noise of the layer alone, fed with the original's values")),
        fed: facts.local.is_some(),
        cosine: measured(facts.cosine, "1", "Cosine of the angle between its output and the original's"),
        shift: measured(100.0 * facts.shift, "%", "Share of the error that is a constant shift of channels"),
        saturated: measured(100.0 * facts.saturated, "%", "The original's values outside of the candidate's range"),
        used: facts.used.map(|used| {
            measured(100.0 * used, "%", "Share of the range in which all but two thousandths of the values lie")
        }),
        spread: facts.spread.map(|spread| {
            Figure::counted(
                spread,
                "1",
                "Largest weight of the largest channel over that of the smallest, on one scale",
            )
        }),
        dead: measured(facts.dead.0 as f64, "1", "Channels that always say the same, and do not in the original"),
        is_worst: worst.is_some_and(|(worst, _)| worst.node == facts.node),
    }
}
