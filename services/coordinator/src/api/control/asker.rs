//! Who calls, from where, why, and about what: for the log, whatever becomes of the call. Where a gateway passes a call on, it says who
//! really asked ([`downbeat_proto::asked`]), and that counts.
//!
//! Promises: a call of a person or a program that is refused, by the core or before it gets there, is answered only once that is
//! recorded (or counted, where there are too many). Knows nothing about who may do what: refusals for that reason will be told the same way.

use std::sync::atomic::{AtomicBool, Ordering};

use downbeat_domain::{CallOrigin, Caller, CommandId, CommandKind, PipelineId, Rejection, Target, TargetKind};
use downbeat_event_log::Tail;
use downbeat_proto::{
    asked::{self, Asked},
    control::v1 as wire,
};
use downbeat_runtime::grpc::switch::FROM;
use tonic::{Code, Request, Response, Status, metadata::MetadataMap};

use super::{ACCOUNT, Control};
use crate::{
    api::refused,
    engine::{Answer, Refusal},
    limits,
};

/// A caller, as long as the call lasts.
pub(super) struct Asker {
    caller: Caller,
    /// Who that is; or why nobody can be called so.
    who: Result<Who, Status>,
    command: CommandKind,
    /// The core has answered: what it refuses it records by itself.
    is_decided: AtomicBool,
}

impl Asker {
    pub(super) fn of<Q: Asks>(request: &Request<Q>) -> Self {
        let asked = request.get_ref();
        let metadata = request.metadata();
        let really = Asked::of(metadata);
        let client = || metadata.get("user-agent").and_then(|client| client.to_str().ok()).map(ToOwned::to_owned);
        // Another replica may have handed the call on.
        let first = || metadata.get(FROM).and_then(|from| from.to_str().ok()).map(ToOwned::to_owned);
        let peer = || first().or_else(|| request.remote_addr().map(|address| address.to_string()));
        let who = Who::of(metadata, asked.actor());
        let caller = Caller {
            // An actor that is none is refused; it is recorded all the same, within bounds.
            actor: who.as_ref().map_or_else(|_| "user".to_owned(), |who| who.actor.clone()),
            origin: CallOrigin {
                address: really.origin.or_else(peer).unwrap_or_default(),
                client: really.client.or_else(client).unwrap_or_default(),
            },
            reason: asked::reason_of(metadata),
            targets: asked.targets(),
        };
        Self { caller: caller.bounded(), who, command: Q::KIND, is_decided: AtomicBool::new(false) }
    }

    /// This service, of its own accord.
    pub(super) fn of_our_own(actor: &str, command: CommandKind) -> Self {
        let who = Who { name: actor.to_owned(), actor: actor.to_owned() };
        Self { caller: Caller::named(actor), who: Ok(who), command, is_decided: AtomicBool::new(false) }
    }

    /// The core is to be asked again: what is refused before is recorded, too.
    pub(super) fn goes_on(&self) {
        self.is_decided.store(false, Ordering::Relaxed);
    }

    /// Who asks, by name: `ada`, `key:ci`, or `user` where nobody says.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a name that is none. Every call that changes something asks for it.
    pub(super) fn person(&self) -> Result<String, Status> {
        self.who.clone().map(|who| who.name)
    }

    /// Who asks, as the log has it.
    pub(super) fn actor(&self) -> &str {
        &self.caller.actor
    }

