//! When pipelines are brought up to their repositories: every so often, and soon after somebody says that something was pushed.
//!
//! Promises: pipelines of one branch of a repository are looked at together, and a branch that has not moved costs one question for its head;
//! what fails is looked at less and less often, and what hangs holds up nothing but itself, while places are free; a text that is no pipeline
//! is kept out, remembered and shown. What was seen is kept in memory only: looking changes nothing, so after a take-over everything is looked
//! at anew. Holds no handle but for looks that are under way, so that the engine's loop ends when everybody else has gone.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use downbeat_domain::{CommandKind, GitOrigin, PipelineId, PipelineStorage, StorageProvider, storage::slug};
use downbeat_event_log::EventLog;
use downbeat_proto::control::v1 as wire;
use downbeat_runtime::clock::Clock;
use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior},
};
use tonic::{Code, Status};

use super::{
    Control,
    asker::Asker,
    repositories::{At, Kept},
};
use crate::{api::refused, driver::WeakHandle, limits};

/// As what workers are asked to say something at a repository's host.
const COMMIT_STATUS: &str = "COMMIT_STATUS";
/// Who brings pipelines up to their repositories, in the audit.
const ACTOR: &str = "git";

/// What was seen of one pipeline.
#[derive(Clone, Debug, Default)]
struct Seen {
    looked_at: i64,
    origin: Option<GitOrigin>,
    /// Why it is not what stands there: true until something else does.
    failure: String,
    /// Why it could not be looked at, the last time: true until it can.
    unseen: String,
    failures: u32,
}

/// A branch of a repository: provider, repository, branch.
type Branch = (StorageProvider, String, String);

#[derive(Clone, Debug)]
struct Turn {
    due: Instant,
    /// Where it was when everything of it was last looked at.
    head: String,
    failures: u32,
    turns: u32,
    /// It is looked at now.
    under_way: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Syncs {
    clock: Clock,
    seen: Mutex<BTreeMap<PipelineId, Seen>>,
    /// Said to have moved.
    pushed: Mutex<BTreeSet<Branch>>,
    woken: Notify,
}

impl Syncs {
    pub(super) fn new() -> Self {
        Self { clock: Clock::start(), seen: Mutex::default(), pushed: Mutex::default(), woken: Notify::new() }
    }

    /// The current version is what stands there; whether the commit is another one than was seen before.
    pub(super) fn seen(&self, pipeline: PipelineId, origin: &GitOrigin) -> bool {
        self.note(pipeline, origin, "")
    }

    /// It is not, and will not be before something else stands there; whether that is news.
    pub(super) fn failed(&self, pipeline: PipelineId, origin: &GitOrigin, why: &str) -> bool {
        self.note(pipeline, origin, why)
    }

    fn note(&self, pipeline: PipelineId, origin: &GitOrigin, failure: &str) -> bool {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry(pipeline).or_default();
        let moved = seen.origin.as_ref().is_none_or(|known| known.commit != origin.commit)
            || seen.failure.is_empty() != failure.is_empty();
        seen.looked_at = self.clock.now().wall.as_microsecond();
        seen.origin = Some(origin.clone());
        seen.unseen.clear();
        seen.failure = failure.chars().take(limits::SYNC_FAILURE_CHARS_MAX).collect();
        seen.failures = if failure.is_empty() { 0 } else { seen.failures.saturating_add(1) };
        moved
    }

    /// Nobody knows whether it is: it could not be looked at.
    pub(super) fn unseen(&self, pipeline: PipelineId, why: &str) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry(pipeline).or_default();
        seen.looked_at = self.clock.now().wall.as_microsecond();
        seen.unseen = why.chars().take(limits::SYNC_FAILURE_CHARS_MAX).collect();
        seen.failures = seen.failures.saturating_add(1);
    }

    /// What could not be seen is not there, and will not be before something else stands there.
    fn absent(&self, pipeline: PipelineId, origin: &GitOrigin) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry(pipeline).or_default();
        seen.origin = Some(origin.clone());
        seen.failure = std::mem::take(&mut seen.unseen);
    }

    /// Was it ever seen at a commit?
    pub(super) fn knows(&self, pipeline: PipelineId) -> bool {
        self.of(pipeline).origin.is_some()
    }

    fn of(&self, pipeline: PipelineId) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&pipeline).cloned().unwrap_or_default()
    }

    fn retain(&self, kept: &BTreeSet<PipelineId>) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).retain(|pipeline, _| kept.contains(pipeline));
    }
}

