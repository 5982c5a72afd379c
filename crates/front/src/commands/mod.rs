//! Command URLs coming in: who may ask a line to dial, and what comes of it.
