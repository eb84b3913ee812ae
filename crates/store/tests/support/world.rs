//! Two shops with a row in every table, made through the doors like in real life.

use std::sync::LazyLock;
use std::time::Duration;

use domain::contract::{
    EscalationLevel, FilterType, Intent, IntentSet, LadderStep, Language, Mood, NotificationType,
    Percentage, Priority, RuleKey,
};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::answer::{
    Account, AnswerWrite, InteractionOutcome, NewEvent, NewNotification, NewOffer, NewOutbox,
    OfferKind, ThreadOutcome,
};
use store::api_keys::{NewApiKey, Scope};
use store::attachments::{NewAttachment, NewMessageView};
use store::ingest::{Fate, InteractionState, NewInteraction};
use store::jobs::{ClaimedJob, JobKind, Lease};
use store::mailboxes::{IncomingRaw, MailboxKind, NewMailbox};
use store::shops::NewShop;
use store::users::TenantRole;
use store::{
    ApiKeyId, AttachmentId, Claims, InteractionId, InvitationId, JobId, LeaseToken, MailboxId,
    NotificationId, OfferId, OutboxId, RawId, Store, TenantId, ThreadId, UserId,
};
use uuid::Uuid;

use super::Database;

/// A shop, its owner, and one mail that was answered with an offer.
#[derive(Debug, Clone, Copy)]
pub struct Shop {
    pub tenant: TenantId,
    pub user: UserId,
    pub mailbox: MailboxId,
    pub raw: RawId,
    pub thread: ThreadId,
    pub interaction: InteractionId,
    pub outbox: OutboxId,
    pub agent: UserId,
    pub viewer: UserId,
    pub suspended: UserId,
    pub api_key: ApiKeyId,
    pub revoked_key: ApiKeyId,
}

impl Shop {
    pub const fn claims(&self) -> Claims {
        Claims { user_id: self.user, tenant_id: Some(self.tenant) }
    }
}

/// Shops A and B, a platform admin, and a person who still waits.
pub struct World {
    pub database: Database,
    pub admin: UserId,
    pub pending: UserId,
    pub a: Shop,
    pub b: Shop,
}

impl World {
    pub async fn new() -> Self {
        Self::with_pool(8).await
    }

    pub async fn with_pool(pool_size: usize) -> Self {
        let database = Database::with_pool(pool_size).await;
        let store = &database.store;
        let (admin, pending) = (UserId::new(), UserId::new());
        assert!(store::users::create(store, admin, "admin@loket.example", "x").await.unwrap());
        let made = store::users::make_platform_admin(store, "admin@loket.example").await.unwrap();
        assert_eq!(made, Some(admin));
        assert!(store::users::create(store, pending, "wacht@c.example", "x").await.unwrap());
        store
            .as_admin(admin, async |tx| {
                let empty = json!({});
                let key = RuleKey::RetourbeleidFashion;
                store::rules::save_master(tx, key, &json!({"days": 14}), &empty, &empty, None).await
            })
            .await
            .unwrap();
        let a = shop(&database, admin, "a").await;
        let b = shop(&database, admin, "b").await;
        Self { database, admin, pending, a, b }
    }

    pub const fn store(&self) -> &Store {
        &self.database.store
    }
}

