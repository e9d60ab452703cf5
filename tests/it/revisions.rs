//! `--rev` reads what was committed, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexAddOption, IndexEntry, IndexTime, ObjectType, Oid, Repository, Signature, Time};
use meshvet::cli::Exit;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{Ran, SHOP, folders, meshvet, meshvet_with, root};

/// A repository with a working tree.
pub struct Shop {
    dir: TempDir,
    pub repository: Repository,
}

impl Shop {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let repository = Repository::init_opts(dir.path(), &options).unwrap();
        Self { dir, repository }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Commits the working tree, ignored files too, and `more` beside it.
    fn commit_with(&self, more: &[IndexEntry]) -> Oid {
        let mut index = self.repository.index().unwrap();
        index.clear().unwrap();
        index.add_all(["*"], IndexAddOption::FORCE, None).unwrap();
        for entry in more {
            index.add(entry).unwrap();
        }
        index.write().unwrap();
        self.commit_tree(index.write_tree().unwrap())
    }

    fn commit(&self) -> Oid {
        self.commit_with(&[])
    }

    fn commit_tree(&self, tree: Oid) -> Oid {
        let ann = Signature::new("Ann", "ann@example.com", &Time::new(1_700_000_000, 0)).unwrap();
        let tree = self.repository.find_tree(tree).unwrap();
        let head = self.repository.head();
        let parent = head.ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        self.repository
            .commit(Some("HEAD"), &ann, &ann, "a change", &tree, &parents)
            .unwrap()
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        meshvet(self.path(), args)
    }

    /// A repository whose first commit is permissive and whose second and working tree are not.
    fn with_two_commits() -> (Self, Oid, Oid) {
        let shop = Self::new();
        shop.write("deploy/shop.yaml", with_mode("PERMISSIVE"));
        let first = shop.commit();
        shop.write("deploy/shop.yaml", with_mode("STRICT"));
        let second = shop.commit();
        (shop, first, second)
    }
}

/// A workload of a namespace with this mode.
pub fn with_mode(mode: &str) -> String {
    format!(
        "{SHOP}---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: shop\nspec:\n  mtls:\n    mode: {mode}\n"
    )
}

pub fn entry(name: &str, mode: u32, id: Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: name.into(),
    }
}

/// A tree object as it stands in git's data, whatever its names are.
fn raw_tree(repository: &Repository, entries: &[(&str, &str, Oid)]) -> Oid {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend(format!("{mode} {name}\0").bytes());
        bytes.extend(id.as_bytes());
    }
    let odb = repository.odb().unwrap();
    odb.write(ObjectType::Tree, &bytes).unwrap()
}

fn is_permissive(ran: &Ran) -> bool {
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .any(|finding| finding["rule"] == "mtls/permissive")
}

fn files(ran: &Ran) -> u64 {
    ran.json()["scan"]["files"].as_u64().unwrap()
}

fn problems(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let report = ran.json();
    let problems = report["problems"].as_array().unwrap().iter();
    problems
        .map(|p| (text(&p["location"]["file"]), text(&p["message"])))
        .collect()
}

