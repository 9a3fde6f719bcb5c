//! Training on the bench: what a recipe's training steps make is made once and kept.
//!
//! A bench of the page does not train; a workshop does ([`Bench::training`]), and hands every bench the outcome
//! ([`Bench::provide`]). The command does both in one go ([`Bench::train`]).

mod lesson;
mod session;
mod subject;
mod teacher;

pub use session::Session;
pub(super) use teacher::Teacher;

use super::Bench;
use super::side::Side;
use crate::compress::recipe::Recipe;
use crate::error::{Error, Result};
use crate::progress::{self, Progress};
use crate::report::training::TrainingOutcome;

/// A model that the training steps of a recipe made.
pub(super) struct Trained {
    recipe: Recipe,
    pub(super) side: Side,
    /// The names of its outputs, where they are others than those of the original.
    pub(super) classes: Vec<String>,
}

impl Trained {
    /// How many steps of a recipe it stands for.
    pub(super) fn steps(&self) -> usize {
        self.recipe.steps.len()
    }
}

impl Bench {
    /// Takes in what a training made, for every recipe that begins with its steps.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn provide(&mut self, outcome: &TrainingOutcome) -> Result<()> {
        let name = self.original()?.card.name.clone();
        let side = Side::open(&outcome.file, &name)?;
        self.trained = Some(Trained { recipe: outcome.recipe.clone(), side, classes: outcome.classes.clone() });
        Ok(())
    }

    /// Trains what a recipe asks for, unless it is there already; stops when `progress` says so.
    ///
    /// # Errors
    /// Those of [`Bench::training`] and of its steps; `Cancelled`.
    pub fn train(&mut self, recipe: &Recipe, progress: &mut dyn Progress) -> Result<()> {
        let Some(first) = recipe.trained() else { return Ok(()) };
        if self.trained_for(&first).is_ok() {
            return Ok(());
        }
        let mut session = self.training(recipe)?;
        while !session.is_over() {
            progress::step(progress, "training", session.steps_done(), session.steps())?;
            session.step()?;
        }
        self.provide(&session.outcome()?)
    }

    /// What the training steps of a recipe made.
    pub(super) fn trained_for(&self, first: &Recipe) -> Result<&Trained> {
        self.trained.as_ref().filter(|trained| trained.recipe == *first).ok_or_else(|| {
            Error::parameter("This recipe trains, and the training has not been run: start it in the Train view")
        })
    }

    /// The model that candidates are compared with: the original, or what a training made where it has other classes.
    pub(super) fn reference(&self) -> Result<&Side> {
        match &self.trained {
            Some(trained) if self.is_retaught() => Ok(&trained.side),
            _ => self.original(),
        }
    }

    /// Whether the candidate's classes are others than the original's.
    fn is_retaught(&self) -> bool {
        self.candidate.as_ref().is_some_and(|candidate| candidate.retaught)
    }

    /// The reference, the candidate and the inputs, to run.
    pub(super) fn running(&mut self) -> Option<(&mut Side, &mut super::Candidate, &super::Inputs)> {
        let retaught = self.is_retaught();
        let reference = match &mut self.trained {
            Some(trained) if retaught => &mut trained.side,
            _ => self.original.as_mut()?,
        };
        Some((reference, self.candidate.as_mut()?, self.inputs.as_ref()?))
    }
}
