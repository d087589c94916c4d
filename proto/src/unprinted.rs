//! What is printed of messages that hold credentials: names, and no value.

use std::fmt;

use crate::{control::v1::SaveConnectionRequest, worker::v1::GivenConnection};

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

#[cfg(test)]
mod tests {
    use crate::{control::v1::SaveConnectionRequest, worker::v1};

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
}
