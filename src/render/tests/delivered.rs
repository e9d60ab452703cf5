//! Who has what applied.

use super::*;
use crate::config::Config;

const GIT: &str = "https://git.example/shop";

fn flux(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\nspec:\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )
}

fn application(name: &str, source: &str, destination: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  source: {source}\n  destination: {destination}\n"
    )
}

fn path(path: &str) -> String {
    format!("{{repoURL: '{GIT}', path: {path}}}")
}

fn show(files: &[(&str, &str)]) -> Vec<String> {
    let world = render(files);
    assert_eq!(world.complaints(), [] as [&str; 0]);
    world.shown()
}

mod by_flux {
    use super::*;

    #[test]
    fn what_is_applied_belongs_to_the_directory_of_whoever_applies_it() {
        let (one, two) = (
            flux("apps", "./apps/one", ""),
            flux("apps", "./apps/two/", ""),
        );
        let files = [
            ("apps/base/app.yaml", ""),
            ("apps/base/kustomization.yaml", "resources: [app.yaml]\n"),
            ("apps/one/kustomization.yaml", "resources: [../base]\n"),
            ("apps/two/kustomization.yaml", "resources: [../base]\n"),
            ("clusters/one/apps.yaml", one.as_str()),
            ("clusters/two/apps.yaml", two.as_str()),
            ("clusters/two/own/mesh.yaml", ""),
            ("loose.yaml", ""),
        ];
        assert_eq!(
            show(&files),
            [
                ".: loose.yaml",
                "clusters/one: apps/base/app.yaml clusters/one/apps.yaml",
                "clusters/two: apps/base/app.yaml clusters/two/apps.yaml clusters/two/own/mesh.yaml",
            ]
        );
    }

    #[test]
    fn a_cluster_that_applies_itself_is_named_by_the_directory_it_applies() {
        let (own, apps) = (
            flux("flux-system", "./clusters/one", ""),
            flux("apps", "./apps", ""),
        );
        let files = [
            ("apps/a/app.yaml", ""),
            ("apps/b/kustomization.yaml", "resources: [in.yaml]\n"),
            ("apps/b/in.yaml", ""),
            ("apps/b/out.yaml", ""),
            ("clusters/one/deep/apps.yaml", apps.as_str()),
            (
                "clusters/one/flux-system/kustomization.yaml",
                "resources: [sync.yaml]\n",
            ),
            ("clusters/one/flux-system/sync.yaml", own.as_str()),
        ];
        assert_eq!(
            show(&files),
            [
                ".: apps/b/out.yaml",
                "clusters/one: apps/a/app.yaml apps/b/in.yaml clusters/one/deep/apps.yaml clusters/one/flux-system/sync.yaml",
            ]
        );
    }

    #[test]
    fn a_kustomization_is_changed_as_whoever_applies_it_says() {
        let more = "  targetNamespace: there\n  patches:\n  - patch: |\n      - {op: add, path: /metadata/labels, value: {a: b}}\n    target: {kind: Service}\n  commonMetadata: {annotations: {c: d}}\n";
        let apps = flux("apps", "./apps", more);
        let world = render(&[("apps/app.yaml", ""), ("clusters/one/apps.yaml", &apps)]);
        assert_eq!(world.complaints(), [] as [&str; 0]);
        let [one] = world.environments.as_slice() else {
            panic!("{:?}", world.shown());
        };
        let all = one
            .members
            .iter()
            .map(|one| world.documents[one.document].root());
        let mut all = all;
        let service = all
            .find(|root| root.get("kind").and_then(|kind| kind.as_str()) == Some("Service"))
            .unwrap();
        let text = |path: &[&str]| {
            let node = service.path(path).unwrap();
            (
                node.as_str().unwrap(),
                world.sources.get(node.span().file).name(),
            )
        };
        let by = "clusters/one/apps.yaml";
        assert_eq!(text(&["metadata", "namespace"]), ("there", by));
        assert_eq!(text(&["metadata", "labels", "a"]), ("b", by));
        assert_eq!(text(&["metadata", "annotations", "c"]), ("d", by));
        assert_eq!(
            text(&["metadata", "name"]),
            ("apps/app.yaml", "apps/app.yaml")
        );
        let from = one
            .made_from
            .iter()
            .map(|&file| world.sources.get(file).name());
        assert_eq!(from.collect::<Vec<_>>(), ["apps/app.yaml", by]);
    }