impl Control {
    pub(super) async fn sync_of(
        &self,
        request: wire::GetPipelineSyncRequest,
    ) -> Result<wire::GetPipelineSyncResponse, Status> {
        let kept = self.kept(&request.pipeline).await?;
        let seen = self.syncs.of(kept.pipeline);
        let origin = seen.origin;
        Ok(wire::GetPipelineSyncResponse {
            looked_at: seen.looked_at,
            commit: origin.as_ref().map(|origin| origin.commit.clone()).unwrap_or_default(),
            branch: origin.map_or_else(|| kept.branch().to_owned(), |origin| origin.branch),
            failure: if seen.unseen.is_empty() { seen.failure } else { seen.unseen },
            failures: seen.failures,
        })
    }

    pub(super) async fn pushed(
        &self,
        request: wire::RepositoryPushedRequest,
    ) -> Result<wire::RepositoryPushedResponse, Status> {
        let Some(provider) = StorageProvider::from_word(&request.provider) else {
            return Err(Status::invalid_argument("provider: use one of GITHUB, GITLAB, BITBUCKET, AZURE_DEVOPS, GIT"));
        };
        let mut pipelines = 0;
        for kept in self.all_kept().await? {
            let there = kept.storage.provider == provider
                && slug(&kept.storage.repository).eq_ignore_ascii_case(slug(&request.repository))
                && (request.branch.is_empty() || kept.branch() == request.branch);
            if there {
                pipelines += 1;
                self.syncs.pushed.lock().unwrap_or_else(PoisonError::into_inner).insert(branch(&kept));
            }
        }
        self.syncs.woken.notify_one();
        Ok(wire::RepositoryPushedResponse { pipelines })
    }

    /// Every pipeline whose file is kept in a repository.
    async fn all_kept(&self) -> Result<Vec<Kept>, Status> {
        let asked = self.handle.ask(|engine, _| {
            let kept =
                engine.partition().pipelines.iter().filter(|(_, state)| !state.deleted).filter_map(|(id, state)| {
                    let storage: &PipelineStorage = state.storage.as_ref()?;
                    (storage.provider != StorageProvider::Orchestra).then(|| Kept {
                        pipeline: *id,
                        alias: state.alias.to_string(),
                        source_root: state.current().source_root.to_string(),
                        storage: storage.clone(),
                    })
                });
            kept.collect::<Vec<_>>()
        });
        asked.await.map_err(|error| refused(&error))
    }

    /// Best effort, once: the next commit is told anew.
    pub(super) fn say_at_host(&self, kept: &Kept, origin: &GitOrigin, failure: Option<&str>) {
        if !matches!(kept.storage.provider, StorageProvider::Github | StorageProvider::Gitlab) {
            return;
        }
        let (control, kept, commit) = (self.clone(), kept.clone(), origin.commit.clone());
        let state = if failure.is_some() { "failure" } else { "success" };
        // The first line says where; the one behind it, what.
        let said = failure.map(|failure| failure.lines().nth(1).unwrap_or(failure).to_owned());
        let said = said.unwrap_or_else(|| "the pipeline is valid".to_owned());
        tokio::spawn(async move {
            let context = format!("downbeat/{}", kept.alias);
            let parameters = [
                ("provider", kept.storage.provider.as_str()),
                // As it is written: `owner/name` of an address is another repository, wherever else that name is taken.
                ("repository", &kept.storage.repository),
                ("commit", &commit),
                ("state", state),
                ("context", &context),
                ("description", &said),
            ];
            if let Err(status) = control.ask_a_worker(COMMIT_STATUS, &parameters, limits::SYNC_TIMEOUT).await {
                tracing::info!(
                    pipeline = kept.alias,
                    commit,
                    reason = status.message(),
                    "the state of a commit was not told"
                );
            }
        });
    }

