//! Backfills: every instant gets one outcome, and no more runs are live than may be.

use downbeat_domain::{
    BackfillId, Command, CreateBackfill, Event, FireSchedule, RunId, RunStatus, Trigger,
    backfill::{self, earlier},
    limits,
    plan::PlanSchedule,
    schedule::Timetable,
};
use jiff::Timestamp;
use serde_json::json;

use crate::world::{self, Step, World, apply, bad, given, object, pipe, pipeline, start, task};

const BACKFILL: BackfillId = BackfillId([6; 16]);

/// Instants that lie behind the world's now: every hour, the last one an hour ago.
fn instant(number: i64) -> Timestamp {
    world::instant(number * 3_600 - 1_000_000)
}

/// The label of the run of an instant.
fn of(number: i64) -> String {
    format!("@{}", number * 3_600 - 1_000_000)
}

fn scheduled() -> String {
    let inputs = "inputs:\n  hour: {type: string, default: none}\n";
    let hour = "\"${{ format_date(ORCHESTRA.CURRENT_TIME, '%Y-%m-%dT%H:%M:%S') }}\"";
    let schedule =
        format!("schedule:\n  - {{name: hourly, cron: 0 * * * ? *, timezone: UTC, run_inputs: {{hour: {hour}}}}}\n");
    format!("{inputs}{schedule}{}", pipe(&[task("a", "")]))
}

/// A backfill of so many instants, of which so many may be live.
fn question(count: i64, max_active: u32) -> CreateBackfill {
    CreateBackfill {
        backfill: BACKFILL,
        pipeline: pipeline(),
        schedule: "hourly".to_owned(),
        from: instant(0),
        to: instant(count),
        instants: (0..count).map(instant).collect(),
        max_active,
        force: false,
        user: "ada".to_owned(),
    }
}

fn ask(question: CreateBackfill) -> Step {
    Step::Do(Command::CreateBackfill(Box::new(question)))
}

fn ask_for(count: i64, max_active: u32) -> Step {
    ask(question(count, max_active))
}

fn again(number: u8, question: CreateBackfill) -> Step {
    ask(CreateBackfill { backfill: BackfillId([number; 16]), ..question })
}

fn cancel_backfill() -> Step {
    Step::Do(Command::CancelBackfill { backfill: BACKFILL, reason: "enough".to_owned() })
}

/// The schedule fires for an instant.
fn fire(number: i64) -> Step {
    Step::Do(Command::FireSchedule(FireSchedule {
        version: 0,
        pipeline: pipeline(),
        schedule: "hourly".to_owned(),
        instant: instant(number),
        after: None,
        passed: Vec::new(),
        fires: true,
    }))
}

fn live(world: &World) -> usize {
    world.partition.backfills.open.get(&BACKFILL).map_or(0, |backfill| backfill.live.len())
}

/// How the runs of instants ended, those without any as `-`.
fn outcomes(world: &World, count: i64) -> Vec<&'static str> {
    let status = |number| {
        let number = of(number);
        if world.knows(&number) { world.run_status_of(&number).as_str() } else { "-" }
    };
    (0..count).map(status).collect()
}

fn created(world: &World) -> (usize, usize) {
    let last = world.history.iter().rev().find_map(|event| match event {
        Event::BackfillCreated(created) => Some((created.instants.len(), created.skipped.len())),
        _ => None,
    });
    last.unwrap()
}

fn declined(world: &World) -> Vec<(usize, String)> {
    let declined = world.history.iter().filter_map(|event| match event {
        Event::BackfillDeclined { instants, reason, .. } => Some((instants.len(), reason.clone())),
        _ => None,
    });
    declined.collect()
}

