//! What a refused command leaves, as a coordinator records it.

use downbeat_domain::{Caller, Command, Context, Event, Rejection, audit, event::CommandRejected};

pub(super) fn rejected(command: &Command, rejection: &Rejection, context: &Context) -> Option<Event> {
    let (kind, targets) = audit::asked(command)?;
    let caller = Caller { targets, ..Caller::named("user:ada") };
    let rejected = CommandRejected::of(&caller, kind, rejection.code(), &rejection.to_string(), context.now);
    Some(Event::CommandRejected(Box::new(rejected)))
}
