//! What stands between a candidate and its target, with the recipe that does away with it.

use crate::compress::Choice;
use crate::compress::lint::{self, Target};
use crate::compress::recipe::Recipe;
use crate::error::Result;
use crate::format::tflite;
use crate::lab::card;
use crate::report::lint::{LintReport, LintRow};

/// The problems of the file that a recipe made of another, each said once with all places where it occurs.
///
/// # Errors
/// Those of reading either file; `Parameter` for a target that does not exist.
pub fn lint(original: &[u8], candidate: &[u8], recipe: &Recipe, target: &str) -> Result<LintReport> {
    let (original, candidate) = (tflite::read(original)?.model, tflite::read(candidate)?.model);
    let target = Target::from_name(target)?;
    let mut problems: Vec<LintRow> = Vec::new();
    for problem in lint::lint(&candidate, target) {
        if let Some(known) = problems.iter_mut().find(|known| known.sentence == problem.sentence) {
            known.places.push(problem.place);
            continue;
        }
        let mended = problem.mend.and_then(|mend| mend.mended(recipe, &original));
        // Advice that this recipe cannot follow is worse than none.
        let stuck = problem.mend.filter(|_| mended.is_none());
        problems.push(LintRow {
            severity: card::severity(problem.severity).into(),
            sentence: problem.sentence,
            places: vec![problem.place],
            fix: stuck.map_or(problem.fix, |mend| mend.elsewhere().into()),
            recipe: mended,
        });
    }
    let choice = |&(value, _, label, sentence): &(&str, Target, &str, &str)| Choice {
        value: value.into(),
        label: label.into(),
        sentence: sentence.into(),
    };
    Ok(LintReport {
        targets: Target::ALL.iter().map(choice).collect(),
        problems,
        resolver: if target == Target::LiteRt { vec![] } else { lint::resolver(&candidate)? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::{self, presets, random_inputs};
    use crate::progress::Silent;
    use crate::random::Random;
    use crate::train::architecture::{Architecture, Kind};

    #[test]
    fn every_change_that_is_offered_does_away_with_its_problem() {
        let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
        let original = tflite::write(&model).unwrap();
        let inputs = vec![random_inputs(&model, &mut Random::new(1)).unwrap()];
        let made = |recipe: &Recipe| {
            let candidate = compress::apply(&model, recipe, &inputs, &mut Silent).unwrap();
            compress::deliver(&candidate, recipe, &inputs).unwrap()
        };
        let mut recipes: Vec<Recipe> = presets().into_iter().map(|preset| preset.recipe).collect();
        recipes.retain(|recipe| recipe.trained().is_none());
        for step in
            [r#"{"step":"quantize","scheme":"int16x8"}"#, r#"{"step":"quantize","float_io":true},{"step":"slim"}"#]
        {
            recipes.push(Recipe::from_json(&format!(r#"{{"version":1,"steps":[{step}]}}"#)).unwrap());
        }
        let mut offered = 0;
        for recipe in &recipes {
            for (target, ..) in Target::ALL {
                let found = lint(&original, &made(recipe), recipe, target).unwrap();
                assert_eq!(found.resolver.is_empty(), target == "litert");
                for row in found.problems {
                    let Some(mended) = row.recipe else { continue };
                    offered += 1;
                    let after = lint(&original, &made(&mended), &mended, target).unwrap().problems;
                    assert!(
                        after.iter().all(|other| other.sentence != row.sentence),
                        "{target}: {} stays after {}",
                        row.sentence,
                        mended.to_json()
                    );
                }
            }
        }
        assert!(offered >= 20, "{offered} changes were offered");
    }
}
