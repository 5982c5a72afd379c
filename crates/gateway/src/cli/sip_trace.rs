//! `hookswitch sip-trace`: the SIP messages that the running gateway has kept, as ladders or as packets.

use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gateway::config::Config;
use gateway::control::{self, Answer, Question};
use gateway::trace::{Entry, Ladder, Owners, Pcap, call_id};
use jiff::{SignedDuration, Timestamp};
use sip::Flow;

use super::{Done, load_quietly};

/// What `hookswitch sip-trace` can be told.
#[derive(Args)]
pub struct Options {
    /// The configuration file of the running gateway
    #[arg(long, short, value_name = "FILE", default_value = "hookswitch.toml")]
    config: PathBuf,
    /// Only the phone of this [[link]]
    #[arg(long, value_name = "NAME", conflicts_with = "line")]
    link: Option<String>,
    /// Only the phone that has this line: its id, its number, or number@domain
    #[arg(long, value_name = "ID")]
    line: Option<String>,
    /// Only the dialog with this Call-ID
    #[arg(long, value_name = "ID")]
    call_id: Option<String>,
    /// Only what happened in this time before now: 10m, 90s, 1h
    #[arg(long, value_name = "TIME", value_parser = time)]
    last: Option<SignedDuration>,
    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Write packets for Wireshark, tshark or sngrep in place of the ladders; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "full")]
    pcap: Option<PathBuf>,
    /// Print the messages themselves too
    #[arg(long)]
    full: bool,
}

/// Whose messages are shown.
struct Filter {
    link: Option<Arc<str>>,
    call_id: Option<String>,
    since: Option<Timestamp>,
    owners: Owners,
    /// Where messages went that were shown: the end of such a connection is shown too.
    flows: HashSet<Flow>,
}

/// What is made of what passes the filter.
enum Sink {
    Text { ladder: Box<Ladder>, out: io::Stdout },
    Packets(Pcap<Box<dyn Write>>),
}

/// Asks the gateway and shows what it says; exits 1 if there was nothing to show.
pub fn sip_trace(options: &Options) -> Done {
    let Some(config) = load_quietly(&options.config) else { return Ok(ExitCode::FAILURE) };
    let mut filter = Filter::new(options, &config)?;
    let answers = control::ask(&config.state_dir, Question::Trace { follow: options.follow })?;
    let sink = Sink::open(options, &config)?;
    match show(answers, &mut filter, sink) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => {
            eprintln!("hookswitch: {}", nothing(options));
            Ok(ExitCode::FAILURE)
        }
        // Whoever reads has seen enough: `| head`.
        Err(error) if is_broken_pipe(error.as_ref()) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

fn show(
    answers: impl Iterator<Item = Result<Answer, control::AskError>>,
    filter: &mut Filter,
    mut sink: Sink,
) -> Result<bool, Box<dyn Error>> {
    let mut kept = Some(Vec::new());
    let mut any = false;
    for answer in answers {
        match answer? {
            Answer::Flowing(flowing) => {
                let Some(entry) = flowing.entry().filter(|entry| filter.passes(entry)) else { continue };
                any = true;
                match &mut kept {
                    Some(kept) => kept.push(entry),
                    None => sink.one(&entry)?,
                }
            }
            Answer::Now => sink.all(&kept.take().unwrap_or_default())?,
            Answer::Missed { count } => {
                eprintln!("... {count} messages not shown: they came faster than they were read");
            }
            Answer::Refused { why } => return Err(why.into()),
        }
    }
    sink.all(&kept.take().unwrap_or_default())?;
    Ok(any)
}

impl Filter {
    fn new(options: &Options, config: &Config) -> Result<Self, Box<dyn Error>> {
        let link = match (&options.link, &options.line) {
            (Some(name), _) => Some(link(config, name, &options.config)?),
            (None, Some(id)) => Some(link_of_line(config, id, &options.config)?),
            (None, None) => None,
        };
        let since = options.last.map(|last| Timestamp::now() - last);
        Ok(Self { link, call_id: options.call_id.clone(), since, owners: Owners::new(config), flows: HashSet::new() })
    }

    fn passes(&mut self, entry: &Entry) -> bool {
        // Also what is too old to be shown says whose a flow is.
        let owner = self.owners.of(entry);
        let passes = if entry.what.message().is_none() {
            self.flows.contains(&entry.flow)
        } else {
            (self.link.is_none() || self.link == owner)
                && (self.call_id.is_none() || self.call_id == call_id(entry))
                && self.since.is_none_or(|since| entry.at >= since)
        };
        if passes {
            self.flows.insert(entry.flow);
        }
        passes
    }
}

impl Sink {
    fn open(options: &Options, config: &Config) -> Result<Self, Box<dyn Error>> {
        let Some(path) = &options.pcap else {
            let ladder = Ladder::new(config.locale.zone.clone(), options.full, Owners::new(config));
            return Ok(Self::Text { ladder: Box::new(ladder), out: io::stdout() });
        };
        let out: Box<dyn Write> = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            let file = File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            Box::new(BufWriter::new(file))
        };
        Ok(Self::Packets(Pcap::new(out)?))
    }

    /// All that was kept.
    fn all(&mut self, entries: &[Entry]) -> io::Result<()> {
        match self {
            Self::Text { ladder, out } => out.write_all(ladder.kept(entries).as_bytes())?,
            Self::Packets(pcap) => entries.iter().try_for_each(|entry| pcap.add(entry))?,
        }
        self.flush()
    }

    /// One that came now.
    fn one(&mut self, entry: &Entry) -> io::Result<()> {
        match self {
            Self::Text { ladder, out } => out.write_all(ladder.next(entry).as_bytes())?,
            Self::Packets(pcap) => pcap.add(entry)?,
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Text { out, .. } => out.flush(),
            Self::Packets(pcap) => pcap.flush(),
        }
    }
}

fn link(config: &Config, name: &str, file: &Path) -> Result<Arc<str>, String> {
    let known = || config.links.iter().map(|link| link.name.as_str());
    if known().any(|link| link == name) {
        return Ok(name.into());
    }
    let near = known().max_by(|one, other| strsim::jaro(one, name).total_cmp(&strsim::jaro(other, name)));
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(format!("there is no link `{name}` in {}{near}", file.display()))
}

fn link_of_line(config: &Config, id: &str, file: &Path) -> Result<Arc<str>, String> {
    let line = config.lines.iter().find(|line| line.is_named_by(id));
    let line = line.ok_or_else(|| format!("there is no line `{id}` in {}", file.display()))?;
    if line.link.is_empty() {
        return Err(format!("the line `{id}` has no link in {}", file.display()));
    }
    Ok(line.link.as_str().into())
}

fn nothing(options: &Options) -> String {
    let whose = match (&options.link, &options.line, &options.call_id) {
        (Some(link), _, _) => format!(" of link {link}"),
        (None, Some(line), _) => format!(" of line {line}"),
        (None, None, Some(call_id)) => format!(" with Call-ID {call_id}"),
        (None, None, None) => String::new(),
    };
    format!("no SIP message{whose} is kept: nothing was sent there and nothing came from there, or it is too long ago")
}

fn time(text: &str) -> Result<SignedDuration, String> {
    let time: Option<SignedDuration> = text.trim().parse().ok();
    time.filter(SignedDuration::is_positive).ok_or_else(|| "this is no time: for example 10m, 90s, 1h".to_owned())
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
