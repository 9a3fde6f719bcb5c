//! Fitting the cost model to published silicon, and what it is worth on chips that it has not seen.
//!
//! Two labels, never mixed: *calibrated* is a constant fitted to a chip's own points, with its residual; *predicted* is held out
//! by chip, with median, 90th percentile, worst and number of points. What is tried is frozen in `data/protocol.json`; every
//! variant is listed, and the headline pays for choosing among them (the form is chosen anew inside each fold).

pub mod data;
pub mod form;

use super::points::{Point, points};
use crate::error::{Error, Result};
use form::{Estimator, Form};

/// The protocol as it was frozen, JSON.
pub const PROTOCOL: &str = include_str!("data/protocol.json");

/// The sets of the protocol: identifier, whether digital, and the rule in words.
pub const SETS: [(&str, bool, &str); 4] = [
    ("digital-all", true, "every digital row; nothing excluded"),
    (
        "digital-stated",
        true,
        "digital rows but those with sparse data, approximate arithmetic, a system boundary, or a figure scaled from another",
    ),
    ("analog-all", false, "every analog row: charge, current and time domain; nothing excluded"),
    ("analog-charge", false, "charge-domain rows with a macro boundary"),
];

/// Errors of predictions: multiplicative, at least 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Half of the points are within this factor.
    pub median: f64,
    /// Nine tenths of the points are within this factor.
    pub p90: f64,
    /// The worst point.
    pub worst: f64,
    /// Share of points within a factor of three.
    pub within_three: f64,
    /// Points.
    pub points: usize,
}

impl Errors {
    /// Sums up multiplicative errors; the 90th percentile is the smallest that nine tenths do not exceed.
    pub fn of(factors: &[f64]) -> Self {
        let mut sorted = factors.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let at = |rank: usize| sorted.get(rank.clamp(1, n.max(1)) - 1).copied().unwrap_or(f64::NAN);
        let median = if n % 2 == 1 { at(n / 2 + 1) } else { libm::sqrt(at(n / 2) * at(n / 2 + 1)) };
        Self {
            median,
            p90: at((9 * n).div_ceil(10)),
            worst: at(n),
            within_three: sorted.iter().filter(|&&factor| factor <= 3.0).count() as f64 / n.max(1) as f64,
            points: n,
        }
    }
}

/// A fitted form: a constant and settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Logarithm of joules for each unit of the form's shape.
    pub constant: f64,
    /// The fitted settings, see [`Form::settings`].
    pub setting: [f64; 2],
}

impl Fit {
    /// The predicted joules of one multiply-accumulate.
    pub fn predict(&self, form: Form, point: &Point) -> f64 {
        libm::exp(self.constant + form.shape(point, self.setting))
    }
}

/// One form on one set, held out by chip.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The form.
    pub form: Form,
    /// Held-out errors.
    pub errors: Errors,
}

/// One point under the headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The point.
    pub point: Point,
    /// The form that the other chips chose.
    pub form: Form,
    /// Predicted joules for a multiply-accumulate, from the other chips alone.
    pub predicted: f64,
    /// The multiplicative error.
    pub factor: f64,
}

/// What came out for one set.
#[derive(Debug, Clone, PartialEq)]
pub struct SetResult {
    /// Its identifier in the protocol.
    pub id: &'static str,
    /// Its rule.
    pub rule: &'static str,
    /// Chips in it.
    pub chips: usize,
    /// Held out by chip, the form chosen inside each fold.
    pub nested: Errors,
    /// Every point of the nested headline.
    pub predictions: Vec<Prediction>,
    /// Every form, held out by chip; none may be quoted alone.
    pub variants: Vec<Variant>,
    /// Averages of forms, thought of after the first run of the protocol, and said to be so.
    pub afterthoughts: Vec<(&'static str, Errors)>,
    /// The form that all points choose, and its fit to all of them: what the presets are made with.
    pub chosen: (Form, Fit),
}

/// A chip's own constant, and what is left.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The chip.
    pub chip: &'static str,
    /// Its paper.
    pub paper: &'static str,
    /// The factor on the form's constant.
    pub scale: f64,
    /// The chip's points and their residuals, multiplicative; one point alone has none to show.
    pub residuals: Vec<(Point, f64)>,
}

