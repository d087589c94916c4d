//! The coordinator as a service: gRPC on a free port over a log in memory.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use downbeat_coordinator::{error::ErrorKind, take_over};
use downbeat_domain::{Event, Level, RunStatus};
use downbeat_event_log::{EventLog, Record, RecordId, Tail, faults::Faults, verify};
use downbeat_proto::{
    control::v1 as control,
    event::{self, Decoded},
    events::v1 as events,
    record,
    worker::v1::{self as worker, worker_service_client::WorkerServiceClient},
};
use prost::Message;
use support::{Service, memory};
use tonic::Code;
use worker::{coordinator_message::Message as Told, report::Report as Said, worker_message::Message as Says};

const PIPELINE: &str = "version: v1
name: Demo
inputs:
  n: {type: number, default: 1}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// A job of the catalogue that this version does not run.
const NOT_YET: &str =
    "{integration: TYPESAFE, integration_job: TYPESAFE_JEV_EVALUATE, parameters: {questions: '[]', state: '{}'}";

fn apply(source: &str) -> control::ApplyPipelineRequest {
    control::ApplyPipelineRequest {
        alias: "demo".to_owned(),
        source: source.to_owned(),
        file_name: "demo.yml".to_owned(),
        ..control::ApplyPipelineRequest::default()
    }
}

fn start(key: &str) -> control::StartRunRequest {
    control::StartRunRequest {
        pipeline: "demo".to_owned(),
        idempotency_key: key.to_owned(),
        ..control::StartRunRequest::default()
    }
}

async fn facts(log: &dyn EventLog) -> Vec<Decoded> {
    let entries = log.read(0, 1_000).await.unwrap();
    let records: Vec<events::Record> = entries.iter().map(|entry| record::decode(&entry.payload).unwrap()).collect();
    records.iter().flat_map(|record| record::events(record).map(Result::unwrap)).collect()
}

#[tokio::test]
async fn applying_and_starting_is_answered_from_the_log_and_once_per_key() {
    let service = Service::over(Arc::new(memory())).await;
    let mut client = service.control();
    let first = client.apply_pipeline(apply(PIPELINE)).await.unwrap().into_inner();
    assert_eq!((first.version, first.changed, first.name.as_str()), (1, true, "Demo"));
    assert_eq!(first.warnings, ["no attached worker offers DOWNBEAT/NOOP: such tasks will wait, QUEUED"]);
    assert_eq!(first.position.as_ref().unwrap().sequence, 2, "behind the record of the take-over");
    let again = client.apply_pipeline(apply(PIPELINE)).await.unwrap().into_inner();
    assert_eq!((again.version, again.changed), (1, false));

    let run = client.start_run(start("monday")).await.unwrap().into_inner();
    let repeated = client.start_run(start("monday")).await.unwrap().into_inner();
    assert_eq!((run.existed, repeated.existed, &run.run_id), (false, true, &repeated.run_id));
    let (one, two) = (client.start_run(start("")).await.unwrap(), client.start_run(start("")).await.unwrap());
    assert_ne!(one.into_inner().run_id, two.into_inner().run_id, "without a key each call is a run of its own");

    let cancel =
        control::CancelRunRequest { run_id: run.run_id.clone(), reason: "enough".to_owned(), ..Default::default() };
    let cancelled = client.cancel_run(cancel.clone()).await.unwrap().into_inner();
    assert_eq!(cancelled.status, RunStatus::Cancelled.as_str());
    assert_eq!(client.cancel_run(cancel).await.unwrap_err().code(), Code::FailedPrecondition);
    service.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_with_its_place() {
    let service = Service::over(Arc::new(memory())).await;
    let mut client = service.control();
    let limited = "{configuration: {concurrency: {max_active: 1, on_limit: QUEUE_LATEST}}, integration: D";
    let limited = PIPELINE.replace("{integration: D", limited);
    let applications = [
        ("version: [", Code::InvalidArgument, "demo.yml:1:"),
        (&PIPELINE.replace("integration_job", "integration_jop"), Code::InvalidArgument, "demo.yml:6:"),
        (
            &limited,
            Code::FailedPrecondition,
            "demo.yml:6:3: error: task `a`: concurrency of a task knows SKIP and QUEUE",
        ),
        (
            &PIPELINE.replace("{integration: DOWNBEAT, integration_job: NOOP, parameters: {}", NOT_YET),
            Code::FailedPrecondition,
            "demo.yml:6:3: error: task `a`: TYPESAFE/TYPESAFE_JEV_EVALUATE is not run by this version, and no attached worker has a \
             manifest for it; `downbeat integrations` lists what is run",
        ),
    ];
    for (source, code, words) in applications {
        let status = client.apply_pipeline(apply(source)).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(words), "{}", status.message());
    }
    for alias in ["", "two words", "a-b", &"x".repeat(256)] {
        let request = control::ApplyPipelineRequest { alias: alias.to_owned(), ..apply(PIPELINE) };
        assert_eq!(client.apply_pipeline(request).await.unwrap_err().code(), Code::InvalidArgument, "{alias}");
    }
    let status = client.start_run(start("")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "there is no pipeline `demo`; apply it first"));

    client.apply_pipeline(apply(PIPELINE)).await.unwrap();
    let starts = [
        (control::StartRunRequest { inputs: "[]".to_owned(), ..start("") }, "inputs: not a JSON object"),
        (control::StartRunRequest { inputs: "{\"m\": 1}".to_owned(), ..start("") }, "declares no input `m`"),
        (control::StartRunRequest { inputs: "{\"n\": \"x\"}".to_owned(), ..start("") }, "expected a number"),
        (control::StartRunRequest { environment_variables: "x".to_owned(), ..start("") }, "not a JSON object"),
        (
            control::StartRunRequest { pipeline: "no such".to_owned(), ..start("") },
            "neither a pipeline id nor an alias",
        ),
        (start(&"k".repeat(256)), "idempotency_key: at most 255 characters"),
    ];
    for (request, words) in starts {
        let status = client.start_run(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(words), "{}", status.message());
    }
    let cancel =
        |run: &str| control::CancelRunRequest { run_id: run.to_owned(), reason: String::new(), ..Default::default() };
    assert_eq!(client.cancel_run(cancel("7")).await.unwrap_err().code(), Code::InvalidArgument);
    let unknown = "3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90";
    assert_eq!(client.cancel_run(cancel(unknown)).await.unwrap_err().code(), Code::NotFound);
    service.end().await;
}

