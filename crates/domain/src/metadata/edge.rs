//! Which asset came of which, and which column of which.

/// One asset came of another, or was used without anything coming of it. It stands for the fact, not for how often it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineageEdge {
    /// Key of the asset that was read; empty = nothing was, or nobody knows what ([`EdgeKind::Writes`]).
    pub from: String,
    /// Key of the asset that was written; empty = none was ([`EdgeKind::Reads`], [`EdgeKind::Tests`]).
    pub to: String,
    /// [`super::Operation::external_id`] of the step that did it.
    pub operation: String,
    /// What it says.
    pub kind: EdgeKind,
    /// Which columns of `from` went into which of `to`; empty = not known.
    pub columns: Vec<ColumnEdge>,
}

/// What a [`LineageEdge`] says. The words are ours; OpenLineage has inputs and outputs only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// `to` was made of `from`.
    #[default]
    Derives,
    /// `to` shows `from` to people: a dashboard, a report, an application.
    Exposes,
    /// The step read `from`, and nothing that has a name came of it.
    Reads,
    /// The step wrote `to`, of nothing that has a name.
    Writes,
    /// The step checked `from`.
    Tests,
}

impl EdgeKind {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Derives, Self::Exposes, Self::Reads, Self::Writes, Self::Tests];

    /// As it is spelled everywhere: DERIVES, EXPOSES, READS, WRITES, TESTS.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Derives => "DERIVES",
            Self::Exposes => "EXPOSES",
            Self::Reads => "READS",
            Self::Writes => "WRITES",
            Self::Tests => "TESTS",
        }
    }

    /// Does it lead from one asset to another?
    pub fn connects(self) -> bool {
        matches!(self, Self::Derives | Self::Exposes)
    }
}

/// A column of the asset that was read, and what it was used for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnEdge {
    /// Column of `from`.
    pub from: String,
    /// Column of `to`; empty = all of them: it decided which rows there are, or in which order.
    pub to: String,
    /// How.
    pub kind: ColumnUse,
}

/// How a column was used; the subtypes of OpenLineage's column lineage facet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnUse {
    /// Somehow.
    #[default]
    Unknown,
    /// The value as it was.
    Identity,
    /// The value came of it.
    Transformation,
    /// The value came of many of it.
    Aggregation,
    /// It decided which rows there are.
    Filter,
    /// Rows were put together by it.
    Join,
    /// Rows were grouped by it.
    GroupBy,
    /// Rows were ordered by it.
    Sort,
    /// A window was made by it.
    Window,
    /// It decided between values.
    Conditional,
}

impl ColumnUse {
    /// Every one of them.
    pub const ALL: [Self; 10] = [
        Self::Unknown,
        Self::Identity,
        Self::Transformation,
        Self::Aggregation,
        Self::Filter,
        Self::Join,
        Self::GroupBy,
        Self::Sort,
        Self::Window,
        Self::Conditional,
    ];

    /// As OpenLineage spells it; UNKNOWN where it does not say.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Identity => "IDENTITY",
            Self::Transformation => "TRANSFORMATION",
            Self::Aggregation => "AGGREGATION",
            Self::Filter => "FILTER",
            Self::Join => "JOIN",
            Self::GroupBy => "GROUP_BY",
            Self::Sort => "SORT",
            Self::Window => "WINDOW",
            Self::Conditional => "CONDITIONAL",
        }
    }

    /// Does the value of the column depend on it, not only which rows there are?
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Unknown | Self::Identity | Self::Transformation | Self::Aggregation)
    }
}
