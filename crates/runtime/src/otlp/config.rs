//! Whether anybody is told, and where: the variables that OpenTelemetry's specification names, so that whoever has set them up elsewhere
//! knows them.
//!
//! Pure: names and texts in, settings or a fault in words out. Header values are credentials, and stand in nothing that is printed.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};

use super::sampler::Sampler;
use crate::limits;

/// Where the receiver of OTLP is; without it nothing is told.
pub(super) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// What is told, and how.
#[derive(Clone)]
pub(super) struct Config {
    /// `http://` or `https://`.
    pub(super) endpoint: String,
    pub(super) headers: Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>,
    /// Who speaks, beside what every process of ours says of itself.
    pub(super) service_name: Option<String>,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) sampler: Sampler,
    pub(super) timeout: Duration,
    pub(super) metrics_every: Duration,
    pub(super) traces: bool,
    pub(super) metrics: bool,
    pub(super) logs: bool,
}

impl Config {
    /// `None`: nobody is to be told.
    ///
    /// # Errors
    /// In words: which variable, what is wrong with it, what to write.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let given = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if given("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let Some(endpoint) = given(ENDPOINT) else { return Ok(None) };
        if !(endpoint.starts_with("http://") || endpoint.starts_with("https://")) {
            return Err(format!("{ENDPOINT} has to begin with http:// or https://, like http://collector:4317"));
        }
        match given("OTEL_EXPORTER_OTLP_PROTOCOL").as_deref() {
            None | Some("grpc") => {}
            Some(other) => {
                return Err(format!(
                    "OTEL_EXPORTER_OTLP_PROTOCOL is `{}`, and only `grpc` is spoken here: leave it out, and let {ENDPOINT} name the \
                     receiver's port for gRPC (4317 as a rule)",
                    other.escape_debug()
                ));
            }
        }
        let exports = |signal: &str| match given(&format!("OTEL_{signal}_EXPORTER")).as_deref() {
            None | Some("otlp") => Ok(true),
            Some("none") => Ok(false),
            Some(other) => {
                Err(format!("OTEL_{signal}_EXPORTER is `{}`; it can be `otlp` or `none`", other.escape_debug()))
            }
        };
        let milliseconds = |name: &str, otherwise: Duration| match given(name) {
            None => Ok(otherwise),
            Some(text) => match text.parse() {
                Ok(number @ 1..) => Ok(Duration::from_millis(number)),
                _ => Err(format!("{name} is `{}`; it has to be milliseconds, from 1 on", text.escape_debug())),
            },
        };
        let attributes = pairs("OTEL_RESOURCE_ATTRIBUTES", given("OTEL_RESOURCE_ATTRIBUTES").as_deref())?;
        Ok(Some(Self {
            endpoint,
            headers: headers(given("OTEL_EXPORTER_OTLP_HEADERS").as_deref())?,
            service_name: given("OTEL_SERVICE_NAME"),
            attributes,
            sampler: Sampler::read(
                given("OTEL_TRACES_SAMPLER").as_deref(),
                given("OTEL_TRACES_SAMPLER_ARG").as_deref(),
            )?,
            timeout: milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", limits::OTLP_TIMEOUT)?,
            metrics_every: milliseconds("OTEL_METRIC_EXPORT_INTERVAL", limits::OTLP_METRICS_EVERY)?,
            traces: exports("TRACES")?,
            metrics: exports("METRICS")?,
            logs: exports("LOGS")?,
        }))
    }
}

/// `name=value,name=value`, with values as in addresses.
fn pairs(variable: &str, text: Option<&str>) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    for part in text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()) {
        // What stands there may be a credential: no error repeats it.
        let wrong = || format!("{variable}: part {} is no `name=value`", pairs.len() + 1);
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| wrong())?;
        if name.trim().is_empty() || value.len() > limits::OTLP_VALUE_BYTES_MAX {
            return Err(wrong());
        }
        pairs.push((name.trim().to_owned(), value.into_owned()));
        if pairs.len() > limits::OTLP_PAIRS_MAX {
            return Err(format!("{variable} has more than {} parts", limits::OTLP_PAIRS_MAX));
        }
    }
    Ok(pairs)
}

/// One of gRPC.
type Header = (MetadataKey<Ascii>, MetadataValue<Ascii>);

fn headers(text: Option<&str>) -> Result<Vec<Header>, String> {
    let variable = "OTEL_EXPORTER_OTLP_HEADERS";
    let read = |(at, (name, value)): (usize, (String, String))| {
        let key = MetadataKey::from_bytes(name.to_ascii_lowercase().as_bytes());
        match (key, MetadataValue::try_from(value.as_str())) {
            (Ok(key), Ok(mut value)) => {
                value.set_sensitive(true);
                Ok((key, value))
            }
            _ => Err(format!("{variable}: part {} is no header of gRPC", at + 1)),
        }
    };
    pairs(variable, text)?.into_iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Option<Config>, String> {
        Config::read(|name| given.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
    }

    #[test]
    fn without_an_endpoint_nobody_is_told() {
        let endpoint = (ENDPOINT, "http://c:4317");
        assert!(read(&[endpoint]).unwrap().is_some());
        for given in [
            vec![],
            vec![(ENDPOINT, " ")],
            vec![("OTEL_SERVICE_NAME", "x")],
            vec![endpoint, ("OTEL_SDK_DISABLED", "True")],
        ] {
            assert!(read(&given).unwrap().is_none(), "{given:?}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_name_of_its_variable() {
        for (name, text, says) in [
            (ENDPOINT, "collector:4317", "http://"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "only `grpc`"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret", "part 1"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,c d=s3cret", "part 2"),
            ("OTEL_RESOURCE_ATTRIBUTES", "=s3cret", "part 1"),
            ("OTEL_TRACES_SAMPLER", "often", "always_on"),
            ("OTEL_TRACES_EXPORTER", "zipkin", "`none`"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0", "milliseconds"),
        ] {
            let given: Vec<(&str, &str)> =
                if name == ENDPOINT { vec![(name, text)] } else { vec![(ENDPOINT, "http://c"), (name, text)] };
            let fault = read(&given).map(|_| ()).unwrap_err();
            assert!(fault.contains(name) && fault.contains(says) && !fault.contains("s3cret"), "{fault}");
        }
    }

    #[test]
    fn names_and_values_are_read_as_the_specification_writes_them() {
        let config = read(&[
            (ENDPOINT, "https://c:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20abc, x-tenant = 7"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod,team=data%2Cplatform"),
            ("OTEL_LOGS_EXPORTER", "none"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "250"),
        ]);
        let config = config.unwrap().unwrap();
        let headers: Vec<(&str, &str)> =
            config.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers, [("authorization", "Bearer abc"), ("x-tenant", "7")]);
        assert!(config.headers.iter().all(|(_, value)| value.is_sensitive()));
        let attributes: Vec<(&str, &str)> =
            config.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(attributes, [("deployment.environment.name", "prod"), ("team", "data,platform")]);
        assert_eq!((config.traces, config.metrics, config.logs), (true, true, false));
        assert_eq!(config.metrics_every, Duration::from_millis(250));
    }
}
