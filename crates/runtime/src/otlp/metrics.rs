//! The measures of a process as metrics of OTLP: the same registry that Prometheus reads, so that there is one set of instruments.
//!
//! `prometheus-client` gives its encoding only as text; that text is read here and nothing else is: one kind of writer, one kind of reader.
//! Counts are cumulative since the process began. Pure.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric::Data,
        number_data_point::Value,
    },
};
use prometheus_client::{encoding::text::encode, registry::Registry};

use super::spans::{cut, text};

/// What a registry holds now; `since` is when its counts began, both in nanoseconds since 1970.
pub(super) fn of(registry: &Registry, since: u64, now: u64) -> Vec<Metric> {
    let mut written = String::new();
    // Writing into memory has no way to fail.
    let _ = encode(&mut written, registry);
    read(&written, since, now)
}

/// What is being read of one family.
struct Family {
    metric: Metric,
    /// Labels of a histogram, with its point.
    points: Vec<(String, HistogramDataPoint)>,
    since: u64,
    now: u64,
}

fn read(written: &str, since: u64, now: u64) -> Vec<Metric> {
    let mut families: Vec<Family> = Vec::new();
    let mut help = "";
    for line in written.lines() {
        if let Some(about) = line.strip_prefix("# HELP ") {
            // The writer ends every text with a full stop.
            help = about.split_once(' ').map_or("", |(_, text)| text.trim_end_matches('.'));
        } else if let Some(about) = line.strip_prefix("# TYPE ") {
            let (name, kind) = about.split_once(' ').unwrap_or((about, ""));
            families.push(Family::new(name, kind, help, since, now));
        } else if let Some(about) = line.strip_prefix("# UNIT ") {
            if let (Some(family), Some((_, unit))) = (families.last_mut(), about.split_once(' ')) {
                family.metric.unit = unit_of(unit).to_owned();
            }
        } else if !line.starts_with('#')
            && let Some(family) = families.last_mut()
        {
            family.sample(line);
        }
    }
    families.into_iter().filter_map(Family::finished).collect()
}

impl Family {
    fn new(name: &str, kind: &str, help: &str, since: u64, now: u64) -> Self {
        let cumulative = AggregationTemporality::Cumulative as i32;
        let data = match kind {
            "counter" => {
                Data::Sum(Sum { data_points: Vec::new(), aggregation_temporality: cumulative, is_monotonic: true })
            }
            "histogram" => Data::Histogram(Histogram { data_points: Vec::new(), aggregation_temporality: cumulative }),
            _ => Data::Gauge(Gauge::default()),
        };
        // What is named after its unit without saying so.
        let unit = if name.ends_with("_seconds") {
            "s"
        } else if name.ends_with("_bytes") || name.contains("_bytes_") {
            "By"
        } else {
            ""
        };
        let metric = Metric {
            name: name.to_owned(),
            description: help.to_owned(),
            unit: unit.to_owned(),
            data: Some(data),
            ..Metric::default()
        };
        Self { metric, points: Vec::new(), since, now }
    }

    /// `name_suffix{label="value",...} number`, perhaps with an exemplar behind ` # `.
    fn sample(&mut self, line: &str) {
        let Some((name, labels, rest)) = parts(line) else { return };
        let number = rest.trim_start().split(' ').next().unwrap_or_default();
        let suffix = name.strip_prefix(self.metric.name.as_str()).unwrap_or_default();
        let point = |number: &str| {
            let value = match (number.parse::<i64>(), number.parse::<f64>()) {
                (Ok(whole), _) => Value::AsInt(whole),
                (_, Ok(real)) => Value::AsDouble(real),
                _ => return None,
            };
            Some(NumberDataPoint {
                attributes: labels.iter().map(|(name, value)| text(name, cut(value))).collect(),
                time_unix_nano: self.now,
                value: Some(value),
                ..NumberDataPoint::default()
            })
        };
        match &mut self.metric.data {
            Some(Data::Sum(sum)) if suffix == "_total" => {
                sum.data_points
                    .extend(point(number).map(|point| NumberDataPoint { start_time_unix_nano: self.since, ..point }));
            }
            Some(Data::Gauge(gauge)) => gauge.data_points.extend(point(number)),
            Some(Data::Histogram(_)) => self.part(suffix, &labels, number),
            _ => {}
        }
    }

    /// A line of a histogram: all lines of one set of labels are one point.
    fn part(&mut self, suffix: &str, labels: &[(String, String)], number: &str) {
        let of: Vec<&(String, String)> = labels.iter().filter(|(name, _)| name != "le").collect();
        let key = format!("{of:?}");
        let at = match self.points.iter().position(|(known, _)| *known == key) {
            Some(at) => at,
            None => {
                let attributes: Vec<KeyValue> = of.iter().map(|(name, value)| text(name, cut(value))).collect();
                let point = HistogramDataPoint {
                    attributes,
                    start_time_unix_nano: self.since,
                    time_unix_nano: self.now,
                    ..HistogramDataPoint::default()
                };
                self.points.push((key, point));
                self.points.len() - 1
            }
        };
        let point = &mut self.points[at].1;
        match suffix {
            "_sum" => point.sum = number.parse().ok(),
            "_count" => point.count = number.parse().unwrap_or_default(),
            "_bucket" => {
                let (Ok(up_to), Some((_, bound))) =
                    (number.parse::<u64>(), labels.iter().find(|(name, _)| name == "le"))
                else {
                    return;
                };
                // Up to its bound in the text, of its own in OTLP.
                let before: u64 = point.bucket_counts.iter().sum();
                point.bucket_counts.push(up_to.saturating_sub(before));
                if bound != "+Inf" {
                    point.explicit_bounds.extend(bound.parse::<f64>().ok());
                }
            }
            _ => {}
        }
    }

