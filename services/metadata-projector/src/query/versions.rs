//! Versions of a pipeline, newest first.

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;
use prost::Message as _;

use super::{
    Refusal,
    page::{Page, Paged, token},
    runs::{find_pipeline, shortened},
};
use crate::{
    engine::{keys, rows},
    limits,
    published::View,
};

/// Every version that there ever was, drafts among them.
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid`, `Store`.
pub fn list(view: &View<'_>, pipeline: &str, page: Page<'_>) -> Result<Paged<wire::PipelineVersion>, Refusal> {
    let id = find_pipeline(view, pipeline)?;
    let unknown = || Refusal::NotFound(format!("there is no pipeline `{}`", shortened(pipeline)));
    let row: wire::Pipeline = view.get(&keys::pipeline(id))?.ok_or_else(unknown)?;
    let (size, mut number) = (page.size()?, first(id, row.latest_version.max(row.version), page)?);
    let mut paged = Paged { rows: Vec::new(), next: String::new() };
    let mut bytes = 0;
    while number > 0 {
        if paged.rows.len() >= size || bytes >= limits::PAGE_BYTES_MAX {
            paged.next = token(&keys::version(id, number + 1));
            break;
        }
        if let Some(known) = view.get::<rows::VersionRow>(&keys::version(id, number))? {
            let version = shown(number, number == row.version, known);
            bytes += version.encoded_len();
            paged.rows.push(version);
        }
        number -= 1;
    }
    Ok(paged)
}

/// The newest version of a page: below that whose key the token is.
fn first(id: PipelineId, newest: u32, page: Page<'_>) -> Result<u32, Refusal> {
    let prefix = keys::version(id, 0);
    let prefix = prefix.get(..prefix.len() - size_of::<u32>()).unwrap_or_default();
    let Some(after) = page.after(prefix)? else { return Ok(newest) };
    let number = after.get(prefix.len()..).and_then(|number| <[u8; 4]>::try_from(number).ok()).map(u32::from_be_bytes);
    let refused = || Refusal::Invalid("page_token: not one that this query gave".to_owned());
    Ok(number.ok_or_else(refused)?.saturating_sub(1).min(newest))
}

fn shown(version: u32, current: bool, known: rows::VersionRow) -> wire::PipelineVersion {
    let rows::VersionRow { name, tasks, origin, created_at, created_by, draft } = known;
    wire::PipelineVersion { version, created_at, created_by, draft, current, origin, name, tasks }
}