    /// Who asks, from where, why; for what the engine does for this caller and answers itself.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Somebody whose decisions have another actor than the request says.
    pub(super) fn acting_as(mut self, actor: &str) -> Self {
        actor.clone_into(&mut self.caller.actor);
        self
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// By name: `ada`, `key:ci`, or `user` where nobody says.
    pub(super) name: String,
    /// As the log has it: `user:ada`, `key:ci`, `user`.
    pub(super) actor: String,
}

impl Who {
    /// What a gateway says beside the call counts, and where none does, what the message says.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a name that is none.
    pub(super) fn of(metadata: &MetadataMap, said: &str) -> Result<Self, Status> {
        let really = Asked::of(metadata).actor;
        if let Some(key) = really.as_deref().and_then(|actor| actor.strip_prefix("key:")) {
            let named = user(key)?;
            let name = format!("key:{named}");
            return Ok(Self { actor: name.clone(), name });
        }
        // The core's own actors are nobody's: whoever is called so is a person.
        let said = really.as_deref().map_or(said, |actor| actor.strip_prefix("user:").unwrap_or(actor));
        let name = user(said)?;
        Ok(Self { actor: actor(&name), name })
    }
}

/// The name of who asks.
fn user(actor: &str) -> Result<String, Status> {
    let limit = limits::ACTOR_CHARS_MAX;
    if actor.chars().count() > limit || actor.chars().any(char::is_control) {
        return Err(Status::invalid_argument(format!("actor: at most {limit} characters, none of them invisible")));
    }
    Ok(if actor.trim().is_empty() { "user".to_owned() } else { actor.trim().to_owned() })
}

/// The actor of a decision of this person.
fn actor(user: &str) -> String {
    if user == "user" { user.to_owned() } else { format!("user:{user}") }
}

impl Control {
    /// Asks the core for a command of this caller.
    pub(super) async fn decide(
        &self,
        asker: &Asker,
        command: downbeat_domain::Command,
        id: Option<CommandId>,
    ) -> Result<Result<(Answer, Tail), Rejection>, Status> {
        let answer = self.command(command, asker.caller.clone(), id).await?;
        asker.is_decided.store(true, Ordering::Relaxed);
        Ok(answer)
    }

    /// Answers a call. What was refused before the core heard of it is recorded first.
    pub(super) async fn answer<T>(&self, asker: Asker, answer: Result<T, Status>) -> Result<Response<T>, Status> {
        let status = match answer {
            Ok(answer) => return Ok(Response::new(answer)),
            Err(status) => status,
        };
        if is_refusal(&status) && !asker.is_decided.load(Ordering::Relaxed) {
            let code = status.metadata().get("downbeat-code").and_then(|code| code.to_str().ok());
            let code = code.unwrap_or(word_of(status.code())).to_owned();
            let refusal = Refusal { command: asker.command, code, message: outline(status.message()) };
            self.handle.refused(asker.caller, refusal).await.map_err(|error| refused(&error))?;
        }
        Err(status)
    }
}

/// Not that nobody could decide it.
fn is_refusal(status: &Status) -> bool {
    !word_of(status.code()).is_empty()
}

fn word_of(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::OutOfRange => "OUT_OF_RANGE",
        _ => "",
    }
}

/// The first line of what is said: those that follow show lines of a file, and whatever stands in them.
fn outline(message: &str) -> String {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    match lines.count() {
        0 => first,
        more => format!("{first} (and {more} more lines)"),
    }
}

/// A request of a person or a program.
pub(super) trait Asks {
    /// What it asks for.
    const KIND: CommandKind;
    /// Who asks, as the request says.
    fn actor(&self) -> &str;

    /// What it is about, as the request says.
    fn targets(&self) -> Vec<Target>;
}

macro_rules! asks {
    ($($request:ident asks for $kind:ident of $target:ident($field:ident) by $actor:expr;)+) => {
        $(impl Asks for wire::$request {
            const KIND: CommandKind = CommandKind::$kind;

            fn actor(&self) -> &str {
                let actor: fn(&Self) -> &str = $actor;
                actor(self)
            }

            fn targets(&self) -> Vec<Target> {
                vec![target(TargetKind::$target, &self.$field)]
            }
        })+
    };
}

