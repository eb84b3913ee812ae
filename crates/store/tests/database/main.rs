//! The store against a real Postgres. One binary, so that one cluster serves all tests.

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

#[cfg(test)]
#[path = "../../../mail/tests/peer/authority.rs"]
mod authority;

#[cfg(test)]
mod cancellation;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod custody;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod path_of_a_mail;
#[cfg(test)]
mod people;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod work;
