//! Artifacts in, columns of edges and assets out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use downbeat_proto::events::v1::ColumnUse;
use serde_json::{Value, json};

use super::super::artifacts::{self, Invocation};
use super::super::collect;
use super::{Beside, Columns};
use crate::attempt::Collection;

/// A node of a manifest: its id, what it depends on, the SQL that was compiled for it.
fn model(id: &str, parents: &[&str], code: &str) -> (String, Value) {
    let (kind, name) = (id.split('.').next().unwrap(), id.rsplit('.').next().unwrap());
    let materialized = if kind == "model" { "table" } else { kind };
    let node = json!({
        "resource_type": kind, "name": name, "database": "db", "schema": "main", "alias": name, "language": "sql",
        "relation_name": format!("\"db\".\"main\".\"{name}\""), "config": {"materialized": materialized},
        "depends_on": {"nodes": parents}, "compiled_code": code,
    });
    (id.to_owned(), node)
}

fn source(name: &str, documented: &[&str]) -> (String, Value) {
    let columns: Value = documented
        .iter()
        .map(|name| ((*name).to_owned(), json!({"name": name})))
        .collect::<BTreeMap<_, _>>()
        .into_iter()
        .collect();
    let node = json!({
        "resource_type": "source", "name": name, "database": "db", "schema": "raw", "identifier": name,
        "relation_name": format!("\"db\".\"raw\".\"{name}\""), "columns": columns,
    });
    (format!("source.p.{name}"), node)
}

fn invocation(adapter: &str, nodes: Vec<(String, Value)>) -> Invocation {
    let (sources, nodes): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|(id, _)| id.starts_with("source."));
    let hidden = |node: &Value| node["config"]["materialized"] == "ephemeral";
    let results: Vec<_> = nodes
        .iter()
        .filter(|(_, node)| !hidden(node))
        .map(|(id, _)| {
            json!({"unique_id": id, "status": "success", "timing": [{"completed_at": "2026-01-02T00:00:00Z"}]})
        })
        .collect();
    let object = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect());
    let manifest = json!({"metadata": {"adapter_type": adapter}, "nodes": object(nodes), "sources": object(sources)});
    Invocation {
        manifest: serde_json::from_value(manifest).unwrap(),
        results: serde_json::from_value(json!({"results": results, "args": {"which": "build"}})).unwrap(),
    }
}

/// What is collected with columns, and what could not be read.
fn collected(invocations: &[Invocation], beside: Beside) -> (Collection, Vec<String>) {
    let mut collection = collect::collection(invocations);
    let mut columns = Columns::read(invocations, beside, &|| true);
    columns.add_to(&mut collection);
    (collection, columns.problems)
}

