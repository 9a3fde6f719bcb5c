//! Damage to files, from seeds, and what it costs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on shall stop")]

use rand_core::Rng;
use rand_pcg::Pcg64;

/// A source of damage; the same variant of the same file is always damaged the same.
pub struct Damage {
    random: Pcg64,
}

impl Damage {
    /// The damage of a variant of a file.
    pub fn new(variant: usize, file: usize) -> Self {
        Self { random: Pcg64::new(variant as u128, file as u128) }
    }

    /// The file with one to three places damaged.
    pub fn of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        for _ in 0..1 + self.below(3) {
            self.once(&mut damaged);
        }
        damaged
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.random.next_u64() % bound.max(1) as u64) as usize
    }

    /// A place: mostly in the parts that give the file its form, which lie at its ends.
    fn place(&mut self, length: usize) -> usize {
        match self.below(4) {
            0 => self.below(length),
            1 => length - 1 - self.below(length.min(6_000)),
            _ => self.below(length.min(6_000)),
        }
    }

    fn once(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() < 16 {
            return;
        }
        let length = bytes.len();
        let at = self.place(length);
        match self.below(9) {
            0 | 1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
            3 | 4 => {
                // A length, an offset or an id.
                let at = (at & !3).min(length - 4);
                let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
                let near = [old.wrapping_add(1), old.wrapping_sub(1), old.wrapping_mul(2), old.wrapping_add(4)];
                let strange = [0, 1, u32::MAX, i32::MAX as u32, 1 << 31, length as u32, length as u32 - at as u32];
                let choice = self.below(near.len() + strange.len());
                let new = near.iter().chain(&strange).nth(choice).copied().unwrap();
                bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
            }
            5 => {
                // A field table: sizes and field offsets are 16-bit.
                let at = (at & !1).min(length - 2);
                let new = [0, 2, 4, 6, 8, 12, 16, 0xffff, 0x7fff][self.below(9)] as u16;
                bytes[at..at + 2].copy_from_slice(&new.to_le_bytes());
            }
            6 => {
                let from = self.place(length);
                let count = 1 + self.below(64.min(length - from.max(at)));
                bytes.copy_within(from..from + count, at);
            }
            7 => {
                let count = 1 + self.below(16.min(length - at));
                bytes.drain(at..at + count);
            }
            _ => {
                let count = 1 + self.below(16);
                let filling = bytes[at];
                bytes.splice(at..at, std::iter::repeat_n(filling, count));
            }
        }
    }
}

/// The most memory this process ever held, where the system says so.
pub fn peak_memory_kib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}
