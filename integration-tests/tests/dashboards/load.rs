//! Work of every kind that is measured: runs that end well and badly, a schedule, events from outside, costs and what takes them back, tests of
//! data, requests of the API. Each step does some of it again, so that a rate over the last minutes has something to say.

use std::{path::Path, time::Duration};

use downbeat_event_log::testing::nats_server::NatsServer;
use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, nats_program},
    http::Client,
    pipelines::fan_out,
    process::eventually,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);

const PRICES: &str = "prices:
  - {unit: worker_seconds, amount: 1000.00, currency: EUR}
";

const WORKS: &str = "version: v1
name: works
schedule:
  - {name: minutely, cron: '* * ? * * *'}
meta: {downbeat: {triggers: [{name: landed, nats: orders.landed}]}}
pipeline:
  a:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', code: 'print(1)'}
";

const FAILS: &str = "version: v1
name: fails
pipeline:
  a:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', code: 'raise SystemExit(3)'}
";

/// A NATS server of those who listen to Downbeat's events.
pub fn listeners(folder: &Path) -> NatsServer {
    let folder = folder.join("listeners");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    NatsServer::start(&nats_program(), &folder).expect("nats-server starts")
}

/// See the module.
pub struct Load<'a> {
    addresses: &'a Addresses,
    nats: async_nats::Client,
    runtime: tokio::runtime::Runtime,
    api: Client,
    folder: &'a Path,
    steps: u32,
}

impl<'a> Load<'a> {
    /// Everything that is worked with is there, and a bill has taken the place of an estimate.
    pub fn new(cluster: &'a Cluster, folder: &'a Path, api: &str) -> Self {
        let addresses = &cluster.addresses;
        let file = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("the folder is ours");
            folder.join(name).to_str().expect("test folders are text").to_owned()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let nats = runtime.block_on(async_nats::connect(cluster.nats.url())).expect("nats-server answers");
        addresses.downbeat_ok(&["cost", "prices", "apply", &file("prices.yaml", PRICES)]);
        for (name, text) in [("works", WORKS), ("fails", FAILS), ("wide", &fan_out(40))] {
            addresses.downbeat_ok(&["apply", &file(&format!("{name}.yml"), text), "--alias", name]);
        }
        let key = addresses.downbeat_ok(&["key", "create", "reader", "--role", "admin"]);
        let api = Client::with_key(api, key.trim());
        eventually("the gateway knows the key", SOON, || {
            api.send("GET", "/api/engine/public/pipelines", &[], b"")
                .is_ok_and(|answer| answer.status == 200)
                .then_some(())
        });
        eventually("the scheduler takes events", SOON, || {
            cluster.scheduler.printed().contains("takes events published below").then_some(())
        });
        addresses.downbeat_ok(&["run", "works", "--wait"]);
        let estimate = eventually("the estimate is shown", SOON, || {
            let printed = addresses.downbeat_ok(&["cost", "entries"]);
            printed.lines().nth(1)?.split_whitespace().next().map(str::to_owned)
        });
        let bill = format!("bills:\n  - {{source: us, id: 1, amount: '40.00', currency: EUR, corrects: {estimate}}}\n");
        addresses.downbeat_ok(&["cost", "record", &file("bills.yaml", &bill)]);
        Self { addresses, nats, runtime, api, folder, steps: 0 }
    }

    /// Some of everything.
    pub fn step(&mut self) {
        self.steps += 1;
        for pipeline in ["wide", "works"] {
            self.addresses.downbeat_ok(&["run", pipeline, "--wait"]);
        }
        // It is meant to fail, and the command with it.
        let failed = self.addresses.downbeat(&["run", "fails", "--wait"]);
        assert!(!failed.status.success());
        self.tests_of_data();
        self.runtime.block_on(self.event());
        for _ in 0..5 {
            assert_eq!(self.api.get("/api/engine/public/pipelines").status, 200);
        }
    }

    /// An event on the log's server, as a publisher sends it who uses nothing but the subject.
    async fn event(&self) {
        let mut headers = async_nats::HeaderMap::new();
        let id = format!("event-{}", self.steps);
        for (name, value) in [("ce-specversion", "1.0"), ("ce-id", &id), ("ce-source", "/shop"), ("ce-type", "landed")]
        {
            headers.insert(name, value);
        }
        let sent = self.nats.publish_with_headers("downbeat.trigger.orders.landed", headers, "{}".into()).await;
        sent.expect("nats-server takes it");
        self.nats.flush().await.expect("nats-server answers");
    }

    /// What another tool says of its tests: one passed, one failed.
    fn tests_of_data(&self) {
        let assertion = |name: &str, success: bool| json!({"assertion": name, "success": success});
        let event = json!({
            "eventType": "COMPLETE",
            "eventTime": "2026-01-01T00:00:00Z",
            "producer": "https://example.com/tests",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
            "run": {"runId": format!("00000000-0000-4000-8000-{:012}", self.steps)},
            "job": {"namespace": "shop", "name": "tests"},
            "inputs": [{
                "namespace": "postgres://db:5432",
                "name": "shop.public.orders",
                "inputFacets": {"dataQualityAssertions": {
                    "_producer": "https://example.com/tests",
                    "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DataQualityAssertionsDatasetFacet.json",
                    "assertions": [assertion("not_null", true), assertion("unique", false)],
                }},
            }],
            "outputs": Value::Array(Vec::new()),
        });
        let file = self.folder.join("tests.json");
        std::fs::write(&file, event.to_string()).expect("the folder is ours");
        let said = self.addresses.downbeat_ok(&["openlineage", file.to_str().expect("test folders are text")]);
        assert!(said.contains("1 recorded"), "{said}");
    }
}
