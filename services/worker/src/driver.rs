//! Executes what the engine wants and tells it what happened. All waiting of the worker's own stands here.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use downbeat_proto::worker::v1::WorkerMessage;
use downbeat_runtime::grpc::Target;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tracing::{error, info, warn};

use crate::attempt::{AttemptId, Ended, Job};
use crate::checks::{Checks, Crew};
use crate::connections::Connections;
use crate::connectors::Submit;
use crate::engine::{Engine, Input, Now, Output};
use crate::limits::{EVENTS_PER_STEP, INBOUND_EVENTS_MAX, KILL_WAIT};
use crate::link::{Link, LinkEvent};
use crate::metrics::{Metrics, Present};
use crate::runner::Runner;
use crate::stop::{StopLevel, StopSender, stop_channel};

enum Event {
    Link(LinkEvent),
    Submitted(AttemptId, Job),
    Finished(AttemptId, Box<Ended>),
}

impl From<LinkEvent> for Event {
    fn from(event: LinkEvent) -> Self {
        Self::Link(event)
    }
}

pub(crate) struct Driver {
    engine: Engine,
    runner: Arc<Runner>,
    target: Target,
    began: Instant,
    events: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
    link: Link,
    numbers: Arc<AtomicU64>,
    last_connection: u64,
    outbound: Option<mpsc::Sender<WorkerMessage>>,
    running: BTreeMap<AttemptId, StopSender>,
    crew: Crew,
    connections: Connections,
    metrics: Metrics,
    present: Present,
}

impl Driver {
    pub(crate) fn new(
        engine: Engine,
        runner: Arc<Runner>,
        checks: Arc<Checks>,
        connections: Connections,
        target: Target,
        metrics: Metrics,
    ) -> Self {
        let (events, inbox) = mpsc::channel(INBOUND_EVENTS_MAX);
        let numbers = Arc::new(AtomicU64::new(0));
        let link = Link::open(target.clone(), Arc::clone(&numbers), events.clone());
        Self {
            engine,
            runner,
            target,
            began: Instant::now(),
            events,
            inbox,
            link,
            numbers,
            last_connection: 0,
            outbound: None,
            running: BTreeMap::new(),
            crew: Crew::new(checks),
            connections,
            metrics,
            present: Present::default(),
        }
    }