    #[test]
    fn variables_are_put_in_and_those_that_nobody_knows_are_told() {
        let more = "  postBuild:\n    substitute: {port: '8080', name: web}\n    substituteFrom: [{kind: ConfigMap, name: settings}, {kind: Secret, name: hidden}]\n";
        let apps = flux("apps", "./apps", more);
        let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata: {zone: one}\n";
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: hidden, namespace: flux-system}\nstringData: {key: x}\n";
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: '${name}-${zone}'}\nspec: {a: '${port}', b: '${other:=x}', c: '${key}', d: '$${kept}', e: '${none}', f: '${none:-${port}}', g: '${none:=a-${other:-${name}}-{b}}', h: '${port:-${key}}'}\n";
        let world = render(&[
            ("apps/app.yaml", service),
            ("clusters/one/apps.yaml", &apps),
            ("clusters/one/hidden.yaml", secret),
            ("clusters/one/settings.yaml", settings),
        ]);
        let [complaint] = world.complaints().try_into().unwrap();
        assert!(
            complaint
                .starts_with("the value of the variable `key` is not known: it is in a Secret")
        );
        let made = world.documents.last().unwrap().root();
        let at = |key: &str| made.path(&["spec", key]).unwrap();
        let name = made.path(&["metadata", "name"]).unwrap();
        assert_eq!(name.as_str(), Some("web-one"));
        assert_eq!(at("a").as_i64(), Some(8080));
        assert_eq!(world.sources.slice(at("a").span()), "'8080'");
        assert_eq!(at("b").as_str(), Some("x"));
        assert_eq!(at("c").as_str(), Some("${key}"));
        assert_eq!(at("d").as_str(), Some("${kept}"));
        assert!(at("e").is_null());
        // variables in defaults
        assert_eq!(at("f").as_i64(), Some(8080));
        assert_eq!(world.sources.slice(at("f").span()), "'8080'");
        assert_eq!(at("g").as_str(), Some("a-web-{b}"));
        assert_eq!(at("h").as_i64(), Some(8080));
    }

    #[test]
    fn another_cluster_is_a_world_of_its_own() {
        let far = flux("far", "./apps", "  kubeConfig: {secretRef: {name: prod}}\n");
        let files = [("apps/app.yaml", ""), ("fleet/far.yaml", far.as_str())];
        assert_eq!(show(&files), ["prod: apps/app.yaml fleet/far.yaml"]);
    }

    #[test]
    fn what_is_suspended_or_not_there_is_told() {
        let (held, gone) = (
            flux("held", "./apps", "  suspend: true\n"),
            flux("gone", "./gone", ""),
        );
        let world = render(&[
            ("apps/app.yaml", ""),
            ("clusters/one/gone.yaml", &gone),
            ("clusters/one/held.yaml", &held),
        ]);
        let mut complaints = world.complaints();
        complaints.sort_by_key(|one| one.contains("suspended"));
        let [missing, suspended] = complaints.try_into().unwrap();
        assert!(
            missing.contains("gone applies gone, which is not among the files read"),
            "{missing}"
        );
        assert!(suspended.contains("held is suspended"), "{suspended}");
        assert!(
            world
                .problems
                .iter()
                .all(|problem| problem.kind.is_incomplete())
        );
        assert!(world.shown()[0].contains("apps/app.yaml"));
    }

    #[test]
    fn circles_end() {
        let (one, two) = (flux("one", "./two", ""), flux("two", "./one", ""));
        let files = [("one/a.yaml", one.as_str()), ("two/b.yaml", two.as_str())];
        assert_eq!(show(&files), ["one: one/a.yaml two/b.yaml"]);
    }
}

mod by_argo {
    use super::*;

