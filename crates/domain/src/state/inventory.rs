//! What people declare: assets with their details, and what is made of what.

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::{AssetDetails, Dependency, InventoryEvent, Link};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// By key.
    assets: BTreeMap<String, AssetDetails>,
    /// By what is made, then by what it is made of.
    dependencies: BTreeMap<String, BTreeMap<String, Link>>,
    /// How many of these there are.
    links: usize,
    /// What both take, bytes of texts.
    bytes: usize,
}

impl Inventory {
    /// Assets with what is declared of them, by key.
    pub fn assets(&self) -> impl Iterator<Item = (&String, &AssetDetails)> {
        self.assets.iter()
    }

    /// What is declared of an asset; `None` = nobody declares it.
    pub fn asset(&self, key: &str) -> Option<&AssetDetails> {
        self.assets.get(key)
    }

    /// Everything that somebody says is made of something.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency> {
        self.dependencies.iter().flat_map(|(to, inputs)| {
            inputs.iter().map(|(from, link)| Dependency { from: from.clone(), to: to.clone(), link: link.clone() })
        })
    }

    /// What is said of how `to` is made of `from`; `None` = nobody says that it is.
    pub fn link(&self, from: &str, to: &str) -> Option<&Link> {
        self.dependencies.get(to)?.get(from)
    }

    /// Those of these keys that are declared, or are an end of a dependency.
    pub fn told_of<'a>(&self, keys: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let mut told = BTreeSet::new();
        if keys.is_empty() {
            return told;
        }
        let is_told = |key: &str| self.assets.contains_key(key) || self.dependencies.contains_key(key);
        told.extend(keys.iter().copied().filter(|key| is_told(key)));
        let inputs = self.dependencies.values().flat_map(BTreeMap::keys);
        told.extend(inputs.filter_map(|from| keys.get(from.as_str()).copied()));
        told
    }

    /// Assets, dependencies, and what both take in bytes of texts.
    pub fn size(&self) -> (usize, usize, usize) {
        (self.assets.len(), self.links, self.bytes)
    }

    pub(crate) fn apply(&mut self, event: &InventoryEvent) {
        match event {
            InventoryEvent::Declared { asset, details, .. } => self.declare(asset.clone(), details.as_ref().clone()),
            InventoryEvent::Removed { asset, .. } => self.remove(asset),
            InventoryEvent::Depend { dependencies, .. } => dependencies.iter().for_each(|one| self.depend(one)),
        }
    }

    /// This is what is declared of it.
    pub fn declare(&mut self, asset: String, details: AssetDetails) {
        self.bytes += asset.len() + details.bytes();
        let length = asset.len();
        if let Some(before) = self.assets.insert(asset, details) {
            self.bytes -= length + before.bytes();
        }
    }

    /// This is declared, too.
    pub fn depend(&mut self, dependency: &Dependency) {
        let inputs = self.dependencies.entry(dependency.to.clone()).or_default();
        self.bytes += dependency.bytes();
        match inputs.insert(dependency.from.clone(), dependency.link.clone()) {
            Some(before) => self.bytes -= dependency.from.len() + dependency.to.len() + before.bytes(),
            None => self.links += 1,
        }
    }

    /// With an asset go the dependencies at both of its ends.
    fn remove(&mut self, asset: &str) {
        if let Some(details) = self.assets.remove(asset) {
            self.bytes -= asset.len() + details.bytes();
        }
        let (links, bytes) = (&mut self.links, &mut self.bytes);
        let mut gone = |from: &str, to: &str, link: &Link| {
            *links -= 1;
            *bytes -= from.len() + to.len() + link.bytes();
        };
        for (from, link) in self.dependencies.remove(asset).unwrap_or_default() {
            gone(&from, asset, &link);
        }
        self.dependencies.retain(|to, inputs| {
            if let Some(link) = inputs.remove(asset) {
                gone(asset, to, &link);
            }
            !inputs.is_empty()
        });
    }

    /// Do the sums hold?
    pub(crate) fn is_sound(&self) -> bool {
        let mut counted = Self::default();
        self.assets().for_each(|(asset, details)| counted.declare(asset.clone(), details.clone()));
        self.dependencies().for_each(|one| counted.depend(&one));
        counted == *self
    }
}
