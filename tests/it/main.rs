//! All integration tests, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod charts;
mod cli;
mod conformance;
mod environments;
mod fixtures;
mod graph;
mod history;
mod kustomize;
mod matrix;
mod own_files;
mod peers;
mod properties;
mod questions;
mod readme;
mod revisions;
mod rights;
mod scenarios;
mod tidy;

#[path = "../../benches/repo/mod.rs"]
mod repo;
