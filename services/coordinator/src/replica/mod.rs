//! One of several coordinators: at any time one owns the partition, the others fold what it writes and hand calls on to it.
//!
//! Promises: whichever replica is called answers for the owner; when the owner ends, it answers what it was asked, and the next one goes on
//! where it stopped; when it dies, the next one does so [`lease_limits::LEASE_SILENCE`] later. A replica that lost the partition is one of the
//! others again. None of that is what keeps two owners apart: the log does ([`crate::take_over`]), and the lease only says whose turn it is.
//! Knows nothing about what is decided.

mod parts;
mod term;

use std::sync::Arc;

use downbeat_event_log::{Election, Hold, Lease, LeaseError, Member, Step, limits as lease_limits};
use downbeat_proto::callers::COORDINATOR;
use downbeat_runtime::{
    clock::Clock,
    grpc::{
        self, Target,
        switch::{Place, Switch},
    },
    shutdown::{self, Shutdown, ShutdownSignal},
};
use tokio::time::{Instant, sleep_until, timeout};

pub use self::parts::Parts;
use self::term::Ended;
use crate::{
    SERVICES,
    error::{Error, ErrorKind},
    limits,
    take_over::Following,
};

/// See the module.
pub struct Replica {
    parts: Parts,
    lease: Arc<dyn Lease>,
    election: Election,
    switch: Switch,
    clock: Clock,
    /// To whom calls are handed on.
    followed: Option<Member>,
    /// Since when the lease cannot be looked at.
    unseen: Option<Instant>,
}

impl Replica {
    /// A replica that owns nothing yet.
    pub fn new(parts: Parts, lease: Arc<dyn Lease>) -> Self {
        let instance = uuid::Uuid::new_v4().simple().to_string();
        let election = Election::new(Member { address: parts.address.clone(), instance });
        Self { parts, lease, election, switch: Switch::default(), clock: Clock::start(), followed: None, unseen: None }
    }

    /// Serves until the signal, or until this one can never own the partition: the log is damaged, lost records, or is another one.
    ///
    /// # Errors
    /// `Log`, `Runtime`; `Version` where the log needs another version and this one has to own it.
    pub async fn serve(mut self, listener: grpc::Listener, signal: ShutdownSignal) -> Result<(), Error> {
        let server = Shutdown::default();
        let calls = self.switch.calls();
        let served = grpc::serve_switched(listener, calls, downbeat_proto::DESCRIPTORS, &SERVICES, server.signal());
        let mut served = std::pin::pin!(served);
        let stood = tokio::select! {
            served = &mut served => return Ok(served?),
            stood = Box::pin(self.stand(signal)) => stood,
        };
        // What was handed on may be answered still; streams would go on for ever, and begin again elsewhere.
        server.begin();
        if let Ok(served) = timeout(limits::LEAVING_AT_MOST, &mut served).await {
            served?;
        }
        stood
    }

    async fn stand(&mut self, mut signal: ShutdownSignal) -> Result<(), Error> {
        loop {
            let Parts { log, name, snapshots, .. } = &self.parts;
            let following = Following::begin(&**log, name, Some(snapshots)).await;
            let Some((hold, following)) = self.wait_for_turn(following, &mut signal).await? else { return Ok(()) };
            self.followed = None;
            match Box::pin(term::own(&self.parts, &self.switch, hold, following, &mut signal)).await? {
                Ended::Lost => self.election.lost(),
                Ended::Retired => {
                    self.leave().await;
                    return Ok(());
                }
            }
        }
    }

    /// Folds what the owner writes until the lease is ours; `None` = this one is asked to end. A log that needs another version is not
    /// folded further: such a replica hands calls on, and waits.
    async fn wait_for_turn(
        &mut self,
        following: Following,
        signal: &mut ShutdownSignal,
    ) -> Result<Option<(Hold, Following)>, Error> {
        let (mut following, mut due) = (Some(following), Instant::now());
        loop {
            if *signal.borrow() {
                return Ok(None);
            }
            if Instant::now() >= due {
                due = Instant::now() + lease_limits::LEASE_LOOK;
                if let Some(hold) = self.look(following.is_some()).await?
                    && let Some(following) = following.take()
                {
                    return Ok(Some((hold, following)));
                }
            }
            let began = Instant::now();
            let folded = match &mut following {
                Some(unfolded) => unfolded.step(&*self.parts.log).await,
                None => Ok(true),
            };
            if began.elapsed() > lease_limits::LEASE_DOUBT {
                // The lease could not be looked at meanwhile either.
                self.election.away();
            }
            match folded {
                Ok(false) => {}
                Ok(true) => tokio::select! {
                    () = sleep_until(due) => {}
                    () = shutdown::wait(signal) => {}
                },
                Err(error) if error.kind() == ErrorKind::Version => {
                    tracing::error!(%error, "this replica cannot own the partition; it hands calls on to the one that can");
                    following = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks at the lease, and tries to get it where it may. Returns it once it is ours.
    async fn look(&mut self, is_fit: bool) -> Result<Option<Hold>, Error> {
        let held = match self.lease.look().await {
            Ok(held) => held,
            Err(error) => return self.unheld(error).map(|()| None),
        };
        self.unseen = None;
        match self.election.looked(self.clock.now().monotonic, &held) {
            Step::Follow(holder) => self.follow(holder),
            // Calls wait rather than go to somebody who may be gone.
            Step::Doubt => self.follow(None),
            Step::Claim(_) if !is_fit => self.follow(None),
            Step::Claim(_) => match Hold::claim(&self.lease, self.election.me(), &held).await {
                Ok(hold) => return Ok(Some(hold)),
                Err(LeaseError::Taken) => self.election.lost(),
                Err(error) => self.unheld(error)?,
            },
        }
        Ok(None)
    }

    fn unheld(&mut self, error: LeaseError) -> Result<(), Error> {
        self.election.away();
        match error {
            LeaseError::Unfit(why) => Err(Error::Lease(why)),
            error => {
                tracing::debug!(%error, "the lease of the partition cannot be looked at");
                // Whoever owned it may be replaced without this one hearing of it: callers go elsewhere.
                let since = *self.unseen.get_or_insert_with(Instant::now);
                if since.elapsed() > limits::UNSEEN_AT_MOST {
                    self.follow(None);
                }
                Ok(())
            }
        }
    }

    /// Hands calls on to whoever holds the lease.
    fn follow(&mut self, holder: Option<Member>) {
        if self.followed == holder {
            return;
        }
        let place = match &holder {
            None => Place::Nowhere,
            Some(member) => match Target::new(&member.address, COORDINATOR, &self.parts.trust) {
                Ok(target) => {
                    tracing::info!(owner = member.address, "another coordinator owns the partition; this one follows");
                    Place::there(target.connect_lazy(), &member.address)
                }
                Err(error) => {
                    tracing::error!(%error, "the owner of the partition says that it is where it cannot be (--advertise)");
                    Place::Nowhere
                }
            },
        };
        self.switch.set(place);
        self.followed = holder;
    }

    /// Hands on to the next owner what comes here still, for a moment.
    async fn leave(&mut self) {
        let until = Instant::now() + limits::LEAVING_AT_MOST;
        while self.followed.is_none() && Instant::now() < until {
            if let Ok(held) = self.lease.look().await
                && let Some(holder) = Member::read(&held.holder).filter(|holder| holder != self.election.me())
            {
                self.follow(Some(holder));
            }
            tokio::time::sleep(lease_limits::LEASE_LOOK / 4).await;
        }
    }
}
