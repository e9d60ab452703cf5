//! Repositories of every kind: what can be read is told, and what cannot is refused with a reason.

use std::fs;
use std::path::Path;

use git2::{Oid, Repository, RepositoryInitOptions};
use meshvet::cli::Exit;
use serde_json::Value;

use super::{ANN, BO, FORGE, Past, lines, subjects};
use crate::cli::{Ran, SHOP, meshvet};
use crate::revisions::{entry, with_mode};

const FILE: &str = "deploy/shop.yaml";

/// A repository whose second commit permits plaintext and whose third does not.
fn past() -> Past {
    let past = Past::with(&[(FILE, &with_mode("STRICT")), ("README.md", "# Shop\n")]);
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    past.commit("Permit");
    past.shop.write(FILE, with_mode("STRICT"));
    past.commit("Forbid");
    past
}

/// Runs `history` in every format; the changes.
#[track_caller]
fn told(cwd: &Path, args: &[&str]) -> Vec<Value> {
    let ask = |format: &str| {
        let ran = meshvet(cwd, &[&["history", "-f", format], args].concat());
        assert_eq!(ran.exit, Exit::Fine, "{format}: {}", ran.stderr);
        ran
    };
    for format in ["text", "markdown"] {
        assert!(!ask(format).stdout.is_empty());
    }
    let told = lines(&ask("jsonl").stdout);
    let document = ask("json").json();
    assert_eq!(document["changes"], Value::Array(told.clone()));
    told
}

/// Subject, mode before and mode after, newest first.
fn modes(told: &[Value]) -> Vec<(&str, &str, &str)> {
    let modes = told.iter().filter(|one| one["field"] == "/spec/mtls/mode");
    modes
        .map(|one| {
            let [subject, before, after] =
                ["subject", "before", "after"].map(|key| one[key].as_str().unwrap());
            (subject, before, after)
        })
        .collect()
}

const BOTH: [(&str, &str, &str); 2] = [
    ("Forbid", "PERMISSIVE", "STRICT"),
    ("Permit", "STRICT", "PERMISSIVE"),
];

/// A bare repository with the same objects and branch.
fn bare(past: &Past, at: &Path) -> Repository {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).initial_head("main");
    let bare = Repository::init_opts(at, &options).unwrap();
    copy(past, &bare);
    bare
}

/// Copies git's data: a clone needs a transport, which is not compiled in.
fn copy(past: &Past, to: &Repository) {
    let odb = past.shop.repository.odb().unwrap();
    odb.foreach(|&id| {
        let object = odb.read(id).unwrap();
        let copy = to.odb().unwrap();
        copy.write(object.kind(), object.data()).unwrap();
        true
    })
    .unwrap();
    let head = past.head().unwrap();
    to.reference("refs/heads/main", head, true, "").unwrap();
}

/// Deletes the object of a commit and says that the clone ends at another.
fn cut(past: &Past, lost: Oid, oldest: Oid) {
    let path = lost.to_string();
    let (folder, file) = path.split_at(2);
    let git = past.shop.path().join(".git");
    fs::remove_file(git.join("objects").join(folder).join(file)).unwrap();
    fs::write(git.join("shallow"), format!("{oldest}\n")).unwrap();
}

