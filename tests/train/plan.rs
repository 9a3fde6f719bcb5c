//! A training as a whole: what a plan says happens, and what was trained is what is exported.

use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::model::validate::validate;
use milliwatt::model::{Model, Op};
use milliwatt::random::Random;
use milliwatt::tensor::Tensor;
use milliwatt::train::architecture::{Architecture, Kind, dense};
use milliwatt::train::plan::{
    Distillation, EarlyStopping, Hint, Method, Pattern, Pruning, Quantization, Schedule, Steps,
};
use milliwatt::train::{Data, Examples, Judgement, Loss, Plan, Trainer, one_hot};

const SIZE: usize = 12;

/// Images of bars in four directions, in noise: what a small convolution learns in a few epochs.
struct Bars {
    inputs: Vec<f32>,
    labels: Vec<usize>,
    targets: Vec<f32>,
}

impl Bars {
    fn new(count: usize, seed: u64, noise: f64) -> Self {
        let mut random = Random::new(seed);
        let mut inputs = Vec::new();
        let labels: Vec<usize> = (0..count).map(|_| random.below(4)).collect();
        for &label in &labels {
            let at = random.between(3.0, 8.0);
            for y in 0..SIZE {
                for x in 0..SIZE {
                    let (x, y) = (x as f64, y as f64);
                    let distance = [x - at, y - at, (x - y) * 0.7 + at - 5.5, (x + y) * 0.7 - at - 2.0][label];
                    let bar = libm::exp(-distance * distance);
                    inputs.push((2.0 * bar + noise * random.normal()) as f32);
                }
            }
        }
        let targets = one_hot(&labels, 4).unwrap();
        Self { inputs, labels, targets }
    }

    fn examples(&self) -> Examples<'_> {
        Examples { inputs: &self.inputs, targets: &self.targets }
    }
}

fn network(kind: Kind) -> Model {
    Architecture {
        input: [SIZE, SIZE, 1],
        classes: 4,
        width: if kind == Kind::SmallConvolution { 1.0 } else { 0.125 },
        ..Architecture::of(kind)
    }
    .build(3)
    .unwrap()
}

fn plan() -> Plan {
    Plan { epochs: 6, batch: 16, learning_rate: 5e-3, ..Plan::default() }
}

fn train(model: &Model, plan: &Plan, bars: &Bars) -> Trainer {
    let mut trainer = Trainer::new(model, plan).unwrap();
    while !trainer.is_over() {
        trainer.step(Data::of(bars.examples())).unwrap();
    }
    trainer
}

fn share(judgement: Judgement) -> f64 {
    judgement.right.unwrap() as f64 / judgement.n as f64
}

/// How many the executor answers rightly, on the integer or the float model.
fn right(model: &Model, bars: &Bars) -> usize {
    let input = &model.values[model.inputs[0]];
    let mut executor = Executor::new(model, Options::default()).unwrap();
    let mut right = 0;
    for (row, &label) in bars.inputs.chunks_exact(SIZE * SIZE).zip(&bars.labels) {
        let tensor = match &input.quantization {
            Some(q) => {
                let level =
                    |x: &f32| (x / q.scale_of(0) + q.zero_point_of(0) as f32).round().clamp(-128.0, 127.0) as i8;
                Tensor::from_i8(&input.shape, row.iter().map(level).collect()).unwrap()
            }
            None => Tensor::from_f32(&input.shape, row.to_vec()).unwrap(),
        };
        let output = executor.run(&[tensor]).unwrap()[0].to_f32_vec();
        let largest = (1..4).fold(0, |best, i| if output[i] > output[best] { i } else { best });
        right += usize::from(largest == label);
    }
    right
}

#[test]
fn networks_of_the_shelf_learn_with_batch_normalization_and_keep_their_answers_without_it() {
    let (training, test) = (Bars::new(320, 1, 0.5), Bars::new(200, 2, 0.5));
    // MobileNet halves its images five times: these are too small for it.
    for kind in [Kind::SmallConvolution, Kind::DsCnn, Kind::ResNet8] {
        let trainer = train(&network(kind), &Plan { batch_norm: true, epochs: 12, ..plan() }, &training);
        let learned = trainer.judge(test.examples()).unwrap();
        assert!(share(learned) > 0.8, "{kind:?}: {}", share(learned));
        let model = trainer.model().unwrap();
        validate(&model).unwrap();
        let found = right(&model, &test);
        assert!(found.abs_diff(learned.right.unwrap()) <= 1, "{kind:?}: {found}, not {learned:?}");
    }
}