    #[test]
    fn an_application_of_applications_is_one_world() {
        let here = "{server: 'https://kubernetes.default.svc', namespace: shop}";
        let (root, app) = (
            application("root", &path("argo/apps"), here),
            application("app", &path("manifests"), here),
        );
        let files = [
            ("argo/apps/app.yaml", app.as_str()),
            ("argo/root.yaml", root.as_str()),
            ("manifests/app.yaml", ""),
            ("manifests/deep/not.yaml", ""),
        ];
        assert_eq!(
            show(&files),
            [
                ".: manifests/deep/not.yaml",
                "argo: argo/apps/app.yaml@shop argo/root.yaml manifests/app.yaml@shop",
            ]
        );
        let world = render(&files);
        let argo = world
            .environments
            .iter()
            .find(|one| one.name == "argo")
            .unwrap();
        let mut namespaces = argo.members.iter().filter_map(|one| one.namespace.as_ref());
        assert!(namespaces.all(|one| one.only_if_none));
    }

    #[test]
    fn files_are_chosen_as_the_application_says() {
        let source = format!(
            "{{repoURL: '{GIT}', path: m, directory: {{recurse: true, exclude: 'x/*', include: '*.yaml'}}}}"
        );
        let app = application("app", &source, "{name: in-cluster}");
        let files = [
            ("argo/app.yaml", app.as_str()),
            ("m/a.yaml", ""),
            ("m/deep/b.yaml", ""),
            (
                "m/deep/c.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"c\"}}",
            ),
            ("m/x/d.yaml", ""),
        ];
        assert_eq!(
            show(&files),
            [
                ".: m/deep/c.json m/x/d.yaml",
                "argo: argo/app.yaml m/a.yaml m/deep/b.yaml"
            ]
        );
    }

    #[test]
    fn clusters_are_told_apart_by_their_destinations() {
        let to = |cluster: &str| format!("{{name: {cluster}, namespace: shop}}");
        let (one, two, again) = (
            application("one", &path("apps/one"), &to("one")),
            application("two", &path("apps/two"), &to("two")),
            application("more", &path("more"), &to("two")),
        );
        let files = [
            ("apps/one/kustomization.yaml", "resources: [a.yaml]\n"),
            ("apps/one/a.yaml", ""),
            ("apps/two/a.yaml", ""),
            ("argo/all.yaml", &format!("{one}---\n{two}---\n{again}")),
            ("more/b.yaml", ""),
        ];
        assert_eq!(
            show(&files),
            [
                "one: apps/one/a.yaml@shop argo/all.yaml",
                "two: apps/two/a.yaml@shop argo/all.yaml argo/all.yaml more/b.yaml@shop",
            ]
        );
    }

    #[test]
    fn nothing_of_another_repository_is_followed() {
        let other = "{repoURL: 'https://git.example/other', path: manifests}";
        let top = "{repoURL: 'https://git.example/other', path: .}";
        let files = [
            (
                "argo/app.yaml",
                &*application("app", &path("apps/one"), "{}"),
            ),
            (
                "argo/more.yaml",
                &application("more", &path("apps/two"), "{}"),
            ),
            ("argo/other.yaml", &application("other", other, "{}")),
            ("argo/top.yaml", &application("top", top, "{}")),
            ("apps/one/a.yaml", ""),
            ("apps/two/a.yaml", ""),
            ("manifests/b.yaml", ""),
        ];
        assert_eq!(
            show(&files),
            [
                ".: manifests/b.yaml",
                "argo: argo/app.yaml argo/more.yaml argo/other.yaml argo/top.yaml apps/one/a.yaml apps/two/a.yaml",
            ]
        );
    }

