//! Reads manifests: those that are compiled in, and a user's own from a folder. All are checked before the worker takes work.
//!
//! Promises: every fault of every file is said with file, line and column; nothing replaces a manifest that is compiled in or one that was
//! read before. A manifest lives as long as the worker, which is why it is leaked once here and shared as `'static`.

use std::{
    collections::BTreeMap,
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::check;
use super::format::Manifest;
use crate::limits::{MANIFEST_BYTES_MAX, MANIFESTS_MAX};

/// The setting that names the folder.
pub(crate) const SETTING: &str = "DOWNBEAT_WORKER_CONNECTORS";

/// Name and text of the manifests in `services/worker/connectors`.
const COMPILED_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/connectors.rs"));

/// What is wrong with manifests: one line for each fault.
#[derive(Debug)]
pub(crate) struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

/// Manifests by integration and job.
pub(crate) type Manifests = BTreeMap<(String, String), &'static Manifest>;

/// All manifests, those of `folder` included.
///
/// # Errors
/// Every fault of every file.
pub(crate) fn load(folder: Option<&Path>) -> Result<Manifests, Faults> {
    let mut found = Manifests::new();
    let mut places = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, text) in COMPILED_IN {
        add(&format!("connectors/{name}"), text, &mut found, &mut places, &mut faults);
    }
    for file in folder.map(files).transpose().map_err(|fault| Faults(vec![fault]))?.unwrap_or_default() {
        match text_of(&file) {
            Ok(text) => add(&file.display().to_string(), &text, &mut found, &mut places, &mut faults),
            Err(why) => faults.push(format!("{}: {why}", file.display())),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(Faults(faults)) }
}

fn add(
    file: &str,
    text: &str,
    found: &mut Manifests,
    places: &mut BTreeMap<(String, String), String>,
    faults: &mut Vec<String>,
) {
    let manifest = match read(file, text) {
        Ok(manifest) => manifest,
        Err(Faults(more)) => return faults.extend(more),
    };
    let job = (manifest.integration.clone(), manifest.job.clone());
    if let Some(other) = places.get(&job) {
        let (line, column) = place(text, "job:");
        faults.push(format!(
            "{file}:{line}:{column}: {}/{} is described by {other} already; a manifest replaces none: give the job another name",
            job.0, job.1
        ));
        return;
    }
    places.insert(job.clone(), file.to_owned());
    found.insert(job, Box::leak(Box::new(manifest)));
}

/// Reads and checks one manifest.
pub(super) fn read(file: &str, text: &str) -> Result<Manifest, Faults> {
    let manifest: Manifest = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!(":{}:{}", at.line(), at.column())).unwrap_or_default();
        Faults(vec![format!("{file}{place}: {}", error.without_snippet())])
    })?;
    let faults: Vec<_> = check::faults(&manifest)
        .into_iter()
        .map(|fault| {
            let (line, column) = place(text, &fault.at);
            format!("{file}:{line}:{column}: {}", fault.what)
        })
        .collect();
    if faults.is_empty() { Ok(manifest) } else { Err(Faults(faults)) }
}

/// Line and column at which a text stands first, comments aside; the beginning if it does not.
fn place(text: &str, wanted: &str) -> (usize, usize) {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let mut found = lines.filter_map(|(number, line)| {
        let at = line.find(wanted)?;
        Some((number + 1, line[..at].chars().count() + 1))
    });
    found.next().unwrap_or((1, 1))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
            looked_at += 1;
            if looked_at > MANIFESTS_MAX {
                return Err(format!("{}: more than {MANIFESTS_MAX} files and folders are below it", folder.display()));
            }
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| format!("{}: {error}", path.display()))?;
            let yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
            let shape = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.ends_with(".shape"));
            if kind.is_dir() {
                // A cluster mounts files as links into a folder `..DATE` beside them: there they would be read a second time.
                if !entry.file_name().as_encoded_bytes().starts_with(b"..") {
                    folders.push(path);
                }
            } else if yaml && !shape {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn text_of(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|error| error.to_string())?;
    opened.take(MANIFEST_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(format!("is larger than {} KiB", MANIFEST_BYTES_MAX / 1024));
    }
    Ok(text)
}
