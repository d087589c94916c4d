//! Every text of the metadata that a task collected, one after the other: for whoever takes something out of all of them.
//!
//! Promises that none is left out: a field that is new has to be named here. Knows nothing of what the texts mean.

use downbeat_proto::events::v1::{Asset, AssetColumn, ColumnEdge, CostBasis, LineageEdge, Operation};

use crate::attempt::Collection;

/// Puts every text through `change`.
pub(crate) fn change(collection: &mut Collection, change: &mut impl FnMut(&mut String)) {
    let Collection { operations, assets, edges, cut } = collection;
    operations.iter_mut().for_each(|operation| of_operation(operation, change));
    assets.iter_mut().for_each(|asset| of_asset(asset, change));
    edges.iter_mut().for_each(|edge| of_edge(edge, change));
    change(cut);
}

fn of_operation(operation: &mut Operation, change: &mut impl FnMut(&mut String)) {
    let Operation {
        external_id,
        name,
        r#type,
        status,
        message,
        started_at: _,
        completed_at: _,
        rows_affected: _,
        asset,
        failures: _,
        column,
        bytes: _,
        cost_basis,
        severity,
        expected,
        actual,
    } = operation;
    for text in [external_id, name, r#type, status, message, asset, column, severity, expected, actual] {
        change(text);
    }
    for CostBasis { whole: _, micros: _, unit, attributes } in cost_basis {
        change(unit);
        *attributes = std::mem::take(attributes)
            .into_iter()
            .map(|(mut name, mut value)| {
                change(&mut name);
                change(&mut value);
                (name, value)
            })
            .collect();
    }
}

fn of_asset(asset: &mut Asset, change: &mut impl FnMut(&mut String)) {
    let Asset {
        key,
        name,
        r#type,
        namespace,
        description,
        row_count: _,
        integration,
        columns,
        owners,
        tags,
        link,
        aliases,
        loaded_at: _,
    } = asset;
    for text in [key, name, r#type, namespace, description, integration, link] {
        change(text);
    }
    owners.iter_mut().chain(tags).chain(aliases).for_each(&mut *change);
    for AssetColumn { name, r#type, description } in columns {
        [name, r#type, description].into_iter().for_each(&mut *change);
    }
}

fn of_edge(edge: &mut LineageEdge, change: &mut impl FnMut(&mut String)) {
    let LineageEdge { from, to, operation, kind: _, columns } = edge;
    [from, to, operation].into_iter().for_each(&mut *change);
    for ColumnEdge { from, to, r#use: _ } in columns {
        [from, to].into_iter().for_each(&mut *change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANTED: &str = "planted";

    fn everywhere() -> Collection {
        let text = || PLANTED.to_owned();
        let operation = Operation {
            external_id: text(),
            name: text(),
            r#type: text(),
            status: text(),
            message: text(),
            asset: text(),
            column: text(),
            severity: text(),
            expected: text(),
            actual: text(),
            cost_basis: vec![CostBasis {
                unit: text(),
                attributes: [(text(), text())].into_iter().collect(),
                ..CostBasis::default()
            }],
            ..Operation::default()
        };
        let asset = Asset {
            key: text(),
            name: text(),
            r#type: text(),
            namespace: text(),
            description: text(),
            integration: text(),
            columns: vec![AssetColumn { name: text(), r#type: text(), description: text() }],
            owners: vec![text()],
            tags: vec![text()],
            link: text(),
            aliases: vec![text()],
            ..Asset::default()
        };
        let columns = vec![ColumnEdge { from: text(), to: text(), r#use: 0 }];
        let edge = LineageEdge { from: text(), to: text(), operation: text(), kind: 0, columns };
        Collection { operations: vec![operation], assets: vec![asset], edges: vec![edge], cut: text() }
    }

    #[test]
    fn no_text_is_left_out() {
        let mut collection = everywhere();
        let mut count = 0;
        change(&mut collection, &mut |text| {
            assert_eq!(text, PLANTED);
            count += 1;
            text.clear();
        });
        assert_eq!(count, 13 + 13 + 5 + 1);
        assert!(!format!("{collection:?}").contains(PLANTED));
    }
}
