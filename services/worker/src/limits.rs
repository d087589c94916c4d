//! Every limit of the worker, with its unit. Nothing here is read from outside; what an operator may change stands in `config.rs`.

use std::time::Duration;

/// First pause between two attempts to reach the coordinator.
pub(crate) const RECONNECT_PAUSE_MIN: Duration = Duration::from_millis(100);
/// Longest pause between two attempts to reach the coordinator.
pub(crate) const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long opening a connection may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the coordinator may take to answer a hello before the connection is given up.
pub(crate) const WELCOME_WAIT: Duration = Duration::from_secs(10);
/// So long before its lease ends the worker kills what it holds, because the coordinator gives it to somebody else afterwards.
pub(crate) const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// Heartbeats that may be under way unanswered; more than the lease can ever hold.
pub(crate) const UNANSWERED_HEARTBEATS_MAX: usize = 64;
/// Encoded bytes of one Reports message, after which the next one begins. A single larger report goes alone.
pub(crate) const REPORTS_BYTES_MAX: usize = 1024 * 1024;
/// Largest gRPC message taken from or given to the coordinator, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Messages waiting to be written to the coordinator; beyond it the connection is given up and opened anew.
pub(crate) const OUTBOUND_MESSAGES_MAX: usize = 4096;
/// Events (messages of the coordinator, ends of attempts) waiting for the engine; senders wait beyond it.
pub(crate) const INBOUND_EVENTS_MAX: usize = 4096;
/// Events that the engine takes at once, so that their reports share one message.
pub(crate) const EVENTS_PER_STEP: usize = 1024;

/// Encoded bytes of one Collected report.
pub(crate) const COLLECTED_CHUNK_BYTES: usize = 64 * 1024;
/// Encoded bytes of one collected operation, asset or edge; larger ones are left out. The coordinator drops a report of 256 KiB.
pub(crate) const COLLECTED_ITEM_BYTES_MAX: usize = 192 * 1024;
/// Characters of the message of a report; longer ones are cut.
pub(crate) const MESSAGE_CHARS_MAX: usize = 4_000;

/// Between SIGTERM and SIGKILL when an attempt is stopped.
pub(crate) const STOP_GRACE: Duration = Duration::from_secs(10);
/// From the worker's own shutdown to its end at the latest: the grace of its attempts and some time to report.
pub(crate) const SHUTDOWN_GRACE: Duration = Duration::from_secs(13);
/// How long the worker waits for a killed process group to be gone before it says so and goes on.
pub(crate) const KILL_WAIT: Duration = Duration::from_secs(5);
/// Pause between two looks at a process group or at a lock that another process holds.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long helpers that end with their program (Python's resource tracker) may take to do so before they count as left behind.
pub(crate) const LEAVE_WAIT: Duration = Duration::from_millis(300);
/// How long output is still read after the last known process ended (somebody unknown may hold the pipe open).
pub(crate) const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// Bytes of one task log; output beyond is counted and dropped.
pub(crate) const LOG_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes read from a process at once.
pub(crate) const LOG_READ_BYTES: usize = 64 * 1024;
/// The last bytes of output that are kept for error messages.
pub(crate) const LOG_TAIL_BYTES: usize = 8 * 1024;

/// Bytes of one event that a script posts.
pub(crate) const SCRIPT_EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of all outputs of one task, as JSON text; what of them goes beyond [`OUTPUTS_BYTES_MAX`] is kept in the blob store.
pub(crate) const TASK_OUTPUTS_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Bytes of the outputs of one task, as JSON text, that the coordinator records in one event.
pub(crate) const OUTPUTS_BYTES_MAX: usize = 256 * 1024;
/// Log files that one attempt may post.
pub(crate) const SCRIPT_LOGS_MAX: usize = 32;
/// Bytes of all log files that one attempt posts.
pub(crate) const SCRIPT_LOGS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How often a task that waits for a file looks.
pub(crate) const ADLS_LOOK_EVERY: Duration = Duration::from_secs(15);

