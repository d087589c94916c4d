//! `downbeat login` and `downbeat logout`: one file per command.

mod end;
mod list;

use std::process::ExitCode;

use crate::{
    cli::{LoginCommand, LoginSub, Logout},
    error::Error,
    session,
};

pub(super) async fn run(command: &LoginCommand) -> Result<ExitCode, Error> {
    match (&command.sub, &command.at) {
        (Some(LoginSub::List(list)), _) => list::run(list).await,
        (Some(LoginSub::End(end)), _) => end::run(end).await,
        (None, Some(url)) => {
            let origin = session::begin(url, command.read_only).await?;
            println!("logged in at {origin}; commands go there with --url {origin}, or DOWNBEAT_URL");
            Ok(ExitCode::SUCCESS)
        }
        (None, None) => Err(Error::Usage("say where to log in: downbeat login https://HOST".to_owned())),
    }
}

pub(super) async fn out(command: &Logout) -> Result<ExitCode, Error> {
    match session::end(&command.at).await? {
        true => println!("logged out at {}", command.at),
        false => println!("nobody was logged in at {} from here", command.at),
    }
    Ok(ExitCode::SUCCESS)
}
