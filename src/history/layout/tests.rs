//! Sorting what changed gives what sorting everything gives.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

/// What may stand in each file; nothing is a choice too.
const CHOICES: [(&str, &[&str]); 15] = [
    (
        "base/kustomization.yaml",
        &[
            "resources: [a.yaml]\n",
            "resources: [a.yaml, b.yaml]\n",
            "resources: [b.yaml]\nnamespace: shop\n",
        ],
    ),
    (
        "base/a.yaml",
        &[
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\nspec: {selector: {app: a}}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\nspec: {selector: {app: b}}\n",
            "# nothing yet\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: c, namespace: ns}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\n",
        ],
    ),
    (
        "base/b.yaml",
        &[
            "apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: ns}\nspec: {selector: {app: b}}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\nspec: {selector: {app: b}}\n",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: l, namespace: ns}}\n",
        ],
    ),
    (
        "dev/kustomization.yaml",
        &[
            "resources: [../base]\n",
            "resources: [../base, own.yaml]\nnamePrefix: dev-\n",
            "resources: [own.yaml]\n",
            "resources: [own.yaml, more.yaml]\n",
            "resources: [../base]\npatches: [{path: patch.yaml}]\n",
            "resources: [../base]\nhelmCharts: [{name: c}]\n",
            "resources: [../base]\ncomponents: [../part]\n",
            "resources: [own.yaml]\ncrds: [crd.yaml]\n",
            "resources: [../base]\npatches: [{target: {name: a}, patch: '[{op: remove, path: /spec/selector}]'}]\n",
        ],
    ),
    ("dev/kustomization.yml", &["resources: [own.yaml]\n"]),
    (
        "dev/own.yaml",
        &[
            "apiVersion: v1\nkind: Service\nmetadata: {name: own, namespace: ns}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: own, namespace: ns}\nspec: {selector: {app: yes}}\n",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: own, namespace: ns}\nspec: {path: ./prod, sourceRef: {kind: GitRepository, name: here}}\n",
            "values: 1\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: own, namespace: ns}\nspec: {selector: {app: '${app}'}}\n",
        ],
    ),
    (
        "dev/more.yaml",
        &[
            "apiVersion: v1\nkind: Service\nmetadata: {name: more, namespace: ns}\n",
            "# nothing yet\n",
            "broken: [\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: more, namespace: ns}\n---\n# nothing yet\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: more, namespace: ns}\n---\nbroken: [\n",
        ],
    ),
    (
        "dev/patch.yaml",
        &[
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\nspec: {selector: {app: c}}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\nspec: {selector: {app: d}}\n",
        ],
    ),
    (
        "part/kustomization.yaml",
        &["apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -x\n"],
    ),
    (
        "prod/kustomization.yaml",
        &[
            "resources: [../base]\n",
            "resources: [../dev]\n",
            "resources: [../base, ../plain/x.yaml]\n",
        ],
    ),
    (
        "plain/x.yaml",
        &[
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: ns}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: ns}\nspec: {selector: {app: x}}\n",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: dev, namespace: ns}\nspec: {path: ./dev, sourceRef: {kind: GitRepository, name: here}}\n",
            "values: 1\n",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: dev, namespace: ns}\nspec: {path: ./dev, sourceRef: {kind: GitRepository, name: here}, postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}}\n",
        ],
    ),
    ("chart/Chart.yaml", &["apiVersion: v2\nname: c\n"]),
    (
        "dev/crd.yaml",
        &[
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\nspec: {x-kubernetes-identity: 1}\n",
        ],
    ),
    ("base/kustomization.yml", &["resources: []\n"]),
    (
        "vars/vars.yaml",
        &[
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: ns}\ndata: {app: own}\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: ns}\ndata: {app: other}\n",
        ],
    ),
];

/// Files, each with the number of its choice.
fn commit() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..CHOICES.len(), 0..9usize), 1..4)
}

fn file(name: &Arc<str>, texts: &[&str], choice: usize) -> Option<Arc<File>> {
    let text = texts.get(choice)?;
    Some(Arc::new(File::parse(name, (*text).to_owned())))
}

