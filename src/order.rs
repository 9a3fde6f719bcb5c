//! Sorting, compiled once: every further element type of a sort takes some kilobytes of the page's download.

use std::cmp::Ordering;

/// Sorts floats from small to large, by their total order.
#[inline(never)]
pub fn floats(values: &mut [f64]) {
    values.sort_unstable_by(f64::total_cmp);
}

/// Sorts indices; equal ones stand in their own order.
#[inline(never)]
pub fn indices(order: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    order.sort_unstable_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
}

/// The order in which `count` things stand when they are sorted; equal ones stand in their own order.
///
/// ```
/// let words = ["pear", "fig", "kiwi"];
/// let order = milliwatt::order::of(words.len(), &|a, b| words[a].len().cmp(&words[b].len()));
/// assert_eq!(order, [1, 0, 2]);
/// ```
pub fn of(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    indices(&mut order, compare);
    order
}
