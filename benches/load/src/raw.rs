//! The fastest bot that we could think of: it answers each update by one fixed call over a plain socket. What the emulator can take is shown by it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::Failure;

/// Connections for calls, beside the one that polls.
const CONNECTIONS: usize = 2;
/// Calls that are written at once.
const MOST: usize = 64;

/// A connection and what was read ahead on it.
struct Connection {
    stream: TcpStream,
    token: String,
    read: Vec<u8>,
    out: Vec<u8>,
}

/// Where `needle` begins in `hay`.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}

/// The number that `text` begins with.
fn number(text: &[u8]) -> i64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

impl Connection {
    async fn open(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            token: token.to_owned(),
            read: Vec::with_capacity(64 * 1024),
            out: Vec::with_capacity(64 * 1024),
        })
    }

    fn write(&mut self, method: &str, body: &str) {
        let head = format!(
            "POST /bot{}/{method} HTTP/1.1\r\nhost: b\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        self.out.extend_from_slice(head.as_bytes());
        self.out.extend_from_slice(body.as_bytes());
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        self.stream.write_all(&self.out).await?;
        self.out.clear();
        Ok(())
    }

    /// The body of the next response.
    async fn body(&mut self) -> Result<Vec<u8>, Failure> {
        const LENGTH: &[u8] = b"content-length: ";
        loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                let at = find(&self.read[..end], LENGTH).ok_or("no length")? + LENGTH.len();
                let whole = end + 4 + usize::try_from(number(&self.read[at..]))?;
                if self.read.len() >= whole {
                    let body = self.read[end + 4..whole].to_vec();
                    self.read.drain(..whole);
                    return Ok(body);
                }
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

/// Answers whoever writes at `api_url`, until the process is ended.
pub async fn run(api_url: &str, token: &str) -> Result<(), Failure> {
    let address: SocketAddr = api_url.trim_start_matches("http://").parse()?;
    let mut senders = Vec::new();
    for _ in 0..CONNECTIONS {
        let (sender, chats) = mpsc::unbounded_channel();
        let connection = Connection::open(address, token).await?;
        tokio::spawn(async move {
            if let Err(error) = answer(connection, chats).await {
                eprintln!("raw bot: {error}");
            }
        });
        senders.push(sender);
    }
    let mut polls = Connection::open(address, token).await?;
    let (mut offset, mut turn) = (0, 0);
    loop {
        polls.write(
            "getUpdates",
            &format!("{{\"offset\":{offset},\"timeout\":20}}"),
        );
        polls.flush().await?;
        let body = polls.body().await?;
        let mut rest = &body[..];
        while let Some(at) = find(rest, b"\"update_id\":") {
            rest = &rest[at + 12..];
            offset = number(rest) + 1;
            let at = find(rest, b"\"chat\":{\"id\":").ok_or("an update without a chat")?;
            rest = &rest[at + 13..];
            turn += 1;
            senders[turn % CONNECTIONS].send(number(rest))?;
        }
    }
}

async fn answer(
    mut connection: Connection,
    mut chats: mpsc::UnboundedReceiver<i64>,
) -> Result<(), Failure> {
    let mut some = Vec::new();
    while chats.recv_many(&mut some, MOST).await > 0 {
        for chat in &some {
            connection.write(
                "sendMessage",
                &format!("{{\"chat_id\":{chat},\"text\":\"Hello\"}}"),
            );
        }
        connection.flush().await?;
        for _ in some.drain(..) {
            connection.body().await?;
        }
    }
    Ok(())
}
