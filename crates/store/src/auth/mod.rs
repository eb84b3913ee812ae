//! The tables of `auth`: people, their sessions, factors and one-time tokens.
//!
//! One function per step, inside [`crate::Store::as_auth`]. It must not know what a password,
//! a token or a code is: it is given digests and says what the rows say.

mod factors;
mod sessions;
mod tokens;
mod users;

pub use factors::{
    Challenge, Factor, challenge, delete as delete_factor, factor, insert as insert_factor,
    insert_challenge, use_challenge, verify as verify_factor,
};
pub use sessions::{
    Device, NewSession, Person, Refreshed, SessionRow, devices, end, end_all, end_others,
    end_weaker, find, hold, open, person, raise as raise_session, refresh,
};
pub use tokens::{
    NewToken, Taken, TokenKind, behind_link, drop_all, put, take_by_code, take_by_link,
};
pub use users::{
    Agreed, AuthUser, NewUser, Side, agree_email_change, ask_email_change, ban, by_email, by_id,
    confirm, count, delete, insert, is_ours, merge_metadata, page, rehash, restart_sign_up,
    set_email, set_password, signed_in, soft_delete,
};
