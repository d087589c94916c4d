//! `downbeat env show`.

use std::process::ExitCode;

use crate::{
    cli::EnvShow,
    error::Error,
    render::{environment_text, print},
};

pub(super) async fn run(show: &EnvShow) -> Result<ExitCode, Error> {
    let all = super::all(&show.servers).await?;
    let Some(environment) = super::named(all, &show.environment) else {
        let named = &show.environment;
        return Err(Error::Refused(format!("there is no environment `{named}`; `downbeat env list` lists them")));
    };
    print(&format!("{}\n", environment_text(&environment)))?;
    Ok(ExitCode::SUCCESS)
}
