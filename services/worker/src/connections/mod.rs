//! Connections: where something outside is and how to sign in: sealed ones that the coordinator gives, and files that the operator of this
//! worker keeps.
//!
//! Promises: a name from outside never leads out of the folder; files are read at each use, so a rotated credential works at once;
//! an error names the place and the field and never a value; what is a credential cannot be printed ([`Secret`]) and is taken out
//! of whatever was said or found with it. It knows nothing of what the fields mean: each user declares its own ([`Fields`]).

pub(crate) mod address;
mod file;
mod given;
mod references;
mod resolve;
mod secret;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use downbeat_proto::worker::v1 as wire;
use serde_json::{Map, Value};
use tracing::warn;

use crate::attempt::Failure;
use crate::limits::CONNECTION_NAME_CHARS_MAX;
use crate::process::mask::Mask;
use given::Table;
use references::Stores;
use resolve::Raw;
pub(crate) use secret::{HIDDEN, Secret};

/// The setting that names the folder.
pub(crate) const SETTING: &str = "DOWNBEAT_WORKER_CONNECTIONS";

/// The fields that an integration's connection may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// For people to read.
    pub(crate) open: &'static [&'static str],
    /// Credentials.
    pub(crate) secret: &'static [&'static str],
}

impl Fields {
    /// Fields of any name, all of them credentials but these: for scripts, whose authors know what they mean.
    pub(crate) const fn any_but(open: &'static [&'static str]) -> Self {
        Self { open, secret: &[ANY_NAME] }
    }

    /// Whether the field is a credential; `None`: there is no such field.
    fn judge(self, name: &str) -> Option<bool> {
        if self.open.contains(&name) {
            return Some(false);
        }
        self.secret.iter().any(|known| *known == name || *known == ANY_NAME).then_some(true)
    }
}

/// Stands for every name.
const ANY_NAME: &str = "*";

/// All connections of this worker.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// The folder of files.
    path: Option<PathBuf>,
    /// What the coordinator gave.
    given: RwLock<Table>,
    stores: Stores,
    /// Files about whose permissions a warning was given: one is enough.
    warned: Mutex<BTreeSet<PathBuf>>,
}

impl Connections {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self(Arc::new(Known { path, given: RwLock::default(), stores: Stores::default(), warned: Mutex::default() }))
    }

    /// Whether there are files. Without any only sealed connections can be used.
    pub(crate) fn has_folder(&self) -> bool {
        self.0.path.is_some()
    }

    /// The coordinator said which sealed connections there are: all of them (`anew`), or what changed.
    pub(crate) fn given(&self, told: wire::Connections, anew: bool) {
        let mut table = self.0.given.write().unwrap_or_else(PoisonError::into_inner);
        if anew { table.replace(told) } else { table.change(told) }
    }

    /// The connection of that name; of an empty name, the integration's default one. A sealed one goes before a file. `None`: it is the
    /// default one, and there is none.
    pub(crate) async fn open(
        &self,
        name: &str,
        integration: &'static str,
        fields: Fields,
    ) -> Result<Option<Connection>, Failure> {
        let named = !name.is_empty();
        if named {
            check_name(name)?;
        }
        let found = match self.0.sealed(name, integration)? {
            Some(found) => Some(found),
            None => self.file(name, integration).await?,
        };
        let Some((name, raw)) = found else { return Ok(None) };
        let place = raw.place.clone();
        let read = resolve::resolve(raw, integration, fields, &self.0.stores).await?;
        for file in read.open_to_others {
            self.0.warn_once(&file);
        }
        Ok(Some(Connection { name, place, named, fields: read.fields, secrets: read.secrets, mask: OnceLock::new() }))
    }

    async fn file(&self, name: &str, integration: &'static str) -> Result<Option<(String, Raw)>, Failure> {
        let (known, name) = (Arc::clone(&self.0), name.to_owned());
        let read = tokio::task::spawn_blocking(move || known.file(&name, integration)).await;
        read.unwrap_or_else(|_| Err(Failure::transient("reading the connection failed inside Downbeat (a bug there)")))
    }
}

impl Known {
    fn sealed(&self, name: &str, integration: &str) -> Result<Option<(String, Raw)>, Failure> {
        let table = self.given.read().unwrap_or_else(PoisonError::into_inner);
        let Some(given) = table.find(name, integration) else { return Ok(None) };
        let fields = given.fields(integration)?;
        Ok(Some((given.name.clone(), Raw { place: given.place(), base: self.path.clone(), given: true, fields })))
    }

    fn file(&self, name: &str, integration: &'static str) -> Result<Option<(String, Raw)>, Failure> {
        let named = !name.is_empty();
        let name = if named { name.to_owned() } else { default_name(integration) };
        check_name(&name)?;
        let Some(folder) = &self.path else {
            if named {
                return Err(Failure::misconfigured(format!(
                    "connection {name:?}: this worker has no folder of connections, and no sealed connection has this name: save one (downbeat \
                     connection set), or set {SETTING} (--connections)"
                )));
            }
            return Ok(None);
        };
        let Some(file) = find(folder, &name)? else {
            if named {
                let place = folder.join(format!("{name}.json"));
                return Err(Failure::misconfigured(format!(
                    "connection {name:?}: there is no file {} (or .yaml) on this worker, and no sealed connection has this name",
                    place.display()
                )));
            }
            return Ok(None);
        };
        let (fields, open) = file::read(&file, integration)?;
        if open {
            self.warn_once(&file);
        }
        let base = file.parent().map(Path::to_owned);
        Ok(Some((name, Raw { place: file.display().to_string(), base, given: false, fields })))
    }

