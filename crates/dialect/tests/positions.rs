//! Faults inside a scalar stand where a person sees them: through quotes, escapes, folding, indentation, wide characters.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{Code, parse};

/// Scalars (the value of `text:` at four spaces of indentation) whose template uses the name `bogus`, which does not exist.
const SCALARS: [(&str, &str); 22] = [
    ("plain", " a ${{ bogus }} b"),
    ("plain over several lines", " first ${{ inputs.a }}\n      second ${{ bogus }}\n\n      third"),
    ("single quotes", " 'it''s ${{ bogus }}'"),
    ("single quotes over several lines", " 'it''s\n\n      ${{ inputs.a ==\n      bogus }}'"),
    ("double quotes", " \"a ${{ bogus }}\""),
    ("escapes", " \"\\t\\u00e9\\x41\\U0001F600 \\\" ${{ 'a\\\\n' + bogus }}\""),
    ("an escaped line break", " \"one \\\n      two ${{ bogus }}\""),
    ("double quotes over several lines", " \"one\n\n      two ${{\n      bogus }}\""),
    ("literal block", " |\n      select 1\n      where ${{ bogus }}\n"),
    ("literal block, deeper lines", " |-\n      if x:\n          y = \"${{ bogus }}\"\n"),
    ("literal block with an indentation indicator", " |2\n       leading blank\n      ${{ bogus }}\n"),
    ("literal block that keeps its end", " |+\n      ${{ bogus }}\n\n\n"),
    ("literal block that starts with empty lines", " |\n\n\n      ${{ bogus }}\n"),
    ("folded block", " >\n      one\n      two ${{ bogus }}\n"),
    ("folded block with paragraphs", " >-\n      one\n      two\n\n      three ${{ inputs.a\n      + bogus }}\n"),
    ("folded block, deeper lines", " >\n      one\n        deeper ${{ inputs.a }}\n      two ${{ bogus }}\n"),
    ("folded block with a comment after its mark", " > # note\n      ${{ bogus }}\n"),
    ("wide characters", " 日本語 ${{ '日本' + bogus }}"),
    ("a combining character", " e\u{301} ${{ bogus }}"),
    ("carriage returns", " |\r\n      one\r\n      ${{ bogus }}\r\n"),
    ("a tag and an anchor", " !!str &x \"${{ bogus }}\""),
    ("a comment behind", " ${{ bogus }} # ${{ comment"),
];

fn document(scalar: &str) -> String {
    let head = "version: v1\nname: demo\ninputs: {a: {type: string, default: x}}\n";
    let tail = "pipeline: {t: {integration: X, integration_job: Y, parameters: {}}}\n";
    format!("{head}meta:\n  deep:\n    text:{scalar}\n    after: 1\n{tail}")
}

#[test]
fn a_fault_covers_exactly_the_word_at_fault() {
    let mut wrong = Vec::new();
    for (what, scalar) in SCALARS {
        let source = document(scalar);
        let parsed = parse(&source);
        let found: Vec<(Code, &str)> =
            parsed.diagnostics.iter().map(|found| (found.code, &source[found.span.start..found.span.end])).collect();
        if found != [(Code::UnknownName, "bogus")] {
            wrong.push(format!("{what}: {:?}", parsed.diagnostics));
            continue;
        }
        let span = parsed.diagnostics[0].span;
        let before = &source[..source.find("bogus").unwrap()];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        assert_eq!((span.line as usize, span.column as usize), (line, column), "{what}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_byte_order_mark_takes_no_column() {
    let parsed = parse("\u{feff}versio: v1\n");
    let unknown = parsed.diagnostics.iter().find(|found| found.code == Code::UnknownKey).unwrap();
    assert_eq!((unknown.span.line, unknown.span.column), (1, 1));
}
