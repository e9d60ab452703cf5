use super::*;
use crate::syntax::{Kind, Tree};

const CHART: &str = "apiVersion: v2\nname: shop\n";

#[test]
fn each_file_of_values_is_a_release_and_so_is_none() {
    let read = Read::new(&[
        ("c/Chart.yaml", CHART),
        ("c/ci/test-values.yaml", "a: 1\n"),
        ("c/dev-values.yml", "a: 1\n"),
        ("c/other.yaml", "a: 1\n"),
        ("c/templates/values-x.yaml", "a: 1\n"),
        ("c/values-list.yaml", "[1]\n"),
        ("c/values-object.yaml", "apiVersion: v1\nkind: X\n"),
        ("c/values-prod.yaml", "a: 1\n"),
        ("c/values.test.yaml", "a: 1\n"),
        ("c/values.yaml", "a: 1\n"),
        ("c/values/eu.yaml", "a: 1\n"),
    ]);
    let wanted = [
        "c",
        "c:dev-values.yml",
        "c:values-prod.yaml",
        "c:values.test.yaml",
        "c:values/eu.yaml",
    ];
    assert_eq!(read.releases(), wanted);
}

#[test]
fn parts_of_charts_and_libraries_are_no_releases() {
    let own =
        "apiVersion: v2\nname: own\ndependencies: [{name: near, repository: 'file://../near'}]\n";
    let read = Read::new(&[
        ("lib/Chart.yaml", "name: lib\ntype: library\n"),
        ("near/Chart.yaml", "name: near\n"),
        ("own/Chart.yaml", own),
        ("own/charts/sub/Chart.yaml", "name: sub\n"),
        ("own/deploy/Chart.yaml", "name: deploy\n"),
    ]);
    assert_eq!(read.releases(), ["own", "own/deploy"]);
}

/// `path: value @file:line` of all single values.
fn leaves(tree: &Tree, path: &str, read: &Read, found: &mut Vec<String>) {
    for field in tree.fields() {
        leaves(&field.value, &format!("{path}/{}", field.key), read, found);
    }
    if !matches!(tree.kind, Kind::Map(_)) {
        found.push(format!("{path} {}", read.shown(tree.place.span)));
    }
}

#[test]
fn values_are_laid_over_others_and_know_their_place() {
    let read = Read::new(&[
        ("c/Chart.yaml", CHART),
        (
            "c/values-x.yaml",
            "a: {b: 9, gone: null, more: {x: 1, no: null}}\nlist: [3]\nnew: 5\n",
        ),
        (
            "c/values.yaml",
            "a:\n  b: 1\n  c: 2\n  gone: 4\nlist: [1, 2]\n",
        ),
    ]);
    let files = read.files();
    let chart = Chart::read("c", &files).unwrap();
    let values = values::effective(&read.release("c:values-x.yaml"), &chart, &files);
    let mut found = Vec::new();
    leaves(&values, "", &read, &mut found);
    let wanted = [
        "/a/b c/values-x.yaml:1 9",
        "/a/c c/values.yaml:3 2",
        "/a/more/x c/values-x.yaml:1 1",
        "/list c/values-x.yaml:2 [3]",
        "/new c/values-x.yaml:3 5",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_part_sees_its_own_values_those_for_it_and_what_all_share() {
    let read = Read::new(&[
        (
            "c/Chart.yaml",
            "name: c\ndependencies: [{name: sub, alias: one}, {name: sub, alias: two}]\n",
        ),
        ("c/charts/s/Chart.yaml", "name: sub\n"),
        (
            "c/charts/s/values.yaml",
            "a: 1\nb: 2\nglobal: {x: 1, z: 2}\n",
        ),
        ("c/values.yaml", "one: {a: 7}\nglobal: {x: 9}\n"),
    ]);
    let files = read.files();
    let chart = Chart::read("c", &files).unwrap();
    let names: Vec<&str> = chart.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    let whole = values::effective(&read.release("c"), &chart, &files);
    let mut found = Vec::new();
    leaves(
        &values::of_part(&whole, &chart.parts[0], &files),
        "",
        &read,
        &mut found,
    );
    let wanted = [
        "/a c/values.yaml:1 7",
        "/b c/charts/s/values.yaml:2 2",
        "/global/x c/values.yaml:2 9",
        "/global/z c/charts/s/values.yaml:3 2",
    ];
    assert_eq!(found, wanted);
}

fn jobs(read: &Read, beside: &Beside) -> (Vec<Job>, Vec<String>) {
    let files = read.files();
    let releases = Charts::find(&files).releases(&files).into_iter();
    let releases = releases.map(|(_, release)| release).collect();
    let (jobs, refused) = super::super::jobs(releases, &files, beside);
    (
        jobs,
        refused
            .into_iter()
            .map(|(_, refused)| refused.reason)
            .collect(),
    )
}

#[test]
fn helm_gets_all_files_of_a_chart_but_what_it_would_fetch_more_by() {
    let read = Read::new(&[
        ("near/Chart.yaml", "name: near\n"),
        ("near/templates/n.yaml", "a: 1\n"),
        (
            "own/Chart.yaml",
            "name: own\ndependencies: [{name: near, repository: 'file://../near'}]\n",
        ),
        ("own/templates/x.yaml", "a: 1\n"),
        ("own/values.schema.json", "{}"),
        ("plain.yaml", "a: 1\n"),
    ]);
    let mut beside = Beside::default();
    beside
        .files
        .insert("own/templates/_h.tpl".into(), b"x".to_vec());
    beside.files.insert("elsewhere.txt".into(), b"x".to_vec());
    let (jobs, refused) = jobs(&read, &beside);
    assert_eq!(refused, [] as [&str; 0]);
    let paths: Vec<&str> = jobs[0].files.keys().map(String::as_str).collect();
    let wanted = [
        "chart/Chart.yaml",
        "chart/charts/near/Chart.yaml",
        "chart/charts/near/templates/n.yaml",
        "chart/templates/_h.tpl",
        "chart/templates/x.yaml",
    ];
    assert_eq!(paths, wanted);
    assert_eq!(jobs[0].marked.len(), 2);
}

#[test]
fn a_chart_of_which_a_part_is_missing_is_refused() {
    let read = Read::new(&[("c/Chart.yaml", "name: c\ndependencies: [{name: istiod}]\n")]);
    let (none, refused) = jobs(&read, &Beside::default());
    assert!(none.is_empty());
    assert!(
        refused[0].contains("chart istiod, which is not among its files"),
        "{refused:?}"
    );

    let read = Read::new(&[("c/Chart.yaml", "name: c\n")]);
    let mut linked = Beside::default();
    linked
        .left_out
        .insert("c/templates".into(), "a link".into());
    assert!(jobs(&read, &linked).1[0].contains("c/templates"));
    let mut packed = Beside::default();
    packed.files.insert("c/charts/x-1.tgz".into(), Vec::new());
    assert!(jobs(&read, &packed).1[0].contains("unpack it"));
    let mut others = Beside::default();
    others
        .left_out
        .insert("d/templates".into(), "a link".into());
    assert_eq!(jobs(&read, &others).0.len(), 1);
}

#[test]
fn names_cannot_be_flags() {
    let read = Read::new(&[("c/Chart.yaml", "name: c\n")]);
    let files = read.files();
    let install = |name: &str| Install::of(Release::plain("c", name), &files).is_ok();
    assert!(install("shop-1"));
    for name in ["--post-renderer=sh", "", "a b", "A", "-x"] {
        assert!(!install(name), "{name}");
    }
}
