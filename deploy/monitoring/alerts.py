"""The alerts: the one place where they stand. write.py makes of them the chart's PrometheusRule, the rules of a plain Prometheus, and tests.

`@service@` in an expression is the selector of that service's series: what a chart's release has, or a job of deploy/prometheus/prometheus.yaml.
Each alert has series with which it fires and series with which it does not, at the end of an hour in steps of a minute, as promtool writes them:
`0+1x60` counts up by one each minute. Knows nothing of files.
"""

SERVICES = ("coordinator", "gateway", "projector", "scheduler", "worker")


def gone(service, severity, summary):
    """Nobody of a service answers."""
    return alert(service, f"Downbeat{service.capitalize()}Gone", severity, "5m", summary, f"absent(up{{@{service}@}} == 1)",
                 fires=[("up", "0x60")], quiet=[("up", "1x60")])


def alert(of, name, severity, lasts, summary, expression, fires, quiet):
    """One alert of a service: when it fires, who is woken, in words; and what it is tried with."""
    return {"of": of, "name": name, "severity": severity, "for": lasts, "summary": summary, "expr": expression, "fires": fires, "quiet": quiet}


def counted(of, name, severity, lasts, summary, metric, within, at_most=0):
    """A counter grows."""
    bare, _, inner = metric.partition("{")
    labels = "," + inner.rstrip("}") if inner else ""
    expression = f"sum(increase({bare}{{@{of}@{labels}}}[{within}])) > {at_most}"
    return alert(of, name, severity, lasts, summary, expression, fires=[(metric, f"0+{at_most + 1}x60")], quiet=[(metric, "7x60")])


def slow(of, name, severity, lasts, summary, histogram, within, quantile, seconds, below, above):
    """A quantile of a histogram is above a bound; `below` and `above` are buckets on both sides of it."""
    expression = f"histogram_quantile({quantile}, sum by (le) (rate({histogram}_bucket{{@{of}@}}[{within}]))) > {seconds}"
    fires = [(f'{histogram}_bucket{{le="{below}"}}', "0x60"), (f'{histogram}_bucket{{le="{above}"}}', "0+60x60"), (f'{histogram}_bucket{{le="+Inf"}}', "0+60x60")]
    quiet = [(name, "0+60x60") for name, _ in fires]
    return alert(of, name, severity, lasts, summary, expression, fires, quiet)


