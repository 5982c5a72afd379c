//! `hookswitch dial`: one request to the command listener of the running gateway.

use std::{
    error::Error,
    fs,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use front::commands::{Caller, Identity, Proof, Settings};
use gateway::config::Config;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::{Done, pinned};

/// What `hookswitch dial` can be told.
#[derive(Args)]
pub struct Options {
    /// The configuration file of the running gateway: says where it listens and who may dial
    #[arg(long, short, value_name = "FILE", default_value = "hookswitch.toml", conflicts_with = "url")]
    config: PathBuf,
    /// Ask the gateway at this address instead: http://host:port or https://host:port
    #[arg(long)]
    url: Option<String>,
    /// The caller's token, for --url
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// The gateway's certificate (PEM), for --url with https
    #[arg(long, value_name = "FILE", requires = "url")]
    certificate: Option<PathBuf>,
    /// The line that dials: its id, its number, or number@domain
    #[arg(long)]
    line: String,
    /// The number to dial
    number: String,
}

/// The way to a gateway, and what it is shown there.
struct Way {
    address: SocketAddr,
    host: String,
    /// TLS, trusting this certificate alone.
    certificate: Option<PathBuf>,
    authorization: Option<SecretString>,
    timeout: Duration,
}

/// Dials, prints the answer, and exits 0 only if the phone took it.
#[allow(clippy::print_stdout)] // the answer of the command
pub fn dial(options: &Options) -> Done {
    let way = match &options.url {
        Some(url) => way_to_url(url, options)?,
        None => match Config::load(&options.config) {
            Ok(config) => way_by_config(&config, &options.line)?,
            Err(error) => {
                eprint!("{error}");
                return Ok(ExitCode::FAILURE);
            }
        },
    };
    let (status, body) = request(&way, &options.line, &options.number)?;
    println!("{status} {}", body.trim());
    Ok(if status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn way_to_url(url: &str, options: &Options) -> Result<Way, Box<dyn Error>> {
    let (secure, host) = match url.split_once("://") {
        Some(("http", host)) => (false, host),
        Some(("https", host)) => (true, host),
        Some(_) | None => return Err("--url begins with http:// or https://".into()),
    };
    match (secure, &options.certificate) {
        (true, None) => return Err("over https, name the gateway's certificate: --certificate FILE".into()),
        (false, Some(_)) => return Err("plain http has no use for --certificate; https://… uses it".into()),
        (true, Some(_)) | (false, None) => {}
    }
    let (host, port) = (host.trim_end_matches('/'), if secure { 443 } else { 80 });
    let addresses = host.to_socket_addrs().or_else(|_| format!("{host}:{port}").to_socket_addrs());
    let address = addresses.map_err(|error| format!("cannot find {host}: {error}"))?.next();
    let token = options.token_file.as_ref().map(|path| {
        fs::read_to_string(path).map_err(|error| format!("cannot read the token in {}: {error}", path.display()))
    });
    Ok(Way {
        address: address.ok_or("this host has no address")?,
        host: host.to_owned(),
        certificate: options.certificate.clone(),
        authorization: token.transpose()?.map(|token| format!("Bearer {}", token.trim_end()).into()),
        timeout: Duration::from_secs(65),
    })
}

/// Plain HTTP where there is a listener for it: on this machine nothing is gained by TLS.
fn way_by_config(config: &Config, line: &str) -> Result<Way, Box<dyn Error>> {
    let off = "commands are switched off in this configuration: [commands] enabled = true";
    let settings = config.commands.as_ref().ok_or(off)?;
    let https = settings.https.as_ref();
    let secure = https.and_then(|https| Some((*https.listen.first()?, Some(certificate(&https.identity)))));
    let plain = settings.listen.first().map(|address| (*address, None));
    let (listener, certificate) = plain.or(secure).ok_or("this configuration has no command listener")?;
    let address = reachable(listener);
    let caller = caller(settings, line, address.ip())?;
    Ok(Way {
        address,
        host: address.to_string(),
        certificate,
        authorization: authorization(&caller.proof)?,
        timeout: settings.answer_timeout + Duration::from_secs(5),
    })
}

/// A caller of the configuration that may dial for the line from the address that this machine has there.
fn caller<'s>(settings: &'s Settings, line: &str, from: IpAddr) -> Result<&'s Caller, Box<dyn Error>> {
    let line = settings.lines.iter().map(|access| &access.line).find(|known| known.is_named_by(line));
    let line = line.ok_or("there is no such line in this configuration")?;
    let may = |caller: &&Caller| {
        caller.make_call
            && caller.lines.contains(&line.id)
            && caller.networks.iter().any(|net| net.contains(&from))
            && !matches!(caller.proof, Proof::Digest { .. })
    };
    settings.callers.iter().find(may).ok_or_else(|| {
        format!(
            "no caller of this configuration with a token, basic or auth = \"none\" may dial for line {} from {from}; add one:\n\
             [[caller]]\nname = \"command-line\"\nnetworks = [\"{from}\"]\ntoken = {{ file = \"command-line.token\" }}\n\
             lines = [\"{}\"]\ncommands = [\"make_call\"]",
            line.id, line.id
        )
        .into()
    })
}

fn authorization(proof: &Proof) -> Result<Option<SecretString>, &'static str> {
    match proof {
        Proof::Nothing => Ok(None),
        Proof::Token(token) => Ok(Some(format!("Bearer {}", token.expose_secret()).into())),
        Proof::Basic { username, password } => {
            let credentials = STANDARD.encode(format!("{username}:{}", password.expose_secret()));
            Ok(Some(format!("Basic {credentials}").into()))
        }
        Proof::Digest { .. } => Err("this command does not speak digest authentication"),
    }
}

