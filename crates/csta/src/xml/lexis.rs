//! The characters, names and references of XML 1.0 (fifth edition).

/// May begin a name.
const NAME_START: u8 = 1;
/// May stand in a name.
const NAME: u8 = 2;
/// White space.
const SPACE: u8 = 4;
/// Ends or complicates a run of text: `<`, `&`, `]`, carriage return.
const TEXT_STOP: u8 = 8;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' => NAME_START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            b' ' | b'\t' | b'\n' => SPACE,
            b'\r' => SPACE | TEXT_STOP,
            b'<' | b'&' | b']' => TEXT_STOP,
            _ => 0,
        };
        byte += 1;
    }
    table
}

pub(super) fn is_space(byte: u8) -> bool {
    CLASS[byte as usize] & SPACE != 0
}

pub(super) fn stops_text(byte: u8) -> bool {
    CLASS[byte as usize] & TEXT_STOP != 0
}

/// The length of the name at the beginning of `text`; 0 if none begins there.
pub(super) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(first) if CLASS[*first as usize] & NAME_START != 0 => {}
        Some(first) if !first.is_ascii() => return wide_name_length(text),
        Some(_) | None => return 0,
    }
    match bytes.iter().position(|byte| CLASS[*byte as usize] & NAME == 0) {
        Some(end) if bytes[end].is_ascii() => end,
        Some(_) => wide_name_length(text),
        None => bytes.len(),
    }
}

/// As [`name_length`], with characters beyond ASCII.
fn wide_name_length(text: &str) -> usize {
    if !text.starts_with(is_name_start) {
        return 0;
    }
    text.find(|c| !is_name_char(c)).unwrap_or(text.len())
}

/// NameStartChar.
fn is_name_start(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// NameChar.
fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Char: what may stand in a document at all.
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Where the first character stands that may not be in a document.
pub(super) fn forbidden_char(text: &str) -> Option<usize> {
    // One pass without a branch, for there is hardly ever one.
    let suspect = text.bytes().fold(false, |found, byte| {
        found | ((byte < b' ') & (byte != b'\n') & (byte != b'\r') & (byte != b'\t')) | (byte == 0xEF)
    });
    if suspect { text.char_indices().find(|(_, c)| !is_char(*c)).map(|(at, _)| at) } else { None }
}

/// What a reference stands for.
pub(super) enum Reference {
    /// This character; the reference is so many bytes long, with `&` and `;`.
    Char(char, usize),
    /// An entity that XML does not define itself.
    Undefined,
    /// No reference at all.
    Malformed,
}

/// Reads the reference at the beginning of `text`, which begins with `&` (production Reference).
pub(super) fn reference(text: &str) -> Reference {
    let Some((name, _)) = text.get(1..).and_then(|rest| rest.split_once(';')) else { return Reference::Malformed };
    let code = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix('x') {
            Some(hex) if hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16),
            None if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse(),
            Some(_) | None => return Reference::Malformed,
        },
        None => return entity(name),
    };
    match code.ok().and_then(char::from_u32).filter(|c| is_char(*c)) {
        Some(c) => Reference::Char(c, name.len() + 2),
        None => Reference::Malformed,
    }
}

/// The five entities that need no DOCTYPE.
fn entity(name: &str) -> Reference {
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ if !name.is_empty() && name_length(name) == name.len() => return Reference::Undefined,
        _ => return Reference::Malformed,
    };
    Reference::Char(c, name.len() + 2)
}

/// Appends text to `out` with its references resolved and its line ends made one (XML 1.0 2.11). Answers up to where
/// `out` is not plain text of the document any more: no white space before that may be trimmed.
pub(super) fn unescape(raw: &str, out: &mut String) -> usize {
    let mut kept = 0;
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\r']) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        rest = match (special.strip_prefix('\r'), reference(special)) {
            (Some(after), _) => {
                out.push('\n');
                after.strip_prefix('\n').unwrap_or(after)
            }
            (None, Reference::Char(c, length)) => {
                out.push(c);
                kept = out.len();
                special.get(length..).unwrap_or_default()
            }
            (None, Reference::Undefined | Reference::Malformed) => special.get(1..).unwrap_or_default(),
        };
    }
    out.push_str(rest);
    kept
}
