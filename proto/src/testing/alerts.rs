//! Alerts of the random world: ends raise them, somebody says what became of them, dead letters are tried again.

use downbeat_domain::{
    AlertOutcome, Command, RunStatus,
    plan::{PlanAlert, PlanAnomaly, PlanDestination, PlanOperations},
};
use serde_json::json;

use super::{World, pick};

fn alert(name: &str, statuses: &[RunStatus], max_live: &str) -> PlanAlert {
    let parameters = json!({"body": {"n": "${{ inputs.n }}"}}).as_object().cloned().unwrap_or_default();
    let to = |integration: &str| PlanDestination {
        integration: integration.to_owned(),
        connection: String::new(),
        destination: "#${{ inputs.n }}".to_owned(),
        parameters: parameters.clone(),
    };
    PlanAlert {
        name: name.to_owned(),
        statuses: statuses.to_vec(),
        destinations: vec![to("SLACK"), to("WEBHOOK")],
        message: "ended, ${{ tasks['t0'].outputs.n }}".to_owned(),
        max_live: max_live.to_owned(),
    }
}

/// One about bad ends, at most two live, and one about all.
pub(super) fn alerts() -> Vec<PlanAlert> {
    let all = [RunStatus::Succeeded, RunStatus::Skipped, RunStatus::Failed];
    vec![alert("bad", &[RunStatus::Failed, RunStatus::Cancelled], "2"), alert("any", &all, "${{ inputs.n }}")]
}

/// Whatever takes longer than usual, or less.
pub(super) fn anomalies() -> Vec<PlanAnomaly> {
    let watched = |above| PlanAnomaly {
        kind: if above { "above" } else { "below" }.to_owned(),
        above,
        percentage: 20,
        min_baseline_ms: 0,
        destinations: alerts().remove(0).destinations,
        operations: None,
    };
    let operations = PlanOperations { names: vec!["mod*".to_owned()], kinds: Vec::new(), most: 1 };
    let operations = PlanAnomaly { kind: "operations".to_owned(), operations: Some(operations), ..watched(true) };
    vec![watched(true), watched(false), operations]
}

impl World {
    /// What became of an alert, or somebody wants a dead letter tried again.
    pub(super) fn of_alerts(&self, which: u8, detail: u8) -> Command {
        let dead = pick(self.partition.alerts.dead.iter().map(|dead| dead.alert.id), which);
        let owed = pick(self.partition.alerts.owed.keys().copied(), which);
        match (detail % 6, dead, owed) {
            (0, Some(alert), _) | (_, Some(alert), None) => Command::RetryAlert { alert },
            (1 | 2, _, Some(alert)) => Command::SettleAlert { alert, outcome: AlertOutcome::Delivered },
            (_, _, Some(alert)) => {
                let outcome = AlertOutcome::Failed {
                    message: "no answer".to_owned(),
                    retryable: detail % 6 > 3,
                    pause_seconds: 0,
                };
                Command::SettleAlert { alert, outcome }
            }
            (_, None, None) => self.start(which, detail),
        }
    }
}