    async fn look_at(&self, of: &Branch, turn: &mut Turn, kept: &[Kept]) -> Result<(), Status> {
        let (provider, repository, branch) = of;
        let Some(first) = kept.first() else { return Ok(()) };
        let at = At { branch: branch.clone(), ..At::default() };
        let storage = PipelineStorage { provider: *provider, repository: repository.clone(), ..first.storage.clone() };
        let head = match self.look(&storage, "", &at, limits::SYNC_TIMEOUT).await {
            Ok(stands) => stands.origin,
            Err(status) => {
                for kept in kept {
                    self.syncs.unseen(kept.pipeline, status.message());
                }
                return Err(status);
            }
        };
        let asker = Asker::of_our_own(ACTOR, CommandKind::ApplyPipeline);
        let mut failed = Ok(());
        for kept in kept {
            let seen = self.syncs.of(kept.pipeline);
            let is_known = seen.origin.as_ref().is_some_and(|origin| origin.commit == head.commit);
            if is_known && (turn.head == head.commit || seen.failure.is_empty()) {
                // As it was; when it was looked at is what is new.
                self.syncs.note(kept.pipeline, &head, &seen.failure);
                continue;
            }
            if let Err(status) = self.bring_up(kept, &asker, limits::SYNC_TIMEOUT).await {
                // Further lines show lines of the file, and whatever stands in them.
                let reason = status.message().lines().next().unwrap_or_default();
                tracing::warn!(pipeline = kept.alias, reason, "a pipeline is not what stands in its repository");
                let seen = self.syncs.of(kept.pipeline);
                match status.code() {
                    Code::Unavailable => failed = Err(status),
                    // It is gone.
                    Code::NotFound => {}
                    // There is no such file at this commit: nothing changes before the next one.
                    _ if !seen.unseen.is_empty() => {
                        self.syncs.absent(kept.pipeline, &head);
                        self.say_at_host(kept, &head, Some(status.message()));
                    }
                    _ => {}
                }
            }
        }
        if failed.is_ok() {
            turn.head = head.commit;
        }
        failed
    }
}

fn branch(kept: &Kept) -> Branch {
    (kept.storage.provider, kept.storage.repository.clone(), kept.branch().to_owned())
}

/// Looks again and again, until the engine's loop has ended.
pub struct Syncing {
    handle: WeakHandle,
    log: Arc<dyn EventLog>,
    syncs: Arc<Syncs>,
    every: Duration,
}

impl Control {
    /// What looks at repositories every so often.
    pub fn syncing(&self, every: Duration) -> Syncing {
        Syncing { handle: self.handle.downgrade(), log: Arc::clone(&self.log), syncs: Arc::clone(&self.syncs), every }
    }
}

impl Syncing {
    /// Runs until everybody else has let go of the engine's loop.
    pub async fn run(self) {
        let mut turns: BTreeMap<Branch, Turn> = BTreeMap::new();
        let mut waiting: VecDeque<(Branch, Vec<Kept>)> = VecDeque::new();
        // Whoever hangs has one of the places, and nobody waits for it but who waits for a place.
        let mut looks: FuturesUnordered<BoxFuture<'static, (Branch, Turn)>> = FuturesUnordered::new();
        // Often enough that a pipeline that is new waits no longer than it has to.
        let mut ticks =
            tokio::time::interval((self.every / 10).clamp(Duration::from_millis(50), Duration::from_secs(5)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let anew = tokio::select! {
                Some((branch, turn)) = looks.next() => {
                    let is_pushed = self.pushed().contains(&branch);
                    turns.insert(branch, turn);
                    is_pushed
                }
                _ = ticks.tick() => true,
                () = self.syncs.woken.notified() => true,
            };
            if !anew && waiting.is_empty() {
                continue;
            }
            let Some(handle) = self.handle.upgrade() else { return };
            let control = Control {
                syncs: Arc::clone(&self.syncs),
                ..Control::new(handle, Arc::clone(&self.log), Arc::default())
            };
            if anew {
                let Ok(all) = control.all_kept().await else { return };
                self.syncs.retain(&all.iter().map(|kept| kept.pipeline).collect());
                waiting = self.due(&mut turns, all);
            }
            while looks.len() < limits::SYNCS_AT_ONCE_MAX {
                let Some((branch, kept)) = waiting.pop_front() else { break };
                self.pushed().remove(&branch);
                let Some(turn) = turns.get_mut(&branch) else { continue };
                turn.under_way = true;
                looks.push(Box::pin(take_turn(control.clone(), self.every, branch, turn.clone(), kept)));
            }
        }
    }

    fn pushed(&self) -> MutexGuard<'_, BTreeSet<Branch>> {
        self.syncs.pushed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be looked at now and is not: first what was pushed, then what waits longest.
    fn due(&self, turns: &mut BTreeMap<Branch, Turn>, all: Vec<Kept>) -> VecDeque<(Branch, Vec<Kept>)> {
        let mut groups: BTreeMap<Branch, Vec<Kept>> = BTreeMap::new();
        for kept in all {
            groups.entry(branch(&kept)).or_default().push(kept);
        }
        turns.retain(|branch, turn| turn.under_way || groups.contains_key(branch));
        let mut pushed = self.pushed();
        pushed.retain(|branch| groups.contains_key(branch));
        let now = Instant::now();
        let mut due = Vec::new();
        for (branch, kept) in groups {
            // A new one is looked at within the time, at an instant of its own: a start does not ask for everything at once.
            let turn = turns.entry(branch.clone()).or_insert_with(|| Turn {
                due: now + self.every.mul_f64(share(&branch, 0)),
                head: String::new(),
                failures: 0,
                turns: 0,
                under_way: false,
            });
            let is_pushed = pushed.contains(&branch);
            if !turn.under_way && (is_pushed || turn.due <= now) {
                due.push((!is_pushed, turn.due, branch, kept));
            }
        }
        due.sort_by_key(|(by_itself, at, ..)| (*by_itself, *at));
        due.into_iter().map(|(_, _, branch, kept)| (branch, kept)).collect()
    }
}

/// Looks at a branch; when to do so again.
async fn take_turn(
    control: Control,
    every: Duration,
    branch: Branch,
    mut turn: Turn,
    kept: Vec<Kept>,
) -> (Branch, Turn) {
    let looked = control.look_at(&branch, &mut turn, &kept).await;
    turn.turns = turn.turns.wrapping_add(1);
    turn.failures = if looked.is_ok() { 0 } else { turn.failures.saturating_add(1) };
    turn.due = Instant::now() + pause(every, turn.failures, share(&branch, turn.turns));
    turn.under_way = false;
    (branch, turn)
}

/// From 0 to 1, another one for each branch and turn.
fn share(branch: &Branch, turn: u32) -> f64 {
    let text = format!("{} {} {} {turn}", branch.0.as_str(), branch.1, branch.2);
    let hash = blake3::hash(text.as_bytes());
    let [first, second, ..] = *hash.as_bytes();
    f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX)
}

