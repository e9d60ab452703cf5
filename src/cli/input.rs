//! Paths → files → environments, the same for every command.

use std::path::{Path, PathBuf};

use super::args::{Input, RuleSource};
use super::{Exit, Failure, Io};
use crate::config::{Config, ConfigError};
use crate::load::{self, Helm, Loaded, Options, Repository, Revision, Surroundings};
use crate::model::{self, Problem};
use crate::policy::Rules;
use crate::render::{self, Guide, Rendered};
use crate::report::{ProblemLine, Spot};
use crate::scan::{self, Origin, Parsed};
use crate::text::{SourceFile, Sources, Span};

/// How often charts are rendered that came of rendering others.
const MAX_ROUNDS: usize = 4;

/// What was read.
pub(super) struct Read {
    /// The files.
    pub sources: Sources,
    /// Their documents, by environment.
    pub parsed: Parsed,
    /// Where they come from.
    pub origin: Origin,
    place: Place,
    guide: Guide,
    /// What renders charts, if they are to be rendered.
    helm: Option<Helm>,
}

/// Where the files lie.
enum Place {
    /// On disk, in a repository or in none.
    Disk(Option<Repository>),
    /// In a commit; the current directory from the root of its repository.
    Commit(PathBuf),
}

impl Read {
    /// The path of a file from the root of the repository; nothing if it lies in none.
    pub fn path_of(&self, name: &str, cwd: &Path) -> Option<String> {
        match &self.place {
            Place::Disk(repository) => repository.as_ref()?.path_of(&cwd.join(name)),
            Place::Commit(within) => Some(load::shown(&within.join(name), Path::new(""))),
        }
    }
}

impl Read {
    /// What was there at a revision, of the same paths.
    pub fn at(&self, rev: &str, input: &Input, cwd: &Path) -> Result<Self, Failure> {
        if self.origin.kind == "stdin" {
            return Err(Failure::usage(
                "standard input (-) is in no revision: --new-since takes files and directories",
            ));
        }
        let input = Input {
            rev: Some(rev.to_owned()),
            ..input.clone()
        };
        let (loaded, origin, place, at) = revision(rev, &input, cwd)?;
        let guide = self.guide_at(&at);
        let mut parsed = parsed(&guide, &loaded, self.helm.as_ref());
        if let Some(wanted) = &input.environment {
            keep(&mut parsed, wanted);
        }
        Ok(Self {
            sources: loaded.sources,
            parsed,
            origin,
            place,
            guide,
            helm: self.helm.clone(),
        })
    }

    /// What says how files of a commit belong together: the same as here.
    pub fn guide_at(&self, revision: &Revision) -> Guide {
        self.guide.on(revision.ground())
    }
}

/// Reads what the user named.
pub(super) fn read(input: &Input, io: &mut Io<'_>) -> Result<Read, Failure> {
    let stdin = input.paths.iter().any(|path| path == Path::new("-"));
    if stdin && input.paths.len() > 1 {
        return Err(Failure::usage(
            "standard input (-) cannot be read together with files",
        ));
    }
    if stdin && input.rev.is_some() {
        return Err(Failure::usage(
            "standard input (-) is in no revision: --rev takes files and directories",
        ));
    }
    let helm = helm(input, io)?;
    let file = input.config.as_deref();
    let (loaded, origin, place, around) = match &input.rev {
        Some(rev) => {
            let (loaded, origin, place, revision) = revision(rev, input, &io.cwd)?;
            let around = revision.surroundings(&input.paths, file)?;
            (loaded, origin, place, around)
        }
        None => {
            let around = load::surroundings(&input.paths, &io.cwd, file)?;
            let (loaded, origin, place) = disk(input, stdin, io);
            (loaded, origin, place, around)
        }
    };
    let guide = guide(around)?;
    if let Some(missing) = loaded.missing.first() {
        let missing = missing.display();
        let at = input.rev.as_ref().map(|rev| format!(" at {rev}"));
        let at = at.unwrap_or_default();
        return Err(Failure::no_input(format!("there is no {missing}{at}")));
    }
    if loaded.sources.is_empty() && loaded.problems.is_empty() {
        return Err(Failure::no_input("there is no YAML or JSON file to read"));
    }
    let paths: Vec<String> = match stdin {
        true => Vec::new(),
        false => input
            .paths
            .iter()
            .map(|path| load::shown(path, &io.cwd))
            .collect(),
    };
    let wrong = render::unmatched(&guide, &loaded.sources, &paths);
    if !wrong.is_empty() {
        return Err(misconfigured(&wrong));
    }
    let mut parsed = parsed(&guide, &loaded, helm.as_ref());
    if let Some(wanted) = &input.environment {
        let known: Vec<String> = parsed.environments.iter().map(|e| e.name.clone()).collect();
        keep(&mut parsed, wanted);
        if parsed.environments.is_empty() {
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(Failure::usage(format!(
                "there is no environment {wanted:?}; there is {known}"
            )));
        }
    }
    Ok(Read {
        sources: loaded.sources,
        parsed,
        origin,
        place,
        guide,
        helm,
    })
}

