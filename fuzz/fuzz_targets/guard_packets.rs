//! Packets of the guard's socket: whatever is understood says the same when it is said again, and what is
//! too long for a packet is never said of what came in one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sprog_guard::protocol::{Reply, Request, born};

fuzz_target!(|packet: &[u8]| {
    if let Some(request) = Request::decode(packet) {
        let again = request.encode();
        assert!(again.len() <= packet.len());
        assert_eq!(Request::decode(&again), Some(request.clone()));
        if let Request::Born { ward, .. } = request {
            assert_eq!(packet[..9], born(ward));
        }
    }
    if let Some(reply) = Reply::decode(packet) {
        assert_eq!(Reply::decode(&reply.encode()), Some(reply));
    }
});
