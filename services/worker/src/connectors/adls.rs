//! AZURE_DATA_LAKE_STORAGE/ADLS_SENSOR: waits until there is a file in a container.
//!
//! What the published job does beyond its two parameters is not documented; this is what its name and parameters say. It only looks, so
//! that it may be run twice or be given up at any time; the task's time-out ends it.

use std::sync::Arc;

use async_trait::async_trait;
use downbeat_proto::events::v1::FailureClass;
use serde_json::json;

use super::{Connector, Step, Task, parameters, unless_stopped};
use crate::about::{About, Tested};
use crate::adls::{self, Container};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::{Connections, none_given};
use crate::limits::{ADLS_LOOK_EVERY, HTTP_WAIT};
use crate::manifest::auth::Tokens;

#[derive(Debug)]
pub(crate) struct AdlsSensor {
    pub(crate) connections: Connections,
    pub(crate) tokens: Arc<Tokens>,
}

#[async_trait]
impl Connector for AdlsSensor {
    fn job(&self) -> (&str, &str) {
        (adls::INTEGRATION, "ADLS_SENSOR")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: Tested::Real("Azurite (Microsoft's emulator)"),
            after_a_loss: "once more: it only looks",
            collects: "nothing".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let done = match unless_stopped(&task.stop, self.wait(task)).await {
            Ok(done) => done,
            Err(stopped) => Err(stopped),
        };
        Ended { ending: done.unwrap_or_else(|ending| ending), collection: Collection::default() }
    }
}

impl AdlsSensor {
    async fn wait(&self, task: &Task) -> Step<Ending> {
        let name = parameters::required(&task.parameters, "container_name")?;
        let account = parameters::text(&task.parameters, "account_name");
        let connection = task.open(&self.connections, adls::INTEGRATION, adls::FIELDS).await?;
        let connection = connection.ok_or_else(|| none_given(adls::INTEGRATION))?;
        let hide = |failure: Failure| Failure { message: connection.hide(failure.message), ..failure };
        let container = Container::open(&connection, &self.tokens, account, name).map_err(hide)?;
        let mut said = false;
        loop {
            match container.page("", None, HTTP_WAIT).await {
                Ok((files, _)) => {
                    if let Some(first) = files.first() {
                        let outputs = json!({ "file": first.name, "size": first.properties.size }).to_string();
                        let message = format!("there is {:?} in {}", first.name, container.place());
                        return Ok(Ending::Succeeded { warning: false, outputs, message });
                    }
                    if !said {
                        task.log.line(&format!("there is no file in {}: waiting for one", container.place())).await;
                        said = true;
                    }
                }
                // Whoever waits for hours waits for a service that is away, too.
                Err(failure) if failure.class == FailureClass::Transient => task.log.line(&hide(failure).message).await,
                Err(failure) => return Err(hide(failure).into()),
            }
            tokio::time::sleep(ADLS_LOOK_EVERY).await;
        }
    }
}
