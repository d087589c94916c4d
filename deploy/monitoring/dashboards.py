"""The dashboards in short: rows of panels with the questions that they ask of Prometheus. grafana.py makes of them what Grafana reads.

`{%}` in an expression selects the namespaces that the reader chose; `{%,status="FAILED"}` more than that. Everything is asked over
`$__rate_interval`. A panel that cannot have an answer in a Downbeat that works has no place here: the test of dashboards asks each.
"""

DAY = 86_400


def rate(metric, by=""):
    grouped = f" by ({by})" if by else ""
    bare, _, inner = metric.partition("{")
    labels = "{%," + inner if inner else "{%}"
    return f"sum{grouped} (rate({bare}{labels}[$__rate_interval]))"


def quantile(share, histogram, by=""):
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({grouped}) (rate({histogram}_bucket{{%}}[$__rate_interval])))"


def quantiles(histogram, shares=(0.5, 0.95, 0.99)):
    return [(quantile(share, histogram), f"p{share * 100:g}") for share in shares]


def stat(title, expression, unit="short", about=""):
    """One number."""
    return {"kind": "stat", "title": title, "unit": unit, "asks": [(expression, "")], "about": about}


def graph(title, asks, unit="short", about="", stacked=False):
    """Lines over time: expressions with what each line is called."""
    return {"kind": "timeseries", "title": title, "unit": unit, "asks": asks, "about": about, "stacked": stacked}


C, W, P, S, G = "downbeat_coordinator", "downbeat_worker", "downbeat_projector", "downbeat_schedule", "downbeat_gateway"
BEHIND = f"max({C}_log_sequence{{%}}) - max({P}_sequence{{%}})"


def share(part, whole):
    return f"({part}) / ({whole})"


FAILED_RUNS = share(rate(f'{C}_runs_finished_total{{status="FAILED"}}'), rate(f"{C}_runs_finished_total"))
FAILURES = 'outcome=~"JOB_FAILED|MISCONFIGURED|TIMED_OUT|TRANSIENT|UNKNOWN_OUTCOME|LOST"'
API_FAILURES = share(rate(f'{G}_requests_total{{status=~"5.."}}') + " or vector(0)", rate(f"{G}_requests_total"))
ROUTES = rate(f"{G}_requests_total", "method, route")
FAILED_TESTS = share(rate(f'{C}_test_results_total{{result="failed"}}'), rate(f"{C}_test_results_total"))

OVERVIEW = ("overview", "Downbeat", "What is happening, what is broken, and whether it keeps up.", [
    ("What is happening?", [
        stat("Live runs", f"sum({C}_live_runs{{%}})"),
        stat("Tasks that wait for a worker", f"sum({C}_tasks_waiting{{%}})"),
        stat("Attempts that run", f"sum({C}_attempts_running{{%}})"),
        stat("Workers", f"sum({C}_workers{{%}})"),
        stat("Slots held", f"sum({C}_slots_held{{%}}) / sum({C}_slots{{%}})", "percentunit"),
        stat("Schedules and sensors watched", f"max({S}s{{%}})"),
        graph("Runs ended, by status", [(rate(f"{C}_runs_finished_total", "status"), "{{status}}")], "ops", stacked=True),
        graph("Attempts ended, by outcome", [(rate(f"{C}_attempts_finished_total", "outcome"), "{{outcome}}")], "ops", stacked=True),
    ]),
    ("What is broken?", [
        stat("Runs that fail", FAILED_RUNS, "percentunit", "Of those that ended."),
        stat("Answers of the API that are failures of ours", API_FAILURES, "percentunit"),
        stat("Broken promises of assets, a day", f"sum(increase({C}_breaches_total{{%}}[1d]))", about="Assets too old, deadlines missed."),
        stat("Alerts that reached nobody, a day", f'sum(increase({C}_alerts_total{{%,outcome="dead"}}[1d]))'),
        stat("Events set aside", f"sum({P}_quarantined_events_total{{%}})", about="Could not be folded: what is shown lacks them."),
        stat("Things that cannot happen", f"sum({C}_invariant_violations_total{{%}})", about="Each is a fault of the program, and in the coordinator's log."),
        graph("Attempts that failed, by kind", [(rate(f"{C}_attempts_finished_total{{{FAILURES}}}", "outcome"), "{{outcome}}")], "ops"),
        graph("Tests of data, by result", [(rate(f"{C}_test_results_total", "result"), "{{result}}")], "ops", stacked=True),
    ]),
    ("Does it keep up?", [
        stat("Ready to dispatch, p95", quantile(0.95, f"{C}_ready_to_dispatch_seconds"), "s"),
        stat("Lateness of schedules, p99", quantile(0.99, f"{S}_lateness_seconds"), "s"),
        stat("Append to the log, p99", quantile(0.99, f"{C}_append_duration_seconds"), "s"),
        stat("Records not shown yet", BEHIND),
        stat("Answers of the API, p99", quantile(0.99, f"{G}_request_duration_seconds"), "s"),
        stat("Events that wait", "max(downbeat_event_messages_waiting{%})"),
        graph("From ready to dispatched", quantiles(f"{C}_ready_to_dispatch_seconds"), "s"),
        graph("From decided to shown", quantiles(f"{P}_age_seconds"), "s"),
    ]),
])

