//! RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR, both of `[batch, height, width, channels]`.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, image};
use crate::exec::window::{for_each_pixel, pixel_at};
use crate::model::Op;
use crate::model::op::Resize;
use crate::quant::Arithmetic;
use crate::tensor::DType;

/// Both images and how one is sampled from the other.
#[derive(Debug, Clone, Copy)]
struct Geometry {
    input: [usize; 4],
    output: [usize; 4],
    resize: Resize,
}

impl Geometry {
    fn new(site: &Site<'_>) -> Result<Self> {
        let (Op::ResizeNearestNeighbor(resize) | Op::ResizeBilinear(resize)) = site.node.op else {
            return Err(Error::parameter(format!("{} does not resize", site.node.op.name())));
        };
        let (x, y) = site.same_type()?;
        if !x.dtype.is_float() && x.quantization != y.quantization {
            return Err(Error::unsupported("input and output differ in scale or zero point"));
        }
        let (input, output) = (image(x)?, image(y)?);
        if input[0] != output[0] || input[3] != output[3] || input.contains(&0) || output.contains(&0) {
            return Err(Error::format(format!("an image of shape {input:?} does not become one of {output:?}")));
        }
        Ok(Self { input, output, resize })
    }

    /// Calls `visit(index of the first channel, [b, y, x])` for every output pixel.
    fn for_each_pixel(&self, visit: impl FnMut(usize, [usize; 3])) {
        for_each_pixel(self.output, visit);
    }

    /// Every output element from the four input pixels around it: above left, below left, above right, below right.
    ///
    /// `between` says, of a row or column, the input's before and after it and the distance from the first, and `mix` makes
    /// the element from its four neighbours and the distances down and across.
    fn interpolate<E: Copy, D: Copy>(
        &self,
        input: &[E],
        output: &mut [E],
        between: impl Fn(usize, usize, usize, Resize) -> (usize, usize, D),
        mix: impl Fn([E; 4], D, D) -> E,
    ) {
        let [_, height, width, channels] = self.input;
        let [_, new_height, new_width, _] = self.output;
        self.for_each_pixel(|index, [b, y, x]| {
            let (y0, y1, down) = between(y, height, new_height, self.resize);
            let (x0, x1, across) = between(x, width, new_width, self.resize);
            let corner = |row, column| &input[pixel_at(self.input, b, row, column)..][..channels];
            let (p00, p10, p01, p11) = (corner(y0, x0), corner(y1, x0), corner(y0, x1), corner(y1, x1));
            for c in 0..channels {
                output[index + c] = mix([p00[c], p10[c], p01[c], p11[c]], down, across);
            }
        });
    }
}

/// Prepares a RESIZE_NEAREST_NEIGHBOR.
pub fn prepare_nearest(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let geometry = Geometry::new(site)?;
    Ok(match site.input(0)?.dtype {
        DType::Float32 | DType::Int32 => Box::new(Nearest { geometry, element: PhantomData::<u32> }),
        DType::Int8 | DType::Uint8 => Box::new(Nearest { geometry, element: PhantomData::<u8> }),
        DType::Int16 => Box::new(Nearest { geometry, element: PhantomData::<u16> }),
        _ => return Err(site.unsupported_types()),
    })
}

struct Nearest<E> {
    geometry: Geometry,
    element: PhantomData<E>,
}

/// The row or column of `input` nearest to `position` among `output`.
///
/// *Source*: `GetNearestNeighbor` in TFLM's `resize_nearest_neighbor.h`, in `float32`.
fn nearest(position: usize, input: usize, output: usize, resize: Resize) -> usize {
    let scale = if resize.align_corners && output > 1 {
        (input - 1) as f32 / (output - 1) as f32
    } else {
        input as f32 / output as f32
    };
    let offset = if resize.half_pixel_centers { 0.5 } else { 0.0 };
    let exact = (position as f32 + offset) * scale;
    let index = if resize.align_corners { libm::roundf(exact) } else { libm::floorf(exact) };
    (index as usize).min(input - 1)
}

impl<E: bytemuck::Pod + Send> Kernel for Nearest<E> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<E, E>();
        let Geometry { input: [_, height, width, channels], output: [_, new_height, new_width, _], resize } =
            self.geometry;
        self.geometry.for_each_pixel(|index, [b, y, x]| {
            let row = nearest(y, height, new_height, resize);
            let column = nearest(x, width, new_width, resize);
            let from = pixel_at(self.geometry.input, b, row, column);
            output[index..index + channels].copy_from_slice(&input[from..from + channels]);
        });
    }
}

