//! Loket, the service counter.
fn main() {}
