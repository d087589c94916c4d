//! `downbeat asset`.

mod declared;
mod lineage;
mod lists;

use std::process::ExitCode;

use crate::{
    cli::{AssetCommand, AssetSub},
    error::Error,
};

pub(super) async fn run(command: &AssetCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        AssetSub::List(list) => lists::assets(list).await,
        AssetSub::Show(one) => lists::show(one).await,
        AssetSub::Lineage(lineage) => lineage::around(lineage).await,
        AssetSub::Impact(impact) => lineage::impact(impact).await,
        AssetSub::Path(path) => lineage::path(path).await,
        AssetSub::Tests(tests) => lists::tests(tests).await,
        AssetSub::Changes(changes) => lists::changes(changes).await,
        AssetSub::Declare(declare) => declared::declare(declare).await,
        AssetSub::Remove(remove) => declared::remove(remove).await,
        AssetSub::Depend(depend) => declared::depend(depend).await,
    }
}
