//! What a job used that costs something: quantities with their units, as a manifest finds them in an answer. Pure.
//!
//! It knows no prices. What an answer does not have is left out, and never taken for nothing.

use std::collections::BTreeMap;

use downbeat_proto::event::cost_basis_read;
use downbeat_proto::events::v1::CostBasis;
use serde::Deserialize;
use serde_json::Value;

use super::collect::say;
use super::fill::Scope;
use super::format::Say;
use super::path::Paths;
use crate::limits::{COST_ATTRIBUTES_MAX, COST_BASIS_MAX, COST_NAME_CHARS_MAX, COST_VALUE_CHARS_MAX};

/// One quantity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostRule {
    /// A number that is not negative, or a text that holds one.
    pub(crate) quantity: Paths,
    /// `bytes_billed`, `slot_ms`, `dbu`, `credits`, `input_tokens`, ...
    pub(crate) unit: String,
    /// What the price depends on besides the unit.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, Say>,
}

impl CostRule {
    pub(super) fn fault(&self) -> Option<String> {
        let wrong = self.attributes.keys().chain([&self.unit]).find(|name| !is_name(name));
        if let Some(name) = wrong {
            return Some(format!("{name:?} must be small letters, digits and _, at most {COST_NAME_CHARS_MAX}"));
        }
        let count = self.attributes.len();
        (count > COST_ATTRIBUTES_MAX).then(|| format!("has {count} attributes; at most {COST_ATTRIBUTES_MAX} are kept"))
    }
}

/// A unit or the name of an attribute.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= COST_NAME_CHARS_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(plain)
}

pub(super) fn basis(rules: &[CostRule], item: &Value, scope: &Scope) -> Vec<CostBasis> {
    let one = |rule: &CostRule| {
        let attribute = |(name, wanted): (&String, &Say)| {
            let text: String = say(wanted, item, scope)?.chars().take(COST_VALUE_CHARS_MAX).collect();
            Some((name.clone(), text))
        };
        let attributes = rule.attributes.iter().filter_map(attribute).collect();
        cost_basis_read(&rule.quantity.text(item)?, &rule.unit, attributes)
    };
    rules.iter().filter_map(one).take(COST_BASIS_MAX).collect()
}
