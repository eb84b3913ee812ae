//! Passwords: which are good enough, and the slow digests of them.
//!
//! Digests are made on threads of their own, never more at once than there are cores less one,
//! so that a storm of sign-ins leaves the rest of Loket responsive.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::refusal::Refusal;
use super::settings::AuthOptions;

/// Longer ones are refused, in bytes: nothing is ever cut off.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Requests that may wait for a digest, per thread that makes them.
const QUEUE_PER_WORKER: usize = 250;
/// Words a shop or its people would begin a password with; zxcvbn knows the English ones.
const WORDS: &str = include_str!("weak_words.txt");

/// What a password turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It is not this one.
    Wrong,
    /// It is.
    Right,
    /// It is, and this digest of it is better than the one that is kept.
    Better(String),
}

/// Makes and checks digests, so many at a time.
#[derive(Debug, Clone)]
pub struct Hashing {
    workers: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Looked at for people who do not exist, so that they take as long.
    nobody: Arc<str>,
}

impl Hashing {
    /// As many workers as cores less one.
    pub fn new() -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = cores.saturating_sub(1).max(1);
        let nobody = digest("nobody has this password")
            .map_err(|refusal| anyhow::anyhow!("no digest can be made: {}", refusal.message()))?;
        Ok(Self {
            workers: Arc::new(Semaphore::new(workers)),
            queue: Arc::new(Semaphore::new(workers * QUEUE_PER_WORKER)),
            nobody: nobody.into(),
        })
    }

    /// A digest to keep.
    pub async fn digest(&self, password: &str) -> Result<String, Refusal> {
        let password = password.to_owned();
        self.work(move || digest(&password)).await?
    }

    /// Whether this is the password behind `kept`. Without one, the same work is done for nobody.
    pub async fn check(&self, password: &str, kept: Option<&str>) -> Result<Checked, Refusal> {
        let known = kept.is_some_and(|kept| !kept.is_empty());
        let kept = kept.filter(|kept| !kept.is_empty()).unwrap_or(&self.nobody).to_owned();
        let password = password.to_owned();
        let nobody = Arc::clone(&self.nobody);
        let checked = self.work(move || check(&password, &kept, &nobody)).await??;
        Ok(if known { checked } else { Checked::Wrong })
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let busy = || Refusal::too_many("over_request_rate_limit", 5);
        let _queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| busy())?;
        let permit = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| busy())?;
        // The permit goes along: a request that is dropped does not let another in beside it.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(|error| Refusal::defect(&error))
    }
}

/// The Argon2id digest of a password, as a PHC string. Takes tens of milliseconds of this thread.
pub fn digest(password: &str) -> Result<String, Refusal> {
    let mut salt = [0_u8; 16];
    super::secrets::random(&mut salt).map_err(|error| {
        let error: Box<dyn std::error::Error + Send + Sync> = error.into();
        Refusal::defect(&*error as &(dyn std::error::Error + 'static))
    })?;
    let made = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    made.map(|digest| digest.to_string()).map_err(|error| Refusal::defect(&error))
}

/// Whatever is wrong about a password or about what is kept, it costs a digest of today's strength:
/// how long a refusal takes tells nothing about the account. `nobody` is such a digest.
fn check(password: &str, kept: &str, nobody: &str) -> Result<Checked, Refusal> {
    let (checked, worked) = compare(password, kept)?;
    if !worked && let Ok(parsed) = PasswordHash::new(nobody) {
        let _wrong = Argon2::default().verify_password(password.as_bytes(), &parsed);
    }
    Ok(checked)
}

/// What a password turned out to be, and whether a digest of today's kind was made for that.
fn compare(password: &str, kept: &str) -> Result<(Checked, bool), Refusal> {
    use argon2::password_hash::Error;
    if kept.starts_with("$2") {
        // bcrypt sees 72 bytes; a longer password is another one.
        let right = password.len() <= 72 && bcrypt::verify(password, kept).unwrap_or(false);
        let better = right.then(|| digest(password)).transpose()?;
        return Ok(better.map_or((Checked::Wrong, false), |it| (Checked::Better(it), true)));
    }
    let Ok(parsed) = PasswordHash::new(kept) else { return Ok((Checked::Wrong, false)) };
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) if kept.starts_with(&prefix()) => Ok((Checked::Right, true)),
        Ok(()) => digest(password).map(|better| (Checked::Better(better), true)),
        Err(Error::PasswordInvalid) => Ok((Checked::Wrong, true)),
        // Of another kind, or with parameters nobody can compute.
        Err(_) => Ok((Checked::Wrong, false)),
    }
}

