//! The page's files go one way too: `ui` and `engine` know nobody, features know both and each other by their `index.ts` alone, `app`
//! knows all of them, and no file comes back to itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Complaint;

const FOLDER: &str = "www/src/";
/// What a path in quotes must follow to be an import.
const BEFORE: &[&str] = &["from", "import", "import(", "new URL("];

/// Whether a file is one of the page's own.
pub fn is_here(path: &str) -> bool {
    path.starts_with(FOLDER) && [".ts", ".js", ".css"].iter().any(|end| path.ends_with(end))
}

/// Imports against the order of layers, and circles, among `files`: paths with their texts. Imports of types count.
pub fn complaints(files: &[(String, String)]) -> Vec<Complaint> {
    let known: BTreeSet<&str> = files.iter().filter_map(|(path, _)| path.strip_prefix(FOLDER)).collect();
    let mut found = Vec::new();
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, text) in files {
        let Some(path) = path.strip_prefix(FOLDER) else { continue };
        let imports: BTreeSet<String> = imports(text).iter().map(|import| joined(path, import)).collect();
        for import in &imports {
            let file = ["", ".ts", ".js"].iter().find_map(|end| known.get(format!("{import}{end}").as_str()).copied());
            if let Some(why) = against(path, file.unwrap_or(import)) {
                found.push(format!("{FOLDER}{path} must not import {}: {why}", file.unwrap_or(import)));
            }
            graph.entry(path).or_default().extend(file);
        }
    }
    found.extend(graph.keys().filter_map(|file| circle(&graph, file)));
    found
}

/// Why one file may not import another; nothing where it may. Both are paths in the page's folder.
fn against(from: &str, to: &str) -> Option<&'static str> {
    let layer = |path: &str| path.split('/').next().map(str::to_owned).unwrap_or_default();
    let feature = |path: &str| path.split('/').nth(1).map(str::to_owned);
    let (one, other) = (layer(from), layer(to));
    match (one.as_str(), other.as_str()) {
        ("main.ts", "app") | ("app", "app" | "features" | "engine" | "ui") | ("features", "engine" | "ui") => None,
        ("ui", "ui") | ("engine", "engine") => None,
        ("features", "features") if feature(from) == feature(to) || to.ends_with("/index.ts") => None,
        ("features", "features") => Some("features know each other by their index.ts alone"),
        ("main.ts", _) => Some("main.ts knows app alone"),
        ("ui", _) => Some("ui knows nobody"),
        ("engine", _) => Some("engine knows nobody"),
        ("features", _) => Some("features know engine, ui and each other's index.ts"),
        ("app", _) => Some("app knows what stands below it"),
        _ => Some("a file of the page is in app, engine, features or ui"),
    }
}

/// The shortest way from a file back to itself, over files that come after it in the order of their names: so each circle is told
/// once, by its first file.
fn circle(graph: &BTreeMap<&str, BTreeSet<&str>>, file: &str) -> Option<Complaint> {
    let mut ways = VecDeque::from([vec![file]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in graph.get(way.last()?).into_iter().flatten().copied() {
            if next == file {
                return Some(format!("{FOLDER}{} -> {file}: imports go in a circle", way.join(" -> ")));
            }
            if next > file && seen.insert(next) {
                ways.push_back([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// The paths that a file's text imports, loads later or gives to workers, as they stand there.
fn imports(text: &str) -> Vec<String> {
    let is_code = |line: &&str| !["//", "/*", "*"].iter().any(|start| line.trim_start().starts_with(start));
    let code: String = text.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("\".") {
        let before = code[..at].trim_end();
        let follows = |word: &str| before.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric));
        if BEFORE.iter().any(|word| follows(word))
            && let Some(path) = code[at + 1..].split(['"', '?']).next()
        {
            found.push(path.to_owned());
        }
    }
    found
}

/// The path that `import`, seen from the file `from`, means.
fn joined(from: &str, import: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::complaints;

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files.iter().map(|(path, text)| (format!("www/src/{path}"), (*text).to_owned())).collect();
        complaints(&files)
    }

    #[test]
    fn the_page_as_it_should_be() {
        let files = [
            ("main.ts", "import { App } from \"./app/page\";\n"),
            ("app/page.ts", "import { bytes } from \"../features/bytes/index\";\n"),
            ("features/bytes/index.ts", "export const load = () => import(\"./view\");\n"),
            ("features/bytes/view.ts", "import { layers } from \"../layers/index\";\nimport \"../../ui/base\";\n"),
            ("features/layers/index.ts", "import type { A } from \"../../engine/types\";\n"),
            ("engine/types.ts", "export type { A } from \"./wasm/simd/milliwatt\";\n"),
            ("ui/base.ts", "import { html } from \"lit\";\n// from \"../engine/types\"\n"),
        ];
        assert_eq!(of(&files), [""; 0]);
    }

    #[test]
    fn an_import_backwards_is_named() {
        let wrong = [
            ("ui/base.ts", "import type { A } from \"../engine/types\";"),
            ("engine/load.ts", "import { t } from \"../ui/text\";"),
            ("engine/load.ts", "new Worker(new URL(\"../features/x/worker.ts\", import.meta.url))"),
            ("features/x/view.ts", "import type { Session } from \"../../app/session\";"),
            ("features/x/view.ts", "const later = () => import(\"../y/view\");"),
            ("features/x/view.ts", "export * from \"../y/slice\";"),
            ("app/page.ts", "import \"../main\";"),
            ("main.ts", "import {\n  load,\n} from \"./engine/load\";"),
            ("other/file.ts", "import \"../ui/base\";"),
        ];
        for (path, text) in wrong {
            let found = of(&[(path, text)]);
            assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
            assert!(found[0].starts_with(&format!("www/src/{path} must not import ")), "{found:?}");
        }
    }

    #[test]
    fn a_circle_is_named_once() {
        let found = of(&[
            ("app/a.ts", "import { b } from \"./b\";"),
            ("app/b.ts", "import type { C } from \"./c.js\";"),
            ("app/c.js", "export const load = () => import(\"./a\");"),
            ("app/d.ts", "import \"./a\";"),
        ]);
        assert_eq!(found, ["www/src/app/a.ts -> app/b.ts -> app/c.js -> app/a.ts: imports go in a circle"]);
        assert_eq!(of(&[("ui/a.ts", "import \"./a\";")]).len(), 1, "a file that imports itself");
    }
}
