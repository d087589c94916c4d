//! Random declarations of assets, some of which runs report as well.

use downbeat_domain::{
    Command,
    inventory::{AssetDetails, DeclareAsset, Dependency, InventoryCommand, KINDS, Link, STATUSES},
};

const ASSETS: [&str; 4] = ["lake/raw", "db/orders", "dashboards/sales", "orders"];

fn asset(which: u8) -> String {
    ASSETS[usize::from(which % 4)].to_owned()
}

pub(super) fn command(which: u8, detail: u8) -> Command {
    Command::Inventory(match which % 8 {
        0 | 1 => InventoryCommand::Remove { asset: asset(detail) },
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
                database: (detail & 0x20 == 0).then(|| format!("shop{}", detail % 2)),
                schema: (detail & 0x40 == 0).then(|| "public".to_owned()),
                ..AssetDetails::default()
            },
        })),
    })
}
