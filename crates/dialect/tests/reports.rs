//! What people and programs are told: excerpts under carets, lines that sum up, JSON, SARIF.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    Parsed, parse, parse_bytes,
    report::{Document, Look, Outcome, Verdict, diagnostic, findings, json, sarif, summary, verdict_line},
};
use serde_json::{Value, json};

const HEAD: &str = "version: v1\nname: n\n";
const TASK: &str = "integration: X, integration_job: Y, parameters: {}";

fn document<'a>(name: &'a str, source: &'a str, parsed: &'a Parsed) -> Document<'a> {
    Document { name, outcome: Outcome::Checked { source, parsed } }
}

/// The excerpt of the first finding: everything below its first line, without the help.
fn excerpt(source: &str, columns: usize) -> String {
    let parsed = parse(source);
    let shown = diagnostic(&parsed.diagnostics[0], "p.yml", source, Look { colour: false, columns });
    let lines = shown.lines().skip(1).take_while(|line| !line.starts_with("help:"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn carets_stand_under_what_they_mean() {
    let task = |before: &str| format!("{HEAD}pipeline: {{a: {{{before}, b: 1, {TASK}}}}}\n");
    for (what, source, expected) in [
        (
            "plain",
            task("tags: [x]"),
            "3 | pipeline: {a: {tags: [x], b: 1, integration: X, integration_job: Y, parameters: {}}}\n  |                           ^",
        ),
        (
            "wide characters take two columns",
            task("tags: [日本]"),
            "3 | pipeline: {a: {tags: [日本], b: 1, integration: X, integration_job: Y, parameters: {}}}\n  |                              ^",
        ),
        (
            "combining characters take none",
            task("tags: [e\u{301}]"),
            "3 | pipeline: {a: {tags: [e\u{301}], b: 1, integration: X, integration_job: Y, parameters: {}}}\n  |                           ^",
        ),
        (
            "a tab is four columns",
            task("tags:\t[x]"),
            "3 | pipeline: {a: {tags:    [x], b: 1, integration: X, integration_job: Y, parameters: {}}}\n  |                              ^",
        ),
        (
            "what turns writing around or is invisible is made visible",
            task("tags: [\u{202e}\u{200b}]"),
            "3 | pipeline: {a: {tags: [\u{fffd}\u{fffd}], b: 1, integration: X, integration_job: Y, parameters: {}}}\n  |                            ^",
        ),
        (
            "carriage returns are no part of a line",
            format!("{HEAD}b: 1\npipeline: {{a: {{{TASK}}}}}\n").replace('\n', "\r\n"),
            "3 | b: 1\n  | ^",
        ),
        (
            "a byte order mark takes no column",
            format!("\u{feff}b: 1\n{HEAD}pipeline: {{a: {{{TASK}}}}}\n"),
            "1 | b: 1\n  | ^",
        ),
        (
            "three lines are shown whole",
            format!("{HEAD}pipeline: {{a: {{{TASK}}}}}\nalerts:\n  x: 1\n  y: 2\n  z: 3\n"),
            "5 |   x: 1\n  |   ^^^^\n6 |   y: 2\n  |   ^^^^\n7 |   z: 3\n  |   ^^^^",
        ),
        (
            "of more lines the first and the last are, without the comments and blanks behind",
            format!(
                "{HEAD}pipeline: {{a: {{{TASK}}}}}\nalerts:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n  e: 5\n  f: 6\n\n  # end\n"
            ),
            " 5 |   a: 1\n   |   ^^^^\n...\n10 |   f: 6\n   |   ^^^^",
        ),
        ("nothing is shown of nothing", String::new(), ""),
    ] {
        assert_eq!(excerpt(&source, 120), expected, "{what}");
    }
}

#[test]
fn long_lines_are_cut_on_both_sides_and_stay_in_the_columns() {
    let far = format!("{HEAD}pipeline: {{a: {{name: {}, b: 1, {TASK}}}}}\n", "x".repeat(90));
    let shown = excerpt(&far, 40);
    assert_eq!(shown, "3 | …xxxxxxxxxxxxxxxxxx, b: 1, integration: X…\n  |                      ^");
    let long = format!("{HEAD}{}: 1\npipeline: {{a: {{{TASK}}}}}\n", "k".repeat(200));
    assert_eq!(excerpt(&long, 40), format!("3 | {}…\n  | {}", "k".repeat(40), "^".repeat(40)));
    let zero_width = format!("{HEAD}e{}: 1\npipeline: {{a: {{{TASK}}}}}\n", "\u{301}".repeat(100_000));
    assert!(excerpt(&zero_width, 40).len() < 1000, "characters without width are bounded too");
}

#[test]
fn nothing_of_a_document_moves_the_cursor() {
    let source = format!("{HEAD}\"\\e[31m\\n\u{202e}\": 1\npipeline: {{a: {{{TASK}}}}}\n");
    let parsed = parse(&source);
    let shown = findings(&document("p\u{1b}[2J.yml", &source, &parsed), Look::default());
    assert!(shown.starts_with("p\u{fffd}[2J.yml:3:1: error[DB1004]: unknown key `\u{fffd}[31m \u{fffd}`"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
}

#[test]
fn colours_change_nothing_but_the_colour() {
    let source = format!("{HEAD}b: 1\npipeline: {{a: {{{TASK}, paused: 5, tags: []}}}}\n");
    let parsed = parse(&source);
    let plain = findings(&document("p.yml", &source, &parsed), Look::default());
    let mut coloured = findings(&document("p.yml", &source, &parsed), Look { colour: true, ..Look::default() });
    assert!(coloured.contains("\u{1b}[1;31merror[DB1004]\u{1b}[0m"), "{coloured}");
    for style in ["0", "1", "1;31", "1;33", "34"] {
        coloured = coloured.replace(&format!("\u{1b}[{style}m"), "");
    }
    assert_eq!(coloured, plain);
}

#[test]
fn documents_are_judged_one_by_one_and_summed_up() {
    let good = format!("{HEAD}pipeline: {{a: {{{TASK}}}}}\n");
    let advised = format!("{HEAD}meta: {{on: 1}}\npipeline: {{a: {{{TASK}}}}}\n");
    let (good, advised, bad) = (parse(&good), parse(&advised), parse("a: 1\n"));
    let look = Look::default();
    let documents = [
        document("good.yml", "", &good),
        document("advised.yml", "", &advised),
        document("bad.yml", "a: 1\n", &bad),
        Document { name: "none.yml", outcome: Outcome::Unreadable("not there") },
    ];
    let lines: Vec<String> = documents.iter().map(|document| verdict_line(document, look)).collect();
    let expected = [
        "good.yml: ok: pipeline `n`",
        "advised.yml: ok: pipeline `n`, 1 warning",
        "bad.yml: refused: 4 errors",
        "none.yml: unreadable",
    ];
    assert_eq!(lines, expected);
    assert_eq!(findings(&documents[3], look), "error: cannot read none.yml: not there");
    let all = "4 files: 2 accepted, 1 refused, 1 unreadable (4 errors, 1 warning)";
    assert_eq!(summary(&documents).as_deref(), Some(all));
    assert_eq!(summary(&documents[..2]).as_deref(), Some("2 files: 2 accepted (1 warning)"));
    assert_eq!(summary(&documents[..1]), None);
    let worst = |count: usize| Verdict::worst(&documents[..count]);
    assert_eq!(
        [worst(0), worst(2), worst(3), worst(4)],
        [Verdict::Accepted, Verdict::Accepted, Verdict::Refused, Verdict::Unreadable]
    );
}

#[test]
fn json_has_the_documented_shape() {
    let source = format!("{HEAD}pipeline: {{ä: {{{TASK}, depend_on: []}}}}\n");
    let (refused, accepted) = (parse(&source), parse(&source.replace("depend_on", "depends_on")));
    let documents = [
        document("a.yml", &source, &refused),
        document("b.yml", &source, &accepted),
        Document { name: "c.yml", outcome: Outcome::Unreadable("not there") },
    ];
    let start = source.find("depend_on").unwrap();
    let expected = json!({
        "format": 1,
        "verdict": "unreadable",
        "files": [
            {"file": "a.yml", "verdict": "refused", "pipeline": null, "diagnostics": [{
                "code": "DB1004",
                "title": "a key that the language does not know",
                "severity": "error",
                "official_severity": "warning",
                "message": "unknown key `depend_on` in task `ä`",
                "help": "did you mean `depends_on`?",
                "range": {
                    "start": {"line": 3, "column": 68, "offset": start},
                    "end": {"line": 3, "column": 77, "offset": start + 9},
                },
            }]},
            {"file": "b.yml", "verdict": "accepted", "pipeline": "n", "diagnostics": []},
            {"file": "c.yml", "verdict": "unreadable", "reason": "not there", "diagnostics": []},
        ],
    });
    assert_eq!(json(&documents), expected);
}

#[test]
fn a_range_ends_where_the_value_ends() {
    let source = format!("{HEAD}pipeline: {{a: {{{TASK}}}}}\nalerts:\n  a: 1\n  b: 日本\n\n# end\n");
    let parsed = parse(&source);
    let found = json(&[document("a.yml", &source, &parsed)]);
    let range = &found["files"][0]["diagnostics"][0]["range"];
    assert_eq!(range["start"], json!({"line": 5, "column": 3, "offset": source.find("a: 1").unwrap()}));
    assert_eq!(range["end"], json!({"line": 6, "column": 8, "offset": source.find("\n\n# end").unwrap()}));
}

/// The required parts of SARIF 2.1.0 (3.13, 3.14, 3.18, 3.19, 3.27, 3.49) and what GitHub's code scanning asks for.
#[test]
fn sarif_has_what_code_scanning_needs() {
    let source = format!("{HEAD}meta: {{on: 1}}\npipeline: {{a: {{{TASK}, \"日\\n\": 1}}}}\n");
    let parsed = parse(&source);
    let documents = [
        document("./pipelines/daily load#1.yml", &source, &parsed),
        document("/abs/p.yml", &source, &parsed),
        Document { name: "none.yml", outcome: Outcome::Unreadable("not there") },
    ];
    let log = sarif(&documents, "1.2.3");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = &run["tool"]["driver"];
    assert_eq!((&driver["name"], &driver["semanticVersion"]), (&json!("Downbeat"), &json!("1.2.3")));
    let rules = driver["rules"].as_array().unwrap();
    let ids: Vec<&Value> = rules.iter().map(|rule| &rule["id"]).collect();
    assert_eq!(ids, ["DB1004", "DB1011"], "each code once, in order");
    for rule in rules {
        for text in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown", "/name"] {
            assert!(rule.pointer(text).is_some_and(|text| text.as_str().unwrap().len() > 5), "{text} of {rule}");
        }
    }
    assert_eq!(rules[0]["defaultConfiguration"]["level"], "error");
    assert_eq!(rules[1]["defaultConfiguration"]["level"], "warning");
    let results = run["results"].as_array().unwrap();
    let seen: Vec<Value> = results
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            json!([
                result["ruleId"],
                result["level"],
                place["artifactLocation"]["uri"],
                place["region"]["startLine"],
                place["region"]["startColumn"],
                place["region"]["endLine"],
                place["region"]["endColumn"]
            ])
        })
        .collect();
    let relative = "pipelines/daily%20load%231.yml";
    assert_eq!(
        seen,
        [
            json!(["DB1011", "warning", relative, 3, 8, 3, 10]),
            json!(["DB1004", "error", relative, 4, 68, 4, 73]),
            json!(["DB1011", "warning", "file:///abs/p.yml", 3, 8, 3, 10]),
            json!(["DB1004", "error", "file:///abs/p.yml", 4, 68, 4, 73]),
        ]
    );
    let place = |at: usize| &results[at]["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"];
    assert_eq!((place(0), place(2)), (&json!("%SRCROOT%"), &Value::Null));
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "cannot read none.yml: not there");
    assert_eq!(sarif(&documents[..2], "1.2.3")["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn bytes_that_are_no_utf_8_are_shown_with_their_place() {
    let bytes = b"version: v1\nname: caf\xe9 \xff\n";
    let (source, parsed) = parse_bytes(bytes);
    let shown = findings(&document("p.yml", &source, &parsed), Look::default());
    let expected = "p.yml:2:10: error[DB1012]: the byte 0xE9 is no UTF-8\n2 | name: caf\u{fffd} \u{fffd}\n  |          ^\nhelp: save the file as UTF-8";
    assert_eq!(shown, expected);
}
