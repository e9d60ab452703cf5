//! What the digest of a document leaves out changes no judgement, and it leaves out nothing else.

use std::path::{Path, PathBuf};

use meshvet::change::{digest, exact};
use meshvet::facts::Sections;
use meshvet::policy::Rules;
use meshvet::scan::{self, Origin};
use meshvet::syntax::{Document, parse};
use meshvet::text::{FileId, SourceFile, Sources};
use serde_json::{Map, Value, json};

use super::spans;
use crate::cli::{folders, root};

/// The manifests of one case: names and texts.
type Files = Vec<(String, String)>;

/// Of the cases there are, one in so many is tried.
const EVERY: usize = 7;

fn manifests(below: &Path) -> Files {
    let all = walkdir::WalkDir::new(below).sort_by_file_name();
    let files = all.into_iter().map(|entry| entry.unwrap().into_path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .filter(|path| !path.to_string_lossy().ends_with("meshvet-test.yaml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// Scenarios, cases of every mesh and fixtures of rules.
fn cases() -> Vec<Files> {
    let mut paths = folders(&root().join("testdata/scenarios"));
    for mesh in folders(&root().join("testdata/conformance")) {
        paths.extend(folders(&mesh));
    }
    for area in folders(&root().join("policies")) {
        let entries = std::fs::read_dir(area).unwrap();
        let entries = entries.map(|entry| entry.unwrap().path());
        let is_fixture = |path: &PathBuf| path.to_string_lossy().contains(".fail");
        paths.extend(entries.filter(is_fixture));
    }
    paths.sort();
    let few = paths.iter().step_by(EVERY);
    few.map(|path| manifests(path)).collect()
}

fn documents(name: &str, text: &str) -> Vec<Document> {
    parse(FileId(0), &SourceFile::new(name, text)).0
}

/// The same documents, written as JSON, with `change` applied to each.
fn written(files: &Files, change: &impl Fn(&mut Value)) -> Files {
    let document = |document: &Document| {
        let mut value = spans::json(document.root());
        change(&mut value);
        format!("---\n{value}\n")
    };
    files
        .iter()
        .map(|(name, text)| {
            let texts: Vec<String> = documents(name, text).iter().map(document).collect();
            (name.clone(), texts.concat())
        })
        .collect()
}

/// The objects of a document.
fn each_object(value: &mut Value, change: &impl Fn(&mut Value)) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let is_list = text("kind").is_some_and(|kind| kind.ends_with("List"));
    let is_object = text("apiVersion").is_some() && text("kind").is_some();
    match value.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) if is_list => items.iter_mut().for_each(|item| each_object(item, change)),
        _ if is_object => change(value),
        _ => {}
    }
}

/// Where an object has its pod template; the empty path is a pod itself.
fn template(object: &Value) -> Option<&'static str> {
    let group = object["apiVersion"].as_str()?.split_once('/');
    match (
        group.map_or("", |(group, _)| group),
        object["kind"].as_str()?,
    ) {
        ("", "Pod") => Some(""),
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("argoproj.io", "Rollout")
        | ("batch", "Job") => Some("/spec/template"),
        ("batch", "CronJob") => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

fn containers(object: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    let Some(template) = template(object) else {
        return;
    };
    for list in ["containers", "initContainers"] {
        let found = object.pointer_mut(&format!("{template}/spec/{list}"));
        let items = found.and_then(Value::as_array_mut).into_iter().flatten();
        items.filter_map(Value::as_object_mut).for_each(&change);
    }
}

/// Gives images a version, but for those that mean something without one.
fn with_versions(value: &mut Value) {
    each_object(value, &|object| {
        containers(object, |container| {
            if let Some(Value::String(image)) = container.get_mut("image")
                && image != "auto"
                && !image.contains([':', '@'])
            {
                image.push_str(":1.2.3");
            }
        });
    });
}

fn is_own_image(image: &str) -> bool {
    [
        "istio",
        "linkerd",
        "consul",
        "l5d",
        "buoyant",
        "proxyv2",
        "ztunnel",
        "install-cni",
        "pilot",
    ]
    .iter()
    .any(|word| image.contains(word))
}

/// Changes all that is of no account.
fn of_no_account(value: &mut Value) {
    each_object(value, &|object| {
        let pods = template(object);
        let is_own = object["apiVersion"]
            .as_str()
            .unwrap()
            .starts_with("kustomize");
        if is_own {
            return;
        }
        object["status"] =
            json!({"replicas": 7, "loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}});
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for key in [
                "generation",
                "resourceVersion",
                "uid",
                "selfLink",
                "managedFields",
            ] {
                metadata.insert(key.to_owned(), json!("7"));
            }
            metadata.entry("creationTimestamp").or_insert(Value::Null);
            if let Some(annotations) = metadata
                .get_mut("annotations")
                .and_then(Value::as_object_mut)
            {
                let key = "kubectl.kubernetes.io/last-applied-configuration";
                annotations.insert(key.to_owned(), json!("{\"kind\": \"PeerAuthentication\"}"));
            }
        }
        let rolls = object["apiVersion"] == "apps/v1";
        if let Some(spec) = object
            .get_mut("spec")
            .and_then(Value::as_object_mut)
            .filter(|_| pods == Some("/spec/template"))
        {
            if spec.get("replicas").is_none_or(|count| count != 0) {
                spec.insert("replicas".to_owned(), json!(7));
            }
            for key in [
                "strategy",
                "updateStrategy",
                "minReadySeconds",
                "revisionHistoryLimit",
                "progressDeadlineSeconds",
            ] {
                if rolls {
                    spec.insert(key.to_owned(), json!({"type": "Recreate"}));
                }
            }
        }
        let spec = pods.and_then(|pods| object.pointer_mut(&format!("{pods}/spec")));
        if let Some(spec) = spec.and_then(Value::as_object_mut) {
            spec.insert("terminationGracePeriodSeconds".to_owned(), json!(7));
        }
        containers(object, |container| {
            container.insert("resources".to_owned(), json!({"limits": {"cpu": "7"}}));
            container.insert("imagePullPolicy".to_owned(), json!("Never"));
            let is_server = container.get("name") == Some(&json!("consul"));
            if let Some(Value::String(image)) = container.get_mut("image")
                && let Some((name, "1.2.3")) = image.rsplit_once(':')
                && !is_own_image(name)
                && !is_server
            {
                *image = format!("{name}:v7.0-4f2c9e1@sha256:77");
            }
        });
    });
}

/// Facts and findings of all environments.
fn judged(files: &Files, rules: &Rules) -> (Vec<Value>, Vec<String>) {
    let mut sources = Sources::default();
    for (name, text) in files {
        sources.add(SourceFile::new(name.as_str(), text.as_str()));
    }
    let parsed = scan::parse(&sources);
    let origin = Origin::default();
    let facts = parsed.environments.iter().map(|environment| {
        let judged = scan::judge(&parsed, environment, &origin, &Sections::All);
        serde_json::to_value(&judged.input).unwrap()
    });
    let facts = facts.collect();
    let found = scan::scan(&sources, &parsed, rules, &origin).findings;
    let findings = found
        .iter()
        .map(|f| format!("{} {} {} {:?}", f.rule, f.at, f.message, f.environments));
    // they come in the order of their lines
    let mut findings: Vec<String> = findings.collect();
    findings.sort();
    (facts, findings)
}

fn digests(files: &Files) -> Vec<u128> {
    let read = files.iter().map(|(name, text)| documents(name, text));
    read.flat_map(|documents| documents.iter().map(digest).collect::<Vec<_>>())
        .collect()
}

#[test]
fn fields_of_no_account_change_no_fact_and_no_finding() {
    let rules = Rules::embedded().unwrap();
    let (mut objects, mut found) = (0, 0);
    for files in cases() {
        let before = written(&files, &with_versions);
        let after = written(&before, &of_no_account);
        let name = files.first().map_or("", |(name, _)| name);
        assert_eq!(digests(&before), digests(&after), "{name}");
        let (one, other) = (judged(&before, &rules), judged(&after, &rules));
        assert_eq!(one.1, other.1, "{name}");
        assert!(one.0 == other.0, "{name}: other facts");
        objects += digests(&before).len();
        found += one.1.len();
    }
    assert!(
        objects > 500 && found > 50,
        "{objects} objects, {found} findings"
    );
}

#[test]
fn style_changes_neither_digest_nor_judgement() {
    let rules = Rules::embedded().unwrap();
    for files in cases() {
        let as_json = written(&files, &|_| ());
        let name = files.first().map_or("", |(name, _)| name);
        assert_eq!(digests(&files), digests(&as_json), "{name}");
        let (one, other) = (judged(&files, &rules), judged(&as_json, &rules));
        assert!(one.1 == other.1, "{name}: other findings");
        assert!(one.0 == other.0, "{name}: other facts");
        let turned = written(&files, &turn);
        assert_eq!(digests(&files), digests(&turned), "{name}");
        let turned = judged(&turned, &rules).1;
        assert!(
            one.1 == turned,
            "{name}: other findings by the order of keys"
        );
    }
}

/// Turns the order of all keys round.
fn turn(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(turn),
        Value::Object(map) => {
            map.values_mut().for_each(turn);
            let entries: Vec<_> = std::mem::take(map).into_iter().collect();
            map.extend(entries.into_iter().rev());
        }
        _ => {}
    }
}

/// The scalars of a document, each with its way.
fn scalars(value: &Value, way: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                scalars(item, format!("{way}/{at}"), found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                scalars(value, format!("{way}/{key}"), found);
            }
        }
        _ => found.push(way),
    }
}

