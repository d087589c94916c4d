//! What reporters call the same thing, in rows.

use proptest::prelude::*;

use super::{KEY_BYTES_MAX, Place, System, key, name, namespace, parts, short, split, table};

#[test]
fn all_who_report_a_table_say_the_same_key() {
    // Each row: one asset, in the spellings of dbt-ol, Airflow, JDBC, people.
    let same: &[(&str, &[(&str, &str)])] = &[
        (
            "postgres://db.example.org:5432/shop.public.orders",
            &[
                ("postgres://db.example.org:5432", "shop.public.orders"),
                ("postgresql://DB.example.org", "shop.public.Orders"),
                ("postgres://reader:pw@db.example.org:5432/shop?sslmode=require", "\"shop\".\"public\".\"orders\""),
                ("POSTGRES://db.example.org.:5432/", " shop.public.orders "),
                ("postgresql+psycopg2://db.example.org", "shop.public.orders"),
            ],
        ),
        (
            "postgres://localhost:5432/shop.public.orders",
            &[
                ("postgres://127.0.0.1", "shop.public.orders"),
                ("postgres://localhost:5432", "shop.public.orders"),
                ("postgres://[::1]:5432", "shop.public.orders"),
                ("postgres:///var/run/postgresql", "shop.public.orders"),
            ],
        ),
        ("postgres://[fe80::2]:5433/a.b.c", &[]),
        ("mysql://db:3306/shop.Orders", &[("mariadb://db", "shop.Orders"), ("mysql://DB:3306", "`shop`.`Orders`")]),
        ("mssql://db:1433/shop.dbo.orders", &[("sqlserver://db:1433", "[shop].[dbo].[Orders]")]),
        (
            "redshift://c.eu-west-1:5439/dev.public.t",
            &[
                ("redshift://C.eu-west-1", "dev.public.T"),
                ("redshift://c.abc123xyz789.eu-west-1.redshift.amazonaws.com:5439", "dev.public.t"),
            ],
        ),
        (
            "snowflake://org-account/db.schema.t",
            &[
                ("snowflake://ORG-ACCOUNT", "DB.SCHEMA.T"),
                ("snowflake://org-account.snowflakecomputing.com", "db.schema.t"),
                ("snowflake://org.account", "db.schema.t"),
                ("snowflake://https://user@org-account.snowflakecomputing.com:443/?warehouse=x", "db.schema.\"T\""),
            ],
        ),
        ("snowflake://org-my-account/a.b.c", &[("snowflake://org-my_account", "A.B.C")]),
        ("snowflake://xy12345.us-west-1.aws/a.b.c", &[("snowflake://xy12345", "A.B.C")]),
        ("snowflake://xy12345.eu-central-1.aws/a.b.c", &[("snowflake://XY12345.eu-central-1", "A.B.C")]),
        (
            "bigquery/project.dataset.Table",
            &[
                ("bigquery", "project.dataset.Table"),
                ("bigquery://", "`project.dataset.Table`"),
                ("BIGQUERY", "`project`.dataset.Table"),
            ],
        ),
        (
            "databricks://dbc-1.cloud.databricks.com/main.sales.t",
            &[
                ("databricks://https://dbc-1.cloud.databricks.com:443/", "main.sales.T"),
                ("databricks://DBC-1.cloud.databricks.com", "`main`.`sales`.`t`"),
            ],
        ),
        ("duckdb:///data/shop.duckdb/shop.main.t", &[("duckdb:///data/shop.duckdb", "shop.main.T")]),
        ("clickhouse://db:8123/default.T", &[("clickhouse://db", "default.T")]),
        ("kafka://b1:9092/orders.v1", &[("kafka://B1:9092,b2:9092", "orders.v1"), ("kafka://b1", "orders.v1")]),
        (
            "s3://lake/raw/orders.parquet",
            &[("s3a://lake", "/raw//orders.parquet"), ("s3://lake/", "raw/orders.parquet/")],
        ),
        ("gs://lake/raw", &[("gcs://lake", "raw/")]),
        ("abfss://c@acc.dfs.core.windows.net/raw/x", &[("abfs://C@acc.dfs.core.windows.net", "raw/x")]),
        ("file//tmp/x.csv", &[("file", "/tmp//x.csv"), ("file://", "/tmp/x.csv"), ("file://localhost", "/tmp/x.csv")]),
        ("mongodb://db:27017/shop.Orders", &[("mongodb://u:p@db/shop", "shop.Orders")]),
        ("looker://acme/dashboards/7", &[("LOOKER://acme/", "dashboards/7")]),
        ("dbt/exposure.shop.weekly", &[("dbt", "exposure.shop.weekly")]),
    ];
    for (expected, spellings) in same {
        for (namespace, name) in *spellings {
            assert_eq!(key(namespace, name).as_deref(), Some(*expected), "{namespace} {name}");
        }
    }
}