ALERTS = [
    gone("coordinator", "critical", "No coordinator answers: nothing starts, and nothing that ends is taken note of."),
    alert("coordinator", "DownbeatPartitionWithoutOwner", "critical", "3m", "The log has not confirmed for minutes that anybody owns the partition: leases are not renewed.",
          "max by (partition) (downbeat_coordinator_owner{@coordinator@}) < 1",
          fires=[('downbeat_coordinator_owner{partition="0"}', "0x60")],
          quiet=[('downbeat_coordinator_owner{partition="0",instance="a"}', "0x60"), ('downbeat_coordinator_owner{partition="0",instance="b"}', "1x60")]),
    slow("coordinator", "DownbeatLogSlow", "warning", "10m", "One record in a hundred takes longer than a second until the log has it.",
         "downbeat_coordinator_append_duration_seconds", "5m", 0.99, 1, "1.0", "5.0"),
    counted("coordinator", "DownbeatLogAway", "critical", "2m", "The log does not take records: nothing starts, and commands wait.",
            "downbeat_coordinator_append_retries_total", "5m", at_most=2),
    counted("coordinator", "DownbeatCallsTurnedAway", "warning", "5m", "Calls are refused, because too many decisions wait for the log.",
            "downbeat_coordinator_calls_turned_away_total", "5m"),
    alert("coordinator", "DownbeatTasksWithoutWorkers", "critical", "5m", "Tasks wait, and no worker is attached.",
          "sum(downbeat_coordinator_tasks_waiting{@coordinator@}) > 0 and sum(downbeat_coordinator_workers{@coordinator@}) == 0",
          fires=[("downbeat_coordinator_tasks_waiting", "3x60"), ("downbeat_coordinator_workers", "0x60")],
          quiet=[("downbeat_coordinator_tasks_waiting", "3x60"), ("downbeat_coordinator_workers", "1x60")]),
    alert("coordinator", "DownbeatSlotsFull", "warning", "30m", "Tasks wait, and all workers are full.",
          "sum(downbeat_coordinator_tasks_waiting{@coordinator@}) > 0 and sum(downbeat_coordinator_slots_held{@coordinator@}) / sum(downbeat_coordinator_slots{@coordinator@}) > 0.95",
          fires=[("downbeat_coordinator_tasks_waiting", "3x60"), ("downbeat_coordinator_slots_held", "16x60"), ("downbeat_coordinator_slots", "16x60")],
          quiet=[("downbeat_coordinator_tasks_waiting", "3x60"), ("downbeat_coordinator_slots_held", "8x60"), ("downbeat_coordinator_slots", "16x60")]),
    slow("coordinator", "DownbeatTasksWaitLong", "warning", "15m", "One task in twenty waits longer than five minutes for a worker.",
         "downbeat_coordinator_ready_to_dispatch_seconds", "10m", 0.95, 300, "300.0", "3600.0"),
    counted("coordinator", "DownbeatWorkersLost", "warning", "1m", "A worker was silent for longer than its lease; what it ran is begun again elsewhere.",
            "downbeat_coordinator_workers_lost_total", "15m"),
    counted("coordinator", "DownbeatInvariantViolated", "critical", "1m", "Something happened that cannot: a fault of the program.",
            "downbeat_coordinator_invariant_violations_total", "1h"),
    counted("coordinator", "DownbeatSnapshotsFail", "warning", "1m", "Snapshots cannot be written: the next take-over takes longer.",
            "downbeat_coordinator_snapshot_failures_total", "1h"),
    counted("coordinator", "DownbeatAlertsUndelivered", "warning", "1m", "People were not told of something: an alert could not be delivered.",
            'downbeat_coordinator_alerts_total{outcome="dead"}', "1h"),
    alert("coordinator", "DownbeatRunsFail", "warning", "15m", "More than half of the runs of the last half hour failed.",
          'sum(increase(downbeat_coordinator_runs_finished_total{@coordinator@,status="FAILED"}[30m])) / sum(increase(downbeat_coordinator_runs_finished_total{@coordinator@}[30m])) > 0.5',
          fires=[('downbeat_coordinator_runs_finished_total{status="FAILED"}', "0+3x60"), ('downbeat_coordinator_runs_finished_total{status="SUCCEEDED"}', "0+1x60")],
          quiet=[('downbeat_coordinator_runs_finished_total{status="FAILED"}', "0+1x60"), ('downbeat_coordinator_runs_finished_total{status="SUCCEEDED"}', "0+3x60")]),
    gone("worker", "critical", "No worker answers: no task runs."),
    alert("worker", "DownbeatWorkerDetached", "warning", "5m", "A worker runs, and no coordinator has it.",
          "downbeat_worker_attached{@worker@} == 0", fires=[("downbeat_worker_attached", "0x60")], quiet=[("downbeat_worker_attached", "1x60")]),
    counted("worker", "DownbeatLeasesLost", "warning", "1m", "A worker could not renew its lease, and killed what it ran.", "downbeat_worker_leases_lost_total", "15m"),
    gone("gateway", "critical", "No gateway answers: nobody can use the API."),
    alert("gateway", "DownbeatGatewayFails", "warning", "10m", "More than 5 % of the API's answers are failures of ours.",
          'sum(rate(downbeat_gateway_requests_total{@gateway@,status=~"5.."}[5m])) / sum(rate(downbeat_gateway_requests_total{@gateway@}[5m])) > 0.05',
          fires=[('downbeat_gateway_requests_total{status="502"}', "0+1x60"), ('downbeat_gateway_requests_total{status="200"}', "0+9x60")],
          quiet=[('downbeat_gateway_requests_total{status="404"}', "0+1x60"), ('downbeat_gateway_requests_total{status="200"}', "0+9x60")]),
    slow("gateway", "DownbeatGatewaySlow", "warning", "15m", "One request in a hundred takes longer than a second.",
         "downbeat_gateway_request_duration_seconds", "5m", 0.99, 1, "1.0", "2.5"),
    gone("scheduler", "critical", "No scheduler answers: no schedule fires, no event starts a run."),
    slow("scheduler", "DownbeatSchedulesLate", "warning", "10m", "One instant in a hundred is served more than 30 seconds late.",
         "downbeat_schedule_lateness_seconds", "10m", 0.99, 30, "30.0", "60.0"),
    counted("scheduler", "DownbeatSchedulesMissed", "warning", "1m", "Instants of schedules have no run, because nobody served them in time.",
            'downbeat_schedule_instants_total{outcome="missed"}', "15m"),
    counted("scheduler", "DownbeatCoordinatorSilent", "critical", "5m", "The coordinator does not answer schedulers: nothing starts.",
            "downbeat_event_coordinator_silences_total", "5m"),
    alert("scheduler", "DownbeatEventsWait", "warning", "15m", "More than 10,000 events from outside wait.",
          "max(downbeat_event_messages_waiting{@scheduler@}) > 10000",
          fires=[("downbeat_event_messages_waiting", "10001x60")], quiet=[("downbeat_event_messages_waiting", "10000x60")]),
    counted("scheduler", "DownbeatDeadLetters", "warning", "1m", "Events from outside could not be taken, and were set aside.", "downbeat_event_dead_letters_total", "15m"),
    gone("projector", "critical", "The projector does not answer: runs go on, and nobody sees them."),
    alert("projector", "DownbeatProjectionsBehind", "warning", "10m", "What is shown is more than 10,000 records old.",
          "max(downbeat_coordinator_log_sequence{@coordinator@}) - max(downbeat_projector_sequence{@projector@}) > 10000",
          fires=[("downbeat_coordinator_log_sequence", "20001x60"), ("downbeat_projector_sequence", "10000x60")],
          quiet=[("downbeat_coordinator_log_sequence", "20000x60"), ("downbeat_projector_sequence", "10000x60")]),
    counted("projector", "DownbeatEventsQuarantined", "warning", "1m", "Events could not be folded, so what is shown lacks them.", "downbeat_projector_quarantined_events_total", "1h"),
    alert("projector", "DownbeatOutgoingBehind", "warning", "15m", "Others are told of what happened more than 10,000 records late.",
          "max by (feed) (downbeat_outgoing_lag_records{@projector@}) > 10000",
          fires=[('downbeat_outgoing_lag_records{feed="events"}', "10001x60")], quiet=[('downbeat_outgoing_lag_records{feed="events"}', "10000x60")]),
    alert("projector", "DownbeatOutgoingFails", "warning", "15m", "A destination does not take what it is told.",
          "sum by (feed) (increase(downbeat_outgoing_failures_total{@projector@}[10m])) > 0",
          fires=[('downbeat_outgoing_failures_total{feed="events"}', "0+1x60")], quiet=[('downbeat_outgoing_failures_total{feed="events"}', "7x60")]),
    alert("projector", "DownbeatOutgoingRefused", "warning", "1m", "A destination refused messages for good; they were passed over.",
          "sum by (feed) (increase(downbeat_outgoing_refused_total{@projector@}[15m])) > 0",
          fires=[('downbeat_outgoing_refused_total{feed="events"}', "0+1x60")], quiet=[('downbeat_outgoing_refused_total{feed="events"}', "7x60")]),
]
