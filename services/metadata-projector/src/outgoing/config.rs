//! Settings of what is told to others.

use std::path::{Path, PathBuf};

use downbeat_event_log::LogAddress;

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct OutgoingConfig {
    /// NATS servers on which everything that happens is published as CloudEvents (docs/events-out.md): nats://HOST:PORT, several
    /// separated by commas, or `off`. Default: those of the log, if it is on NATS.
    #[arg(long, env = "DOWNBEAT_EVENTS_NATS", value_name = "SERVERS")]
    pub events_nats: Option<String>,
    /// Copies of the stream DOWNBEAT_EVENTS, where it is made: 1 on one server, 3 in a cluster.
    #[arg(long, env = "DOWNBEAT_EVENTS_REPLICAS", default_value_t = 1)]
    pub events_replicas: usize,
    /// Where whoever was never told before begins: `end` = with what happens from now on, `start` = with the first record of the log.
    #[arg(long, env = "DOWNBEAT_OUTGOING_FROM", value_enum, default_value_t = From::End)]
    pub outgoing_from: From,
    /// Folder that says how far others were told. It is not rebuilt from the log: keep it.
    #[arg(long, env = "DOWNBEAT_OUTGOING_DATA", default_value = ".downbeat/outgoing")]
    pub outgoing_data: PathBuf,
    /// Who is told of our own runs as events of OpenLineage.
    #[command(flatten)]
    pub openlineage: OpenLineageConfig,
}

/// Who is told of our own runs as events of OpenLineage (docs/openlineage-out.md). Default: nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct OpenLineageConfig {
    /// Server that takes events of OpenLineage, like `https://marquez.example.com`: events are posted to /api/v1/lineage there, or to the path of
    /// the address if it has one (docs/openlineage-out.md).
    #[arg(long, env = "DOWNBEAT_OPENLINEAGE_URL", value_name = "URL")]
    pub openlineage_url: Option<String>,
    /// File that holds the key with which that server is asked, as a bearer token.
    #[arg(long, env = "DOWNBEAT_OPENLINEAGE_API_KEY_FILE", value_name = "FILE", requires = "openlineage_url")]
    pub openlineage_api_key_file: Option<PathBuf>,
    /// File to which the events are appended, one JSON object per line.
    #[arg(long, env = "DOWNBEAT_OPENLINEAGE_FILE", value_name = "FILE")]
    pub openlineage_file: Option<PathBuf>,
}

/// Where a feed without a checkpoint begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum From {
    /// With what happens from now on.
    End,
    /// With the first record of the log.
    Start,
}

impl OutgoingConfig {
    /// Nobody is told; checkpoints would lie in this folder.
    pub fn in_folder(outgoing_data: &Path) -> Self {
        Self {
            events_nats: Some(OFF.to_owned()),
            events_replicas: 1,
            outgoing_from: From::End,
            outgoing_data: outgoing_data.to_owned(),
            openlineage: OpenLineageConfig::default(),
        }
    }

    /// The servers that CloudEvents go to. `None`: they go nowhere.
    pub(super) fn servers(&self, log: &LogAddress) -> Option<String> {
        // A variable that is set to nothing, as compose files do it, is none.
        match (self.events_nats.as_deref().filter(|servers| !servers.trim().is_empty()), log) {
            (Some(OFF), _) => None,
            (Some(servers), _) => Some(servers.to_owned()),
            (None, LogAddress::Nats(servers)) => Some(servers.clone()),
            (None, LogAddress::Embedded(_)) => None,
        }
    }
}

/// Nobody is told.
const OFF: &str = "off";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_go_where_somebody_says_else_to_the_servers_of_the_log() {
        let embedded: LogAddress = "embedded:log".parse().unwrap();
        let nats: LogAddress = "nats://log:4222".parse().unwrap();
        for (given, log, expected) in [
            (None, &embedded, None),
            (None, &nats, Some("nats://log:4222")),
            (Some("off"), &nats, None),
            (Some(""), &nats, Some("nats://log:4222")),
            (Some(" "), &embedded, None),
            (Some("nats://other:4222"), &nats, Some("nats://other:4222")),
            (Some("nats://other:4222"), &embedded, Some("nats://other:4222")),
        ] {
            let config =
                OutgoingConfig { events_nats: given.map(str::to_owned), ..OutgoingConfig::in_folder(Path::new("x")) };
            assert_eq!(config.servers(log).as_deref(), expected, "{given:?} over {log}");
        }
    }
}
