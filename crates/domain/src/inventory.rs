//! Assets and dependencies that people declare, beside those that runs report.
//!
//! Promises: what was checked here has bounded texts and fits into an event and into the state. Knows nothing about what runs report of
//! the same assets: who folds the log puts both together.

use jiff::Timestamp;
use serde_json::Value;

use crate::limits;

/// Types of assets that the public API knows.
pub const KINDS: [&str; 9] =
    ["CHART", "DASHBOARD", "DASHBOARD_VIEWS", "DATASET", "QUERIES", "TABLE", "UNKNOWN", "VIEW", "WORKBOOK"];
/// Those of them that people look at: what comes of data there is seen as it is.
pub const LOOKED_AT: [&str; 4] = ["CHART", "DASHBOARD", "DASHBOARD_VIEWS", "WORKBOOK"];
/// How an asset is, the worst last.
pub const STATUSES: [&str; 4] = ["UNKNOWN", "HEALTHY", "WARNING", "UNHEALTHY"];

/// What somebody says of an asset. In a state and in an event, a field without a value is one that nobody declares; in a change it stays as it
/// is, and an empty value takes back what was declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetDetails {
    /// What people call it.
    pub name: Option<String>,
    /// One of [`KINDS`].
    pub kind: Option<String>,
    /// The system that holds it.
    pub integration: Option<String>,
    /// Which account of that system.
    pub integration_account: Option<String>,
    /// What that system calls its kind.
    pub integration_kind: Option<String>,
    /// One of [`STATUSES`].
    pub status: Option<String>,
    /// Who is responsible for it.
    pub owners: Option<Vec<String>>,
    /// A JSON object.
    pub meta: Option<String>,
    /// Database.
    pub database: Option<String>,
    /// Schema.
    pub schema: Option<String>,
    /// Table.
    pub table: Option<String>,
    /// For people; may have several lines.
    pub description: Option<String>,
    /// Workspace, as that system calls it.
    pub workspace_name: Option<String>,
    /// Workspace, as that system knows it.
    pub workspace: Option<String>,
    /// Where people see it.
    pub url: Option<String>,
    /// When that system made it. [`Timestamp::UNIX_EPOCH`] takes it back.
    pub created_at: Option<Timestamp>,
    /// When that system changed it last. [`Timestamp::UNIX_EPOCH`] takes it back.
    pub updated_at: Option<Timestamp>,
}

impl AssetDetails {
    /// Texts by the name of their field in the API, with how many characters they may have.
    fn texts(&self) -> [(&'static str, Option<&str>, usize); 14] {
        let (short, long) = (limits::ASSET_TEXT_CHARS_MAX, limits::ASSET_DESCRIPTION_CHARS_MAX);
        [
            ("asset_name", self.name.as_deref(), limits::ASSET_NAME_CHARS_MAX),
            ("asset_type", self.kind.as_deref(), short),
            ("integration", self.integration.as_deref(), short),
            ("integration_account_id", self.integration_account.as_deref(), short),
            ("integration_asset_type", self.integration_kind.as_deref(), short),
            ("status", self.status.as_deref(), short),
            ("meta", self.meta.as_deref(), limits::ASSET_BYTES_MAX),
            ("database_name", self.database.as_deref(), short),
            ("schema_name", self.schema.as_deref(), short),
            ("table_name", self.table.as_deref(), short),
            ("description", self.description.as_deref(), long),
            ("workspace_name", self.workspace_name.as_deref(), short),
            ("workspace_id", self.workspace.as_deref(), short),
            ("url", self.url.as_deref(), limits::ASSET_URL_CHARS_MAX),
        ]
    }

    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This, with what a change says.
    pub fn changed_by(&self, change: &Self) -> Self {
        let text = |new: &Option<String>, old: &Option<String>| new.clone().or(old.clone()).filter(|it| !it.is_empty());
        let instant = |new: Option<Timestamp>, old| new.or(old).filter(|it| *it != Timestamp::UNIX_EPOCH);
        Self {
            name: text(&change.name, &self.name),
            kind: text(&change.kind, &self.kind),
            integration: text(&change.integration, &self.integration),
            integration_account: text(&change.integration_account, &self.integration_account),
            integration_kind: text(&change.integration_kind, &self.integration_kind),
            status: text(&change.status, &self.status),
            owners: change.owners.clone().or_else(|| self.owners.clone()).filter(|owners| !owners.is_empty()),
            meta: text(&change.meta, &self.meta),
            database: text(&change.database, &self.database),
            schema: text(&change.schema, &self.schema),
            table: text(&change.table, &self.table),
            description: text(&change.description, &self.description),
            workspace_name: text(&change.workspace_name, &self.workspace_name),
            workspace: text(&change.workspace, &self.workspace),
            url: text(&change.url, &self.url),
            created_at: instant(change.created_at, self.created_at),
            updated_at: instant(change.updated_at, self.updated_at),
        }
    }

    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        let texts = self.texts().into_iter().filter_map(|(_, text, _)| text).map(str::len);
        texts.sum::<usize>() + self.owners.iter().flatten().map(String::len).sum::<usize>()
    }

