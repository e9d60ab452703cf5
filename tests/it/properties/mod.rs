//! What holds for any input, tried on many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod consul;
mod hcl;
mod pen;
mod spans;
