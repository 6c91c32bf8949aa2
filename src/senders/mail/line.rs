//! The connections of one account to its server. We speak to them step by step rather than through lettre's transport:
//! only so it is known whether the mail was on its way when a connection broke, and a step that takes too long leaves no
//! connection behind in the middle of a conversation.

use std::error::Error as _;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};

use crate::shop::confirmations::senders::CALL;

/// So many connections are kept for the next mail.
const KEPT: usize = 2;
/// So long, well below the patience of servers.
const IDLE: Duration = Duration::from_secs(30);
/// The server's last answer may wait for its filters: so many times the patience of other steps.
const FILTERS: u32 = 3;
/// All steps before the mail itself take no longer, whatever the settings say: what is not under way by then is not sent.
const BEFORE: Duration = Duration::from_secs(18);
/// The mail itself and the server's answer to it. After that nobody knows whether it was taken.
const BODY: Duration = Duration::from_secs(24);
/// The end of a mail that was refused.
const RESET: Duration = Duration::from_secs(3);
const _: () = assert!(BEFORE.as_secs() + BODY.as_secs() + RESET.as_secs() <= CALL.as_secs());

/// How far a mail got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Connection, encryption, greeting.
    Connect,
    /// User and password.
    Login,
    /// `MAIL FROM`.
    From,
    /// `RCPT TO`.
    To,
    /// `DATA`, until the server waits for the mail.
    Data,
    /// The mail itself, until the server has answered.
    Body,
}

/// Why a mail was not taken, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server said no.
    Reply { step: Step, code: u16, text: String },
    /// The connection broke, or an answer did not come in time.
    Lost { step: Step, words: String },
    /// The two can't come to terms: encryption, certificate, ways to log in.
    Terms(String),
    /// The server takes no address with such letters.
    Letters,
}

/// How the encryption goes, with what it trusts.
#[derive(Clone)]
pub(super) enum Tls {
    Implicit(TlsParameters),
    Starttls(TlsParameters),
    None,
}

/// A server, and the connections to it.
pub(super) struct Line {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<Credentials>,
    timeout: Duration,
    longest: Longest,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// What the parts of handing a mail over may take at the most.
#[derive(Clone, Copy)]
struct Longest {
    before: Duration,
    body: Duration,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Line {
    pub(super) fn new(
        host: String,
        port: u16,
        tls: Tls,
        login: Option<Credentials>,
        timeout: Duration,
    ) -> Self {
        Self {
            host,
            port,
            tls,
            login,
            timeout,
            longest: Longest {
                before: BEFORE,
                body: BODY,
            },
            kept: Mutex::new(Vec::new()),
        }
    }

    /// Logs in and says good-bye: whether the account works.
    pub(super) async fn try_out(&self) -> Result<(), Trouble> {
        let mut connection = self.connect(Instant::now() + self.longest.before).await?;
        // The answer to a good-bye changes nothing.
        let _ = self
            .in_time(Step::Login, connection.command(Quit), RESET)
            .await;
        Ok(())
    }

    /// Hands one mail over, within [`CALL`].
    pub(super) async fn hand_over(
        &self,
        from: &Address,
        to: &Address,
        mail: &[u8],
    ) -> Result<(), Trouble> {
        let until = Instant::now() + self.longest.before;
        let mut connection = match self.kept(until).await {
            Some(connection) => connection,
            None => self.connect(until).await?,
        };
        let talk = self.conversation(&mut connection, from, to, mail, until);
        let result = talk.await;
        let goes_on = match &result {
            Ok(()) => true,
            // 421: the server is about to hang up.
            Err(Trouble::Reply { code, .. }) if *code != 421 => self
                .in_time(
                    Step::From,
                    connection.command(Rset),
                    self.timeout.min(RESET),
                )
                .await
                .is_ok(),
            Err(_) => false,
        };
        if goes_on {
            self.keep(connection);
        }
        result
    }

    async fn conversation(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        mail: &[u8],
        until: Instant,
    ) -> Result<(), Trouble> {
        let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let parameters = if plain(from) && plain(to) {
            Vec::new()
        } else if connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            vec![MailParameter::SmtpUtfEight]
        } else {
            return Err(Trouble::Letters);
        };
        let hello = Mail::new(Some(from.clone()), parameters);
        self.in_time(Step::From, connection.command(hello), self.left(until))
            .await?;
        let whom = Rcpt::new(to.clone(), Vec::new());
        self.in_time(Step::To, connection.command(whom), self.left(until))
            .await?;
        self.in_time(Step::Data, connection.command(Data), self.left(until))
            .await?;
        let patience = (self.timeout * FILTERS).min(self.longest.body);
        self.in_time(Step::Body, connection.message(mail), patience)
            .await?;
        Ok(())
    }

