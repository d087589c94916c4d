//! What it took. An effect that is lost and repaired by a lease passes safety and liveness; only its cost shows it.

use downbeat_proto::worker::v1 as wire;
use wire::{coordinator_message::Message as Told, worker_message::Message as Says};

use super::{
    census::{Census, Stopped},
    time::{At, SECOND},
};

/// A worker that is there stops a job within its grace of 10 s and what it takes to die.
const STOP_MAX: At = 30 * SECOND;
/// The way to the other system takes up to 20 s, and so does its answer that it took the job; after another 30 s a worker gives up.
const STOP_ELSEWHERE_MAX: At = 90 * SECOND;

/// Messages and appends, counted where they are sent.
#[derive(Debug, Default)]
pub struct Cost {
    /// Appends that went out, repeated ones included.
    pub appends_sent: u64,
    /// Appends whose answer was lost or that were refused by a fault.
    pub appends_unanswered: u64,
    offers: u64,
    stops: u64,
    acknowledgements: u64,
    report_messages: u64,
    /// What connections that were made anew may be owed.
    owed_at_attach: u64,
}

impl Cost {
    /// A worker attached; at most so much is owed to it.
    pub fn attached(&mut self, owed: u64) {
        self.owed_at_attach += owed;
    }

    /// A coordinator told a worker something.
    pub fn told(&mut self, message: &Told) {
        match message {
            Told::Offers(offers) => self.offers += offers.offers.len() as u64,
            Told::Stops(stops) => self.stops += stops.stops.len() as u64,
            Told::Acknowledged(_) => self.acknowledgements += 1,
            Told::Welcome(_) | Told::Heartbeat(_) | Told::Checks(_) | Told::Connections(_) => {}
        }
    }

    /// A worker said something.
    pub fn said(&mut self, message: &wire::WorkerMessage) {
        if let Some(Says::Reports(_)) = &message.message {
            self.report_messages += 1;
        }
    }

    /// What was too much. `calm` = nothing ever went wrong; `settled` = when everything had come to rest after the faults.
    pub fn excesses(&self, census: &Census, calm: bool, settled: At) -> Vec<String> {
        let mut found = Vec::new();
        let mut at_most = |what: &str, count: u64, bound: u64| {
            if count > bound {
                found.push(format!("{count} {what}, at most {bound} are due"));
            }
        };
        at_most("offers", self.offers, census.leases + self.owed_at_attach);
        at_most("stops", self.stops, census.stops + self.owed_at_attach);
        at_most("acknowledgements", self.acknowledgements, self.report_messages);
        at_most("records", census.records, census.decisions);
        if calm {
            at_most("appends", self.appends_sent, census.records);
        }
        for Stopped { asked, ended, elsewhere } in &census.stopped {
            let most = if *elsewhere { STOP_ELSEWHERE_MAX } else { STOP_MAX };
            if *ended > (asked + most).max(settled) {
                found.push(format!("a stop was carried out after {} s only", (ended - asked) / SECOND));
                break;
            }
        }
        for (at, reason) in &census.lost {
            if calm || *at > settled {
                found.push(format!("an attempt was lost although its worker was well: {reason}"));
                break;
            }
        }
        found
    }
}
