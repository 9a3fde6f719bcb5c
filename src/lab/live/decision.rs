//! From one window's scores to a decision: averaged over a while, and told once.

use std::collections::VecDeque;

/// Averages scores, and tells when they become a detection.
///
/// The scheme is that of TensorFlow's `RecognizeCommands` (*average, threshold, suppression time*), with one addition: a
/// word that is still in the window when the suppression time is over is not told again, before its score has been under
/// the threshold.
#[derive(Debug, Default)]
pub struct Decision {
    scores: VecDeque<Vec<f32>>,
    /// Class and time of the last detection.
    last: Option<(usize, f64)>,
    /// Whether that class has been under the threshold since.
    released: bool,
}

impl Decision {
    /// Takes the scores of a window and returns the mean over the last `windows`.
    pub fn average(&mut self, scores: Vec<f32>, windows: usize) -> Vec<f32> {
        if self.scores.front().is_some_and(|known| known.len() != scores.len()) {
            self.scores.clear();
        }
        self.scores.push_back(scores);
        while self.scores.len() > windows.max(1) {
            self.scores.pop_front();
        }
        let share = 1.0 / self.scores.len() as f32;
        let classes = self.scores.front().map_or(0, Vec::len);
        (0..classes).map(|class| self.scores.iter().map(|scores| scores[class]).sum::<f32>() * share).collect()
    }

    /// Whether the mean is over as many windows as it should be.
    pub fn is_settled(&self, windows: usize) -> bool {
        self.scores.len() >= windows.max(1)
    }

    /// Whether it is told now that `class` is heard; `over` says whether its mean is over the threshold.
    ///
    /// *Units*: times in seconds.
    pub fn detects(&mut self, class: usize, over: bool, at_s: f64, refractory_s: f64) -> bool {
        let again = self.last.is_some_and(|(last, _)| last == class);
        if !over || !again {
            self.released = true;
        }
        let rested = self.last.is_none_or(|(_, last_s)| at_s - last_s >= refractory_s);
        let detected = over && rested && self.released;
        if detected {
            self.last = Some((class, at_s));
            self.released = false;
        }
        detected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_averaged_over_the_last_windows_only() {
        let mut decision = Decision::default();
        assert_eq!(decision.average(vec![1.0, 0.0], 2), [1.0, 0.0]);
        assert!(!decision.is_settled(2));
        assert_eq!(decision.average(vec![0.0, 1.0], 2), [0.5, 0.5]);
        assert_eq!(decision.average(vec![0.0, 1.0], 2), [0.0, 1.0]);
        assert!(decision.is_settled(2));
    }

    #[test]
    fn a_word_that_stays_is_told_once_and_told_again_after_a_pause() {
        let mut decision = Decision::default();
        let mut told = |over: bool, tenth: u32| decision.detects(3, over, f64::from(tenth) / 10.0, 1.0);
        let first: Vec<u32> = (0..30).filter(|&tenth| told(true, tenth)).collect();
        assert_eq!(first, [0], "still over the threshold after the refractory time");
        assert!(!told(false, 30));
        assert!(told(true, 31));
    }

    #[test]
    fn another_word_waits_for_the_refractory_time() {
        let mut decision = Decision::default();
        assert!(decision.detects(1, true, 0.0, 1.0));
        assert!(!decision.detects(2, true, 0.5, 1.0));
        assert!(decision.detects(2, true, 1.0, 1.0));
        assert!(!decision.detects(2, true, 2.5, 1.0), "the same word, never let go");
    }
}
