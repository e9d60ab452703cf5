#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::model::ProblemKind;
use crate::syntax::parse;
use crate::text::SourceFile;

struct World {
    sources: Sources,
    environments: Vec<Environment>,
    problems: Vec<Problem>,
    documents: Vec<Document>,
}

fn object(name: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n")
}

/// Renders files; a file without text is an object named like the file.
fn render(files: &[(&str, &str)]) -> World {
    render_by(&Guide::default(), files)
}

fn render_by(guide: &Guide, files: &[(&str, &str)]) -> World {
    let mut sources = Sources::default();
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for (name, text) in files {
        let text = if text.is_empty() {
            object(name)
        } else {
            (*text).to_owned()
        };
        let file = sources.add(SourceFile::new(*name, text));
        let (read, failed) = parse(file, sources.get(file));
        documents.extend(read);
        problems.extend(failed);
    }
    let Sorted {
        environments,
        problems,
        ..
    } = environments(
        guide,
        &sources,
        &mut documents,
        problems,
        &Rendered::default(),
    );
    World {
        sources,
        environments,
        problems,
        documents,
    }
}

mod delivered;

impl World {
    /// `environment: file file@namespace`, one line each.
    fn shown(&self) -> Vec<String> {
        let member = |member: &Member| {
            let file = self
                .sources
                .get(self.documents[member.document].file())
                .name();
            match &member.namespace {
                Some(namespace) => format!("{file}@{}", namespace.name),
                None => file.to_owned(),
            }
        };
        self.environments
            .iter()
            .map(|one| {
                let members: Vec<String> = one.members.iter().map(member).collect();
                format!("{}: {}", one.name, members.join(" "))
            })
            .collect()
    }

    fn complaints(&self) -> Vec<String> {
        self.problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect()
    }
}

mod plain {
    use super::*;

    #[test]
    fn plain_manifests_are_one_environment() {
        let world = render(&[("a.yaml", ""), ("b/c.yaml", "")]);
        assert_eq!(world.shown(), [".: a.yaml b/c.yaml"]);
        assert_eq!(world.problems, []);
    }

    #[test]
    fn nothing_is_no_environment() {
        assert!(
            render(&[("kustomization.yaml", "resources: []\n")])
                .environments
                .is_empty()
        );
        assert!(render(&[]).environments.is_empty());
    }

    #[test]
    fn flux_kustomizations_are_objects() {
        let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {path: ./apps}\n";
        assert_eq!(
            render(&[("kustomization.yaml", flux)]).shown(),
            [".: kustomization.yaml"]
        );
    }
}

mod kustomizations {
    use super::*;

    #[test]
    fn each_root_is_an_environment_with_its_bases() {
        let world = render(&[
            ("base/kustomization.yaml", "resources: [app.yaml]\n"),
            ("base/app.yaml", ""),
            ("loose.yaml", ""),
            (
                "prod/Kustomization",
                "bases: [../base]\nresources: [extra.yaml]\nimages: [{name: x}]\n",
            ),
            ("prod/extra.yaml", ""),
            ("test/kustomization.yml", "resources:\n- ../base\n"),
        ]);
        assert_eq!(
            world.shown(),
            [
                ".: loose.yaml",
                "prod: base/app.yaml prod/extra.yaml",
                "test: base/app.yaml"
            ]
        );
        assert_eq!(world.problems, []);
    }

