//! How much of a message is read. Beyond it the rest is flagged and left in the raw message.

/// Raw bytes that are looked at: twenty mebibytes. Text stands at the start of a mail.
pub(super) const RAW_BYTES: usize = 20 * 1024 * 1024;
/// Bytes of one header field.
pub(super) const FIELD_BYTES: usize = 32 * 1024;
/// Bytes of one header section.
pub(super) const SECTION_BYTES: usize = 256 * 1024;
/// Fields of one header section.
pub(super) const FIELDS: usize = 500;
/// Multiparts and attached messages inside one another.
pub(super) const DEPTH: usize = 20;
/// Parts of a message, all levels together.
pub(super) const PARTS: usize = 500;
/// Addresses kept of one field.
pub(super) const ADDRESSES: usize = 200;
/// Characters of one address (RFC 5321, section 4.5.3.1: 64, an `@`, and 255).
pub(super) const ADDRESS_CHARS: usize = 320;
/// Message-IDs kept of one field.
pub(super) const IDS: usize = 100;
/// Bytes of one encoded text part.
pub(super) const TEXT_PART_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of the text that a message ends up with.
pub(super) const TEXT_BYTES: usize = 2 * 1024 * 1024;
/// Characters kept of one header value.
pub(super) const VALUE_CHARS: usize = 2000;
/// Raw bytes that are looked at for files.
pub(super) const FILES_RAW_BYTES: usize = 64 * 1024 * 1024;
/// Files that are listed of one message.
pub(super) const FILES: usize = 100;
/// Decoded bytes of one file that can be had.
pub(super) const FILE_BYTES: u64 = 25 * 1024 * 1024;
/// Characters kept of a file's name as it was written.
pub(super) const FILE_NAME_CHARS: usize = 255;