/// Both shops get the same customer, the same Message-IDs, uids and filters (hazard A13, A28).
async fn shop(database: &Database, admin: UserId, name: &str) -> Shop {
    let store = &database.store;
    let shop = Shop {
        tenant: TenantId::new(),
        user: UserId::new(),
        mailbox: MailboxId::new(),
        raw: RawId::new(),
        thread: ThreadId::new(),
        interaction: InteractionId::new(),
        outbox: OutboxId::new(),
        agent: UserId::new(),
        viewer: UserId::new(),
        suspended: UserId::new(),
        api_key: ApiKeyId::new(),
        revoked_key: ApiKeyId::new(),
    };
    let email = format!("eigenaar@{name}.example");
    assert!(store::users::create(store, shop.user, &email, "x").await.unwrap());
    let waiting = Claims { user_id: shop.user, tenant_id: None };
    let new = NewShop {
        tenant_id: shop.tenant,
        bedrijfsnaam: format!("Winkel {name}"),
        gmail_email: email,
        shop_url: format!("https://{name}.example"),
        sector: "fashion".to_owned(),
        taalvoorkeur: "NL".to_owned(),
        retouradres: "Kade 1, Utrecht".to_owned(),
    };
    store.as_user(&waiting, async |tx| store::shops::register(tx, &new).await).await.unwrap();
    let approved =
        store.as_admin(admin, async |tx| store::shops::approve(tx, shop.tenant).await).await;
    assert!(approved.unwrap());
    let sends = "update public.tenants set automatic_sending = true where tenant_id = $1";
    database.behind.execute(sends, &[&shop.tenant]).await.unwrap();
    settings(store, &shop).await;
    people(store, admin, &shop, name).await;
    first_mail(store, &shop).await;
    let chat = "insert into public.chat_sessions (tenant_id, id, user_email) values ($1, $1, 'klant@x.example')";
    database.behind.execute(chat, &[&shop.tenant]).await.unwrap();
    let said = "insert into public.chat_messages (tenant_id, id, session_id, sender_type, message)
                values ($1, $1, $1, 'user', 'Hallo?')";
    database.behind.execute(said, &[&shop.tenant]).await.unwrap();
    for text in CUSTODY {
        database.behind.execute(text, &[&shop.tenant]).await.unwrap();
    }
    shop
}

/// What lies in Sent, what a person answered there, a comparison, and older mail that was counted.
const CUSTODY: [&str; 4] = [
    "insert into public.sent_messages (tenant_id, mailbox_id, uidvalidity, uid, message_id)
     select tenant_id, id, 7, 1, 'persoon.1@x.example' from public.mailboxes where tenant_id = $1 limit 1",
    "insert into public.person_answers (tenant_id, id, thread_id, mailbox_id, body_text, sha256, raw, sent_at)
     select t.tenant_id, t.tenant_id, t.id, m.id, 'Dag', decode(repeat('ab', 32), 'hex'), 'Dag', now()
     from public.conversation_threads t join public.mailboxes m on m.tenant_id = t.tenant_id
     where t.tenant_id = $1 limit 1",
    "insert into public.reconciliations (tenant_id, id, mailbox_id, fetches, finished_at)
     select tenant_id, tenant_id, id, true, now() from public.mailboxes where tenant_id = $1 limit 1",
    "insert into public.history_imports (tenant_id, id, mailbox_id, days, since, state)
     select tenant_id, tenant_id, id, 30, now() - interval '30 days', 'counted'
     from public.mailboxes where tenant_id = $1 limit 1",
];

async fn settings(store: &Store, shop: &Shop) {
    store
        .as_user(&shop.claims(), async |tx| {
            let mailbox = NewMailbox {
                id: shop.mailbox,
                kind: MailboxKind::Imap,
                address: "Service@winkel.example".to_owned(),
                config: json!({"host": "imap.example"}),
                secret_encrypted: Some("geheim".to_owned()),
            };
            store::mailboxes::insert(tx, &mailbox).await?;
            let value = store::filters::FilterValue::Domain("reclame.example".to_owned());
            store::filters::insert(tx, FilterType::Block, &value, false).await?;
            let rule = store::rules::NewRuleVersion {
                rule_key: RuleKey::OnderhandelingLogica,
                started_from: 0,
                enabled: true,
                rule_config: json!({"start": 500}),
                html_template: json!({}),
            };
            assert_eq!(store::rules::save(tx, &rule).await?, 1);
            Ok(())
        })
        .await
        .unwrap();
}

