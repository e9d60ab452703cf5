//! Reachability tests: questions with the answers people expect, in `*.meshvet-test.yaml`.

mod file;
mod find;
mod run;
mod token;

pub use file::{Assertion, parse};
pub use find::{Reference, find_workload};
pub use run::{Actual, Checked, ask_each, check};
