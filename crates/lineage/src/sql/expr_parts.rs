//! The parts of an expression whose value is made of all of them alike.

use sqlparser::ast::{CeilFloorKind, Expr, JsonPathElem};

/// Expressions inside of `expr`. Those that need more than that (columns, functions, queries, CASE) are `expr`'s.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner) => vec![inner],
        Expr::IsJson { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, .. } => vec![expr],
        Expr::Extract { expr, .. } | Expr::Prefixed { value: expr, .. } => vec![expr],
        Expr::Ceil { expr, field } | Expr::Floor { expr, field } => match field {
            CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => vec![expr],
        },
        Expr::BinaryOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right)
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. } => vec![left, right],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::Like { expr, pattern, .. }
        | Expr::ILike { expr, pattern, .. }
        | Expr::SimilarTo { expr, pattern, .. }
        | Expr::RLike { expr, pattern, .. } => vec![expr, pattern],
        Expr::AtTimeZone { timestamp, time_zone } => vec![timestamp, time_zone],
        Expr::Convert { expr, styles, .. } => std::iter::once(&**expr).chain(styles).collect(),
        Expr::Position { expr, r#in } => vec![expr, r#in],
        Expr::Substring { expr, substring_from, substring_for, .. } => with(expr, [substring_from, substring_for]),
        Expr::Trim { expr, trim_what, trim_characters, .. } => {
            with(expr, [trim_what]).into_iter().chain(trim_characters.iter().flatten()).collect()
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            with(expr, [overlay_for]).into_iter().chain([&**overlay_what, &**overlay_from]).collect()
        }
        Expr::JsonAccess { value, path } => std::iter::once(&**value).chain(path.path.iter().filter_map(key)).collect(),
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => sets.iter().flatten().collect(),
        Expr::Tuple(values) | Expr::Struct { values, .. } => values.iter().collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Dictionary(fields) => fields.iter().map(|field| &*field.value).collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| [&*entry.key, &*entry.value]).collect(),
        Expr::Interval(interval) => vec![&interval.value],
        Expr::MemberOf(member) => vec![&member.value, &member.array],
        _ => Vec::new(),
    }
}

fn with<'a, const N: usize>(expr: &'a Expr, others: [&'a Option<Box<Expr>>; N]) -> Vec<&'a Expr> {
    std::iter::once(expr).chain(others.into_iter().flatten().map(|other| &**other)).collect()
}

fn key(element: &JsonPathElem) -> Option<&Expr> {
    match element {
        JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => Some(key),
        JsonPathElem::Dot { .. } => None,
    }
}
