//! What people of the shop wrote in the mailbox itself: which mails in Sent answer a conversation.
//!
//! Headers tell; a body is fetched only when it belongs to a conversation, so that the rest of
//! what a shop sends is none of our business.

use std::collections::HashSet;

use domain::message::Message;
use domain::message::automatic::{self, AutomaticKind};
use domain::message::reply::strip_with_subject;
use domain::thread::{Answerable, answered_by_person, references};
use mail::imap::Listed;
use sha2::{Digest as _, Sha256};
use store::person_answers::{CandidateRow, NewPersonAnswer};
use store::{PersonAnswerId, TenantTx, ThreadId};

use super::super::Parse;
use super::{Desk, Remote, StageError};

/// What tells which conversation a mail in Sent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// What it refers to, or its subject while the conversation is open.
    Any,
    /// Only what it refers to: a subject of long ago may be anybody's.
    Reference,
}

impl Remote {
    /// The answers among these mails of the open folder.
    pub(super) async fn persons(
        &mut self,
        desk: &Desk,
        mails: &[Listed],
    ) -> Result<Vec<NewPersonAnswer>, StageError> {
        let foreign: Vec<&Listed> =
            mails.iter().filter(|mail| self.is_persons(desk, mail)).collect();
        let ids: Vec<String> = foreign.iter().filter_map(|mail| mail.message_id.clone()).collect();
        let mailbox = self.which.mailbox_id;
        let known: HashSet<String> = if ids.is_empty() {
            HashSet::new()
        } else {
            let known = async |tx: &TenantTx| store::sent::known(tx, mailbox, &ids).await;
            desk.store.as_worker(self.which.tenant_id, known).await?.into_iter().collect()
        };
        let mut answers = Vec::new();
        for mail in foreign {
            if mail.message_id.as_ref().is_none_or(|id| !known.contains(id)) {
                answers.extend(self.person_answer(desk, mail, By::Any).await?);
            }
        }
        Ok(answers)
    }

    /// `None`: it answers no conversation.
    pub(super) async fn person_answer(
        &mut self,
        desk: &Desk,
        mail: &Listed,
        by: By,
    ) -> Result<Option<NewPersonAnswer>, StageError> {
        let Some(header) = self.connection.header(mail).await? else { return Ok(None) };
        let Some(head) = parsed(desk.parse, header).await else { return Ok(None) };
        let Some(thread_id) = self.answered(desk, &head, by).await? else { return Ok(None) };
        let (mut fetched, _room) = self.fetch(desk, std::slice::from_ref(mail)).await?;
        let Some(body) = fetched.bodies.pop() else { return Ok(None) };
        let whole = if body.whole { parsed(desk.parse, body.raw.clone()).await } else { None };
        let message = whole.unwrap_or(head);
        Ok(Some(NewPersonAnswer {
            id: PersonAnswerId::new(),
            thread_id,
            message_id: mail.message_id.clone(),
            body_text: strip_with_subject(&message.subject, &message.text).readable,
            subject: message.subject,
            sha256: Sha256::digest(&body.raw).into(),
            raw: body.raw,
            sent_at: mail.received_at.unwrap_or_else(desk.now),
        }))
    }

    async fn answered(
        &self,
        desk: &Desk,
        message: &Message,
        by: By,
    ) -> Result<Option<ThreadId>, StageError> {
        // What a machine of the shop sends, an absence for instance, is nobody's answer.
        if automatic::classify(message).is_some_and(|it| is_machine(it.kind)) {
            return Ok(None);
        }
        let named = references(message);
        if by == By::Reference && named.is_empty() {
            return Ok(None);
        }
        let recipients: Vec<String> =
            message.to.iter().chain(&message.cc).map(|it| it.email.clone()).collect();
        let candidates =
            async |tx: &TenantTx| store::person_answers::candidates(tx, &named, &recipients).await;
        let rows = desk.store.as_worker(self.which.tenant_id, candidates).await?;
        let mut candidates: Vec<Answerable> = rows.into_iter().map(answerable).collect();
        for candidate in &mut candidates {
            candidate.open &= by == By::Any;
        }
        Ok(answered_by_person(message, &candidates).map(ThreadId))
    }
}

/// The other kinds only tell who the sender is, or how a subject reads: in Sent that is the shop.
const fn is_machine(kind: AutomaticKind) -> bool {
    match kind {
        AutomaticKind::OwnLoop
        | AutomaticKind::Bounce(_)
        | AutomaticKind::DelayWarning
        | AutomaticKind::Challenge
        | AutomaticKind::OutOfOffice
        | AutomaticKind::AutoReply => true,
        AutomaticKind::MailingList
        | AutomaticKind::Newsletter
        | AutomaticKind::Notification
        | AutomaticKind::NoReplySender => false,
    }
}

fn answerable(row: CandidateRow) -> Answerable {
    Answerable {
        thread_id: row.thread_id.0,
        customer_email: row.customer_email,
        subject: row.subject,
        open: row.open,
        elsewhere: row.elsewhere,
        named: row.named,
    }
}

/// On a thread that may take its time. What cannot be read, or breaks the parser, is no answer.
async fn parsed(parse: Parse, raw: Vec<u8>) -> Option<Message> {
    let parsed = tokio::task::spawn_blocking(move || parse(&raw).ok()).await;
    parsed.ok().flatten().map(|parsed| parsed.message)
}
