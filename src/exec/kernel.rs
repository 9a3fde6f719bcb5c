//! What a prepared operator is, and the memory that it sees while it runs.
//!
//! All values of an inference lie in one arena. A kernel reads some ranges of it and writes another; the plan
//! guarantees that they do not overlap. [`Io::split`] cuts the arena around one output, so that the rest can be read
//! while the output is written, without a copy, an allocation or `unsafe`.

use bytemuck::{NoUninit, Pod};

/// A range of the arena, in bytes. Starts are multiples of 16, so that every element type is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Number of bytes.
    pub len: usize,
}

impl Span {
    /// One past the last byte.
    pub fn end(self) -> usize {
        self.start + self.len
    }
}

/// One node, with everything that can be computed before the first input precomputed.
///
/// A kernel is made by a prepare function (see [`super::kernels`]), which checks shapes, types and attributes and
/// decodes the weights: `run` cannot fail. It must not allocate.
pub trait Kernel: Send {
    /// Reads the node's inputs and writes its outputs.
    fn run(&mut self, io: &mut Io<'_>);

    /// Bytes of working memory that `run` wants to find in [`Split::scratch`].
    ///
    /// One buffer, as large as the largest wish, serves all nodes in turn (it stays in the cache), so its content is
    /// undefined when `run` begins.
    fn scratch_bytes(&self) -> usize {
        0
    }
}

/// The arena as one node sees it.
pub struct Io<'a> {
    pub(super) arena: &'a mut [u8],
    pub(super) scratch: &'a mut [u8],
    pub(super) inputs: &'a [Option<Span>],
    pub(super) outputs: &'a [Span],
}

/// The arena cut around one output.
pub struct Split<'a, T> {
    /// Everything that can be read.
    pub inputs: Inputs<'a>,
    /// The output.
    pub output: &'a mut [T],
    /// At least [`Kernel::scratch_bytes`] bytes, aligned to 16.
    pub scratch: &'a mut [u8],
}

/// The inputs of a node, as slices.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    before: &'a [u8],
    after: &'a [u8],
    after_start: usize,
    spans: &'a [Option<Span>],
}

impl<'a> Inputs<'a> {
    /// The elements of the input at a position of the node's inputs; empty where it is left out or was decoded by the
    /// prepare function (weights and biases).
    pub fn get<T: Pod>(&self, position: usize) -> &'a [T] {
        let Some(Some(span)) = self.spans.get(position) else { return &[] };
        let bytes = if span.end() <= self.before.len() {
            &self.before[span.start..span.end()]
        } else {
            &self.after[span.start - self.after_start..span.end() - self.after_start]
        };
        bytemuck::cast_slice(bytes)
    }
}

impl Io<'_> {
    /// Cuts the arena around the output at a position of the node's outputs.
    pub fn split<T: Pod + NoUninit>(&mut self, output: usize) -> Split<'_, T> {
        let span = self.outputs.get(output).copied().unwrap_or_default();
        let (before, rest) = self.arena.split_at_mut(span.start);
        let (bytes, after) = rest.split_at_mut(span.len);
        Split {
            inputs: Inputs { before, after, after_start: span.end(), spans: self.inputs },
            output: bytemuck::cast_slice_mut(bytes),
            scratch: self.scratch,
        }
    }

    /// The first input and the first output.
    pub fn unary<I: Pod, O: Pod>(&mut self) -> (&[I], &mut [O]) {
        let Split { inputs, output, .. } = self.split(0);
        (inputs.get(0), output)
    }

    /// The first two inputs and the first output.
    pub fn binary<A: Pod, B: Pod, O: Pod>(&mut self) -> (&[A], &[B], &mut [O]) {
        let Split { inputs, output, .. } = self.split(0);
        (inputs.get(0), inputs.get(1), output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_between_two_inputs_is_cut_out_of_the_arena() {
        let mut arena = vec![0u128; 3];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut arena);
        bytes[0] = 7;
        bytes[32] = 9;
        let inputs = [Some(Span { start: 0, len: 1 }), Some(Span { start: 32, len: 1 }), None];
        let outputs = [Span { start: 16, len: 4 }];
        let mut io = Io { arena: bytes, scratch: &mut [], inputs: &inputs, outputs: &outputs };
        let split = io.split::<i32>(0);
        split.output[0] = i32::from(split.inputs.get::<u8>(0)[0] + split.inputs.get::<u8>(1)[0]);
        assert_eq!(split.output, [16]);
        assert!(split.inputs.get::<u8>(2).is_empty());
    }
}
