//! What a model's outputs mean, in words and bars.

use crate::error::Result;
use crate::metrics;
use crate::report::Bar;

/// Milliseconds after which a repeated answer has been timed well: fifty steps of a browser's clock.
const LONG_MS: f64 = 5.0;
/// An answer is repeated at most this often, whatever the clock says.
const MOST_TIMES: usize = 1000;

/// The class of the largest score, and a bar for each class.
pub fn of_scores(scores: &[f32], classes: &[String]) -> (String, Vec<Bar>) {
    let name = |class: usize| classes.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
    let bar = |(class, &value): (usize, &f32)| Bar { label: name(class), value, fraction: value.clamp(0.0, 1.0) };
    (metrics::top(scores).map(name).unwrap_or_default(), scores.iter().enumerate().map(bar).collect())
}

/// Whether an error of rebuilding is over the threshold, and its bar, in whose middle the threshold stands.
pub fn of_strangeness(value: f64, threshold: f64, classes: &[String]) -> (String, Vec<Bar>) {
    let name = classes.get(usize::from(value > threshold)).cloned().unwrap_or_default();
    let fraction = if threshold > 0.0 { (value / (2.0 * threshold)).clamp(0.0, 1.0) } else { 0.0 };
    (name, vec![Bar { label: "reconstruction error".into(), value: value as f32, fraction: fraction as f32 }])
}

/// What `work` gives, the milliseconds that it takes once, and how often it was done to know them.
///
/// A browser's clock goes in steps of a tenth of a millisecond, and the first time is that of code and memory which are
/// still cold: work that is over sooner than [`LONG_MS`] is done again, and the mean of the repetitions is given.
///
/// # Errors
/// Those of `work`.
pub fn timed<T>(clock: &dyn Fn() -> f64, mut work: impl FnMut() -> Result<T>) -> Result<(T, f64, usize)> {
    let start = clock();
    let given = work()?;
    let (again, mut times) = (clock(), 0);
    if again - start >= LONG_MS {
        return Ok((given, again - start, 1));
    }
    while times < MOST_TIMES && clock() - again < LONG_MS {
        work()?;
        times += 1;
    }
    Ok((given, (clock() - again) / times as f64, times))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The time of work that takes `first` milliseconds and then `later`, by a clock with steps of a tenth.
    fn time(first: f64, later: f64) -> (f64, usize) {
        let (passed, next) = (Cell::new(0.0), Cell::new(first));
        let clock = || libm::floor(passed.get() * 10.0) / 10.0;
        let ((), ms, times) = timed(&clock, || {
            passed.set(passed.get() + next.replace(later));
            Ok(())
        })
        .unwrap();
        (ms, times)
    }

    #[test]
    fn work_that_is_shorter_than_a_step_of_the_clock_is_timed_warm() {
        let (ms, times) = time(0.43, 0.037);
        assert!((ms - 0.037).abs() < 0.037 * 0.03, "{ms}");
        assert!(times > 100, "{times}");
    }

    #[test]
    fn long_work_is_done_once() {
        assert_eq!(time(20.0, 1.0), (20.0, 1));
    }

    #[test]
    fn a_clock_that_stands_still_ends_it() {
        let (_, ms, times) = timed(&|| 7.0, || Ok(())).unwrap();
        assert_eq!((ms, times), (0.0, MOST_TIMES));
    }

    #[test]
    fn work_that_fails_is_not_timed() {
        assert!(timed(&|| 0.0, || Err::<(), _>(crate::error::Error::parameter("no"))).is_err());
    }
}
