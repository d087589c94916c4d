//! Every limit of the core, with its unit (INV-12).

/// Tasks of one pipeline.
pub const TASKS_PER_PIPELINE_MAX: usize = 100_000;
/// Serialised JSON of the outputs of one attempt, bytes. A record carries at most 512 KiB.
pub const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// Serialised JSON of the inputs, or of the environment variables, of one run, bytes.
pub const INPUT_BYTES_MAX: usize = 128 * 1024;
/// A message that goes into an event, bytes; longer ones are cut.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// A reason, or the text or value of a condition, inside an event of which one decision may hold many, bytes.
pub const BRIEF_BYTES_MAX: usize = 256;
/// Serialised JSON of the resolved parameters of one attempt, bytes.
pub const PARAMETER_BYTES_MAX: usize = 256 * 1024;
/// Events that one step of [`crate::decide::advance`] may take; the rest follows in further decisions. Such an event takes at
/// most 1.2 KiB (a reason, a condition's text and its value), so that a decision stays below 380 KiB even where its first
/// event carries outputs of the largest size.
pub const EVENTS_PER_ADVANCE_MAX: usize = 100;
/// What a connector may keep of an attempt, bytes.
pub const HANDLE_BYTES_MAX: usize = 64 * 1024;
/// Attempts of one task that may be lost with their worker before the task fails, whatever its `retries` say.
pub const LOST_ATTEMPTS_MAX: u32 = 3;
/// The same for attempts whose job may go on in another system: the next worker carries on with it, so that a loss costs little, and
/// giving up means that nobody looks after the job.
pub const LOST_REMOTE_ATTEMPTS_MAX: u32 = 100;
/// The longest pause between two attempts of which the first was lost so, seconds.
pub const LOST_REMOTE_PAUSE_SECONDS_MAX: i64 = 30;
/// An event from outside: its data as JSON, bytes.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Nesting of its data, levels of lists and maps.
pub const EVENT_DEPTH_MAX: usize = 64;
/// Its id, type, source, subject, each in bytes.
pub const EVENT_TEXT_BYTES_MAX: usize = 1024;
/// The NATS subject that it was published to, below `downbeat.trigger.`, bytes.
pub const EVENT_ADDRESS_BYTES_MAX: usize = 255;
/// What one event gives to a run, as JSON, bytes: a decision may hold those of an event that waits and of the run that it starts.
pub const EVENT_INPUT_BYTES_MAX: usize = 64 * 1024;
/// Runs that may stand in the chain of causes that led to it.
pub const EVENT_CAUSES_MAX: u32 = 20;
/// Ids of events taken that one trigger over several events remembers, so that none counts twice.
pub const REMEMBERED_EVENTS_MAX: usize = 1_024;
/// How far ahead of the coordinator's clock a scheduler's may be, seconds.
pub const SCHEDULE_AHEAD_SECONDS_MAX: i64 = 60;
/// A schedule that fires later than this, seconds, was missed.
pub const SCHEDULE_LATENESS_SECONDS: i64 = 60;
/// Instants that one event about a schedule, or one run, lists.
pub const PASSED_LISTED_MAX: usize = 100;
/// Instants of one schedule that are looked at to catch up; of more, the first so many are too old.
pub const CATCHUP_SEEN_MAX: usize = 1_000_000;
/// Instants of one backfill: they stand in one event.
pub const BACKFILL_INSTANTS_MAX: usize = 10_000;
/// Instants that are counted before a backfill is refused for having too many.
pub const BACKFILL_COUNTED_MAX: usize = 100_000;
/// Runs of one backfill that may be live at once.
pub const BACKFILL_ACTIVE_MAX: u32 = 50;
/// Runs that backfills may start of one instant, one after the other.
pub const BACKFILL_RUNS_PER_INSTANT_MAX: u32 = 100;
/// Backfills of a partition that have not ended.
pub const BACKFILLS_MAX: usize = 100;
/// Backfills that have ended, of which a partition remembers that there were some.
pub const ENDED_BACKFILLS_MAX: usize = 1_000;
/// Firings that one preview shows.
pub const PREVIEW_FIRINGS_MAX: usize = 1_000;
/// Idempotency key, characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Pipeline alias, characters.
pub const ALIAS_CHARS_MAX: usize = 255;
/// Versions of one pipeline that stand beside its current one in the state: drafts, and those that were read back from the log. A plan
/// may take tens of MiB, and others are a read of the log away.
pub const VERSIONS_BESIDE_MAX: usize = 4;
/// Slug or URL of a repository, characters.
pub const REPOSITORY_CHARS_MAX: usize = 500;
/// Name of a branch, bytes.
pub const BRANCH_BYTES_MAX: usize = 255;
/// What a commit says, bytes.
pub const COMMIT_MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// How much of it, and of why there is no commit, an event has; what is longer is cut.
pub const COMMIT_MESSAGE_KEPT_BYTES: usize = 1024;
/// Path of a pipeline's file in its repository, characters.
pub const YAML_PATH_CHARS_MAX: usize = 1_000;
/// Iterations of one matrix times tasks of its group, and tasks of one run with all its iterations.
pub const ITERATION_TASKS_MAX: usize = 100_000;
/// Serialised JSON of the elements of one matrix, bytes: they stand in one event.
pub const MATRIX_BYTES_MAX: usize = 256 * 1024;
/// Destinations of all alerts and anomalies of one list owner (a pipeline, a task, a sensor).
pub const DESTINATIONS_PER_OWNER_MAX: usize = 20;
/// Serialised JSON of what an alert's destination is given beside the usual (the body of a webhook), bytes.
pub const ALERT_PARAMETER_BYTES_MAX: usize = 4 * 1024;
/// A text inside an alert, bytes.
pub const ALERT_TEXT_BYTES_MAX: usize = 1024;
/// What is kept of what was said of a task's end, characters.
pub const ALERT_SAID_CHARS_MAX: usize = 500;
/// Ends of tasks of which one decision tells: each may hold [`ALERTS_IN_SMALL_EVENT_MAX`] alerts of about 8 KiB.
pub const ALERTING_ENDS_PER_DECISION_MAX: usize = 8;
/// An event with more alerts than these begins a decision.
pub const ALERTS_IN_SMALL_EVENT_MAX: usize = 2;
/// Alerts of a partition that wait to be delivered; of more, none is raised, and that is recorded.
pub const OWED_ALERTS_MAX: usize = 10_000;
/// Alerts that nobody could deliver and that can be tried again; of more, the oldest are only found in the log.
pub const DEAD_ALERTS_MAX: usize = 1_000;
/// Tries to deliver an alert before it becomes a dead letter: with these pauses about 43 minutes.
pub const ALERT_TRIES_MAX: u32 = 10;
/// Pause after the first failed try, seconds; doubled with every one.
pub const ALERT_PAUSE_SECONDS: i64 = 5;
/// The longest such pause, seconds.
pub const ALERT_PAUSE_SECONDS_MAX: i64 = 1_800;
/// Prices that count at once.
pub const PRICES_MAX: usize = 200;
/// Texts of all prices together, bytes: they stand in one event.
pub const PRICES_BYTES_MAX: usize = 128 * 1024;
/// Unit of a price or a bill, bytes; a quantity whose unit is longer has no price.
pub const COST_UNIT_BYTES_MAX: usize = 64;
/// Attributes that one price asks for.
pub const PRICE_ATTRIBUTES_MAX: usize = 10;
/// A text of a price, a bill or an owner, bytes.
pub const COST_TEXT_BYTES_MAX: usize = 200;
/// Entries of one report that stand for one quantity each; the rest of it is summed by price.
pub const COST_ENTRIES_MAX: usize = 200;
/// Texts of such entries, bytes. With an entry per price, what has no price and what budgets say, a report adds at most 60 KiB to its
/// operations.
pub const COST_TEXTS_BYTES_MAX: usize = 12 * 1024;
/// Units without a price that one report names.
pub const UNPRICED_UNITS_MAX: usize = 30;
/// Bills of one command.
pub const BILLS_PER_COMMAND_MAX: usize = 100;
/// Their entries together, bytes.
pub const BILLS_BYTES_PER_COMMAND_MAX: usize = 256 * 1024;
/// How long a bill may be told again, days.
pub const BILL_DAYS_MAX: i64 = 400;
/// Bills of that time that are remembered; more are refused, so that none can count twice.
pub const BILLS_MAX: usize = 100_000;
/// Estimates that a bill may correct, the latest.
pub const ESTIMATES_REMEMBERED_MAX: usize = 20_000;
/// Owners with a budget.
pub const BUDGETS_MAX: usize = 1_000;
/// Budgets whose new period one decision begins because the one before held runs back.
pub const BUDGETS_WOKEN_MAX: usize = 50;
/// Parts of one budget that somebody is told of.
pub const BUDGET_ALERTS_MAX: usize = 10;
/// Good ends of a scope of which a baseline is made, at least.
pub const BASELINE_ENDS_MIN: usize = 3;
/// And at most, the latest.
pub const BASELINE_ENDS_MAX: usize = 20;
/// Operations of one task whose durations are known, of one attempt and for baselines; of more, those that were seen longest ago are
/// forgotten, and of one attempt those that come last are not watched.
pub const WATCHED_OPERATIONS_MAX: usize = 500;
/// Name of such an operation, bytes; a longer one is cut, and told from others by its digest.
pub const WATCHED_NAME_BYTES_MAX: usize = 200;
/// Operations that one alert names.
pub const OPERATIONS_TOLD_MAX: usize = 10;
/// Anomalies of one end that are recorded.
pub const ANOMALIES_PER_END_MAX: usize = 200;
/// An event with more anomalies than these begins a decision.
pub const ANOMALIES_IN_SMALL_EVENT_MAX: usize = 20;
/// Runs of one pipeline and environment that may wait for `concurrency`.
pub const QUEUED_RUNS_MAX: usize = 1_000;
/// Runs that may stand above one that an `ORCHESTRA/TRIGGER_PIPELINE` starts.
pub const CHILD_DEPTH_MAX: u32 = 20;
/// Accepted commands whose ids are remembered, so that repeated ones are not decided again.
pub const RECENT_COMMANDS_MAX: usize = 65_536;
/// Events of one decision that take outputs over from the run before.
pub const CARRIED_PER_DECISION_MAX: usize = 100;
/// Serialised JSON of the outputs that one such decision takes over, bytes; one task of any size is always taken.
pub const CARRIED_BYTES_PER_DECISION: usize = 256 * 1024;
/// Operations that one task may be resumed for; beyond, it runs as a whole.
pub const RESUMED_OPERATIONS_MAX: usize = 1_000;
/// Slots of one named pool.
pub const POOL_SLOTS_MAX: u32 = 1_000_000;
/// Name of a pool, characters.
pub const POOL_NAME_CHARS_MAX: usize = 100;
/// Ids that a selection or a restart may name.
pub const SELECTED_TASKS_MAX: usize = 1_000;
/// Longest pause between two attempts, milliseconds: 30 days.
pub const BACKOFF_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Pipelines that the end of one run may start: those that name its pipeline, and those that name any.
pub const FOLLOWERS_MAX: usize = 100;
/// Pipelines of runs that led to one by their ends.
pub const CHAIN_MAX: usize = 20;
/// Runs that one decision of a full lane may cancel or skip.
pub const DISPLACED_PER_DECISION_MAX: usize = 50;
/// Windows of sensors that one decision closes because their time is over; each says why, in at most [`MESSAGE_BYTES_MAX`].
pub const WINDOWS_CLOSED_PER_DECISION_MAX: usize = 50;
/// Checks of one sensor.
pub const CHECKS_PER_SENSOR_MAX: usize = 20;
/// Sensors of one pipeline.
pub const SENSORS_PER_PIPELINE_MAX: usize = 100;
/// Serialised JSON of the resolved parameters of one check, bytes.
pub const CHECK_PARAMETER_BYTES_MAX: usize = 64 * 1024;
/// How long an event for sensors is kept, hours: seven days, as the published service keeps them.
pub const SENSOR_EVENT_HOURS: i64 = 7 * 24;
/// Types of which events for sensors are kept.
pub const SENSOR_EVENT_TYPES_MAX: usize = 1_000;
/// Type of an event for sensors, characters.
pub const SENSOR_EVENT_TYPE_CHARS_MAX: usize = 255;
/// Serialised JSON of an event for sensors, bytes.
pub const SENSOR_EVENT_BYTES_MAX: usize = 64 * 1024;
/// Environments of a partition.
pub const ENVIRONMENTS_MAX: usize = 200;
/// Name of an environment, characters.
pub const ENVIRONMENT_NAME_CHARS_MAX: usize = 100;
/// Variables of one environment.
pub const VARIABLES_PER_ENVIRONMENT_MAX: usize = 500;
/// Name of a variable, characters.
pub const VARIABLE_NAME_CHARS_MAX: usize = 255;
/// Name of a connection that a variable holds, characters.
pub const CONNECTION_NAME_CHARS_MAX: usize = 255;
/// Serialised JSON of the variables of one environment, bytes: a run that is given nothing else reads all of them.
pub const ENVIRONMENT_BYTES_MAX: usize = INPUT_BYTES_MAX / 2;
/// The same of all environments together: they stand in one snapshot and in one answer.
pub const ENVIRONMENTS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Assets that people declare, of a partition.
pub const ASSETS_DECLARED_MAX: usize = 20_000;
/// Dependencies between assets that people declare.
pub const DEPENDENCIES_DECLARED_MAX: usize = 50_000;
/// Texts of both together, bytes: they stand in one snapshot.
pub const INVENTORY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Key of an asset that people declare, characters.
pub const ASSET_KEY_CHARS_MAX: usize = 512;
/// Other keys of an asset that one request may name: more than the projector knows of any.
pub const ASSET_ALIASES_MAX: usize = 256;
/// Name of such an asset, characters.
pub const ASSET_NAME_CHARS_MAX: usize = 512;
/// Its description, characters.
pub const ASSET_DESCRIPTION_CHARS_MAX: usize = 10_000;
/// Where people see it, characters.
pub const ASSET_URL_CHARS_MAX: usize = 2_048;
/// Any other text that is declared of it, characters each.
pub const ASSET_TEXT_CHARS_MAX: usize = 255;
/// Its owners.
pub const ASSET_OWNERS_MAX: usize = 50;
/// Its `meta`, bytes of JSON.
pub const ASSET_META_BYTES_MAX: usize = 16 * 1024;
/// Objects and lists within each other in its `meta`.
pub const ASSET_META_DEPTH_MAX: usize = 20;
/// Everything that is declared of one, bytes of texts.
pub const ASSET_BYTES_MAX: usize = 64 * 1024;
/// Dependencies that are declared at once.
pub const DEPENDENCIES_PER_CALL_MAX: usize = 100;
/// The same, bytes of texts: they stand in one event.
pub const DEPENDENCIES_BYTES_PER_CALL_MAX: usize = 256 * 1024;
/// What is said of how one asset is made of another, bytes of JSON.
pub const DEPENDENCY_DETAIL_BYTES_MAX: usize = 16 * 1024;
/// Name of a tool that remembers something, characters.
pub const TOOL_NAME_CHARS_MAX: usize = 100;
/// Key of what a tool remembers, bytes.
pub const TOOL_KEY_BYTES_MAX: usize = 1_000;
/// Value of what a tool remembers, as JSON, bytes.
pub const TOOL_VALUE_BYTES_MAX: usize = 64 * 1024;
/// Keys and values of what a tool remembers, as they stand in one event, bytes; one entry of any size is always taken.
pub const TOOL_STATE_PIECE_BYTES: usize = 256 * 1024;
/// Entries of what a tool remembers that one call sets.
pub const TOOL_STATE_ENTRIES_MAX: usize = 10_000;
/// The same, keys and values together, bytes.
pub const TOOL_STATE_CALL_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Sealed connections of a partition.
pub const CONNECTIONS_MAX: usize = 1_000;
/// Name of a sealed connection, characters: as workers take them.
pub const SEALED_NAME_CHARS_MAX: usize = 128;
/// Fields of a sealed connection.
pub const CONNECTION_FIELDS_MAX: usize = 64;
/// Name of such a field, characters.
pub const CONNECTION_FIELD_CHARS_MAX: usize = 64;
/// Values of a connection as they are sealed, bytes.
pub const SEALED_BYTES_MAX: usize = 64 * 1024;
/// Name of an integration that has a sealed connection, characters.
pub const INTEGRATION_CHARS_MAX: usize = 100;
/// What a worker says about a connection that it tried, bytes; longer ones are cut.
pub const CONNECTION_MESSAGE_BYTES_MAX: usize = 1_024;
/// Users of a connection that are named; further ones are counted.
pub const CONNECTION_USERS_MAX: usize = 200;
/// Release of time zone rules, bytes.
pub const RELEASE_BYTES_MAX: usize = 16;
/// Key of an asset that triggers and rules may ask for, bytes: a longer one counts for none. The language takes 500 characters.
pub const ASSET_KEY_BYTES_MAX: usize = 2_000;
/// Keys of what one task declares that it reads and writes, as they become operations, assets and edges in one event, bytes. The language
/// takes less.
pub const DECLARED_BYTES_MAX: usize = 96 * 1024;
/// Keys that one event about materialised assets, or one trigger that gathers them, lists.
pub const ASSETS_GATHERED_MAX: usize = 1_000;
/// The same, bytes.
pub const ASSETS_GATHERED_BYTES_MAX: usize = 64 * 1024;
/// Runs that one trigger lists that gathers materialised assets.
pub const GATHERED_RUNS_MAX: usize = 100;
/// After so many times its debounce a trigger starts its run, whether its assets are quiet or not.
pub const DEBOUNCES_MAX: u64 = 10;
/// Runs that ended well that a pipeline with deadlines remembers.
pub const GOOD_ENDS_MAX: usize = 256;
/// Keys that were made and neither revoked nor expired.
pub const KEYS_MAX: usize = 1_000;
/// Keys that were revoked, of which a partition remembers that there were some.
pub const REVOKED_KEYS_MAX: usize = 1_000;
/// Name of a key, characters.
pub const KEY_NAME_CHARS_MAX: usize = 100;
/// How long a key opens something where nobody says, days.
pub const KEY_DAYS: i64 = 90;
/// How long it may at most, days.
pub const KEY_DAYS_MAX: i64 = 366;
/// Grants of one key.
pub const GRANTS_PER_KEY_MAX: usize = 20;
/// Labels of all grants of one key, bytes: all keys together fit into one message.
pub const GRANT_BYTES_PER_KEY_MAX: usize = 2 * 1024;
/// Endpoints that are open.
pub const ENDPOINTS_MAX: usize = 1_000;
/// Endpoints of one pipeline.
pub const ENDPOINTS_PER_PIPELINE_MAX: usize = 20;
/// Name of an endpoint, characters.
pub const ENDPOINT_NAME_CHARS_MAX: usize = 100;
/// Secrets of an endpoint that are still valid beside its newest.
pub const OLD_SECRETS_MAX: usize = 2;
/// How long a secret may stay valid after it was replaced, seconds.
pub const SECRET_OVERLAP_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;
/// Logins that are not over; of more, the oldest ends.
pub const LOGINS_MAX: usize = 1_000;
/// The same of one person, or of one key.
pub const LOGINS_PER_SUBJECT_MAX: usize = 20;
/// Name of a person who logs in, and of the program that asks for it, characters each.
pub const LOGIN_NAME_CHARS_MAX: usize = 100;
/// Labels of all grants of one person who logs in, bytes: all logins together fit into the message that has all keys.
pub const GRANT_BYTES_PER_LOGIN_MAX: usize = 512;
/// How long the code of a login may be exchanged for its tokens, seconds.
pub const LOGIN_CODE_SECONDS: i64 = 60;
/// How long an access token opens something, seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 60 * 60;
/// How long a login lives that nobody refreshes, days.
pub const LOGIN_IDLE_DAYS: i64 = 30;
/// How long one lives at most, days.
pub const LOGIN_DAYS_MAX: i64 = 90;
/// How long a refresh token may come once more after it was used, seconds: its answer may have been lost.
pub const REFRESH_GRACE_SECONDS: i64 = 30;
/// The address, and the client, that a call comes from, each in bytes; longer ones are cut.
pub const CALL_ORIGIN_BYTES_MAX: usize = 128;
/// What a caller says about why, bytes; longer ones are cut.
pub const CALL_REASON_BYTES_MAX: usize = 512;
/// Name of a tool of assistants, bytes; longer ones are cut.
pub const TOOL_NAME_BYTES_MAX: usize = 64;
/// How long ago a call of a tool may have been when it is told, seconds.
pub const TOOL_CALL_AGE_SECONDS_MAX: i64 = 24 * 60 * 60;
/// Calls of tools, like ones counted once, in one call to the coordinator.
pub const TOOL_CALLS_PER_CALL_MAX: usize = 512;
/// Things that one command names as what it is about.
pub const CALL_TARGETS_MAX: usize = 4;
/// Id and name of such a thing, each in bytes; longer ones are cut.
pub const CALL_TARGET_BYTES_MAX: usize = 256;
/// Why a command was refused, as it is recorded, bytes; longer ones are cut.
pub const REJECTION_BYTES_MAX: usize = 1024;