#[tokio::test]
async fn any_number_of_schedulers_start_one_run_of_an_instant() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    let mut client = service.control();
    let source = format!("{PIPELINE}schedule:\n  - {{name: daily, cron: 0 8 * * ? *, timezone: UTC}}\n");
    let pipeline_id = client.apply_pipeline(apply(&source)).await.unwrap().into_inner().pipeline_id;
    let fire = control::Firing {
        pipeline_id,
        pipeline_version: 1,
        schedule: "daily".to_owned(),
        instant: 1_763_800_000_000_000,
        ..control::Firing::default()
    };
    let unknown = control::Firing { schedule: "weekly".to_owned(), ..fire.clone() };
    let request = control::FireSchedulesRequest { firings: vec![fire, unknown] };
    let (mut other, mut third) = (service.control(), service.control());
    let answers = tokio::join!(
        client.fire_schedules(request.clone()),
        other.fire_schedules(request.clone()),
        third.fire_schedules(request)
    );
    use control::firing_outcome::Outcome;
    let answers = [answers.0, answers.1, answers.2].map(|answer| {
        let outcomes: Vec<_> =
            answer.unwrap().into_inner().outcomes.into_iter().map(|it| it.outcome.unwrap()).collect();
        let [Outcome::Decided(decided), Outcome::Refused(refused)] = <[Outcome; 2]>::try_from(outcomes).unwrap() else {
            panic!("one is decided, the other one is not known")
        };
        assert_eq!((refused.status, refused.code.as_str()), (Code::NotFound as i32, "UNKNOWN_SCHEDULE"));
        decided
    });
    assert_eq!(answers.iter().filter(|answer| answer.started).count(), 1);
    assert!(answers.iter().all(|answer| answer.run_id == answers[0].run_id));
    let many = control::FireSchedulesRequest { firings: vec![control::Firing::default(); 257] };
    assert_eq!(client.fire_schedules(many).await.unwrap_err().code(), Code::InvalidArgument);
    service.end().await;
    let created = |fact: &&Decoded| matches!(fact, Decoded::Known(downbeat_domain::Event::RunCreated(_)));
    assert_eq!(facts(&log).await.iter().filter(created).count(), 1);
}

fn span(from: &str, to: &str) -> Option<control::BackfillSpan> {
    let (pipeline, from, to) = ("demo".to_owned(), from.to_owned(), to.to_owned());
    Some(control::BackfillSpan { pipeline, from, to, ..control::BackfillSpan::default() })
}