/// Files that are kept of one attempt.
pub(crate) const KEPT_FILES_MAX: usize = 100;
/// Bytes of one of them.
pub(crate) const KEPT_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of all of them together.
pub(crate) const KEPT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Entries of the folder for them that are looked at.
pub(crate) const KEPT_ENTRIES_MAX: usize = 1_000;
/// Bytes of a file that are read at once.
pub(crate) const KEPT_READ_BYTES: usize = 256 * 1024;
/// Files of which the log says why they were left out.
pub(crate) const KEPT_REASONS_SHOWN: usize = 20;
/// How long all of them may take to be stored.
pub(crate) const KEPT_WAIT: Duration = Duration::from_secs(60);

/// Bytes of one dbt artifact file.
pub(crate) const ARTIFACT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How long counting the rows of built models may take.
pub(crate) const ROW_COUNT_WAIT: Duration = Duration::from_secs(60);
/// Relations counted after one dbt command.
pub(crate) const ROW_COUNT_RELATIONS_MAX: usize = 500;
/// Bytes that the counting command may print.
pub(crate) const ROW_COUNT_OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// How long dbt may take to say what a command selects, and how new its sources are.
pub(crate) const DBT_STATE_WAIT: Duration = Duration::from_secs(600);
/// Bytes that dbt may print meanwhile.
pub(crate) const DBT_LISTING_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Sources that are named to dbt; of more, all are asked.
pub(crate) const DBT_STATE_SOURCES_SELECTED: usize = 500;
/// Nodes whose reason for being built stands in the log.
pub(crate) const DBT_STATE_REASONS_SHOWN: usize = 20;
/// Bytes of what is kept of the builds of one scope.
pub(crate) const DBT_STATE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// From so many bytes on it is written anew when half of it is outdated.
pub(crate) const DBT_STATE_TIDY_BYTES: usize = 1024 * 1024;

/// Nodes that the log names when dbt continues an earlier run.
pub(crate) const RESUMED_NODES_SHOWN: usize = 20;
/// Labels of one worker.
pub(crate) const LABELS_MAX: usize = 16;
/// Characters of the name or value of a label.
pub(crate) const LABEL_CHARS_MAX: usize = 63;

/// How long `python --version` may take.
pub(crate) const INTERPRETER_ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Files that one requirements file may include, itself counted.
pub(crate) const REQUIREMENT_FILES_MAX: usize = 64;
/// Bytes of one requirements file.
pub(crate) const REQUIREMENT_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Redirects that an HTTP task follows.
pub(crate) const HTTP_REDIRECTS_MAX: usize = 3;
/// Bytes of an HTTP answer.
pub(crate) const HTTP_ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long opening an HTTP connection may take.
pub(crate) const HTTP_CONNECT_WAIT: Duration = Duration::from_secs(10);
/// How long one HTTP exchange may take.
pub(crate) const HTTP_WAIT: Duration = Duration::from_secs(120);
/// Bytes of an HTTP answer shown in the task's log.
pub(crate) const HTTP_LOGGED_BYTES: usize = 1024;

