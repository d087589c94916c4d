//! How the processes of a cluster prove who they are: to each other by certificates, to the log's server as its users. By default they do
//! not, and nobody asks. Also what else each of them is told by variables.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use downbeat_event_log::testing::nats_server::NatsServer;

use crate::cluster::nats_program;

/// See the module. Files lie in one folder, named by the service: `worker.pem`, `worker.key`, `worker.ca.pem`, `worker.nkey`.
#[derive(Clone, Debug, Default)]
pub struct Arms {
    /// Where certificates are, if there are any.
    pub certificates: Option<PathBuf>,
    /// Where users of NATS are, with the configuration of its server and the variables that it names.
    pub users: Option<Users>,
    /// Variables more: of which service, the name, the value.
    pub more: Vec<(&'static str, &'static str, String)>,
    /// Where the programs of services are that are of another version, by service.
    pub programs: BTreeMap<&'static str, PathBuf>,
}

/// Users of a NATS server.
#[derive(Clone, Debug)]
pub struct Users {
    /// Where their seeds are.
    pub folder: PathBuf,
    /// Configuration of the server.
    pub config: PathBuf,
    /// Its variables.
    pub variables: Vec<(String, String)>,
}

impl Arms {
    /// Variables of this service.
    pub fn of(&self, service: &str) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        let mut set = |name: &str, folder: &Path, ending: &str| {
            let path = folder.join(format!("{service}.{ending}"));
            if path.is_file() {
                variables.push((name.to_owned(), path.to_str().expect("test folders are text").to_owned()));
            }
        };
        if let Some(folder) = &self.certificates {
            set("DOWNBEAT_TLS_CERT", folder, "pem");
            set("DOWNBEAT_TLS_KEY", folder, "key");
            set("DOWNBEAT_TLS_CA", folder, "ca.pem");
        }
        if let Some(users) = &self.users {
            set("DOWNBEAT_NATS_NKEY", &users.folder, "nkey");
        }
        let more = self.more.iter().filter(|(of, ..)| *of == service);
        variables.extend(more.map(|(_, name, value)| ((*name).to_owned(), value.clone())));
        variables
    }

    /// How addresses of services begin.
    pub fn scheme(&self) -> &'static str {
        if self.certificates.is_some() { "https" } else { "http" }
    }

    /// Starts the log's server, with its data below `folder`.
    pub(crate) fn nats(&self, folder: &Path) -> NatsServer {
        let (program, folder) = (nats_program(), folder.join("nats"));
        std::fs::create_dir_all(&folder).expect("a folder for the log's server");
        let started = match &self.users {
            None => NatsServer::start(&program, &folder),
            Some(users) => NatsServer::start_configured(&program, &folder, &users.config, &users.variables),
        };
        started.expect("nats-server starts")
    }
}

/// Writes a file that only its owner may read.
///
/// # Panics
/// When it cannot be written.
pub fn write_secret(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file is written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("the file is ours");
}