#[track_caller]
pub fn refused(ran: &Ran, exit: Exit, message: &str) {
    assert_eq!(ran.exit, exit, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(message), "{message}: {}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

/// A scan of the last commit says what a scan of the clean working tree says.
#[track_caller]
fn same(cwd: &Path, paths: &[&str]) -> Value {
    let ask = |more: &[&str]| meshvet(cwd, &[&["scan"], more, paths].concat());
    let disk = ask(&["-v"]);
    assert_eq!(ask(&["-v", "--rev", "HEAD"]), disk);
    let (disk, commit) = (ask(&["-f", "json"]), ask(&["-f", "json", "--rev", "HEAD"]));
    assert_eq!((commit.exit, &commit.stderr), (disk.exit, &disk.stderr));
    let (mut disk, mut commit) = (disk.json(), commit.json());
    let origins = (
        disk["scan"]["origin"].take(),
        commit["scan"]["origin"].take(),
    );
    assert_eq!(origins, (json!("directory"), json!("revision")));
    assert_eq!(commit, disk);
    disk
}

#[test]
fn a_clean_checkout_and_its_commit_give_the_same_report() {
    for scenario in folders(&root().join("testdata/scenarios")) {
        let shop = Shop::new();
        for entry in walkdir::WalkDir::new(&scenario) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let name = entry.path().strip_prefix(&scenario).unwrap();
                shop.write(
                    &format!("deploy/{}", name.display()),
                    fs::read(entry.path()).unwrap(),
                );
            }
        }
        shop.commit();
        same(shop.path(), &[]);
        same(shop.path(), &["deploy"]);
        same(&shop.path().join("deploy"), &["../deploy/"]);
        let absolute = shop.path().join("deploy");
        same(shop.path(), &[absolute.to_str().unwrap()]);
        for command in [
            &["facts"][..],
            &["test", "-f", "json"],
            &["scan", "-f", "sarif"],
        ] {
            let disk = shop.run(command);
            let commit = shop.run(&[command, &["--rev", "HEAD"]].concat());
            let as_on_disk = commit
                .stdout
                .replace("\"origin\": \"revision\"", "\"origin\": \"directory\"");
            assert_eq!((commit.exit, as_on_disk), (disk.exit, disk.stdout));
        }
    }
}

#[test]
fn what_is_odd_is_told_as_it_is_of_a_directory() {
    let shop = Shop::new();
    shop.write("a/shop.yaml", with_mode("PERMISSIVE"));
    shop.write("a/latin.yaml", b"x: \xe9\n");
    shop.write("a/utf16.yaml", b"\xff\xfea\0");
    shop.write("a/large.yaml", vec![b'#'; 32 * 1024 * 1024 + 1]);
    shop.write("a/data.txt", "a: 1\n");
    shop.write("a/.hidden/x.yml", "a: 1\n");
    shop.write("a/notes.md", "");
    shop.write("a/Kustomization", "resources: [shop.yaml]\n");
    // tracked, and named by an ignore file all the same
    shop.write(".gitignore", "out/\n*.gen.yaml\n/b.yaml\n");
    shop.write("a/.gitignore", "!keep.gen.yaml\n[\n/only.yaml");
    shop.write("a/out/x.yaml", "a: 1\n");
    shop.write("a/x.gen.yaml", "a: 1\n");
    shop.write("a/keep.gen.yaml", "a: 1\n");
    shop.write("a/b.yaml", "a: 1\n");
    shop.write("a/only.yaml", "a: 1\n");
    shop.write("a/sub/only.yaml", "a: 1\n");
    shop.write("b.yaml", "a: 1\n");
    shop.commit();
    let report = same(shop.path(), &[]);
    assert_eq!(report["problems"].as_array().unwrap().len(), 3);
    // shop, .hidden/x, Kustomization, keep.gen, b, sub/only
    assert_eq!(report["scan"]["files"], 6);
    assert_eq!(same(shop.path(), &["a", "a/data.txt"])["scan"]["files"], 7);
    assert_eq!(same(shop.path(), &["--no-ignore"])["scan"]["files"], 10);
    same(&shop.path().join("a"), &["--no-ignore", ".", "../b.yaml"]);
}

#[test]
fn the_revision_counts_and_not_what_lies_there() {
    let (shop, first, second) = Shop::with_two_commits();
    let tagger = Signature::now("Ann", "ann@example.com").unwrap();
    let object = shop.repository.find_object(first, None).unwrap();
    shop.repository
        .tag("v1", &object, &tagger, "one", false)
        .unwrap();
    shop.repository
        .branch("old", &object.peel_to_commit().unwrap(), false)
        .unwrap();
    shop.write("deploy/uncommitted.yaml", "a: [\n");
    let full = first.to_string();
    let (short, _) = full.split_at(10);
    for rev in [
        "HEAD~1",
        "HEAD^",
        "v1",
        "v1^{}",
        "old",
        "refs/heads/old",
        "main~1",
        "main@{1}",
        "@~",
        &full,
        short,
    ] {
        let ran = shop.run(&["scan", "-f", "json", "--rev", rev]);
        assert!(is_permissive(&ran), "{rev}");
        assert_eq!(ran.exit, Exit::Found, "{rev}");
        assert_eq!(ran.json()["scan"]["revision"], json!(full), "{rev}");
        assert_eq!(ran.json()["scan"]["origin"], "revision", "{rev}");
    }
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert!(!is_permissive(&ran));
    assert_eq!(ran.json()["scan"]["revision"], json!(second.to_string()));
    // neither the files nor their directory need be there, as in a sparse checkout
    fs::remove_dir_all(shop.path().join("deploy")).unwrap();
    for paths in [
        &[][..],
        &["deploy"],
        &["deploy/shop.yaml"],
        &["./x/../deploy"],
    ] {
        let ran = shop.run(&[&["scan", "-f", "json", "--rev", "old"], paths].concat());
        assert!(is_permissive(&ran), "{paths:?}");
        assert_eq!(
            ran.json()["findings"][0]["location"]["file"],
            "deploy/shop.yaml"
        );
    }
}

