//! What can be typed to ask what is happening and what is broken.

use clap::Args;

use super::Servers;

/// `downbeat now`.
#[derive(Debug, Args)]
pub struct Now {
    /// Entries of each list; what is left out is counted.
    #[arg(long, short = 'n', default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// As JSON, for programs, with what each sentence rests on.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat broken`.
#[derive(Debug, Args)]
pub struct Broken {
    /// Causes that are shown; what is left out is counted.
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: u32,
    /// As JSON, for programs, with what each sentence rests on.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub servers: Servers,
}
