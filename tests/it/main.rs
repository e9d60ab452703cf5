//! All integration tests, in one binary.

mod cli;
mod conformance;
mod fixtures;
mod properties;
mod questions;
mod scenarios;
mod tidy;
