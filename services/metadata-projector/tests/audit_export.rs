//! The audit as people ask for it: filters and pages over gRPC; and as a file, held against itself and against the log.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{CommandKind, Event, Target, TargetKind, event::CommandRejected};
use downbeat_event_log::{LogId, memory::MemoryLog};
use downbeat_metadata_projector::export::{
    against_log::{self, Unfit},
    verify::{Fault, verify},
};
use downbeat_proto::{
    metadata::v1::{AuditEntry, AuditFilter, ExportAuditRequest, ListAuditRequest},
    record::{self, Decision},
};
use jiff::{SignedDuration, Timestamp};
use support::{service::Service, *};
use tonic::Code;

fn when(minute: i64) -> Timestamp {
    at(0).checked_add(SignedDuration::from_mins(minute)).unwrap()
}

fn micros(minute: i64) -> i64 {
    when(minute).as_microsecond()
}

/// Ten commands of two people and a schedule, a minute apart, every third of them refused.
async fn log() -> MemoryLog {
    let log = MemoryLog::new(LogId("audited".into()));
    let decision = |actor: &str, minute: i64, event: Event| Decision {
        actor: actor.into(),
        decided_at: when(minute),
        events: vec![event],
        ..Decision::default()
    };
    let mut records = vec![decision("user", 0, pipeline(2, 0))];
    for minute in 1..10 {
        let event = match minute % 3 {
            0 => Event::CommandRejected(Box::new(CommandRejected {
                command: CommandKind::SetPool,
                actor: "user:eve".into(),
                targets: vec![Target::new(TargetKind::Pool, "db")],
                code: "INVALID_POOL".into(),
                message: "too many".into(),
                more: 0,
                since: when(minute),
                at: when(minute),
            })),
            _ => created(run_id(u32::try_from(minute).unwrap()), minute),
        };
        let actor = match minute % 3 {
            0 => "user:eve",
            1 => "user:ada",
            _ => "user:bob",
        };
        records.push(decision(actor, minute, event));
        // What workers say lies between.
        records.push(decision("worker:1", minute, ready(run_id(1), 0, 1)));
    }
    for decision in records {
        append_payload(&log, record::encode(0, at(0), vec![record::encode_decision(&decision)])).await;
    }
    log
}

async fn serve(log: &MemoryLog) -> (Service, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Service::over(log, folder.path()).await, folder)
}

