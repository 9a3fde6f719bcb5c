//! A training as bytes, to go on later as if it had never stopped.

use super::{State, Trainer};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::train::fake::FakeQuantization;
use crate::train::parameters::Slots;

const MAGIC: &[u8; 8] = b"MWTRAIN1";
/// Numbers in the header.
const HEADER: usize = 6;

impl Trainer {
    /// Everything that [`Trainer::restore`] needs besides the model, the plan, the data and the teacher.
    ///
    /// The length follows from the model: eight bytes of name, six counts, then all numbers, little-endian.
    pub fn checkpoint(&mut self) -> Vec<u8> {
        let (best, has_best) = self.best.as_ref().map_or((0.0, 0), |(loss, _)| (*loss, 1));
        let flags = u64::from(self.is_over) + 2 * has_best + 4 * u64::from(self.state.overlay.quantization.is_some());
        let header = [
            self.done as u64,
            self.order.len() as u64,
            self.epochs_without_progress as u64,
            flags,
            best.to_bits(),
            self.epoch_sum.to_bits(),
        ];
        let mut bytes = MAGIC.to_vec();
        header.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend((self.optimiser.steps as u64).to_le_bytes());
        self.for_each_array(&mut |array| array.iter().for_each(|x| bytes.extend(x.to_le_bytes())));
        bytes
    }

    /// Goes on from a checkpoint; the trainer must be new, made from the same model, plan and teacher.
    ///
    /// # Errors
    /// `Format` when the bytes are no checkpoint or one of another training.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let broken = || Error::format("these bytes are no checkpoint of this training");
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(broken)?;
        let (header, numbers) = rest.split_at_checked(8 * (HEADER + 1)).ok_or_else(broken)?;
        let header: Vec<u64> = header.as_chunks::<8>().0.iter().map(|&word| u64::from_le_bytes(word)).collect();
        let &[done, rows, without_progress, flags, best, sum, steps] = &header[..] else { return Err(broken()) };
        let count = |number: u64| usize::try_from(number).ok().filter(|&count| count < 1 << 31).ok_or_else(broken);
        let (done, rows, steps) = (count(done)?, count(rows)?, count(steps)?);

        // The shape first: what has begun, begins here too.
        if let Some(plan) = self.plan.quantization.filter(|_| flags & 4 != 0) {
            self.state.overlay.norms = Vec::new();
            self.start_rounding(&plan, &vec![None; self.model.values.len()])?;
        }
        self.best = (flags & 2 != 0).then(|| (f64::from_bits(best), self.current()));
        let mut arrays = 0;
        self.for_each_array(&mut |array| arrays += array.len());
        if numbers.len() != 4 * arrays || (rows > 0 && self.plan.batch > rows) {
            return Err(broken());
        }
        let mut words = numbers.as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word));
        self.for_each_array(&mut |array| array.iter_mut().zip(&mut words).for_each(|(x, word)| *x = word));

        self.optimiser.resume_at(steps);
        (self.done, self.epochs_without_progress) = (done, count(without_progress)?);
        (self.is_over, self.epoch_sum) = (flags & 1 != 0, f64::from_bits(sum));
        // The order of the examples is that of all shuffles so far.
        self.random = Random::new(self.plan.seed);
        self.order = (0..rows).collect();
        let epochs = if rows == 0 { 0 } else { done.div_ceil(rows / self.plan.batch.max(1)) };
        (0..epochs).for_each(|_| self.random.shuffle(&mut self.order));
        self.epochs_begun = epochs;
        Ok(())
    }

    /// Calls `visit` with every array that changes while training, always in the same order.
    fn for_each_array(&mut self, visit: &mut dyn FnMut(&mut [f32])) {
        fn slots(slots: &mut Slots, visit: &mut dyn FnMut(&mut [f32])) {
            slots.iter_mut().flatten().for_each(|array| visit(array));
        }
        fn state(State { parameters, overlay }: &mut State, visit: &mut dyn FnMut(&mut [f32])) {
            slots(&mut parameters.slots, visit);
            for norm in overlay.norms.iter_mut().flatten() {
                visit(&mut norm.mean);
                visit(&mut norm.variance);
            }
            for group in overlay.quantization.iter_mut().flat_map(FakeQuantization::groups_mut) {
                visit(&mut group.range);
            }
        }
        state(&mut self.state, visit);
        slots(&mut self.optimiser.first, visit);
        slots(&mut self.optimiser.second, visit);
        if let Some(average) = &mut self.average {
            slots(&mut average.slots, visit);
        }
        if let Some((_, best)) = &mut self.best {
            state(best, visit);
        }
        if let Some(masks) = &mut self.masks {
            slots(&mut masks.slots, visit);
            slots(&mut masks.sensitivity, visit);
        }
    }
}
