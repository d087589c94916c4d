//! Assets over all runs, filtered and sorted. An alias is no asset of its own.
//!
//! By key and without a filter they are read page by page. In every other order what fits is gathered first, from rows that hold what assets are
//! filtered and sorted by.

use std::collections::BTreeSet;

use downbeat_domain::RunId;
use downbeat_lineage::naming;
use downbeat_proto::metadata::v1::{self as wire, AssetSort};
use prost::Message;

use super::{
    Refusal,
    filters::{self, Words, is_one},
    page::{self, Page, token},
    sought::{Listed, Sought, too_far, too_long},
};
use crate::{
    engine::{
        batch::ReadRows,
        graph::aliases,
        keys::{
            self,
            graph::{ALIASES, Node, alias_of_asset, aliased, node},
            lists::{self, AssetIndex, asset_in},
        },
        known,
        marks::AssetMark,
        rows,
    },
    limits,
    published::View,
};

/// The type of assets of which nobody said one.
const UNKNOWN: &str = "UNKNOWN";

/// A page of them.
///
/// # Errors
/// `Invalid`, `TooLarge`, `Store`.
pub fn list(view: &View<'_>, asked: &wire::ListAssetsRequest) -> Result<Listed<wire::Asset>, Refusal> {
    Words::Asset.check("statuses", &asked.statuses)?;
    for (field, values) in [
        ("types", &asked.types),
        ("integrations", &asked.integrations),
        ("databases", &asked.databases),
        ("schemas", &asked.schemas),
        ("integration_account_ids", &asked.integration_account_ids),
        ("workspace_ids", &asked.workspace_ids),
    ] {
        filters::texts(field, values)?;
    }
    ids(&asked.asset_ids)?;
    let sort = AssetSort::try_from(asked.sort)
        .map_err(|_| Refusal::Invalid(format!("sort: there is no order {}", asked.sort)))?;
    let page = Page { size: asked.page_size, token: &asked.page_token };
    let sought = Sought { page, number: asked.page, count: asked.count };
    if sort == AssetSort::Key && is_plain(asked) {
        let paged = by_key(view, page)?;
        return Ok(Listed { rows: paged.rows, next: paged.next, total: None });
    }
    gathered(view, asked, sort, sought)
}

fn is_plain(asked: &wire::ListAssetsRequest) -> bool {
    let filters = [
        &asked.types,
        &asked.integrations,
        &asked.statuses,
        &asked.asset_ids,
        &asked.databases,
        &asked.schemas,
        &asked.integration_account_ids,
        &asked.workspace_ids,
    ];
    filters.iter().all(|values| values.is_empty()) && !asked.descending && asked.page == 0 && !asked.count
}

fn by_key(view: &View<'_>, page: Page<'_>) -> Result<page::Paged<wire::Asset>, Refusal> {
    page::read(view.store, keys::ASSETS, page, |key, bytes| {
        // It was removed.
        if bytes.is_empty() {
            return Ok(None);
        }
        let row: wire::Asset = rows::read(key, bytes)?;
        let named = row.asset.as_ref().map(|asset| asset.key.as_str()).unwrap_or_default();
        let alias = view.store.get(&alias_of_asset(node(named)))?.is_some();
        Ok((!alias).then_some((row, bytes.len())))
    })
}

/// Where an asset stands in an order: bytes that sort as it does.
type Place = Vec<u8>;

