//! What the README shows is what the program prints; `UPDATE=1` rewrites it.

use crate::cli::{meshvet, root};
use crate::history::example;

const BEFORE: &str = "<!-- output of: ";
/// Before a command that is run in the repository of [`example`].
const IN_ITS_PAST: &str = "in a repository: ";
const BETWEEN: &str = " -->\n```text\n";
const AFTER: &str = "```";

/// The text with what each example's command prints in its block: all that a repository's past says,
/// and the first paragraph elsewhere.
fn refreshed(text: &str) -> (String, usize) {
    let mut parts = text.split(BEFORE);
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    let mut examples = 0;
    let past = example::shop();
    for part in parts {
        let (arguments, rest) = part.split_once(BETWEEN).expect("a block below");
        let (_, rest) = rest.split_once(AFTER).expect("the block's end");
        let in_past = arguments.strip_prefix(IN_ITS_PAST);
        let words: Vec<&str> = in_past.unwrap_or(arguments).split(' ').collect();
        let (ran, most) = match in_past {
            Some(_) => (past.shop.run(&words), usize::MAX),
            None => (meshvet(&root(), &words), 1),
        };
        let paragraphs = ran.stdout.trim_end().split("\n\n").take(most);
        let shown = paragraphs.collect::<Vec<_>>().join("\n\n");
        assert!(!shown.is_empty(), "{arguments}: {}", ran.stderr);
        fresh += &format!("{BEFORE}{arguments}{BETWEEN}{shown}\n{AFTER}{rest}");
        examples += 1;
    }
    (fresh, examples)
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
