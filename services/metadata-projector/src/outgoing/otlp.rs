//! Spans, given to a receiver of OTLP until it takes them.
//!
//! Promises: what the receiver refuses for good is passed over, so that it holds up nothing; everything else is given again.

use downbeat_runtime::otlp::{self, wire::Span};
use prost::Message as _;

use super::{Done, Message, Undelivered};
use crate::limits;

/// Gives spans in this order, and says in `done` how far it came.
///
/// # Errors
/// What is left is to be given again.
pub(super) async fn deliver(messages: &[Message], done: &mut Done) -> Result<(), Undelivered> {
    for some in messages.chunks(limits::OUTGOING_IN_FLIGHT_MAX) {
        // They were written by us a moment ago.
        let spans = some.iter().filter_map(|message| Span::decode(message.body.clone()).ok()).collect();
        match otlp::deliver(spans).await {
            Ok(()) => done.taken += some.len(),
            Err(untold) if untold.for_good => {
                tracing::error!(why = untold.why, spans = some.len(), "spans of runs were refused for good");
                done.refused += some.len();
            }
            Err(untold) => return Err(Undelivered { why: untold.why, pause: None }),
        }
    }
    Ok(())
}
