//! The commands. [`run`] is a function of its arguments and of [`Io`], so that tests run it in
//! process with everything around it under control.

mod args;
mod can;
mod diff;
mod facts;
mod history;
mod input;
mod matrix;
mod rules;
mod scan;
mod test;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::load::Refusal;
use args::{Cli, Color, Command, Common};

/// The world around a run.
pub struct Io<'a> {
    /// The working directory.
    pub cwd: PathBuf,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Standard input.
    pub stdin: &'a mut (dyn Read + Send),
    /// Standard output: what was asked for and nothing else.
    pub stdout: &'a mut (dyn Write + Send),
    /// Standard error: notices and errors.
    pub stderr: &'a mut (dyn Write + Send),
    /// Whether standard output is a terminal.
    pub terminal: bool,
}

/// How a run ended. The numbers are the exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to complain about.
    Fine = 0,
    /// Findings, a failed test, a call that is not plainly allowed.
    Found = 1,
    /// Wrong usage, or a policy that does not compile.
    Usage = 2,
    /// Nothing to read, or nothing in it that is a mesh.
    NoInput = 3,
    /// Something was not read or not judged.
    Incomplete = 4,
}

/// Why a run ended early: what to say, and how to exit.
#[derive(Debug)]
pub struct Failure {
    message: String,
    exit: Exit,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit: Exit::Usage,
        }
    }

    fn no_input(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit: Exit::NoInput,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong(message) => Self::usage(message),
            Refusal::Empty(message) => Self::no_input(message),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self {
            message: format!("cannot write: {error}"),
            exit: Exit::Incomplete,
        }
    }
}

/// Runs with the real world around it.
pub fn main() -> ExitCode {
    let mut io = Io {
        cwd: std::env::current_dir().unwrap_or_default(),
        env: std::env::vars().collect(),
        stdin: &mut io::stdin(),
        stdout: &mut io::stdout(),
        stderr: &mut io::stderr(),
        terminal: io::stdout().is_terminal(),
    };
    ExitCode::from(run(std::env::args_os(), &mut io) as u8)
}

/// Runs a command line, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // help and version are asked for; everything else is wrong usage
            let (out, exit): (&mut (dyn Write + Send), _) = match error.use_stderr() {
                true => (io.stderr, Exit::Usage),
                false => (io.stdout, Exit::Fine),
            };
            let _ = write!(out, "{error}");
            return exit;
        }
    };
    let result = match threads(cli.common.threads) {
        Ok(pool) => pool.install(|| dispatch(&cli, io)),
        Err(failure) => Err(failure),
    };
    match result {
        Ok(exit) => exit,
        // whoever reads the output has seen enough
        Err(failure) if failure.message.contains("Broken pipe") => Exit::Fine,
        Err(failure) => {
            let _ = writeln!(io.stderr, "error: {}", failure.message);
            failure.exit
        }
    }
}

fn threads(wanted: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
    if wanted == Some(0) {
        return Err(Failure::usage("--threads takes a number from 1 on"));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(wanted.unwrap_or(0))
        // rules and deeply nested documents recurse
        .stack_size(16 * 1024 * 1024)
        .build()
        .map_err(|error| Failure::usage(format!("no threads can be started: {error}")))
}

fn dispatch(cli: &Cli, io: &mut Io<'_>) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Scan(args) => scan::run(args, &cli.common, io),
        Command::Can(args) => can::run(args, &cli.common, io),
        Command::Test(args) => test::run(args, &cli.common, io),
        Command::History(args) => history::run(args, &cli.common, io),
        Command::Diff(args) => diff::run(args, &cli.common, io),
        Command::Facts(args) => facts::run(args, io),
        Command::Rules(args) => rules::run(args, io),
    }
}

/// Whether to use colours on standard output.
fn color(common: &Common, io: &Io<'_>) -> bool {
    let set = |name: &str| io.env.get(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| set(name) && io.env.get(name).map(String::as_str) != Some("0");
    match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") => true,
        Color::Auto => io.terminal && io.env.get("TERM").map(String::as_str) != Some("dumb"),
    }
}
