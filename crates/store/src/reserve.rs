//! Room kept back for the moment when the disk is full.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// As much as the log usually holds that is not in the database yet.
pub(crate) const SIZE: u64 = 1 << 20;

/// A file that means nothing. While it lies there, the log can be moved into the database even if every other byte of
/// the disk is taken: the file goes, the database grows, the log shrinks, and the file comes back in the log's place.
pub(crate) struct Reserve(PathBuf);

impl Reserve {
    pub(crate) fn of(dir: &Path) -> Self {
        Self(dir.join("reserve"))
    }

    /// Takes the room if it is not taken yet; returns whether it is.
    pub(crate) fn hold(&self) -> bool {
        if fs::metadata(&self.0).is_ok_and(|file| file.len() == SIZE) {
            return true;
        }
        let held = self.write().is_ok();
        if !held {
            self.release(); // half a reserve only takes away what others need
        }
        held
    }

    /// Gives the room back to the disk.
    pub(crate) fn release(&self) {
        let _ = fs::remove_file(&self.0); // what is not there needs no removal
    }

    /// Bytes that are written and synced occupy blocks; a length that is merely set does not.
    fn write(&self) -> io::Result<()> {
        let mut file = File::create(&self.0)?;
        for _ in 0..SIZE / BLOCK.len() as u64 {
            file.write_all(&BLOCK)?;
        }
        file.sync_all()
    }
}

const BLOCK: [u8; 4096] = [0xA5; 4096];
