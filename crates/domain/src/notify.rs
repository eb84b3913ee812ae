//! The stage `notify`.
