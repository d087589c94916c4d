//! An attempt at a job in another system against one that misbehaves and a worker that dies at any moment: under a clock of the test's
//! own, by seed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::{Offer, Resume};
use downbeat_runtime::blob::BlobStore;
use tokio::time::Instant;
use uuid::Uuid;

use super::{CallError, Job, Observation, Pace, Prepared, Reattach, Remote, RemoteJob, State};
use crate::attempt::{AttemptId, Collection, Ending, Failure};
use crate::connectors::{Registry, Submit, Task};
use crate::home::Home;
use crate::runner::Runner;
use crate::stop::{StopLevel, stop_channel};

const PACE: Pace = Pace {
    again: (Duration::from_millis(100), Duration::from_secs(5)),
    polls: None,
    start_wait: Duration::from_secs(600),
    looks: 3,
    look_again: Duration::from_secs(3),
    silence: Duration::from_secs(1_800),
    cancel_wait: Duration::from_secs(600),
    collects: 3,
};
/// A job shows up in lists at most so long after it was accepted: less than the looks take.
const LAG: Duration = Duration::from_secs(5);

/// Numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

#[derive(Clone)]
struct There {
    accepted: Instant,
    ends: Instant,
    state: State,
}

/// The other system.
struct System {
    dice: Dice,
    /// Every job that began, by the token that came with it.
    jobs: Vec<(String, There)>,
    /// Faults while this is true.
    faulty: bool,
    cancels: u32,
}

impl System {
    fn of_token(&self, token: &str) -> Option<usize> {
        self.jobs.iter().position(|(known, _)| known == token)
    }

    fn fault(&mut self) -> Option<CallError> {
        let fault = if self.faulty { self.dice.below(6) } else { 9 };
        Some(match fault {
            0 => CallError::Again { message: "nobody listens".to_owned(), after: None },
            1 => CallError::Again { message: "too many requests".to_owned(), after: Some(Duration::from_secs(7)) },
            2 => CallError::Unknown("answered 503".to_owned()),
            _ => return None,
        })
    }
}

#[derive(Clone)]
struct Fake {
    system: Arc<Mutex<System>>,
    reattach: Reattach,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Fake")
    }
}

impl Fake {
    fn new(seed: u64, reattach: Reattach) -> Self {
        let system = System { dice: Dice(seed), jobs: Vec::new(), faulty: true, cancels: 0 };
        Self { system: Arc::new(Mutex::new(system)), reattach }
    }

    fn system(&self) -> MutexGuard<'_, System> {
        self.system.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Calls {
    fake: Fake,
    token: String,
}

#[async_trait]
impl RemoteJob for Fake {
    fn job(&self) -> (&str, &str) {
        ("FAKE", "JOB")
    }

    fn reattach(&self) -> Reattach {
        self.reattach
    }

    async fn prepare(&self, task: &Task) -> Result<Box<dyn Prepared>, Failure> {
        Ok(Box::new(Calls { fake: self.clone(), token: task.token.clone() }))
    }
}

impl Calls {
    /// A request is on its way, or its answer.
    async fn way(&self) {
        let milliseconds = self.fake.system().dice.below(800);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }

    fn named(at: usize) -> Job {
        Job { handle: vec![1, at as u8], external_id: format!("j{at}"), link: String::new() }
    }
}

#[async_trait]
impl Prepared for Calls {
    async fn start(&self) -> Result<Job, CallError> {
        self.way().await;
        let (job, lost) = {
            let mut system = self.fake.system();
            if let Some(fault) = system.fault() {
                return Err(fault);
            }
            let known = system.of_token(&self.token).filter(|_| self.fake.reattach == Reattach::Token);
            let at = known.unwrap_or_else(|| {
                let takes = Duration::from_millis(system.dice.below(40_000));
                let state = match system.dice.below(4) {
                    0 => State::Failed,
                    _ => State::Succeeded { warning: false, outputs: String::new() },
                };
                let now = Instant::now();
                system.jobs.push((self.token.clone(), There { accepted: now, ends: now + takes, state }));
                system.jobs.len() - 1
            });
            (Self::named(at), system.faulty && system.dice.one_in(4))
        };
        self.way().await;
        if lost { Err(CallError::Unknown("the answer was lost".to_owned())) } else { Ok(job) }
    }

    async fn find(&self) -> Result<Option<Job>, CallError> {
        self.way().await;
        let mut system = self.fake.system();
        if let Some(fault) = system.fault() {
            return Err(fault);
        }
        let found = system.of_token(&self.token);
        Ok(found.filter(|at| system.jobs[*at].1.accepted.elapsed() > LAG).map(Self::named))
    }

    async fn poll(&self, job: &Job) -> Result<Observation, CallError> {
        self.way().await;
        let mut system = self.fake.system();
        if let Some(fault) = system.fault() {
            return Err(fault);
        }
        let there = &system.jobs[usize::from(job.handle[1])].1;
        let state = if there.ends <= Instant::now() { there.state.clone() } else { State::Running };
        Ok(Observation { word: format!("{state:?}"), state, message: String::new(), after: None })
    }

