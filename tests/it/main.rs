//! All integration tests, in one binary.

mod cli;
mod conformance;
mod fixtures;
mod properties;
mod scenarios;
mod tidy;