/// How digests of today's strength begin.
fn prefix() -> String {
    use argon2::Params;
    let (memory, passes) = (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST);
    format!("$argon2id$v=19$m={memory},t={passes},p={}$", Params::DEFAULT_P_COST)
}

/// Whether a new password is good enough. `known` are words an attacker would try first: the
/// address, the shop, the name.
pub fn acceptable(password: &str, known: &[&str], options: &AuthOptions) -> Result<(), Refusal> {
    if password.len() > MAX_PASSWORD_BYTES {
        let text = format!("Password cannot be longer than {MAX_PASSWORD_BYTES} bytes");
        return Err(Refusal::invalid(text));
    }
    if password.contains('\0') {
        return Err(Refusal::invalid("Password cannot contain a NUL character"));
    }
    let least = usize::from(options.auth_password_min_length);
    if password.chars().count() < least {
        let text = format!("Password should be at least {least} characters.");
        return Err(Refusal::weak_password(text, "length"));
    }
    if options.auth_password_score == 0 {
        return Ok(());
    }
    let known: Vec<String> = known
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .chain(WORDS.lines())
        .filter(|word| word.chars().count() > 2)
        .map(str::to_lowercase)
        .collect();
    let mut words: Vec<&str> = known.iter().map(String::as_str).collect();
    // zxcvbn counts from the front, where the commonest stand.
    words.dedup();
    let score = u8::from(zxcvbn::zxcvbn(password, &words).score());
    if score < options.auth_password_score || is_decorated(password, &words) {
        let text = "Password is known to be weak and easy to guess, please choose a different one.";
        return Err(Refusal::weak_password(text, "pwned"));
    }
    Ok(())
}

