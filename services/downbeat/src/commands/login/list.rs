//! `downbeat login list`.

use std::process::ExitCode;

use downbeat_proto::control::v1::ListLoginsRequest;

use crate::{
    cli::LoginList,
    client,
    error::Error,
    render::{login_table, print},
};

pub(super) async fn run(list: &LoginList) -> Result<ExitCode, Error> {
    let answer = client::access(&list.servers).await?.list_logins(ListLoginsRequest {}).await;
    let logins = answer.map_err(client::refused)?.into_inner().logins;
    if logins.is_empty() {
        eprintln!("nobody is logged in; people log in with `orchestra login` (docs/login.md)");
    } else {
        print(&format!("{}\n", login_table(&logins)))?;
    }
    Ok(ExitCode::SUCCESS)
}
