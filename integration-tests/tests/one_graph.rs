//! Airflow, dbt-ol, a statement of our own and a program with the Python client touch one PostgreSQL database, each in spellings of its own: what
//! they tell is one connected graph in which every table is one node. `fixtures/one-graph` holds what runs, and the truth about it.
//!
//! Airflow is large: `make test` replays what a real one told of this very DAG (`airflow.json`), `make products` runs a real one. With
//! `DOWNBEAT_WRITE_RECORDING=1` the latter writes that file anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::Dev,
    postgres::Postgres,
    process::eventually,
    repository,
    truth::{Pairs, Truth, compared, is_direct},
};
use downbeat_proto::metadata::v1::{
    AssetEdge, GetAssetRequest, GetAssetResponse, GetLineageRequest, GetLineageResponse, LineageDirection,
    ListAssetsRequest, ListOperationsRequest, ListRunsRequest, asset_service_client::AssetServiceClient,
    lineage_service_client::LineageServiceClient, metadata_service_client::MetadataServiceClient,
};
use serde_json::{Value, json};
use tonic::transport::Channel;

const SOON: Duration = Duration::from_secs(30);
const ALIAS: &str = "shop_graph";

fn fixture() -> PathBuf {
    repository().join("integration-tests/fixtures/one-graph")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("it is copied");
        }
    }
}

fn connection(folder: &Path, name: &str, integration: &str, fields: &Value) {
    fs::create_dir_all(folder).expect("a folder");
    let file = json!({ "integration": integration, "fields": fields }).to_string();
    fs::write(folder.join(format!("{name}.json")), file).expect("a file");
}

/// A Downbeat whose pipeline has run over a database, and what it knows.
struct Shop {
    dev: Dev,
    postgres: Postgres,
    /// The pipeline, its scripts, and the files of events in `events`.
    folder: PathBuf,
    run: String,
    runtime: tokio::runtime::Runtime,
    channel: Channel,
    _kept: tempfile::TempDir,
}

impl Shop {
    /// Runs the pipeline with this script in its first task. `None`: there is no PostgreSQL here.
    fn run(load: &str, airflow: &Path) -> Option<Self> {
        let postgres = Postgres::start()?;
        let kept = tempfile::tempdir().expect("a temporary folder");
        let folder = kept.path().join("shop");
        copy(&fixture(), &folder);
        fs::create_dir(folder.join("events")).expect("a folder");
        let pipeline = fs::read_to_string(folder.join("pipeline.yml")).expect("a file").replace("{load}", load);
        fs::write(folder.join("pipeline.yml"), pipeline).expect("a file");
        let connections = kept.path().join("connections");
        // Numbers and texts are variables alike.
        let fields = json!({ "port": postgres.port.to_string(), "password": Postgres::PASSWORD, "airflow": airflow.display().to_string() });
        connection(&connections, "shop", "PYTHON", &fields);
        let database = json!({
            "host": "127.0.0.1", "port": postgres.port, "database": "postgres", "username": "downbeat",
            "password": Postgres::PASSWORD, "sslmode": "disable",
        });
        connection(&connections, "shop_database", "POSTGRES", &database);
        let dev = Dev::start_with(kept.path(), 2, &["--connections", connections.to_str().expect("text")]);
        let file = folder.join("pipeline.yml");
        dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text"), "--alias", ALIAS]);
        dev.addresses.downbeat_ok(&["run", ALIAS, "--wait"]);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let channel = Channel::from_shared(dev.addresses.metadata.clone()).expect("an address");
        let channel = runtime.block_on(channel.connect()).expect("it answers");
        let request = ListRunsRequest { pipeline: ALIAS.to_owned(), ..ListRunsRequest::default() };
        let runs = runtime.block_on(MetadataServiceClient::new(channel.clone()).list_runs(request));
        let run = runs.expect("runs").into_inner().runs.remove(0).id;
        Some(Self { dev, postgres, folder, run, runtime, channel, _kept: kept })
    }

    /// Hands over what the clients have written.
    fn report(&self, files: &[&str]) -> String {
        let files: Vec<String> =
            files.iter().map(|file| self.folder.join("events").join(file).display().to_string()).collect();
        let words: Vec<&str> = std::iter::once("openlineage").chain(files.iter().map(String::as_str)).collect();
        self.dev.addresses.downbeat_ok(&words)
    }

