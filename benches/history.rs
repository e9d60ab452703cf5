//! What change over time costs: `cargo bench --bench history [-- N …]`.
//!
//! Makes a git repository of 500 manifests and N commits and takes, in turn and in one run, the time
//! of `git log -p` against that of `meshvet history`, and of `git blame` on every manifest against
//! what `introduced` adds to `meshvet scan`. Peak memory is that of a process of its own for each
//! size. `-- --write DIR [N]` only makes the repository.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

#[path = "repo/mod.rs"]
mod repo;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is promised something of: twelve services make 25 files of a root.
const LARGE: repo::Shape = repo::Shape {
    roots: 20,
    services: 12,
    commits: 5_000,
    is_busy: false,
    seed: 6,
};

/// Sizes without arguments: a small one, and the one that is promised.
const SIZES: &[usize] = &[1_000, 5_000];

/// Runs of each kind; the median counts.
const RUNS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["--write", dir] => return only_write(dir, LARGE.commits),
        ["--write", dir, size] => return only_write(dir, size.parse().expect("a number")),
        ["--once", dir, args @ ..] => return once(dir, args),
        _ => {}
    }
    let sizes: Vec<usize> = match args.is_empty() {
        true => SIZES.to_vec(),
        false => args.iter().filter_map(|arg| arg.parse().ok()).collect(),
    };
    for size in sizes {
        let dir = tempfile::tempdir().expect("a scratch directory");
        write(dir.path(), size);
        measure(dir.path(), size);
    }
}

fn only_write(dir: &str, commits: usize) {
    let made = write(Path::new(dir), commits);
    let mut kinds: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    for one in &made {
        let (all, on_main) = kinds.entry(one.kind).or_default();
        *all += 1;
        *on_main += usize::from(one.on_main);
    }
    println!("  commits  on main  what");
    for (kind, (all, on_main)) in kinds {
        let account = if kind.is_of_no_account() { "" } else { " *" };
        println!("{all:9}  {on_main:7}  {kind:?}{account}");
    }
    let last = made.last().expect("a commit");
    println!(
        "{} commits of 500 manifests in {dir}, the last {}",
        made.len(),
        last.id
    );
}

/// Writes the repository and checks it out.
fn write(dir: &Path, commits: usize) -> Vec<repo::Made> {
    let shape = repo::Shape { commits, ..LARGE };
    let made = repo::write(dir, &shape);
    git(dir, &["reset", "--quiet", "--hard"]);
    made
}

fn measure(dir: &Path, size: usize) {
    let files = git(dir, &["ls-files", "*.yaml"]);
    let files: Vec<&str> = files.lines().collect();
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut take = |what: &'static str, run: &dyn Fn()| {
        let started = Instant::now();
        run();
        times.entry(what).or_default().push(started.elapsed());
    };
    for _ in 0..RUNS {
        take("log first", &|| {
            drained("git", dir, &["log", "-p", "-m", "--first-parent"])
        });
        take("log", &|| drained("git", dir, &["log", "-p"]));
        take("history", &|| meshvet(dir, &["history", "-f", "jsonl"]));
        take("blame", &|| {
            for file in &files {
                drained("git", dir, &["blame", "--porcelain", "--", file]);
            }
        });
        take("scan", &|| {
            meshvet(dir, &["scan", "-f", "json", "--no-history"])
        });
        take("introduced", &|| meshvet(dir, &["scan", "-f", "json"]));
    }
    let ms = |what: &str| median(&times[what]).as_secs_f64() * 1e3;
    let added = ms("introduced") - ms("scan");
    println!("{size} commits, {} manifests", files.len());
    println!("  git log -p                  {:9.0} ms", ms("log"));
    println!("  git log -p --first-parent   {:9.0} ms", ms("log first"));
    println!(
        "  meshvet history             {:9.0} ms   {:5.2} × git log -p (promised: 3), {:.2} × that of the first parents",
        ms("history"),
        ms("history") / ms("log"),
        ms("history") / ms("log first"),
    );
    println!("  git blame, file by file     {:9.0} ms", ms("blame"));
    println!("  meshvet scan --no-history   {:9.0} ms", ms("scan"));
    println!(
        "  meshvet scan                {:9.0} ms   introduced {added:.0} ms: {:5.2} × git blame (promised: 0.4), the whole {:.2}",
        ms("introduced"),
        added / ms("blame"),
        ms("introduced") / ms("blame"),
    );
    for args in [&["history", "-f", "jsonl"][..], &["scan", "-f", "json"]] {
        println!(
            "  peak of meshvet {:9}   {:9.1} MiB",
            args[0],
            memory(dir, args) / 1024.0
        );
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What git prints.
fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(dir).output();
    let output = output.expect("git");
    assert!(output.status.success(), "git {args:?}");
    String::from_utf8(output.stdout).expect("a text")
}

/// Runs a program and throws away what it prints. Findings are no failure.
fn drained(program: &str, dir: &Path, args: &[&str]) {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdout(Stdio::null());
    let output = command.stderr(Stdio::piped()).output().expect("a process");
    let said = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 1)),
        "{program} {args:?}: {code:?} {said}"
    );
}

fn meshvet(dir: &Path, args: &[&str]) {
    drained(env!("CARGO_BIN_EXE_meshvet"), dir, args);
}

/// Runs a command in this process and says how much memory that took.
fn once(dir: &str, args: &[&str]) {
    let args = std::iter::once("meshvet").chain(args.iter().copied());
    meshvet::cli::run(
        args.map(Into::into),
        &mut meshvet::cli::Io {
            cwd: dir.into(),
            env: BTreeMap::new(),
            stdin: &mut std::io::empty(),
            stdout: &mut std::io::sink(),
            stderr: &mut std::io::sink(),
            terminal: false,
        },
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|line| line.split_whitespace().next());
    println!("{}", peak.unwrap_or("nan"));
}

/// Peak memory in KiB of a process of its own.
fn memory(dir: &Path, args: &[&str]) -> f64 {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own).arg("--once").arg(dir).args(args).output();
    let text = String::from_utf8_lossy(&output.expect("a process").stdout).into_owned();
    text.trim().parse().unwrap_or(f64::NAN)
}
