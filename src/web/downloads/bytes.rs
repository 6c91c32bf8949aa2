//! The bytes of a download that was started: whole or a part of them, so that a broken connection costs nothing. Or else the
//! shop's own proxy is told which file to hand out.

use std::io::SeekFrom;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{
    AcceptRanges, ContentLength, ContentRange, ContentType, ETag, HeaderMapExt, IfNoneMatch,
    IfRange,
};
use mime_guess::{Mime, mime};
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{Obstacle, Wish};
use crate::i18n;
use crate::shop::downloads::File;
use crate::shop::downloads::start::Fetched;
use crate::web::site::{Problem, Site};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1_024;
/// Whatever is in the file, nothing in it is run or loaded as a part of these pages.
const POLICY: &str = "sandbox; default-src 'none'";

/// Which bytes of a file are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// From the first to the last, both of them too.
    Part(u64, u64),
    /// Bytes that it does not have.
    Nowhere,
}

pub(super) async fn send(
    State(site): State<Site>,
    Path((token, start)): Path<(String, String)>,
    Query(wish): Query<Wish>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let found = super::find(&site, token, &wish, Some(start)).await?;
    let file = match &found.named {
        Some((_, Fetched::File(file))) => file,
        Some((_, Fetched::Over)) => return super::refuse(&site, &found, Obstacle::Closed),
        Some((_, Fetched::Unknown)) | None => return Err(Problem::Gone),
    };
    if let Some(prefix) = &site.accel_prefix {
        if !super::is_there(&site, file).await {
            return super::not_there(&site, &found, file).await;
        }
        let mut answer = headers_of(file);
        let place = HeaderValue::from_str(&format!("{prefix}{}", file.id));
        answer.insert("x-accel-redirect", place.map_err(|_| Problem::Gone)?);
        return Ok(answer.into_response());
    }
    let Some(source) = open(&site, file).await else {
        return super::not_there(&site, &found, file).await;
    };
    let asked = (method != Method::HEAD).then_some(&asked);
    match part(source, file, asked).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            tracing::error!(%error, file = %file.id, "a file can't be read");
            super::not_there(&site, &found, file).await
        }
    }
}

/// The file, if all of it is there.
async fn open(site: &Site, file: &File) -> Option<fs::File> {
    let folder = site.files.as_ref()?;
    let source = fs::File::open(folder.of(file.id)).await.ok()?;
    let about = source.metadata().await.ok()?;
    (about.is_file() && about.len() == file.size as u64).then_some(source)
}

/// What is asked for, of a file that is open; `None` asks for all of it.
async fn part(
    mut source: fs::File,
    file: &File,
    asked: Option<&HeaderMap>,
) -> std::io::Result<Response> {
    let size = file.size as u64;
    let mut answer = headers_of(file);
    let tag = format!("\"{}\"", file.sha256()).parse::<ETag>().ok();
    if let Some(tag) = tag.clone() {
        answer.typed_insert(tag);
    }
    let is_known = |tag: &ETag| {
        let known = asked.and_then(HeaderMapExt::typed_get::<IfNoneMatch>);
        known.is_some_and(|known| !known.precondition_passes(tag))
    };
    if tag.as_ref().is_some_and(is_known) {
        for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION] {
            answer.remove(name);
        }
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    answer.typed_insert(AcceptRanges::bytes());
    let wanted = asked.map_or(Wanted::Whole, |asked| wanted(asked, tag.as_ref(), size));
    let (status, from, length) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part(first, last) => {
            // It can't fail: the last is not before the first.
            if let Ok(range) = ContentRange::bytes(first..=last, size) {
                answer.typed_insert(range);
            }
            (StatusCode::PARTIAL_CONTENT, first, last - first + 1)
        }
        Wanted::Nowhere => {
            answer.typed_insert(ContentRange::unsatisfied_bytes(size));
            for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION] {
                answer.remove(name);
            }
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, answer).into_response());
        }
    };
    answer.typed_insert(ContentLength(length));
    if from > 0 {
        source.seek(SeekFrom::Start(from)).await?;
    }
    let bytes = ReaderStream::with_capacity(source.take(length), PIECE);
    Ok((status, answer, Body::from_stream(bytes)).into_response())
}

