//! The `kiosk` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    kiosk::cli::Cli::parse().run()
}