asks! {
    ApplyPipelineRequest asks for ApplyPipeline of Pipeline(alias) by |it| &it.actor;
    PausePipelineRequest asks for PausePipeline of Pipeline(pipeline) by |it| &it.actor;
    ResumePipelineRequest asks for ResumePipeline of Pipeline(pipeline) by |it| &it.actor;
    DeletePipelineRequest asks for DeletePipeline of Pipeline(pipeline) by |it| &it.actor;
    SetPipelineStorageRequest asks for SetPipelineStorage of Pipeline(pipeline) by |it| &it.actor;
    ImportPipelineRequest asks for ApplyPipeline of Pipeline(alias) by |it| &it.actor;
    SyncPipelineRequest asks for ApplyPipeline of Pipeline(pipeline) by |it| &it.actor;
    CommitPipelineFileRequest asks for CommitPipelineFile of Pipeline(pipeline) by |it| &it.actor;
    SetPoolRequest asks for SetPool of Pool(name) by |it| &it.actor;
    RemoveEnvironmentRequest asks for RemoveEnvironment of Environment(environment) by |it| &it.actor;
    DeclareAssetRequest asks for DeclareAsset of Asset(asset) by |it| &it.actor;
    RemoveAssetRequest asks for RemoveAsset of Asset(asset) by |it| &it.actor;
    SaveConnectionRequest asks for SaveConnection of Connection(connection) by |it| &it.actor;
    RemoveConnectionRequest asks for RemoveConnection of Connection(connection) by |it| &it.actor;
    TestConnectionRequest asks for TestConnection of Connection(connection) by |it| &it.actor;
    StartRunRequest asks for StartRun of Pipeline(pipeline) by |it| &it.actor;
    RestartRunRequest asks for RestartRun of Run(run_id) by |it| &it.actor;
    CancelRunRequest asks for CancelRun of Run(run_id) by |it| &it.actor;
    ReleaseRunRequest asks for ReleaseRun of Run(run_id) by |it| &it.actor;
    CancelBackfillRequest asks for CancelBackfill of Backfill(backfill_id) by |it| &it.actor;
    CreateKeyRequest asks for CreateKey of Key(name) by |it| &it.actor;
    RevokeKeyRequest asks for RevokeKey of Key(key) by |it| &it.actor;
    OpenEndpointRequest asks for OpenEndpoint of Pipeline(pipeline) by |it| &it.actor;
    RotateEndpointRequest asks for RotateEndpoint of Endpoint(endpoint) by |it| &it.actor;
    CloseEndpointRequest asks for CloseEndpoint of Endpoint(endpoint) by |it| &it.actor;
    BeginLoginRequest asks for LogIn of Login(client) by |_| "";
    EndLoginRequest asks for LogOut of Login(login_id) by |it| &it.actor;
    RetryAlertRequest asks for RetryAlert of Alert(alert_id) by |it| &it.actor;
    TakeWebhookRequest asks for TakeWebhook of Pipeline(pipeline) by |_| "";
    TakeSensorEventRequest asks for TakeSensorEvent of Event(event_type) by |it| &it.actor;
}

macro_rules! asks_of_the_ledger {
    ($($request:ident asks for $kind:ident;)+) => {
        $(impl Asks for wire::$request {
            const KIND: CommandKind = CommandKind::$kind;

            fn actor(&self) -> &str {
                &self.actor
            }

            fn targets(&self) -> Vec<Target> {
                Vec::new()
            }
        })+
    };
}

asks_of_the_ledger! {
    SetPricesRequest asks for SetPrices;
    RecordCostsRequest asks for RecordCosts;
    SetBudgetRequest asks for SetBudget;
    RaiseLogLevelRequest asks for RaiseLogLevel;
    ResealConnectionsRequest asks for ResealConnections;
    DeclareDependenciesRequest asks for DeclareDependencies;
}

/// Whose code nobody knows names nothing.
impl Asks for wire::CompleteLoginRequest {
    const KIND: CommandKind = CommandKind::LogIn;

    fn actor(&self) -> &str {
        ""
    }

    fn targets(&self) -> Vec<Target> {
        Vec::new()
    }
}

impl Asks for wire::SetEnvironmentRequest {
    const KIND: CommandKind = CommandKind::SetEnvironment;

    fn actor(&self) -> &str {
        &self.actor
    }

    /// A new one has no id before the core has taken it: its name is all that can be told.
    fn targets(&self) -> Vec<Target> {
        let called = if self.environment.is_empty() { &self.name } else { &self.environment };
        vec![Target { name: self.name.clone(), ..target(TargetKind::Environment, called) }]
    }
}

impl Asks for wire::CreateBackfillRequest {
    const KIND: CommandKind = CommandKind::CreateBackfill;

    fn actor(&self) -> &str {
        &self.actor
    }

    fn targets(&self) -> Vec<Target> {
        self.span.iter().map(|span| target(TargetKind::Pipeline, &span.pipeline)).collect()
    }
}

impl Asks for wire::MarkTaskRequest {
    const KIND: CommandKind = CommandKind::MarkTask;

    fn actor(&self) -> &str {
        &self.actor
    }

    fn targets(&self) -> Vec<Target> {
        vec![target(TargetKind::Run, &self.run_id), target(TargetKind::Task, &self.task)]
    }
}

impl Asks for wire::DecideApprovalRequest {
    const KIND: CommandKind = CommandKind::DecideApproval;

    fn actor(&self) -> &str {
        &self.actor
    }

    fn targets(&self) -> Vec<Target> {
        vec![target(TargetKind::Run, &self.run_id), target(TargetKind::Task, &self.task)]
    }
}