/// What is said of a file in each answer.
fn headers_of(file: &File) -> HeaderMap {
    let name = i18n::clean(&file.name);
    let mut headers = HeaderMap::new();
    headers.typed_insert(ContentType::from(kind(&name)));
    let attachment = HeaderValue::from_str(&attachment(&name));
    headers.insert(
        header::CONTENT_DISPOSITION,
        attachment.unwrap_or(HeaderValue::from_static("attachment")),
    );
    for (name, value) in [
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

/// What a file is by its name. What a browser would show as a page, or run in one, is just bytes.
fn kind(name: &str) -> Mime {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let is_page = kind.suffix() == Some(mime::XML)
        || matches!(
            kind.subtype().as_str(),
            "html" | "xml" | "javascript" | "css" | "rfc822" | "x-javascript" | "ecmascript"
        );
    if is_page {
        mime::APPLICATION_OCTET_STREAM
    } else {
        kind
    }
}

/// The name for browsers, and one in ASCII for what knows no other (RFC 6266, RFC 8187).
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            '"' | '\\' | '%' => '_',
            ' '..='~' => letter,
            _ => '_',
        })
        .collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// The one part that is asked for. Several of them are not worth it: then all of it comes, as for what makes no sense.
fn wanted(asked: &HeaderMap, tag: Option<&ETag>, size: u64) -> Wanted {
    let mut lines = asked.get_all(header::RANGE).iter();
    let (Some(range), None) = (lines.next(), lines.next()) else {
        return Wanted::Whole;
    };
    if asked.contains_key(header::IF_RANGE) {
        let same = asked.typed_get::<IfRange>();
        // A date, or the tag of another file: their part would not fit.
        if same.is_none_or(|same| same.is_modified(tag, None)) {
            return Wanted::Whole;
        }
    }
    let range = range.to_str().ok();
    range
        .and_then(|range| read(range, size))
        .unwrap_or(Wanted::Whole)
}

/// One range (RFC 9110, 14.1.2); `None` if it is none, or several.
fn read(range: &str, size: u64) -> Option<Wanted> {
    let (unit, range) = range.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !is_number(last) || size == 0 {
        return None;
    }
    // A number too large for us is past the end of every file.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let end = size - 1;
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => Some(match number(last) {
            0 => Wanted::Nowhere,
            count => Wanted::Part(size.saturating_sub(count), end),
        }),
        (false, _) => {
            let first = number(first);
            if !last.is_empty() && number(last) < first {
                return None;
            }
            if first > end {
                return Some(Wanted::Nowhere);
            }
            let last = if last.is_empty() { end } else { number(last) };
            Some(Wanted::Part(first, last.min(end)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_no_other() {
        let part = |first, last| Some(Wanted::Part(first, last));
        let many = "9".repeat(30);
        for (range, is) in [
            ("bytes=0-", part(0, 9)),
            ("bytes=0-0", part(0, 0)),
            ("Bytes=3-5", part(3, 5)),
            ("bytes= 3-5 ", part(3, 5)),
            ("bytes=9-99", part(9, 9)),
            (&format!("bytes=2-{many}"), part(2, 9)),
            ("bytes=-1", part(9, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=-0", Some(Wanted::Nowhere)),
            ("bytes=10-", Some(Wanted::Nowhere)),
            (&format!("bytes={many}-"), Some(Wanted::Nowhere)),
            ("bytes=5-3", None),
            ("bytes=20-13", None),
            ("bytes=-", None),
            ("bytes=", None),
            ("bytes=+1-2", None),
            ("bytes=1-2-3", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("0-1", None),
        ] {
            assert_eq!(read(range, 10), is, "{range}");
        }
    }

    #[test]
    fn no_kind_is_a_page() {
        for name in [
            "a.html", "a.HTM", "a.xhtml", "a.svg", "a.xml", "a.js", "a.mjs", "a.css", "a.mht", "a",
        ] {
            assert_eq!(kind(name), mime::APPLICATION_OCTET_STREAM, "{name}");
        }
        assert_eq!(kind("Книга.pdf"), mime::APPLICATION_PDF);
    }

    #[test]
    fn a_name_comes_in_both_spellings() {
        assert_eq!(
            attachment("Книга 100%.pdf"),
            "attachment; filename=\"_____ 100_.pdf\"; \
             filename*=UTF-8''%D0%9A%D0%BD%D0%B8%D0%B3%D0%B0%20100%25.pdf"
        );
    }
}