/// Leaves no other environment than one.
fn keep(parsed: &mut Parsed, wanted: &str) {
    let environments = &mut parsed.environments;
    environments.retain(|environment| environment.name == wanted);
}

/// What renders charts, if the user wants that.
fn helm(input: &Input, io: &Io<'_>) -> Result<Option<Helm>, Failure> {
    if !input.render {
        return Ok(None);
    }
    let variable = |name: &str| io.env.get(name).filter(|value| !value.is_empty());
    let named = input.helm.clone();
    let named = named.or_else(|| variable("MESHVET_HELM").map(PathBuf::from));
    let path = variable("PATH").map_or("", String::as_str);
    let helm = Helm::find(named.as_deref(), path, &io.cwd).map_err(Failure::usage)?;
    Ok(Some(helm))
}

/// The documents of files by environment, with what charts among them render to, and all that could
/// not be read.
fn parsed(guide: &Guide, loaded: &Loaded, helm: Option<&Helm>) -> Parsed {
    let mut parsed = sorted(guide, loaded, helm);
    parsed.problems.extend(loaded.problems.iter().cloned());
    parsed
}

fn sorted(guide: &Guide, loaded: &Loaded, helm: Option<&Helm>) -> Parsed {
    let read = scan::read(&loaded.sources);
    let mut rendered = Rendered::default();
    let Some(helm) = helm else {
        return read.sort(guide, &loaded.sources, &rendered);
    };
    // what one chart renders to may have others installed
    for _ in 0..MAX_ROUNDS {
        let (sources, beside) = (&loaded.sources, &loaded.beside);
        let charts = render::charts(guide, sources, &read.documents, beside, &rendered);
        if charts.jobs.is_empty() && charts.refused.is_empty() {
            break;
        }
        rendered.append(helm.render(&charts.jobs));
        for (release, refused) in charts.refused {
            rendered.add(release, Err(render::Failure::Refused(refused)));
        }
    }
    read.sort(guide, &loaded.sources, &rendered)
}

/// What says how files belong together, of what lies around them.
pub(super) fn guide(around: Surroundings) -> Result<Guide, Failure> {
    let config = around
        .config
        .map(|(source, home)| Config::read(source, home));
    Ok(Guide {
        ground: around.ground,
        config: config
            .transpose()
            .map_err(|errors| misconfigured(&errors))?,
    })
}

fn misconfigured(errors: &[ConfigError]) -> Failure {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Failure::usage(lines.join("\n"))
}

/// The files of a commit.
fn revision(
    rev: &str,
    input: &Input,
    cwd: &Path,
) -> Result<(Loaded, Origin, Place, Revision), Failure> {
    let revision = Revision::find(rev, cwd, &input.paths)?;
    let loaded = revision.load(&input.paths, &options(input))?;
    let origin = Origin {
        kind: "revision",
        revision: Some(revision.id()),
    };
    let place = Place::Commit(revision.within());
    Ok((loaded, origin, place, revision))
}

