//! Tests of the whole house, in one binary.

mod delivery;
mod durability;
mod faults;
mod hostile;
mod large;
mod layering;
mod locate;
mod lossy;
mod makes;
mod phones;
mod registrar;
mod remembered;
mod scenarios;
mod sip_peers;
mod spoofed;
mod tls;
mod web_peers;
