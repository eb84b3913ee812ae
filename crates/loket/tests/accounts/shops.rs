//! Shops with people and mail, put behind the doors in one go.

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt;
use uuid::Uuid;

use crate::lab::{Answer, Lab, PASSWORD};

/// A shop that works, with one conversation.
#[derive(Debug, Clone, Copy)]
pub struct Shop {
    pub id: Uuid,
    pub thread: Uuid,
    pub mail: Uuid,
    pub draft: Uuid,
    pub notice: Uuid,
}

/// What a shop needs to be looked at. Its own name is in every text of it.
const SHOP: &str = "
insert into public.tenants (tenant_id, bedrijfsnaam, gmail_email, status, active, created_at)
values ($1, $6, 'info@' || $6 || '.example', 'approved', true, '2026-01-01');
insert into public.conversation_threads (tenant_id, id, customer_email, customer_name, subject, message_count, last_message_at)
values ($1, $2, 'klant@' || $6 || '.example', 'Klant van ' || $6, 'Vraag aan ' || $6, 1, '2026-01-02');
insert into public.customer_interactions (tenant_id, id, thread_id, customer_email, subject, received_at, message_body, ai_response, state)
values ($1, $3, $2, 'klant@' || $6 || '.example', 'Vraag aan ' || $6, '2026-01-02', 'Waar is mijn pakket van ' || $6 || '?', 'Onderweg, zegt ' || $6, 'drafted');
insert into public.attachments (tenant_id, id, interaction_id, raw_message_id, place, part_path, file_name, safe_name, content_type, disposition, encoding, raw_offset, raw_length, size_bytes, sha256)
values ($1, $3, $3, $3, 1, '1', $6 || '.txt', $6 || '.txt', 'text/plain', 'attachment', '', 8, 5, 5, sha256('Hallo'));
insert into public.message_views (tenant_id, interaction_id, html)
values ($1, $3, '<p>Waar is mijn pakket van ' || $6 || '?</p>');
insert into public.outbox (tenant_id, id, interaction_id, thread_id, message_id, recipient, subject, body_text, body_html, state)
values ($1, $4, $3, $2, '<' || $4 || '@loket.example>', 'klant@' || $6 || '.example', 'Re: Vraag', 'Onderweg, zegt ' || $6, '<p>Onderweg</p>', 'held');
insert into public.notifications (tenant_id, id, thread_id, interaction_id, type, priority, action_required, created_at)
values ($1, $5, $2, $3, 'action_needed', 'medium', true, '2026-01-02');";

pub async fn shop(lab: &Lab, name: &str) -> Shop {
    let id = Uuid::now_v7;
    let shop = Shop { id: id(), thread: id(), mail: id(), draft: id(), notice: id() };
    let mut script = SHOP.replace("$6", &format!("'{name}'"));
    for (number, id) in
        [shop.id, shop.thread, shop.mail, shop.draft, shop.notice].iter().enumerate()
    {
        script = script.replace(&format!("${}", number + 1), &format!("'{id}'::uuid"));
    }
    // Texts are glued to ids in one place.
    let script = script.replace("'<' || ", "'<' || (").replace(" || '@loket", ")::text || '@loket");
    lab.behind.batch_execute(&script).await.unwrap();
    shop
}

/// Somebody who is in already; cookies and form token as their browser has them.
#[derive(Debug, Clone, Default)]
pub struct Insider {
    pub cookie: String,
    pub token: String,
    /// For a program instead of a browser.
    pub bearer: Option<String>,
}

/// Makes a person of this shop and signs them in.
pub async fn insider(lab: &Lab, email: &str, shop: Option<(Uuid, &str)>) -> Insider {
    lab.person(email).await;
    if let Some((shop, role)) = shop {
        let put = "update public.profiles set tenant_id = $1, tenant_role = $2 where email = $3";
        lab.behind.execute(put, &[&shop, &role, &email]).await.unwrap();
    }
    enter(lab, email).await
}

/// Signs a person in, as a browser would be.
pub async fn enter(lab: &Lab, email: &str) -> Insider {
    let address = "192.0.2.1".parse().unwrap();
    let client = loket::auth::Client {
        address,
        origin: loket::auth::Origin::from(address),
        user_agent: None,
        language: domain::contract::Language::Dutch,
    };
    let opened = lab.auth.sign_in(email, PASSWORD, &client).await.unwrap();
    let cookies = lab.auth.cookies(&opened).unwrap();
    let pairs = cookies.iter().map(|it| it.to_str().unwrap().split(';').next().unwrap());
    Insider {
        cookie: pairs.collect::<Vec<_>>().join("; "),
        token: lab.auth.form_token(opened.session.id),
        bearer: None,
    }
}

impl Insider {
    /// A request as their browser sends it.
    pub fn request(&self, method: &str, path: &str, form: &str) -> Request<Body> {
        let mut request = Lab::request(method, path);
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let request = request
            .header("cookie", &self.cookie)
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin");
        if method == "GET" {
            return request.body(Body::empty()).unwrap();
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(Body::from(format!("teken={}&{form}", self.token))).unwrap()
    }

    pub async fn get(&self, lab: &Lab, path: &str) -> Answer {
        lab.send(self.request("GET", path, "")).await
    }

    pub async fn post(&self, lab: &Lab, path: &str, form: &str) -> Answer {
        lab.send(self.request("POST", path, form)).await
    }

    /// Status and the way on, without reading what may never end.
    pub async fn standing(&self, lab: &Lab, method: &str, path: &str, form: &str) -> String {
        let response = lab.pages.clone().oneshot(self.request(method, path, form)).await.unwrap();
        let to = response.headers().get("location").map(|to| to.to_str().unwrap());
        let to = to.map(|to| to.split(['?', '#']).next().unwrap().to_owned());
        match to {
            Some(to) => format!("{} {to}", response.status().as_u16()),
            None => response.status().as_u16().to_string(),
        }
    }
}
