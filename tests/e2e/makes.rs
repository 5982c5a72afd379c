//! Every file of `fixtures/phones` is a phone of some make with its ways; all of them are played in virtual time.

use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_make_is_served_as_its_files_say() {
    let folder = tests::root().join("fixtures/phones");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut failed, mut played) = (0, BTreeSet::new());
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        played.extend(text.lines().filter_map(|row| row.strip_prefix("phone ")?.split(' ').next().map(str::to_owned)));
        if let Err(faults) = tests::makes::check(&text) {
            failed += 1;
            println!("── {}\n{faults}", path.file_name().unwrap().to_string_lossy());
        }
    }
    assert_eq!(failed, 0, "{failed} of {} went otherwise; see above", files.len());
    let makes: BTreeSet<_> = simulator::makes::names().map(str::to_owned).collect();
    assert_eq!(played, makes, "a make without a file");
}

/// What is written for administrators names every make that a configuration may name, and the other way round.
#[test]
fn the_page_of_phones_has_every_dialect() {
    let page = fs::read_to_string(tests::root().join("docs/phones.md")).unwrap();
    let headings = page.lines().filter_map(|row| row.strip_prefix("## ")?.rsplit_once(": `")?.1.strip_suffix('`'));
    let headings: BTreeSet<_> = headings.collect();
    let dialects: BTreeSet<_> = session::Dialect::names().filter(|name| *name != "generic").collect();
    assert_eq!(headings, dialects);
}
