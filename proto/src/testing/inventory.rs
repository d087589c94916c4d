//! Random declarations of assets, some of which runs report as well.

use downbeat_domain::{
    Command,
    inventory::{AssetDetails, DeclareAsset, Dependency, InventoryCommand, KINDS, Link, STATUSES},
};
use jiff::Timestamp;

const ASSETS: [&str; 4] = ["lake/raw", "db/orders", "dashboards/sales", "orders"];

/// Around the time in which the random world lives, before it and in it.
fn at(detail: u8) -> Timestamp {
    Timestamp::from_second(super::START_SECOND - 100 + i64::from(detail)).unwrap()
}

fn asset(which: u8) -> String {
    ASSETS[usize::from(which % 4)].to_owned()
}

pub(super) fn command(which: u8, detail: u8) -> Command {
    Command::Inventory(match which % 8 {
        0 | 1 => InventoryCommand::Remove { asset: asset(detail), aliases: vec![asset(detail / 4)] },
        2 | 3 => {
            let dependency = |from: u8, to: u8| Dependency {
                from: asset(from),
                to: asset(to),
                link: Link { detail: format!("{{\"n\":{}}}", detail % 3), integration: "ORCHESTRA".to_owned() },
            };
            InventoryCommand::Depend(vec![dependency(detail, detail / 4), dependency(detail / 16, detail / 4)])
        }
        _ => InventoryCommand::Declare(Box::new(DeclareAsset {
            asset: asset(detail),
            is_new: which & 0x10 == 0,
            change: AssetDetails {
                name: Some(format!("asset {}", detail % 5)),
                kind: Some(KINDS[usize::from(detail) % KINDS.len()].to_owned()),
                integration: Some("SNOWFLAKE".to_owned()),
                integration_account: Some(format!("account-{}", detail % 2)),
                status: (which & 0x20 == 0).then(|| STATUSES[usize::from(detail % 4)].to_owned()),
                owners: (which & 0x40 == 0).then(|| vec!["ada".to_owned()]),
                meta: Some(format!("{{\"tier\":{}}}", detail % 3)),
                workspace: Some(format!("w{}", detail % 2)),
                database: (detail & 0x20 == 0).then(|| ["shop", "main"][usize::from(detail % 2)].to_owned()),
                created_at: (detail & 0x10 == 0).then(|| at(detail)),
                updated_at: (detail & 0x08 == 0).then(|| at(detail / 2)),
                schema: (detail & 0x40 == 0).then(|| "public".to_owned()),
                ..AssetDetails::default()
            },
        })),
    })
}
