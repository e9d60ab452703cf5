//! `meshvet facts`.

use super::args::{Facts, FactsFormat};
use super::input::{completeness, read};
use super::{Exit, Failure, Io};
use crate::facts::Sections;
use crate::scan::judge;

pub(super) fn run(args: &Facts, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let FactsFormat::Json = args.format;
    let read = read(&args.input, io)?;
    let mut problems = read.parsed.problems.clone();
    let mut inputs = Vec::new();
    for environment in &read.parsed.environments {
        let judged = judge(&read.parsed, environment, &read.origin, &Sections::All);
        problems.extend(judged.problems);
        inputs.push(judged.input);
    }
    // one document for one environment; several are a list of them
    let printed = match inputs.as_slice() {
        [only] => serde_json::to_string_pretty(only),
        several => serde_json::to_string_pretty(several),
    };
    let printed = printed.map_err(|error| Failure::usage(error.to_string()))?;
    writeln!(io.stdout, "{printed}")?;
    completeness(&problems, args.input.allow_partial, io)
}
