//! What the cost models are worth, in a few rows: goals, and what was reached on chips and boards left out.

use super::boards::GOALS;
use crate::cost::systems;
use crate::error::Result;
use crate::imc::fitted;
use crate::report::Figure;
use crate::report::imc::WorthRow;

/// Goals for arrays: the median and the 90th percentile of what held-out chips are off by, as factors; digital, then analog.
pub(super) const ARRAYS: [(&str, [f64; 2]); 2] = [("digital", [1.4, 3.0]), ("analog", [1.5, 3.0])];

/// Every goal with what was reached. Constants of arrays are those that the fit gives, which a test holds; boards are looked up
/// anew.
///
/// # Errors
/// Those of reading the table of results.
pub fn rows() -> Result<Vec<WorthRow>> {
    let mut rows = Vec::new();
    let mut push = |what: String, unit: &str, goal: f64, found: f64, n: usize, met: bool| {
        let figure = |value: f64, note: &str| Figure::measured(value, unit, None, n, note);
        rows.push(WorthRow { what, goal: figure(goal, "The goal"), found: figure(found, "Held out"), met });
    };
    for (name, [median, p90]) in ARRAYS {
        let errors = fitted::errors(name == "digital");
        let n = errors.points;
        for (what, goal, found) in [("half", median, errors.median), ("nine tenths", p90, errors.p90)] {
            let what = format!("Arrays, {name}: {what} of {n} points of chips left out are within this factor");
            push(what, "x", goal, found, n, found <= goal);
        }
    }
    for (name, held) in [("times", systems::times()?), ("energies", systems::energies()?)] {
        let Some(errors) = systems::errors(&held) else { continue };
        let n = held.len();
        let (median, within) = (100.0 * errors.median, 100.0 * errors.within_quarter);
        let goals = GOALS.map(|goal| 100.0 * goal);
        push(format!("Boards, {n} {name} left out: median error"), "%", goals[0], median, n, median <= goals[0]);
        push(format!("Boards, {n} {name} left out: within a quarter"), "%", goals[1], within, n, within >= goals[1]);
    }
    Ok(rows)
}
