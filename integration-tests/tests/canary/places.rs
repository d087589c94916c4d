//! Every place that data of a Downbeat can be in, searched: as it is, and with everything compressed in it unpacked.
//!
//! Promises that each kind of place is known to hold what is no credential of anybody, so that nothing found says something.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::Path,
};

use downbeat_worker::testing::canary::Search;

use crate::planted::Planted;

/// How a frame of zstd begins.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What was found, and where.
pub struct Places {
    credentials: Search,
    control: Search,
    leaks: BTreeMap<String, BTreeSet<String>>,
    kinds: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Places {
    /// Nothing was searched yet.
    pub fn of(planted: &Planted) -> Self {
        let (credentials, control) = (planted.search(), planted.control_search());
        Self { credentials, control, leaks: BTreeMap::new(), kinds: BTreeMap::new() }
    }

    /// Searches bytes of a place of that kind.
    pub fn search(&mut self, kind: &'static str, place: &str, bytes: &[u8]) {
        let found = self.credentials.find(bytes);
        if !found.is_empty() {
            let leaks = self.leaks.entry(format!("{kind}: {place}")).or_default();
            leaks.extend(found.into_iter().map(str::to_owned));
        }
        self.kinds.entry(kind).or_default().extend(self.control.find(bytes).into_iter().map(str::to_owned));
        for at in (0..bytes.len().saturating_sub(ZSTD.len())).filter(|at| bytes[*at..].starts_with(&ZSTD)) {
            let mut unpacked = Vec::new();
            // Of what only looks like one, or is followed by something else, as much as there is.
            if let Ok(mut frame) = zstd::stream::read::Decoder::new(&bytes[at..]) {
                frame.read_to_end(&mut unpacked).ok();
            }
            if !unpacked.is_empty() {
                self.search(kind, place, &unpacked);
            }
        }
    }

    /// Searches all files below a folder, and what they are called.
    pub fn search_files(&mut self, kind: &'static str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten()
        {
            let path = entry.path();
            self.search(kind, "name of a file", path.to_string_lossy().as_bytes());
            if path.is_dir() {
                self.search_files(kind, &path);
            } else {
                self.search(kind, &path.to_string_lossy(), &std::fs::read(&path).expect("a file"));
            }
        }
    }

    /// Whether the control was found in places of that kind.
    pub fn finds(&self, kind: &str) -> bool {
        self.kinds.get(kind).is_some_and(|found| !found.is_empty())
    }

    /// Nothing leaked, and in every one of these kinds of places the control was found.
    pub fn check(&self, kinds: &[&str]) {
        let total: usize = self.leaks.values().map(BTreeSet::len).sum();
        let some: Vec<String> = self
            .leaks
            .iter()
            .map(|(place, found)| format!("{place}: {} like {:?}", found.len(), found.iter().next()))
            .collect();
        assert!(self.leaks.is_empty(), "{total} credentials were found:\n{}", some.join("\n"));
        let seen: Vec<&str> = self.kinds.iter().filter(|(_, found)| !found.is_empty()).map(|(kind, _)| *kind).collect();
        for kind in kinds {
            assert!(seen.contains(kind), "the search finds nothing in {kind}; it finds something in {seen:?}");
        }
    }
}
