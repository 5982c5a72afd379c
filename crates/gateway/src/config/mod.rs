//! The configuration: one TOML file, raw → checked.
