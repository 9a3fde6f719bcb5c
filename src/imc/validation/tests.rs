use super::*;

#[test]
fn percentiles_are_those_of_the_sorted_factors() {
    let errors = Errors::of(&[1.0, 2.0, 8.0, 4.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]);
    assert_eq!((errors.median, errors.p90, errors.worst, errors.points), (1.5, 4.0, 8.0, 10));
    assert!((errors.within_three - 0.8).abs() < 1e-12);
}

#[test]
fn no_point_is_left_out_of_the_headline_and_no_chip_judges_itself() {
    for result in validate().unwrap() {
        let expected = points().unwrap().iter().filter(|point| form::takes(result.id, point)).count();
        assert_eq!(result.predictions.len(), expected, "{}", result.id);
        assert_eq!(result.nested.points, expected);
        assert_eq!(result.variants.len(), Form::all(result.id.starts_with("digital")).len());
        for variant in &result.variants {
            assert_eq!(variant.errors.points, expected, "{} {}", result.id, variant.form.id());
        }
    }
}

#[test]
fn a_chip_that_is_far_off_does_not_pull_its_own_prediction() {
    // With the published figure of one chip multiplied by ten, its held-out prediction stays where it was.
    let mut all: Vec<Point> = points().unwrap().into_iter().filter(|point| form::takes("digital-all", point)).collect();
    let before = set("digital-all", true, "", &all).unwrap();
    let at = all.iter().position(|point| point.id == "D13").unwrap();
    all[at].tops_per_watt /= 10.0;
    let after = set("digital-all", true, "", &all).unwrap();
    let of = |result: &SetResult| result.predictions.iter().find(|p| p.point.id == "D13").unwrap().predicted;
    assert_eq!(of(&before), of(&after));
    assert!(after.nested.worst >= before.nested.worst);
}

#[test]
fn the_frozen_protocol_names_every_set_and_word_that_the_code_uses() {
    let protocol: serde_json::Value = serde_json::from_str(PROTOCOL).unwrap();
    for (id, _, _) in SETS {
        assert!(protocol["sets"].as_array().unwrap().iter().any(|set| set["id"] == id), "{id}");
    }
    for (digital, axes) in [(true, "digital_axes"), (false, "analog_axes")] {
        for form in Form::all(digital) {
            let id = form.id();
            let mut words: Vec<&str> = id.split('-').collect();
            let estimator = words.pop().unwrap();
            assert!(protocol[axes]["cell"][words[0]].is_string(), "{id}");
            assert!(protocol[axes]["node"][words[1]].is_string(), "{id}");
            assert!(protocol[axes]["estimator"][estimator].is_string(), "{id}");
        }
        let count: usize =
            protocol[axes].as_object().unwrap().values().map(|axis| axis.as_object().unwrap().len()).product();
        assert_eq!(Form::all(digital).len(), count);
    }
}

#[test]
fn a_calibrated_chip_with_one_point_has_no_residual_and_one_with_several_shows_it() {
    let result = headline(true).unwrap();
    let calibrations = calibrations(&result);
    assert_eq!(calibrations.len(), result.chips);
    let of = |chip: &str| calibrations.iter().find(|known| known.chip == chip).unwrap();
    assert!((of("D01").residuals[0].1 - 1.0).abs() < 1e-12);
    assert!(of("D15").residuals.iter().any(|(_, factor)| *factor > 1.1));
}
