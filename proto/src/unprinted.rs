//! What is printed of messages that hold credentials: names, and no value.

use std::fmt;

use crate::{
    control::v1::{
        AccessSecret, OpenEndpointRequest, OpenEndpointResponse, RotateEndpointRequest, RotateEndpointResponse,
        SaveConnectionRequest,
    },
    worker::v1::GivenConnection,
};

impl fmt::Debug for GivenConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GivenConnection")
            .field("name", &self.name)
            .field("integration", &self.integration)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SaveConnectionRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SaveConnectionRequest")
            .field("connection", &self.connection)
            .field("integration", &self.integration)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OpenEndpointRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenEndpointRequest")
            .field("pipeline", &self.pipeline)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OpenEndpointResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenEndpointResponse").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for RotateEndpointRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RotateEndpointRequest").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for RotateEndpointResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RotateEndpointResponse").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccessSecret").field("until", &self.until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        control::v1::{self as control, SaveConnectionRequest},
        worker::v1,
    };

    #[test]
    fn no_value_is_printed_however_deep_it_stands() {
        let fields = "{\"password\": \"hunter2\"}".to_owned();
        let given = v1::GivenConnection { name: "shop".to_owned(), fields: fields.clone(), ..Default::default() };
        let given = v1::Connections { connections: vec![given], ..Default::default() };
        let message = v1::coordinator_message::Message::Connections(given);
        let message = v1::CoordinatorMessage { message: Some(message) };
        let request = SaveConnectionRequest { connection: "shop".to_owned(), fields, ..Default::default() };
        let printed = format!("{message:?} {request:?} {message:#?} {request:#?}");
        assert!(!printed.contains("hunter2") && printed.contains("shop"), "{printed}");
    }

    #[test]
    fn neither_addresses_nor_secrets_of_endpoints_are_printed() {
        let (secret, path) = ("hunter2".to_owned(), "/hooks/hunter2".to_owned());
        let open = control::OpenEndpointRequest { secret: secret.clone(), ..Default::default() };
        let opened = control::OpenEndpointResponse { secret: secret.clone(), path, ..Default::default() };
        let rotate = control::RotateEndpointRequest { secret: secret.clone(), ..Default::default() };
        let rotated = control::RotateEndpointResponse { secret: secret.clone(), ..Default::default() };
        let secrets = vec![control::AccessSecret { key: "hunter2".into(), until: 0 }];
        let table = control::AccessEndpoint { secrets, ..Default::default() };
        let printed = format!("{open:?}{opened:?}{rotate:?}{rotated:?}{table:?}");
        assert!(!printed.contains("hunter2") && !printed.contains("[104"), "{printed}");
    }
}
