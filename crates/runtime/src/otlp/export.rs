//! One receiver of OTLP over gRPC: what it is given, in whose name, and what its answers mean. Knows nothing of queues.

use std::time::Duration;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{ExportLogsServiceRequest, logs_service_client::LogsServiceClient},
        metrics::v1::{ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient},
        trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    },
    common::v1::InstrumentationScope,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use tonic::{Code, Request, Status, transport::Channel};

use super::{
    config::Config,
    spans::{cut, text},
};
use crate::grpc::Target;

/// Conventions by which names are given.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.42.0";

/// See the module. Clones share one connection.
#[derive(Clone)]
pub(super) struct Exporter {
    channel: Channel,
    config: Config,
    resource: Resource,
}

/// The receiver did not take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// In words, without credentials.
    pub why: String,
    /// It will not take it later either.
    pub for_good: bool,
}

impl Exporter {
    /// Connects when something is to be told. `service` is the name of the process, unless the settings give another.
    ///
    /// # Errors
    /// The endpoint is no address, or the machine's authorities cannot be used.
    pub(super) fn new(service: &str, config: Config) -> Result<Self, String> {
        let target =
            Target::public(&config.endpoint).map_err(|error| format!("{}: {error}", super::config::ENDPOINT))?;
        Ok(Self { channel: target.connect_lazy(), resource: resource(service, &config), config })
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) async fn spans(&self, spans: Vec<Span>) -> Result<(), Untold> {
        let scope_spans = vec![ScopeSpans { scope: scope(), spans, schema_url: SCHEMA.to_owned() }];
        let of = ResourceSpans { resource: Some(self.resource.clone()), scope_spans, schema_url: SCHEMA.to_owned() };
        let request = self.request(ExportTraceServiceRequest { resource_spans: vec![of] });
        let answer = within(self.config.timeout, TraceServiceClient::new(self.channel.clone()).export(request)).await?;
        refused(answer.into_inner().partial_success.map(|part| (part.rejected_spans, part.error_message)));
        Ok(())
    }

    pub(super) async fn logs(&self, log_records: Vec<LogRecord>) -> Result<(), Untold> {
        let scope_logs = vec![ScopeLogs { scope: scope(), log_records, schema_url: SCHEMA.to_owned() }];
        let of = ResourceLogs { resource: Some(self.resource.clone()), scope_logs, schema_url: SCHEMA.to_owned() };
        let request = self.request(ExportLogsServiceRequest { resource_logs: vec![of] });
        let answer = within(self.config.timeout, LogsServiceClient::new(self.channel.clone()).export(request)).await?;
        refused(answer.into_inner().partial_success.map(|part| (part.rejected_log_records, part.error_message)));
        Ok(())
    }

    pub(super) async fn metrics(&self, metrics: Vec<Metric>) -> Result<(), Untold> {
        let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, schema_url: SCHEMA.to_owned() }];
        let of =
            ResourceMetrics { resource: Some(self.resource.clone()), scope_metrics, schema_url: SCHEMA.to_owned() };
        let request = self.request(ExportMetricsServiceRequest { resource_metrics: vec![of] });
        let answer =
            within(self.config.timeout, MetricsServiceClient::new(self.channel.clone()).export(request)).await?;
        refused(answer.into_inner().partial_success.map(|part| (part.rejected_data_points, part.error_message)));
        Ok(())
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for (name, value) in &self.config.headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        request.set_timeout(self.config.timeout);
        request
    }
}

/// Who speaks: the same in traces, metrics and logs of a process.
fn resource(service: &str, config: &Config) -> Resource {
    let named = |name: &str| config.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let name = config.service_name.clone().or_else(|| named("service.name"));
    let own = [
        ("service.namespace", named("service.namespace").unwrap_or_else(|| "downbeat".to_owned())),
        ("service.name", name.unwrap_or_else(|| format!("downbeat-{service}"))),
        ("service.instance.id", named("service.instance.id").unwrap_or_else(|| uuid::Uuid::new_v4().to_string())),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("cicd.system.component", service.to_owned()),
        ("telemetry.sdk.language", "rust".to_owned()),
    ];
    let more = config.attributes.iter().filter(|(name, _)| !own.iter().any(|(known, _)| known == name));
    let more = more.map(|(name, value)| text(name, cut(value)));
    let attributes = own.iter().map(|(name, value)| text(name, cut(value))).chain(more).collect();
    Resource { attributes, ..Resource::default() }
}

fn scope() -> Option<InstrumentationScope> {
    let (name, version) = ("downbeat".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    Some(InstrumentationScope { name, version, ..InstrumentationScope::default() })
}

async fn within<T>(timeout: Duration, asked: impl Future<Output = Result<T, Status>>) -> Result<T, Untold> {
    match tokio::time::timeout(timeout, asked).await {
        Ok(answer) => answer.map_err(|status| untold(&status)),
        Err(_) => Err(Untold { why: format!("no answer within {} ms", timeout.as_millis()), for_good: false }),
    }
}

/// The specification says which codes may mean anything else later. What speaks of how things are set up may, too: somebody mends it.
fn untold(status: &Status) -> Untold {
    let why = format!("{:?}: {}", status.code(), cut(status.message()));
    Untold { why, for_good: matches!(status.code(), Code::InvalidArgument) }
}

fn refused(part: Option<(i64, String)>) {
    if let Some((items, why)) = part.filter(|(items, why)| *items > 0 || !why.is_empty()) {
        tracing::warn!(items, why = cut(&why), "the receiver of OTLP left something out");
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;

    use super::*;

    #[test]
    fn a_process_says_who_it_is_once_and_as_it_was_told_to() {
        let read = |given: &[(&str, &str)]| {
            let variable = |name: &str| {
                let all = given.iter().chain([&(super::super::config::ENDPOINT, "http://c")]);
                all.into_iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
            };
            resource("worker", &Config::read(variable).unwrap().unwrap())
        };
        let value = |resource: &Resource, name: &str| -> Vec<String> {
            let named = resource.attributes.iter().filter(|attribute| attribute.key == name);
            named
                .filter_map(|attribute| match attribute.value.as_ref()?.value.as_ref()? {
                    Value::StringValue(text) => Some(text.clone()),
                    _ => None,
                })
                .collect()
        };
        let plain = read(&[]);
        assert_eq!(value(&plain, "service.name"), ["downbeat-worker"]);
        assert_eq!(
            (value(&plain, "service.namespace"), value(&plain, "cicd.system.component")),
            (vec!["downbeat".to_owned()], vec!["worker".to_owned()])
        );
        let told = read(&[
            ("OTEL_SERVICE_NAME", "etl"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,service.namespace=data,zone=b"),
        ]);
        for (name, expected) in [("service.name", "etl"), ("service.namespace", "data"), ("zone", "b")] {
            assert_eq!(value(&told, name), [expected], "{name}");
        }
    }

    #[test]
    fn only_what_no_time_mends_is_given_up() {
        for (code, for_good) in
            [(Code::InvalidArgument, true), (Code::Unavailable, false), (Code::Unauthenticated, false)]
        {
            assert_eq!(untold(&Status::new(code, "why")).for_good, for_good, "{code:?}");
        }
    }
}
