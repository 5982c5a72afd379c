//! Every file of `fixtures/config`, the example and every block of the documentation, loaded like an administrator's.
//!
//! A fixture is a TOML file with the exact text of its findings beside it (for a good one also its summary).
//! `UPDATE_FIXTURES=1 cargo test -p gateway --test config` writes those texts anew; read the difference before you keep it.

#![allow(clippy::unwrap_used, reason = "a test panics on purpose")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use gateway::config::Config;
use tempfile::TempDir;

/// A file whose name begins like this is readable by everybody; all others are mode 0600.
const EXPOSED: &str = "exposed";

/// No secret of `fixtures/config/surroundings` or of [`env`] may show up anywhere.
const CANARY: &str = "canary";

#[test]
fn good_files_load() {
    each("good", |text| {
        let config = text.expect("a good file loads");
        assert!(!format!("{config:?}").contains(CANARY), "a secret in Debug");
        let warnings: String = config.warnings.iter().map(ToString::to_string).collect();
        format!("{warnings}{}\n", config.summary())
    });
}

#[test]
fn bad_files_are_refused() {
    each("bad", |text| text.map(|config| config.summary()).expect_err("a bad file is refused"));
}

#[test]
fn the_example_loads() {
    let dir = surroundings();
    let text = fs::read_to_string(root().join("examples/hookswitch.toml")).unwrap();
    load(&dir, "hookswitch.toml", &text).unwrap();
}

#[test]
fn the_unit_makes_the_state_dir_of_the_example() {
    let read = |name: &str| fs::read_to_string(root().join("examples").join(name)).unwrap();
    let (unit, config) = (read("hookswitch.service"), read("hookswitch.toml"));
    let folder = unit.lines().find_map(|line| line.strip_prefix("StateDirectory=")).unwrap();
    assert!(config.contains(&format!("state_dir = \"/var/lib/{folder}\"")), "{folder}");
}

#[test]
fn every_block_of_the_documentation_loads() {
    for (page, least) in [("docs/configuration.md", 8), ("README.md", 1)] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
        let blocks: Vec<&str> = blocks.map(|(block, _)| block).collect();
        assert!(blocks.len() >= least, "{page} has blocks");
        for block in blocks {
            let dir = surroundings();
            if let Err(error) = load(&dir, "block.toml", block) {
                panic!("this block of {page} does not load:\n{block}\n{error}");
            }
        }
    }
}

#[test]
fn the_documentation_names_every_key() {
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let raw = fs::read_to_string(root().join("crates/gateway/src/config/raw.rs")).unwrap();
    let fields = raw.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(": "));
    let fields = fields.map(|(name, _)| name.trim_start_matches("r#")).filter(|name| !name.contains(' '));
    let keys: Vec<&str> = fields.collect();
    assert!(keys.len() >= 80, "{} keys", keys.len());
    for key in keys {
        // In a table, or in the braces of an example.
        let forms = ["`KEY`", ".KEY`", " KEY = ", "`[KEY]`", "`[[KEY]]`"].map(|form| form.replace("KEY", key));
        assert!(forms.iter().any(|form| page.contains(form)), "docs/configuration.md lacks the key `{key}`");
    }
}

#[test]
fn the_documentation_names_every_dialect() {
    for page in ["docs/configuration.md", "docs/phones.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for name in session::Dialect::names().filter(|name| *name != "generic") {
            assert!(
                text.contains(&format!("\"{name}\"")) || text.contains(&format!("`{name}`")),
                "{page} lacks {name}"
            );
        }
    }
}

/// Loads every file of a folder of fixtures and compares what `tell` makes of it with the text beside it.
fn each(folder: &str, tell: impl Fn(Result<Config, String>) -> String) {
    let folder = root().join("fixtures/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let dir = surroundings();
        let outcome = load(&dir, name, &fs::read_to_string(&file).unwrap());
        let told = tell(outcome).replace(&format!("{}/", dir.path().display()), "");
        assert!(!told.contains(CANARY), "{name} shows a secret:\n{told}");
        let beside = file.with_extension("txt");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&beside, &told).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(told, expected, "{}", beside.display());
    }
}

/// Loads `text` as the file `name` beside the secrets.
fn load(dir: &TempDir, name: &str, text: &str) -> Result<Config, String> {
    let path = dir.path().join(name);
    write(&path, text.as_bytes());
    let credentials = dir.path().join("credentials").display().to_string();
    Config::load_with(&path, &|name| env(name, &credentials)).map_err(|error| error.to_string())
}

fn env(name: &str, credentials: &str) -> Option<String> {
    match name {
        "CREDENTIALS_DIRECTORY" => Some(credentials.to_owned()),
        "EMPTY" => Some(String::new()),
        "UNSET" => None,
        _ => Some(format!("{CANARY}-{name}")),
    }
}

/// A folder with a copy of `fixtures/config/surroundings`, and the certificates and keys that its files name: made for
/// this test, since no key belongs into a repository.
fn surroundings() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let from = root().join("fixtures/config/surroundings");
    fs::create_dir(dir.path().join("credentials")).unwrap();
    for folder in ["", "credentials"] {
        for entry in fs::read_dir(from.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                write(&dir.path().join(folder).join(entry.file_name()), &fs::read(entry.path()).unwrap());
            }
        }
    }
    for (certificate, key) in [("gw.pem", "gw.key"), ("pbx-ca.pem", "other.key")] {
        let made = rcgen::generate_simple_self_signed([String::from("gw.example.com")]).unwrap();
        write(&dir.path().join(certificate), made.cert.pem().as_bytes());
        write(&dir.path().join(key), format!("canary key\n{}", made.signing_key.serialize_pem()).as_bytes());
    }
    dir
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    let exposed = path.file_name().unwrap().to_str().unwrap().starts_with(EXPOSED);
    fs::set_permissions(path, fs::Permissions::from_mode(if exposed { 0o644 } else { 0o600 })).unwrap();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
