//! Runs and pipelines.

use downbeat_domain::{PipelineId, RunId};
use downbeat_proto::{events::v1::GitOrigin, metadata::v1 as wire};
use prost::Message;

use super::{
    Refusal,
    by_age::{Which, run_at},
    filters::{self, Window, Words, is_one},
    page::{self, Page, Paged},
    sought::{Gathering, Listed, Sought},
};
use crate::{
    engine::{batch::ReadRows, keys, rows},
    limits,
    published::View,
};

/// Pipelines that are not gone, by id.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn pipelines(view: &View<'_>, page: Page<'_>) -> Result<Paged<wire::Pipeline>, Refusal> {
    page::read(view.store, keys::PIPELINES, page, |key, bytes| {
        let row: wire::Pipeline = rows::read(key, bytes)?;
        Ok((!row.deleted).then_some((row, bytes.len())))
    })
}

/// The text of a version of a pipeline.
#[derive(Debug)]
pub struct Source {
    /// The pipeline.
    pub pipeline: wire::Pipeline,
    /// The number of the version.
    pub version: u32,
    /// Its text.
    pub text: String,
    /// Where that was read from.
    pub origin: Option<GitOrigin>,
}

/// A pipeline with the text of one of its versions (0 = the current one, or the newest where all are drafts).
///
/// # Errors
/// `NotFound` for an unknown pipeline or version; `Store`.
pub fn source(view: &View<'_>, pipeline: &str, version: u32) -> Result<Source, Refusal> {
    let id = find_pipeline(view, pipeline)?;
    let row: Option<wire::Pipeline> = view.get(&keys::pipeline(id))?;
    let unknown = || Refusal::NotFound(format!("there is no version {version} of pipeline `{}`", shortened(pipeline)));
    let row = row.ok_or_else(unknown)?;
    let version = match (version, row.version) {
        (0, 0) => row.latest_version,
        (0, current) => current,
        (asked, _) => asked,
    };
    let packed = view.store.get(&keys::source(id, version))?.ok_or_else(unknown)?;
    let known: rows::VersionRow = view.get(&keys::version(id, version))?.unwrap_or_default();
    Ok(Source { pipeline: row, version, text: rows::unpack_source(&packed)?, origin: known.origin })
}

/// Runs, newest first.
///
/// # Errors
/// `NotFound` for a pipeline by a name that nobody has; `Invalid`, `TooLarge`, `Store`.
pub fn list(view: &View<'_>, asked: &wire::ListRunsRequest) -> Result<Listed<wire::Run>, Refusal> {
    Words::Run.check("statuses", &asked.statuses)?;
    filters::texts("environments", &asked.environments)?;
    let ids = filters::ids::<RunId>("run_ids", &asked.run_ids)?;
    let pipelines = filters::pipelines(view, &asked.pipeline, &asked.pipeline_ids)?;
    let window = Window::new(asked.from, asked.to)?;
    let page = Page { size: asked.page_size, token: &asked.page_token };
    let sought = Sought { page, number: asked.page, count: asked.count };
    let mut page = Gathering::new(sought, keys::RUNS_BY_AGE)?;
    let which = Which::new(pipelines, (!ids.is_empty()).then_some(ids), window);
    let after = page.begin_after();
    for found in which.runs(view, after.as_deref().and_then(|after| after.get(keys::RUNS_BY_AGE.len()..)))? {
        if !page.goes_on(1)? {
            break;
        }
        let (run, mark) = found?;
        let place = [keys::RUNS_BY_AGE, &run].concat();
        if !is_one(&asked.statuses, &mark.status) || !is_one(&asked.environments, &mark.environment) {
            page.passed(&place);
        } else if page.takes(&place)
            && let Some(row) = view.get::<wire::Run>(&keys::run(run_at(&run)))?
        {
            let length = row.encoded_len();
            page.put(row, length)?;
        }
    }
    page.end()
}

pub(super) fn find_pipeline(view: &View<'_>, id_or_alias: &str) -> Result<PipelineId, Refusal> {
    // The alias first: 32 hexadecimal digits may be one.
    let by_alias = view.store.get(&keys::alias(id_or_alias))?.and_then(|bytes| PipelineId::from_slice(&bytes));
    let found = match by_alias {
        Some(id) => Some(id),
        None => match id_or_alias.parse::<PipelineId>() {
            Ok(id) => view.store.get(&keys::pipeline(id))?.map(|_| id),
            Err(_) => None,
        },
    };
    found.ok_or_else(|| Refusal::NotFound(format!("there is no pipeline `{}`", shortened(id_or_alias))))
}

/// A run by its id, or by an unambiguous beginning of it.
///
/// # Errors
/// `NotFound`; `Invalid` when it is no beginning of an id, too short or ambiguous; `Store`.
pub fn find(view: &View<'_>, beginning: &str) -> Result<(RunId, wire::Run), Refusal> {
    let (id, row) = by_beginning(view, keys::RUNS, "run", beginning)?;
    Ok((RunId(id), row))
}

/// The row of an id below a prefix, by an unambiguous beginning of the id; `what` names the kind of row in errors.
///
/// # Errors
/// As [`find`].
pub(super) fn by_beginning<M: Message + Default>(
    view: &View<'_>,
    rows_of: &[u8],
    what: &str,
    beginning: &str,
) -> Result<([u8; 16], M), Refusal> {
    let digits: Vec<u8> = beginning.bytes().filter(|byte| *byte != b'-').collect();
    if beginning.len() > 36 || digits.len() > 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Refusal::Invalid(format!(
            "{what}_id: `{}` is no id of a {what}, nor its beginning",
            shortened(beginning)
        )));
    }
    if digits.len() < limits::RUN_PREFIX_DIGITS_MIN {
        let least = limits::RUN_PREFIX_DIGITS_MIN;
        return Err(Refusal::Invalid(format!("{what}_id: give at least {least} characters of the id")));
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    let whole = digits.chunks_exact(2);
    let half = whole.remainder().first().map(|digit| nibble(*digit));
    let mut prefix = rows_of.to_vec();
    prefix.extend(whole.map(|pair| nibble(pair[0]) * 16 + nibble(pair[1])));
    let mut found: Option<([u8; 16], M)> = None;
    for row in view.store.scan(&prefix, None) {
        let (key, bytes) = row?;
        let fits = half.is_none_or(|half| key.get(prefix.len()).is_some_and(|byte| byte >> 4 == half));
        let id: Option<[u8; 16]> = key.get(rows_of.len()..).and_then(|id| id.try_into().ok());
        let Some(id) = id.filter(|_| fits) else { continue };
        if let Some((first, _)) = &found {
            let (first, second) = (RunId(*first), RunId(id));
            return Err(Refusal::Invalid(format!(
                "{what}_id: `{beginning}` is the beginning of several {what}s ({first}, {second}, ...); give more characters"
            )));
        }
        found = Some((id, rows::read(&key, &bytes)?));
    }
    found.ok_or_else(|| Refusal::NotFound(format!("there is no {what} `{beginning}`")))
}

/// Callers' texts in messages have a limit too.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}
