//! What pipelines can name: integrations with their jobs, and checks of sensors. Nobody's secret, and the same for everybody.

use axum::{http::Method, response::Response};
use downbeat_dialect::catalogue::{self, Field, Integration, Job, SensorType, ShapeKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::http::{Call, Fault, Need, Route, Routes, json};

/// An integration.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PublicIntegration {
    /// As pipelines name it.
    integration: &'static str,
    display_name: &'static str,
    /// ingestion, transformation, warehouse...
    group: &'static str,
    jobs: Vec<PublicJob>,
    sensor_checks: Vec<PublicCheck>,
}

/// A job.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PublicJob {
    integration: &'static str,
    /// As pipelines name it.
    integration_job: &'static str,
    display_name: &'static str,
    parameters: Vec<Parameter>,
}

/// A check of sensors.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PublicCheck {
    integration: &'static str,
    /// As pipelines name it.
    sensor_type: &'static str,
    display_name: &'static str,
    /// When it passes.
    note: Option<&'static str>,
    parameters: Vec<Parameter>,
    /// What the run may read of it, where that is known.
    outputs: &'static [String],
}

/// A parameter.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: &'static str,
    /// any, string, integer, number, boolean, enum, array or object.
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    /// A template may stand for it.
    templated: bool,
    /// Words of an enum.
    #[serde(rename = "enum", skip_serializing_if = "<[_]>::is_empty")]
    words: &'static [String],
    default: Option<Value>,
    note: Option<&'static str>,
}

pub(super) fn routes(routes: &mut Routes) {
    let key = Need::Key;
    for path in ["/integrations", "/integrations/"] {
        let route = Route::new(Method::GET, path, key, "All integrations, with their jobs and checks", integrations);
        routes.add(route.gives::<Vec<PublicIntegration>>(200));
    }
    routes.add(Route::new(Method::GET, "/integrations/jobs", key, "All jobs", jobs).gives::<Vec<PublicJob>>(200));
    routes.add(
        Route::new(Method::GET, "/integrations/{integration}", key, "An integration, with its jobs and checks", one)
            .gives::<PublicIntegration>(200),
    );
    for path in ["/sensor_checks", "/sensor_checks/"] {
        routes.add(Route::new(Method::GET, path, key, "All checks of sensors", checks).gives::<Vec<PublicCheck>>(200));
    }
}

async fn integrations(_: Call) -> Result<Response, Fault> {
    json(200, &catalogue::integrations().iter().map(integration).collect::<Vec<_>>())
}

async fn one(call: Call) -> Result<Response, Fault> {
    let named = call.param("integration");
    let found = catalogue::integrations().iter().find(|known| known.name.eq_ignore_ascii_case(named));
    json(200, &integration(found.ok_or_else(|| Fault::unknown("Integration not found"))?))
}

async fn jobs(_: Call) -> Result<Response, Fault> {
    let all = catalogue::integrations().iter().flat_map(|of| of.jobs.iter().map(|told| job(of, told)));
    json(200, &all.collect::<Vec<_>>())
}

async fn checks(_: Call) -> Result<Response, Fault> {
    let all = catalogue::integrations().iter().flat_map(|of| of.sensors.iter().map(|told| check(of, told)));
    json(200, &all.collect::<Vec<_>>())
}

fn integration(of: &'static Integration) -> PublicIntegration {
    PublicIntegration {
        integration: &of.name,
        display_name: &of.display_name,
        group: &of.group,
        jobs: of.jobs.iter().map(|told| job(of, told)).collect(),
        sensor_checks: of.sensors.iter().map(|told| check(of, told)).collect(),
    }
}

fn job(of: &'static Integration, job: &'static Job) -> PublicJob {
    PublicJob {
        integration: &of.name,
        integration_job: &job.name,
        display_name: &job.display_name,
        parameters: job.parameters.iter().map(parameter).collect(),
    }
}

fn check(of: &'static Integration, check: &'static SensorType) -> PublicCheck {
    PublicCheck {
        integration: &of.name,
        sensor_type: &check.name,
        display_name: &check.display_name,
        note: check.note.as_deref(),
        parameters: check.parameters.iter().map(parameter).collect(),
        outputs: &check.outputs,
    }
}

fn parameter(field: &'static Field) -> Parameter {
    let kind = match field.shape.kind {
        ShapeKind::Any => "any",
        ShapeKind::String => "string",
        ShapeKind::Integer => "integer",
        ShapeKind::Number => "number",
        ShapeKind::Boolean => "boolean",
        ShapeKind::Enum => "enum",
        ShapeKind::Array => "array",
        ShapeKind::Object => "object",
    };
    Parameter {
        name: &field.name,
        kind,
        required: field.required,
        templated: field.shape.templated,
        words: field.shape.allowed(),
        default: field.shape.default.clone(),
        note: field.note.as_deref(),
    }
}
