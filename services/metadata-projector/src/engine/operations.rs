//! Operations: one row each, by run.

use downbeat_domain::{Event, TaskRunId, id::with_version_4};
use downbeat_proto::{event::encode_collected, metadata::v1 as wire};
