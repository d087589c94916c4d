//! What is true of the lineage of a fixture, as a person wrote it down, and how far what was found agrees.
//!
//! A file has `[table] what it was made of`, then a line for each column of it: `column: columns that its value came of`, as
//! `table.column`. `impact column: what breaks with it`. Lines that begin with `#` are for people. Knows nothing about who found what.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use downbeat_proto::events::v1::{ColumnEdge, ColumnUse};

/// From, to.
pub type Pairs = BTreeSet<(String, String)>;

/// What the file says.
#[derive(Debug, Default)]
pub struct Truth {
    /// Columns of each table in their order; exposures have none, nor has a table that was made of nothing.
    pub tables: BTreeMap<String, Vec<String>>,
    /// Tables.
    pub edges: Pairs,
    /// `table.column` of which `table.column` came.
    pub columns: Pairs,
    /// Columns of sources, and the exposures that hang on them.
    pub impacts: Vec<(String, BTreeSet<String>)>,
}

impl Truth {
    /// Reads it. Panics where it is not as it should be.
    pub fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).expect("the truth");
        let mut truth = Self::default();
        let mut table = String::new();
        let names = |list: &str| -> Vec<String> {
            list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((name, parents)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
                name.clone_into(&mut table);
                assert!(truth.tables.insert(table.clone(), Vec::new()).is_none(), "{table} stands twice");
                truth.edges.extend(names(parents).into_iter().map(|parent| (parent, table.clone())));
                continue;
            }
            let (name, origins) = line.split_once(':').unwrap_or_else(|| panic!("{line:?} has no colon"));
            match name.strip_prefix("impact ") {
                Some(column) => truth.impacts.push((column.to_owned(), names(origins).into_iter().collect())),
                None => {
                    truth.columns.extend(names(origins).into_iter().map(|origin| (origin, format!("{table}.{name}"))));
                    truth.tables.get_mut(&table).expect("a table stands before it").push(name.to_owned());
                }
            }
        }
        truth
    }
}

/// Whether a value went into a column of the other table, and did not only decide about rows.
pub fn is_direct(column: &ColumnEdge) -> bool {
    let indirect = [
        ColumnUse::Filter,
        ColumnUse::Join,
        ColumnUse::GroupBy,
        ColumnUse::Sort,
        ColumnUse::Window,
        ColumnUse::Conditional,
    ];
    !column.to.is_empty() && !indirect.contains(&column.r#use())
}

/// Precision and recall; what differs is printed.
pub fn compared(what: &str, found: &Pairs, truth: &Pairs) -> (f64, f64) {
    let both = found.intersection(truth).count() as f64;
    let (precision, recall) = (both / found.len() as f64, both / truth.len() as f64);
    println!(
        "{what}: {} in the truth, {} found, precision {precision:.4}, recall {recall:.4}",
        truth.len(),
        found.len()
    );
    for (from, to) in truth.difference(found) {
        println!("  missed: {to} of {from}");
    }
    for (from, to) in found.difference(truth) {
        println!("  too much: {to} of {from}");
    }
    (precision, recall)
}
