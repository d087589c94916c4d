//! A real server that is away, asks for pauses, refuses, redirects and wants another key: everything arrives, in order, and what comes twice
//! is the same.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    http::{StatusCode, header},
    response::IntoResponse,
};
use downbeat_event_log::memory::MemoryLog;
use downbeat_metadata_projector::{ErrorKind, OpenLineageConfig};
use tokio::net::TcpListener;

use super::{
    feeds::{append_last, file_in, is_last, lines, of_last, telling},
    receiver::{Given, Receiver, anywhere},
    support::{
        append, runs, service,
        teller::{Teller, once},
    },
};

const RUNS: u32 = 6;
/// What is told of [`RUNS`] runs of four tasks, one of which has collected something and tested it.
const EVENTS: usize = RUNS as usize * (2 + 4 * 2 + 2 + 2);

fn both(folder: &Path, url: &str) -> OpenLineageConfig {
    OpenLineageConfig {
        openlineage_url: Some(url.to_owned()),
        openlineage_file: Some(file_in(folder)),
        ..OpenLineageConfig::default()
    }
}

async fn log(name: &str) -> MemoryLog {
    let log = service::log(name);
    for events in runs(RUNS) {
        append(&log, events).await;
    }
    append_last(&log).await;
    log
}

/// Each body once, in the order in which it was taken first.
fn taken(given: &[Given]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for one in given.iter().filter(|one| one.status < 300 && !of_last(&one.body)) {
        if !taken.contains(&one.body) {
            taken.push(one.body.clone());
        }
    }
    taken
}

fn is_over(given: &[Given]) -> bool {
    given.iter().any(|one| one.status < 300 && is_last(&one.body))
}

async fn measured(teller: &Teller, line: &str) {
    once(line, || teller.measured().lines().any(|found| found == line)).await;
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind(anywhere()).await.unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_and_busy_gets_everything_in_order_but_what_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let log = log("busy").await;
    let address = nobody().await;
    let config = telling(folder.path(), both(folder.path(), &format!("http://{address}")));
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    // Nobody is there yet: that is counted, and neither the projections nor the file wait.
    teller.folded(&log).await;
    let expected = lines(&file_in(folder.path())).await;
    assert_eq!(expected.len(), EVENTS);
    let failures = "downbeat_outgoing_failures_total{feed=\"openlineage\"}";
    once(failures, || teller.measured().contains(failures)).await;

    let refused = expected[20].clone();
    let bad = refused.clone();
    let receiver = Receiver::start(address, move |number, given| match number {
        0 | 7 => (StatusCode::SERVICE_UNAVAILABLE, "starting").into_response(),
        3 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "slowly").into_response(),
        9 => (StatusCode::REQUEST_TIMEOUT, "").into_response(),
        11 => (StatusCode::UNAUTHORIZED, "who?").into_response(),
        12 => (StatusCode::NOT_FOUND, "no such path").into_response(),
        _ if given.body == bad => (StatusCode::BAD_REQUEST, "no such facet").into_response(),
        _ => StatusCode::CREATED.into_response(),
    })
    .await;
    let given = receiver.once(is_over).await;
    let without: Vec<String> = expected.iter().filter(|line| **line != refused).cloned().collect();
    assert_eq!(taken(&given), without);
    // Refused once, and not asked again; what was put off came again as it was, next of all.
    assert_eq!(given.iter().filter(|one| one.body == refused).count(), 1);
    let put_off: Vec<usize> =
        (0..given.len()).filter(|at| matches!(given[*at].status, 401 | 404 | 408 | 429 | 503)).collect();
    assert_eq!(put_off, [0, 3, 7, 9, 11, 12]);
    for at in put_off {
        assert_eq!(given[at].body, given[at + 1].body, "request {at}");
    }
    assert!(given[4].at.duration_since(given[3].at) >= Duration::from_secs(1), "it asked for a second");
    for one in &given {
        assert_eq!((one.method.as_str(), one.path.as_str()), ("POST", "/api/v1/lineage"));
        assert_eq!((one.header("content-type"), one.header("authorization")), ("application/json", ""));
    }
    measured(&teller, "downbeat_outgoing_refused_total{feed=\"openlineage\"} 1").await;
    // The run after which nothing comes has two events.
    measured(&teller, &format!("downbeat_outgoing_messages_total{{feed=\"openlineage\"}} {}", EVENTS + 1)).await;
    measured(&teller, &format!("downbeat_outgoing_messages_total{{feed=\"openlineage-file\"}} {}", EVENTS + 2)).await;
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_to_the_server_and_read_again_when_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = log("key").await;
    let receiver = Receiver::start(anywhere(), |_, given| match given.header("authorization") {
        "Bearer new-key" => StatusCode::OK.into_response(),
        shown => (StatusCode::UNAUTHORIZED, format!("not with {shown}")).into_response(),
    })
    .await;
    let key = folder.path().join("key");
    std::fs::write(&key, "old-key\n").unwrap();
    let mut openlineage = both(folder.path(), &format!("{}/lineage?tenant=7", receiver.url()));
    openlineage.openlineage_api_key_file = Some(key.clone());
    let config = telling(folder.path(), openlineage);
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let before = receiver.once(|given| given.len() >= 2).await;
    assert!(before.iter().all(|one| one.header("authorization") == "Bearer old-key" && one.status == 401));
    std::fs::write(&key, "new-key\n").unwrap();
    let given = receiver.once(is_over).await;
    assert_eq!(taken(&given), lines(&file_in(folder.path())).await);
    assert!(given.iter().all(|one| one.path == "/lineage?tenant=7"), "a path of the address is used as it is");
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_nothing_is_lost_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = log("redirects").await;
    let elsewhere = Receiver::taking(anywhere()).await;
    let (away, place) = (Arc::new(AtomicBool::new(true)), elsewhere.url());
    let redirects = Arc::clone(&away);
    let receiver = Receiver::start(anywhere(), move |_, _| match redirects.load(Ordering::SeqCst) {
        true => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place.clone())]).into_response(),
        false => StatusCode::OK.into_response(),
    })
    .await;
    let config = telling(folder.path(), both(folder.path(), &receiver.url()));
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    receiver.once(|given| given.len() >= 3).await;
    away.store(false, Ordering::SeqCst);
    let given = receiver.once(is_over).await;
    assert_eq!(taken(&given), lines(&file_in(folder.path())).await);
    assert!(elsewhere.given().is_empty());
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_make_no_sense_are_refused_before_anything_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log("settings");
    let key = folder.path().join("none");
    for (url, key, said) in [
        ("marquez:5000", None, "--openlineage-url"),
        ("https://me:hunter2@marquez", None, "--openlineage-api-key-file"),
        ("https://marquez", Some(&key), "cannot be read"),
    ] {
        let openlineage = OpenLineageConfig {
            openlineage_url: Some(url.to_owned()),
            openlineage_api_key_file: key.cloned(),
            openlineage_file: None,
        };
        let config = telling(folder.path(), openlineage);
        let error = Teller::start(Arc::new(log.clone()), folder.path(), config).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Setting, "{error}");
        assert!(error.to_string().contains(said) && !error.to_string().contains("hunter2"), "{error}");
    }
}
