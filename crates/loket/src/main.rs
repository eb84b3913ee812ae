//! The binary: reads the command line and sets the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    loket::cli::run()
}
