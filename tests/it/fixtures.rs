//! Every rule against the fixtures beside it.

use meshvet::cli::Exit;

use crate::cli::{meshvet, root};

#[test]
fn every_rule_has_fixtures_and_agrees_with_them() {
    let ran = meshvet(&root(), &["rules", "test", "policies"]);
    assert_eq!(ran.exit, Exit::Fine, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_binary_holds_the_rules_of_the_folder() {
    let built_in = meshvet(&root(), &["rules", "list", "-f", "json"]);
    let from_folder = meshvet(
        &root(),
        &[
            "rules",
            "list",
            "-f",
            "json",
            "--no-builtin",
            "--policies",
            "policies",
        ],
    );
    assert_eq!(built_in, from_folder);
    let count = built_in.json().as_array().map_or(0, Vec::len);
    assert!(count >= 15, "only {count} rules");
}
