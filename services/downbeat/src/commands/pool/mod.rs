//! `downbeat pool`: one file per command.

mod list;
mod remove;
mod set;

use std::process::ExitCode;

use crate::{
    cli::{PoolCommand, PoolSub},
    error::Error,
};

pub(super) async fn run(command: &PoolCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        PoolSub::List(list) => list::run(list).await,
        PoolSub::Set(set) => set::run(set).await,
        PoolSub::Remove(remove) => remove::run(remove).await,
    }
}
