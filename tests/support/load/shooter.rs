//! INFO requests written by hand, as fast as they are answered: what sends them must cost less than what takes them.

use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::Crowd;

/// Our branches, which tell answers from everything else.
const BRANCH: &str = "z9hG4bK-load-";

/// What was sent and has no answer by then is taken for lost, and the next one goes out.
const LOST: Duration = Duration::from_millis(500);

/// Phones that each have one INFO under way.
pub struct Shooter {
    socket: UdpSocket,
    target: SocketAddr,
    /// The phones of a gateway, which answer what it asks.
    crowd: Option<Crowd>,
    lines: Vec<Line>,
    /// Messages are filled up to this length.
    length: usize,
    buffer: Vec<u8>,
    message: String,
}

/// One phone's dialog, and the last number it used.
struct Line {
    user: usize,
    /// The request line, and the headers that stay the same.
    uri: String,
    headers: String,
    number: usize,
}

impl Shooter {
    /// So many phones without dialogs, for a target that wants none.
    ///
    /// # Panics
    /// There is no socket.
    #[must_use]
    pub fn strangers(phones: usize, target: SocketAddr, length: usize) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a UDP port");
        let line = |n: usize| {
            let headers = format!(
                "From: <sip:{n}@127.0.0.1>;tag=a{n}\r\nTo: <sip:hookswitch@127.0.0.1>;tag=b{n}\r\nCall-ID: {n}@load\r\n"
            );
            Line { user: n, uri: format!("sip:hookswitch@{target}"), headers, number: 0 }
        };
        Self::of(socket, target, None, (1000..1000 + phones).map(line).collect(), length)
    }

    /// The phones of a crowd whose links are up.
    ///
    /// # Panics
    /// A dialog is not up, or the crowd is not on UDP.
    #[must_use]
    pub fn phones(crowd: Crowd, length: usize) -> Self {
        let socket = crowd.wire().socket().try_clone().expect("the same socket");
        let mut target = None;
        let lines = crowd.dialogs().map(|(dialog, user)| {
            let remembered = crowd.remember(dialog).expect("a dialog that is up");
            let words: Vec<&str> = remembered.split(' ').collect();
            let &[_, _, _, there, tag, their_tag, call_id, _, local, remote, uri, ..] = &words[..] else {
                panic!("a dialog in another form: {remembered}")
            };
            target = Some(there.parse().expect("an address"));
            let headers =
                format!("From: <{local}>;tag={tag}\r\nTo: <{remote}>;tag={their_tag}\r\nCall-ID: {call_id}\r\n");
            Line { user, uri: uri.to_owned(), headers, number: 0 }
        });
        let lines = lines.collect();
        Self::of(socket, target.expect("a phone"), Some(crowd), lines, length)
    }

    fn of(socket: UdpSocket, target: SocketAddr, crowd: Option<Crowd>, lines: Vec<Line>, length: usize) -> Self {
        Self { socket, target, crowd, lines, length, buffer: vec![0; 65_535], message: String::new() }
    }

    /// Each phone sends its next event as soon as the last one is answered; says how many were. `event` is told the user
    /// and the number of the event, which counts up with each phone.
    pub fn shoot(&mut self, length: Duration, event: impl Fn(usize, usize) -> String) -> usize {
        let mut answered = 0;
        let end = Instant::now() + length;
        (0..self.lines.len()).for_each(|place| self.send(place, &event));
        while Instant::now() < end {
            match self.receive(Instant::now() + LOST) {
                Some(Some((place, number))) if self.lines[place].number == number => {
                    answered += 1;
                    self.send(place, &event);
                }
                Some(_) => {}
                None => (0..self.lines.len()).for_each(|place| self.send(place, &event)),
            }
        }
        // Answers that come late must not be counted the next time.
        while self.receive(Instant::now() + LOST / 5).is_some() {}
        answered
    }

    /// Sends one event in its time, whether others were answered or not.
    pub fn send(&mut self, place: usize, event: &impl Fn(usize, usize) -> String) {
        let line = &mut self.lines[place];
        line.number += 1;
        let (number, text) = (line.number, event(line.user, line.number));
        self.message.clear();
        let port = self.socket.local_addr().map_or(0, |address| address.port());
        let _ = write!(
            self.message,
            "INFO {} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch={BRANCH}{place}-{number}-;rport\r\n{}\
             CSeq: {number} INFO\r\nMax-Forwards: 70\r\nContent-Type: application/csta+xml\r\n\
             Content-Disposition: signal;handling=required\r\nContent-Length: {}\r\nUser-Agent: Phone",
            line.uri,
            line.headers,
            text.len(),
        );
        let missing = self.length.saturating_sub(self.message.len() + 4 + text.len());
        self.message.extend(std::iter::repeat_n('.', missing));
        self.message.push_str("\r\n\r\n");
        self.message.push_str(&text);
        let _ = self.socket.send_to(self.message.as_bytes(), self.target);
    }

    /// Receives until then. What is not for us is the crowd's.
    pub fn serve(&mut self, until: Instant) {
        while self.receive(until).is_some() {}
    }

    /// The number that a phone's next event will have.
    #[must_use]
    pub fn next_number(&self, place: usize) -> usize {
        self.lines[place].number + 1
    }

    /// One message: which phone's which event it answers, if it does.
    fn receive(&mut self, until: Instant) -> Option<Option<(usize, usize)>> {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        self.socket.set_read_timeout(Some(left)).ok()?;
        let (length, remote) = self.socket.recv_from(&mut self.buffer).ok()?;
        let answered = answered(&self.buffer[..length]);
        if let (None, Some(crowd)) = (answered, &mut self.crowd) {
            let local = self.socket.local_addr().ok()?;
            let flow = sip::Flow { transport: sip::Transport::Udp, local, remote };
            crowd.take(flow, &self.buffer[..length]);
        }
        Some(answered)
    }
}

/// The place and the number in a branch of ours, which stands in the second line.
fn answered(message: &[u8]) -> Option<(usize, usize)> {
    let head = std::str::from_utf8(message.get(..message.len().min(300))?).ok()?;
    let mut words = head.split_once(BRANCH)?.1.split('-');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
