//! Rules chosen without the system that they predict.
//!
//! A rule that is chosen on all results has seen those that it is judged by. Here each system goes with all of its results; the rule
//! that predicts the others best, among themselves, then predicts it. That a least median decides was fixed before a figure was
//! computed.
//!
//! *Source*: M. Stone, "Cross-validatory choice and assessment of statistical predictions", 1974 (nested cross-validation).

use super::{By, Entry, Held, RULES, Rule, errors};

/// Every result of a kind, predicted by the rule with the least median error on all other systems.
pub(super) fn chosen(scores: &[Entry], what: &str) -> Vec<Held> {
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| rule.what == what && matches!(rule.by, By::Others(_))).collect();
    let Some(first) = rules.first() else { return Vec::new() };
    let mut systems: Vec<&str> = scores
        .iter()
        .filter(|entry| first.predicts(scores, entry).is_some())
        .map(|entry| &entry.submission[..])
        .collect();
    systems.sort_unstable();
    systems.dedup();
    let mut all = Vec::new();
    for left_out in systems {
        let rest: Vec<Entry> = scores.iter().filter(|entry| entry.submission != left_out).cloned().collect();
        let medians = rules.iter().filter_map(|rule| Some((rule, errors(&rule.held_among(&rest))?.median)));
        let Some((rule, _)) = medians.min_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
        let own = scores.iter().filter(|entry| entry.submission == left_out);
        all.extend(own.filter_map(|entry| rule.predicts(scores, entry)));
    }
    all
}
