//! A tracker message that is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shoal_wire::tracker::{ClientMessage, Limits, TrackerMessage};

fuzz_target!(|json: &str| {
    // What is written may be longer than what was read: defaults are filled in.
    let limits = Limits {
        max_message: usize::MAX,
        ..Limits::default()
    };
    if let Ok(message) = ClientMessage::decode(json, &Limits::default()) {
        assert_eq!(
            ClientMessage::decode(&message.encode(), &limits),
            Ok(message)
        );
    }
    if let Ok(message) = TrackerMessage::decode(json, &Limits::default()) {
        assert_eq!(
            TrackerMessage::decode(&message.encode(), &limits),
            Ok(message)
        );
    }
});
