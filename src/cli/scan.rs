//! `meshvet scan`.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;

use super::args::{Common, FailOn, Input, Scan};
use super::input::{Read, completeness, options, problem_lines, read, rules};
use super::{Exit, Failure, Io, color, matrix};
use crate::finding::{Earlier, Finding, Severity, newer};
use crate::history::{self, Walk};
use crate::load::{Log, Refusal, Revision};
use crate::model::{Place, Problem};
use crate::policy::Rules;
use crate::report::{self, Format, Options, Report, ScanSummary, write};
use crate::scan::{Outcome, scan};
use crate::text::Sources;

pub(super) fn run(args: &Scan, common: &Common, io: &mut Io<'_>) -> Result<Exit, Failure> {
    if args.matrix {
        return matrix::run(args, common, io);
    }
    let started = Instant::now();
    let outputs = outputs::<Format>(args)?;
    let cwd = io.cwd.clone();
    // while files are read there is time to compile the rules
    let (rules, read) = rayon::join(|| rules(&args.rules, &cwd), || read(&args.input, io));
    let (rules, read) = (rules?, read?);
    let mut outcome = scan(&read.sources, &read.parsed, &rules, &read.origin);
    some_mesh(&outcome)?;
    if let Some(rev) = &args.new_since {
        let before = read.at(rev, &args.input, &cwd)?;
        leave_new(&mut outcome, &read, &before, &rules);
    }
    if !args.no_history {
        introduced(&read, &args.input, &rules, &mut outcome.findings, io)?;
    }
    let scan = ScanSummary {
        elapsed: io.terminal.then(|| started.elapsed()),
        ..summary(args, &read, &outcome)
    };
    let report = Report {
        sources: &read.sources,
        findings: &outcome.findings,
        suppressed: 0,
        problems: &problem_lines(&outcome.problems),
        scan: &scan,
        rules: &rules,
    };
    let to_repository = |name: &str| {
        let inside = read.path_of(name, &cwd);
        inside.unwrap_or_else(|| below(name, &args.input.paths))
    };
    let options = Options {
        color: color(common, io),
        verbose: common.verbose,
        quiet: common.quiet,
        repository_path: Some(&to_repository),
    };
    each(&outputs, io, |format, to_file, out| {
        let color = options.color && !to_file;
        write(format, &report, Options { color, ..options }, out)
    })?;
    ended(args, &outcome, io)
}

/// Writes each form to its place: whether that is a file is said, too.
pub(super) fn each<F: Copy>(
    outputs: &[(F, Option<String>)],
    io: &mut Io<'_>,
    mut write: impl FnMut(F, bool, &mut dyn io::Write) -> io::Result<()>,
) -> Result<(), Failure> {
    for (format, file) in outputs {
        match file {
            None => write(*format, false, io.stdout)?,
            Some(file) => {
                let mut out = fs::File::create(io.cwd.join(file))
                    .map_err(|error| Failure::usage(format!("cannot write {file}: {error}")))?;
                write(*format, true, &mut out)?;
            }
        }
    }
    Ok(())
}

/// Fails where all was read, and nothing of it is a mesh.
pub(super) fn some_mesh(outcome: &Outcome) -> Result<(), Failure> {
    let mut problems = outcome.problems.iter();
    let broken = problems.any(|problem| problem.kind.is_incomplete());
    if outcome.counts.meshes.is_empty() && !broken {
        return Err(Failure::no_input(
            "nothing here is a mesh: no object of Istio, Linkerd or Consul, and no namespace or pod that asks for a proxy of theirs",
        ));
    }
    Ok(())
}

/// What was scanned.
pub(super) fn summary(args: &Scan, read: &Read, outcome: &Outcome) -> ScanSummary {
    let environments = read.parsed.environments.iter();
    ScanSummary {
        origin: read.origin.kind.to_owned(),
        root: root(args),
        revision: read.origin.revision.clone(),
        environments: environments.map(|one| one.name.clone()).collect(),
        files: read.sources.len(),
        objects: outcome.counts.objects.clone(),
        meshes: outcome.counts.meshes.clone(),
        workloads: outcome.counts.workloads,
        edges: outcome.counts.edges,
        plaintext_edges: outcome.counts.plaintext_edges,
        outside_edges: outcome.counts.outside_edges,
        elapsed: None,
    }
}

/// The exit code.
pub(super) fn ended(args: &Scan, outcome: &Outcome, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let incomplete = completeness(&outcome.problems, args.input.allow_partial, io)?;
    let found = if args.exit_zero {
        Exit::Fine
    } else {
        verdict(&outcome.findings, args.fail_on)
    };
    Ok(incomplete.max(found))
}

/// Leaves what was not there before.
pub(super) fn leave_new(outcome: &mut Outcome, read: &Read, before: &Read, rules: &Rules) {
    let old = scan(&before.sources, &before.parsed, rules, &before.origin);
    let earlier = Earlier {
        findings: &old.findings,
        sources: &before.sources,
    };
    let findings = std::mem::take(&mut outcome.findings);
    outcome.findings = newer(findings, &read.sources, &earlier);
    let known: HashSet<_> = old
        .problems
        .iter()
        .filter_map(|problem| place_of(problem, &before.sources))
        .collect();
    let is_known = |problem: &Problem| {
        place_of(problem, &read.sources).is_some_and(|place| known.contains(&place))
    };
    outcome.problems.retain(|problem| !is_known(problem));
}

