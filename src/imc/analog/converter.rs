//! One converter of one column: successive approximation with capacitors that are not quite powers of two.

use crate::random::Random;

/// Charges that are converted side by side.
const LANES: usize = 16;

/// A converter of a chip.
#[derive(Debug, Clone)]
pub struct Converter {
    levels: u32,
    /// What the capacitors of a code's upper and of its lower bits are worth together, in steps; empty when ideal.
    upper: Vec<f32>,
    lower: Vec<f32>,
    /// Bits of the lower part.
    split: u32,
    /// Whether a larger code is never worth less.
    rises: bool,
    /// Whether, besides, every code is worth within one step of what it means.
    near: bool,
}

impl Converter {
    /// A converter of `bits`; `mismatch` is the deviation of its smallest capacitor, in units of itself.
    pub fn new(bits: u32, mismatch: f64, random: &mut Random) -> Self {
        let levels = (1u32 << bits) - 1;
        if mismatch <= 0.0 {
            return Self { levels, upper: Vec::new(), lower: Vec::new(), split: 0, rises: true, near: true };
        }
        // The k-th capacitor is 2^k units that differ independently, so that its deviation grows with the root.
        let mut worth: Vec<f64> = (0..bits)
            .map(|bit| {
                let ideal = f64::from(1u32 << bit);
                ideal + mismatch * libm::sqrt(ideal) * random.normal()
            })
            .collect();
        let total: f64 = worth.iter().sum();
        worth.iter_mut().for_each(|worth| *worth *= f64::from(levels) / total);
        // Adding one to a code sets a bit and clears all below it.
        let mut below = 0.0;
        let rises = worth.iter().all(|&worth| (worth >= below, below += worth).0);
        let split = bits / 2;
        let table = |worth: &[f64]| -> Vec<f32> {
            let sum =
                |code: usize| worth.iter().enumerate().filter(move |(bit, _)| code >> bit & 1 == 1).map(|(_, w)| w);
            (0..1usize << worth.len()).map(|code| sum(code).sum::<f64>() as f32).collect()
        };
        let (upper, lower) = (table(&worth[split as usize..]), table(&worth[..split as usize]));
        let mut converter = Self { levels, upper, lower, split, rises, near: false };
        converter.near = rises && (0..=levels).all(|code| (converter.worth(code) - code as f32).abs() < 1.0);
        converter
    }

    /// Writes down where each code begins, for [`Self::codes`] of many charges; nothing where they are faster found one by one.
    pub fn begin(&self, charges: usize, begins: &mut Vec<f32>) {
        begins.clear();
        if self.lower.is_empty() || !self.near || 4 * charges < self.levels as usize {
            return;
        }
        // The first code has no beginning, and none follows the last.
        for upper in &self.upper {
            begins.extend(self.lower.iter().map(|lower| upper + lower));
        }
        begins[0] = f32::NEG_INFINITY;
        begins.push(f32::INFINITY);
    }

    /// The codes of many charges in their place, as [`Self::code`] finds them, with what [`Self::begin`] wrote down.
    pub fn codes(&self, places: &mut [f32], begins: &[f32]) {
        let last = self.levels as i32;
        if self.lower.is_empty() {
            places.iter_mut().for_each(|place| *place = (*place as i32).clamp(0, last) as f32);
            return;
        }
        if begins.is_empty() {
            places.iter_mut().for_each(|place| *place = self.code(*place) as f32);
            return;
        }
        for places in places.chunks_mut(LANES) {
            // In whole vectors first: the code that an ideal converter gives is at most one off.
            let mut codes = [0i32; LANES];
            for (code, &place) in codes.iter_mut().zip(&*places) {
                *code = (place as i32).clamp(0, last);
            }
            for (place, code) in places.iter_mut().zip(codes) {
                let (this, next) = (begins[code as usize], begins[code as usize + 1]);
                *place = (code + i32::from(next <= *place) - i32::from(this > *place)) as f32;
            }
        }
    }

    #[inline(always)]
    fn worth(&self, code: u32) -> f32 {
        self.upper[(code >> self.split) as usize] + self.lower[(code & ((1 << self.split) - 1)) as usize]
    }

    /// The code of a charge in steps above the range's lower end, half a step added, so that codes are rounded and not cut.
    #[inline(always)]
    pub fn code(&self, place: f32) -> u32 {
        // A float below zero becomes zero, one that is too large the last code.
        let mut code = (place as u32).min(self.levels);
        if self.lower.is_empty() {
            return code;
        }
        if !self.rises {
            return self.approximate(place);
        }
        // What successive approximation finds: the largest code that is not worth more.
        while code > 0 && self.worth(code) > place {
            code -= 1;
        }
        while code < self.levels && self.worth(code + 1) <= place {
            code += 1;
        }
        code
    }

    /// Sets a bit where the capacitors set so far stay below; the code is what an ideal converter would mean by it.
    fn approximate(&self, place: f32) -> u32 {
        (0..=self.levels.ilog2()).rev().fold(0, |code, bit| {
            let more = code | 1 << bit;
            if self.worth(more) <= place { more } else { code }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ideal_converter_rounds_and_stays_inside_its_codes() {
        let ideal = Converter::new(9, 0.0, &mut Random::new(3));
        for charge in 0..=511 {
            assert_eq!(ideal.code(charge as f32 + 0.5), charge);
        }
        assert_eq!([ideal.code(600.0), ideal.code(-3.0), ideal.code(4.49 + 0.5)], [511, 0, 4]);
    }

    #[test]
    fn the_largest_code_that_is_not_worth_more_is_what_approximation_finds() {
        for (bits, mismatch) in [(1, 0.1), (5, 0.02), (8, 0.006), (11, 0.008)] {
            let converter = Converter::new(bits, mismatch, &mut Random::new(7));
            assert!(converter.rises, "{bits} bits");
            for tenth in -20..(10 << bits) + 30 {
                let place = tenth as f32 / 10.0 + 0.013;
                assert_eq!(converter.code(place), converter.approximate(place), "{bits} bits at {place}");
            }
        }
        assert!(!Converter::new(12, 1.0, &mut Random::new(7)).rises);
    }

    #[test]
    fn many_charges_at_once_are_the_codes_of_each() {
        let mut begins = Vec::new();
        for (bits, mismatch) in
            [(8, 0.0), (1, 0.1), (5, 0.02), (8, 0.006), (8, 0.3), (11, 0.008), (12, 1.0), (14, 0.006)]
        {
            let converter = Converter::new(bits, mismatch, &mut Random::new(7));
            let places: Vec<f32> = (-20..(10 << bits) + 30).map(|tenth| tenth as f32 / 10.0 + 0.013).collect();
            let wanted: Vec<f32> = places.iter().map(|&place| converter.code(place) as f32).collect();
            for charges in [1, places.len()] {
                let mut found = places.clone();
                converter.begin(charges, &mut begins);
                converter.codes(&mut found, &begins);
                assert_eq!(found, wanted, "{bits} bits with a deviation of {mismatch}");
            }
        }
    }

    #[test]
    fn capacitors_that_differ_bend_the_line_by_more_with_more_mismatch() {
        let error = |mismatch: f64| -> f64 {
            let converter = Converter::new(8, mismatch, &mut Random::new(3));
            (0..256).map(|charge| (f64::from(converter.code(charge as f32 + 0.5)) - f64::from(charge)).powi(2)).sum()
        };
        assert!(error(1.0) > error(0.3) && error(0.3) > 0.0 && error(0.0) == 0.0);
    }
}
