//! Assets and dependencies that people declare.

use downbeat_domain::{
    Event,
    inventory::{AssetDetails, Dependency, InventoryEvent, Link},
};

use crate::{added::text, samples::at};

fn fact(event: InventoryEvent) -> Event {
    Event::Inventory(Box::new(event))
}

fn details() -> AssetDetails {
    AssetDetails {
        name: Some(text("Sales")),
        kind: Some(text("DASHBOARD")),
        integration: Some(text("TABLEAU")),
        integration_account: Some(text("acme")),
        integration_kind: Some(text("workbook")),
        status: Some(text("WARNING")),
        owners: Some(vec![text("ada"), text("bob")]),
        meta: Some(text(r#"{"tier":1}"#)),
        database: Some(text("shop")),
        schema: Some(text("public")),
        table: Some(text("orders")),
        description: Some(text("What was sold,\nby day")),
        workspace_name: Some(text("Sales team")),
        workspace: Some(text("w-7")),
        url: Some(text("https://tableau.example.org/sales")),
        created_at: Some(at(1)),
        updated_at: Some(at(2)),
    }
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let dependency = |detail: &str| Dependency {
        from: text("postgres://db:5432/shop.public.orders"),
        to: text("dashboards/sales"),
        link: Link { detail: text(detail), integration: text("ORCHESTRA") },
    };
    let asset = || text("dashboards/sales");
    vec![
        ("ASSET_DECLARED", fact(InventoryEvent::Declared { asset: asset(), details: Box::new(details()), at: at(50) })),
        (
            "ASSET_DECLARED.nothing",
            fact(InventoryEvent::Declared { asset: asset(), details: Box::default(), at: at(51) }),
        ),
        ("ASSET_REMOVED", fact(InventoryEvent::Removed { asset: asset(), at: at(52) })),
        (
            "DEPENDENCIES_DECLARED",
            fact(InventoryEvent::Depend {
                dependencies: vec![dependency(r#"{"columns":[["id","id"]]}"#), dependency("")],
                at: at(53),
            }),
        ),
    ]
}
