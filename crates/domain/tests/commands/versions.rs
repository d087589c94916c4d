//! Versions: drafts, runs of any version, what is read back, and where files are kept.

use downbeat_domain::{
    ApplyPipeline, Command, GitOrigin, PipelineApplied, PipelineStorage, Replay, RestartMode, StorageProvider, limits,
};

use crate::world::{
    Start, Step, World, applied_as, apply, apply_as, bad, carry_over, core, given, lease, pipe, pipeline, pipeline_of,
    restart, start, start_pipeline, succeeded, task,
};

/// A pipeline with one task of this id.
fn one(id: &str) -> String {
    pipe(&[task(id, "")])
}

fn draft(body: &str) -> Step {
    draft_as("demo", body)
}

fn draft_as(alias: &str, body: &str) -> Step {
    Step::Do(Command::draft(applied_as(alias, body)))
}

fn create(body: &str, draft: bool) -> Step {
    let applied = applied_as("demo", body);
    Step::Do(Command::ApplyPipeline(Box::new(ApplyPipeline { applied, draft, create: true, kept: None, base: None })))
}

/// What was read at a place, for a pipeline that was kept there then.
fn read_at(repository: &str, body: &str, draft: bool) -> Step {
    let (applied, kept) = (applied_as("demo", body), Some(kept_at(repository)));
    Step::Do(Command::ApplyPipeline(Box::new(ApplyPipeline { applied, draft, create: false, kept, base: None })))
}

/// What was made of this version.
fn made_of(base: u32, body: &str, draft: bool) -> Step {
    let applied = applied_as("demo", body);
    let (kept, base) = (None, Some(base));
    Step::Do(Command::ApplyPipeline(Box::new(ApplyPipeline { applied, draft, create: false, kept, base })))
}

/// As whoever read the log gives it.
fn recall(body: &str, version: u32) -> Step {
    Step::Do(Command::RecallVersion(Box::new(PipelineApplied { version, ..applied_as("demo", body) })))
}

fn start_at(version: u32) -> Step {
    Step::Start(Start { version, ..start_pipeline("demo") })
}

fn delete() -> Step {
    Step::Do(Command::DeletePipeline { pipeline: pipeline() })
}

fn kept_at(repository: &str) -> PipelineStorage {
    PipelineStorage {
        provider: StorageProvider::Github,
        repository: repository.to_owned(),
        default_branch: "main".to_owned(),
        working_branch: String::new(),
        yaml_path: "demo.yml".to_owned(),
    }
}

fn set_storage(storage: PipelineStorage) -> Step {
    Step::Do(Command::SetPipelineStorage { pipeline: pipeline(), storage })
}

/// Version 1 is current; drafts 2 to `last` stand behind it, each with a task of its own.
fn with_drafts(last: u32) -> World {
    given(&one("a")).after((2..=last).map(|number| draft(&one(&format!("d{number}")))))
}

#[test]
fn a_draft_is_a_version_that_only_runs_which_ask_for_it_are_of() {
    let world = given(&one("a")).when(draft(&one("b"))).then(["PipelineDrafted version 2"]);
    let world = world.when(start()).then(["RunCreated of version 1", "TaskReady a"]);
    let world = world.when(start_at(2).of("2")).then(["2: RunCreated of version 2", "2: TaskReady b"]);
    world.when(start_at(1).of("3")).then(["3: RunCreated of version 1", "3: TaskReady a"]);
}

#[test]
fn numbers_are_shared_and_stand_for_one_text_for_ever() {
    let world = with_drafts(3).when(apply(&one("c"))).then(["PipelineApplied version 4"]);
    let world = world.when(draft(&one("e"))).then(["PipelineDrafted version 5"]);
    // What is published gets a number of its own.
    world.when(apply(&one("d3"))).then(["PipelineApplied version 6"]);
}

