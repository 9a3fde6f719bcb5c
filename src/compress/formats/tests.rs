//! Every format against its definition, every weight against the naive search, and files that hold exactly what they say.

use super::*;
use crate::compress::recipe::{CodebookOptions, PackOptions, QuantizeOptions, Recipe, SlimOptions, Step};
use crate::compress::{self, random_inputs};
use crate::progress::Silent;
use crate::random::Random;
use crate::train::architecture::{Architecture, Kind};

fn sizes(name: &str) -> Vec<f64> {
    FORMATS.iter().find(|row| row.name == name).unwrap().sizes()
}

fn step(format: &str, group: u32) -> CodebookOptions {
    CodebookOptions { format: format.into(), group, ..CodebookOptions::default() }
}

fn weights(random: &mut Random, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.normal() * 0.3 + 0.02).collect()
}

#[test]
fn floats_are_those_of_their_definitions() {
    assert_eq!(
        sizes("e2m1").iter().map(|size| size / 2.0).collect::<Vec<_>>(),
        [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    );
    for (format, bias, mantissa, largest) in [("e4m3", 7, 3, 448.0), ("e5m2", 15, 2, 57344.0)] {
        let smallest = libm::exp2(f64::from(1 - bias - mantissa));
        let found = sizes(format);
        assert_eq!(found.last().unwrap() * smallest, largest);
        for (code, size) in found.iter().enumerate() {
            let (exponent, rest) = (code as i32 >> mantissa, f64::from(code as i32 & ((1 << mantissa) - 1)));
            let fraction = rest / f64::from(1 << mantissa);
            let meant = if exponent == 0 {
                fraction * libm::exp2(f64::from(1 - bias))
            } else {
                (1.0 + fraction) * libm::exp2(f64::from(exponent - bias))
            };
            assert_eq!(size * smallest, meant, "{format} {code}");
        }
    }
}

#[test]
fn every_format_has_its_row_and_its_sizes_ascend() {
    for row in &FORMATS {
        let sizes = row.sizes();
        assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "{}", row.name);
    }
    let sums = |first: &[f64], second: &[f64]| {
        let mut all: Vec<f64> = first.iter().flat_map(|a| second.iter().map(move |b| a + b)).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    assert_eq!(sizes("additive4"), sums(&[0.0, 8.0, 4.0, 1.0], &[0.0, 2.0]));
    assert_eq!(sizes("additive5"), sums(&[0.0, 32.0, 8.0, 2.0], &[0.0, 16.0, 4.0, 1.0]));
    for (name, count) in [("power3", 3), ("power4", 7)] {
        let powers = (0..count).map(|power| libm::exp2(f64::from(power)));
        assert_eq!(sizes(name), [0.0].into_iter().chain(powers).collect::<Vec<_>>());
    }
}

#[test]
fn every_weight_takes_the_nearest_value_and_no_naive_scale_is_better() {
    let mut random = Random::new(5);
    for row in &FORMATS {
        let sizes = row.sizes();
        for count in [1, 7, 64, 300] {
            let reals = weights(&mut random, count);
            let all = |scale: f64| sizes.iter().flat_map(move |size| [size * scale, -size * scale]);
            let away =
                |real: f64, scale: f64| all(scale).map(|value| (value - real).abs()).fold(f64::INFINITY, f64::min);
            let (scale, levels) = fitted(&reals, &sizes);
            let mut error = 0.0;
            for (real, level) in reals.iter().zip(&levels) {
                assert!(sizes.contains(&level.abs()), "{}: {level}", row.name);
                assert!((real - scale * level).abs() <= away(*real, scale) + 1e-12, "{}: {real} {level}", row.name);
                error += (real - scale * level) * (real - scale * level);
            }
            // The largest weight on the largest value.
            let most = reals.iter().fold(0.0f64, |most, real| most.max(real.abs()));
            let plain = most / sizes.last().unwrap();
            let naive: f64 = reals.iter().map(|&real| away(real, plain) * away(real, plain)).sum();
            assert!(error <= naive + 1e-12, "{}: {error} of {naive}", row.name);
        }
    }
}

#[test]
fn signs_take_the_mean_size_as_their_scale() {
    let (scale, levels) = fitted(&[1.0, -2.0, 3.0, -6.0], &[1.0]);
    assert_eq!((scale, levels), (3.0, vec![1.0, -1.0, 1.0, -1.0]));
}

#[test]
fn scales_for_groups_lose_less_than_one_for_a_channel() {
    let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
    let error = |group: u32| -> f64 {
        let made = reformat(&model, &step("e2m1", group), &mut Silent).unwrap();
        let pairs = weight_values(&model)
            .into_iter()
            .map(|id| (model.values[id].to_f32().unwrap(), made.values[id].to_f32().unwrap()));
        pairs.flat_map(|(a, b)| a.into_iter().zip(b)).map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum()
    };
    let (whole, groups) = (error(0), error(16));
    assert!(groups < whole, "{groups} of {whole}");
}

#[test]
fn int8_files_hold_the_values_exactly_answer_alike_and_pack_to_the_bits_of_the_format() {
    let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
    let mut random = Random::new(2);
    let inputs: Vec<_> = (0..4).map(|_| random_inputs(&model, &mut random).unwrap()).collect();
    let file = |steps: Vec<Step>| {
        let recipe = Recipe::of(steps);
        let made = compress::apply(&model, &recipe, &inputs, &mut Silent).unwrap();
        let bytes = compress::deliver(&made, &recipe, &inputs).unwrap();
        (made, bytes.len())
    };
    let (quantize, slim, pack) = (
        Step::Quantize(QuantizeOptions::default()),
        Step::Slim(SlimOptions::default()),
        Step::Pack(PackOptions::default()),
    );
    let (int8, _) = file(vec![quantize.clone()]);
    let (_, plain) = file(vec![quantize.clone(), slim.clone(), pack.clone()]);
    for row in &FORMATS {
        let step = step(row.name, 0);
        let sizes = row.sizes();
        if *sizes.last().unwrap() > 127.0 {
            let refused = reformat(&int8, &step, &mut Silent).unwrap_err();
            assert!(refused.to_string().contains("leave Quantize out"), "{refused}");
            continue;
        }
        let (made, _) = file(vec![quantize.clone(), Step::Codebook(step.clone())]);
        let times = libm::floor(127.0 / sizes.last().unwrap());
        for id in weight_values(&made) {
            let integers = made.values[id].to_i8().unwrap();
            assert!(
                integers.iter().all(|&integer| sizes.contains(&(f64::from(integer).abs() / times))),
                "{}",
                row.name
            );
        }
        let (_, packed) = file(vec![quantize.clone(), Step::Codebook(step.clone()), slim.clone(), pack.clone()]);
        // Eight bits are what int8 weights have anyway.
        assert!(packed < plain || row.name == "integer8", "{}: {packed} of {plain}", row.name);
    }
    let refused = reformat(&int8, &step("sign", 16), &mut Silent).unwrap_err();
    assert!(refused.to_string().contains("groups"), "{refused}");
}

#[test]
fn an_int8_file_in_a_fine_format_answers_as_before() {
    let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
    let inputs: Vec<_> = (0..4).map(|_| random_inputs(&model, &mut Random::new(3)).unwrap()).collect();
    let recipe = Recipe::of(vec![Step::Quantize(QuantizeOptions::default())]);
    let int8 = compress::apply(&model, &recipe, &inputs, &mut Silent).unwrap();
    let mut same = int8.clone();
    // All whole numbers up to 127: nothing is lost, whatever the scale is called.
    let every: Vec<f64> = (0..128).map(f64::from).collect();
    for id in weight_values(&int8) {
        whole(&mut same, id, &every, 0).unwrap();
    }
    let answers = |model: &Model| {
        let mut executor = crate::exec::Executor::new(model, crate::exec::Options::default()).unwrap();
        let given = [random_inputs(model, &mut Random::new(4)).unwrap()];
        executor.run(&given[0]).unwrap()[0].to_f32_vec()
    };
    let apart = answers(&int8).iter().zip(answers(&same)).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    assert!(apart <= 2.0, "{apart} steps of int8");
}

#[test]
fn a_format_with_more_values_never_loses_more() {
    let mut random = Random::new(9);
    for (fewer, more) in
        [("ternary", "power3"), ("power3", "power4"), ("integer3", "integer6"), ("integer6", "integer8")]
    {
        for count in [9, 64, 576] {
            for _ in 0..20 {
                let reals = weights(&mut random, count);
                let error = |name: &str| -> f64 {
                    let (scale, levels) = fitted(&reals, &sizes(name));
                    reals.iter().zip(levels).map(|(real, level)| (real - scale * level) * (real - scale * level)).sum()
                };
                let (few, many) = (error(fewer), error(more));
                assert!(many <= few * 1.0001, "{fewer} {few}, {more} {many} of {count}");
            }
        }
    }
}

#[test]
fn groups_go_with_a_number_format_and_names_that_no_format_has_are_refused() {
    let refused = |step: CodebookOptions| {
        let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
        compress::apply(&model, &Recipe::of(vec![Step::Codebook(step)]), &[], &mut Silent).unwrap_err().to_string()
    };
    assert!(refused(step("own", 16)).contains("number format"));
    assert!(refused(step("sign", 1)).contains("2 to 1024"));
    assert!(refused(step("bfloat16", 0)).contains("bfloat16"));
}