#[test]
fn the_integer_model_is_as_right_as_the_rounded_one_with_every_method_and_number_of_bits() {
    let (training, test) = (Bars::new(320, 1, 0.9), Bars::new(2000, 2, 0.9));
    let float = train(&network(Kind::SmallConvolution), &plan(), &training).model().unwrap();
    let float_share = right(&float, &test) as f64 / 2000.0;
    let mut shares = Vec::new();
    for method in [Steps::MinMax, Steps::MovingAverage, Steps::Lsq, Steps::Pact] {
        for (weight_bits, activation_bits) in [(8, 8), (4, 8), (4, 4), (2, 8), (3, 5)] {
            let quantization = Some(Quantization { method, weight_bits, activation_bits, ..Quantization::default() });
            let trainer = train(&float, &Plan { quantization, learning_rate: 2e-3, epochs: 4, ..plan() }, &training);
            let rounded = trainer.judge(test.examples()).unwrap().right.unwrap();
            let integer = trainer.export().unwrap();
            validate(&integer).unwrap();
            let integer = tflite::read(&tflite::write(&integer).unwrap()).unwrap().model;
            let found = right(&integer, &test);
            let name = format!("{method:?} W{weight_bits}A{activation_bits}");
            // 0.2 points of 2000.
            assert!(found.abs_diff(rounded) <= 4, "{name}: integers {found}, rounded {rounded}");
            shares.push((name, found as f64 / 2000.0));
        }
    }
    // Weights that are -1, 0 or 1 times the largest are few for so small a network; step sizes that learn find better.
    let found = |name: &str| shares.iter().find(|(found, _)| found == name).unwrap().1;
    assert!(found("Lsq W2A8") > found("MinMax W2A8") + 0.03, "{shares:?}");
    for (name, share) in &shares {
        let least = if name.contains("W2") { 0.5 } else { float_share - 0.06 };
        assert!(*share > least, "{name}: {share}, float {float_share}, of {shares:?}");
    }
}

#[test]
fn residual_and_depthwise_networks_export_what_was_trained_from_the_first_step() {
    let (training, test) = (Bars::new(320, 1, 0.5), Bars::new(1000, 2, 0.5));
    for kind in [Kind::ResNet8, Kind::DsCnn] {
        // Float with batch normalization for six epochs, then folded and rounded.
        let quantization =
            Some(Quantization { begin_epoch: 6, weight_bits: 4, method: Steps::Lsq, ..Quantization::default() });
        let trainer = train(&network(kind), &Plan { batch_norm: true, quantization, epochs: 10, ..plan() }, &training);
        let rounded = trainer.judge(test.examples()).unwrap().right.unwrap();
        let found = right(&trainer.export().unwrap(), &test);
        // 0.2 points of 1000.
        assert!(found.abs_diff(rounded) <= 2 && found > 750, "{kind:?}: integers {found}, rounded {rounded}");
    }
}

#[test]
fn low_bits_use_no_more_levels_than_they_have() {
    let training = Bars::new(160, 1, 0.5);
    let quantization =
        Some(Quantization { method: Steps::Lsq, weight_bits: 3, activation_bits: 4, ..Quantization::default() });
    let integer =
        train(&network(Kind::SmallConvolution), &Plan { quantization, ..plan() }, &training).export().unwrap();
    for node in integer.nodes.iter().filter(|node| node.op.weights_input().is_some()) {
        let weights = integer.values[node.input(1).unwrap()].to_i8().unwrap();
        assert!(weights.iter().all(|w| (-3..=3).contains(w)) && weights.iter().any(|&w| w == 3 || w == -3));
    }
    let input = &integer.values[integer.inputs[0]].shape;
    let mut executor = Executor::new(&integer, Options::default()).unwrap();
    let mut levels = std::collections::BTreeSet::new();
    let first = integer.nodes.iter().find(|node| matches!(node.op, Op::Conv2d(_))).unwrap().outputs[0];
    for row in training.inputs.chunks_exact(SIZE * SIZE).take(20) {
        let row = row.iter().map(|x| (x * 30.0) as i8).collect();
        let input = Tensor::from_i8(input, row).unwrap();
        let seen = &mut levels;
        executor
            .run_tapped(&[input], &mut |id, view| {
                if id == first {
                    seen.extend(view.to_f32(None).iter().map(|x| x.to_bits()));
                }
            })
            .unwrap();
    }
    assert!((4..=16).contains(&levels.len()), "{} levels", levels.len());
}

