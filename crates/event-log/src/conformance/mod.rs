//! The suite that every log must pass. A test gives a [`Harness`] per case to [`run`]; all cases run, always.
//!
//! A case cannot be forgotten: the cases are private functions, and one that is missing in the list of its file is dead
//! code, which the build refuses. A capability that a log cannot have is named by its harness with the reason.

mod chain;
mod crashes;
mod fencing;
mod order;
mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::error::Error;
use crate::log::EventLog;

/// How long one case may take before it counts as hung.
const CASE_TIMEOUT: Duration = Duration::from_secs(60);

/// One log under test, with everything that can happen to it. It starts empty.
#[async_trait]
pub trait Harness: Send {
    /// Opens the log, or opens it again; starts its server if that is down.
    async fn open(&mut self) -> Result<Arc<dyn EventLog>, Error>;

    /// Another writer of the same log, with an own view of it, beside those that are open.
    async fn second_writer(&mut self) -> Result<Arc<dyn EventLog>, Error>;

    /// Another empty log of the same kind.
    async fn other_log(&mut self) -> Result<Arc<dyn EventLog>, Error>;

    /// Ends the log without a goodbye: whatever was not durable is lost. The caller has dropped all handles, except
    /// where [`Harness::handles_survive`].
    async fn kill(&mut self);

    /// Whether handles and followers work on after [`Harness::kill`] and a start; else the reason why not.
    fn handles_survive(&self) -> Result<(), &'static str>;

    /// Keeps a copy of the log's storage. All handles are dropped.
    async fn save(&mut self);

    /// Puts the saved copy back: the log has lost what came after. All handles are dropped.
    async fn roll_back(&mut self);

    /// Appends `frames` as they are to the storage, past every check. All handles are dropped.
    async fn append_unchecked(&mut self, frames: &[Bytes]);

    /// Shows from the outside that acknowledged records are durable, or says what is not as it must be.
    async fn durability(&mut self) -> Result<(), String>;
}

type Case = for<'a> fn(&'a mut dyn Harness) -> BoxFuture<'a, ()>;

/// A list of cases with their names.
macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        pub(super) const CASES: &[(&str, super::Case)] = &[$((stringify!($case), |harness| Box::pin($case(harness)))),+];
    };
}
use cases;

/// Runs every case, each on a harness of its own made by `fresh`.
///
/// # Panics
/// At the end, when a case failed, naming all that did.
pub async fn run<H: Harness + 'static>(mut fresh: impl FnMut() -> H) {
    let mut failed = Vec::new();
    let mut passed = 0;
    for (name, case) in [order::CASES, fencing::CASES, crashes::CASES, chain::CASES].concat() {
        let mut harness = fresh();
        let work = std::panic::AssertUnwindSafe(case(&mut harness)).catch_unwind();
        match tokio::time::timeout(CASE_TIMEOUT, work).await {
            Ok(Ok(())) => passed += 1,
            Ok(Err(_)) => failed.push(name.to_owned()),
            Err(_) => failed.push(format!("{name} (hung for {CASE_TIMEOUT:?})")),
        }
    }
    println!("conformance: {passed} cases passed, {} failed", failed.len());
    assert!(failed.is_empty(), "failed conformance cases: {failed:#?}");
}
