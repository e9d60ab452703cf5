//! What kustomizations come to, against what kustomize itself makes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use meshvet::load::{Options, load};
use meshvet::model::Place;
use meshvet::render::Environment;
use meshvet::scan::{Parsed, parse};
use meshvet::syntax::{Node, Value};
use meshvet::text::{FileId, SourceFile, Sources};
use serde_json::{Map, Value as Json, json};

use crate::cli::{folders, root};

type Objects = BTreeMap<String, Json>;

/// `UPDATE=1 KUSTOMIZE=/path/to/kustomize cargo test --test it kustomize` rewrites what is expected.
#[test]
fn every_case_is_what_kustomize_makes_of_it() {
    let cases = root().join("testdata/kustomize");
    let kustomize = std::env::var("KUSTOMIZE").ok();
    let update = kustomize.filter(|_| std::env::var_os("UPDATE").is_some());
    let mut count = 0;
    let mut wrong = Vec::new();
    for case in folders(&cases) {
        let name = case.file_name().expect("a name").to_string_lossy();
        let expected = case.join("expected.yaml");
        if let Some(kustomize) = &update {
            let made = built(kustomize, &case).expect("kustomize builds it");
            std::fs::write(&expected, made).expect("written");
        }
        let expected = std::fs::read_to_string(&expected).expect("expected.yaml");
        let world = World::read(&case);
        let differences = match world.objects(".") {
            Some(own) => differences(&own, &read(&expected)),
            None => vec![world.reasons(".")],
        };
        if !differences.is_empty() {
            wrong.push(format!("{name}: {}", differences.join("\n  ")));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 10, "only {count} cases");
}

/// `MESHVET_KUSTOMIZE=/path/to/kustomize MESHVET_KUSTOMIZE_CORPUS=/directory` compares all that is there.
#[allow(clippy::print_stdout)]
#[test]
fn every_kustomization_of_a_corpus_is_what_kustomize_makes_of_it() {
    let variable = |name| std::env::var(name).ok();
    let both = variable("MESHVET_KUSTOMIZE").zip(variable("MESHVET_KUSTOMIZE_CORPUS"));
    let Some((kustomize, corpus)) = both else {
        return;
    };
    let corpus = PathBuf::from(corpus);
    let world = World::read(&corpus);
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for directory in &world.directories {
        let theirs = built(&kustomize, &corpus.join(directory));
        let own = world.objects(directory);
        let outcome = match (own, theirs) {
            (Some(own), Ok(theirs)) => {
                let differences = differences(&own, &read(&theirs));
                match (differences.is_empty(), world.is_doubtful(directory)) {
                    (true, _) => "equal",
                    (false, true) => {
                        let differences = differences.join("\n  ");
                        println!("different, with a problem: {directory}: {differences}");
                        "different, with a problem named"
                    }
                    (false, false) => {
                        wrong.push(format!("{directory}: {}", differences.join("\n  ")));
                        "different"
                    }
                }
            }
            (None, Ok(_)) => {
                let reasons = world.reasons(directory);
                println!("not built: {directory}: {reasons}");
                if reasons.is_empty() {
                    wrong.push(format!("{directory}: nothing, and no reason"));
                }
                "not built, with a problem named"
            }
            (Some(_), Err(error)) if !world.is_doubtful(directory) => {
                println!("built, and refused by kustomize: {directory}: {error}");
                "built, and refused by kustomize"
            }
            (_, Err(error)) => {
                println!(
                    "refused by both: {directory}: {}\n  {error}",
                    world.reasons(directory)
                );
                "refused by both"
            }
        };
        *tally.entry(outcome).or_default() += 1;
    }
    println!("{tally:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What kustomize makes of a directory; it reaches no network.
fn built(kustomize: &str, directory: &Path) -> Result<String, String> {
    let nowhere = "http://127.0.0.1:9";
    let output = Command::new(kustomize)
        .args(["build", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(directory)
        .env("https_proxy", nowhere)
        .env("http_proxy", nowhere)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_SSH_COMMAND", "false")
        .output()
        .expect("kustomize runs");
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).expect("text")),
        false => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(text
                .lines()
                .last()
                .unwrap_or_default()
                .chars()
                .take(300)
                .collect())
        }
    }
}

/// A directory, with each kustomization in it as the only base of another one.
struct World {
    sources: Sources,
    parsed: Parsed,
    /// The directories of kustomizations that are no components.
    directories: Vec<String>,
}

impl World {
    fn read(directory: &Path) -> Self {
        let options = Options {
            gitignore: false,
            ..Options::default()
        };
        let mut sources = Sources::default();
        let loaded = load(&[".".into()], directory, &options);
        let mut directories = Vec::new();
        for (_, file) in loaded.sources.iter() {
            sources.add(SourceFile::new(format!("in/{}", file.name()), file.text()));
            let name = file.name().rsplit('/').next().unwrap_or_default();
            let is_one = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
            let is_other = ["kind: Component", "toolkit.fluxcd.io"];
            if is_one.contains(&name) && !is_other.iter().any(|word| file.text().contains(word)) {
                let directory = file.name().rsplit_once('/').map_or(".", |(it, _)| it);
                directories.push(directory.to_owned());
            }
        }
        directories.dedup();
        for (number, directory) in directories.iter().enumerate() {
            let name = format!("by/{number}/kustomization.yaml");
            let text = format!("resources: ['../../in/{directory}']\n");
            sources.add(SourceFile::new(name, text));
        }
        let parsed = parse(&sources);
        Self {
            sources,
            parsed,
            directories,
        }
    }

    fn environment(&self, directory: &str) -> Option<&Environment> {
        let number = self.directories.iter().position(|one| one == directory)?;
        let name = format!("by/{number}");
        self.parsed.environments.iter().find(|one| one.name == name)
    }

    fn objects(&self, directory: &str) -> Option<Objects> {
        let Some(environment) = self.environment(directory) else {
            return self.reasons(directory).is_empty().then(Objects::new);
        };
        let members = environment.members.iter().map(|member| {
            let document = &self.parsed.documents[member.document];
            let mut object = value(document.root());
            if let Some(namespace) = &member.namespace {
                object["metadata"]["namespace"] = json!(*namespace.name);
            }
            object
        });
        Some(keyed(members))
    }

    /// Whether something of an environment is known to be missing.
    fn is_doubtful(&self, directory: &str) -> bool {
        let Some(environment) = self.environment(directory) else {
            return true;
        };
        let mut problems = self.parsed.problems.iter();
        problems.any(|problem| match problem.place {
            Place::Span(span) => environment.made_from.contains(&span.file),
            Place::File(file) => environment.made_from.contains(&file),
            _ => false,
        })
    }

    /// Why a directory is not built.
    fn reasons(&self, directory: &str) -> String {
        let number = self.directories.iter().position(|one| one == directory);
        let number = number.expect("a directory");
        let name = format!("by/{number}");
        let problems = self.parsed.problems.iter();
        let about = problems.filter(|problem| {
            let mut words = problem.message.split([' ', ')']);
            words.any(|word| word == name)
        });
        let line = |file: FileId, start| {
            let file = self.sources.get(file);
            format!("{}:{}", file.name(), file.line_at(start))
        };
        let shown = about.map(|problem| match problem.place {
            Place::Span(span) => format!("{} {}", line(span.file, span.start), problem.message),
            _ => problem.message.clone(),
        });
        shown.collect::<Vec<_>>().join("; ")
    }
}

/// The objects of a text.
fn read(text: &str) -> Objects {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("expected.yaml", text));
    let (documents, problems) = meshvet::syntax::parse(file, sources.get(file));
    assert!(problems.is_empty(), "{problems:?}");
    keyed(documents.iter().map(|document| value(document.root())))
}