    fn place(&self) -> String {
        format!("postgres://localhost:{}/postgres.", self.postgres.port)
    }

    /// The key of a table without the database that all of them are in. Panics where it is in another one.
    fn short(&self, key: &str) -> String {
        let place = self.place();
        key.strip_prefix(&place).unwrap_or_else(|| panic!("{key} is not below {place}")).to_owned()
    }

    fn assets(&self) -> Vec<String> {
        let request = ListAssetsRequest { page_size: 1_000, ..ListAssetsRequest::default() };
        let listed = self.runtime.block_on(MetadataServiceClient::new(self.channel.clone()).list_assets(request));
        let assets = listed.expect("assets").into_inner().assets.into_iter();
        assets.filter_map(|asset| asset.asset).map(|asset| self.short(&asset.key)).collect()
    }

    fn asset(&self, name: &str) -> GetAssetResponse {
        let request = GetAssetRequest { asset: name.to_owned(), at_least: None };
        let answer = self.runtime.block_on(AssetServiceClient::new(self.channel.clone()).get_asset(request));
        answer.unwrap_or_else(|refusal| panic!("{name}: {refusal}")).into_inner()
    }

    fn lineage(&self, table: &str, direction: LineageDirection, depth: u32) -> GetLineageResponse {
        let request = GetLineageRequest {
            asset: format!("{}{table}", self.place()),
            direction: direction.into(),
            depth,
            ..GetLineageRequest::default()
        };
        let answer = self.runtime.block_on(LineageServiceClient::new(self.channel.clone()).get_lineage(request));
        answer.unwrap_or_else(|refusal| panic!("{table}: {refusal}")).into_inner()
    }

    /// Every edge of these tables.
    fn edges(&self, tables: &BTreeSet<String>) -> Vec<AssetEdge> {
        tables.iter().flat_map(|table| self.lineage(table, LineageDirection::Upstream, 1).edges).collect()
    }

    /// Names of the operations of the run's tasks that other systems told of, by task.
    fn told_below(&self) -> BTreeMap<String, BTreeSet<String>> {
        let request =
            ListOperationsRequest { run_id: self.run.clone(), page_size: 1_000, ..ListOperationsRequest::default() };
        let listed = self.runtime.block_on(MetadataServiceClient::new(self.channel.clone()).list_operations(request));
        let mut below = BTreeMap::<String, BTreeSet<String>>::new();
        for known in listed.expect("operations").into_inner().operations {
            let name = known.operation.expect("an operation").name;
            below.entry(known.task_id).or_default().insert(name);
        }
        below
    }

    fn holds_the_truth(&self) {
        let truth = Truth::read(&fixture().join("truth.txt"));
        let there = self.postgres.lines(
            "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'v') AND n.nspname IN ('raw', 'shop', 'report')",
        );
        let there: BTreeSet<String> = there.into_iter().collect();
        assert_eq!(there, truth.tables.keys().cloned().collect(), "the tables of the database are those of the truth");

        // Every table is one node, and nothing else is one.
        let assets = self.assets();
        assert_eq!(assets.len(), there.len(), "{assets:?}");
        assert_eq!(assets.into_iter().collect::<BTreeSet<_>>(), there);

        let edges = self.edges(&there);
        let tables: Pairs = edges.iter().map(|edge| (self.short(&edge.from), self.short(&edge.to))).collect();
        assert_eq!(tables.len(), edges.len(), "each edge is one: {edges:?}");
        assert_eq!(compared("tables", &tables, &truth.edges), (1.0, 1.0));
        let columns: Pairs = edges
            .iter()
            .flat_map(|edge| {
                let (from, to) = (self.short(&edge.from), self.short(&edge.to));
                let direct = edge.columns.iter().filter(|column| is_direct(column));
                direct.map(move |column| (format!("{from}.{}", column.from), format!("{to}.{}", column.to)))
            })
            .collect();
        assert_eq!(compared("columns", &columns, &truth.columns), (1.0, 1.0));
        assert_eq!(component(&tables, "raw.orders"), there, "all of it hangs together");

        // From the report the whole way up to what Airflow loaded.
        let up = self.lineage("report.weekly_sales", LineageDirection::Upstream, 100);
        let up: BTreeSet<String> = up.nodes.iter().map(|node| self.short(&node.key)).collect();
        assert_eq!(up, there, "everything went into the report");
    }
}

