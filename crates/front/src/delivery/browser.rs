//! URLs that are shown in the machine's own browser instead of being requested.

use std::{io, sync::Arc};

/// Opens a URL where somebody can see it.
pub type Opener = Arc<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// The desktop's default browser.
pub(super) fn system() -> Opener {
    Arc::new(|url| if has_desktop() { open::that_detached(url) } else { Err(io::Error::other(NO_DESKTOP)) })
}

const NO_DESKTOP: &str = "this machine has no desktop to open a browser on: \
    run the gateway on the user's desktop, or take open_in_browser out of this action URL";

fn has_desktop() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", target_os = "windows")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
