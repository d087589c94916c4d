//! What a task says it reads and writes, as a plan has it. Knows nothing about when that is reported.

/// Assets that a task reads and writes in every run of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanDeclared {
    /// At most 100.
    pub reads: Vec<PlanAsset>,
    /// At most 100; each is made of all that is read.
    pub writes: Vec<PlanAsset>,
}

/// An asset that a plan names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanAsset {
    /// `<namespace>/<name>`, as everybody calls the asset.
    pub key: String,
    /// The first part of the key; empty = not known.
    pub namespace: String,
    /// What people call it; empty = not known.
    pub name: String,
}

impl PlanDeclared {
    /// The assets of both lists.
    pub fn assets_mut(&mut self) -> impl Iterator<Item = &mut PlanAsset> {
        self.reads.iter_mut().chain(&mut self.writes)
    }
}
