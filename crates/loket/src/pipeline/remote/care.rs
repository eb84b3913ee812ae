//! How carefully a mailbox is read where reading it has failed: a mail that ends the connection
//! each time it is asked for keeps nobody from the next (hazard C10).
//!
//! It must know nothing of servers: only where it failed, how often, and how far it had come.

/// What is asked of the server at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Care {
    /// A batch.
    #[default]
    Usual,
    /// One mail.
    Alone,
    /// The header of one mail, which is kept in its place.
    HeaderOnly,
    /// That one mail is there, and nothing else of it.
    NumberOnly,
}

/// Where a mailbox is read: behind which mail, in which numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spot {
    /// Identity of the numbering.
    pub uidvalidity: u32,
    /// The mail before.
    pub uid: u32,
}

/// Failures at one spot.
const BEFORE_ALONE: u32 = 3;
/// One mail is tried so often before less of it is asked for.
const BEFORE_HEADER: u32 = 5;
/// And its header so often.
const BEFORE_NUMBER: u32 = 6;
/// Where not even its number could be had, it is not the mail.
const NOT_THE_MAIL: u32 = 7;
/// So many in a row are odd mails; more of them are an odd server.
const ODD_MAILS: u32 = 3;

/// What failed where, for as long as a mailbox is read.
#[derive(Debug, Default)]
pub struct Stumbles {
    spot: Spot,
    failures: u32,
    /// Mails that are still to be read one by one.
    alone: usize,
    /// Mails that were read in part, since the last one that came whole.
    in_part: u32,
}

impl Stumbles {
    /// How the mails behind `spot` are to be read.
    pub fn care(&self, spot: Spot) -> Care {
        let failures = if spot == self.spot { self.failures } else { 0 };
        match failures {
            BEFORE_ALONE..BEFORE_HEADER => Care::Alone,
            BEFORE_HEADER..BEFORE_NUMBER => Care::HeaderOnly,
            BEFORE_NUMBER.. => Care::NumberOnly,
            _ if self.alone > 0 => Care::Alone,
            _ => Care::Usual,
        }
    }

    /// It failed there.
    pub fn failed(&mut self, spot: Spot) {
        if spot != self.spot {
            // One of a batch that failed before: it is alone already.
            let begun = if self.alone > 0 { BEFORE_ALONE } else { 0 };
            (self.spot, self.failures) = (spot, begun);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= NOT_THE_MAIL {
            (self.failures, self.alone) = (0, 0);
        }
    }

    /// Whether what was passed just now was an odd mail, so that the next need not wait for what
    /// it cost. Where one after the other is odd, waiting longer each time is right.
    pub const fn was_the_mail(&self) -> bool {
        self.in_part > 0 && self.in_part <= ODD_MAILS
    }

    /// So many at most were read, with this care.
    pub fn passed(&mut self, care: Care, batch: usize) {
        self.failures = 0;
        self.in_part = if care > Care::Alone { self.in_part.saturating_add(1) } else { 0 };
        self.alone = match care {
            Care::Usual => 0,
            _ if self.alone == 0 => batch.saturating_sub(1),
            _ => self.alone.saturating_sub(1),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn spot(uid: u32) -> Spot {
        Spot { uidvalidity: 1, uid }
    }

    /// Reads a mailbox of 200 mails of which these end the connection when they are asked for
    /// with this care or less. Returns how each was read, and how often it failed.
    fn read(bad: &[(u32, Care)]) -> (Vec<Care>, u32) {
        let mut stumbles = Stumbles::default();
        let (mut read, mut failures) = (Vec::new(), 0);
        while read.len() < 200 {
            let at = u32::try_from(read.len()).unwrap();
            let care = stumbles.care(spot(at));
            let many = if care == Care::Usual { 50_u32.min(200 - at) } else { 1 };
            let breaks = |uid: u32| bad.iter().any(|(it, at)| *it == uid && care <= *at);
            if (at..at + many).any(breaks) {
                stumbles.failed(spot(at));
                failures += 1;
                assert!(failures < 100, "it goes on for ever");
            } else {
                stumbles.passed(care, 50);
                read.extend(std::iter::repeat_n(care, usize::try_from(many).unwrap()));
            }
        }
        (read, failures)
    }

    #[test]
    fn c10_only_the_mail_that_ends_the_connection_is_read_in_part() {
        for (worst, kept) in [(Care::Alone, Care::HeaderOnly), (Care::HeaderOnly, Care::NumberOnly)]
        {
            let (how, failures) = read(&[(0, worst), (77, worst), (78, worst), (199, worst)]);
            for (uid, care) in how.iter().enumerate() {
                let bad = [0, 77, 78, 199].contains(&uid);
                assert_eq!(*care >= kept, bad, "{uid}: {care:?}");
            }
            assert!(failures <= 4 * 6, "{failures}");
            assert!(how.iter().filter(|care| **care == Care::Usual).count() > 20);
        }
        let (how, failures) = read(&[]);
        assert!(failures == 0 && how.iter().all(|care| *care == Care::Usual));
    }

    #[test]
    fn a_server_out_of_order_is_told_from_an_odd_mail() {
        let mut stumbles = Stumbles::default();
        // Twice is chance.
        stumbles.failed(spot(4));
        stumbles.failed(spot(4));
        assert_eq!(stumbles.care(spot(4)), Care::Usual);
        // It does not even number its mail, whatever is asked: then it begins anew.
        let mut stumbles = Stumbles::default();
        let mut asked = Vec::new();
        for _ in 0..14 {
            asked.push(stumbles.care(spot(4)));
            stumbles.failed(spot(4));
        }
        assert_eq!(asked.iter().filter(|care| **care == Care::NumberOnly).count(), 2, "{asked:?}");
        assert_eq!(asked.get(7), Some(&Care::Usual));
        // One mail in part is that mail; each of many is the server, and is asked less often.
        let odd = (0..6).map(|_| {
            stumbles.passed(Care::NumberOnly, 50);
            stumbles.was_the_mail()
        });
        assert_eq!(odd.collect::<Vec<_>>(), [true, true, true, false, false, false]);
        stumbles.passed(Care::Alone, 50);
        assert!(!stumbles.was_the_mail());
    }
}
