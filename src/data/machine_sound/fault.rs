//! What goes wrong in a machine, and how that sounds.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::RATE;
use crate::data::filter::{LowPass, Resonator};
use crate::random::Random;

/// The state of the machine in a clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition {
    /// Healthy.
    Normal,
    /// With a fault of a strength between 0 (none) and 1 (plain to hear).
    Faulty(Fault, f64),
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "FAULTS has a sentence for each")]
pub enum Fault {
    BearingImpacts,
    LooseRattle,
    DrySqueal,
    SpeedWobble,
    DamagedTooth,
    BlockedIntake,
}

/// How a fault is called and told.
#[derive(Debug)]
pub struct FaultKind {
    /// Which it is.
    pub fault: Fault,
    /// Its name in clip names and links.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// What is heard, in one sentence.
    pub sentence: &'static str,
}

/// All faults.
pub const FAULTS: &[FaultKind] = &[
    FaultKind {
        fault: Fault::BearingImpacts,
        name: "bearing-impacts",
        label: "Bearing impacts",
        sentence: "A pit in the outer ring is struck 3.57 times a turn, and the housing rings",
    },
    FaultKind {
        fault: Fault::LooseRattle,
        name: "loose-rattle",
        label: "Loose part",
        sentence: "A loose part rattles in short bursts, a dozen a second, at no fixed time",
    },
    FaultKind {
        fault: Fault::DrySqueal,
        name: "dry-squeal",
        label: "Missing lubrication",
        sentence: "Dry metal squeals at a few kilohertz for a part of each turn",
    },
    FaultKind {
        fault: Fault::SpeedWobble,
        name: "speed-wobble",
        label: "Unsteady speed",
        sentence: "The speed swings a few per mille to per cent, two or three times a second",
    },
    FaultKind {
        fault: Fault::DamagedTooth,
        name: "damaged-tooth",
        label: "Damaged tooth",
        sentence: "Once a turn the mesh stumbles: a thump, and sidebands around the tooth frequency",
    },
    FaultKind {
        fault: Fault::BlockedIntake,
        name: "blocked-intake",
        label: "Blocked air intake",
        sentence: "Turbulent air roars in gusts below a kilohertz",
    },
];

/// The sound of the condition, sample by sample.
pub(super) struct Source {
    condition: Condition,
    random: Random,
    resonator: Resonator,
    gusts: LowPass,
    /// The fault's own frequency: of the squeal or the wobble.
    hertz: f64,
    /// Where in the turn the fault sits.
    place: f64,
    /// Turns until the next impact.
    wait: f64,
    /// How much is left of the current burst.
    burst: f64,
    phase: f64,
}

impl Source {
    pub fn new(condition: Condition, random: &mut Random) -> Self {
        let mut random = random.branch();
        let (ring_hz, decay, hertz) = match condition {
            Condition::Normal => (1000.0, 0.001, 0.0),
            Condition::Faulty(Fault::BearingImpacts, _) => (random.between(2500.0, 4500.0), 0.002, 0.0),
            Condition::Faulty(Fault::LooseRattle, _) => (random.between(1200.0, 2800.0), 0.0006, 0.0),
            Condition::Faulty(Fault::DrySqueal, _) => (1000.0, 0.001, random.between(2000.0, 5500.0)),
            Condition::Faulty(Fault::SpeedWobble, _) => (1000.0, 0.001, random.between(1.8, 3.2)),
            Condition::Faulty(Fault::DamagedTooth, _) => (random.between(400.0, 900.0), 0.006, 0.0),
            Condition::Faulty(Fault::BlockedIntake, _) => (random.between(250.0, 600.0), 0.0008, 0.0),
        };
        Self {
            condition,
            resonator: Resonator::new(ring_hz, decay, RATE),
            gusts: LowPass::new(3.0, RATE),
            hertz,
            place: random.between(0.0, TAU),
            wait: random.uniform(),
            burst: 0.0,
            phase: 0.0,
            random,
        }
    }

    /// The factor on the speed at a moment.
    pub fn speed(&self, seconds: f64) -> f64 {
        match self.condition {
            Condition::Faulty(Fault::SpeedWobble, strength) => {
                1.0 + 0.024 * strength * libm::sin(TAU * self.hertz * seconds + self.place)
            }
            _ => 1.0,
        }
    }

    /// The factor on the sound of shaft and teeth at an angle.
    pub fn mesh(&self, angle: f64) -> f64 {
        match self.condition {
            Condition::Faulty(Fault::DamagedTooth, strength) => 1.0 + 2.8 * strength * near(angle, self.place),
            _ => 1.0,
        }
    }

    /// What the fault adds to the body's sound, at an angle that the shaft reached by `step`.
    pub fn next(&mut self, angle: f64, step: f64) -> f64 {
        let Condition::Faulty(fault, strength) = self.condition else { return 0.0 };
        match fault {
            Fault::BearingImpacts => {
                let blow = self.due(step, 3.57, 0.04);
                self.resonator.next(strength * 14.0 * blow)
            }
            Fault::LooseRattle => {
                if self.random.uniform() < 12.0 / RATE {
                    self.burst = self.random.between(0.4, 1.0);
                }
                self.burst *= 0.994;
                let grain = self.burst * self.random.between(-1.0, 1.0);
                self.resonator.next(strength * 9.0 * grain)
            }
            Fault::DrySqueal => {
                self.phase = (self.phase + TAU * self.hertz * (1.0 + 0.01 * libm::sin(angle)) / RATE) % TAU;
                strength * 0.6 * near(angle, self.place) * libm::sin(self.phase)
            }
            Fault::SpeedWobble => 0.0,
            Fault::DamagedTooth => {
                let blow = self.due(step, 1.0, 0.0);
                self.resonator.next(strength * 40.0 * blow)
            }
            Fault::BlockedIntake => {
                let white = self.random.between(-1.0, 1.0);
                let gust = (0.5 + 40.0 * self.gusts.next(white)).max(0.0);
                self.resonator.next(strength * 4.2 * gust * self.random.between(-1.0, 1.0))
            }
        }
    }

    /// 1 in the sample of an impact that comes so often a turn, 0 in others.
    fn due(&mut self, step: f64, per_turn: f64, jitter: f64) -> f64 {
        self.wait -= step / TAU * per_turn;
        if self.wait > 0.0 {
            return 0.0;
        }
        self.wait += 1.0 + jitter * self.random.normal();
        1.0
    }
}

/// 1 at a place of the turn, falling to 0 a quarter turn away.
fn near(angle: f64, place: f64) -> f64 {
    let cosine = libm::cos(angle - place).max(0.0);
    cosine * cosine
}
