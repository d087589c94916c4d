//! A restart waits until what it takes over from the run before has been taken over. That run stands in the log: who restarts it has
//! read it already; after a take-over it is read again.

use std::sync::Arc;

use downbeat_domain::{Caller, Command, PriorRun, RestartRun, RunId, effects as domain_effects};

use super::{Engine, Moment, Output};

impl Engine {
    /// Who asked for the restart has read the run before.
    pub(super) fn keep_prior(&mut self, restart: &RestartRun) {
        let waits = self.partition.runs.get(&restart.run).and_then(domain_effects::prior_of) == Some(restart.prior.run);
        if waits {
            self.priors.insert(restart.run, Arc::clone(&restart.prior));
        }
    }

    pub(super) fn prior_read(&mut self, now: Moment, run: RunId, prior: Option<Arc<PriorRun>>) {
        self.reading.remove(&run);
        match prior {
            Some(prior) => {
                self.priors.insert(run, prior);
            }
            None => {
                let reason = "the run that it continues cannot be read from the log".to_owned();
                let cancel = Command::CancelRun { run, reason };
                if let Err(rejection) = self.decide(now, &cancel, Caller::named("coordinator"), None) {
                    tracing::debug!(%rejection, "a restart had ended before the run before it was read");
                }
            }
        }
    }

    /// Takes over for every restart that waits, or asks for the run before it.
    pub(super) fn carry_over(&mut self, now: Moment) {
        let waiting: Vec<(RunId, RunId)> =
            self.awaiting_carry().filter_map(|run| Some((run.id, domain_effects::prior_of(run)?))).collect();
        for (run, prior) in waiting {
            let Some(known) = self.priors.get(&run).cloned() else {
                if self.reading.insert(run) {
                    self.batches.push_output(Output::ReadPrior { run, prior });
                }
                continue;
            };
            let command = Command::CarryOver { run, prior: known };
            while self.partition.runs.get(&run).is_some_and(|run| run.awaits_carry) {
                match self.decide(now, &command, Caller::named("coordinator"), None) {
                    Ok(decided) if decided.events > 0 => {}
                    refused => {
                        tracing::error!(?refused, %run, "a restart could not take over what it continues");
                        break;
                    }
                }
            }
            self.priors.remove(&run);
        }
        self.settle(now);
    }

    fn awaiting_carry(&self) -> impl Iterator<Item = &downbeat_domain::RunState> {
        self.partition.awaiting_carry.iter().filter_map(|run| self.partition.runs.get(run))
    }
}
