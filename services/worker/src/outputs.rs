//! Outputs that are too large for an event go to the blob store, and the event holds where they are.
//!
//! Promises that what is reported fits into one report, largest values first by reference: `{"downbeat_blob": KEY, "bytes": SIZE}`
//! in place of the value, which stands in the blob as JSON. Knows nothing about who reads them.

use downbeat_runtime::blob::{BlobKey, BlobStore};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::attempt::{Ended, Ending, Failure};
use crate::limits::{OUTPUTS_BYTES_MAX, TASK_OUTPUTS_BYTES_MAX};

/// Whose outputs they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) run: Uuid,
    pub(crate) task_run: Uuid,
    pub(crate) attempt: u32,
}

/// Moves values to the blob store until the rest fits into a report. An attempt whose outputs cannot be kept has failed.
pub(crate) async fn by_reference(blobs: &BlobStore, owner: Owner, mut ended: Ended) -> Ended {
    let text = match &mut ended.ending {
        Ending::Succeeded { outputs, .. } => outputs,
        Ending::Failed(failure) => &mut failure.outputs,
        Ending::Stopped | Ending::Unconfirmed(_) | Ending::Abandoned => return ended,
    };
    if text.len() <= OUTPUTS_BYTES_MAX {
        return ended;
    }
    match fit(blobs, owner, text).await {
        Ok(fitting) => *text = fitting,
        // What failed anyway has failed for its own reason; its outputs are left out.
        Err(failure) => match &mut ended.ending {
            Ending::Failed(before) => before.outputs.clear(),
            ending => *ending = failure.into(),
        },
    }
    ended
}

async fn fit(blobs: &BlobStore, owner: Owner, text: &str) -> Result<String, Failure> {
    if text.len() > TASK_OUTPUTS_BYTES_MAX {
        let bytes = text.len();
        return Err(Failure::misconfigured(format!(
            "the outputs take {bytes} bytes as JSON; at most {TASK_OUTPUTS_BYTES_MAX} are allowed"
        )));
    }
    let mut outputs: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| Failure::job(format!("the outputs are no JSON object: {error}")))?;
    let mut sizes: Vec<(usize, String)> =
        outputs.iter().map(|(name, value)| (value.to_string().len(), name.clone())).collect();
    sizes.sort_unstable();
    let mut total = text.len();
    while total > OUTPUTS_BYTES_MAX {
        // Each reference takes some bytes itself: names without end cannot be helped.
        let Some((bytes, name)) = sizes.pop() else {
            return Err(Failure::misconfigured(format!(
                "there are too many outputs: their names alone take more than {OUTPUTS_BYTES_MAX} bytes"
            )));
        };
        let Some(value) = outputs.get_mut(&name) else { continue };
        let key = BlobKey::task_output(owner.run, owner.task_run, owner.attempt, &name);
        let data = value.to_string().into_bytes();
        blobs.put(&key, data).await.map_err(|error| Failure::transient(format!("output {name:?}: {error}")))?;
        *value = json!({"downbeat_blob": key.as_str(), "bytes": bytes});
        total = total - bytes + value.to_string().len();
    }
    Ok(Value::Object(outputs).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { run: Uuid::from_u128(1), task_run: Uuid::from_u128(2), attempt: 1 };

    fn succeeded(outputs: Value) -> Ended {
        Ending::Succeeded { warning: false, outputs: outputs.to_string(), message: String::new() }.into()
    }

    fn outputs(ended: &Ended) -> Value {
        let Ending::Succeeded { outputs, .. } = &ended.ending else { panic!("{ended:?}") };
        serde_json::from_str(outputs).unwrap()
    }

    #[tokio::test]
    async fn the_largest_values_go_to_the_blob_store_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(folder.path()).unwrap();
        let (large, half) = ("x".repeat(OUTPUTS_BYTES_MAX), "y".repeat(OUTPUTS_BYTES_MAX / 2));
        let ended = succeeded(json!({"small": 1, "half": half, "../large": large}));
        let kept = outputs(&by_reference(&blobs, OWNER, ended).await);
        assert_eq!((&kept["small"], kept["half"].as_str().unwrap().len()), (&json!(1), half.len()));
        assert_eq!(kept["../large"]["bytes"], large.len() + 2);
        let key = BlobKey::task_output(OWNER.run, OWNER.task_run, 1, "../large");
        assert_eq!(kept["../large"]["downbeat_blob"], key.as_str());
        let stored = blobs.get(&key, 1 << 20).await.unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&stored).unwrap(), json!(large));
        let small = succeeded(json!({"a": 1}));
        assert_eq!(by_reference(&blobs, OWNER, small.clone()).await, small);
    }

    #[tokio::test]
    async fn what_cannot_be_kept_fails_the_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(folder.path()).unwrap();
        let huge = succeeded(json!({"a": "x".repeat(TASK_OUTPUTS_BYTES_MAX)}));
        let ended = by_reference(&blobs, OWNER, huge).await;
        assert!(matches!(&ended.ending, Ending::Failed(failure) if failure.message.contains("at most")), "{ended:?}");
        let failed = Failure::job("why").with_outputs(format!("{{\"a\":\"{}\"}}", "x".repeat(TASK_OUTPUTS_BYTES_MAX)));
        assert_eq!(by_reference(&blobs, OWNER, failed.into()).await, Failure::job("why").into());
    }
}