SCHEDULING = ("scheduling", "Downbeat: scheduling", "How long tasks wait, how late schedules are, what sensors and events start.", [
    ("Latency", [
        graph("From ready to dispatched", quantiles(f"{C}_ready_to_dispatch_seconds"), "s", "From the instant at which a task may run until a worker is given it."),
        graph("Lateness of schedules", quantiles(f"{S}_lateness_seconds"), "s", "From the instant of a schedule until it is served, jitter included."),
        graph("Tasks ready and offers", [(rate(f"{C}_tasks_ready_total"), "ready"), (rate(f"{C}_offers_total"), "offered")], "ops", "More offers than ready tasks: offers were lost, or attempts repeated."),
        graph("Tasks that wait", [(f"sum({C}_tasks_waiting{{%}})", "waiting"), (f"sum({C}_attempts_running{{%}})", "running")]),
    ]),
    ("Schedules", [
        graph("Instants, by what was decided", [(rate(f"{S}_instants_total", "outcome"), "{{outcome}}")], "ops", "fired, or why an instant has no run of its own."),
        graph("Schedules and sensors watched", [(f"max by (instance) ({S}s{{%}})", "{{instance}}")]),
        graph("Broken promises", [(rate(f"{C}_breaches_total", "kind"), "{{kind}}")], "ops"),
        graph("Windows of sensors", [(rate(f"{C}_sensor_windows_total", "outcome"), "{{outcome}}")], "ops"),
    ]),
    ("Events from outside", [
        graph("Messages", [(rate("downbeat_event_messages_total"), "delivered"), (rate("downbeat_events_taken_total"), "taken"), (rate("downbeat_events_unheard_total"), "nobody listens")], "ops"),
        graph("Runs that events started", [(rate("downbeat_event_runs_started_total"), "started")], "ops"),
        graph("Messages that wait", [("max(downbeat_event_messages_waiting{%})", "waiting")]),
        graph("Messages set aside or slowed", [(rate("downbeat_event_dead_letters_total"), "dead letters"), (rate("downbeat_event_messages_slowed_total"), "slowed")], "ops"),
    ]),
])

THROUGHPUT = ("throughput", "Downbeat: throughput and queues", "How much is decided, how fast, and what piles up.", [
    ("Throughput", [
        graph("Commands, by kind", [(rate(f"{C}_commands_total", "kind"), "{{kind}}")], "ops", stacked=True),
        graph("Commands, by outcome", [(rate(f"{C}_commands_total", "outcome"), "{{outcome}}")], "ops", "repeated: answered from state, because the id was known."),
        graph("Runs", [(rate(f"{C}_runs_created_total"), "created"), (rate(f"{C}_runs_finished_total"), "ended")], "ops"),
        graph("Attempts ended", [(rate(f"{C}_attempts_finished_total"), "attempts")], "ops"),
    ]),
    ("Latency", [
        graph("Commands of callers", quantiles(f"{C}_command_duration_seconds"), "s", "Until the decision was in the log and answered."),
        graph("Turns of the loop", quantiles(f"{C}_turn_duration_seconds"), "s", "Deciding, without the log."),
        graph("Answers of the API", quantiles(f"{G}_request_duration_seconds"), "s"),
        graph("Requests of the API, by route", [(f"topk(10, {ROUTES})", "{{method}} {{route}}")], "reqps"),
    ]),
    ("Queues", [
        graph("Live runs", [(f"sum({C}_live_runs{{%}})", "live")]),
        graph("Tasks that wait for a worker", [(f"sum({C}_tasks_waiting{{%}})", "waiting")]),
        graph("Decisions that wait for the log", [(f"sum({C}_backlog_bytes{{%}})", "backlog")], "bytes"),
        graph("Calls refused for that", [(rate(f"{C}_calls_turned_away_total"), "turned away")], "ops"),
    ]),
])