fn certificate(identity: &Identity) -> PathBuf {
    match identity {
        Identity::Files { certificate, .. } => certificate.clone(),
        Identity::SelfSigned { dir, .. } => dir.join("self-signed.pem"),
    }
}

/// A listener on all addresses is reached on loopback.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listener.port())
}

fn request(way: &Way, line: &str, number: &str) -> Result<(u16, String), Box<dyn Error>> {
    let stream = TcpStream::connect_timeout(&way.address, Duration::from_secs(5))
        .map_err(|error| format!("no gateway answers at {}: {error}; is it running?", way.address))?;
    stream.set_read_timeout(Some(way.timeout))?;
    stream.set_write_timeout(Some(way.timeout))?;
    let head = head(way, line, number);
    match &way.certificate {
        Some(certificate) => exchange(pinned::connect(stream, certificate)?, head.expose_secret()),
        None => exchange(stream, head.expose_secret()),
    }
}

fn head(way: &Way, line: &str, number: &str) -> SecretString {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut head = format!(
        "GET /?action=make_call&target={}&line={} HTTP/1.1\r\nHost: {}\r\nAccept: text/plain\r\nConnection: close\r\n\
         User-Agent: hookswitch/{}\r\n",
        encoded(number),
        encoded(line),
        way.host,
        env!("CARGO_PKG_VERSION"),
    );
    if let Some(authorization) = &way.authorization {
        head.push_str(&format!("Authorization: {}\r\n", authorization.expose_secret()));
    }
    head.push_str("\r\n");
    head.into()
}

/// An answer longer than this is no answer of ours.
const LONGEST_ANSWER: u64 = 64 * 1024;

fn exchange(mut stream: impl Read + Write, head: &str) -> Result<(u16, String), Box<dyn Error>> {
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    // A peer that closes without close_notify has still answered.
    if let Err(error) = stream.take(LONGEST_ANSWER).read_to_end(&mut answer)
        && answer.is_empty()
    {
        return Err(format!("the gateway did not answer: {error}; whether the phone dials is not known").into());
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status =
        head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let status = status.ok_or("what answers there is no gateway: it does not speak HTTP")?;
    Ok((status, body.chars().filter(|c| !c.is_control() || *c == '\n').collect()))
}
