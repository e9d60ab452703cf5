use crate::render::chart::failure::{place, told};

const TEMPLATE: &str = "{{ required \"set a password\" .Values.password }}";

fn shown(said: &str) -> String {
    told(said, |text| TEMPLATE.contains(text))
}

#[test]
fn what_helm_says_is_told_in_one_line() {
    let said = "walk.go:74: found symbolic link\nError: nothing works\n\nUse --debug\n";
    assert_eq!(shown(said), "nothing works");
    assert_eq!(shown(""), "it says nothing");
    assert!(shown(&"x".repeat(1000)).chars().count() < 400);
}

#[test]
fn values_are_not_told() {
    let said = "Error: template: c/templates/x.yaml:1:3: error calling atoi: parsing \"hunter2\": `hunter3`";
    let told = shown(said);
    assert!(!told.contains("hunter"), "{told}");
    let said =
        "Error: execution error at (c/templates/x.yaml:1:3): the password hunter2 is too short";
    assert_eq!(
        shown(said),
        "it stops itself at c/templates/x.yaml:1:3 with a message that is made up of values"
    );
    let said = "Error: execution error at (c/templates/x.yaml:1:3): set a password";
    assert_eq!(
        shown(said),
        "it stops itself at c/templates/x.yaml:1:3: set a password"
    );
    assert!(!shown("Error: a \"hunter2").contains("hunter"));
}

#[test]
fn the_innermost_line_is_the_place() {
    let said = "Error: template: c/templates/x.yaml:1:3: executing \"c/templates/x.yaml\" at <include \"y\">: error \
                calling include: template: c/templates/_h.tpl:7:5: nil pointer";
    assert_eq!(place(said), Some(("c/templates/_h.tpl".to_owned(), 7)));
    assert_eq!(place("Error: no"), None);
}
