//! The stage `decide`.
