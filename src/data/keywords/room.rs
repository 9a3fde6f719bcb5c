//! From a dry word to the second that a microphone hears.

use super::{CLIP_SAMPLES, Noise, SAMPLE_RATE, Word};
use crate::data::filter::LowPass;
use crate::random::Random;

const RATE: f64 = SAMPLE_RATE as f64;
/// Reflections of a room that are followed.
const REFLECTIONS: usize = 48;
/// A sample below this part of the peak, 26 dB down, is a pause in the word.
const PAUSE: f64 = 0.05;

/// What a word may meet; each clip draws from these ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The word is played so much faster, which raises its pitch and makes the speaker smaller; 1 leaves it.
    pub speed: [f64; 2],
    /// Share of the clips with reflections, and seconds in which these fall by 60 dB.
    pub echo: (f64, [f64; 2]),
    /// Corner frequencies in hertz below which and above which the microphone hears less.
    pub colour: ([f64; 2], [f64; 2]),
    /// Decibels of the word's power above the noise's.
    pub noise: [f64; 2],
    /// Decibels of the peak below full scale.
    pub peak: [f64; 2],
}

/// Where words are tested: rooms from dry to echoing, noise from not heard to a tenth of the voice's power.
pub const TESTED: Place = Place {
    speed: [0.93, 1.07],
    echo: (0.5, [0.1, 0.4]),
    colour: ([20.0, 150.0], [4_000.0, 8_000.0]),
    noise: [10.0, 40.0],
    peak: [-24.0, -1.0],
};

/// Where words are learned: a little further in every direction.
pub const LEARNED: Place = Place {
    speed: [0.8, 1.25],
    echo: (0.5, [0.05, 0.5]),
    colour: ([20.0, 300.0], [3_000.0, 8_000.0]),
    noise: [2.0, 42.0],
    peak: [-30.0, 0.0],
};

/// A second in which a word is said somewhere, or only what else is to be heard.
///
/// `others` talk in the background. The result is what a 16-bit converter makes of it.
///
/// *Shapes*: [`CLIP_SAMPLES`] samples.
///
/// ```
/// use milliwatt::{data::keywords::{TESTED, Word, heard}, random::Random};
/// let word = Word { word: "yes".into(), voice: "nobody".into(), samples: vec![0.5; 4_000] };
/// let clip = heard(Some(&word), &[], &TESTED, &mut Random::new(1));
/// assert_eq!(clip, heard(Some(&word), &[], &TESTED, &mut Random::new(1)));
/// ```
pub fn heard(word: Option<&Word>, others: &[&Word], place: &Place, random: &mut Random) -> Vec<f32> {
    let between = |[low, high]: [f64; 2], random: &mut Random| random.between(low, high);
    // Everything is drawn whether it is used or not, so that clips of one seed meet the same with any word.
    let (speed, snr, peak) = (between(place.speed, random), between(place.noise, random), between(place.peak, random));
    let (echoes, reverberation) = (random.uniform() < place.echo.0, between(place.echo.1, random));
    let (low, high) = (between(place.colour.0, random), between(place.colour.1, random));
    let (shift, kind) = (random.uniform(), Noise::ALL[random.below(Noise::ALL.len())]);

    let mut clip = vec![0.0; CLIP_SAMPLES];
    let mut level = 1.0;
    if let Some(word) = word {
        let spoken = played(&word.samples, speed);
        // A word longer than the second loses its ends.
        let room = CLIP_SAMPLES.abs_diff(spoken.len());
        let at = (shift * (room + 1) as f64) as usize;
        let (skip, at) = if spoken.len() > CLIP_SAMPLES { (at, 0) } else { (0, at) };
        clip.iter_mut().skip(at).zip(spoken.iter().skip(skip)).for_each(|(x, y)| *x = *y);
        level = loudness(&clip);
    }
    if echoes {
        clip = reflected(&clip, reverberation, &mut random.branch());
    }
    let noise = kind.samples(CLIP_SAMPLES, others, &mut random.branch());
    let gain = level / libm::pow(10.0, snr / 20.0);
    clip.iter_mut().zip(&noise).for_each(|(x, y)| *x += gain * y);
    coloured(&mut clip, low, high);

    let loudest = clip.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let gain = if loudest > 0.0 { libm::pow(10.0, peak / 20.0) / loudest } else { 0.0 };
    clip.iter().map(|x| converted(gain * x)).collect()
}

/// A sample after a 16-bit converter.
fn converted(sample: f64) -> f32 {
    (libm::round(sample * 32_768.0).clamp(-32_768.0, 32_767.0) / 32_768.0) as f32
}

/// The amplitude of a word while it is said: the root of the mean square of what is no pause.
fn loudness(samples: &[f64]) -> f64 {
    let peak = samples.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let said = samples.iter().filter(|x| x.abs() > PAUSE * peak);
    let (sum, count) = said.fold((0.0, 0), |(sum, count), x| (sum + x * x, count + 1));
    libm::sqrt(sum / f64::from(count.max(1)))
}

/// The same sound played faster or slower, between samples on the cubic through four of them (Catmull and Rom).
fn played(samples: &[f32], speed: f64) -> Vec<f64> {
    let at = |index: usize| f64::from(samples.get(index.wrapping_sub(1)).copied().unwrap_or(0.0));
    let between = |position: f64| {
        let (whole, t) = (position as usize, position - libm::floor(position));
        let [a, b, c, d] = [at(whole), at(whole + 1), at(whole + 2), at(whole + 3)];
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    };
    (0..(samples.len() as f64 / speed) as usize).map(|n| between(n as f64 * speed)).collect()
}

/// The sound and its reflections: at random times, ever weaker, each a little duller than the direct way.
fn reflected(samples: &[f64], reverberation: f64, random: &mut Random) -> Vec<f64> {
    let mut duller = LowPass::new(random.between(1_500.0, 6_000.0), RATE);
    let dull: Vec<f64> = samples.iter().map(|&x| duller.next(x)).collect();
    let strength = random.between(0.1, 0.5);
    let mut all = samples.to_vec();
    for _ in 0..REFLECTIONS {
        // Denser at first: the square of an even draw.
        let part = random.uniform();
        let seconds = 0.003 + reverberation * part * part;
        let gain = strength * random.between(-1.0, 1.0) * libm::pow(10.0, -3.0 * seconds / reverberation);
        let delay = (seconds * RATE) as usize;
        all.iter_mut().skip(delay).zip(&dull).for_each(|(x, y)| *x += gain * y);
    }
    all
}

/// What a microphone makes of it: less below one corner, less above the other.
fn coloured(samples: &mut [f64], low: f64, high: f64) {
    let (mut below, mut above) = (LowPass::new(low, RATE), LowPass::new(high, RATE));
    for x in samples {
        let rumble = below.next(*x);
        *x = above.next(*x - rumble);
    }
}
