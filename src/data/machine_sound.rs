//! The sound of a rotating machine, made up from a seed: healthy, or with a fault of some strength.
//!
//! A shaft turns a gear and a fan inside a housing that rings, in a room with echoes and other noise. Speed drifts,
//! load and microphone differ from clip to clip, and there are four machines of the kind. What is made here is a
//! *model* of such sound, not a recording: it has the structure that anomaly detectors use (lines that hold still,
//! broad noise, what is normal for one machine is not for another), but no detector tuned on it is proven on a real
//! machine, and the size of its faults was chosen, not observed.
//!
//! *Source of the structure*: R. B. Randall, "Vibration-based condition monitoring", 2011: harmonics of the shaft,
//! tooth mesh with sidebands, impacts of a damaged bearing at 3.57 times the speed.

mod fault;

use std::f64::consts::TAU;

use super::Clip;
use super::filter::{LowPass, Resonator};
use crate::random::Random;
pub use fault::{Condition, FAULTS, Fault, FaultKind};

/// Samples in a second.
pub const SAMPLE_RATE: u32 = 16_000;
/// Samples in a clip: two seconds.
pub const CLIP_SAMPLES: usize = 32_000;
/// The classes of [`test_set`]: label 0 and label 1.
pub const CLASSES: [&str; 2] = ["normal", "anomalous"];

/// Joined to the seed of a set that a network learns from. Seeds of tests are smaller (links carry 32 bits), so nobody
/// is ever judged by what was learned.
pub const TRAINING: u64 = 1 << 41;
/// Joined to the seed of a set that is calibrated on, for the same reason.
pub const CALIBRATION: u64 = 1 << 40;

const RATE: f64 = SAMPLE_RATE as f64;
/// Turns per second, teeth and blades of each machine.
const MACHINES: [(f64, usize, usize); 4] = [(24.5, 19, 5), (29.0, 23, 7), (36.0, 17, 6), (47.5, 13, 9)];
/// Harmonics of the shaft that are heard by themselves.
const SHAFT_HARMONICS: usize = 12;

/// What is the same in all clips of one machine.
struct Machine {
    shaft_hz: f64,
    blades: usize,
    /// Amplitudes of the sine and cosine of each multiple of the shaft's angle, from 1 on.
    lines: Vec<(f64, f64)>,
    /// Frequency and gain of the housing's resonances.
    housing: [(f64, f64); 3],
    /// Delays in samples and gains of the room's first echoes.
    echoes: [(usize, f64); 3],
    /// Where the air noise begins to fall.
    air_hz: f64,
}

impl Machine {
    fn new(id: usize) -> Self {
        let (shaft_hz, teeth, blades) = MACHINES[id % MACHINES.len()];
        let mut random = Random::new(0x6d61_6368 + id as u64);
        let mut lines = vec![(0.0, 0.0); 3 * teeth + 2];
        let mut add = |multiple: usize, amplitude: f64| {
            let angle = random.between(0.0, TAU);
            let amplitude = amplitude * random.between(0.6, 1.4);
            let line = &mut lines[multiple - 1];
            *line = (line.0 + amplitude * libm::cos(angle), line.1 + amplitude * libm::sin(angle));
        };
        for k in 1..=SHAFT_HARMONICS {
            add(k, 0.5 / k as f64);
        }
        for k in 1..=3 {
            add(k * blades, 0.25 / k as f64);
            // Teeth mesh; their sidebands lie one turn to either side.
            add(k * teeth, 0.35 / k as f64);
            add(k * teeth - 1, 0.08 / k as f64);
            add(k * teeth + 1, 0.08 / k as f64);
        }
        Self {
            shaft_hz,
            blades,
            lines,
            housing: [(250.0, 900.0), (900.0, 2400.0), (2400.0, 6000.0)]
                .map(|(low, high)| (random.between(low, high), random.between(0.4, 1.2))),
            echoes: [(30, 90), (90, 170), (170, 260)]
                .map(|(low, high)| (low + random.below(high - low), random.between(-0.35, 0.35))),
            air_hz: random.between(500.0, 1200.0),
        }
    }
}

