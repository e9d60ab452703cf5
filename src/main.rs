//! The binary: real input and output for [`meshvet::cli::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    meshvet::cli::main()
}
