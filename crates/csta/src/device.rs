//! The text grammar of device identifiers (ECMA-269 clause 10).
