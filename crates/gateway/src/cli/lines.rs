//! `hookswitch lines`: what is known of the phone of each line. It reads the store, also beside a gateway that runs.

use std::process::ExitCode;

use call_model::Line;
use gateway::phones;
use store::PhoneRecord;

use super::{ConfigFile, Done, load};

/// Prints the lines in the order of the file.
#[allow(clippy::print_stdout)] // the answer of the command
pub fn lines(file: &ConfigFile) -> Done {
    let Some(config) = load(file) else { return Ok(ExitCode::FAILURE) };
    let known = store::phones(&config.state_dir)?;
    for line in &config.lines {
        let phone = known.iter().find(|phone| phone.line == line.id && phone.link == line.link);
        print!("{}", paragraph(line, phone));
    }
    println!("Known of its make: (make). Listed by the phone itself: (phone). All else was tried or seen.");
    Ok(ExitCode::SUCCESS)
}

fn paragraph(line: &Line, phone: Option<&PhoneRecord>) -> String {
    let link = if line.link.is_empty() { "no link".to_owned() } else { format!("link {}", line.link) };
    let Some(phone) = phone else {
        return format!("line {}, {link}\n  nothing is known of its phone yet\n\n", line.id);
    };
    let agent = if phone.agent.is_empty() { "does not say what it is" } else { &phone.agent };
    let edition = if phone.edition.is_empty() { String::new() } else { format!(", answers in {}", phone.edition) };
    let rows = [
        ("can", phones::names(phone, false, true)),
        ("cannot", phones::names(phone, false, false)),
        ("not known", phones::unknown(phone, false)),
        ("reports", phones::names(phone, true, true)),
        ("never reports", phones::names(phone, true, false)),
        ("not seen yet", phones::unknown(phone, true)),
        ("since", phone.since.to_string()),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: String = rows.map(|(name, value)| format!("  {name:<14} {value}\n")).collect();
    format!("line {}, {link}\n  phone          {agent}\n  dialect        {}{edition}\n{rows}\n", line.id, phone.dialect)
}