/// Checks of sensors that are made at once.
/// Pause after a call to another system that failed: at first.
pub(crate) const REMOTE_AGAIN_MIN: Duration = Duration::from_secs(1);
/// And at most.
pub(crate) const REMOTE_AGAIN_MAX: Duration = Duration::from_secs(60);
/// The longest pause that another system may ask for.
pub(crate) const REMOTE_PAUSE_MAX: Duration = Duration::from_secs(600);
/// How long the start of a job in another system is tried.
pub(crate) const REMOTE_START_WAIT: Duration = Duration::from_secs(600);
/// How often the other system must say that it has no job with a token before one is begun.
pub(crate) const REMOTE_LOOKS: u32 = 3;
/// Pause between these.
pub(crate) const REMOTE_LOOK_AGAIN: Duration = Duration::from_secs(3);
/// How long a job may not be seen before its outcome is called unknown.
pub(crate) const REMOTE_SILENCE_MAX: Duration = Duration::from_secs(1_800);
/// How long the end of a job is waited for that was asked for.
pub(crate) const REMOTE_CANCEL_WAIT: Duration = Duration::from_secs(600);
/// How often the metadata of a job that has ended is asked for.
pub(crate) const REMOTE_COLLECTS: u32 = 3;
pub(crate) const CHECKS_RUNNING_MAX: usize = 32;
/// Checks of sensors that wait to be made; whoever comes beyond hears that the worker is busy.
pub(crate) const CHECKS_WAITING_MAX: usize = 256;
/// Bytes of the id of a check.
pub(crate) const CHECK_ID_BYTES_MAX: usize = 64;
/// Longest time of a check, in seconds.
pub(crate) const CHECK_SECONDS_MAX: u32 = 600;
/// Bytes of the outputs of a check, as JSON text.
pub(crate) const CHECK_OUTPUTS_BYTES_MAX: usize = 64 * 1024;
/// Rows or files in the outputs of a check.
pub(crate) const CHECK_ITEMS_MAX: usize = 100;
/// Bytes of the parameters of a check, as JSON text.
pub(crate) const CHECK_PARAMETERS_BYTES_MAX: usize = 256 * 1024;
/// The same of what workers are asked about repositories: the text of a file is among it, and each of its characters may take two bytes there.
pub(crate) const REPOSITORY_PARAMETERS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a check may take to reach a server and sign in.
pub(crate) const CHECK_CONNECT_WAIT: Duration = Duration::from_secs(20);
/// Keys of a bucket, or entries of a folder, that one check looks at.
pub(crate) const CHECK_LISTED_MAX: usize = 10_000;
/// Bytes that a database or an SFTP server may send during one check; a single value can be a gigabyte.
pub(crate) const CHECK_ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Characters of the message of an alert, and of the custom text, that are sent.
pub(crate) const ALERT_MESSAGE_CHARS_MAX: usize = 2_000;
/// And lines of each.
pub(crate) const ALERT_MESSAGE_LINES_MAX: usize = 30;
/// Characters of each name in an alert that are sent.
pub(crate) const ALERT_NAME_CHARS_MAX: usize = 100;
/// Bytes of the id of an alert.
pub(crate) const ALERT_ID_BYTES_MAX: usize = 256;
/// Bytes of the answer to an alert that are read.
pub(crate) const ALERT_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a connection file, or of a file that one of its fields refers to.
pub(crate) const CONNECTION_FILE_BYTES_MAX: u64 = 256 * 1024;
/// Sealed connections that a worker keeps in memory.
pub(crate) const GIVEN_CONNECTIONS_MAX: usize = 1_000;
/// How long a store of secrets may take for one value.
pub(crate) const REFERENCE_WAIT: Duration = Duration::from_secs(10);
/// A value of a store of secrets, bytes.
pub(crate) const REFERENCE_BYTES_MAX: usize = 64 * 1024;
/// How long such a value is kept in memory.
pub(crate) const REFERENCE_LIFE: Duration = Duration::from_secs(60);
/// Such values that are kept.
pub(crate) const REFERENCES_KEPT_MAX: usize = 1_000;
/// Characters of the name of a connection.
pub(crate) const CONNECTION_NAME_CHARS_MAX: usize = 128;
/// Shortest credential, in bytes, that is looked for in messages and outputs; shorter ones would blacken ordinary words.
pub(crate) const SECRET_BYTES_MIN: usize = 4;
/// Shortest credential in bytes for which a handle is given up that holds it: shorter ones are in ids by chance.
pub(crate) const HANDLE_CREDENTIAL_BYTES_MIN: usize = 8;

