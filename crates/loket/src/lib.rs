//! Loket, the service counter: everything that the binary is made of.
