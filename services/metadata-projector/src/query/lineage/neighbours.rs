//! The edges of one asset, as they were at an instant.

use std::collections::BTreeMap;

use downbeat_domain::{PipelineId, RunId, metadata::EdgeKind};
use downbeat_proto::{events::v1::ColumnEdge, metadata::v1 as wire};

use crate::{
    engine::{
        batch::ReadRows,
        graph::{
            aliases,
            rows::{EdgeRow, Source, WriterRow},
        },
        keys::graph as keys,
        rows,
    },
    published::View,
    query::Refusal,
};

/// The graph at an instant.
#[derive(Clone, Copy)]
pub(super) struct Graph<'v> {
    pub(super) view: &'v View<'v>,
    /// Microseconds since the epoch; 0 = now.
    pub(super) at: i64,
}

/// Edges by their other end: several of the same kind, that of an alias among them, are one.
pub(super) type Edges = BTreeMap<String, wire::AssetEdge>;

impl Graph<'_> {
    /// Edges that lead to an asset, by where they come from.
    pub(super) fn into(self, asset: &str) -> Result<Edges, Refusal> {
        let mut edges = Edges::new();
        for name in self.names(asset)? {
            for row in self.view.store.scan(&keys::edges_into(keys::node(&name)), None) {
                let (key, bytes) = row?;
                self.add(rows::read(&key, &bytes)?, &mut edges, |edge| edge.from.clone())?;
            }
        }
        edges.remove(asset);
        Ok(edges)
    }

    /// Edges that lead away from an asset, by where they go.
    pub(super) fn out_of(self, asset: &str) -> Result<Edges, Refusal> {
        let mut edges = Edges::new();
        for name in self.names(asset)? {
            for row in self.view.store.scan(&keys::edges_out_of(keys::node(&name)), None) {
                let Some(key) = keys::indexed_edge(&row?.0) else { continue };
                let Some(edge) = self.view.get::<EdgeRow>(&key)? else { continue };
                self.add(edge, &mut edges, |edge| edge.to.clone())?;
            }
        }
        edges.remove(asset);
        Ok(edges)
    }

    /// Where the edges of now that lead away from an asset go, and whether people see it there. Only that, and therefore soon.
    pub(super) fn ends(self, asset: &str, edges: usize) -> Result<BTreeMap<String, bool>, Refusal> {
        let exposes = EdgeKind::ALL.iter().position(|kind| *kind == EdgeKind::Exposes);
        let mut ends = BTreeMap::new();
        for name in self.names(asset)? {
            for row in self.view.store.scan(&keys::edges_out_of(keys::node(&name)), None).take(edges) {
                let Some(key) = keys::indexed_edge(&row?.0) else { continue };
                let Some(edge) = self.view.get::<EdgeRow>(&key)? else { continue };
                let holds = |source: &Source| source.intervals.iter().rev().any(|interval| interval.holds(self.at));
                if !edge.sources.iter().any(holds) {
                    continue;
                }
                let to = aliases::meant(&edge.to, |row| self.view.store.get(row))?;
                *ends.entry(to).or_insert(false) |= usize::try_from(edge.kind).ok() == exposes;
            }
        }
        ends.remove(asset);
        Ok(ends)
    }

    /// Who writes an asset, the last one first.
    pub(super) fn writers(self, asset: &str) -> Result<Vec<wire::AssetWriter>, Refusal> {
        let mut writers = Vec::new();
        for name in self.names(asset)? {
            for row in self.view.store.scan(&keys::writers(keys::node(&name)), None) {
                let (key, bytes) = row?;
                let row: WriterRow = rows::read(&key, &bytes)?;
                if self.at == 0 || row.first_at <= self.at {
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
    fn alias(self, pipeline: &[u8]) -> Result<String, Refusal> {
        let Some(pipeline) = PipelineId::from_slice(pipeline) else { return Ok(String::new()) };
        alias_of(self.view, pipeline)
    }

    /// Its key and those that mean the same.
    pub(super) fn names(self, asset: &str) -> Result<Vec<String>, Refusal> {
        let mut names = vec![asset.to_owned()];
        names.extend(aliases::known(asset, self.view.store)?);
        Ok(names)
    }

    fn add(self, row: EdgeRow, edges: &mut Edges, other: impl Fn(&wire::AssetEdge) -> String) -> Result<(), Refusal> {
        let meant = |key: &str| aliases::meant(key, |row| self.view.store.get(row));
        let (mut sources, mut columns) = (Vec::new(), Vec::new());
        for source in &row.sources {
            let Some((mut shown, said)) = self.source(source) else { continue };
            shown.pipeline_alias = self.alias(&source.pipeline)?;
            sources.push(shown);
            columns.extend(said);
        }
        if sources.is_empty() {
            return Ok(());
        }
        let kind = usize::try_from(row.kind).ok().and_then(|place| EdgeKind::ALL.get(place)).copied();
        let edge = wire::AssetEdge {
            from: meant(&row.from)?,
            to: meant(&row.to)?,
            kind: kind.unwrap_or_default().as_str().to_owned(),
            sources,
            columns,
        };
        let known = edges.entry(other(&edge)).or_insert_with(|| wire::AssetEdge {
            sources: Vec::new(),
            columns: Vec::new(),
            ..edge.clone()
        });
        known.sources.extend(edge.sources);
        known.columns.extend(edge.columns);
        let order = |column: &ColumnEdge| (column.from.clone(), column.to.clone(), column.r#use);
        known.columns.sort_by_key(order);
        known.columns.dedup();
        Ok(())
    }

    /// A source as it was at the instant. `None`: it did not say the edge then.
    fn source(self, source: &Source) -> Option<(wire::EdgeSource, Vec<ColumnEdge>)> {
        let interval = source.intervals.iter().rev().find(|interval| interval.holds(self.at))?;
        let shown = wire::EdgeSource {
            pipeline_id: pipeline(&source.pipeline),
            task: source.task.clone(),
            operation: source.operation.clone(),
            last_run_id: run(&source.last_run),
            last_seen_at: source.last_at,
            since: interval.since,
            until: interval.until,
            // Filled in by whoever may read other rows.
            pipeline_alias: String::new(),
        };
        Some((shown, interval.columns.clone()))
    }
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
