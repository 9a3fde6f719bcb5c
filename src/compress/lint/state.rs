//! States that go round outside of the model.

use super::{Problem, Severity};
use crate::model::{Model, state};

/// Says which output must come back as which input.
pub(super) fn external(model: &Model, problems: &mut Vec<Problem>) {
    for pair in state::external(model) {
        problems.push(Problem {
            severity: Severity::Info,
            place: format!("input {}", pair.0),
            sentence: state::sentence(model, pair),
            fix: "copy the output to the input after each step; begin with zeros".into(),
            mend: None,
        });
    }
}
