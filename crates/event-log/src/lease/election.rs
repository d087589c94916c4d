//! Who may try to get a lease, by what stands in it: pure, and asked with every look.
//!
//! A holder lives as long as it writes. Silence is measured by the looks of whoever waits, on its own monotonic clock, and only over looks
//! that were answered: neither clocks that differ nor an outage of the lease take it from somebody who lives. All of it is about liveness;
//! what keeps two owners apart is the log.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::Held;
use crate::limits;

/// One of several processes of a kind, as it stands in the lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Where the others reach it. No two processes listen at one address.
    pub address: String,
    /// The process: drawn when it starts.
    pub instance: String,
}

impl Member {
    /// As it is written, with what the next holder has to know.
    pub fn written(&self, note: &Value) -> Bytes {
        json!({ "address": self.address, "instance": self.instance, "note": note }).to_string().into()
    }

    /// `None`: nobody, or nobody who can be understood.
    pub fn read(holder: &[u8]) -> Option<Self> {
        let read: Value = serde_json::from_slice(holder).ok()?;
        let text = |name: &str| read[name].as_str().map(str::to_owned);
        Some(Self { address: text("address")?, instance: text("instance")? })
            .filter(|member| *member != Self::default())
    }

    /// What the holder before, or the one who gave it back, has left to know.
    pub fn note(holder: &[u8]) -> Value {
        serde_json::from_slice::<Value>(holder).map(|mut read| read["note"].take()).unwrap_or_default()
    }

    fn is_nobody(holder: &[u8]) -> bool {
        holder.is_empty() || holder == Self::default().written(&Self::note(holder)).as_ref()
    }
}

/// What follows from a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody holds it, and lives as far as is known; `None` = somebody who cannot be understood.
    Follow(Option<Member>),
    /// Somebody holds it and should have written by now: it may be gone, and whoever calls it may wait in vain.
    Doubt,
    /// Try to get it: write after this revision.
    Claim(u64),
}

/// One who waits for its turn.
#[derive(Debug)]
pub struct Election {
    me: Member,
    /// What was seen last, and since when it stands there.
    seen: Option<(u64, Duration)>,
    looked: bool,
}

impl Election {
    /// For this process.
    pub fn new(me: Member) -> Self {
        Self { me, seen: None, looked: false }
    }

    /// This process.
    pub fn me(&self) -> &Member {
        &self.me
    }

    /// The lease was looked at.
    pub fn looked(&mut self, now: Duration, held: &Held) -> Step {
        let first = !std::mem::replace(&mut self.looked, true);
        let since = match self.seen {
            Some((revision, since)) if revision == held.revision => since,
            _ => now,
        };
        self.seen = Some((held.revision, since));
        let holder = Member::read(&held.holder);
        let is_ours = holder.as_ref().is_some_and(|holder| {
            // A claim of ours of which we did not hear, or of the process that was here before us.
            holder.instance == self.me.instance || (first && holder.address == self.me.address)
        });
        if Member::is_nobody(&held.holder) || is_ours || now.saturating_sub(since) >= limits::LEASE_SILENCE {
            Step::Claim(held.revision)
        } else if now.saturating_sub(since) >= limits::LEASE_DOUBT {
            Step::Doubt
        } else {
            Step::Follow(holder)
        }
    }

    /// The lease could not be looked at: nobody's silence counts over that.
    pub fn away(&mut self) {
        self.seen = None;
    }

    /// Somebody else was quicker, or this one has lost it.
    pub fn lost(&mut self) {
        self.seen = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn member(address: &str, instance: &str) -> Member {
        Member { address: address.to_owned(), instance: instance.to_owned() }
    }

    fn held(revision: u64, by: Option<&Member>) -> Held {
        Held { revision, holder: by.map(|by| by.written(&Value::Null)).unwrap_or_default() }
    }

    fn me() -> (Election, Member) {
        (Election::new(member("http://a", "1")), member("http://b", "2"))
    }

    #[test]
    fn what_nobody_holds_is_claimed() {
        let (mut election, _) = me();
        assert_eq!(election.looked(SECOND, &held(0, None)), Step::Claim(0));
        assert_eq!(election.looked(SECOND, &held(7, None)), Step::Claim(7));
    }

    #[test]
    fn what_was_given_back_is_claimed_and_what_it_left_to_know_is_read() {
        let (mut election, other) = me();
        let note = json!({ "told": 7 });
        let given_back = Held { revision: 3, holder: Member::default().written(&note) };
        assert_eq!(election.looked(SECOND, &given_back), Step::Claim(3));
        assert_eq!(Member::note(&given_back.holder), note);
        assert_eq!(Member::note(&other.written(&note)), note);
        assert_eq!((Member::note(b""), Member::note(b"?")), (Value::Null, Value::Null));
    }

    #[test]
    fn a_holder_who_writes_lives_and_one_who_is_silent_for_long_does_not() {
        let (mut election, other) = me();
        let mut now = SECOND;
        for revision in 1..20 {
            assert_eq!(election.looked(now, &held(revision, Some(&other))), Step::Follow(Some(other.clone())));
            now += limits::LEASE_SILENCE - Duration::from_millis(1);
        }
        assert_eq!(election.looked(now, &held(19, Some(&other))), Step::Doubt);
        now += Duration::from_millis(1);
        assert_eq!(election.looked(now, &held(19, Some(&other))), Step::Claim(19));
    }

    #[test]
    fn an_outage_of_the_lease_is_no_silence_of_its_holder() {
        let (mut election, other) = me();
        election.looked(SECOND, &held(1, Some(&other)));
        election.away();
        let after = SECOND + 100 * limits::LEASE_SILENCE;
        assert_eq!(election.looked(after, &held(1, Some(&other))), Step::Follow(Some(other.clone())));
        assert_eq!(election.looked(after + limits::LEASE_SILENCE, &held(1, Some(&other))), Step::Claim(1));
    }

    #[test]
    fn whoever_comes_back_at_its_address_goes_on_at_once_and_only_then() {
        let (mut election, _) = me();
        let before = member("http://a", "0");
        assert_eq!(election.looked(SECOND, &held(3, Some(&before))), Step::Claim(3));
        // Two that were given one address do not take it from each other for ever.
        assert_eq!(election.looked(SECOND, &held(4, Some(&before))), Step::Follow(Some(before)));
    }

    #[test]
    fn a_claim_whose_answer_was_lost_is_found() {
        let (mut election, other) = me();
        election.looked(SECOND, &held(3, Some(&other)));
        let ours = election.me().clone();
        assert_eq!(election.looked(SECOND, &held(4, Some(&ours))), Step::Claim(4));
    }

    #[test]
    fn what_is_no_member_is_waited_for_like_one() {
        let (mut election, _) = me();
        let strange = Held { revision: 1, holder: Bytes::from_static(b"?") };
        assert_eq!(election.looked(SECOND, &strange), Step::Follow(None));
        assert_eq!(election.looked(SECOND + limits::LEASE_SILENCE, &strange), Step::Claim(1));
        assert_eq!(Member::read(br#"{"address": 1}"#), None);
    }
}