/// Everything, for every set.
///
/// # Errors
/// Those of reading the frozen table.
pub fn validate() -> Result<Vec<SetResult>> {
    let points = points()?;
    SETS.iter().map(|&(id, digital, rule)| set(id, digital, rule, &points)).collect()
}

/// The set that presets of a kind are made with.
///
/// # Errors
/// As [`validate`].
pub fn headline(digital: bool) -> Result<SetResult> {
    let (id, digital, rule) = if digital { SETS[0] } else { SETS[2] };
    set(id, digital, rule, &points()?)
}

/// The form that all points choose, fitted to all of them, without the held-out judgement: quick.
///
/// # Errors
/// As [`validate`].
pub fn chosen(digital: bool) -> Result<(Form, Fit)> {
    let points: Vec<Point> =
        points()?.into_iter().filter(|point| form::takes(SETS[if digital { 0 } else { 2 }].0, point)).collect();
    let table = Table::of(&points, digital);
    table.choose(None).ok_or_else(|| Error::numeric("there are no points to fit to"))
}

fn set(id: &'static str, digital: bool, rule: &'static str, all: &[Point]) -> Result<SetResult> {
    let points: Vec<Point> = all.iter().filter(|point| form::takes(id, point)).cloned().collect();
    let table = Table::of(&points, digital);
    let mut predictions = Vec::new();
    for chip in 0..table.chips {
        let (form, fit) = table.choose(Some(chip)).ok_or_else(|| Error::numeric("there are no points to fit to"))?;
        for at in (0..points.len()).filter(|&at| table.chip[at] == chip) {
            let predicted = fit.predict(form, &points[at]);
            let factor = factor(points[at].joules_per_mac(), predicted);
            predictions.push((at, Prediction { point: points[at].clone(), form, predicted, factor }));
        }
    }
    predictions.sort_by_key(|(at, _)| *at);
    let predictions: Vec<Prediction> = predictions.into_iter().map(|(_, prediction)| prediction).collect();
    let variants = (0..table.forms.len())
        .map(|form| Variant { form: table.forms[form], errors: Errors::of(&table.held_out(form, None)) })
        .collect();
    let factors: Vec<f64> = predictions.iter().map(|prediction| prediction.factor).collect();
    Ok(SetResult {
        id,
        rule,
        chips: table.chips,
        nested: Errors::of(&factors),
        predictions,
        variants,
        afterthoughts: vec![
            ("the geometric mean of all forms", Errors::of(&table.averaged(table.forms.len()))),
            (
                "the geometric mean of the better quarter of the forms, chosen inside each fold",
                Errors::of(&table.averaged(table.forms.len() / 4)),
            ),
        ],
        chosen: table.choose(None).ok_or_else(|| Error::numeric("there are no points to fit to"))?,
    })
}

/// Each chip's own constant on top of the chosen form, with residuals.
pub fn calibrations(result: &SetResult) -> Vec<Calibration> {
    let (form, fit) = result.chosen;
    let mut calibrations: Vec<Calibration> = Vec::new();
    for prediction in &result.predictions {
        let point = &prediction.point;
        if calibrations.iter().any(|known| known.chip == point.chip) {
            continue;
        }
        let own: Vec<&Point> =
            result.predictions.iter().map(|other| &other.point).filter(|other| other.chip == point.chip).collect();
        let mut logs: Vec<f64> =
            own.iter().map(|point| libm::log(point.joules_per_mac() / fit.predict(form, point))).collect();
        let middle = mean(&mut logs);
        let residual = |point: &Point| factor(point.joules_per_mac(), fit.predict(form, point) * libm::exp(middle));
        calibrations.push(Calibration {
            chip: point.chip,
            paper: point.paper,
            scale: libm::exp(middle),
            residuals: own.into_iter().map(|point| (point.clone(), residual(point))).collect(),
        });
    }
    calibrations
}

fn factor(measured: f64, predicted: f64) -> f64 {
    libm::exp(libm::fabs(libm::log(measured / predicted)))
}

/// Logarithms of every form's shape at every point, for every setting: computed once, fitted many times.
struct Table {
    forms: Vec<Form>,
    settings: Vec<Vec<[f64; 2]>>,
    /// `ln(measured) - ln(shape)`, by form, setting and point.
    rest: Vec<Vec<Vec<f64>>>,
    /// The chip of each point, counted from 0.
    chip: Vec<usize>,
    chips: usize,
}

