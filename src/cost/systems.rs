//! Boards left out: what other results say of one that is not looked at.
//!
//! A *system* is a board with a runtime, as it was submitted. [`RULES`] says how one is predicted from the others. The first rule
//! of each kind was written down before a figure was computed, and its errors are the held-out errors that the project stands by; the
//! others were found after it was seen to miss, on the same results, and say what could tell systems apart:
//!
//! - **Time**. Where one core ran the same runtime, in the same round and with the same setting, on several boards, the cycles of
//!   a network on the system left out are those on the other boards, at its clock. Both boards' memories are then taken to be alike;
//!   what runtimes of other makers show of the two boards corrects that.
//! - **Energy**. No two boards of one core that were measured take the same power at the same clock (53 to 375 uW/MHz for
//!   Cortex-M33), so that a board's energy cannot come from another board. A submission's energy is its published time at the
//!   power of the same board in its other submissions. Those of the same organisation in the same round are much nearer than others:
//!   they share a set-up, and often a day.
//!
//! The last rule of each kind chooses among the others for each system, with none of its results in sight (nested
//! cross-validation). The choice has not seen what it is judged by; whoever thought of the rules found afterwards had.
//!
//! Nothing is left out of any rule. Others that were tried in passing (by network, within one organisation alone, or with the board
//! with a switching regulator as a board of its own) differ from the rule beside them by less than two points in the median.
//!
//! int8 results of the closed division on a processor without an accelerator, with a clock and a runtime that are named.

mod choice;
mod rules;

use super::scoreboard::{Score, scores};
use crate::error::Result;
use crate::order;
use choice::chosen;
pub use rules::RULES;

/// One result, left out and predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The result.
    pub score: Score,
    /// As published: seconds or joules.
    pub published: f64,
    /// As the others have it.
    pub predicted: f64,
    /// Boards or submissions that say so.
    pub others: usize,
}

impl Held {
    /// Prediction against what was published, minus one.
    pub fn error(&self) -> f64 {
        self.predicted / self.published - 1.0
    }
}

/// How far predictions were off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Median of the magnitudes.
    pub median: f64,
    /// Share within a quarter.
    pub within_quarter: f64,
    /// The largest.
    pub worst: f64,
}

/// The errors of predictions; `None` of none.
pub fn errors(held: &[Held]) -> Option<Errors> {
    let mut sizes: Vec<f64> = held.iter().map(|held| libm::fabs(held.error())).collect();
    order::floats(&mut sizes);
    let n = sizes.len();
    let median = (sizes.get(n.checked_sub(1)? / 2)? + sizes.get(n / 2)?) / 2.0;
    let within = sizes.iter().filter(|&&size| size <= 0.25).count();
    Some(Errors { median, within_quarter: within as f64 / n as f64, worst: sizes[n - 1] })
}

/// A result with what its names say.
#[derive(Clone)]
struct Entry {
    score: Score,
    /// The first two words of its folder's name.
    board: String,
    /// One system as it was submitted once.
    submission: String,
    /// Everything but the board: network, round, core, runtime and setting.
    conditions: String,
}

impl Entry {
    fn new(score: Score) -> Self {
        let folder = score.system.rsplit('/').next().unwrap_or_default().to_ascii_uppercase().replace('_', "-");
        let board = folder.split('-').take(2).collect::<Vec<_>>().join("-");
        let submission = format!("{} {} {}", score.round, score.organisation, score.system);
        let (runtime, setting) = (score.runtime.replace(" v", " "), setting(&score));
        let conditions = format!("{} {} {} {runtime} {setting}", score.benchmark, score.round, score.core);
        Self { score, board, submission, conditions }
    }
}

impl std::ops::Deref for Entry {
    type Target = Score;

    fn deref(&self) -> &Score {
        &self.score
    }
}

/// A time or an energy with how many boards or submissions it rests on; `None` where there is no other.
type Predicted = Option<(f64, usize)>;

/// How results left out are predicted.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// `time` or `energy`.
    pub what: &'static str,
    /// From what it is predicted.
    pub words: &'static str,
    published: fn(&Score) -> Option<f64>,
    by: By,
}

/// What a rule predicts by.
#[derive(Clone, Copy)]
enum By {
    /// Other results.
    Others(fn(&[Entry], &Entry) -> Predicted),
    /// The rule that is best on all other systems.
    Choice,
}