#[test]
fn a_training_that_was_saved_goes_on_as_if_it_had_never_stopped() {
    let training = Bars::new(100, 1, 0.5);
    let plans = [
        Plan { batch_norm: true, mixup: 0.3, label_smoothing: 0.1, average: Some(0.9), epochs: 3, ..plan() },
        Plan {
            quantization: Some(Quantization { method: Steps::Lsq, begin_epoch: 1, ..Quantization::default() }),
            pruning: Some(Pruning { every: 2, ..Pruning::default() }),
            optimiser: Method::Sgd { momentum: 0.9, nesterov: true },
            epochs: 3,
            ..plan()
        },
        Plan {
            quantization: Some(Quantization { begin_epoch: 1, ..Quantization::default() }),
            early_stopping: Some(EarlyStopping { patience: 9, least: 0.0 }),
            batch_norm: true,
            epochs: 3,
            ..plan()
        },
    ];
    let model = network(Kind::SmallConvolution);
    let validation = Bars::new(40, 9, 0.5);
    let data = Data { training: training.examples(), validation: Some(validation.examples()) };
    for plan in plans {
        for pause in [0, 1, 6, 11, 17] {
            let mut straight = Trainer::new(&model, &plan).unwrap();
            for _ in 0..pause {
                straight.step(data).unwrap();
            }
            let bytes = straight.checkpoint();
            let mut resumed = Trainer::new(&model, &plan).unwrap();
            resumed.restore(&bytes).unwrap();
            while !straight.is_over() {
                assert_eq!(straight.step(data).unwrap(), resumed.step(data).unwrap());
            }
            assert_eq!(straight.model().unwrap(), resumed.model().unwrap());
            assert!(resumed.is_over());
        }
        let mut other = Trainer::new(&network(Kind::DsCnn), &plan).unwrap();
        let bytes = Trainer::new(&model, &plan).unwrap().checkpoint();
        assert!(other.restore(&bytes).is_err() && other.restore(b"MWTRAIN1").is_err());
    }
}

#[test]
fn pruning_ends_at_its_sparsity_and_the_zeros_stay_in_the_integer_model() {
    let (training, test) = (Bars::new(320, 1, 0.5), Bars::new(400, 2, 0.5));
    let float = train(&network(Kind::SmallConvolution), &plan(), &training).model().unwrap();
    for (pattern, sparsity, regrowth) in [
        (Pattern::Unstructured, 0.7, 0.0),
        (Pattern::Unstructured, 0.7, 0.2),
        (Pattern::NOfM { n: 2, m: 4 }, 0.5, 0.0),
        (Pattern::Filters, 0.25, 0.0),
    ] {
        let pruning = Some(Pruning { pattern, sparsity, regrowth, every: 5, ..Pruning::default() });
        let quantization = Some(Quantization { begin_epoch: 3, ..Quantization::default() });
        let trainer = train(&float, &Plan { pruning, quantization, ..plan() }, &training);
        let zeros = |model: &Model| {
            let weights = milliwatt::compress::prune::weight_values(model);
            let reals: Vec<f32> = weights.iter().flat_map(|&id| model.values[id].dequantized().unwrap()).collect();
            reals.iter().filter(|&&w| w == 0.0).count() as f64 / reals.len() as f64
        };
        let (float_zeros, integer_zeros) = (zeros(&trainer.model().unwrap()), zeros(&trainer.export().unwrap()));
        match pattern {
            Pattern::Unstructured => assert!((float_zeros - 0.7).abs() < 0.01, "{float_zeros}"),
            // The first layer's rows of nine weights are no whole groups.
            Pattern::NOfM { .. } => assert!(float_zeros > 0.45, "{float_zeros}"),
            Pattern::Filters => assert!(float_zeros > 0.05, "{float_zeros}"),
        }
        assert!(integer_zeros >= float_zeros, "{integer_zeros} {float_zeros}");
        assert!(share(trainer.judge(test.examples()).unwrap()) > 0.8, "{pattern:?}");
    }
}