/// Colleagues who came in by invitation, one of them suspended since; a key in use and a dead one.
async fn people(store: &Store, admin: UserId, shop: &Shop, name: &str) {
    let roles = [
        (shop.agent, TenantRole::Agent),
        (shop.viewer, TenantRole::Viewer),
        (shop.suspended, TenantRole::Owner),
    ];
    for (number, (user, role)) in (1_u8..).zip(roles) {
        let email = format!("{}{number}@{name}.example", role.as_str());
        assert!(store::users::create(store, user, &email, "x").await.unwrap());
        let hash = [number; 32];
        store
            .as_user(&shop.claims(), async |tx| {
                store::admin::invite(tx, InvitationId::new(), &email, role, &hash).await
            })
            .await
            .unwrap();
        let newcomer = Claims { user_id: user, tenant_id: None };
        let joined = store
            .as_user(&newcomer, async |tx| {
                store::admin::accept_invitation(tx, shop.tenant, &hash).await
            })
            .await;
        assert_eq!(joined.unwrap(), Some(role));
    }
    let suspend = async |tx: &store::AdminTx| {
        store::admin::set_user_suspended(tx, shop.suspended, true, "misbruik").await
    };
    assert!(store.as_admin(admin, suspend).await.unwrap());
    for (number, id) in (1_u8..).zip([shop.api_key, shop.revoked_key]) {
        let key = NewApiKey {
            id,
            name: "n8n".to_owned(),
            prefix: format!("lk_{number}"),
            key_hash: [number; 32],
            scopes: Scope::ALL.to_vec(),
            replaces: None,
        };
        store
            .as_user(&shop.claims(), async |tx| store::api_keys::create(tx, &key).await)
            .await
            .unwrap();
    }
    let revoked = async |tx: &store::TenantTx| store::api_keys::revoke(tx, shop.revoked_key).await;
    assert!(store.as_user(&shop.claims(), revoked).await.unwrap());
}

async fn first_mail(store: &Store, shop: &Shop) {
    store
        .as_worker(shop.tenant, async |tx| {
            let mail = incoming(shop.raw, 1, b"From: klant@x.example\r\n\r\nHallo");
            let cursor = json!({"uid": 1});
            let batch = [mail];
            let new =
                store::mailboxes::receive_batch(tx, shop.mailbox, &batch, Some(&cursor)).await?;
            assert_eq!(new, [shop.raw]);
            Ok(())
        })
        .await
        .unwrap();
    let job = claim_of(store, JobKind::Ingest, shop.tenant).await;
    let mail = new_interaction(shop, Some(job.lease()));
    store
        .as_worker(shop.tenant, async |tx| {
            store::ingest::record_message(tx, &mail).await?;
            store::attachments::record(tx, &[new_attachment(shop)], &[new_message_view(shop)]).await
        })
        .await
        .unwrap();
    let job = claim_of(store, JobKind::Answer, shop.tenant).await;
    let mut answer = answer_write(shop, job.lease());
    answer.outbox = Some(NewOutbox { id: shop.outbox, ..new_outbox("antwoord.1@loket.example") });
    store
        .as_worker(shop.tenant, async |tx| store::answer::write_answer(tx, &answer).await)
        .await
        .unwrap();
}

/// The one due job of this kind of this shop.
async fn claim_of(store: &Store, kind: JobKind, tenant: TenantId) -> ClaimedJob {
    let jobs = store::jobs::claim(store, kind, 10, Duration::from_mins(1)).await.unwrap();
    jobs.into_iter().find(|job| job.tenant_id == tenant).unwrap()
}

/// So many minutes after the first customer mail, which came six hours ago: late mail is not
/// answered by itself.
#[expect(clippy::disallowed_methods, reason = "the age of a mail is counted by the real clock")]
pub fn minutes_past(minutes: i64) -> Timestamp {
    static FIRST: LazyLock<Timestamp> =
        LazyLock::new(|| Timestamp::now() - jiff::SignedDuration::from_hours(6));
    *FIRST + jiff::SignedDuration::from_mins(minutes)
}

/// A mail as fetched.
pub fn incoming(id: RawId, uid: i64, raw: &[u8]) -> IncomingRaw {
    IncomingRaw {
        id,
        uidvalidity: 7,
        uid,
        sha256: Sha256::digest(raw).into(),
        message_id: Some(format!("klant.{uid}@x.example")),
        received_at: minutes_past(0),
        raw: raw.to_vec(),
        size_bytes: raw.len() as u64,
        imported: None,
    }
}

/// The shop's first customer mail, to be answered.
pub fn new_interaction(shop: &Shop, lease: Option<Lease>) -> NewInteraction {
    NewInteraction {
        lease,
        id: shop.interaction,
        thread_id: shop.thread,
        raw_message_id: Some(shop.raw),
        customer_email: "klant@x.example".to_owned(),
        from_name: "Klant".to_owned(),
        subject: "Retour \"maat\" 38".to_owned(),
        message_id: Some("klant.1@x.example".to_owned()),
        in_reply_to: None,
        message_references: vec!["eerder@x.example".to_owned()],
        sender_verified: true,
        reply_to_elsewhere: false,
        doubt: None,
        received_at: minutes_past(0),
        message_body: "Ik wil mijn bestelling retourneren.\nGroet, ☃".to_owned(),
        language: Language::Dutch,
        state: InteractionState::Received,
        fate: None,
        fate_reason: None,
        answer_job_id: Some(JobId::new()),
        run_at: None,
    }
}