impl Rule {
    /// Every result that it can predict, left out and predicted.
    ///
    /// # Errors
    /// Those of the table of results.
    ///
    /// ```
    /// use milliwatt::cost::systems::{RULES, errors};
    /// let time = errors(&RULES[0].held()?).unwrap();
    /// assert!(time.median < 0.08 && time.within_quarter < 0.9);
    /// # Ok::<(), milliwatt::Error>(())
    /// ```
    pub fn held(&self) -> Result<Vec<Held>> {
        Ok(self.held_among(&eligible()?))
    }

    /// The same of some results alone.
    fn held_among(&self, scores: &[Entry]) -> Vec<Held> {
        match self.by {
            By::Choice => chosen(scores, self.what),
            By::Others(_) => scores.iter().filter_map(|entry| self.predicts(scores, entry)).collect(),
        }
    }

    /// One result, by the others.
    fn predicts(&self, scores: &[Entry], entry: &Entry) -> Option<Held> {
        let By::Others(predict) = self.by else { return None };
        let published = (self.published)(entry)?;
        let (predicted, others) = predict(scores, entry)?;
        Some(Held { score: entry.score.clone(), published, predicted, others })
    }
}

fn time(score: &Score) -> Option<f64> {
    score.latency.map(|time| time.0)
}

/// Streaming counts waiting, too.
fn energy(score: &Score) -> Option<f64> {
    score.energy.filter(|_| score.benchmark < 4).map(|energy| energy.0)
}

fn cycles(score: &Score) -> Option<f64> {
    Some(time(score)? * score.clock_mhz? * 1e6)
}

fn power(score: &Score) -> Option<f64> {
    Some(energy(score)? / time(score)?)
}

/// A time by other boards, with a `share` of how boards differ in the results of other makers that `alike` lets in.
fn by_other_boards(scores: &[Entry], score: &Entry, share: f64, alike: fn(&Entry, &Entry) -> bool) -> Predicted {
    let differ = |from: &str| {
        let mut found = Vec::new();
        let known = scores.iter().filter(|known| {
            known.core == score.core
                && known.board == score.board
                && maker(known) != maker(score)
                && alike(score, known)
        });
        for known in known {
            let there = scores.iter().filter(|there| there.board == from && there.conditions == known.conditions);
            found.extend(there.filter_map(|there| Some((maker(known).to_owned(), cycles(known)? / cycles(there)?))));
        }
        mean_of_groups(&found).map_or(1.0, |(ratio, _)| libm::pow(ratio, share))
    };
    let others = scores.iter().filter(|other| other.conditions == score.conditions && other.board != score.board);
    let found: Vec<(String, f64)> =
        others.filter_map(|other| Some((other.board.clone(), cycles(other)? * differ(&other.board)))).collect();
    let (mean, n) = mean_of_groups(&found)?;
    Some((mean / (score.clock_mhz? * 1e6), n))
}

/// An energy by the board's other submissions: of the same organisation in so many nearest rounds, its own round among them or not,
/// or of everyone.
fn by_other_submissions(scores: &[Entry], score: &Entry, nearest: Option<usize>, same_round: bool) -> Predicted {
    let mut others: Vec<&Entry> = scores
        .iter()
        .filter(|other| {
            power(other).is_some()
                && other.core == score.core
                && other.board == score.board
                && other.submission != score.submission
        })
        .collect();
    if let Some(nearest) = nearest {
        let set_up = |other: &Entry| other.organisation == score.organisation && other.round == score.round;
        others.retain(|other| same_round || !set_up(other));
        let own = |other: &&Entry| other.organisation == score.organisation;
        if others.iter().any(own) {
            others.retain(own);
        }
        let away = |other: &Entry| round(other).abs_diff(round(score));
        let mut distances: Vec<usize> = others.iter().map(|other| away(other)).collect();
        distances.sort_unstable();
        distances.dedup();
        let farthest = distances.into_iter().take(nearest).next_back()?;
        others.retain(|other| away(other) <= farthest);
    }
    let found: Vec<(String, f64)> =
        others.into_iter().filter_map(|other| Some((other.submission.clone(), power(other)?))).collect();
    let (mean, n) = mean_of_groups(&found)?;
    Some((mean * time(score)?, n))
}

fn eligible() -> Result<Vec<Entry>> {
    let mut scores = scores()?;
    scores.retain(|score| {
        score.division == "closed"
            && score.precision == "int8"
            && score.engine.is_empty()
            && score.clock_mhz.is_some()
            && !score.runtime.is_empty()
    });
    Ok(scores.into_iter().map(Entry::new).collect())
}