WORKERS = ("workers", "Downbeat: workers", "Who is attached, what runs there and how it ends.", [
    ("Now", [
        stat("Workers", f"sum({C}_workers{{%}})"),
        stat("Slots", f"sum({C}_slots{{%}})"),
        stat("Slots held", f"sum({C}_slots_held{{%}})"),
        stat("Jobs followed in other systems", f"sum({W}_remote_jobs{{%}})"),
        stat("Reports not acknowledged", f"sum({W}_reports_waiting{{%}})"),
        stat("Workers that nobody has", f"count({W}_attached{{%}}) - sum({W}_attached{{%}})"),
    ]),
    ("Attempts", [
        graph("Attempts that run", [(f"sum by (instance) ({W}_attempts_running{{%}})", "{{instance}}")], stacked=True),
        graph("Attempts ended, by integration", [(rate(f"{W}_attempts_total", "integration"), "{{integration}}")], "ops", stacked=True),
        graph("Attempts ended, by outcome", [(rate(f"{W}_attempts_total", "outcome"), "{{outcome}}")], "ops"),
        graph("How long attempts take, p95", [(quantile(0.95, f"{W}_attempt_duration_seconds", "integration"), "{{integration}}")], "s"),
    ]),
    ("Trouble", [
        graph("Attempts and workers lost", [(rate(f"{C}_attempts_lost_total"), "attempts"), (rate(f"{C}_workers_lost_total"), "workers")], "ops", "Work that is begun again elsewhere."),
        graph("Leases lost", [(rate(f"{W}_leases_lost_total"), "leases"), (rate(f"{W}_attempts_killed_total"), "attempts killed"), (rate(f"{W}_reports_forgotten_total"), "reports given up")], "ops"),
        graph("Connections to the coordinator", [(rate(f"{W}_connections_total", "instance"), "{{instance}}")], "ops", "A worker that stays connected makes none."),
        graph("Reports that count no more", [(rate(f"{C}_stale_reports_total"), "stale"), (rate(f"{C}_refused_reports_total"), "refused")], "ops"),
    ]),
    ("Looks", [
        graph("Checks, by outcome", [(rate(f"{W}_checks_total", "outcome"), "{{outcome}}")], "ops", "Of sensors, alerts sent, connections tried."),
        graph("Checks that run or wait", [(f"sum by (instance) ({W}_checks_running{{%}})", "{{instance}}")]),
    ]),
])

