//! Text that wants to harm its reader: an answer always comes, in bounded time and on the stack that is promised to be enough.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use downbeat_lineage::sql::{Catalog, Defaults, Dialect, STACK_BYTES, Script, read};
use proptest::prelude::*;

fn on_a_small_stack(text: String, dialect: Dialect) -> Script {
    // An overflow ends the process with the name of its thread.
    let name = format!("{} {}", dialect.as_str(), text.replace('\0', "").chars().take(60).collect::<String>());
    let work = move || read(&text, dialect, &Defaults::default(), &());
    let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(work).unwrap();
    thread.join().expect("no panic")
}

#[test]
fn whatever_is_repeated_gives_an_answer() {
    // What stands in front, what is repeated, what stands between, what is repeated behind.
    let forms: &[[&str; 4]] = &[
        ["select ", "(", "1", ")"],
        ["select ", "f(", "1", ")"],
        ["select ", "case when ", "1", " then 1 end"],
        ["select ", "not ", "1", ""],
        ["select ", "- ", "1", ""],
        ["select ", "[", "1", "]"],
        ["select ", "array[", "1", "]"],
        ["select ", "{'a': ", "1", "}"],
        ["select ", "f(x -> ", "1", ")"],
        ["select ", "interval ", "1", ""],
        ["select ", "a between 1 and ", "1", ""],
        ["select ", "cast(", "1", " as int)"],
        ["select cast(a as ", "array<", "int", ">"],
        ["select 1", "+1", "", ""],
        ["select 1", " || a", "", ""],
        ["select 1", "::int", "", ""],
        ["select a", "[1]", "", ""],
        ["select a", ".a", "", ""],
        ["select a", ":a", "", ""],
        ["select 1", ", a", "", ""],
        ["select 1 where a = 1", " or a = 1", "", ""],
        ["select 1 where ", "a in (select ", "1", ")"],
        ["select 1 where a in (1", ", 1", ")", ""],
        ["select 1", " union all select 1", "", ""],
        ["select 1", " union all (select 1", "", ")"],
        ["", "(select 1 union ", "select 1", ")"],
        ["", "select * from (", "select 1", ") x"],
        ["", "with a as (", "select 1", ") select * from a"],
        ["with a0 as (select 1)", ", a0 as (select * from a0, a0)", " select * from a0", ""],
        ["select 1 from ", "(", "t", ")"],
        ["select 1 from a", " join b on a = b", "", ""],
        ["select 1 from a", " join b using (c)", "", ""],
        ["select 1 from a", " join b", "", " on a = b"],
        ["select 1 from a", " cross join b", "", ""],
        ["select 1 from a", " natural join b", "", ""],
        ["select 1 from a", ", lateral (select a", "", ")"],
        ["select 1 from t", " pivot (sum(a) for b in (1))", "", ""],
        ["insert into t values (1)", ", (1)", "", ""],
        ["", "explain ", "select 1", ""],
        ["", "begin ", "", ""],
        ["", "begin select 1; ", "x", ""],
        ["", "if 1 then ", "", ""],
        ["", "create procedure p as begin ", "", ""],
        ["", "select 1; ", "", ""],
        ["", "select frm where; ", "", ""],
        ["", "'", "", ""],
        ["", "$$", "", ""],
        ["", "/*", "", ""],
        ["", "\"", "", ""],
        ["select ", "'", "", ""],
    ];
    // The parsers of the dialects take different ways through joins and blocks.
    for dialect in [Dialect::Postgres, Dialect::Snowflake, Dialect::SqlServer] {
        for [front, repeated, between, behind] in forms {
            // A depth that is read, one at the limit of it, one beyond it, and as much as a text may have.
            for times in [49, 3_500, 6_000] {
                let text = format!("{front}{}{between}{}", repeated.repeat(times), behind.repeat(times));
                on_a_small_stack(text, dialect);
            }
        }
    }
}

