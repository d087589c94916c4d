//! Versions: a draft that runs, one that was read back, a file that is kept elsewhere, a pipeline with drafts only.

use downbeat_domain::{
    Command, FileCommitId, GitOrigin, PipelineStorage, StartRun, StorageProvider, Trigger,
    file_commit::{AskFileCommit, FileCommitCommand, FileCommitEnd, FileCommitEnded},
};
use jiff::Timestamp;
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

fn storage() -> PipelineStorage {
    PipelineStorage {
        provider: StorageProvider::Git,
        repository: "https://git.acme.test/data.git".to_owned(),
        default_branch: "main".to_owned(),
        working_branch: String::new(),
        yaml_path: "demo.yml".to_owned(),
    }
}

/// Commits of a file: asked for in vain before it is anywhere, then done, and one of which nobody heard again.
pub(crate) fn file_commits() -> Vec<Vec<u8>> {
    let id = |number| FileCommitId([number; 16]);
    let ask = |number, branch: &str| {
        let ask = AskFileCommit {
            id: id(number),
            pipeline: pipeline("demo"),
            storage: storage(),
            branch: branch.to_owned(),
            message: "Another task".to_owned(),
        };
        Command::FileCommit(FileCommitCommand::Ask(Box::new(ask)))
    };
    let end = FileCommitEnd::Stands {
        origin: GitOrigin { branch: "topic".to_owned(), commit: "0f".repeat(20) },
        changed: true,
    };
    let ended = FileCommitEnded { id: id(2), pipeline: pipeline("demo"), end, at: Timestamp::UNIX_EPOCH };
    Recorder::new(&body("first"))
        .run(Command::RaiseLevel)
        .refused(ask(1, "topic"))
        .run(Command::SetPipelineStorage { pipeline: pipeline("demo"), storage: storage() })
        .run(ask(2, "topic"))
        .run(Command::FileCommit(FileCommitCommand::End(Box::new(ended))))
        .run(ask(3, "main"))
        .into_records()
}

pub(crate) fn versions() -> Vec<Vec<u8>> {
    let storage = storage();
    let first = Recorder::new(&body("first"));
    let drafted = ["second", "third", "fourth", "fifth", "sixth"]
        .iter()
        .fold(first, |recorder, task| recorder.draft("demo", &body(task)));
    let recalled = drafted.run(start(1, 3)).recall("demo", &body("second"), 2).run(start(2, 2)).work(1, "third");
    let published = recalled.apply("demo", &body("third")).run(start(3, 0));
    let moved = Command::SetPipelineStorage { pipeline: pipeline("demo"), storage };
    published.run(moved).draft("other", &body("only")).work(2, "second").into_records()
}