#[test]
fn a_student_learns_from_a_teacher_without_any_labels() {
    let (training, test) = (Bars::new(320, 1, 0.5), Bars::new(400, 2, 0.5));
    let teacher = train(&network(Kind::SmallConvolution), &plan(), &training).model().unwrap();
    let taught = right(&teacher, &test) as f64 / 400.0;
    let thin =
        Architecture { input: [SIZE, SIZE, 1], classes: 4, width: 0.5, ..Architecture::of(Kind::SmallConvolution) };
    let hints = vec![Hint { student: 2, teacher: 2 }];
    for distillation in [Distillation::default(), Distillation { hints, hint_weight: 0.5, ..Distillation::default() }] {
        let plan = Plan { distillation: Some(distillation), ..plan() };
        let mut student = Trainer::new(&thin.build(8).unwrap(), &plan).unwrap();
        student.set_teacher(&teacher).unwrap();
        let unlabelled = Examples { inputs: &training.inputs, targets: &[] };
        let mut losses = Vec::new();
        while !student.is_over() {
            losses.extend(student.step(Data::of(unlabelled)).unwrap().epoch_loss);
        }
        assert!(losses[5] < losses[0] / 2.0, "{losses:?}");
        let learned = right(&student.model().unwrap(), &test) as f64 / 400.0;
        assert!(learned > taught - 0.1, "the student {learned}, the teacher {taught}");
    }
}

#[test]
fn only_the_last_layers_move_where_the_plan_says_so() {
    let training = Bars::new(64, 1, 0.5);
    let model = network(Kind::SmallConvolution);
    let trained = train(&model, &Plan { last_layers: 1, ..plan() }, &training).model().unwrap();
    let weights = milliwatt::compress::prune::weight_values(&model);
    let moved: Vec<bool> = weights.iter().map(|&id| model.values[id].data != trained.values[id].data).collect();
    assert_eq!(moved, [false, false, true]);
}

#[test]
fn a_training_stops_when_validation_gets_no_better_and_keeps_the_best() {
    // Labels that mean nothing: what is learned about the training examples makes validation worse.
    let (mut training, mut validation) = (Bars::new(64, 1, 0.5), Bars::new(64, 2, 0.5));
    let mut random = Random::new(3);
    for bars in [&mut training, &mut validation] {
        let labels: Vec<usize> = (0..64).map(|_| random.below(4)).collect();
        bars.targets = one_hot(&labels, 4).unwrap();
    }
    let early_stopping = Some(EarlyStopping { patience: 3, least: 0.0 });
    let plan = Plan { early_stopping, epochs: 100, schedule: Schedule::Constant, ..plan() };
    let mut trainer = Trainer::new(&network(Kind::SmallConvolution), &plan).unwrap();
    let data = Data { training: training.examples(), validation: Some(validation.examples()) };
    let mut losses = Vec::new();
    while !trainer.is_over() {
        losses.extend(trainer.step(data).unwrap().validation.map(|judgement| judgement.loss));
    }
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(losses.len() < 60 && losses[losses.len() - 4] == best, "{losses:?}");
    assert_eq!(trainer.judge_kept(validation.examples()).unwrap().loss, best);
    assert!(trainer.step(data).is_err());
}

#[test]
fn the_model_s_own_softmax_and_logits_learn_the_same() {
    let training = Bars::new(64, 1, 0.5);
    let with = network(Kind::SmallConvolution);
    let mut without = with.clone();
    let softmax = without.nodes.pop().unwrap();
    assert_eq!(softmax.op, Op::Softmax { beta: 1.0 });
    without.outputs = vec![softmax.input(0).unwrap()];
    let last =
        |model: &Model| train(model, &Plan { epochs: 2, ..plan() }, &training).judge(training.examples()).unwrap();
    assert_eq!(last(&with), last(&without));
}

