//! Backfills as their askers see them: over real gRPC, from a log that grows.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{BackfillCreated, BackfillId, Event, RunCreated, RunId, RunStatus, Trigger};
use downbeat_proto::metadata::v1 as wire;
use support::{service::*, *};
use tonic::Code;

const BACKFILL: BackfillId = BackfillId([0xba; 16]);

/// One of five instants, the first of which is skipped, and two at once.
fn asked() -> Event {
    Event::BackfillCreated(Box::new(BackfillCreated {
        backfill: BACKFILL,
        pipeline: pipeline_id(),
        schedule: "hourly".into(),
        from: at(-500),
        to: at(0),
        instants: (1..5).map(instant).collect(),
        skipped: vec![instant(0)],
        max_active: 2,
        force: false,
        user: "ada".into(),
        at: at(1),
    }))
}

fn instant(number: i64) -> jiff::Timestamp {
    at(number * 100 - 500)
}

fn of(number: u32) -> Event {
    let Event::RunCreated(manual) = created(run_id(number), 2) else { panic!("no run") };
    let (schedule, user) = ("hourly".to_owned(), "ada".to_owned());
    let trigger = Trigger::Backfill { backfill: BACKFILL, schedule, instant: instant(i64::from(number)), user };
    Event::RunCreated(Box::new(RunCreated { trigger, ..*manual }))
}

fn ended(run: RunId, status: RunStatus, second: i64) -> Event {
    Event::RunFinished { run, status, message: String::new(), at: at(second) }
}

async fn shown(service: &mut Service, at_least: Option<wire::Position>) -> (wire::Backfill, Vec<(String, String)>) {
    let (mut instants, mut request) = (Vec::new(), wire::GetBackfillRequest::default());
    (request.backfill_id, request.at_least, request.page_size) = (BACKFILL.to_string()[..8].to_owned(), at_least, 2);
    loop {
        let page = service.client.get_backfill(request.clone()).await.unwrap().into_inner();
        instants.extend(page.instants.into_iter().map(|row| (row.outcome, row.reason)));
        if page.next_page_token.is_empty() {
            return (page.backfill.unwrap(), instants);
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_backfill_is_seen_from_its_beginning_to_its_end() {
    let (log, folder) = (log("backfills"), tempfile::tempdir().unwrap());
    let mut service = Service::over(&log, folder.path()).await;
    append(&log, vec![pipeline(1, 0)]).await;
    append(&log, vec![asked(), of(1), of(2)]).await;
    append(&log, vec![ended(run_id(1), RunStatus::Warning, 3)]).await;
    let (row, instants) = shown(&mut service, end(&log).await).await;
    assert_eq!((row.status.as_str(), row.user.as_str(), row.pipeline_alias.as_str()), ("RUNNING", "ada", "weather"));
    assert_eq!((row.total, row.left, row.live, row.succeeded, row.skipped), (5, 2, 1, 1, 1));
    let outcomes: Vec<&str> = instants.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["SKIPPED", "WARNING", "CREATED", "LEFT", "LEFT"]);

    let run = service.get(run_id(2), end(&log).await).await.unwrap().run.unwrap();
    assert_eq!((run.trigger.as_str(), run.backfill_id), ("BACKFILL", BACKFILL.to_string()));
    assert_eq!(run.schedule_instant, instant(2).as_microsecond());

    append(&log, vec![Event::PipelinePaused { pipeline: pipeline_id(), reason: "busy".into(), at: at(4) }]).await;
    let (row, _) = shown(&mut service, end(&log).await).await;
    assert_eq!((row.status.as_str(), row.message.as_str()), ("HELD", "its pipeline is paused: busy"));
    let reason = "there is no `x`".to_owned();
    append(
        &log,
        vec![
            Event::PipelineResumed { pipeline: pipeline_id(), at: at(5) },
            ended(run_id(2), RunStatus::Failed, 5),
            Event::BackfillDeclined {
                backfill: BACKFILL,
                instants: vec![instant(3)],
                reason: reason.clone(),
                at: at(5),
            },
            of(4),
            Event::BackfillCancelled { backfill: BACKFILL, reason: "enough".into(), at: at(6) },
        ],
    )
    .await;
    let (row, instants) = shown(&mut service, end(&log).await).await;
    assert_eq!((row.status.as_str(), row.failed, row.declined, row.dropped), ("CANCELLING", 1, 1, 0));
    assert_eq!(instants[3], ("DECLINED".to_owned(), reason));
    append(&log, vec![ended(run_id(4), RunStatus::Cancelled, 7)]).await;
    let (row, _) = shown(&mut service, end(&log).await).await;
    assert_eq!((row.status.as_str(), row.message.as_str(), row.cancelled), ("CANCELLED", "enough", 1));
    assert_eq!(row.completed_at, at(7).as_microsecond());
    service.stop().await;
}

#[tokio::test]
async fn backfills_are_listed_newest_first_and_found_by_their_beginning() {
    let (log, folder) = (log("backfills"), tempfile::tempdir().unwrap());
    let mut service = Service::over(&log, folder.path()).await;
    append(&log, vec![pipeline(1, 0)]).await;
    let Event::BackfillCreated(first) = asked() else { panic!("no backfill") };
    let nothing = BackfillCreated {
        backfill: BackfillId([7; 16]),
        instants: Vec::new(),
        skipped: vec![instant(0)],
        at: at(9),
        ..*first.clone()
    };
    append(&log, vec![Event::BackfillCreated(first), Event::BackfillCreated(Box::new(nothing))]).await;
    let at_least = end(&log).await;
    for pipeline in ["", "weather", &pipeline_id().to_string()] {
        let request = wire::ListBackfillsRequest {
            pipeline: pipeline.to_owned(),
            at_least: at_least.clone(),
            ..wire::ListBackfillsRequest::default()
        };
        let found = service.client.list_backfills(request).await.unwrap().into_inner().backfills;
        let told: Vec<(&str, &str)> = found.iter().map(|row| (&row.id[..2], row.status.as_str())).collect();
        assert_eq!(told, [("07", "SUCCEEDED"), ("ba", "RUNNING")], "{pipeline}");
    }
    let unknown = wire::ListBackfillsRequest { pipeline: "other".to_owned(), ..Default::default() };
    assert_eq!(service.client.list_backfills(unknown).await.unwrap_err().code(), Code::NotFound);
    for (beginning, code) in
        [("0707", Code::InvalidArgument), ("cccccc", Code::NotFound), ("last", Code::InvalidArgument)]
    {
        let request = wire::GetBackfillRequest { backfill_id: beginning.to_owned(), ..Default::default() };
        let refused = service.client.get_backfill(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains("backfill"), "{refused}");
    }
    service.stop().await;
}