#[test]
fn the_same_text_again_is_the_same_version() {
    let world = with_drafts(3).when(apply(&one("a"))).then([]);
    let world = world.when(draft(&one("a"))).then([]);
    let world = world.when(draft(&one("d2"))).then([]);
    assert_eq!(world.partition.pipelines[&pipeline()].with_digest(&applied_as("demo", &one("d2")).digest), Some(2));
    // Even if it comes from another commit.
    let origin = GitOrigin { branch: "main".to_owned(), commit: "0a".repeat(20) };
    let again = PipelineApplied { origin: Some(origin), ..applied_as("demo", &one("a")) };
    world.when(Step::Do(Command::apply(again))).then([]);
}

#[test]
fn what_was_made_of_another_version_than_the_newest_is_refused() {
    for draft in [false, true] {
        let event = if draft { "PipelineDrafted version 4" } else { "PipelineApplied version 4" };
        with_drafts(3).when(made_of(3, &one("x"), draft)).then([event]);
        for base in [0, 1, 2, 4] {
            with_drafts(3).when(made_of(base, &one("x"), draft)).refused_as("CHANGED_MEANWHILE");
        }
        // Whoever asks again because the answer was lost has changed nothing meanwhile.
        with_drafts(3).when(made_of(1, &one("a"), draft)).then([]);
        // There is none any more, or none yet.
        let gone = || with_drafts(3).after([delete()]);
        gone().when(made_of(3, &one("x"), draft)).refused_as("CHANGED_MEANWHILE");
        gone().when(made_of(0, &one("x"), draft)).then([event]);
    }
    let world = with_drafts(2).when(made_of(1, &one("x"), false));
    world.refused("pipeline `demo` has changed: this was made of version 1, and the newest one is 2");
}

#[test]
fn of_a_pipeline_with_drafts_only_nothing_starts_by_itself() {
    let scheduled = format!("schedule: [{{name: s, cron: '0 8 * * ? *'}}]\nwebhook: {{enabled: true}}\n{}", one("x"));
    let world = given(&one("a")).when(draft_as("other", &scheduled)).then(["PipelineDrafted version 1"]);
    let plan = &world.partition.pipelines[&pipeline_of("other")].plan.plan;
    assert!(plan.schedules.is_empty() && plan.webhook.is_none() && plan.tasks.is_empty());
    let other = |version| Step::Start(Start { version, ..start_pipeline("other") });
    let world = world
        .when(other(0).of("2"))
        .refused("pipeline `other` has drafts only: name the version to run (1 to 1), or apply one of them");
    let world = world.when(other(1).of("2")).then(["2: RunCreated of version 1", "2: TaskReady x"]);
    let world = world.when(apply_as("other", &scheduled)).then(["PipelineApplied version 2"]);
    world.when(other(0).of("3")).then(["3: RunCreated of version 2", "3: TaskReady x"]);
}

#[test]
fn a_task_that_starts_a_pipeline_with_drafts_only_fails_with_words() {
    let body = pipe(&[core("a", "TRIGGER_PIPELINE", "pipeline_id: other", "")]);
    let world = given(&body).after([draft_as("other", &one("x")), start()]);
    assert_eq!(world.tasks_of(""), ["a FAILED"]);
}

#[test]
fn a_version_that_there_is_not_is_refused_with_those_that_there_are() {
    with_drafts(3).when(start_at(4)).refused("pipeline `demo` has no version 4; its versions are 1 to 3");
}

#[test]
fn few_versions_stand_beside_the_current_one_and_the_longest_there_go_first() {
    let last = limits::VERSIONS_BESIDE_MAX as u32 + 2;
    let world = with_drafts(last);
    let state = &world.partition.pipelines[&pipeline()];
    let numbers: Vec<u32> = state.beside.iter().map(|version| version.number).collect();
    assert_eq!(numbers, (3..=last).collect::<Vec<u32>>());
    assert!(state.is_elsewhere(2) && !state.is_elsewhere(1) && !state.is_elsewhere(0) && !state.is_elsewhere(last + 1));
}