/// The changes that lead from a state to one in which some files are others.
fn changed(state: &State, commit: &[(usize, usize)]) -> Vec<Changed> {
    let last: BTreeMap<usize, usize> = commit.iter().copied().collect();
    let changed = last.into_iter().map(|(at, choice)| {
        let (name, texts) = CHOICES[at];
        let name: Arc<str> = name.into();
        Changed {
            before: file(&name, texts, choice),
            after: state.files.get(&name).cloned(),
            name,
        }
    });
    changed
        .filter(|file| file.before.is_some() || file.after.is_some())
        .collect()
}

/// The environments, each with what tells whether it is as it was, and what is not understood.
fn told(layout: &Layout) -> (Vec<(String, Signature)>, BTreeSet<String>, bool) {
    let environments = layout.environments.iter();
    let environments = environments.map(|(parts, signature)| (parts.name.to_string(), *signature));
    (
        environments.collect(),
        BTreeSet::clone(&layout.unjudged),
        layout.is_named,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn sorting_what_changed_gives_what_sorting_everything_gives(
        commits in prop::collection::vec(commit(), 2..30)
    ) {
        let guide = Guide::default();
        let mut layout = Layout::of(State::default());
        layout.sort_all(&guide);
        for commit in &commits {
            let files = changed(layout.state(), commit);
            layout.go_back(&files, &Arc::default());
            let sorted = layout.sort(&guide);
            let mut whole = Layout::of(layout.state().clone());
            let all = whole.sort_all(&guide);
            prop_assert_eq!(told(&layout), told(&whole), "after {:?}", commit);
            if let Some(sorted) = sorted {
                let own = sorted.parsed.environments.iter().map(|one| one.name.as_str());
                let others = sorted.others.iter().map(|(name, _)| &**name);
                let mut names: Vec<&str> = own.chain(others).collect();
                names.sort_unstable();
                let expected = all.parsed.environments.iter().map(|one| one.name.as_str());
                prop_assert_eq!(names, expected.collect::<Vec<_>>());
            }
        }
    }
}

/// A kustomization of its own beside another one; of this, nothing is looked at.
#[test]
fn of_another_kustomization_nothing_is_looked_at() {
    let guide = Guide::default();
    let mut layout = Layout::of(State::default());
    let start = [(3, 2), (5, 0), (0, 0), (1, 0)];
    layout.go_back(&changed(layout.state(), &start), &Arc::default());
    layout.sort_all(&guide);
    // a file comes with the line that names it
    layout.go_back(&changed(layout.state(), &[(3, 3), (6, 0)]), &Arc::default());
    let sorted = layout.sort(&guide).unwrap();
    let names = |all: &[(Arc<str>, Signature)]| -> Vec<String> {
        all.iter().map(|(name, _)| name.to_string()).collect()
    };
    assert_eq!(names(&sorted.others), ["base"]);
    let own: Vec<&str> = sorted.sources.iter().map(|(_, file)| file.name()).collect();
    assert_eq!(
        own,
        ["dev/kustomization.yaml", "dev/more.yaml", "dev/own.yaml"]
    );
    // what says nothing is not sorted
    layout.go_back(&changed(layout.state(), &[(5, 0)]), &Arc::default());
    assert!(layout.sort(&guide).is_none());
}

/// Two kustomizations beside each other, and changes that have to do with both though only the one names
/// what changed.
#[test]
fn what_others_have_to_do_with_is_sorted_as_a_whole() {
    let guide = Guide::default();
    // prod builds on base, dev does not
    let start = [(0, 0), (1, 0), (3, 2), (5, 0), (9, 0)];
    let with_crds = [(3, 7), (12, 0)];
    let cases: [(&str, &[_], &[_]); 5] = [
        ("a second kustomization in base", &[], &[(3, 0), (13, 0)]),
        ("what dev names is an order", &[], &[(5, 3)]),
        (
            "a definition that dev reads is gone",
            &with_crds,
            &[(5, 1), (12, 9)],
        ),
        (
            "only a definition that dev reads says more",
            &with_crds,
            &[(12, 1)],
        ),
        (
            "a definition that dev reads says more",
            &with_crds,
            &[(5, 1), (12, 1)],
        ),
    ];
    for (what, before, change) in cases {
        let mut layout = Layout::of(State::default());
        for commit in [&start[..], before] {
            layout.go_back(&changed(layout.state(), commit), &Arc::default());
        }
        layout.sort_all(&guide);
        assert!(layout.is_named, "{what}");
        layout.go_back(&changed(layout.state(), change), &Arc::default());
        let sorted = layout.sort(&guide).unwrap();
        let mut whole = Layout::of(layout.state().clone());
        whole.sort_all(&guide);
        assert_eq!(told(&layout), told(&whole), "{what}");
        assert!(sorted.others.is_empty(), "{what}");
    }
}

/// What changed is no part of any environment that is known, or not of all that it has to do with.
#[test]
fn what_is_not_named_in_an_environment_may_be_part_of_it() {
    let guide = Guide::default();
    let cases: [(&str, &[_], &[_]); 3] = [
        (
            "a definition that kept dev from being built says less",
            &[(3, 7), (5, 0), (12, 1)],
            &[(12, 0)],
        ),
        (
            "what the patch of dev takes away is there again",
            &[(0, 0), (1, 4), (3, 8), (9, 0)],
            &[(1, 0)],
        ),
        (
            "a variable of dev is another",
            &[(3, 2), (5, 4), (10, 4), (14, 0)],
            &[(14, 1)],
        ),
    ];
    for (what, before, change) in cases {
        let mut layout = Layout::of(State::default());
        layout.go_back(&changed(layout.state(), before), &Arc::default());
        layout.sort_all(&guide);
        let old = told(&layout);
        let files = changed(layout.state(), change);
        assert!(!Layout::may_differ(&files), "{what}");
        layout.go_back(&files, &Arc::default());
        layout.sort(&guide).unwrap();
        let mut whole = Layout::of(layout.state().clone());
        whole.sort_all(&guide);
        assert_eq!(told(&layout), told(&whole), "{what}");
        let of_dev = |(all, ..): (Vec<(String, Signature)>, _, _)| {
            all.into_iter()
                .find(|(name, _)| name == "dev" || name == "plain")
        };
        assert_ne!(of_dev(old), of_dev(told(&layout)), "{what}");
    }
}

fn state(files: &[(&str, &str)]) -> State {
    let mut state = State::default();
    for (name, text) in files {
        let name: Arc<str> = (*name).into();
        let file = File::parse(&name, (*text).to_owned());
        state.set(&name, Some(Arc::new(file)));
    }
    state
}

/// An Application of Argo CD that puts what lies in a directory into a namespace if it names none.
fn application(directory: &str, namespace: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {directory}}}\nspec:\n  source: {{path: {directory}, repoURL: https://git.example/shop}}\n  destination: {{namespace: {namespace}, server: https://kubernetes.default.svc}}\n"
    )
}

