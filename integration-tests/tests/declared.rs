//! What a file says of a script nobody could know otherwise: a real Python task is declared to read and write assets, which starts who listens,
//! stands in the lineage, and ends with the declaration.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{cluster::Dev, process::eventually};
use downbeat_proto::metadata::v1::{GetLineageRequest, LineageDirection, lineage_service_client::LineageServiceClient};
use tonic::transport::Channel;

const SOON: Duration = Duration::from_secs(60);
const ORDERS: &str = "warehouse/shop.orders";
const RATES: &str = "postgres://db.example:5432/shop.public.rates";
const FILE: &str = "s3://landing/orders.csv";

const LISTENS: &str = "version: v1
name: Listens
inputs: {table: {type: string}}
meta: {downbeat: {triggers: [{name: orders, asset: 'warehouse/*', run_inputs: {table: event.data.asset}}]}}
pipeline:
  b: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// A script with these words under `meta.downbeat`.
fn loads(declared: &str) -> String {
    format!(
        "version: v1\nname: Loads\npipeline:\n  load:\n    integration: PYTHON\n    integration_job: PYTHON_EXECUTE_SCRIPT\n    parameters:\n      \
         source: INLINE\n      command: python -\n      python_version: '3.11'\n      code: print('loaded')\n    meta: {{downbeat: {{{declared}}}}}\n"
    )
}

struct Shop<'a> {
    dev: &'a Dev,
    folder: &'a Path,
    runtime: tokio::runtime::Runtime,
    channel: Channel,
}

impl Shop<'_> {
    fn apply(&self, alias: &str, source: &str) -> String {
        let file = self.folder.join(format!("{alias}.yml"));
        std::fs::write(&file, source).expect("a file");
        let applied = self.dev.addresses.downbeat(&["apply", file.to_str().expect("text")]);
        let said = downbeat_integration_tests::cluster::text(&applied);
        assert!(applied.status.success(), "{said}");
        said
    }

    fn load(&self, declared: &str) {
        self.apply("loads", &loads(declared));
        self.dev.addresses.downbeat_ok(&["run", "loads", "--wait"]);
    }

    /// What the table is made of now, as soon as it is this.
    fn is_made_of(&self, expected: &[&str]) {
        eventually(&format!("it is made of {expected:?}"), SOON, || (self.sources() == expected).then_some(()));
    }

    fn sources(&self) -> Vec<String> {
        let request = GetLineageRequest {
            asset: ORDERS.to_owned(),
            direction: LineageDirection::Upstream.into(),
            depth: 1,
            ..GetLineageRequest::default()
        };
        let answer = self.runtime.block_on(LineageServiceClient::new(self.channel.clone()).get_lineage(request));
        let Ok(answer) = answer else { return vec!["nobody knows it".to_owned()] };
        let mut from: Vec<String> = answer.into_inner().edges.into_iter().map(|edge| edge.from).collect();
        from.sort();
        from
    }
}

#[test]
fn a_script_is_part_of_the_graph_because_its_file_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 2);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let channel = runtime
        .block_on(Channel::from_shared(dev.addresses.metadata.clone()).expect("an address").connect())
        .expect("it answers");
    let shop = Shop { dev: &dev, folder: folder.path(), runtime, channel };
    shop.apply("listens", LISTENS);

    // The key of one is written as nobody else writes it, and that is said.
    let both = format!("reads: [\"{FILE}\", \"Postgres://DB.example/Shop.public.Rates\"], writes: [{ORDERS}]");
    let said = shop.apply("loads", &loads(&both));
    assert!(said.contains(RATES), "{said}");
    shop.load(&both);
    shop.is_made_of(&[RATES, FILE]);
    eventually("who listens has run", SOON, || {
        let runs = dev.addresses.downbeat_ok(&["runs", "listens"]);
        (runs.contains("SUCCEEDED") && runs.contains("ASSET orders")).then_some(())
    });
    let shown = dev.addresses.downbeat_ok(&["asset", "show", ORDERS]);
    assert!(shown.contains("written by") && shown.contains("loads/load"), "{shown}");
    let shown = dev.addresses.downbeat_ok(&["asset", "show", RATES]);
    assert!(shown.contains("used by") && shown.contains("loads/load"), "{shown}");

    // What is not declared any more is not so any more, once that version has run.
    let file = format!("reads: [\"{FILE}\"], writes: [{ORDERS}]");
    shop.apply("loads", &loads(&file));
    shop.is_made_of(&[RATES, FILE]);
    shop.load(&file);
    shop.is_made_of(&[FILE]);
    shop.load("priority: 1");
    shop.is_made_of(&[]);
    // It comes back as if it had never been gone.
    shop.load(&both);
    shop.is_made_of(&[RATES, FILE]);
    assert!(dev.addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}
