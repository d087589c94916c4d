//! Operations, assets and edges between domain and wire. -1 stands for "not known".

use std::collections::BTreeMap;

use downbeat_domain::metadata::{
    Asset, AssetColumn, Collected, ColumnEdge, ColumnUse, CostBasis, EdgeKind, LineageEdge, Operation, Quantity,
};

use crate::{
    convert::{instant_or_none, micros_or_zero},
    events::v1 as wire,
};

fn count(number: Option<u64>) -> i64 {
    number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)
}

fn count_of(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}

/// An operation as it goes over the wire.
pub fn operation(operation: &Operation) -> wire::Operation {
    wire::Operation {
        external_id: operation.external_id.clone(),
        name: operation.name.clone(),
        r#type: operation.kind.clone(),
        status: operation.status.clone(),
        message: operation.message.clone(),
        started_at: micros_or_zero(operation.started_at),
        completed_at: micros_or_zero(operation.completed_at),
        rows_affected: count(operation.rows_affected),
        asset: operation.asset.clone(),
        failures: count(operation.failures),
        column: operation.column.clone(),
        bytes: operation.bytes,
        cost_basis: operation.cost_basis.iter().map(cost_basis).collect(),
        severity: operation.severity.clone(),
        expected: operation.expected.clone(),
        actual: operation.actual.clone(),
    }
}

fn cost_basis(basis: &CostBasis) -> wire::CostBasis {
    wire::CostBasis {
        whole: basis.quantity.whole(),
        micros: basis.quantity.micros(),
        unit: basis.unit.clone(),
        attributes: basis.attributes.clone(),
    }
}

fn cost_basis_of(basis: wire::CostBasis) -> CostBasis {
    CostBasis { quantity: Quantity::new(basis.whole, basis.micros), unit: basis.unit, attributes: basis.attributes }
}

/// Of a decimal number as another system writes it, like `12.5`. `None`: it is none, negative, or too large.
pub fn cost_basis_read(quantity: &str, unit: &str, attributes: BTreeMap<String, String>) -> Option<wire::CostBasis> {
    let quantity = Quantity::read(quantity)?;
    Some(cost_basis(&CostBasis { quantity, unit: unit.to_owned(), attributes }))
}

/// How much it is, as a text: `12.5`.
pub fn quantity_text(basis: &wire::CostBasis) -> String {
    Quantity::new(basis.whole, basis.micros).to_string()
}

fn operation_of(operation: wire::Operation) -> Operation {
    Operation {
        external_id: operation.external_id,
        name: operation.name,
        kind: operation.r#type,
        status: operation.status,
        message: operation.message,
        started_at: instant_or_none(operation.started_at),
        completed_at: instant_or_none(operation.completed_at),
        rows_affected: count_of(operation.rows_affected),
        asset: operation.asset,
        failures: count_of(operation.failures),
        column: operation.column,
        bytes: operation.bytes,
        cost_basis: operation.cost_basis.into_iter().map(cost_basis_of).collect(),
        severity: operation.severity,
        expected: operation.expected,
        actual: operation.actual,
    }
}

pub(crate) fn asset(asset: &Asset) -> wire::Asset {
    wire::Asset {
        key: asset.key.clone(),
        name: asset.name.clone(),
        r#type: asset.kind.clone(),
        namespace: asset.namespace.clone(),
        description: asset.description.clone(),
        row_count: count(asset.row_count),
        integration: asset.integration.clone(),
        columns: asset.columns.iter().map(column).collect(),
        owners: asset.owners.clone(),
        tags: asset.tags.clone(),
        link: asset.link.clone(),
        aliases: asset.aliases.clone(),
        loaded_at: micros_or_zero(asset.loaded_at),
    }
}

/// A column as it goes over the wire.
pub fn column(column: &AssetColumn) -> wire::AssetColumn {
    wire::AssetColumn {
        name: column.name.clone(),
        r#type: column.kind.clone(),
        description: column.description.clone(),
    }
}

fn asset_of(asset: wire::Asset) -> Asset {
    Asset {
        key: asset.key,
        name: asset.name,
        kind: asset.r#type,
        namespace: asset.namespace,
        description: asset.description,
        row_count: count_of(asset.row_count),
        integration: asset.integration,
        columns: asset.columns.into_iter().map(column_of).collect(),
        owners: asset.owners,
        tags: asset.tags,
        link: asset.link,
        aliases: asset.aliases,
        loaded_at: instant_or_none(asset.loaded_at),
    }
}

fn column_of(column: wire::AssetColumn) -> AssetColumn {
    AssetColumn { name: column.name, kind: column.r#type, description: column.description }
}

/// An edge as it goes over the wire.
pub fn edge(edge: &LineageEdge) -> wire::LineageEdge {
    let column = |column: &ColumnEdge| wire::ColumnEdge {
        from: column.from.clone(),
        to: column.to.clone(),
        r#use: place(&ColumnUse::ALL, column.kind),
    };
    wire::LineageEdge {
        from: edge.from.clone(),
        to: edge.to.clone(),
        operation: edge.operation.clone(),
        kind: place(&EdgeKind::ALL, edge.kind),
        columns: edge.columns.iter().map(column).collect(),
    }
}

fn edge_of(edge: wire::LineageEdge) -> LineageEdge {
    let column = |column: wire::ColumnEdge| ColumnEdge {
        from: column.from,
        to: column.to,
        kind: at(&ColumnUse::ALL, column.r#use),
    };
    LineageEdge {
        from: edge.from,
        to: edge.to,
        operation: edge.operation,
        kind: at(&EdgeKind::ALL, edge.kind),
        columns: edge.columns.into_iter().map(column).collect(),
    }
}

/// Numbers on the wire are the places in the lists of the domain, which only grow.
fn place<T: PartialEq>(all: &[T], one: T) -> i32 {
    all.iter().position(|known| *known == one).and_then(|place| i32::try_from(place).ok()).unwrap_or_default()
}

/// A number of a newer version reads as the first: an edge that connects, a use that nobody can name.
fn at<T: Copy + Default>(all: &[T], number: i32) -> T {
    usize::try_from(number).ok().and_then(|place| all.get(place).copied()).unwrap_or_default()
}

/// A chunk as a worker sends it and as an event carries it.
pub fn collected_of(
    operations: Vec<wire::Operation>,
    assets: Vec<wire::Asset>,
    edges: Vec<wire::LineageEdge>,
) -> Collected {
    Collected {
        operations: operations.into_iter().map(operation_of).collect(),
        assets: assets.into_iter().map(asset_of).collect(),
        edges: edges.into_iter().map(edge_of).collect(),
    }
}
