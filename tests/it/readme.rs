//! What the README shows is what the program prints; `UPDATE=1` rewrites it.

use crate::cli::{meshvet, root};
use crate::history::example;

const BEFORE: &str = "<!-- output of: ";
/// Before a command that is run in the repository of [`example`].
const IN_ITS_PAST: &str = "in a repository: ";
/// Before a command that is run in a directory of this one, and shown in full.
const IN_DIRECTORY: &str = "in ";
const BETWEEN: &str = " -->\n```text\n";
const AFTER: &str = "```";

/// The text with what each example's command prints in its block: all that is said of a repository's
/// past or in a directory of its own, and the first paragraph elsewhere.
fn refreshed(text: &str) -> (String, usize) {
    let mut parts = text.split(BEFORE);
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    let mut examples = 0;
    let past = example::shop();
    for part in parts {
        let (arguments, rest) = part.split_once(BETWEEN).expect("a block below");
        let (_, rest) = rest.split_once(AFTER).expect("the block's end");
        let in_past = arguments.strip_prefix(IN_ITS_PAST);
        let inside = arguments.strip_prefix(IN_DIRECTORY);
        let inside = inside.and_then(|rest| rest.split_once(": "));
        let (ran, most) = match (in_past, inside) {
            (Some(words), _) => (past.shop.run(&split(words)), usize::MAX),
            (None, Some((directory, words))) => {
                let ran = meshvet(&root().join(directory), &split(words));
                (ran, usize::MAX)
            }
            (None, None) => (meshvet(&root(), &split(arguments)), 1),
        };
        let paragraphs = ran.stdout.trim_end().split("\n\n").take(most);
        let shown = paragraphs.collect::<Vec<_>>().join("\n\n");
        assert!(!shown.is_empty(), "{arguments}: {}", ran.stderr);
        fresh += &format!("{BEFORE}{arguments}{BETWEEN}{shown}\n{AFTER}{rest}");
        examples += 1;
    }
    (fresh, examples)
}

fn split(arguments: &str) -> Vec<&str> {
    arguments.split(' ').collect()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let file = root().join("README.md");
    let text = std::fs::read_to_string(&file).expect("readable");
    let (fresh, examples) = refreshed(&text);
    assert!(examples >= 2);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &fresh).expect("written");
        return;
    }
    assert_eq!(
        text, fresh,
        "UPDATE=1 rewrites it; read the difference first"
    );
}
