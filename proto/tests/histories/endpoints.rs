//! Endpoints: opened, given further secrets until old ones are dropped, closed by hand, and with their pipeline.

use downbeat_domain::{
    Command, EndpointId,
    endpoint::{EndpointCommand, OpenEndpoint, SignatureScheme},
};

use crate::recorder::{Recorder, pipeline};

const BODY: &str = "webhook: {enabled: true}
pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}
";

fn open(number: u8, name: &str, scheme: SignatureScheme) -> Command {
    Command::Endpoint(EndpointCommand::Open(Box::new(OpenEndpoint {
        endpoint: EndpointId([number; 16]),
        pipeline: pipeline("demo"),
        name: name.to_owned(),
        hash: [number; 32],
        scheme,
        by: "user:ada".to_owned(),
    })))
}

fn rotate(number: u8, secret: u32, overlap_seconds: u32) -> Command {
    Command::Endpoint(EndpointCommand::Rotate { endpoint: EndpointId([number; 16]), secret, overlap_seconds })
}

fn close(number: u8) -> Command {
    Command::Endpoint(EndpointCommand::Close { endpoint: EndpointId([number; 16]) })
}

pub(crate) fn endpoints() -> Vec<Vec<u8>> {
    let demo = Recorder::new(BODY).run(open(1, "", SignatureScheme::None));
    let demo =
        demo.run(open(2, "shop", SignatureScheme::StandardWebhooks)).refused(open(3, "shop", SignatureScheme::None));
    let demo = demo.run(open(4, "code", SignatureScheme::GitHub)).refused(rotate(1, 1, 0));
    let demo = demo.run(rotate(2, 2, 600)).run(rotate(2, 3, 300)).run(rotate(2, 4, 900)).refused(rotate(2, 4, 0));
    demo.after(60).run(rotate(4, 2, 0)).run(close(1)).run(close(1)).into_records()
}