#[test]
fn what_is_too_long_is_said() {
    let script = on_a_small_stack("select 1; ".repeat(200_000), Dialect::Generic);
    assert!(script.statements.is_empty() && script.problems[0].message.contains("bytes"), "{:?}", script.problems);
    let script = on_a_small_stack("select a from t; ".repeat(2_000), Dialect::Generic);
    assert_eq!((script.statements.len(), script.problems.len()), (1_000, 1));
    let script =
        on_a_small_stack(format!("select a{} from t; select b from u", " + a".repeat(20_000)), Dialect::Generic);
    assert_eq!((script.statements.len(), script.problems.len()), (1, 1), "the statement behind it is read");
}

/// Columns that double at each step: what they come of is a set, and every step is paid for.
#[test]
fn columns_cannot_explode() {
    struct Wide;
    impl Catalog for Wide {
        fn columns(&self, table: &downbeat_lineage::sql::TableName) -> Option<Vec<String>> {
            Some((0..4_000).map(|place| format!("{}{place}", table.name)).collect())
        }
    }
    let mut text = "with a0 as (select * from t)".to_owned();
    for step in 1..400 {
        text.push_str(&format!(", a{step} as (select l.*, r.* from a{0} l join a{0} r using (t1, t2, t3))", step - 1));
    }
    text.push_str(" insert into x by name select * from a399");
    read(&text, Dialect::DuckDb, &Defaults::default(), &Wide);
    let all = (0..3_000).map(|place| format!("t{place}")).collect::<Vec<_>>().join(" + ");
    let text = format!(
        "insert into x (a) select {all} from t; create table y as select {} from t",
        format!("{all}, ").repeat(20) + "1"
    );
    let script = read(&text, Dialect::Postgres, &Defaults::default(), &Wide);
    assert!(script.statements.iter().all(|statement| statement.columns.len() <= 20_000));
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "select",
        "from",
        "where",
        "with",
        "recursive",
        "as",
        "(",
        ")",
        ",",
        ";",
        ".",
        "*",
        "a",
        "b",
        "t",
        "\"T\"",
        "`x`",
        "[y]",
        "'s'",
        "1",
        "join",
        "left",
        "on",
        "using",
        "natural",
        "union",
        "all",
        "except",
        "insert",
        "into",
        "values",
        "update",
        "set",
        "delete",
        "merge",
        "when",
        "matched",
        "not",
        "then",
        "create",
        "table",
        "view",
        "temp",
        "or",
        "replace",
        "group",
        "by",
        "order",
        "having",
        "qualify",
        "over",
        "partition",
        "window",
        "case",
        "else",
        "end",
        "in",
        "exists",
        "lateral",
        "unnest",
        "flatten",
        "pivot",
        "unpivot",
        "for",
        "exclude",
        "rename",
        "=",
        "<",
        "+",
        "||",
        "::",
        "->",
        "->>",
        ":",
        "{{",
        "}}",
        "$1",
        "@x",
        "#t",
        "begin",
        "if",
        "copy",
        "unload",
        "drop",
        "alter",
        "to",
        "use",
        "returning",
        "declare",
        "cross",
        "apply",
        "array",
        "x ->",
        "int",
        "--c\n",
        "/*c*/",
        "|>",
        "go",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Words in any order: an answer, the same each time, that names only tables it says are read.
    #[test]
    fn any_words_give_an_answer(text in words(), dialect in prop::sample::select(Dialect::ALL.to_vec())) {
        let known = BTreeMap::from([(
            downbeat_lineage::sql::TableName { name: "t".to_owned(), ..Default::default() },
            vec!["a".to_owned(), "b".to_owned()],
        )]);
        let script = read(&text, dialect, &Defaults::default(), &known);
        prop_assert_eq!(&script, &read(&text, dialect, &Defaults::default(), &known));
        for statement in &script.statements {
            prop_assert!(statement.columns.iter().all(|used| statement.reads.contains(&used.table)), "{statement:?}");
        }
    }

    /// Any letters at all.
    #[test]
    fn any_letters_give_an_answer(text in ".{0,200}", dialect in prop::sample::select(Dialect::ALL.to_vec())) {
        read(&text, dialect, &Defaults::default(), &());
    }
}