#[test]
fn questions_and_tests_are_asked_of_the_revision() {
    let shop = Shop::new();
    shop.write("shop.yaml", with_mode("PERMISSIVE"));
    let plain = "tests:\n- name: plain\n  from: {external: true}\n  to: {workload: shop/api, port: 8080}\n  expect: deny\n";
    shop.write("shop.meshvet-test.yaml", plain);
    shop.commit();
    shop.write("shop.yaml", with_mode("STRICT"));
    fs::remove_file(shop.path().join("shop.meshvet-test.yaml")).unwrap();
    shop.commit();
    let ask = |rev: &str| {
        let question = ["can", "ip:10.0.0.7", "shop/api:8080", "-f", "json", "--rev"];
        shop.run(&[&question[..], &[rev]].concat()).json()["verdict"].clone()
    };
    assert_eq!(
        (ask("HEAD~1"), ask("HEAD")),
        (json!("allow"), json!("deny"))
    );
    shop.run(&["test", "--rev", "HEAD~1"])
        .says("1 passed, 0 failed");
    let none = shop.run(&["test", "--rev", "HEAD"]);
    refused(&none, Exit::NoInput, "there is no test");
    // a file of tests that is named lies on disk
    shop.write("mine.yaml", plain);
    let named = shop.run(&["test", "--rev", "HEAD", "--tests", "mine.yaml"]);
    named.says("1 passed, 0 failed");
}

