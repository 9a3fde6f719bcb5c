//! The options of a normalizer: typed, each with its range and default, so that a page can draw the controls.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::json;

/// What an option may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Range {
    /// A number between two others, which belong to it.
    Number {
        /// The lowest.
        min: f64,
        /// The highest.
        max: f64,
        /// What it is unless said.
        default: f64,
        /// What it counts, empty for a plain number.
        unit: &'static str,
    },
    /// Yes or no; no unless said.
    Flag,
    /// One of a few words; the first unless said.
    Choice {
        /// The words.
        words: &'static [&'static str],
    },
}

/// Where an option matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matters {
    /// For whole clips and for streams.
    Always,
    /// For whole clips only.
    Clip,
    /// For streams only.
    Stream,
}

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OptionSpec {
    /// The name in links and on the command line.
    pub name: &'static str,
    /// The name on the page.
    pub label: &'static str,
    /// What it may be.
    pub range: Range,
    /// Where it matters.
    pub matters: Matters,
}

pub(super) const fn number(
    name: &'static str,
    label: &'static str,
    [min, default, max]: [f64; 3],
    unit: &'static str,
    matters: Matters,
) -> OptionSpec {
    OptionSpec { name, label, range: Range::Number { min, max, default, unit }, matters }
}

pub(super) const fn flag(name: &'static str, label: &'static str, matters: Matters) -> OptionSpec {
    OptionSpec { name, label, range: Range::Flag, matters }
}

pub(super) const fn choice(
    name: &'static str,
    label: &'static str,
    words: &'static [&'static str],
    matters: Matters,
) -> OptionSpec {
    OptionSpec { name, label, range: Range::Choice { words }, matters }
}

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A word.
    Choice(&'static str),
}

/// A value for every option of one normalizer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    specs: &'static [OptionSpec],
    values: Vec<Value>,
}

impl Settings {
    /// Everything as it is unless said.
    pub fn defaults(specs: &'static [OptionSpec]) -> Self {
        let value = |spec: &OptionSpec| match spec.range {
            Range::Number { default, .. } => Value::Number(default),
            Range::Flag => Value::Flag(false),
            Range::Choice { words } => Value::Choice(words.first().copied().unwrap_or_default()),
        };
        Self { specs, values: specs.iter().map(value).collect() }
    }

    /// Sets an option from text, as it stands in a link or on the command line.
    ///
    /// # Errors
    /// `Parameter` for an unknown option, a value of another kind, or one out of range; the sentence names what may be.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let index = self.specs.iter().position(|spec| spec.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.specs.iter().map(|spec| spec.name).collect();
            match known.is_empty() {
                true => Error::parameter(format!("this method has no options, so also not {name:?}")),
                false => Error::parameter(format!("there is no option {name:?}; there are {}", known.join(", "))),
            }
        })?;
        let value = match self.specs[index].range {
            Range::Number { min, max, unit, .. } => match json::number(text) {
                Some(value) if (min..=max).contains(&value) => Value::Number(value),
                _ => {
                    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
                    return Err(Error::parameter(format!(
                        "{name} is a number from {min} to {max}{unit}, not {text:?}"
                    )));
                }
            },
            Range::Flag => match text {
                "true" | "yes" | "1" => Value::Flag(true),
                "false" | "no" | "0" => Value::Flag(false),
                _ => return Err(Error::parameter(format!("{name} is true or false, not {text:?}"))),
            },
            Range::Choice { words } => match words.iter().find(|&&word| word == text) {
                Some(word) => Value::Choice(word),
                None => return Err(Error::parameter(format!("{name} is {}, not {text:?}", words.join(" or ")))),
            },
        };
        self.values[index] = value;
        Ok(())
    }

    /// The options with their values, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Value)> + '_ {
        self.specs.iter().map(|spec| spec.name).zip(self.values.iter().copied())
    }

    /// The number of an option that the table declares as one; 0 for any other.
    pub(super) fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Number(value)) => value,
            _ => 0.0,
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(Value::Flag(true))
    }

    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        matches!(self.get(name), Some(Value::Choice(chosen)) if chosen == word)
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[OptionSpec] = &[
        number("target", "Target", [-60.0, 0.0, 0.0], "dBFS", Matters::Always),
        flag("dc", "Remove the mean", Matters::Always),
        choice("stream", "In a stream", &["follower", "look-ahead"], Matters::Stream),
    ];

    #[test]
    fn options_start_at_their_defaults_and_take_what_is_in_range() {
        let mut settings = Settings::defaults(SPECS);
        assert_eq!((settings.number("target"), settings.flag("dc")), (0.0, false));
        assert!(settings.is("stream", "follower"));
        for (name, text) in [("target", "-20"), ("dc", "yes"), ("stream", "look-ahead")] {
            settings.set(name, text).unwrap();
        }
        assert_eq!((settings.number("target"), settings.flag("dc")), (-20.0, true));
        assert!(settings.is("stream", "look-ahead"));
    }

    #[test]
    fn a_value_that_is_not_possible_is_a_sentence_with_what_is() {
        let mut settings = Settings::defaults(SPECS);
        for (name, text, sentence) in [
            ("target", "3", "target is a number from -60 to 0 dBFS, not \"3\""),
            ("target", "NaN", "target is a number from -60 to 0 dBFS, not \"NaN\""),
            ("dc", "maybe", "dc is true or false, not \"maybe\""),
            ("stream", "both", "stream is follower or look-ahead, not \"both\""),
            ("loud", "1", "there is no option \"loud\"; there are target, dc, stream"),
        ] {
            assert_eq!(settings.set(name, text).unwrap_err().message(), sentence);
        }
    }
}
