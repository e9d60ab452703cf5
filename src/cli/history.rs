//! `meshvet history`.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::args::{Common, History, HistoryFormat};
use super::input::{completeness, guide, options as input_options, rules};
use super::{Exit, Failure, Io, color};
use crate::history::{Ends, Filter, Seen, Walk, allowed, entries, trend};
use crate::load::{Log, Oid, Refusal, Revision, shown};
use crate::model::Problem;
use crate::render::Guide;
use crate::report::history::{
    AllowedFormat, Format, Options, Sink, TrendFormat, sink, write_allowed, write_trend,
};
use crate::report::words::{clean, many, short};

pub(super) fn run(args: &History, common: &Common, io: &mut Io<'_>) -> Result<Exit, Failure> {
    if args.input.render {
        return Err(Failure::usage(
            "charts are not rendered for history: --render takes the files of one state (scan, can, test, facts)",
        ));
    }
    let wanted = wanted(args)?;
    let options = Options {
        color: args.output.is_none() && color(common, io),
        verbose: common.verbose,
        quiet: common.quiet,
        filtered: !args.path.is_empty() || !args.resource.is_empty() || args.between.is_some(),
    };
    let cwd = io.cwd.clone();
    let file = args.output.as_deref();
    let seen = match wanted {
        Wanted::Log(format) => {
            let mut late = file.map(|file| Late::new(file, &cwd)).transpose()?;
            let out: &mut (dyn Write + Send) = match &mut late {
                Some(late) => late,
                None => &mut *io.stdout,
            };
            let seen = tell(args, &mut *sink(format, options, out), &cwd)?;
            if let Some(late) = &mut late {
                late.file()?;
            }
            seen
        }
        Wanted::Allowed(format, from, to) => {
            let (told, seen) = walk(args, &cwd, |walk, trunk| allowed(walk, trunk, from, to))?;
            write_allowed(format, &told, options, &mut *out(file, &cwd, io.stdout)?)?;
            seen
        }
        Wanted::Trend(format) => {
            let (points, seen) = walk(args, &cwd, trend)?;
            write_trend(format, &points, options, &mut *out(file, &cwd, io.stdout)?)?;
            seen
        }
    };
    if let Some(oldest) = seen.oldest.as_ref().filter(|_| seen.is_cut) {
        let oldest = oldest.id.to_string();
        let oldest = short(&oldest);
        writeln!(
            io.stderr,
            "notice: the clone is shallow, so what {oldest} changed and what came before is not known (`git fetch --unshallow` brings it)"
        )?;
    }
    end(
        &seen.problems,
        &seen.unread,
        seen.is_without_mesh(),
        args.input.allow_partial,
        common.verbose,
        io,
    )
}

/// What is to be printed, and how.
#[derive(Debug, PartialEq, Eq)]
enum Wanted<'a> {
    /// The log.
    Log(Format),
    /// Since when one call gets through: from, to.
    Allowed(AllowedFormat, &'a str, &'a str),
    /// The number of findings, commit by commit.
    Trend(TrendFormat),
}

fn wanted(args: &History) -> Result<Wanted<'_>, Failure> {
    if args.input.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::usage(
            "standard input (-) has no history: name files and directories of a git repository",
        ));
    }
    if let Some([from, to]) = args.when_allowed.as_deref() {
        let format = match args.format {
            HistoryFormat::Text => AllowedFormat::Text,
            HistoryFormat::Json => AllowedFormat::Json,
            _ => return Err(Failure::usage("--when-allowed is printed as text or json")),
        };
        return Ok(Wanted::Allowed(format, from, to));
    }
    match (args.format, args.trend) {
        (HistoryFormat::Text, false) => Ok(Wanted::Log(Format::Text)),
        (HistoryFormat::Json, false) => Ok(Wanted::Log(Format::Json)),
        (HistoryFormat::Jsonl, false) => Ok(Wanted::Log(Format::Jsonl)),
        (HistoryFormat::Markdown, false) => Ok(Wanted::Log(Format::Markdown)),
        (HistoryFormat::Csv | HistoryFormat::Svg, false) => Err(Failure::usage(
            "csv and svg are forms of a trend: add --trend, or say text, json, jsonl or markdown",
        )),
        (HistoryFormat::Text, true) => Ok(Wanted::Trend(TrendFormat::Text)),
        (HistoryFormat::Json, true) => Ok(Wanted::Trend(TrendFormat::Json)),
        (HistoryFormat::Csv, true) => Ok(Wanted::Trend(TrendFormat::Csv)),
        (HistoryFormat::Svg, true) => Ok(Wanted::Trend(TrendFormat::Svg)),
        (HistoryFormat::Jsonl | HistoryFormat::Markdown, true) => Err(Failure::usage(
            "--trend is printed as text, json, csv or svg",
        )),
    }
}