#[test]
fn a_version_that_was_read_back_can_be_started() {
    let world = with_drafts(limits::VERSIONS_BESIDE_MAX as u32 + 2);
    let world = world.when(start_at(2)).refused_as("VERSION_UNREAD");
    let world = world.when(recall(&one("d2"), 2)).then(["PipelineRecalled version 2"]);
    let world = world.when(recall(&one("d2"), 2)).then([]);
    let world = world.when(recall(&one("a"), 1)).then([]);
    let world = world.when(recall(&one("a"), 9)).refused_as("UNKNOWN_VERSION");
    world.when(start_at(2)).then(["RunCreated of version 2", "TaskReady d2"]);
}

#[test]
fn a_version_that_was_current_before_can_be_read_back() {
    let world = given(&one("a")).after([apply(&one("b"))]).when(start_at(1)).refused_as("VERSION_UNREAD");
    world.after([recall(&one("a"), 1)]).when(start_at(1)).then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn a_live_run_keeps_its_plan_whatever_is_kept() {
    let world = with_drafts(2).after([start_at(2)]);
    let more = (0..limits::VERSIONS_BESIDE_MAX).map(|number| draft(&one(&format!("m{number}"))));
    let world = world.after(more).after([apply(&one("z")), lease("d2")]);
    world.when(succeeded("d2", 1)).then(["AttemptSucceeded d2#1 SUCCEEDED", "RunFinished SUCCEEDED"]);
}

#[test]
fn selected_tasks_and_inputs_are_those_of_the_version() {
    let body = format!("inputs:\n  day: {{type: string, default: today}}\n{}", one("b"));
    let world = given(&one("a")).after([draft(&body)]);
    let of = |version, select: &'static [&'static str]| Start { version, select, ..start_pipeline("demo") };
    let world = world.when(Step::Start(of(0, &["b"]))).refused("has no task or group `b`; it has: a");
    let world = world.after([Step::Start(of(2, &["b"]))]);
    assert_eq!(world.partition.runs.values().next().unwrap().inputs["day"], "today");
}

#[test]
fn a_restart_runs_the_current_version_and_that_of_a_run_at_another_version_the_same() {
    let failed = |world: World| world.worked_off(&[("a", bad()), ("d2", bad())]);
    // It was the current one then: the one that is current now.
    let world = failed(given(&one("a")).after([start()])).after([apply(&one("b"))]);
    let world = world.when(restart(RestartMode::All, &[]).of("2")).then(["2: RunCreated of version 2"]);
    world.when(carry_over().of("2")).then(["2: CarryCompleted", "2: TaskReady b"]);
    // It was a draft, and stays one.
    let world = failed(with_drafts(2).after([start_at(2)])).after([apply(&one("b"))]);
    assert_eq!(world.prior("").version, 2);
    let world = world.when(restart(RestartMode::All, &[]).of("2")).then(["2: RunCreated of version 2"]);
    let world = world.when(carry_over().of("2")).then(["2: CarryCompleted", "2: TaskReady d2"]);
    // And the restart of that again.
    let world = world.worked_off(&[("d2", bad())]);
    assert_eq!(world.prior("2").version, 2);
}

#[test]
fn a_run_is_folded_from_its_own_events_and_the_versions_alone() {
    let last = limits::VERSIONS_BESIDE_MAX as u32 + 2;
    let world = with_drafts(last).after([start_at(last).of("9"), recall(&one("d2"), 2), start_at(2)]).worked_off(&[]);
    let run = world.run("");
    let mut replay = Replay::new(run, pipeline());
    world.history.iter().for_each(|event| replay.fold(event));
    assert_eq!(replay.prior().unwrap().tasks[0].id, "d2");
}