#[test]
fn tables_are_named_from_their_parts() {
    let at = |at, port| Place { at, port };
    let cases = [
        (
            System::Postgres,
            at("db", Some(5433)),
            &["shop", "public", "orders"][..],
            "postgres://db:5433/shop.public.orders",
        ),
        (System::Postgres, at("fe80::2", Some(5433)), &["a", "b", "c"], "postgres://[fe80::2]:5433/a.b.c"),
        (System::Postgres, at("/run/postgresql", Some(5433)), &["a", "b", "c"], "postgres://localhost:5433/a.b.c"),
        (System::MySql, at("db", None), &["", "shop", "Orders"], "mysql://db:3306/shop.Orders"),
        (System::BigQuery, at("ignored", Some(1)), &["p", "d", "t"], "bigquery/p.d.t"),
        (System::Snowflake, at("ORG-acc", None), &["A", "B", "C"], "snowflake://org-acc/a.b.c"),
        (System::DuckDb, at("/data/x.duckdb", None), &["x", "main", "t"], "duckdb:///data/x.duckdb/x.main.t"),
    ];
    for (system, place, parts, expected) in cases {
        assert_eq!(table(system, &place, parts).as_deref(), Some(expected));
    }
    assert_eq!(table(System::Postgres, &at("db", None), &["", " "]), None);
}

#[test]
fn parts_of_a_name_lose_their_quotes_and_keep_their_dots() {
    let cases: &[(&str, &[&str])] = &[
        ("a.b.c", &["a", "b", "c"]),
        ("\"a.b\".c", &["a.b", "c"]),
        ("\"say \"\"hi\"\"\".t", &["say \"hi\"", "t"]),
        ("[my db].[dbo].[t]]1]", &["my db", "dbo", "t]1"]),
        ("a..t", &["a", "t"]),
        ("\"open", &["open"]),
        ("", &[]),
        ("...", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(parts(text), *expected, "{text}");
    }
}

#[test]
fn people_read_the_last_part() {
    let cases = [
        ("shop.public.orders", "orders"),
        ("raw/2024/x.csv", "csv"),
        ("raw/orders/", "orders"),
        ("t", "t"),
        ("/", "/"),
    ];
    for (name, expected) in cases {
        assert_eq!(short(name), expected);
    }
}

#[test]
fn keys_that_are_too_long_stay_different() {
    let long = |end: &str| key("postgres://db", &format!("{}{end}", "é".repeat(2_000))).unwrap();
    assert!(long("a").len() <= KEY_BYTES_MAX && long("a") != long("b"));
    assert_eq!(key("postgres://db", "a\nb\u{0}c").as_deref(), Some("postgres://db:5432/abc"));
}

proptest! {
    /// Whatever is reported: a name that is canonical stays as it is, so every projection and every reporter may ask again.
    #[test]
    fn naming_is_idempotent(scheme in "[a-z]{0,3}|postgres|snowflake|s3a|kafka|file|mssql|duckdb|bigquery|databricks", rest in ".{0,24}", text in ".{0,24}") {
        let first = namespace(&format!("{scheme}://{rest}"));
        prop_assert_eq!(namespace(&first), first.clone());
        if let Some(once) = name(&first, &text) {
            let quoted = once.contains(['"', '`', '[', ']', '.']) || once != once.trim();
            if !quoted && once.to_lowercase().to_lowercase() == once.to_lowercase() {
                prop_assert_eq!(name(&first, &once), Some(once));
            }
        }
    }
}

#[test]
fn a_key_is_split_into_what_makes_it_again() {
    for (key, namespace, name) in [
        ("postgres://db:5432/shop.public.orders", "postgres://db:5432", "shop.public.orders"),
        ("snowflake://org-account/db.public.t", "snowflake://org-account", "db.public.t"),
        ("bigquery/project.data.t", "bigquery", "project.data.t"),
        ("duckdb:///data/shop.duckdb/shop.main.orders", "duckdb:///data/shop.duckdb", "shop.main.orders"),
        ("duckdb://:memory:/memory.main.t", "duckdb://:memory:", "memory.main.t"),
        ("s3://lake/orders/2026/part.parquet", "s3://lake", "orders/2026/part.parquet"),
        ("abfss://c@a.dfs.core.windows.net/x/y", "abfss://c@a.dfs.core.windows.net", "x/y"),
        ("kafka://broker:9092/orders", "kafka://broker:9092", "orders"),
        ("file//data/orders.csv", "file", "/data/orders.csv"),
        ("file/orders.csv", "file", "orders.csv"),
        ("file://nas//data/orders.csv", "file://nas", "/data/orders.csv"),
        ("dbt/exposure.shop.weekly", "dbt", "exposure.shop.weekly"),
        ("somebody's own/a/b", "somebody's own", "a/b"),
        ("foo://x/a/b", "foo://x", "a/b"),
    ] {
        assert_eq!(split(key), (namespace, name), "{key}");
        assert_eq!(super::key(namespace, name).as_deref(), Some(key), "{key}");
    }
}
