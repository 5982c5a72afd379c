//! Test corpora that nobody on this project wrote: XML that is not well-formed, XML bombs, XML that is no CSTA.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{absent, root};
use crate::xml::{DecodeError, MAX_MESSAGE, decode};

/// The XML files of a folder of the corpora, folders in it included; `None` where there are no corpora.
fn files(folder: &str) -> Option<Vec<PathBuf>> {
    #[allow(clippy::disallowed_methods)] // tests may ask their surroundings
    let corpora = std::env::var("HOOKSWITCH_CORPORA").map_or_else(|_| root().join("../shared/corpora"), PathBuf::from);
    let mut files = Vec::new();
    collect(&corpora.join("xml").join(folder), &mut files);
    if files.is_empty() {
        #[allow(clippy::disallowed_methods)] // tests may ask their surroundings
        let named = std::env::var_os("HOOKSWITCH_CORPORA").is_some();
        assert!(!named, "HOOKSWITCH_CORPORA names no corpora: there is no {folder}");
        absent(folder, &corpora.display().to_string());
    }
    (!files.is_empty()).then_some(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            files.push(path);
        }
    }
}

#[track_caller]
fn check(folder: &str, refused_well: impl Fn(&[u8], &DecodeError) -> bool) {
    for path in files(folder).into_iter().flatten() {
        let bytes = fs::read(&path).unwrap();
        match decode(&bytes) {
            Ok(message) => panic!("{} was read as {message:?}", path.display()),
            Err(error) => assert!(refused_well(&bytes, &error), "{}: {error}", path.display()),
        }
    }
}

fn has_doctype(bytes: &[u8]) -> bool {
    bytes.windows(9).any(|window| window == b"<!DOCTYPE")
}

/// Without a DOCTYPE it is the broken rule that is named, never the unknown root element.
#[test]
fn what_is_not_well_formed() {
    check("xmltest/not-wf", |_, error| !matches!(error, DecodeError::UnknownMessage { .. }));
}

#[test]
#[allow(clippy::wildcard_enum_match_arm)] // without a DOCTYPE any reason will do
fn xml_bombs() {
    check("defusedxml", |bytes, error| match error {
        DecodeError::Doctype { .. } => has_doctype(bytes),
        DecodeError::TooLong { .. } => bytes.len() > MAX_MESSAGE,
        _ => !has_doctype(bytes),
    });
}

/// Well-formed documents are refused for their DOCTYPE, else for their encoding or for being no CSTA: never as broken.
#[test]
fn well_formed_documents() {
    check("xmltest/valid/sa", |bytes, error| match error {
        DecodeError::Doctype { .. } => has_doctype(bytes),
        DecodeError::UnknownMessage { .. } => !has_doctype(bytes),
        DecodeError::NotUtf8 { .. } | DecodeError::UnknownEncoding { .. } => true,
        DecodeError::TooLong { .. }
        | DecodeError::TooDeep { .. }
        | DecodeError::TooManyAttributes { .. }
        | DecodeError::UndefinedEntity { .. }
        | DecodeError::NotWellFormed { .. } => false,
    });
}