    /// Why nobody may say this; `None` = it may be said.
    pub fn unfit(&self) -> Option<String> {
        for (field, text, most) in self.texts() {
            let Some(text) = text else { continue };
            if text.chars().count() > most {
                return Some(format!("{field}: {} characters; at most {most} are allowed", text.chars().count()));
            }
            // A description has lines; JSON has its own escapes.
            let lines = matches!(field, "description" | "meta");
            if text.chars().any(|one| one.is_control() && !(lines && matches!(one, '\n' | '\r' | '\t'))) {
                return Some(format!("{field}: characters that nobody can see are not allowed"));
            }
        }
        unfit_word("asset_type", self.kind.as_deref(), &KINDS)
            .or_else(|| unfit_word("status", self.status.as_deref(), &STATUSES))
            .or_else(|| unfit_owners(self.owners.as_deref().unwrap_or_default()))
            .or_else(|| self.meta.as_deref().filter(|meta| !meta.is_empty()).and_then(unfit_meta))
            .or_else(|| {
                let (bytes, most) = (self.bytes(), limits::ASSET_BYTES_MAX);
                (bytes > most).then(|| format!("what is declared takes {bytes} bytes; at most {most} are allowed"))
            })
    }
}

fn unfit_word(field: &str, word: Option<&str>, known: &[&str]) -> Option<String> {
    let word = word.filter(|word| !word.is_empty() && !known.contains(word))?;
    let shown: String = word.chars().take(40).collect();
    Some(format!("{field}: `{shown}` is none; there are {}", known.join(", ")))
}

fn unfit_owners(owners: &[String]) -> Option<String> {
    let (most, chars) = (limits::ASSET_OWNERS_MAX, limits::ASSET_TEXT_CHARS_MAX);
    if owners.len() > most {
        return Some(format!("owners: {} of them; at most {most} are allowed", owners.len()));
    }
    let fits = |owner: &String| (1..=chars).contains(&owner.chars().count()) && !owner.chars().any(char::is_control);
    let unfit = owners.iter().position(|owner| !fits(owner))?;
    Some(format!("owners[{unfit}]: 1 to {chars} characters are allowed, none of them invisible"))
}

fn unfit_meta(text: &str) -> Option<String> {
    let Ok(meta @ Value::Object(_)) = serde_json::from_str(text) else {
        return Some("meta: it is no JSON object, or is nested too deeply".to_owned());
    };
    let (bytes, most) = (text.len(), limits::ASSET_META_BYTES_MAX);
    if bytes > most {
        return Some(format!("meta: {bytes} bytes of JSON; at most {most} are allowed"));
    }
    let most = limits::ASSET_META_DEPTH_MAX;
    (depth(&meta) > most).then(|| format!("meta: objects and lists within each other, at most {most} are allowed"))
}

