//! Limits of the coordinator (INV-12).

use std::time::Duration;

/// How long a worker may be silent before it has to stop what it runs.
pub const LEASE: Duration = Duration::from_secs(30);
/// How much longer the coordinator waits before it gives the worker's attempts to somebody else.
pub const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// Encoded decisions after which a record takes no more, bytes. With one more decision of the largest kind it stays below
/// the log's limit of 512 KiB.
pub const RECORD_BYTES_TARGET: usize = 128 * 1024;
/// One encoded decision, bytes. Larger ones are refused before anything is decided on them.
pub const DECISION_BYTES_MAX: usize = 380 * 1024;
/// Bytes of decisions that may wait for the log; beyond it new commands are refused, and beyond twice as many also those that end work.
pub const BACKLOG_BYTES_MAX: usize = 32 * 1024 * 1024;
/// With so few or fewer, new commands are taken again.
pub const BACKLOG_BYTES_ENDS: usize = BACKLOG_BYTES_MAX / 2;
/// Seconds over which appends are judged.
pub const PRESSURE_WINDOW_SECONDS: usize = 30;
/// While more than one append in a hundred takes longer, new commands are refused.
pub const APPEND_SLOW: Duration = Duration::from_secs(1);
/// They are taken again once no more than one in a hundred takes longer than this.
pub const APPEND_SLOW_ENDS: Duration = Duration::from_millis(500);
/// Slow appends in the window that are a rule and no accident, such as a server that was started again.
pub const APPENDS_SLOW_MIN: u64 = 5;
/// The part of a limit of storage above which new commands are refused.
pub const STORAGE_FULL: f64 = 0.80;
/// They are taken again once no more than this part is taken.
pub const STORAGE_FULL_ENDS: f64 = 0.75;
/// How often it is looked how full the log's storage is, and noted how far the log reaches.
pub const KEEPING_INTERVAL: Duration = Duration::from_secs(5);
/// A note of how far a log reaches, bytes.
pub const MARK_BYTES_MAX: u64 = 64 * 1024;
/// Inputs that one turn of the loop takes before it appends and sends.
pub const INPUTS_PER_TURN_MAX: usize = 4_096;
/// Inputs that may wait for the loop.
pub const INPUT_QUEUE: usize = 65_536;
/// Messages that may wait for one worker's connection; a worker that is slower than that is disconnected.
pub const WORKER_QUEUE: usize = 4_096;
/// Offers or stops in one message.
pub const ITEMS_PER_MESSAGE_MAX: usize = 512;
/// Parameters of an offer that joins others in one message, bytes: 512 of them, behind one of the largest, stay below the
/// 16 MiB that a worker takes.
pub const JOINED_PARAMETERS_BYTES_MAX: usize = 16 * 1024;
/// Where the operations of a task land, rendered, bytes; what is larger is not told to the worker.
pub const OPERATION_METADATA_BYTES_MAX: usize = 64 * 1024;
/// Slots that one worker may offer.
pub const SLOTS_MAX: u32 = 10_000;
/// Kinds of jobs that one worker may offer.
pub const JOBS_MAX: usize = 1_000;
/// Encoded operations, assets and edges of one report, bytes.
pub const COLLECTED_BYTES_MAX: usize = 256 * 1024;
/// A pipeline file, bytes.
pub const SOURCE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Entries read from the log at once while folding it.
pub const ENTRIES_PER_READ: usize = 1_000;
/// What is so now is measured at most this often.
pub const MEASURED_EVERY: Duration = Duration::from_millis(500);
/// The loop looks at wall time at least this often, so that a clock that was set forward is noticed.
pub const WALL_CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// A step of priority counts like so much waiting. With priorities of -100 to 100, nobody waits more than 200 such steps longer than
/// without them.
pub const RANK_PER_PRIORITY: Duration = Duration::from_secs(60);
/// A slot that a pipeline holds already counts like so much waiting against it, so that pipelines share fairly.
pub const RANK_PER_HELD_SLOT: Duration = Duration::from_secs(10);
/// A lost attempt that may have left a job in another system counts as if it had waited so long more: longer than anybody else can.
pub const RANK_OF_UNSETTLED: Duration = Duration::from_secs(100 * 366 * 24 * 3_600);
/// Labels that one worker may carry.
pub const LABELS_MAX: usize = 16;
/// Others that an explanation names.
pub const AHEAD_NAMED_MAX: usize = 10;
/// Records after which the next snapshot is due.
pub const RECORDS_PER_SNAPSHOT: u64 = 10_000;
/// Snapshots that are kept; older ones are removed.
pub const SNAPSHOTS_KEPT: usize = 3;
/// Entries of the log that a restart reads for the run that it continues before it gives up.
pub const REPLAYED_ENTRIES_MAX: u64 = 10_000_000;
/// Times that a log which does not answer is asked again while a run is read back from it.
pub const REPLAY_TRIES_MAX: u32 = 20;
/// A snapshot that is read, bytes.
pub const SNAPSHOT_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Name of who asks, characters.
pub const ACTOR_CHARS_MAX: usize = 200;
/// An owner whose appends are not answered, or that has none, asks the log this often whether it still ends where it should.
pub const OWNER_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// So long after it asked the log and got the answer that it is the owner, an owner renews leases of workers. An outage of the log
/// that is shorter costs no worker its work; the next owner waits for so long, and a lease, before it gives to others what it knows
/// from the log alone.
pub const OWNER_TRUST: Duration = Duration::from_secs(120);
/// Pause before a log that was away is asked again.
pub const OWNER_CHECK_PAUSE: Duration = Duration::from_millis(500);
/// Triggers that are given one event at the same time.
pub const TAKERS_AT_ONCE_MAX: usize = 64;
/// Checks of sensors that one worker has in hand: it queues no more than that.
pub const CHECKS_PER_WORKER_MAX: usize = 256;
/// How long one check may take; less where its sensor polls more often.
pub const CHECK_TIMEOUT_MAX: Duration = Duration::from_secs(300);
/// How much longer than a check may take its answer is waited for.
pub const CHECK_MARGIN: Duration = Duration::from_secs(10);
/// Pause before a window asks again, where all workers have as many checks in hand as they may.
pub const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Pause before a window asks again that has checks which no attached worker can make.
pub const NO_WORKER_PAUSE: Duration = Duration::from_secs(5);
/// Serialised outputs of one check, bytes.
pub const CHECK_OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How long a worker may take to tell an alert.
pub const ALERT_TIMEOUT: Duration = Duration::from_secs(30);
/// Alerts that workers were asked to tell and have not answered for.
pub const ALERTS_IN_FLIGHT_MAX: usize = 64;
/// Questions to workers that wait for their answers.
pub const INQUIRIES_MAX: usize = 256;
/// How long a worker may take to read a file of a repository, while somebody waits for it.
pub const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The same where nobody waits; and to tell a host what became of a commit.
pub const SYNC_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a worker may take to commit such a file: it reads, then pushes.
pub const COMMIT_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause between two looks at a branch of a repository, unless a setting says another.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(60);
/// The same where it is not to be looked at by itself.
pub const SYNC_NEVER: Duration = Duration::from_secs(10 * 366 * 24 * 3_600);
/// Branches of repositories that are looked at, at once.
pub const SYNCS_AT_ONCE_MAX: usize = 4;
/// After so long at most, a branch that could not be looked at is looked at again.
pub const SYNC_PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// A failure to bring a pipeline up to its repository, as it is remembered, characters.
pub const SYNC_FAILURE_CHARS_MAX: usize = 4_000;
/// How long a worker may take to try a connection.
pub const TRIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that are tried at once.
pub const TRIALS_MAX: usize = 64;
/// Fields of a connection in one request, as JSON, bytes.
pub const CONNECTION_REQUEST_BYTES_MAX: usize = 128 * 1024;
/// Fields of opened connections in one message to a worker, bytes; one more connection always fits.
pub const GIVEN_BYTES_PER_MESSAGE: usize = 4 * 1024 * 1024;
/// How long after gateways were told that a secret of an endpoint cannot be read it is tried again.
pub const ACCESS_UNREADABLE_AGAIN: Duration = Duration::from_secs(10);
/// Gateways that watch at once who may do what.
pub const ACCESS_WATCHERS_MAX: usize = 100;
/// Labels of all pipelines, with their ids, that gateways are told of, bytes; those of further pipelines are left out, so that only grants
/// without labels reach them.
pub const ACCESS_LABELS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Firings of schedules in one call.
pub const FIRINGS_PER_CALL_MAX: usize = 256;
/// Events in one call.
pub const EVENTS_PER_CALL_MAX: usize = 256;
/// Data of all events of one call, bytes.
pub const EVENT_BYTES_PER_CALL_MAX: usize = 4 * 1024 * 1024;
/// Refused commands are counted anew after so long.
pub const REJECTIONS_WINDOW: Duration = Duration::from_secs(60);
/// Refused commands of one caller, kind and target that are recorded in full in a window; further ones are counted.
pub const REJECTIONS_OF_ONE_MAX: u32 = 10;
/// The same of all callers together.
pub const REJECTIONS_PER_WINDOW_MAX: usize = 200;
/// Callers, each with a kind and a target, whose refused commands are counted each for themselves in a window.
pub const REJECTED_CALLERS_MAX: usize = 100;
/// Parts of reports of other systems in one call.
pub const LINEAGE_PARTS_MAX: usize = 256;
/// A part of a report, encoded, bytes: a decision with it fits into a record.
pub const LINEAGE_PART_BYTES_MAX: usize = 256 * 1024;
/// Key of a secret of an endpoint, bytes.
pub const ENDPOINT_KEY_BYTES_MAX: usize = 256;
/// Keys of endpoints that are remembered opened: of 1,000 endpoints with three each, and of some that are closed.
pub const ENDPOINT_KEYS_REMEMBERED: usize = 5_000;
/// How long an owner that is asked to end may take to answer what it was asked, and to keep a snapshot.
pub const RETIRING_AT_MOST: Duration = Duration::from_secs(8);
/// How long a replica that ends goes on handing calls on to the next owner.
pub const LEAVING_AT_MOST: Duration = Duration::from_millis(1_500);
/// A replica that could not look at the lease for so long hands nothing on any more.
pub const UNSEEN_AT_MOST: Duration = Duration::from_secs(10);
/// How long an owner that is asked to end waits for calls that it is answering.
pub const ANSWERING_AT_MOST: Duration = Duration::from_secs(3);
/// How often an owner looks whether the log has confirmed it for long enough.
pub const TRUST_LOOK: Duration = Duration::from_secs(5);
/// How long sealed connections may take to be read before a new owner serves.
pub const VAULT_READ_AT_MOST: Duration = Duration::from_secs(60);
/// Blobs that are younger may be a successor's, whom a coordinator that was fenced has not noticed: they are not removed.
pub const OTHERS_MAY_WRITE: Duration = Duration::from_secs(600);