/// Whether nothing is left of a password but one known word with digits and signs around it.
fn is_decorated(password: &str, known: &[&str]) -> bool {
    let bare = password.to_lowercase();
    let bare = bare.trim_matches(|c: char| !c.is_alphabetic());
    known.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many sign in at once, digests are made on no more threads than there are permits,
    /// and what would wait too long is refused at once.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_storm_is_worked_by_few_and_the_rest_waits_or_is_refused() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::time::Duration;
        let hashing = Hashing {
            workers: Arc::new(Semaphore::new(2)),
            queue: Arc::new(Semaphore::new(20)),
            nobody: "".into(),
        };
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut storm = tokio::task::JoinSet::new();
        for _ in 0..60 {
            let (hashing, now, most) = (hashing.clone(), Arc::clone(&now), Arc::clone(&most));
            storm.spawn(async move {
                let work = move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    now.fetch_sub(1, Ordering::SeqCst);
                };
                hashing.work(work).await.map_err(|refusal| refusal.code().to_owned())
            });
        }
        let done = storm.join_all().await;
        assert_eq!(most.load(Ordering::SeqCst), 2, "both permits are used, and no third thread");
        let refused: Vec<_> = done.iter().filter_map(|it| it.as_ref().err()).collect();
        assert_eq!(done.len() - refused.len(), 20);
        assert!(refused.iter().all(|code| *code == "over_request_rate_limit"), "{refused:?}");
        // Whoever hangs up in the queue leaves their place; whoever hangs up at work keeps it.
        let waiting = tokio::spawn({
            let hashing = hashing.clone();
            async move { hashing.work(|| std::thread::sleep(Duration::from_millis(50))).await }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        waiting.abort();
        let _aborted = waiting.await;
        assert_eq!(hashing.workers.available_permits(), 1, "the digest is still being made");
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(hashing.workers.available_permits(), 2);
        assert_eq!(hashing.queue.available_permits(), 20);
    }

    #[test]
    fn weak_passwords_are_refused_and_long_ones_are_whole() {
        let options = AuthOptions::default();
        let known = ["sanne@linnenenleer.example", "Linnen & Leer"];
        for weak in [
            "kort",
            "password123",
            "1234567890",
            "wachtwoord123",
            "linnenenleer1",
            "aaaaaaaaaaaaaaaa",
            "Welkom2026!",
        ] {
            let refused = acceptable(weak, &known, &options).err();
            let code = refused.as_ref().map(Refusal::code);
            assert_eq!(code, Some("weak_password"), "{weak}");
        }
        for good in
            ["vier fietsen op zolder", "ключ-от-склада-семь", "q8$Vz!mR2p", &"ab cd 12 ".repeat(7)]
        {
            assert_eq!(acceptable(good, &known, &options), Ok(()), "{good}");
        }
        let long = "x y1".repeat(257);
        assert_eq!(acceptable(&long, &known, &options).unwrap_err().code(), "validation_failed");
        let nul = acceptable("vier fietsen\0op zolder", &known, &options);
        assert_eq!(nul.unwrap_err().code(), "validation_failed");
    }

    /// [`super::check`] beside a digest that is nobody's.
    fn check(password: &str, kept: &str) -> Result<Checked, Refusal> {
        super::check(password, kept, &digest("nobody has this password").unwrap())
    }

    /// By the work done: which ways out of a comparison made no digest, and that one is made then.
    #[test]
    fn every_refusal_costs_a_digest() {
        let bcrypt = bcrypt::hash("vier fietsen", 4).unwrap();
        let long = "p".repeat(73);
        let ours = digest("vier fietsen").unwrap();
        for (password, kept, worked) in [
            ("wat dan ook", bcrypt.as_str(), false),
            (&long, &bcrypt, false),
            ("wat dan ook", "$2a$04$kort", false),
            ("wat dan ook", "$argon2id$x", false),
            ("wat dan ook", "plain", false),
            ("wat dan ook", &ours, true),
        ] {
            assert_eq!(compare(password, kept), Ok((Checked::Wrong, worked)), "{kept}");
        }
        let nobody = digest("nobody has this password").unwrap();
        let spent = |password: &str, kept: &str| {
            let begun = std::time::Instant::now();
            let looked_at = (0..5).flat_map(|_| super::check(password, kept, &nobody)).count();
            assert_eq!(looked_at, 5);
            begun.elapsed()
        };
        let (real, long) = (spent("wat dan ook", &ours), spent(&long, &bcrypt));
        assert!(long * 3 > real, "no digest was made: {long:?} beside {real:?}");
    }

    #[test]
    fn digests_are_argon2id_and_see_every_byte() {
        let long = "p".repeat(200);
        let kept = digest(&long).unwrap();
        assert!(kept.starts_with(&prefix()), "{kept}");
        assert_eq!(check(&long, &kept), Ok(Checked::Right));
        assert_eq!(check(&"p".repeat(199), &kept), Ok(Checked::Wrong));
        assert_eq!(check(&format!("{long} "), &kept), Ok(Checked::Wrong));
    }

    #[test]
    fn bcrypt_of_another_system_is_taken_over() {
        let kept = bcrypt::hash("vier fietsen", 4).unwrap();
        let Ok(Checked::Better(better)) = check("vier fietsen", &kept) else { panic!("refused") };
        assert!(better.starts_with("$argon2id$"));
        assert_eq!(check("vier fietsen", &better), Ok(Checked::Right));
        assert_eq!(check("vijf fietsen", &kept), Ok(Checked::Wrong));
        for broken in ["$2a$04$kort", "$argon2id$x", "plain", "$2a$"] {
            assert_eq!(check("plain", broken), Ok(Checked::Wrong), "{broken}");
        }
    }
}
