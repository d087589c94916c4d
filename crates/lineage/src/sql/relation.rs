//! What a query comes to: columns with where they came from, and what decided about its rows.

use std::collections::BTreeSet;

use downbeat_domain::metadata::ColumnUse;

/// A table that is met in a text, by its place in the list of them.
pub(super) type TableId = u32;
/// A name of a column, by its place in the list of names.
pub(super) type ColumnId = u32;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub table: TableId,
    pub column: ColumnId,
}

/// Columns of tables and what they were used for.
pub(super) type Uses = BTreeSet<(Origin, ColumnUse)>;

/// A column of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Output {
    /// Empty: it has none that anybody could use.
    pub name: String,
    pub uses: Uses,
}

/// What a query, a common table expression or a table gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Relation {
    /// The columns that are known, in their order.
    pub columns: Vec<Output>,
    /// Tables whose columns nobody knows and which are all among its own.
    pub open: BTreeSet<TableId>,
    /// What any column came of that is not among `columns`: the rows of a function.
    pub every: Option<Uses>,
    /// What decided which rows there are.
    pub rows: Uses,
    /// Tables that are read for it.
    pub tables: Vec<TableId>,
}

impl Relation {
    /// Are all columns known, and in their order?
    pub fn is_closed(&self) -> bool {
        self.open.is_empty() && self.every.is_none()
    }

    pub fn column(&self, name: &str) -> Option<&Output> {
        self.columns.iter().find(|output| output.name == name && !name.is_empty())
    }

    /// Names of columns are given in front: `t (a, b)`.
    pub fn rename(&mut self, names: &[String]) {
        // A function gives as many columns as are named.
        if let (Some(every), true) = (&self.every, self.columns.len() < names.len()) {
            let more = names.len() - self.columns.len();
            self.columns.extend((0..more).map(|_| Output { name: String::new(), uses: every.clone() }));
        }
        // What position the names stand for is only known if all are.
        if self.open.is_empty() {
            for (output, name) in self.columns.iter_mut().zip(names) {
                output.name.clone_from(name);
            }
        }
    }
}

/// Adds tables that are not among them yet.
pub(super) fn add_tables(tables: &mut Vec<TableId>, more: &[TableId]) {
    for table in more {
        if !tables.contains(table) {
            tables.push(*table);
        }
    }
}

/// A column is used as `outer`, and it came of another as `inner`: as what was the other used?
pub(super) fn through(outer: ColumnUse, inner: ColumnUse) -> ColumnUse {
    match (outer.is_direct(), inner.is_direct()) {
        (false, _) => outer,
        (true, false) => inner,
        (true, true) if rank(outer) >= rank(inner) => outer,
        (true, true) => inner,
    }
}

fn rank(kind: ColumnUse) -> u8 {
    match kind {
        ColumnUse::Identity => 0,
        ColumnUse::Aggregation => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_through_uses() {
        use ColumnUse::{Aggregation, Conditional, Filter, GroupBy, Identity, Sort, Transformation, Window};
        let cases = [
            (Identity, Identity, Identity),
            (Identity, Transformation, Transformation),
            (Transformation, Identity, Transformation),
            (Transformation, Aggregation, Aggregation),
            (Aggregation, Transformation, Aggregation),
            (Filter, Aggregation, Filter),
            (Identity, Window, Window),
            (Aggregation, Conditional, Conditional),
            (Filter, Window, Filter),
            (Sort, GroupBy, Sort),
        ];
        for (outer, inner, expected) in cases {
            assert_eq!(through(outer, inner), expected, "{outer:?} of {inner:?}");
        }
    }
}
