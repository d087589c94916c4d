//! Which entries somebody asks for.

use downbeat_domain::{PipelineId, cost::Currency};
use downbeat_proto::{
    events::v1 as events,
    metadata::v1::{self as wire, CostGroup},
};

use crate::{
    engine::{
        batch::ReadRows,
        costs::{months::Dimension, rows::For},
        keys as all_keys,
    },
    limits,
    published::View,
    query::Refusal,
};

pub(super) struct Filter {
    pipeline: Option<PipelineId>,
    task: String,
    asset: String,
    owner: String,
    unit: String,
    integration: String,
    currency: String,
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

impl Filter {
    pub(super) fn read(view: &View<'_>, asked: &wire::CostFilter) -> Result<Self, Refusal> {
        let texts = [&asked.pipeline, &asked.task, &asked.asset, &asked.owner, &asked.unit, &asked.integration];
        if texts.into_iter().any(|text| text.len() > limits::ASSET_NAME_BYTES_MAX) {
            let most = limits::ASSET_NAME_BYTES_MAX;
            return Err(Refusal::Invalid(format!("filter: a text of it takes more than {most} bytes")));
        }
        if !asked.currency.is_empty() {
            asked.currency.parse::<Currency>().map_err(|why| Refusal::Invalid(format!("filter.currency: {why}")))?;
        }
        let some = |at: i64| (at != 0).then_some(at);
        let (from, to) = (some(asked.from), some(asked.to));
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(Refusal::Invalid("filter: `from` must be before `to`".to_owned()));
        }
        Ok(Self {
            pipeline: pipeline(view, &asked.pipeline)?,
            task: asked.task.clone(),
            asset: asked.asset.clone(),
            owner: asked.owner.clone(),
            unit: asked.unit.clone(),
            integration: asked.integration.clone(),
            currency: asked.currency.clone(),
            from,
            to,
        })
    }

    /// A dimension whose sums tell apart all that this and these groups ask for; `None`: they must be added up from days.
    pub(super) fn dimension(&self, by: &[CostGroup]) -> Option<Dimension> {
        let asks = |group: CostGroup, filter: bool| filter || by.contains(&group);
        let pipeline = asks(CostGroup::Pipeline, self.pipeline.is_some());
        let task = asks(CostGroup::Task, !self.task.is_empty());
        let others = [
            (Dimension::Asset, asks(CostGroup::Asset, !self.asset.is_empty())),
            (Dimension::Owner, asks(CostGroup::Owner, !self.owner.is_empty())),
            (Dimension::Unit, asks(CostGroup::Unit, !self.unit.is_empty())),
            (Dimension::Integration, asks(CostGroup::Integration, !self.integration.is_empty())),
        ];
        let mut asked = others.into_iter().filter_map(|(dimension, asked)| asked.then_some(dimension));
        match (asked.next(), asked.next(), pipeline || task) {
            (None, _, false) => Some(Dimension::All),
            (None, _, true) => Some(if task { Dimension::Task } else { Dimension::Pipeline }),
            (only, None, false) => only,
            _ => None,
        }
    }

    pub(super) fn takes_entry(&self, origin: &events::CostOrigin, entry: &events::CostEntry) -> bool {
        self.to.is_none_or(|to| entry.incurred_at < to)
            && self.takes_what(&For {
                pipeline_id: origin.pipeline_id.to_vec(),
                task: origin.task.clone(),
                asset: entry.asset.clone(),
                owner: origin.owner.clone(),
                unit: entry.unit.clone(),
                integration: origin.integration.clone(),
                currency: entry.currency.clone(),
            })
    }

    pub(super) fn takes_what(&self, what: &For) -> bool {
        let pairs = [
            (&self.task, &what.task),
            (&self.asset, &what.asset),
            (&self.owner, &what.owner),
            (&self.unit, &what.unit),
            (&self.integration, &what.integration),
            (&self.currency, &what.currency),
        ];
        self.pipeline.is_none_or(|pipeline| what.pipeline_id == pipeline.0)
            && pairs.into_iter().all(|(asked, found)| asked.is_empty() || asked == found)
    }
}

fn pipeline(view: &View<'_>, named: &str) -> Result<Option<PipelineId>, Refusal> {
    if named.is_empty() {
        return Ok(None);
    }
    if let Ok(id) = named.parse() {
        return Ok(Some(id));
    }
    let id = view.store.get(&all_keys::alias(named))?.and_then(|id| PipelineId::from_slice(&id));
    id.map(Some).ok_or_else(|| Refusal::NotFound(format!("there is no pipeline `{named}`")))
}
