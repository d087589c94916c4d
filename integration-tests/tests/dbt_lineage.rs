//! A real dbt builds a project of 46 models and 2 snapshots through `downbeat dev`; what is then known of it is held against a truth that was
//! written by hand (`fixtures/dbt-lineage/truth.txt`) and against dbt's own artifacts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::Dev,
    process::eventually,
    repository,
    truth::{Pairs, Truth, compared, is_direct},
};
use downbeat_proto::{
    events::v1::{ColumnEdge, Operation},
    metadata::v1::{
        AssetEdge, GetAssetRequest, GetImpactRequest, GetLineageRequest, GetRunLineageRequest, LineageDirection,
        ListOperationsRequest, ListRunsRequest, ListTestResultsRequest, asset_service_client::AssetServiceClient,
        lineage_service_client::LineageServiceClient, metadata_service_client::MetadataServiceClient,
    },
};
use jiff::Timestamp;
use serde_json::Value;
use tonic::transport::Channel;

const SOON: Duration = Duration::from_secs(30);
/// With dbt's catalog, and without: then nobody says which columns `*` of a source shows.
const WITH_CATALOG: &str = "dbt build; dbt run-operation keep_results; dbt source freshness; dbt docs generate";
const WITHOUT: &str = "dbt build; dbt run-operation keep_results";
/// Rows of tables, counted by hand in `macros/load_sources.sql` and what is made of it.
const ROWS: [(&str, i64); 8] = [
    ("bike_models", 3),
    ("dim_people", 3),
    ("fct_events", 10),
    ("int_bike_tags", 6),
    ("int_calendar", 7),
    ("int_managers", 3),
    ("int_repair_parts", 3),
    ("mart_review", 3),
];

/// From, to, and its columns.
type Edge = (String, String, Vec<ColumnEdge>);

fn project() -> std::path::PathBuf {
    repository().join("integration-tests/fixtures/dbt-lineage")
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

/// What is asked, and the folder of the project.
struct Bikes<'a> {
    dev: &'a Dev,
    folder: &'a Path,
    runtime: tokio::runtime::Runtime,
    channel: Channel,
}

impl Bikes<'_> {
    /// Runs the commands; the run's id, and what dbt says of its build.
    fn run(&self, commands: &str) -> (String, Value) {
        let at = |name: &str| self.folder.join(name).to_string_lossy().into_owned();
        let variables =
            format!(r#"{{"BIKES_FILE": "{}", "BIKES_RESULTS": "{}"}}"#, at("bikes.duckdb"), at("results.json"));
        let pipeline = format!(
            "version: v1\nname: Bikes\npipeline:\n  build:\n    integration: DBT_CORE\n    integration_job: DBT_CORE_EXECUTE\n    parameters:\n      \
             package_manager: PIP\n      python_version: '3.11'\n      commands: {commands}\n      environment_variables: '{variables}'\n"
        );
        let file = self.folder.join("bikes.yml");
        fs::write(&file, pipeline).expect("a file");
        self.dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
        // A test of the project fails, and so the task does.
        let run = self.dev.addresses.downbeat(&["run", "bikes", "--wait"]);
        let said = downbeat_integration_tests::cluster::text(&run);
        let kept =
            fs::read_to_string(self.folder.join("results.json")).unwrap_or_else(|_| panic!("dbt left nothing: {said}"));
        let kept: Value = serde_json::from_str(&kept).expect("JSON");
        let results = serde_json::from_str(kept["content"].as_str().expect("a text")).expect("JSON");
        let id = eventually("the run has ended", SOON, || {
            let request = ListRunsRequest { pipeline: "bikes".to_owned(), ..ListRunsRequest::default() };
            let runs = self.runtime.block_on(MetadataServiceClient::new(self.channel.clone()).list_runs(request));
            let newest = runs.expect("runs").into_inner().runs.into_iter().next().expect("a run");
            (newest.status == "FAILED").then_some(newest.id)
        });
        (id, results)
    }

    fn operations(&self, run: &str) -> BTreeMap<String, Operation> {
        let request = ListOperationsRequest { run_id: run.to_owned(), page_size: 1_000, ..Default::default() };
        let listed = self.runtime.block_on(MetadataServiceClient::new(self.channel.clone()).list_operations(request));
        let operations = listed.expect("operations").into_inner().operations.into_iter();
        operations.filter_map(|known| known.operation).map(|known| (known.external_id.clone(), known)).collect()
    }

    /// Edges into a table over all runs.
    fn edges_into(&self, table: &str) -> Vec<AssetEdge> {
        let request = GetLineageRequest {
            asset: table.to_owned(),
            direction: LineageDirection::Upstream.into(),
            depth: 1,
            ..GetLineageRequest::default()
        };
        let answer = self.runtime.block_on(LineageServiceClient::new(self.channel.clone()).get_lineage(request));
        answer.unwrap_or_else(|refusal| panic!("{table}: {refusal}")).into_inner().edges
    }

    /// Edges of one run, as (from, to, columns).
    fn of_run(&self, run: &str) -> Vec<Edge> {
        let request = GetRunLineageRequest { run_id: run.to_owned(), ..Default::default() };
        let answer = self.runtime.block_on(MetadataServiceClient::new(self.channel.clone()).get_run_lineage(request));
        let edges = answer.expect("lineage of the run").into_inner().edges.into_iter();
        edges.map(|edge| (edge.from, edge.to, edge.columns)).collect()
    }

    /// Exposures that hang on a column, by their names in the project.
    fn impact(&self, column: &str) -> BTreeSet<String> {
        let (table, column) = column.split_once('.').expect("table.column");
        let request =
            GetImpactRequest { asset: format!("raw.{table}"), column: column.to_owned(), ..Default::default() };
        let answer = self.runtime.block_on(LineageServiceClient::new(self.channel.clone()).get_impact(request));
        let exposed = answer.unwrap_or_else(|refusal| panic!("{table}: {refusal}")).into_inner().exposed;
        exposed.iter().map(|key| key.rsplit('.').next().expect("a name").to_owned()).collect()
    }
}