/// Where the report goes: a file, or standard output.
pub(super) fn out<'a>(
    file: Option<&Path>,
    cwd: &Path,
    stdout: &'a mut (dyn Write + Send),
) -> Result<Box<dyn Write + Send + 'a>, Failure> {
    let Some(file) = file else {
        return Ok(Box::new(stdout));
    };
    let opened: PathBuf = cwd.join(file);
    let opened = File::create(opened).map_err(|error| {
        let file = file.display();
        Failure::usage(format!("cannot write {file}: {error}"))
    })?;
    Ok(Box::new(opened))
}

/// A file that is opened only when there is something to write: what ends in an error leaves the old
/// one as it was.
struct Late {
    path: PathBuf,
    file: Option<File>,
}

impl Late {
    /// A file that can be written, as far as it can be told beforehand.
    fn new(file: &Path, cwd: &Path) -> Result<Self, Failure> {
        let path = cwd.join(file);
        let checked = match std::fs::metadata(&path) {
            Ok(data) if data.is_file() || data.is_dir() => {
                OpenOptions::new().write(true).open(&path).map(drop)
            }
            // whoever reads from a pipe is not to see its end
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let above = path.parent().map(std::fs::metadata);
                above.transpose().map(drop)
            }
            Err(error) => Err(error),
        };
        checked.map_err(|error| {
            let file = file.display();
            Failure::usage(format!("cannot write {file}: {error}"))
        })?;
        Ok(Self { path, file: None })
    }

    fn file(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::create(&self.path)?,
        };
        Ok(self.file.insert(file))
    }
}

