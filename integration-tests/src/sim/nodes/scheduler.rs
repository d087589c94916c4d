//! A scheduler process: follows the log for schedules and fires what is due.

use std::{collections::BTreeMap, fmt, time::Duration};

use downbeat_domain::{FireSchedule, Rejection};
use downbeat_event_log::{Entry, Error, EventLog, Tail, memory::MemoryLog};
use downbeat_scheduler::{
    asking::{Next, after_answer, after_failure},
    engine::{Engine, Firing, Input, Output},
    limits,
    reading::take_in,
    triggers,
};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use tonic::Code;

use crate::sim::{
    log::ready,
    network::{Caller, Heard, Request},
    stream::Delivery,
    time::{At, Clocks, MILLISECOND},
    world::{Happening, World, micros},
};

/// A reader's stream of entries; polled, never waited for.
pub(super) struct Stream(BoxStream<'static, Result<Entry, Error>>);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl Stream {
    /// Follows the log from here.
    pub(super) fn open(log: &MemoryLog, position: Tail) -> Result<Self, Error> {
        ready(log.follow(position)).map(Self)
    }

    /// The next entry, if there is one.
    pub(super) fn next(&mut self) -> Option<Result<Entry, Error>> {
        self.0.next().now_or_never().flatten()
    }
}

/// A scheduler.
#[derive(Debug)]
pub struct Scheduler {
    /// Counts its processes.
    pub life: u64,
    engine: Engine,
    entries: Option<Stream>,
    /// Its clocks.
    pub clocks: Clocks,
    asked: BTreeMap<u64, (Firing, u32, At)>,
    /// What becomes of messages.
    pub(super) triggers: triggers::engine::Engine,
    /// Messages whose events were offered to a coordinator, by call.
    pub(super) taking: BTreeMap<u64, Delivery>,
    tick_at: Option<At>,
}

/// What happens to a scheduler.
#[derive(Debug)]
pub enum SchedulerEvent {
    /// The process begins.
    Start,
    /// The log has grown.
    Grown,
    /// Time has passed.
    Tick,
    /// The coordinator has answered.
    Told(Input),
    /// A firing is asked for again.
    Again(Firing, u32, At),
    /// A message for event triggers arrives.
    Delivered(Box<Delivery>),
}

impl Scheduler {
    /// A machine on which no scheduler has run yet.
    pub fn new(clocks: Clocks, trigger_rate: u32) -> Self {
        Self {
            life: 0,
            engine: Engine::default(),
            entries: None,
            clocks,
            asked: BTreeMap::new(),
            triggers: triggers::engine::Engine::new(trigger_rate),
            taking: BTreeMap::new(),
            tick_at: None,
        }
    }

    /// Does the process run?
    pub(super) fn has_begun(&self) -> bool {
        self.entries.is_some()
    }
}

impl World {
    /// Kills the process if there is one; a new one begins later.
    pub(crate) fn restart_scheduler(&mut self, at: usize, after: At) {
        let life = self.schedulers[at].life + 1;
        let clocks = self.schedulers[at].clocks.clone();
        self.schedulers[at] = Scheduler { life, ..Scheduler::new(clocks, self.scenario.trigger_rate) };
        self.queue.push(self.now + after, Happening::Scheduler(at, life, SchedulerEvent::Start));
    }

    /// Something happens to a scheduler.
    pub(crate) fn scheduler(&mut self, at: usize, life: u64, event: SchedulerEvent) {
        if self.schedulers[at].life != life {
            return;
        }
        let wall = self.schedulers[at].clocks.wall(self.now);
        let outputs = match event {
            SchedulerEvent::Start => {
                let start = Tail::start(self.log.id());
                self.schedulers[at].entries = Stream::open(&self.log.handle(), start).ok();
                self.read_schedules(at)
            }
            SchedulerEvent::Grown => self.read_schedules(at),
            SchedulerEvent::Tick => {
                let (now, scheduler) = (self.now, &mut self.schedulers[at]);
                if scheduler.tick_at != Some(now) {
                    return;
                }
                scheduler.tick_at = None;
                scheduler.engine.handle(wall, Input::Tick)
            }
            SchedulerEvent::Told(input) => {
                let mut outputs = self.schedulers[at].engine.handle(wall, input);
                outputs.extend(self.schedulers[at].engine.handle(wall, Input::Tick));
                outputs
            }
            SchedulerEvent::Again(firing, attempt, asked) => return self.fire(at, firing, attempt, asked),
            SchedulerEvent::Delivered(delivery) => return self.delivered(at, *delivery),
        };
        for output in outputs {
            match output {
                Output::Ask(firing) => self.fire(at, firing, 1, self.now),
                Output::Unusable { schedule, reason, .. } => {
                    self.violated("schedules", format!("`{schedule}` cannot fire: {reason}"));
                }
            }
        }
        self.schedule_scheduler_tick(at);
    }

