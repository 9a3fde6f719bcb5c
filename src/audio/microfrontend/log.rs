//! The integer logarithm.

/// Fraction bits inside, and of the result.
const BITS: u32 = 16;
const SCALE_BITS: u32 = 6;
/// Straight pieces of the curve between two powers of two.
const SEGMENT_BITS: u32 = 7;
/// ln 2 in Q16.
const LN_2: u64 = 45_426;

/// `log2(1 + x) - x` at 129 places between 0 and 1, in Q16, and once more behind the end.
#[derive(Debug, Clone)]
pub struct Log {
    bend: Vec<i32>,
}

impl Log {
    pub fn new() -> Self {
        let bend = |place: u32| {
            let x = f64::from(place) / f64::from(1 << SEGMENT_BITS);
            libm::round((libm::log2(1.0 + x) - x) * f64::from(1 << BITS)) as i32
        };
        Self { bend: (0..=1 << SEGMENT_BITS).map(bend).collect() }
    }

    /// `ln(value)` with six fraction bits; 0 for 0 and 1.
    pub fn of(&self, value: u32) -> u32 {
        if value <= 1 {
            return 0;
        }
        let whole = 31 - value.leading_zeros();
        let above = i64::from(value) - (1 << whole);
        let fraction = if whole < BITS { above << (BITS - whole) } else { above >> (whole - BITS) } as i32;
        let segment = (fraction >> (BITS - SEGMENT_BITS)) as usize;
        let (start, end) = (self.bend[segment], self.bend[segment + 1]);
        // The device divides by 2^16 where a segment is 2^9 wide: bends between the places are all but left out.
        let within = fraction - ((segment as i32) << (BITS - SEGMENT_BITS));
        let log2 = (whole << BITS) + (fraction + start + (((end - start) * within) >> BITS)) as u32;
        let half = 1 << (BITS - 1);
        let natural = ((LN_2 * u64::from(log2) + half) >> BITS) as u32;
        ((natural << SCALE_BITS) + half as u32) >> BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_begins_and_ends_at_zero_and_peaks_where_the_formula_does() {
        let log = Log::new();
        assert_eq!((log.bend[0], log.bend[1], log.bend[57], log.bend[127], log.bend[128]), (0, 224, 5641, 142, 0));
    }

    #[test]
    fn logarithms_are_near_the_real_ones() {
        let log = Log::new();
        for value in [2u32, 3, 10, 1000, 65_535, 65_537, 1 << 20, u32::MAX] {
            let exact = 64.0 * libm::log(f64::from(value));
            assert!((f64::from(log.of(value)) - exact).abs() <= 1.0, "{value}: {} for {exact}", log.of(value));
        }
    }
}
