use super::*;
use crate::compress::recipe::SlimTarget;

/// A world in which every layer is worth its weights at so many bits each, and loses by a rule of its own.
fn measured(space: &Space, plan: &Plan) -> Outcome {
    let treatments = space.treatments(plan.packed);
    let (mut bytes, mut loss) = (1000.0, 0.001);
    for (layer, (&at, &weights)) in plan.layers.iter().zip(&space.weights).enumerate() {
        let treatment = treatments[at];
        let bits = if treatment.values > 0 { f64::from(treatment.values).log2() } else { f64::from(treatment.bits) };
        bytes += weights as f64 * bits * (1.0 - 0.5 * treatment.sparsity) / 8.0;
        loss += (layer + 1) as f64 * (2f64.powf(-bits) + 0.1 * treatment.sparsity.powi(3));
    }
    Outcome { costs: [bytes, 5000.0, 0.0], loss, kept: 1.0 - loss / 10.0 }
}

fn run(mut search: Explorer) -> Explorer {
    while let Some(next) = search.next() {
        let (Next::Ask(plan) | Next::Try(plan)) = &next;
        let outcome = measured(search.space(), plan);
        search.tell(next, Some(outcome));
    }
    search
}

fn search(most: f64) -> Explorer {
    let space = Space { weights: vec![4000, 3000, 2000, 1000], is_integer: false, target: SlimTarget::Tflm };
    Explorer::new(space, Budgets { most: [Some(most), None, None], keeps: 0.5 }, 60, 1)
}

#[test]
fn what_is_found_fits_and_no_uniform_treatment_that_fits_loses_less() {
    for most in [5000.0, 6000.0, 7500.0] {
        let done = run(search(most));
        let best = done.tried[done.best().unwrap()].outcome.unwrap();
        assert!(best.costs[0] <= most, "{most}: {best:?}");
        for packed in [true, false] {
            for at in 0..done.space.treatments(packed).len() {
                let plan = Plan { layers: vec![at; 4], ..done.space.whole(packed, 0) };
                let uniform = measured(&done.space, &plan);
                assert!(uniform.costs[0] > most || uniform.loss >= best.loss, "{most}: {uniform:?} {best:?}");
            }
        }
    }
}

#[test]
fn a_search_that_was_saved_goes_on_as_if_it_had_never_stopped() {
    let whole = run(search(6000.0));
    let mut half = search(6000.0);
    for _ in 0..25 {
        let next = half.next().unwrap();
        let (Next::Ask(plan) | Next::Try(plan)) = &next;
        let outcome = measured(half.space(), plan);
        half.tell(next, Some(outcome));
    }
    let text = serde_json::to_string(&half).unwrap();
    let resumed = run(serde_json::from_str(&text).unwrap());
    assert_eq!(resumed, whole);
}

#[test]
fn where_nothing_fits_the_smallest_that_keeps_the_answers_is_known() {
    let done = run(search(500.0));
    assert!(done.best().is_none());
    let smallest = done.tried[done.smallest().unwrap()].outcome.unwrap();
    assert!(smallest.kept >= 0.5);
    assert!(
        done.tried
            .iter()
            .filter_map(|known| known.outcome)
            .filter(|found| found.kept >= 0.5)
            .all(|found| found.costs[0] >= smallest.costs[0])
    );
}

#[test]
fn channels_are_equalized_where_that_loses_much_less_and_int16_is_asked_only_where_int8_loses_answers() {
    for (kept, better) in [(0.95, 1), (0.4, 3)] {
        let mut search = search(6000.0);
        while let Some(next) = search.next() {
            let (Next::Ask(plan) | Next::Try(plan)) = &next;
            let mut outcome = measured(search.space(), plan);
            let variant = plan.calibration / search.space.calibrations();
            outcome.loss *= if variant == better { 0.5 } else { 1.0 };
            outcome.kept = if variant == 3 { 1.0 } else { kept };
            search.tell(next, Some(outcome));
        }
        assert_eq!(search.calibration() / search.space.calibrations(), better);
        let is_wide = |known: &Known| known.plan.calibration / search.space.calibrations() == 3;
        assert_eq!(search.asked.iter().any(is_wide), better == 3);
        let recipe = search.space().recipe(&search.tried.last().unwrap().plan).to_json();
        assert_eq!(recipe.contains("equalize"), better == 1, "{recipe}");
        assert_eq!(recipe.contains("int16x8"), better == 3, "{recipe}");
    }
}

#[test]
fn the_same_plan_is_never_tried_twice() {
    let done = run(search(6000.0));
    for (at, known) in done.tried.iter().enumerate() {
        assert!(done.tried[..at].iter().all(|other| other.plan != known.plan));
    }
    assert!(done.tried.len() <= 60);
}
