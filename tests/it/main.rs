//! All integration tests, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cli;
mod conformance;
mod fixtures;
mod properties;
mod questions;
mod scenarios;
mod tidy;