    #[test]
    fn what_is_not_understood_leaves_a_path_out_and_is_told() {
        let source = format!("{{repoURL: '{GIT}', path: apps, plugin: {{name: mine}}}}");
        let world = render(&[
            ("apps/kustomization.yaml", "resources: [a.yaml]\n"),
            ("apps/a.yaml", ""),
            ("argo/app.yaml", &application("app", &source, "{}")),
        ]);
        assert_eq!(world.shown(), [".: argo/app.yaml", "apps: apps/a.yaml"]);
        assert!(world.complaints()[0].contains("plugin.name"));
        let both = format!(
            "{}---\n{}",
            application("app", &source, "{}"),
            application("b", &path("b"), "{}")
        );
        let world = render(&[
            ("apps/kustomization.yaml", "resources: [a.yaml]\n"),
            ("apps/a.yaml", ""),
            ("argo/app.yaml", &both),
            ("b/c.yaml", ""),
        ]);
        let [complaint] = world.complaints().try_into().unwrap();
        assert!(complaint.contains("plugin.name"), "{complaint}");
        assert_eq!(world.shown().len(), 2);
    }
}

mod by_sets {
    use super::*;

    fn set(generators: &str, template: &str, more: &str) -> String {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set, namespace: argocd}}\nspec:\n  generators: {generators}\n  template: {template}\n{more}"
        )
    }

    fn clusters(generators: &str, path: &str, cluster: &str, more: &str) -> Vec<String> {
        let template = format!(
            "{{metadata: {{name: x}}, spec: {{source: {{repoURL: '{GIT}', path: '{path}'}}, destination: {{name: '{cluster}'}}}}}}"
        );
        let world = render(&[
            ("argo/set.yaml", &set(generators, &template, more)),
            ("clusters/one/a.yaml", ""),
            (
                "clusters/one/settings.json",
                "{\"cluster\": {\"name\": \"uno\"}}",
            ),
            ("clusters/two/b.yaml", ""),
            (
                "clusters/two/settings.json",
                "{\"cluster\": {\"name\": \"due\"}}",
            ),
        ]);
        let mut all = world.complaints();
        let names = world.environments.iter().map(|one| {
            let members = one.members.iter().filter(|one| one.document < 5).count();
            format!("{} {members}", one.name)
        });
        all.extend(names);
        all
    }

    #[test]
    fn of_lists() {
        let list = "[{list: {elements: [{dir: one, at: {k: eu}}, {dir: two, at: {k: us}}]}}]";
        let expected = ["argo 1", "eu 2", "us 2"];
        assert_eq!(clusters(list, "clusters/{{dir}}", "{{at.k}}", ""), expected);
        let go = "  goTemplate: true\n";
        assert_eq!(
            clusters(list, "clusters/{{ .dir }}", "{{- .at.k -}}", go),
            expected
        );
    }

    #[test]
    fn of_directories() {
        let git = format!("[{{git: {{repoURL: '{GIT}', directories: [{{path: 'clusters/*'}}]}}}}]");
        let expected = ["argo 1", "one 2", "two 2"];
        assert_eq!(
            clusters(&git, "{{path}}", "{{path.basename}}", ""),
            expected
        );
        assert_eq!(clusters(&git, "{{path}}", "{{path[1]}}", ""), expected);
        let go = "  goTemplate: true\n";
        assert_eq!(
            clusters(&git, "{{.path.path}}", "{{index .path.segments 1}}", go),
            expected
        );
        let git = git.replace(
            "'clusters/*'}",
            "'clusters/*'}, {path: clusters/two, exclude: true}",
        );
        let some = clusters(&git, "{{path}}", "{{path.basename}}", "");
        assert_eq!(some, [". 2", "argo 1", "one 2"]);
    }

    #[test]
    fn of_files_and_of_both() {
        let git =
            format!("{{git: {{repoURL: '{GIT}', files: [{{path: 'clusters/*/settings.json'}}]}}}}");
        let expected = ["argo 1", "due 2", "uno 2"];
        assert_eq!(
            clusters(&format!("[{git}]"), "{{path}}", "{{cluster.name}}", ""),
            expected
        );
        let both = format!(
            "[{{matrix: {{generators: [{git}, {{list: {{elements: [{{tier: a}}, {{tier: b}}]}}}}]}}}}]"
        );
        assert_eq!(
            clusters(&both, "{{path}}", "{{cluster.name}}-{{tier}}", ""),
            ["argo 1", "due-a 2", "due-b 2", "uno-a 2", "uno-b 2"]
        );
    }

    #[test]
    fn of_what_is_not_known_here() {
        let told = clusters("[{clusters: {}}]", "clusters/one", "{{name}}", "");
        assert!(told[0].contains("the generator `clusters`"), "{told:?}");
        let list = "[{list: {elements: [{dir: one}]}}]";
        let told = clusters(list, "clusters/{{dir}}", "{{cluster}}", "");
        assert!(told[0].contains("`{{cluster}}`"), "{told:?}");
        let told = clusters(list, "clusters/{{dir}}", "x", "  templatePatch: ''\n");
        assert!(told[0].contains("templatePatch"), "{told:?}");
    }
}

