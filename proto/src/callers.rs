//! Which service may call which method, where services know each other by their certificates (docs/security.md).
//!
//! Promises: what stands nowhere here is allowed to nobody. Knows nothing about how somebody proves who they are, nor about what people
//! may do: gateways ask for keys before they call anything in their name.

/// The coordinator.
pub const COORDINATOR: &str = "coordinator";
/// The metadata projector.
pub const PROJECTOR: &str = "projector";
/// Schedulers.
pub const SCHEDULER: &str = "scheduler";
/// Workers.
pub const WORKER: &str = "worker";
/// Gateways.
pub const GATEWAY: &str = "gateway";
/// A person with the command line.
pub const OPERATOR: &str = "operator";

/// Everybody who can have a certificate of ours.
pub const SERVICES: [&str; 6] = [COORDINATOR, PROJECTOR, SCHEDULER, WORKER, GATEWAY, OPERATOR];

/// What people ask for, themselves or through a gateway.
const PEOPLE: &[&str] = &[GATEWAY, OPERATOR];
/// What a gateway does of its own accord.
const ITSELF: &[&str] = &[GATEWAY];

/// Packages of the services that coordinators have.
const COORDINATORS: [&str; 2] = ["downbeat.control.v1.", "downbeat.worker.v1."];

/// Methods, and who may call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// `package.Service`.
    pub service: &'static str,
    /// Methods of it; none = all that stand in no other row.
    pub methods: &'static [&'static str],
    /// Names of services; none = whoever has a certificate of the authority.
    pub callers: &'static [&'static str],
}

const fn all(service: &'static str, callers: &'static [&'static str]) -> Allowed {
    Allowed { service, methods: &[], callers }
}

const fn some(service: &'static str, methods: &'static [&'static str], callers: &'static [&'static str]) -> Allowed {
    Allowed { service, methods, callers }
}

/// See the module.
pub const TABLE: &[Allowed] = &[
    some(
        "downbeat.control.v1.AccessService",
        &["WatchAccess", "NoteKeyUses", "NoteToolCalls", "BeginLogin", "CompleteLogin", "RefreshLogin"],
        ITSELF,
    ),
    all("downbeat.control.v1.AccessService", PEOPLE),
    all("downbeat.control.v1.ConnectionService", PEOPLE),
    some("downbeat.control.v1.ControlService", &["FireSchedules", "NoteTimeZones"], &[SCHEDULER]),
    some("downbeat.control.v1.ControlService", &["TakeEvents"], &[SCHEDULER, OPERATOR]),
    all("downbeat.control.v1.ControlService", PEOPLE),
    all("downbeat.control.v1.EnvironmentService", PEOPLE),
    all("downbeat.control.v1.InventoryService", PEOPLE),
    some("downbeat.control.v1.PipelineService", &["RepositoryPushed"], ITSELF),
    all("downbeat.control.v1.PipelineService", PEOPLE),
    all("downbeat.control.v1.ToolStateService", PEOPLE),
    all("downbeat.control.v1.WebhookService", PEOPLE),
    all("downbeat.metadata.v1.AnswerService", PEOPLE),
    all("downbeat.metadata.v1.AssetService", PEOPLE),
    all("downbeat.metadata.v1.CostService", PEOPLE),
    all("downbeat.metadata.v1.LineageService", PEOPLE),
    all("downbeat.metadata.v1.MetadataService", PEOPLE),
    all("downbeat.metadata.v1.ToolStateQueryService", PEOPLE),
    all("downbeat.metadata.v1.TrendService", PEOPLE),
    some("downbeat.worker.v1.WorkerService", &["Attach"], &[WORKER]),
    all("grpc.health.v1.Health", &[]),
    all("grpc.reflection.v1.ServerReflection", &[]),
];

/// Whether this service may call the method at this path, `/package.Service/Method`. A coordinator hands on to another one what it was
/// called for itself, by somebody who may.
pub fn may_call(caller: &str, path: &str) -> bool {
    let Some((service, method)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) else { return false };
    let handed_on = caller == COORDINATOR && COORDINATORS.iter().any(|package| service.starts_with(package));
    row(service, method).is_some_and(|row| handed_on || row.callers.is_empty() || row.callers.contains(&caller))
}

/// What holds for a method.
pub fn row(service: &str, method: &str) -> Option<&'static Allowed> {
    let of_service = || TABLE.iter().filter(|row| row.service == service);
    let named = of_service().find(|row| row.methods.contains(&method));
    named.or_else(|| of_service().find(|row| row.methods.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_nowhere_is_allowed_to_nobody() {
        for (caller, path, allowed) in [
            (WORKER, "/downbeat.worker.v1.WorkerService/Attach", true),
            (WORKER, "/downbeat.worker.v1.WorkerService/Detach", false),
            (WORKER, "/downbeat.control.v1.ControlService/StartRun", false),
            (WORKER, "/grpc.health.v1.Health/Check", true),
            ("", "/grpc.health.v1.Health/Check", true),
            ("", "/downbeat.worker.v1.WorkerService/Attach", false),
            (SCHEDULER, "/downbeat.control.v1.ControlService/FireSchedules", true),
            (SCHEDULER, "/downbeat.control.v1.ControlService/StartRun", false),
            (GATEWAY, "/downbeat.control.v1.ControlService/FireSchedules", false),
            (GATEWAY, "/downbeat.control.v1.ControlService/StartRun", true),
            (COORDINATOR, "/downbeat.control.v1.AccessService/WatchAccess", true),
            (COORDINATOR, "/downbeat.worker.v1.WorkerService/Attach", true),
            (COORDINATOR, "/downbeat.worker.v1.WorkerService/Detach", false),
            (COORDINATOR, "/downbeat.metadata.v1.MetadataService/ListRuns", false),
            (OPERATOR, "/downbeat.control.v1.AccessService/WatchAccess", false),
            (OPERATOR, "/downbeat.control.v1.AccessService/CreateKey", true),
            // Other spellings of a path are other paths.
            (WORKER, "//downbeat.worker.v1.WorkerService/Attach", false),
            (WORKER, "downbeat.worker.v1.WorkerService/Attach", false),
            (WORKER, "/downbeat.worker.v1.workerservice/Attach", false),
            (WORKER, "/downbeat.worker.v1.WorkerService/Attach/", false),
            (OPERATOR, "/downbeat.other.v1.Service/Method", false),
            (OPERATOR, "", false),
        ] {
            assert_eq!(may_call(caller, path), allowed, "{caller} {path}");
        }
    }
}
