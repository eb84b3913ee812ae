//! Folders: opening one, asking about one, finding and putting a mail into one.

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::ImapError;
use super::answer::{Answer, Token, number_in_code};
use super::connection::{All, Answers, ImapConnection, Refusal, SMALL_BYTES};
use super::line::Line;
use super::wire::Budget;

/// A folder that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// Identity of the numbering (RFC 3501, section 2.3.1.1).
    pub uidvalidity: u32,
    /// Every mail that comes gets this number or a higher one; `None` where the server does not
    /// say.
    pub uid_next: Option<u32>,
    /// How many mails it holds.
    pub exists: u32,
}

/// What the server says of a folder that is not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FolderState {
    /// Identity of the numbering; `None` where the server does not say.
    pub uidvalidity: Option<u32>,
    /// Every mail that comes gets this number or a higher one; `None` where the server does not
    /// say.
    pub uid_next: Option<u32>,
}

impl ImapConnection {
    /// Opens a folder to read it; nothing in it is changed, no mail becomes "seen".
    pub async fn examine(&mut self, folder: &str) -> Result<Folder, ImapError> {
        self.exists = 0;
        let line = Line::new("EXAMINE").text(folder)?;
        let mut answers = Answers::<All>::default();
        self.run(line, "opening a folder", SMALL_BYTES, self.limits.step, &mut answers).await?;
        let told = |name: &str| answers.told.iter().find_map(|text| number_in_code(text, name));
        let uidvalidity = told("UIDVALIDITY")
            .filter(|identity| *identity > 0)
            .ok_or(ImapError::Protocol("a folder has no UIDVALIDITY"))?;
        Ok(Folder { uidvalidity, uid_next: told("UIDNEXT"), exists: self.exists })
    }

    /// Asks about a folder without leaving the one that is open (RFC 3501, section 6.3.10).
    pub async fn status(&mut self, folder: &str) -> Result<FolderState, ImapError> {
        let line = Line::new("STATUS").text(folder)?.word("(UIDVALIDITY UIDNEXT)");
        let mut state = FolderState::default();
        for data in self.command(line, "asking about a folder").await? {
            let words: Vec<&str> = data.iter().filter_map(Token::atom).collect();
            if !words.first().is_some_and(|word| word.eq_ignore_ascii_case("STATUS")) {
                continue;
            }
            for pair in words.windows(2) {
                let [name, value] = pair else { continue };
                if name.eq_ignore_ascii_case("UIDVALIDITY") {
                    state.uidvalidity = value.parse().ok().filter(|identity| *identity > 0);
                } else if name.eq_ignore_ascii_case("UIDNEXT") {
                    state.uid_next = value.parse().ok().filter(|next| *next > 0);
                }
            }
        }
        Ok(state)
    }

