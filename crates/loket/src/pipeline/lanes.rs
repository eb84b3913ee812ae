//! One sender a shop in this process: replies leave in the order they were decided, over one
//! session. Between processes the fence in the database does it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use store::TenantId;

/// Which shops are busy. Clones share the list.
#[derive(Debug, Clone, Default)]
pub struct Lanes {
    busy: Arc<Mutex<HashSet<TenantId>>>,
}

/// A shop's lane; free again when it goes.
#[derive(Debug)]
pub struct Lane {
    lanes: Lanes,
    tenant: TenantId,
}

impl Lanes {
    /// The lane of a shop; `None` while somebody is in it.
    pub fn enter(&self, tenant: TenantId) -> Option<Lane> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(tenant).then(|| Lane { lanes: self.clone(), tenant })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.lanes.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.tenant);
    }
}
