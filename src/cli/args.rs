//! What can be typed.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::history::DiffFormat;
use crate::report::{Format, matrix};

/// Vets the security of a service mesh from its configuration.
#[derive(Debug, Parser)]
#[command(
    name = "meshvet",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Flags of every command.
    #[command(flatten)]
    pub common: Common,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Only what was asked for, no summary
    #[arg(short, long, global = true, display_order = 100)]
    pub quiet: bool,

    /// Also everything that could not be judged, each with its line
    #[arg(short, long, global = true, display_order = 101)]
    pub verbose: bool,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 102
    )]
    pub color: Color,

    /// Never show a progress bar
    #[arg(long, global = true, display_order = 103)]
    pub no_progress: bool,

    /// How many threads to use [default: one per processor]
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "MESHVET_THREADS",
        display_order = 104
    )]
    pub threads: Option<usize>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal; NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE are heeded
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find what is wrong in a mesh's configuration, with the line that decides it
    Scan(Scan),
    /// May FROM call TO, over which transport, decided by which line?
    Can(Can),
    /// Run the reachability tests in *.meshvet-test.yaml
    Test(Test),
    /// The log of changes to a mesh's security: who, when, and what each opened or closed
    History(History),
    /// What differs in force between two git revisions
    Diff(Diff),
    /// The `input` document that rules see
    Facts(Facts),
    /// The rules: list them, explain one, test them
    #[command(subcommand)]
    Rules(Rules),
}

/// Where the input is.
#[derive(Debug, Clone, Args)]
pub struct Input {
    /// Files or directories; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// Read a git revision (a branch, a tag, HEAD~2) instead of the files that lie there
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,

    /// Only this environment, by the name that reports show
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,

    /// The configuration file [default: .meshvet.yaml, meshvet.yaml or .github/meshvet.yaml, upwards from
    /// the first PATH]
    #[arg(long, value_name = "FILE", env = "MESHVET_CONFIG")]
    pub config: Option<PathBuf>,

    /// Read files that .gitignore names, too
    #[arg(long)]
    pub no_ignore: bool,

    /// Do not fail because something could not be read or understood
    #[arg(long)]
    pub allow_partial: bool,

    /// Render Helm charts with your own helm, without plugins or network
    #[arg(long)]
    pub render: bool,

    /// The helm to use [default: MESHVET_HELM, or the one on the PATH]
    #[arg(long, value_name = "PATH", requires = "render")]
    pub helm: Option<PathBuf>,
}

/// Which rules judge.
#[derive(Debug, Clone, Args)]
pub struct RuleSource {
    /// A directory with rules of your own; may be repeated
    #[arg(long, value_name = "DIR")]
    pub policies: Vec<PathBuf>,

    /// Without the rules that come with meshvet
    #[arg(long)]
    pub no_builtin: bool,
}

/// `scan`.
#[derive(Debug, Args)]
pub struct Scan {
    /// Where the input is.
    #[command(flatten)]
    pub input: Input,

    /// Which rules judge.
    #[command(flatten)]
    pub rules: RuleSource,

    /// The environments side by side: which finding is in which, and which calls only some let through
    #[arg(long)]
    pub matrix: bool,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = scan_formats())]
    pub format: String,

    /// Write to a file instead; with FORMAT=FILE in another form as well, may be repeated
    #[arg(short, long, value_name = "[FORMAT=]FILE")]
    pub output: Vec<String>,

    /// The lowest severity that makes the command fail
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    pub fail_on: FailOn,

    /// Do not fail because of findings
    #[arg(long)]
    pub exit_zero: bool,

    /// Report and count only what this git revision did not have, or had in fewer places or less bad
    #[arg(long, value_name = "REV")]
    pub new_since: Option<String>,

    /// Do not look in git for who wrote what, and when
    #[arg(long)]
    pub no_history: bool,
}

/// The names of all formats of a scan, with and without a matrix.
fn scan_formats() -> PossibleValuesParser {
    let plain = Format::value_variants().iter();
    let mut all: Vec<PossibleValue> = plain.filter_map(ValueEnum::to_possible_value).collect();
    let matrix = matrix::Format::value_variants().iter();
    for format in matrix.filter_map(ValueEnum::to_possible_value) {
        if !all
            .iter()
            .any(|known| known.get_name() == format.get_name())
        {
            let help = format!("With --matrix. {}", format.get_help().unwrap_or_default());
            all.push(format.help(help));
        }
    }
    PossibleValuesParser::new(all)
}

/// The lowest severity that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Critical
    Critical,
    /// High and above
    High,
    /// Medium and above
    Medium,
    /// Low and above
    Low,
    /// Any finding
    Info,
    /// No finding
    Never,
}

