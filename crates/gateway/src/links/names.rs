//! What names mean: the questions of a search ([`sip::locate`]), put to the machine and to the DNS.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Hosts, TokioResolver};
use sip::locate::{Answer, Family, Naptr, Question, Search, Skip, Sockets, Srv};
use sip::{Candidate, Transport};

/// A nameserver that is silent for so long is asked once more, and then done without: forwarders of small offices drop
/// questions they do not know.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whom to ask. Clones are handles to the same, with one cache, which keeps to the TTLs of the records.
#[derive(Clone)]
pub(super) struct Names {
    /// Empty: the machine says whom.
    nameservers: Arc<[SocketAddr]>,
    /// Made when there is something to ask, and a machine without nameservers may have got some since.
    dns: Arc<OnceLock<TokioResolver>>,
}

impl Names {
    pub(super) fn new(nameservers: Arc<[SocketAddr]>) -> Self {
        Self { nameservers, dns: Arc::default() }
    }

    /// The candidates for a next hop, best first, and in words why others are not among them.
    ///
    /// # Errors
    /// Nothing can be sent to such a URI: in words for an administrator.
    pub(super) async fn find(&self, uri: &sip::Uri, sockets: Sockets) -> Result<(Vec<Candidate>, Vec<String>), String> {
        let mut search = Search::new(uri, sockets).map_err(|error| error.to_string())?;
        if search.question().is_some() {
            let hosts = tokio::task::spawn_blocking(Hosts::from_system).await;
            let hosts = hosts.ok().and_then(Result::ok).unwrap_or_default();
            // Whoever writes a name into the machine's own file means what stands there, and no service of that name.
            let is_host = !written(&hosts, search.domain()).is_empty();
            while let Some(question) = search.question() {
                let answer = match question {
                    Question::Naptr(_) if is_host => Answer::Naptr(Vec::new()),
                    Question::Srv(_) if is_host => Answer::Srv(Vec::new()),
                    Question::Naptr(name) => {
                        let found = self.records(name, RecordType::NAPTR, naptr).await;
                        found.map_or_else(Answer::Failed, Answer::Naptr)
                    }
                    Question::Srv(name) => {
                        let found = self.records(name, RecordType::SRV, srv).await;
                        found.map_or_else(Answer::Failed, Answer::Srv)
                    }
                    Question::Addresses(name) => self.addresses(name, &hosts).await,
                };
                tracing::debug!(%question, ?answer, "asked for a next hop");
                search.answer(answer, &mut lot);
            }
        }
        let (candidates, skipped) = search.finish();
        Ok((candidates, skipped.iter().map(words).collect()))
    }

    /// Where nobody else is named, addresses are asked of the machine as every program does: it may know more than the DNS.
    async fn addresses(&self, name: &str, hosts: &Hosts) -> Answer {
        let found = written(hosts, name);
        if !found.is_empty() {
            return Answer::Addresses(found);
        }
        if self.nameservers.is_empty() {
            let found = tokio::net::lookup_host((name, 0)).await.map_err(|error| error.to_string());
            return found.map_or_else(Answer::Failed, |found| Answer::Addresses(found.map(|it| it.ip()).collect()));
        }
        let ip = |data: &RData| data.ip_addr();
        let (v4, v6) = tokio::join!(self.records(name, RecordType::A, ip), self.records(name, RecordType::AAAA, ip));
        match (v4, v6) {
            (Err(why), Err(_)) => Answer::Failed(why),
            (v4, v6) => Answer::Addresses([v4, v6].into_iter().flatten().flatten().collect()),
        }
    }

