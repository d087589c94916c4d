//! What tools remember from one run to the next.

use downbeat_domain::tool_state::unfit_integration;
use downbeat_proto::metadata::v1 as wire;

use super::{
    Refusal,
    page::{self, Page, Paged},
};
use crate::{engine::keys::tool_state as keys, error::Error, published::View};

/// Entries of one tool, by key.
///
/// # Errors
/// `Invalid` for a name that no tool has; `Store`.
pub fn list(view: &View<'_>, integration: &str, page: Page<'_>) -> Result<Paged<wire::ToolStateEntry>, Refusal> {
    if let Some(why) = unfit_integration(integration) {
        return Err(Refusal::Invalid(why));
    }
    let prefix = keys::entries(integration);
    page::read(view.store, &prefix, page, |key, bytes| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let entry = key.strip_prefix(prefix.as_slice()).and_then(text).zip(text(bytes));
        let (key, value) = entry.ok_or_else(|| Error::Damaged("an entry of a tool is no text".to_owned()))?;
        let length = key.len() + value.len();
        Ok(Some((wire::ToolStateEntry { key, value }, length)))
    })
}
