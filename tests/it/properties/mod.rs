//! What holds for any input, tried on many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod consul;
mod digest;
mod hcl;
mod lines;
mod pen;
mod spans;
