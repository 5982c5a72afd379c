//! The messages as packets: classic pcap, with the IP, UDP and TCP headers that they had, or would have had without TLS.
//!
//! Ports and addresses are those of the flow, so that filters work as on a real capture. What came inside TLS stands in
//! plain TCP segments: tshark and sngrep read it like any other SIP, where the link type for single protocol units is
//! known to Wireshark alone. Each stream's sequence numbers have no gaps, whatever is missing between two messages.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use etherparse::{IpHeaders, PacketBuilder, PacketBuilderStep};
use sip::Transport;

use super::{Entry, What};

/// Classic pcap with nanoseconds.
const MAGIC: u32 = 0xa1b2_3c4d;

/// Packets begin with their IP header.
const LINKTYPE_RAW: u32 = 101;

/// No packet is longer.
const SNAPLEN: u32 = 262_144;

/// A message of a stream is cut into segments of at most so many bytes.
const SEGMENT: usize = 32 * 1024;

/// A capture that is being written.
pub struct Pcap<W> {
    out: W,
    /// Where each stream stands: the next byte that we send, and the next that the peer sends.
    streams: HashMap<(SocketAddr, SocketAddr), (u32, u32)>,
}

impl<W: Write> Pcap<W> {
    /// Begins a capture.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(mut out: W) -> io::Result<Self> {
        for word in [MAGIC, 0x0004_0002, 0, 0, SNAPLEN, LINKTYPE_RAW] {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self { out, streams: HashMap::new() })
    }

    /// Adds a message.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let flow = entry.flow;
        let (from, to, bytes, ours) = match &entry.what {
            What::Received(bytes) => (flow.remote, flow.local, bytes, false),
            What::Sent(bytes) => (flow.local, flow.remote, bytes, true),
            What::Failed => return Ok(()),
        };
        match flow.transport {
            Transport::Udp => {
                let packet = ip(from.ip(), to.ip()).udp(from.port(), to.port());
                let mut buffer = Vec::with_capacity(packet.size(bytes.len()));
                // One that fits no datagram was not sent either.
                if packet.write(&mut buffer, bytes).is_ok() {
                    self.record(entry, &buffer)?;
                }
            }
            Transport::Tcp | Transport::Tls => {
                for segment in bytes.chunks(SEGMENT) {
                    let next = self.streams.entry((flow.local, flow.remote)).or_insert((1, 1));
                    let (mine, other) = if ours { (&mut next.0, next.1) } else { (&mut next.1, next.0) };
                    let packet = ip(from.ip(), to.ip()).tcp(from.port(), to.port(), *mine, u16::MAX).psh().ack(other);
                    *mine = mine.wrapping_add(u32::try_from(segment.len()).unwrap_or_default());
                    let mut buffer = Vec::with_capacity(packet.size(segment.len()));
                    packet.write(&mut buffer, segment).map_err(io::Error::other)?;
                    self.record(entry, &buffer)?;
                }
            }
        }
        Ok(())
    }

    /// Hands over what was written.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn record(&mut self, entry: &Entry, packet: &[u8]) -> io::Result<()> {
        let seconds = u32::try_from(entry.at.as_second()).unwrap_or_default();
        let nanoseconds = u32::try_from(entry.at.subsec_nanosecond()).unwrap_or_default();
        let length = u32::try_from(packet.len()).unwrap_or_default();
        for word in [seconds, nanoseconds, length, length] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(packet)
    }
}

fn ip(from: IpAddr, to: IpAddr) -> PacketBuilderStep<IpHeaders> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), 64),
        (from, to) => PacketBuilder::ipv6(mapped(from).octets(), mapped(to).octets(), 64),
    }
}

fn mapped(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}
