//! Memory that starts on a cache line, taken once when a kernel is planned.
#![allow(unsafe_code, reason = "views one allocation as another plain type")]

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

/// A cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A fixed number of plain values on whole cache lines: vector loads at multiples of their size never straddle two.
#[derive(Debug, Clone)]
pub struct Buffer<T> {
    lines: Vec<Line>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Pod> Buffer<T> {
    /// `len` values, all `value`.
    pub fn filled(len: usize, value: T) -> Self {
        let lines = vec![Line([0; 64]); (len * size_of::<T>()).div_ceil(64)];
        let mut buffer = Self { lines, len, values: PhantomData };
        buffer.fill(value);
        buffer
    }

    /// The values of a slice.
    pub fn from_slice(values: &[T]) -> Self {
        let mut buffer = Self::filled(values.len(), T::zeroed());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the lines hold at least `len` initialised values; any bit pattern is a `Pod`; 64 aligns all of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