/// The files that lie there, or standard input.
fn disk(input: &Input, stdin: bool, io: &mut Io<'_>) -> (Loaded, Origin, Place) {
    let loaded = match stdin {
        true => load::read(&mut *io.stdin),
        false => load::load(&input.paths, &io.cwd, &options(input)),
    };
    let repository = repository(input, &io.cwd);
    let origin = Origin {
        kind: if stdin { "stdin" } else { "directory" },
        revision: repository.as_ref().and_then(|r| r.head.clone()),
    };
    (loaded, origin, Place::Disk(repository))
}

/// What of a directory is left out.
pub(super) fn options(input: &Input) -> Options {
    Options {
        gitignore: !input.no_ignore,
        charts: input.render,
    }
}

/// The repository that what the user named lies in; none for standard input.
fn repository(input: &Input, cwd: &Path) -> Option<Repository> {
    let path = input.paths.first().filter(|path| *path != Path::new("-"))?;
    let path = cwd.join(path);
    let directory = if path.is_dir() { &path } else { path.parent()? };
    load::discover(directory)
}

/// The rules the user wants.
pub(super) fn rules(source: &RuleSource, cwd: &Path) -> Result<Rules, Failure> {
    let broken = |errors: crate::policy::PolicyErrors| Failure::usage(errors.to_string());
    let mut rules = match source.no_builtin {
        true => Rules::from_files([]).map_err(broken)?,
        false => Rules::embedded().map_err(broken)?,
    };
    for dir in &source.policies {
        let files = rego_files(&cwd.join(dir))?;
        rules = rules
            .with(Rules::from_files(files).map_err(broken)?)
            .map_err(broken)?;
    }
    rules.check().map_err(broken)?;
    Ok(rules)
}

/// The `.rego` files below a directory, by name.
pub(super) fn rego_files(dir: &Path) -> Result<Vec<SourceFile>, Failure> {
    if !dir.is_dir() {
        return Err(Failure::usage(format!(
            "there is no directory {}",
            dir.display()
        )));
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("cannot read {}: {error}", dir.display()))
        };
        let entry = entry.map_err(|error| unreadable(&error))?;
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rego")
        {
            let text = std::fs::read_to_string(entry.path()).map_err(|error| unreadable(&error))?;
            let name = entry.path().strip_prefix(dir).unwrap_or(entry.path());
            files.push(SourceFile::new(
                name.to_string_lossy().replace('\\', "/"),
                text,
            ));
        }
    }
    Ok(files)
}

/// Problems as reports take them.
pub(super) fn problem_lines(problems: &[Problem]) -> Vec<ProblemLine> {
    let line = |problem: &Problem| ProblemLine {
        kind: problem.kind,
        message: problem.message.clone(),
        place: match &problem.place {
            model::Place::Span(span) => Spot::Span(*span),
            model::Place::Path(name) => Spot::File(name.clone()),
            model::Place::File(file) => Spot::Span(Span {
                file: *file,
                start: 0,
                end: 0,
            }),
            model::Place::Nowhere | model::Place::At(_) => Spot::Nowhere,
        },
    };
    problems.iter().map(line).collect()
}

/// The exit code where something was not read or judged, and a notice that says so.
pub(super) fn completeness(
    problems: &[Problem],
    allow_partial: bool,
    io: &mut Io<'_>,
) -> Result<Exit, Failure> {
    let open = problems
        .iter()
        .filter(|problem| problem.kind.is_incomplete())
        .count();
    if open == 0 {
        return Ok(Exit::Fine);
    }
    let things = if open == 1 {
        "1 thing was".to_owned()
    } else {
        format!("{open} things were")
    };
    if allow_partial {
        writeln!(
            io.stderr,
            "notice: {things} not read or not judged (-v shows them)"
        )?;
        return Ok(Exit::Fine);
    }
    writeln!(
        io.stderr,
        "incomplete: {things} not read or not judged (-v shows them, --allow-partial accepts that)"
    )?;
    Ok(Exit::Incomplete)
}
