//! Unpacks lists as a stream, and walks an archive of tar. It holds no list in memory and bounds how long one may get.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
};

use flate2::read::MultiGzDecoder;

/// Longest list, unpacked; the largest known has about 500 MiB.
const MAX_LIST: u64 = 2 * 1024 * 1024 * 1024;
/// Longest line that is looked at; longer ones are cut.
const MAX_LINE: u64 = 64 * 1024;
const MAX_PARAGRAPH: usize = 1024 * 1024;
/// How much of a list of paragraphs is unpacked at once.
const PIECE: u64 = 256 * 1024;
const BLOCK: usize = 512;
/// Header and end of a frame of lz4 around nothing.
const MIN_LZ4: u64 = 11;

/// A list that may be packed, by its first bytes.
pub(super) fn open(mut file: File) -> Result<Box<dyn BufRead>, String> {
    let mut magic = Vec::new();
    (&mut file).take(6).read_to_end(&mut magic).map_err(|error| error.to_string())?;
    file.rewind().map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let buffered = BufReader::with_capacity(64 * 1024, file);
    let reader: Box<dyn Read> = match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(buffered)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Box::new(zstd::Decoder::with_buffer(buffered).map_err(|error| error.to_string())?)
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            return Err("it is packed with xz, which is not read".to_owned());
        }
        // The unpacker takes a cut header for an empty list.
        [0x04, 0x22, 0x4d, 0x18, ..] if length < MIN_LZ4 => {
            return Err("it ends in the middle".to_owned());
        }
        [0x04, 0x22, 0x4d, 0x18, ..] => Box::new(lz4_flex::frame::FrameDecoder::new(buffered)),
        [b'B', b'Z', b'h', ..] => {
            return Err("it is packed with bzip2, which is not read".to_owned());
        }
        _ => Box::new(buffered),
    };
    Ok(Box::new(BufReader::with_capacity(64 * 1024, reader.take(MAX_LIST))))
}

/// Shows each line without its end.
pub(super) fn lines(reader: &mut dyn BufRead, mut each: impl FnMut(&str)) -> Result<(), String> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = (&mut *reader).take(MAX_LINE).read_until(b'\n', &mut line);
        if length.map_err(|error| error.to_string())? == 0 {
            return Ok(());
        }
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
    }
}

/// Shows each paragraph, without the empty lines that part them. One of more than 1 MiB is a fault.
pub(super) fn paragraphs(
    reader: &mut dyn BufRead,
    mut each: impl FnMut(&[u8]),
) -> Result<(), String> {
    let gap = memchr::memmem::Finder::new(b"\n\n");
    let mut buffer = Vec::new();
    loop {
        let length = (&mut *reader).take(PIECE).read_to_end(&mut buffer);
        let ended = length.map_err(|error| error.to_string())? == 0;
        let mut start = 0;
        while let Some(at) = buffer.get(start..).and_then(|rest| gap.find(rest)) {
            each(buffer.get(start..start + at).unwrap_or_default());
            start += at + 2;
        }
        if ended {
            each(buffer.get(start..).unwrap_or_default());
            return Ok(());
        }
        buffer.drain(..start);
        if buffer.len() > MAX_PARAGRAPH {
            return Err(format!("a paragraph in it is longer than {MAX_PARAGRAPH} bytes"));
        }
    }
}

/// Shows each file of an archive under its name. A name of more than 256 bytes is cut, as nothing here has one.
pub(super) fn entries(
    reader: &mut dyn BufRead,
    mut each: impl FnMut(&str, &mut dyn BufRead) -> Result<(), String>,
) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let mut head = [0; BLOCK];
    loop {
        // Archives of apk end without the two empty blocks.
        if reader.fill_buf().map_err(told)?.is_empty() {
            return Ok(());
        }
        reader.read_exact(&mut head).map_err(told)?;
        if head.iter().all(|byte| *byte == 0) {
            continue;
        }
        let field = |range: std::ops::Range<usize>| {
            let bytes = head.get(range).unwrap_or_default();
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(text).trim().to_owned()
        };
        if !field(257..263).starts_with("ustar") {
            return Err("it is no archive of tar".to_owned());
        }
        let size = u64::from_str_radix(&field(124..136), 8)
            .map_err(|error| format!("a length in it is no number: {error}"))?;
        let mut content = (&mut *reader).take(size);
        if matches!(head.get(156), Some(b'0' | 0)) {
            each(&field(0..100), &mut BufReader::new(&mut content))?;
        }
        io::copy(&mut content, &mut io::sink()).map_err(told)?;
        if content.limit() > 0 {
            return Err("it ends in the middle".to_owned());
        }
        let padding = (512 - size % 512) % 512;
        let skipped = io::copy(&mut (&mut *reader).take(padding), &mut io::sink()).map_err(told)?;
        if skipped < padding {
            return Err("it ends in the middle".to_owned());
        }
    }
}
