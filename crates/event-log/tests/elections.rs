//! A hundred replicas over one lease, under virtual time, by seed: they crash, hang, come back and are cut off from the lease. At any time one
//! holds it; whoever lives keeps it; when nobody does, somebody gets it in time; and what all of it costs in messages stays small.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::time::Duration;

use bytes::Bytes;
use downbeat_event_log::{Election, Held, Member, Step, limits};

const REPLICAS: usize = 100;
const STEP: Duration = Duration::from_millis(50);
const SECONDS: u64 = 600;

/// Numbers by seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

struct Replica {
    address: usize,
    starts: u64,
    election: Election,
    /// The revision that it wrote last, while it holds the lease.
    holds: Option<u64>,
    /// When it looks, or renews, next.
    next: Duration,
    /// Until when it does nothing, as one that is paused or gone; then it goes on, or starts anew.
    away_until: Duration,
    starts_anew: bool,
    /// Until when nothing that it asks is answered.
    cut_until: Duration,
}

impl Replica {
    fn new(address: usize, starts: u64, next: Duration) -> Self {
        let me = Member { address: format!("http://c{address}:7410"), instance: format!("{address}.{starts}") };
        let never = Duration::ZERO;
        let election = Election::new(me);
        Self { address, starts, election, holds: None, next, away_until: never, starts_anew: false, cut_until: never }
    }
}

#[derive(Default)]
struct World {
    held: Held,
    messages: u64,
    /// Since when nobody who lives holds it.
    orphaned_since: Option<Duration>,
    longest: Duration,
    take_overs: u64,
}

impl World {
    fn write(&mut self, revision: u64, holder: Bytes) -> Option<u64> {
        self.messages += 1;
        (self.held.revision == revision).then(|| {
            self.held = Held { revision: revision + 1, holder };
            self.held.revision
        })
    }
}

fn act(replica: &mut Replica, world: &mut World, now: Duration) {
    if now < replica.away_until || now < replica.next {
        return;
    }
    if std::mem::take(&mut replica.starts_anew) {
        *replica = Replica::new(replica.address, replica.starts + 1, now);
    }
    let pause = if replica.holds.is_some() { limits::LEASE_RENEWAL } else { limits::LEASE_LOOK };
    replica.next = now + pause;
    if now < replica.cut_until {
        replica.election.away();
        return;
    }
    if let Some(revision) = replica.holds {
        replica.holds = world.write(revision, replica.election.me().written(&serde_json::Value::Null));
        if replica.holds.is_none() {
            assert_ne!(Member::read(&world.held.holder).as_ref(), Some(replica.election.me()));
            replica.election.lost();
        }
        return;
    }
    world.messages += 1;
    if let Step::Claim(revision) = replica.election.looked(now, &world.held) {
        replica.holds = world.write(revision, replica.election.me().written(&serde_json::Value::Null));
        world.take_overs += u64::from(replica.holds.is_some());
        if replica.holds.is_none() {
            replica.election.lost();
        }
    }
}

fn trouble(replicas: &mut [Replica], dice: &mut Dice, now: Duration) {
    let holder = replicas.iter().position(|replica| replica.holds.is_some());
    // Mostly whoever holds it: nothing else is of interest.
    let at = match holder {
        Some(holder) if dice.below(3) > 0 => holder,
        _ => usize::try_from(dice.below(REPLICAS as u64)).unwrap(),
    };
    let long = Duration::from_millis(dice.below(20_000));
    let replica = &mut replicas[at];
    match dice.below(3) {
        0 => {
            replica.away_until = now + long;
            replica.starts_anew = true;
            replica.holds = None;
        }
        1 => replica.away_until = now + long,
        _ => replica.cut_until = now + long,
    }
}

#[test]
fn one_of_a_hundred_replicas_holds_the_lease_whatever_happens_to_them() {
    for seed in 0..20 {
        let (mut dice, mut world) = (Dice(seed), World::default());
        let mut replicas: Vec<Replica> =
            (0..REPLICAS).map(|at| Replica::new(at, 0, Duration::from_millis(dice.below(250)))).collect();
        let mut now = Duration::ZERO;
        let mut next_trouble = Duration::from_secs(5);
        while now < Duration::from_secs(SECONDS) {
            now += STEP;
            if now >= next_trouble {
                trouble(&mut replicas, &mut dice, now);
                next_trouble = now + Duration::from_millis(500 + dice.below(10_000));
            }
            for replica in &mut replicas {
                act(replica, &mut world, now);
            }
            // Who believes to hold it and does not finds out with its next renewal; among those who can act there is one.
            let lives = |replica: &&Replica| now >= replica.away_until && now >= replica.cut_until;
            let holding = replicas.iter().filter(lives).filter(|replica| replica.holds == Some(world.held.revision));
            match holding.count() {
                0 => {
                    let since = *world.orphaned_since.get_or_insert(now);
                    world.longest = world.longest.max(now - since);
                }
                1 => world.orphaned_since = None,
                more => panic!("seed {seed}: {more} replicas hold the lease at {now:?}"),
            }
        }
        // A successor may be away itself when its turn comes, but a hundred never are.
        let at_most = limits::LEASE_SILENCE + 2 * limits::LEASE_LOOK + limits::LEASE_RENEWAL;
        assert!(world.longest <= at_most, "seed {seed}: for {:?} nobody who lives held the lease", world.longest);
        assert!(world.take_overs > 10, "seed {seed}: nothing happened");
        // Four looks a second each, and the renewals.
        let a_second = world.messages / SECONDS;
        assert!(a_second <= 5 * REPLICAS as u64, "seed {seed}: {a_second} messages a second");
    }
}

#[test]
fn a_holder_whom_nothing_happens_to_is_never_replaced() {
    let (mut world, mut dice) = (World::default(), Dice(7));
    let mut replicas: Vec<Replica> =
        (0..REPLICAS).map(|at| Replica::new(at, 0, Duration::from_millis(dice.below(250)))).collect();
    let mut now = Duration::ZERO;
    while now < Duration::from_secs(3_600) {
        now += STEP;
        replicas.iter_mut().for_each(|replica| act(replica, &mut world, now));
    }
    assert_eq!(world.take_overs, 1);
}