/// What a problem says, its sort, and the name and text of its file.
type Told<'a> = (&'a str, &'static str, Option<(&'a str, &'a str)>);

/// What makes a problem the same as one of another revision: what it says, and the name and the whole
/// text of its file, as nothing in a file that is not understood can be called unchanged otherwise.
/// Nothing where the file could not be read at all.
fn place_of<'a>(problem: &'a Problem, sources: &'a Sources) -> Option<Told<'a>> {
    let file = match &problem.place {
        Place::File(file) => Some(*file),
        Place::Span(span) => Some(span.file),
        Place::Nowhere => None,
        Place::Path(_) | Place::At(_) => return None,
    };
    let file = file.map(|file| sources.get(file));
    let text = file.map(|file| (file.name(), file.text()));
    Some((&problem.message, problem.kind.name(), text))
}

/// Finds out who brought the findings, if they lie in a repository.
fn introduced(
    read: &Read,
    input: &Input,
    rules: &Rules,
    findings: &mut [Finding],
    io: &mut Io<'_>,
) -> Result<(), Failure> {
    if read.origin.kind == "stdin" || read.origin.revision.is_none() {
        return Ok(());
    }
    let rev = input.rev.as_deref().unwrap_or("HEAD");
    let mut search = || {
        let revision = Revision::find(rev, &io.cwd, &input.paths)?;
        let log = Log::new(&revision);
        let guide = read.guide_at(&revision);
        let walk = Walk {
            guide: &guide,
            revision: &revision,
            log: &log,
            paths: &input.paths,
            options: options(input),
            environment: input.environment.as_deref(),
            rules,
        };
        let on_disk = input.rev.is_none();
        history::introduced(&walk, on_disk, &read.sources, &read.parsed, findings)
    };
    if let Err(Refusal::Wrong(message) | Refusal::Empty(message)) = search() {
        writeln!(
            io.stderr,
            "notice: git does not tell who wrote what was found: {message}"
        )?;
    }
    Ok(())
}

/// The path of a file in no repository: from the directory that was named.
fn below(name: &str, paths: &[PathBuf]) -> String {
    let inside = paths.iter().find_map(|path| {
        let path = path.to_string_lossy().replace('\\', "/");
        let inside = name.strip_prefix(path.trim_end_matches('/'))?;
        inside.strip_prefix('/')
    });
    let inside = inside.unwrap_or(name);
    inside
        .trim_start_matches("../")
        .trim_start_matches("./")
        .to_owned()
}

/// Each form that is wanted, and the file it goes to; none is standard output.
pub(super) fn outputs<F: ValueEnum>(args: &Scan) -> Result<Vec<(F, Option<String>)>, Failure> {
    let main = || format_of::<F>(&args.format, args.matrix);
    let mut outputs = Vec::new();
    let mut to_stdout = true;
    for output in &args.output {
        let named = output.split_once('=');
        let named = named.filter(|(format, _)| is_format(format));
        match named {
            Some((_, "")) => return Err(Failure::usage(format!("{output:?} names no file"))),
            Some((format, file)) => {
                outputs.push((format_of(format, args.matrix)?, Some(file.to_owned())));
            }
            None if to_stdout => {
                to_stdout = false;
                outputs.push((main()?, Some(output.clone())));
            }
            None => {
                return Err(Failure::usage(format!(
                    "several files are written: say FORMAT={output} for each but one"
                )));
            }
        }
    }
    if to_stdout {
        outputs.insert(0, (main()?, None));
    }
    Ok(outputs)
}

/// Whether a scan has a format of this name, with a matrix or without.
fn is_format(name: &str) -> bool {
    Format::from_str(name, false).is_ok() || report::matrix::Format::from_str(name, false).is_ok()
}

/// The format of this name, if there is one.
fn format_of<F: ValueEnum>(name: &str, is_matrix: bool) -> Result<F, Failure> {
    F::from_str(name, false).map_err(|_| {
        let all = F::value_variants().iter();
        let all = all.filter_map(ValueEnum::to_possible_value);
        let all: Vec<String> = all.map(|one| one.get_name().to_owned()).collect();
        let with = if is_matrix { "with" } else { "without" };
        let all = all.join(", ");
        Failure::usage(format!(
            "there is no {name} {with} --matrix; there is {all}"
        ))
    })
}

fn root(args: &Scan) -> String {
    let shown: Vec<String> = args
        .input
        .paths
        .iter()
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    shown.join(" ")
}

fn verdict(findings: &[Finding], fail_on: FailOn) -> Exit {
    let least = match fail_on {
        FailOn::Critical => Severity::Critical,
        FailOn::High => Severity::High,
        FailOn::Medium => Severity::Medium,
        FailOn::Low => Severity::Low,
        FailOn::Info => Severity::Info,
        FailOn::Never => return Exit::Fine,
    };
    match findings.iter().any(|finding| finding.severity >= least) {
        true => Exit::Found,
        false => Exit::Fine,
    }
}