/// Objects and lists within each other.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or_default(),
        Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Why no asset can have this key; `None` = one can.
pub fn unfit_key(key: &str) -> Option<String> {
    let (chars, bytes) = (limits::ASSET_KEY_CHARS_MAX, limits::ASSET_KEY_BYTES_MAX);
    let fits = (1..=chars).contains(&key.chars().count())
        && key.len() <= bytes
        && !key.chars().any(char::is_control)
        && key.trim() == key;
    (!fits).then(|| {
        format!("1 to {chars} characters ({bytes} bytes) are allowed, none of them invisible, no space at either end")
    })
}

/// Something is made of something else, as somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Key of what it is made of.
    pub from: String,
    /// Key of what is made of it.
    pub to: String,
    /// What is said of how.
    pub link: Link,
}

/// How one asset is made of another, as somebody says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// JSON; empty = nothing.
    pub detail: String,
    /// The system that says so.
    pub integration: String,
}

impl Dependency {
    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        self.from.len() + self.to.len() + self.link.bytes()
    }

    /// Why nobody may say this, with its field; `None` = it may be said.
    pub(crate) fn unfit(&self) -> Option<String> {
        for (field, key) in [("from", &self.from), ("to", &self.to)] {
            if let Some(why) = unfit_key(key) {
                return Some(format!("{field}: {why}"));
            }
        }
        if self.from == self.to {
            return Some("from and to are the same asset: nothing is made of itself".to_owned());
        }
        let (bytes, most) = (self.link.detail.len(), limits::DEPENDENCY_DETAIL_BYTES_MAX);
        if bytes > most {
            return Some(format!("lineage_detail: {bytes} bytes of JSON; at most {most} are allowed"));
        }
        if !self.link.detail.is_empty() && serde_json::from_str::<Value>(&self.link.detail).is_err() {
            return Some("lineage_detail: it is no JSON, or is nested too deeply".to_owned());
        }
        let most = limits::ASSET_TEXT_CHARS_MAX;
        let integration = &self.link.integration;
        let fits = integration.chars().count() <= most && !integration.chars().any(char::is_control);
        (!fits).then(|| format!("integration: at most {most} characters are allowed, none of them invisible"))
    }
}

impl Link {
    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        self.detail.len() + self.integration.len()
    }
}

/// A request about what people declare; see [`crate::Command::Inventory`].
#[derive(Clone, Debug, PartialEq)]
pub enum InventoryCommand {
    /// Declare an asset, or change what is declared of one.
    Declare(Box<DeclareAsset>),
    /// Nobody declares it any more, and what runs reported of it until now counts no longer.
    Remove {
        /// Its key.
        asset: String,
        /// Other keys that mean it, of which only those matter under which something was declared.
        aliases: Vec<String>,
    },
    /// Say what is made of what.
    Depend(Vec<Dependency>),
}

/// See [`InventoryCommand::Declare`].
#[derive(Clone, Debug, PartialEq)]
pub struct DeclareAsset {
    /// Its key.
    pub asset: String,
    /// Nobody has declared it before, or the request is refused.
    pub is_new: bool,
    /// What is said of it.
    pub change: AssetDetails,
}

/// A fact about what people declare.
#[derive(Clone, Debug, PartialEq)]
pub enum InventoryEvent {
    /// This is what is declared of an asset from now on.
    Declared {
        /// Its key.
        asset: String,
        /// What.
        details: Box<AssetDetails>,
        /// When.
        at: Timestamp,
    },
    /// It is gone, until something tells of it again.
    Removed {
        /// Its key.
        asset: String,
        /// When.
        at: Timestamp,
    },
    /// These are declared, too.
    Depend {
        /// Each pair once.
        dependencies: Vec<Dependency>,
        /// When.
        at: Timestamp,
    },
}