/// The last part of the name of a table; the whole id of an exposure.
fn short(key: &str) -> String {
    key.strip_prefix("dbt/").unwrap_or_else(|| key.rsplit('.').next().unwrap_or(key)).to_owned()
}

/// Tables, and columns whose values came of each other.
fn edges_of(edges: &[Edge]) -> (Pairs, Pairs) {
    let tables = edges.iter().map(|(from, to, _)| (short(from), short(to))).collect();
    let columns = edges.iter().flat_map(|(from, to, columns)| {
        let direct = columns.iter().filter(|column| is_direct(column));
        direct.map(|column| (format!("{}.{}", short(from), column.from), format!("{}.{}", short(to), column.to)))
    });
    (tables, columns.collect())
}

/// Every result of dbt is an operation with its status, failures, rows and times.
fn hold_against(results: &Value, operations: &BTreeMap<String, Operation>) {
    let results = results["results"].as_array().expect("results");
    let mut tests = 0;
    for result in results {
        let id = result["unique_id"].as_str().expect("an id");
        if id.starts_with("exposure.") {
            continue;
        }
        let operation = operations.get(id).unwrap_or_else(|| panic!("{id} is no operation"));
        let status = match result["status"].as_str().expect("a status") {
            "success" | "pass" => "SUCCEEDED",
            "warn" => "WARNING",
            "fail" => "FAILED",
            other => panic!("{id}: {other}"),
        };
        assert_eq!(operation.status, status, "{id}");
        if id.starts_with("test.") {
            tests += 1;
            assert_eq!(operation.failures, result["failures"].as_i64().expect("failures"), "{id}");
        }
        if let Some(rows) = result["adapter_response"]["rows_affected"].as_i64().filter(|rows| *rows >= 0) {
            assert_eq!(operation.rows_affected, rows, "{id}");
        }
        let timing = result["timing"].as_array().expect("timing");
        let instants = |field: &str| -> Vec<i64> {
            let texts = timing.iter().filter_map(|timing| timing[field].as_str());
            texts.map(|text| text.parse::<Timestamp>().expect("an instant").as_microsecond()).collect()
        };
        let (started, completed) = (instants("started_at"), instants("completed_at"));
        if let (Some(started), Some(completed)) = (started.iter().min(), completed.iter().max()) {
            assert_eq!((operation.started_at, operation.completed_at), (*started, *completed), "{id}");
        }
    }
    assert_eq!(tests, 10, "tests of the project");
}

