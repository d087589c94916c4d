//! The life of an attempt whose job runs in another system: begun once, looked after, ended where that is asked for, collected.
//!
//! Promises (INV-06): the token is the attempt's that began the job, whoever carries on; a start of which nobody knows whether it was
//! taken is settled as [`Reattach`] says before anything else, and never by a second job; an attempt fails as JOB_FAILED only when the
//! other system said so, and as UNKNOWN_OUTCOME when nobody can tell; a stop is confirmed there or said to be unconfirmed; killed, it
//! lets go at once and leaves the job to whoever comes next. Knows nothing of how calls are made.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{CallError, Job, Observation, Pace, Prepared, Reattach, RemoteJob, State};
use crate::about::About;
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connectors::{Connector, Task};
use crate::lineage::Located;
use crate::stop::StopLevel;
use crate::traces::Step;

/// A connector made of a remote job.
#[derive(Debug)]
pub(crate) struct Remote {
    job: Arc<dyn RemoteJob>,
    pace: Pace,
}

impl Remote {
    pub(crate) fn new(job: Arc<dyn RemoteJob>) -> Self {
        Self { job, pace: Pace::default() }
    }

    /// With pauses of a test's own.
    #[cfg(test)]
    pub(crate) fn paced(job: Arc<dyn RemoteJob>, pace: Pace) -> Self {
        Self { job, pace }
    }
}

#[async_trait]
impl Connector for Remote {
    fn job(&self) -> (&str, &str) {
        self.job.job()
    }

    fn about(&self) -> About {
        About {
            by_manifest: self.job.by_manifest(),
            tested: self.job.tested(),
            after_a_loss: match self.job.reattach() {
                Reattach::Token => "started again with the same token",
                Reattach::LookUp => "looked for by the token",
                Reattach::Repeat => "doing it twice changes nothing: once more",
                Reattach::Never => "never again unless its id was recorded: UNKNOWN_OUTCOME",
            },
            collects: self.job.collects(),
        }
    }

    fn remote(&self) -> bool {
        true
    }

    fn needs_connection(&self) -> bool {
        self.job.needs_connection()
    }

    async fn place(&self, task: &Task, connection: &str) -> Result<Option<Located>, Failure> {
        self.job.place(task, connection).await
    }

    async fn run(&self, task: &Task) -> Ended {
        let mut kill = task.stop.clone();
        let work = async {
            match self.job.prepare(task).await {
                Ok(calls) => Life { job: &*self.job, pace: self.pace, task, calls: &*calls }.live().await,
                Err(failure) => unprepared(task, failure).into(),
            }
        };
        tokio::select! {
            biased;
            () = kill.wait_for(StopLevel::Kill) => Ending::Abandoned.into(),
            ended = work => ended,
        }
    }
}

/// Without its connection nothing can be said of a job that an attempt before may have begun.
fn unprepared(task: &Task, failure: Failure) -> Ending {
    match (&task.resume, task.stop.asked_gently()) {
        (None, _) => failure.into(),
        (Some(_), true) => Ending::Unconfirmed(failure.message),
        (Some(_), false) => in_doubt(&failure.message).into(),
    }
}

fn in_doubt(message: &str) -> Failure {
    Failure::unknown(format!(
        "nobody knows whether the job was begun in the other system ({message}); look there, and restart the task if it was not"
    ))
}

struct Life<'a> {
    job: &'a dyn RemoteJob,
    pace: Pace,
    task: &'a Task,
    calls: &'a dyn Prepared,
}

