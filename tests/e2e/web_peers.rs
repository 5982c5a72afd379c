//! Command URLs with the clients that people really use: curl, and Chromium with a page of somebody else's in it.
//!
//! Everything behind the URL is real as well: the gateway, its store, uaCSTA over SIP to the simulated phone, and the
//! `outbound` action URL of the call that the phone then has.

mod browsers;
mod chromium;
mod curl;
mod foreign;
mod forms;
mod logins;
mod numbers;
mod office;
mod refusals;