impl Table {
    fn of(points: &[Point], digital: bool) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let mut chip = Vec::new();
        for point in points {
            let known = names.iter().position(|name| *name == point.chip);
            chip.push(known.unwrap_or(names.len()));
            if known.is_none() {
                names.push(point.chip);
            }
        }
        let forms = Form::all(digital);
        let settings: Vec<Vec<[f64; 2]>> = forms.iter().map(Form::settings).collect();
        let row = |form: &Form, setting: [f64; 2]| {
            points.iter().map(|point| libm::log(point.joules_per_mac()) - form.shape(point, setting)).collect()
        };
        let rest = forms
            .iter()
            .zip(&settings)
            .map(|(form, settings)| settings.iter().map(|&setting| row(form, setting)).collect())
            .collect();
        Self { forms, settings, rest, chips: names.len(), chip }
    }

    /// The setting with the smallest mean absolute logarithmic residual on the points of all chips but those left out;
    /// its index and constant.
    fn fit(&self, form: usize, left_out: [Option<usize>; 2]) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64, f64)> = None;
        let mut seen = Vec::with_capacity(self.chip.len());
        for (setting, rest) in self.rest[form].iter().enumerate() {
            seen.clear();
            seen.extend((0..rest.len()).filter(|&at| !left_out.contains(&Some(self.chip[at]))).map(|at| rest[at]));
            if seen.is_empty() {
                return None;
            }
            let constant = match self.forms[form].estimator {
                Estimator::Median => median(&mut seen),
                Estimator::Mean => mean(&mut seen),
            };
            let loss = seen.iter().map(|rest| libm::fabs(rest - constant)).sum::<f64>();
            if best.is_none_or(|(_, _, least)| loss < least) {
                best = Some((setting, constant, loss));
            }
        }
        best.map(|(setting, constant, _)| (setting, constant))
    }

    /// The held-out factors of a form on all points but those of one chip.
    fn held_out(&self, form: usize, left_out: Option<usize>) -> Vec<f64> {
        let mut factors = Vec::with_capacity(self.chip.len());
        for chip in (0..self.chips).filter(|&chip| Some(chip) != left_out) {
            let Some((setting, constant)) = self.fit(form, [Some(chip), left_out]) else { continue };
            for at in (0..self.chip.len()).filter(|&at| self.chip[at] == chip) {
                factors.push(libm::exp(libm::fabs(self.rest[form][setting][at] - constant)));
            }
        }
        factors
    }

    /// The forms, that with the smallest mean absolute logarithmic held-out error on all chips but one first.
    fn ranked(&self, left_out: Option<usize>) -> Vec<usize> {
        let loss = |form: usize| {
            let factors = self.held_out(form, left_out);
            factors.iter().map(|&factor| libm::log(factor)).sum::<f64>() / factors.len().max(1) as f64
        };
        let losses: Vec<f64> = (0..self.forms.len()).map(loss).collect();
        let mut ranked: Vec<usize> = (0..losses.len()).collect();
        ranked.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        ranked
    }

    /// The best of [`Table::ranked`], fitted to all chips but one.
    fn choose(&self, left_out: Option<usize>) -> Option<(Form, Fit)> {
        let form = self.ranked(left_out).first().copied()?;
        let (setting, constant) = self.fit(form, [left_out, None])?;
        Some((self.forms[form], Fit { constant, setting: self.settings[form][setting] }))
    }
}

impl Table {
    /// Held-out factors of the geometric mean of the best `count` forms, ranked inside each fold.
    fn averaged(&self, count: usize) -> Vec<f64> {
        let mut factors = Vec::with_capacity(self.chip.len());
        for chip in 0..self.chips {
            let ranked = self.ranked(Some(chip));
            let fits: Vec<(usize, usize, f64)> = ranked
                .iter()
                .take(count.max(1))
                .filter_map(|&form| {
                    self.fit(form, [Some(chip), None]).map(|(setting, constant)| (form, setting, constant))
                })
                .collect();
            for at in (0..self.chip.len()).filter(|&at| self.chip[at] == chip) {
                let off = fits.iter().map(|&(form, setting, constant)| self.rest[form][setting][at] - constant);
                factors.push(libm::exp(libm::fabs(off.sum::<f64>() / fits.len().max(1) as f64)));
            }
        }
        factors
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    (values[(n - 1) / 2] + values[n / 2]) / 2.0
}

fn mean(values: &mut [f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests;
