//! Cancel: what no worker holds ends at once; what a worker holds is asked to stop (by `advance`, in portions that fit into a
//! record) and ends when that is confirmed.

use crate::{
    command::{Context, Rejection},
    decide::message,
    event::Event,
    state::RunState,
};

pub(super) fn decide(run: &RunState, reason: &str, context: &Context) -> Result<Vec<Event>, Rejection> {
    if run.halt.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::RunCancelRequested { run: run.id, reason: message(reason), at: context.now }])
}