#[test]
fn a_clipped_gradient_moves_a_network_by_at_most_the_learning_rate() {
    let training = Bars::new(64, 1, 0.5);
    let model = network(Kind::SmallConvolution);
    let optimiser = Method::Sgd { momentum: 0.0, nesterov: false };
    let plan = Plan { clip_norm: Some(0.5), optimiser, learning_rate: 0.1, schedule: Schedule::Constant, ..plan() };
    let mut trainer = Trainer::new(&model, &plan).unwrap();
    let metrics = trainer.step(Data::of(training.examples())).unwrap();
    assert!(metrics.gradient_norm > 0.5, "{metrics:?}");
    let after = trainer.model().unwrap();
    let reals = |model: &Model| -> Vec<f32> {
        let constants = model.values.iter().filter(|value| value.is_constant());
        constants.flat_map(|value| value.to_f32().unwrap()).collect()
    };
    let squares =
        reals(&model).iter().zip(reals(&after)).map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum::<f64>();
    assert!((squares.sqrt() - 0.05).abs() < 1e-4, "{}", squares.sqrt());
}

#[test]
fn an_autoencoder_needs_no_targets_and_yes_or_no_needs_no_softmax() {
    let bars = Bars::new(160, 1, 0.2);
    let model = dense("autoencoder", SIZE * SIZE, &[24, 8, 24, SIZE * SIZE], 1).unwrap();
    let mut trainer = Trainer::new(&model, &Plan { loss: Loss::Reconstruction, epochs: 30, ..plan() }).unwrap();
    let unlabelled = Examples { inputs: &bars.inputs, targets: &[] };
    let mut losses = Vec::new();
    while !trainer.is_over() {
        losses.extend(trainer.step(Data::of(unlabelled)).unwrap().epoch_loss);
    }
    assert!(losses[29] < losses[0] / 2.0, "{losses:?}");

    let targets: Vec<f32> = bars.labels.iter().map(|&label| if label < 2 { 1.0 } else { 0.0 }).collect();
    let model = dense("question", SIZE * SIZE, &[16, 1], 1).unwrap();
    let mut trainer = Trainer::new(&model, &Plan { loss: Loss::BinaryCrossEntropy, epochs: 20, ..plan() }).unwrap();
    let examples = Examples { inputs: &bars.inputs, targets: &targets };
    while !trainer.is_over() {
        trainer.step(Data::of(examples)).unwrap();
    }
    assert!(trainer.judge(examples).unwrap().loss < 0.1);
}

#[test]
fn a_plan_that_makes_no_sense_is_an_error_sentence() {
    let fails = |text: &str| Plan::from_json(text).unwrap_err().to_string();
    assert_eq!(fails(r#"{"quantization":{"weight_bits":9}}"#), "weight_bits 9 is not between 2 and 8");
    assert_eq!(fails(r#"{"pruning":{"begin":0.7,"end":0.5}}"#), "end 0.5 is not between 0.7 and 1");
    assert!(fails(r#"{"learning_rates":1}"#).contains("learning_rates"));
    let plan = Plan {
        quantization: Some(Quantization::default()),
        pruning: Some(Pruning { pattern: Pattern::NOfM { n: 2, m: 4 }, ..Pruning::default() }),
        distillation: Some(Distillation::default()),
        early_stopping: Some(EarlyStopping { patience: 2, least: 0.01 }),
        optimiser: Method::Sgd { momentum: 0.9, nesterov: true },
        schedule: Schedule::Step { epochs: 3, factor: 0.1 },
        ..plan()
    };
    assert_eq!(Plan::from_json(&plan.to_json()).unwrap(), plan);
    let mut trainer = Trainer::new(&network(Kind::SmallConvolution), &Plan::default()).unwrap();
    assert!(trainer.export().is_err() && trainer.set_teacher(&network(Kind::SmallConvolution)).is_err());
    let bars = Bars::new(3, 1, 0.5);
    let error = trainer.step(Data::of(bars.examples())).unwrap_err();
    assert_eq!(error.to_string(), "a batch of 32 cannot be taken from 3 examples");
}
