//! Functions that make one value of many rows, and those that choose between values.

/// Aggregates of the dialects. What is missing here counts as a function of one row.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_distinct",
    "approx_percentile",
    "approx_quantiles",
    "approx_top_count",
    "approx_top_k",
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "array_agg",
    "array_concat_agg",
    "array_union_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bitand_agg",
    "bitor_agg",
    "bool_and",
    "bool_or",
    "booland_agg",
    "boolor_agg",
    "checksum_agg",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_big",
    "count_if",
    "countif",
    "covar_pop",
    "covar_samp",
    "every",
    "first",
    "group_concat",
    "grouparray",
    "groupuniqarray",
    "hash_agg",
    "histogram",
    "hll",
    "json_agg",
    "json_arrayagg",
    "json_group_array",
    "json_group_object",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "kurtosis",
    "last",
    "list",
    "listagg",
    "logical_and",
    "logical_or",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "object_agg",
    "percentile",
    "percentile_approx",
    "percentile_cont",
    "percentile_disc",
    "product",
    "quantile",
    "quantile_cont",
    "quantile_disc",
    "quantiles",
    "range_agg",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "skewness",
    "some",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "stdev",
    "stdevp",
    "string_agg",
    "sum",
    "sum_if",
    "topk",
    "uniq",
    "uniqcombined",
    "uniqexact",
    "uniqhll12",
    "var",
    "var_pop",
    "var_samp",
    "variance",
    "varp",
    "xmlagg",
];

/// How the combinators of ClickHouse end: `sumIf`, `sumState`, `sumMerge`, ...
const COMBINATORS: &[&str] = &["if", "state", "merge", "array", "distinct", "ordefault", "ornull", "simplestate"];

/// Aggregates whose last argument says which rows count.
const LAST_DECIDES: &[&str] = &["count_if", "countif", "sum_if", "sumif", "avgif", "minif", "maxif", "uniqif"];

/// Does a function make one value of many rows? `combined`: names may end as ClickHouse's combinators do.
pub(super) fn aggregates(name: &str, combined: bool) -> bool {
    let name = name.to_ascii_lowercase();
    let known = |name: &str| AGGREGATES.binary_search(&name).is_ok();
    known(&name) || (combined && COMBINATORS.iter().any(|end| name.strip_suffix(end).is_some_and(known)))
}

/// Which argument of a function of so many decides which value is taken, and is none itself?
pub(super) fn decides(name: &str, argument: usize, of: usize) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "if" | "iff" | "nvl2" if of == 3 => argument == 0,
        "decode" => argument == 0,
        "multiif" | "multi_if" => argument.is_multiple_of(2) && argument + 1 < of,
        _ => argument + 1 == of && LAST_DECIDES.contains(&name.as_str()),
    }
}

/// Is what WITHIN GROUP orders the very value of the function?
pub(super) fn orders_its_value(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "percentile_cont" | "percentile_disc" | "mode" | "approx_percentile")
}

/// Functions of dates that take a word like `month`, and how such functions begin.
const OF_DATES: &[&str] =
    &["date", "timestamp", "time_", "datetime", "last_day", "next_day", "months_", "trunc", "extract"];

/// Words that say a part of a date.
const DATE_PARTS: &[&str] = &[
    "century",
    "d",
    "day",
    "dayofweek",
    "dayofyear",
    "dd",
    "decade",
    "dow",
    "doy",
    "dw",
    "epoch",
    "hh",
    "hour",
    "isodow",
    "isoweek",
    "isoyear",
    "m",
    "mi",
    "microsecond",
    "millisecond",
    "minute",
    "mm",
    "month",
    "ms",
    "n",
    "nanosecond",
    "q",
    "qq",
    "quarter",
    "s",
    "second",
    "ss",
    "us",
    "week",
    "weekday",
    "wk",
    "ww",
    "year",
    "yy",
    "yyyy",
];

/// Is a word that stands alone as an argument a part of a date, and no column?
pub(super) fn is_date_part(function: &str, word: &str) -> bool {
    let function = function.to_ascii_lowercase();
    let word = word.to_ascii_lowercase();
    OF_DATES.iter().any(|begin| function.starts_with(begin)) && DATE_PARTS.binary_search(&word.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_searched() {
        assert!(AGGREGATES.is_sorted());
        assert!(DATE_PARTS.is_sorted());
    }

    #[test]
    fn aggregates_are_known_in_any_case() {
        for (name, combined, expected) in [
            ("SUM", false, true),
            ("sumIf", true, true),
            ("sumIf", false, false),
            ("argMax", true, true),
            ("coalesce", true, false),
        ] {
            assert_eq!(aggregates(name, combined), expected, "{name}");
        }
    }

    #[test]
    fn conditions_are_told_from_values() {
        for (name, of, expected) in [
            ("IF", 3, vec![0]),
            ("if", 2, vec![]),
            ("multiIf", 5, vec![0, 2]),
            ("decode", 4, vec![0]),
            ("countIf", 1, vec![0]),
            ("sumIf", 2, vec![1]),
            ("coalesce", 2, vec![]),
        ] {
            let deciding: Vec<_> = (0..of).filter(|argument| decides(name, *argument, of)).collect();
            assert_eq!(deciding, expected, "{name}");
        }
    }
}
