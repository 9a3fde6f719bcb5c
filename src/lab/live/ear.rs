//! One model that listens: what it answers to a window, averaged, and what it detects.

use super::decision::Decision;
use crate::error::Result;
use crate::lab::{Side, answering};
use crate::report::sound::LiveSettings;
use crate::report::{Answer, Task};
use crate::tensor::Tensor;

/// Classes that are no detection.
const NOTHING: [&str; 2] = ["silence", "unknown"];

/// One side's model and what it has decided so far.
pub(super) struct Ear {
    side: Side,
    classes: Vec<String>,
    decision: Decision,
}

impl Ear {
    pub(super) fn new(side: Side, classes: Vec<String>) -> Self {
        Self { side, classes, decision: Decision::default() }
    }

    /// The averaged answer, and what is detected by it.
    pub(super) fn answer(
        &mut self,
        windows: &[Tensor],
        at_s: f64,
        settings: &LiveSettings,
    ) -> Result<(Answer, Option<(String, f64)>)> {
        let over = libm::round(settings.smoothing_ms / settings.hop_ms).max(1.0) as usize;
        let reconstructs = self.side.card.task == Task::Reconstruction;
        let scores = match reconstructs {
            true => vec![self.side.strangeness(windows)? as f32],
            false => self.side.scores(windows)?,
        };
        let mean = self.decision.average(scores, over);
        let (label, bars, class, score, above) = if reconstructs {
            let value = f64::from(mean.first().copied().unwrap_or(0.0));
            let threshold = self.side.threshold;
            let (label, bars) = answering::of_strangeness(value, threshold, &self.classes);
            // Without items to measure a threshold on, nothing is strange.
            let ratio = if threshold > 0.0 { value / threshold } else { 0.0 };
            (label, bars, usize::from(ratio > 1.0), ratio, ratio > 1.0)
        } else {
            let (label, bars) = answering::of_scores(&mean, &self.classes);
            let class = crate::metrics::top(mean.iter().copied()).unwrap_or(0);
            let score = f64::from(mean.get(class).copied().unwrap_or(0.0));
            let heard = !NOTHING.contains(&label.as_str()) && score >= settings.threshold;
            (label, bars, class, score, heard)
        };
        let settled = self.decision.is_settled(over);
        let told = settled && self.decision.detects(class, above, at_s, settings.refractory_ms / 1000.0);
        Ok((Answer { label: label.clone(), bars, here_ms: None }, told.then_some((label, score))))
    }
}
