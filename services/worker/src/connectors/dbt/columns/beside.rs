//! What lies beside the manifest: catalog.json, seed files, files of compiled SQL.
//!
//! Promises: reads regular files inside of the project or its target folder only, whatever an artifact says, and not more of them than is
//! used; what cannot be read is a line for the log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::super::artifacts::{self, Invocation, Manifest, Node};
use super::super::collect;
use super::catalog::Catalog;
use super::{order, seed};
use crate::limits::{DBT_CATALOG_BYTES_MAX, DBT_SEED_LINE_BYTES_MAX, DBT_SQL_BYTES_MAX};

#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) catalog: Catalog,
    /// Columns of seeds as their files name them, by unique id.
    pub(super) seeds: BTreeMap<String, Vec<String>>,
    /// Compiled SQL of nodes of which no artifact has it.
    pub(super) compiled: BTreeMap<String, String>,
    pub(super) problems: Vec<String>,
}

impl Beside {
    pub(super) fn read(folder: &Path, target: &Path, invocations: &[Invocation]) -> Self {
        let mut beside = Self::default();
        match artifacts::read_file_up_to(&target.join("catalog.json"), DBT_CATALOG_BYTES_MAX) {
            Ok(found) => beside.catalog = found.unwrap_or_default(),
            Err(reason) => beside.problems.push(format!("columns are known without dbt's catalog: {reason}")),
        }
        for invocation in collect::working(invocations) {
            beside.seeds(folder, &invocation.manifest);
            for id in order::built(invocation) {
                beside.compiled(target, invocation, id);
            }
        }
        beside
    }

    fn seeds(&mut self, folder: &Path, manifest: &Manifest) {
        for (id, node) in manifest.nodes.iter().filter(|(_, node)| node.resource_type == "seed") {
            if self.seeds.contains_key(id) {
                continue;
            }
            let Some(line) = seed_file(folder, node).and_then(|path| head(&path, DBT_SEED_LINE_BYTES_MAX)) else {
                self.problems.push(format!("columns of {id} are not known: its file is not found in the project"));
                continue;
            };
            let delimiter = node.config.delimiter.as_str().and_then(|text| text.chars().next()).unwrap_or(',');
            match seed::header(&line, delimiter) {
                Some(names) => drop(self.seeds.insert(id.clone(), names)),
                None => self.problems.push(format!("columns of {id} are not known: its first line does not name each")),
            }
        }
    }

    fn compiled(&mut self, target: &Path, invocation: &Invocation, id: &str) {
        let Some(node) = invocation.manifest.nodes.get(id) else { return };
        if node.resource_type == "seed" || super::code(invocation, node, self, id).is_some() {
            return;
        }
        let below = target.join("compiled").join(&node.package_name);
        let Some(path) = inside(&below, &node.original_file_path).filter(|path| below_of(path, target)) else { return };
        let fits = std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= DBT_SQL_BYTES_MAX);
        if let Some(code) = fits.then(|| head(&path, DBT_SQL_BYTES_MAX)).flatten() {
            self.compiled.insert(id.to_owned(), code);
        }
    }
}

/// The file of a seed: in the project, or in a package that is installed in it.
fn seed_file(folder: &Path, node: &Node) -> Option<PathBuf> {
    let root = node.root_path.as_deref().map(PathBuf::from).filter(|root| root.is_dir());
    let path = inside(&root.unwrap_or_else(|| folder.to_owned()), &node.original_file_path)?;
    below_of(&path, folder).then_some(path)
}

/// `path` below `root`, if it says so.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && path.components().next().is_some()).then(|| root.join(path))
}

/// Does it lie there when all links are followed?
fn below_of(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// The first bytes of a file, as text.
fn head(path: &Path, bytes: u64) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    File::open(path).ok()?.take(bytes).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}