/// A tenth more or less than the time; after failures twice as long for each, within a bound.
fn pause(every: Duration, failures: u32, share: f64) -> Duration {
    let longer = every.saturating_mul(1 << failures.min(16)).min(limits::SYNC_PAUSE_MAX.max(every));
    longer.mul_f64(0.9 + 0.2 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_make_the_pause_longer_within_a_bound() {
        let minute = Duration::from_secs(60);
        for (failures, seconds) in [(0, 60), (1, 120), (3, 480), (6, 3_600), (40, 3_600)] {
            assert_eq!(pause(minute, failures, 0.5).as_secs_f64().round() as u64, seconds, "{failures}");
        }
        let (low, high) = (pause(minute, 0, 0.0), pause(minute, 0, 1.0));
        assert!(low >= Duration::from_secs(53) && high <= Duration::from_secs(67), "{low:?} {high:?}");
    }

    #[test]
    fn a_commit_is_news_once_and_what_failed_is_remembered_until_it_is_mended() {
        let syncs = Syncs::new();
        let pipeline = PipelineId([1; 16]);
        let at = |digit: &str| GitOrigin { branch: "main".to_owned(), commit: digit.repeat(40) };
        assert!(syncs.seen(pipeline, &at("a")));
        assert!(!syncs.seen(pipeline, &at("a")));
        assert!(syncs.failed(pipeline, &at("b"), "no pipeline"));
        assert!(!syncs.failed(pipeline, &at("b"), "no pipeline"));
        syncs.unseen(pipeline, "host is down");
        let seen = syncs.of(pipeline);
        assert_eq!((seen.unseen.as_str(), seen.failure.as_str(), seen.failures), ("host is down", "no pipeline", 3));
        assert_eq!(seen.origin, Some(at("b")));
        // The host is there again, and so is what was wrong before: no news.
        assert!(!syncs.failed(pipeline, &at("b"), "no pipeline"));
        assert_eq!((syncs.of(pipeline).unseen.as_str(), syncs.of(pipeline).failures), ("", 4));
        assert!(syncs.seen(pipeline, &at("c")));
        assert_eq!(syncs.of(pipeline).failures, 0);
        syncs.unseen(pipeline, "host is down");
        assert!(!syncs.seen(pipeline, &at("c")));
        assert_eq!((syncs.of(pipeline).unseen.as_str(), syncs.of(pipeline).failures), ("", 0));
        syncs.unseen(pipeline, "no such file");
        syncs.absent(pipeline, &at("d"));
        let seen = syncs.of(pipeline);
        assert_eq!((seen.unseen.as_str(), seen.failure.as_str(), seen.failures), ("", "no such file", 1));
        assert_eq!(seen.origin, Some(at("d")));
        syncs.retain(&BTreeSet::new());
        assert_eq!(syncs.of(pipeline).looked_at, 0);
    }
}