#[test]
fn every_instant_gets_one_run_and_no_more_are_live_than_may_be() {
    let world = given(&scheduled());
    let lines = world.when(ask_for(5, 2)).lines();
    let first = of(0);
    assert_eq!(lines[0], "BackfillCreated hourly: 5 left, 0 skipped");
    assert_eq!(lines.iter().filter(|line| line.contains("RunCreated")).count(), 2, "{lines:?}");
    assert!(lines.contains(&format!("{first}: RunCreated of version 1")), "{lines:?}");

    let mut world = given(&scheduled()).after([ask_for(5, 2)]);
    for left in [2, 1, 0, 0, 0] {
        let live_before = live(&world);
        assert!(live_before <= 2);
        let (run, state) = world.partition.runs.iter().next().map(|(id, run)| (*id, run.backfill())).unwrap();
        assert_eq!(state, Some(BACKFILL));
        let step = |command| Step::Do(command);
        let attempt = downbeat_domain::AttemptRef { run, task: 0, number: 1 };
        world = world.after([
            step(Command::LeaseTask { run, task: 0, worker: world::WORKER, remote: false }),
            step(Command::Report { attempt, report: world::good(json!({})) }),
        ]);
        let open = world.partition.backfills.open.get(&BACKFILL).map_or(0, |backfill| backfill.left.len());
        assert_eq!(open, left);
    }
    assert_eq!(outcomes(&world, 6), ["SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "-"]);
    assert!(world.partition.backfills.open.is_empty());
    assert!(world.partition.backfills.knows(BACKFILL));
}

#[test]
fn inputs_carry_the_time_that_the_schedule_names() {
    let world = given(&scheduled()).after([ask_for(2, 5)]);
    for (number, hour) in [(0, "2025-06-04T01:20:00"), (1, "2025-06-04T02:20:00")] {
        let run = &world.partition.runs[&world.run(&of(number))];
        assert_eq!(run.inputs, object(json!({"hour": hour})));
        let (schedule, user) = ("hourly".to_owned(), "ada".to_owned());
        assert_eq!(run.trigger, Trigger::Backfill { backfill: BACKFILL, schedule, instant: instant(number), user });
        assert_eq!(run.created_at, world.now);
    }
}

#[test]
fn an_instant_whose_run_has_succeeded_is_skipped_whoever_started_it() {
    // One by the schedule, one by a backfill, one that failed.
    let world = given(&scheduled()).after([fire(1)]).worked_off(&[]);
    let first = again(7, CreateBackfill { instants: vec![instant(2)], ..question(4, 1) });
    let world = world.after([first]).worked_off(&[]);
    let failing = again(8, CreateBackfill { instants: vec![instant(3)], ..question(4, 1) });
    let world = world.after([failing]).worked_off(&[("a", bad())]);
    let world = world.after([ask_for(4, 4)]);
    assert_eq!(created(&world), (2, 2));
    let world = world.worked_off(&[]);
    let done = |number| earlier(&world.partition, pipeline(), "hourly", instant(number)).done;
    let of_backfill = |number, nth| Some(RunId::of_backfill(pipeline(), "hourly", instant(number), nth));
    let of_schedule = Some(RunId::of_schedule(pipeline(), "hourly", instant(1)));
    let expected = [of_backfill(0, 0), of_schedule, of_backfill(2, 0), of_backfill(3, 1)];
    assert_eq!([done(0), done(1), done(2), done(3)], expected);
    // Now all have; and so have they when it is forced.
    let world = world.after([again(9, question(4, 4))]);
    assert_eq!(created(&world), (0, 4));
    assert!(world.partition.backfills.open.is_empty(), "there is nothing left of it from the start");
    let runs = world.partition.finished.len();
    let world = world.after([again(10, CreateBackfill { force: true, ..question(4, 4) })]).worked_off(&[]);
    assert_eq!(created(&world), (4, 0));
    assert_eq!(world.partition.finished.len(), runs + 4);
}

#[test]
fn an_instant_that_others_have_taken_meanwhile_gets_no_second_run() {
    let world = given(&scheduled()).after([ask_for(2, 1), fire(1)]);
    let world = world.worked_off(&[]);
    assert_eq!(outcomes(&world, 2), ["SUCCEEDED", "-"]);
    let scheduled = RunId::of_schedule(pipeline(), "hourly", instant(1));
    let told = declined(&world);
    assert_eq!(told.len(), 1);
    assert!(told[0].1.starts_with(&format!("run {scheduled} of this instant ")), "{told:?}");
    let found = earlier(&world.partition, pipeline(), "hourly", instant(1));
    assert_eq!((found.done, found.live), (Some(scheduled), None));
}

#[test]
fn a_schedule_that_comes_later_finds_what_a_backfill_has_done() {
    let only = |number: i64| again(7, CreateBackfill { instants: vec![instant(number)], ..question(4, 1) });
    let decided = |world: World| -> Vec<String> {
        let lines = world.when(fire(1)).lines();
        lines.into_iter().filter(|line| line.contains("ScheduleDecided") || line.contains("RunCreated")).collect()
    };
    let live = given(&scheduled()).after([only(1)]);
    assert_eq!(decided(live), ["ScheduleDecided hourly: REFUSEDx1"]);
    let done = given(&scheduled()).after([only(1)]).worked_off(&[]);
    assert_eq!(decided(done), ["ScheduleDecided hourly: REFUSEDx1"]);
    let failed = given(&scheduled()).after([only(1)]).worked_off(&[("a", bad())]);
    assert_eq!(decided(failed), ["RunCreated of version 1"]);
    let other = given(&scheduled()).after([only(0)]).worked_off(&[]);
    assert_eq!(decided(other), ["RunCreated of version 1"]);
}

#[test]
fn an_instant_of_which_no_run_can_be_made_is_declined_and_the_others_go_on() {
    let needs = "inputs:\n  n: {type: string, options: ['01', '03']}\n";
    let hour = "\"${{ format_date(ORCHESTRA.CURRENT_TIME, '%H') }}\"";
    let schedule =
        format!("schedule:\n  - {{name: hourly, cron: 0 * * * ? *, timezone: UTC, run_inputs: {{n: {hour}}}}}\n");
    let world = given(&format!("{needs}{schedule}{}", pipe(&[task("a", "")])));
    let world = world.after([ask_for(3, 1)]).worked_off(&[]);
    let told = declined(&world);
    assert_eq!(outcomes(&world, 3), ["SUCCEEDED", "-", "SUCCEEDED"], "{told:?}");
    assert!(told[0].1.contains("pipeline input `n`"), "{told:?}");
}

#[test]
fn cancelled_it_starts_nothing_more_and_its_live_runs_end() {
    let world = given(&scheduled()).after([ask_for(5, 2)]);
    let world = world.when(cancel_backfill()).accepted();
    assert_eq!(outcomes(&world, 5), ["CANCELLED", "CANCELLED", "-", "-", "-"]);
    let world = world.when(cancel_backfill()).refused_as("BACKFILL_ENDED");
    let other = Step::Do(Command::CancelBackfill { backfill: BackfillId([9; 16]), reason: String::new() });
    world.when(other).refused_as("UNKNOWN_BACKFILL");
}

#[test]
fn a_cancelled_backfill_stays_until_workers_have_stopped_what_they_hold() {
    let world = given(&scheduled()).after([ask_for(3, 1)]);
    let run = world.run(&of(0));
    let attempt = downbeat_domain::AttemptRef { run, task: 0, number: 1 };
    let lease = Step::Do(Command::LeaseTask { run, task: 0, worker: world::WORKER, remote: false });
    let world = world.after([lease, cancel_backfill(), cancel_backfill()]);
    assert_eq!((live(&world), outcomes(&world, 3)), (1, vec!["CANCELLING", "-", "-"]));
    let stopped =
        Step::Do(Command::Report { attempt, report: downbeat_domain::Report::Stopped { unconfirmed: String::new() } });
    let world = world.after([stopped]);
    assert_eq!(outcomes(&world, 3), ["CANCELLED", "-", "-"]);
    assert!(world.partition.backfills.open.is_empty());
}

#[test]
fn a_paused_pipeline_holds_it_and_a_deleted_one_cancels_it() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: "a while".to_owned() });
    let resume = Step::Do(Command::ResumePipeline { pipeline: pipeline() });
    let delete = Step::Do(Command::DeletePipeline { pipeline: pipeline() });
    let world = given(&scheduled()).after([pause, ask_for(3, 2)]);
    assert_eq!((live(&world), outcomes(&world, 3)), (0, vec!["-", "-", "-"]));
    let world = world.after([resume]);
    assert_eq!(live(&world), 2);
    let lines = world.when(delete).lines();
    assert!(lines.contains(&"BackfillCancelled: its pipeline was deleted".to_owned()), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains("RunFinished CANCELLED")).count(), 2, "{lines:?}");
}