#[tokio::test]
async fn a_backfill_is_begun_once_per_key_and_said_before() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    let mut client = service.control();
    // The clock of London went forward at 01:00 of the 29th.
    let schedule =
        "schedule:\n  - {name: daily, cron: 30 8 * * ? *, timezone: Europe/London, exclude: ['2026-03-30']}\n";
    let source = PIPELINE.to_owned() + schedule;
    client.apply_pipeline(apply(&source)).await.unwrap();
    let asked = span("2026-03-28", "2026-04-01");
    let create = control::CreateBackfillRequest {
        span: asked.clone(),
        max_active: 2,
        idempotency_key: "march".to_owned(),
        actor: "ada".to_owned(),
    };
    let preview = control::PreviewBackfillRequest { span: asked };
    let before = client.preview_backfill(preview.clone()).await.unwrap().into_inner();
    let told: Vec<(i64, i32, &str)> = before
        .instants
        .iter()
        .map(|instant| (instant.instant / 1_000_000, instant.offset_seconds, instant.outcome.as_str()))
        .collect();
    let expected = [(1_774_686_600, 0, "RUN"), (1_774_769_400, 3_600, "RUN"), (1_774_942_200, 3_600, "RUN")];
    assert_eq!((told.as_slice(), before.paused), (expected.as_slice(), false));

    let first = client.create_backfill(create.clone()).await.unwrap().into_inner();
    let again = client.create_backfill(create.clone()).await.unwrap().into_inner();
    assert_eq!((first.existed, again.existed, &first.backfill_id), (false, true, &again.backfill_id));
    let after = client.preview_backfill(preview).await.unwrap().into_inner();
    let outcomes: Vec<&str> = after.instants.iter().map(|instant| instant.outcome.as_str()).collect();
    assert_eq!(outcomes, ["LIVE", "LIVE", "RUN"], "no more may be live");

    let cancel = control::CancelBackfillRequest { backfill_id: first.backfill_id, ..Default::default() };
    client.cancel_backfill(cancel.clone()).await.unwrap();
    let refused = client.cancel_backfill(cancel).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    assert_eq!(refused.metadata().get("downbeat-code").unwrap(), "BACKFILL_ENDED");
    // The key stands for what it stood for, whatever has become of the pipeline.
    client.apply_pipeline(apply(PIPELINE)).await.unwrap();
    assert!(client.create_backfill(create).await.unwrap().into_inner().existed);
    service.end().await;
    let created = |fact: &&Decoded| matches!(fact, Decoded::Known(downbeat_domain::Event::RunCreated(_)));
    assert_eq!(facts(&log).await.iter().filter(created).count(), 2);
}

#[tokio::test]
async fn a_backfill_that_cannot_be_is_refused_in_words() {
    let service = Service::over(Arc::new(memory())).await;
    let mut client = service.control();
    let schedule = |name: &str, cron: &str| format!("  - {{name: {name}, cron: '{cron}', timezone: UTC}}\n");
    let both = schedule("daily", "0 8 * * ? *") + &schedule("minutely", "* * * * ? *");
    client.apply_pipeline(apply(&format!("{PIPELINE}schedule:\n{both}"))).await.unwrap();
    let none = control::ApplyPipelineRequest { alias: "none".to_owned(), ..apply(PIPELINE) };
    client.apply_pipeline(none).await.unwrap();
    let of = |pipeline: &str, schedule: &str, from: &str, to: &str| {
        let span = span(from, to).unwrap();
        control::BackfillSpan { pipeline: pipeline.to_owned(), schedule: schedule.to_owned(), ..span }
    };
    let (day, next) = ("2026-03-01", "2026-03-02");
    for (span, code, words) in [
        (of("demo", "", day, next), Code::InvalidArgument, "the pipeline has several, name one of `daily`, `minutely`"),
        (of("demo", "x", day, next), Code::NotFound, "has no schedule `x`; it has `daily`, `minutely`"),
        (of("none", "", day, next), Code::FailedPrecondition, "the pipeline has no schedule"),
        (of("other", "", day, next), Code::NotFound, "there is no pipeline `other`"),
        (of("demo", "daily", "today", next), Code::InvalidArgument, "from: `today` is neither a date such as"),
        (of("demo", "daily", "", next), Code::InvalidArgument, "from: `` is neither a date"),
        (of("demo", "daily", day, "2026-03-02T08:00"), Code::InvalidArgument, "to: `2026-03-02T08:00` is neither"),
        (of("demo", "daily", next, day), Code::InvalidArgument, "is not before `to`"),
        (of("demo", "daily", day, "9998-01-01"), Code::InvalidArgument, "lies in the future"),
        (of("demo", "daily", day, "2026-03-01T08:00:00Z"), Code::InvalidArgument, "names no instant from"),
        (of("demo", "minutely", day, "2026-03-09"), Code::InvalidArgument, "there are 11520 instants from"),
    ] {
        let create = control::CreateBackfillRequest { span: Some(span.clone()), ..Default::default() };
        let created = client.create_backfill(create).await.unwrap_err();
        let previewed =
            client.preview_backfill(control::PreviewBackfillRequest { span: Some(span) }).await.unwrap_err();
        for status in [created, previewed] {
            assert_eq!(status.code(), code, "{status}");
            assert!(status.message().contains(words), "{status}");
        }
    }
    let span = Some(of("demo", "daily", day, "2026-03-05"));
    let many = control::CreateBackfillRequest { span, max_active: 51, ..Default::default() };
    let status = client.create_backfill(many).await.unwrap_err();
    assert_eq!((status.code(), status.message().contains("not 51")), (Code::InvalidArgument, true), "{status}");
    let unknown = "3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90".to_owned();
    for (backfill_id, code) in [("7".to_owned(), Code::InvalidArgument), (unknown, Code::NotFound)] {
        let cancel = control::CancelBackfillRequest { backfill_id, ..Default::default() };
        assert_eq!(client.cancel_backfill(cancel).await.unwrap_err().code(), code);
    }
    service.end().await;
}