/// The last word of the first mail, as a file.
pub fn new_attachment(shop: &Shop) -> NewAttachment {
    NewAttachment {
        id: AttachmentId(shop.interaction.0),
        interaction_id: shop.interaction,
        raw_message_id: shop.raw,
        place: 1,
        part_path: "1".to_owned(),
        file_name: "../hallo.txt".to_owned(),
        safe_name: "hallo.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        disposition: "attachment".to_owned(),
        content_id: None,
        encoding: String::new(),
        raw_offset: 25,
        raw_length: 5,
        size_bytes: 5,
        sha256: Some("ab".repeat(32)),
    }
}

/// How the first mail looks.
pub fn new_message_view(shop: &Shop) -> NewMessageView {
    NewMessageView {
        interaction_id: shop.interaction,
        html: Some("<p>Hallo</p>".to_owned()),
        remote_images: 1,
        html_cut: false,
        files_left_out: 0,
    }
}

/// A queued mail with this Message-ID.
pub fn new_outbox(message_id: &str) -> NewOutbox {
    NewOutbox {
        id: OutboxId::new(),
        message_id: message_id.to_owned(),
        recipient: "klant@x.example".to_owned(),
        subject: "Re: Retour".to_owned(),
        body_text: "Dag, dat kan.".to_owned(),
        body_html: "<p>Dag, dat kan.</p>".to_owned(),
        in_reply_to: Some("klant.1@x.example".to_owned()),
        message_references: vec!["eerder@x.example".to_owned()],
        held: false,
        state_reason: None,
        undo_seconds: 0,
    }
}

/// An answer with a first offer of 5 %, nothing to send.
pub fn answer_write(shop: &Shop, lease: Lease) -> AnswerWrite {
    let five = Percentage::from_percents(5);
    let step = LadderStep::NONE.next();
    AnswerWrite {
        lease,
        interaction_id: shop.interaction,
        thread_id: shop.thread,
        raw_message_id: Some(shop.raw),
        interaction: InteractionOutcome {
            ai_response: Some("Dag, dat kan.".to_owned()),
            ai_response_html: Some("<p>Dag, dat kan.</p>".to_owned()),
            compensatie_percentage: five,
            dreiging_detected: false,
            annulering_aangevraagd: false,
            ladder_stap: step,
            language: Language::Dutch,
            intents: IntentSet::EMPTY.with(Intent::Return),
            customer_mood: Mood::Neutral,
            order_number: Some("1234".to_owned()),
            state: InteractionState::Answered,
        },
        thread: ThreadOutcome {
            escalation_level: EscalationLevel::Watch,
            customer_mood: Mood::Neutral,
            language: Language::Dutch,
            ladder_stap: step,
        },
        receipt: json!({"because": ["retourbeleid_fashion"]}),
        outbox: None,
        deliver_job_id: JobId::new(),
        offers: vec![NewOffer {
            id: OfferId::new(),
            customer_email: "klant@x.example".to_owned(),
            order_number: Some("1234".to_owned()),
            kind: OfferKind::Offered,
            ladder_stap: step,
            basis_points: five,
        }],
        accounts: vec![Account { account_key: "customer:klant@x.example".to_owned(), version: 0 }],
        notifications: vec![NewNotification {
            id: NotificationId::new(),
            notification_type: NotificationType::HighCompensation,
            priority: Priority::Medium,
            action_required: false,
            detail: "ladder.first_offer".to_owned(),
        }],
        events: vec![NewEvent { kind: "interaction.answered".to_owned(), subject_id: None }],
        fate: Fate::Answered,
        fate_reason: Some("policy".to_owned()),
    }
}

/// A lease nobody gave.
pub fn no_lease() -> Lease {
    Lease { job_id: JobId(Uuid::now_v7()), lease_token: LeaseToken(Uuid::now_v7()) }
}