impl Write for Late {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

/// Walks the commits and hands each change to the report.
fn tell(args: &History, sink: &mut dyn Sink, cwd: &Path) -> Result<Seen, Failure> {
    let filter = Filter {
        paths: args.path.iter().map(|path| shown(path, cwd)).collect(),
        resources: args.resource.clone(),
        between: match args.between.as_deref() {
            Some([from, to]) => Some((from.clone(), to.clone())),
            _ => None,
        },
    };
    // what ends in an error begins with nothing
    let mut has_begun = false;
    let mut begin = |sink: &mut dyn Sink| match std::mem::replace(&mut has_begun, true) {
        true => Ok(()),
        false => sink.begin(),
    };
    let mut unwritten = None;
    let seen = walk(args, cwd, |walk, trunk| {
        entries(walk, trunk, &filter, |entry| {
            let written = begin(sink).and_then(|()| sink.entry(&entry));
            written.map_err(|error| {
                unwritten = Some(error);
                Refusal::Empty(String::new())
            })
        })
    });
    if let Some(error) = unwritten {
        return Err(error.into());
    }
    let seen = seen?;
    if !seen.is_without_mesh() {
        begin(sink)?;
        sink.end(&seen.range())?;
    }
    Ok(seen)
}

/// Goes through the commits that were asked for.
fn walk<T>(
    args: &History,
    cwd: &Path,
    go: impl FnOnce(&Walk<'_>, &[Oid]) -> Result<T, Refusal>,
) -> Result<T, Failure> {
    let mut compiled = None;
    // rules are compiled while commits are looked up
    let found = rayon::in_place_scope(|scope| {
        scope.spawn(|_| compiled = Some(rules(&args.rules, cwd)));
        look_up(args, cwd)
    });
    let rules = compiled.unwrap_or_else(|| rules(&args.rules, cwd))?;
    let (revision, guide, trunk) = found?;
    let walk = Walk {
        guide: &guide,
        revision: &revision,
        log: &Log::new(&revision),
        paths: &args.input.paths,
        options: input_options(&args.input),
        environment: args.input.environment.as_deref(),
        rules: &rules,
    };
    Ok(go(&walk, &trunk)?)
}

/// The revision that was asked for, what says how its files belong together, and the commits that led there.
fn look_up(args: &History, cwd: &Path) -> Result<(Revision, Guide, Vec<Oid>), Failure> {
    let rev = args.input.rev.as_deref().unwrap_or("HEAD");
    let revision = Revision::find(rev, cwd, &args.input.paths)?;
    let around = revision.surroundings(&args.input.paths, args.input.config.as_deref())?;
    let guide = guide(around)?;
    let ends = Ends {
        since: args.since.clone(),
        until: args.until.clone(),
    };
    let trunk = ends.commits(&Log::new(&revision))?;
    Ok((revision, guide, trunk))
}

/// How many notices of one sort are shown.
const MOST: usize = 5;

/// How a walk ends, with notices of what was not read.
pub(super) fn end(
    problems: &[Problem],
    older: &[Problem],
    is_without_mesh: bool,
    allow_partial: bool,
    verbose: bool,
    io: &mut Io<'_>,
) -> Result<Exit, Failure> {
    let most = if verbose { usize::MAX } else { MOST };
    for problem in older.iter().take(most) {
        writeln!(io.stderr, "notice: {}", clean(&problem.message))?;
    }
    if older.len() > most {
        let more = older.len() - most;
        writeln!(
            io.stderr,
            "notice: {} like this (-v shows them)",
            many(more, "more file")
        )?;
    }
    let exit = completeness(problems, allow_partial, io)?;
    if is_without_mesh && exit == Exit::Fine {
        return Err(Failure::no_input("nothing here is a mesh, at any commit"));
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Cli, Command};
    use super::*;

    /// What is made of a command line: the thing wanted, or the message.
    fn of(line: &str) -> String {
        let words = ["meshvet", "history"].into_iter().chain(line.split(' '));
        let cli = match Cli::try_parse_from(words.filter(|word| !word.is_empty())) {
            Ok(cli) => cli,
            Err(error) => return error.to_string(),
        };
        match &cli.command {
            Command::History(args) => match wanted(args) {
                Ok(wanted) => format!("{wanted:?}"),
                Err(failure) => failure.message,
            },
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_form_belongs_to_something() {
        assert_eq!(of(""), "Log(Text)");
        assert_eq!(of("-f jsonl"), "Log(Jsonl)");
        assert_eq!(of("-f markdown --path a --path b"), "Log(Markdown)");
        assert_eq!(of("--trend -f svg"), "Trend(Svg)");
        assert_eq!(of("--trend"), "Trend(Text)");
        let asked = of("--when-allowed web/frontend payments/ledger:8443 deploy -f json");
        assert_eq!(
            asked,
            r#"Allowed(Json, "web/frontend", "payments/ledger:8443")"#
        );
    }

    #[test]
    fn what_makes_no_sense_says_what_to_do() {
        assert!(of("-f csv").contains("add --trend"));
        assert!(of("--trend -f jsonl").contains("text, json, csv or svg"));
        assert!(of("--when-allowed a/b c/d:1 -f markdown").contains("text or json"));
        assert!(of("-").contains("has no history"));
        assert!(of("--when-allowed a/b").contains("2 values required"));
        assert!(of("--when-allowed a/b c/d:1 --trend").contains("cannot be used with"));
        assert!(of("--trend --between a/b c/d").contains("cannot be used with"));
        assert!(of("--between a/b c/d --path x").starts_with("Log"));
    }
}
