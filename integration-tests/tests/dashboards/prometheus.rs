//! A real Prometheus that reads the services, and what it answers.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use downbeat_integration_tests::{
    http::Client,
    process::{Process, eventually, free_port},
    repository,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);

/// See the module.
pub struct Prometheus {
    client: Client,
    process: Process,
}

/// Where each service of `deploy/prometheus/prometheus.yaml` stands there.
const THERE: [(&str, &str); 5] = [
    ("coordinator", "coordinator:9463"),
    ("scheduler", "scheduler:9464"),
    ("projector", "projector:9465"),
    ("worker", "worker:9466"),
    ("gateway", "gateway:7401"),
];

impl Prometheus {
    /// Starts it with the configuration and the rules that we hand out, but for addresses and how often it looks.
    pub fn start(tools: &Path, folder: &Path, ports: &BTreeMap<&str, u16>) -> Self {
        let ours = repository().join("deploy/prometheus");
        let mut config = std::fs::read_to_string(ours.join("prometheus.yaml")).expect("the configuration");
        let rules = ours.join("rules.yaml");
        let mut changes = vec![
            ("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 2s".to_owned()),
            ("rule_files: [rules.yaml]", format!("rule_files: [{}]", rules.display())),
        ];
        changes.extend(THERE.map(|(service, there)| (there, format!("127.0.0.1:{}", ports[service]))));
        for (there, here) in changes {
            assert!(config.contains(there), "{there}");
            config = config.replace(there, &here);
        }
        let file = folder.join("prometheus.yaml");
        std::fs::write(&file, config).expect("the folder is ours");
        let address = format!("127.0.0.1:{}", free_port());
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join("prometheus").display()),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = super::started(&tools.join("prometheus"), &arguments, &folder.join("prometheus.txt"));
        let mut this = Self { client: Client::new(&format!("http://{address}")), process };
        eventually("Prometheus is ready", SOON, || {
            assert!(this.process.ended().is_none(), "Prometheus ended:\n{}", this.process.printed());
            let answer = this.client.send("GET", "/-/ready", &[], b"");
            answer.is_ok_and(|answer| answer.status == 200).then_some(())
        });
        eventually("Prometheus reads every service", SOON, || this.reads_all().then_some(()));
        this
    }

    fn reads_all(&self) -> bool {
        let found = self.ask("up == 1");
        found.is_ok_and(|found| found.len() == THERE.len())
    }

    fn ask(&self, expression: &str) -> Result<Vec<Value>, String> {
        let answer = self.client.get(&format!("/api/v1/query?query={}", encoded(expression))).json();
        if answer["status"] != "success" {
            return Err(answer["error"].to_string());
        }
        Ok(answer["data"]["result"].as_array().cloned().unwrap_or_default())
    }

    /// Whether the answer holds something, and numbers only.
    pub fn answer(&self, expression: &str) -> Result<(), String> {
        let found = self.ask(expression)?;
        if found.is_empty() {
            return Err("nothing".to_owned());
        }
        for series in &found {
            let value = series["value"][1].as_str().and_then(|text| text.parse::<f64>().ok());
            if !value.is_some_and(f64::is_finite) {
                return Err(series.to_string());
            }
        }
        Ok(())
    }

    /// Every rule can be evaluated.
    pub fn rules_are_well(&self) {
        let answer = eventually("every rule was evaluated", SOON, || {
            let answer = self.client.get("/api/v1/rules").json();
            (!answer.to_string().contains("\"health\":\"unknown\"")).then_some(answer)
        });
        let groups = answer["data"]["groups"].as_array().expect("groups");
        let rules: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().expect("rules")).collect();
        assert!(rules.len() > 25, "only {} rules", rules.len());
        for rule in rules {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
    }
}

/// What a service says at `/metrics`.
pub fn page(address: &str) -> String {
    let answer = Client::new(&format!("http://{address}")).get("/metrics");
    assert_eq!(answer.status, 200, "{address}");
    assert!(answer.header("content-type").is_some_and(|kind| kind.contains("openmetrics-text")), "{address}");
    answer.text()
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => encoded.push(byte.into()),
            _ => write!(encoded, "%{byte:02X}").expect("writing to a string"),
        }
    }
    encoded
}
