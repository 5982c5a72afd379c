//! `hookswitch demo`: the whole way with two simulated phones, nothing installed and nothing configured.
//!
//! The phones speak real uaCSTA over SIP on loopback; the gateway is the daemon itself with a store of its own; a
//! receiver prints each action URL as it arrives.

mod receiver;
mod stories;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use simulator::{Handset, PhoneConfig};

use self::receiver::{Received, Receiver};
use self::stories::{STORIES, World};
use crate::config::Config;
use crate::run::Gateway;

/// What the demonstration can be told.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Play each story once, check what arrived, and end.
    pub once: bool,
    /// The port of the command listener on 127.0.0.1; 0 takes a free one.
    pub port: u16,
}

/// Why the demonstration did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No socket, no folder.
    #[error("the demonstration cannot start: {0}")]
    Io(#[from] std::io::Error),
    /// Its configuration is refused.
    #[error("the demonstration's own configuration is refused: {0}")]
    Config(#[from] crate::config::ConfigError),
    /// The gateway does not start or failed.
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
    /// Something took too long.
    #[error("{0} did not happen within {1:?}")]
    Late(&'static str, Duration),
    /// What arrived is not what should have.
    #[error("{0} of the stories went otherwise than they should")]
    Wrong(usize),
}

/// The token of the one caller that the demonstration knows. No secret: it dials simulated phones on loopback.
const TOKEN: &str = "demo";

/// The numbers of the two phones.
const PHONES: [&str; 2] = ["987", "988"];

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// In the endless demonstration a story begins so often.
const PAUSE: Duration = Duration::from_secs(6);

/// Runs the demonstration: once, or until Ctrl-C.
///
/// # Errors
/// It cannot start, or (once) other URLs arrived than should have.
pub async fn demo(options: Options) -> Result<(), DemoError> {
    let folder = Folder::create()?;
    let mut receiver = Receiver::start().await?;
    let mut phones = Vec::new();
    for number in PHONES {
        let persona = PhoneConfig { auto_far_answer: Some(Duration::from_millis(600)), ..PhoneConfig::new(number) };
        phones.push(Handset::udp(persona).await?);
    }
    let file = folder.path.join("hookswitch.toml");
    std::fs::write(&file, configuration(&folder.path, options.port, receiver.address(), &phones))?;
    let gateway = Gateway::start(Config::load(&file)?).await?;
    let commands = gateway.http.first().copied().unwrap_or(receiver.address());
    for phone in &phones {
        within("the session with a phone", phone.wait_monitored()).await?;
    }
    let world = World { phones, commands };
    let stop = gateway.stopper();
    let done = if options.once {
        play_once(&world, &mut receiver).await
    } else {
        introduce(&file, &world);
        play_on(&world, &mut receiver).await
    };
    stop.cancel();
    gateway.ended().await?;
    done
}

/// Each story once; all and only its URLs must arrive, in order.
async fn play_once(world: &World, receiver: &mut Receiver) -> Result<(), DemoError> {
    let mut wrong = 0;
    for story in STORIES {
        say(&format!("── {}", story.title));
        within("a story", story.play(world)).await?;
        let mut arrived = Vec::new();
        while arrived.len() < story.expected.len() {
            let received = within("an action URL", receiver.next()).await?;
            say(&received.line());
            arrived.push(received);
        }
        // What comes too much comes right behind.
        while let Ok(received) = tokio::time::timeout(Duration::from_millis(400), receiver.next()).await {
            say(&received.line());
            arrived.push(received);
        }
        if let Err(fault) = story.check(&arrived) {
            say(&format!("!! {fault}"));
            wrong += 1;
        }
    }
    if wrong > 0 {
        return Err(DemoError::Wrong(wrong));
    }
    say("All action URLs arrived, no others did, and each call's came in order.");
    Ok(())
}

/// One story after the other until Ctrl-C; whatever else happens on the phones is shown as well.
async fn play_on(world: &World, receiver: &mut Receiver) -> Result<(), DemoError> {
    let stories = async {
        for story in STORIES.iter().cycle() {
            tokio::time::sleep(PAUSE).await;
            say(&format!("── {}", story.title));
            story.play(world).await;
        }
    };
    tokio::select! {
        () = stories => {}
        () = show(receiver) => {}
        () = world.hang_up_what_was_dialled() => {}
        _ = tokio::signal::ctrl_c() => say("Good-bye."),
    }
    Ok(())
}

async fn show(receiver: &mut Receiver) {
    loop {
        say(&receiver.next().await.line());
    }
}

fn introduce(file: &Path, world: &World) {
    let commands = world.commands;
    say(&format!(
        "Two phones, {} and {}, are monitored over uaCSTA. Every {PAUSE:?} something happens to one of",
        PHONES[0], PHONES[1]
    ));
    say("them; each line below is an action URL as the receiver got it.");
    say("");
    say("Make a phone dial:");
    say(&format!("    curl 'http://{commands}/?action=make_call&target=03055512345&line={}&token={TOKEN}'", PHONES[0]));
    say("The same as a Yealink phone would take it:");
    say(&format!("    curl 'http://{commands}/servlet?key=number=03055512345&line={}&token={TOKEN}'", PHONES[1]));
    say(&format!("The configuration of this demonstration: {}", file.display()));
    say("Ctrl-C ends it.");
    say("");
}

/// What an administrator would write for these phones.
fn configuration(folder: &Path, port: u16, receiver: SocketAddr, phones: &[Handset]) -> String {
    let mut text = format!(
        r#"state_dir = {state:?}
numbering = {{ country = "DE", area = "30" }}

[sip]
listen = ["udp:127.0.0.1:0"]

[[action_url]]
on  = ["inbound", "outbound", "connected", "hold", "disconnected"]
url = "http://{receiver}/crm?action=<$action>&direction=<$call_direction>&local=<$local_party>&remote=<$remote_party>&name=<$remote_alias>&hold=<$hold_state>&seconds=<$call_duration_seconds>&result=<$call_result>&call=<$call_guid>"
allow = ["127.0.0.0/8"]

[commands]
enabled   = true
listen    = ["127.0.0.1:{port}"]
make_call = {{ enabled = true }}

[[caller]]
name     = "demo"
networks = ["127.0.0.0/8"]
token    = "{TOKEN}"
lines    = ["987", "988"]
commands = ["make_call"]
"#,
        state = folder.join("state"),
    );
    for (number, phone) in PHONES.iter().zip(phones) {
        let uri = phone.uri();
        text += &format!(
            "\n[[link]]\nname = \"desk-{number}\"\nkind = \"uacsta\"\nuri  = \"{uri}\"\n\n\
             [[line]]\nnumber = \"{number}\"\ndomain = \"example.com\"\nlink   = \"desk-{number}\"\n"
        );
    }
    text
}

async fn within<T>(what: &'static str, future: impl Future<Output = T>) -> Result<T, DemoError> {
    tokio::time::timeout(PATIENCE, future).await.map_err(|_| DemoError::Late(what, PATIENCE))
}

/// One line for whoever watches; that nobody watches any more is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A folder of its own for the demonstration, removed when it ends.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn create() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("hookswitch-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
