//! Endpoints that start pipelines: opened, given further secrets, closed.

use downbeat_domain::{
    Command, EndpointId, PipelineId,
    endpoint::{EndpointCommand, OpenEndpoint, SignatureScheme},
    limits,
};

use crate::{
    chain,
    world::{Step, World, after, given, instant, pipeline},
};

fn endpoint(number: u8, name: &str, scheme: SignatureScheme) -> OpenEndpoint {
    OpenEndpoint {
        endpoint: EndpointId([number; 16]),
        pipeline: pipeline(),
        name: name.to_owned(),
        hash: [number; 32],
        scheme,
        by: "user:ada".to_owned(),
    }
}

fn open(endpoint: OpenEndpoint) -> Step {
    Step::Do(Command::Endpoint(EndpointCommand::Open(Box::new(endpoint))))
}

fn signed(number: u8) -> Step {
    open(endpoint(number, "shop", SignatureScheme::StandardWebhooks))
}

fn rotate(number: u8, secret: u32, overlap_seconds: u32) -> Step {
    let endpoint = EndpointId([number; 16]);
    Step::Do(Command::Endpoint(EndpointCommand::Rotate { endpoint, secret, overlap_seconds }))
}

fn close(number: u8) -> Step {
    Step::Do(Command::Endpoint(EndpointCommand::Close { endpoint: EndpointId([number; 16]) }))
}

fn some() -> World {
    given(&chain(""))
}

/// Numbers of the secrets that are valid so many seconds after the beginning.
fn valid(world: &World, number: u8, seconds: i64) -> Vec<u32> {
    world.partition.endpoints.open[&EndpointId([number; 16])].valid_secrets(instant(seconds)).collect()
}

#[test]
fn a_pipeline_has_endpoints_of_different_names() {
    let world =
        some().when(open(endpoint(1, "", SignatureScheme::None))).then(["EndpointOpened default NONE by user:ada"]);
    let world = world.when(signed(2)).then(["EndpointOpened shop STANDARD_WEBHOOKS by user:ada"]);
    let world = world.when(signed(3)).refused("has an endpoint `shop` already");
    let world = world.when(open(endpoint(2, "other", SignatureScheme::None))).refused_as("ENDPOINT_EXISTS");
    // What was closed makes room for its name, and may be closed once more.
    let world = world.when(close(2)).then(["EndpointClosed shop"]).when(close(2)).then([]);
    world.when(signed(3)).accepted();
}

#[test]
fn names_and_pipelines_are_looked_at() {
    let long = "x".repeat(limits::ENDPOINT_NAME_CHARS_MAX + 1);
    for name in [" shop", "a\nb", long.as_str()] {
        some().when(open(endpoint(1, name, SignatureScheme::None))).refused_as("INVALID_ENDPOINT");
    }
    let elsewhere = OpenEndpoint { pipeline: PipelineId([9; 16]), ..endpoint(1, "", SignatureScheme::None) };
    some().when(open(elsewhere)).refused_as("UNKNOWN_PIPELINE");
}

#[test]
fn the_newest_secret_is_valid_for_good_and_those_before_for_as_long_as_was_said() {
    let world = some().after([signed(1)]);
    assert_eq!(valid(&world, 1, 10_000_000), [1]);
    let world = world.when(rotate(1, 2, 600)).then(["EndpointRotated to 2, others for 600 s"]);
    assert_eq!((valid(&world, 1, 599), valid(&world, 1, 600)), (vec![1, 2], vec![2]));
    // A shorter overlap shortens those that go on from before.
    let world = world.after([rotate(1, 3, 60)]);
    assert_eq!((valid(&world, 1, 59), valid(&world, 1, 60)), (vec![1, 2, 3], vec![3]));
    // At once: whoever has stolen one has nothing any more.
    let world = world.after([rotate(1, 7, 0)]);
    assert_eq!(valid(&world, 1, 0), [7]);
}

#[test]
fn no_more_old_secrets_are_valid_than_may_be() {
    let rotations: Vec<Step> = (2..10).map(|secret| rotate(1, secret, 1_000)).collect();
    let world = some().after([signed(1)]).after(rotations);
    assert_eq!(valid(&world, 1, 1), [7, 8, 9]);
    // Also where their time is over, it has these and no others.
    assert_eq!(valid(&world, 1, 1_001), [9]);
    assert_eq!(world.partition.endpoints.open[&EndpointId([1; 16])].secrets().collect::<Vec<_>>(), [7, 8, 9]);
    assert_eq!(world.partition.endpoints.open[&EndpointId([1; 16])].old_secrets.len(), limits::OLD_SECRETS_MAX);
    // Those whose time is over make room.
    let world = world.after([after(1_000), rotate(1, 10, 1_000)]);
    assert_eq!(valid(&world, 1, 1_001), [9, 10]);
}

#[test]
fn what_has_no_secret_gets_none_and_numbers_only_go_up() {
    let world = some().after([open(endpoint(1, "", SignatureScheme::None)), signed(2)]);
    let world = world.when(rotate(1, 1, 0)).refused("are not signed: it has no secret");
    let world = world.when(rotate(2, 1, 0)).refused("secret 1 of endpoint `shop` is there already");
    let world = world.when(rotate(2, 2, limits::SECRET_OVERLAP_SECONDS_MAX + 1)).refused("stay valid for at most");
    world.when(rotate(5, 1, 0)).refused_as("UNKNOWN_ENDPOINT");
}

#[test]
fn endpoints_go_with_their_pipeline() {
    let world = some().after([signed(1), Step::Do(Command::DeletePipeline { pipeline: pipeline() })]);
    assert!(world.partition.endpoints.open.is_empty());
    world.when(signed(2)).refused_as("UNKNOWN_PIPELINE");
}

#[test]
fn there_are_at_most_so_many_of_a_pipeline() {
    let most = limits::ENDPOINTS_PER_PIPELINE_MAX as u8;
    let some_more = |number: u8| open(endpoint(number, &format!("n{number}"), SignatureScheme::None));
    let world = some().after((0..most).map(some_more));
    world.when(some_more(most)).refused("the pipeline has 20 endpoints, and no more are allowed");
}
