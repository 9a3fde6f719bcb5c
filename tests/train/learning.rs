//! Training as a whole: it learns, it repeats itself bit for bit, and folding changes nothing.

use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::train::standardise::Standardisation;
use milliwatt::train::{Examples, Loss, Options, Parameters, Tape, architecture, fit};

const OPTIONS: Options = Options { loss: Loss::MeanSquaredError, epochs: 40, batch: 16, learning_rate: 0.01, seed: 1 };

/// Points on a curved line in 12 dimensions, which two numbers can describe, far from 0.
fn curve(rows: usize) -> Vec<f32> {
    let mut random = Random::new(4);
    let mut row = || {
        let (a, b) = (random.normal(), random.normal());
        (0..12).map(|i| (30.0 + 5.0 * libm::sin(a + f64::from(i) * b * 0.3)) as f32).collect::<Vec<_>>()
    };
    (0..rows).flat_map(|_| row()).collect()
}

#[test]
fn an_autoencoder_learns_a_curve_and_repeats_itself_bit_for_bit() {
    let data = curve(256);
    let standard = Standardisation::of(&data, 12).unwrap();
    let data = standard.apply(&data);
    let model = architecture::dense("curve", 12, &[24, 4, 24, 12], 7).unwrap();
    let examples = Examples { inputs: &data, targets: &data };
    let trained = fit(&model, examples, &OPTIONS, &mut Silent).unwrap();
    let (first, last) = (trained.losses[0], trained.losses[39]);
    assert!(last < 0.2 && last < first / 3.0, "the loss went from {first} to {last}");
    assert_eq!(fit(&model, examples, &OPTIONS, &mut Silent).unwrap().model, trained.model);
    let other = fit(&model, examples, &Options { seed: 2, ..OPTIONS }, &mut Silent).unwrap();
    assert_ne!(other.model, trained.model);
}

#[test]
fn a_classifier_learns_with_cross_entropy() {
    let mut random = Random::new(6);
    let rows: Vec<[f32; 2]> = (0..300).map(|_| [random.normal() as f32, random.normal() as f32]).collect();
    // Inside or outside a ring: no straight line parts them.
    let class = |[x, y]: &[f32; 2]| usize::from(x * x + y * y > 1.2);
    let inputs: Vec<f32> = rows.concat();
    let targets: Vec<f32> = rows.iter().flat_map(|row| [1.0 - class(row) as f32, class(row) as f32]).collect();
    let model = architecture::dense("ring", 2, &[16, 2], 1).unwrap();
    let options = Options { loss: Loss::CrossEntropy, epochs: 60, ..OPTIONS };
    let trained = fit(&model, Examples { inputs: &inputs, targets: &targets }, &options, &mut Silent).unwrap();
    let parameters = Parameters::of(&trained.model).unwrap();
    let tape = Tape::forward(&trained.model, &parameters, &inputs, rows.len()).unwrap();
    let right =
        tape.output().chunks_exact(2).zip(&rows).filter(|(y, row)| usize::from(y[1] > y[0]) == class(row)).count();
    assert!(right >= 285, "only {right} of 300 points are told apart");
}

#[test]
fn folding_the_standardisation_gives_the_same_answers_in_the_original_numbers() {
    let data = curve(32);
    let standard = Standardisation::of(&data, 12).unwrap();
    let model = architecture::dense("curve", 12, &[24, 4, 24, 12], 7).unwrap();
    let folded = standard.fold_into(&model).unwrap();
    let (inner, outer) = (Parameters::of(&model).unwrap(), Parameters::of(&folded).unwrap());
    let inner = Tape::forward(&model, &inner, &standard.apply(&data), 32).unwrap();
    let outer = Tape::forward(&folded, &outer, &data, 32).unwrap();
    for (i, (inner, outer)) in inner.output().iter().zip(outer.output()).enumerate() {
        let expected = inner * standard.deviation + standard.mean[i % 12];
        assert!((outer - expected).abs() < 1e-3, "output {i} is {outer}, not {expected}");
    }
}

#[test]
fn options_and_examples_that_do_not_fit_are_error_sentences() {
    let model = architecture::dense("tiny", 3, &[3], 1).unwrap();
    let fails = |inputs: &[f32], options: &Options| {
        fit(&model, Examples { inputs, targets: inputs }, options, &mut Silent).unwrap_err().to_string()
    };
    assert_eq!(fails(&[0.0; 4], &OPTIONS), "4 inputs and 4 targets are not rows of 3 and 3");
    assert_eq!(fails(&[0.0; 6], &OPTIONS), "a batch of 16 cannot be taken from 2 examples");
    let one = Options { batch: 1, ..OPTIONS };
    assert!(fails(&[f32::NAN; 3], &one).starts_with("the loss is NaN after 0 steps"));
    let stop = &mut |_: &str, done: usize, _: usize| done < 3;
    let stopped = fit(&model, Examples { inputs: &[0.5; 6], targets: &[0.5; 6] }, &one, stop).unwrap_err();
    assert_eq!(stopped.to_string(), "Stopped");
    assert!(architecture::dense("none", 3, &[], 1).is_err());
}
