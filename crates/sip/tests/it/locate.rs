//! The searches under `fixtures/sip/locate`: a zone, a URI and our sockets, and below `---` what is asked and found.
//!
//! `UPDATE_FIXTURES=1 cargo test -p sip --test it locate` writes the lower halves anew; read the difference before you keep it.

use std::collections::VecDeque;
use std::fmt::Write;
use std::path::PathBuf;

use sip::locate::{Answer, Families, Naptr, Question, Search, Sockets, Srv};

#[test]
fn every_zone_leads_where_it_says() {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fixtures/sip/locate"].iter().collect();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    files.iter().for_each(check);
}

fn check(file: &PathBuf) {
    let text = std::fs::read_to_string(file).unwrap();
    let (zone, expected) = text.split_once("---\n").unwrap_or((&text, ""));
    let found = Zone::read(zone).search();
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(file, format!("{zone}---\n{found}")).unwrap();
    } else {
        assert_eq!(found, expected, "{}", file.display());
    }
}

/// The upper half of a file.
struct Zone<'a> {
    uri: &'a str,
    sockets: Sockets,
    random: VecDeque<u32>,
    /// Name, type, and the rest of the line.
    records: Vec<(&'a str, &'a str, Vec<&'a str>)>,
}

impl<'a> Zone<'a> {
    fn read(text: &'a str) -> Self {
        let both = Families { ipv4: true, ipv6: true };
        let sockets = Sockets { udp: both, tcp: both, tls: both };
        let mut zone = Self { uri: "", sockets, random: VecDeque::new(), records: Vec::new() };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<_> = line.split_whitespace().collect();
            match words.as_slice() {
                ["uri", uri] => zone.uri = uri,
                ["sockets", named @ ..] => {
                    let of = |transport: &str| Families {
                        ipv4: named.contains(&format!("{transport}4").as_str()),
                        ipv6: named.contains(&format!("{transport}6").as_str()),
                    };
                    zone.sockets = Sockets { udp: of("udp"), tcp: of("tcp"), tls: of("tls") };
                }
                ["random", numbers @ ..] => zone.random = numbers.iter().map(|it| it.parse().unwrap()).collect(),
                [name, kind, rest @ ..] => zone.records.push((name, kind, rest.to_vec())),
                _ => panic!("{line}"),
            }
        }
        zone
    }

    fn search(mut self) -> String {
        let mut told = String::new();
        let mut search = match Search::new(&self.uri.parse().unwrap(), self.sockets) {
            Ok(search) => search,
            Err(error) => return format!("refused: {error}\n"),
        };
        while let Some(question) = search.question() {
            writeln!(told, "? {question}").unwrap();
            let answer = self.answer(question);
            search.answer(answer, &mut |most| {
                let lot = self.random.pop_front().expect("a `random` line with more numbers");
                assert!(lot <= most, "{lot} of {most}");
                lot
            });
        }
        let (candidates, skipped) = search.finish();
        candidates.iter().for_each(|candidate| writeln!(told, "{candidate}").unwrap());
        skipped.iter().for_each(|skip| writeln!(told, "- {skip}").unwrap());
        told
    }

    fn answer(&self, question: Question<'_>) -> Answer {
        let name = match question {
            Question::Naptr(name) | Question::Srv(name) | Question::Addresses(name) => name,
        };
        let of = |kinds: &'a [&'a str]| {
            self.records
                .iter()
                .filter(move |record| record.0 == name && kinds.contains(&record.1))
                .map(|record| &record.2)
        };
        if let Some(why) = of(&["FAILS"]).next() {
            return Answer::Failed(why.join(" "));
        }
        match question {
            Question::Naptr(_) => Answer::Naptr(of(&["NAPTR"]).map(|words| naptr(words)).collect()),
            Question::Srv(_) => Answer::Srv(of(&["SRV"]).map(|words| srv(words)).collect()),
            Question::Addresses(_) => {
                Answer::Addresses(of(&["A", "AAAA"]).map(|words| words[0].parse().unwrap()).collect())
            }
        }
    }
}

/// `order preference "flags" "service" "regexp" replacement`, as zones are written.
fn naptr(words: &[&str]) -> Naptr {
    let bare = |word: &str| word.trim_matches('"').to_owned();
    Naptr {
        order: words[0].parse().unwrap(),
        preference: words[1].parse().unwrap(),
        flags: bare(words[2]),
        service: bare(words[3]),
        replacement: bare(words[5]),
    }
}

/// `priority weight port target`
fn srv(words: &[&str]) -> Srv {
    Srv {
        priority: words[0].parse().unwrap(),
        weight: words[1].parse().unwrap(),
        port: words[2].parse().unwrap(),
        target: words[3].to_owned(),
    }
}
