//! The gateway on real sockets with the SIP of other people, while tshark reads along.

mod baresip;
mod desk;
mod ezk;
mod kamailio;
mod sipp;