#[tokio::test]
async fn an_event_is_given_to_every_trigger_that_listens_and_each_says_what_came_of_it() {
    let service = Service::over(Arc::new(memory())).await;
    let mut client = service.control();
    for (alias, trigger) in [
        ("starts", "{nats: orders.*, run_inputs: {n: event.data.n}}"),
        ("fails", "{nats: orders.eu, when: event.data.gone > 0}"),
        ("waits", "{all_of: [{nats: orders.eu}, {nats: prices}], within: PT1H}"),
        ("ignores", "{nats: orders.eu, when: event.data.n > 5}"),
        ("elsewhere", "{nats: prices}"),
    ] {
        let source =
            PIPELINE.replace("pipeline:", &format!("meta: {{downbeat: {{triggers: [{trigger}]}}}}\npipeline:"));
        let request = control::ApplyPipelineRequest { alias: alias.to_owned(), ..apply(&source) };
        client.apply_pipeline(request).await.unwrap();
    }
    let event = control::IncomingEvent {
        address: "orders.eu".to_owned(),
        id: "7".to_owned(),
        source: "shop".to_owned(),
        data: "{\"n\": 3}".to_owned(),
        ..control::IncomingEvent::default()
    };
    let take = |events: &[control::IncomingEvent]| control::TakeEventsRequest { events: events.to_vec() };
    let takers = |outcome: Option<&control::EventOutcome>| match &outcome.unwrap().outcome {
        Some(control::event_outcome::Outcome::Taken(taken)) => taken.takers.clone(),
        other => panic!("{other:?}"),
    };
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let answer = client.take_events(take(std::slice::from_ref(&event))).await.unwrap().into_inner();
        assert!(answer.position.is_some());
        let mut told: Vec<(String, String)> =
            takers(answer.outcomes.first()).into_iter().map(|taker| (taker.pipeline, taker.outcome)).collect();
        told.sort();
        outcomes.push(told.into_iter().map(|(pipeline, outcome)| format!("{pipeline} {outcome}")).collect::<Vec<_>>());
    }
    assert_eq!(outcomes[0], ["fails REFUSED", "ignores IGNORED", "starts STARTED", "waits WAITING"]);
    assert_eq!(outcomes[1], ["fails REFUSED", "ignores IGNORED", "starts KNOWN", "waits IGNORED"]);

    let nobody = control::IncomingEvent { address: "nowhere".to_owned(), ..event.clone() };
    let answer = client.take_events(take(&[nobody])).await.unwrap().into_inner();
    assert!(takers(answer.outcomes.first()).is_empty() && answer.position.is_none());
    for (request, words) in [
        (control::IncomingEvent { data: "{".to_owned(), ..event.clone() }, "data: EOF"),
        (control::IncomingEvent { data: " ".repeat(1_048_577), ..event.clone() }, "data: 1048577 bytes"),
        (control::IncomingEvent { time: Some(i64::MAX), ..event.clone() }, "time: not an instant"),
        (control::IncomingEvent { id: String::new(), ..event.clone() }, "it has no id"),
        (control::IncomingEvent { depth: 21, ..event.clone() }, "21 runs led to it"),
    ] {
        // One that is wrong stands in nobody's way.
        let answer = client.take_events(take(&[request, event.clone()])).await.unwrap().into_inner();
        let Some(control::event_outcome::Outcome::Refused(refused)) = &answer.outcomes[0].outcome else {
            panic!("{answer:?}")
        };
        assert_eq!(refused.status, Code::InvalidArgument as i32, "{refused:?}");
        assert!(refused.message.contains(words), "{refused:?}");
        assert_eq!(takers(answer.outcomes.get(1)).len(), 4);
    }
    let many = take(&vec![control::IncomingEvent::default(); downbeat_coordinator::limits::EVENTS_PER_CALL_MAX + 1]);
    assert_eq!(client.take_events(many).await.unwrap_err().code(), Code::InvalidArgument);
    service.end().await;
}

