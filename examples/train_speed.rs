//! How many examples a second this machine trains natively: MLPerf Tiny's DS-CNN, batches of 32, Adam.
#![allow(clippy::print_stdout, reason = "a command that says what it measured")]

use std::error::Error;
use std::time::Instant;

use milliwatt::exec::fast::peak;
use milliwatt::train::speed::Speed;

const BATCH: usize = 32;
const ROUNDS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut speed = Speed::new(BATCH)?;
    speed.steps(4)?;
    // Training and the inner operation alone take turns, the best of each counts: other programs disturb both alike.
    let (mut best, mut best_peak) = (f64::INFINITY, 0f64);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        speed.steps(4)?;
        best = best.min(start.elapsed().as_secs_f64() / 4.0);
        let start = Instant::now();
        let macs = peak::float(20_000).0 as f64;
        best_peak = best_peak.max(2.0 * macs / start.elapsed().as_secs_f64() / 1e9);
    }
    let gigaflops = 2.0 * speed.macs().0 as f64 / best / 1e9;
    let (milliseconds, rate) = (best * 1e3, BATCH as f64 / best);
    println!("{milliseconds:.1} ms a step of {BATCH}, {rate:.0} examples a second (measured, best of {ROUNDS})");
    let share = 100.0 * gigaflops / best_peak;
    println!("{gigaflops:.1} GFLOP/s, {share:.0} % of the {best_peak:.1} that the inner operation alone reaches");
    Ok(())
}