fn keyed(objects: impl Iterator<Item = Json>) -> Objects {
    let key = |object: &Json| {
        let metadata = &object["metadata"];
        let parts = [
            &object["apiVersion"],
            &object["kind"],
            &metadata["namespace"],
            &metadata["name"],
        ];
        parts
            .map(|part| part.as_str().unwrap_or_default())
            .join(" ")
    };
    objects.map(|object| (key(&object), object)).collect()
}

fn value(node: Node<'_>) -> Json {
    match node.value() {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::UInt(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(text) => json!(text),
        Value::List => node.items().map(value).collect(),
        Value::Map => {
            let entries = node.entries();
            let entries = entries.map(|entry| (entry.key.to_owned(), value(entry.value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
    }
}

/// What is different, shortly. What a Secret holds is not compared, nor the hash in its name.
fn differences(own: &Objects, theirs: &Objects) -> Vec<String> {
    let theirs = without_hashes(own, theirs);
    let (own, theirs) = (plain(own), plain(&theirs));
    let mut found = Vec::new();
    for (key, object) in &own {
        match theirs.get(key) {
            None => found.push(format!("only here: {key}")),
            Some(other) => compare(key, object, other, &mut found),
        }
    }
    let missing = theirs.keys().filter(|key| !own.contains_key(*key));
    found.extend(missing.map(|key| format!("missing here: {key}")));
    found.truncate(8);
    found
}

fn compare(at: &str, own: &Json, theirs: &Json, found: &mut Vec<String>) {
    match (own, theirs) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => compare(&format!("{at}/{key}"), a, b, found),
                    (a, b) => found.push(format!("{at}/{key}: {a:?} not {b:?}")),
                }
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (number, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{at}/{number}"), a, b, found);
            }
        }
        (Json::Number(a), Json::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (Json::String(a), Json::String(b)) => {
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
            let part = |text: &str| -> String {
                text.chars()
                    .skip(same.saturating_sub(20))
                    .take(60)
                    .collect()
            };
            let (a, b) = (part(a), part(b));
            found.push(format!("{at}: {a:?} not {b:?}"));
        }
        (a, b) => found.push(format!("{at}: {a} not {b}")),
    }
}

/// Secrets end in a hash that is not known here.
fn without_hashes(own: &Objects, theirs: &Objects) -> Objects {
    let secrets = |objects: &Objects| {
        let secrets = objects.values().filter(|object| object["kind"] == "Secret");
        let names = secrets.filter_map(|object| object["metadata"]["name"].as_str());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut text = json!(theirs.values().collect::<Vec<_>>()).to_string();
    for name in secrets(own) {
        let Some(base) = name.strip_suffix("0000000000") else {
            continue;
        };
        let is_other = |other: &&String| {
            other
                .strip_prefix(base)
                .is_some_and(|hash| hash.len() == 10)
        };
        if let Some(other) = secrets(theirs).iter().find(is_other) {
            text = text.replace(&json!(other).to_string(), &json!(name).to_string());
        }
    }
    let objects: Vec<Json> = serde_json::from_str(&text).expect("JSON");
    keyed(objects.into_iter())
}

fn plain(objects: &Objects) -> Objects {
    let plain = |object: &Json| {
        let mut object = object.clone();
        if object["kind"] == "Secret" {
            let data = object.get_mut("data").and_then(Json::as_object_mut);
            data.into_iter()
                .flatten()
                .for_each(|(_, value)| *value = Json::Null);
        }
        let metadata = object.get_mut("metadata").and_then(Json::as_object_mut);
        if let Some(metadata) = metadata {
            metadata.retain(|key, value| {
                key != "annotations" || value.as_object().is_some_and(|map| !map.is_empty())
            });
        }
        object
    };
    objects
        .iter()
        .map(|(key, object)| (key.clone(), plain(object)))
        .collect()
}
