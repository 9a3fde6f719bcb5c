//! Data goes one way: a module of the crate imports only modules to its left.

use super::Complaint;

/// The crate's modules, left to right.
const ORDER: &[&str] = &[
    "error", "units", "limits", "progress", "order", "random", "json", "tensor", "quant", "model", "format", "exec",
    "compress", "train", "data", "audio", "vision", "imc", "cost", "metrics", "report", "lab", "wasm", "cli",
];

/// Files that see everything.
const ROOTS: &[&str] = &["lib", "main"];

/// Imports to the right in `text`, the file at `path` (`src/exec/plan.rs`). Tests may look anywhere.
pub fn complaints(path: &str, text: &str) -> Vec<Complaint> {
    let Some(module) = path.strip_prefix("src/").and_then(|rest| rest.split(['/', '.']).next()) else {
        return Vec::new();
    };
    if ROOTS.contains(&module) || path.ends_with("/tests.rs") || path.contains("/tests/") {
        return Vec::new();
    }
    let Some(place) = ORDER.iter().position(|name| *name == module) else {
        return vec![format!(
            "{path}: `{module}` has no place in the order of layers; give it one in xtask/src/lint/layers.rs"
        )];
    };
    let mut imports = imports(&code(text));
    imports.sort();
    imports.dedup();
    imports
        .into_iter()
        .filter(|name| ORDER.iter().position(|other| other == name).is_some_and(|other| other > place))
        .map(|name| format!("{path}: `{module}` must not use `{name}`, which stands to its right"))
        .collect()
}

/// The text without comments, up to the tests at its end.
fn code(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod "))
        .unwrap_or(lines.len());
    let mut code = String::new();
    for line in &lines[..end] {
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// The first names after `crate::`, also those of a group in braces.
fn imports(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => names.push(word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (at, letter) in group.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        _ if start && !letter.is_whitespace() => {
                            names.push(word(&group[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn an_import_to_the_right_is_named() {
        let found = complaints(
            "src/model/shape.rs",
            "use crate::{error::Result, exec::{View, Data}};\nuse crate::cost::flash;\n",
        );
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("`model` must not use `cost`"), "{found:?}");
        assert!(found[1].contains("`model` must not use `exec`"), "{found:?}");
    }

    #[test]
    fn imports_to_the_left_comments_and_tests_are_left_alone() {
        let text = "//! See [`crate::lab`].\nuse crate::{\n    error::Error,\n    model::Model,\n};\n#[cfg(test)]\nmod tests {\n    use crate::lab;\n}\n";
        assert!(complaints("src/exec.rs", text).is_empty());
    }

    #[test]
    fn a_module_without_a_place_is_named() {
        assert_eq!(complaints("src/novelty.rs", "").len(), 1);
    }
}
