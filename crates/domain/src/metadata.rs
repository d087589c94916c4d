//! What an attempt did inside another system: the atoms of lineage, rows and quality. The core carries them, it does not read them.

use jiff::Timestamp;

/// A chunk of collected metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// Finest steps: a model built, a test, a query.
    pub operations: Vec<Operation>,
    /// What they read and write.
    pub assets: Vec<Asset>,
    /// Which asset came of which.
    pub edges: Vec<LineageEdge>,
}

/// A finest step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// The tool's own id; stable inside its attempt.
    pub external_id: String,
    /// Display name.
    pub name: String,
    /// Operation type of the public API: MATERIALISATION, SEED, TEST, QUERY, ...
    pub kind: String,
    /// Operation status of the public API: SUCCEEDED, WARNING, FAILED, SKIPPED, ...
    pub status: String,
    /// What the tool said.
    pub message: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Rows written.
    pub rows_affected: Option<u64>,
    /// Key of the asset that it writes or tests; empty = none.
    pub asset: String,
    /// Tests: rows that failed.
    pub failures: Option<u64>,
    /// Tests: column under test; empty = the whole asset.
    pub column: String,
}

impl Operation {
    /// Did it write the asset that it names?
    pub fn materialises(&self) -> bool {
        let writes = matches!(self.kind.as_str(), "MATERIALISATION" | "SEED" | "SNAPSHOT");
        writes && matches!(self.status.as_str(), "SUCCEEDED" | "WARNING") && !self.asset.is_empty()
    }
}

/// A table, view, dashboard, file, ...
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asset {
    /// `<namespace>/<name>`, canonical.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Asset type of the public API: TABLE, VIEW, DASHBOARD, ...
    pub kind: String,
    /// Where it lives.
    pub namespace: String,
    /// What its owner says of it.
    pub description: String,
    /// Rows seen in it after the run.
    pub row_count: Option<u64>,
    /// Integration that reported it.
    pub integration: String,
}

/// One asset came of another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineageEdge {
    /// Key of the asset that was read.
    pub from: String,
    /// Key of the asset that was written.
    pub to: String,
    /// [`Operation::external_id`] of the step that did it.
    pub operation: String,
}
