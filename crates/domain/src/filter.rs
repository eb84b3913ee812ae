//! The stage `filter`.
