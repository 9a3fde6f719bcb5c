//! Written digits, drawn from a seed: small grey pictures for first steps with images.
//!
//! Each digit has one form of lines and arcs; what differs is every corner's place, size, turn, slant, the pen, ink,
//! paper and noise. People write in many forms (a 1 with a foot, a barred 7, an open 4): a network that knows these
//! pictures reads some handwriting and fails on the rest. For handwriting, the field uses MNIST.

use std::f64::consts::{PI, TAU};

use super::Dataset;
use super::canvas::{Canvas, Point, Pose, dataset, from_line};
use crate::error::Result;
use crate::limits;
use crate::random::Random;

/// Pixels of a side.
pub const SIZE: usize = 28;
/// The classes.
pub const CLASSES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
/// Corners of an arc.
const CORNERS: usize = 12;

/// A part of a digit, in a box from (0, 0) to (1, 1).
enum Stroke {
    Line(&'static [Point]),
    /// Centre, radii, and the angles that it runs between, from the right over below.
    Arc(Point, Point, [f64; 2]),
}
use Stroke::{Arc, Line};

const ROUND: [f64; 2] = [0.0, TAU];

static DIGITS: [&[Stroke]; 10] = [
    &[Arc([0.5, 0.5], [0.36, 0.5], ROUND)],
    &[Line(&[[0.25, 0.25], [0.55, 0.0], [0.55, 1.0]])],
    &[Arc([0.5, 0.28], [0.33, 0.28], [-PI, 0.7]), Line(&[[0.75, 0.46], [0.14, 1.0], [0.88, 1.0]])],
    &[Arc([0.45, 0.26], [0.33, 0.26], [-2.6, 0.5 * PI]), Arc([0.45, 0.75], [0.38, 0.25], [-0.5 * PI, 2.6])],
    &[Line(&[[0.66, 1.0], [0.66, 0.0], [0.1, 0.68], [0.94, 0.68]])],
    &[Line(&[[0.84, 0.0], [0.26, 0.0], [0.21, 0.45]]), Arc([0.47, 0.68], [0.36, 0.32], [-2.4, 2.6])],
    &[Line(&[[0.7, 0.0], [0.38, 0.28], [0.2, 0.66]]), Arc([0.5, 0.7], [0.32, 0.3], ROUND)],
    &[Line(&[[0.1, 0.0], [0.9, 0.0], [0.4, 1.0]])],
    &[Arc([0.5, 0.25], [0.27, 0.25], ROUND), Arc([0.5, 0.75], [0.34, 0.25], ROUND)],
    &[Arc([0.48, 0.3], [0.32, 0.3], ROUND), Line(&[[0.8, 0.3], [0.76, 0.7], [0.62, 1.0]])],
];

/// A picture of a digit; of the last digit of larger numbers.
///
/// *Shapes*: [`SIZE`] rows of as many values from 0 to 1.
///
/// ```
/// use milliwatt::{data::digits, random::Random};
/// assert_eq!(digits::picture(7, &mut Random::new(1)).len(), 28 * 28);
/// ```
pub fn picture(digit: usize, random: &mut Random) -> Vec<f32> {
    let pose = Pose::random(SIZE, [15.0, 21.0], 0.2, 0.25, random);
    let pen = random.between(0.8, 2.0);
    let (paper, ink) = (random.between(0.0, 0.2), random.between(0.6, 1.0));
    let mut lines: Vec<[Point; 2]> = Vec::new();
    for stroke in DIGITS[digit % DIGITS.len()] {
        let mut points: Vec<Point> = match stroke {
            Line(points) => points.to_vec(),
            Arc(centre, radii, [from, to]) => {
                let angle = |k: usize| from + (to - from) * k as f64 / CORNERS as f64;
                let point =
                    |angle: f64| [centre[0] + radii[0] * libm::cos(angle), centre[1] + radii[1] * libm::sin(angle)];
                (0..=CORNERS).map(angle).map(point).collect()
            }
        };
        // An arc is pulled out of shape as a whole, a line at each corner.
        let bend = [random.between(-0.06, 0.06), random.between(-0.06, 0.06)];
        for (index, point) in points.iter_mut().enumerate() {
            let free = if matches!(stroke, Line(_)) { 0.04 } else { 0.01 };
            let part = index as f64 / CORNERS as f64;
            point[0] += bend[0] * part + free * random.normal() - 0.5;
            point[1] += bend[1] * part + free * random.normal() - 0.5;
        }
        lines.extend(points.windows(2).map(|pair| [pair[0], pair[1]]));
    }
    let mut canvas = Canvas::new(SIZE, SIZE, paper);
    canvas.draw(ink, |at| {
        let at = pose.inside(at);
        let nearest = lines.iter().map(|&line| from_line(at, line)).fold(f64::INFINITY, f64::min);
        pose.pixels(nearest) - pen
    });
    canvas.seen(random.between(0.0, 0.08), random)
}

/// So many pictures, the digits in turn.
///
/// *Shapes*: windows `[1, 28, 28, 1]`.
///
/// # Errors
/// `Limits` above [`limits::ZIP_ENTRIES`].
pub fn set(seed: u64, count: usize) -> Result<Dataset> {
    limits::check("pictures in a set", count, limits::ZIP_ENTRIES)?;
    dataset(&CLASSES, [SIZE, SIZE], count, seed, picture)
}
