//! The front door as a whole: who gets in where, what becomes of malformed requests, and what the document says, against the real services.

mod assistants;
mod fuzz;
mod logs;
mod matrix;
mod over_grpc;
mod reading;
mod texts;

use std::time::Duration;

use downbeat_integration_tests::{cluster::Dev, http::Client, process::eventually};

/// Where the public API lies.
const BASE: &str = "/api/engine/public";

/// A key with this role, made as an operator makes one.
fn key(dev: &Dev, name: &str, arguments: &[&str]) -> String {
    let made = dev.addresses.downbeat_ok(&[&["key", "create", name], arguments].concat());
    made.trim().to_owned()
}

/// Somebody with a key of this role, of which the gateway has heard.
fn somebody(dev: &Dev, name: &str, arguments: &[&str]) -> Client {
    let client = Client::with_key(&dev.api, &key(dev, name, arguments));
    eventually("the gateway knows the key", Duration::from_secs(30), || {
        (client.get(&format!("{BASE}/me")).status != 401).then_some(())
    });
    client
}

/// Applies a pipeline that waits for a person, under this alias and with these labels.
fn apply(dev: &Dev, folder: &std::path::Path, alias: &str, labels: &str) -> String {
    let file = folder.join(format!("{alias}.yml"));
    let meta = if labels.is_empty() { String::new() } else { format!("meta:\n  downbeat:\n    labels: [{labels}]\n") };
    let source = format!(
        "version: v1\nname: {alias}\n{meta}pipeline:\n  t:\n    integration: ORCHESTRA\n    integration_job: APPROVAL\n    \
         parameters: {{}}\n"
    );
    std::fs::write(&file, source).expect("the folder is ours");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("test folders are text")]);
    let listed =
        somebody(dev, &format!("finds_{alias}"), &["--role", "viewer"]).get(&format!("{BASE}/pipeline?alias={alias}"));
    listed.json()["id"].as_str().expect("the pipeline is there").to_owned()
}
