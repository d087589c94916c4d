//! dbt's manifest.json and run_results.json, as far as they are used here. Unknown fields are passed over, and missing ones stay
//! empty, so that older and newer versions of dbt are read alike.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::limits::ARTIFACT_BYTES_MAX;

/// The oldest layouts that hold what is needed.
const MANIFEST_VERSION_MIN: u32 = 7;
const RUN_RESULTS_VERSION_MIN: u32 = 4;

/// What one dbt command left.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) manifest: Manifest,
    pub(super) results: RunResults,
}

impl Invocation {
    /// Unique per run of dbt.
    pub(super) fn id(&self) -> &str {
        &self.results.metadata.invocation_id
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) dbt_schema_version: String,
    pub(super) generated_at: String,
    pub(super) invocation_id: String,
    pub(super) adapter_type: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    pub(super) metadata: Metadata,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) sources: BTreeMap<String, Node>,
    pub(super) exposures: BTreeMap<String, Exposure>,
    pub(super) groups: BTreeMap<String, Group>,
    /// Of its tables; `None` = nobody knows where they are. dbt does not write it: whoever knows the profile says it.
    #[serde(skip)]
    pub(super) namespace: Option<String>,
}

/// Nodes that somebody answers for together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) owner: Owner,
}

/// Who answers for something.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    pub(super) name: Option<String>,
    pub(super) email: Option<OneOrMany>,
}

/// Newer versions of dbt take a list of addresses.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn words(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}

/// A model, seed, snapshot, test, source, ...
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) resource_type: String,
    pub(super) name: String,
    pub(super) database: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) identifier: Option<String>,
    /// Quoted as the warehouse wants it.
    pub(super) relation_name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) config: Config,
    pub(super) depends_on: DependsOn,
    pub(super) attached_node: Option<String>,
    pub(super) column_name: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) group: Option<String>,
    pub(super) meta: Map<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    pub(super) materialized: Option<String>,
    pub(super) meta: Map<String, Value>,
    pub(super) group: Option<String>,
    /// Of tests: `ERROR` or `WARN`, and the conditions under which a count of failures is one or the other.
    pub(super) severity: Option<String>,
    pub(super) error_if: Option<String>,
    pub(super) warn_if: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct DependsOn {
    pub(super) nodes: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Exposure {
    pub(super) name: String,
    pub(super) label: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) description: Option<String>,
    pub(super) depends_on: DependsOn,
    pub(super) url: Option<String>,
    pub(super) owner: Option<Owner>,
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunResults {
    pub(super) metadata: Metadata,
    pub(super) results: Vec<NodeResult>,
    pub(super) args: Arguments,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Arguments {
    pub(super) which: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeResult {
    pub(super) unique_id: String,
    pub(super) status: String,
    pub(super) message: Option<String>,
    pub(super) failures: Option<i64>,
    pub(super) timing: Vec<Timing>,
    /// Whatever the adapter says; `rows_affected` is looked for in it.
    pub(super) adapter_response: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Timing {
    pub(super) started_at: Option<String>,
    pub(super) completed_at: Option<String>,
}

/// Reads both files from dbt's target folder. `None`: one of them is not there, so nothing ran.
///
/// # Errors
/// What is wrong with a file, for the log.
pub(super) fn read(target: &Path) -> Result<Option<Invocation>, String> {
    let Some(results) = read_file::<RunResults>(&target.join("run_results.json"))? else { return Ok(None) };
    let Some(manifest) = read_manifest(target)? else { return Ok(None) };
    check_version(&results.metadata, "run-results", RUN_RESULTS_VERSION_MIN)?;
    Ok(Some(Invocation { manifest, results }))
}

/// The manifest alone. `None`: it is not there.
///
/// # Errors
/// As [`read`].
pub(super) fn read_manifest(target: &Path) -> Result<Option<Manifest>, String> {
    let Some(manifest) = read_file::<Manifest>(&target.join("manifest.json"))? else { return Ok(None) };
    check_version(&manifest.metadata, "manifest", MANIFEST_VERSION_MIN)?;
    Ok(Some(manifest))
}

/// A file of dbt. `None`: it is not there.
///
/// # Errors
/// What is wrong with it, for the log.
pub(super) fn read_file<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let bytes = match fs::metadata(path) {
        // Reading a pipe or a device would never end.
        Ok(metadata) if !metadata.is_file() => return Err(format!("{} is no file", path.display())),
        Ok(metadata) if metadata.len() > ARTIFACT_BYTES_MAX => {
            return Err(format!("{} is larger than {} MiB", path.display(), ARTIFACT_BYTES_MAX / (1024 * 1024)));
        }
        Ok(_) => fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| format!("{} is not understood: {error}", path.display()))
}

/// `https://schemas.getdbt.com/dbt/<name>/v<number>.json`
fn check_version(metadata: &Metadata, name: &str, minimum: u32) -> Result<(), String> {
    let text = &metadata.dbt_schema_version;
    let number = text.rsplit_once("/v").and_then(|(before, rest)| {
        let number = rest.strip_suffix(".json")?.parse::<u32>().ok()?;
        before.ends_with(name).then_some(number)
    });
    match number {
        Some(number) if number >= minimum => Ok(()),
        Some(number) => Err(format!("the {name} artifact has version {number}; {minimum} or later is needed")),
        None => Err(format!("the {name} artifact says it is {text:?}, which is no such artifact")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_schema_address() {
        let check = |version: &str| {
            let version = format!("https://schemas.getdbt.com/dbt/{version}");
            check_version(&Metadata { dbt_schema_version: version, ..Metadata::default() }, "manifest", 7)
        };
        for good in ["manifest/v7.json", "manifest/v12.json", "manifest/v99.json"] {
            assert_eq!(check(good), Ok(()));
        }
        for bad in ["manifest/v6.json", "run-results/v12.json", "manifest/vx.json", ""] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn broken_files_are_explained_and_missing_ones_are_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        fs::write(folder.path().join("run_results.json"), "{").unwrap();
        assert!(read(folder.path()).unwrap_err().contains("run_results.json"));
        fs::remove_file(folder.path().join("run_results.json")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("run_results.json")).unwrap();
        assert!(read(folder.path()).unwrap_err().contains("is no file"));
    }
}
