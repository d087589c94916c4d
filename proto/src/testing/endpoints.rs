//! Random endpoints: opened, given further secrets, closed.

use downbeat_domain::{
    Command, EndpointId,
    endpoint::{EndpointCommand, OpenEndpoint, SignatureScheme},
};

use super::{World, pick};

impl World {
    pub(super) fn of_endpoints(&self, which: u8, detail: u8) -> Option<Command> {
        let pipeline = pick(self.partition.pipelines.keys().copied(), which)?;
        let known = pick(self.partition.endpoints.open.keys().copied(), which);
        let endpoint = known.unwrap_or(EndpointId([detail; 16]));
        Some(Command::Endpoint(match which % 5 {
            0 | 1 => EndpointCommand::Open(Box::new(OpenEndpoint {
                endpoint: EndpointId([(self.history.len() % 251) as u8; 16]),
                pipeline,
                name: format!("endpoint-{}", detail % 5),
                hash: [detail; 32],
                scheme: SignatureScheme::ALL[usize::from(detail % 3)],
                by: "user:ada".to_owned(),
            })),
            2 | 3 => {
                let newest = self.partition.endpoints.open.get(&endpoint).map_or(0, |state| state.secret);
                EndpointCommand::Rotate {
                    endpoint,
                    secret: newest + u32::from(detail % 3),
                    overlap_seconds: u32::from(detail),
                }
            }
            _ => EndpointCommand::Close { endpoint },
        }))
    }
}