#[test]
fn what_is_no_commit_is_refused_with_a_reason() {
    let (shop, _, _) = Shop::with_two_commits();
    shop.write("deploy/sub/x.yaml", "a: 1\n");
    let tree = shop.repository.revparse_single("HEAD^{tree}").unwrap();
    let ann = Signature::now("Ann", "ann@example.com").unwrap();
    shop.repository.tag("tree", &tree, &ann, "", false).unwrap();
    for (args, exit, message) in [
        (
            &["nonsense"][..],
            Exit::Usage,
            "there is no revision \"nonsense\"",
        ),
        (&["HEAD~7"], Exit::Usage, "there is no revision \"HEAD~7\""),
        (&[&"0".repeat(40)], Exit::Usage, "there is no revision"),
        (&[""], Exit::Usage, "revision"),
        (&["HEAD~x"], Exit::Usage, "revision"),
        (&["HEAD~1..HEAD"], Exit::Usage, "revision"),
        (
            &["HEAD^{tree}"],
            Exit::Usage,
            "names a directory, not a commit",
        ),
        (&["tree"], Exit::Usage, "names a directory, not a commit"),
        (
            &["HEAD:deploy"],
            Exit::Usage,
            "names a directory, not a commit",
        ),
        (
            &["HEAD:deploy/shop.yaml"],
            Exit::Usage,
            "names a file, not a commit",
        ),
        (&["HEAD", "-"], Exit::Usage, "standard input"),
        (
            &["HEAD", "../x"],
            Exit::Usage,
            "../x lies outside the git repository",
        ),
        (
            &["HEAD", "/etc"],
            Exit::Usage,
            "/etc lies outside the git repository",
        ),
        (
            &["HEAD", "deploy/sub"],
            Exit::NoInput,
            "there is no deploy/sub at HEAD",
        ),
        (
            &["HEAD", "deploy/shop.yaml/x"],
            Exit::NoInput,
            "there is no deploy/shop.yaml/x",
        ),
    ] {
        for command in ["scan", "facts", "test"] {
            let ran = shop.run(&[&[command, "--rev"], args].concat());
            refused(&ran, exit, message);
        }
        let ran = shop.run(&[&["can", "a/b", "c/d:1", "--rev"], args].concat());
        refused(&ran, exit, message);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let ran = meshvet(elsewhere.path(), &["scan", "--rev", "HEAD"]);
    refused(&ran, Exit::Usage, "the current directory is in none");
    let ran = meshvet_with(shop.path(), &["scan", "-", "--rev", "HEAD"], SHOP);
    refused(&ran, Exit::Usage, "standard input");
    let unborn = Shop::new();
    unborn.write("a.yaml", SHOP);
    for rev in ["HEAD", "@", "HEAD~1"] {
        refused(
            &unborn.run(&["scan", "--rev", rev]),
            Exit::NoInput,
            "no commit yet",
        );
    }
    let empty = Shop::new();
    empty.commit();
    refused(
        &empty.run(&["scan", "--rev", "HEAD"]),
        Exit::NoInput,
        "no YAML",
    );
    fs::write(elsewhere.path().join(".git"), "gitdir: nowhere\n").unwrap();
    let ran = meshvet(elsewhere.path(), &["scan", "--rev", "HEAD"]);
    assert_eq!(ran.exit, Exit::Usage, "{}", ran.stderr);
}

#[test]
fn a_name_that_means_several_things_is_refused_or_means_what_git_takes_it_for() {
    let (shop, first, second) = Shop::with_two_commits();
    let commit = |id| shop.repository.find_commit(id).unwrap();
    shop.repository
        .branch("both", &commit(second), false)
        .unwrap();
    shop.repository
        .tag_lightweight("both", commit(first).as_object(), false)
        .unwrap();
    assert!(is_permissive(
        &shop.run(&["scan", "-f", "json", "--rev", "both"])
    ));
    // with more objects than there are beginnings of four digits, two begin alike
    let mut seen = std::collections::BTreeSet::new();
    let twice = (0..).find_map(|number: u32| {
        let id = shop.repository.blob(&number.to_le_bytes()).unwrap();
        let beginning = id.to_string().get(..4).unwrap().to_owned();
        (!seen.insert(beginning.clone())).then_some(beginning)
    });
    let ran = shop.run(&["scan", "--rev", &twice.unwrap()]);
    refused(&ran, Exit::Usage, "ambiguous");
}

#[test]
fn bare_repositories_and_further_working_trees_are_read() {
    let (shop, first, _) = Shop::with_two_commits();
    let around = tempfile::tempdir().unwrap();
    // in a working tree of another repository, too
    let bare = shop.path().join("cache/shop.git");
    let origin = shop.path().to_str().unwrap();
    // a copy of git's data: a clone needs a transport, which is not compiled in
    let bare_repository = Repository::init_bare(&bare).unwrap();
    let odb = shop.repository.odb().unwrap();
    odb.foreach(|&id| {
        let object = odb.read(id).unwrap();
        let copy = bare_repository.odb().unwrap();
        copy.write(object.kind(), object.data()).unwrap();
        true
    })
    .unwrap();
    bare_repository
        .reference("refs/heads/old", first, false, "")
        .unwrap();
    for (cwd, path) in [
        ("", "."),
        ("", "deploy"),
        ("refs/heads", "deploy/shop.yaml"),
    ] {
        let ran = meshvet(
            &bare.join(cwd),
            &["scan", "-f", "json", "--rev", "old", path],
        );
        assert!(is_permissive(&ran), "{cwd} {path}: {}", ran.stderr);
    }
    // names are those of the repository: there is no working tree to be in
    let sarif = meshvet(&bare, &["scan", "-f", "sarif", "--rev", "old", "deploy"]);
    sarif.says("\"uri\":\"deploy/shop.yaml\"");
    let ran = meshvet(&bare, &["scan", "--rev", "old", origin]);
    refused(&ran, Exit::Usage, "lies outside the git repository");

    let tree = around.path().join("tree");
    let worktree = shop.repository.worktree("tree", &tree, None).unwrap();
    assert!(worktree.validate().is_ok());
    let branch = Repository::open(&tree).unwrap();
    branch.set_head_detached(first).unwrap();
    // its HEAD is its own
    let ran = meshvet(
        &tree.join("deploy"),
        &["scan", "-f", "json", "--rev", "HEAD"],
    );
    assert!(is_permissive(&ran));
    assert_eq!(ran.json()["findings"][0]["location"]["file"], "shop.yaml");
    assert!(!is_permissive(
        &shop.run(&["scan", "-f", "json", "--rev", "HEAD"])
    ));
}

#[test]
fn a_shallow_clone_says_that_it_is_one() {
    let (shop, first, second) = Shop::with_two_commits();
    let path = first.to_string();
    let (folder, file) = path.split_at(2);
    let object = shop.path().join(".git/objects").join(folder).join(file);
    fs::remove_file(object).unwrap();
    fs::write(shop.path().join(".git/shallow"), format!("{second}\n")).unwrap();
    for rev in ["HEAD~1", &path] {
        refused(
            &shop.run(&["scan", "--rev", rev]),
            Exit::Usage,
            "the clone is shallow",
        );
    }
    assert!(!is_permissive(
        &shop.run(&["scan", "-f", "json", "--rev", "HEAD"])
    ));
}

#[test]
fn a_file_that_a_partial_clone_has_not_got_is_a_problem() {
    let (shop, _, _) = Shop::with_two_commits();
    let lost = shop.repository.blob(b"lost: 1\n").unwrap();
    shop.commit_with(&[entry("lost.yaml", 0o100_644, lost)]);
    let path = lost.to_string();
    let (folder, file) = path.split_at(2);
    let object = shop.path().join(".git/objects").join(folder).join(file);
    fs::remove_file(object).unwrap();
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert_eq!(ran.exit, Exit::Incomplete);
    let [(name, message)] = problems(&ran).try_into().unwrap();
    assert_eq!(name, "lost.yaml");
    assert!(message.contains("partial clone"), "{message}");
}

#[test]
fn submodules_are_noted_and_not_read() {
    let (shop, first, _) = Shop::with_two_commits();
    shop.commit_with(&[entry("vendor/mesh", 0o160_000, first)]);
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    let [(name, message)] = problems(&ran).try_into().unwrap();
    assert_eq!(name, "vendor/mesh");
    assert!(message.contains("submodule"), "{message}");
    assert_ne!(ran.exit, Exit::Incomplete);
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD", "deploy"]);
    assert_eq!(problems(&ran), []);
    for path in ["vendor/mesh", "vendor/mesh/deploy"] {
        let ran = shop.run(&["scan", "--rev", "HEAD", path]);
        refused(&ran, Exit::NoInput, "is in a submodule");
    }
}

#[cfg(unix)]
#[test]
fn links_count_as_they_do_in_a_directory_and_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.yaml"), "secret: 1\n").unwrap();
    let shop = Shop::new();
    let link = |target: &str, name: &str| symlink(target, shop.path().join(name)).unwrap();
    shop.write("a/shop.yaml", with_mode("PERMISSIVE"));
    shop.write("a/data.txt", "a: 1\n");
    shop.write("b/x.yaml", "a: 1\n");
    shop.write("b/data.txt", "a: 1\n");
    link("shop.yaml", "a/again.yaml");
    link("data.txt", "a/data.yaml");
    link("../b/./data.txt", "a/far.yaml");
    link("../b/x.yaml", "a/other.yaml");
    link("../b", "a/b");
    link("nowhere", "a/dangling.yaml");
    link("nowhere", "a/dangling");
    link(".", "a/loop");
    link("self.yaml", "a/self.yaml");
    link("a", "c");
    shop.commit();
    same(shop.path(), &[]);
    // seen from a, what lies in b is outside
    let report = same(shop.path(), &["a"]);
    assert_eq!(report["problems"].as_array().unwrap().len(), 5);
    same(
        &shop.path().join("a"),
        &["shop.yaml", "data.yaml", "far.yaml", "again.yaml"],
    );
    same(shop.path(), &["c", "a/b/x.yaml", "a/b/data.txt"]);

    let secret = outside.path().join("secret.yaml");
    link(secret.to_str().unwrap(), "a/absolute.yaml");
    link("../../../../../../../../etc/passwd", "a/up.yaml");
    link(outside.path().to_str().unwrap(), "d");
    shop.commit();
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    for name in ["a/absolute.yaml", "a/up.yaml", "d"] {
        let problem = problems(&ran).into_iter().find(|(at, _)| at == name);
        assert!(problem.unwrap().1.contains("leads out"), "{name}");
        let named = shop.run(&["facts", "--rev", "HEAD", name]);
        assert_eq!(named.exit, Exit::Incomplete, "{name}: {}", named.stderr);
        assert!(!named.stdout.contains("secret"), "{name}");
    }
    let through = shop.run(&["facts", "--rev", "HEAD", "d/secret.yaml"]);
    assert_eq!(through.exit, Exit::Incomplete, "{}", through.stderr);
}

