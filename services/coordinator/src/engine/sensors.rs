//! Polls the windows of sensors: asks workers for the checks of a window, gathers their answers, and lets the core decide on all of them at
//! once.
//!
//! Checks only look, so nothing of this is recorded: after a take-over every open window is polled anew. Pauses are measured with the
//! monotonic clock. A worker has a bounded number of checks in hand; windows that find no room wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use downbeat_domain::{
    Caller, Command, Event, PollSensor, Trigger, WindowRef,
    sensors::{self, CheckAnswer, CheckToMake},
};
use downbeat_proto::{convert, worker::v1 as wire};
use wire::{check_answer::Answer, coordinator_message::Message};

use super::{Engine, Moment, Output, SessionId};
use crate::limits;

/// Names one poll of one window.
type Serial = u64;

/// Windows that are open.
#[derive(Debug, Default)]
pub(super) struct Polls {
    windows: BTreeMap<WindowRef, Window>,
    /// When something is to be done about a window.
    queue: BTreeSet<(Duration, WindowRef)>,
    by_serial: BTreeMap<Serial, WindowRef>,
    serials: Serial,
}

#[derive(Debug)]
struct Window {
    /// When the next poll begins; of one that is under way, when the rest of it is given up.
    due: Duration,
    asking: Option<Asking>,
}

/// A poll that is under way.
#[derive(Debug)]
struct Asking {
    serial: Serial,
    begun: Duration,
    /// From its beginning to that of the next one.
    pause: Duration,
    answers: Vec<Option<CheckAnswer>>,
    /// Places of checks that are not answered, and who has them.
    open: BTreeMap<u32, SessionId>,
}

impl Polls {
    fn put(&mut self, window: WindowRef, due: Duration, asking: Option<Asking>) {
        self.remove(&window);
        if let Some(asking) = &asking {
            self.by_serial.insert(asking.serial, window.clone());
        }
        self.queue.insert((due, window.clone()));
        self.windows.insert(window, Window { due, asking });
    }

    fn remove(&mut self, window: &WindowRef) -> Option<Window> {
        let found = self.windows.remove(window)?;
        self.queue.remove(&(found.due, window.clone()));
        if let Some(asking) = &found.asking {
            self.by_serial.remove(&asking.serial);
        }
        Some(found)
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// When the window is polled next; `None` = it is not open, or a poll is under way.
    pub(super) fn next_poll(&self, window: &WindowRef) -> Option<Duration> {
        self.windows.get(window).filter(|found| found.asking.is_none()).map(|found| found.due)
    }
}

impl Engine {
    /// Takes note of what an event means for windows.
    pub(super) fn watch_windows(&mut self, now: Moment, event: &Event) {
        match event {
            Event::SensorOpened(opened) => self.polls.put(opened.window.clone(), now.monotonic, None),
            Event::SensorClosed(closed) => self.forget_window(&closed.window),
            Event::RunCreated(created) => {
                if let Trigger::Sensor { sensor, instant } = &created.trigger {
                    let (pipeline, sensor) = (created.pipeline, sensor.clone());
                    self.forget_window(&WindowRef { pipeline, sensor, instant: *instant });
                }
            }
            _ => {}
        }
    }

    /// Every open window is polled at once: nobody knows what became of earlier polls.
    pub(super) fn watch_open_windows(&mut self, now: Moment) {
        let open: Vec<WindowRef> = sensors::open_windows(&self.partition).collect();
        open.into_iter().for_each(|window| self.polls.put(window, now.monotonic, None));
    }

    fn forget_window(&mut self, window: &WindowRef) {
        if let Some(Asking { open, .. }) = self.polls.remove(window).and_then(|found| found.asking) {
            open.into_values().for_each(|session| self.workers.check_done(session));
        }
    }

    pub(super) fn poll_sensors(&mut self, now: Moment) {
        while let Some((due, window)) = self.polls.queue.first().cloned() {
            if due > now.monotonic {
                break;
            }
            match self.polls.remove(&window).and_then(|found| found.asking) {
                None => self.begin_poll(now, window),
                Some(mut asking) => {
                    for (place, session) in std::mem::take(&mut asking.open) {
                        self.workers.check_done(session);
                        let waited = now.monotonic.saturating_sub(asking.begun).as_secs();
                        let why = format!("the worker did not answer within {waited} seconds");
                        asking.answers[place as usize] = Some(CheckAnswer::Failed(why));
                    }
                    self.end_poll(now, window, asking);
                }
            }
        }
    }

    fn begin_poll(&mut self, now: Moment, window: WindowRef) {
        let Some(poll) = sensors::poll(&self.partition, &window, now.wall) else { return };
        let frequency = Duration::from_millis(poll.frequency_ms);
        let mut pause = frequency;
        let mut answers = vec![None; poll.checks];
        for (place, answer) in poll.answered {
            answers[place as usize] = Some(answer);
        }
        let mut given: Vec<(SessionId, CheckToMake)> = Vec::new();
        for check in poll.to_make {
            let (integration, kind) = (&check.integration, &check.sensor_type);
            match self.checker_of(integration, kind, &check.connection) {
                Some(Some(session)) => {
                    self.workers.check_given(session);
                    given.push((session, check));
                }
                // All that can make it have their hands full: the window waits for its turn.
                Some(None) => {
                    given.into_iter().for_each(|(session, _)| self.workers.check_done(session));
                    return self.polls.put(window, now.monotonic + limits::BUSY_PAUSE, None);
                }
                None => {
                    // One may come any moment, above all right after a start.
                    pause = pause.min(limits::NO_WORKER_PAUSE);
                    let why = format!("no worker that can make {integration}/{kind} is attached");
                    answers[check.place as usize] = Some(CheckAnswer::Pending(why));
                }
            }
        }
        self.polls.serials += 1;
        let serial = self.polls.serials;
        let open = given.iter().map(|(session, check)| (check.place, *session)).collect();
        let asking = Asking { serial, begun: now.monotonic, pause, answers, open };
        if asking.open.is_empty() {
            return self.end_poll(now, window, asking);
        }
        let timeout = frequency.min(limits::CHECK_TIMEOUT_MAX);
        for (session, check) in given {
            let message = message((self.epoch, serial), check, timeout);
            self.batches.push_send(session, Message::Checks(wire::Checks { checks: vec![message] }));
        }
        self.polls.put(window, now.monotonic + timeout + limits::CHECK_MARGIN, Some(asking));
    }

