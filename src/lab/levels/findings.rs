//! What the level experiment shows, in sentences.

use crate::report::Figure;
use crate::report::levels::{SideScores, TreatmentRow};

/// The candidate's side of a treatment.
fn candidate(row: &TreatmentRow) -> Option<&SideScores> {
    row.sides.last()
}

/// A figure in words.
fn words(figure: &Figure) -> String {
    match figure.unit.as_str() {
        "%" => format!("{:.1} %", figure.value),
        _ => format!("{:.3}", figure.value),
    }
}

/// Sentences about the candidate: what level does without a normalizer, what peak normalization keeps and what it
/// costs, what a click does to it, and which treatment held best.
pub(super) fn findings(rows: &[TreatmentRow], metric: &str) -> Vec<String> {
    let find = |id: &str| rows.iter().find(|row| row.id == id);
    let at = |row: &TreatmentRow, condition: &str| {
        let index = crate::audio::disturb::CONDITIONS.iter().position(|known| known.id == condition)?;
        candidate(row)?.scores.get(index).map(words)
    };
    let mut sentences = Vec::new();
    if let Some((none, side)) = find("none").and_then(|row| Some((row, candidate(row)?)))
        && let Some(as_recorded) = at(none, "gain0")
    {
        sentences.push(format!(
            "Without a normalizer the candidate's {metric} is {as_recorded} as recorded and {} at its worst level.",
            words(&side.worst)
        ));
    }
    if let Some((peak, side)) = find("peak").and_then(|row| Some((row, candidate(row)?))) {
        let energy = peak.energy.as_ref().map_or(String::new(), |energy| {
            format!(", for {:.2} \u{b5}J of each second on the chosen device (modelled)", energy.value * 1e6)
        });
        sentences
            .push(format!("Peak normalization keeps it at {} or more at every level{energy}.", words(&side.worst)));
        if let (Some(click), Some(quiet)) = (at(peak, "impulse"), at(peak, "gain0")) {
            sentences.push(format!("One click in the clip takes peak normalization from {quiet} to {click}."));
        }
    }
    let best = rows
        .iter()
        .filter_map(|row| Some((row, &candidate(row)?.mean)))
        .max_by(|(_, a), (_, b)| a.value.total_cmp(&b.value));
    if let Some((row, mean)) = best {
        sentences.push(format!("Best over all levels is {}, with a mean of {}.", row.label, words(mean)));
    }
    sentences
}
