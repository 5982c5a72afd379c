//! curl, as an administrator would call it.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::office::Office;

/// The program.
#[derive(Clone)]
pub struct Curl(PathBuf);

/// What came of a request.
pub struct Answer {
    /// Of the last answer, if there were several; 0 where nobody answered.
    pub status: u16,
    /// What the phone dialled.
    pub dialled: Vec<String>,
    /// The answers, or why there is none.
    pub text: String,
}

impl Curl {
    /// `None`, with one line that says so, if there is no curl.
    pub fn find() -> Option<Self> {
        tests::peer::find("curl", "curl").map(Self)
    }

    /// Lets curl do what its arguments say; the office fills them in.
    pub async fn ask(&self, office: &mut Office, arguments: &[&str]) -> Answer {
        let output = Command::new(&self.0)
            .args(["-q", "--silent", "--show-error", "--globoff", "--noproxy", "*", "--max-time", "30"])
            .args(["--write-out", "\n%{http_code}"])
            .args(arguments.iter().map(|argument| office.fill(argument)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let (text, status) = said.rsplit_once('\n').unwrap_or_default();
        let text = format!("curl {arguments:?}: {text}{complained}");
        Answer { status: status.parse().unwrap_or_default(), dialled: office.dialled().await, text }
    }
}

impl Answer {
    /// The status, and the number that was dialled, if any, byte for byte.
    pub fn check(&self, status: u16, number: Option<&str>) {
        let expected: Vec<&str> = number.into_iter().collect();
        assert!(
            self.status == status && self.dialled == expected,
            "{} dialled {:?}, {}",
            self.status,
            self.dialled,
            self.text
        );
    }

    /// The words that must be in the answer.
    pub fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.text.contains(word), "{word:?} is not in the answer to {}", self.text);
        }
    }
}
