//! One term as the owner: from the lease to its end.

use std::sync::Arc;

use downbeat_event_log::Hold;
use downbeat_runtime::{
    grpc::switch::{Here, Place, Switch},
    shutdown::{self, ShutdownSignal},
};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tonic::service::RoutesBuilder;

use super::Parts;
use crate::{Coordinator, PARTITION, driver::Handle, error::Error, limits, take_over::Following};

/// How a term ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Another one has the partition, or takes it over.
    Lost,
    /// This one was asked to end, and has given the partition back.
    Retired,
}

/// Takes the partition over, serves it, and gives it back.
///
/// # Errors
/// The log cannot be folded or written any more; the lease is given back before.
pub(super) async fn own(
    parts: &Parts,
    switch: &Switch,
    hold: Hold,
    following: Following,
    signal: &mut ShutdownSignal,
) -> Result<Ended, Error> {
    switch.set(Place::Nowhere);
    let renewing = tokio::spawn(hold.clone().renew());
    let ended = serve(parts, switch, following, &hold, renewing, signal).await;
    switch.set(Place::Nowhere);
    if !matches!(ended, Ok(Ended::Lost)) {
        hold.give_back().await;
    }
    ended
}

async fn serve(
    parts: &Parts,
    switch: &Switch,
    following: Following,
    hold: &Hold,
    mut renewing: JoinHandle<()>,
    signal: &mut ShutdownSignal,
) -> Result<Ended, Error> {
    let began = std::time::Instant::now();
    let ready = async {
        let owned = following.take_over(&*parts.log).await?;
        let metrics = parts.metrics.partition(PARTITION, began.elapsed());
        let coordinator = Coordinator::over(Arc::clone(&parts.log), owned, Some(parts.snapshots.clone()), metrics);
        let coordinator = coordinator.syncing_every(parts.sync_every).archiving_every(parts.archive_every);
        let reading = coordinator.with_connections(parts.vault.anew());
        let late = |_| Error::Lease("sealed connections cannot be read: the blob store does not answer".to_owned());
        timeout(limits::VAULT_READ_AT_MOST, reading).await.map_err(late)
    };
    let coordinator = tokio::select! {
        ready = Box::pin(ready) => ready?,
        _ = &mut renewing => return Ok(Ended::Lost),
        () = shutdown::wait(signal) => {
            renewing.abort();
            return Ok(Ended::Retired);
        }
    };
    let handle = coordinator.handle();
    let mut routes = RoutesBuilder::default();
    let (driver, _) = coordinator.into_parts(&mut routes);
    let mut here = Here::new(routes.routes().into_axum_router());
    switch.set(Place::Here(here.clone()));
    let mut driven = Driven(tokio::spawn(driver.run()));
    let (unconfirmed, mut serves) = (unconfirmed(&handle), true);
    let mut unconfirmed = std::pin::pin!(unconfirmed);
    let ended = loop {
        tokio::select! {
            ended = &mut driven.0 => break match ended {
                Ok(Err(error @ Error::Fenced(_))) => {
                    tracing::warn!(%error, "the partition was lost");
                    Ok(Ended::Lost)
                }
                Ok(ended) => ended.map(|()| Ended::Lost),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            },
            _ = &mut renewing => {
                tracing::warn!(owner = hold.me().address, "another coordinator took the lease of the partition; this one follows");
                break Ok(Ended::Lost);
            }
            () = &mut unconfirmed => {
                tracing::warn!("the log has confirmed nothing for long; another coordinator may own the partition, this one follows");
                break Ok(Ended::Lost);
            }
            () = shutdown::wait(signal) => {
                // Calls that come from now on wait for the next owner; those that came before are answered.
                switch.set(Place::Nowhere);
                if timeout(limits::ANSWERING_AT_MOST, here.idle()).await.is_err() {
                    tracing::info!("some calls are not answered yet; they end without an answer");
                }
                break retire(&handle, &mut driven).await.map(|()| Ended::Retired);
            }
            // Workers are told what they are told as long as the log has confirmed it; callers may do better elsewhere.
            () = hold.in_doubt(), if serves => {
                tracing::warn!("the lease of the partition cannot be written; calls are not taken until it can");
                serves = false;
                here = here.cut();
                switch.set(Place::Nowhere);
            }
            () = hold.written(), if !serves => {
                serves = true;
                switch.set(Place::Here(here.clone()));
            }
        }
    };
    renewing.abort();
    ended
}

/// Returns when the log had confirmed the owner, and has not for so long that workers do not believe it any more either.
async fn unconfirmed(handle: &Handle) {
    let mut was_confirmed = false;
    loop {
        sleep(limits::TRUST_LOOK).await;
        let is_confirmed = handle.renews_leases();
        if was_confirmed && !is_confirmed {
            return;
        }
        was_confirmed |= is_confirmed;
    }
}

/// The loop of a term: it ends with it, whatever ends it.
struct Driven(JoinHandle<Result<(), Error>>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn retire(handle: &Handle, driven: &mut Driven) -> Result<(), Error> {
    let retired = async {
        // Refused where the loop has ended already.
        let _ = handle.retire().await;
        (&mut driven.0).await
    };
    match timeout(limits::RETIRING_AT_MOST, retired).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        Err(_) => {
            tracing::warn!("the log does not answer; what it was not asked to keep was not answered either");
            Ok(())
        }
    }
}
