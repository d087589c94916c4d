//! `downbeat env`: one file per command.

mod list;
mod remove;
mod set;
mod show;

use std::process::ExitCode;

use downbeat_proto::control::v1::{Environment, ListEnvironmentsRequest};

use crate::{
    cli::{EnvCommand, EnvSub, Servers},
    client,
    error::Error,
};

pub(super) async fn run(command: &EnvCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        EnvSub::List(list) => list::run(list).await,
        EnvSub::Show(show) => show::run(show).await,
        EnvSub::Set(set) => set::run(set).await,
        EnvSub::Remove(remove) => remove::run(remove).await,
    }
}

/// All of them, by name.
async fn all(servers: &Servers) -> Result<Vec<Environment>, Error> {
    let mut client = client::environments(servers).await?;
    let answer = client.list_environments(ListEnvironmentsRequest {}).await.map_err(client::refused)?;
    Ok(answer.into_inner().environments)
}

/// The one of this id or, if there is none, of this name.
fn named(all: Vec<Environment>, named: &str) -> Option<Environment> {
    let place = all.iter().position(|it| it.id == named).or_else(|| all.iter().position(|it| it.name == named));
    place.and_then(|place| all.into_iter().nth(place))
}
