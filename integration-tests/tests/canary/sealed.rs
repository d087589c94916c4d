//! Credentials that come through the front door: each connection is given to the API and its file removed, and what the API answers is searched.

use std::path::Path;

use downbeat_integration_tests::{cluster::Dev, http::Client};
use serde_json::{Value, json};

use crate::places::Places;

const BASE: &str = "/api/engine/public";
/// It has more fields than a sealed connection takes, and one that refers to a file: it stays one.
const STAYS: &str = "keys";

/// The API, with what it answered so far.
pub struct Door {
    client: Client,
    key: String,
    answers: Vec<(String, String)>,
}

impl Door {
    /// Of this Downbeat, with a key that may do everything.
    pub fn of(dev: &Dev) -> Self {
        let key = dev.addresses.downbeat_ok(&["key", "create", "canary", "--role", "admin"]).trim().to_owned();
        Self { client: Client::with_key(&dev.api, &key), key, answers: Vec::new() }
    }

    /// It was started anew, elsewhere.
    pub fn moved(&mut self, dev: &Dev) {
        self.client = Client::with_key(&dev.api, &self.key);
    }

    fn ask(&mut self, method: &str, target: &str, body: Option<&Value>) -> u16 {
        let answer = self.client.ask(method, &format!("{BASE}{target}"), body);
        let head: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        self.answers.push((format!("{method} {target}"), format!("{}\n{}", head.join("\n"), answer.text())));
        answer.status
    }

    /// Gives every connection of the folder to the API, wrongly in some ways and then rightly, and removes its file.
    pub fn seal(&mut self, folder: &Path) {
        let mut sealed = 0;
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("text").to_owned();
            if name == STAYS || path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let file: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
            let (integration, fields) = (&file["integration"], &file["fields"]);
            let connections = "/integrations/connections";
            for wrong in [
                json!({ "name": "no name", "integration": integration, "fields": fields }),
                json!({ "name": name, "integration": "no integration", "fields": fields }),
                json!({ "name": name, "integration": integration, "fields": { "all": [fields] } }),
                json!({ "name": name, "integration": integration, "fields": fields.to_string() }),
                json!({ "name": name, "integration": integration, "isDefault": fields }),
            ] {
                let status = self.ask("POST", connections, Some(&wrong));
                assert!((400..500).contains(&status), "{name}: {status}");
            }
            let right = json!({ "name": name, "integration": integration, "fields": fields });
            assert_eq!(self.ask("POST", connections, Some(&right)), 201, "{name}");
            assert_eq!(self.ask("POST", connections, Some(&right)), 400, "{name} is there");
            std::fs::remove_file(&path).expect("ours");
            sealed += 1;
        }
        assert!(sealed > 20, "{sealed} connections");
    }

    /// Asks for everything that the API has about connections and a run, and searches all that it ever answered.
    pub fn search(&mut self, run: &str, places: &mut Places) {
        self.ask("GET", "/integrations/connections", None);
        let listed = self.client.get(&format!("{BASE}/integrations/connections")).json();
        for connection in listed.as_array().expect("a list").clone() {
            let (integration, id) = (&connection["integration"], &connection["connectionId"]);
            let (integration, id) = (integration.as_str().expect("text"), id.as_str().expect("text"));
            self.ask("GET", &format!("/integrations/connections/{id}"), None);
            self.ask("DELETE", &format!("/integrations/connections/{id}?force=nonsense"), None);
            self.ask("POST", &format!("/integrations/{integration}/validate/{id}"), None);
        }
        for target in
            ["/audit?page_size=1000", "/alerts", "/now", "/broken", "/task_runs", "/operations", "/openapi.json"]
        {
            self.ask("GET", target, None);
        }
        for of in ["status", "task_runs", "why", "lineage", "waiting"] {
            self.ask("GET", &format!("/pipeline_runs/{run}/{of}"), None);
        }
        for (asked, answer) in &self.answers {
            places.search("api", asked, answer.as_bytes());
        }
    }
}