    /// `None`: there is nothing to tell of it.
    fn finished(mut self) -> Option<Metric> {
        let points = match &mut self.metric.data {
            Some(Data::Histogram(histogram)) => {
                histogram.data_points = self.points.into_iter().map(|(_, point)| point).collect();
                histogram.data_points.len()
            }
            Some(Data::Sum(sum)) => sum.data_points.len(),
            Some(Data::Gauge(gauge)) => gauge.data_points.len(),
            _ => 0,
        };
        (points > 0).then_some(self.metric)
    }
}

/// By name.
type Labels = Vec<(String, String)>;

/// Name, labels and what follows them. The writer escapes nothing in a value, so that a value ends where the next label begins, or the last
/// brace.
fn parts(line: &str) -> Option<(&str, Labels, &str)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let Some(rest) = rest.strip_prefix('{') else { return Some((name, Vec::new(), rest)) };
    let close = rest.find("\"} ").map(|at| at + 1).or_else(|| rest.starts_with('}').then_some(0))?;
    let (inside, after) = (&rest[..close.saturating_sub(1)], &rest[close + 1..]);
    let labels = inside.split("\",").filter_map(|label| label.split_once("=\""));
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some((name, labels, after))
}

/// As UCUM writes it.
fn unit_of(unit: &str) -> &str {
    match unit {
        "seconds" => "s",
        "bytes" => "By",
        "ratios" | "ratio" => "1",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{
        metrics::{
            counter::Counter, family::Family as Labelled, gauge::Gauge as Level, histogram::Histogram as Spread,
        },
        registry::Unit,
    };

    use super::*;

    type Labels = Vec<(String, String)>;

    fn labels(route: &str) -> Labels {
        vec![("route".to_owned(), route.to_owned()), ("status".to_owned(), "200".to_owned())]
    }

    fn shown(attributes: &[KeyValue]) -> String {
        use opentelemetry_proto::tonic::common::v1::any_value::Value;
        let value = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.clone()) {
            Some(Value::StringValue(text)) => text,
            other => format!("{other:?}"),
        };
        attributes.iter().map(|attribute| format!("{}={};", attribute.key, value(attribute))).collect()
    }

    #[test]
    fn every_kind_of_measure_is_told_as_it_is_registered() {
        let (answered, open) = (Labelled::<Labels, Counter>::default(), Level::<i64>::default());
        let took: Labelled<Labels, Spread> = Labelled::new_with_constructor(|| Spread::new([0.1, 1.0]));
        answered.get_or_create(&labels("/a/{id}")).inc_by(3);
        answered.get_or_create(&labels("a, \"b\"")).inc();
        open.set(-2);
        for seconds in [0.05, 0.5, 0.6, 7.0] {
            took.get_or_create(&labels("/a")).observe(seconds);
        }
        let mut registry = Registry::with_prefix("downbeat");
        registry.register("requests", "Requests by route", answered);
        registry.register("streams", "Streams that are open", open);
        registry.register_with_unit("took", "How long", Unit::Seconds, took);
        registry.register("never", "Nothing of it", Labelled::<Labels, Counter>::default());

        let metrics = of(&registry, 5, 9);
        let names: Vec<(&str, &str, &str)> = metrics
            .iter()
            .map(|metric| (metric.name.as_str(), metric.unit.as_str(), metric.description.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("downbeat_requests", "", "Requests by route"),
                ("downbeat_streams", "", "Streams that are open"),
                ("downbeat_took_seconds", "s", "How long"),
            ]
        );
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{:?}", metrics[0]) };
        assert!(sum.is_monotonic && sum.aggregation_temporality == AggregationTemporality::Cumulative as i32);
        let mut counts: Vec<(String, Option<Value>, u64, u64)> = sum
            .data_points
            .iter()
            .map(|point| (shown(&point.attributes), point.value, point.start_time_unix_nano, point.time_unix_nano))
            .collect();
        counts.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(
            counts,
            [
                ("route=/a/{id};status=200;".to_owned(), Some(Value::AsInt(3)), 5, 9),
                ("route=a, \"b\";status=200;".to_owned(), Some(Value::AsInt(1)), 5, 9),
            ]
        );
        let Some(Data::Gauge(gauge)) = &metrics[1].data else { panic!("{:?}", metrics[1]) };
        assert_eq!(gauge.data_points[0].value, Some(Value::AsInt(-2)));
        let Some(Data::Histogram(spread)) = &metrics[2].data else { panic!("{:?}", metrics[2]) };
        let point = &spread.data_points[0];
        assert_eq!(
            (point.count, &point.bucket_counts[..], &point.explicit_bounds[..]),
            (4, &[1, 2, 1][..], &[0.1, 1.0][..])
        );
        assert_eq!((spread.data_points.len(), point.sum), (1, Some(8.15)));
    }
}
