//! A small grey picture that shapes are drawn on, with soft edges.
//!
//! A shape is a function of distance: how far a point lies outside it, negative inside. A pixel that an edge passes
//! through takes a part of the ink.

use super::{Dataset, Item};
use crate::error::Result;
use crate::random::Random;
use crate::tensor::Tensor;

/// A point, to the right and down.
pub(super) type Point = [f64; 2];

/// The picture: 0 is black, 1 is white.
pub(super) struct Canvas {
    width: usize,
    pixels: Vec<f64>,
}

impl Canvas {
    pub fn new(width: usize, height: usize, paper: f64) -> Self {
        Self { width, pixels: vec![paper; width * height] }
    }

    /// Covers what lies inside a shape; distances in pixels.
    pub fn draw(&mut self, ink: f64, distance: impl Fn(Point) -> f64) {
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let at = [(index % self.width) as f64 + 0.5, (index / self.width) as f64 + 0.5];
            let share = (0.5 - distance(at)).clamp(0.0, 1.0);
            *pixel += share * (ink - *pixel);
        }
    }

    /// What a camera makes of it: noise, and 256 levels.
    pub fn seen(&self, noise: f64, random: &mut Random) -> Vec<f32> {
        let level = |pixel: &f64| libm::round(255.0 * (pixel + noise * random.normal()).clamp(0.0, 1.0)) / 255.0;
        self.pixels.iter().map(level).map(|level| level as f32).collect()
    }
}

/// Where a shape of about unit size lies in the picture, how it is turned and slanted, and how large it is.
pub(super) struct Pose {
    centre: Point,
    turn: (f64, f64),
    slant: f64,
    scale: f64,
}

impl Pose {
    /// Somewhere near the middle: `scale` pixels to the unit, and at most so many radians of turn and slant.
    pub fn random(size: usize, scale: [f64; 2], turn: f64, slant: f64, random: &mut Random) -> Self {
        let middle = size as f64 / 2.0;
        let mut near = || middle + size as f64 * random.between(-0.08, 0.08);
        let centre = [near(), near()];
        let angle = random.between(-turn, turn);
        Self {
            centre,
            turn: (libm::sin(angle), libm::cos(angle)),
            slant: random.between(-slant, slant),
            scale: random.between(scale[0], scale[1]),
        }
    }

    /// A point of the picture in the shape's own coordinates.
    pub fn inside(&self, [x, y]: Point) -> Point {
        let (x, y) = ((x - self.centre[0]) / self.scale, (y - self.centre[1]) / self.scale);
        let (sine, cosine) = self.turn;
        let (x, y) = (cosine * x + sine * y, cosine * y - sine * x);
        [x + self.slant * y, y]
    }

    /// A length of the shape in pixels.
    pub fn pixels(&self, length: f64) -> f64 {
        self.scale * length
    }
}

/// How far a point lies from the line between two others.
pub(super) fn from_line([x, y]: Point, [a, b]: [Point; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let along = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy).max(1e-12);
    let along = along.clamp(0.0, 1.0);
    libm::hypot(x - a[0] - along * dx, y - a[1] - along * dy)
}

/// Labelled pictures as a data set, the classes in turn.
///
/// *Shapes*: each item is one window `[1, height, width, 1]`, with values from 0 to 1.
pub(super) fn dataset(
    classes: &[&str],
    [height, width]: [usize; 2],
    count: usize,
    seed: u64,
    picture: impl Fn(usize, &mut Random) -> Vec<f32>,
) -> Result<Dataset> {
    let mut random = Random::new(seed);
    let item = |index: usize| {
        let class = index % classes.len();
        let pixels = picture(class, &mut random.branch());
        let window = Tensor::from_f32(&[1, height, width, 1], pixels)?;
        Ok(Item { name: format!("{} {index}", classes[class]), windows: vec![window], label: Some(class) })
    };
    let items = (0..count).map(item).collect::<Result<_>>()?;
    Ok(Dataset { items, classes: classes.iter().map(ToString::to_string).collect() })
}
