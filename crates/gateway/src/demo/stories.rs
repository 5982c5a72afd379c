//! What happens to the phones of the demonstration, and which action URLs must come of it.

use std::net::SocketAddr;
use std::time::Duration;

use simulator::Handset;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PHONES, Received, TOKEN};

/// The phones, and where the gateway takes commands.
pub(super) struct World {
    pub(super) phones: Vec<Handset>,
    pub(super) commands: SocketAddr,
}

/// One call's life.
pub(super) struct Story {
    pub(super) title: &'static str,
    plot: Plot,
    /// The values of `action`, `direction`, `local`, `remote`, `hold` and `result`.
    pub(super) expected: &'static [[&'static str; 6]],
}

#[derive(Clone, Copy)]
enum Plot {
    InboundAnswered,
    InboundMissed,
    Outbound,
    Held,
}

/// What the demonstration plays.
pub(super) const STORIES: [Story; 4] = [
    Story {
        title: "Erika calls 987, is answered, and hangs up",
        plot: Plot::InboundAnswered,
        expected: &[
            ["inbound", "inbound", "987@example.com", "+493012345678", "off_hold", ""],
            ["connected", "inbound", "987@example.com", "+493012345678", "off_hold", ""],
            ["disconnected", "inbound", "987@example.com", "+493012345678", "off_hold", "answered"],
        ],
    },
    Story {
        title: "somebody calls 988 and gives up",
        plot: Plot::InboundMissed,
        expected: &[
            ["inbound", "inbound", "988@example.com", "01715550123", "off_hold", ""],
            ["disconnected", "inbound", "988@example.com", "01715550123", "off_hold", "missed"],
        ],
    },
    Story {
        title: "a command URL makes 987 dial, and the call is answered",
        plot: Plot::Outbound,
        expected: &[
            ["outbound", "outbound", "987@example.com", "03055501234", "off_hold", ""],
            ["connected", "outbound", "987@example.com", "03055501234", "off_hold", ""],
            ["disconnected", "outbound", "987@example.com", "03055501234", "off_hold", "answered"],
        ],
    },
    Story {
        title: "988 puts a caller on hold and comes back",
        plot: Plot::Held,
        expected: &[
            ["inbound", "inbound", "988@example.com", "03098765432", "off_hold", ""],
            ["connected", "inbound", "988@example.com", "03098765432", "off_hold", ""],
            ["hold", "inbound", "988@example.com", "03098765432", "on_hold", ""],
            ["hold", "inbound", "988@example.com", "03098765432", "off_hold", ""],
            ["disconnected", "inbound", "988@example.com", "03098765432", "off_hold", "answered"],
        ],
    },
];

impl Story {
    pub(super) async fn play(&self, world: &World) {
        let [first, second] = [&world.phones[0], &world.phones[1]];
        match self.plot {
            Plot::InboundAnswered => {
                let call = first.ring("+493012345678", Some("Erika Mustermann"));
                pause(300).await;
                first.answer(call);
                pause(1200).await;
                first.caller_hangs_up(call);
            }
            Plot::InboundMissed => {
                let call = second.ring("01715550123", None);
                pause(500).await;
                second.caller_hangs_up(call);
            }
            Plot::Outbound => {
                if world.make_call(PHONES[0], "03055501234").await {
                    let call = first.wait_dialled().await;
                    pause(1500).await;
                    first.hang_up(call);
                }
            }
            Plot::Held => {
                let call = second.ring("03098765432", Some("Jörg & Söhne"));
                pause(200).await;
                second.answer(call);
                pause(400).await;
                second.hold(call);
                pause(600).await;
                second.retrieve(call);
                pause(200).await;
                second.hang_up(call);
            }
        }
    }

    /// All and only the expected URLs, in order, of one and the same call.
    pub(super) fn check(&self, arrived: &[Received]) -> Result<(), String> {
        if arrived.len() != self.expected.len() {
            return Err(format!("{} URLs arrived, {} should have", arrived.len(), self.expected.len()));
        }
        for (received, expected) in arrived.iter().zip(self.expected) {
            let got = ["action", "direction", "local", "remote", "hold", "result"].map(|key| received.value(key));
            if got.iter().map(String::as_str).ne(expected.iter().copied()) {
                return Err(format!("{got:?} arrived, {expected:?} should have"));
            }
            if received.value("call") != arrived[0].value("call") {
                return Err("the URLs name two calls".into());
            }
        }
        Ok(())
    }
}

impl World {
    /// Dials through the gateway's command URL; whether the phone took it.
    async fn make_call(&self, line: &str, number: &str) -> bool {
        let request = format!(
            "GET /?action=make_call&target={number}&line={line}&token={TOKEN} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.commands
        );
        let asked = async {
            let mut stream = TcpStream::connect(self.commands).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        match asked.await {
            Ok(answer) => {
                let status = answer.lines().next().unwrap_or_default();
                super::say(&format!("make_call: {status}"));
                status.contains(" 200 ")
            }
            Err(error) => {
                super::say(&format!("make_call: {error}"));
                false
            }
        }
    }

    /// Ends calls that whoever watches has dialled, so that the phones do not talk for ever.
    pub(super) async fn hang_up_what_was_dialled(&self) {
        loop {
            let [first, second] = [&self.phones[0], &self.phones[1]];
            let (phone, call) = tokio::select! {
                call = first.wait_dialled() => (first, call),
                call = second.wait_dialled() => (second, call),
            };
            pause(4000).await;
            phone.hang_up(call);
        }
    }
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
