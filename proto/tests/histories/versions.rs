//! Versions: a draft that runs, one that was read back, a file that is kept elsewhere, a pipeline with drafts only.

use downbeat_domain::{Command, PipelineStorage, StartRun, StorageProvider, Trigger};
use serde_json::Map;

use crate::recorder::{Recorder, pipeline, run};

const BODY: &str =
    "pipeline: {TASK: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}\n";

fn body(task: &str) -> String {
    BODY.replace("TASK", task)
}

fn start(number: u8, version: u32) -> Command {
    Command::StartRun(Box::new(StartRun {
        run: run(number),
        pipeline: pipeline("demo"),
        version,
        trigger: Trigger::Manual { user: "ada".to_owned() },
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        selection: None,
    }))
}

pub(crate) fn versions() -> Vec<Vec<u8>> {
    let storage = PipelineStorage {
        provider: StorageProvider::Git,
        repository: "https://git.acme.test/data.git".to_owned(),
        default_branch: "main".to_owned(),
        working_branch: String::new(),
        yaml_path: "demo.yml".to_owned(),
    };
    let first = Recorder::new(&body("first"));
    let drafted = ["second", "third", "fourth", "fifth", "sixth"]
        .iter()
        .fold(first, |recorder, task| recorder.draft("demo", &body(task)));
    let recalled = drafted.run(start(1, 3)).recall("demo", &body("second"), 2).run(start(2, 2)).work(1, "third");
    let published = recalled.apply("demo", &body("third")).run(start(3, 0));
    let moved = Command::SetPipelineStorage { pipeline: pipeline("demo"), storage };
    published.run(moved).draft("other", &body("only")).work(2, "second").into_records()
}