impl Life<'_> {
    async fn live(&self) -> Ended {
        let starting = Step::begin(&self.task.offer, "start");
        let begun = self.begin().await;
        drop(starting);
        let ended = match begun {
            Ok(job) => {
                self.task.submitted(job.clone()).await;
                self.look_after(&job).await
            }
            Err(ending) => ending.into(),
        };
        Ended { ending: self.without_secrets(ended.ending), ..ended }
    }

    fn without_secrets(&self, ending: Ending) -> Ending {
        match ending {
            Ending::Failed(failure) => Ending::Failed(Failure { message: self.calls.hide(failure.message), ..failure }),
            Ending::Unconfirmed(reason) => Ending::Unconfirmed(self.calls.hide(reason)),
            Ending::Succeeded { warning, outputs, message } => {
                Ending::Succeeded { warning, outputs: self.calls.hide(outputs), message: self.calls.hide(message) }
            }
            Ending::Stopped | Ending::Abandoned => ending,
        }
    }

    async fn say(&self, text: &str) {
        self.task.log.line(&self.calls.hide(text.to_owned())).await;
    }

    /// The job, begun now or by an attempt before; or how the attempt ends because there is none.
    async fn begin(&self) -> Result<Job, Ending> {
        match &self.task.resume {
            Some(resume) if !resume.handle.is_empty() => {
                self.say(&format!("carries on with {}", shown(resume))).await;
                Ok(resume.clone())
            }
            Some(_) => {
                self.say("an attempt before may have begun the job: finding out").await;
                self.settle("its worker was lost").await
            }
            None if self.task.stop.asked_gently() => Err(Ending::Stopped),
            None => self.start(false).await,
        }
    }

    /// A start is in doubt.
    async fn settle(&self, why: &str) -> Result<Job, Ending> {
        let stopped = self.task.stop.asked_gently();
        match self.job.reattach() {
            // The other side answers with the job that it has; one that it does not have was intended all the same.
            Reattach::Token => self.start(true).await,
            Reattach::Repeat if stopped => Err(Ending::Stopped),
            Reattach::Repeat => self.start(true).await,
            Reattach::LookUp => match self.find().await? {
                Some(job) => {
                    self.say(&format!("found it: {}", shown(&job))).await;
                    Ok(job)
                }
                None if self.task.stop.asked_gently() => Err(Ending::Stopped),
                None => {
                    self.say("it was not begun: beginning").await;
                    self.start(false).await
                }
            },
            Reattach::Never if stopped => Err(Ending::Unconfirmed(in_doubt(why).message)),
            Reattach::Never => Err(in_doubt(why).into()),
        }
    }

    /// Looks for the job until the other side has said often enough that there is none: what was accepted may show up late.
    async fn find(&self) -> Result<Option<Job>, Ending> {
        let since = Instant::now();
        let mut pause = Pauses::new(self.pace.again, self.pace.asked_most);
        let mut seen_none = 0;
        loop {
            let trouble = match self.calls.find().await {
                Ok(Some(job)) => return Ok(Some(job)),
                Ok(None) => {
                    seen_none += 1;
                    if seen_none >= self.pace.looks {
                        return Ok(None);
                    }
                    None
                }
                Err(error) => Some(told(error)),
            };
            if let Some((message, after)) = trouble {
                if since.elapsed() >= self.pace.start_wait {
                    return Err(self.doubtful(&message));
                }
                self.say(&format!("cannot look for it: {message}")).await;
                tokio::time::sleep(pause.next(after)).await;
            } else {
                tokio::time::sleep(self.pace.look_again).await;
            }
        }
    }

    fn doubtful(&self, message: &str) -> Ending {
        let failure = in_doubt(message);
        if self.task.stop.asked_gently() { Ending::Unconfirmed(failure.message) } else { failure.into() }
    }

    /// `doubt`: it may have been begun already, and is begun once all the same.
    async fn start(&self, mut doubt: bool) -> Result<Job, Ending> {
        let since = Instant::now();
        let mut pause = Pauses::new(self.pace.again, self.pace.asked_most);
        loop {
            let (message, after) = match self.calls.start().await {
                Ok(job) => {
                    self.say(&format!("submitted as {}", shown(&job))).await;
                    return Ok(job);
                }
                Err(CallError::Refused(failure)) if doubt => return Err(self.doubtful(&failure.message)),
                Err(CallError::Refused(failure)) => return Err(failure.into()),
                Err(CallError::Unknown(message)) => match self.job.reattach() {
                    Reattach::Token | Reattach::Repeat => {
                        doubt = true;
                        (message, None)
                    }
                    Reattach::LookUp => {
                        self.say(&format!("nobody knows whether it was begun ({message}): finding out")).await;
                        match self.find().await? {
                            Some(job) => return Ok(job),
                            None => (message, None),
                        }
                    }
                    Reattach::Never => return Err(self.doubtful(&message)),
                },
                Err(CallError::Again { message, after }) => (message, after),
                Err(CallError::Gone(message)) if doubt => return Err(self.doubtful(&message)),
                Err(CallError::Gone(message)) => return Err(Failure::misconfigured(message).into()),
            };
            if since.elapsed() >= self.pace.start_wait {
                return Err(if doubt { self.doubtful(&message) } else { Failure::transient(message).into() });
            }
            self.say(&format!("cannot begin yet: {message}")).await;
            self.pause(pause.next(after)).await;
            if self.task.stop.asked_gently() && !doubt {
                return Err(Ending::Stopped);
            }
        }
    }

    /// Waits, or until the attempt shall end.
    async fn pause(&self, pause: Duration) {
        let mut stop = self.task.stop.clone();
        if stop.asked() {
            return tokio::time::sleep(pause).await;
        }
        tokio::select! {
            () = stop.wait_for(StopLevel::Gentle) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    async fn look_after(&self, job: &Job) -> Ended {
        let (first, most) = self.job.poll_every();
        let mut pauses = Pauses::new(self.pace.polls.unwrap_or((first, most)), self.pace.asked_most);
        let mut word = String::new();
        let mut silent_since: Option<Instant> = None;
        let mut cancel: Option<Cancel> = None;
        let mut polling = Step::begin(&self.task.offer, "poll");
        loop {
            if self.task.stop.asked_gently() {
                let asked = cancel.get_or_insert_with(|| Cancel::asked(self.pace));
                if let Some(ending) = self.cancel(job, asked).await {
                    return ending.into();
                }
            }
            polling.asks();
            let (trouble, after) = match self.calls.poll(job).await {
                Ok(seen) => {
                    silent_since = None;
                    if seen.word != word {
                        self.say(&format!("is {}{}", seen.word, with_text(&seen.message))).await;
                        word.clone_from(&seen.word);
                    }
                    if let Some(ending) = ending(&seen, cancel.is_some()) {
                        drop(polling);
                        return self.collected(job, &seen, ending).await;
                    }
                    (None, seen.after)
                }
                Err(CallError::Gone(message)) if cancel.is_some() => {
                    self.say(&format!("is gone: {message}")).await;
                    return Ending::Stopped.into();
                }
                Err(CallError::Gone(message)) => {
                    return Failure::unknown(format!("{} vanished: {message}", shown(job))).into();
                }
                Err(error) => {
                    let (message, after) = told(error);
                    (Some(message), after)
                }
            };
            if let Some(message) = trouble {
                let since = *silent_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.pace.silence {
                    let minutes = self.pace.silence.as_secs() / 60;
                    let text = format!("{} could not be seen for {minutes} min: {message}", shown(job));
                    return if cancel.is_some() { Ending::Unconfirmed(text) } else { Failure::unknown(text).into() }
                        .into();
                }
                self.say(&format!("cannot be seen: {message}")).await;
            }
            if let Some(ending) = cancel.as_ref().and_then(|cancel| cancel.over(self.pace.cancel_wait, job, &word)) {
                return ending.into();
            }
            self.pause(pauses.next(after)).await;
        }
    }

    /// Asks the other side for the job's end, once it has taken that.
    async fn cancel(&self, job: &Job, cancel: &mut Cancel) -> Option<Ending> {
        if cancel.taken || Instant::now() < cancel.next {
            return None;
        }
        if !self.calls.can_cancel() {
            return Some(Ending::Unconfirmed(format!("the other system cannot end {}: it goes on there", shown(job))));
        }
        match self.calls.cancel(job).await {
            Ok(()) => {
                cancel.taken = true;
                self.say("asked for its end").await;
            }
            // What is gone shows when it is looked at.
            Err(CallError::Gone(_)) => cancel.taken = true,
            Err(error) => {
                let (message, after) = told(error);
                self.say(&format!("cannot ask for its end: {message}")).await;
                cancel.next = Instant::now() + cancel.pauses.next(after);
                cancel.trouble = message;
            }
        }
        None
    }

    async fn collected(&self, job: &Job, last: &Observation, mut ending: Ending) -> Ended {
        let mut pause = Pauses::new(self.pace.again, self.pace.asked_most);
        let _collecting = Step::begin(&self.task.offer, "collect");
        for left in (0..self.pace.collects).rev() {
            let (message, after) = match self.calls.collect(job, last).await {
                Ok(collection) => {
                    self.cut(&collection.cut, &mut ending).await;
                    return Ended { ending, collection };
                }
                Err(CallError::Refused(failure)) => (failure.message, None),
                Err(error) => told(error),
            };
            self.say(&format!("its metadata cannot be collected: {message}")).await;
            if left > 0 {
                tokio::time::sleep(pause.next(after)).await;
            } else {
                add(&mut ending, &format!("its metadata could not be collected: {message}"));
            }
        }
        Ended { ending, collection: Collection::default() }
    }

    /// Says that a collection is not whole.
    async fn cut(&self, why: &str, ending: &mut Ending) {
        if !why.is_empty() {
            let said = format!("its metadata is not whole: {why}");
            self.say(&said).await;
            add(ending, &said);
        }
    }
}

/// Something more about a task that succeeded.
fn add(ending: &mut Ending, more: &str) {
    if let Ending::Succeeded { message: said, .. } = ending {
        let lead = if said.is_empty() { "" } else { "; " };
        said.push_str(&format!("{lead}{more}"));
    }
}

/// How far the wish for the job's end has come.
struct Cancel {
    since: Instant,
    next: Instant,
    pauses: Pauses,
    taken: bool,
    trouble: String,
}

impl Cancel {
    fn asked(pace: Pace) -> Self {
        let now = Instant::now();
        Self {
            since: now,
            next: now,
            pauses: Pauses::new(pace.again, pace.asked_most),
            taken: false,
            trouble: String::new(),
        }
    }

    fn over(&self, wait: Duration, job: &Job, word: &str) -> Option<Ending> {
        let seconds = wait.as_secs();
        (self.since.elapsed() >= wait).then(|| {
            Ending::Unconfirmed(match self.taken {
                true => format!("{} was asked to end and is still {word} after {seconds} s", shown(job)),
                false => {
                    let trouble = with_text(&self.trouble);
                    format!("{} is {word}, and could not be asked to end within {seconds} s{trouble}", shown(job))
                }
            })
        })
    }
}

/// How an attempt ends by what was seen; `None` = it goes on.
fn ending(seen: &Observation, stopping: bool) -> Option<Ending> {
    let text = with_text(&seen.message);
    Some(match &seen.state {
        State::Queued | State::Running => return None,
        // It was quicker than the wish for its end.
        State::Succeeded { warning, outputs } => {
            Ending::Succeeded { warning: *warning, outputs: outputs.clone(), message: seen.message.clone() }
        }
        State::Failed | State::Cancelled if stopping => Ending::Stopped,
        State::Failed => Failure::job(format!("the job ended as {}{text}", seen.word)).into(),
        State::Cancelled => Failure::job(format!("the job was ended in the other system ({}){text}", seen.word)).into(),
    })
}

/// What an error says, and the least pause after it.
fn told(error: CallError) -> (String, Option<Duration>) {
    match error {
        CallError::Again { message, after } => (message, after),
        CallError::Unknown(message) | CallError::Gone(message) => (message, None),
        CallError::Refused(failure) => (failure.message, None),
    }
}

fn with_text(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn shown(job: &Job) -> String {
    match (job.external_id.as_str(), job.link.as_str()) {
        ("", _) => "the job".to_owned(),
        (id, "") => format!("job {id}"),
        (id, link) => format!("job {id} ({link})"),
    }
}

/// Pauses that grow by half each time, up to a bound, and are never shorter than the other side asks for.
struct Pauses {
    next: Duration,
    most: Duration,
    asked_most: Duration,
}

impl Pauses {
    fn new((first, most): (Duration, Duration), asked_most: Duration) -> Self {
        Self { next: first, most, asked_most }
    }

    fn next(&mut self, after: Option<Duration>) -> Duration {
        let pause = self.next;
        self.next = (self.next * 3 / 2).min(self.most);
        pause.max(after.unwrap_or_default().min(self.asked_most))
    }
}
