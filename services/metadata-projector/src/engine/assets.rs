//! Assets: the newest that is known of each, over all runs.

use downbeat_domain::Event;

use super::{
    batch::Batch,
    collected, keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Assets;

impl Projection for Assets {
    const NAME: &'static str = "assets";
    const VERSION: u32 = 1;

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::OperationsCollected { attempt, collected, .. } = fact.event else { return Ok(()) };
        collected::fold_assets(collected, attempt.run, fact.decided_at, batch, keys::asset)
    }
}
