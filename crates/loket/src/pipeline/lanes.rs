//! One sender a shop in this process: replies leave in the order they were decided, over one
//! session. Between processes the fence in the database does it.
//!
//! And no more senders at one mail server than leave room for those of others: a server that
//! stands still must not stand in everybody's way.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use store::TenantId;

/// Senders at one mail server, of all that may run at a time (`jobs::runner`): half of them.
const MOST_AT_ONE: usize = 32;

/// Which shops and mail servers are busy. Clones share the list.
#[derive(Debug, Clone, Default)]
pub struct Lanes {
    busy: Arc<Mutex<HashSet<TenantId>>>,
    servers: Arc<Mutex<HashMap<String, usize>>>,
}

/// A shop's lane; free again when it goes.
#[derive(Debug)]
pub struct Lane {
    lanes: Lanes,
    tenant: TenantId,
}

/// A place at a mail server; free again when it goes.
#[derive(Debug)]
pub struct Place {
    lanes: Lanes,
    server: String,
}

impl Lanes {
    /// The lane of a shop; `None` while somebody is in it.
    pub fn enter(&self, tenant: TenantId) -> Option<Lane> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(tenant).then(|| Lane { lanes: self.clone(), tenant })
    }

    /// A place at this mail server; `None` while too many stand there.
    pub fn stand_at(&self, server: &str) -> Option<Place> {
        let server = server.to_ascii_lowercase();
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = servers.entry(server.clone()).or_default();
        if *standing >= MOST_AT_ONE {
            return None;
        }
        *standing = standing.saturating_add(1);
        Some(Place { lanes: self.clone(), server })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.lanes.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.tenant);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut servers = self.lanes.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(standing) = servers.get_mut(&self.server) {
            *standing = standing.saturating_sub(1);
            if *standing == 0 {
                servers.remove(&self.server);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_stands_still_leaves_room_for_others() {
        let lanes = Lanes::default();
        let mut places: Vec<Place> =
            std::iter::from_fn(|| lanes.stand_at("smtp.slow.example")).take(100).collect();
        assert_eq!(places.len(), MOST_AT_ONE);
        assert!(lanes.stand_at("SMTP.slow.example").is_none());
        assert!(lanes.stand_at("smtp.other.example").is_some());
        places.pop();
        assert!(lanes.stand_at("smtp.slow.example").is_some());
        drop(places);
        assert!(lanes.servers.lock().unwrap().is_empty(), "nothing is remembered of it");
    }
}
