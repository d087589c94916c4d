//! The stream of messages for event triggers, as NATS keeps it for all schedulers together: every message is delivered until somebody settles
//! it, to any scheduler, perhaps twice, perhaps late; messages, acknowledgements and schedulers get lost on the way.
//!
//! Knows nothing about what is in a message. What must have become of each is judged at the end, by what its publisher says about it.

use std::collections::BTreeMap;

use downbeat_scheduler::{
    limits,
    triggers::{engine::Settled, message::Message},
};

use super::{
    nodes::scheduler::SchedulerEvent,
    time::{At, SECOND},
    workloads::Publication,
    world::{Happening, World, micros},
};

/// So many of a thousand publications are sent twice although nobody lost an answer.
const TWICE_PER_MILLE: u32 = 150;
/// A publisher that heard nothing sends again within this time.
const AGAIN_WITHIN: At = 50 * SECOND;

/// The stream, and what lies among the dead letters.
#[derive(Debug, Default)]
pub struct Stream {
    queued: BTreeMap<u64, Queued>,
    last: u64,
    /// Publications that have not reached it yet.
    coming: usize,
    /// Dead letters by their place in the stream, each with the reason.
    dead: BTreeMap<u64, (Published, String)>,
    /// What was published, by source and id.
    published: BTreeMap<(String, String), Published>,
}

#[derive(Debug)]
struct Queued {
    published: Published,
    deliveries: u64,
}

/// A publication on its way, and of which workload it is.
#[derive(Clone, Debug)]
pub struct Published {
    workload: usize,
    what: Publication,
}

/// A message in the hands of a scheduler.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its place in the stream.
    pub sequence: u64,
    /// How often it was delivered.
    pub deliveries: u64,
    /// What was sent.
    pub message: Message,
}

/// What happens to the stream.
#[derive(Debug)]
pub enum StreamEvent {
    /// A message arrives.
    Published(Published),
    /// The message at this place is due for its so-manieth delivery.
    Deliver(u64, u64),
    /// A scheduler says what becomes of a delivery.
    Settled(u64, u64, Settled),
}

impl Stream {
    /// Nothing is on its way, and nothing waits for a scheduler or for somebody to publish it again.
    pub fn is_settled(&self) -> bool {
        self.coming == 0 && self.queued.is_empty() && self.replayable().next().is_none()
    }

    /// Dead letters that are none once pipelines are resumed.
    fn replayable(&self) -> impl Iterator<Item = u64> + '_ {
        self.dead.iter().filter(|(_, (_, reason))| reason.contains("is paused")).map(|(sequence, _)| *sequence)
    }
}

impl Published {
    fn source(&self) -> String {
        format!("/sim/{}", self.workload)
    }

    fn message(&self, sequence: u64) -> Message {
        let (id, source) = (self.what.id.to_string(), self.source());
        let headers = [("ce-specversion", "1.0"), ("ce-type", "sim"), ("ce-id", &id), ("ce-source", &source)];
        let rows = self.what.rows.map_or_else(String::new, |rows| format!("\"rows\": {rows}"));
        Message {
            address: self.what.address.clone(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            payload: format!("{{{rows}}}").into_bytes(),
            sequence,
            stream: "DOWNBEAT_TRIGGER@1".to_owned(),
        }
    }
}

impl World {
    /// Somebody publishes, once everybody who is to hear of it is there: what nobody listens to is nobody's.
    pub(super) fn publish(&mut self, workload: usize, what: Publication) {
        let times = 1 + u64::from(self.dice.per_mille(TWICE_PER_MILLE + self.network.lost_answer));
        let published = Published { workload, what };
        for _ in 0..times {
            let after = self.dice.below(AGAIN_WITHIN * (times - 1)) + self.latency();
            self.send_message(published.clone(), after);
        }
    }

    fn send_message(&mut self, published: Published, after: At) {
        self.stream.coming += 1;
        self.queue.push(self.now + after, Happening::Stream(StreamEvent::Published(published)));
    }

    /// Something happens to the stream.
    pub(super) fn stream(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Published(published) => {
                self.stream.coming -= 1;
                let mut pipelines = self.client.pipelines[published.workload].iter();
                if !pipelines.all(|versions| self.census.schedules.contains_key(&versions[0].pipeline)) {
                    return self.send_message(published, SECOND);
                }
                self.stream.last += 1;
                let sequence = self.stream.last;
                let key = (published.source(), published.what.id.to_string());
                self.stream.published.insert(key, published.clone());
                self.stream.queued.insert(sequence, Queued { published, deliveries: 0 });
                self.deliver(sequence, 1);
            }
            StreamEvent::Deliver(sequence, delivery) => self.deliver(sequence, delivery),
            StreamEvent::Settled(sequence, delivery, settled) => self.settled(sequence, delivery, settled),
        }
    }