    /// Answers of a worker. Those of polls that nobody waits for any more are void.
    pub(super) fn check_answers(&mut self, now: Moment, session: SessionId, answers: Vec<wire::CheckAnswer>) {
        if self.workers.of_session(session).is_none() {
            return;
        }
        self.workers.heard(session, now.monotonic);
        for answer in answers {
            let taken = self.alert_answered(now, session, &answer)
                || self.inquiry_answered(session, &answer)
                || self.trial_answered(now, session, &answer);
            if taken {
                continue;
            }
            let Some((serial, place)) = place_of(self.epoch, &answer.id) else { continue };
            let Some(window) = self.polls.by_serial.get(&serial).cloned() else { continue };
            let Some(found) = self.polls.windows.get_mut(&window) else { continue };
            let Some(asking) = found.asking.as_mut().filter(|asking| asking.open.get(&place) == Some(&session)) else {
                continue;
            };
            asking.open.remove(&place);
            asking.answers[place as usize] = Some(answer_of(answer));
            let complete = asking.open.is_empty();
            self.workers.check_done(session);
            if complete && let Some(asking) = self.polls.remove(&window).and_then(|found| found.asking) {
                self.end_poll(now, window, asking);
            }
        }
    }

    fn end_poll(&mut self, now: Moment, window: WindowRef, asking: Asking) {
        let next = (asking.begun + asking.pause).max(now.monotonic);
        // First: what is decided may close the window.
        self.polls.put(window.clone(), next, None);
        let command = Command::PollSensor(PollSensor { window, answers: asking.answers });
        if let Err(rejection) = self.decide(now, &command, Caller::named("coordinator"), None) {
            tracing::debug!(%rejection, "a window whose checks have passed stays open");
        }
    }

    /// The worker's connection is gone, or another one took its place: what it had to find out is asked of others.
    pub(super) fn lose_checks(&mut self, now: Moment, session: SessionId) {
        let lost = |found: &Window| found.asking.as_ref().is_some_and(|it| it.open.values().any(|of| *of == session));
        let windows: Vec<WindowRef> =
            self.polls.windows.iter().filter(|(_, found)| lost(found)).map(|(window, _)| window.clone()).collect();
        for window in windows {
            self.forget_window(&window);
            self.polls.put(window, now.monotonic, None);
        }
    }
}

fn message((epoch, serial): (u64, Serial), check: CheckToMake, timeout: Duration) -> wire::Check {
    // The epoch tells it from what the owner before asked under the same number.
    let id = [epoch.to_be_bytes(), serial.to_be_bytes()].concat().into_iter().chain(check.place.to_be_bytes());
    let id: Vec<u8> = id.collect();
    wire::Check {
        id: id.into(),
        integration: check.integration,
        sensor_type: check.sensor_type,
        parameters: convert::object_text(&check.parameters),
        connection: check.connection,
        since: convert::micros(check.since),
        timeout_seconds: timeout.as_secs() as u32,
    }
}

fn place_of(epoch: u64, id: &[u8]) -> Option<(Serial, u32)> {
    let (asked_in, id) = id.split_first_chunk::<8>()?;
    let (serial, place) = id.split_first_chunk::<8>().filter(|_| *asked_in == epoch.to_be_bytes())?;
    Some((Serial::from_be_bytes(*serial), u32::from_be_bytes(place.try_into().ok()?)))
}

/// What cannot be read is a check that could not be made.
fn answer_of(answer: wire::CheckAnswer) -> CheckAnswer {
    match answer.answer {
        Some(Answer::Passed(passed)) if passed.outputs.len() > limits::CHECK_OUTPUT_BYTES_MAX => {
            CheckAnswer::Failed(format!("its outputs take more than {} bytes", limits::CHECK_OUTPUT_BYTES_MAX))
        }
        Some(Answer::Passed(passed)) => match convert::object(&passed.outputs) {
            Some(outputs) => CheckAnswer::Passed(outputs),
            None => CheckAnswer::Failed("the worker's outputs are no JSON object".to_owned()),
        },
        Some(Answer::Pending(pending)) => CheckAnswer::Pending(pending.message),
        Some(Answer::Failed(failed)) => CheckAnswer::Failed(failed.message),
        None => CheckAnswer::Failed("the worker's answer cannot be read by this version".to_owned()),
    }
}

impl Engine {
    /// A connection is gone.
    pub(super) fn detach(&mut self, now: Moment, session: SessionId) {
        self.workers.detach(session, now.monotonic);
        self.lose_checks(now, session);
        self.lose_deliveries(now, session);
        self.lose_inquiries(session);
        self.lose_trials(now, session);
    }

    /// Closes a connection.
    pub(super) fn close(&mut self, now: Moment, session: SessionId, reason: String) {
        self.lose_checks(now, session);
        self.lose_deliveries(now, session);
        self.lose_inquiries(session);
        self.lose_trials(now, session);
        self.batches.push_output(Output::Close { session, reason });
    }
}
