//! Parting a dataset: what calibrates must not judge.

use super::Dataset;
use crate::random::Random;

/// Two sets of items that have none in common, as indices in rising order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Items whose values set scales, or that a network learns from.
    pub calibration: Vec<usize>,
    /// Items that are only asked about.
    pub test: Vec<usize>,
}

/// Takes `calibration` items, the classes in turn so that each is heard, and leaves the others for the test.
///
/// Items without a label count as one class of their own. Where there are fewer items than asked for, all of them
/// calibrate and the test is empty.
///
/// ```
/// use milliwatt::data::{Dataset, split::split};
/// assert!(split(&Dataset::default(), 10, 1).calibration.is_empty());
/// ```
pub fn split(data: &Dataset, calibration: usize, seed: u64) -> Split {
    let mut order: Vec<usize> = (0..data.items.len()).collect();
    Random::new(seed).shuffle(&mut order);
    // One pile for each class, the last for items without one.
    let mut piles: Vec<std::collections::VecDeque<usize>> = vec![Default::default(); data.classes.len() + 1];
    for index in order {
        let class = data.items[index].label.unwrap_or(data.classes.len()).min(data.classes.len());
        piles[class].push_back(index);
    }
    let mut taken = Vec::new();
    while taken.len() < calibration && piles.iter().any(|pile| !pile.is_empty()) {
        for pile in &mut piles {
            if taken.len() < calibration {
                taken.extend(pile.pop_front());
            }
        }
    }
    let mut rest: Vec<usize> = piles.into_iter().flatten().collect();
    taken.sort_unstable();
    rest.sort_unstable();
    Split { calibration: taken, test: rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Item;

    fn data(labels: &[Option<usize>]) -> Dataset {
        let item = |&label| Item { name: String::new(), windows: Vec::new(), label };
        Dataset { items: labels.iter().map(item).collect(), classes: vec!["a".into(), "b".into()] }
    }

    #[test]
    fn parts_are_disjoint_complete_and_named_by_the_seed() {
        let labels: Vec<_> = (0..50).map(|i| [Some(0), Some(1), None][i % 3]).collect();
        let parts = split(&data(&labels), 20, 7);
        let mut all = [&parts.calibration[..], &parts.test[..]].concat();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        assert_eq!(parts.calibration.len(), 20);
        assert_eq!(parts, split(&data(&labels), 20, 7));
        assert_ne!(parts, split(&data(&labels), 20, 8));
    }

    #[test]
    fn a_rare_class_calibrates_as_often_as_a_common_one() {
        let mut labels = vec![Some(0); 95];
        labels.extend([Some(1); 5]);
        let parts = split(&data(&labels), 10, 1);
        assert_eq!(parts.calibration.iter().filter(|&&index| index >= 95).count(), 5);
    }

    #[test]
    fn fewer_items_than_asked_for_all_calibrate() {
        let parts = split(&data(&[Some(0), None]), 10, 1);
        assert_eq!((parts.calibration.len(), parts.test.len()), (2, 0));
    }
}
