//! The stage `policy`.