fn sequences(entries: &[AuditEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

#[tokio::test]
async fn every_filter_finds_what_it_asks_for_page_by_page() {
    let log = log().await;
    let (mut service, _folder) = serve(&log).await;
    let at_least = support::service::end(&log).await;
    let text = ToOwned::to_owned;
    let cases: Vec<(AuditFilter, Vec<u64>)> = vec![
        (AuditFilter::default(), vec![18, 16, 14, 12, 10, 8, 6, 4, 2, 1]),
        (AuditFilter { actor: text("user:ada"), ..Default::default() }, vec![14, 8, 2]),
        (AuditFilter { actor: text("ada"), ..Default::default() }, vec![14, 8, 2]),
        (AuditFilter { actor_kind: text("SCHEDULE"), ..Default::default() }, vec![]),
        (AuditFilter { target: text("db"), ..Default::default() }, vec![18, 12, 6]),
        (AuditFilter { target: text("weather"), actor: text("bob"), ..Default::default() }, vec![16, 10, 4]),
        (AuditFilter { target: run_id(4).to_string(), ..Default::default() }, vec![8]),
        (AuditFilter { outcome: text("REJECTED"), from: micros(4), ..Default::default() }, vec![18, 12]),
        (AuditFilter { command: text("START_RUN"), to: micros(5), ..Default::default() }, vec![8, 4, 2]),
        (AuditFilter { from: micros(3), to: micros(5), ..Default::default() }, vec![8, 6]),
    ];
    for (filter, expected) in cases {
        for page_size in [0, 1, 2] {
            let (mut found, mut page_token) = (Vec::new(), String::new());
            loop {
                let (filter, at_least) = (Some(filter.clone()), at_least.clone());
                let request = ListAuditRequest { filter, at_least, page_size, page_token };
                let answer = service.client.list_audit(request).await.unwrap().into_inner();
                found.extend(sequences(&answer.entries));
                page_token = answer.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(found, expected, "{filter:?} by {page_size}");
        }
    }
    for filter in [
        AuditFilter { outcome: text("accepted"), ..Default::default() },
        AuditFilter { command: text("DROP_TABLE"), ..Default::default() },
        AuditFilter { actor_kind: text("PEOPLE"), ..Default::default() },
        AuditFilter { actor: "x".repeat(2_000), ..Default::default() },
        AuditFilter { from: 9, to: 9, ..Default::default() },
    ] {
        let request = ListAuditRequest { filter: Some(filter.clone()), ..Default::default() };
        let refused = service.client.list_audit(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{filter:?}");
    }
    service.stop().await;
}

async fn export(service: &mut Service, log: &MemoryLog, filter: AuditFilter) -> String {
    let request = ExportAuditRequest { filter: Some(filter), at_least: support::service::end(log).await };
    let mut parts = service.client.export_audit(request).await.unwrap().into_inner();
    let mut text = String::new();
    while let Some(part) = parts.message().await.unwrap() {
        text.push_str(std::str::from_utf8(&part.lines).unwrap());
    }
    text
}

async fn against(log: &MemoryLog, file: &str) -> Result<Vec<Fault>, Unfit> {
    let folder = tempfile::tempdir().unwrap();
    let header = verify(file.as_bytes()).unwrap().header.unwrap();
    against_log::compare(log, &header, file.as_bytes(), folder.path()).await
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The line with its hash made anew, as somebody would do who knows the form.
fn rehashed(line: &str, previous: &str) -> String {
    let (open, _) = line.rsplit_once(",\"hash\":").unwrap();
    let (said, _) = open.rsplit_once(",\"previous\":").unwrap();
    let body = format!("{said},\"previous\":\"{previous}\"}}");
    let mut hasher = blake3::Hasher::new();
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&previous[2 * at..2 * at + 2], 16).unwrap()).collect();
    hasher.update(&bytes);
    hasher.update(body.as_bytes());
    format!("{},\"hash\":\"{}\"}}", body.strip_suffix('}').unwrap(), hasher.finalize())
}

fn hash_in(line: &str) -> String {
    line.rsplit_once("\"hash\":\"").unwrap().1[..64].to_owned()
}

#[tokio::test]
async fn a_file_as_it_was_written_is_found_so_and_whatever_was_done_to_it_is_told_by_line() {
    let log = log().await;
    let (mut service, _folder) = serve(&log).await;
    let file = export(&mut service, &log, AuditFilter::default()).await;
    assert_eq!(file, export(&mut service, &log, AuditFilter::default()).await, "the same bytes");
    service.stop().await;
    let verdict = verify(file.as_bytes()).unwrap();
    assert_eq!((verdict.faults, verdict.entries), (vec![], 10), "{file}");
    assert_eq!(verdict.end.unwrap().to_string(), hash_in(file.lines().last().unwrap()));
    assert_eq!(against(&log, &file).await.unwrap(), []);

    let lines: Vec<String> = file.lines().map(ToOwned::to_owned).collect();
    let changed = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        edit(&mut lines);
        joined(&lines)
    };
    let forged = |line: usize, from: &str, to: &str| {
        let previous = hash_in(&lines[line - 2]);
        rehashed(&lines[line - 1].replace(from, to), &previous)
    };
    let cases: Vec<(&str, String, u64, &str)> = vec![
        ("a word", changed(&|it| it[4] = it[4].replace("eve", "ada")), 5, "was changed"),
        ("a hash", changed(&|it| it[3] = it[3].replace(&hash_in(&it[3]), &"0".repeat(64))), 4, "was changed"),
        ("a word and its hash", changed(&|it| it[4] = forged(5, "eve", "ada")), 5, "was replaced"),
        ("one removed", changed(&|it| drop(it.remove(4))), 5, "1 lines were removed (numbers 4 to 4)"),
        ("three removed", changed(&|it| drop(it.drain(2..5))), 3, "3 lines were removed (numbers 2 to 4)"),
        ("one twice", changed(&|it| it.insert(5, it[4].clone())), 6, "inserted or moved here"),
        ("one forged between", changed(&|it| it.insert(5, forged(6, "ada", "eve"))), 6, "was inserted"),
        (
            "an old one moved",
            changed(&|it| {
                let line = it.remove(2);
                it.insert(6, line)
            }),
            3,
            "1 lines were removed",
        ),
        ("no end", changed(&|it| drop(it.pop())), 12, "the end is missing"),
        ("no end at all", changed(&|it| it.truncate(1)), 2, "the end is missing"),
        ("half a line", file[..file.len() - 90].to_owned(), 12, "the file ends in it"),
        ("no header", changed(&|it| drop(it.remove(0))), 1, "no header"),
        ("behind the end", changed(&|it| it.push(it[3].clone())), 13, "behind the end"),
        ("garbage", changed(&|it| it[5] = "nothing".to_owned()), 6, "no line of an export"),
        ("another log", changed(&|it| it[0] = it[0].replace("audited", "another")), 1, "was changed"),
        (
            "another version",
            changed(&|it| it[0] = it[0].replace("\"format\":1", "\"format\":7")),
            1,
            "the file has format 7.",
        ),
    ];
    for (what, file, line, words) in cases {
        let faults = verify(file.as_bytes()).unwrap().faults;
        let first = faults.first().unwrap_or_else(|| panic!("{what}: nothing was found"));
        assert!(first.line == line && first.what.contains(words), "{what}: {faults:?}");
    }
}

#[tokio::test]
async fn a_file_that_was_written_anew_is_told_by_the_log() {
    let log = log().await;
    let (mut service, _folder) = serve(&log).await;
    let file = export(&mut service, &log, AuditFilter::default()).await;
    let part = export(&mut service, &log, AuditFilter { actor: "ada".to_owned(), ..Default::default() }).await;
    service.stop().await;
    assert_eq!((verify(part.as_bytes()).unwrap().entries, against(&log, &part).await.unwrap()), (3, vec![]));

    // Somebody who knows the form leaves out an entry, changes another one, and chains and counts everything anew.
    let anew = |edit: &dyn Fn(Vec<String>) -> Vec<String>| {
        let mut lines: Vec<String> = edit(file.lines().map(ToOwned::to_owned).collect());
        let entries = lines.len() - 2;
        for place in 1..lines.len() {
            let (open, rest) = lines[place].rsplit_once(",\"n\":").unwrap();
            let open = if place > entries {
                open.replace("\"entries\":10", &format!("\"entries\":{entries}"))
            } else {
                open.to_owned()
            };
            let numbered = format!("{open},\"n\":{place},{}", rest.split_once(',').unwrap().1);
            lines[place] = rehashed(&numbered, &hash_in(&lines[place - 1]));
        }
        joined(&lines)
    };
    let told = |line: u64, words: &'static str| Some((line, words));
    let cases = [
        ("nothing", anew(&|lines| lines), None),
        (
            "changed",
            anew(&|mut lines| {
                lines[3] = lines[3].replace("user:bob", "user:ada");
                lines
            }),
            told(4, "the log says otherwise"),
        ),
        (
            "removed",
            anew(&|mut lines| {
                lines.remove(3);
                lines
            }),
            told(4, "a command of the log is missing before this line"),
        ),
        (
            "added",
            anew(&|mut lines| {
                lines.insert(4, lines[3].replace("\"ordinal\":0", "\"ordinal\":5"));
                lines
            }),
            told(5, "the log has no such command"),
        ),
    ];
    for (what, file, expected) in cases {
        assert_eq!(verify(file.as_bytes()).unwrap().faults, [], "{what}: in itself it is whole");
        let faults = against(&log, &file).await.unwrap();
        assert_eq!(faults.len(), usize::from(expected.is_some()), "{what}: {faults:?}");
        for (fault, (line, words)) in faults.iter().zip(expected) {
            assert!(fault.line == line && fault.what.contains(words), "{what}: {fault:?}");
        }
    }
    let other = MemoryLog::new(LogId("other".into()));
    assert!(matches!(against(&other, &file).await, Err(Unfit::OtherLog { .. })));
    let same_name = MemoryLog::new(LogId("audited".into()));
    append(&same_name, vec![pipeline(2, 0)]).await;
    assert!(matches!(against(&same_name, &file).await, Err(Unfit::TooShort { file: 19, log: 1 })));
}
