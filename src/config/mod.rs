//! The configuration file, `.meshvet.yaml`: text to [`Config`], and nothing in it is passed over.
//!
//! A key that is not known, a value of the wrong sort and a key that stands twice are errors with their
//! line. Whoever writes to a repository may write this file, too: it says how files are grouped, and
//! nothing else, so the most it can do is to judge objects together that are applied apart, or the other
//! way round. `schema.json` beside this file says the same for editors.

mod read;

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

use crate::text::{FileId, SourceFile, Span};

/// The names a configuration file may have in a directory, the first one first.
pub const NAMES: [&str; 3] = [".meshvet.yaml", "meshvet.yaml", ".github/meshvet.yaml"];

/// Largest configuration file that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The JSON Schema of configuration files.
pub const SCHEMA: &str = include_str!("schema.json");

/// A configuration file.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file. Its places have [`Config::FILE`].
    pub source: SourceFile,
    /// The directory that its paths start at, from the root of the file system or of the repository.
    pub home: String,
    /// The environments it names, in its order.
    pub environments: Vec<Environment>,
}

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name in reports.
    pub name: Written,
    /// Files and directories, or patterns of them, from the file's directory.
    pub paths: Vec<Written>,
    /// The namespace of objects that name none.
    pub namespace: Option<Written>,
    /// Further values of the charts in it, the last one counting most.
    pub values: Vec<Written>,
}

/// A text, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}

/// What is wrong with a configuration file, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The name of the file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// What is wrong and what to do, for a person.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl Config {
    /// The file of all places in a configuration: it may lie outside of what is scanned.
    pub const FILE: FileId = FileId(u32::MAX);

    /// Reads a configuration file whose paths start at `home`.
    ///
    /// # Errors
    /// Everything in it that is wrong.
    pub fn read(source: SourceFile, home: impl Into<String>) -> Result<Self, Vec<ConfigError>> {
        let environments = read::environments(&source)?;
        Ok(Self {
            source,
            home: home.into(),
            environments,
        })
    }

    /// Something that is wrong at a place in it.
    pub fn error(&self, span: Span, message: impl Into<String>) -> ConfigError {
        ConfigError::at(&self.source, span, message)
    }
}

impl ConfigError {
    fn at(source: &SourceFile, span: Span, message: impl Into<String>) -> Self {
        Self {
            file: source.name().to_owned(),
            line: source.line_at(span.start),
            message: message.into(),
        }
    }
}

/// What tells whether a path is meant: `*` stands for any part of one step, `**` for any steps.
///
/// # Errors
/// It is no pattern.
pub fn pattern(path: &str) -> Result<GlobMatcher, String> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = path.trim_end_matches('/');
    let glob = GlobBuilder::new(path).literal_separator(true).build();
    let glob = glob.map_err(|error| error.kind().to_string())?;
    Ok(glob.compile_matcher())
}

#[cfg(test)]
mod tests;
