//! `downbeat key list`.

use std::process::ExitCode;

use downbeat_proto::control::v1::ListKeysRequest;

use crate::{
    cli::KeyList,
    client,
    error::Error,
    render::{key_table, print},
};

pub(super) async fn run(list: &KeyList) -> Result<ExitCode, Error> {
    let answer = client::access(&list.servers).await?.list_keys(ListKeysRequest {}).await.map_err(client::refused)?;
    let keys = answer.into_inner().keys;
    if keys.is_empty() {
        eprintln!("no keys yet; make one with `downbeat key create NAME --role ROLE`");
    } else {
        print(&format!("{}\n", key_table(&keys, jiff::Timestamp::now().as_microsecond())))?;
    }
    Ok(ExitCode::SUCCESS)
}
