//! Normal numbers in great numbers: read from a pool, because each conversion needs one.

use std::sync::OnceLock;

use crate::random::Random;

/// Numbers in the pool, as a power of two.
const BITS: u32 = 14;
/// Numbers of one run at most, which stand behind the pool once more.
pub const RUN: usize = 128;

/// Runs of numbers that are normally distributed with mean 0 and deviation 1, each from another place of a pool.
#[derive(Debug, Clone)]
pub struct Noise(u64);

impl Noise {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next [`RUN`] numbers.
    pub fn run(&mut self) -> &'static [f32] {
        // Knuth's congruential generator, of which the highest bits are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let from = (self.0 >> (64 - BITS)) as usize;
        &pool()[from..from + RUN]
    }
}

fn pool() -> &'static [f32] {
    static POOL: OnceLock<Vec<f32>> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut random = Random::new(0x006e_6f69_7365);
        let mut numbers: Vec<f32> = (0..1 << BITS).map(|_| random.normal() as f32).collect();
        numbers.extend_from_within(..RUN);
        numbers
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_mean_zero_and_deviation_one_and_do_not_follow_each_other() {
        let mut noise = Noise::new(3);
        let drawn: Vec<f64> = (0..2000).flat_map(|_| &noise.run()[..25]).map(|&x| f64::from(x)).collect();
        let mean = |of: &dyn Fn(usize) -> f64| (1..drawn.len()).map(of).sum::<f64>() / drawn.len() as f64;
        assert!(mean(&|i| drawn[i]).abs() < 0.03);
        assert!((mean(&|i| drawn[i] * drawn[i]) - 1.0).abs() < 0.04);
        assert!(mean(&|i| drawn[i] * drawn[i - 1]).abs() < 0.03);
    }
}
