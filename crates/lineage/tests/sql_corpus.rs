//! The reader of SQL, held against what a person read out of the statements in `data/sql/`.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use downbeat_lineage::sql::{Defaults, Dialect, Script, TableName, read};

/// A case of a file of the corpus.
struct Case {
    name: String,
    catalog: BTreeMap<TableName, Vec<String>>,
    text: String,
    truth: String,
}

fn defaults() -> Defaults {
    Defaults { database: "d".to_owned(), schema: "s".to_owned() }
}

/// `orders(id, amount), x(y)`
fn catalog(line: &str, dialect: Dialect) -> BTreeMap<TableName, Vec<String>> {
    let schema = if matches!(dialect, Dialect::MySql | Dialect::ClickHouse) { "" } else { "s" };
    let tables = line.split(')').map(|table| table.trim_start_matches([',', ' '])).filter(|table| !table.is_empty());
    let read = |table: &str| {
        let (name, columns) = table.split_once('(').expect("a table has columns");
        let name = TableName { database: "d".to_owned(), schema: schema.to_owned(), name: name.trim().to_owned() };
        (name, columns.split(',').map(|column| column.trim().to_owned()).collect())
    };
    tables.map(read).collect()
}

fn cases(text: &str, dialect: Dialect) -> Vec<Case> {
    let mut cases = Vec::new();
    for block in text.split("## ").filter(|block| !block.trim().is_empty()) {
        let (name, body) = block.split_once('\n').expect("a case has a body");
        let mut case =
            Case { name: name.to_owned(), catalog: BTreeMap::new(), text: String::new(), truth: String::new() };
        for line in body.lines() {
            if let Some(line) = line.strip_prefix("catalog: ") {
                case.catalog = catalog(line, dialect);
            } else if !case.truth.is_empty() || line.starts_with("=> ") || line.starts_with("! ") {
                writeln!(case.truth, "{line}").unwrap();
            } else {
                writeln!(case.text, "{line}").unwrap();
            }
        }
        cases.push(case);
    }
    cases
}

fn shown(name: &TableName) -> String {
    let whole = name.to_string();
    let short = whole.strip_prefix("d.s.").or_else(|| whole.strip_prefix("d."));
    short.unwrap_or(&whole).to_owned()
}

/// In the form of the corpus: rows and their uses sorted, the star last.
fn written(script: &Script) -> Vec<String> {
    let mut lines = Vec::new();
    for statement in &script.statements {
        let reads: Vec<_> = statement.reads.iter().map(shown).collect();
        let mut head = format!("=> {}", statement.kind.as_str());
        if !reads.is_empty() {
            write!(head, " reads {}", reads.join(", ")).unwrap();
        }
        if let Some(target) = &statement.writes {
            write!(head, " writes {}", shown(target)).unwrap();
        }
        lines.push(head);
        let mut columns: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for used in &statement.columns {
            let to = if used.to.is_empty() { "*" } else { &used.to };
            columns.entry(to).or_default().push(format!(
                "{}.{} {}",
                shown(&used.table),
                used.column,
                used.kind.as_str()
            ));
        }
        let mut rows: Vec<_> = columns
            .into_iter()
            .map(|(to, mut uses)| {
                uses.sort();
                format!("{to} <- {}", uses.join(", "))
            })
            .collect();
        rows.sort();
        lines.extend(rows);
    }
    let problems = script.problems.iter().map(|problem| format!("! {}:{}", problem.at.line, problem.at.column));
    lines.extend(problems);
    lines
}

/// The truth in the same form: what stands in a case in the order in which people write it.
fn expected(truth: &str) -> Vec<String> {
    let (mut lines, mut rows, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for line in truth.lines().filter(|line| !line.trim().is_empty()) {
        if let Some((to, uses)) = line.split_once(" <- ") {
            let mut uses: Vec<_> = uses.split(", ").collect();
            uses.sort_unstable();
            rows.push(format!("{to} <- {}", uses.join(", ")));
        } else if line.starts_with("! ") {
            problems.push(line.to_owned());
        } else {
            rows.sort();
            lines.append(&mut rows);
            lines.push(line.to_owned());
        }
    }
    rows.sort();
    lines.append(&mut rows);
    lines.append(&mut problems);
    lines
}

#[test]
fn statements_are_read_as_a_person_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sql");
    let (mut wrong, mut count) = (String::new(), 0);
    for dialect in Dialect::ALL {
        let file = folder.join(dialect.as_str()).with_extension("txt");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for case in cases(&text, dialect) {
            count += 1;
            let script = read(&case.text, dialect, &defaults(), &case.catalog);
            let (found, truth) = (written(&script), expected(&case.truth));
            if found != truth {
                writeln!(wrong, "--- {}: {}\n{}", dialect.as_str(), case.name, case.text.trim()).unwrap();
                writeln!(wrong, "{}", similar(&truth, &found)).unwrap();
                for problem in &script.problems {
                    writeln!(wrong, "      {}:{} {}", problem.at.line, problem.at.column, problem.message).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 90, "{count} cases");
}

/// What is missing and what should not be there.
fn similar(truth: &[String], found: &[String]) -> String {
    let missing = truth.iter().filter(|line| !found.contains(line)).map(|line| format!("  - {line}\n"));
    let more = found.iter().filter(|line| !truth.contains(line)).map(|line| format!("  + {line}\n"));
    missing.chain(more).collect()
}

/// Whoever can ask a database knows what to ask it, and then knows all.
#[test]
fn tables_whose_columns_would_say_more_are_named() {
    let text = "create temp table t as select * from orders where id > 0; insert into made select * from t";
    let first = read(text, Dialect::Postgres, &defaults(), &());
    let named: Vec<_> = first.unknown.iter().map(shown).collect();
    assert_eq!(named, ["orders", "made"]);
    let known = catalog("orders(id, state), made(key, word, at)", Dialect::Postgres);
    let lines = written(&read(text, Dialect::Postgres, &defaults(), &known));
    assert!(lines.contains(&"key <- orders.id IDENTITY".to_owned()), "{lines:?}");
    assert!(lines.contains(&"word <- orders.state IDENTITY".to_owned()), "{lines:?}");
    assert!(read("select id from orders", Dialect::Postgres, &defaults(), &()).unknown.is_empty());
}
