//! Operations, assets and edges that say everything they can.

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, Event,
    metadata::{Asset, AssetColumn, Collected, ColumnEdge, ColumnUse, EdgeKind, LineageEdge, Operation},
};

use crate::{
    added::text,
    samples::{RUN, at},
};

fn tested() -> Operation {
    Operation {
        external_id: text("test.shop.accepted"),
        name: text("accepted_values_orders_status"),
        kind: text("TEST"),
        status: text("WARNING"),
        asset: text("postgres://db:5432/shop.public.orders"),
        column: text("status"),
        failures: Some(3),
        severity: text("WARN"),
        expected: text("0 rows"),
        actual: text("3 rows"),
        ..Operation::default()
    }
}

fn orders() -> Asset {
    let column = |name: &str, kind: &str, description: &str| AssetColumn {
        name: text(name),
        kind: text(kind),
        description: text(description),
    };
    Asset {
        key: text("postgres://db:5432/shop.public.orders"),
        name: text("orders"),
        kind: text("TABLE"),
        namespace: text("postgres://db:5432"),
        integration: text("DBT_CORE"),
        columns: vec![column("id", "integer", "Number of the order"), column("status", "", "")],
        owners: vec![text("sales@example.org")],
        tags: vec![text("core"), text("pii")],
        link: text("https://docs.example.org/orders"),
        aliases: vec![text("postgres://replica:5432/shop.public.orders")],
        loaded_at: Some(at(7)),
        ..Asset::default()
    }
}

fn edge(kind: EdgeKind, uses: &[ColumnUse]) -> LineageEdge {
    let column = |kind: &ColumnUse| ColumnEdge {
        from: text("id"),
        to: if kind.is_direct() { text("number") } else { String::new() },
        kind: *kind,
    };
    LineageEdge {
        from: text("postgres://db:5432/shop.public.orders"),
        to: if kind.connects() { text("postgres://db:5432/shop.public.totals") } else { String::new() },
        operation: text("model.shop.totals"),
        kind,
        columns: uses.iter().map(column).collect(),
    }
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let columns = |kind: &EdgeKind| if *kind == EdgeKind::Derives { &ColumnUse::ALL[..] } else { &[] };
    let collected = Collected {
        operations: vec![tested()],
        assets: vec![orders()],
        edges: EdgeKind::ALL.iter().map(|kind| edge(*kind, columns(kind))).collect(),
    };
    let attempt = AttemptRef { run: RUN, task: 1, number: 1 };
    vec![(
        "OPERATIONS_COLLECTED.described",
        Event::OperationsCollected { attempt, chunk: 1, collected: Arc::new(collected) },
    )]
}