fn gathered(
    view: &View<'_>,
    asked: &wire::ListAssetsRequest,
    sort: AssetSort,
    sought: Sought<'_>,
) -> Result<Listed<wire::Asset>, Refusal> {
    let order = Order { sort, descending: asked.descending };
    let bounds = sought.checked(&order.prefix())?;
    let mut found: Vec<(Place, String)> = Vec::new();
    each(view, asked, sort, |mark, first_seen| {
        found.push((order.place(&mark, first_seen), mark.key));
    })?;
    let total = sought.count.then_some(found.len() as u64);
    if let Some(after) = &bounds.after {
        found.retain(|(place, _)| place > after);
    }
    // Only what is shown needs to be in order.
    let wanted = bounds.skip.saturating_add(bounds.size).saturating_add(1);
    if wanted < found.len() {
        found.select_nth_unstable(wanted);
        found.truncate(wanted);
    }
    found.sort_unstable();
    let (mut rows, mut bytes, mut next) = (Vec::new(), 0, String::new());
    let mut last = None;
    for (place, key) in found.into_iter().skip(bounds.skip) {
        if rows.len() >= bounds.size || bytes >= limits::PAGE_BYTES_MAX {
            if sought.number > 0 && rows.len() < bounds.size {
                return Err(too_long(bounds.size));
            }
            next = last.as_deref().map(token).unwrap_or_default();
            break;
        }
        if let Some(row) = known(view.get(&keys::asset(&key))?) {
            bytes += row.encoded_len();
            rows.push(row);
        }
        last = Some(place);
    }
    Ok(Listed { rows, next, total })
}

/// An order of assets.
#[derive(Clone, Copy)]
struct Order {
    sort: AssetSort,
    descending: bool,
}

impl Order {
    /// A token of one order is none of another.
    fn prefix(self) -> Vec<u8> {
        vec![b'N', b'q', self.sort as u8, u8::from(self.descending)]
    }

    /// Those that are alike in what is sorted by stand in the order in which they were seen first.
    fn place(self, mark: &AssetMark, first_seen: [u8; 8]) -> Place {
        let sorted = |at: i64| ((at as u64) ^ (1 << 63)).to_be_bytes();
        let or = |declared: i64, else_at| if declared == 0 { else_at } else { sorted(declared) };
        let updated = or(mark.changed_at, sorted(mark.updated_at));
        let made = or(mark.made_at, first_seen.map(|byte| !byte));
        let value: &[u8] = match self.sort {
            AssetSort::Key => mark.key.as_bytes(),
            AssetSort::FirstSeen => &made,
            AssetSort::Updated => &updated,
            AssetSort::Name => mark.name.as_bytes(),
            AssetSort::Type => kind(mark).as_bytes(),
            AssetSort::Status => mark.status.as_bytes(),
            AssetSort::Integration => mark.integration.as_bytes(),
        };
        let mut place = self.prefix();
        let begin = place.len();
        // A zero ends the value, so that a shorter one stands before a longer one; eight bytes of a time need none.
        let is_text = !matches!(self.sort, AssetSort::Updated | AssetSort::FirstSeen);
        place.extend(value.iter().filter(|byte| !is_text || **byte != 0));
        place.push(0);
        place.extend(first_seen.map(|byte| !byte));
        place.extend(node(&mark.key));
        if self.descending {
            place[begin..].iter_mut().for_each(|byte| *byte = !*byte);
        }
        place
    }
}

fn kind(mark: &AssetMark) -> &str {
    if mark.kind.is_empty() { UNKNOWN } else { &mark.kind }
}

