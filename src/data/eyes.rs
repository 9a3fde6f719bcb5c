//! Eyes that look somewhere, drawn from a seed, as a camera in glasses or above a screen would see them.
//!
//! Skin, lids, the white, an iris with its pupil, and the light's reflection on it; the lids follow the look. It is a
//! drawing: no lashes, no wrinkles, no glasses, one camera. A network that follows these eyes must be shown real ones
//! before anybody relies on it; for that there are recordings such as MPIIGaze and OpenEDS.

use super::Dataset;
use super::canvas::{Canvas, Point, dataset};
use crate::error::Result;
use crate::limits;
use crate::random::Random;

/// Pixels across and down.
pub const WIDTH: usize = 48;
/// Pixels down.
pub const HEIGHT: usize = 32;
/// The classes of [`set`]: left and right as they are in the picture.
pub const CLASSES: [&str; 6] = ["ahead", "left", "right", "up", "down", "closed"];
const CLOSED: usize = 5;

/// An eye and where it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Eye {
    /// [`HEIGHT`] rows of [`WIDTH`] values from 0 to 1.
    pub pixels: Vec<f32>,
    /// Where it looks, to the right and down: 0 is ahead, 1 as far as an eye turns. What it was before it closed, when
    /// it is closed.
    pub gaze: Point,
    /// How far the lids are open, 0 to 1.
    pub open: f64,
}

/// An eye that looks somewhere.
///
/// ```
/// use milliwatt::{data::eyes, random::Random};
/// let eye = eyes::looking([0.5, 0.0], 1.0, &mut Random::new(1));
/// assert_eq!(eye.pixels.len(), eyes::WIDTH * eyes::HEIGHT);
/// ```
pub fn looking(gaze: Point, open: f64, random: &mut Random) -> Eye {
    let middle = [WIDTH as f64 * random.between(0.46, 0.54), HEIGHT as f64 * random.between(0.45, 0.55)];
    let half = random.between(16.0, 20.0);
    let (upper, lower) = (open * random.between(7.5, 10.0), open * random.between(5.0, 7.0));
    let iris = random.between(5.5, 7.0);
    let pupil = iris * random.between(0.3, 0.6);
    let (skin, white) = (random.between(0.3, 0.75), random.between(0.75, 0.95));
    let (colour, black) = (random.between(0.15, 0.5), random.between(0.0, 0.1));
    let looks = [middle[0] + 0.6 * half * gaze[0], middle[1] + 4.5 * gaze[1]];
    // Lids go along with the eye, up and down.
    let lift = 2.0 * gaze[1];
    let lids = |[x, y]: Point| {
        let part = 1.0 - ((x - middle[0]) / half) * ((x - middle[0]) / half);
        let (top, bottom) = (middle[1] + lift * part.max(0.0) - upper * part, middle[1] + lower * part);
        (top - y).max(y - bottom).max((x - middle[0]).abs() - half)
    };
    let round = |[x, y]: Point, radius: f64| libm::hypot(x - looks[0], y - looks[1]) - radius;
    let mut canvas = Canvas::new(WIDTH, HEIGHT, skin);
    canvas.draw(0.55 * skin, |at| lids(at).abs() - 0.8);
    if open > 0.0 {
        canvas.draw(white, lids);
        canvas.draw(colour, |at| lids(at).max(round(at, iris)));
        canvas.draw(black, |at| lids(at).max(round(at, pupil)));
        let light = [looks[0] + random.between(-2.5, 2.5), looks[1] + random.between(-3.0, 0.0)];
        canvas.draw(1.0, |at| lids(at).max(libm::hypot(at[0] - light[0], at[1] - light[1]) - 1.0));
    }
    Eye { pixels: canvas.seen(random.between(0.0, 0.05), random), gaze, open }
}

/// An eye of a class of [`CLASSES`], by its index.
fn of_class(class: usize, random: &mut Random) -> Vec<f32> {
    let (far, near) = (random.between(0.55, 1.0), random.between(-0.25, 0.25));
    let gaze = match class {
        1 => [-far, near],
        2 => [far, near],
        3 => [near, -far],
        4 => [near, far],
        _ => [near, random.between(-0.25, 0.25)],
    };
    let open = if class == CLOSED { 0.0 } else { random.between(0.6, 1.0) };
    looking(gaze, open, random).pixels
}

/// So many eyes, the directions in turn.
///
/// *Shapes*: windows `[1, 32, 48, 1]`.
///
/// # Errors
/// `Limits` above [`limits::ZIP_ENTRIES`].
pub fn set(seed: u64, count: usize) -> Result<Dataset> {
    limits::check("pictures in a set", count, limits::ZIP_ENTRIES)?;
    dataset(&CLASSES, [HEIGHT, WIDTH], count, seed, of_class)
}
