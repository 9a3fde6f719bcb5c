//! The drawn data sets: named by their seeds, told apart by a small network, and what their labels say.

use milliwatt::data::{Dataset, digits, eyes, shapes};
use milliwatt::error::{Kind as ErrorKind, Result};
use milliwatt::random::Random;
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::{Data, Examples, Plan, Trainer, one_hot};

type Set = fn(u64, usize) -> Result<Dataset>;
const SETS: [(&str, Set); 3] = [("digits", digits::set), ("shapes", shapes::set), ("eyes", eyes::set)];

fn arrays(data: &Dataset) -> (Vec<f32>, Vec<f32>) {
    let inputs = data.items.iter().flat_map(|item| item.windows[0].to_f32_vec()).collect();
    let labels: Vec<usize> = data.items.iter().map(|item| item.label.unwrap()).collect();
    (inputs, one_hot(&labels, data.classes.len()).unwrap())
}

#[test]
fn a_set_of_pictures_is_named_by_its_seed_and_its_values_are_levels_of_eight_bits() {
    for (name, set) in SETS {
        let data = set(3, 13).unwrap();
        assert_eq!(data, set(3, 13).unwrap(), "{name}");
        assert_ne!(data.items[0].windows, set(4, 13).unwrap().items[0].windows, "{name}");
        let (values, _) = arrays(&data);
        let level = |x: f32| (x * 255.0).round() / 255.0;
        assert!(values.iter().all(|&x| (0.0..=1.0).contains(&x) && (x - level(x)).abs() < 1e-6), "{name}");
        assert!(data.class_counts().iter().all(|&count| count > 0), "{name}");
        assert_eq!(set(1, usize::MAX).unwrap_err().kind(), ErrorKind::Limits, "{name}");
    }
}

#[test]
fn a_small_network_tells_the_classes_of_every_set_apart_on_pictures_that_it_has_not_seen() {
    for (name, set) in SETS {
        let (learned, tested) = (set(1, 600).unwrap(), set(2, 300).unwrap());
        let shape = learned.items[0].windows[0].shape().to_vec();
        let architecture = Architecture {
            input: [shape[1], shape[2], shape[3]],
            classes: learned.classes.len(),
            ..Architecture::of(Kind::SmallConvolution)
        };
        let plan = Plan { epochs: 10, learning_rate: 5e-3, batch_norm: true, ..Plan::default() };
        let mut trainer = Trainer::new(&architecture.build(1).unwrap(), &plan).unwrap();
        let (inputs, targets) = arrays(&learned);
        while !trainer.is_over() {
            trainer.step(Data::of(Examples { inputs: &inputs, targets: &targets })).unwrap();
        }
        let (inputs, targets) = arrays(&tested);
        let judgement = trainer.judge(Examples { inputs: &inputs, targets: &targets }).unwrap();
        let right = judgement.right.unwrap();
        println!("{name}: {right} of {}", judgement.n);
        // Guessing is right once in four to ten.
        assert!(right * 10 >= judgement.n * 8, "{name}: {right} of {}", judgement.n);
    }
}

#[test]
fn the_pupil_lies_where_the_eye_looks_and_a_closed_eye_has_none() {
    // The middle of what is darker than anything but a pupil.
    let pupil = |gaze, open, seed| {
        let eye = eyes::looking(gaze, open, &mut Random::new(seed));
        let dark: Vec<usize> = (0..eye.pixels.len()).filter(|&index| eye.pixels[index] < 0.1).collect();
        let sum: usize = dark.iter().map(|index| index % eyes::WIDTH).sum();
        (!dark.is_empty()).then(|| sum as f64 / dark.len() as f64)
    };
    for seed in 0..20 {
        let [left, ahead, right] = [-0.8, 0.0, 0.8].map(|x| pupil([x, 0.0], 1.0, seed));
        let (Some(left), Some(ahead), Some(right)) = (left, ahead, right) else { continue };
        assert!(left + 4.0 < ahead && ahead + 4.0 < right, "seed {seed}: {left}, {ahead}, {right}");
        assert_eq!(pupil([0.0, 0.0], 0.0, seed), None, "seed {seed}");
    }
}
