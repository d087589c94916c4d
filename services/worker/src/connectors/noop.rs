//! DOWNBEAT/NOOP: takes the whole path through a worker and does nothing. The engine answers it itself: it is the measure of
//! everything around a task, so no process, no file and no allocation of its own stands in between.

use downbeat_proto::worker::v1::Offer;

use crate::about::{About, Tested};

/// Integration and job.
pub(crate) const JOB: (&str, &str) = ("DOWNBEAT", "NOOP");

pub(crate) fn is_noop(offer: &Offer) -> bool {
    (offer.integration.as_str(), offer.integration_job.as_str()) == JOB
}

pub(crate) fn about() -> About {
    About {
        by_manifest: false,
        tested: Tested::Real("itself"),
        after_a_loss: "once more",
        collects: "nothing".to_owned(),
    }
}
