//! A listing that is turned from commit to commit says what a look at each commit says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, Signature, Time};
use meshvet::load::{Listing, Loaded, Log, Options, Refusal, Revision, blob_id};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// How many repositories are tried.
const CASES: u32 = 100;

/// Something in a tree.
#[derive(Debug, Clone, Copy)]
enum Node {
    File(&'static str),
    Link(&'static str),
    Submodule,
}

/// What one commit does.
#[derive(Debug, Clone)]
enum Step {
    Put(&'static str, &'static str, Node),
    Remove(&'static str, &'static str),
    Move(&'static str, &'static str),
    /// All is as it was at first.
    Reset,
}

type Files = BTreeMap<String, Node>;

const DIRECTORIES: [&str; 7] = ["", "a", "a/b", "a/x.yaml", "b", "b/a", "x.yaml"];
const NAMES: [&str; 9] = [
    "x.yaml",
    "y.json",
    "z\u{f6} 1\n.yaml",
    "plain.txt",
    "Kustomization",
    ".gitignore",
    "a",
    "b",
    "a.yaml",
];
const TEXTS: [&str; 3] = ["a: 1\n", "a: 2\n", ""];
const RULES: [&str; 7] = [
    "x.yaml\n",
    "a/\n",
    "!x.yaml\n",
    "/b\n*.json\n",
    "b/a/\n",
    "*\n!*/\n!a.yaml\n",
    "",
];
const TARGETS: [&str; 6] = ["x.yaml", "../a", "a/b", "plain.txt", "..", "/etc"];
const PATHS: [&[&str]; 10] = [
    &["."],
    &["a"],
    &["a/x.yaml"],
    &["a", "b"],
    &[".", "a"],
    &["a/plain.txt", "a"],
    &["a/../b"],
    &["a/b", "a/x.yaml", "b/y.json"],
    &["b/a/plain.txt"],
    &["nothing", "x.yaml"],
];

fn put() -> impl Strategy<Value = Step> {
    let text = |name| match name {
        ".gitignore" => &RULES[..],
        _ => &TEXTS[..],
    };
    let one = |texts: &'static [&'static str]| {
        prop_oneof![
            12 => prop::sample::select(texts).prop_map(Node::File),
            2 => prop::sample::select(&TARGETS[..]).prop_map(Node::Link),
            1 => Just(Node::Submodule),
        ]
    };
    let place = (
        prop::sample::select(&DIRECTORIES[..]),
        prop::sample::select(&NAMES[..]),
    );
    place.prop_flat_map(move |(at, name)| {
        one(text(name)).prop_map(move |node| Step::Put(at, name, node))
    })
}

fn step() -> impl Strategy<Value = Step> {
    let directory = || prop::sample::select(&DIRECTORIES[..]);
    let name = prop::sample::select(&NAMES[..]);
    prop_oneof![
        6 => put(),
        2 => (directory(), name).prop_map(|(at, name)| Step::Remove(at, name)),
        2 => (directory(), directory()).prop_map(|(from, to)| Step::Move(from, to)),
        1 => Just(Step::Reset),
    ]
}

fn join(at: &str, name: &str) -> String {
    [at, name].join("/").trim_start_matches('/').to_owned()
}

fn below(name: &str, directory: &str) -> bool {
    name.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Puts something somewhere; what was in its way is gone.
fn set(files: &mut Files, name: &str, node: Node) {
    files.retain(|known, _| !below(known, name) && !below(name, known));
    files.insert(name.to_owned(), node);
}

fn apply(step: &Step, files: &mut Files, first: &Files) {
    match step {
        Step::Put(at, name, node) => set(files, &join(at, name), *node),
        Step::Remove(at, name) => {
            let name = join(at, name);
            files.retain(|known, _| !below(known, &name));
        }
        Step::Move(from, to) => {
            let is_moved = |name: &str| !from.is_empty() && below(name, from);
            let moved: Vec<_> = files
                .iter()
                .filter(|(name, _)| is_moved(name))
                .map(|(name, node)| (name.clone(), *node))
                .collect();
            files.retain(|name, _| !is_moved(name));
            for (name, node) in moved {
                let rest = name.strip_prefix(from).unwrap();
                let name = format!("{to}{rest}");
                let name = name.trim_start_matches('/');
                if !name.is_empty() {
                    set(files, name, node);
                }
            }
        }
        Step::Reset => files.clone_from(first),
    }
}

fn tree(repository: &Repository, files: &Files, at: &str) -> Oid {
    let mut builder = repository.treebuilder(None).unwrap();
    for (name, node) in files {
        let Some(rest) = name.strip_prefix(at) else {
            continue;
        };
        let blob = |text: &str| repository.blob(text.as_bytes()).unwrap();
        let (name, id, mode) = match (rest.split_once('/'), node) {
            (Some((directory, _)), _) => {
                let inner = tree(repository, files, &format!("{at}{directory}/"));
                (directory, inner, 0o040_000)
            }
            (None, Node::File(text)) => (rest, blob(text), 0o100_644),
            (None, Node::Link(target)) => (rest, blob(target), 0o120_000),
            (None, Node::Submodule) => (rest, blob_id("a commit elsewhere"), 0o160_000),
        };
        builder.insert(name, id, mode).unwrap();
    }
    builder.write().unwrap()
}

/// Commits of these states, each the parent of the next.
fn commits(repository: &Repository, states: &[Files]) -> Vec<Oid> {
    let ann = Signature::new("Ann", "ann@example.com", &Time::new(1_700_000_000, 0)).unwrap();
    let mut commits: Vec<Oid> = Vec::new();
    for files in states {
        let tree = repository.find_tree(tree(repository, files, "")).unwrap();
        let parents = commits.last().map(|&id| repository.find_commit(id));
        let parents: Vec<_> = parents.into_iter().map(Result::unwrap).collect();
        let parents: Vec<_> = parents.iter().collect();
        let id = repository.commit(None, &ann, &ann, "a change", &tree, &parents);
        commits.push(id.unwrap());
    }
    commits
}

/// The files that were read, and what could not be.
fn read(loaded: &Loaded) -> (BTreeMap<String, Oid>, Vec<String>) {
    let files = loaded.sources.iter();
    let files = files.map(|(_, file)| (file.name().to_owned(), blob_id(file.text())));
    let problems = loaded.problems.iter();
    let problems = problems.map(|problem| format!("{problem:?}"));
    (files.collect(), problems.collect())
}

/// Goes through commits in both directions.
fn turned_says_what_a_look_says(
    cwd: &Path,
    paths: &[PathBuf],
    options: Options,
    commits: &[Oid],
) -> Result<(), TestCaseError> {
    let revision = Revision::find(&commits[0].to_string(), cwd, paths).unwrap();
    let log = Log::new(&revision);
    let mut listing = Listing::empty(&revision, paths, options);
    let mut known: BTreeMap<String, Oid> = BTreeMap::new();
    for &id in commits.iter().rev().chain(commits) {
        let looked = Revision::find(&id.to_string(), cwd, paths).unwrap();
        let looked = looked.load(paths, &options);
        let turned = listing.turn(Some(log.commit(id).unwrap().tree));
        let (loaded, differences) = match (looked, turned) {
            (Ok(loaded), Ok(differences)) => (loaded, differences),
            (Err(Refusal::Empty(_)), Err(Refusal::Empty(_))) => {
                // in a submodule: nothing goes on from here
                listing = Listing::empty(&revision, paths, options);
                known.clear();
                continue;
            }
            (looked, turned) => panic!("{looked:?} but {turned:?}"),
        };
        let names: Vec<_> = differences.iter().map(|one| &one.name).collect();
        prop_assert!(names.is_sorted(), "{names:?}");
        for one in &differences {
            prop_assert_ne!(one.from, one.to, "{}", one.name);
            prop_assert_eq!(known.get(&one.name).copied(), one.from, "{}", one.name);
            match one.to {
                Some(id) => known.insert(one.name.clone(), id),
                None => known.remove(&one.name),
            };
        }
        let problems = listing.problems().iter();
        let problems: Vec<_> = problems.map(|problem| format!("{problem:?}")).collect();
        prop_assert_eq!((known.clone(), problems), read(&loaded));
    }
    Ok(())
}

/// A case: the first state, what further commits do, what is read, from where, and whether ignore
/// files count.
fn case() -> impl Strategy<
    Value = (
        Vec<Step>,
        Vec<Vec<Step>>,
        &'static [&'static str],
        bool,
        bool,
    ),
> {
    (
        prop::collection::vec(put(), 0..12),
        prop::collection::vec(prop::collection::vec(step(), 1..3), 1..8),
        prop::sample::select(&PATHS[..]),
        any::<bool>(),
        prop::bool::weighted(0.8),
    )
}

#[test]
fn turning_says_what_a_look_at_each_commit_says() {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::init(directory.path()).unwrap();
    let inner = directory.path().join("a");
    std::fs::create_dir(&inner).unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let ran = runner.run(&case(), |(first, steps, paths, is_within, gitignore)| {
        let mut files = Files::new();
        for step in &first {
            apply(step, &mut files, &Files::new());
        }
        let mut states = vec![files.clone()];
        for several in &steps {
            for step in several {
                apply(step, &mut files, &states[0]);
            }
            states.push(files.clone());
        }
        let commits = commits(&repository, &states);
        let up = |path: &&str| match is_within {
            false => PathBuf::from(path),
            true => Path::new("..").join(path),
        };
        let paths: Vec<PathBuf> = paths.iter().map(up).collect();
        let cwd: &Path = if is_within { &inner } else { directory.path() };
        turned_says_what_a_look_says(
            cwd,
            &paths,
            Options {
                gitignore,
                charts: false,
            },
            &commits,
        )
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
}
