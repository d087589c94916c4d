//! What every lease promises, held against the one in memory and the one of a real NATS server.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::sync::Arc;

use bytes::Bytes;
use downbeat_event_log::{
    Held, Lease, LeaseError, LogAddress, MemoryLease, Nats,
    lease::PARTITION,
    testing::nats_server::{NatsServer, find_program},
};

const A: Bytes = Bytes::from_static(b"a");
const B: Bytes = Bytes::from_static(b"b");

/// Two who want the same lease.
async fn promises(first: Arc<dyn Lease>, second: Arc<dyn Lease>) {
    assert_eq!(first.look().await.unwrap(), Held::default(), "nobody ever wrote");
    let held = first.write(0, A).await.unwrap();
    assert!(held > 0);
    assert_eq!(second.look().await.unwrap(), Held { revision: held, holder: A });
    assert_eq!(second.write(0, B).await, Err(LeaseError::Taken), "it saw nobody, and somebody came");

    let renewed = first.write(held, A).await.unwrap();
    assert!(renewed > held, "whoever looks sees that the holder lives");
    assert_eq!(second.write(held, B).await, Err(LeaseError::Taken), "the holder lives");
    assert_eq!(second.look().await.unwrap(), Held { revision: renewed, holder: A });

    let taken = second.write(renewed, B).await.unwrap();
    assert_eq!(first.write(renewed, A).await, Err(LeaseError::Taken), "it was taken");
    let returned = second.write(taken, Bytes::new()).await.unwrap();
    assert_eq!(first.look().await.unwrap(), Held { revision: returned, holder: Bytes::new() }, "it was given back");

    // However many want it, one gets it.
    let wants = (0..20).map(|number| {
        let lease = if number % 2 == 0 { Arc::clone(&first) } else { Arc::clone(&second) };
        tokio::spawn(async move { lease.write(returned, Bytes::from(format!("{number}"))).await })
    });
    let mut winners = 0;
    for want in wants.collect::<Vec<_>>() {
        match want.await.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error, LeaseError::Taken),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn in_memory() {
    let lease = MemoryLease::default();
    promises(Arc::new(lease.clone()), Arc::new(lease)).await;
}

#[tokio::test]
async fn in_a_bucket_of_nats() {
    let program = find_program().expect("no nats-server: run the tests with `make test`, which installs one");
    let folder = tempfile::tempdir().unwrap();
    let mut server = NatsServer::start(&program, folder.path()).unwrap();
    let address: LogAddress = server.url().parse().unwrap();
    let one = || async {
        address.lease(PARTITION, "test", &Nats::default()).await.unwrap().expect("a log on NATS has a lease")
    };
    let (first, second) = (one().await, one().await);
    promises(Arc::clone(&first), Arc::clone(&second)).await;

    // It outlives the server, and says so while there is none.
    let before = first.look().await.unwrap();
    server.kill9().unwrap();
    assert!(matches!(first.look().await, Err(LeaseError::Away(_))));
    assert!(matches!(first.write(before.revision, A).await, Err(LeaseError::Away(_))));
    server.restart().unwrap();
    let mut found = first.look().await;
    while let Err(LeaseError::Away(_)) = found {
        tokio::task::yield_now().await;
        found = first.look().await;
    }
    // What could not be written may have landed since, as the contract says; nothing else may.
    let (found, late) = (found.unwrap(), Held { revision: before.revision + 1, holder: A });
    assert!(found == before || found == late, "{found:?} after {before:?}");
}

#[tokio::test]
async fn a_log_in_a_folder_has_none() {
    let address: LogAddress = "embedded:somewhere".parse().unwrap();
    assert!(address.lease(PARTITION, "test", &Nats::default()).await.unwrap().is_none());
}