#[test]
fn the_limits_of_the_current_version_hold_for_all_runs() {
    let limited = format!("configuration:\n  concurrency: {{max_active: 1, on_limit: QUEUE}}\n{}", one("a"));
    let world = given(&limited).after([draft(&one("b")), start()]);
    world.when(start_at(2).of("2")).then(["2: RunCreated of version 2", "2: RunQueued: 1 of 1 runs are live"]);
}

#[test]
fn to_create_there_must_be_none() {
    let world = given(&one("a")).when(create(&one("b"), false)).refused_as("PIPELINE_EXISTS");
    let world = world.when(create(&one("b"), true)).refused("there is a pipeline `demo` already");
    let world = world.after([delete()]).when(create(&one("b"), false)).then(["PipelineApplied version 2"]);
    world.when(start()).then(["RunCreated of version 2", "TaskReady b"]);
}

#[test]
fn a_draft_brings_a_deleted_pipeline_back_without_a_current_version() {
    let world = given(&one("a")).after([delete()]).when(draft(&one("a"))).then(["PipelineDrafted version 2"]);
    let world = world.when(start()).refused_as("ONLY_DRAFTS");
    world.when(start_at(2)).then(["RunCreated of version 2", "TaskReady a"]);
}

#[test]
fn a_paused_pipeline_starts_no_draft() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: String::new() });
    with_drafts(2).after([pause]).when(start_at(2)).refused_as("PIPELINE_PAUSED");
}

#[test]
fn where_the_file_is_kept_is_set_with_a_version_or_alone() {
    let stored = |body: &str, storage| PipelineApplied { storage: Some(storage), ..applied_as("demo", body) };
    let world = given(&one("a")).when(set_storage(PipelineStorage::ours())).then([]);
    let world = world.when(set_storage(kept_at("acme/data"))).then(["PipelineStorageSet GITHUB acme/data"]);
    let world = world.when(set_storage(kept_at("acme/data"))).then([]);
    let world = world.when(set_storage(kept_at("../data"))).refused_as("INVALID_STORAGE");
    // A new version says it itself; one that is there already does not change.
    let moved = Step::Do(Command::apply(stored(&one("b"), kept_at("acme/other"))));
    let world = world.when(moved).then(["PipelineApplied version 2"]);
    assert_eq!(world.partition.pipelines[&pipeline()].storage, Some(kept_at("acme/other")));
    let again = Step::Do(Command::apply(stored(&one("b"), kept_at("acme/third"))));
    let world = world.when(again).then(["PipelineStorageSet GITHUB acme/third"]);
    let world = world.after([apply(&one("c"))]);
    assert_eq!(world.partition.pipelines[&pipeline()].storage, Some(kept_at("acme/third")));
    let bad = Step::Do(Command::draft(stored(&one("d"), kept_at("acme"))));
    let world = world.when(bad).refused_as("INVALID_STORAGE");
    let origin = GitOrigin { branch: String::new(), commit: "0f0f".to_owned() };
    let bad = PipelineApplied { origin: Some(origin), ..applied_as("demo", &one("d")) };
    world.when(Step::Do(Command::apply(bad))).refused("origin.commit");
}

#[test]
fn what_was_read_counts_only_while_the_pipeline_is_there_and_kept_where_it_was_read() {
    for draft in [false, true] {
        let event = if draft { "PipelineDrafted version 2" } else { "PipelineApplied version 2" };
        let kept = || given(&one("a")).after([set_storage(kept_at("acme/data"))]);
        kept().when(read_at("acme/data", &one("b"), draft)).then([event]);
        kept().when(read_at("acme/other", &one("b"), draft)).refused_as("STORAGE_MOVED");
        // The same text again changes nothing, and is still not of that place.
        kept().when(read_at("acme/other", &one("a"), draft)).refused_as("STORAGE_MOVED");
        given(&one("a")).when(read_at("acme/data", &one("b"), draft)).refused_as("STORAGE_MOVED");
        kept().after([delete()]).when(read_at("acme/data", &one("b"), draft)).refused_as("UNKNOWN_PIPELINE");
    }
}
