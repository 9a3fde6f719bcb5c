//! Sounds of integer arithmetic alone, the same as `tests/oracle/signals.py` makes.

/// Samples of each.
pub const LENGTH: usize = 8_000;

/// White noise of so many bits.
fn noise(seed: u32, bits: u32) -> Vec<i32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> (32 - bits)) as i32 - (1 << (bits - 1))
    };
    (0..LENGTH).map(|_| next()).collect()
}

/// A triangle wave over a 16-bit phase, between minus and plus `level`.
fn triangle(phase: usize, level: i32) -> i32 {
    let phase = (phase & 0xFFFF) as i64;
    let rise = if phase < 0x8000 { phase } else { 0x1_0000 - phase };
    ((rise * 2 * i64::from(level)) >> 15) as i32 - level
}

/// A low tone with noise in bursts, louder each time: nearly a voice.
fn bursts() -> Vec<i32> {
    let hiss = noise(7, 14);
    let part = |n: usize| {
        let tone = triangle(n * 614, 6_000);
        let louder = hiss[n] * (n / 1_000) as i32;
        // Python's division rounds down.
        if n / 500 % 2 == 1 { tone.div_euclid(4) + louder.div_euclid(8) } else { tone.div_euclid(64) }
    };
    (0..LENGTH).map(part).collect()
}

/// Name and samples of each.
pub fn all() -> Vec<(&'static str, Vec<i16>)> {
    let at = |wave: &dyn Fn(usize) -> i32| (0..LENGTH).map(wave).collect::<Vec<i32>>();
    let signals = [
        ("silence", vec![0; LENGTH]),
        ("lowest", vec![-32_768; LENGTH]),
        ("full scale", at(&|n| if n / 20 % 2 == 1 { 32_767 } else { -32_768 })),
        (
            "impulse",
            at(&|n| match n {
                700 => 32_767,
                5_000 => -32_768,
                _ => 0,
            }),
        ),
        ("noise", noise(1, 16)),
        ("quiet noise", noise(2, 3)),
        ("chirp", at(&|n| triangle(n * n * 16_384 / (2 * LENGTH), 20_000))),
        ("bursts", bursts()),
    ];
    signals.map(|(name, samples)| (name, samples.into_iter().map(|sample| sample as i16).collect())).to_vec()
}
