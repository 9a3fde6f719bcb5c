//! Words that must not stand in certain files.

use super::Complaint;

/// A word, the folders and endings of files it must not stand in, and why.
struct Rule {
    word: &'static str,
    folder: &'static str,
    endings: &'static [&'static str],
    why: &'static str,
}

/// Any file.
const ALL: &[&str] = &[""];
/// Code that runs.
const CODE: &[&str] = &[".rs", ".ts", ".mjs", ".py", ".toml"];
/// Code of the page.
const PAGE: &[&str] = &[".ts", ".js", ".html", ".css"];

const RULES: &[Rule] = &[
    Rule { word: concat!("/ro", "ot/"), folder: "", endings: ALL, why: "a path of one machine" },
    Rule { word: concat!("/ho", "me/"), folder: "", endings: ALL, why: "a path of one machine" },
    Rule { word: concat!("/wo", "rk/"), folder: "", endings: ALL, why: "a path of one machine" },
    Rule {
        word: concat!("/tm", "p/"),
        folder: "",
        endings: CODE,
        why: "a path of one machine; ask the system for its folder",
    },
    Rule {
        word: "\"resolved\":",
        folder: "www/",
        endings: &["package-lock.json"],
        why: "the address of one registry; www/.npmrc leaves it out",
    },
    Rule {
        word: "innerHTML",
        folder: "www/src/",
        endings: PAGE,
        why: "text from files could become markup; use Lit templates or textContent",
    },
    Rule {
        word: "unsafeHTML",
        folder: "www/src/",
        endings: PAGE,
        why: "text from files could become markup; use Lit templates",
    },
    Rule { word: "eval(", folder: "www/src/", endings: PAGE, why: "the content security policy forbids it" },
    Rule { word: "console.log", folder: "www/src/", endings: PAGE, why: "left over from debugging" },
    Rule { word: "as any", folder: "www/src/", endings: &[".ts"], why: "a type that says nothing" },
    Rule { word: ": any", folder: "www/src/", endings: &[".ts"], why: "a type that says nothing" },
    Rule {
        word: "@ts-ignore",
        folder: "www/src/",
        endings: PAGE,
        why: "a complaint hidden; @ts-expect-error with its reason goes away with it",
    },
];

/// What stands in `text`, the file at `path`, and must not.
pub fn complaints(path: &str, text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    for rule in RULES {
        if path.starts_with(rule.folder) && rule.endings.iter().any(|ending| path.ends_with(ending)) {
            for (number, line) in text.lines().enumerate() {
                if stands_in(line, rule.word) {
                    found.push(format!("{path}:{}: `{}`: {}", number + 1, rule.word, rule.why));
                }
            }
        }
    }
    if path == "Cargo.lock" {
        for (number, line) in text.lines().enumerate() {
            let is_public = line.contains("\"registry+https://github.com/rust-lang/crates.io-index\"");
            if line.starts_with("source = ") && !is_public {
                found.push(format!("{path}:{}: every crate comes from crates.io", number + 1));
            }
        }
    }
    found
}

/// Whether the word stands in the line, and not as the beginning of a longer one (`: anything`).
fn stands_in(line: &str, word: &str) -> bool {
    let goes_on = |rest: &str| word.ends_with(char::is_alphabetic) && rest.starts_with(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| !goes_on(&line[at + word.len()..]))
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn a_word_is_refused_in_its_files_only() {
        assert_eq!(complaints("www/src/app.ts", "a.innerHTML = b;\n").len(), 1);
        assert_eq!(complaints("www/src/app.ts", "let a: any = b;\n").len(), 1);
        assert!(complaints("www/src/app.ts", "// what: anything\n").is_empty());
        assert!(complaints("CONTRIBUTING.md", "never innerHTML\n").is_empty());
        assert_eq!(complaints("www/package-lock.json", "\"resolved\": \"x\"\n").len(), 1);
    }

    #[test]
    fn a_crate_from_elsewhere_is_refused() {
        let line = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert!(complaints("Cargo.lock", line).is_empty());
        assert_eq!(complaints("Cargo.lock", &line.replace("github.com", "example.org")).len(), 1);
    }
}
