//! Reachability tests: questions with the answers people expect, in `*.meshvet-test.yaml`.

mod file;
mod find;
mod run;

pub use file::{Assertion, parse};
pub use find::{Reference, find_workload, service_or_pod_port};
pub use run::{Actual, Checked, check};
