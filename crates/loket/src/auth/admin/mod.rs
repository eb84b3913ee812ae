//! People as the platform manages them: for the service key and tokens with its role.

pub mod links; // invitations, and links without a mail
pub mod users; // list, make, change, remove
