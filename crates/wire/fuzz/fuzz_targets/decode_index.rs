//! An index or a part that is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shoal_wire::index::{Index, MAX_INDEX_BYTES, Part};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(index) = Index::parse(bytes) {
        let json = index.to_json();
        // Defaults are filled in, so that what is written may be too long.
        if json.len() <= MAX_INDEX_BYTES {
            assert_eq!(Index::parse(json.as_bytes()), Ok(index));
        }
    }
    if let Ok(part) = Part::decode(bytes) {
        assert_eq!(part.encode(), bytes);
    }
});