#[test]
fn what_is_known_of_a_dbt_project_is_true() {
    let truth = Truth::read(&project().join("truth.txt"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bikes = folder.path().join("bikes");
    copy(&project(), &bikes);
    let dev = Dev::start(folder.path(), 2);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let channel = runtime
        .block_on(Channel::from_shared(dev.addresses.metadata.clone()).expect("an address").connect())
        .expect("it answers");
    let bikes = Bikes { dev: &dev, folder: &bikes, runtime, channel };

    let (first, results) = bikes.run(WITH_CATALOG);
    hold_against(&results, &bikes.operations(&first));
    let all = || -> Vec<Edge> {
        let edges = truth.tables.keys().flat_map(|table| bikes.edges_into(table));
        edges.map(|edge| (edge.from, edge.to, edge.columns)).collect()
    };
    let (tables, columns) = edges_of(&all());
    assert_eq!(compared("tables", &tables, &truth.edges), (1.0, 1.0));
    let (precision, recall) = compared("columns", &columns, &truth.columns);
    assert!(precision >= 0.95 && recall >= 0.95, "precision {precision}, recall {recall}");

    hold_assets(&bikes, &truth);
    for (column, exposures) in &truth.impacts {
        assert_eq!(&bikes.impact(column), exposures, "impact of {column}");
    }

    // Later, incremental models and snapshots read themselves; nothing that was known is new or gone.
    let (second, results) = bikes.run(WITHOUT);
    hold_against(&results, &bikes.operations(&second));
    let (tables, columns) = edges_of(&bikes.of_run(&second));
    assert_eq!(compared("tables of the second run", &tables, &truth.edges), (1.0, 1.0));
    let (precision, recall) = compared("columns of the second run, without a catalog", &columns, &truth.columns);
    assert!(precision >= 0.95 && recall >= 0.9, "precision {precision}, recall {recall}");
    let edges = all();
    assert_eq!(edges.len(), truth.edges.len(), "each edge is one");
    assert_eq!(compared("tables of both runs", &edges_of(&edges).0, &truth.edges), (1.0, 1.0));
}

/// Columns, rows, tests and owners of assets.
fn hold_assets(bikes: &Bikes<'_>, truth: &Truth) {
    let mut client = AssetServiceClient::new(bikes.channel.clone());
    let mut asset = |name: &str| {
        let request = GetAssetRequest { asset: name.to_owned(), at_least: None };
        let answer = bikes.runtime.block_on(client.get_asset(request));
        let answer = answer.unwrap_or_else(|refusal| panic!("{name}: {refusal}")).into_inner();
        answer.asset.and_then(|asset| asset.asset).unwrap_or_else(|| panic!("nothing is known of {name}"))
    };
    for (table, columns) in truth.tables.iter().filter(|(_, columns)| !columns.is_empty()) {
        let found = asset(table);
        let names: Vec<_> = found.columns.iter().map(|column| &column.name).collect();
        assert_eq!(names, columns.iter().collect::<Vec<_>>(), "columns of {table} in their order");
        assert!(found.columns.iter().all(|column| !column.r#type.is_empty()), "{found:?}");
    }
    for (table, rows) in ROWS {
        assert_eq!(asset(table).row_count, rows, "{table}");
    }
    let shops = asset("mart_shops");
    assert_eq!((shops.owners, shops.tags), (vec!["finance@bikes.example".to_owned()], vec!["daily".to_owned()]));
    let margin = shops.columns.iter().find(|column| column.name == "margin").expect("a column");
    assert_eq!(margin.description, "Fees without salaries.");
    let dashboard = asset("exposure.bikes.shop_dashboard");
    assert_eq!(
        (dashboard.name.as_str(), dashboard.link.as_str()),
        ("Shops at a glance", "https://bi.bikes.example/shops")
    );

    let tests = |asset: &str| {
        let request = ListTestResultsRequest { asset: asset.to_owned(), ..ListTestResultsRequest::default() };
        let answer = bikes.runtime.block_on(AssetServiceClient::new(bikes.channel.clone()).list_test_results(request));
        answer.expect("results").into_inner().results
    };
    let cases = [
        ("mart_review", "repairs_are_cheap", "FAILED", "ERROR", 1),
        ("stg_people", "not_null_stg_people_language", "WARNING", "WARN", 1),
        // Below its limit dbt says that none fails.
        ("stg_payments", "nobody_pays_back", "SUCCEEDED", "WARN", 0),
        ("mart_shops", "unique_mart_shops_shop_id", "SUCCEEDED", "ERROR", 0),
    ];
    // How new a source is, is a property of it as well.
    let freshness = tests("raw.rentals").into_iter().find(|test| test.name == "freshness").expect("it was measured");
    assert_eq!(freshness.expected, "warning after 30 days, error after 3650 days");
    assert!(freshness.status == "WARNING" && freshness.actual.ends_with(" old"), "{freshness:?}");
    assert!(asset("raw.rentals").loaded_at > 0, "when its newest data was loaded");
    for (asset, name, status, severity, failures) in cases {
        let found = tests(asset).into_iter().find(|test| test.name == name).unwrap_or_else(|| panic!("no {name}"));
        let said = (found.status.as_str(), found.severity.as_str(), found.failures);
        assert_eq!(said, (status, severity, failures), "{name}");
    }
}