    fn warn_once(&self, file: &Path) {
        if self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned()) {
            warn!(file = %file.display(), "others than the owner may read this file with credentials: chmod 600 it");
        }
    }
}

/// What a check says when it needs a connection and there is none of the default name.
pub(crate) fn none_given(integration: &str) -> Failure {
    Failure::misconfigured(format!(
        "{integration} needs a connection: name one, save one with `downbeat connection set {0}`, or put the file {0}.json into the \
         worker's folder of connections ({SETTING})",
        default_name(integration)
    ))
}

fn default_name(integration: &str) -> String {
    format!("default_{}", integration.to_ascii_lowercase())
}

/// A part of a variable's name: runs of anything but letters and digits are one `_`, none at the ends.
fn variable(part: &str) -> String {
    let words = part.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_ascii_uppercase()
}

fn check_name(name: &str) -> Result<(), Failure> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain && name.len() <= CONNECTION_NAME_CHARS_MAX {
        return Ok(());
    }
    let shown: String = name.chars().take(CONNECTION_NAME_CHARS_MAX).collect();
    Err(Failure::misconfigured(format!(
        "connection {shown:?}: a name has letters, digits, _ and - only, at most {CONNECTION_NAME_CHARS_MAX} of them"
    )))
}

fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>, Failure> {
    let candidates = ["json", "yaml", "yml"].map(|ending| folder.join(format!("{name}.{ending}")));
    let mut found = candidates.into_iter().filter(|file| file.exists());
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(Failure::misconfigured(format!(
            "connection {name:?} is written twice: {} and {}; remove one",
            first.display(),
            second.display()
        ))),
        (first, _) => Ok(first),
    }
}

/// One connection, every reference resolved.
pub(crate) struct Connection {
    name: String,
    /// Where its fields stand.
    place: String,
    named: bool,
    fields: Map<String, Value>,
    secrets: Vec<Secret>,
    /// Made when something is said.
    mask: OnceLock<Mask>,
}

impl Connection {
    /// Whether it was asked for by name, not taken because it is the default.
    pub(crate) fn was_named(&self) -> bool {
        self.named
    }

    /// Every credential of it.
    pub(crate) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Its fields but some as variables of a process, as published: `INTEGRATION__CONNECTION__FIELD`.
    pub(crate) fn variables(&self, integration: &str, but: &[&str]) -> impl Iterator<Item = (String, String)> {
        let start = format!("{}__{}", variable(integration), variable(&self.name));
        let fields = self.fields.iter().filter(|(field, _)| !but.contains(&field.as_str()));
        fields.map(move |(field, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("{start}__{}", variable(field)), text)
        })
    }

    /// A failure that names the place and the field. `what` must not repeat its value.
    pub(crate) fn wrong(&self, field: &str, what: impl fmt::Display) -> Failure {
        Failure::misconfigured(format!("{}: the field {field} {what}", self.place))
    }

    /// A text; a number counts as its digits. `None`: absent, null or blank.
    pub(crate) fn text(&self, field: &str) -> Result<Option<&str>, Failure> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
            Some(_) => Err(self.wrong(field, "must be a text (put it in quotes)")),
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&self, field: &str) -> Result<&str, Failure> {
        self.text(field)?.ok_or_else(|| self.wrong(field, "is missing or empty"))
    }

    /// A credential. `None`: absent, null or blank.
    pub(crate) fn secret(&self, field: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.text(field)?.map(Secret::new))
    }

    /// A port; absent = the integration's own.
    pub(crate) fn port(&self, default: u16) -> Result<u16, Failure> {
        let port = match self.fields.get("port") {
            None | Some(Value::Null) => return Ok(default),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(other) => other.as_u64().and_then(|port| u16::try_from(port).ok()),
        };
        port.filter(|port| *port > 0).ok_or_else(|| self.wrong("port", "must be a number from 1 to 65535"))
    }

    /// A boolean; absent = false.
    pub(crate) fn flag(&self, field: &str) -> Result<bool, Failure> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(self.wrong(field, "must be true or false")),
        }
    }

    /// Names with values; absent = none.
    pub(crate) fn table(&self, field: &str) -> Result<Map<String, Value>, Failure> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(table)) => Ok(table.clone()),
            Some(_) => Err(self.wrong(field, "must be names with values")),
        }
    }

    fn mask(&self) -> &Mask {
        self.mask.get_or_init(|| {
            let mut mask = Mask::default();
            mask.learn(&self.secrets);
            mask
        })
    }

    /// The text without any credential of this connection, in whatever dress.
    pub(crate) fn hide(&self, text: String) -> String {
        self.mask().hide(text)
    }

    /// The value without any credential of this connection.
    pub(crate) fn hide_in_value(&self, value: &mut Value) {
        *value = self.mask().hide_in_value(std::mem::take(value));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&String> = self.fields.keys().collect();
        formatter
            .debug_struct("Connection")
            .field("place", &self.place)
            .field("fields", &fields)
            .finish_non_exhaustive()
    }
}