/// Whether a field may be of no account; the other test says which are.
fn may_be_of_no_account(way: &str) -> bool {
    let is_one = |name: &str| way.contains(&format!("/{name}"));
    [
        "status",
        "generation",
        "resourceVersion",
        "uid",
        "selfLink",
        "managedFields",
        "kubectl.kubernetes.io",
    ]
    .into_iter()
    .chain([
        "replicas",
        "strategy",
        "updateStrategy",
        "minReadySeconds",
        "revisionHistoryLimit",
    ])
    .chain([
        "progressDeadlineSeconds",
        "terminationGracePeriodSeconds",
        "resources",
        "imagePullPolicy",
    ])
    .chain(["image", "creationTimestamp"])
    .any(is_one)
}

fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!(false),
        Value::Bool(value) => json!(!value),
        Value::Number(value) => json!(value.as_f64().unwrap_or(0.0) + 1.0),
        Value::String(text) => json!(format!("{text}x")),
        other => other.clone(),
    }
}

#[test]
fn every_other_scalar_changes_the_digest() {
    let mut tried = 0;
    for files in cases() {
        for (name, text) in &files {
            for document in documents(name, text) {
                let value = spans::json(document.root());
                let mut ways = Vec::new();
                scalars(&value, String::new(), &mut ways);
                for way in ways.iter().step_by(3).filter(|way| !way.is_empty()) {
                    let mut changed = value.clone();
                    let scalar = changed.pointer_mut(way).unwrap();
                    *scalar = other(scalar);
                    let read = documents(name, &changed.to_string());
                    assert_ne!(exact(&document), exact(&read[0]), "{name} {way}");
                    if !may_be_of_no_account(way) {
                        assert_ne!(digest(&document), digest(&read[0]), "{name} {way}");
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 3000, "only {tried} scalars were tried");
}
