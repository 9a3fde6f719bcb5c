//! Workers that share the steps of a training: the same bits as one worker alone.

use milliwatt::error::Kind as ErrorKind;
use milliwatt::random::Random;
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::plan::{Distillation, Pruning, Quantization, Steps};
use milliwatt::train::{Data, Examples, Plan, Share, Trainer, one_hot};

const ROWS: usize = 45;
const NUMBERS: usize = 144;

struct Noise {
    inputs: Vec<f32>,
    targets: Vec<f32>,
}

impl Noise {
    fn new() -> Self {
        let mut random = Random::new(8);
        let inputs = (0..ROWS * NUMBERS).map(|_| random.normal() as f32).collect();
        Self { inputs, targets: one_hot(&(0..ROWS).map(|row| row % 4).collect::<Vec<_>>(), 4).unwrap() }
    }

    fn data(&self) -> Data<'_> {
        Data::of(Examples { inputs: &self.inputs, targets: &self.targets })
    }
}

fn trainer(plan: &Plan) -> Trainer {
    let network = Architecture { input: [12, 12, 1], classes: 4, width: 0.25, ..Architecture::of(Kind::DsCnn) };
    let mut trainer = Trainer::new(&network.build(1).unwrap(), plan).unwrap();
    if plan.distillation.is_some() {
        trainer.set_teacher(&network.build(2).unwrap()).unwrap();
    }
    trainer
}

/// Plans that use everything a share carries; 15 examples make parts of unequal size.
fn plans() -> Vec<Plan> {
    let plan = Plan { epochs: 2, batch: 15, parts: 2, mixup: 0.2, ..Plan::default() };
    let rounded = |method| Some(Quantization { method, begin_epoch: 1, ..Quantization::default() });
    vec![
        Plan { batch_norm: true, quantization: rounded(Steps::MovingAverage), ..plan.clone() },
        Plan { parts: 4, quantization: rounded(Steps::Lsq), average: Some(0.9), ..plan.clone() },
        Plan { parts: 3, pruning: Some(Pruning { every: 1, regrowth: 0.2, ..Pruning::default() }), ..plan.clone() },
        Plan { quantization: rounded(Steps::MinMax), distillation: Some(Distillation::default()), ..plan },
    ]
}

#[test]
fn workers_that_exchange_their_shares_stay_the_same_as_one_alone() {
    let noise = Noise::new();
    for plan in plans() {
        let (mut alone, mut workers) = (trainer(&plan), [trainer(&plan), trainer(&plan)]);
        while !alone.is_over() {
            let shares: Vec<Vec<u8>> = (0..plan.parts)
                .map(|part| workers[part % 2].share(noise.data().training, part).unwrap().to_bytes())
                .collect();
            let said = alone.step(noise.data()).unwrap();
            for worker in &mut workers {
                let shares: Vec<Share> = shares.iter().map(|bytes| Share::from_bytes(bytes).unwrap()).collect();
                assert_eq!(worker.take(noise.data(), &shares).unwrap(), said);
            }
        }
        let checkpoint = alone.checkpoint();
        assert!(workers.iter_mut().all(|worker| worker.checkpoint() == checkpoint), "{plan:?}");
    }
}

#[test]
fn parts_add_up_to_the_gradient_of_the_whole_batch() {
    let noise = Noise::new();
    let loss = |parts| {
        let mut trainer = trainer(&Plan { epochs: 2, batch: 15, parts, ..Plan::default() });
        let mut losses = Vec::new();
        while !trainer.is_over() {
            losses.push(trainer.step(noise.data()).unwrap().loss);
        }
        losses
    };
    // More parts than examples leave some empty.
    for parts in [2, 4, 20] {
        for (whole, parted) in loss(1).into_iter().zip(loss(parts)) {
            assert!((whole - parted).abs() < 1e-4 * whole, "{parts} parts: {parted} for {whole}");
        }
    }
}

#[test]
fn a_share_survives_being_bytes_and_damaged_ones_are_refused() {
    let noise = Noise::new();
    let plan = &plans()[0];
    let mut trainer = trainer(plan);
    let share = trainer.share(noise.data().training, 0).unwrap();
    let bytes = share.to_bytes();
    assert_eq!(Share::from_bytes(&bytes).unwrap(), share);
    for end in 0..bytes.len().min(2_000) {
        assert_eq!(Share::from_bytes(&bytes[..end]).unwrap_err().kind(), ErrorKind::Format, "{end} bytes");
    }
    let mut random = Random::new(3);
    for _ in 0..2_000 {
        let mut damaged = bytes.clone();
        let among = if random.uniform() < 0.5 { 64 } else { damaged.len() };
        let at = random.below(among);
        damaged[at] = random.below(256) as u8;
        // Anything but a panic: a number may be another number, a length may not.
        if let Ok(share) = Share::from_bytes(&damaged) {
            let other = trainer.share(noise.data().training, 1).unwrap();
            let mut copy = self::trainer(plan);
            copy.share(noise.data().training, 1).unwrap();
            let _ = copy.take(noise.data(), &[share, other]);
        }
    }
}

#[test]
fn shares_of_another_training_or_too_few_are_refused() {
    let noise = Noise::new();
    let mut mine = trainer(&plans()[0]);
    let share = mine.share(noise.data().training, 0).unwrap();
    let error = mine.take(noise.data(), std::slice::from_ref(&share)).unwrap_err().to_string();
    assert_eq!(error, "a step needs the shares of 2 parts");
    let other = trainer(&plans()[3]).share(noise.data().training, 1).unwrap();
    let error = mine.take(noise.data(), &[share, other]).unwrap_err().to_string();
    assert_eq!(error, "the shares of a step are not those of this training");
}
