//! `orchestra-sdk`: a program elsewhere that a task began says what becomes of it, through the gateway.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::Command,
    time::Duration,
};

use downbeat_integration_tests::{http::Client, process::eventually};
use serde_json::{Value, json};

use super::{
    House,
    conversation::{Table, run},
    program,
};

const SDK: &str = "orchestra-sdk 0.2.0";
const BASE: &str = "/api/engine/public";

/// What people write: the decorator tells when it begins and ends, and hands over the log.
const PROGRAM: &str = "
import os
from orchestra_sdk.orchestra import OrchestraSDK

orchestra = OrchestraSDK(api_key=os.environ['ORCHESTRA_API_KEY'], log_file='work.log', send_logs=True)

@orchestra.run()
def work():
    with open('work.log', 'w') as log:
        log.write('a line of the program\\n')
    print('output taken:', orchestra.set_output('rows', 42))
    if os.environ.get('FAILS'):
        raise ValueError('no rows today')

work()
";

/// Takes one request, as the system does that a task begins something in; gives back the id that came with it.
fn begun(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().expect("the worker calls");
    let mut reader = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a request");
        let (name, value) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
        match name.to_ascii_lowercase().as_str() {
            "orchestra_task_run_id" => id = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().expect("a number"),
            "" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    let mut stream = reader.into_inner();
    stream
        .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .expect("the worker reads");
    id
}

pub fn talk(house: &House, table: &mut Table) {
    let client = Client::with_key(&house.api, &house.key);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let definition = json!({
        "version": "v1", "name": "elsewhere",
        "pipeline": {"g": {"tasks": {"t": {
            "integration": "HTTP", "integration_job": "HTTP_REQUEST_ASYNC", "depends_on": [],
            "parameters": {"method": "POST", "path": format!("http://{address}/begin"), "set_outputs": true},
        }}}},
    });
    let made = client.ask(
        "POST",
        &format!("{BASE}/pipelines"),
        Some(&json!({"data": definition, "alias": "elsewhere", "published": true})),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    for (fails, status) in [("", "SUCCEEDED"), ("1", "FAILED")] {
        let started = client.ask("POST", &format!("{BASE}/pipelines/elsewhere/start"), None);
        let run_id = started.json()["id"].as_str().unwrap_or_else(|| panic!("{}", started.text())).to_owned();
        let id = begun(&listener);
        let said = run(Command::new(program("python"))
            .args(["-c", PROGRAM])
            .current_dir(house.folder.path())
            .env("ORCHESTRA_API_KEY", &house.key)
            .env("ORCHESTRA_TASK_RUN_ID", &id)
            .env("ORCHESTRA_WEBHOOK_URL", format!("{}/webhook", house.api))
            .env("FAILS", fails));
        let what =
            if fails.is_empty() { "a decorated function that returns" } else { "a decorated function that raises" };
        // The decorator tells of the error and goes on.
        table.says(SDK, what, &said, 0, &["output taken: True"]);
        let ended = eventually("the run ends", Duration::from_secs(60), || {
            let run = client.get(&format!("{BASE}/pipeline_runs/{run_id}/status")).json();
            let status = run["runStatus"].as_str()?.to_owned();
            ["SUCCEEDED", "FAILED", "WARNING"].contains(&status.as_str()).then_some(status)
        });
        table.brings(SDK, "... and its run", status, &ended);
        let tasks = client.get(&format!("{BASE}/pipeline_runs/{run_id}/task_runs")).json();
        let task = &tasks["results"][0];
        if fails.is_empty() {
            table.brings(SDK, "... its outputs", r#"{"rows":42}"#, &task["outputs"].to_string());
        }
        let log = client.get(&format!(
            "{BASE}/pipeline_runs/{run_id}/task_runs/{}/logs/download?filename=attempt-1.log",
            task["id"].as_str().expect("an id")
        ));
        let line = log.text().contains("a line of the program");
        table.brings(
            SDK,
            "... its log file",
            "in the log of the task run",
            if line { "in the log of the task run" } else { "nowhere" },
        );
        if !fails.is_empty() {
            let message = task["message"].as_str().unwrap_or_default();
            table.brings(
                SDK,
                "... its error",
                "no rows today",
                if message.contains("no rows today") { "no rows today" } else { message },
            );
        }
    }
    // What is not taken is answered so that the program goes on, and tried again three times.
    let said = run(Command::new(program("python"))
        .args(["-c", PROGRAM])
        .current_dir(house.folder.path())
        .env("ORCHESTRA_API_KEY", "downbeat_00000000_nobodys")
        .env("ORCHESTRA_TASK_RUN_ID", "00000000-0000-4000-8000-000000000000")
        .env("ORCHESTRA_WEBHOOK_URL", format!("{}/webhook", house.api)));
    table.says(SDK, "the same with a key that opens nothing", &said, 0, &["output taken: False"]);
    let event = json!({"event_type": "SENSOR_EVENT", "sensor_event_type": "landed", "sensor_event": {"file": "a.csv"}});
    let stored = client.ask("POST", "/webhook", Some(&event));
    table.brings(
        "webhook",
        "a SENSOR_EVENT",
        r#"200 {"message":"Event stored"}"#,
        &format!("{} {}", stored.status, compact(&stored.json())),
    );
}

fn compact(value: &Value) -> String {
    value.to_string()
}