/// `can`.
#[derive(Debug, Args)]
pub struct Can {
    /// Who calls: namespace/workload, a service outside Kubernetes, `external`, or ip:ADDRESS
    pub from: String,

    /// What is called: namespace/workload:port, or service:port
    pub to: String,

    /// Where the input is.
    #[command(flatten)]
    pub input: Input,

    /// HTTP method
    #[arg(long, value_name = "METHOD")]
    pub method: Option<String>,

    /// HTTP path
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,

    /// HTTP host [default: any]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,

    /// A header line; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub header: Vec<String>,

    /// Present a valid token of this issuer
    #[arg(long, value_name = "ISSUER")]
    pub jwt: Option<String>,

    /// A claim of the token; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "jwt")]
    pub claim: Vec<String>,

    /// The address the call comes from
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Option<std::net::IpAddr>,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: AnswerFormat,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Where the input is.
    #[command(flatten)]
    pub input: Input,

    /// Run the tests of this file, and no others; may be repeated
    #[arg(long, value_name = "FILE")]
    pub tests: Vec<PathBuf>,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: TestFormat,
}

/// The form of test results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For CI systems
    Junit,
}

/// `history`.
#[derive(Debug, Args)]
#[command(
    mut_arg("paths", |arg| arg.help("Files or directories")),
    mut_arg("rev", |arg| arg.help("The git revision to go back from [default: HEAD]"))
)]
pub struct History {
    /// Where the input is.
    #[command(flatten)]
    pub input: Input,

    /// Which rules judge.
    #[command(flatten)]
    pub rules: RuleSource,

    /// Only commits after this revision, or from this day on (v1.2, 2026-03-02)
    #[arg(long, value_name = "REV|DATE")]
    pub since: Option<String>,

    /// Only commits up to this revision, or to the end of this day
    #[arg(long, value_name = "REV|DATE")]
    pub until: Option<String>,

    /// Show only changes in this file or below this directory; may be repeated
    #[arg(long, value_name = "PATH")]
    pub path: Vec<PathBuf>,

    /// Show only changes of these objects: kind/namespace/name, namespace/name, a kind or a name; may
    /// be repeated
    #[arg(long, value_name = "OBJECT")]
    pub resource: Vec<String>,

    /// Show only what changed for calls of FROM to TO: namespace/name or `external`, and namespace/name
    /// or namespace/name:port
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    pub between: Option<Vec<String>>,

    /// Since when may FROM call TO, or not, because of which change, and how was it before?
    #[arg(
        long,
        num_args = 2,
        value_names = ["FROM", "TO"],
        conflicts_with_all = ["between", "path", "resource", "trend"]
    )]
    pub when_allowed: Option<Vec<String>>,

    /// How many findings there were after each commit that changed their number, oldest first
    #[arg(long, conflicts_with_all = ["between", "path", "resource"])]
    pub trend: bool,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: HistoryFormat,

    /// Write to a file instead
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// For people
    Text,
    /// For programs: one document
    Json,
    /// For programs: a line for each change
    Jsonl,
    /// For a pull request or a report
    Markdown,
    /// With --trend: a line for each commit that changed the number
    Csv,
    /// With --trend: a chart
    Svg,
}

/// `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The git revision before
    pub old: String,

    /// The git revision after
    pub new: String,

    /// Files or directories
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// Only this environment, by the name that reports show
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,

    /// The configuration file [default: that of NEW]
    #[arg(long, value_name = "FILE", env = "MESHVET_CONFIG")]
    pub config: Option<PathBuf>,

    /// Read files that .gitignore names, too
    #[arg(long)]
    pub no_ignore: bool,

    /// Do not fail because something could not be read or understood
    #[arg(long)]
    pub allow_partial: bool,

    /// Which rules judge.
    #[command(flatten)]
    pub rules: RuleSource,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: DiffFormat,

    /// Write to a file instead
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `facts`.
#[derive(Debug, Args)]
pub struct Facts {
    /// Where the input is.
    #[command(flatten)]
    pub input: Input,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "json")]
    pub format: FactsFormat,
}

/// The form of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FactsFormat {
    /// JSON
    Json,
}

/// `rules`.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List all rules
    List {
        /// Which rules.
        #[command(flatten)]
        rules: RuleSource,
        /// The form of what is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        format: AnswerFormat,
    },
    /// Explain one rule
    Show {
        /// The rule, as reports name it (`mtls/permissive`)
        id: String,
        /// Which rules.
        #[command(flatten)]
        rules: RuleSource,
    },
    /// Run the rules of a directory against the fixtures beside them
    Test {
        /// The directory
        dir: PathBuf,
    },
}
