//! Plain shapes, drawn from a seed: the smallest pictures on which a network has something to tell apart.
//!
//! Filled or as an outline, light on dark or dark on light, anywhere, turned and noisy. Nothing is learned from them about
//! photographs.

use super::Dataset;
use super::canvas::{Canvas, Point, Pose, dataset};
use crate::error::Result;
use crate::limits;
use crate::random::Random;

/// Pixels of a side.
pub const SIZE: usize = 16;
/// The classes.
pub const CLASSES: [&str; 4] = ["circle", "square", "triangle", "cross"];

/// How far a point lies outside a shape whose points lie about 1 from its middle.
fn distance(shape: usize, [x, y]: Point) -> f64 {
    let bar = |x: f64, y: f64| (x.abs() - 1.0).max(y.abs() - 0.3);
    match shape % CLASSES.len() {
        0 => libm::hypot(x, y) - 0.95,
        1 => x.abs().max(y.abs()) - 0.85,
        // Three edges, each half as far from the middle as the corners.
        2 => (0.866 * x + 0.5 * y).max(0.5 * y - 0.866 * x).max(-y) - 0.55,
        _ => bar(x, y).min(bar(y, x)),
    }
}

/// A picture of a shape, by the index of its class.
///
/// *Shapes*: [`SIZE`] rows of as many values from 0 to 1.
///
/// ```
/// use milliwatt::{data::shapes, random::Random};
/// assert_eq!(shapes::picture(2, &mut Random::new(1)).len(), 16 * 16);
/// ```
pub fn picture(shape: usize, random: &mut Random) -> Vec<f32> {
    let pose = Pose::random(SIZE, [4.0, 6.0], 0.6, 0.0, random);
    let (dark, light) = (random.between(0.0, 0.3), random.between(0.7, 1.0));
    let (paper, ink) = if random.below(2) == 0 { (dark, light) } else { (light, dark) };
    let outline = (random.below(2) == 0).then(|| random.between(0.6, 1.0));
    let mut canvas = Canvas::new(SIZE, SIZE, paper);
    canvas.draw(ink, |at| {
        let outside = pose.pixels(distance(shape, pose.inside(at)));
        outline.map_or(outside, |half| outside.abs() - half)
    });
    canvas.seen(random.between(0.0, 0.1), random)
}

/// So many pictures, the shapes in turn.
///
/// *Shapes*: windows `[1, 16, 16, 1]`.
///
/// # Errors
/// `Limits` above [`limits::ZIP_ENTRIES`].
pub fn set(seed: u64, count: usize) -> Result<Dataset> {
    limits::check("pictures in a set", count, limits::ZIP_ENTRIES)?;
    dataset(&CLASSES, [SIZE, SIZE], count, seed, picture)
}