/// It ends with one of these codes, says why and prints nothing else.
#[track_caller]
fn refused(ran: &Ran, exits: &[Exit], why: &str) {
    assert!(exits.contains(&ran.exit), "{:?} {}", ran.exit, ran.stderr);
    assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_working_tree_is_told_from_anywhere_in_it_whatever_lies_there() {
    let past = past();
    assert_eq!(modes(&told(past.shop.path(), &[])), BOTH);
    // what is not committed is no history
    past.shop.write(FILE, with_mode("DISABLE"));
    past.shop.write("deploy/more.yaml", SHOP);
    assert_eq!(modes(&told(past.shop.path(), &[])), BOTH);
    let below = told(&past.shop.path().join("deploy"), &[]);
    assert_eq!(modes(&below), BOTH);
}

#[test]
fn a_bare_repository_is_told_as_a_working_tree_is() {
    let past = past();
    let dir = tempfile::tempdir().unwrap();
    bare(&past, dir.path());
    assert_eq!(told(dir.path(), &[]), told(past.shop.path(), &[]));
}

#[test]
fn a_sparse_checkout_is_told_in_full() {
    let past = past();
    let whole = told(past.shop.path(), &[]);
    let mut config = past.shop.repository.config().unwrap();
    config.set_bool("core.sparseCheckout", true).unwrap();
    fs::create_dir_all(past.shop.path().join(".git/info")).unwrap();
    let pattern = past.shop.path().join(".git/info/sparse-checkout");
    fs::write(pattern, "/*\n!/deploy/\n").unwrap();
    fs::remove_dir_all(past.shop.path().join("deploy")).unwrap();
    assert_eq!(told(past.shop.path(), &[]), whole);
}

#[test]
fn a_linked_working_tree_has_the_history_of_its_own_head() {
    let past = past();
    let around = tempfile::tempdir().unwrap();
    let tree = around.path().join("tree");
    past.shop.repository.worktree("tree", &tree, None).unwrap();
    assert_eq!(modes(&told(&tree, &[])), BOTH);
    let linked = Repository::open(&tree).unwrap();
    let head = linked.head().unwrap().peel_to_commit().unwrap();
    linked
        .set_head_detached(head.parent_id(0).unwrap())
        .unwrap();
    assert_eq!(modes(&told(&tree, &[])), BOTH[1..]);
}

#[test]
fn a_submodule_has_its_own_history_and_none_in_the_repository_around_it() {
    let inner = past();
    let outer = past();
    let before = told(outer.shop.path(), &[]);
    // the repository of a submodule lies in that of the one around it
    let git = outer.shop.path().join(".git/modules/inner");
    let tree = outer.shop.path().join("inner");
    let mut options = RepositoryInitOptions::new();
    options.no_dotgit_dir(true).initial_head("main");
    options.workdir_path(&tree);
    let repository = Repository::init_opts(&git, &options).unwrap();
    copy(&inner, &repository);
    let head = repository.head().unwrap().peel_to_commit().unwrap();
    repository
        .reset(head.as_object(), git2::ResetType::Hard, None)
        .unwrap();
    assert_eq!(modes(&told(&tree, &[])), BOTH);

    let link = entry("inner", 0o160_000, inner.head().unwrap());
    let repository = &outer.shop.repository;
    let mut index = repository.index().unwrap();
    index.add(&link).unwrap();
    let id = index.write_tree().unwrap();
    let with_link = repository.find_tree(id).unwrap();
    let head = repository.head().unwrap().peel_to_commit().unwrap();
    let (ann, parents) = (head.author().to_owned(), [&head]);
    repository
        .commit(
            Some("HEAD"),
            &ann,
            &ann,
            "A submodule",
            &with_link,
            &parents,
        )
        .unwrap();
    assert_eq!(told(outer.shop.path(), &[]), before);
}

#[test]
fn a_shallow_clone_tells_what_it_can_and_says_that_there_is_more() {
    let past = past();
    let repository = &past.shop.repository;
    let ids = ["HEAD~2", "HEAD~1"].map(|rev| repository.revparse_single(rev).unwrap().id());
    cut(&past, ids[0], ids[1]);
    // what the oldest commit there is changed is not known, and it made nothing of what it holds
    let changes = told(past.shop.path(), &[]);
    assert_eq!(subjects(&changes), ["Forbid"]);
    assert_eq!(modes(&changes), BOTH[..1]);
    for format in ["text", "jsonl", "json"] {
        let ran = past.shop.run(&["history", "-f", format]);
        let all = ran.stdout + &ran.stderr;
        assert!(all.contains("shallow"), "{format}: {all}");
    }
    let document = past.shop.run(&["history", "-f", "json"]).json();
    assert_eq!(document["range"]["shallow"], true);
    let lost = past.shop.run(&["diff", "HEAD~2", "HEAD"]);
    refused(&lost, &[Exit::Usage], "the clone is shallow");
}

#[test]
fn merges_of_merges_name_who_wrote_it_and_the_merge_that_brought_it() {
    let past = past();
    let base = past.head().unwrap();
    // Bo's branch, which Ann's branch merges, which is merged together with a third
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    let wrote = past.record(BO, BO, "Bo permits", &[base]);
    past.reset(base);
    past.shop.write("README.md", "# The shop\n");
    let beside = past.record(ANN, ANN, "Ann writes", &[base]);
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    let inner = past.record(ANN, ANN, "Merge branch 'bo' into ann", &[beside, wrote]);
    past.reset(base);
    past.shop.write("NOTES.md", "# Notes\n");
    let third = past.record(ANN, ANN, "Notes", &[base]);
    past.shop.write("README.md", "# The shop\n");
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    let outer = past.record(
        FORGE,
        FORGE,
        "Merge pull request #3 from x",
        &[base, inner, third],
    );
    past.advance(outer);
    // a merge that changes something by itself
    let tip = past.head().unwrap();
    past.shop.write("CHANGES.md", "# Changes\n");
    let side = past.record(BO, BO, "Changes", &[tip]);
    past.shop.write(FILE, with_mode("DISABLE"));
    let evil = past.record(FORGE, FORGE, "Merge branch 'changes'", &[tip, side]);
    past.advance(evil);

    let changes = told(past.shop.path(), &[]);
    let [by_merge, by_bo, ..] = changes.as_slice() else {
        panic!("{changes:#?}")
    };
    assert_eq!(by_merge["commit"], evil.to_string());
    assert_eq!(by_merge["merge"], Value::Null);
    assert_eq!(by_merge["after"], "DISABLE");
    assert_eq!(by_bo["commit"], wrote.to_string());
    assert_eq!(by_bo["author"], "Bo Ek <bo@example.com>");
    assert_eq!(by_bo["merge"]["commit"], outer.to_string());
    assert_eq!(by_bo["pull_request"], 3);
    assert_eq!(modes(&changes)[2..], BOTH);
}

#[test]
fn histories_without_a_common_beginning_are_told_once_each() {
    let past = past();
    let main = past.head().unwrap();
    let policy = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: other\n  namespace: other\nspec:\n  mtls:\n    mode: STRICT\n";
    fs::remove_file(past.shop.path().join(FILE)).unwrap();
    past.remove("README.md");
    past.shop.write("other/peer.yaml", policy);
    let root = past.record(BO, BO, "Elsewhere", &[]);
    past.reset(main);
    past.shop.write("other/peer.yaml", policy);
    let merge = past.record(FORGE, FORGE, "Merge other history", &[main, root]);
    past.advance(merge);
    let changes = told(past.shop.path(), &[]);
    assert_eq!(subjects(&changes)[..2], ["Elsewhere", "Forbid"]);
    assert_eq!(changes[0]["commit"], root.to_string());
    assert_eq!(changes[0]["merge"]["commit"], merge.to_string());
    assert_eq!(changes[0]["file"], "other/peer.yaml");
    assert_eq!(modes(&changes), BOTH);
}

#[cfg(unix)]
#[test]
fn a_link_is_told_by_what_it_leads_to() {
    use std::os::unix::fs::symlink;
    let past = Past::new();
    let link = past.shop.path().join("deploy/live.yaml");
    past.shop.write("deploy/strict.txt", with_mode("STRICT"));
    past.shop.write("deploy/open.txt", with_mode("PERMISSIVE"));
    symlink("strict.txt", &link).unwrap();
    past.commit("First");
    fs::remove_file(&link).unwrap();
    symlink("open.txt", &link).unwrap();
    past.commit("Another target");
    past.shop.write("deploy/open.txt", with_mode("STRICT"));
    past.commit("The target itself");
    let changes = told(past.shop.path(), &[]);
    let expected = [
        ("The target itself", "PERMISSIVE", "STRICT"),
        ("Another target", "STRICT", "PERMISSIVE"),
    ];
    assert_eq!(modes(&changes), expected);
    let ran = past.shop.run(&["scan", "-f", "json", "--rev", "HEAD~1"]);
    let findings = ran.json()["findings"].clone();
    let mut findings = findings.as_array().unwrap().iter();
    let permissive = findings.find(|one| one["rule"] == "mtls/permissive");
    let file = permissive.unwrap()["location"]["file"].clone();
    assert_eq!([&changes[0]["file"], &changes[1]["file"]], [&file, &file]);
}

/// Nobody applies what does not parse: what it said before stays in force until it parses again.
#[test]
fn a_file_that_does_not_parse_says_what_it_last_said() {
    let past = past();
    past.shop
        .write(FILE, format!("{}a: [\n", with_mode("STRICT")));
    past.commit("A slip");
    past.shop
        .write(FILE, format!("{}a: [\n", with_mode("PERMISSIVE")));
    past.commit("Unseen");
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    past.commit("It parses again");
    let ran = past.shop.run(&["history", "-f", "jsonl"]);
    assert!(
        matches!(ran.exit, Exit::Fine | Exit::Incomplete),
        "{:?}",
        ran.exit
    );
    assert!(ran.stderr.contains(FILE), "{}", ran.stderr);
    let changes = lines(&ran.stdout);
    let now = ("It parses again", "STRICT", "PERMISSIVE");
    assert_eq!(modes(&changes), [now, BOTH[0], BOTH[1]]);
    assert_eq!(subjects(&changes)[..2], ["It parses again", "Forbid"]);
    // and what was never mended is no reason to stay silent about the rest
    past.shop.write(FILE, "a: [\n");
    past.commit("Broken for good");
    let ran = past.shop.run(&["history", "-f", "jsonl"]);
    assert_eq!(modes(&lines(&ran.stdout)), [now, BOTH[0], BOTH[1]]);
    assert!(ran.stderr.contains(FILE), "{}", ran.stderr);
    // but what holds now is open
    assert_eq!(ran.exit, Exit::Incomplete);
    let compared = past.shop.run(&["diff", "HEAD~1", "HEAD"]);
    assert_eq!(compared.exit, Exit::Incomplete, "{}", compared.stderr);
}

/// An environment that is not understood did not go: nothing of it is resolved, and what changed
/// meanwhile is told of the commit since which it is not.
#[test]
fn an_environment_that_cannot_be_judged_has_not_gone() {
    let root = |more: &str| format!("resources:\n- ../../base\n{more}");
    let prod = "envs/prod/kustomization.yaml";
    let past = Past::with(&[
        ("base/kustomization.yaml", "resources:\n- shop.yaml\n"),
        ("base/shop.yaml", &with_mode("STRICT")),
        (prod, &root("")),
    ]);
    past.shop.write(prod, root("validators: [x.yaml]\n"));
    past.commit("Not understood");
    past.shop.write("base/shop.yaml", with_mode("PERMISSIVE"));
    past.commit("Unseen");
    let open = past.shop.run(&["history", "-f", "jsonl"]);
    assert_eq!(open.exit, Exit::Incomplete, "{}", open.stderr);
    let at_once = past.shop.run(&["diff", "HEAD~2", "HEAD", "-f", "json"]);
    assert_eq!(at_once.exit, Exit::Incomplete, "{}", at_once.stderr);
    past.shop.write(prod, root(""));
    past.commit("Understood");
    let ran = past.shop.run(&["history", "-f", "jsonl"]);
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("envs/prod could not be judged since"),
        "{}",
        ran.stderr
    );
    let told = lines(&ran.stdout);
    let resolved = told
        .iter()
        .flat_map(|one| one["resolved"].as_array().unwrap());
    assert_eq!(resolved.count(), 0, "{}", ran.stdout);
    // what stands in for it meanwhile is told for what it is
    let brought = |environment: &str| -> Vec<&str> {
        let has = |one: &&Value| {
            let mut found = one["findings"]["introduced"].as_array().unwrap().iter();
            found.any(|found| {
                found["environment"] == environment && found["rule"] == "mtls/permissive"
            })
        };
        let told = told.iter().filter(has);
        told.map(|one| one["subject"].as_str().unwrap()).collect()
    };
    assert_eq!(brought("envs/prod"), ["Not understood"]);
    assert_eq!(brought("base"), ["Unseen"]);
}