/// Bytes of one connector manifest.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 256 * 1024;
/// Manifests in a user's folder, folders in it counted.
pub(crate) const MANIFESTS_MAX: usize = 1_000;
/// Levels of a JSON template in a manifest.
pub(crate) const TEMPLATE_DEPTH_MAX: usize = 32;
/// Bytes of what a remote job's handle holds.
pub(crate) const HANDLE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of another system's answer that an error repeats.
pub(crate) const ANSWER_SHOWN_BYTES: usize = 2 * 1024;
/// Looks for a job whose start was accepted without saying how it is called, before its outcome counts as unknown.
pub(crate) const FIND_AFTER_START_LOOKS: u32 = 5;
/// Pause between two of them.
pub(crate) const FIND_AFTER_START_PAUSE: Duration = Duration::from_secs(2);
/// Operations and assets that a manifest collects from one job, each.
pub(crate) const COLLECTED_ITEMS_MAX: usize = 10_000;
/// Columns of one edge between assets, bytes: an edge goes into one report.
pub(crate) const LINEAGE_EDGE_BYTES_MAX: usize = 128 * 1024;
/// Lines in the log about what is not known of the lineage of a statement.
pub(crate) const LINEAGE_NOTES_MAX: usize = 10;
/// Most time that a server may take to say which columns tables have.
pub(crate) const LINEAGE_COLUMNS_WAIT: Duration = Duration::from_secs(5);
/// Most columns of tables that a server is asked for.
pub(crate) const LINEAGE_COLUMNS_MAX: usize = 5_000;
/// Pages of one list that are read.
pub(crate) const PAGES_MAX: u64 = 200;
/// How far back a list that begins with the newest is searched for a job whose start is in doubt.
pub(crate) const FIND_SPAN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Bytes of all pages of one list, after which no further one is read; a page is an answer of at most [`HTTP_ANSWER_BYTES_MAX`].
pub(crate) const PAGES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Quantities that one operation says of what it used that costs something.
pub(crate) const COST_BASIS_MAX: usize = 16;
/// Attributes of one of them.
pub(crate) const COST_ATTRIBUTES_MAX: usize = 8;
/// Characters of a unit or of the name of an attribute.
pub(crate) const COST_NAME_CHARS_MAX: usize = 40;
/// Characters of the value of an attribute; longer ones are cut.
pub(crate) const COST_VALUE_CHARS_MAX: usize = 200;
/// Access tokens kept for reuse.
pub(crate) const ACCESS_TOKENS_MAX: usize = 256;
/// So long before its end an access token is no longer used.
pub(crate) const ACCESS_TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// How long an access token is used whose life the other side does not say.
pub(crate) const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(300);

/// Rows of a SQL job's result that become outputs; the rest is counted and left out, and the outputs say so.
pub(crate) const SQL_ROWS_MAX: usize = 10_000;
/// Bytes of a SQL job's rows, as JSON text, that become outputs; below [`TASK_OUTPUTS_BYTES_MAX`].
pub(crate) const SQL_RESULTS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes that a database may send during one SQL job.
pub(crate) const SQL_ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a statement shown in the task's log.
pub(crate) const SQL_LOGGED_BYTES: usize = 4 * 1024;
/// How long a server may take to end a statement after it was asked to, before the cancel counts as unconfirmed.
pub(crate) const SQL_CANCEL_WAIT: Duration = Duration::from_secs(9);
/// Pause between two such requests.
pub(crate) const SQL_CANCEL_PAUSE: Duration = Duration::from_millis(500);
/// How long it is asked what became of a transaction whose end nobody saw.
pub(crate) const SQL_SETTLE_WAIT: Duration = Duration::from_secs(120);
/// Pause between two such questions.
pub(crate) const SQL_SETTLE_PAUSE: Duration = Duration::from_millis(500);
/// Pause between two looks at a statement that another worker began and that goes on.
pub(crate) const SQL_GOES_ON_PAUSE: Duration = Duration::from_secs(5);

/// Servers that one connection to MongoDB names, and that are tried at one sign-in.
pub(crate) const MONGO_SERVERS_MAX: usize = 16;

/// Brokers that one connection to Kafka names.
pub(crate) const KAFKA_SERVERS_MAX: usize = 16;
/// Brokers that are asked for the offsets of one topic's partitions.
pub(crate) const KAFKA_LEADERS_MAX: usize = 100;
/// Bytes that a broker may send during one check of a topic.
pub(crate) const KAFKA_ANSWER_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Pause between two signs of life on an idle SSH connection.
pub(crate) const SSH_KEEPALIVE: Duration = Duration::from_secs(15);
/// How long an SSH connection may say nothing at all; keepalives are answered, so only a dead one does.
pub(crate) const SSH_IDLE_WAIT: Duration = Duration::from_secs(120);
/// Bytes that an SSH server may send while a command runs.
pub(crate) const SSH_ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// How long a remote command may take to end after it was sent SIGTERM, then again after SIGKILL, before the cancel counts as unconfirmed.
pub(crate) const SSH_STOP_WAIT: Duration = Duration::from_secs(4);