/// Geometric mean over groups of their geometric means, and how many groups there are.
fn mean_of_groups(values: &[(String, f64)]) -> Option<(f64, usize)> {
    let mut groups: Vec<(&str, f64, usize)> = Vec::new();
    for (name, value) in values {
        match groups.iter_mut().find(|(group, ..)| group == name) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + libm::log(*value), *count + 1),
            None => groups.push((name, libm::log(*value), 1)),
        }
    }
    let n = groups.len();
    let sum: f64 = groups.iter().map(|(_, sum, count)| sum / *count as f64).sum();
    (n > 0).then(|| (libm::exp(sum / n as f64), n))
}

/// Who made the runtime, by the first word of its name.
fn maker(score: &Score) -> &'static str {
    score.runtime.split(' ').next().unwrap_or_default()
}

/// Which round it was, counted from the first.
fn round(score: &Score) -> usize {
    ["0.5", "0.7", "1.0", "1.1", "1.2", "1.3"].iter().position(|round| *round == score.round).unwrap_or(usize::MAX)
}

/// What a folder's name says of the runtime's setting.
fn setting(score: &Score) -> &'static str {
    ["max_performance", "min_ram"].into_iter().find(|setting| score.system.contains(setting)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: &Rule) -> (Errors, usize) {
        let held = rule.held().unwrap();
        (errors(&held).unwrap(), held.len())
    }

    #[test]
    fn rules_written_beforehand_miss_a_goal_and_one_found_afterwards_needs_a_shared_set_up() {
        let of = |id: &str| found(RULES.iter().find(|rule| rule.id == id).unwrap());
        let met = |id: &str| of(id).0.median <= 0.08 && of(id).0.within_quarter >= 0.9;
        assert!(["boards", "everyone"].iter().all(|id| !met(id)), "docs/imc.md says that they miss");
        assert!(met("boards-and-runtimes") && met("nearest-round"));
        assert!(!met("other-rounds"));
        // Chosen without the system that is predicted: energies meet both goals, times miss the second by one result.
        assert!(met("chosen-energy") && of("chosen-time").0.median <= 0.08);
        let (times, n) = of("chosen-time");
        assert_eq!((times.within_quarter * n as f64).round() as usize, 73, "of {n}; 74 would be nine tenths");
        let held = |id: &str| RULES.iter().find(|rule| rule.id == id).unwrap().held().unwrap();
        let both = errors(&[held("chosen-time"), held("chosen-energy")].concat()).unwrap();
        assert!(both.median <= 0.08 && both.within_quarter >= 0.9, "docs/imc.md says what both come to together");
        for rule in &RULES {
            // Nothing is left out of any.
            assert_eq!(found(rule).1, if rule.what == "time" { 82 } else { 91 }, "{}", rule.id);
        }
        let first = |what| RULES.iter().find(|rule| rule.what == what).unwrap().id;
        assert_eq!([first("time"), first("energy")], ["boards", "everyone"]);
    }

    #[test]
    fn boards_with_one_core_and_runtime_need_nearly_the_same_cycles_except_one_pair() {
        let rule = RULES.iter().find(|rule| rule.id == "boards").unwrap();
        let held = rule.held().unwrap();
        assert!(errors(&held).unwrap().median < 0.08);
        let far = held.iter().filter(|held| libm::fabs(held.error()) > 0.25);
        assert!(
            far.map(|held| Entry::new(held.score.clone()).board)
                .all(|board| board == "NUCLEO-L4R5ZI" || board == "CY8CPROTO-062")
        );
    }

    #[test]
    fn a_system_never_predicts_itself() {
        let scores = eligible().unwrap();
        for rule in &RULES {
            // Choosing takes long, and asks the others every time.
            let every = if matches!(rule.by, By::Choice) { 40 } else { 1 };
            for held in rule.held().unwrap().into_iter().step_by(every) {
                let mut changed = scores.clone();
                let itself = &mut changed.iter_mut().find(|entry| entry.score == held.score).unwrap().score;
                // Energies are predicted at the published time.
                if rule.what == "time" {
                    itself.latency = itself.latency.map(|time| crate::units::Seconds(9.0 * time.0));
                } else {
                    itself.energy = itself.energy.map(|energy| crate::units::Joules(9.0 * energy.0));
                }
                let itself = itself.clone();
                let again = rule.held_among(&changed);
                let again = again.iter().find(|again| again.score == itself).unwrap();
                assert_eq!((again.predicted, again.others), (held.predicted, held.others), "{}", held.score.system);
            }
        }
    }

    #[test]
    fn every_round_of_the_table_is_known() {
        assert!(scores().unwrap().iter().all(|score| round(score) < 6));
    }
}
