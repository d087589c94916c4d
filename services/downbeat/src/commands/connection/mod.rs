//! `downbeat connection`.

mod set;

use std::process::ExitCode;

use downbeat_proto::control::v1::{
    GetConnectionRequest, ListConnectionsRequest, RemoveConnectionRequest, ResealConnectionsRequest,
    TestConnectionRequest,
};

use crate::{
    cli::{ConnectionCommand, ConnectionList, ConnectionOne, ConnectionRemove, ConnectionReseal, ConnectionSub},
    client,
    error::Error,
    render::{clean, connection_table, connection_text, print},
};

pub(super) async fn run(command: &ConnectionCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        ConnectionSub::Set(set) => set::run(set).await,
        ConnectionSub::List(list) => self::list(list).await,
        ConnectionSub::Show(show) => self::show(show).await,
        ConnectionSub::Test(test) => self::test(test).await,
        ConnectionSub::Remove(remove) => self::remove(remove).await,
        ConnectionSub::Reseal(reseal) => self::reseal(reseal).await,
    }
}

async fn list(list: &ConnectionList) -> Result<ExitCode, Error> {
    let request = ListConnectionsRequest { integration: list.integration.clone().unwrap_or_default() };
    let mut client = client::connections(&list.servers).await?;
    let answer = client.list_connections(request).await.map_err(client::refused)?.into_inner();
    if !answer.connections.is_empty() {
        print(&format!("{}\n", connection_table(&answer.connections)))?;
    } else if answer.can_seal {
        eprintln!(
            "no sealed connections; make one with `downbeat connection set NAME --integration I --field NAME=@FILE`"
        );
    } else {
        eprintln!("no sealed connections, and the coordinator has no master key to seal any (docs/connections.md)");
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(show: &ConnectionOne) -> Result<ExitCode, Error> {
    let request = GetConnectionRequest { connection: show.connection.clone() };
    let mut client = client::connections(&show.servers).await?;
    let answer = client.get_connection(client::asked(request, &show.by)).await.map_err(client::refused)?;
    print(&format!("{}\n", connection_text(&answer.into_inner())))?;
    Ok(ExitCode::SUCCESS)
}

async fn test(test: &ConnectionOne) -> Result<ExitCode, Error> {
    let request =
        TestConnectionRequest { connection: test.connection.clone(), actor: test.by.actor.clone().unwrap_or_default() };
    let mut client = client::connections(&test.servers).await?;
    let answer = client.test_connection(client::asked(request, &test.by)).await.map_err(client::refused)?.into_inner();
    let tested = answer.connection.unwrap_or_default();
    let works = tested.auth_status == "SUCCEEDED";
    let what = if works { "works" } else { "does not work" };
    println!("connection `{}` {what}: {}", clean(&tested.name), clean(&tested.message));
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn remove(remove: &ConnectionRemove) -> Result<ExitCode, Error> {
    let request = RemoveConnectionRequest {
        connection: remove.connection.clone(),
        force: remove.force,
        idempotency_key: remove.key.key.clone().unwrap_or_default(),
        actor: remove.by.actor.clone().unwrap_or_default(),
    };
    let mut client = client::connections(&remove.servers).await?;
    client.remove_connection(client::asked(request, &remove.by)).await.map_err(client::refused)?;
    println!("removed: connection `{}`", clean(&remove.connection));
    Ok(ExitCode::SUCCESS)
}

async fn reseal(reseal: &ConnectionReseal) -> Result<ExitCode, Error> {
    let request = ResealConnectionsRequest { actor: reseal.by.actor.clone().unwrap_or_default() };
    let mut client = client::connections(&reseal.servers).await?;
    let answer = client.reseal_connections(client::asked(request, &reseal.by)).await.map_err(client::refused)?;
    let answer = answer.into_inner();
    println!("resealed: {} connections; all are sealed with the master key {} now", answer.resealed, answer.master_key);
    Ok(ExitCode::SUCCESS)
}
