//! The query of a request.

use std::{collections::BTreeMap, str::FromStr};

use percent_encoding::percent_decode_str;

use super::{Fault, fault::shown};
use crate::limits;

/// Names and values; of a name that comes several times, the values in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(BTreeMap<String, Vec<String>>);

impl Query {
    /// Takes the query apart.
    ///
    /// # Errors
    /// It is no UTF-8.
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Fault> {
        let mut read = Self::default();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            read.0.entry(name).or_default().push(value);
        }
        Ok(read)
    }

    /// Gives a parameter a value.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), vec![value]);
    }

    /// The value; an empty one counts as none.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|values| values.last()).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that may come once only; an empty one counts as none.
    ///
    /// # Errors
    /// It comes several times.
    pub(crate) fn only(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.0.get(name).map_or(0, Vec::len) {
            0 | 1 => Ok(self.text(name)),
            _ => Err(Fault::bad(format!("`{name}` comes several times"))),
        }
    }

    /// Every value of a filter: separated by commas, in one or in several parameters.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, Fault> {
        let values = self.0.get(name).into_iter().flatten().flat_map(|value| value.split(','));
        let values: Vec<String> =
            values.map(str::trim).filter(|value| !value.is_empty()).map(ToOwned::to_owned).collect();
        if values.len() > limits::FILTER_VALUES_MAX {
            let most = limits::FILTER_VALUES_MAX;
            return Err(Fault::invalid("query", name, "too_long", format!("at most {most} values are allowed")));
        }
        Ok(values)
    }

    /// A whole number within bounds.
    pub(crate) fn number(&self, name: &str, bounds: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, Fault> {
        let Some(given) = self.text(name) else { return Ok(None) };
        let Ok(number) = u64::from_str(given) else {
            let kind = if given.parse::<i64>().is_ok() { "greater_than_equal" } else { "int_parsing" };
            let said =
                format!("expected a whole number from {} to {}, not {}", bounds.start(), bounds.end(), shown(given));
            return Err(Fault::invalid("query", name, kind, said));
        };
        match u32::try_from(number) {
            Ok(number) if bounds.contains(&number) => Ok(Some(number)),
            _ => {
                let kind = if number < u64::from(*bounds.start()) { "greater_than_equal" } else { "less_than_equal" };
                let said = format!("expected a whole number from {} to {}", bounds.start(), bounds.end());
                Err(Fault::invalid("query", name, kind, said))
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "0" | "no" | "off") => Ok(false),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some(_) => Err(Fault::invalid("query", name, "bool_parsing", "expected true or false")),
        }
    }
}

fn decode(text: &str) -> Result<String, Fault> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| Fault::bad("the query is no UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_by_commas_or_come_one_by_one() {
        let query = Query::read(Some("status=FAILED,%20WARNING&status=RUNNING&alias=a%2Cb&page=&x")).unwrap();
        assert_eq!(query.list("status").unwrap(), ["FAILED", "WARNING", "RUNNING"]);
        assert_eq!((query.text("alias"), query.text("page"), query.text("x")), (Some("a,b"), None, None));
        assert!(Query::read(Some("a=%ff")).is_err());
    }

    #[test]
    fn numbers_have_bounds() {
        for (given, expected) in [
            ("7", Ok(Some(7))),
            ("", Ok(None)),
            ("0", Err("greater_than_equal")),
            ("-1", Err("greater_than_equal")),
            ("101", Err("less_than_equal")),
            ("99999999999", Err("less_than_equal")),
            ("seven", Err("int_parsing")),
            ("1e3", Err("int_parsing")),
        ] {
            let got = Query::read(Some(&format!("page={given}"))).unwrap().number("page", 1..=100);
            match (got, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{given}"),
                (Err(Fault::Violations(found)), Err(kind)) => assert_eq!(found[0].kind, kind, "{given}"),
                (got, expected) => panic!("{given}: {got:?}, expected {expected:?}"),
            }
        }
    }
}
