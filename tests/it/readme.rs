//! What the README shows is what the program prints; `UPDATE=1` rewrites it.

use crate::cli::{meshvet, root};

const BEFORE: &str = "<!-- output of: ";
const BETWEEN: &str = " -->\n```text\n";
const AFTER: &str = "```";

/// The text with the first paragraph of what each example's command prints in its block.
fn refreshed(text: &str) -> (String, usize) {
    let mut parts = text.split(BEFORE);
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    let mut examples = 0;
    for part in parts {
        let (arguments, rest) = part.split_once(BETWEEN).expect("a block below");
        let (_, rest) = rest.split_once(AFTER).expect("the block's end");
        let words: Vec<&str> = arguments.split(' ').collect();
        let ran = meshvet(&root(), &words);
        let shown = ran
            .stdout
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .trim_end();
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