/// What can be reached from a table along edges in both directions.
fn component(edges: &Pairs, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([from.to_owned()]);
    loop {
        let touches = |(one, other): &&(String, String)| reached.contains(one) != reached.contains(other);
        let Some((one, other)) = edges.iter().find(touches) else { return reached };
        reached.extend([one.clone(), other.clone()]);
    }
}

/// What holds whoever played Airflow.
fn one_graph(shop: &Shop) {
    // Before anybody else has told, only our own statement is known.
    assert_eq!(shop.assets().len(), 3);
    let files = ["reader.json", "dbt.json", "airflow.json"];
    let said = shop.report(&files);
    assert!(said.contains(" 0 known before"), "{said}");
    eventually("the last of it is folded", SOON, || shop.told_below().contains_key("read").then_some(()));
    shop.holds_the_truth();
    // The same again changes nothing.
    let again = shop.report(&["airflow.json", "dbt.json", "reader.json"]);
    assert!(again.contains(" 0 recorded"), "{again}");
    shop.holds_the_truth();

    // They name whose children they are by the alias and the task, without the slash that would cut the form.
    let told = fs::read_to_string(shop.folder.join("events/dbt.json")).expect("dbt-ol told something");
    let first: Value = serde_json::from_str(told.lines().next().expect("an event")).expect("JSON");
    let parent = &first["run"]["facets"]["parent"];
    assert_eq!(parent["job"]["name"], json!("shop_graph.transform%2Fdbt"));
    assert_eq!(parent["root"]["run"]["runId"], json!(shop.run));

    // What they ran are operations of the task that began it.
    let below = shop.told_below();
    let names = |task: &str| -> Vec<&str> { below[task].iter().map(String::as_str).collect() };
    assert_eq!(names("load"), ["load_shop", "load_shop.load_tables", "load_shop.make_tables", "load_shop.sum_orders"]);
    let dbt = names("transform/dbt");
    for name in ["dbt-run-shop", "postgres.shop.shop.fct_orders.build.run", "unique_fct_orders_order_id"] {
        assert!(dbt.contains(&name), "{name}: {dbt:?}");
    }
    assert_eq!(names("read"), ["read_weekly_sales"]);
    assert_eq!(below.keys().collect::<Vec<_>>(), ["load", "read", "report", "transform/dbt"]);

    let report = shop.asset("report.weekly_sales");
    assert!(report.consumers.iter().any(|consumer| consumer.kind == "JOB"), "{:?}", report.consumers);
    let customers = shop.asset("shop.dim_customers").asset.expect("it is known");
    assert_eq!(customers.status, "WARNING", "{:?}", customers.tests);
}

#[test]
fn recorded_airflow_dbt_ol_and_our_own_sql_give_one_graph() {
    let Some(shop) = Shop::run("load_as_recorded.py", Path::new("")) else { return };
    one_graph(&shop);
}

#[test]
fn a_real_airflow_dbt_ol_and_our_own_sql_give_one_graph() {
    let airflow = repository().join(".cache/products/airflow/bin/airflow");
    if !airflow.is_file() {
        println!("skipped: `make products` brings airflow");
        return;
    }
    let Some(shop) = Shop::run("load_with_airflow.py", &airflow) else { return };
    if std::env::var_os("DOWNBEAT_WRITE_RECORDING").is_some() {
        record(&shop);
    }
    one_graph(&shop);
}

/// Keeps what Airflow told, without what is of this run and this machine only.
fn record(shop: &Shop) {
    let mut told = fs::read_to_string(shop.folder.join("events/airflow.json")).expect("Airflow told something");
    let first: Value = serde_json::from_str(told.lines().last().expect("an event")).expect("JSON");
    let parent = first["run"]["facets"]["parent"]["run"]["runId"].as_str().expect("the task run").to_owned();
    let folder = shop.folder.display().to_string();
    for (text, name) in [
        (parent, "<run>"),
        (shop.run.clone(), "<root run>"),
        (format!("{ALIAS}.load"), "<job>"),
        (ALIAS.to_owned(), "<root job>"),
        (folder, "<folder>"),
        (format!(":{}", shop.postgres.port), ":<port>"),
    ] {
        assert!(told.contains(&text), "Airflow has not told of {name}");
        told = told.replace(&text, name);
    }
    fs::write(fixture().join("airflow.json"), told).expect("it is written");
}
