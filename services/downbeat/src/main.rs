//! The `downbeat` command.
//!
//! Promises: standard output carries what was asked for, standard error everything else; status 0 = done and well, 1 = refused or
//! ended badly, 2 = could not be asked (bad usage, unreadable file, no server).

mod cli;
mod client;
mod commands;
mod error;
mod render;
mod session;

use clap::Parser;

fn main() -> std::process::ExitCode {
    // Before there are threads: the process may become a program of a task of `downbeat dev`.
    match downbeat_worker::launch::if_asked() {
        Some(code) => code,
        None => carry_out(),
    }
}

#[tokio::main]
async fn carry_out() -> std::process::ExitCode {
    let arguments = cli::Arguments::parse();
    match Box::pin(commands::run(arguments)).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::from(error.exit_status())
        }
    }
}
