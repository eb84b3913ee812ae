//! What the law guarantees a customer. Constants, not settings: a shop may give more, never less.
//!
//! Dutch law first (BW = Burgerlijk Wetboek, book 6), with the directive behind it.

/// Days in which a distance purchase may be withdrawn from, counted from receipt
/// (6:230o BW; Directive 2011/83/EU art. 9).
pub const WITHDRAWAL_DAYS: u16 = 14;

/// Days within which everything paid, standard delivery included, is paid back after a
/// withdrawal (6:230r BW; art. 13).
pub const REFUND_DAYS: u16 = 14;

/// Days in which the goods travel back after the withdrawal was stated (6:230s BW; art. 14).
pub const SEND_BACK_DAYS: u16 = 14;

/// Automatic replies one address may get from one shop in 24 hours, over all conversations.
/// Not law but the wall against two machines thanking each other for ever: headers alone
/// stop no loop (RFC 3834 says how to mark, not that everybody does).
pub const AUTOMATIC_REPLIES_PER_DAY: u32 = 3;

/// Automatic replies of one shop in one hour before everything waits for a person.
pub const AUTOMATIC_REPLIES_PER_HOUR_OF_SHOP: u32 = 400;
