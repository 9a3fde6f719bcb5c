//! What all streams have in common.

/// Sound, or the energies of its bands, that arrives bit by bit.
///
/// What is given out does not depend on where the bits are cut.
pub trait Stream<S> {
    /// Hears what is next and adds to `out` what can be given out already.
    fn push(&mut self, input: &[S], out: &mut Vec<S>);
    /// Gives out what still waits; nothing may be pushed then before [`Stream::reset`].
    fn finish(&mut self, _out: &mut Vec<S>) {}
    /// Forgets everything.
    fn reset(&mut self);
}

/// A stream behind another.
pub(super) struct Chain<S> {
    pub(super) first: Box<dyn Stream<S>>,
    pub(super) second: Box<dyn Stream<S>>,
}

impl<S> Stream<S> for Chain<S> {
    fn push(&mut self, input: &[S], out: &mut Vec<S>) {
        let mut between = Vec::with_capacity(input.len());
        self.first.push(input, &mut between);
        self.second.push(&between, out);
    }
    fn finish(&mut self, out: &mut Vec<S>) {
        let mut between = vec![];
        self.first.finish(&mut between);
        self.second.push(&between, out);
        self.second.finish(out);
    }
    fn reset(&mut self) {
        self.first.reset();
        self.second.reset();
    }
}

/// Nothing is done.
pub(super) struct Through;

impl<S: Clone> Stream<S> for Through {
    fn push(&mut self, input: &[S], out: &mut Vec<S>) {
        out.extend_from_slice(input);
    }
    fn reset(&mut self) {}
}
