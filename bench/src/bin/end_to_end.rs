//! The end-to-end bench; see `--help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match bench::run(&bench::Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("end_to_end: {fault:#}");
            ExitCode::FAILURE
        }
    }
}
