//! Files of prices and bills, and what is wrong in them, with its place.

use std::{fmt::Write as _, path::Path};

use downbeat_dialect::sheet::{self, Cell, Column, Fault, Row};

use crate::{commands::apply, error::Error};

/// The rows of a file, made into something; every fault is told.
pub(super) fn rows<T>(
    file: &Path,
    list: &str,
    columns: &[Column],
    make: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Error> {
    let text = apply::read(file)?;
    let found = sheet::read(&text, list, columns).and_then(|rows| {
        let (mut made, mut faults) = (Vec::new(), Vec::new());
        for row in &rows {
            match make(row) {
                Ok(one) => made.push(one),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(made) } else { Err(faults) }
    });
    found.map_err(|faults| Error::Refused(told(file, &faults)))
}

fn told(file: &Path, faults: &[Fault]) -> String {
    let mut text = String::new();
    for fault in faults.iter().take(20) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}:{}:{}: {}", file.display(), fault.span.line, fault.span.column, fault.message);
    }
    if faults.len() > 20 {
        let _ = writeln!(text, "and {} more", faults.len() - 20);
    }
    text.trim_end().to_owned()
}

/// What is made of a value, or why not, at its place.
pub(super) fn read<T>(row: &Row, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Fault> {
    let span = row.cell(name).map_or(row.span, |cell: &Cell| cell.span);
    read(row.text(name)).map_err(|message| Fault { span, message: format!("{name}: {message}") })
}

/// The same, of a value that may be absent.
pub(super) fn read_or<T>(
    row: &Row,
    name: &str,
    absent: T,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Fault> {
    if row.cell(name).is_none() { Ok(absent) } else { self::read(row, name, read) }
}
