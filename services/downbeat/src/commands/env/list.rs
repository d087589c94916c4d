//! `downbeat env list`.

use std::process::ExitCode;

use crate::{
    cli::EnvList,
    error::Error,
    render::{environment_table, print},
};

pub(super) async fn run(list: &EnvList) -> Result<ExitCode, Error> {
    let environments = super::all(&list.servers).await?;
    if environments.is_empty() {
        eprintln!("no environments yet; make one with `downbeat env set NAME --var NAME=TEXT`");
    } else {
        print(&format!("{}\n", environment_table(&environments)))?;
    }
    Ok(ExitCode::SUCCESS)
}
