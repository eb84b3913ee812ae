//! The stage `deliver`.
