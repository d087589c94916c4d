//! Assets that people declare, change and remove, and what is made of what.

use downbeat_domain::{
    Command,
    inventory::{AssetDetails, DeclareAsset, Dependency, InventoryCommand, Link},
};

use crate::recorder::Recorder;

const BODY: &str =
    "pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}\n";

fn declare(asset: &str, is_new: bool, change: AssetDetails) -> Command {
    Command::Inventory(InventoryCommand::Declare(Box::new(DeclareAsset { asset: asset.to_owned(), is_new, change })))
}

fn new(asset: &str, name: &str) -> Command {
    let text = |text: &str| Some(text.to_owned());
    let change = AssetDetails {
        name: text(name),
        integration: text("TABLEAU"),
        integration_account: text("acme"),
        status: text("HEALTHY"),
        owners: Some(vec!["ada".to_owned()]),
        meta: text(r#"{"tier":1}"#),
        ..AssetDetails::default()
    };
    declare(asset, true, change)
}

fn depend(pairs: &[(&str, &str)]) -> Command {
    let link = || Link { detail: r#"{"sql":"select 1"}"#.to_owned(), integration: "ORCHESTRA".to_owned() };
    let dependency =
        |(from, to): &(&str, &str)| Dependency { from: (*from).to_owned(), to: (*to).to_owned(), link: link() };
    Command::Inventory(InventoryCommand::Depend(pairs.iter().map(dependency).collect()))
}

pub(crate) fn inventory() -> Vec<Vec<u8>> {
    let taken_back = AssetDetails { status: Some(String::new()), owners: Some(Vec::new()), ..AssetDetails::default() };
    let remove =
        |asset: &str| Command::Inventory(InventoryCommand::Remove { asset: asset.to_owned(), aliases: Vec::new() });
    Recorder::new(BODY)
        .run(new("dashboards/sales", "Sales"))
        .refused(new("dashboards/sales", "Sales again"))
        .run(new("dashboards/gone", "Gone"))
        .run(declare("dashboards/sales", false, taken_back))
        .run(depend(&[("db/orders", "dashboards/sales"), ("db/orders", "dashboards/gone"), ("dashboards/gone", "x")]))
        .refused(depend(&[("db/orders", "db/orders")]))
        .run(remove("dashboards/gone"))
        .into_records()
}