/// Two seconds of one machine, which the seed picks, at [`SAMPLE_RATE`].
///
/// *Shapes*: [`CLIP_SAMPLES`] samples; full scale is 1.
///
/// ```
/// use milliwatt::data::machine_sound::{Condition, clip};
/// assert_eq!(clip(1, Condition::Normal), clip(1, Condition::Normal));
/// ```
pub fn clip(seed: u64, condition: Condition) -> Vec<f32> {
    let mut random = Random::new(seed);
    let machine = Machine::new(random.below(MACHINES.len()));
    let speed = machine.shaft_hz * (1.0 + 0.004 * random.normal());
    let drift = (random.between(0.2, 0.6), random.between(0.0, TAU));
    let load = random.between(0.85, 1.15);
    let air_gain = decibels(random.normal());
    let gain = 0.12 * decibels(1.2 * random.normal());
    let mut noise = random.branch();
    let mut fault = fault::Source::new(condition, &mut random);

    let mut air = LowPass::new(machine.air_hz, RATE);
    let mut room_noise = LowPass::new(300.0, RATE);
    let mut housing = machine.housing.map(|(hertz, gain)| (Resonator::new(hertz, 0.004, RATE), gain));
    let mut dry = Vec::with_capacity(CLIP_SAMPLES);
    let mut samples = Vec::with_capacity(CLIP_SAMPLES);
    let mut angle = random.between(0.0, TAU);
    for n in 0..CLIP_SAMPLES {
        let seconds = n as f64 / RATE;
        let wander = 1.0 + 0.0015 * libm::sin(TAU * drift.0 * seconds + drift.1);
        let step = TAU * speed * wander * fault.speed(seconds) / RATE;
        angle = (angle + step) % TAU;
        let white = noise.between(-1.0, 1.0);
        // Blades chop the stream of air.
        let chopped = 1.0 + 0.3 * libm::sin(machine.blades as f64 * angle);
        let body = load * fault.mesh(angle) * lines_at(&machine.lines, angle)
            + air_gain * chopped * (1.2 * air.next(white) + 0.05 * white)
            + fault.next(angle, step);
        let ringing: f64 = housing.iter_mut().map(|(resonator, gain)| *gain * resonator.next(body)).sum();
        dry.push(body + ringing);
        let echoed = |(delay, gain): (usize, f64)| n.checked_sub(delay).map_or(0.0, |at| gain * dry[at]);
        let heard = dry[n] + machine.echoes.into_iter().map(echoed).sum::<f64>();
        let room = 0.25 * room_noise.next(noise.between(-1.0, 1.0)) + 0.01 * noise.between(-1.0, 1.0);
        samples.push((gain * (heard + room)).clamp(-1.0, 1.0) as f32);
    }
    samples
}

/// The sum of all multiples of an angle, each found from the one before by turning it once more.
fn lines_at(lines: &[(f64, f64)], angle: f64) -> f64 {
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let (mut s, mut c, mut sum) = (sine, cosine, 0.0);
    for (a, b) in lines {
        sum += a * s + b * c;
        (s, c) = (s * cosine + c * sine, c * cosine - s * sine);
    }
    sum
}

fn decibels(value: f64) -> f64 {
    libm::pow(10.0, value / 20.0)
}

/// Clips of healthy machines (label 0), then of faulty ones (label 1): all faults in turn, of random strength.
///
/// Different seeds give clips that have nothing in common but the machines.
pub fn test_set(seed: u64, normal: usize, anomalous: usize) -> Vec<Clip> {
    let mut random = Random::new(seed);
    let mut clips = Vec::with_capacity(normal + anomalous);
    let make = |name, condition, label, seed| Clip {
        name,
        samples: clip(seed, condition),
        sample_rate: SAMPLE_RATE,
        label: Some(label),
    };
    for index in 0..normal {
        let seed = (random.below(1 << 31) as u64) << 20 | index as u64;
        clips.push(make(format!("normal {:03}", index + 1), Condition::Normal, 0, seed));
    }
    for (index, kind) in (0..anomalous).zip(FAULTS.iter().cycle()) {
        let seed = (random.below(1 << 31) as u64) << 20 | (normal + index) as u64;
        let strength = random.between(0.2, 1.0);
        let name = format!("anomalous {:03} {}", index + 1, kind.name);
        clips.push(make(name, Condition::Faulty(kind.fault, strength), 1, seed));
    }
    clips
}

#[cfg(test)]
mod tests;