#[test]
fn a_new_version_without_the_schedule_ends_it_with_instants_declined() {
    let world = given(&scheduled()).after([ask_for(4, 1), apply(&pipe(&[task("a", "")]))]).worked_off(&[]);
    assert_eq!(outcomes(&world, 4), ["SUCCEEDED", "-", "-", "-"]);
    let reason = "the current version of the pipeline has no schedule `hourly`".to_owned();
    assert_eq!(declined(&world), [(3, reason)]);
    assert!(world.partition.backfills.open.is_empty());
}

#[test]
fn its_runs_wait_for_concurrency_where_others_are_skipped_and_take_nobodys_place() {
    for on_limit in ["SKIP", "QUEUE", "QUEUE_LATEST", "CANCEL_RUNNING"] {
        let limit = match on_limit {
            "CANCEL_RUNNING" => {
                "configuration: {concurrency: {max_active: 1}}\nmeta: {downbeat: {concurrency: {on_limit: CANCEL_RUNNING}}}\n"
                    .to_owned()
            }
            other => format!("configuration: {{concurrency: {{max_active: 1, on_limit: {other}}}}}\n"),
        };
        let world = given(&format!("{limit}{}", scheduled())).after([start(), ask_for(4, 3)]);
        assert_eq!(live(&world), 3, "{limit}");
        let world = world.worked_off(&[]);
        assert_eq!(world.run_status(), RunStatus::Succeeded, "{limit}");
        assert_eq!(outcomes(&world, 4), ["SUCCEEDED"; 4], "{limit}");
    }
}

