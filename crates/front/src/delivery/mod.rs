//! Action URLs going out: rows of the store become HTTP requests.