impl InventoryEvent {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Declared { at, .. } | Self::Removed { at, .. } | Self::Depend { at, .. } => *at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(set: impl FnOnce(&mut AssetDetails)) -> AssetDetails {
        let mut details = AssetDetails::default();
        set(&mut details);
        details
    }

    #[test]
    fn a_change_says_what_it_says_and_leaves_the_rest() {
        let before = said(|it| {
            it.name = Some("Orders".to_owned());
            it.owners = Some(vec!["ada".to_owned()]);
            it.updated_at = Timestamp::from_second(7).ok();
        });
        let after = before.changed_by(&said(|it| it.status = Some("HEALTHY".to_owned())));
        assert_eq!((after.name.as_deref(), after.status.as_deref()), (Some("Orders"), Some("HEALTHY")));
        let taken_back = after.changed_by(&said(|it| {
            (it.status, it.owners) = (Some(String::new()), Some(Vec::new()));
            it.updated_at = Some(Timestamp::UNIX_EPOCH);
        }));
        assert_eq!(taken_back, said(|it| it.name = Some("Orders".to_owned())));
    }

    #[test]
    fn what_is_said_is_bounded() {
        let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let text = |length: usize| Some("\u{e4}".repeat(length));
        for (details, expected) in [
            (said(|it| it.name = text(limits::ASSET_NAME_CHARS_MAX)), None),
            (said(|it| it.name = text(limits::ASSET_NAME_CHARS_MAX + 1)), Some("asset_name")),
            (said(|it| it.url = text(limits::ASSET_URL_CHARS_MAX + 1)), Some("url")),
            (said(|it| it.schema = Some("a\u{0}b".to_owned())), Some("schema_name")),
            (said(|it| it.description = Some("two\nlines".to_owned())), None),
            (said(|it| it.description = Some("\u{1b}[31m".to_owned())), Some("description")),
            (said(|it| it.kind = Some("VIEW".to_owned())), None),
            (said(|it| it.kind = Some("view".to_owned())), Some("asset_type")),
            (said(|it| it.status = Some("FINE".to_owned())), Some("status")),
            (said(|it| it.owners = Some(vec!["ada".to_owned(); limits::ASSET_OWNERS_MAX])), None),
            (said(|it| it.owners = Some(vec!["ada".to_owned(); limits::ASSET_OWNERS_MAX + 1])), Some("owners")),
            (said(|it| it.owners = Some(vec![String::new()])), Some("owners[0]")),
            (said(|it| it.meta = Some(deep(limits::ASSET_META_DEPTH_MAX))), None),
            (said(|it| it.meta = Some(deep(limits::ASSET_META_DEPTH_MAX + 1))), Some("meta")),
            (said(|it| it.meta = Some(deep(10_000))), Some("meta")),
            (said(|it| it.meta = Some("[1]".to_owned())), Some("meta")),
            (
                said(|it| it.meta = Some(format!("{{\"a\":\"{}\"}}", "x".repeat(limits::ASSET_META_BYTES_MAX)))),
                Some("meta"),
            ),
        ] {
            let found = details.unfit();
            assert_eq!(found.is_some(), expected.is_some(), "{found:?} {details:?}");
            assert!(found.unwrap_or_default().starts_with(expected.unwrap_or_default()));
        }
    }

    #[test]
    fn keys_have_bounds() {
        for (key, fits) in [
            ("orders".to_owned(), true),
            ("postgres://db:5432/shop.public.orders".to_owned(), true),
            ("\u{1f600}".repeat(500), true),
            ("x".repeat(limits::ASSET_KEY_CHARS_MAX), true),
            ("x".repeat(limits::ASSET_KEY_CHARS_MAX + 1), false),
            ("\u{1f600}".repeat(501), false),
            (String::new(), false),
            (" orders".to_owned(), false),
            ("or\u{0}ders".to_owned(), false),
        ] {
            assert_eq!(unfit_key(&key).is_none(), fits, "{key}");
        }
    }
}
