//! A value as a document: read back it is the same value, and a pipeline stays the same pipeline.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    diff,
    emit::{EmitError, to_yaml},
    limits, parse, to_json,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Writes, and holds the text against what every text must keep.
fn written(value: &Value) -> String {
    let text = to_yaml(value).unwrap_or_else(|error| panic!("{error}\n{value}"));
    let read = to_json(&text).unwrap_or_else(|| panic!("it cannot be read:\n{text}"));
    assert_eq!(read.to_string(), value.to_string(), "another value comes of\n{text}");
    text
}

#[test]
fn values_are_written_so() {
    let cases = [
        ("keys in their order", json!({"b": 1, "a": {"d": null, "c": true}}), "b: 1\na:\n  d: null\n  c: true\n"),
        ("nothing inside", json!({"a": {}, "b": [], "c": [{}, []]}), "a: {}\nb: []\nc: [{}, []]\n"),
        ("nothing at all", json!({}), "{}\n"),
        ("a text alone", json!("on\noff"), "\"on\\noff\"\n"),
        ("a short list", json!({"a": ["x", "y, z", 3]}), "a: [x, 'y, z', 3]\n"),
        ("a list of maps", json!([{"a": 1, "b": 2}, {"c": [{"d": 1}]}]), "- a: 1\n  b: 2\n- c:\n    - d: 1\n"),
        ("lists in lists", json!([[1, [2, {"a": 3}]]]), "-\n  - 1\n  -\n    - 2\n    - a: 3\n"),
        ("numbers", json!([1.0, -0.5, 1e300, 1e-7, i64::MIN]), "[1.0, -0.5, 1.0e+300, 1.0e-7, -9223372036854775808]\n"),
        ("a script", json!({"a": "set -e\n\techo  \n\nend\n"}), "a: |\n  set -e\n  \techo  \n\n  end\n"),
        ("without its last line break", json!({"a": "x\ny"}), "a: |-\n  x\n  y\n"),
        ("indented at first", json!({"a": "  x\ny\n"}), "a: |2\n    x\n  y\n"),
        ("line breaks at the end", json!({"a": "x\n\n"}), "a: \"x\\n\\n\"\n"),
        ("other characters", json!({"a": "Ü 🦀", "b": "\u{7}\u{2028}\r\n"}), "a: Ü 🦀\nb: \"\\u0007\\u2028\\r\\n\"\n"),
        ("a template", json!({"a": "${{ inputs.x }}", "b": "* 2 * * ? *"}), "a: ${{ inputs.x }}\nb: '* 2 * * ? *'\n"),
    ];
    for (what, value, expected) in cases {
        let text =
            if value.is_array() && what == "numbers" { written(&json!({"list": value})) } else { written(&value) };
        let expected = if what == "numbers" { format!("list: {expected}") } else { expected.to_owned() };
        assert_eq!(text, expected, "{what}");
    }
}

#[test]
fn texts_that_look_like_something_else_are_quoted() {
    let words = [
        "",
        " ",
        "~",
        "null",
        "Null",
        "true",
        "True",
        "yes",
        "NO",
        "on",
        "Off",
        "y",
        "N",
        "12",
        "-1",
        "+1",
        "0x1F",
        "0o17",
        "017",
        "1_000",
        "1.5",
        ".5",
        "1e3",
        "1.0e+3",
        ".inf",
        "-.INF",
        ".nan",
        "12:30",
        "190:20:30",
        "2026-11-28",
        "2026-11-28 07:00:00",
        "2026-11-28T07:00:00Z",
        "2001-12-14 21:59:43.10 -5",
        "=",
        "<<",
        "-",
        "- x",
        "? x",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'",
        "\"",
        "[a]",
        "{a}",
        "---",
        "...",
        "a\tb",
        "\ta",
        "a ",
        "\u{feff}",
        "\u{85}",
        "\0",
    ];
    for word in words {
        for value in [json!({"k": word}), json!({word: 1}), json!({"k": [word]})] {
            let text = written(&value);
            assert!(text.contains(['\'', '"']), "{word:?} stands without quotes in {text}");
        }
    }
    for word in ["a", "a b", "x-y", "a:b", "a#b", "dbt run --select a", "0 0 2 * * ?", "MON-FRI", "é"] {
        assert_eq!(written(&json!({"k": word})), format!("k: {word}\n"));
    }
}

fn nested(levels: usize, list: bool) -> Value {
    (1..levels).fold(if list { json!([]) } else { json!({}) }, |inner, _| {
        if list { json!([inner, 1]) } else { json!({"a": inner}) }
    })
}

#[test]
fn what_no_document_holds_is_refused_with_its_place() {
    for list in [true, false] {
        written(&nested(limits::DEPTH, list));
        assert!(matches!(to_yaml(&nested(limits::DEPTH + 1, list)), Err(EmitError::TooDeep { .. })));
    }
    let said = |value: &Value| to_yaml(value).unwrap_err().to_string();
    assert_eq!(
        said(&json!({"a": [1, {"b": u64::MAX}]})),
        "`a[1].b`: the number 18446744073709551615 does not fit into 64 bits; make it a text"
    );
    let key = "k".repeat(limits::KEY_CHARACTERS);
    written(&json!({"a": {&key: 1}}));
    let said_of_key = said(&json!({"a": {format!("{key}k"): 1}}));
    assert_eq!(said_of_key, "a key in `a` takes more than 1000 characters: shorten it");
    let many = Value::Array(vec![json!(1); limits::NODES + 1]);
    assert!(said(&many).contains("the document cannot be read back: line"), "{}", said(&many));
}

#[test]
fn every_example_stays_the_pipeline_that_it_was() {
    let folder = format!("{}/../../deploy/examples/features", env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    let mut sources = vec![include_str!("data/full.yml").to_owned()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            sources.push(std::fs::read_to_string(path).unwrap());
        }
    }
    for source in sources {
        let (before, after) = (parse(&source), parse(&written(&to_json(&source).unwrap())));
        let verdict = |parsed: &downbeat_dialect::Parsed| {
            let mut codes: Vec<_> =
                parsed.diagnostics.iter().map(|found| (found.code, found.message.clone())).collect();
            codes.sort();
            codes
        };
        assert_eq!(verdict(&after), verdict(&before), "{source}");
        let Some(before) = before.pipeline else { continue };
        assert_eq!(diff::diff(&before, &after.pipeline.unwrap()), [], "another pipeline comes out of:\n{source}");
        seen += 1;
    }
    assert!(seen > 20, "only {seen} examples");
}

/// Texts of all kinds, those that mean something to YAML above all.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        "\\PC{0,12}",
        "[\\x00-\\x20a:#\\-]{0,10}",
        "[ \\n\\ta-c|>]{0,14}",
        "[0-9eE+\\-_.:xobTZ ]{0,12}",
        "[,\\[\\]{}&*!?'\"%@`~<=a ]{0,6}",
        any::<String>().prop_map(|text| text.chars().take(8).collect()),
    ]
}

fn trees() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaves.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<String, Value>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_read_back(value in trees()) {
        written(&value);
    }
}
