//! The edges of one asset, as they were at an instant.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
};

use downbeat_domain::{PipelineId, RunId, metadata::EdgeKind};
use downbeat_proto::{events::v1::ColumnEdge, metadata::v1 as wire};

use crate::{
    engine::{
        batch::ReadRows,
        graph::{
            aliases,
            rows::{EdgeRow, RemovedRow, Source, WriterRow},
        },
        keys::graph as keys,
        rows,
    },
    published::View,
    query::Refusal,
};

/// The graph at an instant, for one question: what it has looked up of names it remembers, since edges meet the same few again and again.
pub(super) struct Graph<'v> {
    pub(super) view: &'v View<'v>,
    /// Microseconds since the epoch; 0 = now.
    at: i64,
    /// What pipelines are called.
    pipelines: RefCell<HashMap<PipelineId, String>>,
    /// Keys and the assets that they mean.
    meanings: RefCell<HashMap<String, String>>,
    /// Assets and the other keys that mean them.
    aliases: RefCell<HashMap<String, Vec<String>>>,
    /// Assets, and when people removed them.
    removals: RefCell<HashMap<String, Vec<i64>>>,
}

/// Edges by their other end: several of the same kind, that of an alias among them, are one.
pub(super) type Edges = BTreeMap<String, wire::AssetEdge>;

/// Which way edges are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To what an asset is made of.
    Up,
    /// To what is made of it.
    Down,
}

impl<'v> Graph<'v> {
    /// `at`: microseconds since the epoch; 0 = now.
    pub(super) fn at(view: &'v View<'v>, at: i64) -> Self {
        Self {
            view,
            at,
            pipelines: RefCell::default(),
            meanings: RefCell::default(),
            aliases: RefCell::default(),
            removals: RefCell::default(),
        }
    }

