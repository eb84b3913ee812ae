//! A directory as a mailbox: nothing lost, nothing twice, nothing changed.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::fs;
use std::path::{Path, PathBuf};

use mail::mailbox::{Cursor, Mailbox, MailboxError};
use mail::maildir::Maildir;

/// A directory of its own per test, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("loket-maildir-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        for folder in ["box/new", "box/cur", "box/tmp"] {
            fs::create_dir_all(path.join(folder)).unwrap();
        }
        Self(path)
    }

    fn open(&self) -> Mailbox {
        Mailbox::Maildir(Maildir::open(self.0.join("box"), self.0.join("index")).unwrap())
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.0.join("box").join(file), text).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn texts(batch: &mail::mailbox::Batch) -> Vec<String> {
    batch.messages.iter().map(|one| String::from_utf8(one.raw.clone()).unwrap()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn batches_follow_one_another_and_nothing_is_touched() {
    let place = Place::new("batches");
    for number in 0..5 {
        place.put(&format!("new/{number}.host"), &format!("mail {number}"));
    }
    place.put("new/.hidden", "no mail");
    let mut mailbox = place.open();
    let first = mailbox.fetch_after(&Cursor::default(), 2).unwrap();
    let second = mailbox.fetch_after(&first.cursor, 10).unwrap();
    let third = mailbox.fetch_after(&second.cursor, 10).unwrap();
    assert_eq!((first.messages.len(), second.messages.len(), third.messages.len()), (2, 3, 0));
    assert_eq!(third.cursor, second.cursor);
    let mut all = texts(&first);
    all.extend(texts(&second));
    all.sort();
    assert_eq!(all, ["mail 0", "mail 1", "mail 2", "mail 3", "mail 4"]);
    assert_eq!(names(&place.0.join("box/new")).len(), 6, "read-only on the shop's mailbox");
    assert!(names(&place.0.join("box/cur")).is_empty());
}

#[test]
fn uids_survive_restarts_moves_and_flags() {
    let place = Place::new("restart");
    place.put("new/a.host", "mail a");
    place.put("new/b.host", "mail b");
    let before = place.open().fetch_after(&Cursor::default(), 10).unwrap();
    fs::rename(place.0.join("box/new/a.host"), place.0.join("box/cur/a.host:2,S")).unwrap();
    let again = place.open().fetch_after(&Cursor::default(), 10).unwrap();
    let keys = |batch: &mail::mailbox::Batch| {
        batch
            .messages
            .iter()
            .map(|one| (one.uidvalidity, one.uid, one.raw.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&before), keys(&again));
    assert!(
        place.open().fetch_after(&before.cursor, 10).unwrap().messages.is_empty(),
        "no mail twice"
    );
}

#[test]
fn old_mail_that_comes_back_is_new() {
    let place = Place::new("spam");
    place.put("new/b.host", "mail b");
    let mut mailbox = place.open();
    let cursor = mailbox.fetch_after(&Cursor::default(), 10).unwrap().cursor;
    // Out of the spam folder: an older name and an older time.
    place.put("cur/a.host:2,S", "mail a");
    let old = fs::File::options().write(true).open(place.0.join("box/cur/a.host:2,S")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let batch = mailbox.fetch_after(&cursor, 10).unwrap();
    assert_eq!(texts(&batch), ["mail a"]);
    assert!(batch.cursor.uid > cursor.uid);
}

#[test]
fn what_vanished_is_told_and_does_not_block() {
    let place = Place::new("vanished");
    place.put("new/a.host", "mail a");
    place.put("new/b.host", "mail b");
    let mut mailbox = place.open();
    assert_eq!(mailbox.latest().unwrap().uid, 2);
    fs::remove_file(place.0.join("box/new/a.host")).unwrap();
    let batch = mailbox.fetch_after(&Cursor::default(), 10).unwrap();
    assert_eq!(texts(&batch), ["mail b"]);
    assert_eq!((batch.cursor.uid, batch.vanished), (2, vec![1]));
    // The newest one, too, and only once.
    place.put("new/c.host", "mail c");
    assert_eq!(mailbox.latest().unwrap().uid, 3);
    fs::remove_file(place.0.join("box/new/c.host")).unwrap();
    let batch = mailbox.fetch_after(&batch.cursor, 10).unwrap();
    assert_eq!((batch.cursor.uid, batch.vanished), (3, vec![3]));
    assert!(mailbox.fetch_after(&batch.cursor, 10).unwrap().vanished.is_empty());
}

#[test]
fn a_lost_index_is_a_new_numbering_and_a_torn_line_is_repaired() {
    let place = Place::new("index");
    place.put("new/a.host", "mail a");
    let cursor = place.open().fetch_after(&Cursor::default(), 10).unwrap().cursor;
    let index = place.0.join("index");
    let mut text = fs::read_to_string(&index).unwrap();
    text.push_str("2 b.ho");
    fs::write(&index, text).unwrap();
    place.put("new/b.host", "mail b");
    let batch = place.open().fetch_after(&cursor, 10).unwrap();
    assert_eq!((texts(&batch), batch.cursor.uid), (vec!["mail b".to_owned()], 2));

    let other = Cursor { uidvalidity: cursor.uidvalidity ^ 1, uid: 9 };
    assert_eq!(
        place.open().fetch_after(&other, 10).unwrap().messages.len(),
        2,
        "another numbering: all unread"
    );
    fs::write(&index, "something else\n").unwrap();
    let refused = Maildir::open(place.0.join("box"), &index);
    assert!(matches!(refused, Err(MailboxError::Index { .. })));
}

#[test]
fn an_index_cut_off_while_it_was_made_is_made_again() {
    let place = Place::new("cut");
    let index = place.0.join("index");
    place.put("new/a.host", "mail a");
    // A process was killed before the first line was whole.
    for cut in ["", "loket-maildir-in"] {
        fs::write(&index, cut).unwrap();
        let batch = place.open().fetch_after(&Cursor::default(), 10).unwrap();
        assert_eq!((texts(&batch), batch.cursor.uid), (vec!["mail a".to_owned()], 1));
    }
    fs::remove_file(&index).unwrap();
    fs::write(place.0.join("index.new"), "loket-mai").unwrap();
    assert_eq!(place.open().fetch_after(&Cursor::default(), 10).unwrap().messages.len(), 1);
}

#[test]
fn a_missing_mailbox_is_an_error_not_an_empty_one() {
    let place = Place::new("missing");
    let mut maildir = Maildir::open(place.0.join("nowhere"), place.0.join("index")).unwrap();
    assert!(matches!(
        maildir.fetch_after(&Cursor::default(), 1),
        Err(MailboxError::Unreadable { .. })
    ));
}