    /// A scheduler hears what became of a call.
    pub(crate) fn scheduler_heard(&mut self, at: usize, life: u64, number: u64, heard: Heard) {
        if self.schedulers[at].life != life {
            return;
        }
        if let Some(delivery) = self.schedulers[at].taking.remove(&number) {
            return self.taken(at, &delivery, heard);
        }
        let Some((firing, attempt, asked)) = self.schedulers[at].asked.remove(&number) else { return };
        let (pipeline, schedule, instant) = (firing.pipeline, firing.schedule.clone(), firing.instant);
        let told = match heard {
            Heard::Answer(Ok(_)) => Input::Decided { pipeline, schedule, up_to: instant },
            Heard::Answer(Err(Rejection::AlreadyFired { watermark, .. })) => after_answer(&firing, watermark),
            Heard::Answer(Err(_)) => Input::Refused { pipeline, schedule, instant },
            _ => {
                let passed = Duration::from_micros(self.now - asked);
                if let Next::Again(pause) = after_failure(Code::Unavailable, attempt, passed) {
                    let again = SchedulerEvent::Again(firing, attempt + 1, asked);
                    self.queue.push(self.now + micros(pause), Happening::Scheduler(at, life, again));
                    return;
                }
                Input::Refused { pipeline, schedule, instant }
            }
        };
        self.scheduler(at, life, SchedulerEvent::Told(told));
    }

    fn read_schedules(&mut self, at: usize) -> Vec<Output> {
        let scheduler = &mut self.schedulers[at];
        let wall = scheduler.clocks.wall(self.now);
        let (mut outputs, mut failed) = (Vec::new(), None);
        while let Some(entry) = scheduler.entries.as_mut().and_then(Stream::next) {
            let taken = entry
                .map_err(|error| error.to_string())
                .and_then(|entry| take_in(&mut scheduler.engine, &entry, wall).map_err(|error| error.to_string()));
            match taken {
                Ok(more) => outputs.extend(more),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = failed {
            self.violated("readers", format!("scheduler {at}: {error}"));
        }
        // Everything that the log holds was read.
        let scheduler = &mut self.schedulers[at];
        outputs.extend(scheduler.engine.handle(scheduler.clocks.wall(self.now), Input::Tick));
        outputs
    }

    fn fire(&mut self, at: usize, firing: Firing, attempt: u32, asked: At) {
        self.calls += 1;
        let (number, life) = (self.calls, self.schedulers[at].life);
        let request = Request::Fire(FireSchedule {
            version: firing.version,
            pipeline: firing.pipeline,
            schedule: firing.schedule.clone(),
            instant: firing.instant,
            after: firing.after,
            passed: firing.passed.clone(),
            fires: firing.fires,
        });
        self.schedulers[at].asked.insert(number, (firing, attempt, asked));
        self.call(Caller::Scheduler(at, life), number, request);
    }

    fn schedule_scheduler_tick(&mut self, at: usize) {
        let now = self.now;
        let scheduler = &mut self.schedulers[at];
        let latest = now + micros(limits::WALL_CHECK_INTERVAL);
        let due = scheduler.engine.next_deadline().map_or(latest, |due| scheduler.clocks.when_wall(due).min(latest));
        let due = due.max(now + MILLISECOND);
        if scheduler.tick_at.is_none_or(|planned| due < planned || planned <= now) {
            scheduler.tick_at = Some(due);
            let tick = Happening::Scheduler(at, scheduler.life, SchedulerEvent::Tick);
            self.queue.push(due, tick);
        }
    }
}
