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
    let mut push = |what: String, unit: &str, goal: f64, found: f64, n: usize, met: bool, why: &str| {
        let figure = |value: f64, note: &str| Figure::measured(value, unit, None, n, note);
        let why = (!met).then(|| why.to_owned());
        rows.push(WorthRow { what, goal: figure(goal, "The goal"), found: figure(found, "Held out"), met, why });
    };
    for (name, [median, p90]) in ARRAYS {
        let errors = fitted::errors(name == "digital");
        let n = errors.points;
        for (share, goal, found) in [("half", median, errors.median), ("nine tenths", p90, errors.p90)] {
            let what = format!("Arrays, {name}: {share} of {n} points of chips left out are within this factor");
            push(what, "x", goal, found, n, found <= goal, why(name, share));
        }
    }
    for (what, name) in [("time", "times"), ("energy", "energies")] {
        let Some(rule) = systems::RULES.iter().find(|rule| rule.what == what) else { continue };
        let held = rule.held()?;
        let Some(errors) = systems::errors(&held) else { continue };
        let n = held.len();
        let (median, within) = (100.0 * errors.median, 100.0 * errors.within_quarter);
        let goals = GOALS.map(|goal| 100.0 * goal);
        push(
            format!("Boards, {n} {name} left out: median error"),
            "%",
            goals[0],
            median,
            n,
            median <= goals[0],
            why(name, "half"),
        );
        push(
            format!("Boards, {n} {name} left out: within a quarter"),
            "%",
            goals[1],
            within,
            n,
            within >= goals[1],
            why(name, "nine tenths"),
        );
    }
    Ok(rows)
}

/// Why a goal is missed, in a sentence, as docs/imc.md has it at length.
fn why(of: &str, share: &str) -> &'static str {
    match (of, share) {
        ("digital", "half") => {
            "This is the best found in which no chip takes part in choosing what predicts it. Single forms come closer, but which one \
             does changes with the chip that is left out"
        }
        ("digital", _) => {
            "Four chips decide this: one whose energy rises far more than the square of its supply, two that their sources list \
             inconsistently, and one measured on sparse data. Leaving them out would say nothing of the next chip"
        }
        ("analog", _) => {
            "Circuits on charge differ more than any form that was tried tells apart, and no source says on what data it measured"
        }
        _ => "No rule that was tried comes nearer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_that_is_missed_says_why_and_no_other_does() {
        let rows = rows().unwrap();
        assert_eq!(rows.len(), 8);
        assert!(rows.iter().all(|row| row.met == row.why.is_none()));
        assert!(rows.iter().any(|row| row.met) && rows.iter().any(|row| !row.met));
    }
}