#[test]
fn what_has_no_history_is_refused() {
    let nowhere = tempfile::tempdir().unwrap();
    fs::write(nowhere.path().join("shop.yaml"), SHOP).unwrap();
    for args in [&["history"][..], &["diff", "HEAD~1", "HEAD"]] {
        let ran = meshvet(nowhere.path(), args);
        refused(&ran, &[Exit::Usage, Exit::NoInput], "git repository");
    }
    let unborn = Past::new();
    unborn.shop.write(FILE, SHOP);
    let ran = unborn.shop.run(&["history"]);
    refused(&ran, &[Exit::NoInput], "no commit yet");
    let empty = Past::with(&[("README.md", "# Nothing\n")]);
    let ran = empty.shop.run(&["history"]);
    refused(&ran, &[Exit::NoInput], "");
    let past = past();
    for (args, why) in [
        (&["history", "--since", "nonsense"][..], "nonsense"),
        (&["history", "--until", "HEAD~77"], "HEAD~77"),
        (&["history", "-f", "csv"], "--trend"),
        (&["history", "--between", "shop/api"], "--between"),
        (&["history", "--when-allowed", "shop/api"], "--when-allowed"),
        (&["diff", "HEAD"], "NEW"),
        (&["diff", "HEAD", "nonsense"], "nonsense"),
        (&["scan", "--new-since", "nonsense"], "nonsense"),
    ] {
        refused(&past.shop.run(args), &[Exit::Usage], why);
    }
}

#[test]
fn reading_history_changes_nothing() {
    let past = past();
    let listing = || {
        let entries = walkdir::WalkDir::new(past.shop.path()).sort_by_file_name();
        let entries = entries.into_iter().map(|entry| entry.unwrap());
        let kept: Vec<_> = entries
            .map(|one| (one.path().to_owned(), one.metadata().unwrap().len()))
            .collect();
        kept
    };
    let before = listing();
    past.shop.run(&["history"]);
    past.shop.run(&["scan"]);
    past.shop.run(&["diff", "HEAD~1", "HEAD"]);
    assert_eq!(listing(), before);
}