mod by_configuration {
    use super::*;

    fn guided(text: &str, files: &[(&str, &str)]) -> World {
        let source = SourceFile::new(".meshvet.yaml", text);
        let guide = Guide {
            ground: Ground::default(),
            config: Some(Config::read(source, "/").unwrap()),
        };
        let all: Vec<(&str, &str)> = std::iter::once((".meshvet.yaml", text))
            .chain(files.iter().copied())
            .collect();
        render_by(&guide, &all)
    }

    #[test]
    fn what_is_named_belongs_together_and_all_else_is_as_before() {
        let text = "environments:\n  one: {paths: [clusters/one, base/mesh.yaml], namespace: shop}\n  two: {paths: ['clusters/tw*', base/mesh.yaml]}\n";
        let world = guided(
            text,
            &[
                ("base/mesh.yaml", ""),
                ("base/rest.yaml", ""),
                ("clusters/one/a.yaml", ""),
                (
                    "clusters/one/k/kustomization.yaml",
                    "resources: [in.yaml]\n",
                ),
                ("clusters/one/k/in.yaml", ""),
                ("clusters/two/kustomization.yaml", "resources: [a.yaml]\n"),
                ("clusters/two/a.yaml", ""),
                ("other/kustomization.yaml", "resources: [a.yaml]\n"),
                ("other/a.yaml", ""),
            ],
        );
        assert_eq!(world.complaints(), [] as [&str; 0]);
        assert_eq!(
            world.shown(),
            [
                ".: base/rest.yaml",
                "one: base/mesh.yaml@shop clusters/one/a.yaml@shop clusters/one/k/in.yaml@shop",
                "other: other/a.yaml",
                "two: base/mesh.yaml clusters/two/a.yaml",
            ]
        );
    }

    #[test]
    fn a_world_that_is_named_takes_in_what_is_applied_to_the_cluster_of_that_name() {
        let app = application("app", &path("apps"), "{name: prod}");
        let world = guided(
            "environments: {prod: {paths: [own]}}\n",
            &[
                ("apps/a.yaml", ""),
                ("argo/app.yaml", &app),
                ("own/b.yaml", ""),
            ],
        );
        assert_eq!(
            world.shown(),
            ["prod: apps/a.yaml argo/app.yaml own/b.yaml"]
        );
    }

    #[test]
    fn a_path_that_is_nothing_is_told_with_the_nearest() {
        let text = "environments:\n  one:\n    paths: [cluster/one, clusters/one]\n";
        let source = SourceFile::new(".meshvet.yaml", text);
        let guide = |home: &str| Guide {
            ground: Ground::default(),
            config: Some(Config::read(source.clone(), home).unwrap()),
        };
        let mut sources = Sources::default();
        sources.add(SourceFile::new("clusters/one/a.yaml", ""));
        let read = |path: &str| vec![path.to_owned()];
        let told = unmatched(&guide("/"), &sources, &read("."));
        let [one] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!(
            one.to_string()
                .starts_with(".meshvet.yaml:3: `cluster/one` of environment `one` is nothing")
        );
        assert!(
            one.to_string().ends_with("did you mean `clusters/one`?"),
            "{one}"
        );
        assert_eq!(unmatched(&guide("/"), &sources, &read("clusters")), []);
    }
}
