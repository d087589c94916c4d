//! Logins of whoever types, by gateway: a file in their own folder of settings.
//!
//! Promises: nobody else may read it; it is replaced as a whole, so that it is never half written; what it holds is printed nowhere.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::Error;

/// Logins by the origin of their gateway.
pub type Logins = BTreeMap<String, Login>;

/// A login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// The program that it was given to: this one, as the gateway registered it.
    pub client_id: String,
    /// Opens the gateway until it expires.
    pub access_token: String,
    /// Renews both, once.
    pub refresh_token: String,
    /// When the access token expires, seconds since the epoch.
    pub expires_at: i64,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Where they are kept.
#[derive(Clone, Debug)]
pub struct Kept {
    folder: PathBuf,
}

/// Whoever holds it is the only one who changes logins.
#[derive(Debug)]
pub struct Locked {
    kept: Kept,
    _turn: OwnedMutexGuard<()>,
    _lock: File,
}

/// The lock on the file is one of processes; inside of this one, everybody waits here first, and holds up no thread.
static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

fn failed<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { what: format!("cannot {what} {}", path.display()), source }
}

impl Kept {
    /// In the folder of settings of whoever runs this: `$XDG_CONFIG_HOME/downbeat`, else `~/.config/downbeat`.
    ///
    /// # Errors
    /// There is no such folder to be found.
    pub fn of_person() -> Result<Self, Error> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let settings = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
        let settings = settings.ok_or_else(|| {
            Error::Usage("neither HOME nor XDG_CONFIG_HOME is set: there is no place for logins; use a key".to_owned())
        })?;
        Ok(Self { folder: settings.join("downbeat") })
    }

    fn file(&self) -> PathBuf {
        self.folder.join("logins.json")
    }

    /// All of them.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(&self) -> Result<Logins, Error> {
        let path = self.file();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Logins::new()),
            Err(source) => return Err(Error::Read { path, source }),
        };
        // What is wrong with it may hold a token: it is not repeated.
        serde_json::from_slice(&bytes)
            .map_err(|_| Error::Usage(format!("{} is no file of logins: remove it and log in again", path.display())))
    }

    /// Waits until nobody else changes logins.
    ///
    /// # Errors
    /// Those of the file system.
    pub async fn lock(&self) -> Result<Locked, Error> {
        let turn = Arc::clone(&TURN).lock_owned().await;
        let kept = self.clone();
        let locked = tokio::task::spawn_blocking(move || kept.lock_file()).await;
        let lock = locked.map_err(|error| Error::Service(error.to_string()))??;
        Ok(Locked { kept: self.clone(), _turn: turn, _lock: lock })
    }

    fn lock_file(&self) -> Result<File, Error> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed("make", &self.folder))?;
        let path = self.folder.join("logins.lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(failed("open", &path))?;
        lock.lock().map_err(failed("lock", &path))?;
        Ok(lock)
    }
}

impl Locked {
    /// Puts these in the place of those that were.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, logins: &Logins) -> Result<(), Error> {
        let path = self.kept.file();
        let text = serde_json::to_vec_pretty(logins).map_err(|error| Error::Service(error.to_string()))?;
        let write = || {
            // A file of this kind is its owner's from its first byte on.
            let mut file = tempfile::NamedTempFile::new_in(&self.kept.folder)?;
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(failed("write", &path))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn login(token: &str) -> Login {
        Login {
            client_id: "p1.x".to_owned(),
            access_token: token.to_owned(),
            refresh_token: "r".to_owned(),
            expires_at: 7,
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_again_and_nobody_else_may() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().join("a/downbeat") };
        assert!(kept.read().unwrap().is_empty(), "there is none yet");
        for token in ["one", "two"] {
            let logins = Logins::from([("https://d.example.com".to_owned(), login(token))]);
            kept.lock().await.unwrap().write(&logins).unwrap();
            assert_eq!(kept.read().unwrap()["https://d.example.com"].access_token, token);
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&kept.file()), mode(&kept.folder)), (0o600, 0o700));
        }
        assert!(!format!("{:?}", login("secret")).contains("secret"));
    }

    #[test]
    fn a_file_that_is_something_else_is_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().to_owned() };
        fs::write(kept.file(), "{\"x\": \"hunter2\"}").unwrap();
        let said = kept.read().unwrap_err().to_string();
        assert!(said.contains("logins.json") && !said.contains("hunter2"), "{said}");
    }
}
