//! A headless Chromium, told what to do over its debugging pipe (Chrome DevTools Protocol).

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::peer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// So long Chromium may think about anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser with a profile of its own, and one tab at a time. Dropped, it is killed.
pub struct Chromium {
    process: Child,
    commands: ChildStdin,
    messages: BufReader<ChildStdout>,
    _profile: TempDir,
    /// The id of the last command.
    last: u64,
    /// The session with the tab, and its frame.
    tab: Option<String>,
    frame: Value,
    /// The status of the last answer to a navigation of the tab.
    status: Option<u16>,
}

impl Chromium {
    /// `None`, with one line that says so, if there is no Chromium.
    pub async fn start() -> Option<Self> {
        let program = peer::find("chromium", "chromium")?;
        let profile = tempfile::tempdir().unwrap();
        let mut process = spawn(&program, profile.path());
        let (commands, messages) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        Some(Self {
            process,
            commands,
            messages,
            _profile: profile,
            last: 0,
            tab: None,
            frame: Value::Null,
            status: None,
        })
    }

    /// Types a URL into a new tab, and waits until the page and all that belongs to it are there, or until the page has
    /// closed its tab. The status of the answer.
    pub async fn visit(&mut self, url: &str) -> u16 {
        self.tab = None;
        let target = self.command("Target.createTarget", json!({ "url": "about:blank" })).await;
        self.frame = target["targetId"].clone();
        let attach = json!({ "targetId": self.frame, "flatten": true });
        let attached = self.command("Target.attachToTarget", attach).await;
        self.tab = Some(attached["sessionId"].as_str().unwrap().to_owned());
        self.command("Network.enable", json!({})).await;
        self.command("Page.enable", json!({})).await;
        self.command("Page.bringToFront", json!({})).await;
        self.status = None;
        self.send("Page.navigate", json!({ "url": url })).await;
        self.loaded().await
    }

    /// The page itself goes elsewhere. The status of the answer that it meets there.
    pub async fn led_to(&mut self, url: &str) -> u16 {
        self.status = None;
        self.evaluate(&format!("void (location = {url:?})")).await;
        self.loaded().await
    }

    /// The user presses Enter as soon as the page takes keys, and something is loaded. The status of the answer.
    pub async fn press_enter(&mut self) -> u16 {
        let focused = "new Promise(function wait(done) {
            document.activeElement === document.body ? requestAnimationFrame(() => wait(done)) : done();
        })";
        self.evaluate(focused).await;
        self.status = None;
        let key =
            json!({ "type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r" });
        self.command("Input.dispatchKeyEvent", key).await;
        self.loaded().await
    }

    /// What a script of the page yields, when its promise has come true.
    pub async fn evaluate(&mut self, script: &str) -> Value {
        let evaluate = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.command("Runtime.evaluate", evaluate).await;
        assert_eq!(answer["exceptionDetails"], Value::Null, "{script}");
        answer["result"]["value"].take()
    }

    /// Ends the browser in order, so that nothing of it is left.
    pub async fn close(mut self) {
        self.tab = None;
        self.send("Browser.close", json!({})).await;
        within("end", self.process.wait()).await.unwrap();
    }

    /// A page without an answer to a challenge is an error to Chromium, and has a status nevertheless.
    async fn loaded(&mut self) -> u16 {
        loop {
            let message = self.message().await;
            let error = &message["result"]["errorText"];
            let event = message["method"].as_str().filter(|_| self.is_of_tab(&message));
            let ended = !error.is_null() || matches!(event, Some("Page.loadEventFired" | "Inspector.detached"));
            match self.status {
                Some(status) if ended => return status,
                _ => assert!(error.is_null(), "the page cannot be loaded: {error}"),
            }
        }
    }

    /// Sends a command, to the tab if there is one, and waits for its result.
    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.send(method, parameters).await;
        loop {
            let mut message = self.message().await;
            if message["id"] == self.last {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
        }
    }

    async fn send(&mut self, method: &str, parameters: Value) {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(tab) = &self.tab {
            command["sessionId"] = json!(tab);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).await.unwrap();
    }

    async fn message(&mut self) -> Value {
        let mut message = Vec::new();
        within("say something", self.messages.read_until(0, &mut message)).await.unwrap();
        let message: Value = serde_json::from_slice(message.strip_suffix(&[0]).expect("Chromium has ended")).unwrap();
        let answer = &message["params"];
        let is_page = answer["type"] == "Document" && answer["frameId"] == self.frame;
        if message["method"] == "Network.responseReceived" && is_page {
            self.status = answer["response"]["status"].as_u64().and_then(|status| status.try_into().ok());
        }
        message
    }

    fn is_of_tab(&self, message: &Value) -> bool {
        self.tab.as_deref() == message["sessionId"].as_str()
    }
}

/// With a pipe for commands (3) and one for messages (4), each message with a NUL at its end.
fn spawn(program: &Path, profile: &Path) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh"]).arg(program);
    command.args(["--remote-debugging-pipe", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]);
    command.args(["--no-first-run", "--disable-background-networking", "--disable-component-update"]);
    command.args(["--disable-sync", "--disable-breakpad", "--no-proxy-server"]);
    // The gateway's certificate is its own.
    command.arg("--ignore-certificate-errors").arg(format!("--user-data-dir={}", profile.display()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("Chromium does not {what}"))
}