    async fn cancel(&self, job: &Job) -> Result<(), CallError> {
        self.way().await;
        let mut system = self.fake.system();
        if let Some(fault) = system.fault() {
            return Err(fault);
        }
        let takes = Duration::from_secs(system.dice.below(100));
        let ends = Instant::now() + takes;
        system.cancels += 1;
        let there = &mut system.jobs[usize::from(job.handle[1])].1;
        if ends < there.ends {
            there.ends = ends;
            there.state = State::Cancelled;
        }
        Ok(())
    }

    async fn collect(&self, _job: &Job, _last: &Observation) -> Result<Collection, CallError> {
        self.way().await;
        self.fake.system().fault().map_or(Ok(Collection::default()), Err)
    }
}

/// A task as the coordinator sees to it: attempts follow each other until one ends, each knows what the ones before have reported.
struct Stage {
    runner: Runner,
    fake: Fake,
    attempts: u32,
    reported: Option<Job>,
    kill_once_taken: bool,
    _folder: tempfile::TempDir,
}

/// What is done to one attempt, and when.
#[derive(Clone, Copy, Default)]
struct Plot {
    cancel_after: Option<Duration>,
    kill_after: Option<Duration>,
    /// What it reports is lost with it.
    mute: bool,
}

impl Stage {
    fn new(fake: Fake) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let remote = Remote::paced(Arc::new(fake.clone()), PACE);
        let runner = Runner {
            home: Home::open(&folder.path().join("worker")).unwrap(),
            blobs: BlobStore::open(&folder.path().join("blobs")).unwrap(),
            registry: Registry::of(vec![Arc::new(remote)]),
        };
        Self { runner, fake, attempts: 0, reported: None, kill_once_taken: false, _folder: folder }
    }

    async fn attempt(&mut self, plot: Plot) -> Ending {
        self.attempts += 1;
        let id = AttemptId { run: [7; 16], task: 0, number: self.attempts };
        let resume = (self.attempts > 1).then(|| {
            let job = self.reported.clone().unwrap_or_default();
            Resume { token_attempt: 1, handle: job.handle.into(), external_id: job.external_id, link: job.link }
        });
        let offer = Offer {
            attempt: Some(id.to_wire()),
            task_run_id: Uuid::from_u128(5).to_string(),
            integration: "FAKE".to_owned(),
            integration_job: "JOB".to_owned(),
            resume,
            ..Offer::default()
        };
        let said = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&said);
        let (ask, stop) = stop_channel();
        let ask = Arc::new(ask);
        let killer = self.kill_once_taken.then(|| Arc::clone(&ask));
        let submit = Submit::new(move |job| {
            heard.lock().unwrap().replace(job);
            killer.iter().for_each(|killer| killer.ask(StopLevel::Kill));
            async {}
        });
        let asked = async {
            let began = Instant::now();
            let mut wishes: Vec<(Duration, StopLevel)> = Vec::new();
            wishes.extend(plot.cancel_after.map(|after| (after, StopLevel::Gentle)));
            wishes.extend(plot.kill_after.map(|after| (after, StopLevel::Kill)));
            wishes.sort();
            for (after, level) in wishes {
                tokio::time::sleep_until(began + after).await;
                ask.ask(level);
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = self.runner.run(id, offer, stop, submit) => ended,
            () = asked => unreachable!("it waits for ever"),
        };
        let said = said.lock().unwrap().take();
        if !plot.mute || ended.ending != Ending::Abandoned {
            self.reported = said.or(self.reported.take());
        }
        ended.ending
    }
}

/// Until the task ends; killed up to `kills` times, cancelled in the last of the attempts when `cancelled`.
async fn live(seed: u64, reattach: Reattach, kills: u64, cancelled: bool) -> (Stage, Ending) {
    let mut dice = Dice(seed ^ 0xABCD);
    let mut stage = Stage::new(Fake::new(seed, reattach));
    for _ in 0..dice.below(kills + 1) {
        let after = if dice.one_in(2) { 3_000 } else { 60_000 };
        let plot = Plot {
            kill_after: Some(Duration::from_millis(dice.below(after))),
            mute: dice.one_in(3),
            ..Plot::default()
        };
        match stage.attempt(plot).await {
            Ending::Abandoned => {}
            ended => return (stage, ended),
        }
    }
    let cancel_after = cancelled.then(|| Duration::from_millis(dice.below(10_000)));
    let ended = stage.attempt(Plot { cancel_after, ..Plot::default() }).await;
    (stage, ended)
}