#[tokio::test]
async fn a_coordinator_stops_when_another_took_its_partition() {
    let log = memory();
    let first = Service::over(Arc::new(log.clone())).await;
    first.control().apply_pipeline(apply(PIPELINE)).await.unwrap();
    let second = Service::over(Arc::new(log.clone())).await;
    let refused = first.control().start_run(start("late")).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unavailable | Code::Unknown | Code::Internal), "{refused}");
    let stopped = first.served.await.unwrap().unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Fenced);
    assert!(stopped.to_string().contains("another coordinator took the partition over"), "{stopped}");
    let run = second.control().start_run(start("late")).await.unwrap().into_inner();
    assert!(!run.existed, "nothing of the first one's last decision is in the log");
    second.end().await;
    verify(&log, |_| {}).await.unwrap();
}

#[tokio::test]
async fn answers_are_true_over_a_log_that_loses_acknowledgements_and_records() {
    let inner = memory();
    for seed in 0..4 {
        let faults = Faults { seed, lost_ack: 0.2, lost_send: 0.1, late_landing: 0.1, unavailable: 0.1 };
        let log = downbeat_event_log::faults::FaultyLog::new(inner.clone(), faults);
        let service = Service::over(Arc::new(log)).await;
        let mut client = service.control();
        client.apply_pipeline(apply(PIPELINE)).await.unwrap();
        for number in 0..3 {
            client.start_run(start(&format!("{seed}-{number}"))).await.unwrap();
        }
        service.end().await;
    }
    let created = |fact: &&Decoded| matches!(fact, Decoded::Known(downbeat_domain::Event::RunCreated(_)));
    assert_eq!(facts(&inner).await.iter().filter(created).count(), 12, "each acknowledged start is in the log once");
    verify(&inner, |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_worker_on_the_stream_gets_its_task_and_ends_the_run() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    let (says, stream) = tokio::sync::mpsc::channel(8);
    let hello = worker::Hello {
        worker_id: Bytes::from_static(b"worker-012345678"),
        slots: 1,
        jobs: [("DOWNBEAT", "NOOP", false), ("TYPESAFE", "TYPESAFE_JEV_EVALUATE", true)]
            .map(|(integration, job, remote)| worker::Job {
                integration: integration.to_owned(),
                integration_job: job.to_owned(),
                remote,
                sealed_only: false,
            })
            .to_vec(),
        ..worker::Hello::default()
    };
    let say = |message| worker::WorkerMessage { message: Some(message) };
    says.send(say(Says::Hello(hello))).await.unwrap();
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let mut told = WorkerServiceClient::new(service.channel.clone()).attach(stream).await.unwrap().into_inner();
    let Some(Told::Welcome(_)) = told.message().await.unwrap().unwrap().message else { panic!("no welcome") };
    says.send(say(Says::Heartbeat(worker::Heartbeat {}))).await.unwrap();
    let Some(Told::Heartbeat(_)) = told.message().await.unwrap().unwrap().message else { panic!("no answer") };

    let applied = service.control().apply_pipeline(apply(PIPELINE)).await.unwrap().into_inner();
    assert_eq!(applied.warnings, Vec::<String>::new(), "a worker offers the job");
    let own = PIPELINE.replace("{integration: DOWNBEAT, integration_job: NOOP, parameters: {}", NOT_YET);
    let own = control::ApplyPipelineRequest { alias: "own".to_owned(), ..apply(&own) };
    assert_eq!(
        service.control().apply_pipeline(own).await.unwrap().into_inner().version,
        1,
        "it has a manifest for it"
    );
    let run_id = service.control().start_run(start("one")).await.unwrap().into_inner().run_id;
    let Some(Told::Offers(offers)) = told.message().await.unwrap().unwrap().message else { panic!("no offer") };
    let offer = &offers.offers[0];
    assert_eq!((offer.task_id.as_str(), offer.pipeline_name.as_str()), ("a", "Demo"));
    let succeeded = worker::Succeeded { outcome: events::Outcome::Succeeded as i32, ..worker::Succeeded::default() };
    let report = worker::Report { number: 1, attempt: offer.attempt.clone(), report: Some(Said::Succeeded(succeeded)) };
    says.send(say(Says::Reports(worker::Reports { reports: vec![report] }))).await.unwrap();
    let Some(Told::Acknowledged(ack)) = told.message().await.unwrap().unwrap().message else { panic!("no ack") };
    assert_eq!(ack.up_to, 1);
    let cancel = control::CancelRunRequest { run_id, reason: String::new(), ..Default::default() };
    let refused = service.control().cancel_run(cancel).await.unwrap_err();
    assert!(refused.message().contains("has ended SUCCEEDED"), "{refused}");
    service.end().await;
}

#[tokio::test]
async fn a_log_that_needs_a_newer_version_is_not_taken_over() {
    let decision = |kind, payload: &'static [u8]| events::Decision {
        events: vec![events::Event { kind, payload: Bytes::from_static(payload) }],
        ..events::Decision::default()
    };
    let newer = events::Record { minimum_reader: 9, minimum_reader_reason: "pools".to_owned(), ..Default::default() };
    let unknown = events::Record { decisions: vec![decision(77, b"?")], ..events::Record::default() };
    let raised = Event::LevelRaised { before: 1, level: Level::NEWEST.0 + 1, at: jiff::Timestamp::UNIX_EPOCH };
    let raised = events::Decision { events: vec![event::encode(&raised)], ..events::Decision::default() };
    let raised = events::Record { decisions: vec![raised], ..events::Record::default() };
    let broken = events::Record { decisions: vec![decision(20, b"")], ..events::Record::default() };
    for (written, kind, words) in [
        (newer.encode_to_vec(), ErrorKind::Version, "needs reader version 9"),
        (unknown.encode_to_vec(), ErrorKind::Version, "UNKNOWN_77"),
        (raised.encode_to_vec(), ErrorKind::Version, "raised the level of log memory-1 to 3"),
        (broken.encode_to_vec(), ErrorKind::Log, "record 1 of log memory-1 cannot be read"),
        (b"\xff\xff".to_vec(), ErrorKind::Log, "not a record"),
    ] {
        let log = memory();
        let stored = Record { id: RecordId([1; 16]), payload: Bytes::from(written) };
        let tail = log.append(Tail::start(log.id()), &stored).await.unwrap();
        let refused = take_over::take_over(&log, "test", None).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
        assert_eq!(log.tail().await.unwrap(), tail, "nothing was written to it");
    }
}