#[test]
fn the_same_backfill_again_is_answered_from_state() {
    let world = given(&scheduled()).after([ask_for(2, 1)]);
    let events = world.when(ask_for(2, 1)).events();
    assert_eq!(events, []);
    let world = given(&scheduled()).after([ask_for(2, 1)]).worked_off(&[]);
    assert_eq!(world.when(ask_for(2, 1)).events(), []);
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let unordered = CreateBackfill { instants: vec![instant(1), instant(0)], ..question(3, 1) };
    let twice = CreateBackfill { instants: vec![instant(1), instant(1)], ..question(3, 1) };
    let outside = CreateBackfill { instants: vec![instant(3)], ..question(3, 1) };
    let none = CreateBackfill { instants: Vec::new(), ..question(3, 1) };
    let future = CreateBackfill { to: world::instant(1), ..question(3, 1) };
    let many = CreateBackfill { instants: vec![instant(0); 10_001], ..question(3, 1) };
    for (question, words) in [
        (unordered, "its instants do not lie in its span, one after the other"),
        (twice, "its instants do not lie in its span, one after the other"),
        (outside, "its instants do not lie in its span, one after the other"),
        (none, "schedule `hourly` names no instant from 2025-06-04T01:20:00Z to 2025-06-04T04:20:00Z"),
        (
            future,
            "a backfill is of what has passed: it may reach to 2025-06-15T15:06:40Z at most, and 2025-06-15T15:06:41Z",
        ),
        (many, "10001 instants; at most 10000 are allowed"),
        (question(3, 0), "max_active: 1 to 50 of its runs may be live at once, not 0"),
        (question(3, 51), "not 51"),
    ] {
        given(&scheduled()).when(ask(question)).refused(words);
    }
    let schedule = "daily".to_owned();
    given(&scheduled()).when(ask(CreateBackfill { schedule, ..question(3, 1) })).refused_as("UNKNOWN_SCHEDULE");
    let pipeline = world::pipeline_of("other");
    given(&scheduled()).when(ask(CreateBackfill { pipeline, ..question(3, 1) })).refused_as("UNKNOWN_PIPELINE");
}

#[test]
fn so_many_backfills_may_be_under_way_and_no_more() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: "a while".to_owned() });
    let mut world = given(&scheduled()).after([pause]);
    for number in 0..limits::BACKFILLS_MAX {
        world = world.after([again(number as u8 + 100, question(1, 1))]);
    }
    world.when(ask_for(1, 1)).refused("100 backfills have not ended yet");
}

#[test]
fn an_instant_is_not_run_for_ever() {
    let mut world = given(&scheduled());
    for number in 0..=limits::BACKFILL_RUNS_PER_INSTANT_MAX as u8 {
        world = world.after([again(number, CreateBackfill { force: true, ..question(1, 1) })]).worked_off(&[]);
    }
    assert_eq!(declined(&world), [(1, "backfills have run this instant 100 times already".to_owned())]);
}

#[test]
fn instants_are_those_of_the_schedule_in_its_span_and_counted_where_they_are_too_many() {
    let schedule = PlanSchedule {
        name: "hourly".to_owned(),
        cron: "0 * * * ? *".to_owned(),
        exclude: vec!["2026-03-02".to_owned()],
        ..PlanSchedule::default()
    };
    let table = |schedule: &PlanSchedule| Timetable::new(schedule, jiff::tz::TimeZone::UTC).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (from, to) = (at("2026-03-01T22:00:00Z"), at("2026-03-03T01:00:00Z"));
    let expected = ["2026-03-01T22:00:00Z", "2026-03-01T23:00:00Z", "2026-03-03T00:00:00Z"].map(at);
    assert_eq!(backfill::instants(&table(&schedule), from, to).unwrap(), expected);
    let minutely = PlanSchedule { cron: "* * * * ? *".to_owned(), exclude: Vec::new(), ..schedule };
    for (to, words) in [
        ("2026-03-09T00:00:00Z", "there are 10200 instants from 2026-03-01T22:00:00Z"),
        ("2027-03-09T00:00:00Z", "there are more than 100000 instants"),
    ] {
        let refused = backfill::instants(&table(&minutely), from, at(to)).unwrap_err();
        assert!(refused.starts_with(words), "{refused}");
        assert!(refused.ends_with("reach to 2026-03-08T20:39:00Z"), "{refused}");
    }
}
