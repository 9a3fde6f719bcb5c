//! Buffers: what it costs to read, write and keep bits in ordinary SRAM beside the macro.

use crate::units::{Joules, Watts};

/// Sizes of [`READS`] in KiB.
const SIZES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Picojoules of one 32-bit read, low-operating-power cells, one port, by node and size.
///
/// *Source*: CACTI 7 at 320 K, run for this project; 28 nm is CACTI's own interpolation.
const READS: [(f64, [f64; 11]); 3] = [
    (45.0, [0.55, 0.94, 1.70, 1.45, 2.46, 5.61, 7.29, 9.48, 14.2, 19.2, 25.6]),
    (28.0, [0.29, 0.51, 0.52, 1.11, 1.45, 2.35, 3.06, 4.24, 5.72, 8.50, 11.0]),
    (22.0, [0.21, 0.38, 0.40, 0.85, 1.12, 1.81, 2.40, 3.38, 5.03, 6.78, 9.25]),
];

/// Leakage of one KiB of low-operating-power SRAM at 28 nm.
///
/// *Source*: CACTI 7 at 320 K, run for this project; taken for every node.
const LEAKAGE_PER_KIB: f64 = 55e-6;

/// The energy of reading or writing 32 bits of a buffer; a write is taken to cost what a read does.
///
/// *Units*: `kib` KiB, node in nanometres. *Source*: CACTI 7; sizes between the table's are interpolated in the logarithm, nodes
/// outside 22 to 45 nm take the nearest row.
pub fn word(kib: f64, node: f64) -> Joules {
    let row = |at: usize| READS[at].1;
    let at = |row: [f64; 11]| along(libm::log2(kib.max(1.0)), &row);
    let picojoules = if node >= 45.0 {
        at(row(0))
    } else if node <= 22.0 {
        at(row(2))
    } else {
        let upper = if node >= 28.0 { 0 } else { 1 };
        let (x0, x1) = (libm::log(READS[upper].0), libm::log(READS[upper + 1].0));
        let share = (libm::log(node) - x0) / (x1 - x0);
        let (y0, y1) = (libm::log(at(row(upper))), libm::log(at(row(upper + 1))));
        libm::exp(y0 + (y1 - y0) * share)
    };
    Joules(picojoules * 1e-12)
}

/// The energy of moving `bits` in or out of a buffer of `kib` KiB.
pub fn bits(bits: f64, kib: f64, node: f64) -> Joules {
    Joules(word(kib, node).0 * bits / 32.0)
}

/// What a buffer leaks.
pub fn leakage(kib: f64) -> Watts {
    Watts(LEAKAGE_PER_KIB * kib)
}

fn along(position: f64, row: &[f64; 11]) -> f64 {
    let last = SIZES.len() - 1;
    let below = (position as usize).min(last - 1);
    let share = (position - below as f64).min(1.0);
    libm::exp(libm::log(row[below]) + (libm::log(row[below + 1]) - libm::log(row[below])) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_sizes_and_nodes_give_the_printed_energies() {
        for (node, row) in READS {
            for (kib, expected) in SIZES.into_iter().zip(row) {
                assert!((word(kib, node).0 * 1e12 / expected - 1.0).abs() < 1e-9, "{kib} KiB at {node} nm");
            }
        }
        let between = word(90.0, 25.0).0 * 1e12;
        assert!(between > 2.40 && between < 4.24, "{between}");
    }
}
