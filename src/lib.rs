//! meshvet vets the security of a service mesh from its configuration.
//!
//! The modules below stand in layer order: each uses only those above it.

pub mod text;

pub mod model;

pub mod syntax;

pub mod config;

pub mod render;

pub mod k8s;

pub mod mesh;

pub mod reach;

pub mod assertion;

pub mod facts;

pub mod finding;

pub mod policy;

pub mod scan;

pub mod fixtures;

pub mod change;

pub mod matrix;

pub mod load;

pub mod history;

pub mod report;

pub mod cli;
