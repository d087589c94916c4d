//! What an attempt did inside another system: the atoms of lineage, rows and quality. The core carries them, it does not read them.

mod declared;
mod edge;
mod quantity;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use self::declared::{declared_id, is_declared};
pub use self::edge::{ColumnEdge, ColumnUse, EdgeKind, LineageEdge};
pub use self::quantity::Quantity;

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
    /// Bytes that it processed: read by a query, moved by a sync. What is billed may be another number.
    pub bytes: Option<u64>,
    /// What it used that costs something.
    pub cost_basis: Vec<CostBasis>,
    /// Tests: ERROR or WARN, how bad it is when it fails; empty = not said.
    pub severity: String,
    /// Tests: what should have been found; empty = not said.
    pub expected: String,
    /// Tests: what was found; empty = not said.
    pub actual: String,
}

/// A quantity that a cost can be worked out of. It holds no price and no currency: these come from whoever keeps the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostBasis {
    /// How much.
    pub quantity: Quantity,
    /// Of what: `bytes_billed`, `slot_ms`, `dbu`, `credits`, `input_tokens`, ...
    pub unit: String,
    /// What the price depends on besides the unit: `model`, `worker_type`, `warehouse`, ...
    pub attributes: BTreeMap<String, String>,
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
    /// Its columns in their order; empty = not said.
    pub columns: Vec<AssetColumn>,
    /// Who answers for it: people, teams.
    pub owners: Vec<String>,
    /// What its owner sorts it by.
    pub tags: Vec<String>,
    /// Where people see it; empty = nowhere.
    pub link: String,
    /// Other keys that it goes by.
    pub aliases: Vec<String>,
    /// How new its data was when somebody looked.
    pub loaded_at: Option<Timestamp>,
}

/// A column of an [`Asset`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssetColumn {
    /// As the owner of the asset spells it, folded as its namespace folds names.
    pub name: String,
    /// The type in the words of the system that holds it; empty = not said.
    pub kind: String,
    /// What its owner says of it.
    pub description: String,
}
