//! What tools remember from one run to the next: the newest value of each key.

use downbeat_domain::Event;

use super::{
    batch::Batch,
    keys::tool_state as keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct ToolState;

impl Projection for ToolState {
    const NAME: &'static str = "tool_state";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::ToolStateKept(kept) = fact.event else { return Ok(()) };
        for (name, value) in &kept.entries {
            batch.put_bytes(keys::entry(&kept.integration, name), value.clone().into_bytes());
        }
        Ok(())
    }
}
