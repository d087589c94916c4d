//! Workers that said hello to a coordinator, and wait until the log says that it is the owner still.

use downbeat_coordinator::engine::Input;
use downbeat_proto::worker::v1 as wire;

use crate::sim::world::World;

impl World {
    /// Attaches the workers that came before the log said that this is the owner.
    pub(super) fn greet(&mut self, at: usize) {
        let Some(owner) = self.owner(at) else { return };
        let ownership = &owner.ownership;
        let greeted: Vec<(u64, usize, wire::Hello)> =
            owner.greetings.extract_if(.., |(question, ..)| ownership.is_confirmed(*question)).collect();
        for (_, connection, hello) in greeted {
            let Some(owner) = self.owner(at) else { return };
            let session = owner.next_session;
            owner.next_session += 1;
            owner.sessions.insert(session, connection);
            self.connections[connection].session = Some(session);
            self.cost.attached(hello.in_hand.len() as u64 + u64::from(hello.slots));
            self.input(at, Input::WorkerAttached { session, hello });
        }
    }
}
