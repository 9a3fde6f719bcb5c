//! The outcome of the fit, as constants: what presets are made with, so that a knob does not start a fit.
//!
//! A test fits again and compares; nothing here is tuned by hand.

use super::validation::form::{Cell, Estimator, Form, Node};
use super::validation::{Errors, Fit};

/// The form that all digital points choose, and its constant.
pub const DIGITAL: (Form, Fit) = (
    Form { digital: true, cell: Cell::Gates, node: Node::Planar, sparse: true, estimator: Estimator::Median },
    Fit { constant: -35.894501864275554, setting: [1.0, 1.0] },
);

/// The form that all analog points choose, and its constant.
pub const ANALOG: (Form, Fit) = (
    Form { digital: false, cell: Cell::Bits, node: Node::Linear, sparse: false, estimator: Estimator::Mean },
    Fit { constant: -34.02120062474635, setting: [1.0, 1.0] },
);

/// Held-out errors of the headline for digital macros: nested, no exclusion.
pub const DIGITAL_ERRORS: Errors = Errors {
    median: 1.4184481353897471,
    p90: 11.691945548622066,
    worst: 14.432565789473692,
    within_three: 16.0 / 22.0,
    points: 22,
};

/// Held-out errors of the headline for analog macros: nested, no exclusion.
pub const ANALOG_ERRORS: Errors = Errors {
    median: 1.85162697963915,
    p90: 5.2125725821910205,
    worst: 5.399198334642287,
    within_three: 22.0 / 29.0,
    points: 29,
};

/// Form and constant of a kind of macro.
pub fn of(digital: bool) -> (Form, Fit) {
    if digital { DIGITAL } else { ANALOG }
}

/// Held-out errors of a kind of macro.
pub fn errors(digital: bool) -> Errors {
    if digital { DIGITAL_ERRORS } else { ANALOG_ERRORS }
}

#[cfg(test)]
mod tests {
    use super::super::validation::headline;
    use super::*;

    #[test]
    fn the_constants_are_what_the_fit_gives() {
        for digital in [true, false] {
            let result = headline(digital).unwrap();
            let ((form, fit), errors) = (of(digital), errors(digital));
            assert_eq!(result.chosen.0, form);
            assert!((result.chosen.1.constant - fit.constant).abs() < 1e-9, "{:?}", result.chosen);
            assert_eq!(result.chosen.1.setting, fit.setting);
            for (found, held) in [
                (result.nested.median, errors.median),
                (result.nested.p90, errors.p90),
                (result.nested.worst, errors.worst),
                (result.nested.within_three, errors.within_three),
            ] {
                assert!((found / held - 1.0).abs() < 1e-6, "{:?}", result.nested);
            }
            assert_eq!(result.nested.points, errors.points);
        }
    }
}
