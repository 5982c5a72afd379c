//! Secrets: where the file says they are, and how they are fetched from there.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Where a secret is, as the file writes it.
#[derive(Debug)]
pub enum RawSecret {
    /// `"…"`: in the file itself.
    Plain(SecretString),
    /// `{ file = "…" }`: the content of a file, without its last line end.
    File(String),
    /// `{ env = "…" }`: an environment variable.
    Env(String),
    /// `{ credential = "…" }`: a systemd credential (systemd.exec(5), LoadCredential=).
    Credential(String),
}

/// What surrounds the configuration file: its folder, its mode, the environment.
pub struct Surroundings<'a> {
    /// Relative paths begin here.
    pub folder: PathBuf,
    /// Somebody else than the owner may read the configuration file.
    pub exposed: bool,
    /// The environment variables.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// A secret, and what an administrator should know about where it came from.
pub struct Fetched {
    /// The secret.
    pub secret: SecretString,
    /// Why it is not as safe as it could be, and what to do.
    pub warning: Option<(String, String)>,
}

/// Why a secret could not be had.
pub struct Missing {
    /// What happened.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Surroundings<'_> {
    /// A path of the file, seen from the file's folder.
    pub fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written)
    }

    /// Fetches a secret from where the file says it is.
    pub fn fetch(&self, secret: &RawSecret) -> Result<Fetched, Missing> {
        match secret {
            RawSecret::Plain(secret) => Ok(Fetched { secret: secret.clone(), warning: self.plain_warning() }),
            RawSecret::Env(name) => match (self.env)(name).filter(|value| !value.is_empty()) {
                Some(value) => Ok(Fetched { secret: value.into(), warning: None }),
                None => Err(Missing {
                    message: format!("the environment variable {name} is not set, or is empty"),
                    help: format!(
                        "set {name} where hookswitch is started, or keep the secret in a file: {{ file = \"…\" }}"
                    ),
                }),
            },
            RawSecret::File(written) => {
                let path = self.path(written);
                let secret = read(&path).map_err(|reason| unreadable(&path, &reason))?;
                Ok(Fetched { secret, warning: exposure(&path) })
            }
            RawSecret::Credential(name) => {
                let secret = self.credential(name)?;
                Ok(Fetched { secret, warning: None })
            }
        }
    }

    /// What to say of a secret in the configuration file itself, if it is not the owner's alone.
    pub fn plain_warning(&self) -> Option<(String, String)> {
        self.exposed.then(|| {
            let message = "a secret is written in a file that others than its owner may read";
            let help = "make the file mode 0600, or keep the secret elsewhere: { file = \"…\" }, { env = \"…\" }";
            (message.to_owned(), help.to_owned())
        })
    }

    fn credential(&self, name: &str) -> Result<SecretString, Missing> {
        let directory = (self.env)("CREDENTIALS_DIRECTORY").ok_or_else(|| Missing {
            message: format!("no credential {name}: hookswitch was not given any by systemd"),
            help: format!("add LoadCredential={name}:/path/of/the/secret to the unit and start hookswitch through it"),
        })?;
        if name.contains('/') {
            let help = "write the name that LoadCredential= gives it".to_owned();
            return Err(Missing { message: "a credential is named, not a path".to_owned(), help });
        }
        let path = Path::new(&directory).join(name);
        read(&path).map_err(|reason| Missing {
            message: format!("no credential {name}: {reason}"),
            help: format!("add LoadCredential={name}:/path/of/the/secret to the unit"),
        })
    }
}

/// More than the longest key or certificate chain that makes sense.
const LONGEST: u64 = 64 * 1024;

fn read(path: &Path) -> Result<SecretString, String> {
    let metadata = fs::metadata(path).map_err(|error| plain_reason(&error))?;
    if metadata.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let mut text = fs::read_to_string(path).map_err(|error| plain_reason(&error))?;
    if text.ends_with('\n') {
        text.truncate(text.len() - if text.ends_with("\r\n") { 2 } else { 1 });
    }
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(text.into()) }
}

#[allow(clippy::wildcard_enum_match_arm)] // foreign enum
fn plain_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

fn unreadable(path: &Path, reason: &str) -> Missing {
    Missing {
        message: format!("cannot read the secret in {}: {reason}", path.display()),
        help: "write the secret into that file, mode 0600, owned by the user that hookswitch runs as; \
               a relative path begins at the folder of the configuration file"
            .to_owned(),
    }
}

/// A secret file that anybody on the machine may read.
fn exposure(path: &Path) -> Option<(String, String)> {
    (mode(path)? & 0o007 != 0).then(|| {
        let message = format!("anybody on this machine may read the secret in {}", path.display());
        (message, format!("chmod 600 {}", path.display()))
    })
}

/// The permission bits, where the system has them.
#[cfg(unix)]
pub fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777)
}

/// The permission bits, where the system has them.
#[cfg(not(unix))]
pub fn mode(_: &Path) -> Option<u32> {
    None
}

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// By hand, because serde's untagged enums print the value that they do not understand.
struct SecretVisitor;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Reference {
    file: Option<String>,
    env: Option<String>,
    credential: Option<String>,
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = RawSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret: { file = \"…\" }, { env = \"…\" }, { credential = \"…\" } or a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawSecret, E> {
        if text.is_empty() { Err(E::custom("this secret is empty")) } else { Ok(RawSecret::Plain(text.into())) }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawSecret, A::Error> {
        match Reference::deserialize(MapAccessDeserializer::new(map))? {
            Reference { file: Some(path), env: None, credential: None } => Ok(RawSecret::File(path)),
            Reference { file: None, env: Some(name), credential: None } => Ok(RawSecret::Env(name)),
            Reference { file: None, env: None, credential: Some(name) } => Ok(RawSecret::Credential(name)),
            Reference { .. } => Err(de::Error::custom("a secret names one of `file`, `env` and `credential`")),
        }
    }
}
