//! A real nginx in front of the pages: the shop says which file, and nginx hands it out.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;

use reqwest::StatusCode;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::browser::{Browser, Otherwise};
use super::downloads::{Files, bytes, fetch, said};
use crate::on_both_engines;
use crate::support::tools::tool;

/// So often is another port tried.
const TRIES: usize = 10;

/// It ends with the test.
struct Nginx {
    base: String,
    _process: Child,
    _home: TempDir,
}

fn settings(port: u16, pages: &str, files: &Path) -> String {
    let files = files.display();
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            server {{
                listen 127.0.0.1:{port};
                location / {{ proxy_pass {pages}; }}
                location /files/ {{
                    internal;
                    alias {files}/;
                    add_header Content-Security-Policy \"sandbox; default-src 'none'\" always;
                    add_header X-Content-Type-Options nosniff always;
                }}
            }}
        }}\n"
    )
}

impl Nginx {
    async fn start(pages: &str, files: &Path) -> Self {
        for _ in 0..TRIES {
            let home = tempfile::tempdir().expect("a folder");
            // Somebody may take the port before nginx does: then it ends at once.
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let file = home.path().join("nginx.conf");
            std::fs::write(&file, settings(port, pages, files)).expect("a file");
            let mut process = Command::new(tool("nginx"))
                .arg("-p")
                .arg(home.path())
                .arg("-c")
                .arg(&file)
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("nginx starts");
            while process.try_wait().expect("a look").is_none() {
                if TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                    .await
                    .is_ok()
                {
                    return Self {
                        base: format!("http://127.0.0.1:{port}"),
                        _process: process,
                        _home: home,
                    };
                }
                tokio::task::yield_now().await;
            }
        }
        panic!("nginx does not start");
    }
}

on_both_engines! {
    async fn nginx_hands_files_out_to_whom_the_shop_says(db: TestDb) {
        let otherwise = Otherwise { accel_prefix: Some("/files/"), ..Otherwise::default() };
        let files = Files::open_with(&db, otherwise).await;
        let (ann, order, path) = files.bought().await;
        let nginx = Nginx::start(&files.pages.base, files.folder.path()).await;
        let browser = Browser::at(&nginx.base);
        browser.get(&path).await.shows("Handbook");
        let place = files.starts(&browser, &path).await;
        let all = bytes(1);
        let (status, headers, got) = fetch(&browser, &place, &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(got == all, "every byte");
        assert_eq!(said(&headers, "content-type"), "application/pdf");
        assert!(said(&headers, "content-disposition").starts_with("attachment; "));
        assert_eq!(said(&headers, "cache-control"), "private, no-cache");
        assert_eq!(said(&headers, "content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(said(&headers, "x-content-type-options"), "nosniff");
        assert!(headers.get("x-accel-redirect").is_none(), "where files are is not told");
        let (etag, range) = (said(&headers, "etag"), ("range", "bytes=1000000-"));
        let (status, headers, got) = fetch(&browser, &place, &[range, ("if-range", etag)]).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
        assert!(got == all[1_000_000..], "the rest");
        assert_eq!(said(&headers, "content-range"), format!("bytes 1000000-{}/{}", all.len() - 1, all.len()));
        // The folder is nobody's but through the shop.
        let file = files.download(&ann, order).await.file.expect("a file").id;
        assert_eq!(browser.get(&format!("/files/{file}")).await.status, StatusCode::NOT_FOUND);
        let strange = format!("{path}/{}", "A".repeat(43));
        assert_eq!(browser.get(&strange).await.status, StatusCode::NOT_FOUND);
    }
}