#[tokio::test]
async fn a_log_that_begins_is_of_the_newest_level_and_one_that_is_there_stays_as_it_is() {
    let log = memory();
    for owners in 1..=2 {
        let owned = take_over::take_over(&log, "test", None).await.unwrap();
        assert_eq!((owned.partition.level, owned.tail.sequence), (Level::NEWEST, owners));
    }
    let old = memory();
    let before = event::encode(&Event::PartitionOwned { owner: "old".to_owned(), software_version: "0".to_owned() });
    let before = events::Decision { events: vec![before], ..events::Decision::default() };
    let before = events::Record { decisions: vec![before], ..events::Record::default() };
    let stored = Record { id: RecordId([1; 16]), payload: Bytes::from(before.encode_to_vec()) };
    old.append(Tail::start(old.id()), &stored).await.unwrap();
    assert_eq!(take_over::take_over(&old, "test", None).await.unwrap().partition.level, Level::FIRST);
}

#[tokio::test]
async fn an_owner_that_has_nothing_to_write_learns_that_another_one_took_over() {
    let log = Arc::new(memory());
    let first = Service::over(log.clone()).await;
    let second = Service::over(log).await;
    let ended = first.served.await.unwrap().unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Fenced, "{ended}");
    second.control().apply_pipeline(apply(PIPELINE)).await.unwrap();
    second.end().await;
}
