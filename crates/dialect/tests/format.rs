//! The canonical layout: nothing is lost, nothing changes its meaning, and a second time changes nothing.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{diff, format, parse};
use proptest::prelude::*;

const FULL: &str = include_str!("data/full.yml");

/// Formats, and holds the result against what every format must keep.
fn formatted(source: &str) -> String {
    let once = format(source).unwrap_or_else(|found| panic!("{}\n{source}", found[0].render("f", source)));
    let twice = format(&once).unwrap_or_else(|found| panic!("{}\n{once}", found[0].render("f", &once)));
    assert_eq!(twice, once, "a second time changes something in:\n{source}");
    if let Some(before) = parse(source).pipeline {
        let after = parse(&once).pipeline.unwrap();
        assert_eq!(diff::diff(&before, &after), [], "another pipeline comes out of:\n{source}");
    }
    assert_eq!(once.matches('#').count(), source.matches('#').count(), "a comment is lost or doubled in:\n{once}");
    once
}

#[test]
fn documents_get_the_canonical_layout() {
    let cases = [
        ("indentation", "a:\n    b:\n        c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n"),
        ("lists go in", "a:\n- 1\n-   b: 2\n    c: 3\n", "a:\n  - 1\n  - b: 2\n    c: 3\n"),
        ("lists in lists", "a:\n- - 1\n  - 2\n-\n  - 3\n", "a:\n  - - 1\n    - 2\n  - - 3\n"),
        ("spaces", "a:    1   \nb  :  2\t\n", "a: 1\nb: 2\n"),
        ("blank lines", "\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
        ("no line break at the end", "a: 1", "a: 1\n"),
        ("line ends", "a: 1\r\nb: |\r\n  x\r\n\r\n  y\r\n", "a: 1\nb: |\n  x\n\n  y\n"),
        ("byte order mark", "\u{feff}a: 1\n", "a: 1\n"),
        ("tabs behind values", "a:\t1\t# c\nb: [1,\t2]\n", "a: 1 # c\nb: [1, 2]\n"),
        ("a value below its key", "a:\n  long\n  text\nb:\n  'x'\n", "a: long\n  text\nb: 'x'\n"),
        (
            "comments",
            "# 1\na: 1     # 2\n  # 3\nb: # 4\n    # 5\n    c: 1\n    # 6\n# 7\nd: 1\n# 8\n",
            "# 1\na: 1 # 2\n# 3\nb: # 4\n  # 5\n  c: 1\n  # 6\n# 7\nd: 1\n# 8\n",
        ),
        (
            "comments in lists",
            "a:\n# 1\n- 1\n# 2\n- # 3\n  b: 1\n  # 4\n# 5\nc: 1\n",
            "a:\n  # 1\n  - 1\n  # 2\n  - # 3\n    b: 1\n    # 4\n# 5\nc: 1\n",
        ),
        ("a comment before a value", "a: # 1\n   # 2\n   b\n", "a: # 1\n  # 2\n  b\n"),
        (
            "literal",
            "a: |\n      x\n        y\n\n      # no comment  \n\n# comment\nb: 1\n",
            "a: |\n  x\n    y\n\n  # no comment  \n\n# comment\nb: 1\n",
        ),
        ("chomping", "a: |+\n    x\n\n\nb: >-\n    y\n\n\nc: 1\n", "a: |+\n  x\n\n\nb: >-\n  y\n\nc: 1\n"),
        ("kept lines at the end", "a: |+\n    x\n\n\n", "a: |+\n  x\n\n\n"),
        (
            "indentation told",
            "a: |4\n      x\n     y\nb: # c\n  - >1-\n     z\n",
            "a: |2\n    x\n   y\nb: # c\n  - >2-\n      z\n",
        ),
        ("header with a comment", "a: |   # c\n    x\n", "a: | # c\n  x\n"),
        ("empty literals", "a: |\nb: |+\n\nc: >\n\n", "a: |\nb: |+\n\nc: >\n"),
        (
            "quoted lines",
            "a: \"x\n     y \\\n     z\\ \n     w\"\nb: 'p\n\n       q'\n",
            "a: \"x\n  y \\\n  z\\ \n  w\"\nb: 'p\n\n  q'\n",
        ),
        (
            "brackets",
            "a: {b:   1,c: [1,2 ,  3]  ,}\nd: { e: 1 }\nf: {  }\ng: [ ]\n",
            "a: {b: 1, c: [1, 2, 3],}\nd: { e: 1 }\nf: {}\ng: []\n",
        ),
        (
            "brackets over lines",
            "a: {\n b: 1,   # one\n       c: [\n1,\n\n\n\n2\n   ]\n }\n",
            "a: {\n  b: 1, # one\n  c: [\n    1,\n\n    2\n  ]\n}\n",
        ),
        ("pairs in brackets", "a: [b: 1, \"c\":2, {d, e: }]\n", "a: [b: 1, \"c\": 2, {d, e: }]\n"),
        ("JSON", "{\"a\":1,\n    \"b\":[\n  true ]}\n", "{\"a\": 1,\n  \"b\": [\n    true ]}\n"),
        (
            "anchors",
            "a: &x   1\nb:   &y\n    c: *x\nd:\n- &z   e: 1\n- &w\n  f: *y\n",
            "a: &x 1\nb: &y\n  c: *x\nd:\n  - &z e: 1\n  - &w\n    f: *y\n",
        ),
        ("tags", "a:   !!str   1\nb: &x  !!map\n    c: 1\n", "a: !!str 1\nb: &x !!map\n  c: 1\n"),
        ("merge keys", "a: &x {b: 1}\nc:\n    <<:   *x\n    d: 1\n", "a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n"),
        ("nothing", "a:\nb:   # c\n\nc: &n\nd:   ~\n", "a:\nb: # c\n\nc: &n\nd: ~\n"),
        ("marks", "%YAML 1.1\n---   # c\na:   1\n...\n# d\n", "%YAML 1.1\n--- # c\na: 1\n...\n# d\n"),
    ];
    for (name, source, expected) in cases {
        assert_eq!(formatted(source), expected, "{name}");
    }
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let cases = [
        ("? a\n: b\n", "marked with `?`"),
        ("{? a : b}\n", "marked with `?`"),
        ("- a\n", "only a map"),
        ("", "empty"),
        ("a: [\n", ""),
        ("a: 1\na: 2\n", "given twice"),
    ];
    for (source, expected) in cases {
        let found = format(source).unwrap_err();
        assert!(found[0].message.contains(expected), "{source:?}: {}", found[0].message);
    }
}

#[test]
fn what_is_canonical_stays() {
    for source in [FULL, include_str!("../../../deploy/examples/weather/pipeline.yml")] {
        assert_eq!(formatted(source), source);
    }
}

/// A document with every style of value, in a random layout.
fn value(depth: u32) -> BoxedStrategy<Vec<String>> {
    let leaf = prop_oneof![
        Just(vec![" 1".to_owned()]),
        Just(vec![" 'q  # no'".to_owned()]),
        Just(vec!["   \"d\\\"\"  # c".to_owned()]),
        Just(vec![" [a,  {b:   1}]".to_owned()]),
        Just(vec![" {a: [1,".to_owned(), "      2], # c".to_owned(), "   b: x}".to_owned()]),
        Just(vec![" one".to_owned(), "    two".to_owned(), "".to_owned(), "   three".to_owned()]),
        Just(vec![" |".to_owned(), "    x".to_owned(), "".to_owned(), "      y  ".to_owned()]),
        Just(vec![" >-".to_owned(), "   x".to_owned(), "   y".to_owned(), "".to_owned()]),
        Just(vec![" |+  # c".to_owned(), "   x".to_owned(), "".to_owned(), "".to_owned()]),
        Just(vec!["".to_owned()]),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let child = value(depth - 1);
    let collection =
        (any::<bool>(), 1..5usize, prop::collection::vec((child, 0..6u8), 1..4)).prop_map(|(list, width, children)| {
            let mut lines = vec![if width == 1 { "  # head".to_owned() } else { String::new() }];
            let pad = " ".repeat(width);
            for (at, (child, noise)) in children.into_iter().enumerate() {
                match noise {
                    0 => lines.push(format!("{pad}# own")),
                    1 => lines.extend([String::new(), String::new()]),
                    2 => lines.push(format!("{pad}   # deep")),
                    _ => {}
                }
                let lead = if list { "-".to_owned() } else { format!("k{at}:") };
                for (line, text) in child.into_iter().enumerate() {
                    let whole = if line == 0 { format!("{lead}{text}") } else { text };
                    lines.push(if whole.is_empty() { whole } else { format!("{pad}{whole}") });
                }
            }
            lines
        });
    prop_oneof![1 => leaf, 3 => collection].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_layout_keeps_its_meaning(first in value(3), second in value(2), ends in prop::sample::select(vec!["\n", "\r\n"])) {
        let mut lines: Vec<String> = Vec::new();
        for (key, value) in [("a", first), ("b", second)] {
            let mut value = value.into_iter();
            lines.push(format!("{key}:{}", value.next().unwrap_or_default()));
            lines.extend(value);
        }
        let source = lines.join(ends);
        if format(&source).is_ok() {
            formatted(&source);
        } else {
            // Only what the parser refuses may be refused here.
            prop_assert!(!format(&source).unwrap_err()[0].message.contains("laid out anew"), "{source}");
        }
    }

    #[test]
    fn a_mutated_pipeline_is_kept_or_refused(at in 0..FULL.len(), length in 0..40usize, insert in "[a-z:\\-\\[\\]{}'\"# \n|&*é]{0,6}") {
        let floor = |mut at: usize| { while !FULL.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (floor(at), floor((at + length).min(FULL.len())));
        let source = format!("{}{insert}{}", &FULL[..start], &FULL[end..]);
        if let Ok(once) = format(&source) {
            prop_assert_eq!(format(&once).unwrap(), once);
        }
    }
}
