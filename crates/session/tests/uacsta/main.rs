//! A uaCSTA session against a scripted phone, in virtual time.

mod dials;
mod endings;
mod events;
mod failover;
mod known;
mod monitors;
mod opening;
mod phone;
mod registered;
mod world;