    /// The records of a name; none where the DNS knows of none, or where there is no DNS.
    async fn records<R>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<R>,
    ) -> Result<Vec<R>, String> {
        let Some(dns) = self.dns() else { return Ok(Vec::new()) };
        match dns.lookup(name, kind).await {
            Ok(found) => Ok(found.answers().iter().filter_map(|record| read(&record.data)).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(format!("the nameserver does not say ({error})")),
        }
    }

    fn dns(&self) -> Option<&TokioResolver> {
        if self.dns.get().is_none() {
            match self.resolver() {
                Ok(resolver) => return Some(self.dns.get_or_init(|| resolver)),
                Err(error) => tracing::debug!(%error, "this machine has no nameserver: names are looked up without"),
            }
        }
        self.dns.get()
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match &*self.nameservers {
            [] => TokioResolver::builder_tokio()?,
            servers => TokioResolver::builder_with_config(
                ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(nameserver).collect()),
                TokioRuntimeProvider::default(),
            ),
        };
        let ResolverOpts { timeout, attempts, use_hosts_file, .. } = builder.options_mut();
        (*timeout, *attempts, *use_hosts_file) = (PATIENCE, 1, ResolveHosts::Never);
        builder.build()
    }
}

fn nameserver(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].into_iter().map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.collect())
}

fn naptr(data: &RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else { return None };
    Some(Naptr {
        order: record.order,
        preference: record.preference,
        flags: String::from_utf8_lossy(&record.flags).into_owned(),
        service: String::from_utf8_lossy(&record.services).into_owned(),
        replacement: bare(&record.replacement),
    })
}

fn srv(data: &RData) -> Option<Srv> {
    let RData::SRV(record) = data else { return None };
    Some(Srv { priority: record.priority, weight: record.weight, port: record.port, target: bare(&record.target) })
}

/// The addresses that the machine's own file gives a name.
fn written(hosts: &Hosts, name: &str) -> Vec<IpAddr> {
    let Ok(name) = Name::from_ascii(name) else { return Vec::new() };
    let kinds = [RecordType::A, RecordType::AAAA];
    let found = kinds.into_iter().filter_map(|kind| hosts.lookup_static_host(&Query::query(name.clone(), kind)));
    found
        .flat_map(|found| found.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
        .collect()
}

/// A name without the dot of the root at its end; nothing for the root itself.
fn bare(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}

/// A number from 0 to `most`.
fn lot(most: u32) -> u32 {
    // Without random numbers the first target is as good as any.
    let random = getrandom::u64().unwrap_or_default();
    u32::try_from(random % (u64::from(most) + 1)).unwrap_or_default()
}

fn words(skip: &Skip) -> String {
    match skip {
        Skip::NoSocket { transport: Transport::Tls, .. } => {
            "TLS is offered there, and this link has no `tls` that says whom to believe".into()
        }
        Skip::NoSocket { transport, family } => {
            let transport = transport.name().to_ascii_lowercase();
            let any = if *family == Family::Ipv6 { "[::]" } else { "0.0.0.0" };
            format!("[sip] listen has no {transport} address for {family}: add one, like \"{transport}:{any}:5060\"")
        }
        Skip::NoAddress(_) | Skip::NotOffered(_) | Skip::Failed(..) => skip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // tests

    use std::net::Ipv4Addr;

    use sip::locate::Families;

    use super::*;

    const IPV4: Families = Families { ipv4: true, ipv6: false };

    /// A name in the machine's own file needs no DNS, and has none of its services: also where a nameserver is given, which
    /// here is nobody.
    #[tokio::test]
    async fn the_machines_own_file_comes_first() {
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        for nameservers in [Vec::new(), vec![nobody]] {
            let names = Names::new(nameservers.into());
            let sockets = Sockets { udp: IPV4, ..Sockets::default() };
            let (candidates, _) = names.find(&"sip:987@localhost".parse().unwrap(), sockets).await.unwrap();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
            assert_eq!(candidates, [Candidate { transport: Transport::Udp, address }]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_nameserver_that_is_silent_is_named() {
        let silent = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let names = Names::new([silent.local_addr().unwrap()].into());
        let sockets = Sockets { udp: IPV4, ..Sockets::default() };
        let found = names.find(&"sip:987@phone.test:5060".parse().unwrap(), sockets).await.unwrap();
        assert_eq!(found.0, []);
        assert!(found.1[0].starts_with("phone.test: the nameserver does not say ("), "{:?}", found.1);
    }

    #[test]
    fn every_lot_is_within_its_bound() {
        assert!((0..1000).all(|most| lot(most) <= most));
        assert!((0..1000).any(|_| lot(1) == 1) && (0..1000).any(|_| lot(1) == 0));
    }
}
