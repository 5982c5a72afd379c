//! Where the log goes, and how much of it.

use std::{error::Error, io::IsTerminal};

use clap::{Args, ValueEnum};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The options of `run` and `demo` about their log, which goes to standard error.
#[derive(Args)]
pub struct LogOptions {
    /// How much to log: error, warn, info, debug, trace, or a filter such as `info,sip=debug` [env: HOOKSWITCH_LOG] [default: info, for demo warn]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// How to write the log
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

impl LogOptions {
    /// Starts logging; from here on, everything the gateway does is told on standard error. Where nobody says how much,
    /// it is the `default`.
    pub fn start(&self, default: &str) -> Result<(), Box<dyn Error>> {
        let asked = self.log.clone().or_else(|| std::env::var("HOOKSWITCH_LOG").ok());
        let level = asked.unwrap_or_else(|| default.to_owned());
        let filter = EnvFilter::try_new(&level).map_err(|error| format!("`{level}` is no log level: {error}"))?;
        let registry = tracing_subscriber::registry().with(filter);
        match self.log_format {
            Format::Text => {
                let colours = std::io::stderr().is_terminal();
                registry.with(fmt::layer().with_writer(std::io::stderr).with_ansi(colours)).try_init()?;
            }
            Format::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()?,
        }
        Ok(())
    }
}
