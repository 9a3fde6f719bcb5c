//! How many examples a second this machine trains natively: MLPerf Tiny's DS-CNN, batches of 32, Adam.
#![allow(clippy::print_stdout, reason = "a command that says what it measured")]

use std::error::Error;
use std::time::Instant;

use milliwatt::exec::fast::peak;
use milliwatt::train::speed::Speed;

const BATCH: usize = 32;
const ROUNDS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut speed = Speed::new(BATCH)?;
    speed.steps(4)?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        speed.steps(4)?;
        times.push(start.elapsed().as_secs_f64() / 4.0);
    }
    let best = times.iter().copied().fold(f64::INFINITY, f64::min);
    let gigaflops = 2.0 * speed.macs().0 as f64 / best / 1e9;
    let start = Instant::now();
    let macs = peak::float(2_000_000).0 as f64;
    let peak = 2.0 * macs / start.elapsed().as_secs_f64() / 1e9;
    println!(
        "{:.1} ms a step of {BATCH}, {:.0} examples a second (measured, best of {ROUNDS})",
        best * 1e3,
        BATCH as f64 / best
    );
    println!(
        "{gigaflops:.1} GFLOP/s, {:.0} % of the {peak:.1} that the inner operation alone reaches",
        100.0 * gigaflops / peak
    );
    Ok(())
}
