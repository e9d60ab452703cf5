//! How a scan grows: `cargo bench --bench scale [-- N …]`.
//!
//! Makes a mesh of N services in a scratch directory and takes the time of a whole scan (read,
//! parse, judge, write text) against that of only reading and parsing the same files, in turn and
//! in one process. Peak memory is that of a process of its own for each size.

#![allow(clippy::expect_used, clippy::print_stdout)]

#[path = "mesh/mod.rs"]
mod mesh;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use meshvet::load;
use meshvet::policy::Rules;
use meshvet::report::{self, Format, Options, Report, ScanSummary};
use meshvet::scan::{Origin, parse, scan};
use rayon::prelude::*;

/// Sizes without arguments: the two that are promised, and their doubles.
const SIZES: &[usize] = &[1_000, 2_000, 5_000, 10_000];

/// Runs of each kind; the median counts.
const RUNS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    if let [flag, size, dir] = args.as_slice()
        && flag == "--once"
    {
        once(Path::new(dir));
        println!("{} {size}", peak_memory_kib());
        return;
    }
    if let [flag, size] = args.as_slice()
        && flag == "--stages"
    {
        stages(size.parse().unwrap_or(1_000));
        return;
    }
    let sizes: Vec<usize> = match args.is_empty() {
        true => SIZES.to_vec(),
        false => args.iter().filter_map(|arg| arg.parse().ok()).collect(),
    };
    println!("services  files    bytes   parse ms   scan ms  ratio  peak MiB  findings");
    for size in sizes {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let (files, bytes) = mesh::write(dir.path(), size);
        let (mut parsing, mut scanning, mut findings) = (Vec::new(), Vec::new(), 0);
        for _ in 0..RUNS {
            let started = Instant::now();
            read_and_parse(dir.path());
            parsing.push(started.elapsed());
            let started = Instant::now();
            findings = once(dir.path());
            scanning.push(started.elapsed());
        }
        let (parsing, scanning) = (median(parsing), median(scanning));
        println!(
            "{size:8}  {files:5}  {bytes:7}  {:9.1} {:9.1}  {:5.2}  {:8.1}  {findings}",
            parsing.as_secs_f64() * 1e3,
            scanning.as_secs_f64() * 1e3,
            scanning.as_secs_f64() / parsing.as_secs_f64(),
            memory_of(size, dir.path()) / 1024.0,
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn read_and_parse(dir: &Path) {
    let loaded = load::load(&[dir.to_path_buf()], dir, &load::Options::default());
    let files: Vec<_> = loaded.sources.iter().collect();
    let parsed: Vec<_> = files
        .into_par_iter()
        .map(|(id, file)| meshvet::syntax::parse(id, file))
        .collect();
    assert!(parsed.iter().all(|(_, problems)| problems.is_empty()));
}

/// A whole scan; how many findings it has.
fn once(dir: &Path) -> usize {
    let compile = || {
        let rules = Rules::embedded().expect("the rules");
        rules.check().expect("the rules");
        rules
    };
    let read = || {
        let loaded = load::load(&[dir.to_path_buf()], dir, &load::Options::default());
        let parsed = parse(&loaded.sources);
        (loaded, parsed)
    };
    let (rules, (loaded, parsed)) = rayon::join(compile, read);
    let origin = Origin {
        kind: "directory",
        revision: None,
    };
    let outcome = scan(&loaded.sources, &parsed, &rules, &origin);
    let report = Report {
        sources: &loaded.sources,
        findings: &outcome.findings,
        suppressed: 0,
        problems: &[],
        scan: &ScanSummary::default(),
        rules: &rules,
    };
    report::write(
        Format::text,
        &report,
        Options::default(),
        &mut std::io::sink(),
    )
    .expect("written");
    outcome.findings.len()
}

/// Where the time of a scan goes: `-- --stages N`.
fn stages(size: usize) {
    let dir = tempfile::tempdir().expect("a scratch directory");
    mesh::write(dir.path(), size);
    for _ in 0..RUNS {
        let mut at = Instant::now();
        let mut line = String::new();
        let mut lap = |name: &str| {
            line += &format!("{name} {:.1}  ", at.elapsed().as_secs_f64() * 1e3);
            at = Instant::now();
        };
        let loaded = load::load(
            &[dir.path().to_path_buf()],
            dir.path(),
            &load::Options::default(),
        );
        lap("load");
        let rules = Rules::embedded().expect("the rules");
        rules.check().expect("the rules");
        lap("rules");
        let parsed = parse(&loaded.sources);
        lap("parse");
        let environment = parsed.environments.first().expect("an environment");
        let (index, _) = meshvet::k8s::Index::build(environment, parsed.documents.clone());
        let index = std::sync::Arc::new(index);
        lap("index");
        let (meshes, _) = meshvet::mesh::find(&index);
        lap("mesh");
        let (world, _) = meshvet::reach::World::new(index, meshes);
        lap("world");
        let graph = meshvet::reach::Graph::build(&world);
        lap("graph");
        let run = meshvet::facts::Scan {
            environment: ".".to_owned(),
            origin: "directory".to_owned(),
            revision: None,
            complete: Vec::new(),
        };
        let input = meshvet::facts::collect(&world, &graph, &[], run, &rules.sections());
        lap("facts");
        let places = meshvet::scan::Places(&world);
        let (found, _) = meshvet::policy::evaluate(&rules, &input, &places, ".");
        lap("judge");
        for rule in rules.iter().filter(|_| std::env::var_os("RULES").is_some()) {
            let alone = rules.only(|one| one.id == rule.id);
            let _ = alone.check();
            let started = Instant::now();
            let _ = meshvet::policy::evaluate(&alone, &input, &places, ".");
            println!("{:7.1}  {}", started.elapsed().as_secs_f64() * 1e3, rule.id);
        }
        let found = meshvet::finding::collect(vec![found], &loaded.sources);
        lap("collect");
        println!("{line} ({} findings)", found.len());
    }
}

/// Peak memory in KiB of a process that scans once.
fn memory_of(size: usize, dir: &Path) -> f64 {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own)
        .args(["--once", &size.to_string(), &dir.to_string_lossy()])
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace()
        .next()
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(f64::NAN)
}

fn peak_memory_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .unwrap_or("nan")
        .to_owned()
}