#[tokio::test(start_paused = true)]
async fn whoever_dies_when_the_job_is_begun_once_and_its_own_end_is_the_tasks() {
    let mut classes: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..120 {
        for reattach in [Reattach::Token, Reattach::LookUp] {
            let (stage, ended) = live(seed, reattach, 4, false).await;
            let system = stage.fake.system();
            assert_eq!(system.jobs.len(), 1, "{reattach:?}, seed {seed}: {ended:?}");
            let (_, there) = &system.jobs[0];
            assert!(there.ends <= Instant::now(), "{reattach:?}, seed {seed}: {ended:?}");
            let class = match (&there.state, &ended) {
                (State::Succeeded { .. }, Ending::Succeeded { .. }) => "succeeded",
                (State::Failed, Ending::Failed(failure)) if failure.class == FailureClass::JobFailed => "failed",
                other => panic!("{reattach:?}, seed {seed}: {other:?}"),
            };
            *classes.entry(class).or_default() += 1;
        }
    }
    assert!(classes["succeeded"] > 50 && classes["failed"] > 20, "{classes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_has_ended_when_that_is_said() {
    let (mut cancelled, mut quicker) = (0, 0);
    for seed in 0..120 {
        for reattach in [Reattach::Token, Reattach::LookUp] {
            let (stage, ended) = live(seed, reattach, 3, true).await;
            let system = stage.fake.system();
            assert!(system.jobs.len() <= 1, "{reattach:?}, seed {seed}: {ended:?}");
            assert!(system.jobs.iter().all(|(_, there)| there.ends <= Instant::now()), "seed {seed}: {ended:?}");
            match ended {
                Ending::Stopped => cancelled += 1,
                Ending::Succeeded { .. } | Ending::Failed(_) => quicker += 1,
                ended => panic!("{reattach:?}, seed {seed}: {ended:?}"),
            }
        }
    }
    assert!(cancelled > 50 && quicker > 10, "{cancelled} {quicker}");
}

#[tokio::test(start_paused = true)]
async fn who_is_let_go_of_ends_nothing_elsewhere() {
    for seed in 0..120 {
        let (stage, _) = live(seed, Reattach::Token, 4, false).await;
        assert_eq!(stage.fake.system().cancels, 0, "seed {seed}");
    }
    // Not even when that is asked for at the very moment at which the job is taken.
    let mut stage = Stage::new(Fake::new(7, Reattach::Token));
    stage.kill_once_taken = true;
    let ended = stage.attempt(Plot::default()).await;
    assert_eq!(ended, Ending::Abandoned);
    let system = stage.fake.system();
    assert_eq!((system.jobs.len(), system.cancels), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_tell_the_job_is_not_begun_again_and_that_is_said() {
    let mut unknown = 0;
    for seed in 0..120 {
        let (stage, ended) = live(seed, Reattach::Never, 3, false).await;
        assert!(stage.fake.system().jobs.len() <= 1, "seed {seed}: {ended:?}");
        if let Ending::Failed(failure) = &ended
            && failure.class == FailureClass::UnknownOutcome
        {
            assert!(failure.message.contains("restart the task if it was not"), "{}", failure.message);
            unknown += 1;
        }
    }
    assert!(unknown > 20, "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_can_end_or_see_is_said_to_be_unconfirmed_or_unknown() {
    let fake = Fake::new(1, Reattach::Token);
    fake.system().faulty = false;
    let mut stage = Stage::new(fake.clone());
    let second = Duration::from_secs(1);
    assert_eq!(stage.attempt(Plot { kill_after: Some(2 * second), ..Plot::default() }).await, Ending::Abandoned);
    // From now on it hears nothing any more.
    fake.system().jobs[0].1.ends = Instant::now() + Duration::from_secs(1_000_000);
    stage.runner.registry = Registry::of(vec![Arc::new(Remote::paced(Arc::new(Silent), PACE))]);
    let Ending::Failed(failure) = stage.attempt(Plot::default()).await else { panic!("it cannot be seen") };
    assert_eq!(failure.class, FailureClass::UnknownOutcome);
    assert!(failure.message.contains("job j0 could not be seen for 30 min: nobody listens"), "{}", failure.message);
    let began = Instant::now();
    let Ending::Unconfirmed(why) = stage.attempt(Plot { cancel_after: Some(second), ..Plot::default() }).await else {
        panic!("nobody can end it")
    };
    assert!(why.contains("could not be asked to end within 600 s: nobody listens"), "{why}");
    assert!(began.elapsed() < Duration::from_secs(700));
}

/// The system is not reachable any more.
#[derive(Debug, Clone)]
struct Silent;

#[async_trait]
impl RemoteJob for Silent {
    fn job(&self) -> (&str, &str) {
        ("FAKE", "JOB")
    }

    fn reattach(&self) -> Reattach {
        Reattach::Token
    }

    async fn prepare(&self, _task: &Task) -> Result<Box<dyn Prepared>, Failure> {
        Ok(Box::new(self.clone()))
    }
}

fn nobody<T>() -> Result<T, CallError> {
    Err(CallError::Again { message: "nobody listens".to_owned(), after: None })
}

#[async_trait]
impl Prepared for Silent {
    async fn start(&self) -> Result<Job, CallError> {
        nobody()
    }

    async fn poll(&self, _job: &Job) -> Result<Observation, CallError> {
        nobody()
    }

    async fn cancel(&self, _job: &Job) -> Result<(), CallError> {
        nobody()
    }

    async fn collect(&self, _job: &Job, _last: &Observation) -> Result<Collection, CallError> {
        nobody()
    }
}