fn deployment(namespace: &str, replicas: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: {namespace}}}\nspec:\n  replicas: {replicas}\n"
    )
}

#[test]
fn two_objects_are_twins_if_they_are_put_in_one_namespace() {
    let guide = Guide::default();
    for (second, written, are_twins) in [
        ("shop", "''", true),
        ("other", "''", false),
        ("other", "shop", true),
        ("shop", "other", false),
    ] {
        let what = format!("{second} {written}");
        let files = [
            ("apps/one.yaml", application("one", "shop")),
            ("apps/two.yaml", application("two", second)),
            ("one/a.yaml", deployment("''", 1)),
            ("two/a.yaml", deployment(written, 1)),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        let mut layout = Layout::of(state(&files));
        layout.sort_all(&guide);
        assert_eq!(layout.may_have_twins(), are_twins, "{what}");
        let [(_, first)] = *layout.environments else {
            panic!("{what}")
        };
        // how many pods there are is of no account, but whether two objects are one
        let name: Arc<str> = "two/a.yaml".into();
        let after = layout.state().files[&name].clone();
        let before = File::like(&after, &deployment(written, 2)).unwrap();
        let changed = Changed {
            name,
            before: Some(Arc::new(before)),
            after: Some(after),
        };
        layout.go_back(&[changed], &Arc::default());
        assert_eq!(layout.sort(&guide).is_some(), are_twins, "{what}");
        assert_eq!(layout.environments[0].1 != first, are_twins, "{what}");
        let mut whole = Layout::of(layout.state().clone());
        whole.sort_all(&guide);
        assert_eq!(told(&layout), told(&whole), "{what}");
    }
}