    /// The patience for a step that ends by `until` at the latest.
    fn left(&self, until: Instant) -> Duration {
        let left = until.saturating_duration_since(Instant::now());
        self.timeout.min(left)
    }

    async fn connect(&self, until: Instant) -> Result<AsyncSmtpConnection, Trouble> {
        let hello = ClientId::default();
        let implicit = match &self.tls {
            Tls::Implicit(tls) => Some(tls.clone()),
            Tls::Starttls(_) | Tls::None => None,
        };
        let opened = async {
            let address = (self.host.as_str(), self.port);
            let wait = Some(self.timeout);
            let mut connection =
                AsyncSmtpConnection::connect_tokio1(address, wait, &hello, implicit, None).await?;
            if let Tls::Starttls(tls) = &self.tls {
                connection.starttls(tls.clone(), &hello).await?;
            }
            Ok(connection)
        };
        let mut connection = self
            .in_time(Step::Connect, opened, self.left(until))
            .await?;
        if let Some(login) = &self.login {
            let ways = [Mechanism::Plain, Mechanism::Login];
            let patience = self.left(until);
            self.in_time(Step::Login, connection.auth(&ways, login), patience)
                .await?;
        }
        Ok(connection)
    }

    /// A connection that was kept and still answers.
    async fn kept(&self, until: Instant) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.pop()?
            };
            let answer = connection.command(Noop);
            if since.elapsed() < IDLE
                && self
                    .in_time(Step::Connect, answer, self.left(until))
                    .await
                    .is_ok()
            {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push((connection, Instant::now()));
        }
    }

    async fn in_time<T>(
        &self,
        step: Step,
        future: impl Future<Output = Result<T, Error>>,
        patience: Duration,
    ) -> Result<T, Trouble> {
        match tokio::time::timeout(patience, future).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(trouble(step, &error)),
            Err(_) => Err(Trouble::Lost {
                step,
                words: "no answer in time".to_owned(),
            }),
        }
    }
}

fn trouble(step: Step, error: &Error) -> Trouble {
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string);
        return Trouble::Reply {
            step,
            code: code.into(),
            text: text.unwrap_or_default(),
        };
    }
    let words = super::super::http::with_causes(error);
    // lettre says so of its own accord: no STARTTLS, no way to log in.
    if error.is_client() || error.is_tls() || (step == Step::Connect && is_no_tls(error)) {
        return Trouble::Terms(words);
    }
    Trouble::Lost { step, words }
}

/// rustls tells of a certificate that it does not trust, and of a server that speaks no TLS, as data that is invalid.
fn is_no_tls(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(next) = cause {
        let io = next.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        cause = next.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    /// How handing over ends at a server that takes `drags` for each answer, and none for the mail itself. All settings are
    /// as patient as can be.
    async fn ends(drags: Duration, longest: Longest) -> Trouble {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let (stream, _) = server.accept().await.unwrap();
            let (reads, mut writes) = stream.into_split();
            let mut lines = BufReader::new(reads).lines();
            let mut answer = "220 slow\r\n";
            loop {
                tokio::time::sleep(drags).await;
                if writes.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                let Ok(Some(asked)) = lines.next_line().await else {
                    return;
                };
                answer = match asked.as_str() {
                    "DATA" => "354 go on\r\n",
                    "." => std::future::pending().await,
                    // The mail itself, until its end.
                    _ if answer.starts_with("354") || answer.is_empty() => "",
                    _ => "250 fine\r\n",
                };
            }
        });
        let mut line = Line::new(
            "127.0.0.1".to_owned(),
            port,
            Tls::None,
            None,
            Duration::from_mins(1),
        );
        line.longest = longest;
        let address: Address = "ann@example.com".parse().unwrap();
        let mail = b"Subject: x\r\n\r\nx\r\n";
        let over = line.hand_over(&address, &address, mail);
        let over = tokio::time::timeout(Duration::from_secs(20), over).await;
        serving.abort();
        over.expect("it ends long before a minute").unwrap_err()
    }

    #[tokio::test]
    async fn handing_over_ends_in_time_whatever_the_settings() {
        let longest = Longest {
            before: Duration::from_millis(500),
            body: Duration::from_secs(15),
        };
        // Each answer comes in good time, all of them together do not.
        let slow = ends(Duration::from_millis(200), longest).await;
        assert!(
            matches!(slow, Trouble::Lost { step, .. } if step != Step::Body),
            "{slow:?}"
        );
        // What was sent may have been taken.
        let longest = Longest {
            before: Duration::from_secs(15),
            body: Duration::from_millis(500),
        };
        let silent = ends(Duration::ZERO, longest).await;
        let expected = Trouble::Lost {
            step: Step::Body,
            words: "no answer in time".to_owned(),
        };
        assert_eq!(silent, expected);
    }
}
