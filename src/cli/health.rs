//! `kiosk health`: asks the open shop's own `/readyz`, so that a container needs no other program to be watched.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Failure, Outcome};
use crate::config::Config;

/// A shop that is ready answers at once; its database is given 3 s.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(config: &Config) -> Result<Outcome, Failure> {
    let address = reachable(config.web.ops_listen);
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()?;
    let asked = client.get(format!("http://{address}/readyz")).send().await;
    let answer = asked.map_err(|error| {
        let why = if error.is_timeout() {
            "it does not answer"
        } else {
            "nobody listens there"
        };
        format!("no shop at {address} (web.ops_listen): {why}. `kiosk run` opens one")
    })?;
    let is_complete = answer.status().is_success();
    let text = answer.text().await.unwrap_or_default();
    Ok(Outcome { text, is_complete })
}

/// Who listens on every address is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            let listen: SocketAddr = listen.parse().unwrap();
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }
}