    /// The uids of the mails in `folder` whose Message-ID is this one, without angle brackets.
    /// Opens the folder; empty means that the server knows none.
    pub async fn find_by_message_id(
        &mut self,
        folder: &str,
        message_id: &str,
    ) -> Result<Vec<u32>, ImapError> {
        self.examine(folder).await?;
        let line = Line::new("UID SEARCH").word("HEADER Message-ID").text(message_id)?;
        let answers = self.command(line, "searching").await?;
        let mut found = Vec::new();
        for data in answers {
            let mut words = data.iter().filter_map(Token::atom);
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("SEARCH")) {
                found.extend(words.filter_map(|word| word.parse::<u32>().ok()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Puts a mail into a folder, marked as read. Returns the numbering and the number it got
    /// there, where the server says (UIDPLUS, RFC 4315).
    pub async fn append(
        &mut self,
        folder: &str,
        mail: &[u8],
    ) -> Result<Option<(u32, u32)>, ImapError> {
        let line = Line::new("APPEND").text(folder)?;
        let mut line = line.word("(\\Seen)").word(&format!("{{{}}}", mail.len()));
        line.command = "APPEND";
        let tag = self.begin(&line).await?;
        let step = self.limits.piece;
        let append = async {
            let mut budget = Budget { bytes: SMALL_BYTES };
            let mut answers = Answers::<All>::default();
            loop {
                match self.next(&mut budget).await? {
                    Answer::GoOn(_) => break,
                    other => {
                        if let Some(ended) = answers.take(other, &tag, &mut self.exists)? {
                            ended.map_err(|text| Refusal { command: "APPEND", text })?;
                            return Err(ImapError::Protocol("it ends APPEND before the mail"));
                        }
                    }
                }
            }
            let writer = self.stream.get_mut();
            writer.write_all(mail).await.map_err(ImapError::Unreachable)?;
            writer.write_all(b"\r\n").await.map_err(ImapError::Unreachable)?;
            writer.flush().await.map_err(ImapError::Unreachable)?;
            self.finish("APPEND", &tag, &mut budget, &mut answers).await?;
            Ok(append_uid(&answers.ended))
        };
        timeout(step, append).await.map_err(|_| ImapError::TimedOut("storing a mail"))?
    }

    /// The folder where the provider keeps what was sent: the one it marks so (RFC 6154), else
    /// one with a name that mail programs use; `None` when there is neither.
    pub async fn sent_folder(&mut self) -> Result<Option<String>, ImapError> {
        let line = Line::new("LIST").text("")?.text("*")?;
        let line = if self.can("SPECIAL-USE") && self.can("LIST-EXTENDED") {
            line.word("RETURN (SPECIAL-USE)")
        } else {
            line
        };
        let answers = self.command(line, "listing folders").await?;
        let folders: Vec<(Vec<String>, String)> =
            answers.iter().filter_map(|data| listed(data)).collect();
        let marked = folders
            .iter()
            .find(|(marks, _)| marks.iter().any(|mark| mark.eq_ignore_ascii_case("\\Sent")));
        if let Some((_, name)) = marked {
            return Ok(Some(name.clone()));
        }
        let called = |name: &str| {
            // Below INBOX on servers that put everything there.
            let last = name.rsplit(['.', '/']).next().unwrap_or(name);
            SENT_NAMES.iter().any(|known| last.eq_ignore_ascii_case(known))
        };
        let named = folders.iter().find(|(marks, name)| {
            called(name) && !marks.iter().any(|mark| mark.eq_ignore_ascii_case("\\NoSelect"))
        });
        Ok(named.map(|(_, name)| name.clone()))
    }
}

/// What servers and mail programs call the folder when they do not mark it.
const SENT_NAMES: [&str; 9] = [
    "Sent",
    "Sent Items",
    "Sent Messages",
    "Sent Mail",
    "Verzonden",
    "Verzonden items",
    "Verzonden berichten",
    "Verstuurd",
    "Gesendet",
];

/// The marks and the name in `LIST (\HasNoChildren \Sent) "/" Sent`.
fn listed(data: &[Token]) -> Option<(Vec<String>, String)> {
    let mut tokens = data.iter();
    if !tokens.next()?.atom()?.eq_ignore_ascii_case("LIST") || *tokens.next()? != Token::Open {
        return None;
    }
    let mut marks = Vec::new();
    loop {
        match tokens.next()? {
            Token::Close => break,
            token => marks.extend(token.string()),
        }
    }
    tokens.next()?;
    Some((marks, tokens.next()?.string()?))
}

/// `[APPENDUID 38505 3955] done`.
fn append_uid(text: &str) -> Option<(u32, u32)> {
    let code = text.strip_prefix('[')?.split(']').next()?;
    let mut words = code.split(' ');
    if !words.next()?.eq_ignore_ascii_case("APPENDUID") {
        return None;
    }
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_stored_mail() {
        assert_eq!(append_uid("[APPENDUID 38505 3955] APPEND completed"), Some((38_505, 3955)));
        assert_eq!(append_uid("[appenduid 7 1] ok"), Some((7, 1)));
        for other in ["done", "[READ-ONLY] 1 2", "[APPENDUID 7]", "[APPENDUID 7 1:2] two"] {
            assert_eq!(append_uid(other), None, "{other}");
        }
    }
}
