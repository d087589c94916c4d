//! Asset triggers, ages of assets and deadlines, as a plan has them.

use jiff::Timestamp;

use super::{Plan, PlanSchedule};
use crate::limits;

/// Materialised assets start a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanAssetTrigger {
    /// Unique among the triggers of its pipeline; `trigger-N` where the file gives no name.
    pub name: String,
    /// Keys of assets, in which `*` stands for any characters: any of them starts a run.
    pub assets: Vec<String>,
    /// How long the assets must be quiet before the run starts, milliseconds.
    pub debounce_ms: u64,
    /// Expressions over `event`, by input.
    pub run_inputs: Vec<(String, String)>,
}

/// How old an asset may become.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanFreshness {
    /// Unique in its pipeline; the key of the asset where the file gives no name.
    pub name: String,
    /// Key of the asset.
    pub asset: String,
    /// Milliseconds.
    pub max_age_ms: u64,
    /// Since when it is watched; decided when the version is applied, nothing before counts.
    pub since: Option<Timestamp>,
}

/// By when a run must have ended well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanDeadline {
    /// Unique in its pipeline; `deadline-N` where the file gives no name.
    pub name: String,
    /// When it is looked at. Its name is [`PlanDeadline::schedule_name`].
    pub schedule: PlanSchedule,
    /// How long before an instant the run may have ended, milliseconds.
    pub within_ms: u64,
}

impl PlanAssetTrigger {
    /// Does this asset start a run?
    pub fn asks_for(&self, key: &str) -> bool {
        self.assets.iter().any(|pattern| matches(pattern, key))
    }
}

impl PlanFreshness {
    /// Is it about the same asset under the same name? Then what is known of it stays.
    pub fn goes_on_as(&self, next: &Self) -> bool {
        self.name == next.name && self.asset == next.asset
    }
}

impl PlanDeadline {
    /// What the schedule of this deadline is called among those of its pipeline.
    pub fn schedule_name(name: &str) -> String {
        format!("deadline:{name}")
    }
}

impl Plan {
    /// The asset trigger with this name.
    pub fn asset_trigger(&self, name: &str) -> Option<&PlanAssetTrigger> {
        self.asset_triggers.iter().find(|trigger| trigger.name == name)
    }

    /// The rule about the age of an asset with this name.
    pub fn freshness_rule(&self, name: &str) -> Option<&PlanFreshness> {
        self.freshness.iter().find(|rule| rule.name == name)
    }

    /// The deadline with this name.
    pub fn deadline(&self, name: &str) -> Option<&PlanDeadline> {
        self.deadlines.iter().find(|deadline| deadline.name == name)
    }

    /// Keys and patterns of everything that the plan asks of assets.
    pub fn asset_patterns(&self) -> impl Iterator<Item = &str> {
        let triggers = self.asset_triggers.iter().flat_map(|trigger| &trigger.assets);
        triggers.chain(self.freshness.iter().map(|rule| &rule.asset)).map(String::as_str)
    }

    /// Does a trigger or a rule ask for this asset?
    pub(crate) fn asks_for_asset(&self, key: &str) -> bool {
        self.asset_triggers.iter().any(|trigger| trigger.asks_for(key))
            || self.freshness.iter().any(|rule| rule.asset == key)
    }
}

/// Whether a key is that of the pattern, in which `*` stands for any characters, also for none. Takes no more steps than one length
/// times the other.
pub fn matches(pattern: &str, key: &str) -> bool {
    if key.len() > limits::ASSET_KEY_BYTES_MAX {
        return false;
    }
    let (pattern, key) = (pattern.as_bytes(), key.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // Where the last `*` stands, and how far it reaches: it takes one byte more whenever what follows does not fit.
    let mut star: Option<(usize, usize)> = None;
    while seen < key.len() {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(byte), _) if *byte == key[seen] => {
                at += 1;
                seen += 1;
            }
            (_, Some((stands, reaches))) => {
                star = Some((stands, reaches + 1));
                at = stands + 1;
                seen = reaches + 1;
            }
            _ => return false,
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, key, fits) in [
            ("db/a.b", "db/a.b", true),
            ("db/a.b", "db/a.bc", false),
            ("db/a.b", "db/a.", false),
            ("db/*", "db/", true),
            ("db/*", "db/x/y", true),
            ("*", "anything", true),
            ("*/orders", "db/shop/orders", true),
            ("*/orders", "db/orders_2", false),
            ("db/*.orders*", "db/shop.orders", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("DB/a", "db/a", false),
        ] {
            assert_eq!(matches(pattern, key), fits, "{pattern} {key}");
        }
        let (many, long) = ("*a".repeat(100), "a".repeat(limits::ASSET_KEY_BYTES_MAX));
        assert!(matches(&many, &long));
        assert!(!matches(&format!("{many}b"), &long));
        assert!(!matches("*", &format!("{long}a")), "longer than any key that counts");
    }
}
