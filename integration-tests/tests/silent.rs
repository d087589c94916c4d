//! The table of decisions where the reference is silent names tests that exist.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("target" | ".git" | ".cache") => {}
            _ if path.is_dir() => sources(&path, found),
            _ if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn every_decision_has_its_test_or_names_the_part_that_will_have_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    ["crates", "services", "proto", "integration-tests"]
        .iter()
        .for_each(|folder| sources(&root.join(folder), &mut files));
    let code: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let table = std::fs::read_to_string(root.join("docs/dialect/silent.md")).unwrap();
    let rows: Vec<&str> =
        table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| question")).collect();
    assert!(rows.len() > 40, "the table is not read as it should be: {} rows", rows.len());
    for row in rows {
        let cell = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let test = cell.trim_matches('`');
        let known = cell.starts_with("part: ") || code.contains(&format!("fn {test}("));
        assert!(known, "`{test}` is no test: {row}");
    }
}