    fn deliver(&mut self, sequence: u64, delivery: u64) {
        if self.now < self.log.away_until {
            // The server of the log is that of the stream.
            let again = Happening::Stream(StreamEvent::Deliver(sequence, delivery));
            return self.queue.push(self.log.away_until, again);
        }
        let Some(queued) = self.stream.queued.get_mut(&sequence) else { return };
        if queued.deliveries + 1 != delivery {
            return;
        }
        queued.deliveries = delivery;
        let message = queued.published.message(sequence);
        let at = self.dice.below(self.schedulers.len() as u64) as usize;
        let (way, life) = (self.latency(), self.schedulers[at].life);
        if !self.dice.per_mille(self.network.lost_request) {
            let delivered = SchedulerEvent::Delivered(Box::new(Delivery { sequence, deliveries: delivery, message }));
            self.queue.push(self.now + way, Happening::Scheduler(at, life, delivered));
        }
        let again = Happening::Stream(StreamEvent::Deliver(sequence, delivery + 1));
        self.queue.push(self.now + micros(limits::ACK_WAIT), again);
    }

    /// A scheduler tells the stream what becomes of a delivery; it may get lost.
    pub(super) fn settle(&mut self, delivery: &Delivery, settled: Settled) {
        let way = self.latency();
        if !self.dice.per_mille(self.network.lost_answer) && self.now >= self.log.away_until {
            let told = StreamEvent::Settled(delivery.sequence, delivery.deliveries, settled);
            self.queue.push(self.now + way, Happening::Stream(told));
        }
    }

    fn settled(&mut self, sequence: u64, delivery: u64, settled: Settled) {
        match settled {
            Settled::Acknowledge => drop(self.stream.queued.remove(&sequence)),
            Settled::Dead(reason) => {
                if let Some(queued) = self.stream.queued.remove(&sequence) {
                    self.say(|| format!("message {sequence} is a dead letter: {reason}"));
                    self.stream.dead.insert(sequence, (queued.published, reason));
                }
            }
            Settled::Later(pause) => {
                let current = self.stream.queued.get(&sequence).is_some_and(|queued| queued.deliveries == delivery);
                if current {
                    let again = Happening::Stream(StreamEvent::Deliver(sequence, delivery + 1));
                    self.queue.push(self.now + micros(pause), again);
                }
            }
        }
    }

    /// Somebody publishes again what became a dead letter while its pipeline was paused.
    pub(super) fn replay_dead_letters(&mut self) {
        let replayed: Vec<u64> = self.stream.replayable().collect();
        for sequence in replayed {
            if let Some((published, _)) = self.stream.dead.remove(&sequence) {
                let after = self.latency();
                self.send_message(published, after);
            }
        }
    }

    /// INV-05 and INV-08 for events: each was taken by every trigger that asks for it and by no other, and what could not be is a dead
    /// letter.
    pub(super) fn judge_events(&mut self) {
        let mut wrong = Vec::new();
        for ((source, id), published) in &self.stream.published {
            let pipelines = &self.client.pipelines[published.workload];
            let expected: Vec<_> = published
                .what
                .takers
                .iter()
                .map(|(pipeline, trigger)| (pipelines[*pipeline][0].pipeline, (*trigger).to_owned()))
                .collect();
            let taken = self.checks.takers_of(source, id);
            for taker in expected.iter().filter(|taker| !taken.contains(taker)) {
                wrong.push(format!("event {id} of {source} was lost: trigger {taker:?} never took it"));
            }
            for taker in taken.iter().filter(|taker| !expected.contains(taker)) {
                wrong.push(format!("event {id} of {source} is not for trigger {taker:?}, which took it"));
            }
            let mut dead = self.stream.dead.values();
            let is_dead = dead.any(|(letter, _)| (&letter.source(), letter.what.id) == (source, published.what.id));
            if is_dead != published.what.is_poison {
                wrong.push(format!("event {id} of {source}: a dead letter: {is_dead}"));
            }
        }
        wrong.into_iter().for_each(|what| self.violated("INV-05", what));
    }
}
