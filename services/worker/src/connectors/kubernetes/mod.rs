//! KUBERNETES/RUN_JOB, AWS_EKS_RUN_JOB, GKE_RUN_JOB and AKS_RUN_JOB: a Job in a cluster, looked after as `remote/mod.rs` asks.
//!
//! The Job's name follows from the token, so a start in doubt is repeated: the cluster says that it has it. It is ended by deleting it
//! and has ended when it and its pods are gone. What clusters and their answers are like stands in `crate::kubernetes`.

mod calls;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use super::{Connector, Task, parameters};
use crate::attempt::Failure;
use crate::connections::Connections;
use crate::kubernetes::{Session, cloud::Cloud, job};
use crate::limits::{KUBERNETES_LOOK_FIRST, KUBERNETES_LOOK_MOST};
use crate::manifest::auth::Tokens;
use crate::remote::{Prepared, Reattach, Remote, RemoteJob};
use calls::Calls;

/// All of them.
pub(crate) fn all(connections: &Connections) -> Vec<Arc<dyn Connector>> {
    let tokens = Arc::new(Tokens::default());
    let job = |cloud| RunJob { cloud, connections: connections.clone(), tokens: Arc::clone(&tokens) };
    Cloud::ALL.into_iter().map(|cloud| Arc::new(Remote::new(Arc::new(job(cloud)))) as Arc<dyn Connector>).collect()
}

#[derive(Debug)]
pub(crate) struct RunJob {
    cloud: Cloud,
    connections: Connections,
    tokens: Arc<Tokens>,
}

/// Where the Job comes from.
#[derive(Debug, Clone)]
enum Origin {
    /// The task wrote it.
    Written(Value),
    /// It is in the cluster, under this name: a CronJob, or a Job.
    Template(String),
}

#[async_trait]
impl RemoteJob for RunJob {
    fn job(&self) -> (&str, &str) {
        self.cloud.job()
    }

    fn reattach(&self) -> Reattach {
        Reattach::Token
    }

    fn collects(&self) -> String {
        "log; OPERATION per container, exit code, last message".to_owned()
    }

    fn by_manifest(&self) -> bool {
        false
    }

    fn needs_connection(&self) -> bool {
        true
    }

    fn poll_every(&self) -> (Duration, Duration) {
        (KUBERNETES_LOOK_FIRST, KUBERNETES_LOOK_MOST)
    }

    async fn prepare(&self, task: &Task) -> Result<Box<dyn Prepared>, Failure> {
        let given = &task.parameters;
        let (origin, cluster_name) = match self.cloud {
            Cloud::Aks => {
                let cluster = parameters::required(given, "cluster_name")?;
                (
                    Origin::Template(parameters::required(given, "job_name")?.trim().to_owned()),
                    Some(cluster.trim().to_owned()),
                )
            }
            _ => (Origin::Written(job::read(&parameters::required(given, "job_manifest")?)?), None),
        };
        let session = Session::new(
            self.cloud,
            self.connections.clone(),
            &task.offer.connection,
            cluster_name,
            Arc::clone(&self.tokens),
            task.log.clone(),
        );
        let connection = session.connection().await?;
        self.cloud.check(&connection)?;
        let namespace = connection.text("namespace")?.map(|text| text.trim().to_owned());
        if let Origin::Written(written) = &origin {
            job::wanted(written.clone(), &task.token, namespace.as_deref())?;
        }
        Ok(Box::new(Calls::new(session, origin, namespace, task.token.clone())))
    }
}
