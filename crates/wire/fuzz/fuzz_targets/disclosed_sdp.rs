//! Of a session description only candidates and no other address are left, whatever it was; and looking again
//! takes nothing more away.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shoal_wire::sdp::disclosed;

fuzz_target!(|input: (&str, bool)| {
    let (sdp, relay_only) = input;
    if let Some(seen) = disclosed(sdp, relay_only) {
        assert_eq!(disclosed(&seen, relay_only).as_deref(), Some(&*seen));
    }
});
