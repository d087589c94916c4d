//! Lists of flat maps in YAML files beside pipelines (prices, bills), with the place of every value.
//!
//! Promises: numbers come as they are written, so that nothing of them is lost to floating point; every fault has a line and a column.
//! Knows nothing about what the values mean.

use crate::{
    Span,
    suggest::nearest,
    yaml::{self, Kind, Node},
};

/// Rows of one file.
pub const ROWS_MAX: usize = 10_000;

/// A key that a row may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The key.
    pub name: &'static str,
    /// Whether each row must have it.
    pub required: bool,
    /// Whether its value is a map of texts, instead of one text or number.
    pub map: bool,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The key.
    pub name: String,
    /// The text or number as written; empty where it is a map.
    pub text: String,
    /// Entries of a map.
    pub entries: Vec<(String, String)>,
    /// Where the value stands.
    pub span: Span,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// In the order of the file; of known columns, each at most once.
    pub cells: Vec<Cell>,
    /// Where the row stands.
    pub span: Span,
}

impl Row {
    /// The value under this key.
    pub fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.name == name)
    }

    /// Its text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.cell(name).map_or("", |cell| cell.text.as_str())
    }
}

/// Something that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What, and what to do.
    pub message: String,
}

/// The rows under the one key `list` of a file.
///
/// # Errors
/// Every fault that can be found.
pub fn read(source: &str, list: &str, columns: &[Column]) -> Result<Vec<Row>, Vec<Fault>> {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    let mut faults: Vec<Fault> =
        diagnostics.into_iter().map(|found| Fault { span: found.span, message: found.message }).collect();
    let Some(root) = root.filter(|_| faults.is_empty()) else { return Err(faults) };
    for entry in root.entries().iter().filter(|entry| entry.key != list) {
        let message = format!("the key `{}` is not known here; only `{list}` is", entry.key);
        faults.push(Fault { span: entry.key_span, message });
    }
    let items = match root.get(list) {
        Some(node) if matches!(node.kind, Kind::List(_)) => node.items(),
        Some(node) => {
            let message = format!("`{list}` is {}; it must be a list", node.description());
            faults.push(Fault { span: node.span, message });
            &[]
        }
        None => {
            faults.push(Fault { span: root.span, message: format!("the file must be a map with the key `{list}`") });
            &[]
        }
    };
    if items.len() > ROWS_MAX {
        let message = format!("`{list}` has {} entries; at most {ROWS_MAX} are read", items.len());
        faults.push(Fault { span: root.span, message });
        return Err(faults);
    }
    let rows: Vec<Row> = items.iter().map(|node| row(source, node, columns, &mut faults)).collect();
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

fn row(source: &str, node: &Node, columns: &[Column], faults: &mut Vec<Fault>) -> Row {
    let mut cells = Vec::new();
    if !matches!(node.kind, Kind::Map(_)) {
        faults.push(Fault {
            span: node.span,
            message: format!("an entry must be a map; this is {}", node.description()),
        });
        return Row { cells, span: node.span };
    }
    for entry in node.entries() {
        let Some(column) = columns.iter().find(|column| column.name == entry.key) else {
            let names = columns.iter().map(|column| column.name);
            let near = nearest(&entry.key, names.clone()).map(|near| format!(": did you mean `{near}`?"));
            let known = || format!("; known are {}", names.collect::<Vec<_>>().join(", "));
            let message = format!("the key `{}` is not known here{}", entry.key, near.unwrap_or_else(known));
            faults.push(Fault { span: entry.key_span, message });
            continue;
        };
        match cell(source, column, &entry.value) {
            Ok(cell) => cells.push(cell),
            Err(fault) => faults.push(fault),
        }
    }
    for missing in columns.iter().filter(|column| column.required && node.get(column.name).is_none()) {
        faults.push(Fault { span: node.span, message: format!("the key `{}` is missing", missing.name) });
    }
    Row { cells, span: node.span }
}

fn cell(source: &str, column: &Column, value: &Node) -> Result<Cell, Fault> {
    let mut cell = Cell { name: column.name.to_owned(), text: String::new(), entries: Vec::new(), span: value.span };
    let wrong = |node: &Node, wanted: &str| Fault {
        span: node.span,
        message: format!("`{}` is {}; it must be {wanted}", column.name, node.description()),
    };
    if column.map {
        if !matches!(value.kind, Kind::Map(_)) {
            return Err(wrong(value, "a map of texts"));
        }
        for entry in value.entries() {
            let text = scalar(source, &entry.value).ok_or_else(|| wrong(&entry.value, "a map of texts"))?;
            cell.entries.push((entry.key.clone(), text));
        }
    } else {
        cell.text = scalar(source, value).ok_or_else(|| wrong(value, "a text or a number"))?;
    }
    Ok(cell)
}

/// The text, or the number as it is written.
fn scalar(source: &str, node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Integer(_) | Kind::Decimal(_) | Kind::Bool(_) => {
            source.get(node.span.start..node.span.end).map(|written| written.trim().to_owned())
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { name: "unit", required: true, map: false },
        Column { name: "amount", required: true, map: false },
        Column { name: "attributes", required: false, map: true },
    ];

    #[test]
    fn numbers_come_as_they_are_written() {
        let text = "prices:\n  - {unit: credits, amount: 2.00, attributes: {size: 1, edition: 'a b'}}\n  - unit: x\n    amount: \"0.10\"\n";
        let rows = read(text, "prices", &COLUMNS).unwrap();
        assert_eq!((rows[0].text("amount"), rows[1].text("amount")), ("2.00", "0.10"));
        let entries = &rows[0].cell("attributes").unwrap().entries;
        assert_eq!(
            entries.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>(),
            ["size=1", "edition=a b"]
        );
        assert_eq!((rows[1].span.line, rows[1].cell("amount").unwrap().span.column), (3, 13));
    }

    #[test]
    fn every_fault_has_its_place() {
        let cases = [
            ("prices: 7\n", 1, 9, "must be a list"),
            ("price: []\n", 1, 1, "only `prices` is"),
            ("[]\n", 1, 1, "must be a map with the key `prices`"),
            ("prices:\n  - 7\n", 2, 5, "must be a map"),
            ("prices:\n  - {unit: a}\n", 2, 5, "`amount` is missing"),
            ("prices:\n  - {unit: a, amuont: 1}\n", 2, 15, "did you mean `amount`?"),
            ("prices:\n  - {unit: [a], amount: 1}\n", 2, 12, "must be a text or a number"),
            ("prices:\n  - {unit: a, amount: 1, attributes: {b: [c]}}\n", 2, 42, "a map of texts"),
            ("prices:\n  - {unit: a, amount: ~}\n", 2, 23, "must be a text or a number"),
            ("prices: [\n", 0, 0, ""),
        ];
        for (text, line, column, words) in cases {
            let faults = read(text, "prices", &COLUMNS).unwrap_err();
            let found = faults.iter().any(|fault| {
                fault.message.contains(words) && (line == 0 || (fault.span.line, fault.span.column) == (line, column))
            });
            assert!(found, "{text:?}: {faults:?}");
        }
    }
}
