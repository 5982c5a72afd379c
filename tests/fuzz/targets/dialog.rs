//! A script for a gateway, a phone and the packets between them: lost, late, doubled, changed, and long silences.
#![no_main]

use fuzz::wire::Wire;
use libfuzzer_sys::fuzz_target;
use sip::Transport;

fuzz_target!(|data: &[u8]| {
    let Some((first, script)) = data.split_first() else { return };
    let transports = [Transport::Udp, Transport::Tcp, Transport::Tls];
    Wire::new(transports[usize::from(*first) % transports.len()]).play(script);
});