/// Calls `take` for every asset that fits, with when it was seen first as keys have it.
fn each(
    view: &View<'_>,
    asked: &wire::ListAssetsRequest,
    sort: AssetSort,
    mut take: impl FnMut(AssetMark, [u8; 8]),
) -> Result<(), Refusal> {
    let mut looked_at = 0;
    let mut look = |rows: usize| {
        looked_at += rows;
        let most = limits::LOOKED_AT_PER_COUNT_MAX;
        if looked_at > most { Err(too_far(most)) } else { Ok(()) }
    };
    let mut aliases = BTreeSet::new();
    for found in view.store.scan(ALIASES, None) {
        look(1)?;
        aliases.extend(aliased(&found?.0));
    }
    let fits = |mark: &AssetMark| {
        is_one(&asked.types, kind(mark))
            && is_one(&asked.integrations, &mark.integration)
            && is_one(&asked.statuses, &mark.status)
            && is_one(&asked.integration_account_ids, &mark.integration_account)
            && is_one(&asked.workspace_ids, &mark.workspace)
            && (asked.databases.is_empty() && asked.schemas.is_empty() || lies_in(asked, mark))
    };
    if !asked.asset_ids.is_empty() {
        for key in keys_of(view, &asked.asset_ids)? {
            look(1)?;
            let Some(row) = known(view.get(&keys::asset(&key))?) else { continue };
            let mark = AssetMark::of(&row);
            if !aliases.contains(&node(&key)) && fits(&mark) {
                let place = lists::asset_below(lists::ASSETS, row.first_seen_at, node(&key));
                take(mark, first_seen(&place));
            }
        }
        return Ok(());
    }
    for prefix in prefixes(asked, sort) {
        for found in view.store.scan(&prefix, None) {
            look(1)?;
            let (key, bytes) = found?;
            if bytes.is_empty() {
                continue;
            }
            let mark: AssetMark = rows::read(&key, &bytes)?;
            let alias = !aliases.is_empty() && asset_in(&key).is_some_and(|asset: Node| aliases.contains(&asset));
            if !alias && fits(&mark) {
                take(mark, first_seen(&key));
            }
        }
    }
    Ok(())
}

/// The rows among which to look: as few as the filters allow.
fn prefixes(asked: &wire::ListAssetsRequest, sort: AssetSort) -> BTreeSet<Vec<u8>> {
    // Only the rows of all say when an asset changed last.
    let (index, names) = match (asked.schemas.as_slice(), asked.databases.as_slice()) {
        ([], []) => return [lists::ASSETS.to_vec()].into(),
        _ if sort == AssetSort::Updated => return [lists::ASSETS.to_vec()].into(),
        ([], databases) => (AssetIndex::Database, databases),
        (schemas, _) => (AssetIndex::Schema, schemas),
    };
    names.iter().map(|name| lists::assets_of(index, name)).collect()
}

fn lies_in(asked: &wire::ListAssetsRequest, mark: &AssetMark) -> bool {
    let (database, schema) = mark.place();
    let is_one = |wanted: &[String], found: &Option<String>| {
        let same = |found: &String| wanted.iter().any(|wanted| wanted.to_lowercase() == found.to_lowercase());
        wanted.is_empty() || found.as_ref().is_some_and(same)
    };
    is_one(&asked.databases, &database) && is_one(&asked.schemas, &schema)
}

/// The eight bytes before the asset at the end of a key.
fn first_seen(key: &[u8]) -> [u8; 8] {
    let end = key.len().saturating_sub(16);
    key.get(end.saturating_sub(8)..end).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

fn ids(asked: &[String]) -> Result<(), Refusal> {
    // Keys are longer than other values.
    let most = limits::FILTER_VALUES_MAX;
    if asked.len() > most {
        return Err(Refusal::Invalid(format!("asset_ids: {} values, at most {most} are allowed", asked.len())));
    }
    let longest = limits::ASSET_NAME_BYTES_MAX;
    if asked.iter().any(|id| id.is_empty() || id.len() > longest) {
        return Err(Refusal::Invalid(format!("asset_ids: an id, or a key, has 1 to {longest} bytes")));
    }
    Ok(())
}

/// Keys of assets by their ids or keys; what is neither of any is the key of none.
fn keys_of(view: &View<'_>, asked: &[String]) -> Result<BTreeSet<String>, Refusal> {
    let mut found = BTreeSet::new();
    for id in asked {
        let of_id = match id.parse::<RunId>() {
            Ok(parsed) => view.store.get(&lists::asset_of_id(parsed.0))?.and_then(|key| String::from_utf8(key).ok()),
            Err(_) => None,
        };
        // A key may look like an id; and it may be spelled otherwise, or be an alias.
        let key = match of_id {
            Some(key) => key,
            None if view.store.get(&keys::asset(id))?.is_some() => id.clone(),
            None => {
                let (namespace, name) = naming::split(id);
                naming::key(namespace, name).unwrap_or_else(|| id.clone())
            }
        };
        found.insert(aliases::meant(&key, |row| view.store.get(row))?);
    }
    Ok(found)
}
