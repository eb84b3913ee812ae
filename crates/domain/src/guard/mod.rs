//! The stage `guard`.
