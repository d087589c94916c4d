//! What is refused or advised on, and exactly what a person sees: at least one case per code.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use downbeat_dialect::{Code, Severity, decode, parse};

/// Cases in `data/refused.txt`: a document between `=== title` and `---- shown`, then what is shown up to the next `===`.
fn cases() -> Vec<(String, String, String)> {
    let text = include_str!("data/refused.txt");
    let blocks = text.split("\n=== ").skip(1);
    let read = |block: &str| {
        let (title, rest) = block.split_once('\n').unwrap();
        let (document, shown) = rest.split_once("---- shown\n").unwrap();
        (title.to_owned(), document.to_owned(), shown.trim_end().to_owned())
    };
    blocks.map(read).collect()
}

/// A document that starts with `...` goes on after the usual first lines.
fn complete(document: &str) -> String {
    match document.strip_prefix("...\n") {
        Some(rest) => format!("version: v1\nname: demo\n{rest}"),
        None => document.to_owned(),
    }
}

#[test]
fn every_fault_is_shown_exactly() {
    let mut report = String::new();
    let mut wrong = Vec::new();
    for (title, written, expected) in cases() {
        let document = complete(&written);
        let found: Vec<String> =
            parse(&document).diagnostics.iter().map(|found| found.render("p.yml", &document)).collect();
        let shown = found.join("\n");
        report.push_str(&format!("\n=== {title}\n{written}---- shown\n{shown}\n"));
        if shown != expected {
            wrong.push(format!("{title}\nexpected:\n{expected}\nfound:\n{shown}\n"));
        }
    }
    if std::env::var_os("DOWNBEAT_WRITE_SNAPSHOTS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/refused.txt");
        let head = include_str!("data/refused.txt").split("\n=== ").next().unwrap();
        std::fs::write(path, format!("{head}{report}")).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}\n(DOWNBEAT_WRITE_SNAPSHOTS=1 writes what is shown now)", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case() {
    let shown: String = cases().into_iter().map(|(_, _, shown)| shown).collect();
    let missing: Vec<String> =
        Code::ALL.iter().map(ToString::to_string).filter(|code| !shown.contains(code.as_str())).collect();
    // A document over a limit is too large for the file: `limits_hold` has those.
    assert_eq!(missing, ["DB1002", "DB1012", "DB1013"]);
}

#[test]
fn codes_and_titles_are_unique() {
    let numbers: BTreeSet<u16> = Code::ALL.iter().map(|code| code.number()).collect();
    let titles: BTreeSet<&str> = Code::ALL.iter().map(|code| code.title()).collect();
    assert_eq!((numbers.len(), titles.len()), (Code::ALL.len(), Code::ALL.len()));
}

#[test]
fn limits_hold() {
    let bomb = {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let inner = vec![format!("*a{}", level - 1); 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        text
    };
    let long = format!("a: &a '{}'\nb: [{}]", "x".repeat(200_000), vec!["*a"; 60].join(", "));
    for (what, document) in [
        ("size", " ".repeat(5 * 1024 * 1024)),
        ("flow depth", "[".repeat(10_000)),
        ("block depth", (0..100).map(|level| format!("{}a:\n", " ".repeat(level))).collect()),
        ("alias bomb", bomb),
        ("alias of long texts", long),
        ("aliases", format!("a: &a 1\nb: [{}]", vec!["*a"; 101].join(", "))),
        ("nodes", format!("a: [{}]", vec!["1"; 250_000].join(","))),
    ] {
        let parsed = parse(&document);
        assert!(parsed.pipeline.is_none(), "{what}");
        let codes: Vec<Code> = parsed.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(codes, [Code::TooLarge], "{what}: {:?}", parsed.diagnostics);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let bytes = b"version: v1\nname: caf\xe9\n";
    let fault = decode(bytes).unwrap_err();
    let shown = fault.render("p.yml", &String::from_utf8_lossy(bytes));
    let expected = "p.yml:2:10: error[DB1012]: the byte 0xE9 is no UTF-8\n2 | name: caf\u{fffd}\n  |          ^\nhelp: save the file as UTF-8";
    assert_eq!(shown, expected);
    assert_eq!(decode("name: café".as_bytes()), Ok("name: café"));
}

#[test]
fn what_is_not_shown_is_counted() {
    let keys: String = (0..250).map(|at| format!("k{at}: {at}\n")).collect();
    let document = format!("version: v1\nname: demo\npipeline: {{}}\n{keys}");
    let diagnostics = parse(&document).diagnostics;
    assert_eq!(diagnostics.len(), 201);
    assert!(diagnostics[..200].iter().all(|found| found.code == Code::UnknownKey), "faults go before advice");
    let last = &diagnostics[200];
    assert_eq!((last.code, last.severity), (Code::MoreFaults, Severity::Error));
    assert_eq!(last.message, "51 more faults or pieces of advice are not shown");
}

#[test]
fn a_pipeline_is_there_exactly_when_nothing_is_an_error() {
    for (title, document, _) in cases() {
        let parsed = parse(&complete(&document));
        let refused = parsed.diagnostics.iter().any(|found| found.severity == Severity::Error);
        assert_eq!(parsed.pipeline.is_none(), refused, "{title}");
    }
}
