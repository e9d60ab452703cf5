//! Random patches of random objects, beside what kustomize makes of them. Run where
//! `MESHVET_KUSTOMIZE` names a kustomize v5.7.1; `MESHVET_KUSTOMIZE_CASES` says how many.

#[cfg(test)]
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;

/// What stands in a file.
#[derive(Debug, Clone)]
enum Text {
    Scalar(&'static str),
    List(Vec<Text>),
    Map(Vec<(&'static str, Text)>),
}

impl Text {
    fn write(&self, indent: usize, out: &mut String) {
        match self {
            Self::List(items) if items.is_empty() => out.push_str("[]\n"),
            Self::Map(fields) if fields.is_empty() => out.push_str("{}\n"),
            Self::Scalar(text) => out.push_str(&format!("{text}\n")),
            Self::List(items) => {
                out.push('\n');
                for item in items {
                    out.push_str(&format!("{:indent$}- ", ""));
                    item.write(indent + 2, out);
                }
            }
            Self::Map(fields) => {
                out.push('\n');
                let mut seen = Vec::new();
                for (key, value) in fields {
                    if !seen.contains(key) {
                        seen.push(*key);
                        out.push_str(&format!("{:indent$}{key}: ", ""));
                        value.write(indent + 2, out);
                    }
                }
            }
        }
    }

    fn written(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }
}

fn word(words: &'static [&'static str]) -> BoxedStrategy<Text> {
    select(words).prop_map(Text::Scalar).boxed()
}

fn scalar() -> BoxedStrategy<Text> {
    word(&[
        "a", "b", "\"a\"", "'5'", "\"true\"", "5", "6", "80", "true", "false", "null", "~", "",
    ])
}

/// A mapping with some of these fields, and now and then a directive.
fn map(fields: Vec<(&'static str, BoxedStrategy<Text>)>, in_patch: bool) -> BoxedStrategy<Text> {
    let directive = word(&["delete", "replace", "merge"]).prop_map(|how| ("$patch", how));
    let odds = if in_patch { 1 } else { 0 };
    let directive = prop_oneof![25 => Just(None), odds => directive.prop_map(Some)];
    let fields = fields.into_iter().map(|(key, value)| {
        let value = prop_oneof![400 => value, 1 => scalar()];
        prop::option::weighted(0.7, value.prop_map(move |value| (key, value))).boxed()
    });
    let fields: Vec<_> = fields.collect();
    (fields, directive)
        .prop_map(|(fields, directive)| {
            Text::Map(fields.into_iter().flatten().chain(directive).collect())
        })
        .boxed()
}

/// A mapping with all of these fields.
fn map_of(fields: Vec<(&'static str, BoxedStrategy<Text>)>) -> BoxedStrategy<Text> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(key, value)| value.prop_map(move |value| (key, value)).boxed())
        .collect();
    fields.prop_map(Text::Map).boxed()
}

fn list(item: BoxedStrategy<Text>, in_patch: bool) -> BoxedStrategy<Text> {
    let directive = word(&["delete", "replace", "merge"]);
    let directive = directive.prop_map(|how| Text::Map(vec![("$patch", how)]));
    let odds = if in_patch { 1 } else { 0 };
    let item = prop_oneof![400 => item, 1 => scalar(), odds => directive];
    vec(item, 0..4).prop_map(Text::List).boxed()
}

fn free(depth: u32, in_patch: bool) -> BoxedStrategy<Text> {
    if depth == 0 {
        return scalar();
    }
    let inner = || free(depth - 1, in_patch);
    let fields = ["x", "z", "name"].map(|key| (key, inner())).to_vec();
    prop_oneof![
        2 => scalar(),
        3 => map(fields, in_patch),
        1 => list(inner(), in_patch),
    ]
    .boxed()
}

fn name() -> BoxedStrategy<Text> {
    word(&["a", "b", "c", "\"a\"", "5"])
}

fn ports(key: &'static str, in_patch: bool) -> BoxedStrategy<Text> {
    let port = word(&["80", "81", "\"80\""]);
    let protocol = word(&["TCP", "UDP", "\"TCP\""]);
    let fields = vec![
        (key, port),
        ("protocol", protocol),
        ("x", free(1, in_patch)),
    ];
    list(map(fields, in_patch), in_patch)
}

fn pod(in_patch: bool) -> BoxedStrategy<Text> {
    let named = |key| {
        list(
            map(vec![(key, name()), ("x", free(1, in_patch))], in_patch),
            in_patch,
        )
    };
    let container = vec![
        ("name", name()),
        ("image", scalar()),
        ("env", named("name")),
        ("args", list(scalar(), in_patch)),
        ("ports", ports("containerPort", in_patch)),
        ("volumeMounts", named("mountPath")),
    ];
    let spread = vec![
        ("topologyKey", name()),
        ("whenUnsatisfiable", name()),
        ("x", scalar()),
    ];
    let spec = vec![
        ("containers", list(map(container, in_patch), in_patch)),
        ("volumes", named("name")),
        ("tolerations", named("key")),
        (
            "topologySpreadConstraints",
            list(map(spread, in_patch), in_patch),
        ),
        ("nodeSelector", free(1, in_patch)),
    ];
    map(
        vec![
            ("metadata", metadata(in_patch)),
            ("spec", map(spec, in_patch)),
        ],
        in_patch,
    )
}

fn metadata(in_patch: bool) -> BoxedStrategy<Text> {
    let owners = map(vec![("uid", name()), ("x", scalar())], in_patch);
    let fields = vec![
        (
            "labels",
            map(vec![("c", scalar()), ("d", scalar())], in_patch),
        ),
        (
            "annotations",
            map(vec![("c", scalar()), ("d", scalar())], in_patch),
        ),
        (
            "finalizers",
            list(word(&["a", "b", "c", "\"a\""]), in_patch),
        ),
        ("ownerReferences", list(owners, in_patch)),
    ];
    map(fields, in_patch)
}

/// The rest of an object of one of some kinds.
fn body(kind: usize, in_patch: bool) -> BoxedStrategy<Text> {
    let rest = match kind {
        0 => (
            "spec",
            map(
                vec![("template", pod(in_patch)), ("x", free(2, in_patch))],
                in_patch,
            ),
        ),
        1 => (
            "spec",
            map(vec![("ports", ports("port", in_patch))], in_patch),
        ),
        2 => ("spec", free(3, in_patch)),
        _ => (
            "secrets",
            list(map(vec![("name", name())], in_patch), in_patch),
        ),
    };
    let fields = vec![
        ("metadata", metadata(in_patch)),
        rest,
        ("x", free(2, in_patch)),
    ];
    map(fields, in_patch)
}

const KINDS: [(&str, &str); 4] = [
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("security.istio.io/v1", "AuthorizationPolicy"),
    ("v1", "ServiceAccount"),
];

/// An object, or a patch of one, with the fields that both must have.
fn whole(kind: usize, body: Text) -> String {
    let (api_version, kind) = KINDS[kind];
    let Text::Map(mut fields) = body else {
        unreachable!()
    };
    let place = fields.iter().position(|(key, _)| *key == "metadata");
    let mut metadata = vec![("name", Text::Scalar("web"))];
    if let Some(place) = place
        && let (_, Text::Map(more)) = fields.remove(place)
    {
        metadata.extend(more);
    }
    let mut all = vec![
        ("apiVersion", Text::Scalar(api_version)),
        ("kind", Text::Scalar(kind)),
        ("metadata", Text::Map(metadata)),
    ];
    all.extend(fields);
    Text::Map(all).written()
}

/// What kustomize makes of a kustomization; nothing if it fails.
fn built(files: &[(&str, &str)]) -> Result<Vec<serde_json::Value>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let kustomize = std::env::var("MESHVET_KUSTOMIZE").unwrap();
    let output = Command::new(kustomize)
        .arg("build")
        .arg(folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let source = SourceFile::new("built.yaml", text);
    let (documents, problems) = parse(OBJECT, &source);
    assert_eq!(problems, []);
    Ok(documents
        .iter()
        .map(|document| said(&Tree::from(document.root())))
        .collect())
}

/// A kustomization and its files, and what is done without kustomize.
#[derive(Debug, Clone)]
struct Case {
    kustomization: String,
    objects: Vec<String>,
    /// A file of its own, or the part of the kustomization that is asked for.
    change: String,
    how: How,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Strategic { is_targeted: bool },
    Json,
    Replace,
}

impl Case {
    fn theirs(&self) -> Result<Vec<serde_json::Value>, String> {
        let objects = self.objects.join("---\n");
        built(&[
            ("kustomization.yaml", &self.kustomization),
            ("r.yaml", &objects),
            ("p.yaml", &self.change),
        ])
    }

    fn ours(&self) -> Result<Vec<serde_json::Value>, Refused> {
        let mut trees: Vec<Tree> = self.objects.iter().map(|text| read(OBJECT, text)).collect();
        let change = read(PATCH, &self.change);
        match self.how {
            How::Strategic { is_targeted } => {
                let options = Options {
                    is_targeted,
                    ..Options::default()
                };
                if strategic(&mut trees[0], &change, options)? == Fate::Deleted {
                    trees.clear();
                }
            }
            How::Json => json(&mut trees[0], &change)?,
            How::Replace => {
                let mut subjects: Vec<Subject> = trees.into_iter().map(subject).collect();
                replace(&mut subjects, &change)?;
                trees = subjects.into_iter().map(|subject| subject.tree).collect();
            }
        }
        Ok(trees.into_iter().map(finished).collect())
    }
}

fn check(name: &str, strategy: BoxedStrategy<Case>) {
    if std::env::var_os("MESHVET_KUSTOMIZE").is_none() {
        return;
    }
    let cases = std::env::var("MESHVET_KUSTOMIZE_CASES");
    let cases = cases.map_or(200, |cases| cases.parse().unwrap());
    let counts = std::cell::RefCell::new(std::collections::BTreeMap::new());
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&strategy, |case| {
        let (ours, theirs) = (case.ours().map(sorted), case.theirs().map(sorted));
        let outcome = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs && ours.is_empty() => "deleted by both".to_owned(),
            (Ok(ours), Ok(theirs)) if ours == theirs => "the same".to_owned(),
            (Err(_), Err(_)) => "refused by both".to_owned(),
            // what it made it could not go on with
            (Ok(_), Err(theirs)) if LATER.iter().any(|part| theirs.contains(part)) => {
                "failed later".to_owned()
            }(Err(refused), Ok(_)) if UNCLEAR.contains(&&*refused.reason) => {
                format!("refused: {}", refused.reason)
            }
            _ => {
                let Case { kustomization, objects, change, .. } = &case;
                let both = format!(
                    "\n{kustomization}\n{}\n--- change\n{change}\nours:   {ours:?}\ntheirs: {theirs:?}",
                    objects.join("---\n")
                );
                return Err(TestCaseError::fail(both));
            }
        };
        *counts.borrow_mut().entry(outcome).or_insert(0) += 1;
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{name}: {failure}");
    }
    #[expect(
        clippy::print_stderr,
        reason = "how many there were is what it is run for"
    )]
    {
        eprintln!("{name}: {:?}", counts.borrow());
    }
}

/// Parts of what it says where it fails at something that comes after the change.
const LATER: [&str; 2] = ["considering field", "missing metadata.name"];

/// Where kustomize goes on, and something is refused all the same.
const UNCLEAR: [&str; 11] = [
    "the value is not of the type that the field has",
    "only a scalar goes where one is",
    "`-` is no place to write to",
    "in brackets, a key and a value are expected",
    "annotations are no list",
    "kustomize has notes of its own in there",
    "what this would come to is not clear",
    "what is compared here is no scalar",
    "whether this fits depends on the quotes around a value",
    "from this path, it is not clear what is to be made",
    "below an empty field, nothing can be made",
];

#[test]
fn strategic_merges_are_those_of_kustomize() {
    let cases = (0..KINDS.len()).prop_flat_map(|kind| {
        let both = (body(kind, false), body(kind, true), prop::bool::ANY);
        both.prop_map(move |(object, patch, is_targeted)| {
            let target = if is_targeted {
                ", target: {name: web}"
            } else {
                ""
            };
            Case {
                kustomization: format!(
                    "resources: [r.yaml]\npatches: [{{path: p.yaml{target}}}]\n"
                ),
                objects: vec![whole(kind, object)],
                change: whole(kind, patch),
                how: How::Strategic { is_targeted },
            }
        })
    });
    check("strategic", cases.boxed());
}

/// The rest of an object with a list in it.
fn policy() -> BoxedStrategy<Text> {
    let item = map(
        vec![("name", name()), ("x", free(1, false)), ("z", scalar())],
        false,
    );
    let spec = vec![
        ("x", list(item, false)),
        ("z", free(1, false)),
        ("name", scalar()),
    ];
    let odd = free(2, false);
    (metadata(false), map(spec, false), odd)
        .prop_map(|(metadata, spec, odd)| {
            Text::Map(vec![("metadata", metadata), ("spec", spec), ("x", odd)])
        })
        .boxed()
}

fn pointer() -> BoxedStrategy<Text> {
    word(&[
        "/spec",
        "/spec/x",
        "/spec/x/0",
        "/spec/x/-",
        "/spec/x/1",
        "/spec/x/-1",
        "/spec/x/name",
        "/spec/x/0/z",
        "/spec/z",
        "/spec/name/x",
        "/x",
        "/x/x",
        "/x/-",
        "/metadata/labels",
        "/metadata/labels/c",
        "/metadata/annotations",
        "/metadata/annotations/c",
        "/metadata/finalizers/0",
    ])
}

#[test]
fn json_patches_are_those_of_kustomize() {
    let name = word(&["add", "add", "replace", "remove", "move", "copy", "test"]);
    let operation = (name, pointer(), pointer(), free(2, false), 0..12_u8);
    let operation = operation.prop_map(|(name, path, from, value, odds)| {
        let mut fields = vec![
            ("op", name),
            ("path", path),
            ("from", from),
            ("value", value),
        ];
        if odds == 0 {
            fields.pop();
        }
        Text::Map(fields)
    });
    let cases = (policy(), vec(operation, 1..3)).prop_map(|(object, operations)| Case {
        kustomization: "resources: [r.yaml]\npatches: [{path: p.yaml, target: {name: web}}]\n"
            .to_owned(),
        objects: vec![whole(2, object)],
        change: Text::List(operations).written(),
        how: How::Json,
    });
    check("json", cases.boxed());
}

fn path() -> BoxedStrategy<Text> {
    word(&[
        "metadata.labels.c",
        "metadata.labels.[c]",
        "'metadata.labels.[a.b/c]'",
        "metadata.annotations.a\\.b/c",
        "metadata.name",
        "spec.x",
        "spec.z",
        "spec.x.z",
        "spec.x.0",
        "spec.x.1.name",
        "spec.x.[name=a].z",
        "spec.x.[name=b]",
        "spec.x.[=a]",
        "spec.x.*",
        "spec.x.*.z",
        "spec.new",
        "spec.new.[name=c].x",
        "metadata.finalizers.[=b]",
        "spec.x.[name=a|b].x",
        "spec.x.-",
        "x.x",
        "metadata.labels",
    ])
}

fn options() -> BoxedStrategy<Text> {
    map(
        vec![
            ("delimiter", word(&["'-'", "e", "':'", "''"])),
            ("index", word(&["0", "1", "2", "-1"])),
            ("create", word(&["true", "false"])),
        ],
        false,
    )
}

fn named() -> Vec<(&'static str, BoxedStrategy<Text>)> {
    vec![
        (
            "kind",
            word(&[
                "AuthorizationPolicy",
                "AuthorizationPolicy",
                "Service",
                "Deployment",
            ]),
        ),
        ("name", word(&["web", "we"])),
        ("group", word(&["security.istio.io", "apps"])),
        (
            "labelSelector",
            word(&["c=a", "c", "'!c'", "c!=a", "c in (a,b)", "d notin (5)"]),
        ),
    ]
}

#[test]
fn replacements_are_those_of_kustomize() {
    let kind = |kinds| map_of(vec![("kind", word(kinds))]);
    let source = (
        kind(&["AuthorizationPolicy", "Deployment"]),
        path(),
        prop::option::of(options()),
    );
    let source = source.prop_map(|(named, path, options)| {
        let Text::Map(mut fields) = named else {
            unreachable!()
        };
        fields.push(("fieldPath", path));
        fields.extend(options.map(|options| ("options", options)));
        ("source", Text::Map(fields))
    });
    let value = word(&["'a-b'", "'5'", "c", "'true'"]).prop_map(|value| ("sourceValue", value));
    let all = kind(&["AuthorizationPolicy", "AuthorizationPolicy", "Deployment"]);
    let select = prop_oneof![4 => all, 1 => map(named(), false)];
    let reject =
        prop_oneof![4 => Just(Text::List(Vec::new())), 1 => list(map(named(), false), false)];
    let paths = vec(path(), 1..3).prop_map(Text::List);
    let target = (select, reject, paths, prop::option::of(options()));
    let target = target.prop_map(|(select, reject, paths, options)| {
        let mut fields = vec![
            ("select", select),
            ("reject", reject),
            ("fieldPaths", paths),
        ];
        fields.extend(options.map(|options| ("options", options)));
        Text::Map(fields)
    });
    let replacement = (prop_oneof![source, value], vec(target, 1..2));
    let replacement = replacement
        .prop_map(|(source, targets)| Text::Map(vec![source, ("targets", Text::List(targets))]));
    let objects = (policy(), body(0, false));
    let cases = (objects, vec(replacement, 1..2)).prop_map(|((policy, workload), all)| {
        let change = Text::List(all).written();
        Case {
            kustomization: format!("resources: [r.yaml]\nreplacements: {change}"),
            objects: vec![whole(2, policy), whole(0, workload)],
            change,
            how: How::Replace,
        }
    });
    check("replacements", cases.boxed());
}
