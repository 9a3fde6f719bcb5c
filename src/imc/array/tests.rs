use super::*;
use crate::imc::points;

#[test]
fn a_chip_with_one_point_is_met_exactly_and_says_so() {
    let preset = Macro::find("d01").unwrap();
    assert_eq!(preset.label, Label::Calibrated { chip: "D01", residual: 1.0, points: 1 });
    let published = points::find("D01").unwrap().joules_per_mac();
    assert!((preset.joules_per_mac(4, 4).0 / published - 1.0).abs() < 1e-9);
}

#[test]
fn a_chip_with_several_points_shows_what_is_left() {
    let Label::Calibrated { residual, points, .. } = Macro::find("d15").unwrap().label else { panic!("predicted") };
    assert_eq!(points, 3);
    assert!(residual > 1.1 && residual < 2.0, "{residual}");
}

#[test]
fn a_calibrated_macro_that_is_made_another_is_predicted_from_then_on() {
    let knobs = Knobs { supply: Some(0.6), ..Knobs::default() };
    assert_eq!(Macro::find("d01").unwrap().with(&knobs).unwrap().label, Label::Predicted);
    let twice = Knobs { count: Some(2), ..Knobs::default() };
    assert_ne!(Macro::find("d01").unwrap().with(&twice).unwrap().label, Label::Predicted);
    let wrong = Knobs { rows: Some(0), ..Knobs::default() };
    assert!(Macro::generic().with(&wrong).unwrap_err().to_string().contains("rows is 0"));
}

#[test]
fn parts_on_random_data_sum_to_the_whole() {
    for id in [GENERIC, "d16", "a06", "a01"] {
        let preset = Macro::find(id).unwrap();
        let unit = preset.unit_energies(8, 8);
        let (rows, outputs) = (preset.rows as f64, preset.outputs(8) as f64);
        let random = Activity::random(rows);
        let at_once = preset.bits_per_cycle.min(8) as f64;
        let columns = outputs * 8.0;
        let cycle = unit.fixed
            + unit.leaf * rows * columns * at_once * random.leaf
            + unit.root * columns * at_once * random.root
            + unit.conversion * columns
            + unit.drive * rows
            + unit.bitline * rows * columns;
        let whole = preset.joules_per_mac(8, 8).0 * rows * outputs / preset.passes(8) as f64;
        assert!((cycle / whole - 1.0).abs() < 0.06, "{id}: {cycle} of {whole}");
    }
}

#[test]
fn the_generic_macro_keeps_32_kib_and_runs_at_hundreds_of_megahertz() {
    let generic = Macro::generic();
    assert_eq!(generic.capacity_bytes(), 32 * 1024);
    assert!(generic.clock.0 > 100e6 && generic.clock.0 < 600e6, "{:?}", generic.clock);
    assert!(generic.area_mm2() > 0.01 && generic.area_mm2() < 1.0, "{}", generic.area_mm2());
    assert!(Macro::presets().unwrap().len() > 30);
    assert!(Macro::find("nothing").unwrap_err().to_string().contains(GENERIC));
}