    #[test]
    fn the_outermost_namespace_counts_and_knows_its_place() {
        let world = render(&[
            ("app/app.yaml", ""),
            (
                "app/kustomization.yaml",
                "namespace: inner\nresources: [app.yaml]\n",
            ),
            (
                "one/kustomization.yaml",
                "namespace: first\nresources: [../app]\n",
            ),
            ("own/kustomization.yaml", "resources: [../app]\n"),
            ("two/kustomization.yaml", "resources: [../one, second]\n"),
            (
                "two/second/kustomization.yaml",
                "namespace: second\nresources: [../../app]\n",
            ),
        ]);
        assert_eq!(
            world.shown(),
            [
                "own: app/app.yaml@inner",
                "two: app/app.yaml@first app/app.yaml@second"
            ]
        );
        let namespace = world.environments[1].members[0].namespace.as_ref().unwrap();
        assert_eq!(world.sources.slice(namespace.span), "first");
        assert_eq!(
            world.sources.get(namespace.span.file).name(),
            "one/kustomization.yaml"
        );
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_named_once() {
        let world = render(&[
            ("base/app.yaml", ""),
            ("base/kustomization.yaml", "resources: [app.yaml]\n"),
            (
                "prod/kustomization.yaml",
                "resources: [../base, more.yaml]\nhelmCharts:\n- name: istiod\nvalidators: [patch.yaml]\n",
            ),
            ("prod/more.yaml", ""),
            ("prod/patch.yaml", ""),
        ]);
        assert_eq!(world.shown(), ["base: base/app.yaml"]);
        let [problem] = world.problems.as_slice() else {
            panic!("{:?}", world.problems);
        };
        assert_eq!(problem.kind, ProblemKind::UnrenderedKustomization);
        assert!(
            problem.message.contains(
                "helmCharts (prod/kustomization.yaml:2), validators (prod/kustomization.yaml:4)"
            ),
            "{}",
            problem.message
        );
        assert!(
            matches!(problem.place, Place::Span(span) if world.sources.slice(span) == "helmCharts")
        );
    }

    #[test]
    fn a_base_is_not_judged_alone_when_an_overlay_of_it_is_judged() {
        let world = render(&[
            ("base/app.yaml", ""),
            ("base/kustomization.yaml", "resources: [app.yaml]\n"),
            ("plain/kustomization.yaml", "resources: [../base]\n"),
            (
                "prod/kustomization.yaml",
                "resources: [../base]\nvalidators: [x.yaml]\n",
            ),
        ]);
        assert_eq!(world.shown(), ["plain: base/app.yaml"]);
        assert_eq!(world.problems.len(), 1);
    }

    #[test]
    fn a_field_of_a_base_leaves_its_overlays_out() {
        let world = render(&[
            ("base/app.yaml", ""),
            (
                "base/kustomization.yaml",
                "resources: [app.yaml]\nopenapi: {path: x.json}\n",
            ),
            ("prod/kustomization.yaml", "resources: [../base]\n"),
            ("test/kustomization.yaml", "resources: [../base]\n"),
        ]);
        assert_eq!(world.shown(), [] as [&str; 0]);
        assert_eq!(world.problems.len(), 2);
    }

    #[test]
    fn empty_fields_change_nothing() {
        let world = render(&[
            ("a/app.yaml", ""),
            (
                "a/kustomization.yaml",
                "resources: [app.yaml]\npatches: []\nnamePrefix:\n",
            ),
        ]);
        assert_eq!(world.shown(), ["a: a/app.yaml"]);
        assert_eq!(world.problems, []);
    }

    #[test]
    fn what_kustomize_refuses_is_named_at_its_line() {
        for (text, place, reason) in [
            (
                "resources: [app.yaml, app.yaml]\n",
                "app.yaml",
                "is there twice",
            ),
            (
                "resources: [app.yaml]\npatches:\n- patch: |-\n    - {op: remove, path: /x}\n",
                "patch: |-\n    - {op: remove, path: /x}\n",
                "needs a target",
            ),
            (
                "resources: [app.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: Pod, metadata: {name: a}}'\n",
                "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
                "Pod default/a, which is not there",
            ),
            (
                "resources: [app.yaml]\ncommonLabels: {a: 1}\n",
                "1",
                "is no text",
            ),
            (
                "resources: [app.yaml]\ncomponents: [../other]\n",
                "../other",
                "is no component",
            ),
            (
                "resources: [app.yaml]\nconfigMapGenerator: [{name: a, behavior: merge}]\n",
                "{name: a, behavior: merge}",
                "to merge with",
            ),
        ] {
            let world = render(&[
                ("k/app.yaml", ""),
                ("k/kustomization.yaml", text),
                ("other/kustomization.yaml", "namePrefix: x-\n"),
            ]);
            assert_eq!(world.shown(), [] as [&str; 0], "{text}");
            let [problem] = world.problems.as_slice() else {
                panic!("{text}: {:?}", world.problems);
            };
            assert!(problem.message.contains(reason), "{}", problem.message);
            assert!(problem.kind.is_incomplete());
            let Place::Span(span) = problem.place else {
                panic!("{text}: no place");
            };
            assert_eq!(world.sources.slice(span).trim(), place.trim());
        }
    }

    #[test]
    fn objects_do_not_multiply_without_end() {
        let mut files = vec![("a0/app.yaml".to_owned(), object("app"))];
        let first = "resources: [app.yaml]\n".to_owned();
        files.push(("a0/kustomization.yaml".to_owned(), first));
        for level in 1..40 {
            for side in ["a", "b"] {
                let before = level - 1;
                let both = match before {
                    0 => "../a0".to_owned(),
                    _ => format!("../a{before}, ../b{before}"),
                };
                let text = format!("resources: [{both}]\nnamePrefix: {side}-\n");
                files.push((format!("{side}{level}/kustomization.yaml"), text));
            }
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
        let world = render(&files);
        let complaint = &world.complaints()[0];
        assert!(complaint.contains("more than 10000 objects"), "{complaint}");
    }

    #[test]
    fn files_that_are_not_read_leave_what_they_hold_open() {
        let text = "configMapGenerator:\n- name: a\n  files: [run.sh]\nsecretGenerator:\n- name: b\n  literals: [key=hidden]\n";
        let world = render(&[("k/kustomization.yaml", text)]);
        assert!(world.complaints()[0].contains("`run.sh` is not among the files read"));
        let names = world.environments[0].members.iter().map(|member| {
            let root = world.documents[member.document].root();
            assert!(
                !format!("{:?}", root.get("data").map(crate::syntax::Tree::from))
                    .contains("hidden")
            );
            root.path(&["metadata", "name"]).unwrap().as_str().unwrap()
        });
        assert_eq!(names.collect::<Vec<_>>(), ["a-0000000000", "b-0000000000"]);
    }

    #[test]
    fn components_are_never_roots() {
        let world = render(&[
            ("parts/c.yaml", ""),
            (
                "parts/kustomization.yaml",
                "kind: Component\nresources: [c.yaml]\n",
            ),
        ]);
        assert_eq!(world.shown(), [] as [&str; 0]);
        assert_eq!(world.problems, []);
    }

    #[test]
    fn files_for_other_uses_are_no_objects() {
        let world = render(&[
            ("k/app.yaml", ""),
            (
                "k/kustomization.yaml",
                "resources: [app.yaml]\nconfigMapGenerator:\n- name: x\n  files: [mesh=mesh.yaml]\n",
            ),
            ("k/mesh.yaml", ""),
        ]);
        assert_eq!(world.shown(), ["k: k/app.yaml k/kustomization.yaml"]);
        assert_eq!(world.problems, []);
    }

    #[test]
    fn references_that_lead_nowhere_are_problems_and_the_rest_goes_on() {
        let world = render(&[
            ("k/app.yaml", ""),
            (
                "k/kustomization.yaml",
                "resources:\n- app.yaml\n- gone.yaml\n- https://example.com/x.yaml\n- 7\n",
            ),
        ]);
        assert_eq!(world.shown(), ["k: k/app.yaml"]);
        let places: Vec<&str> = world
            .problems
            .iter()
            .map(|problem| match problem.place {
                Place::Span(span) => world.sources.slice(span),
                _ => "",
            })
            .collect();
        assert_eq!(places, ["gone.yaml", "https://example.com/x.yaml", "7"]);
        assert!(
            world
                .problems
                .iter()
                .all(|problem| problem.kind.is_incomplete())
        );
    }

    #[test]
    fn circles_are_reported() {
        let world = render(&[
            ("a/kustomization.yaml", "resources: [../b]\n"),
            ("b/kustomization.yaml", "resources: [../a, x.yaml]\n"),
            ("b/x.yaml", ""),
        ]);
        assert_eq!(world.shown(), [] as [&str; 0]);
        assert!(
            world.complaints()[0].contains("a, b"),
            "{:?}",
            world.complaints()
        );
    }

    #[test]
    fn the_top_directory_shares_its_name_with_nothing() {
        let alone = render(&[
            ("app.yaml", ""),
            ("kustomization.yaml", "resources: [app.yaml]\n"),
        ]);
        assert_eq!(alone.shown(), [".: app.yaml"]);
        let both = render(&[
            ("app.yaml", ""),
            ("kustomization.yaml", "resources: [app.yaml]\n"),
            ("loose.yaml", ""),
        ]);
        assert_eq!(
            both.shown(),
            [".: loose.yaml", "kustomization.yaml: app.yaml"]
        );
    }
}

mod charts {
    use super::*;

    const TEMPLATE: &str = "kind: {{ .Values.kind }}\n";

    #[test]
    fn a_chart_is_one_problem_at_its_name() {
        let world = render(&[
            ("c/Chart.yaml", "apiVersion: v2\nname: shop\n"),
            ("c/charts/sub/Chart.yaml", "name: sub\n"),
            ("c/charts/sub/templates/x.yaml", TEMPLATE),
            ("c/crds/x.yaml", ""),
            ("c/templates/a.yaml", TEMPLATE),
            ("c/templates/plain.yaml", ""),
            ("c/values.yaml", "a: {{ broken\n"),
            ("other.yaml", TEMPLATE),
        ]);
        assert_eq!(world.shown(), [".: c/crds/x.yaml"]);
        let [outside, chart] = world.problems.as_slice() else {
            panic!("{:?}", world.problems);
        };
        assert!(
            matches!(outside.place, Place::Span(span) if world.sources.get(span.file).name() == "other.yaml")
        );
        assert!(
            chart
                .message
                .starts_with("3 templates of chart shop are not rendered"),
            "{}",
            chart.message
        );
        assert!(matches!(chart.place, Place::Span(span) if world.sources.slice(span) == "shop"));
    }

    #[test]
    fn a_chart_without_templates_renders_its_dependencies_or_nothing() {
        let nothing = render(&[("c/Chart.yaml", "name: c\n"), ("c/values.yaml", "a: 1\n")]);
        assert_eq!(nothing.problems, []);
        assert!(nothing.environments.is_empty());
        let wrapper = render(&[("c/Chart.yaml", "name: c\ndependencies: [{name: istiod}]\n")]);
        assert!(wrapper.complaints()[0].starts_with("the dependencies of chart c are"));
    }

    #[test]
    fn manifests_beside_the_templates_of_a_chart_at_the_top_are_judged() {
        let world = render(&[
            ("Chart.yaml", "apiVersion: v2\nname: top\n"),
            ("ci/test-values.yaml", "a: 1\n"),
            ("deploy/app.yaml", ""),
            ("deploy/notes.yaml", "a: 1\n"),
            ("templates/x.yaml", TEMPLATE),
        ]);
        assert_eq!(world.shown(), [".: deploy/app.yaml"]);
        assert_eq!(world.problems.len(), 1);
    }
}

#[test]
fn what_is_no_object_lies_beside_the_plain_manifests() {
    let values = "meshConfig: {}\n";
    let world = render(&[
        ("app.yaml", ""),
        ("kept/kustomization.yaml", "resources: [in.yaml]\n"),
        ("kept/in.yaml", ""),
        ("list.yaml", "[1, 2]\n"),
        ("mesh/Chart.yaml", "name: mesh\n"),
        ("mesh/files/profile.yaml", values),
        ("mesh/values.yaml", values),
        ("values.yaml", values),
    ]);
    let beside = |name: &str| {
        let mut all = world.environments.iter();
        let environment = all.find(|e| e.name == name).unwrap();
        let files = environment.values.iter().map(|v| v.file.to_string());
        files.collect::<Vec<_>>()
    };
    assert_eq!(beside("."), ["mesh/values.yaml", "values.yaml"]);
    assert!(beside("kept").is_empty());
}