/// Prepares a RESIZE_BILINEAR.
pub fn prepare_bilinear(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let geometry = Geometry::new(site)?;
    if geometry.resize.align_corners && geometry.resize.half_pixel_centers {
        return Err(Error::unsupported("aligned corners and half-pixel centres at once; TFLM refuses them too"));
    }
    Ok(match site.input(0)?.dtype {
        DType::Float32 => Box::new(FloatBilinear(geometry)),
        DType::Int8 if site.options.arithmetic == Arithmetic::Xnnpack => Box::new(ShortBilinear(geometry)),
        DType::Int8 => Box::new(IntegerBilinear { geometry, arithmetic: site.options.arithmetic }),
        _ => return Err(site.unsupported_types()),
    })
}

struct FloatBilinear(Geometry);

/// Where `position` falls in the input: the pixels before and after it, and how far it is from the first.
fn between(position: usize, input: usize, output: usize, resize: Resize) -> (usize, usize, f32) {
    let scale = if resize.align_corners && output > 1 {
        (input - 1) as f32 / (output - 1) as f32
    } else {
        input as f32 / output as f32
    };
    let exact = if resize.half_pixel_centers { (position as f32 + 0.5) * scale - 0.5 } else { position as f32 * scale };
    // Casts saturate: what lies before the first pixel counts as the first.
    let low = (libm::floorf(exact) as usize).min(input - 1);
    let high = (libm::ceilf(exact) as usize).min(input - 1);
    (low, high, exact - low as f32)
}

impl Kernel for FloatBilinear {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<f32, f32>();
        self.0.interpolate(input, output, between, |[p00, p10, p01, p11], dy, dx| {
            p00 * (1.0 - dy) * (1.0 - dx) + p10 * dy * (1.0 - dx) + p01 * (1.0 - dy) * dx + p11 * dy * dx
        });
    }
}

/// Positions in units of 1/1024 pixel.
struct IntegerBilinear {
    geometry: Geometry,
    arithmetic: Arithmetic,
}

/// As [`between`], the distance in units of 1/1024.
///
/// *Source*: `ComputeInterpolationValuesInteger` in TFLM's `resize_bilinear.h`.
fn between_integer(position: usize, input: usize, output: usize, resize: Resize) -> (usize, usize, i64) {
    let rounded = |numerator: usize, denominator: usize| {
        let (numerator, denominator) = (numerator as i64, denominator as i64);
        (1024 * numerator + denominator / 2) / denominator
    };
    let scale =
        if resize.align_corners && output > 1 { rounded(input - 1, output - 1) } else { rounded(input, output) };
    let exact = position as i64 * scale + if resize.half_pixel_centers { scale / 2 - 512 } else { 0 };
    let last = input as i64 - 1;
    let low = (exact / 1024).clamp(0, last);
    let high = ((exact + 1023) / 1024).clamp(0, last);
    (low as usize, high as usize, exact - 1024 * low)
}

impl Kernel for IntegerBilinear {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<i8, i8>();
        let once = self.arithmetic == Arithmetic::Single;
        self.geometry.interpolate(input, output, between_integer, |corners, dy, dx| {
            let [p00, p10, p01, p11] = corners.map(i64::from);
            let sum = p00 * (1024 - dy) * (1024 - dx) + p10 * dy * (1024 - dx) + p01 * (1024 - dy) * dx + p11 * dy * dx;
            let rounded = if once {
                (sum + (1 << 19)) >> 20
            } else {
                (sum + if sum > 0 { 1 << 19 } else { -(1 << 19) }) / (1 << 20)
            };
            rounded as i8
        });
    }
}

/// XNNPACK's: positions in `float32`, weights in units of 1/2048, ties up.
///
/// *Source*: `s8-ibilinear` and the indirection that XNNPACK sets up for it.
struct ShortBilinear(Geometry);

/// As [`between`], but what lies before the first pixel is on it, and the distance is in units of 1/2048.
fn between_short(position: usize, input: usize, output: usize, resize: Resize) -> (usize, usize, i32) {
    let (low, _, distance) = between(position, input, output, resize);
    (low, (low + 1).min(input - 1), (distance.max(0.0) * 2048.0).round_ties_even() as i32)
}

impl Kernel for ShortBilinear {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<i8, i8>();
        self.0.interpolate(input, output, between_short, |corners, dy, dx| {
            let [p00, p10, p01, p11] = corners.map(i32::from);
            let (top, bottom) = (2048 * p00 + (p01 - p00) * dx, 2048 * p10 + (p11 - p10) * dx);
            ((2048 * top + (bottom - top) * dy + (1 << 21)) >> 22) as i8
        });
    }
}