/// Bytes of a file that a task gets or puts; as base64 it still fits into the outputs.
pub(crate) const FILE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Bytes that a server may send while a file is got or put.
pub(crate) const FILE_ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a file read or written at once.
pub(crate) const FILE_PORTION_BYTES: usize = 32 * 1024;
/// How long one step with a file may take.
pub(crate) const FILE_STEP_WAIT: Duration = Duration::from_secs(60);

/// Bytes of a Kubernetes Job as a task writes it.
pub(crate) const KUBERNETES_JOB_BYTES_MAX: usize = 256 * 1024;
/// How long a Job that has ended stays in the cluster, in seconds, unless the task says otherwise.
pub(crate) const KUBERNETES_KEPT_SECONDS: u64 = 86_400;
/// And at least, in seconds: one that is gone cannot be told from one that never was.
pub(crate) const KUBERNETES_KEPT_SECONDS_MIN: u64 = 3_600;
/// How long what is known of a cluster and its credentials is used; tokens of EKS last 15 min.
pub(crate) const KUBERNETES_SIGNED_IN_FOR: Duration = Duration::from_secs(600);
/// Pause between two looks at a Job, and at its log: at first.
pub(crate) const KUBERNETES_LOOK_FIRST: Duration = Duration::from_secs(1);
/// And at most.
pub(crate) const KUBERNETES_LOOK_MOST: Duration = Duration::from_secs(5);
/// Pods of one Job that are looked at.
pub(crate) const KUBERNETES_PODS_MAX: usize = 500;
/// Containers whose logs are read at one look.
pub(crate) const KUBERNETES_LOGS_AT_ONCE: usize = 20;
/// Bytes of a log that are asked for at once, at first.
pub(crate) const KUBERNETES_LOG_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// And at most, where one second has more; below [`HTTP_ANSWER_BYTES_MAX`].
pub(crate) const KUBERNETES_LOG_ANSWER_BYTES_MAX: usize = 15 * 1024 * 1024;
/// Portions of one container's log that are read at one look.
pub(crate) const KUBERNETES_LOG_PORTIONS: u32 = 16;
/// How often the log of a container that has ended is tried before the rest of it is left.
pub(crate) const KUBERNETES_LOG_TRIES: u32 = 10;
/// Bytes of a container's last message that are shown.
pub(crate) const KUBERNETES_MESSAGE_BYTES_MAX: usize = 2 * 1024;

/// Recipients of one letter.
pub(crate) const MAIL_RECIPIENTS_MAX: usize = 100;
/// Characters of a subject; the rest is cut.
pub(crate) const MAIL_SUBJECT_CHARS_MAX: usize = 200;
/// Bytes of a letter's text, and of its HTML.
pub(crate) const MAIL_TEXT_BYTES_MAX: usize = 1024 * 1024;
/// How long a mail server may take to accept a letter.
pub(crate) const MAIL_WAIT: Duration = Duration::from_secs(60);

/// Bytes that a job elsewhere may post about itself in all.
pub(crate) const CALLBACK_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Requests with callbacks that are taken at once; more hear that they shall come again.
pub(crate) const CALLBACKS_AT_ONCE: usize = 32;
/// How long the body of one may take to come.
pub(crate) const CALLBACK_BODY_WAIT: Duration = Duration::from_secs(30);
/// Callbacks that one job may post at once; it gains [`CALLBACKS_PER_SECOND`] of them anew.
pub(crate) const CALLBACKS_IN_A_ROW: u32 = 200;
/// And as many in a second on the long run.
pub(crate) const CALLBACKS_PER_SECOND: u32 = 20;
/// Jobs whose rate is kept at once; beyond it those who have not posted for longest are forgotten.
pub(crate) const CALLBACK_RATES_MAX: usize = 10_000;
/// How long what a job posted is kept after its last post.
pub(crate) const CALLBACKS_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Pause between two looks for what is older.
pub(crate) const CALLBACKS_LOOK_AGAIN: Duration = Duration::from_secs(3_600);
/// Bytes of them that are read at once.
pub(crate) const CALLBACK_READ_BYTES: usize = 1024 * 1024;
/// Shortest key of the endpoint for callbacks, in bytes.
pub(crate) const CALLBACK_KEY_BYTES_MIN: usize = 16;