    /// Edges next to an asset, by their other end.
    pub(super) fn next(&self, asset: &str, way: Way) -> Result<Edges, Refusal> {
        let mut edges = Edges::new();
        self.rows(asset, way, |row| {
            if let Some(edge) = self.shown(row)? {
                merge(edge, way, &mut edges);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        edges.remove(asset);
        Ok(edges)
    }

    /// Is there an edge next to an asset at all, to another one?
    pub(super) fn leads_on(&self, asset: &str, way: Way) -> Result<bool, Refusal> {
        let mut found = false;
        self.rows(asset, way, |row| {
            let other = if way == Way::Up { &row.from } else { &row.to };
            found = self.holds(&row)? && self.meant(other)? != asset;
            Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found)
    }

    /// Where the edges of an asset lead, and whether people see it there; of at most so many edges. Only that, and
    /// therefore soon.
    pub(super) fn ends(&self, asset: &str, edges: usize) -> Result<BTreeMap<String, bool>, Refusal> {
        let exposes = EdgeKind::ALL.iter().position(|kind| *kind == EdgeKind::Exposes);
        let mut ends = BTreeMap::new();
        let mut left = edges;
        self.rows(asset, Way::Down, |row| {
            if self.holds(&row)? {
                let exposed = usize::try_from(row.kind).ok() == exposes;
                *ends.entry(self.meant(&row.to)?).or_insert(false) |= exposed;
            }
            left = left.saturating_sub(1);
            Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        ends.remove(asset);
        Ok(ends)
    }

    /// The rows of the edges next to an asset and to those that mean the same, until `visit` has enough.
    fn rows(
        &self,
        asset: &str,
        way: Way,
        mut visit: impl FnMut(EdgeRow) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        for name in self.names(asset)? {
            let node = keys::node(&name);
            let prefix = if way == Way::Up { keys::edges_into(node) } else { keys::edges_out_of(node) };
            for entry in self.view.store.scan(&prefix, None) {
                let (key, bytes) = entry?;
                let row = match way {
                    Way::Up => Some(rows::read(&key, &bytes)?),
                    Way::Down => {
                        keys::indexed_edge(&key).map(|key| self.view.get::<EdgeRow>(&key)).transpose()?.flatten()
                    }
                };
                let Some(row) = row else { continue };
                if visit(row)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Does anybody say it at the instant?
    fn holds(&self, row: &EdgeRow) -> Result<bool, Refusal> {
        let gone = self.gone(row)?;
        let holds = |source: &Source| source.intervals.iter().rev().any(|interval| interval.holds(self.at, &gone));
        Ok(row.sources.iter().any(holds))
    }

    /// When people removed one of the two assets of an edge, in order.
    fn gone(&self, row: &EdgeRow) -> Result<Vec<i64>, Refusal> {
        let mut gone = self.removed(&row.from)?;
        let other = self.removed(&row.to)?;
        if !other.is_empty() {
            gone.extend(other);
            gone.sort_unstable();
        }
        Ok(gone)
    }

    /// When people removed an asset, in order.
    fn removed(&self, asset: &str) -> Result<Vec<i64>, Refusal> {
        if let Some(known) = self.removals.borrow().get(asset) {
            return Ok(known.clone());
        }
        let row: Option<RemovedRow> = self.view.get(&keys::removed(keys::node(asset)))?;
        let at = row.unwrap_or_default().at;
        self.removals.borrow_mut().insert(asset.to_owned(), at.clone());
        Ok(at)
    }

    /// Who writes an asset, the last one first.
    pub(super) fn writers(&self, asset: &str) -> Result<Vec<wire::AssetWriter>, Refusal> {
        let mut writers = Vec::new();
        for name in self.names(asset)? {
            let gone = self.removed(&name)?;
            for row in self.view.store.scan(&keys::writers(keys::node(&name)), None) {
                let (key, bytes) = row?;
                let row: WriterRow = rows::read(&key, &bytes)?;
                // Who wrote what was removed since does not write what is there.
                let is_over = gone.iter().any(|gone| *gone >= row.last_at && (self.at == 0 || *gone <= self.at));
                if !is_over && (self.at == 0 || row.first_at <= self.at) {
                    writers.push(wire::AssetWriter {
                        pipeline_alias: self.alias(&row.pipeline)?,
                        pipeline_id: pipeline(&row.pipeline),
                        task: row.task,
                        last_run_id: run(&row.last_run),
                        first_written_at: row.first_at,
                        last_written_at: row.last_at,
                    });
                }
            }
        }
        writers.sort_by(|a, b| {
            (b.last_written_at, &a.pipeline_id, &a.task).cmp(&(a.last_written_at, &b.pipeline_id, &b.task))
        });
        Ok(writers)
    }

    /// What people call a pipeline; empty = it is none of ours.
    fn alias(&self, pipeline: &[u8]) -> Result<String, Refusal> {
        let Some(pipeline) = PipelineId::from_slice(pipeline) else { return Ok(String::new()) };
        if let Some(known) = self.pipelines.borrow().get(&pipeline) {
            return Ok(known.clone());
        }
        let alias = alias_of(self.view, pipeline)?;
        self.pipelines.borrow_mut().insert(pipeline, alias.clone());
        Ok(alias)
    }

    /// The asset that a key means.
    fn meant(&self, key: &str) -> Result<String, Refusal> {
        if let Some(known) = self.meanings.borrow().get(key) {
            return Ok(known.clone());
        }
        let meant = aliases::meant(key, |row| self.view.store.get(row))?;
        self.meanings.borrow_mut().insert(key.to_owned(), meant.clone());
        Ok(meant)
    }

    /// The other keys that mean an asset.
    pub(super) fn aliases(&self, asset: &str) -> Result<Vec<String>, Refusal> {
        if let Some(known) = self.aliases.borrow().get(asset) {
            return Ok(known.clone());
        }
        let aliases = aliases::known(asset, self.view.store)?;
        self.aliases.borrow_mut().insert(asset.to_owned(), aliases.clone());
        Ok(aliases)
    }

    /// Its key and those that mean the same.
    pub(super) fn names(&self, asset: &str) -> Result<Vec<String>, Refusal> {
        let mut names = vec![asset.to_owned()];
        names.extend(self.aliases(asset)?);
        Ok(names)
    }

    /// An edge as it was at the instant. `None`: nobody said it then.
    fn shown(&self, row: EdgeRow) -> Result<Option<wire::AssetEdge>, Refusal> {
        let (mut sources, mut columns) = (Vec::new(), Vec::new());
        let gone = self.gone(&row)?;
        for source in &row.sources {
            let Some((mut shown, said)) = self.source(source, &gone) else { continue };
            shown.pipeline_alias = self.alias(&source.pipeline)?;
            sources.push(shown);
            columns.extend(said);
        }
        if sources.is_empty() {
            return Ok(None);
        }
        let kind = usize::try_from(row.kind).ok().and_then(|place| EdgeKind::ALL.get(place)).copied();
        Ok(Some(wire::AssetEdge {
            from: self.meant(&row.from)?,
            to: self.meant(&row.to)?,
            kind: kind.unwrap_or_default().as_str().to_owned(),
            sources,
            columns,
        }))
    }

    /// A source as it was at the instant. `None`: it did not say the edge then.
    fn source(&self, source: &Source, gone: &[i64]) -> Option<(wire::EdgeSource, Vec<ColumnEdge>)> {
        let interval = source.intervals.iter().rev().find(|interval| interval.holds(self.at, gone))?;
        let shown = wire::EdgeSource {
            pipeline_id: pipeline(&source.pipeline),
            task: source.task.clone(),
            operation: source.operation.clone(),
            last_run_id: run(&source.last_run),
            last_seen_at: source.last_at,
            since: interval.since,
            until: interval.ended(gone),
            declared_by: source.declared_by.clone(),
            lineage_detail: source.detail.clone(),
            // Filled in by whoever may read other rows.
            pipeline_alias: String::new(),
        };
        Some((shown, interval.columns.clone()))
    }
}

/// Adds an edge to those that are known; of the same two assets it becomes part of the one that is there.
fn merge(edge: wire::AssetEdge, way: Way, edges: &mut Edges) {
    let other = if way == Way::Up { edge.from.clone() } else { edge.to.clone() };
    let known = edges.entry(other).or_insert_with(|| wire::AssetEdge {
        sources: Vec::new(),
        columns: Vec::new(),
        ..edge.clone()
    });
    known.sources.extend(edge.sources);
    known.columns.extend(edge.columns);
    known.columns.sort_by(|a, b| (&a.from, &a.to, a.r#use).cmp(&(&b.from, &b.to, b.r#use)));
    known.columns.dedup();
}

/// What people call a pipeline.
pub(in crate::query) fn alias_of(view: &View<'_>, pipeline: PipelineId) -> Result<String, Refusal> {
    let row: Option<wire::Pipeline> = view.get(&crate::engine::keys::pipeline(pipeline))?;
    Ok(row.map(|row| row.alias).unwrap_or_default())
}

fn pipeline(id: &[u8]) -> String {
    PipelineId::from_slice(id).map(|id| id.to_string()).unwrap_or_default()
}

fn run(id: &[u8]) -> String {
    RunId::from_slice(id).map(|id| id.to_string()).unwrap_or_default()
}
