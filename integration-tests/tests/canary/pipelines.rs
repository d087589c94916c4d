//! Pipelines whose tasks, sensors and alerts try their best to say what they must not.

use std::path::Path;

use downbeat_worker::testing::canary::{DRESSES, DRESSES_IN_PYTHON};
use serde_json::{Map, Value, json};

/// What every script begins with: what it was told, and how it reports.
const BEGINNING: &str = r#"
import os, sys, urllib.request
control = open(CONTROL, encoding="utf-8").read()
canaries = [value for name, value in os.environ.items() if "__CANARY_" in name]
def post(**event):
    event["task_run_id"] = os.environ["ORCHESTRA_TASK_RUN_ID"]
    headers = {"authorization": "Bearer " + os.environ["ORCHESTRA_API_KEY"], "content-type": "application/json"}
    request = urllib.request.Request(os.environ["ORCHESTRA_WEBHOOK_URL"], json.dumps(event).encode(), headers)
    urllib.request.urlopen(request)
"#;

/// Prints all of it in two pieces each, sets it and logs it.
const TELLS: &str = r#"
for number, canary in enumerate([control] + canaries):
    for dress in dresses:
        data = dress(canary).encode()
        cut = number % len(data)
        os.write(1, b"begin " + data[:cut])
        os.write(2, data[cut:] + b" end\n")
some = [control] + canaries[:20]
post(event_type="SET_OUTPUT", output_name="some", output_value={c: [d(c) for d in dresses] for c in some})
post(event_type="SET_OUTPUT", output_name="word", output_value=dresses[1](control) + " " + dresses[1](canaries[0]))
post(event_type="SET_OUTPUT", output_name="many", output_value=[d(c) for c in [control] + canaries for d in dresses] + ["." * 300_000])
post(event_type="LOG", log_name="file", data="\n".join(d(c) for c in [control] + canaries for d in dresses))
with open(os.path.join(os.environ["DOWNBEAT_ARTIFACTS"], "report.txt"), "wb") as file:
    file.write(b"\n".join(d(c).encode() for c in [control] + canaries for d in dresses))
post(event_type="UPDATE_STATUS", status="WARNING", message=" ".join(d(c) for c in [control, canaries[3]] for d in dresses))
"#;

