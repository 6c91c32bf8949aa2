//! Pictures: what kind one is and how large, read from its first bytes, and whether Telegram takes it as a photo.

use std::fmt;

/// Telegram takes photos of at most 10 MB.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Width and height together, in pixels.
const MOST_PIXELS: u64 = 10_000;
/// The longer side may be so many times the shorter one.
const STEEPEST: u64 = 20;

/// A picture that Telegram takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// How it is written.
    pub kind: PictureKind,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
}

impl PictureKind {
    /// The usual ending of such a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            PictureKind::Png => "png",
            PictureKind::Jpeg => "jpg",
            PictureKind::WebP => "webp",
        }
    }

    /// The kind that these bytes begin as.
    pub fn of(bytes: &[u8]) -> Option<PictureKind> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(PictureKind::Png),
            [0xff, 0xd8, 0xff, ..] => Some(PictureKind::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(PictureKind::WebP),
            _ => None,
        }
    }
}

/// Why a file can't be a photo: the end of a sentence that begins with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// There is nothing in it.
    Empty,
    /// Not of a kind that we know.
    NoPicture,
    /// Of a known kind, and broken or cut short.
    Broken(PictureKind),
    /// Too many bytes.
    Heavy(u64),
    /// Too many pixels.
    Large(u32, u32),
    /// Too long for its width.
    Steep(u32, u32),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Empty => f.write_str("is empty, expected a PNG, JPEG or WebP picture"),
            Unfit::NoPicture => f.write_str("is no picture, expected PNG, JPEG or WebP"),
            Unfit::Broken(kind) => write!(
                f,
                "is a broken {} file: save the picture again",
                kind.extension()
            ),
            Unfit::Heavy(bytes) => write!(
                f,
                "has {} MB, expected at most 10: Telegram takes no larger photos",
                bytes.div_ceil(1024 * 1024)
            ),
            Unfit::Large(width, height) => write!(
                f,
                "is {width} × {height} pixels, expected width and height of at most {MOST_PIXELS} together: make it smaller"
            ),
            Unfit::Steep(width, height) => write!(
                f,
                "is {width} × {height} pixels, expected the longer side to be at most {STEEPEST} times the shorter one"
            ),
        }
    }
}

impl Picture {
    /// Reads a picture that Telegram takes as a photo.
    pub fn read(bytes: &[u8]) -> Result<Picture, Unfit> {
        if bytes.is_empty() {
            return Err(Unfit::Empty);
        }
        if bytes.len() > MOST_BYTES {
            return Err(Unfit::Heavy(bytes.len() as u64));
        }
        let kind = PictureKind::of(bytes).ok_or(Unfit::NoPicture)?;
        let size = match kind {
            PictureKind::Png => png(bytes),
            PictureKind::Jpeg => jpeg(bytes),
            PictureKind::WebP => webp(bytes),
        };
        let (width, height) = size
            .filter(|(width, height)| *width > 0 && *height > 0)
            .ok_or(Unfit::Broken(kind))?;
        let (long, short) = (u64::from(width.max(height)), u64::from(width.min(height)));
        if long + short > MOST_PIXELS {
            return Err(Unfit::Large(width, height));
        }
        if long > short * STEEPEST {
            return Err(Unfit::Steep(width, height));
        }
        Ok(Picture {
            kind,
            width,
            height,
        })
    }
}

/// The first chunk is IHDR, and begins with the size.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    Some((big(bytes, 16)?, big(bytes, 20)?))
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The size stands in the frame header: a segment whose marker is C0 to CF, but for C4, C8 and CC.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let two = |at: usize| {
        let two = bytes.get(at..at + 2)?;
        Some(u16::from_be_bytes(two.try_into().ok()?))
    };
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Fill bytes, and markers that stand alone.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((two(at + 7)?.into(), two(at + 5)?.into()));
            }
            // The picture itself begins, or ends, without a frame header.
            0xda | 0xd9 => return None,
            _ => at += 2 + usize::from(two(at + 2)?.max(2)),
        }
    }
}

/// Three kinds of WebP, each with its size in a place of its own.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| bytes.get(at).map(|byte| u32::from(*byte));
    match bytes.get(12..16)? {
        b"VP8X" => {
            let three = |at| Some(byte(at)? | byte(at + 1)? << 8 | byte(at + 2)? << 16);
            Some((three(24)? + 1, three(27)? + 1))
        }
        b"VP8L" => {
            let bits = byte(21)? | byte(22)? << 8 | byte(23)? << 16 | byte(24)? << 24;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => {
            let two = |at| Some((byte(at)? | byte(at + 1)? << 8) & 0x3fff);
            Some((two(26)?, two(28)?))
        }
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first bytes of a PNG of this size: enough for whoever only looks at the size.
    pub(crate) fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x02\0\0\0");
        bytes
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        // A comment, a table, then the frame header.
        let mut bytes = b"\xff\xd8\xff\xfe\0\x05abc\xff\xc4\0\x02\xff\xff\xc2\0\x11\x08".to_vec();
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes
    }

    fn webp_of(chunk: &[u8], tail: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WEBP".to_vec();
        bytes.extend(chunk);
        bytes.extend(b"\0\0\0\0");
        bytes.extend(tail);
        bytes
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        let picture = Picture::read(bytes).unwrap();
        (picture.width, picture.height)
    }

    #[test]
    fn each_kind_tells_its_size() {
        assert_eq!(size(&png_of(800, 500)), (800, 500));
        assert_eq!(size(&jpeg_of(801, 502)), (801, 502));
        let extended = webp_of(b"VP8X", b"\0\0\0\0\x1f\x03\0\xf3\x01\0");
        assert_eq!(size(&extended), (800, 500));
        let bits: u32 = 799 + (499 << 14);
        let mut lossless = vec![0x2f];
        lossless.extend(bits.to_le_bytes());
        assert_eq!(size(&webp_of(b"VP8L", &lossless)), (800, 500));
        let lossy = webp_of(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x20\x03\xf4\x01");
        assert_eq!(size(&lossy), (800, 500));
    }

    #[test]
    fn what_telegram_refuses_is_said_beforehand() {
        let told = |bytes: &[u8]| Picture::read(bytes).unwrap_err().to_string();
        assert_eq!(told(b""), "is empty, expected a PNG, JPEG or WebP picture");
        assert_eq!(told(b"GIF89a"), "is no picture, expected PNG, JPEG or WebP");
        assert_eq!(
            told(&png_of(800, 500)[..20]),
            "is a broken png file: save the picture again"
        );
        assert!(told(&png_of(0, 500)).contains("broken"));
        assert!(told(b"\xff\xd8\xff\xd9").contains("broken"));
        let mut heavy = png_of(800, 500);
        heavy.resize(MOST_BYTES + 1, 0);
        assert!(told(&heavy).starts_with("has 11 MB, expected at most 10"));
        assert!(Picture::read(&heavy[..MOST_BYTES]).is_ok());
        assert!(told(&png_of(5_001, 5_000)).contains("5001 × 5000 pixels, expected width"));
        assert!(Picture::read(&png_of(5_000, 5_000)).is_ok());
        assert!(told(&png_of(2_001, 100)).contains("at most 20 times"));
        assert!(Picture::read(&png_of(100, 2_000)).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            start in prop::sample::select(vec![
                &b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPVP8L", b"",
            ]),
            tail in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let _ = Picture::read(&[start, &tail].concat());
        }
    }
}
