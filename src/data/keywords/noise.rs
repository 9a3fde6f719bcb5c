//! What else is heard.

use std::f64::consts::TAU;

use super::{SAMPLE_RATE, Word};
use crate::data::filter::{LowPass, Resonator};
use crate::random::Random;

const RATE: f64 = SAMPLE_RATE as f64;
/// Voices that talk at once in the background.
const VOICES: usize = 4;

/// Kinds of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Equally strong at all frequencies, as an amplifier's.
    White,
    /// Falls by about 3 dB an octave, as most that is heard in a room.
    Pink,
    /// Falls by 6 dB an octave above some hundred hertz: wind, traffic.
    Brown,
    /// A motor: lines at multiples of a frequency, and air.
    Hum,
    /// Dishes: blows at random times, each ringing on.
    Clatter,
    /// Several voices at once.
    Babble,
}

impl Noise {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::White, Self::Pink, Self::Brown, Self::Hum, Self::Clatter, Self::Babble];

    /// So much of it, at a power of 1 in the mean; silence where there is nobody to talk.
    ///
    /// *Source* of the pink filter: P. Kellet, music-dsp mailing list, 1999 (its "economy" form).
    pub fn samples(self, length: usize, others: &[&Word], random: &mut Random) -> Vec<f64> {
        let mut noise = vec![0.0; length];
        let mut white = random.branch();
        let mut white = || white.between(-1.0, 1.0);
        match self {
            Self::White => noise.iter_mut().for_each(|x| *x = white()),
            Self::Pink => {
                let mut state = [0.0; 3];
                for x in &mut noise {
                    let input = white();
                    state[0] = 0.997_65 * state[0] + 0.099_046_0 * input;
                    state[1] = 0.963_00 * state[1] + 0.296_516_4 * input;
                    state[2] = 0.570_00 * state[2] + 1.052_691_3 * input;
                    *x = state[0] + state[1] + state[2] + 0.184_8 * input;
                }
            }
            Self::Brown => {
                let mut low = LowPass::new(random.between(60.0, 400.0), RATE);
                noise.iter_mut().for_each(|x| *x = low.next(white()));
            }
            Self::Hum => {
                let (hertz, air) = (random.between(45.0, 240.0), random.between(0.05, 0.6));
                let lines: Vec<_> =
                    (1..=8).map(|k| (f64::from(k), random.between(0.0, TAU), random.uniform())).collect();
                for (n, x) in noise.iter_mut().enumerate() {
                    let angle = TAU * hertz * n as f64 / RATE;
                    let sum: f64 = lines.iter().map(|(k, phase, gain)| gain / k * libm::sin(k * angle + phase)).sum();
                    *x = sum + air * white();
                }
            }
            Self::Clatter => {
                for _ in 0..3 + random.below(12) {
                    let mut ring = Resonator::new(random.between(400.0, 6500.0), random.between(0.003, 0.05), RATE);
                    let (at, blow) = (random.below(length.max(1)), random.between(0.1, 1.0));
                    for (n, x) in noise.iter_mut().skip(at).enumerate() {
                        // The blow itself is rough: 2 ms of noise.
                        *x += ring.next(if n < 32 { 100.0 * blow * white() } else { 0.0 }) + 0.001 * white();
                    }
                }
            }
            Self::Babble => {
                for _ in 0..VOICES {
                    let (gain, mut at) = (random.between(0.3, 1.0), 0);
                    while at < length && !others.is_empty() {
                        let word = &others[random.below(others.len())].samples;
                        // Somebody has begun to speak before the clip does.
                        let skip = if at == 0 { random.below(word.len().max(1)) } else { 0 };
                        let said = word.iter().skip(skip);
                        noise.iter_mut().skip(at).zip(said).for_each(|(x, y)| *x += gain * f64::from(*y));
                        at += word.len().saturating_sub(skip) + random.below(3_000) + 1;
                    }
                }
            }
        }
        let power = noise.iter().map(|x| x * x).sum::<f64>() / length.max(1) as f64;
        if power > 0.0 {
            let gain = 1.0 / libm::sqrt(power);
            noise.iter_mut().for_each(|x| *x *= gain);
        }
        noise
    }
}
