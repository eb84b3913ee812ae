//! The stage `thread`.