#[test]
fn a_hostile_tree_is_bounded_and_stays_inside() {
    let (shop, _, _) = Shop::with_two_commits();
    let repository = &shop.repository;
    let manifest = repository.blob(SHOP.as_bytes()).unwrap();
    // names that lead out
    let names = raw_tree(
        repository,
        &[
            ("100644", "..", manifest),
            ("100644", "../../x.yaml", manifest),
            (
                "40000",
                ".git",
                raw_tree(repository, &[("100644", "x.yaml", manifest)]),
            ),
            ("100644", "a.yaml", manifest),
        ],
    );
    shop.commit_tree(raw_tree(repository, &[("40000", "deploy", names)]));
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert_eq!((files(&ran), ran.exit), (1, Exit::Incomplete));
    let [(name, message)] = problems(&ran).try_into().unwrap();
    assert_eq!(name, "deploy");
    assert!(message.contains("no file can have"), "{message}");
    // a few objects that describe more files than there are atoms
    let mut tree = raw_tree(repository, &[("100644", "a.txt", manifest)]);
    for _ in 0..40 {
        let names: Vec<String> = (0..30).map(|number| format!("{number:02}")).collect();
        let entries: Vec<_> = names
            .iter()
            .map(|name| ("40000", name.as_str(), tree))
            .collect();
        tree = raw_tree(repository, &entries);
    }
    let bomb = raw_tree(
        repository,
        &[("100644", "a.yaml", manifest), ("40000", "b", tree)],
    );
    shop.commit_tree(bomb);
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert_eq!((files(&ran), ran.exit), (1, Exit::Incomplete));
    assert!(
        problems(&ran)
            .iter()
            .any(|(_, why)| why.contains("not all were read"))
    );
    let told = shop.run(&["history"]);
    refused(&told, Exit::Usage, "more files and directories");
    // directories in each other without end
    let mut tree = raw_tree(repository, &[("100644", "a.yaml", manifest)]);
    for _ in 0..2_000 {
        tree = raw_tree(repository, &[("40000", "d", tree)]);
    }
    shop.commit_tree(raw_tree(
        repository,
        &[("100644", "a.yaml", manifest), ("40000", "b", tree)],
    ));
    let ran = shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert_eq!((files(&ran), ran.exit), (1, Exit::Incomplete));
    assert!(
        problems(&ran)
            .iter()
            .any(|(_, why)| why.contains("in each other"))
    );
}

#[test]
fn reading_a_revision_changes_nothing() {
    let (shop, _, _) = Shop::with_two_commits();
    let listing = || -> Vec<(PathBuf, u64)> {
        let entries = walkdir::WalkDir::new(shop.path()).sort_by_file_name();
        let entries = entries.into_iter().map(|entry| entry.unwrap());
        entries
            .map(|e| (e.path().to_owned(), e.metadata().unwrap().len()))
            .collect()
    };
    let before = listing();
    shop.run(&["scan", "--rev", "HEAD~1"]);
    assert_eq!(listing(), before);
}
