//! `meshvet diff`.

use std::path::Path;

use super::args::{Common, Diff};
use super::history::{end, out};
use super::input::{guide, rules};
use super::{Exit, Failure, Io, color};
use crate::history::{Walk, difference};
use crate::load::{self, Log, Revision};
use crate::report::history::{Options, TwoStates, write_diff};

pub(super) fn run(args: &Diff, common: &Common, io: &mut Io<'_>) -> Result<Exit, Failure> {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::usage(
            "standard input (-) is in no revision: diff takes files and directories",
        ));
    }
    let options = Options {
        color: args.output.is_none() && color(common, io),
        verbose: common.verbose,
        quiet: common.quiet,
        filtered: false,
    };
    let cwd = io.cwd.clone();
    let rules = rules(&args.rules, &cwd)?;
    let revision = Revision::find(&args.new, &cwd, &args.paths)?;
    let log = Log::new(&revision);
    let (old, new) = (log.find(&args.old)?, log.head());
    let around = revision.surroundings(&args.paths, args.config.as_deref())?;
    let guide = guide(around)?;
    let walk = Walk {
        guide: &guide,
        revision: &revision,
        log: &log,
        paths: &args.paths,
        options: load::Options {
            gitignore: !args.no_ignore,
            ..load::Options::default()
        },
        environment: args.environment.as_deref(),
        rules: &rules,
    };
    let told = difference(&walk, old, new)?;
    let states = TwoStates {
        old: &old.to_string(),
        new: &new.to_string(),
        changes: &told.changes,
    };
    let mut out = out(args.output.as_deref(), &cwd, io.stdout)?;
    write_diff(args.format, &states, options, &mut *out)?;
    drop(out);
    end(
        &told.problems,
        &told.unread,
        !told.has_mesh,
        args.allow_partial,
        common.verbose,
        io,
    )
}