/// How long the code of one task may take to come, from git's start to the checkout.
pub(crate) const GIT_WAIT: Duration = Duration::from_secs(600);
/// How long a git server's name may take to be found, and ssh to reach it.
pub(crate) const GIT_CONNECT_WAIT: Duration = Duration::from_secs(20);
/// Bytes of one checkout, with what git keeps about it.
pub(crate) const GIT_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Files and folders of one checkout.
pub(crate) const GIT_FILES_MAX: u64 = 200_000;
/// Pause between two looks at what git has written.
pub(crate) const GIT_LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Bytes of a repository's address.
pub(crate) const GIT_ADDRESS_BYTES_MAX: usize = 2_048;
/// Bytes of the name of a branch.
pub(crate) const GIT_REFERENCE_BYTES_MAX: usize = 255;
/// Folders of a checkout that a task may choose.
pub(crate) const GIT_FOLDERS_MAX: usize = 64;
/// Bytes that git may write where one file of a repository is read, and files and folders.
pub(crate) const GIT_READ_BYTES_MAX: u64 = 256 * 1024 * 1024;
pub(crate) const GIT_READ_FILES_MAX: u64 = 10_000;
/// Bytes of a file that is read of a repository: written as JSON, which may double it, it goes in one message.
pub(crate) const GIT_READ_FILE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Characters of its path.
pub(crate) const GIT_READ_PATH_CHARS_MAX: usize = 1_000;
/// Files that are read of repositories at once; whoever comes beyond waits, as long as their time lasts.
pub(crate) const GIT_READS_AT_ONCE_MAX: usize = 8;
/// Bytes of what git says of refs, entries and pushes that are read.
pub(crate) const GIT_SAID_BYTES_MAX: usize = 64 * 1024;
/// Bytes of what is said of a commit that Downbeat makes, as of its author's name.
pub(crate) const GIT_MESSAGE_BYTES_MAX: usize = 16 * 1024;
pub(crate) const GIT_AUTHOR_BYTES_MAX: usize = 256;
/// Characters of `git_push` of a connection.
pub(crate) const GIT_PUSH_CHARS_MAX: usize = 2_000;
/// How often a push is tried where somebody else was faster.
pub(crate) const GIT_PUSHES_MAX: usize = 2;
/// Bytes of what a host says to the state of a commit.
pub(crate) const GIT_STATUS_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Characters of the description of the state of a commit: GitHub takes so many.
pub(crate) const GIT_STATUS_CHARS_MAX: usize = 140;
/// dbt's profiles.yml and dbt_project.yml, bytes.
pub(crate) const PROFILE_BYTES_MAX: u64 = 1024 * 1024;
/// Owners, and tags, of one asset.
pub(crate) const ASSET_TEXTS_MAX: usize = 50;
/// An owner, a tag or a link of an asset, characters.
pub(crate) const ASSET_TEXT_CHARS_MAX: usize = 500;

/// Sources whose freshness is told of one command of dbt; further ones are left out.
pub(crate) const DBT_SOURCES_MAX: usize = 5_000;
/// dbt's catalog.json, bytes.
pub(crate) const DBT_CATALOG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Nodes whose SQL is read for columns after the commands of one task.
pub(crate) const DBT_COLUMN_NODES_MAX: usize = 20_000;
/// How long that may take; what is not read then has tables and no columns.
pub(crate) const DBT_COLUMNS_WAIT: Duration = Duration::from_secs(60);
/// Columns of one table of dbt; of more none is known.
pub(crate) const DBT_COLUMNS_MAX: usize = 5_000;
/// The first line of a seed file, bytes.
pub(crate) const DBT_SEED_LINE_BYTES_MAX: u64 = 64 * 1024;
/// Compiled SQL of one node that is read from a file of its own, bytes.
pub(crate) const DBT_SQL_BYTES_MAX: u64 = 1024 * 1024;
/// Nodes of which the log says why their columns are not known.
pub(crate) const DBT_COLUMN_PROBLEMS_SHOWN: usize = 20;
/// Entries of `operation_metadata` that are looked at.
pub(crate) const LANDING_ENTRIES_MAX: usize = 20;
/// A text in such an entry, characters.
pub(crate) const LANDING_TEXT_CHARS_MAX: usize = 1_000;
