//! What a task run is called in OpenLineage, for whatever it starts: work that names it as its parent becomes operations of that task run.
//!
//! Promises: the same for every attempt of a task run, and the same as our own events say it. Knows
//! nothing about what is started. What the projector makes of such parents stands in `docs/lineage.md`.

use downbeat_lineage::openlineage::jobs::{NAMESPACE, job_name};
use downbeat_proto::worker::v1::Offer;
use uuid::Uuid;

use crate::process::environment::Environment;

/// Variables that clients of OpenLineage read, newest form first: a task that gives one of them has said whose child its work is.
const VARIABLES: [&str; 3] = ["OPENLINEAGE_CONTEXT", PARENT, ROOT];
const PARENT: &str = "OPENLINEAGE_PARENT_ID";
const ROOT: &str = "OPENLINEAGE_ROOT_PARENT_ID";

/// A task run, and the run that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parents {
    /// `<pipeline>.<task>`; iterations of a task are runs of the same job.
    pub(crate) job: String,
    /// Id of the task run.
    pub(crate) run: String,
    /// The pipeline.
    pub(crate) root_job: String,
    /// Id of the run.
    pub(crate) root_run: String,
}

impl Parents {
    /// `None`: the offer does not say which run it is of.
    pub(crate) fn of(offer: &Offer) -> Option<Self> {
        let run = offer.attempt.as_ref().and_then(|attempt| Uuid::from_slice(&attempt.run_id).ok())?;
        // An older coordinator says the name for people only.
        let pipeline = if offer.pipeline_alias.is_empty() { &offer.pipeline_name } else { &offer.pipeline_alias };
        let root_job = job_name(pipeline, None);
        let known = !root_job.is_empty() && !offer.task_run_id.is_empty();
        known.then(|| Self {
            job: job_name(pipeline, Some(&offer.task_id)),
            run: offer.task_run_id.clone(),
            root_job,
            root_run: run.to_string(),
        })
    }

    /// The variables by which clients of OpenLineage are told.
    pub(crate) fn variables(&self) -> [(String, String); 2] {
        [
            (PARENT.to_owned(), format!("{NAMESPACE}/{}/{}", self.job, self.run)),
            (ROOT.to_owned(), format!("{NAMESPACE}/{}/{}", self.root_job, self.root_run)),
        ]
    }
}

/// Adds the variables that name the task run as the parent. Whoever gives one of them has said it all: half of theirs and half of ours would
/// name a parent in a run that it is not of.
pub(crate) fn hand_down(offer: &Offer, variables: &mut Environment) {
    if VARIABLES.iter().any(|name| variables.contains_key(*name)) {
        return;
    }
    variables.extend(Parents::of(offer).iter().flat_map(Parents::variables));
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use downbeat_proto::events::v1::Attempt;

    use super::*;

    fn offer(alias: &str, name: &str, task: &str) -> Offer {
        let run_id = Bytes::copy_from_slice(Uuid::from_u128(7).as_bytes());
        Offer {
            attempt: Some(Attempt { run_id, task: 3, number: 2 }),
            pipeline_alias: alias.to_owned(),
            pipeline_name: name.to_owned(),
            task_id: task.to_owned(),
            task_run_id: Uuid::from_u128(8).to_string(),
            ..Offer::default()
        }
    }

    #[test]
    fn a_name_never_cuts_the_form_in_which_it_stands() {
        let (run, task_run) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let cases = [
            ("daily_load", "build", "daily_load.build", "daily_load"),
            ("daily_load", "load/orders v2", "daily_load.load%2Forders%20v2", "daily_load"),
            ("daily_load", "größe=%2F\n", "daily_load.gr%C3%B6%C3%9Fe%3D%252F%0A", "daily_load"),
            ("", "build", "Daily%20%2F%20load.build", "Daily%20%2F%20load"),
        ];
        for (alias, task, job, root) in cases {
            let parents = Parents::of(&offer(alias, "Daily / load", task)).unwrap();
            let expected = [format!("downbeat/{job}/{task_run}"), format!("downbeat/{root}/{run}")];
            assert_eq!(parents.variables().map(|(_, value)| value), expected);
        }
    }

    #[test]
    fn what_the_task_says_itself_counts() {
        let offer = offer("daily_load", "Daily load", "build");
        let given = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), "a/b/c".to_owned())).collect();
        let mut variables: Environment = given(&["OTHER"]);
        hand_down(&offer, &mut variables);
        assert_eq!(variables.keys().collect::<Vec<_>>(), [PARENT, ROOT, "OTHER"]);
        for name in VARIABLES {
            let mut variables: Environment = given(&[name]);
            hand_down(&offer, &mut variables);
            assert_eq!(variables, given(&[name]), "{name} of the task stands alone");
        }
    }

    #[test]
    fn an_offer_that_does_not_say_which_run_it_is_of_hands_nothing_down() {
        let whole = offer("a", "A", "t");
        let without = [
            Offer { attempt: None, ..whole.clone() },
            Offer { task_run_id: String::new(), ..whole.clone() },
            Offer { pipeline_alias: String::new(), pipeline_name: String::new(), ..whole.clone() },
        ];
        for offer in without {
            let mut variables = Environment::new();
            hand_down(&offer, &mut variables);
            assert!(variables.is_empty(), "{offer:?}");
        }
    }
}
