//! Every file of `fixtures/scenarios` is a call's life; all of them are played in virtual time.

use std::fs;

#[test]
fn every_scenario_requests_what_its_file_says() {
    let folder = tests::root().join("fixtures/scenarios");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() >= 30, "only {} scenarios in {}", files.len(), folder.display());
    let mut failed = 0;
    for path in &files {
        if let Err(faults) = tests::scenario::check(&fs::read_to_string(path).unwrap()) {
            failed += 1;
            println!("── {}\n{faults}", path.file_name().unwrap().to_string_lossy());
        }
    }
    assert_eq!(failed, 0, "{failed} of {} scenarios went otherwise; see above", files.len());
}
