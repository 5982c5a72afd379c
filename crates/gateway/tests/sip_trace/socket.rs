//! The control socket itself.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use gateway::control::{self, Answer, AskError, Control, Question};
use gateway::trace::Recorder;
use tokio_util::sync::CancellationToken;

fn ask(folder: &Path) -> Result<Vec<Answer>, AskError> {
    control::ask(folder, Question::Trace { follow: false })?.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_socket_is_replaced_and_the_new_one_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = control::path(folder.path());
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(ask(folder.path()), Err(AskError::Nobody(_))));

    let stop = CancellationToken::new();
    let control = Control::open(folder.path(), Recorder::new(Some(1 << 20))).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else is left there");
    let task = tokio::spawn(control.run(stop.clone()));
    assert!(ask(folder.path()).unwrap().is_empty());

    stop.cancel();
    task.await.unwrap();
    assert!(!path.exists());
    assert!(matches!(ask(folder.path()), Err(AskError::Nobody(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_question_of_this_version_is_refused_and_what_is_not_kept_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let control = Control::open(folder.path(), Recorder::new(None)).unwrap();
    tokio::spawn(control.run(CancellationToken::new()));
    let why = ask(folder.path()).unwrap_err().to_string();
    assert!(why.contains("[sip] trace = \"off\""), "{why}");
    for question in ["{\"version\":0,\"ask\":\"trace\",\"follow\":false}", "{\"version\":1,\"ask\":\"more\"}", "no"] {
        let mut stream = UnixStream::connect(control::path(folder.path())).unwrap();
        stream.write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("another version"), "{question}: {answer}");
    }
}
