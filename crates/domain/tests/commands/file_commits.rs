//! Commits of files in repositories: who is let through, and what the log has of it.

use downbeat_domain::{
    Command, FileCommitId, GitOrigin, PipelineStorage, StorageProvider,
    file_commit::{AskFileCommit, FileCommitCommand, FileCommitEnd, FileCommitEnded},
    limits,
};
use jiff::Timestamp;

use crate::world::{Step, World, apply_as, given, pipe, pipeline, pipeline_of, task};

const ID: FileCommitId = FileCommitId([7; 16]);

fn kept_at(repository: &str, branch: &str, path: &str) -> PipelineStorage {
    PipelineStorage {
        provider: StorageProvider::Git,
        repository: repository.to_owned(),
        default_branch: branch.to_owned(),
        working_branch: String::new(),
        yaml_path: path.to_owned(),
    }
}

fn ours() -> PipelineStorage {
    kept_at("https://git.test/acme/data.git", "main", "demo.yml")
}

fn kept(alias: &str, storage: PipelineStorage) -> Step {
    Step::Do(Command::SetPipelineStorage { pipeline: pipeline_of(alias), storage })
}

fn ask(storage: PipelineStorage, branch: &str, message: &str) -> Step {
    let (branch, message) = (branch.to_owned(), message.to_owned());
    let ask = AskFileCommit { id: ID, pipeline: pipeline(), storage, branch, message };
    Step::Do(Command::FileCommit(FileCommitCommand::Ask(Box::new(ask))))
}

fn end(end: FileCommitEnd) -> Step {
    let ended = FileCommitEnded { id: ID, pipeline: pipeline(), end, at: Timestamp::UNIX_EPOCH };
    Step::Do(Command::FileCommit(FileCommitCommand::End(Box::new(ended))))
}

/// A pipeline whose file is in a repository, and another pipeline.
fn world() -> World {
    let one = pipe(&[task("a", "")]);
    given(&one).after([Step::Do(Command::RaiseLevel), kept("demo", ours()), apply_as("other", &one)])
}

#[test]
fn what_is_asked_for_and_what_came_of_it_is_recorded() {
    let world = world()
        .when(ask(ours(), "topic", " Another task\n"))
        .then(["FileCommitAsked https://git.test/acme/data.git topic: Another task"]);
    let origin = GitOrigin { branch: "topic".to_owned(), commit: "0f".repeat(20) };
    let world = world.when(end(FileCommitEnd::Stands { origin, changed: true })).then(["FileCommitEnded topic true"]);
    let world = world.when(end(FileCommitEnd::Refused("a\nb".to_owned()))).then(["FileCommitEnded refused: a b"]);
    world.when(end(FileCommitEnd::Unknown("gone".to_owned()))).then(["FileCommitEnded unknown: gone"]);
}

#[test]
fn only_the_file_where_it_is_now_is_committed_and_only_to_what_may_be_a_branch() {
    let elsewhere = kept_at("https://git.test/acme/other.git", "main", "demo.yml");
    world().when(ask(elsewhere, "topic", "x")).refused_as("STORAGE_MOVED");
    world().after([kept("demo", PipelineStorage::ours())]).when(ask(ours(), "topic", "x")).refused_as("STORAGE_MOVED");
    let at_ours = world().after([kept("demo", PipelineStorage::ours())]);
    at_ours.when(ask(PipelineStorage::ours(), "topic", "x")).refused_as("STORAGE_MOVED");
    let gone = Step::Do(Command::DeletePipeline { pipeline: pipeline() });
    world().after([gone]).when(ask(ours(), "topic", "x")).refused_as("UNKNOWN_PIPELINE");
    for branch in ["", "a..b", "-x", "a b", "refs/tags/v1", "refs/heads/refs/heads/main"] {
        world().when(ask(ours(), branch, "x")).refused_as("INVALID_STORAGE");
    }
    for message in ["", " \n", &"x".repeat(limits::COMMIT_MESSAGE_BYTES_MAX + 1)] {
        world().when(ask(ours(), "topic", message)).refused_as("INVALID_STORAGE");
    }
}

#[test]
fn the_file_of_another_pipeline_is_not_changed_through_this_one() {
    let demo = |repository: &str, branch: &str| kept_at(repository, branch, "demo.yml");
    // However it is written, and whichever branch counts there.
    for (theirs, branch, refused) in [
        (demo("https://git.test/acme/data.git", "live"), "live", true),
        (demo("git@git.test:Acme/Data", "live"), "live", true),
        (demo("git@git.test:acme/data", "live"), "main", false),
        (demo("git@git.test:acme/data", "refs/heads/live"), "live", true),
        (demo("https://git.test/acme/data2.git", "live"), "live", false),
        (
            PipelineStorage { working_branch: "next".to_owned(), ..demo("git@git.test:acme/data", "live") },
            "live",
            false,
        ),
        (PipelineStorage { working_branch: "next".to_owned(), ..demo("git@git.test:acme/data", "live") }, "next", true),
        (kept_at("https://git.test/acme/data.git", "live", "other.yml"), "live", false),
    ] {
        let mut world = world().after([kept("other", theirs)]);
        if refused {
            // Written in another way it is the same branch.
            for written in [branch, &format!("refs/heads/{branch}\u{a0}")] {
                world = world.when(ask(ours(), written, "x")).refused_as("FILE_OF_ANOTHER");
            }
            world = world.after([Step::Do(Command::DeletePipeline { pipeline: pipeline_of("other") })]);
        }
        let asked = format!("FileCommitAsked https://git.test/acme/data.git {branch}: x");
        assert_eq!(world.when(ask(ours(), branch, "x")).lines(), [asked]);
    }
}
