//! The frame codec: what was encoded is decoded, and no input can do harm.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use bytes::Bytes;
use downbeat_event_log::{Hash, Record, RecordId, frame};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(id: [u8; 16], previous: [u8; 32], payload: Vec<u8>) {
        let record = Record { id: RecordId(id), payload: payload.into() };
        let (bytes, hash) = frame::encode(&Hash(previous), &record);
        let entry = frame::decode(9, &bytes).unwrap();
        prop_assert_eq!((entry.sequence, entry.id, entry.previous, entry.hash), (9, record.id, Hash(previous), hash));
        prop_assert_eq!(entry.payload, record.payload);
    }

    #[test]
    fn any_bytes_are_refused_without_harm(bytes: Vec<u8>) {
        prop_assert!(frame::decode(1, &Bytes::from(bytes)).is_err());
    }

    #[test]
    fn any_flipped_bit_is_noticed(payload in proptest::collection::vec(any::<u8>(), 0..200), at: prop::sample::Index, bit in 0..8_u8) {
        let (bytes, _) = frame::encode(&Hash([1; 32]), &Record { id: RecordId([2; 16]), payload: payload.into() });
        let mut bytes = bytes.to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(frame::decode(1, &Bytes::from(bytes)).is_err());
    }
}