/// The jobs that reach for something, and the sensors: integration, job or type, connection, parameters.
type Asks = (&'static str, &'static str, &'static str, Value);

fn task((integration, job, connection, parameters): Asks) -> Value {
    json!({ "integration": integration, "integration_job": job, "connection": connection, "parameters": parameters })
}

fn script(connection: &'static str, control: &Path, code: &str) -> Value {
    let code = format!("CONTROL = {control:?}\n{DRESSES_IN_PYTHON}{BEGINNING}{code}");
    let parameters = json!({ "source": "INLINE", "python_version": "3.11", "set_outputs": true, "code": code });
    task(("PYTHON", "PYTHON_EXECUTE_SCRIPT", connection, parameters))
}

fn failing() -> Vec<(String, Value)> {
    let get = |path: &str| json!({ "method": "GET", "path": path, "set_outputs": true });
    let query = json!({ "statement": "SELECT 1", "set_outputs": true });
    let bucket = json!({ "bucket_name": "bucket", "object_key": "a", "file_encoding": "utf-8" });
    let asks: Vec<Asks> = vec![
        ("HTTP", "HTTP_REQUEST", "echo", get("much")),
        ("HTTP", "HTTP_REQUEST", "echo", get("refuse")),
        ("HTTP", "HTTP_REQUEST", "echo", get("moved")),
        ("HTTP", "HTTP_REQUEST", "wall", json!({ "method": "POST", "path": "ok", "body": "{}" })),
        ("POSTGRES", "POSTGRES_RUN_QUERY", "postgres_wrong", query.clone()),
        ("POSTGRES", "POSTGRES_RUN_QUERY", "postgres", query.clone()),
        ("POSTGRES", "POSTGRES_RUN_TEST", "postgres", json!({ "statement": "SELECT 1" })),
        ("CLICKHOUSE", "CLICKHOUSE_RUN_QUERY", "clickhouse", query.clone()),
        ("MYSQL", "MYSQL_RUN_QUERY", "mysql", query.clone()),
        ("SQL_SERVER", "SQL_SERVER_RUN_QUERY", "sql_server", query),
        ("MONGODB", "MONGODB_RUN_COMMAND", "mongodb", json!({ "command": "{\"ping\": 1}" })),
        ("KAFKA", "KAFKA_CHECK_TOPIC", "kafka", json!({ "topic_id": "t" })),
        ("AWS_S3", "AWS_S3_GET_FILE", "s3", bucket),
        ("SFTP", "SFTP_GET_FILE", "sftp", json!({ "file_path": "told.txt" })),
        ("LINUX_SSH", "LINUX_SSH_EXECUTE_COMMAND", "ssh", json!({ "command": "true" })),
        ("HIGHTOUCH", "HIGHTOUCH_SYNC", "hightouch", json!({ "sync_id": 17 })),
        ("ACME", "ACME_LOAD", "acme", json!({ "table": "t" })),
        ("ACME", "ACME_LOAD", "acme_wall", json!({ "table": "t" })),
        ("PYTHON", "PYTHON_EXECUTE_SCRIPT", "git", json!({ "source": "GIT", "command": "python main.py" })),
    ];
    let mut tasks: Vec<(String, Value)> =
        asks.into_iter().enumerate().map(|(number, asks)| (format!("asks_{number}"), task(asks))).collect();
    // What is shown of an answer ends inside of each dress.
    for letters in [1012, 977, 930, 867, 827, 760] {
        let asks = ("HTTP", "HTTP_REQUEST", "echo", get(&format!("cut-{letters}")));
        tasks.push((format!("cut_{letters}"), task(asks)));
    }
    tasks
}

/// The pipeline that tells everything. It ends with somebody who is to decide, and so stays.
pub fn leaky(control: &Path) -> Value {
    let mut tasks: Map<String, Value> = failing().into_iter().collect();
    tasks.insert("tells".to_owned(), script("keys", control, TELLS));
    for dress in 0..DRESSES {
        let says = format!(
            "post(event_type=\"UPDATE_STATUS\", status=\"FAILED\", message=dresses[{dress}](control) + dresses[{dress}](canaries[7]))"
        );
        tasks.insert(format!("says_{dress}"), script("few", control, &says));
    }
    let raises = "raise ValueError(*(d(c) for c in [control, canaries[9]] for d in dresses))";
    tasks.insert("raises".to_owned(), script("few", control, raises));
    for dress in [0, 1] {
        let cut = format!(
            "post(event_type=\"UPDATE_STATUS\", status=\"SUCCEEDED\", message=\".\" * 3988 + dresses[{dress}](canaries[8]))"
        );
        tasks.insert(format!("says_much_{dress}"), script("few", control, &cut));
    }
    let told = "${{ tasks['tells'].outputs.word }}";
    let mut asks = json!({
        "integration": "ORCHESTRA", "integration_job": "APPROVAL", "depends_on": ["tells"],
        "parameters": { "message": format!("may it go on, {told}, {}?", "${{ inputs.word }}") },
    });
    asks["name"] = json!("Decide");
    tasks.insert("decide".to_owned(), asks);
    let channels = [
        ("SLACK", "slack"),
        ("SLACK", "slack_hook"),
        ("MICROSOFT_TEAMS", "teams"),
        ("PAGER_DUTY", "pager"),
        ("DATADOG", "dog"),
        ("WEBHOOK", "hook"),
        ("EMAIL", "mail"),
    ];
    let channels: Vec<Value> = channels
        .iter()
        .map(|(integration, name)| json!({ "integration": integration, "connection_id": name, "destination": "b@example.com" }))
        .collect();
    let alert = json!([{ "name": "oops", "statuses": ["FAILED"], "destinations": channels, "custom_message": told }]);
    tasks["raises"]["alerts"] = alert;
    json!({
        "version": "v1", "name": "Leaky", "inputs": { "word": { "type": "string", "optional": true } },
        "webhook": { "enabled": true, "run_inputs": { "word": "${{ outputs.payload.word }}" } }, "pipeline": tasks,
    })
}

/// Sensors whose checks hear it; of one a run comes that is told what was found.
pub fn sensing() -> Value {
    let check = |(integration, kind, connection, parameters): Asks| json!({ "integration": integration, "sensor_type": kind, "connection": connection, "parameters": parameters });
    let sensor = |checks: Value| json!({ "name": "S", "cron": "0 0 1 1 ? 2199", "timezone": "UTC", "timeout_mins": 60, "checks": checks });
    let mut hears = check(("HTTP", "HTTP_REQUEST", "echo", json!({ "url": "ok" })));
    hears["map_outputs"] = json!({ "word": "outputs.body.message" });
    let mut sensors = Map::new();
    sensors.insert("hears".to_owned(), sensor(json!({ "hears": hears })));
    let query = json!({ "query": "SELECT 1" });
    sensors.insert(
        "fails".to_owned(),
        sensor(json!({
            "waits": check(("HTTP", "HTTP_REQUEST", "wall", json!({ "url": "ok" }))),
            "wrong": check(("POSTGRES", "POSTGRES_QUERY", "postgres_wrong", query.clone())),
            "asks": check(("POSTGRES", "POSTGRES_QUERY", "postgres", query.clone())),
            "house": check(("CLICKHOUSE", "CLICKHOUSE_QUERY", "clickhouse", query)),
            "bucket": check(("AWS_S3", "AWS_S3_FILE", "s3", json!({ "bucket_name": "bucket", "prefix": "a" }))),
        })),
    );
    json!({
        "version": "v1", "name": "Sensing", "inputs": { "word": { "type": "string", "optional": true } },
        "meta": { "downbeat": { "sensors": sensors } },
        "pipeline": { "a": { "integration": "DOWNBEAT", "integration_job": "NOOP", "parameters": {} } },
    })
}

/// A job of a system that calls everything by a credential.
pub const ACME: &str = r#"
integration: ACME
job: ACME_LOAD
sources: [nowhere]
parameters:
  table: {required: true}
connection:
  key: {secret: true, required: true}
base_url: http://acme.invalid
authentication:
  - {method: bearer, token: "{connection.key}"}
reattach: never
start:
  request: {method: POST, path: /loads, body: {table: "{parameters.table}"}}
  capture: {id: $.id, link: $.link}
poll:
  request: {method: GET, path: "/loads/{job.id}"}
  word: $.state
  states: {SUCCEEDED: [done], FAILED: [broken]}
  message: $.message
  every: {first: 1, most: 2}
link: "http://acme.invalid/{job.link}"
outputs:
  values: {said: $.message}
collect:
  operations:
    - each: $.items[*]
      id: $.id
      name: "load"
      type: MATERIALISATION
      word: $.state
      states: {SUCCEEDED: [done]}
      rows: $.rows
      cost_basis:
        - {quantity: $.credits, unit: credits, attributes: {size: $.size}}
      message:
        - {value: $.note}
      asset: {namespace: acme, name: [$.schema, $.name]}
"#;
