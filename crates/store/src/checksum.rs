//! The checksum that tells a damaged record from a sound one.

/// CRC-32 over fields: each is preceded by its length, so that bytes cannot move from one to the next unseen.
#[derive(Default)]
pub(crate) struct Checksum(crc32fast::Hasher);

impl Checksum {
    pub(crate) fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// An absent field differs from an empty one.
    pub(crate) fn optional(mut self, bytes: Option<&[u8]>) -> Self {
        self.0.update(&[u8::from(bytes.is_some())]);
        self.field(bytes.unwrap_or_default())
    }

    pub(crate) fn finish(self) -> u32 {
        self.0.finalize()
    }
}
