//! `downbeat pool list`.

use std::process::ExitCode;

use downbeat_proto::control::v1::ListPoolsRequest;

use crate::{
    cli::PoolList,
    client,
    error::Error,
    render::{pool_table, print},
};

pub(super) async fn run(list: &PoolList) -> Result<ExitCode, Error> {
    let answer =
        client::control(&list.servers).await?.list_pools(ListPoolsRequest {}).await.map_err(client::refused)?;
    let pools = answer.into_inner().pools;
    if pools.is_empty() {
        eprintln!("no pools yet; make one with `downbeat pool set NAME SLOTS`");
    } else {
        print(&format!("{}\n", pool_table(&pools)))?;
    }
    Ok(ExitCode::SUCCESS)
}
