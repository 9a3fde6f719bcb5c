//! The greedy arena planner of TFLM: where every buffer lies, so that buffers that live at once never overlap.
//!
//! Largest first; each buffer goes into the first gap, counted from the arena's start, between the buffers that live
//! at the same time. Of two equally large buffers the one that was requested later is placed first: the offsets of
//! the real planner depend on it.
//!
//! *Source*: the behaviour of TFLM's `GreedyMemoryPlanner` and `AllocationInfoBuilder`, checked byte for byte against
//! the arena sizes that the `tflite-micro` wheel prints.

/// Every buffer of TFLM's arena starts at a multiple of this many bytes, and takes up a multiple of it.
pub const ALIGNMENT: usize = 16;

/// A buffer that wants a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Bytes, before alignment.
    pub bytes: usize,
    /// First moment at which it is needed; `None` for a buffer that nothing uses, which lives before all moments.
    pub first: Option<usize>,
    /// Last moment at which it is needed.
    pub last: Option<usize>,
    /// An offset that was fixed when the model was made (`OfflineMemoryAllocation`).
    pub fixed: Option<usize>,
}

/// Where the buffers lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The offset of each request, in the order of the requests.
    pub offsets: Vec<usize>,
    /// The end of the buffer that reaches furthest: the bytes that the arena's head needs.
    pub bytes: usize,
}

impl Request {
    /// A buffer that lives from one moment to another, both included.
    pub fn new(bytes: usize, first: usize, last: usize) -> Self {
        Self { bytes, first: Some(first), last: Some(last), fixed: None }
    }

    /// The bytes that it takes up in the arena.
    pub fn aligned(&self) -> usize {
        self.bytes.div_ceil(ALIGNMENT).saturating_mul(ALIGNMENT)
    }

    fn lives_with(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Places every buffer as TFLM's planner does.
///
/// ```
/// use milliwatt::cost::arena::{plan, Request};
/// // Three steps: 32 bytes feed 64, which feed 16. The last may overwrite the first.
/// let steps = [Request::new(32, 0, 1), Request::new(64, 1, 2), Request::new(16, 2, 3)];
/// let placed = plan(&steps);
/// assert_eq!(placed.offsets, [64, 0, 64]);
/// assert_eq!(placed.bytes, 96);
/// ```
pub fn plan(requests: &[Request]) -> Plan {
    let mut offsets = vec![0; requests.len()];
    // Indices of placed buffers, by offset; of equal offsets the earlier placed stands first.
    let mut placed: Vec<usize> = Vec::with_capacity(requests.len());
    for index in placing_order(requests) {
        let Some(wanted) = requests.get(index) else { continue };
        let offset = wanted.fixed.unwrap_or_else(|| first_gap(wanted, requests, &offsets, &placed));
        if let Some(slot) = offsets.get_mut(index) {
            *slot = offset;
        }
        let position = placed.partition_point(|&other| offsets.get(other).is_some_and(|&start| start <= offset));
        placed.insert(position, index);
    }
    let ends = offsets.iter().zip(requests).map(|(&offset, request)| offset.saturating_add(request.aligned()));
    Plan { bytes: ends.max().unwrap_or(0), offsets }
}

/// Fixed buffers in their own order, then the others from large to small, later requests first among equals.
fn placing_order(requests: &[Request]) -> Vec<usize> {
    let (fixed, mut free): (Vec<usize>, Vec<usize>) =
        (0..requests.len()).partition(|&index| requests.get(index).is_some_and(|request| request.fixed.is_some()));
    let size = |index: usize| requests.get(index).map_or(0, Request::aligned);
    crate::order::indices(&mut free, &|a, b| size(b).cmp(&size(a)).then(b.cmp(&a)));
    fixed.into_iter().chain(free).collect()
}

fn first_gap(wanted: &Request, requests: &[Request], offsets: &[usize], placed: &[usize]) -> usize {
    let mut candidate = 0usize;
    for &other in placed {
        let (Some(request), Some(&start)) = (requests.get(other), offsets.get(other)) else { continue };
        if !request.lives_with(wanted) {
            continue;
        }
        if start >= candidate && start - candidate >= wanted.aligned() {
            break;
        }
        candidate = candidate.max(start.saturating_add(request.aligned()));
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_that_live_at_once_never_overlap() {
        // A seeded tangle: the property holds whatever the lifetimes.
        let mut state = 7u32;
        let mut next = |bound: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % bound
        };
        for _ in 0..200 {
            let requests: Vec<Request> = (0..20)
                .map(|_| {
                    let first = next(10) as usize;
                    Request::new(1 + next(500) as usize, first, first + next(4) as usize)
                })
                .collect();
            let plan = plan(&requests);
            for (i, a) in requests.iter().enumerate() {
                for (j, b) in requests.iter().enumerate().skip(i + 1) {
                    if a.lives_with(b) {
                        let (start_a, start_b) = (plan.offsets[i], plan.offsets[j]);
                        assert!(start_a + a.aligned() <= start_b || start_b + b.aligned() <= start_a);
                    }
                }
            }
        }
    }

    #[test]
    fn of_equal_buffers_the_later_is_placed_first() {
        let plan = plan(&[Request::new(16, 0, 1), Request::new(16, 1, 2)]);
        assert_eq!(plan.offsets, [16, 0]);
    }

    #[test]
    fn a_fixed_offset_is_kept_and_others_go_around_it() {
        let fixed = Request { fixed: Some(32), ..Request::new(32, 0, 3) };
        let plan = plan(&[Request::new(48, 0, 3), fixed, Request::new(32, 0, 3)]);
        assert_eq!(plan.offsets, [64, 32, 0]);
        assert_eq!(plan.bytes, 112);
    }

    #[test]
    fn an_unused_buffer_shares_its_place_with_everything() {
        let unused = Request { bytes: 64, first: None, last: None, fixed: None };
        assert_eq!(plan(&[unused, Request::new(32, 0, 1)]).bytes, 64);
    }
}