/// What is called so. Of a pipeline the id counts, which an alias gives, whether there is one or not.
fn target(kind: TargetKind, called: &str) -> Target {
    if kind == TargetKind::Pipeline && called.parse::<PipelineId>().is_err() {
        return Target { name: called.to_owned(), ..Target::new(kind, PipelineId::derive(ACCOUNT, called)) };
    }
    Target::new(kind, called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_refused_file_no_line_is_recorded() {
        let message = "p.yml:3:5: error: unknown job [DB1023]\n  3 | password: hunter2\n    |     ^";
        assert_eq!(outline(message), "p.yml:3:5: error: unknown job [DB1023] (and 2 more lines)");
        assert_eq!(outline("short"), "short");
    }

    #[test]
    fn what_nobody_could_decide_is_no_refusal() {
        for (status, expected) in [
            (Status::invalid_argument("x"), true),
            (Status::not_found("x"), true),
            (Status::failed_precondition("x"), true),
            (Status::unavailable("x"), false),
            (Status::internal("x"), false),
        ] {
            assert_eq!(is_refusal(&status), expected, "{status}");
        }
    }

    #[test]
    fn who_from_where_and_why_come_from_the_call() {
        let mut request = Request::new(wire::PausePipelineRequest {
            pipeline: "orders".to_owned(),
            actor: "ada".to_owned(),
            ..Default::default()
        });
        request.metadata_mut().insert("user-agent", "downbeat/0.1.0".parse().unwrap());
        asked::put_reason(request.metadata_mut(), "wegen Übergröße");
        let asker = Asker::of(&request);
        assert_eq!((asker.caller.actor.as_str(), asker.caller.reason.as_str()), ("user:ada", "wegen Übergröße"));
        assert_eq!(asker.caller.origin.client, "downbeat/0.1.0");
        let id = PipelineId::derive(ACCOUNT, "orders");
        let named = Target { name: "orders".to_owned(), ..Target::new(TargetKind::Pipeline, id) };
        assert_eq!(asker.caller.targets, [named]);
    }

    #[test]
    fn what_a_gateway_says_of_the_caller_goes_before_what_the_message_says() {
        let long = format!("user:{}", "x".repeat(201));
        for (really, said, name, actor) in [
            (None, "ada", "ada", "user:ada"),
            (None, "", "user", "user"),
            // Without a gateway nobody is a key.
            (None, "key:ci", "key:ci", "user:key:ci"),
            (Some("user:eve"), "ada", "eve", "user:eve"),
            (Some("user"), "ada", "user", "user"),
            (Some("key:ci"), "ada", "key:ci", "key:ci"),
            (Some("user:key:ci"), "ada", "key:ci", "user:key:ci"),
            (Some("coordinator"), "ada", "coordinator", "user:coordinator"),
            (Some("worker:1"), "ada", "worker:1", "user:worker:1"),
        ] {
            let mut metadata = MetadataMap::new();
            Asked { actor: really.map(str::to_owned), ..Asked::default() }.put(&mut metadata);
            let who = Who::of(&metadata, said).unwrap();
            assert_eq!((who.name.as_str(), who.actor.as_str()), (name, actor), "{really:?} {said}");
        }
        for really in ["user:a\nb", "key:a\u{7}", long.as_str()] {
            let mut metadata = MetadataMap::new();
            Asked { actor: Some(really.to_owned()), ..Asked::default() }.put(&mut metadata);
            let refused = Who::of(&metadata, "ada").unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "never the name of the message: {really}");
        }
    }

    #[test]
    fn where_the_caller_really_is_comes_from_the_gateway() {
        let mut request = Request::new(wire::PausePipelineRequest { actor: "ada".to_owned(), ..Default::default() });
        request.metadata_mut().insert("user-agent", "gateway/1".parse().unwrap());
        let really = Asked {
            actor: Some("key:ci".to_owned()),
            origin: Some("192.0.2.7:4711".to_owned()),
            client: Some("curl/8".to_owned()),
        };
        really.put(request.metadata_mut());
        let asker = Asker::of(&request);
        let origin = CallOrigin { address: "192.0.2.7:4711".to_owned(), client: "curl/8".to_owned() };
        assert_eq!((asker.actor(), &asker.caller.origin), ("key:ci", &origin));
        // A gateway that knows no client does not stand for one itself.
        Asked { client: Some(String::new()), ..really }.put(request.metadata_mut());
        assert_eq!(Asker::of(&request).caller.origin.client, "");
    }
}