LOG = ("log", "Downbeat: log and projections", "Who owns the log, how it grows, and how far what is shown is behind.", [
    ("The log", [
        stat("Partitions with an owner", f"sum({C}_owner{{%}})"),
        stat("Records", f"sum({C}_log_sequence{{%}})"),
        stat("Last take-over", f"max({C}_take_over_seconds{{%}})", "s"),
        stat("Records since the snapshot", f"sum({C}_records_unsaved{{%}})", about="What a take-over has to fold."),
        stat("Size of the snapshot", f"max({C}_snapshot_bytes{{%}})", "bytes"),
        stat("Age of the snapshot", f"time() - min({C}_snapshot_timestamp_seconds{{%}})", "s"),
        graph("Appends", quantiles(f"{C}_append_duration_seconds"), "s"),
        graph("Events in a record", [(share(rate(f"{C}_events_total"), rate(f"{C}_records_total")), "events")], about="Group commit: the busier, the more decisions share a write."),
        graph("Bytes written", [(rate(f"{C}_record_bytes_total"), "bytes")], "Bps"),
        graph("Records and events written", [(rate(f"{C}_records_total"), "records"), (rate(f"{C}_events_total"), "events")], "ops"),
        graph("Snapshots", [(rate(f"{C}_snapshots_total"), "written"), (rate(f"{C}_snapshot_failures_total"), "failed")], "ops"),
        graph("Take-overs", [(rate(f"{C}_take_overs_total", "instance"), "{{instance}}")], "ops"),
    ]),
    ("Projections", [
        stat("Records not shown yet", BEHIND),
        stat("Records that a rebuild has before it", f"max({P}_rebuild_left{{%}})"),
        stat("Events set aside", f"sum({P}_quarantined_events_total{{%}})"),
        stat("Events of unknown kinds", f"sum({P}_unknown_events_total{{%}})"),
        graph("From decided to shown", quantiles(f"{P}_age_seconds"), "s"),
        graph("Commits to the store", quantiles(f"{P}_commit_duration_seconds"), "s"),
        graph("Folded", [(rate(f"{P}_records_total"), "records"), (rate(f"{P}_events_total"), "events")], "ops"),
        graph("Position", [(f"max({C}_log_sequence{{%}})", "log"), (f"max({P}_sequence{{%}})", "shown")]),
    ]),
    ("Told to others", [
        graph("Records behind, by feed", [("max by (feed) (downbeat_outgoing_lag_records{%})", "{{feed}}")]),
        graph("Messages taken, by feed", [(rate("downbeat_outgoing_messages_total", "feed"), "{{feed}}")], "ops"),
    ]),
])

NATS = ("nats", "Downbeat: NATS", "The server as its users meet it: Downbeat's own measures, which need no exporter.", [
    ("Answers", [
        graph("Appends to the log", quantiles(f"{C}_append_duration_seconds"), "s", "A synced write on the server's disk, and the way there and back."),
        graph("Questions for the log's end", [(f"sum by (instance) ({C}_log_question_duration_seconds_sum{{%}}) / sum by (instance) ({C}_log_question_duration_seconds_count{{%}})", "{{instance}}")], "s",
              "No write: the way there and back, and how busy the server is. An owner that writes need not ask, so this is the average since it began."),
        graph("Records sent again", [(rate(f"{C}_append_retries_total"), "again")], "ops", "The server was away, or its answer was lost."),
        graph("Bytes written", [(rate(f"{C}_record_bytes_total"), "bytes")], "Bps"),
    ]),
    ("Streams", [
        stat("Messages in the trigger stream", "max(downbeat_event_messages_waiting{%})"),
        stat("Bytes in the trigger stream", "max(downbeat_event_bytes_waiting{%})", "bytes"),
        graph("Messages in the trigger stream", [("max(downbeat_event_messages_waiting{%})", "waiting")]),
        graph("Events told on NATS", [(rate('downbeat_outgoing_messages_total{feed="events"}'), "told"), (rate("downbeat_outgoing_failures_total") + " or vector(0)", "failures")], "ops"),
    ]),
])

DATA = ("data", "Downbeat: cost and quality", "What runs cost, what tests of data say, who was told.", [
    ("Cost", [
        graph("Costs, a day", [(f"sum by (currency, basis) (rate({C}_costs_total{{%}}[$__rate_interval])) * {DAY}", "{{currency}} {{basis}}")], about="At the present rate. Prices and what they rest on: docs/cost.md."),
        graph("Costs so far", [(f"sum by (currency, basis) ({C}_costs_total{{%}})", "{{currency}} {{basis}}")], about="Since the coordinator was started."),
        graph("Taken back by bills", [(f"sum by (currency) ({C}_costs_taken_back_total{{%}})", "{{currency}}")], about="Since the coordinator was started."),
    ]),
    ("Quality", [
        stat("Tests of data that fail", FAILED_TESTS, "percentunit"),
        graph("Tests of data, by result", [(rate(f"{C}_test_results_total", "result"), "{{result}}")], "ops", stacked=True),
        graph("Broken promises of assets", [(f"sum by (kind) (increase({C}_breaches_total{{%}}[1h]))", "{{kind}}")]),
    ]),
    ("Told to people", [
        graph("Alerts", [(rate(f"{C}_alerts_total", "outcome"), "{{outcome}}")], "ops"),
    ]),
])

DASHBOARDS = [OVERVIEW, SCHEDULING, THROUGHPUT, WORKERS, LOG, NATS, DATA]
