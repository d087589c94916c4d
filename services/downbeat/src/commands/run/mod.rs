//! `downbeat run`: one file for starting a run, and one for each command about a run that is there.

mod cancel;
mod decide;
mod mark;
mod operations;
mod restart;
mod show;
mod skip;
mod start;
mod watch;
mod why;

use std::process::ExitCode;

pub use watch::View;
pub(super) use why::explain;

use super::{apply, find, values};
use crate::{
    cli::{RunCommand, RunSub},
    error::Error,
};

pub(super) async fn run(command: &RunCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        None => start::run(command).await,
        Some(RunSub::Show(show)) => show::run(show).await,
        Some(RunSub::Operations(operations)) => operations::run(operations).await,
        Some(RunSub::Why(why)) => why::run(why).await,
        Some(RunSub::Restart(restart)) => restart::run(restart).await,
        Some(RunSub::Cancel(cancel)) => cancel::run(cancel).await,
        Some(RunSub::Mark(mark)) => mark::run(mark).await,
        Some(RunSub::Skip(skip)) => skip::run(skip).await,
        Some(RunSub::Approve(decide)) => decide::run(decide, true).await,
        Some(RunSub::Reject(decide)) => decide::run(decide, false).await,
    }
}