    /// Runs until the shutdown is asked for (or its sender is gone) and everything in hand has ended.
    pub(crate) async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(EVENTS_PER_STEP);
        let mut shutting_down = false;
        loop {
            let deadline = self.engine.next_deadline().map(|deadline| self.began + deadline);
            let mut inputs = Vec::new();
            tokio::select! {
                _ = self.inbox.recv_many(&mut batch, EVENTS_PER_STEP) => {}
                ended = self.crew.ended() => {
                    inputs.extend(ended.into_iter().map(|(ticket, verdict)| Input::Checked(ticket, verdict)));
                }
                () = wait_until(deadline) => {}
                () = asked(&mut shutdown), if !shutting_down => {
                    info!("shutting down: no further tasks are taken, running ones are stopped");
                    shutting_down = true;
                    inputs.push(Input::ShutDown);
                }
            }
            inputs.extend(batch.drain(..).map(|event| self.input(event)).collect::<Vec<_>>());
            for input in &inputs {
                match input {
                    Input::Checked(_, verdict) => self.metrics.checked(verdict),
                    Input::Connected(_) => self.metrics.connected(),
                    _ => {}
                }
            }
            let outputs = self.engine.handle(self.now(), inputs);
            self.measure();
            if self.execute(outputs) {
                return self.kill_the_rest().await;
            }
        }
    }

    /// The grace is over: nothing that this worker began may outlive it.
    async fn kill_the_rest(mut self) {
        for stop in self.running.values() {
            stop.ask(StopLevel::Kill);
        }
        let all_gone = async {
            while !self.running.is_empty() {
                if let Some(Event::Finished(attempt, _)) = self.inbox.recv().await {
                    self.running.remove(&attempt);
                }
            }
        };
        if tokio::time::timeout(KILL_WAIT, all_gone).await.is_err() {
            error!("some attempts did not end although they were killed; the next start of this worker cleans up");
        }
    }

    fn measure(&mut self) {
        let now = self.engine.present();
        if now != self.present {
            self.metrics.present(std::mem::replace(&mut self.present, now), now);
        }
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { monotonic: self.began.elapsed(), wall_micros: i64::try_from(wall.as_micros()).unwrap_or(i64::MAX) }
    }

    fn input(&mut self, event: Event) -> Input {
        match event {
            Event::Link(LinkEvent::Connected(connection, outbound)) => {
                self.last_connection = connection;
                self.outbound = Some(outbound);
                Input::Connected(connection)
            }
            Event::Link(LinkEvent::Message(connection, message)) => Input::Message(connection, message),
            Event::Link(LinkEvent::Disconnected(connection)) => {
                if connection == self.last_connection {
                    self.outbound = None;
                }
                Input::Disconnected(connection)
            }
            Event::Submitted(attempt, job) => Input::Submitted(attempt, job),
            Event::Finished(attempt, ended) => {
                self.running.remove(&attempt);
                Input::Finished(attempt, ended)
            }
        }
    }

    /// Returns whether the worker shall end.
    fn execute(&mut self, outputs: Vec<Output>) -> bool {
        let mut exit = false;
        for output in outputs {
            match output {
                Output::Send(message) => self.send(message),
                Output::Run(attempt, offer) => self.start(attempt, *offer),
                Output::Stop(attempt) => self.stop(attempt, StopLevel::Gentle),
                Output::Kill(attempt) => self.stop(attempt, StopLevel::Kill),
                Output::Given(told, anew) => self.connections.given(*told, anew),
                Output::Check(ticket, check) => self.crew.start(ticket, check),
                Output::AbandonCheck(ticket) => self.crew.abandon(ticket),
                Output::Disconnect(reason) => self.reconnect(reason),
                Output::LeaseLost { killed, forgotten } => {
                    self.metrics.lease_lost(killed, forgotten);
                    error!(
                        killed,
                        forgotten_reports = forgotten,
                        "the lease could not be renewed in time: running attempts are killed and not reported, the coordinator gives them to another worker"
                    );
                }
                Output::Ignored(what) => warn!("ignored {what}"),
                Output::Exit => exit = true,
            }
        }
        exit
    }

    fn send(&mut self, message: WorkerMessage) {
        let Some(outbound) = &self.outbound else { return };
        match outbound.try_send(message) {
            Ok(()) => {}
            // The engine hears of it through the link; whatever is lost here is sent again on the next connection.
            Err(mpsc::error::TrySendError::Closed(_)) => self.outbound = None,
            Err(mpsc::error::TrySendError::Full(_)) => self.reconnect("the coordinator reads nothing"),
        }
    }

    fn reconnect(&mut self, reason: &'static str) {
        warn!(reason, "giving up this connection to the coordinator");
        self.outbound = None;
        let lost = self.last_connection;
        self.link = Link::open(self.target.clone(), Arc::clone(&self.numbers), self.events.clone());
        // The aborted link cannot say it any more. The inbox may be full, but this is its only reader: hence not awaited here.
        let events = self.events.clone();
        tokio::spawn(async move { events.send(Event::Link(LinkEvent::Disconnected(lost))).await.ok() });
    }

    fn start(&mut self, attempt: AttemptId, offer: downbeat_proto::worker::v1::Offer) {
        let (stop, stopped) = stop_channel();
        self.running.insert(attempt, stop);
        let runner = Arc::clone(&self.runner);
        let events = self.events.clone();
        let submitted = self.events.clone();
        let submit = Submit::new(move |job| {
            let events = submitted.clone();
            async move { drop(events.send(Event::Submitted(attempt, job)).await) }
        });
        let (metrics, integration, began) = (self.metrics.clone(), offer.integration.clone(), Instant::now());
        tokio::spawn(async move {
            let ended = runner.run(attempt, offer, stopped, submit).await;
            metrics.ended(&integration, &ended, began.elapsed());
            // Fails only when the worker has ended, and then nobody wants to know.
            events.send(Event::Finished(attempt, Box::new(ended))).await.ok();
        });
    }

    fn stop(&mut self, attempt: AttemptId, level: StopLevel) {
        if let Some(stop) = self.running.get(&attempt) {
            stop.ask(level);
        }
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn asked(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone can never ask: take that for the wish to end too.
    shutdown.wait_for(|asked| *asked).await.ok();
}