/// Uses of columns as `a.x > b.y KIND`, with short names of tables.
fn uses(collection: &Collection) -> BTreeSet<String> {
    let short = |key: &str| key.rsplit('.').next().unwrap().to_owned();
    let edges = collection.edges.iter().flat_map(|edge| edge.columns.iter().map(move |column| (edge, column)));
    edges
        .map(|(edge, column)| {
            let kind = ColumnUse::try_from(column.r#use).unwrap().as_str_name().trim_start_matches("COLUMN_USE_");
            format!("{}.{} > {}.{} {kind}", short(&edge.from), column.from, short(&edge.to), column.to)
        })
        .collect()
}

fn columns_of(collection: &Collection, name: &str) -> Vec<String> {
    let asset = collection.assets.iter().find(|asset| asset.name == name).unwrap();
    asset.columns.iter().map(|column| column.name.clone()).collect()
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn columns_are_carried_from_model_to_model() {
    // By name the second comes first: the order is that of what depends on what.
    let nodes = vec![
        source("orders", &[]),
        model("model.p.a_last", &["model.p.b_first"], "select *, 1 as one from \"db\".\"main\".\"b_first\""),
        model(
            "model.p.b_first",
            &["source.p.orders"],
            "select ID as order_id, price * 2 as twice from db.raw.orders where ok",
        ),
    ];
    let (collection, problems) = collected(&[invocation("duckdb", nodes)], Beside::default());
    assert!(problems.is_empty(), "{problems:?}");
    let expected = set(&[
        "b_first.order_id > a_last.order_id IDENTITY",
        "b_first.twice > a_last.twice IDENTITY",
        "orders.id > b_first.order_id IDENTITY",
        "orders.ok > b_first. FILTER",
        "orders.price > b_first.twice TRANSFORMATION",
    ]);
    assert_eq!(uses(&collection), expected);
    assert_eq!(columns_of(&collection, "a_last"), ["order_id", "twice", "one"]);
    assert!(columns_of(&collection, "orders").is_empty(), "what is used of a source need not be all of it");
}

#[test]
fn a_model_that_reads_nothing_has_columns_and_one_that_is_not_sql_has_none() {
    let mut python = model("model.p.py", &["model.p.days"], "def model(dbt, session): return 1");
    python.1["language"] = json!("python");
    let nodes = vec![
        model("model.p.days", &[], "select 1 as day, 'x' as name -- the end"),
        python,
        model("model.p.after", &["model.p.py"], "select * from db.main.py"),
    ];
    let (collection, problems) = collected(&[invocation("duckdb", nodes)], Beside::default());
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(columns_of(&collection, "days"), ["day", "name"]);
    assert!(columns_of(&collection, "py").is_empty() && columns_of(&collection, "after").is_empty());
    assert_eq!(collection.edges.len(), 2);
}

#[test]
fn a_query_can_be_made_a_table_in_every_dialect() {
    for adapter in [
        "postgres",
        "snowflake",
        "bigquery",
        "duckdb",
        "redshift",
        "mysql",
        "sqlserver",
        "clickhouse",
        "databricks",
        "fancy",
    ] {
        let code = "with a as (select 1 as b union all select 2) select b, b + 1 as c from a";
        let (collection, problems) =
            collected(&[invocation(adapter, vec![model("model.p.m", &[], code)])], Beside::default());
        let names: Vec<_> = columns_of(&collection, "m").iter().map(|name| name.to_lowercase()).collect();
        assert_eq!((names, problems), (vec!["b".to_owned(), "c".to_owned()], vec![]), "{adapter}");
    }
}

#[test]
fn snapshots_have_columns_of_their_own() {
    let mut by_time = model("snapshot.p.by_time", &["model.p.m"], "select * from db.main.m");
    by_time.1["config"] =
        json!({"materialized": "snapshot", "strategy": "timestamp", "unique_key": "id", "updated_at": "at"});
    let mut checked = model("snapshot.p.checked", &["model.p.m"], "select id, v from db.main.m");
    checked.1["config"] = json!({
        "materialized": "snapshot", "strategy": "check", "unique_key": ["id"], "check_cols": "all",
        "hard_deletes": "new_record", "snapshot_meta_column_names": {"dbt_valid_from": "valid_since"},
    });
    let nodes = vec![model("model.p.m", &[], "select 1 as id, now() as at, 2 as v"), by_time, checked];
    let (collection, _) = collected(&[invocation("duckdb", nodes)], Beside::default());
    let meta = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"];
    assert_eq!(columns_of(&collection, "by_time"), [&["id", "at", "v"][..], &meta[..]].concat());
    let expected = ["id", "v", "dbt_scd_id", "dbt_updated_at", "valid_since", "dbt_valid_to", "dbt_is_deleted"];
    assert_eq!(columns_of(&collection, "checked"), expected);
    let expected = set(&[
        "m.at > by_time.at IDENTITY",
        "m.at > by_time.dbt_scd_id TRANSFORMATION",
        "m.at > by_time.dbt_updated_at IDENTITY",
        "m.at > by_time.dbt_valid_from IDENTITY",
        "m.at > by_time.dbt_valid_to TRANSFORMATION",
        "m.id > by_time.dbt_scd_id TRANSFORMATION",
        "m.id > by_time.id IDENTITY",
        "m.id > checked.dbt_scd_id TRANSFORMATION",
        "m.id > checked.id IDENTITY",
        "m.v > by_time.v IDENTITY",
        "m.v > checked.v IDENTITY",
    ]);
    assert_eq!(uses(&collection), expected);
}

#[test]
fn a_later_run_of_an_incremental_model_is_no_edge_to_itself() {
    let code = "select id, at from db.raw.events where at > (select max(at) from \"db\".\"main\".\"inc\")";
    let nodes = vec![source("events", &[]), model("model.p.inc", &["source.p.events"], code)];
    let (collection, _) = collected(&[invocation("duckdb", nodes)], Beside::default());
    let expected = set(&["events.at > inc. FILTER", "events.at > inc.at IDENTITY", "events.id > inc.id IDENTITY"]);
    assert_eq!((collection.edges.len(), uses(&collection)), (1, expected));
}

#[test]
fn ephemeral_models_are_seen_through() {
    let mut hidden = model("model.p.hidden", &["source.p.s"], "");
    hidden.1["config"] = json!({"materialized": "ephemeral"});
    let code = "with __dbt__cte__hidden as (select a as b from db.raw.s) select b as c from __dbt__cte__hidden";
    let nodes = vec![source("s", &[]), hidden, model("model.p.m", &["model.p.hidden"], code)];
    let (collection, _) = collected(&[invocation("duckdb", nodes)], Beside::default());
    assert_eq!(uses(&collection), set(&["s.a > m.c IDENTITY"]));
}

#[test]
fn what_is_documented_of_a_source_says_whose_a_column_is_and_no_more() {
    let code = "select x, y, z, l.* from db.raw.l join db.raw.r using (id)";
    let parents = ["source.p.l", "source.p.r"];
    let nodes = vec![source("l", &["x"]), source("r", &["Y"]), model("model.p.m", &parents, code)];
    let (collection, _) = collected(&[invocation("duckdb", nodes)], Beside::default());
    let direct: BTreeSet<_> = uses(&collection).into_iter().filter(|line| line.ends_with("IDENTITY")).collect();
    assert_eq!(direct, set(&["l.x > m.x IDENTITY", "r.y > m.y IDENTITY"]));
    assert!(columns_of(&collection, "m").is_empty());
}

#[test]
fn the_catalog_goes_before_what_was_read_unless_it_is_older() {
    let nodes = || {
        let mut node = model("model.p.m", &["source.p.s"], "select * from db.raw.s");
        node.1["columns"] = json!({"Id": {"name": "Id", "description": "its number"}, "gone": {"name": "gone"}});
        vec![source("s", &[]), node]
    };
    let catalog = |at: &str| {
        let columns = json!({"NAME": {"type": "VARCHAR", "index": 2.0, "name": "Name"}, "id": {"type": "INTEGER", "index": 1, "name": "id"}});
        let catalog = json!({
            "metadata": {"generated_at": at},
            "sources": {"source.p.s": {"columns": columns}}, "nodes": {"model.p.m": {"columns": {"old": {"name": "old", "index": 1}}}},
        });
        Beside { catalog: serde_json::from_value(catalog).unwrap(), ..Beside::default() }
    };
    for (at, expected) in [("2026-01-03T00:00:00Z", vec!["old"]), ("2026-01-01T00:00:00Z", vec!["id", "name"])] {
        let (collection, _) = collected(&[invocation("duckdb", nodes())], catalog(at));
        assert_eq!(columns_of(&collection, "m"), expected, "{at}");
        assert_eq!(uses(&collection), set(&["s.id > m.id IDENTITY", "s.name > m.name IDENTITY"]));
        let source = collection.assets.iter().find(|asset| asset.name == "s").unwrap();
        let columns: Vec<_> =
            source.columns.iter().map(|column| (column.name.as_str(), column.r#type.as_str())).collect();
        assert_eq!(columns, [("id", "INTEGER"), ("name", "VARCHAR")]);
    }
    let (collection, _) = collected(&[invocation("duckdb", nodes())], catalog("2026-01-01T00:00:00Z"));
    let model = collection.assets.iter().find(|asset| asset.name == "m").unwrap();
    assert_eq!(model.columns[0].description, "its number");
}

#[test]
fn what_one_command_built_the_next_one_reads() {
    let first = invocation("duckdb", vec![model("model.p.a", &[], "select 1 as x")]);
    let mut second = invocation(
        "duckdb",
        vec![model("model.p.a", &[], ""), model("model.p.b", &["model.p.a"], "select * from db.main.a")],
    );
    second.results.results.retain(|result| result.unique_id == "model.p.b");
    let (collection, _) = collected(&[first, second], Beside::default());
    assert_eq!(uses(&collection), set(&["a.x > b.x IDENTITY"]));
}

#[test]
fn letters_are_those_of_the_database() {
    let mut node = model("model.p.m", &["source.p.s"], "select Id, \"Name\" from DB.RAW.S");
    node.1["relation_name"] = json!("DB.MAIN.M");
    let mut from = source("s", &[]);
    from.1["relation_name"] = json!("DB.RAW.S");
    let (collection, _) = collected(&[invocation("snowflake", vec![from, node])], Beside::default());
    assert_eq!(uses(&collection), set(&["s.ID > m.ID IDENTITY", "s.Name > m.Name IDENTITY"]));
}

#[test]
fn hostile_artifacts_have_no_columns_and_a_reason() {
    let circle = vec![
        model("model.p.a", &["model.p.b"], "select x from db.main.b"),
        model("model.p.b", &["model.p.a", "model.p.b", "model.p.gone"], "select x from db.main.a"),
    ];
    let (collection, _) = collected(&[invocation("duckdb", circle)], Beside::default());
    assert_eq!(collection.edges.iter().filter(|edge| edge.from != edge.to).count(), 2);

    let deep: Vec<_> = (0..20_000)
        .map(|number| model(&format!("model.p.m{number}"), &[&format!("model.p.m{}", number + 1)], ""))
        .collect();
    assert_eq!(super::order::built(&invocation("duckdb", deep)).first(), Some(&"model.p.m19999"));

    let cases = [
        ("select from where", "columns of model.p.m are not known"),
        ("select 1 as x; drop table y; select", "at the end"),
        ("select a\nfrom db.raw.s\nwhere ) x", "line 3"),
        ("select a from db.raw.s where", "at the end"),
        (&*"(".repeat(5_000), "columns of model.p.m are not known"),
        (&*"x".repeat(2 << 20), "bytes of SQL"),
    ];
    for (code, expected) in cases {
        let nodes = vec![source("s", &[]), model("model.p.m", &["source.p.s"], code)];
        let (collection, problems) = collected(&[invocation("duckdb", nodes)], Beside::default());
        assert_eq!(collection.edges.len(), 1, "tables are known all the same");
        assert!(uses(&collection).is_empty() && columns_of(&collection, "m").is_empty());
        assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
    }
    // Fields that are something else.
    let mut odd = model("model.p.odd", &[], "select 1 as x");
    odd.1["columns"] = json!(["x"]);
    odd.1["relation_name"] = json!("x; drop table y");
    odd.1["config"] =
        json!({"unique_key": {"a": 1}, "strategy": 7, "snapshot_meta_column_names": "no", "delimiter": 3});
    odd.1["resource_type"] = json!("snapshot");
    let (collection, _) = collected(&[invocation("duckdb", vec![odd])], Beside::default());
    assert_eq!(collection.assets.len(), 1);
}

#[test]
fn an_edge_that_would_be_too_large_keeps_its_tables() {
    let long = "c".repeat(90);
    let list = |prefix: &str| (0..1_500).map(|number| format!("{prefix}{long}{number}")).collect::<Vec<_>>().join(", ");
    let filter = (0..50).map(|number| format!("f{number} > 0")).collect::<Vec<_>>().join(" and ");
    let nodes = vec![
        source("s", &[]),
        model("model.p.m", &["source.p.s"], &format!("select {} from db.raw.s where {filter}", list(""))),
    ];
    let (collection, problems) = collected(&[invocation("duckdb", nodes)], Beside::default());
    assert_eq!((collection.edges.len(), collection.edges[0].columns.len()), (1, 0));
    assert!(problems[0].contains("too many"), "{problems:?}");
}

#[test]
fn time_that_is_up_is_said_and_leaves_the_rest() {
    let invocations = [invocation("duckdb", vec![model("model.p.a", &[], "select 1 as x")])];
    let columns = Columns::read(&invocations, Beside::default(), &|| false);
    assert!(columns.edges.is_empty() && columns.problems[0].contains("too long"), "{:?}", columns.problems);
}

#[test]
fn files_beside_the_manifest_are_read_inside_of_the_project_only() {
    let folder = tempfile::tempdir().unwrap();
    let (project, target) = (folder.path().join("project"), folder.path().join("target"));
    fs::create_dir_all(project.join("seeds")).unwrap();
    fs::create_dir_all(target.join("compiled/p/models")).unwrap();
    fs::write(project.join("seeds/s.csv"), "Id;Name\n1;a\n").unwrap();
    fs::write(folder.path().join("secret.csv"), "sesame,b\n").unwrap();
    fs::write(target.join("compiled/p/models/m.sql"), "select id from db.main.s").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret.csv"), project.join("seeds/link.csv")).unwrap();
    fs::write(target.join("catalog.json"), "{\"nodes\": [").unwrap();
    let seed = |id: &str, path: &str| {
        let mut node = model(id, &[], "");
        node.1["original_file_path"] = json!(path);
        node.1["root_path"] = json!(folder.path().join("project"));
        node
    };
    let mut first = seed("seed.p.s", "seeds/s.csv");
    first.1["config"] = json!({"delimiter": ";", "quote_columns": null});
    let mut compiled = model("model.p.m", &["seed.p.s"], "");
    (compiled.1["package_name"], compiled.1["original_file_path"]) = (json!("p"), json!("models/m.sql"));
    let hostile =
        [("seed.p.link", "seeds/link.csv"), ("seed.p.up", "../secret.csv"), ("seed.p.gone", "seeds/gone.csv")];
    let nodes = hostile.iter().map(|(id, path)| seed(id, path)).chain([first, compiled]).collect();
    let invocations = [invocation("duckdb", nodes)];

    let beside = Beside::read(&project, &target, &invocations);
    assert_eq!(beside.seeds, BTreeMap::from([("seed.p.s".to_owned(), vec!["Id".to_owned(), "Name".to_owned()])]));
    assert_eq!(beside.problems.len(), 4, "{:?}", beside.problems);
    assert!(beside.problems[0].contains("catalog.json is not understood"), "{:?}", beside.problems);
    let (collection, _) = collected(&invocations, beside);
    assert_eq!(columns_of(&collection, "s"), ["id", "name"]);
    assert_eq!(uses(&collection), set(&["s.id > m.id IDENTITY"]));

    let file = fs::File::create(target.join("catalog.json")).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    let beside = Beside::read(&project, &target, &invocations);
    assert!(beside.problems[0].contains("catalog.json is larger than 64 MiB"), "{:?}", beside.problems);
}

#[test]
fn artifacts_of_real_runs_give_columns() {
    for adapter in ["duckdb", "postgres"] {
        let data = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(adapter);
        let found = artifacts::read(&data).unwrap().unwrap();
        let (collection, _) = collected(&[found], Beside::default());
        let uses = uses(&collection);
        assert!(uses.contains("raw_customers.id > stg_customers.customer_id IDENTITY"), "{adapter}: {uses:?}");
    }
}
