//! The command line: what each subcommand does with the configuration, and what it says to the terminal.

mod dial;
mod lines;
mod log;
mod pinned;
#[cfg(unix)]
mod sip_trace;

#[cfg(unix)]
use std::path::Path;
use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use gateway::config::Config;

use self::log::LogOptions;

/// Between desk phones and the web: phones that speak uaCSTA call your URLs, and your URLs make phones dial.
#[derive(Parser)]
#[command(name = "hookswitch", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway until it is told to stop (Ctrl-C, SIGTERM)
    ///
    /// Exits 0 then, 1 if it cannot start, and 74 if the disk failed and it stopped acknowledging events.
    Run {
        #[command(flatten)]
        file: ConfigFile,
        #[command(flatten)]
        log: LogOptions,
    },
    /// Check a configuration file and start nothing; exits 0 if it can be used, 1 if not
    Check(ConfigFile),
    /// Show what is known of the phone of each line: its make, what it can do and what not
    ///
    /// Reads what the gateway has written to `state_dir`, whether it runs or not.
    Lines(ConfigFile),
    /// Ask the running gateway to dial; exits 0 only if the phone took it
    Dial(dial::Options),
    /// Show the SIP messages that the running gateway has kept: a ladder of each dialog, or packets for Wireshark
    ///
    /// Asks over the control socket in `state_dir`, which only the user that runs the gateway and root may open. Messages
    /// inside TLS are shown as they were inside. Telephone numbers are shown, for that is what is asked for; nothing of it
    /// reaches the log. What is computed from a password (`response`, `rspauth`) is replaced by x's before it leaves the
    /// gateway. `[sip] trace` says how much is kept, or `"off"`.
    ///
    /// Exits 1 if there is nothing to show.
    #[cfg(unix)]
    SipTrace(sip_trace::Options),
    /// Show the whole way with two simulated phones on this machine; needs no file
    Demo {
        #[command(flatten)]
        options: DemoOptions,
        #[command(flatten)]
        log: LogOptions,
    },
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file
    #[arg(long, short, value_name = "FILE", default_value = "hookswitch.toml")]
    config: PathBuf,
}

/// What `hookswitch demo` can be told.
#[derive(Args)]
struct DemoOptions {
    /// Play each story once, check that all and only the right URLs came, in order, and exit 0 if so
    #[arg(long)]
    once: bool,
    /// The port of the command listener on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 61234)]
    port: u16,
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run { file, log } => log.start("info").and_then(|()| run(&file)),
        Command::Check(file) => check(&file),
        Command::Lines(file) => lines::lines(&file),
        Command::Dial(options) => dial::dial(&options),
        #[cfg(unix)]
        Command::SipTrace(options) => sip_trace::sip_trace(&options),
        Command::Demo { options, log } => log.start("warn").and_then(|()| demo(&options)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("hookswitch: {error}");
        ExitCode::FAILURE
    })
}

/// What a subcommand comes to: its exit code, or an error that is printed and exits 1.
type Done = Result<ExitCode, Box<dyn Error>>;

/// Loads the file; its findings go to standard error.
fn load(file: &ConfigFile) -> Option<Config> {
    match Config::load(&file.config) {
        Ok(config) => {
            for warning in &config.warnings {
                eprint!("{warning}");
            }
            Some(config)
        }
        Err(error) => {
            eprint!("{error}");
            None
        }
    }
}

/// Loads the file of the running gateway, whose findings were told when that was started.
#[cfg(unix)]
fn load_quietly(path: &Path) -> Option<Config> {
    Config::load(path).map_err(|error| eprint!("{error}")).ok()
}

#[allow(clippy::print_stdout)] // the answer of the command
fn check(file: &ConfigFile) -> Done {
    let Some(config) = load(file) else { return Ok(ExitCode::FAILURE) };
    println!("{} can be used: {}", file.config.display(), config.summary());
    Ok(ExitCode::SUCCESS)
}

fn run(file: &ConfigFile) -> Done {
    let Some(config) = load(file) else { return Ok(ExitCode::FAILURE) };
    match runtime()?.block_on(gateway::run::run(config)) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("hookswitch: {error}");
            Ok(ExitCode::from(error.exit_code()))
        }
    }
}

fn demo(options: &DemoOptions) -> Done {
    let options = gateway::demo::Options { once: options.once, port: options.port };
    runtime()?.block_on(gateway::demo::demo(options))?;
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
